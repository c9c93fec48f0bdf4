"""Scores read from the rounds, grouped in SQL: of rooms over a span, of classes, floors and buildings made from them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    F,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Lead, RowNumber

from campus.models import Place
from core import clock
from dormitory import rules
from dormitory.checklists import AREA, SAFETY
from dormitory.models import Occupancy
from inspections.models import Line, Result, Target, Version

CENT = Decimal("0.01")
BY = {"room": "寝室", "class": "班级", "floor": "楼层", "building": "楼"}
SCORE = DecimalField(max_digits=5, decimal_places=1)


def average(total: Decimal, count: int | Decimal) -> Decimal:
    """To the cent, halves up."""
    return (Decimal(total) / Decimal(count)).quantize(CENT, ROUND_HALF_UP)


@dataclass
class Score:
    """What a room, class, floor or building got over a span."""

    pk: int
    name: str
    where: str = ""
    classes: str = ""
    total: Decimal = Decimal(0)  # sum of the scores, each as often as it counts
    weight: int = 0
    checks: int = 0
    rooms: int = 1
    lowest: Decimal | None = None
    failed: int = 0  # checks below the pass score
    unsafe: int = 0  # deductions in a section about safety
    building: int = 0
    rank: int = 0
    url: str = ""

    @cached_property
    def average(self) -> Decimal:
        return average(self.total, self.weight)

    @property
    def honoured(self) -> bool:
        return self.rooms == 1 and rules.honoured(self.average, self.checks, self.unsafe)


def scored(first: dt.date, last: dt.date) -> QuerySet[Target]:
    """The scores of a span."""
    # By the day of the round alone, which is the target's: so the few rounds are found first and each one's rows by
    # their index. Asked for the targets' own day, SQLite walks the index of places and takes twice as long.
    return Target.objects.filter(
        round__area=AREA, round__on__range=(first, last), round__state__in=("open", "closed"), score__isnull=False
    ).order_by()


def pass_marks() -> dict[int, Decimal]:
    """The pass score of each version that gives points."""
    return dict(Version.objects.filter(checklist__area=AREA, scoring="points").values_list("pk", "pass_score"))


def below() -> Q:
    """A score that fails its sheet's pass mark; without a join where all sheets have the same."""
    marks = pass_marks()
    if len(set(marks.values())) <= 1:
        return Q(score__lt=next(iter(marks.values()), Decimal(0)))
    whens = [When(round__sheet=pk, then=Value(mark, SCORE)) for pk, mark in marks.items()]
    return Q(score__lt=Case(*whens, default=Value(Decimal(0), SCORE), output_field=SCORE))


def _marks(first: dt.date, last: dt.date, building: int | None) -> dict[int, dict[str, Any]]:
    """Sum, number, lowest and failures of each room, in one statement."""
    found = scored(first, last)
    if building:
        found = found.filter(place__building=building)
    rows = found.values("place").annotate(
        total=Sum("score"), checks=Count("pk"), lowest=Min("score"), failed=Count("pk", filter=below())
    )
    return {row["place"]: row for row in rows}


def _unsafe(first: dt.date, last: dt.date) -> dict[int, int]:
    """How often each room lost points for safety."""
    lines = list(
        Line.objects.filter(sheet__checklist__area=AREA, section__startswith=SAFETY).values_list("pk", flat=True)
    )
    # Found by their lines, few as they are, and counted here: joined or grouped, SQLite would read all targets first.
    # A cancelled round has no results.
    results = Result.objects.filter(line__in=lines, failed=True).values("target")
    rows = Target.objects.filter(pk__in=results, on__range=(first, last), score__isnull=False).order_by()
    return dict(Counter(rows.values_list("place", flat=True)))


def occupants(places: Iterable[int] | None = None) -> dict[int, dict[str, tuple[int, int]]]:
    """Who sleeps in each room: {place: {class: (its key, pupils)}}."""
    rows = Occupancy.objects.order_by("class_group__grade", "class_group__name")
    if places is not None:
        rows = rows.filter(room__place__in=list(places))
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for place, key, name, pupils in rows.values_list("room__place", "class_group", "class_group__name", "pupils"):
        found.setdefault(place, {})[name] = (key, pupils)
    return found


def rooms(first: dt.date, last: dt.date, building: int | None = None) -> list[Score]:
    """Every room that was scored in the span, the best first; four statements whatever their number."""
    marks, unsafe, sleeping = _marks(first, last, building), _unsafe(first, last), occupants()
    names = Place.objects.filter(pk__in=list(marks)).values_list("pk", "full_name", "building")
    found = []
    for pk, name, house in names:
        mark = marks[pk]
        found.append(
            Score(
                pk=pk, name=name, classes="、".join(sleeping.get(pk, {})), total=Decimal(mark["total"]), weight=mark["checks"],
                checks=mark["checks"], lowest=mark["lowest"], failed=mark["failed"], unsafe=unsafe.get(pk, 0), building=house or pk,
            )
        )  # fmt: skip
    return ranked(found)


