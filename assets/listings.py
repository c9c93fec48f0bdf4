"""Lists of the ledger: cards, what one keeps, scrap proposals."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Prefetch, Q

from assets.depreciation import Written, at, life_of
from assets.models import CONDITIONS, SIX, Card, Holding, ScrapProposal
from campus.models import Department
from core.forms import SELECT_LIMIT
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.plan import Month

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


def keepers(card: Card) -> str:
    """Who keeps its pieces, each once."""
    people = [one.custodian or one.place.custodian for one in card.holdings.all()]
    return "、".join(dict.fromkeys(person.name for person in people if person))


def class_name(card: Card) -> str:
    """The name of its class; of an old book, what the school called it."""
    return card.class_code.name if card.class_code else card.category


def written(card: Card) -> Written:
    """Its figures at the end of this month, worked out once for all columns."""
    found = getattr(card, "written", None)
    if found is None:
        found = card.written = at(card, Month.current())  # type: ignore[attr-defined]
    return found


class CardFilter(FilterSet):
    """Cards by words or pinyin, place, category, condition."""

    q = SearchFilter(
        fields=("number", "name", "model", "pinyin", "old_number", "serial"), placeholder="编号、名称或拼音首字母"
    )
    place = django_filters.CharFilter(
        label="地点",
        max_length=60,
        method="filter_place",
        widget=forms.TextInput({"placeholder": "地点，如 3号楼 312"}),
    )
    six = django_filters.ChoiceFilter(label="大类", choices=[*SIX.items(), ("none", "未分类")], method="filter_six")
    category = django_filters.ChoiceFilter(label="自编类别", choices=lambda: CardFilter.categories())
    department = django_filters.ModelChoiceFilter(label="归口部门", queryset=Department.objects.all())
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

    def filter_six(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(class_code=None) if value == "none" else queryset.filter(class_code__six=value)

    def filter_condition(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(pk__in=Holding.objects.filter(condition=value).values("card"))


class CardListing(Listing):
    """Every card that the user may see."""

    model = Card
    title = "资产"
    filename = "固定资产明细表"
    measure = "张卡片"
    empty = ("还没有资产卡片", "新建第一张卡片，写明数量和存放地点。")
    empty_icon = "armchair"
    related = ("class_code", "old_code", "supplier", "department")
    prefetch = (
        Prefetch(
            "holdings",
            Holding.objects.select_related("place__custodian", "custodian").order_by("-quantity", "pk"),
        ),
    )
    filterset = CardFilter
    columns = (
        Column("number", "资产编号", link=True, order="number"),
        Column("name", "名称", order="name", phone="wide"),
        Column("model", "规格型号", phone="hide"),
        Column("class_code", "分类", value=class_name, phone="hide"),
        Column("code", "分类代码", value="class_code.code", where="sheet"),
        Column(
            "six", "大类", value=lambda card: SIX.get(card.class_code.six, "") if card.class_code else "", where="sheet"
        ),
        Column("old_code", "旧分类代码", value="old_code.code", where="sheet"),
        Column("category", "自编类别", where="sheet"),
        Column("maker", "品牌或厂家", where="sheet"),
        Column("serial", "序列号", where="sheet"),
        Column("quantity", "数量", kind="int", total=True, phone="label"),
        Column("unit", "单位", phone="hide"),
        Column("cost", "原值", kind="money", total=True, phone="label"),
        Column("way", "取得方式", where="sheet"),
        Column("acquired_on", "取得日期", kind="date", order="acquired_on", phone="label"),
        Column("posted_on", "财务入账日期", kind="date", where="sheet"),
        Column("voucher", "会计凭证号", where="sheet"),
        Column("fund", "经费来源", where="sheet"),
        Column("supplier", "供应商", value="supplier.name", where="sheet"),
        Column("life", "折旧年限（月）", kind="int", value=lambda card: life_of(card) or None, where="sheet"),
        Column("months", "已提月数", kind="int", value=lambda card: written(card).months or None, where="sheet"),
        Column(
            "accumulated",
            "累计折旧",
            kind="money",
            value=lambda card: written(card).accumulated,
            total=True,
            where="sheet",
        ),
        Column("net", "净值", kind="money", value=lambda card: written(card).net, total=True, where="sheet"),
        Column("department", "归口部门", value="department.name", where="sheet"),
        Column("keepers", "保管人", value=keepers, where="sheet"),
        Column("warranty_on", "保修截止", kind="date", where="sheet"),
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
