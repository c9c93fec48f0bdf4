"""The week's board: a copy, published once, by itself on Monday, and anew with words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.models import LogEntry, Notice
from core.workflow import RuleBroken
from dormitory import audit, services
from dormitory.models import Board, BoardRow
from dormitory.services import boards
from inspections.models import Target
from inspections.services import entering
from tests import make, make_dormitory

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 11, 16)
NEXT = clock.moment(2026, 11, 23, 6)


@pytest.fixture
def week():
    make.term()
    a, b, c = make.place("301"), make.place("302"), make.place("303")
    make_dormitory.occupied(a, classes={"初二（4）班": 8}, teacher=make.homeroom())
    bad = {"被子": 15, "地面": 10}
    make_dormitory.week_of_scores({a: [{}] * 3, b: [bad, bad, {}], c: [bad] * 3}, MONDAY)
    return a, b, c


def test_a_published_week_is_a_copy_with_ranks_civil_rooms_and_failed_ones(week) -> None:
    a, b, c = week
    by = make.warden()
    with clock.at(NEXT):
        board = services.publish(MONDAY, by=by)
    assert board.title == "第12周寝室卫生评比（11月16日至11月22日）"
    found = list(
        board.rows.order_by("rank").values_list("place", "average", "checks", "rank", "honoured", "failed", "classes")
    )
    assert found == [
        (a.pk, Decimal("100.00"), 3, 1, True, False, "初二（4）班"), (b.pk, Decimal("83.33"), 3, 2, False, False, ""),
        (c.pk, Decimal("75.00"), 3, 3, False, True, ""),
    ]  # fmt: skip
    Target.objects.filter(place=a).update(score=50)
    assert board.rows.get(place=a).average == 100
    assert [(one.name, one.average) for one in boards.classes(board)] == [("初二（4）班", Decimal("100.00"))]
    assert list(audit.audit()) == []


def test_a_week_is_published_once_after_its_end_and_only_with_scores(week) -> None:
    with clock.at(clock.moment(2026, 11, 20, 9)), pytest.raises(RuleBroken, match="11月22日才完"):
        services.publish(MONDAY)
    with clock.at(NEXT):
        services.publish(dt.date(2026, 11, 18))  # any day of the week names it
        with pytest.raises(RuleBroken, match="已经公布过了"):
            services.publish(MONDAY)
        with pytest.raises(RuleBroken, match="没有评分"):
            services.publish(dt.date(2026, 11, 2))
    assert Board.objects.count() == 1


def test_it_is_published_by_itself_on_monday_or_the_day_after(week) -> None:
    for day, words in (
        (dt.date(2026, 11, 24), "周评比：已公布第12周寝室卫生评比（11月16日至11月22日）"),
        (dt.date(2026, 11, 25), "周评比：没有要公布的"),
    ):
        with clock.at(clock.moment(2026, 11, day.day, 6)):
            assert services.publish_due(day) == words
    assert Board.objects.get().published_by is None


def test_a_correction_publishes_the_week_anew_with_its_words(week) -> None:
    _, b, _ = week
    by = make.warden()
    with clock.at(NEXT):
        board = services.publish(MONDAY)
        target = Target.objects.filter(place=b).order_by("on").first()
        quilt = target.round.sheet.lines.get(name="被子")
        entering.correct(target, cells={quilt.pk: Decimal(0)}, by=by, reason="记错了房间")
        with pytest.raises(RuleBroken, match="更正说明"):
            services.reissue(board, words=" ", by=by)
        board = services.reissue(board, words="302 记错", by=by)
    assert (board.issue, board.words, board.rows.get(place=b).average) == (2, "302 记错", Decimal("88.33"))
    entry = LogEntry.objects.of(board).filter(verb="reissue").get()
    assert entry.changes == {"3号楼 3层 302 寝室": ["83.33 分第 2 名", "88.33 分第 2 名"]}
    assert Notice.objects.count() == 0  # nobody's class sleeps there


def test_constraints_and_audit_name_what_was_written_past_the_service(week) -> None:
    with clock.at(NEXT):
        board = services.publish(MONDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        BoardRow.objects.update(honoured=True, failed=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Board.objects.update(last_on=MONDAY)
    row = board.rows.order_by("-rank").first()
    BoardRow.objects.filter(pk=row.pk).update(rank=1)
    assert list(audit.audit()) == [f"{board}：地点 {row.place_id} 应为第 3 名，写的是第 1 名。"]
