"""What apps and the monthly plan share: a month, a line that an app offers, the kinds of record behind lines."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from django.db.models import QuerySet

from core import clock

LINES = 40  # a source offers no more: the rest is condensed into one line for each section
Members = list[tuple[str, str, dt.date]]  # (kind, key, opened on)
Without = Callable[[str], QuerySet]  # kind -> the keys that are on the plan already


@dataclass(frozen=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """`2026-11` and nothing else; ValueError for whatever is no month."""
        found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
        if not found or not 1900 <= int(found[1]) <= 9998:
            raise ValueError(f"no month: {text!r}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: dt.date) -> Month:
        """The month of a date, or of an aware moment by the school's clock."""
        if isinstance(day, dt.datetime):
            day = clock.local(day).date()
        return cls(day.year, day.month)

    @classmethod
    def current(cls) -> Month:
        return cls.of(clock.today())

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    def plus(self, months: int) -> Month:
        """So many months later, or earlier."""
        years, month = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month + 1)

    @property
    def next(self) -> Month:
        return self.plus(1)

    @property
    def previous(self) -> Month:
        return self.plus(-1)

    @property
    def first(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.month, 1)

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return self.next.first - dt.timedelta(days=1)

    @property
    def start(self) -> dt.datetime:
        """The moment it begins by the school's clock."""
        return clock.moment(self.year, self.month, 1)

    @property
    def end(self) -> dt.datetime:
        """The moment the next one begins."""
        return self.next.start

    @property
    def words(self) -> str:
        return f"{self.year}年{self.month}月"

    @property
    def begun(self) -> bool:
        return self <= Month.current()


@dataclass(frozen=True)
class SourceLine:
    """One condensed line that an app offers for a month's plan."""

    key: str
    section: str
    title: str
    count: int = 1  # records behind it
    quantity: int = 0  # pieces, where records carry a number
    places: str = ""
    oldest: dt.date | None = None
    due: dt.date | None = None
    owner: str = ""
    reason: str = ""
    hazard: bool = False
    money: Decimal | None = None
    url: str = ""
    rank: tuple[int, ...] = field(default=(), compare=False)  # order within the source, smaller first


@dataclass(frozen=True)
class Record:
    """One record behind a line, as the drill-down shows it."""

    key: str
    title: str
    url: str
    where: str
    state: str  # in words
    css: str  # the sign of the state
    owner: str
    opened: dt.date
    closed: bool


@dataclass(frozen=True)
class Kind:
    """A kind of record that plans hold: how it is found by its key, which are still open, how one is shown."""

    label: str
    key: str  # ORM name of the key, on `open()` and `records(user)` alike
    open: Callable[[], QuerySet]
    records: Callable[[Any], QuerySet]  # what a user may see of them
    show: Callable[[Any], Record]


def fresh(kind: str, of: Kind, without: Without | None) -> QuerySet:
    """The open records of a kind, less those that are on the plan already."""
    found = of.open()
    return found if without is None else found.exclude(**{f"{of.key}__in": without(kind)})


class Ordered(Protocol):
    """What can be condensed: a line, or what will become one."""

    @property
    def key(self) -> str: ...

    @property
    def section(self) -> str: ...

    @property
    def rank(self) -> tuple[int, ...]: ...


Line = TypeVar("Line", bound=Ordered)


def condense(lines: Iterable[Line], rest: Callable[[str, list[Line]], Line]) -> list[Line]:
    """At most LINES of them in their order; what is over goes into one line for each section, so that sums agree."""
    ordered = sorted(lines, key=lambda line: (line.rank, line.key))
    if len(ordered) <= LINES:
        return ordered
    keep = LINES - len({line.section for line in ordered})
    over: dict[str, list[Line]] = {}
    for line in ordered[keep:]:
        over.setdefault(line.section, []).append(line)
    return ordered[:keep] + [rest(section, found) if len(found) > 1 else found[0] for section, found in over.items()]
