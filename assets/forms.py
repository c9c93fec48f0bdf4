"""Input of the ledger: cards, moves of their pieces, scrap proposals."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from assets import numbers, rules
from assets.models import CONDITIONS, SIX, Card, ClassCode, Holding, NumberFormat, ScrapProposal
from campus.forms import PlaceField
from campus.models import Place, User
from core.forms import DATALIST_LIMIT, SELECT_LIMIT, Datalist, Form, ModelForm, PersonField
from finance.forms import NamedField
from finance.models import Party

CHOICES = list(CONDITIONS.items())


def key_of(holding: Holding) -> str:
    """A holding's key as text: 12-0-in_use; it outlives the row, which goes when all pieces have left."""
    return f"{holding.place_id}-{holding.custodian_id or 0}-{holding.condition}"


def read_key(card: Card, text: str) -> Holding | None:
    """The holding that the text names, unsaved: whether it is still there, the service says with the row locked."""
    found = re.fullmatch(r"(\d{1,18})-(\d{1,18})-([a-z_]{1,10})", text, re.ASCII)
    if found is None or found[3] not in CONDITIONS:
        return None
    place = Place.objects.filter(pk=int(found[1])).first()
    keeper = User.objects.filter(pk=int(found[2])).first()
    if place is None or (keeper is None and int(found[2])):
        return None
    return Holding(card=card, place=place, custodian=keeper, condition=found[3], quantity=0)


def told(holding: Holding, unit: str) -> str:
    """A holding in one line: 3号楼 3层 312 寝室 · 在用 · 林老师 · 4 台."""
    keeper = f" · {holding.custodian}" if holding.custodian_id else ""
    return f"{holding.place} · {holding.get_condition_display()}{keeper} · {holding.quantity} {unit}"


class CodeField(forms.CharField):
    """A class code: typed as code, name or pinyin initials; suggestions stand on the field and in the refusal."""

    widget = Datalist

    def __init__(self, *, edition: int, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 80)
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.edition = edition
        self.widget.suggestions = self.labels  # type: ignore[attr-defined]

    def __deepcopy__(self, memo: dict[int, Any]) -> CodeField:
        found: CodeField = super().__deepcopy__(memo)  # type: ignore[misc]
        found.widget.suggestions = found.labels  # type: ignore[attr-defined]
        return found

    def rows(self) -> Any:
        return ClassCode.objects.filter(edition=self.edition).order_by("code")

    def labels(self) -> list[str]:
        """The finest codes, as many as a list of suggestions holds."""
        return [str(one) for one in self.rows().filter(level__gte=3)[:DATALIST_LIMIT]]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = ClassCode.objects.filter(pk=value).first()
        return str(value) if isinstance(value, ClassCode) else value

    def clean(self, value: Any) -> ClassCode | None:
        words = " ".join(str(super().clean(value)).split())
        if not words:
            return None
        exact = self.rows().filter(code__iexact=words.split()[0]).first() or self.rows().filter(name=words).first()
        found = [exact] if exact else list(self.rows().search(words)[:4])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(f"没有找到分类“{words}”，请写代码或名称，从提示里选。")
        raise ValidationError(f"“{words}”有几种可能，请选一个：{'、'.join(map(str, found))}。")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class CardForm(ModelForm):
    """What a card says of its thing; quantity and place change by moves only."""

    class_code = CodeField(
        edition=2022, label="分类（GB/T 14885-2022）", help_text="写名称、代码或拼音首字母，如 课桌、A0501、xsy。"
    )
    old_code = CodeField(edition=2010, label="旧分类（2010 版）", help_text="老账上有就填。")
    supplier = NamedField(rows=Party.objects.active, label="供应商", required=False)

    class Meta:
        model = Card
        fields = [
            "name", "model", "class_code", "category", "unit", "cost", "acquired_on", "way", "fund", "department", "maker", "serial",
            "supplier", "contract", "invoice", "posted_on", "voucher", "in_use_on", "life_months", "nominal", "warranty_on",
            "accessories", "old_code", "old_number", "words",
        ]  # fmt: skip
        labels = {
            "cost": "原值合计（元）",
            "category": "自编类别",
            "old_number": "老账编号",
            "nominal": "以名义金额（1 元）入账",
        }
        help_texts = {
            "life_months": "不填：按分类的年限。",
            "posted_on": "不填：按取得日期算入账。",
        }

    widths = {
        "name": 6, "model": 6, "class_code": 6, "category": 6, "unit": 3, "cost": 3, "acquired_on": 3, "way": 3, "fund": 3,
        "department": 3, "maker": 3, "serial": 3, "supplier": 6, "contract": 3, "invoice": 3, "posted_on": 3, "voucher": 3,
        "in_use_on": 3, "life_months": 3, "nominal": 6, "warranty_on": 3, "accessories": 6, "old_code": 6, "old_number": 3,
    }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"].required = False

    def clean_way(self) -> str:
        return self.cleaned_data["way"] or self.instance.way

    def clean_cost(self) -> Any:
        if self.cleaned_data["cost"] < 0:
            raise ValidationError("不能小于 0。")
        return self.cleaned_data["cost"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        bought, posted = data.get("acquired_on"), data.get("posted_on")
        if bought and posted and posted < bought:
            self.add_error("posted_on", "入账日期早于取得日期，请核对。")
        return data


class RegisterForm(CardForm):
    """A card with the place where its pieces stand first."""

    number = forms.CharField(label="资产编号", max_length=30, required=False)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=100_000, initial=1)
    place = PlaceField(help_text="如 3号楼312。")
    custodian = PersonField(label="保管人", required=False, help_text="不填：由地点的保管人保管。")
    used_by = forms.CharField(label="使用人", max_length=30, required=False)
    condition = forms.ChoiceField(label="状况", choices=CHOICES)

    class Meta(CardForm.Meta):
        # What a card is in the first minute; the rest is filled in on its page when the papers are there.
        fields = ["name", "model", "class_code", "unit", "cost", "acquired_on", "way", "fund", "serial", "warranty_on"]

    old_code = None  # type: ignore[assignment]
    supplier = None  # type: ignore[assignment]
    field_order = [
        "number", "name", "model", "class_code", "quantity", "unit", "cost", "acquired_on", "place", "custodian", "used_by",
        "condition",
    ]  # fmt: skip
    widths = {
        **CardForm.widths, "number": 6, "class_code": 6, "quantity": 3, "unit": 3, "cost": 3, "place": 6, "custodian": 3,
        "used_by": 3, "condition": 3,
    }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].help_text = f"不填由系统编号，如 {numbers.example(numbers.pattern())}。"

    def clean_number(self) -> str:
        number = self.cleaned_data["number"].strip()
        reason = rules.numbered(number)
        if reason is None and number and Card.objects.filter(number=number).exists():
            reason = f"资产编号 {number} 已经有了，请换一个，或留空由系统编号。"
        if reason:
            raise ValidationError(reason)
        return number


