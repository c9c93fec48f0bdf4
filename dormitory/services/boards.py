"""The week's board: a copy of the ranks, published by a warden or by itself on Monday, and again after a correction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from campus import calendar
from core import clock, log, notices
from core.workflow import RuleBroken
from dormitory import scores
from dormitory.models import Board, BoardRow, Occupancy

CLASSES = 60  # characters of the classes in a row


def week_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """Monday and Sunday."""
    monday = day - dt.timedelta(day.weekday())
    return monday, monday + dt.timedelta(6)


def title_of(first: dt.date, last: dt.date) -> str:
    week = calendar.current().teaching_week(first) or calendar.current().teaching_week(last)
    span = f"{first.month}月{first.day}日至{last.month}月{last.day}日"
    return f"第{week}周寝室卫生评比（{span}）" if week else f"寝室卫生评比（{span}）"


def _rows(board: Board) -> list[BoardRow]:
    marks = min(scores.pass_marks().values(), default=0)
    return [
        BoardRow(
            board=board, place_id=one.pk, classes=one.classes[:CLASSES], average=one.average, checks=one.checks, rank=one.rank,
            honoured=one.honoured, failed=one.average < marks,
        )
        for one in scores.rooms(board.first_on, board.last_on)
    ]  # fmt: skip


@transaction.atomic
def publish(first: dt.date, *, by: Any = None) -> Board:
    """Publish the week that begins on `first`; None as `by`: it happened by itself."""
    first, last = week_of(first)
    if last >= clock.today():
        raise RuleBroken(f"这一周到 {last.month}月{last.day}日才完，下周一起可以公布。")
    if Board.objects.filter(first_on=first).exists():
        raise RuleBroken("这一周已经公布过了。")
    try:
        with transaction.atomic():
            board = Board.objects.create(
                first_on=first, last_on=last, title=title_of(first, last), published_by=by, published_at=clock.now()
            )
    except IntegrityError as error:  # the daily work was first by a moment
        raise RuleBroken("这一周刚刚已经公布了。") from error
    rows = _rows(board)
    if not rows:
        raise RuleBroken("这一周没有评分，没有可以公布的。")
    BoardRow.objects.bulk_create(rows)
    honoured = sum(row.honoured for row in rows)
    log.write(board, "publish", by=by, text=f"公布 {len(rows)} 间寝室的名次，文明寝室 {honoured} 间")
    return board


@transaction.atomic
def reissue(board: Board, *, words: str, by: Any = None) -> Board:
    """Publish a week anew because a score was corrected; what changed stands on the board and in its log."""
    fresh = Board.objects.select_for_update(of=("self",)).get(pk=board.pk)
    if not words.strip():
        raise RuleBroken("请写更正说明，它和名次一起公布。")
    before = {row.place_id: (row.average, row.rank, row.honoured) for row in fresh.rows.all()}
    fresh.rows.all().delete()
    rows = BoardRow.objects.bulk_create(_rows(fresh))
    changed = {
        row.place_id: [f"{old[0]} 分第 {old[1]} 名", f"{row.average} 分第 {row.rank} 名"]
        for row in rows
        if (old := before.get(row.place_id)) and old[0] != row.average
    }
    fresh.issue += 1
    fresh.words = words.strip()[:200]
    fresh.published_at, fresh.published_by = clock.now(), by
    fresh.version += 1
    fresh.save()
    names = {row.place_id: str(row.place) for row in fresh.rows.filter(place__in=list(changed)).select_related("place")}
    log.write(
        fresh, "reissue", by=by, text=f"第 {fresh.issue} 次公布", said=fresh.words,
        changes={names[pk]: pair for pk, pair in changed.items()},
    )  # fmt: skip
    if changed:
        tell_classes(list(changed), f"{fresh.title}更正：{fresh.words}", fresh.get_absolute_url())
    return fresh


def tell_classes(places: list[int], text: str, url: str) -> None:
    """Tell the class teachers of the classes that sleep there."""
    rows = Occupancy.objects.filter(room__place__in=places).exclude(class_group__teacher=None)
    notices.tell([row.class_group.teacher for row in rows.select_related("class_group__teacher")], text, url)


def waiting(today: dt.date | None = None) -> dt.date | None:
    """The Monday of last week if its scores are there and its board is not."""
    first, last = week_of((today or clock.today()) - dt.timedelta(7))
    if Board.objects.filter(first_on=first).exists() or not scores.scored(first, last).exists():
        return None
    return first


def publish_due(day: dt.date) -> str:
    """The daily task: on Monday, or on the first day after it that is looked at, last week is published."""
    first = waiting(day)
    if first is None:
        return "周评比：没有要公布的"
    board = publish(first)
    return f"周评比：已公布{board.title}"


def classes(board: Board) -> list[scores.Score]:
    """How the classes stand on a board: by the rooms in which they sleep, from the copy."""
    found: dict[str, scores.Score] = {}
    for row in board.rows.all():
        for name in filter(None, row.classes.split("、")):
            one = found.setdefault(name, scores.Score(0, name, rooms=0))
            one.total += row.average
            one.weight += 1
            one.rooms += 1
            one.checks += row.checks
    return scores.ranked(found.values())
