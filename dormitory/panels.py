"""What dormitories add to others' pages: a class teacher's rooms, a place's beds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from core import clock
from core.panels import Panel, PanelRow
from core.rights import can
from dormitory import scores
from dormitory.models import Board, Occupancy, Room
from dormitory.services.rooms import words_of

WEEK = dt.timedelta(days=7)
SHOWN = 4  # of a class teacher's rooms: the lowest


def own_class(user: Any, obj: Any = None) -> Panel | None:
    """Home of a class teacher: how the class's rooms were scored in the last seven days, the lowest first."""
    if not can(user, "dormitory.appeal"):
        return None
    rooms = dict(
        Occupancy.objects.filter(class_group__teacher=user).values_list("room__place", "room__place__full_name")
    )
    if not rooms:
        return None
    day = clock.today()
    found = scores.scored(day - WEEK, day).filter(place__in=list(rooms))
    sums: dict[int, list[Any]] = {}
    for place, score in found.values_list("place", "score"):
        sums.setdefault(place, []).append(score)
    marks = sorted((scores.average(sum(given), len(given)), place) for place, given in sums.items())
    rows = [
        PanelRow(rooms[place], reverse("dormitory:room", args=[place]), value=f"{mark} 分")
        for mark, place in marks[:SHOWN]
    ]
    board = Board.objects.order_by("-first_on").first()
    more = ("周评比", board.get_absolute_url()) if board else ("寝室", reverse("dormitory:rooms"))
    return Panel(
        "我班的寝室（近七天）", rows, empty=f"{len(rooms)} 间寝室近七天没有评分。", more=more, key="class-rooms"
    )


def of_place(user: Any, place: Any) -> Panel | None:
    """A dormitory room's page among the places: who sleeps there, and the way to its scores."""
    if place.use != "dormitory" or place.kind != "room":
        return None
    room = Room.objects.visible_to(user).filter(place=place).first()
    if room is None:
        return None
    occupants = [(one.class_group, one.pupils) for one in room.occupants.select_related("class_group")]
    url = reverse("dormitory:room", args=[place.pk])
    return Panel(
        "入住和卫生", [PanelRow(words_of(occupants), url, note=f"床位 {room.beds} 个")], more=("评分", url), key="room"
    )
