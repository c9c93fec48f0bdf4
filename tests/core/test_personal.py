"""Taking a person's data out of a record and its log."""

from __future__ import annotations

from typing import Any

import pytest

from core import log, personal
from core.models import LogEntry
from tests import make_people


class Guest:
    """Somebody without an account, as the log sees him."""

    pk = None

    def __init__(self, name: str) -> None:
        self.name = name


def test_fields_and_words_go_what_was_done_stays(admin: Any) -> None:
    record = make_people.user("teacher", name="孙家长", phone="13800002222")
    log.write(record, "file", by=Guest("孙家长"), text="孙家长来电：13800002222", said="我是孙家长")
    log.write(record, "accept", by=admin, text="受理")
    assert personal.blank_fields(record, by=admin) is True
    record.refresh_from_db()
    assert (record.name, record.phone) == ("", "")
    found = [(entry.verb, entry.by_name, entry.text, entry.said) for entry in LogEntry.objects.of(record)]
    assert found == [
        ("blank", "管理员", "清空个人信息", ""), ("accept", "管理员", "受理", ""), ("file", "某某", "某某来电：某某", "我是某某"),
    ]  # fmt: skip


def test_nothing_to_blank_writes_nothing(admin: Any) -> None:
    record = make_people.user("teacher", name="孙家长")
    personal.blank_fields(record, by=admin)
    before = LogEntry.objects.count()
    assert personal.blank_fields(record, by=admin) is False
    assert LogEntry.objects.count() == before


def test_the_log_itself_stays_append_only(admin: Any) -> None:
    entry = log.write(admin, "x", by=admin)
    with pytest.raises(TypeError):
        LogEntry.objects.filter(pk=entry.pk).update(text="y")
