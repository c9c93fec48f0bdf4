"""The clock: moved for a block and a thread, aware only, "today" by the school's clock."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.utils import timezone

from core import clock


def test_the_clock_is_the_machines_unless_it_is_moved() -> None:
    before = timezone.now()
    found = clock.now()

    assert before <= found <= timezone.now()


def test_the_clock_is_moved_inside_the_block_only() -> None:
    then = clock.moment(2026, 11, 30, 23, 30)

    with clock.at(then):
        with clock.at(clock.moment(2020, 1, 1)):
            inner = clock.today()
        outer = clock.now()

    assert (inner, outer) == (dt.date(2020, 1, 1), then)
    assert clock.now() != then


def test_today_is_the_schools_day() -> None:
    with clock.at(dt.datetime(2026, 11, 30, 16, 10, tzinfo=dt.UTC)):
        assert clock.today() == dt.date(2026, 12, 1)


def test_the_clock_is_moved_by_aware_moments_only() -> None:
    with pytest.raises(ValueError, match="aware"), clock.at(dt.datetime(2026, 11, 30)):
        pass


def test_another_thread_keeps_its_own_time() -> None:
    found: list[int] = []

    with clock.at(clock.moment(2020, 1, 1)):
        thread = threading.Thread(target=lambda: found.append(clock.today().year))
        thread.start()
        thread.join()

    assert found != [2020]
