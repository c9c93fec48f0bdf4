"""Builders of dormitories: occupied, scored, hygiene, week."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campus.models import ClassGroup, Place
from core import clock
from dormitory import checklists, services
from dormitory.models import Occupancy, Room
from inspections.models import Checklist, Round, Target
from inspections.services import rounds
from inspections.services.entering import Row, enter_sheet
from tests import make


def hygiene() -> Checklist:
    """The default scheme of 100 points, with the other default lists."""
    make.category("吊扇/壁扇不转")
    checklists.ensure()
    return Checklist.objects.get(key=checklists.HYGIENE)


def occupied(
    place: Place | None = None, *, classes: dict[str, int] | None = None, teacher: Any = None, beds: int = 8
) -> Room:
    """A room with pupils of some classes: eight of 初二（4）班 unless told otherwise."""
    place = place or make.place()
    room = Room.objects.get_or_create(place=place, defaults={"beds": beds})[0]
    for name, pupils in (classes or {"初二（4）班": 8}).items():
        group = make.class_group(name)
        if teacher is not None:
            ClassGroup.objects.filter(pk=group.pk).update(teacher=teacher)
        Occupancy.objects.create(room=room, class_group=group, pupils=pupils)
    place.people = sum((classes or {"": 8}).values())
    place.save(update_fields=["people"])
    return room


def scored(
    place: Place, on: dt.date, taken: dict[str, Any] | None = None, *, by: Any = None, of: Checklist | None = None
) -> Target:
    """One room scored on a day through the services: {line: points taken}."""
    by = by or make.user("warden")
    with clock.at(clock.moment(on.year, on.month, on.day, 8)):
        one = rounds.start_round(of or hygiene(), on=on, targets=[(place, None)], by=by)
        target = one.targets.get()
        lines = {line.name: line.pk for line in one.sheet.lines.all()}
        marks = {lines[name]: Decimal(str(points)) for name, points in (taken or {}).items()}
        enter_sheet(one, [Row(target.pk, marks, reason="没收拾" if marks else "")], by=by)
    target.refresh_from_db()
    return target


def week_of_scores(rooms: dict[Place, list[dict[str, Any]]], monday: dt.date, *, by: Any = None) -> list[Round]:
    """A round a day over the rooms, from Monday on: for each room what was taken on each day."""
    of, by = hygiene(), by or make.user("warden")
    days = max(len(found) for found in rooms.values())
    made = []
    for number in range(days):
        on = monday + dt.timedelta(number)
        with clock.at(clock.moment(on.year, on.month, on.day, 8)):
            one = rounds.start_round(of, on=on, targets=[(place, None) for place in rooms], by=by)
            lines = {line.name: line.pk for line in one.sheet.lines.all()}
            rows = []
            for target in one.targets.select_related("place"):
                given = rooms[target.place]
                taken = given[number] if number < len(given) else {}
                marks = {lines[name]: Decimal(str(points)) for name, points in taken.items()}
                rows.append(Row(target.pk, marks, reason="没收拾" if marks else ""))
            enter_sheet(one, rows, by=by)
        made.append(one)
    return made


def world(room: Place, people: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For the tests about the whole site: a week of scores and its board, an appeal, a score to object to, a sweep."""
    of, scorer = hygiene(), make.user("warden", username="warden2")
    occupied(room, teacher=people["homeroom"])
    friday = dt.date(2026, 11, 20)
    other, target = (scored(room, friday - dt.timedelta(back), {"地面": 5}, by=scorer, of=of) for back in (1, 0))
    board = services.publish(friday)
    appeal = services.appeal(target, words="地面拖过了", by=people["homeroom"])
    sweep = services.start_sweep(
        room.building,
        checklist=Checklist.objects.get(key=checklists.SWEEP),
        due_on=dt.date(2026, 11, 30),
        by=people["clerk"],
    )
    return {
        "dorm_room": {"pk": room.pk}, "dorm_house": {"pk": room.building_id}, "dorm_trend": {"by": "building", "pk": room.building_id},
        "board": {"slug": board.first_on.isoformat()}, "appeal": {"pk": appeal.pk}, "score": {"pk": other.pk}, "sweep": {"slug": sweep.number},
    }  # fmt: skip
