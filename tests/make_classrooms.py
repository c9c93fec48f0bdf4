"""Builders of the area of classrooms: a spare pool with pieces, a class with chairs and its ticket, a batch."""

from __future__ import annotations

from typing import Any

from campus.models import Place
from classrooms import services
from classrooms.models import Batch, Pool
from repairs.models import Ticket
from tests import make

CHAIR = "椅/凳"


def store_room(name: str) -> Place:
    """A room of the logistics building."""
    return make.place(name, building_name="后勤楼", floor_name="1层", use="service", room_type="仓库", people=0)


def pool(sound: int = 10, broken: int = 0, **over: Any) -> Pool:
    """A pool of chairs with so many sound pieces, and so many broken ones of another card in the workshop."""
    facts: dict[str, Any] = {
        "name": "课椅周转", "thing": "课椅", "target": 10, "category": make.category(CHAIR), "place": store_room("周转库"),
        "workshop": store_room("维修间"),
    } | over  # fmt: skip
    made = Pool.objects.create(**facts)
    if sound:
        make.card(name=made.thing, unit="把", quantity=sound, place=made.place)
    if broken:
        make.card(name=made.thing, unit="把", quantity=broken, place=made.workshop, condition="broken")
    return made


def class_room(chairs: int = 50, name: str = "204", **over: Any) -> Place:
    """A class room with its chairs on one card."""
    facts: dict[str, Any] = {"building_name": "明德楼", "floor_name": "2层", "use": "teaching", "room_type": "普通教室"}
    room = make.place(name, **facts | over)
    if chairs:
        make.card(name="课椅", unit="把", quantity=chairs, place=room)
    return room


def chair_ticket(state: str = "doing", **over: Any) -> Ticket:
    """A broken chair of a class room."""
    facts = {"category": make.category(CHAIR)} | over
    facts["place"] = facts.get("place") or class_room()
    return make.ticket(state, **facts)


def batch(broken: int = 7, take: int | None = None, **over: Any) -> Batch:
    """An open batch of a new pool."""
    by = over.pop("by", None) or make.user(role="repairer")
    held = over.pop("pool", None) or pool(sound=0, broken=broken)
    pieces = over.pop("pieces", None) or {pk: take or n for pk, n in services.waiting(held).items()}
    return services.open_batch(held, by=by, pieces=pieces, **over)
