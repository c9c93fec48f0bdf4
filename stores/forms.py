"""Input of the stores; `ItemField` reads an item from typed words or pinyin initials."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from campus.forms import PlaceField
from core.forms import DATALIST_LIMIT, Datalist, DateInput, Form, ModelForm, PersonField
from core.rights import can
from stores.models import Item, PurchaseRequest, Warehouse


class ItemField(forms.CharField):
    """One item in a text box with suggestions: "T8 灯管 30W", a part of the name, or initials such as "dg"."""

    widget = Datalist

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "物品")
        kwargs.setdefault("max_length", 130)
        super().__init__(**kwargs)
        self._bind_suggestions()

    def __deepcopy__(self, memo: dict[int, Any]) -> ItemField:
        found: ItemField = super().__deepcopy__(memo)  # type: ignore[misc]
        found._bind_suggestions()
        return found

    def _bind_suggestions(self) -> None:
        self.widget.suggestions = lambda: [str(item) for item in Item.objects.active()[:DATALIST_LIMIT]]  # type: ignore[attr-defined]

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, Item) else value

    def clean(self, value: Any) -> Item | None:
        words = " ".join(str(super().clean(value)).split())
        if not words:
            return None
        name, _, spec = words.partition(" ")
        exact = [item for item in Item.objects.filter(name__startswith=name) if str(item) == words]
        found = exact or list(
            Item.objects.active().filter(
                Q(name__icontains=words)
                | Q(pinyin__startswith=words.lower())
                | Q(name__icontains=name, spec__icontains=spec)
            )[:6]
        )
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(f"仓库里没有“{words}”这种物品，请从提示里选，或先新建物品。", code="unknown_item")
        names = "、".join(str(item) for item in found[:5])
        raise ValidationError(f"“{words}”有几种可能，请写全：{names}。", code="ambiguous_item")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def _quantity(label: str = "数量", **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=10, decimal_places=2, **kwargs)


def _day() -> forms.DateField:
    return forms.DateField(
        label="日期", required=False, widget=DateInput(), help_text="不填就是今天；可填本月更早的日期。"
    )


class WarehouseForm(Form):
    """What the forms of all moves share: the choice of the warehouse, the first one chosen beforehand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["warehouse"]
        field.initial = field.queryset.first()  # type: ignore[attr-defined]


def _warehouse() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(Warehouse.objects.order_by("pk"), label="仓库", empty_label=None)


class ReceiveForm(WarehouseForm):
    """Goods that came in."""

    item = ItemField()
    warehouse = _warehouse()
    quantity = _quantity(min_value=0)
    value = forms.DecimalField(
        label="金额合计（元）", max_digits=12, decimal_places=2, min_value=0, help_text="这一批一共多少钱。"
    )
    on = _day()
    reason = forms.CharField(label="来源或说明", max_length=120, required=False, help_text="如供应商、送货单号。")
    widths = {"item": 8, "warehouse": 4, "quantity": 4, "value": 4, "on": 4}


class IssueForm(WarehouseForm):
    """Goods that go out; who only draws for himself is the taker."""

    item = ItemField()
    warehouse = _warehouse()
    quantity = _quantity(min_value=0)
    taker = PersonField(label="领用人")
    on = _day()
    reason = forms.CharField(label="用途", max_length=120, help_text="如用在哪里、修什么。")
    widths = {"item": 8, "warehouse": 4, "quantity": 4, "taker": 4, "on": 4}

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can(user, "stores.manage"):
            del self.fields["taker"]


class ReturnForm(Form):
    """Goods that come back from an issue."""

    quantity = _quantity("退库数量", min_value=0)
    on = _day()
    reason = forms.CharField(label="原因", max_length=120, required=False, help_text="如没有用完。")
    widths = {"quantity": 6, "on": 6}


class ReverseForm(Form):
    """A wrong entry that is taken back."""

    reason = forms.CharField(label="冲正原因", max_length=120, help_text="如单价录错、重复登记。")


class CountForm(WarehouseForm):
    """What was counted on the shelf."""

    warehouse = _warehouse()
    counted = _quantity("实有数量", min_value=0, help_text="点出来是多少就填多少，系统按账面算出盘盈或盘亏。")
    on = _day()
    reason = forms.CharField(label="差异原因", max_length=120, help_text="如破损、漏记领用。")
    widths = {"warehouse": 4, "counted": 4, "on": 4}


class ItemForm(ModelForm):
    """A kind of goods."""

    class Meta:
        model = Item
        fields = ["name", "spec", "unit", "category", "minimum", "active"]
        help_texts = {
            "unit": "如支、个、米。", "minimum": "少于这个数就列入“要补货”；0 表示不提醒。",
            "active": "停用后不再入库，余下的仍可领用。",
        }  # fmt: skip

    widths = {"name": 6, "spec": 6, "unit": 4, "category": 4, "minimum": 4}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minimum"].min_value = 0
        if self.instance.pk is None:
            del self.fields["active"]

    def clean_minimum(self) -> Any:
        if self.cleaned_data["minimum"] < 0:
            raise ValidationError("不能小于 0。")
        return self.cleaned_data["minimum"]


class PurchaseForm(Form):
    """Something to be bought."""

    item = ItemField(required=False, label="仓库里的物品", help_text="仓库没有这种物品时不填，在下面写名称规格。")
    what = forms.CharField(label="名称规格", max_length=80, required=False)
    quantity = _quantity(min_value=0)
    unit = forms.CharField(label="单位", max_length=10, required=False)
    place = PlaceField(required=False, label="用在哪里")
    why = forms.CharField(label="用途", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    widths = {"item": 6, "what": 6, "quantity": 3, "unit": 3, "place": 6}


class PurchaseAnswerForm(Form):
    """The answer to a purchase request."""

    answer = forms.ChoiceField(
        label="结果", choices=[pair for pair in PurchaseRequest.ANSWERS.items() if pair[0]], widget=forms.RadioSelect
    )
    words = forms.CharField(
        label="答复", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="不采购时请写明原因和怎么办。",
    )  # fmt: skip