class FormatForm(ModelForm):
    """How this school numbers its cards."""

    class Meta:
        model = NumberFormat
        fields = ["pattern"]
        help_texts = {"pattern": numbers.HELP}

    def clean_pattern(self) -> str:
        text = self.cleaned_data["pattern"].strip()
        if reason := numbers.wrong(text):
            raise ValidationError(reason)
        return text


class SourceForm(Form):
    """A step on some pieces of a card: `source` is the key of the holding that they are taken from."""

    source = forms.CharField(label="从哪里", max_length=60, widget=forms.Select)

    def __init__(self, *args: Any, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.card = card
        holdings = list(card.holdings.select_related("place", "custodian").order_by("place__path", "pk")[:SELECT_LIMIT])
        choices = [(key_of(one), told(one, card.unit)) for one in holdings]
        asked = self.data.get("source") if self.is_bound else self.initial.get("source")
        if asked and asked not in dict(choices):  # further down than a select reaches, or gone meanwhile
            named = read_key(card, str(asked))
            if named is not None:
                choices = [
                    (key_of(named), f"{named.place} · {named.get_condition_display()}"),
                    *choices[: SELECT_LIMIT - 1],
                ]
        self.fields["source"].widget.choices = choices  # type: ignore[attr-defined]

    def clean_source(self) -> Holding:
        found = read_key(self.card, self.cleaned_data["source"])
        if found is None:
            raise ValidationError("选的这一处现在没有，请重新选。")
        return found


def _quantity() -> forms.IntegerField:
    return forms.IntegerField(label="数量", min_value=1, max_value=100_000, initial=1)


def _reason() -> forms.CharField:
    return forms.CharField(label="原因", max_length=120, required=False)


class MoveForm(SourceForm):
    """To another place or another custodian."""

    quantity = _quantity()
    to_place = PlaceField(label="移到", required=False, help_text="不填：地点不变。")
    to_custodian = PersonField(label="新的保管人", required=False, help_text="不填：由地点的保管人保管。")
    reason = _reason()
    widths = {"source": 9, "quantity": 3, "to_place": 6, "to_custodian": 6}


class MarkForm(SourceForm):
    """Another condition."""

    quantity = _quantity()
    condition = forms.ChoiceField(label="改为", choices=CHOICES, widget=forms.RadioSelect)
    reason = _reason()
    widths = {"source": 9, "quantity": 3}


class SwapForm(SourceForm):
    """A broken piece out, a sound one in."""

    quantity = _quantity()
    spare_place = PlaceField(label="备用件在哪里", help_text="从这里取一件同名的完好件。")
    workshop = PlaceField(label="坏件放到哪里", required=False, help_text="不填：放到备用件那里，记为待修。")
    reason = _reason()
    widths = {"source": 9, "quantity": 3, "spare_place": 6, "workshop": 6}


class CardField(forms.CharField):
    """A card by its number."""

    def prepare_value(self, value: Any) -> Any:
        return value.number if isinstance(value, Card) else value

    def clean(self, value: Any) -> Card | None:
        number = str(super().clean(value)).strip()
        if not number:
            return None
        found = Card.objects.filter(number=number).first()
        if found is None:
            raise ValidationError(f"没有编号为 {number} 的资产，请核对标签上的编号。", code="unknown_card")
        return found


class ScrapForm(Form):
    """Something that should leave the books."""

    card = CardField(label="资产编号", max_length=30, required=False, help_text="没有建卡的东西不填，在下面写名称。")
    what = forms.CharField(label="物品", max_length=80, required=False)
    quantity = _quantity()
    place = PlaceField(required=False, label="在哪里")
    why = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    widths = {"card": 6, "what": 6, "quantity": 3, "place": 9}


class ScrapAnswerForm(Form):
    """The answer to a scrap proposal."""

    answer = forms.ChoiceField(
        label="结果", choices=[pair for pair in ScrapProposal.ANSWERS.items() if pair[0]], widget=forms.RadioSelect
    )
    words = forms.CharField(
        label="答复", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="不同意时请写明原因和怎么办。",
    )  # fmt: skip


class LedgerForm(Form):
    """The accountant's balance for each of the six classes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for six, label in SIX.items():
            self.fields[six] = forms.DecimalField(
                label=f"{label}（元）", max_digits=14, decimal_places=2, min_value=0, required=False
            )
            self.widths = {**self.widths, six: 6}
