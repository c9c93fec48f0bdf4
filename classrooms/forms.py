"""Input of the spare pool: the pool, how many to swap, the pieces of a batch and what became of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from assets.models import Card
from campus.forms import PlaceField
from classrooms import services
from classrooms.models import Batch, BatchPart, Pool
from core.forms import Datalist, Form, ModelForm, PersonField, adapt
from repairs.models import Category
from stores.forms import ItemField, WarehouseForm
from stores.models import Warehouse

SHOWN = 60  # cards of a workshop on one form: those with most pieces first
KINDS = "课桌椅家具"  # the group of faults that a pool can serve, unless the school has renamed it


def _names() -> list[str]:
    """Names of things of which the ledger has many."""
    found = Card.objects.filter(quantity__gt=1, state="on_books").order_by("name").values_list("name", flat=True)
    return list(found.distinct()[:200])


def kinds(now: int | None = None) -> Any:
    """Kinds of fault for which a pool may be kept: furniture, what a pool has now, or all where there is no such group."""
    found = Category.objects.filter(parent__isnull=False, active=True)
    some = found.filter(Q(parent__name=KINDS) | Q(pk=now)) if now else found.filter(parent__name=KINDS)
    return some if some.exists() else found


class PoolForm(ModelForm):
    """A pool: what, where, how many there should be."""

    place = PlaceField(label="存放处", help_text="完好的备用件放在哪里，如 后勤楼 1层 周转库。")
    workshop = PlaceField(label="坏件送到", help_text="换下的坏件送到哪里等集中维修，如 后勤楼 1层 维修间。")

    class Meta:
        model = Pool
        fields = ["name", "thing", "category", "place", "workshop", "target", "active"]
        widgets = {"thing": Datalist(suggestions=_names)}
        help_texts = {
            "thing": "资产卡片上的名称，如 课椅。同名的各批次通用。",
            "category": "这类报修单上会出现“换一把”。",
            "target": "完好的少于这个数，就列入月计划提醒。",
        }

    widths = {"name": 6, "thing": 6, "category": 6, "target": 6, "place": 6, "workshop": 6}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["active"]
        self.fields["category"].queryset = kinds(self.instance.category_id)  # type: ignore[attr-defined]

    def clean_thing(self) -> str:
        thing: str = self.cleaned_data["thing"].strip()
        if not Card.objects.filter(name=thing, state="on_books").exists():
            raise ValidationError(f"资产卡片里没有“{thing}”，请从提示里选，或请资产管理员先建卡片。")
        return thing

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        place, workshop = data.get("place"), data.get("workshop")
        if place is not None and workshop is not None and workshop.path.startswith(place.path):
            self.add_error("workshop", "坏件要送到存放处以外的地方，好坏才分得清。")
        return data


class SwapForm(Form):
    """How many to swap; the panel on the ticket posts it with one tap."""

    quantity = forms.IntegerField(label="换几件", min_value=1, max_value=999, initial=1)
    widths = {"quantity": 4}


class BatchForm(Form):
    """Which broken pieces are repaired together: a number for each card of the workshop."""

    worker = PersonField(label="维修人", required=False, help_text="不填：谁来修都行。")
    words = forms.CharField(label="说明", max_length=200, required=False)
    widths = {"worker": 6, "words": 6}

    def __init__(self, *args: Any, pool: Pool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = services.waiting(pool)
        first = sorted(there, key=lambda pk: (-there[pk], pk))[:SHOWN]
        found = Card.objects.in_bulk(first)
        self.left = sum(there.values()) - sum(there[pk] for pk in first)
        self.pieces = [(found[pk], there[pk]) for pk in first]
        for card, count in self.pieces:
            field = forms.IntegerField(
                label=f"{card.name} {card.number} 修几{card.unit}", min_value=0, max_value=count, initial=count,
                required=False, error_messages={"max_value": f"只有 {count} {card.unit}可修。"},
            )  # fmt: skip
            field.widget.attrs["aria-label"] = field.label
            self.fields[f"card_{card.pk}"] = field
            adapt(field)

    def table(self) -> list[dict[str, Any]]:
        """Each card with its box."""
        return [{"card": card, "count": count, "box": self[f"card_{card.pk}"]} for card, count in self.pieces]

    def others(self) -> list[Any]:
        return [self["worker"], self["words"]]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        pieces = {card.pk: data.get(f"card_{card.pk}") or 0 for card, _ in self.pieces}
        for pk in {key.removeprefix("card_") for key in self.data if key.startswith("card_")} - {
            str(p) for p in pieces
        }:
            if (
                pk.isascii()
                and pk.isdigit()
                and len(pk) < 18
                and str(self.data.get(f"card_{pk}", "")).strip() not in ("", "0")
            ):
                pieces[int(pk)] = 1  # gone from the list since the page was shown: the service says what is so
        return {"pieces": pieces, "worker": data.get("worker"), "words": data.get("words", "")}


class FinishForm(Form):
    """What became of the pieces: repaired all of them, unless somebody says otherwise."""

    minutes = forms.IntegerField(label="用时（分钟）", min_value=0, max_value=60_000, initial=0, required=False)
    words = forms.CharField(label="说明", max_length=200, required=False)
    widths = {"minutes": 4, "words": 8}

    def __init__(self, *args: Any, batch: Batch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(batch.lines.select_related("card").order_by("pk"))
        for line in self.lines:
            for name, label, initial in (("fine", "修好", line.quantity), ("gone", "报废", 0)):
                field = forms.IntegerField(
                    label=f"{line.card.name} {line.card.number} {label}", min_value=0, max_value=line.quantity,
                    initial=initial, required=False,
                )  # fmt: skip
                field.widget.attrs["aria-label"] = field.label
                self.fields[f"{name}_{line.pk}"] = field
                adapt(field)

    def table(self) -> list[dict[str, Any]]:
        """Each line with its two boxes."""
        return [{"line": one, "fine": self[f"fine_{one.pk}"], "gone": self[f"gone_{one.pk}"]} for one in self.lines]

    def others(self) -> list[Any]:
        return [self["minutes"], self["words"]]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        results = {}
        for line in self.lines:
            fine, gone = data.get(f"fine_{line.pk}") or 0, data.get(f"gone_{line.pk}") or 0
            if fine + gone > line.quantity and not self.errors:
                self.add_error(f"gone_{line.pk}", f"这一种共 {line.quantity} 件，修好 {fine}、报废 {gone} 加起来多了。")
            results[line.pk] = (fine, gone)
        return {"results": results, "minutes": data.get("minutes") or 0, "words": data.get("words", "")}


class DrawForm(WarehouseForm):
    """Parts for a batch."""

    item = ItemField(label="材料")
    warehouse = forms.ModelChoiceField(
        Warehouse.objects.filter(book="school").order_by("pk"), label="仓库", empty_label=None
    )
    quantity = forms.DecimalField(label="数量", min_value=Decimal("0.01"), max_digits=8, decimal_places=2, initial=1)
    widths = {"item": 6, "warehouse": 3, "quantity": 3}


class GiveBackForm(Form):
    """Parts of a batch that were not used."""

    part = forms.ModelChoiceField(
        label="退哪一笔", queryset=BatchPart.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    quantity = forms.DecimalField(label="退回数量", min_value=Decimal("0.01"), max_digits=8, decimal_places=2)
    widths = {"quantity": 4}

    def __init__(self, *args: Any, batch: Batch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drawn = BatchPart.objects.filter(batch=batch, move__kind="issue").select_related("move__item")
        self.fields["part"].queryset = drawn  # type: ignore[attr-defined]
        self.fields["part"].label_from_instance = lambda one: (  # type: ignore[attr-defined]
            f"{one.move.item} {-one.move.quantity.normalize():f} {one.move.item.unit}（{one.move.number}）"
        )


class VoidForm(Form):
    """Why a batch is given up."""

    reason = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
