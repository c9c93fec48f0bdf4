"""What the dormitories give to the monthly plan: rooms whose last two scores both failed, a line for each building."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from campus.models import Place
from core.plan import Kind, Members, Month, Record, SourceLine, Without, condense
from dormitory import scores

NAMED = 8  # rooms that a title names
TITLE = 190
PREFIX = "twice-"


def _keyed(places: QuerySet[Place]) -> QuerySet[Place]:
    return places.annotate(plan_key=Cast("pk", CharField()))


def _open() -> QuerySet[Place]:
    return _keyed(Place.objects.filter(pk__in=scores.failing_twice().values("place")))


def _show(place: Any) -> Record:
    """A room as it stands now: its latest score, and whether it has passed since."""
    latest = place.inspected.filter(score__isnull=False, round__area=scores.AREA).order_by("-on", "-pk")[:2]
    rows = list(latest.values_list("on", "score", "round__sheet__pass_score"))
    failed = len(rows) == 2 and all(score < mark for _, score, mark in rows)
    return Record(
        key=place.plan_key, title=place.full_name, url=reverse("dormitory:room", args=[place.pk]),
        where=f"最近 {rows[0][1]:f} 分" if rows else "", state="连续不合格" if failed else "已合格", css="new" if failed else "done",
        owner="宿管", opened=rows[-1][0] if rows else dt.date(2000, 1, 1), closed=not failed,
    )  # fmt: skip


KINDS = {
    "dormitory": Kind(
        label="寝室卫生",
        key="plan_key",
        open=_open,
        records=lambda user: _keyed(Place.objects.filter(use="dormitory")),
        show=_show,
    )
}


@dataclass
class _House:
    """The rooms of one building."""

    pk: int
    name: str
    rooms: list[tuple[int, str, dt.date, Decimal, dt.date]] = field(default_factory=list)


def _houses(without: Without | None) -> list[_House]:
    """By building, in one statement."""
    rows = scores.failing_twice().order_by("place__building__order", "place__full_name")
    planned = set(without("dormitory")) if without is not None else set()
    found: dict[int, _House] = {}
    names = ("place", "place__name", "on", "score", "before", "place__building", "place__building__name")
    for place, name, on, score, before, building, house in rows.values_list(*names):
        if str(place) in planned:
            continue
        found.setdefault(building or 0, _House(building or 0, house or "")).rooms.append(
            (place, name, on, score, before)
        )
    return list(found.values())


def _line(house: _House) -> SourceLine:
    count = len(house.rooms)
    named = "、".join(name for _, name, *_ in house.rooms[:NAMED])
    more = f"等 {count} 间" if count > NAMED else ""
    lowest = min(score for *_, score, _ in house.rooms)
    last = max(on for _, _, on, *_ in house.rooms)
    return SourceLine(
        key=f"{PREFIX}{house.pk}", section="routine-dormitory", title=f"{house.name}卫生连续两次不合格 {count} 间：{named}{more}"[:TITLE],
        count=count, quantity=count, places=house.name, oldest=min(row[-1] for row in house.rooms), owner="宿管",
        reason=f"最低 {lowest:f} 分 · 最近一次 {last.month}月{last.day}日", url=reverse("dormitory:twice"), rank=(3, -count),
    )  # fmt: skip


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """A line for each building."""
    return condense([_line(house) for house in _houses(without)], lambda section, lines: lines[0])


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The rooms behind each of the lines."""
    found = {
        f"{PREFIX}{house.pk}": [("dormitory", str(place), before) for place, *_, before in house.rooms]
        for house in _houses(without)
    }
    return {key: found.get(key, []) for key in keys}


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The rooms behind a line."""
    return all_members(month, [key], without)[key]
