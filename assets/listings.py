"""Lists of the ledger: cards, what one keeps, scrap proposals."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Prefetch, Q

from assets.models import CONDITIONS, Card, Holding, ScrapProposal
from core.forms import SELECT_LIMIT
from core.listing import Column, FilterSet, Listing, SearchFilter

SHOWN = 2  # places named in a row of the list; the card's page has them all


def standing(words: str) -> Q:
    """Holdings at places whose name holds every word: "3号楼 312" finds 3号楼 3层 312 寝室."""
    found = Q()
    for word in words.split():
        found &= Q(place__full_name__icontains=word)
    return found


def where(card: Card) -> str:
    """Where a card's pieces stand, in few words."""
    holdings = list(card.holdings.all())  # prefetched by the listing
    named = [
        f"{one.place} {one.quantity} {card.unit}{'' if one.condition == 'in_use' else one.get_condition_display()}"
        for one in holdings[:SHOWN]
    ]
    more = f"，另 {len(holdings) - SHOWN} 处" if len(holdings) > SHOWN else ""
    return "、".join(named) + more


class CardFilter(FilterSet):
    """Cards by words or pinyin, place, category, condition."""

    q = SearchFilter(fields=("number", "name", "model", "pinyin"), placeholder="编号、名称或拼音首字母")
    place = django_filters.CharFilter(
        label="地点",
        max_length=60,
        method="filter_place",
        widget=forms.TextInput({"placeholder": "地点，如 3号楼 312"}),
    )
    category = django_filters.ChoiceFilter(label="类别", choices=lambda: CardFilter.categories())
    condition = django_filters.ChoiceFilter(label="状况", choices=list(CONDITIONS.items()), method="filter_condition")
    state = django_filters.ChoiceFilter(label="状态", choices=list(Card.STATES.items()))

    class Meta:
        model = Card
        fields: list[str] = []

    @staticmethod
    def categories() -> list[tuple[str, str]]:
        """The categories in use, no more than a select may hold."""
        names = Card.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()
        return [(name, name) for name in names[:SELECT_LIMIT]]

    def filter_place(self, queryset: Any, name: str, value: str) -> Any:
        return (
            queryset.filter(pk__in=Holding.objects.filter(standing(value)).values("card"))
            if value.strip()
            else queryset
        )

    def filter_condition(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(pk__in=Holding.objects.filter(condition=value).values("card"))


class CardListing(Listing):
    """Every card that the user may see."""

    model = Card
    title = "资产"
    filename = "资产台账"
    measure = "张卡片"
    empty = ("还没有资产卡片", "新建第一张卡片，写明数量和存放地点。")
    empty_icon = "armchair"
    prefetch = (Prefetch("holdings", Holding.objects.select_related("place").order_by("-quantity", "pk")),)
    filterset = CardFilter
    columns = (
        Column("number", "资产编号", link=True, order="number"),
        Column("name", "名称", order="name", phone="wide"),
        Column("model", "规格型号", phone="hide"),
        Column("category", "类别", phone="hide"),
        Column("quantity", "数量", kind="int", total=True, phone="label"),
        Column("unit", "单位", phone="hide"),
        Column("cost", "原值", kind="money", total=True, phone="label"),
        Column("acquired_on", "取得日期", kind="date", phone="label"),
        Column("where", "存放", value=where, phone="wide"),
        Column("state", "状态", phone="hide"),
    )
    show_totals = True


class HoldingFilter(FilterSet):
    """What one keeps, by words and condition."""

    q = SearchFilter(
        fields=("card__number", "card__name", "card__pinyin", "place__full_name"), placeholder="名称、编号、地点"
    )
    condition = django_filters.ChoiceFilter(label="状况", choices=list(CONDITIONS.items()))

    class Meta:
        model = Holding
        fields: list[str] = []


class KeptListing(Listing):
    """What the user keeps, himself or in a room of his."""

    model = Holding
    title = filename = "我保管的"
    measure = "项"
    empty = ("您名下没有保管的资产", "教室或办公室的资产由资产管理员登记到您名下后，会列在这里。")
    empty_icon = "archive"
    related = ("card", "place", "place__custodian", "custodian")
    filterset = HoldingFilter
    columns = (
        Column("card", "名称", value="card.name", link=True),
        Column("number", "资产编号", value="card.number", phone="label"),
        Column("model", "规格型号", value="card.model", phone="hide"),
        Column("place", "地点", value="place.full_name", phone="wide"),
        Column("quantity", "数量", kind="int", phone="label"),
        Column("unit", "单位", value="card.unit", phone="hide"),
        Column("condition", "状况", phone="label"),
    )

    def base(self) -> Any:
        return Holding.objects.kept_by(self.user)


class ScrapFilter(FilterSet):
    """Scrap proposals by words and by answer."""

    q = SearchFilter(fields=("number", "what", "why"), placeholder="单号、物品、原因")
    answer = django_filters.ChoiceFilter(
        label="结果", choices=[("open", "待办"), ("agreed", "同意报废"), ("refused", "不同意")], method="filter_answer"
    )

    class Meta:
        model = ScrapProposal
        fields: list[str] = []

    def filter_answer(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(answer="" if value == "open" else value)


class ScrapListing(Listing):
    """Every scrap proposal that the user may see."""

    model = ScrapProposal
    title = filename = "报废建议"
    measure = "条"
    empty = ("还没有报废建议", "修不好又不值得修的东西，从这里提出来，由资产管理员或后勤处答复。")
    empty_icon = "archive"
    related = ("by", "answered_by", "place", "card")
    filterset = ScrapFilter
    columns = (
        Column("number", "单号", link=True, order="number"),
        Column("what", "物品", phone="wide"),
        Column("card", "资产编号", value="card.number", phone="label"),
        Column("quantity", "数量", kind="int", phone="label"),
        Column("why", "原因", phone="wide"),
        Column("place", "地点", value="place.full_name", phone="label"),
        Column("by", "提出人", value="by.name", phone="label"),
        Column("at", "提出时间", kind="datetime", phone="label"),
        Column("answer", "结果", phone="label"),
        Column("answer_words", "答复", phone="label"),
        Column("answered_by", "答复人", value="answered_by.name", phone="hide"),
    )
