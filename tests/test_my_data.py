"""我的数据: a person's own file holds what is his, and nobody else's."""

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from core.models import LogEntry
from tests import make

pytestmark = pytest.mark.django_db


def test_the_file_holds_my_reports_and_only_mine(client, teacher, other_teacher):
    mine = make.ticket(by=teacher, words="=我的话")
    others = make.ticket(by=other_teacher)
    client.force_login(teacher)

    answer = client.get("/account/data/")

    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content)))
    rows = book.get_sheet_by_name("我的报修").to_python()
    flat = [str(cell) for row in rows for cell in row]
    assert mine.number in flat and "=我的话" in flat and others.number not in flat
    assert LogEntry.objects.filter(verb="export", by=teacher).count() == 1


def test_guests_are_sent_to_the_login(client, db):
    assert client.get("/account/data/")["Location"] == "/login/?next=/account/data/"
