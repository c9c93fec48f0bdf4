"""Zones (包干区): the month of all of them, one with its days, its form; printable."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse

from core import charts
from core.pages import Action, DetailPage, FormPage, Page
from core.plan import Month
from core.rights import can
from inspections import zones
from inspections.models import AREAS, Zone
from inspections.models.checklists import areas
from inspections.upkeep_forms import ZoneForm
from inspections.upkeep_listings import zone_person
from inspections.views.findings import DENIED, AreaGate, home_crumb

MOST = 200


class OfMonth:
    """The month of the address and its neighbours."""

    request: HttpRequest

    @cached_property
    def month(self) -> Month:
        text = self.request.GET.get("month", "")
        if not text:
            return Month.current()
        try:
            return Month.parse(text)
        except ValueError:
            raise Http404("没有这个月份，地址里写成 2026-11 这样。") from None

    def picker(self) -> dict[str, Any]:
        return {
            "month": self.month,
            "previous": self.month.previous,
            "next": self.month.next,
            "has_next": self.month < Month.current(),
        }


class Zones(OfMonth, Page):
    """/checks/zones/: each zone's month, the worst first; who answers for one sees his own."""

    title = "包干区"
    template_name = "inspections/zones.html"

    def refusal(self) -> str | None:
        user = self.request.user
        if (
            areas(user, "view", "inspect", "recheck", "manage")
            or Zone.objects.filter(person=user, active=True).exists()
        ):
            return None
        return DENIED

    def get_crumbs(self) -> Any:
        return (home_crumb(),) if areas(self.request.user, "view", "inspect", "recheck", "manage") else ()

    def get_actions(self) -> Iterable[Action]:
        if areas(self.request.user, "manage"):
            yield Action("新建包干区", reverse("inspections:zone-new"), "plus", "primary")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        area = self.request.GET.get("area", "")
        found = Zone.objects.visible_to(self.request.user).active().select_related("person", "checklist")
        if area in AREAS:
            found = found.filter(area=area)
        results = zones.month_results(found[:MOST], self.month)
        results.sort(key=lambda one: (not one.twice_low, one.average is None, one.average or 0, -one.low))
        own = areas(self.request.user, "view", "inspect", "recheck", "manage")
        return super().get_context(
            results=[(one, zone_person(one.zone)) for one in results], area=area, areas=[(key, AREAS[key]) for key in own] if len(own) > 1 else [],
            warnings=[one for one in results if one.warning], **self.picker(), **extra,
        )  # fmt: skip


class ZonePage(OfMonth, DetailPage):
    """/checks/zones/<pk>/: a zone's month by days and places."""

    model = Zone
    related = ("person", "checklist")
    template_name = "inspections/zone_detail.html"

    def get_crumbs(self) -> Any:
        return (("包干区", f"{reverse('inspections:zones')}?month={self.month}"),)

    def get_title(self) -> str:
        return f"包干区：{self.object.name}"

    def get_actions(self) -> Iterable[Action]:
        if can(self.request.user, f"inspections.manage:{self.object.area}"):
            yield Action("修改", reverse("inspections:zone-edit", args=[self.object.pk]), "pencil")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        zone, month = self.object, self.month
        result = zones.month_results([zone], month)[0]
        days = zones.by_day(zone, month)
        chart = None
        if sum(day["average"] is not None for day in days) > 1:
            chart = charts.lines(
                [charts.short(day["on"]) for day in days], {"平均分": [day["average"] for day in days]},
                title="每次平均分", key="days", first_head="日期",
            )  # fmt: skip
        return super().get_context(
            result=result, days=days, chart=chart, worst=zones.worst_places(zone, month), person=zone_person(zone),
            places=list(zone.places.order_by("path")[:300]), area=AREAS.get(zone.area, zone.area), **self.picker(), **extra,
        )  # fmt: skip


class ZoneEdit(AreaGate, FormPage):
    """/checks/zones/new/ and /checks/zones/<pk>/edit/."""

    verbs = ("manage",)
    model = Zone
    form_class = ZoneForm

    def refusal(self) -> str | None:
        return super().refusal() if self.creating else None  # what is not his to manage is not found

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(area__in=areas(self.request.user, "manage"))

    def get_crumbs(self) -> Any:
        return (home_crumb(), ("包干区", reverse("inspections:zones")))

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"areas": areas(self.request.user, "manage")}
