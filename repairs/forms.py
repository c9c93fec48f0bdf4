"""Input for tickets: the report, and a form for each move that needs more than a press of its button."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q

from assets.models import Card
from campus import services as places
from campus.forms import PlaceField
from campus.models import User
from core import clock
from core.files import PhotosField
from core.forms import Datalist, DateInput, DateTimeInput, Form, PeopleField, PersonField, adapt
from repairs.dispatching import proposed
from repairs.listings import hold_reasons
from repairs.models import NEXT_STEPS, OUTCOMES, PRIORITIES, Category, HoldReason, Material, Ticket
from stores.forms import ItemField

RATINGS = {5: "很好", 4: "满意", 3: "一般", 2: "较差", 1: "很差"}
PHONE = re.compile(r"[0-9+\-() ]{5,20}\Z")


def repairers() -> Any:
    """Active repairers."""
    return User.objects.with_role("repairer")


class ReportForm(Form):
    """什么坏了: a tile, then a kind, a sentence, photos; name and telephone only of who is not logged in."""

    words = forms.CharField(
        label="说一句情况", max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "例：进门右边那盏，开关按了没反应", "data-draft": "words"}),
    )  # fmt: skip
    detail = forms.CharField(label="具体位置", max_length=60, required=False)
    quantity = forms.IntegerField(label="几处", min_value=1, max_value=999, initial=1, required=False)
    preferred = forms.CharField(label="方便的时间", max_length=60, required=False)
    hazard = forms.BooleanField(label="有危险", required=False)
    photos = PhotosField(label="照片", required=False)
    name = forms.CharField(label="您的称呼", max_length=30, required=False)
    phone = forms.CharField(label="电话", max_length=20, required=False)

    def __init__(self, *args: Any, tiles: list[Any], kinds: list[Category], guest: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tiles, self.kinds = {tile.pk: tile for tile in tiles}, {kind.pk: kind for kind in kinds}
        if not guest:
            del self.fields["name"], self.fields["phone"]

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"]).strip()
        if phone and not PHONE.match(phone):
            raise ValidationError("电话只写数字，如 13800001234 或 0755-1234567。")
        return phone

    def picked(self, name: str, known: dict[int, Any]) -> Any:
        raw = self.data.get(name, "")
        return known.get(int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None

    @property
    def tile(self) -> Any:
        return self.picked("tile", self.tiles)

    @property
    def kind(self) -> Category | None:
        """The kind picked under the tile; a tile with one kind needs no second tap."""
        if self.tile is None:
            return None
        under = [kind for kind in self.kinds.values() if kind.tile_id == self.tile.pk]
        picked = self.picked("kind", {kind.pk: kind for kind in under})
        return picked or (under[0] if len(under) == 1 else None)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.tile is None and not data.get("words"):
            self.add_error(None, ValidationError("请点一下什么坏了，或写一句情况。", code="tile"))
        elif self.tile is not None and self.kind is None:
            self.add_error(None, ValidationError(f"再点一下“{self.tile.name}”是哪一种。", code="kind"))
        data["quantity"] = data.get("quantity") or 1
        return data


class LinesForm(Form):
    """代报修: one fault a line, filed for whoever rang."""

    lines = forms.CharField(
        label="一行一件：地点 什么坏了", max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "3号楼312 灯不亮 2 处\n明德楼204 椅子松动 3 把"}),
        help_text="先写地点，空一格再写情况；能认出类别的自动归类，认不出的归“其他”，之后可更正。",
    )  # fmt: skip
    reporter = PersonField(label="来电人（有账号的）", required=False)
    reporter_name = forms.CharField(label="来电人姓名", max_length=30, required=False)
    reporter_phone = forms.CharField(label="来电号码", max_length=20, required=False)
    reported_at = forms.DateTimeField(label="报修时间（补录时填）", required=False, widget=DateTimeInput)
    hazard = forms.BooleanField(label="有危险", required=False)
    widths = {"reporter": 4, "reporter_name": 4, "reporter_phone": 4, "reported_at": 4, "hazard": 8}

    def clean_lines(self) -> list[dict[str, Any]]:
        kinds = list(Category.objects.filter(parent__isnull=False, active=True))
        found, wrong = [], []
        for number, line in enumerate(str(self.cleaned_data["lines"]).splitlines(), 1):
            if not line.strip():
                continue
            try:
                found.append(read_line(line, kinds))
            except ValidationError as error:
                wrong.append(f"第 {number} 行：{error.messages[0]}")
        if len(found) > 30:
            raise ValidationError("一次最多 30 行，请分几次录。")
        if wrong:
            raise ValidationError(wrong)
        if not found:
            raise ValidationError("请至少写一行，如“3号楼312 灯不亮”。")
        return found

    def clean_reported_at(self) -> dt.datetime | None:
        moment: dt.datetime | None = self.cleaned_data["reported_at"]
        if moment and moment > clock.now():
            raise ValidationError("报修时间还没有到，请改成已经发生的时间。")
        if moment and moment < clock.now() - dt.timedelta(days=366):
            raise ValidationError("补录最多往前一年。")
        return moment


_QUANTITY = re.compile(r"(?<![0-9A-Za-z])(\d{1,3})\s*(?:处|个|盏|把|张|扇|台|根|套|块)")


def read_line(line: str, kinds: list[Category]) -> dict[str, Any]:
    """`3号楼312 灯不亮 2 盏`: place, then words; kind and quantity are read from the words."""
    parts = line.split()
    place, suggestions, rest = None, [], parts
    for count in range(min(4, len(parts)), 0, -1):  # places may hold spaces: the longest start that is one
        found, near = places.find(" ".join(parts[:count]))
        if found is not None:
            place, rest = found, parts[count:]
            break
        suggestions = near or suggestions
    if place is None:
        hint = f"，是不是{'、'.join(p.full_name for p in suggestions[:3])}" if suggestions else ""
        raise ValidationError(f"没有找到地点“{parts[0]}”{hint}。")
    words = " ".join(rest)
    if not words:
        raise ValidationError(f"{place.full_name} 后面请写什么坏了。")
    quantity = _QUANTITY.search(words)
    return {
        "place": place, "words": words, "category": guess(words, kinds), "quantity": int(quantity[1]) if quantity else 1,
    }  # fmt: skip


def guess(words: str, kinds: list[Category]) -> Category | None:
    """The kind whose name shares most with the words; None when nothing fits."""
    best, most = None, 0
    for kind in kinds:
        terms = [t for t in re.split(r"[/、（）()]", kind.name) if t]
        score = max((_shared(term, words) for term in terms), default=0)
        if score > most:
            best, most = kind, score
    return best if most >= 2 else None


def _shared(term: str, words: str) -> int:
    """Length of the longest run of `term` that stands in `words`; the whole term counts twice."""
    if term in words:
        return 2 * len(term)
    return max((j - i for i in range(len(term)) for j in range(i + 1, len(term) + 1) if term[i:j] in words), default=0)


class WorkerChoice(forms.ModelChoiceField):
    """A repairer, with his trade and what he has in hand."""

    widget = forms.RadioSelect

    def label_from_instance(self, obj: Any) -> str:
        trade = f"（{obj.trade}）" if obj.trade else ""
        return f"{obj.name}{trade} 手上 {obj.in_hand} 件"


class DispatchForm(Form):
    """派给谁."""

    lead = WorkerChoice(label="负责人", queryset=User.objects.none(), empty_label=None)
    helpers = PeopleField(label="帮手", required=False, queryset=repairers)

    def __init__(self, *args: Any, ticket: Ticket | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        busy = Q(jobs__state__in=["dispatched", "doing", "held"])
        field = self.fields["lead"]
        field.queryset = repairers().annotate(in_hand=Count("jobs", filter=busy, distinct=True))
        people = list(field.queryset[:40])
        if ticket is not None:
            order = {user.pk: n for n, user in enumerate(proposed(ticket))}
            people.sort(key=lambda user: order.get(user.pk, 99))
        field.choices = [(user.pk, field.label_from_instance(user)) for user in people]


class ReassignForm(DispatchForm):
    """改派, with the reason."""

    reason = forms.CharField(label="原因", max_length=200, required=False)


class ReassignAllForm(Form):
    """All of X to Y."""

    of = PersonField(label="把谁的活", queryset=repairers)
    lead = PersonField(label="都改派给", queryset=repairers)
    reason = forms.CharField(label="原因", max_length=200)


class AcceptForm(Form):
    """受理; the office may set the priority."""

    priority = forms.TypedChoiceField(
        label="优先级", choices=[("", "按系统建议"), *PRIORITIES.items()], coerce=int, required=False, empty_value=None
    )


class WordsForm(Form):
    """One sentence; subclasses name it."""

    words = forms.CharField(label="说明", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class AskForm(Form):
    words = forms.CharField(label="请报修人补充什么", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class AnswerForm(Form):
    words = forms.CharField(label="回复", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ReasonForm(Form):
    reason = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class OptionalReasonForm(Form):
    reason = forms.CharField(label="原因", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class DeclineForm(Form):
    reason = forms.CharField(label="不予受理的理由", max_length=120, widget=forms.Textarea(attrs={"rows": 2}))
    whom = forms.CharField(label="请报修人找谁", max_length=40, required=False)


class TicketField(forms.CharField):
    """A ticket typed by its number, whole or its last digits."""

    def clean(self, value: Any) -> Ticket | None:
        text = str(super().clean(value)).strip().upper()
        if not text:
            return None
        found = Ticket.objects.select_related("place", "category").filter(
            Q(number=text) | Q(number__endswith=text.rpartition("-")[2].rjust(4, "0"), state__in=["new", "accepted", "dispatched", "doing", "held", "asked", "checking"])
        ).order_by("-pk")[:2]  # fmt: skip
        exact = [t for t in found if t.number == text]
        if len(exact or found) == 1:
            return (exact or list(found))[0]
        raise ValidationError(
            f"没有找到单号“{text}”，请写完整的单号。" if not found else "有不止一张，请写完整的单号。"
        )


class MergeForm(Form):
    into = TicketField(label="并入哪一张（单号）", max_length=30)


class HoldForm(Form):
    """挂起: why, until when; parts name themselves."""

    reason = forms.ModelChoiceField(
        label="原因", queryset=HoldReason.objects.filter(active=True), widget=forms.RadioSelect, empty_label=None
    )
    until = forms.DateField(label="预计恢复日期", widget=DateInput)
    item = ItemField(label="等哪种材料（待料时）", required=False)
    quantity = forms.DecimalField(
        label="数量", required=False, min_value=Decimal("0.01"), max_digits=8, decimal_places=2
    )
    purchase = forms.CharField(label="仓库没有的，写要申购什么", max_length=80, required=False)
    words = forms.CharField(label="说明", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    widths = {"until": 6, "item": 8, "quantity": 4}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [(r.pk, r.name) for r in hold_reasons()]

    def clean_until(self) -> dt.date:
        until: dt.date = self.cleaned_data["until"]
        if until < clock.today():
            raise ValidationError("预计恢复的日期已经过了，请改成今天或以后。")
        return until

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        reason = data.get("reason")
        if (
            reason
            and reason.key == "parts"
            and not data.get("purchase")
            and not (data.get("item") and data.get("quantity"))
        ):
            self.add_error("item", "待料要写清等什么：选仓库里的材料和数量，或写要申购的东西。")
        return data


class RedateForm(Form):
    until = forms.DateField(label="新的预计日期", widget=DateInput)
    words = forms.CharField(label="为什么改", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    clean_until = HoldForm.clean_until


class DrawForm(Form):
    item = ItemField(label="材料")
    quantity = forms.DecimalField(label="数量", min_value=Decimal("0.01"), max_digits=8, decimal_places=2, initial=1)
    widths = {"item": 8, "quantity": 4}


class GiveBackForm(Form):
    material = forms.ModelChoiceField(
        label="退哪一笔", queryset=Material.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    quantity = forms.DecimalField(label="退回数量", min_value=Decimal("0.01"), max_digits=8, decimal_places=2)

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drawn = Material.objects.filter(ticket=ticket, move__kind="issue").select_related("move__item")
        self.fields["material"].queryset = drawn
        self.fields["material"].label_from_instance = lambda m: (
            f"{m.move.item} {-m.move.quantity.normalize():f} {m.move.item.unit}（{m.move.number}）"
        )


class FinishForm(Form):
    """报完工: what came of it, how many, photos, materials used, and the next step when it cannot be repaired."""

    outcome = forms.ChoiceField(
        label="处理结果", choices=list(OUTCOMES.items()), widget=forms.RadioSelect, initial="repaired"
    )
    done = forms.IntegerField(label="修好几处", min_value=1, max_value=9999)
    minutes = forms.IntegerField(label="用时（分钟）", min_value=0, max_value=6000, required=False)
    words = forms.CharField(label="怎么修的", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    cause = forms.CharField(label="坏的原因", max_length=100, required=False)
    photos = PhotosField(label="维修后照片", required=False)
    item_1 = ItemField(label="用料 1", required=False)
    quantity_1 = forms.DecimalField(
        label="数量", required=False, min_value=Decimal("0.01"), max_digits=8, decimal_places=2
    )
    item_2 = ItemField(label="用料 2", required=False)
    quantity_2 = forms.DecimalField(
        label="数量", required=False, min_value=Decimal("0.01"), max_digits=8, decimal_places=2
    )
    next_step = forms.ChoiceField(
        label="无法修复时，下一步", choices=[("", "（能修好，不用选）"), *NEXT_STEPS.items()], required=False
    )
    replace = forms.ChoiceField(
        label="替换", required=False, choices=[("", "不替换"), ("pool", "用备用件换上"), ("purchase", "申购新的")]
    )
    spare_place = PlaceField(label="备用件在哪里", required=False)
    widths = {
        "done": 6, "minutes": 6, "item_1": 8, "quantity_1": 4, "item_2": 8, "quantity_2": 4, "next_step": 4, "replace": 4,
        "spare_place": 4,
    }  # fmt: skip

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket
        self.fields["done"].initial = ticket.quantity
        self.fields["done"].help_text = (
            f"共 {ticket.quantity} 处；没修完的会另开一张单接着修。" if ticket.quantity > 1 else ""
        )
        if ticket.category.after_photo:
            self.fields["photos"].help_text = f"“{ticket.category.name}”完工时必须拍照。"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        materials = []
        for n in (1, 2):
            item, quantity = data.pop(f"item_{n}", None), data.pop(f"quantity_{n}", None)
            if item and not quantity:
                self.add_error(f"quantity_{n}", "请填用了多少。")
            elif quantity and not item:
                if f"item_{n}" not in self.errors:  # what was typed and not found has been said already
                    self.add_error(f"item_{n}", "请选是哪种材料。")
            elif item:
                materials.append((item, quantity))
        data["materials"] = materials
        data["minutes"] = data.get("minutes") or 0
        done = data.get("done")
        if done and done > self.ticket.quantity:
            self.add_error("done", f"这张单共 {self.ticket.quantity} 处，不能多于它。")
        if data.get("outcome") == "beyond" and not data.get("next_step"):
            self.add_error("next_step", "无法修复时请选下一步：提报废，或不再需要。")
        return data


class RatingField(forms.TypedChoiceField):
    """很好 .. 很差, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=list(RATINGS.items()), coerce=int, empty_value=None, widget=forms.RadioSelect, **kwargs
        )


