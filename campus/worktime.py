"""Working time: deadlines and waiting times that pass over nights, lunch, weekends, holidays and 调休."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from campus import calendar
from campus.calendar import FARTHEST, Calendar, NoWorkingDay
from core import clock


def _spans(start: dt.datetime, times: Calendar) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The spans of work that end after `start` (local), the first one cut to it."""
    zone = start.tzinfo
    for step in range(FARTHEST):
        day = start.date() + dt.timedelta(step)
        if not times.is_working(day):
            continue
        for begins, ends in times.spans:
            first, last = dt.datetime.combine(day, begins, zone), dt.datetime.combine(day, ends, zone)
            if last > start:
                yield max(first, start), last


def add_working_time(start: dt.datetime, minutes: int | Decimal, times: Calendar | None = None) -> dt.datetime:
    """The moment at which `minutes` of working time have passed since `start` (aware).

    A deadline that falls on the end of a span stays there (12:00, not 14:00); no minutes give `start` itself.
    """
    if minutes < 0:
        raise ValueError("working time is not counted backwards")
    start = clock.local(start)
    left = dt.timedelta(minutes=float(minutes))
    if not left:
        return start
    for first, last in _spans(start, times or calendar.current()):
        if left <= last - first:
            return first + left
        left -= last - first
    raise NoWorkingDay(str(start))


def worked_minutes(start: dt.datetime, end: dt.datetime, times: Calendar | None = None) -> int:
    """How many whole minutes of working time lie between two moments; negative when `end` is earlier."""
    if end < start:
        return -worked_minutes(end, start, times)
    end = clock.local(end)
    total = dt.timedelta()
    for first, last in _spans(clock.local(start), times or calendar.current()):
        if first >= end:
            break
        total += min(last, end) - first
    return int(total.total_seconds() // 60)


def day_minutes(times: Calendar | None = None) -> int:
    """The minutes of one working day."""
    spans = (times or calendar.current()).spans
    return sum((e.hour * 60 + e.minute) - (s.hour * 60 + s.minute) for s, e in spans)


def add_days_of_work(start: dt.datetime, days: int | Decimal, times: Calendar | None = None) -> dt.datetime:
    """`start` plus so many working days of working time: Friday 17:59 and one day give Monday 17:59."""
    times = times or calendar.current()
    return add_working_time(start, days * day_minutes(times), times)
