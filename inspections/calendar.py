"""When a schedule falls due: its dates, and the preview of a term's rounds."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from campus.calendar import Calendar, current
from inspections.models import Round, Schedule

LONGEST = 800  # days that are looked through at once
MOVED = dt.timedelta(days=100)  # the longest holidays over which a day is moved on


def numbers(text: str, *, lowest: int, highest: int) -> list[int]:
    """Read "1-8,10"; a ValueError says in Chinese what is wrong."""
    found: set[int] = set()
    for part in text.replace("，", ",").replace("、", ",").replace("－", "-").replace("—", "-").split(","):
        part = part.strip()
        if not part:
            continue
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"“{part}”看不懂，请写成 1-8,10 这样。")
        start, end = int(first), int(last) if dash else int(first)
        if not lowest <= start <= end <= highest:
            raise ValueError(f"“{part}”不对，请写 {lowest} 到 {highest} 之间的数，从小到大。")
        found.update(range(start, end + 1))
    return sorted(found)


def _read(text: str, lowest: int, highest: int) -> set[int]:
    try:
        return set(numbers(text, lowest=lowest, highest=highest))
    except ValueError:
        return set()


def dates(schedule: Schedule, first: dt.date, last: dt.date, known: Calendar | None = None) -> list[dt.date]:
    """The days from `first` to `last` on which the schedule wants a round.

    daily: every day, holidays too. weekdays: working days of a term. weekly and by teaching week: those weekdays in
    a term, days off left out. nth weekday and monthly: all the year; on a day off they move to the next working day.
    term: so many days after the term's first day, likewise moved.
    """
    known = known or current()
    first = max(first, schedule.starts_on)
    last = min(last, schedule.ends_on or last, first + dt.timedelta(days=LONGEST))
    return list(_dates(schedule, first, last, known)) if first <= last else []


def _dates(schedule: Schedule, first: dt.date, last: dt.date, known: Calendar) -> Iterator[dt.date]:
    if schedule.every in ("nth", "monthly", "term"):
        # A day that is moved on may come from before the first day asked for.
        planned = _planned(schedule, first - MOVED, last, known)
        found = {_working(day, known) for day in planned if day >= schedule.starts_on}
        yield from sorted(day for day in found if first <= day <= last)
        return
    days, weeks = _read(schedule.weekdays, 1, 7), _read(schedule.weeks, 1, 60)
    for step in range((last - first).days + 1):
        day = first + dt.timedelta(days=step)
        if schedule.every == "daily":
            yield day
        elif known.term_of(day) is None:
            continue
        elif schedule.every == "weekdays":
            if known.is_working(day):
                yield day
        elif day.isoweekday() not in days or known.exceptions.get(day) is False:
            continue
        elif schedule.every == "weekly" or known.teaching_week(day) in weeks:
            yield day


def _planned(schedule: Schedule, first: dt.date, last: dt.date, known: Calendar) -> Iterator[dt.date]:
    """The days as the rule names them, before any is moved."""
    if schedule.every == "term":
        for term in known.terms:
            day = term.starts_on + dt.timedelta(days=(schedule.day or 1) - 1)
            if first <= day <= last and day <= term.ends_on:
                yield day
        return
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        length = months.monthrange(year, month)[1]
        if schedule.every == "monthly":
            found = [dt.date(year, month, min(schedule.day or 1, length))]
        else:
            found = [_nth(year, month, length, day, schedule.nth or 1) for day in _read(schedule.weekdays, 1, 7)]
        yield from (day for day in found if first <= day <= last)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _nth(year: int, month: int, length: int, weekday: int, nth: int) -> dt.date:
    """The nth weekday of a month; the fifth means the last."""
    start = dt.date(year, month, 1)
    day = 1 + (weekday - start.isoweekday()) % 7 + (nth - 1) * 7
    while day > length:
        day -= 7
    return dt.date(year, month, day)


def _working(day: dt.date, known: Calendar) -> dt.date:
    return day if known.is_working(day) else known.next_working(day)


@dataclass(frozen=True)
class Planned:
    """One date of a preview, and what became of it."""

    day: dt.date
    week: int | None
    round: Round | None
    state: str  # planned today open missed closed cancelled absent


def preview(schedule: Schedule, term: Any, today: dt.date) -> list[Planned]:
    """The term's rounds of a schedule, past ones with what became of them; `absent`: the day passed without a round."""
    known, found = current(), {}
    if schedule.pk:
        rows = schedule.rounds.filter(on__range=(term.starts_on, term.ends_on), slot=schedule.slot).order_by("on")
        found = {row.on: row for row in rows}
    days = sorted({*dates(schedule, term.starts_on, term.ends_on, known), *found})
    return [Planned(day, known.teaching_week(day), found.get(day), _state(found.get(day), day, today)) for day in days]


def _state(made: Round | None, day: dt.date, today: dt.date) -> str:
    if made is None:
        return "today" if day == today else "planned" if day > today else "absent"
    if made.state == "open":
        return "missed" if made.due_on < today else "open"
    return made.state
