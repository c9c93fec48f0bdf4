"""The lists of recurring work and of zones."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q
from django.utils.html import format_html

from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.templatetags.houqin import day
from inspections.models import AREAS, Upkeep, Zone
from repairs.listings import buildings


def due_cell(upkeep: Upkeep, value: Any) -> Any:
    if not upkeep.active:
        return "已停用"
    late = (clock.today() - upkeep.due_on).days
    if late > 0:
        words = format_html('<span class="why d-inline nowrap">{}</span>', day(upkeep.due_on))
        return format_html('<span class="late">超期 {} 天</span> {}', late, words)
    return day(upkeep.due_on)


class UpkeepFilter(FilterSet):
    q = SearchFilter(fields=["title", "place__full_name", "card__number"], placeholder="搜工作、地点、资产编号")
    area = django_filters.ChoiceFilter(label="归属", choices=list(AREAS.items()))
    building = django_filters.ChoiceFilter(label="地点", choices=buildings, method="in_building")
    state = django_filters.ChoiceFilter(
        label="状态", choices=[("due", "到期、超期"), ("going", "已派单"), ("off", "已停用")], method="in_state"
    )

    class Meta:
        model = Upkeep
        fields: list[str] = []

    def in_building(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(Q(place=value) | Q(place__building=value))

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        if value == "due":
            return queryset.filter(active=True, makes_on__lte=clock.today())
        return queryset.filter(ticket__isnull=False) if value == "going" else queryset.filter(active=False)


class UpkeepList(Listing):
    model = Upkeep
    columns = (
        Column("title", "工作", value=str, link=True),
        Column("due_on", "下次到期", kind="date", cell=due_cell, order="due_on", phone="label"),
        Column("every", "周期", value=lambda u: f"每 {u.every_days} 天，{u.get_counts_from_display()}", phone="label"),
        Column("done_on", "上次完成", kind="date", phone="label"),
        Column("times", "已做", kind="int", phone="hide"),
        Column("ticket", "报修单", value="ticket.number", phone="label"),
        Column("owner", "责任人", value="owner.name", phone="label"),
        Column("place", "地点", value="place.full_name", where="sheet"),
        Column("card", "资产编号", value="card.number", where="sheet"),
        Column("area", "归属", value=lambda u: AREAS.get(u.area, u.area), where="sheet"),
        Column("words", "要求", where="sheet"),
        Column("active", "启用", kind="bool", where="sheet"),
    )
    order = "due_on"
    related = ("place", "card", "ticket", "owner")
    title = filename = "定期维护"
    measure = "项"
    empty = ("还没有定期维护", "如饮水机换滤芯、水泵保养：到期自动派单。")
    filterset = UpkeepFilter

    def row_class(self, record: Any) -> str:
        return "is-late" if record.active and record.due_on < clock.today() else ""


def zone_person(zone: Zone) -> str:
    return zone.person.name if zone.person else zone.worker


class ZoneFilter(FilterSet):
    q = SearchFilter(fields=["name", "worker", "person__name"], placeholder="搜包干区、责任人")
    area = django_filters.ChoiceFilter(label="归属", choices=list(AREAS.items()))
    off = django_filters.ChoiceFilter(label="状态", choices=[("1", "已停用")], method="only_off")

    class Meta:
        model = Zone
        fields: list[str] = []

    def only_off(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(active=False)
