"""A small site of its own for the tests of pages, lists and forms: items of the store and cards of the ledger."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms as django_forms
from django.urls import include, path

from assets.models import Card
from core import files, forms, imports
from core.listing import Bulk, Column, FilterSet, Listing, SearchFilter
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage, Page
from core.workflow import Flow, RuleBroken, Step
from stores.models import Item, Warehouse


class ItemFilters(FilterSet):
    q = SearchFilter(fields=("name", "spec"), placeholder="搜品名、规格")
    category = django_filters.ChoiceFilter(label="类别", choices=[("灯具", "灯具"), ("五金", "五金")])
    minimum = django_filters.NumberFilter(label="最低库存", lookup_expr="gte")

    class Meta:
        model = Item
        fields: list[str] = []


class ItemListing(Listing):
    model = Item
    title = filename = "物品"
    measure = "种"
    order = "name"
    per_page = 3
    empty = ("还没有物品", "先登记一种。")
    filterset = ItemFilters
    show_totals = True
    columns = (
        Column("name", "品名", link=True, order="name"),
        Column("spec", "规格", phone="hide"),
        Column("category", "类别", order="category", phone="label"),
        Column("minimum", "最低库存", kind="money", order="minimum", total=True),
        Column("active", "在用", kind="bool", where="sheet"),
        Column("unit", "单位", cell=lambda record, value: f"每{value}", where="screen"),
    )

    def url(self, record: Any) -> str:
        return f"/items/{record.pk}/"

    def row_class(self, record: Any) -> str:
        return "" if record.active else "is-late"


class Items(ListPage):
    listing = ItemListing
    permission = "stores.view"
    tabs = (("全部", ""), ("灯具", "category=灯具"))
    bulk = (Bulk("stop", "停用", primary=True, permission="stores.manage"),)
    bulk_url = "/items/bulk/"
    actions = (Action("登记物品", "/items/new/", icon="plus", style="primary"),)


class ItemForm(forms.ModelForm):
    widths = {"name": 6, "spec": 6}

    class Meta:
        model = Item
        fields = ["name", "spec", "unit", "category", "minimum", "active"]


class ItemPage(DetailPage):
    model = Item


class EditItem(FormPage):
    model, form_class = Item, ItemForm
    permission = "stores.manage"
    crumbs = (("物品", "/items/"),)

    def back_url(self) -> str:
        return "/items/"

    def get_success_url(self, record: Any) -> str:
        return f"/items/{record.pk}/"


class RenameForm(forms.Form):
    name = django_forms.CharField(label="新名称", max_length=10)
    photos = files.PhotosField(required=False)


def rename(item: Item, *, by: Any, name: str, photos: list[Any]) -> Item:
    """A service with a rule of its own."""
    for one in photos:
        files.attach(item, one, by=by)
    Item.objects.filter(pk=item.pk).update(name=name)
    if name == "坏名":
        raise RuleBroken("这个名称不能用，请换一个。")
    return item


class Rename(ActionPage):
    model, form_class, service = Item, RenameForm, staticmethod(rename)
    permission = "stores.view"
    title, success = "改名", "已改名。"

    def get_success_url(self, record: Any) -> str:
        return f"/items/{record.pk}/"

    def back_url(self) -> str:
        return "/items/"


def is_keeper(card: Card, by: Any) -> str | None:
    return None if by is None or "assetkeeper" in by.roles else "只有资产管理员能处置。"


def has_cost(card: Card, by: Any) -> str | None:
    return None if card.cost else "先填原值。"


CARD_FLOW = Flow(
    [
        Step(
            "leave",
            "提请处置",
            ("on_books",),
            "leaving",
            is_keeper,
            needs=(has_cost,),
            danger=True,
            hints={"gone": "已经处置了。"},
        ),
        Step("go", "处置", ("leaving",), lambda card, data: data.get("to", "gone"), is_keeper),
        Step("note", "备注", ("on_books", "leaving"), None, lambda card, by: None, quiet=True),
    ],
    Card.STATES,
)


def leave(card: Card, *, by: Any, version: int | None = None) -> Card:
    return CARD_FLOW.run(card, "leave", by=by, version=version)


class Leave(ActionPage):
    model, slug_field, service = Card, "number", staticmethod(leave)
    flow, step = CARD_FLOW, "leave"
    words = "处置后不再计入台账。"

    def get_success_url(self, record: Any) -> str:
        return "/items/"

    def back_url(self) -> str:
        return "/items/"


class StockRow(forms.Form):
    """A row of the table that is imported: an item and the warehouse where it lies."""

    name = django_forms.CharField(label="品名", max_length=10)
    spec = django_forms.CharField(label="规格", max_length=20, required=False)
    unit = django_forms.CharField(label="单位", max_length=4)
    minimum = django_forms.DecimalField(label="最低库存（个）", max_digits=8, decimal_places=2, required=False)
    bought = django_forms.DateField(label="购置日期", required=False)
    where = django_forms.CharField(label="仓库", required=False)

    def clean_where(self) -> Warehouse | None:
        text = self.cleaned_data["where"]
        if not text:
            return None
        found = Warehouse.objects.filter(name=text).first()
        if found is None:
            raise imports.unknown(f"没有叫“{text}”的仓库。")
        return found


class StockImporter(imports.Importer):
    key, title = "stock", "物品"
    form_class = StockRow
    synonyms = {"name": ("物品名称", "名称"), "unit": ("计量单位",)}
    natural_key = ("name", "spec")
    on_existing = "update"
    examples = ({"name": "灯管", "unit": "支"},)
    remembered: list[tuple[str, str, str]] = []

    def existing(self, keys: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        return keys & set(Item.objects.values_list("name", "spec"))

    def choices(self, name: str, text: str) -> list[tuple[str, str]]:
        return [(one.name, one.name) for one in Warehouse.objects.all()]

    def remember(self, name: str, text: str, meaning: str) -> None:
        self.remembered.append((name, text, meaning))

    def apply(self, rows: list[imports.Row], by: Any) -> None:
        for row in rows:
            if row.cleaned["name"] == "炸":
                raise RuleBroken(f"第 {row.number} 行不能导入。")
            Item.objects.update_or_create(
                name=row.cleaned["name"], spec=row.cleaned["spec"],
                defaults={"unit": row.cleaned["unit"], "minimum": row.cleaned["minimum"] or 0},
            )  # fmt: skip


class ImportStock(imports.ImportPage):
    importer = StockImporter
    permission = "stores.manage"
    back = "/items/"


class Open(Page):
    public = True
    template_name = "core/detail.html"
    title = "公开"


urlpatterns = [
    path("", include("core.urls")),
    path("login/", Open.as_view(), name="login"),
    path("items/", Items.as_view(), name="items"),
    path("items/import/", ImportStock.as_view(), name="item-import"),
    path("items/new/", EditItem.as_view(), name="item-new"),
    path("items/<int:pk>/", ItemPage.as_view(), name="item"),
    path("items/<int:pk>/edit/", EditItem.as_view(), name="item-edit"),
    path("items/<int:pk>/rename/", Rename.as_view(), name="item-rename"),
    path("cards/<str:slug>/leave/", Leave.as_view(), name="card-leave"),
]
