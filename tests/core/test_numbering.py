"""Numbers: one after the other, by the school's month, never twice under concurrent writers, never reused."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from core import clock
from core.models import Sequence
from core.numbering import next_number


@pytest.mark.django_db
def test_numbers_follow_each_other() -> None:
    with clock.at(clock.moment(2026, 11, 22, 9)):
        assert [next_number("BX"), next_number("BX"), next_number("CK")] == [
            "BX202611-0001",
            "BX202611-0002",
            "CK202611-0001",
        ]
        assert next_number("ZC", monthly=False, width=6) == "ZC-000001"


@pytest.mark.django_db
def test_the_month_is_the_schools() -> None:
    found = []
    for moment in ((2026, 11, 30, 23, 30), (2026, 12, 1, 0, 10)):
        with clock.at(clock.moment(*moment)):
            found.append(next_number("BX"))

    assert found == ["BX202611-0001", "BX202612-0001"]


@pytest.mark.django_db
def test_beyond_its_width_a_number_grows() -> None:
    Sequence.objects.create(key="ZC", last=9999)

    assert next_number("ZC", monthly=False) == "ZC-10000"


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_writer_gives_its_number_back_and_none_is_doubled() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        next_number("ZC", monthly=False)
        raise RuntimeError

    assert [next_number("ZC", monthly=False) for _ in range(2)] == ["ZC-0001", "ZC-0002"]


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_never_share_a_number() -> None:
    found: list[str] = []
    errors: list[Any] = []
    barrier = threading.Barrier(6)

    def work() -> None:
        try:
            barrier.wait()
            for _ in range(10):
                with transaction.atomic():
                    found.append(next_number("ZC", monthly=False))
        except Exception as error:  # noqa: BLE001  (a thread's failure must reach the test)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sorted(found) == [f"ZC-{number:04}" for number in range(1, 61)]
