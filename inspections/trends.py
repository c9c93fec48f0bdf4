"""Trends of a checklist over a stretch of time: by week, line, place and inspector, and scores that never change.

Everything is grouped in SQL by day at most; weeks are folded in Python from some ninety rows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Case, Count, F, Max, Min, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from campus import calendar
from campus.models import Place
from core import charts, clock
from inspections.models import Checklist, Finding, Result, Target

SAME_WEEKS, SAME_CHECKS = 4, 8
SHOWN = 20
WEEKS = 26
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Span:
    """A stretch of time with its name."""

    name: str
    first: dt.date
    last: dt.date

    def weeks(self) -> list[tuple[dt.date, str]]:
        """The Mondays with their words: teaching weeks within a term, else the day."""
        monday = self.first - dt.timedelta(days=self.first.weekday())
        found = []
        while monday <= min(self.last, clock.today()) and len(found) < WEEKS:
            number = calendar.teaching_week(max(monday, self.first))
            found.append((monday, f"第{number}周" if number else charts.short(monday)))
            monday += dt.timedelta(days=7)
        return found


def spans(today: dt.date | None = None) -> list[Span]:
    """The terms that have begun, the newest first; without any the last half year."""
    day = today or clock.today()
    found = [
        Span(term.name, term.starts_on, term.ends_on) for term in calendar.current().terms if term.starts_on <= day
    ]
    return found[:12] or [Span("最近半年", day - dt.timedelta(days=181), day)]


def rows(checklist: Checklist, span: Span, place: Place | None) -> Any:
    """The walked rows of a checklist in the stretch."""
    found = Target.objects.filter(
        round__sheet__checklist=checklist, on__gte=span.first, on__lte=span.last, done_at__isnull=False, excused=""
    ).exclude(round__state="cancelled")
    return found.filter(place__in=Place.objects.within(place)) if place is not None else found


def _tenth(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(TENTH)


def weekly(checklist: Checklist, span: Span, place: Place | None, limit: Any = None) -> charts.Chart:
    """Average score of each week, for the whole and for each building."""
    days = (
        rows(checklist, span, place)
        .filter(score__isnull=False)
        .values("on", where=Coalesce("place__building__name", "place__name"))
        .annotate(sum=Sum("score"), count=Count("pk"))
        .order_by()
    )
    sums: dict[str, dict[dt.date, list[Any]]] = defaultdict(lambda: defaultdict(lambda: [Decimal(0), 0]))
    for row in days:
        monday = row["on"] - dt.timedelta(days=row["on"].weekday())
        for name in ("全部", row["where"]):
            cell = sums[name][monday]
            cell[0] += row["sum"]
            cell[1] += row["count"]
    weeks = span.weeks()
    names = sorted(name for name in sums if name != "全部")
    order = ["全部", *names] if len(names) > 1 else names
    series = {
        name: [_tenth(sums[name][monday][0] / sums[name][monday][1]) if monday in sums[name] else None for monday, _ in weeks]
        for name in order
    }  # fmt: skip
    return charts.lines(
        [word for _, word in weeks], series, title="每周平均分", key="weeks", limit=limit if series else None
    )


def by_line(checklist: Checklist, span: Span, place: Place | None) -> list[dict[str, Any]]:
    """How often each line failed, and what it cost."""
    found = Result.objects.filter(
        failed=True, line__sheet__checklist=checklist, target__in=rows(checklist, span, place).values("pk")
    )
    return list(
        found.values("line__name", "line__kind")
        .annotate(count=Count("pk"), sum=Sum("value"), places=Count("target__place", distinct=True))
        .order_by("-count", "line__name")[:SHOWN]
    )


def by_place(checklist: Checklist, span: Span, place: Place | None) -> list[dict[str, Any]]:
    """The places with the lowest average, or the most failures."""
    below = Q(score__lt=F("round__sheet__pass_score"))
    found = (
        rows(checklist, span, place)
        .values("place", "place__full_name")
        .annotate(average=Avg("score"), count=Count("pk"), low=Count("pk", filter=below), sum_failures=Sum("failures"))
        .order_by("average", "-sum_failures", "place")
    )
    return [{**row, "average": _tenth(row["average"])} for row in found[:SHOWN]]


def by_inspector(checklist: Checklist, span: Span, place: Place | None) -> list[dict[str, Any]]:
    """Who checked how much and how strictly; `same` marks one and the same score for weeks."""
    found = (
        rows(checklist, span, place)
        .values("done_by__name")
        .annotate(
            average=Avg("score"), lowest=Min("score"), highest=Max("score"), count=Count("pk"), first=Min("on"),
            last=Max("on"), full=Count("pk", filter=Q(failures=0)),
        )
        .order_by("-count", "done_by__name")[:SHOWN]
    )  # fmt: skip
    return [
        {
            **row, "average": _tenth(row["average"]), "full_share": round(100 * row["full"] / row["count"]),
            "same": row["highest"] is not None and row["lowest"] == row["highest"] and row["count"] >= SAME_CHECKS and _weeks(row) >= SAME_WEEKS,
        }
        for row in found
    ]  # fmt: skip


def _weeks(row: dict[str, Any]) -> int:
    return int((row["last"] - row["first"]).days // 7 + 1)


def same_scores(checklist: Checklist, span: Span, place: Place | None) -> tuple[list[dict[str, Any]], int]:
    """Places with one and the same score for weeks, full marks apart; (the first of them, how many there are)."""
    found = (
        rows(checklist, span, place)
        .filter(score__isnull=False)
        .values("place", "place__full_name")
        .annotate(
            low=Min("score"), high=Max("score"), count=Count("pk"), first=Min("on"), last=Max("on"),
            full=Count("pk", filter=Q(score=F("round__sheet__base"))),
        )
        .filter(low=F("high"), count__gte=SAME_WEEKS, full=0, last__gte=span.first)
        .order_by("place")
    )  # fmt: skip
    kept = [{**row, "weeks": _weeks(row)} for row in found if _weeks(row) >= SAME_WEEKS]
    return kept[:SHOWN], len(kept)


def pareto(checklist: Checklist, span: Span, place: Place | None) -> charts.Chart:
    """Findings of the checklist by kind and building; what counts pieces counts them."""
    start = clock.moment(span.first.year, span.first.month, span.first.day)
    end = clock.moment(span.last.year, span.last.month, span.last.day) + dt.timedelta(days=1)
    found = Finding.objects.filter(line__sheet__checklist=checklist, found_at__gte=start, found_at__lt=end)
    found = found.exclude(state="void")
    if place is not None:
        found = found.filter(place__in=Place.objects.within(place))
    pairs = (
        found.values("line__name", where=Coalesce("place__building__name", "place__name"))
        .annotate(
            count=Sum(Case(When(result__line__kind="count", then=Coalesce("result__value", Value(Decimal(1)))), default=Value(Decimal(1))))
        )
        .order_by()
    )  # fmt: skip
    return charts.bars(
        [(f"{row['line__name']} · {row['where']}", int(row["count"])) for row in pairs], title="问题：种类 × 楼", key="kinds",
        head="种类 · 楼",
    )  # fmt: skip
