"""Sweeps of a building's fixtures with a deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from campus.models import Place
from core import clock
from core.workflow import RuleBroken
from dormitory.checklists import AREA
from dormitory.services.rooms import TYPES
from inspections.models import Checklist, Round
from inspections.services import rounds


@transaction.atomic
def start_sweep(
    building: Place, *, checklist: Checklist, due_on: dt.date, by: Any, people: Iterable[Any] = (), title: str = ""
) -> Round:
    """Start one over all dormitory rooms of the building; a building has one of a kind at a time."""
    Place.objects.select_for_update(of=("self",)).get(pk=building.pk)
    open_one = Round.objects.open().filter(area=AREA, sweep=True, place=building, sheet__checklist=checklist).first()
    if open_one is not None:
        raise RuleBroken(f"{building}的“{checklist}”正在排查（{open_one.number}），请先把它查完或结束。")
    if due_on < clock.today():
        raise RuleBroken("截止日期已经过了，请改成今天以后。")
    targets = [target for kind in TYPES for target in rounds.targets_for(building, "room", room_type=kind)]
    if not targets:
        raise RuleBroken(f"{building}没有学生寝室，请先在“地点”里建好房间。")
    return rounds.start_round(
        checklist, on=clock.today(), targets=targets, title=title or f"{building} {checklist}", place=building, due_on=due_on,
        people=list(people), by=by, sweep=True,
    )  # fmt: skip