def gathered(by: str, first: dt.date, last: dt.date, building: int | None = None) -> list[Score]:
    """Rooms, or what they make together: a class by its pupils in each room, floors and buildings by their checks."""
    every = rooms(first, last, building)
    if by == "room" or not every:
        return every
    if by == "class":
        return ranked(_classes(every))
    parent = {"floor": "parent", "building": "building"}[by]
    above = {
        pk: (key, name)
        for pk, key, name in Place.objects.filter(pk__in=[one.pk for one in every]).values_list(
            "pk", parent, f"{parent}__full_name"
        )
    }
    found: dict[int, Score] = {}
    for one in every:
        key, name = above[one.pk]
        _add(found.setdefault(key or 0, Score(key or 0, name or "", rooms=0)), one, 1)
    return ranked(found.values())


def _classes(every: list[Score]) -> list[Score]:
    sleeping = occupants(one.pk for one in every)
    found: dict[str, Score] = {}
    for one in every:
        for name, (key, pupils) in sleeping.get(one.pk, {}).items():
            _add(found.setdefault(name, Score(key, name, rooms=0)), one, pupils)
    return list(found.values())


def _add(to: Score, one: Score, times: int) -> None:
    """A room's part in a larger whole."""
    to.total += one.total * times
    to.weight += one.weight * times
    to.checks += one.checks
    to.rooms += 1
    to.failed += one.failed
    to.unsafe += one.unsafe
    if one.lowest is not None and (to.lowest is None or one.lowest < to.lowest):
        to.lowest = one.lowest


def ranked(scores: Iterable[Score]) -> list[Score]:
    """The best first; equal averages share a place and the next one is as many lower (1, 2, 2, 4)."""
    found = sorted(scores, key=lambda one: (-one.average, one.name))
    rank, before = 0, None
    for number, one in enumerate(found, 1):
        if one.average != before:
            rank, before = number, one.average
        one.rank = rank
    return found


# ---- over time ----------------------------------------------------------------------------------------------------


def within(by: str, pk: int) -> dict[str, Any] | None:
    """The filter on targets that picks a room, class, floor or building; None: there is no such."""
    if by == "class":
        return {"place__in": list(Occupancy.objects.filter(class_group=pk).values_list("room__place", flat=True))}
    name = {"room": "place", "floor": "place__parent", "building": "place__building"}.get(by)
    return {name: pk} if name else None


STEPS = {"day": "按天", "week": "按周", "month": "按月"}


def over_time(
    picked: dict[str, Any], first: dt.date, last: dt.date, step: str = "week"
) -> list[tuple[dt.date, Decimal, int]]:
    """(first day, average, checks) of each day, week or month: grouped by day in SQL."""
    rows = scored(first, last).filter(**picked).values_list("on").annotate(total=Sum("score"), n=Count("pk"))
    sums: dict[dt.date, list[Any]] = {}
    for on, total, count in rows:
        start = {"day": on, "week": on - dt.timedelta(on.weekday()), "month": on.replace(day=1)}[step]
        one = sums.setdefault(start, [Decimal(0), 0])
        one[0] += Decimal(total)
        one[1] += count
    return [(start, average(total, count), count) for start, (total, count) in sorted(sums.items())]


# ---- twice failed -------------------------------------------------------------------------------------------------

LOOK_BACK = 60  # days: who was not scored for longer than that has begun anew


def failing_twice(today: dt.date | None = None) -> QuerySet[Target]:
    """The newest score of each room whose last two both failed, with the day of the one before; one statement."""
    last = today or clock.today()
    span = scored(last - dt.timedelta(days=LOOK_BACK), last)
    failing = below()
    suspects = span.filter(failing).values("place").annotate(n=Count("pk")).filter(n__gte=2).values("place")
    bad = Case(When(failing, then=Value(1)), default=Value(0), output_field=IntegerField())
    newest: dict[str, Any] = {"partition_by": [F("place")], "order_by": [F("on").desc(), F("pk").desc()]}
    return span.filter(place__in=suspects).annotate(
        nth=Window(RowNumber(), **newest), earlier=Window(Lead(bad), **newest), before=Window(Lead("on"), **newest),
        # Its own failing is asked of a window too: a plain condition would leave rows out before they are numbered.
        own=Window(Max(bad), partition_by=[F("pk")]),
    ).filter(nth=1, own=1, earlier=1)  # fmt: skip


def twice_failed(today: dt.date | None = None) -> list[tuple[int, dt.date, Decimal, dt.date]]:
    """Rooms whose last two checks both failed: (place, day of the last, its score, day of the one before)."""
    return list(failing_twice(today).order_by("place").values_list("place", "on", "score", "before"))
