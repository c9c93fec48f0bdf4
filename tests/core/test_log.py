"""The log: what is kept of whom, personal fields without values, nothing is changed or deleted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from campus.models import User
from core import log
from core.models import LogEntry
from stores.models import Item
from tests import make_people

pytestmark = pytest.mark.django_db


class Guest:
    pk = None
    name = "路人"


def test_an_entry_knows_its_record_and_its_writer() -> None:
    clerk, item = make_people.clerk(), Item.objects.create(name="灯管", unit="支")

    entry = log.write(
        item, "edit", by=clerk, text="x" * 600, said="原话", before="a", after="b", changes={"规格": ["", "T8"]}
    )

    assert (entry.record, entry.by, entry.by_name, len(entry.text)) == (item, clerk, "李老师", 500)
    assert list(LogEntry.objects.of(item)) == [entry]


@pytest.mark.parametrize(("by", "name"), [(Guest(), "路人"), (None, "")])
def test_guests_and_the_system_leave_no_account(by: Any, name: str) -> None:
    entry = log.write(None, "login-failed", by=by)

    assert (entry.by, entry.by_name, entry.record) == (None, name, None)


def test_an_anonymous_entry_keeps_no_person() -> None:
    entry = log.write(None, "open", by=make_people.clerk(), anonymous=True)

    assert (entry.by, entry.by_name) == (None, "")


def test_entries_are_neither_changed_nor_deleted() -> None:
    entry = log.write(None, "x")
    attempts = [entry.save, entry.delete, LogEntry.objects.all().delete, lambda: LogEntry.objects.update(text="y")]

    for attempt in attempts:
        with pytest.raises(TypeError, match="append-only"):
            attempt()

    assert LogEntry.objects.get().text == ""


def test_differences_are_in_words_and_personal_ones_without_values() -> None:
    user = User(name="新名", phone="139", trade="水电", department=None)

    found = log.differences({"name": "旧名", "phone": "139", "trade": ""}, user, ["name", "phone", "trade"])

    assert found == {"姓名": ["", "已修改"], "工种": ["", "水电"]}


def test_values_are_kept_readable() -> None:
    found = [log.shown(value) for value in (None, 3, True, "x", Decimal("1.50"), dt.date(2026, 11, 22))]

    assert found == [None, 3, True, "x", "1.50", "2026-11-22"]
