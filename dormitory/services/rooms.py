"""Beds and who sleeps in them; the place's number of people follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from campus.models import ClassGroup, Place
from core import log
from core.workflow import RuleBroken, Stale
from dormitory.models import Occupancy, Room

BEDS = 8  # where nobody has said
TYPES = ("学生宿舍居室", "学生宿舍", "宿舍", "寝室")  # the room types that pupils sleep in


def bedrooms() -> Any:
    """The places that are dormitory rooms."""
    return Place.objects.active().filter(use="dormitory", kind="room", room_type__in=TYPES)


@transaction.atomic
def ensure_rooms(day: Any = None, *, by: Any = None) -> str:
    """Every dormitory room of the tree has its row: as many beds as people, eight at least. Also a daily task."""
    missing = bedrooms().filter(dormitory_room=None).order_by("path")
    made = Room.objects.bulk_create([Room(place=place, beds=max(place.people, BEDS)) for place in missing])
    if made:
        log.write(None, "create", by=by, text=f"按地点补建寝室 {len(made)} 间")
    return f"补建寝室 {len(made)} 间"


def words_of(occupants: Iterable[tuple[ClassGroup, int]]) -> str:
    """初二（4）班 4 人、初二（5）班 4 人."""
    return "、".join(f"{group} {pupils} 人" for group, pupils in occupants) or "无人入住"


def too_many(beds: int, occupants: Iterable[tuple[ClassGroup, int]]) -> str | None:
    """More pupils than beds."""
    total = sum(pupils for _, pupils in occupants)
    return f"床位 {beds} 个，填了 {total} 人。请核对人数，或先改床位。" if total > beds else None


@transaction.atomic
def settle(
    room: Room,
    *,
    beds: int,
    occupants: list[tuple[ClassGroup, int]],
    chief: str = "",
    by: Any = None,
    version: int | None = None,
) -> Room:
    """Say how many beds a room has and who sleeps there."""
    fresh = Room.objects.select_for_update(of=("self",)).select_related("place").get(pk=room.pk)
    if version is not None and fresh.version != version:
        raise Stale("这间寝室刚被别人改过。请看一下现在的内容，再改一次。")
    if len({group.pk for group, _ in occupants}) < len(occupants):
        raise RuleBroken("同一个班写了两次，请合成一行。")
    if reason := too_many(beds, occupants):
        raise RuleBroken(reason)
    _write([(fresh, beds, chief, occupants)], by=by)
    return fresh


def settle_many(rooms: list[tuple[Room, int, str, list[tuple[ClassGroup, int]]]], *, by: Any = None) -> None:
    """Many rooms at once: (room, beds, chief, occupants); what is said is the whole of a room. One transaction is open."""
    _write(rooms, by=by, each=False)


def _write(rooms: list[tuple[Room, int, str, list[tuple[ClassGroup, int]]]], *, by: Any, each: bool = True) -> None:
    keys = [room.pk for room, *_ in rooms]
    before: dict[int, list[tuple[ClassGroup, int]]] = {}
    old = Occupancy.objects.filter(room__in=keys).select_related("class_group").order_by("class_group__name")
    for row in old:
        before.setdefault(row.room_id, []).append((row.class_group, row.pupils))
    Occupancy.objects.filter(room__in=keys).delete()
    rows, places = [], []
    for room, beds, chief, occupants in rooms:
        changes: dict[str, Any] = {}
        if room.beds != beds:
            changes["床位"] = [room.beds, beds]
        if room.chief != chief:
            changes["室长"] = ["", "已修改"]  # a pupil's name is not kept in the log
        was, now = words_of(before.get(room.pk, [])), words_of(occupants)
        if was != now:
            changes["入住"] = [was, now]
        room.beds, room.chief = beds, chief
        room.version += 1
        rows += [Occupancy(room=room, class_group=group, pupils=pupils) for group, pupils in occupants]
        total = sum(pupils for _, pupils in occupants)
        if room.place.people != total:
            room.place.people = total
            places.append(room.place)
        if each and changes:
            log.write(room, "edit", by=by, text=f"修改{'、'.join(changes)}", changes=changes)
    Room.objects.bulk_update([room for room, *_ in rooms], ["beds", "chief", "version"], batch_size=100)
    Occupancy.objects.bulk_create(rows)
    # How many people a fault touches is read from the places: a corridor counts what is below it.
    Place.objects.bulk_update(places, ["people"], batch_size=100)
