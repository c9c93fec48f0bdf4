"""Checks of the school's own tables: the tree of places must say the same thing in all its columns."""

from __future__ import annotations

from collections.abc import Iterator

from campus.models import Duty, Place, Term
from campus.places import campus_is_named, full_name_of, order_key


def audit() -> Iterator[str]:
    """Name every row that breaks a rule, in Chinese."""
    places = {place.pk: place for place in Place.objects.all()}
    yield from _tree(places)
    yield from _successors(places)
    yield from _terms()
    dead = {pk for pk, place in places.items() if not place.active}
    for duty in Duty.objects.filter(place__in=dead).select_related("place", "person"):
        yield f"责任分工“{duty}”的范围 {duty.place} 已停用。"


def _tree(places: dict[int, Place]) -> Iterator[str]:
    named = campus_is_named()
    for place in places.values():
        parent = places.get(place.parent_id) if place.parent_id else None
        path = f"{parent.path if parent else ''}{place.pk}/"
        if place.path != path:
            yield f"地点 {place.pk} {place}：路径是 {place.path}，应为 {path}。"
        building = place.pk if place.kind == "building" else parent.building_id if parent else None
        if place.building_id != building:
            yield f"地点 {place.pk} {place}：所属的楼是 {place.building_id}，应为 {building}。"
        above = parent.full_name if parent and not (parent.kind == "campus" and not named) else ""
        name = full_name_of(place.name, place.kind, place.room_type, above)
        if place.full_name != name:
            yield f"地点 {place.pk}：全称是“{place.full_name}”，应为“{name}”。"
        if place.order != order_key(place.name):
            yield f"地点 {place.pk} {place}：排序号是 {place.order}，应为 {order_key(place.name)}。"
        if place.active and parent and not parent.active:
            yield f"地点 {place.pk} {place} 在用，上级 {parent} 却已停用。"


def _successors(places: dict[int, Place]) -> Iterator[str]:
    for place in places.values():
        if place.active and place.successor_id:
            yield f"地点 {place.pk} {place} 在用，却写着改用 {places[place.successor_id]}。"
        seen: set[int] = set()
        at: Place | None = place
        while at is not None and not at.active and at.successor_id and at.pk not in seen:
            seen.add(at.pk)
            at = places.get(at.successor_id)
        if at is not None and at.pk in seen:
            yield f"地点 {place.pk} {place}：改用的地点绕成了圈。"


def _terms() -> Iterator[str]:
    rows = list(Term.objects.order_by("starts_on"))
    for one, two in zip(rows, rows[1:], strict=False):
        if two.starts_on <= one.ends_on:
            yield f"学期 {one} 与 {two} 的日期重叠。"
