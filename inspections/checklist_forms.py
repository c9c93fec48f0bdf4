"""Input for checklists: a new one, how it counts, and a line with its kinds in plain words."""

from __future__ import annotations

from typing import Any, ClassVar

from crispy_forms.layout import Div
from django import forms

from core.forms import Datalist, Form
from inspections.models import AREAS, Checklist, Line, Version
from inspections.services.checklists import FIELDS, check_line, tidy
from repairs.models import Category

KINDS = {
    "points": "扣分：每次填扣几分，如地面有垃圾，扣 2 分",
    "check": "合格／不合格：只点行不行，如疏散通道畅通",
    "count": "坏了几处：填坏的件数，如椅子坏了 2 把",
    "value": "测量值：填测到的数，超出限值就是不合格，如水温、余氯",
}
REMEDIES = {
    "none": "只记录，不用整改（如卫生扣分）",
    "finding": "列入整改：要有人整改，再由别人复查销号",
    "ticket": "列入整改并报修：同时生成报修单，已有同样的就并进去",
}
SCORINGS = {"points": "扣分：从满分扣起，得出分数", "pass": "合格／不合格：不打分，只看有没有问题"}


class WhenMixin:
    """Fields that only some answers need: `when` names them, the page's script hides the others."""

    when: ClassVar[dict[str, str]] = {}  # field -> "other:value,value"
    must: ClassVar[tuple[str, ...]] = ()  # where they are shown they are needed: not marked as optional

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:  # type: ignore[attr-defined]
            self.mark_needed()

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        self.mark_needed()

    def mark_needed(self) -> None:
        """Whether they are there, `clean` judges; this is for the eye only."""
        for name in self.must:
            if name in self.fields:  # type: ignore[attr-defined]
                self.fields[name].required = True  # type: ignore[attr-defined]

    def _visible(self) -> list[Any]:
        found = []
        for bound in self.visible_fields():  # type: ignore[attr-defined]
            width = self.widths.get(bound.name)  # type: ignore[attr-defined]
            extra = {"data_when": self.when[bound.name]} if bound.name in self.when else {}
            found.append(Div(bound.name, css_class=f"col-md-{width}" if width else "col-12", **extra))
        return found


class ChecklistForm(Form):
    """A new checklist: its name, whose it is, how it counts; or the lines of one that exists."""

    widths = {"name": 6, "area": 6}
    name = forms.CharField(label="名称", max_length=40, help_text="如 消防月查、宿舍晚点名。")
    area = forms.ChoiceField(label="归哪一块", help_text="决定谁能看、谁能查。")
    scoring = forms.ChoiceField(label="怎么计", choices=SCORINGS.items(), widget=forms.RadioSelect, initial="pass")
    like = forms.ModelChoiceField(
        Checklist.objects.none(), label="照哪张表的检查项", required=False, empty_label="空白表，自己一项一项加",
        help_text="选了就把那张表的计分和检查项抄过来，再改。",
    )  # fmt: skip
    about = forms.CharField(label="说明", max_length=200, required=False, help_text="查什么、依据什么，给检查人看。")

    def __init__(self, *args: Any, areas: list[str], likes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = [(area, AREAS[area]) for area in areas]
        self.fields["like"].queryset = likes

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if Checklist.objects.filter(name=name).exists():
            raise forms.ValidationError("已经有同名的检查表，请换一个名称。")
        return name


class ScoresForm(Form):
    """How a draft counts."""

    widths = {"base": 4, "pass_score": 4, "good_score": 4}
    scoring = forms.ChoiceField(label="怎么计", choices=SCORINGS.items(), widget=forms.RadioSelect)
    base = forms.DecimalField(label="满分", max_digits=5, decimal_places=1, min_value=1)
    pass_score = forms.DecimalField(label="合格线", max_digits=5, decimal_places=1, min_value=0)
    good_score = forms.DecimalField(label="优秀线", max_digits=5, decimal_places=1, min_value=0)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        base, low, high = data.get("base"), data.get("pass_score"), data.get("good_score")
        if None not in (base, low, high) and not low <= high <= base:
            self.add_error("good_score", "合格线、优秀线、满分要从小到大，请改正。")
        return data


class LineForm(WhenMixin, Form):
    """One line of a draft."""

    widths = {
        "name": 4, "words": 8, "points": 4, "low": 4, "high": 4, "unit": 4, "section": 6, "days": 6, "category": 6, "hazard": 6,
    }  # fmt: skip
    when = {
        "points": "kind:points", "low": "kind:value", "high": "kind:value", "unit": "kind:value,count",
        "category": "remedy:ticket", "days": "remedy:finding,ticket", "hazard": "remedy:finding,ticket",
    }  # fmt: skip
    must = ("points", "category")
    name = forms.CharField(label="简称", max_length=10, help_text="填表时这一列的标题，越短越好，如 地面。")
    words = forms.CharField(
        label="检查内容", max_length=100, required=False, help_text="合格是什么样，如 地面干净、无积水。"
    )
    kind = forms.ChoiceField(label="怎么记", choices=KINDS.items(), widget=forms.RadioSelect)
    points = forms.DecimalField(label="最多扣几分", max_digits=5, decimal_places=1, required=False)
    low = forms.DecimalField(label="不低于", max_digits=8, decimal_places=2, required=False)
    high = forms.DecimalField(label="不高于", max_digits=8, decimal_places=2, required=False)
    unit = forms.CharField(label="单位", max_length=10, required=False, help_text="如 ℃、mg/L、把。")
    remedy = forms.ChoiceField(label="不合格时", choices=REMEDIES.items(), widget=forms.RadioSelect, initial="none")
    category = forms.ModelChoiceField(Category.objects.none(), label="报修类别", required=False, empty_label="请选")
    days = forms.IntegerField(
        label="整改期限（天）", min_value=0, max_value=365, required=False, initial=7, help_text="0 就是当天。"
    )
    hazard = forms.BooleanField(
        label="属安全隐患", required=False, help_text="隐患要临时防护、拍照，整改后由别人复查才能销号。"
    )
    reason_needed = forms.BooleanField(label="扣分或不合格须写原因", required=False, initial=True)
    photo_needed = forms.BooleanField(label="不合格须拍照", required=False)
    section = forms.CharField(
        label="分组", max_length=20, required=False, help_text="同组的项排在一起，如 个人内务。",
        widget=Datalist(),
    )  # fmt: skip

    def __init__(self, *args: Any, sheet: Version, line: Line | None = None, **kwargs: Any) -> None:
        self.sheet, self.line = sheet, line
        initial: dict[str, Any] = {"kind": "points" if sheet.scoring == "points" else "check"}
        if line is not None:
            initial = {name: getattr(line, name) for name in FIELDS}
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.version = sheet.version
        kinds = Category.objects.filter(parent__isnull=False, active=True).select_related("parent")
        field: Any = self.fields["category"]
        field.queryset = kinds.order_by("parent__order", "parent", "order")
        field.label_from_instance = lambda kind: f"{kind.parent} · {kind}"
        if sheet.scoring != "points":
            self.fields["kind"].choices = [(key, words) for key, words in KINDS.items() if key != "points"]
            del self.fields["points"]
        self.fields["section"].widget.suggestions = self.sections

    def sections(self) -> list[str]:
        """The groups that the version has."""
        return sorted(set(self.sheet.lines.exclude(section="").values_list("section", flat=True)))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("days") is None and "days" not in self.errors:
            data["days"] = 7
        if self.errors:
            return data
        data = tidy(data)
        for name, words in check_line(self.sheet, data, self.line).items():
            self.add_error(name if name in self.fields else None, words)
        return data