class AcceptWorkForm(Form):
    """验收: a rating now or later."""

    rating = RatingField(label="评分", required=False)
    words = forms.CharField(label="说一句", max_length=200, required=False)


class AcceptHazardForm(AcceptWorkForm):
    """The same for a hazard: whoever may clear it can do both at once."""

    photo = PhotosField(label="现场复查照片（销号用）", required=False, max_files=1)

    def clean_photo(self) -> Any:
        found = self.cleaned_data["photo"]
        return found[0] if found else None


class RateForm(Form):
    rating = RatingField(label="评分")
    words = forms.CharField(label="说一句", max_length=200, required=False)


class ClearForm(Form):
    photo = PhotosField(label="现场复查照片", max_files=1)
    words = forms.CharField(label="复查情况", max_length=200, required=False)

    def clean_photo(self) -> Any:
        return self.cleaned_data["photo"][0]


class ChaseForm(Form):
    words = forms.CharField(label="想说的话", max_length=200, required=False)


class CorrectForm(Form):
    """更正 place, kind, asset, quantity."""

    place = PlaceField(label="地点")
    detail = forms.CharField(label="具体位置", max_length=60, required=False)
    category = forms.CharField(label="故障", max_length=30)
    asset = forms.CharField(label="资产编号", max_length=30, required=False)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=9999)
    widths = {"quantity": 4, "asset": 8}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(Category.objects.filter(parent__isnull=False, active=True).values_list("name", flat=True))
        self.fields["category"].widget = Datalist(suggestions=lambda: names)
        adapt(self.fields["category"])

    def clean_category(self) -> Category:
        name = self.cleaned_data["category"]
        found = Category.objects.filter(parent__isnull=False, active=True, name=name).first()
        if found is None:
            raise ValidationError(f"没有“{name}”这一类，请从提示里选。")
        return found

    def clean_asset(self) -> Any:
        number = self.cleaned_data["asset"].strip()
        if not number:
            return None
        card = Card.objects.filter(number=number).first()
        if card is None:
            raise ValidationError(f"没有编号为“{number}”的资产卡片。")
        return card


class PriorityForm(Form):
    priority = forms.TypedChoiceField(
        label="优先级", choices=[(0, "按系统建议"), *PRIORITIES.items()], coerce=int, widget=forms.RadioSelect
    )
    reason = forms.CharField(label="原因", max_length=200, required=False)


class ProtectionForm(Form):
    protection = forms.CharField(label="临时防护", max_length=200, help_text="如：已围挡、已断电、房间停用。")


class OptionalProtectionForm(Form):
    protection = forms.CharField(
        label="临时防护", max_length=200, required=False, help_text="如：已围挡、已断电、房间停用。"
    )


class PhonedForm(Form):
    said = forms.CharField(label="打给谁，怎么说的", max_length=200)


class SayForm(Form):
    words = forms.CharField(label="留言", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    photos = PhotosField(label="照片", required=False)
