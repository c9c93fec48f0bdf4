"""Audit of the dormitories: people in the rooms, boards, appeals."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from dormitory.models import Appeal, Board, Room


def audit() -> Iterator[str]:
    """Yield one sentence for every row that breaks a rule."""
    for room in Room.objects.select_related("place").annotate(pupils=Coalesce(Sum("occupants__pupils"), 0)):
        if room.pupils > room.beds:
            yield f"{room}：床位 {room.beds} 个，住了 {room.pupils} 人。"
        if room.pupils and room.place.people != room.pupils:
            yield f"{room}：入住 {room.pupils} 人，地点上是 {room.place.people} 人。"
    for board in Board.objects.prefetch_related("rows"):
        if board.first_on.weekday() or (board.last_on - board.first_on).days != 6:
            yield f"{board}：不是从周一到周日。"
        yield from _ranks(board)
    for made in Appeal.objects.select_related("target__place").exclude(state="open").filter(answered_at__lt=F("at")):
        yield f"申诉 {made.pk}（{made.target.place}）：答复早于申诉。"


def _ranks(board: Board) -> Iterator[str]:
    """Ranks follow the averages, and equal ones share a place."""
    rows = sorted(board.rows.all(), key=lambda row: -row.average)
    rank, before = 0, None
    for number, row in enumerate(rows, 1):
        if row.average != before:
            rank, before = number, row.average
        if row.rank != rank:
            yield f"{board}：地点 {row.place_id} 应为第 {rank} 名，写的是第 {row.rank} 名。"
