"""Lists of the stores: moves, items with their stock, purchase requests."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F
from django.utils.html import format_html

from core.forms import SELECT_LIMIT, DateInput
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.rights import can
from stores.models import Item, Move, PurchaseRequest, Warehouse


class MoveFilter(FilterSet):
    """Moves by words, kind, warehouse and days."""

    q = SearchFilter(
        fields=("number", "reason", "item__name", "item__spec", "item__pinyin"), placeholder="单号、品名、用途"
    )
    kind = django_filters.ChoiceFilter(label="类型", choices=list(Move.KINDS.items()))
    warehouse = django_filters.ModelChoiceFilter(label="仓库", queryset=Warehouse.objects.order_by("pk"))
    since = django_filters.DateFilter(label="从", field_name="on", lookup_expr="gte", widget=DateInput)
    until = django_filters.DateFilter(label="到", field_name="on", lookup_expr="lte", widget=DateInput)

    class Meta:
        model = Move
        fields: list[str] = []


class MoveListing(Listing):
    """Every move, newest day first."""

    model = Move
    title = filename = "出入库明细"
    measure = "笔"
    empty = ("还没有出入库", "先登记第一笔入库，再办领用。")
    empty_icon = "warehouse"
    order = ("-on", "-pk")
    related = ("item", "warehouse", "taker", "by")
    filterset = MoveFilter
    columns = (
        Column("number", "单号", link=True),
        Column("on", "日期", kind="date", order="on"),
        Column("kind", "类型", phone="label"),
        Column("item", "物品", value=lambda move: str(move.item), phone="wide"),
        Column("quantity", "数量", kind="decimal", phone="label"),
        Column("unit", "单位", value="item.unit", phone="hide"),
        Column("value", "金额", kind="money", total=True, phone="label"),
        Column("balance_after", "结存", kind="decimal", phone="label"),
        Column("warehouse", "仓库", value="warehouse.name", phone="hide"),
        Column("taker", "领用人", value="taker.name", phone="label"),
        Column("reason", "用途或原因", phone="label"),
        Column("by", "经手人", value="by.name", phone="hide"),
    )
    show_totals = True


def _stock_cell(item: Item, value: Any) -> Any:
    """The stock with its unit; what must be bought says so."""
    from core.templatetags.houqin import qty

    words = f"{qty(value)} {item.unit}"
    low = item.minimum > 0 and item.active and value < item.minimum
    return format_html('<span class="late">{} · 要补货</span>', words) if low else words


def _name_cell(item: Item, value: Any) -> Any:
    return value if item.active else format_html("{}（已停用）", value)


class ItemFilter(FilterSet):
    """Items by words or pinyin, category, and what must be bought."""

    q = SearchFilter(fields=("name", "spec", "pinyin"), placeholder="品名、规格或拼音首字母")
    category = django_filters.ChoiceFilter(label="类别", choices=lambda: ItemFilter.categories())
    low = django_filters.ChoiceFilter(label="库存", choices=[("1", "要补货")], method="filter_low")
    active = django_filters.ChoiceFilter(label="状态", choices=[("1", "在用"), ("0", "已停用")], method="filter_active")

    class Meta:
        model = Item
        fields: list[str] = []

    @staticmethod
    def categories() -> list[tuple[str, str]]:
        """The categories in use, no more than a select may hold."""
        names = Item.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()
        return [(name, name) for name in names[:SELECT_LIMIT]]

    def filter_low(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(active=True, minimum__gt=0, stock__lt=F("minimum"))

    def filter_active(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(active=value == "1")


class ItemListing(Listing):
    """Every item with its stock."""

    model = Item
    title = "物品与库存"
    filename = "库存"
    measure = "种"
    empty = ("还没有物品", "先新建物品，再登记入库。")
    empty_icon = "package"
    order = ("name", "spec")
    filterset = ItemFilter
    columns = (
        Column("name", "品名", link=True, order="name", cell=_name_cell),
        Column("spec", "规格", phone="label"),
        Column("category", "类别", phone="hide"),
        Column("stock", "库存", kind="decimal", cell=_stock_cell, phone="label"),
        Column("unit", "单位", where="sheet"),
        Column("minimum", "最低库存", kind="decimal", phone="label"),
        Column("stock_value", "库存金额", kind="money", total=True, phone="label"),
        Column("active", "在用", kind="bool", where="sheet"),
    )
    show_totals = True

    def base(self) -> Any:
        return super().base().with_stock()

    def get_columns(self) -> Any:
        """What the stock is worth concerns those who keep the books."""
        if can(self.user, "stores.view"):
            return self.columns
        return tuple(column for column in self.columns if column.name != "stock_value")


class PurchaseFilter(FilterSet):
    """Purchase requests by words and by answer."""

    q = SearchFilter(fields=("number", "what", "why"), placeholder="单号、名称、用途")
    answer = django_filters.ChoiceFilter(
        label="结果", choices=[("open", "待办"), ("bought", "已采购"), ("refused", "不采购")], method="filter_answer"
    )

    class Meta:
        model = PurchaseRequest
        fields: list[str] = []

    def filter_answer(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(answer="" if value == "open" else value)


class PurchaseListing(Listing):
    """Every purchase request that the user may see."""

    model = PurchaseRequest
    title = filename = "申购"
    measure = "张"
    empty = ("还没有申购", "缺什么料，从这里提出来，由后勤处答复。")
    empty_icon = "package"
    related = ("by", "answered_by", "place")
    filterset = PurchaseFilter
    columns = (
        Column("number", "单号", link=True, order="number"),
        Column("what", "名称规格", phone="wide"),
        Column("quantity", "数量", kind="decimal", phone="label"),
        Column("unit", "单位", phone="hide"),
        Column("why", "用途", phone="wide"),
        Column("place", "地点", value="place.full_name", phone="label"),
        Column("by", "申请人", value="by.name", phone="label"),
        Column("at", "申请时间", kind="datetime", phone="label"),
        Column("answer", "结果", phone="label"),
        Column("answer_words", "答复", phone="label"),
        Column("answered_by", "答复人", value="answered_by.name", phone="hide"),
    )
