"""The school's calendar: working days with 调休, terms, teaching weeks, and today in words.

Monday to Friday are working days unless `SchoolDay` says otherwise. Between two terms the logistics office works on,
so days outside a term stay working days; a school that closes altogether enters those days in its calendar.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from campus import cache, profile
from campus.models import SchoolDay, Term
from campus.ranges import plain
from core import clock

Span = tuple[dt.time, dt.time]
DEFAULT_SPANS = "08:00-12:00,14:00-18:00"
WEEKDAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
FARTHEST = 3660  # days: a calendar without any working day must not loop for ever
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})\Z")


class NoWorkingDay(ValueError):
    """In ten years there is no working day: the calendar is wrong."""


def parse_spans(text: str) -> tuple[Span, ...]:
    """Read "08:00-12:00,14:00-18:00"; a ValueError says in Chinese what is wrong."""
    spans: list[Span] = []
    for part in plain(text).replace(" ", "").split(","):
        match = _SPAN.match(part)
        if match is None:
            raise ValueError(f"“{part}”不是一段时间，请写成 08:00-12:00，几段之间用逗号隔开。")
        hours = [int(number) for number in match.groups()]
        if hours[0] > 23 or hours[2] > 23 or hours[1] > 59 or hours[3] > 59:
            raise ValueError(f"“{part}”里的钟点不对，请用 00:00 到 23:59。")
        start, end = dt.time(hours[0], hours[1]), dt.time(hours[2], hours[3])
        if start >= end or (spans and spans[-1][1] > start):
            raise ValueError(f"“{part}”要从早到晚写，前后两段不能交叉。")
        spans.append((start, end))
    return tuple(spans)


@dataclass(frozen=True)
class TermSpan:
    """A term as the calendar keeps it."""

    pk: int
    name: str
    starts_on: dt.date
    ends_on: dt.date


@dataclass(frozen=True)
class Calendar:
    """Everything that working time is computed from; a value, so that tests can make their own."""

    exceptions: Mapping[dt.date, bool] = field(default_factory=dict)
    spans: tuple[Span, ...] = parse_spans(DEFAULT_SPANS)
    terms: tuple[TermSpan, ...] = ()  # newest first

    def is_working(self, day: dt.date) -> bool:
        found = self.exceptions.get(day)
        return day.weekday() < 5 if found is None else found

    def next_working(self, day: dt.date) -> dt.date:
        """The first working day after `day`."""
        for step in range(1, FARTHEST):
            if self.is_working(day + dt.timedelta(step)):
                return day + dt.timedelta(step)
        raise NoWorkingDay(str(day))

    def add_working_days(self, day: dt.date, count: int) -> dt.date:
        """The day `count` working days later (earlier when negative); zero gives the day itself."""
        step, left, found = (1 if count >= 0 else -1), abs(count), day
        for _ in range(FARTHEST):
            if not left:
                return found
            found += dt.timedelta(step)
            left -= self.is_working(found)
        raise NoWorkingDay(str(day))

    def working_days_between(self, first: dt.date, last: dt.date) -> int:
        """How many working days lie after `first` up to and including `last`; negative when `last` is earlier."""
        if last < first:
            return -self.working_days_between(last, first)
        return sum(self.is_working(first + dt.timedelta(step)) for step in range(1, (last - first).days + 1))

    def term_of(self, day: dt.date) -> TermSpan | None:
        """The term that runs on `day`."""
        return next((term for term in self.terms if term.starts_on <= day <= term.ends_on), None)

    def teaching_week(self, day: dt.date) -> int | None:
        """The N of 第N周: week 1 is the Monday-to-Sunday week in which the term starts; None between terms."""
        monday = day - dt.timedelta(day.weekday())
        for term in self.terms:
            first = term.starts_on - dt.timedelta(term.starts_on.weekday())
            if first <= day and (day <= term.ends_on):
                return (monday - first).days // 7 + 1
        return None


def current() -> Calendar:
    """The school's calendar as stored (cached)."""
    return cache.cached("calendar", _load)


def _load() -> Calendar:
    try:
        spans = parse_spans(profile.current().work_spans)
    except ValueError:  # written past the form: the usual hours are better than no page at all
        spans = parse_spans(DEFAULT_SPANS)
    return Calendar(
        exceptions=dict(SchoolDay.objects.values_list("day", "working")),
        spans=spans,
        terms=tuple(
            TermSpan(*row)
            for row in Term.objects.order_by("-starts_on").values_list("pk", "name", "starts_on", "ends_on")
        ),
    )


def is_working(day: dt.date) -> bool:
    """Is `day` a working day?"""
    return current().is_working(day)


def next_working(day: dt.date) -> dt.date:
    """The first working day after `day`."""
    return current().next_working(day)


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The day `count` working days after `day`."""
    return current().add_working_days(day, count)


def working_days_between(first: dt.date, last: dt.date) -> int:
    """How many working days lie after `first` up to and including `last`."""
    return current().working_days_between(first, last)


def term_of(day: dt.date) -> TermSpan | None:
    """The term that runs on `day`."""
    return current().term_of(day)


def teaching_week(day: dt.date) -> int | None:
    """The N of 第N周 on `day`, None between terms."""
    return current().teaching_week(day)


def day_words(day: dt.date) -> str:
    """11月22日 周日 · 第12周"""
    week = teaching_week(day)
    words = f"{day.month}月{day.day}日 {WEEKDAYS[day.weekday()]}"
    return f"{words} · 第{week}周" if week else words


def today_words() -> str:
    """Today by the school's clock: 11月22日 周日 · 第12周."""
    return day_words(clock.today())
