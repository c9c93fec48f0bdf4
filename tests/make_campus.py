"""Builders for the school: places, terms, school days, figures, duty, delegation, classes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campus import services
from campus.models import ClassGroup, Delegation, Duty, Figure, Place, SchoolDay, SchoolProfile, Term


def campus(name: str = "校本部") -> Place:
    """The campus, made once."""
    return Place.objects.filter(kind="campus", name=name).first() or services.add_place(None, "campus", name)


def building(name: str = "3号楼", *, use: str = "dormitory") -> Place:
    """A building on the campus, made once."""
    top = campus()
    found = Place.objects.active().filter(parent=top, name=name).first()
    return found or services.add_place(top, "building", name, use=use)


def floor(name: str = "3层", *, building_name: str = "3号楼", use: str = "dormitory") -> Place:
    """A floor of a building, made once."""
    above = building(building_name, use=use)
    found = Place.objects.active().filter(parent=above, name=name).first()
    return found or services.add_place(above, "floor", name)


def place(
    name: str = "312",
    *,
    floor_name: str = "3层",
    building_name: str = "3号楼",
    use: str = "dormitory",
    kind: str = "room",
    room_type: str | None = None,
    people: int | None = None,
    **over: Any,
) -> Place:
    """A place on a floor, made once; by default the dormitory room 3号楼 3层 312 寝室 with 8 people."""
    above = floor(floor_name, building_name=building_name, use=use)
    found = Place.objects.active().filter(parent=above, name=name).first()
    if found is not None:
        return found
    room = kind == "room"
    typed = room_type if room_type is not None else {"dormitory": "学生宿舍居室", "teaching": "普通教室"}.get(use, "")
    return services.add_place(
        above, kind, name, room_type=typed if room else "", people=people if people is not None else 8 * room, **over
    )


def term(name: str = "2026-2027学年第一学期", starts: str = "2026-09-01", ends: str = "2027-01-22") -> Term:
    """A term."""
    return Term.objects.create(name=name, starts_on=dt.date.fromisoformat(starts), ends_on=dt.date.fromisoformat(ends))


def school_day(day: str, working: bool, note: str = "") -> SchoolDay:
    """A day that differs from Monday-to-Friday."""
    return SchoolDay.objects.create(day=dt.date.fromisoformat(day), working=working, note=note)


def figure(key: str, value: Any, **over: Any) -> Figure:
    """A figure as the school set it."""
    fields = {"label": key, "value": Decimal(str(value)), **over}
    return Figure.objects.update_or_create(key=key, defaults=fields)[0]


def profile(**over: Any) -> SchoolProfile:
    """The school's profile."""
    fields = {"name": "示范中学", "duty_phone": "0571-88886666", "public_url": "http://houqin.test", **over}
    return SchoolProfile.objects.update_or_create(pk=1, defaults=fields)[0]


def class_group(name: str = "初二（4）班", **over: Any) -> ClassGroup:
    """A class, made once."""
    return ClassGroup.objects.get_or_create(name=name, defaults={"grade": "初二", "pupils": 48, **over})[0]


def duty(topic: str, person: Any, *, where: Place | None = None, deputy: Any = None) -> Duty:
    """A row of the duty table."""
    return Duty.objects.create(topic=topic, place=where, person=person, deputy=deputy)


def delegation(absent: Any, delegate: Any, starts: str = "2026-11-20", ends: str = "2026-11-25") -> Delegation:
    """Somebody acts for somebody else."""
    return Delegation.objects.create(
        absent=absent, delegate=delegate, starts_on=dt.date.fromisoformat(starts), ends_on=dt.date.fromisoformat(ends),
        basis="校长办公会",
    )  # fmt: skip
