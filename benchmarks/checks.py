"""A term of dormitory scores, a floor half entered, and two sweeps over the same rooms: what checks are measured on."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from campus.models import ClassGroup, Place, Term, User
from core import clock
from core.models import Sequence
from dormitory import checklists
from dormitory.models import Occupancy, Room
from inspections.models import Checklist, Line, Result, Round, Target, Version

SCORES = 35_000  # 360 rooms on some hundred days
FLOOR = 22  # rooms on the page that is measured
WRONG = 0.12  # of the rooms, each day


def fill(scores: int = SCORES) -> None:
    """Rooms with classes, a term that has this many scores, and the rounds of today."""
    checklists.ensure()
    rooms = list(Place.objects.filter(kind="room", use="dormitory").order_by("pk"))
    _beds(rooms)
    wardens = list(User.objects.filter(username__startswith="warden").order_by("pk"))
    days = _days(-(-scores // len(rooms)))
    today = clock.today()
    Term.objects.create(name="本学期", starts_on=days[0], ends_on=today + dt.timedelta(days=60))
    hygiene, sweep = (_version(key) for key in (checklists.HYGIENE, checklists.SWEEP))
    _scored(hygiene, rooms, days, wardens)
    _round(hygiene, "本层评分", today, rooms[:FLOOR], wardens[0])
    for warden in wardens[:2]:
        _round(sweep, f"设施排查 {warden.name}", today, rooms, warden)
    number = Round.objects.count()
    Sequence.objects.create(key=f"JC{today:%Y%m}", last=number)


def _days(count: int) -> list[dt.date]:
    """So many weekdays up to yesterday, oldest first."""
    found, day = list[dt.date](), clock.today()
    while len(found) < count:
        day -= dt.timedelta(days=1)
        if day.isoweekday() < 6:
            found.append(day)
    return found[::-1]


def _version(key: str) -> Version:
    return Checklist.objects.get(key=key).versions.get()


def _beds(rooms: list[Place]) -> None:
    """Eight beds a room, a class to every six rooms."""
    classes = ClassGroup.objects.bulk_create(
        ClassGroup(name=f"高一（{number}）班", grade="高一", pupils=48) for number in range(1, len(rooms) // 6 + 2)
    )
    made = Room.objects.bulk_create(Room(place=room, beds=8) for room in rooms)
    Occupancy.objects.bulk_create(
        Occupancy(room=room, class_group=classes[number // 6], pupils=8) for number, room in enumerate(made)
    )


def _round(sheet: Version, title: str, on: dt.date, rooms: list[Place], by: User) -> Round:
    made = Round.objects.create(
        number=f"JC{clock.today():%Y%m}-{Round.objects.count() + 1:04}", sheet=sheet, area=checklists.AREA, title=title,
        place=rooms[0].parent, on=on, due_on=on, total=len(rooms), by=by,
    )  # fmt: skip
    Target.objects.bulk_create(
        Target(round=made, place=room, order=order, on=on) for order, room in enumerate(rooms, 1)
    )
    return made


def _scored(sheet: Version, rooms: list[Place], days: list[dt.date], wardens: list[User]) -> None:
    """A closed round a building and day, every room with its score, some of them with what was taken."""
    rng, lines = random.Random("scores"), list(sheet.lines.all())
    houses: dict[int, list[Place]] = {}
    for room in rooms:
        houses.setdefault(room.building_id or 0, []).append(room)
    pairs = [(day, house) for day in days for house in houses]
    moment = clock.now().replace(microsecond=0)
    rounds = Round.objects.bulk_create(
        Round(
            number=f"JC{clock.today():%Y%m}-{number:04}", sheet=sheet, area=checklists.AREA, title="内务评分", place_id=house, on=day,
            due_on=day, total=len(houses[house]), done=len(houses[house]), state="closed", closed_at=moment,
        )
        for number, (day, house) in enumerate(pairs, 1)
    )  # fmt: skip
    for one in rounds:
        house = one.place_id or 0
        marks = [_marks(rng, lines) for _ in houses[house]]
        by = wardens[house % len(wardens)]
        targets = Target.objects.bulk_create(
            Target(
                round=one, place=room, order=order, on=one.on, done_at=moment, done_by=by, score=100 - sum(said.values()),
                failures=len(said), reason="没有整理" if said else "",
            )
            for order, (room, said) in enumerate(zip(houses[house], marks, strict=True), 1)
        )  # fmt: skip
        Result.objects.bulk_create(_results(targets, marks, by, moment))


def _marks(rng: random.Random, lines: list[Line]) -> dict[Line, Decimal]:
    if rng.random() > WRONG:
        return {}
    return {line: Decimal(rng.choice((1, 2, 3, 5))) for line in rng.sample(lines, rng.choice((1, 1, 2)))}


def _results(
    targets: list[Target], marks: list[dict[Line, Decimal]], by: User, moment: dt.datetime
) -> Iterator[Result]:
    for target, said in zip(targets, marks, strict=True):
        for line, points in said.items():
            yield Result(
                target=target,
                line=line,
                value=points,
                failed=True,
                cell=f"bench-{target.pk}-{line.pk}",
                by=by,
                at=moment,
            )


class Cells:
    """The cells of a round one after the other, as script sends them: each call of `next` is another one."""

    def __init__(self, one: Round, by: Any, reason: str = "") -> None:
        self.number, self.by, self.reason, self.count = one.number, by, reason, 0
        targets = list(one.targets.order_by("order").values_list("pk", flat=True))
        lines = list(one.sheet.lines.values_list("pk", flat=True))
        # What an earlier run on the same database entered comes last, and no id comes twice.
        there = set(Result.objects.filter(target__round=one).values_list("target", "line"))
        every = [(target, line) for line in lines for target in targets]
        self.spots = [*(spot for spot in every if spot not in there), *(spot for spot in every if spot in there)]
        self.run = f"bench-{time.time_ns():x}"

    @property
    def url(self) -> str:
        return f"/checks/rounds/{self.number}/cells/"

    def next(self) -> dict[str, object]:
        """One cell; a number of its own each time round."""
        again, place = divmod(self.count, len(self.spots))
        self.count += 1
        target, line = self.spots[place]
        cell = {"t": target, "l": line, "id": f"{self.run}-{self.count:06}", "v": str(1 + again % 5)}
        return {"user": self.by.pk, "cells": [cell | ({"r": self.reason} if self.reason else {})]}
