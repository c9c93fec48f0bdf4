"""A zone's month: the average of the rounds over its places, how often it was below the line, and whether it never changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, Q

from core import clock
from core.plan import Month
from inspections.models import Target, Zone

SAME_WEEKS = 4  # so many weeks with one and the same score look copied


@dataclass
class ZoneMonth:
    """One zone in one month."""

    zone: Zone
    count: int = 0  # places walked
    average: Decimal | None = None
    lowest: Decimal | None = None
    low: int = 0  # below the line, or with a failed line where nothing is scored
    same_weeks: int = 0
    same_score: Decimal | None = None
    days: list[tuple[dt.date, Decimal | None, int, int]] = field(default_factory=list)

    @property
    def twice_low(self) -> bool:
        """P: zones below standard twice."""
        return self.low >= 2

    @property
    def warning(self) -> str:
        if not self.same_weeks:
            return ""
        return f"连续 {self.same_weeks} 周都是 {_plain(self.same_score)} 分，请核实是否逐处检查"


def _plain(value: Any) -> str:
    return f"{Decimal(value).normalize():f}" if value is not None else ""


def walked(zones: Iterable[Zone]) -> Any:
    """The rows that count for these zones: their places, their checklist or, without one, any of the area."""
    return Target.objects.filter(
        Q(place__zones__checklist=None) | Q(round__sheet__checklist=F("place__zones__checklist")),
        place__zones__in=list(zones), round__area=F("place__zones__area"), done_at__isnull=False, excused="",
    ).exclude(round__state="cancelled")  # fmt: skip


BELOW = Q(score__lt=F("round__sheet__pass_score")) | Q(score=None, failures__gt=0)


def month_results(zones: Iterable[Zone], month: Month) -> list[ZoneMonth]:
    """The month of each zone, in their order: two statements for all of them."""
    found = {zone.pk: ZoneMonth(zone) for zone in zones}
    rows = (
        walked(found[pk].zone for pk in found)
        .filter(on__gte=month.first, on__lte=month.last)
        .values("place__zones")
        .annotate(average=Avg("score"), lowest=Min("score"), count=Count("pk"), low=Count("pk", filter=BELOW))
    )
    for row in rows:
        one = found[row["place__zones"]]
        one.count, one.low, one.lowest = row["count"], row["low"], row["lowest"]
        one.average = None if row["average"] is None else Decimal(row["average"]).quantize(Decimal("0.1"))
    _same(found, month)
    return list(found.values())


def _same(found: dict[int, ZoneMonth], month: Month) -> None:
    """Mark the zones whose score was the same in each of their last weeks."""
    last = min(month.last, clock.today())
    since = last - dt.timedelta(days=7 * SAME_WEEKS + 6)
    rows = (
        walked(one.zone for one in found.values())
        .filter(on__gte=since, on__lte=last, score__isnull=False)
        .values("place__zones")
        .annotate(low=Min("score"), high=Max("score"), first=Min("on"), last=Max("on"), days=Count("on", distinct=True))
    )
    for row in rows:
        weeks = (row["last"] - row["first"]).days // 7 + 1
        if row["low"] == row["high"] and weeks >= SAME_WEEKS and row["days"] >= SAME_WEEKS:
            found[row["place__zones"]].same_weeks, found[row["place__zones"]].same_score = weeks, row["low"]


def by_day(zone: Zone, month: Month) -> list[dict[str, Any]]:
    """A zone's days: average, how many places, how many below."""
    rows = (
        walked([zone])
        .filter(on__gte=month.first, on__lte=month.last, place__zones=zone)
        .values("on")
        .annotate(average=Avg("score"), count=Count("pk"), low=Count("pk", filter=BELOW))
        .order_by("on")
    )
    return [
        {**row, "average": None if row["average"] is None else Decimal(row["average"]).quantize(Decimal("0.1"))}
        for row in rows
    ]


def worst_places(zone: Zone, month: Month, count: int = 10) -> list[dict[str, Any]]:
    """The places of a zone that lost most."""
    rows = (
        walked([zone])
        .filter(on__gte=month.first, on__lte=month.last, place__zones=zone)
        .values("place", "place__full_name")
        .annotate(average=Avg("score"), count=Count("pk"), low=Count("pk", filter=BELOW), failures=Max("failures"))
        .filter(Q(low__gt=0) | Q(failures__gt=0))
        .order_by("-low", "average", "place")[:count]
    )
    return [
        {**row, "average": None if row["average"] is None else Decimal(row["average"]).quantize(Decimal("0.1"))}
        for row in rows
    ]
