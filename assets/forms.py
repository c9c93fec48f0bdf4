"""Input of the ledger: cards, moves of their pieces, scrap proposals."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from assets import rules
from assets.models import CONDITIONS, Card, Holding, ScrapProposal
from campus.forms import PlaceField
from campus.models import Place, User
from core.forms import SELECT_LIMIT, Form, ModelForm, PersonField

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


class CardForm(ModelForm):
    """What a card says of its thing; quantity and place change by moves only."""

    class Meta:
        model = Card
        fields = ["name", "model", "category", "unit", "cost", "acquired_on"]
        labels = {"cost": "原值合计（元）"}

    widths = {"name": 6, "model": 6, "category": 6, "unit": 6, "cost": 6, "acquired_on": 6}

    def clean_cost(self) -> Any:
        if self.cleaned_data["cost"] < 0:
            raise ValidationError("不能小于 0。")
        return self.cleaned_data["cost"]


class RegisterForm(CardForm):
    """A card with the place where its pieces stand first."""

    number = forms.CharField(
        label="资产编号", max_length=30, required=False, help_text="不填由系统编号，如 ZC2026-0001。"
    )
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=100_000, initial=1)
    place = PlaceField(help_text="如 3号楼312。")
    custodian = PersonField(label="保管人", required=False, help_text="不填：由地点的保管人保管。")
    condition = forms.ChoiceField(label="状况", choices=CHOICES)

    field_order = [
        "number", "name", "model", "category", "quantity", "unit", "cost", "acquired_on", "place", "custodian", "condition",
    ]  # fmt: skip
    widths = {
        "number": 6, "name": 6, "model": 6, "category": 6, "quantity": 3, "unit": 3, "cost": 3, "acquired_on": 3,
        "place": 6, "custodian": 3, "condition": 3,
    }  # fmt: skip

    def clean_number(self) -> str:
        number = self.cleaned_data["number"].strip()
        reason = rules.numbered(number)
        if reason is None and number and Card.objects.filter(number=number).exists():
            reason = f"资产编号 {number} 已经有了，请换一个，或留空由系统编号。"
        if reason:
            raise ValidationError(reason)
        return number


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
