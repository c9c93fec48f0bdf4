"""Verbs of schedules: set up, change, switch off and on; a round that is due today starts at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from core import clock, log
from core.saving import changes_of, values_of
from core.workflow import RuleBroken, Stale
from inspections import calendar
from inspections.models import Round, Schedule
from inspections.round_rules import manages, refuse
from inspections.services.checklists import published
from inspections.services.rounds import start_scheduled, targets_for, unfit

FIELDS = (
    "title", "slot", "every", "weekdays", "nth", "day", "weeks", "place", "pick", "room_type", "category", "days",
    "starts_on", "ends_on",
)  # fmt: skip
USES = {  # every -> the fields it reads
    "daily": (), "weekdays": (), "weekly": ("weekdays",), "nth": ("weekdays", "nth"), "monthly": ("day",),
    "term": ("day",), "weeks": ("weekdays", "weeks"),
}  # fmt: skip


def tidy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept: what the rhythm does not read is emptied."""
    found = dict(fields)
    used = USES.get(found.get("every", ""), ())
    for name, empty in (("weekdays", ""), ("weeks", ""), ("nth", None), ("day", None)):
        if name not in used:
            found[name] = empty
    if found.get("pick") != "room":
        found["room_type"] = ""
    if found.get("pick") != "asset":
        found["category"] = ""
    return found


def problems(fields: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a schedule, by field."""
    every, found = fields.get("every"), {}
    used = USES.get(every or "")
    if used is None:
        return {"every": "请选多久查一次。"}
    for name, lowest, highest, missing in (
        ("weekdays", 1, 7, "请选星期几。"), ("weeks", 1, 30, "请写哪几个教学周，如 1-8,10。"),
    ):  # fmt: skip
        if name in used:
            try:
                if not calendar.numbers(fields.get(name) or "", lowest=lowest, highest=highest):
                    found[name] = missing
            except ValueError as wrong:
                found[name] = str(wrong)
    if "nth" in used and fields.get("nth") not in (1, 2, 3, 4, 5):
        found["nth"] = "请选第几个。"
    if "day" in used and not 1 <= (fields.get("day") or 0) <= 31:
        found["day"] = "请写 1 到 31。"
    first, last = fields.get("starts_on"), fields.get("ends_on")
    if first and last and last < first:
        found["ends_on"] = "结束日期不能早于开始日期。"
    if fields.get("pick") == "asset" and not fields.get("category"):
        found["category"] = "请写是哪种设备，如 饮水机。"
    if not 1 <= (fields.get("days") or 0) <= 60:
        found["days"] = "请写 1 到 60 天。"
    return found


def save_schedule(
    schedule: Schedule, fields: Mapping[str, Any], *, by: Any, people: Sequence[Any] = (), version: int | None = None
) -> Schedule:
    """Set up a new schedule or change one; its rounds that exist stay as they are."""
    area = schedule.checklist.area
    given = tidy({name: fields.get(name) for name in FIELDS})
    place = given["place"]
    refuse(
        manages(area, by),
        None if schedule.checklist.active else f"{schedule.checklist}已停用，不能安排检查。",
        None if published(schedule.checklist) else f"{schedule.checklist}还没有发布，请先发布再安排。",
        *problems(given).values(),
        unfit(area, people),
        None
        if place is not None and targets_for(place, given["pick"], given["room_type"], given["category"])
        else "选的范围里没有要查的地点或设备，请换一个范围。",
    )
    with transaction.atomic():
        new = schedule.pk is None
        if not new:
            fresh = Schedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
            if version is not None and version != fresh.version:
                raise Stale("别人刚改过这个检查安排，请看过最新情况再改。")
            schedule = fresh
        before = {} if new else values_of(schedule, FIELDS)
        for name, value in given.items():
            setattr(schedule, name, value)
        schedule.version += 0 if new else 1
        schedule.save()
        schedule.people.set(people)
        changes = {} if new else changes_of(before, schedule)
        log.write(schedule, "create" if new else "edit", by=by, changes=changes,
                  text="新建检查安排" if new else f"修改{'、'.join(changes) or '检查人'}")  # fmt: skip
        start_today(schedule)
    return schedule


def switch(schedule: Schedule, *, by: Any, on: bool) -> Schedule:
    """Switch a schedule off, or on again."""
    with transaction.atomic():
        fresh = Schedule.objects.select_for_update(of=("self",)).select_related("checklist").get(pk=schedule.pk)
        refuse(
            manages(fresh.checklist.area, by),
            f"{fresh.checklist}已停用，请先恢复这张检查表。" if on and not fresh.checklist.active else None,
        )
        if fresh.active == on:
            raise RuleBroken("这个检查安排已经启用了。" if on else "这个检查安排已经停用了。")
        fresh.active, fresh.version = on, fresh.version + 1
        fresh.save(update_fields=["active", "version"])
        log.write(fresh, "on" if on else "off", by=by, text="启用" if on else "停用，已发起的检查照常查完")
        start_today(fresh)
    return fresh


def start_today(schedule: Schedule) -> Round | None:
    """Today's round: the daily task has been by already."""
    today: dt.date = clock.today()
    if not schedule.active or not calendar.dates(schedule, today, today):
        return None
    return start_scheduled(schedule, today)
