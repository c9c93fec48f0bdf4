"""Input for places, calendar, figures, duty and the school's profile; `PlaceField` reads a place from typed words."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

from django import forms

from campus import calendar, services
from campus.models import (
    ClassGroup,
    Delegation,
    Department,
    Duty,
    Figure,
    Place,
    SchoolProfile,
    Term,
)
from core.forms import Datalist, Form, ModelForm, PersonField
from core.workflow import RuleBroken

ROOM_TYPES = Path(__file__).parent / "data" / "room_types.csv"
LONGEST_BREAK = 100  # days in one go
LONGEST_DAYS = 365  # a deadline


@cache
def room_types() -> tuple[str, ...]:
    """The usual room types, as suggestions."""
    with ROOM_TYPES.open(encoding="utf-8", newline="") as lines:
        return tuple(row["type"] for row in csv.DictReader(lines))


def topics() -> list[str]:
    """The topics that the duty table knows so far, as suggestions."""
    return list(Duty.objects.order_by("topic").values_list("topic", flat=True).distinct()[:60])


class PlaceField(forms.CharField):
    """A place typed as words: full name, alias, "3号楼312", "3-312"; suggestions stand in the error and on the field."""

    default_error_messages = {
        "unknown": "没有找到“%(words)s”。请写楼和房号，如 3号楼312。",
        "choose": "“%(words)s”有几种可能：%(names)s。请写全其中一个。",
        "kind": "%(name)s 是%(kind)s，这里要填%(wanted)s。",
    }

    def __init__(self, *, kinds: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.kinds = kinds
        self.suggestions: list[Place] = []
        kwargs.setdefault("max_length", 120)
        kwargs.setdefault("label", "地点")
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Place):
            return value.full_name
        if isinstance(value, int):  # a model form's initial value is the key
            return Place.objects.filter(pk=value).values_list("full_name", flat=True).first() or ""
        return value

    def clean(self, value: Any) -> Place | None:
        if isinstance(value, Place):
            return value
        words = super().clean(value)
        if words in self.empty_values:
            return None
        place, self.suggestions = services.find(words)
        if place is None:
            names = "、".join(found.full_name for found in self.suggestions)
            code = "choose" if self.suggestions else "unknown"
            raise forms.ValidationError(self.error_messages[code], code=code, params={"words": words, "names": names})
        if self.kinds and place.kind not in self.kinds:
            wanted = "、".join(Place.KINDS[kind] for kind in self.kinds)
            params = {"name": place.full_name, "kind": place.get_kind_display(), "wanted": wanted}
            raise forms.ValidationError(self.error_messages["kind"], code="kind", params=params)
        return place

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "").strip()


# ---------- places ----------


class PlaceForm(ModelForm):
    """A place's own facts."""

    widths = {"kind": 6, "name": 6, "use": 6, "room_type": 6, "people": 6, "custodian": 6}
    custodian = PersonField(label="保管人", required=False)

    class Meta:
        model = Place
        fields = ["name", "use", "room_type", "people", "custodian"]
        widgets = {"room_type": Datalist(suggestions=room_types)}
        help_texts = {
            "name": "只写这一级的名称，如 312、3层、3号楼。",
            "people": "在这里住宿、上课或办公的人数，用来算报修影响多少人。",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = "跟上级一样" if self.instance.pk is None else "未写"
        self.fields["use"].choices = [("", none), *Place.USES.items()]  # type: ignore[attr-defined]


class NewPlaceForm(PlaceForm):
    """A new place below a parent, which decides what kinds there are."""

    class Meta(PlaceForm.Meta):
        fields = ["kind", *PlaceForm.Meta.fields]

    def __init__(self, *args: Any, parent: Place | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = services.BELOW.get(parent.kind if parent else None, set())
        field = self.fields["kind"]
        field.choices = [(key, label) for key, label in Place.KINDS.items() if key in allowed]  # type: ignore[attr-defined]
        if len(allowed) == 1:
            self.initial.setdefault("kind", next(iter(allowed)))


class RangeForm(Form):
    """Many places in one go."""

    text = forms.CharField(
        label="一行一批",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="如“301-322 寝室 8人”“301-305,307 寝室 8人”“东楼梯 西楼梯 走廊 水房”。",
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            services.parse_range(text)
        except RuleBroken as broken:
            raise forms.ValidationError(broken.reasons) from broken
        return text


class RetireForm(Form):
    """Taking a place out of use."""

    successor = PlaceField(
        label="改用哪里", required=False, help_text="旧标签和旧叫法以后都指向它。不写，旧标签扫出来会说明已停用。"
    )
    said = forms.CharField(label="原因", required=False, max_length=200)


class MoveForm(Form):
    """Another parent."""

    parent = PlaceField(label="移到", help_text="写新上级的全称，如 5号楼 3层。里面的地点一起移过去，历史记录不变。")


class AliasForm(Form):
    """Another spelling."""

    name = forms.CharField(label="叫法", max_length=60, help_text="大家口头上或表格里怎么叫它，如 女生部312。")


# ---------- the school ----------


class ProfileForm(ModelForm):
    """The school's own facts; a new address is confirmed when labels with the old one are out."""

    widths = {"name": 6, "office": 6, "duty_phone": 6, "work_spans": 6}
    public_url = forms.URLField(
        label="系统网址", required=False, assume_scheme="http", max_length=200,
        help_text="印在二维码标签上，也用在通知里，如 http://houqin.school.cn。",
    )  # fmt: skip
    reprint = forms.BooleanField(label="已贴出的标签会失效，我会安排重印", required=False)

    class Meta:
        model = SchoolProfile
        fields = ["name", "office", "duty_phone", "work_spans", "public_url"]
        help_texts = {
            "duty_phone": "遇到安全隐患时让报修人先打这个电话。",
            "work_spans": "期限按这些时间走，如 08:00-12:00,14:00-18:00。",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        out = self.instance.labels_out
        if out:
            words = f"换网址时要勾选：已经印了 {out} 张标签，上面是 {self.instance.labels_url}。"
            self.fields["reprint"].help_text = words
        else:
            del self.fields["reprint"]

    def clean_work_spans(self) -> str:
        text: str = self.cleaned_data["work_spans"]
        try:
            spans = calendar.parse_spans(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return ",".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)

    def clean_public_url(self) -> str:
        return self.cleaned_data["public_url"].rstrip("/")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        url, known = data.get("public_url"), (self.instance.public_url, self.instance.labels_url)
        if "reprint" in self.fields and url is not None and url not in known and not data.get("reprint"):
            self.add_error(
                "reprint",
                f"已经印了 {self.instance.labels_out} 张标签，换了网址它们就扫不开了。确定要换，请勾选这一项。",
            )
        return data


class TermForm(ModelForm):
    """A term; terms do not overlap."""

    widths = {"starts_on": 6, "ends_on": 6}

    class Meta:
        model = Term
        fields = ["name", "starts_on", "ends_on"]
        help_texts = {"name": "如 2026-2027学年第一学期。", "starts_on": "这一天所在的周是第1周。"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last:
            if last <= first:
                self.add_error("ends_on", "放假日期要在开学日期之后。")
            elif (last - first).days > 366:
                self.add_error("ends_on", "一个学期最长一年，请核对日期。")
            other = Term.objects.filter(starts_on__lte=last, ends_on__gte=first).exclude(pk=self.instance.pk).first()
            if other is not None:
                self.add_error("starts_on", f"与“{other}”（{other.starts_on} 到 {other.ends_on}）重叠，请改日期。")
        return data


class DaysForm(Form):
    """One or more days on which work is otherwise than the rule."""

    KINDS = {"off": "休息（节假日、寒暑假）", "on": "上班（调休）", "rule": "按平常：周一到周五上班，周末休息"}

    widths = {"first": 6, "last": 6}
    first = forms.DateField(label="从")
    last = forms.DateField(label="到", required=False, help_text="只有一天就空着。")
    kind = forms.ChoiceField(label="这些天", choices=KINDS.items(), widget=forms.RadioSelect)
    note = forms.CharField(label="说明", required=False, max_length=40, help_text="如 国庆节、国庆节调休、校运会补休。")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first = data.get("first")
        last = data.get("last") or first
        if first and last:
            if not 2000 <= first.year <= 2100:
                self.add_error("first", "年份不对，请改日期。")
            elif last < first:
                self.add_error("last", "结束日期不能早于开始日期。")
            elif (last - first).days >= LONGEST_BREAK:
                self.add_error("last", f"一次最多登记 {LONGEST_BREAK} 天，请分几次。")
            data["last"] = last
        return data

    @property
    def days(self) -> list[dt.date]:
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        return [first + dt.timedelta(step) for step in range((last - first).days + 1)]


class FigureForm(ModelForm):
    """The school's own value of a figure, with its basis."""

    class Meta:
        model = Figure
        fields = ["value", "basis", "verified"]
        help_texts = {"basis": "写明文件、会议或制度的名称。", "verified": "已经对照原文核实。"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = self.instance.unit
        self.fields["value"].label = f"数值（{unit}）" if unit else "数值"

    def clean_value(self) -> Any:
        value = self.cleaned_data["value"]
        if value < 0:
            raise forms.ValidationError("不能小于 0。")
        if self.instance.key.endswith("_step") and value < 1:  # others are divided by it
            raise forms.ValidationError("不能小于 1。")
        if self.instance.unit in ("天", "工作日") and value > LONGEST_DAYS:
            raise forms.ValidationError(f"不能大于 {LONGEST_DAYS} 天。")
        return value


class DepartmentForm(ModelForm):
    """A department."""

    class Meta:
        model = Department
        fields = ["name", "order"]
        help_texts = {"order": "小的排在前面。"}


class ClassGroupForm(ModelForm):
    """A class with its teacher and home room."""

    widths = {"name": 6, "grade": 6, "pupils": 6, "teacher": 6}
    teacher = PersonField(label="班主任", required=False)
    room = PlaceField(label="教室", required=False)

    class Meta:
        model = ClassGroup
        fields = ["grade", "name", "pupils", "teacher", "room"]
        help_texts = {"name": "如 初二（4）班。", "grade": "如 初二。"}


class DutyForm(ModelForm):
    """Who is responsible for what, and where."""

    widths = {"person": 6, "deputy": 6}
    place = PlaceField(label="范围", required=False, help_text="空着就是全校；写了楼，楼里的都归他。")
    person = PersonField(label="责任人")
    deputy = PersonField(label="代理人", required=False, help_text="责任人的账号停用时由他顶上。")

    class Meta:
        model = Duty
        fields = ["topic", "place", "person", "deputy"]
        widgets = {"topic": Datalist(suggestions=topics)}
        help_texts = {"topic": "如 水电、木工、宿舍。"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("person") and data.get("person") == data.get("deputy"):
            self.add_error("deputy", "代理人不能是责任人本人，请另写一位或空着。")
        if data.get("topic") and "place" in data:
            same = Duty.objects.filter(topic=data["topic"], place=data["place"]).exclude(pk=self.instance.pk).first()
            if same is not None:
                self.add_error("topic", f"这个事项和范围已经归{same.person}，请直接修改那一条。")
        return data


class DelegationForm(ModelForm):
    """Somebody acts for somebody else for some days."""

    widths = {"absent": 6, "delegate": 6, "starts_on": 6, "ends_on": 6}
    absent = PersonField(label="委托人")
    delegate = PersonField(label="代理人")

    class Meta:
        model = Delegation
        fields = ["absent", "delegate", "starts_on", "ends_on", "basis"]
        help_texts = {"basis": "如 校长办公会11月20日决定。", "ends_on": "到这一天为止，之后自动失效。"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("absent") and data.get("absent") == data.get("delegate"):
            self.add_error("delegate", "不能委托给本人，请另写一位。")
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last:
            if last < first:
                self.add_error("ends_on", "结束日期不能早于开始日期。")
            elif (last - first).days > 366:
                self.add_error("ends_on", "一次委托最长一年，请核对日期。")
        return data
