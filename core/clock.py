"""The one clock: every part asks here for the time, so that demo, tests and catch-up runs can move it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

_moved: ContextVar[dt.datetime | None] = ContextVar("moved_clock", default=None)


def now() -> dt.datetime:
    """Return the current moment, aware."""
    return _moved.get() or timezone.now()


def local(moment: dt.datetime) -> dt.datetime:
    """Return `moment` by the school's clock (TIME_ZONE)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(timezone.get_default_timezone())


def today() -> dt.date:
    """Return the current date by the school's clock."""
    return local(now()).date()


def moment(*parts: int) -> dt.datetime:
    """Return the aware moment for (year, month, day[, hour, minute]) on the school's clock."""
    return dt.datetime(*parts, tzinfo=timezone.get_default_timezone())  # type: ignore[arg-type, misc]


@contextmanager
def at(when: dt.datetime) -> Iterator[None]:
    """Let `now()` answer `when` (aware) inside the block, for this thread and context only."""
    if timezone.is_naive(when):
        raise ValueError("the clock is moved by aware moments only")
    token = _moved.set(when)
    try:
        yield
    finally:
        _moved.reset(token)
