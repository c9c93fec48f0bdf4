"""The tree of places, written: add, rename, move, retire, aliases; what is read stands in `campus.places`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from campus.duty import delegates_of, responsible
from campus.models import Alias, Place, User
from campus.places import (
    buildings,
    campus_is_named,
    counted_within,
    find,
    floors,
    followed,
    full_name_of,
    grounds,
    order_key,
    people_in,
    rooms,
    suggestions,
)
from campus.ranges import PlaceSpec, parse_range, tidy
from core import log
from core.workflow import RuleBroken, Stale

__all__ = [
    "PlaceSpec", "add_alias", "add_place", "add_places", "add_range", "buildings", "change", "counted_within",
    "delegates_of", "drop_alias", "find", "floors", "followed", "grounds", "make_places", "move", "parse_range",
    "people_in", "rebuild", "rename", "responsible", "retire", "revive", "rooms", "suggestions", "write_places",
]  # fmt: skip

BELOW = {  # kind -> the kinds that may stand straight below it; None is the top
    None: {"campus"},
    "campus": {"building", "gate", "ground", "room", "corridor"},
    "building": {"floor", "room", "corridor", "stairwell", "face", "window"},
    "floor": {"room", "corridor", "stairwell", "window", "face"},
    "room": {"window"},
    "ground": {"room", "gate", "ground"},
}  # fmt: skip


def _kind_fits(kind: str, parent: Place | None) -> None:
    if kind not in Place.KINDS:
        raise RuleBroken("请选择地点的种类。")
    if kind not in BELOW.get(parent.kind if parent else None, set()):
        above = f"“{parent.full_name}”（{parent.get_kind_display()}）" if parent else "最上面一级"
        raise RuleBroken(f"{above}下面不能放“{Place.KINDS[kind]}”。请换一个上级或种类。")


def _name_free(parent: Place | None, names: Iterable[str], *, apart: Place | None = None) -> None:
    taken = Place.objects.active().filter(parent=parent, name__in=list(names)).order_by("order")
    if apart is not None:
        taken = taken.exclude(pk=apart.pk)
    found = list(taken.values_list("name", flat=True)[:9])
    if found:
        here = parent.full_name if parent else "这里"
        raise RuleBroken(f"{here}已经有 {'、'.join(found[:8])}{' 等' if len(found) > 8 else ''}，请去掉或换个名称。")


def _held(parent: Place | None) -> Any:
    """The parent as it is now, locked, so that two people do not add the same name; it must be in use."""
    if parent is None:
        return None
    fresh = Place.objects.select_for_update(of=("self",)).get(pk=parent.pk)
    if not fresh.active:
        raise RuleBroken(f"{fresh.full_name} 已经停用，不能再加地点。请先恢复使用，或换一个上级。")
    return fresh


def _above(parent: Place | None, named: bool) -> str:
    """What goes before the names of the places below `parent`."""
    if parent is None or (parent.kind == "campus" and not named):
        return ""
    return parent.full_name


def _derive(place: Place, parent: Place | None, named: bool) -> None:
    """Set what follows from parent, kind and name; the place has its key."""
    place.path = f"{parent.path if parent else ''}{place.pk}/"
    place.building_id = place.pk if place.kind == "building" else parent.building_id if parent else None
    place.full_name = full_name_of(place.name, place.kind, place.room_type, _above(parent, named))
    place.order = order_key(place.name)


DERIVED = ["path", "building", "full_name", "order"]


def add_place(
    parent: Place | None,
    kind: str,
    name: str,
    *,
    use: str = "",
    room_type: str = "",
    people: int = 0,
    custodian: User | None = None,
    by: Any = None,
) -> Place:
    """Add one place below `parent` (None for a campus); its use is the parent's unless given."""
    name = tidy(name)
    if not name:
        raise RuleBroken("请写名称。")
    _kind_fits(kind, parent)
    with transaction.atomic():
        parent = _held(parent)
        _name_free(parent, [name])
        place = make_places(parent, [Place(
            kind=kind, name=name, use=use, room_type=room_type, people=people, custodian=custodian
        )])[0]  # fmt: skip
        if kind == "campus":
            rebuild()
            place.refresh_from_db()
        log.write(place, "create", by=by, text=f"新建地点：{place.full_name}")
    return place


def add_places(parent: Place, specs: Iterable[PlaceSpec], *, use: str = "", by: Any = None) -> list[Place]:
    """Add many places below one parent: all or none, few statements, one entry in the parent's log."""
    wanted = list(specs)
    for spec in wanted:
        _kind_fits(spec.kind, parent)
    with transaction.atomic():
        parent = _held(parent)
        _name_free(parent, [spec.name for spec in wanted])
        places = make_places(parent, [
            Place(kind=s.kind, name=s.name, room_type=s.room_type, people=s.people, use=use) for s in wanted
        ])  # fmt: skip
        names = "、".join(place.name for place in places)
        log.write(parent, "create", by=by, text=f"新建 {len(places)} 个地点：{names}")
    return places


def add_range(parent: Place, text: str, *, by: Any = None) -> list[Place]:
    """Add what was typed for a floor: "301-322 寝室 8人"."""
    return add_places(parent, parse_range(text), by=by)


def make_places(parent: Place | None, places: list[Place]) -> list[Place]:
    """Insert unsaved places below a parent, unchecked and unlogged, inside the caller's transaction.

    The path needs the key, so it is written in a second statement.
    """
    named = campus_is_named()
    for place in places:
        place.parent = parent
        place.use = place.use or (parent.use if parent else "")
        place.path = f"+{place.token}"
    made = Place.objects.bulk_create(places)
    for place in made:
        _derive(place, parent, named)
    Place.objects.bulk_update(made, DERIVED, batch_size=100)
    return made


def write_places(places: list[Place], fields: list[str]) -> None:
    """Write changed places in bulk; a new room type makes a new full name, also for what stands below."""
    named = campus_is_named()
    before = {place.pk: place.full_name for place in places}
    for place in places:
        _derive(place, place.parent, named)
    Place.objects.bulk_update(places, [*fields, *DERIVED], batch_size=100)
    renamed = [place.pk for place in places if place.full_name != before[place.pk]]
    for place in Place.objects.filter(pk__in=renamed, children__isnull=False).distinct():
        rebuild(place)


def rebuild(top: Place | None = None) -> int:
    """Derive path, building, full name and order anew for a subtree (or all); returns how many rows changed."""
    named = campus_is_named()
    scope = Place.objects.all() if top is None else Place.objects.filter(path__startswith=top.path)
    below: dict[int | None, list[Place]] = {}
    for place in scope:
        below.setdefault(place.parent_id, []).append(place)
    start = below.get(None, []) if top is None else [p for rows in below.values() for p in rows if p.pk == top.pk]
    queue = [(place, None if place.parent_id is None else Place.objects.get(pk=place.parent_id)) for place in start]
    changed: list[Place] = []
    while queue:
        place, parent = queue.pop()
        before = [getattr(place, name) for name in ("path", "building_id", "full_name", "order")]
        _derive(place, parent, named)
        if before != [getattr(place, name) for name in ("path", "building_id", "full_name", "order")]:
            changed.append(place)
        queue += [(child, place) for child in below.get(place.pk, [])]
    Place.objects.bulk_update(changed, DERIVED, batch_size=100)
    return len(changed)


def _fresh(place: Place, version: int | None = None) -> Place:
    """The row as it is now, locked; `version` is what the page was made from."""
    fresh = Place.objects.select_for_update(of=("self",)).get(pk=place.pk)
    if version is not None and fresh.version != version:
        raise Stale("这个地点刚被别人改过。请看一下现在的内容，再改一次。")
    return fresh


def change(
    place: Place,
    *,
    name: str,
    use: str = "",
    room_type: str = "",
    people: int = 0,
    custodian: User | None = None,
    version: int | None = None,
    by: Any = None,
) -> Place:
    """Change a place's own facts; a new name runs through the subtree, a new use as far as it was inherited."""
    name = tidy(name)
    if not name:
        raise RuleBroken("请写名称。")
    with transaction.atomic():
        fresh = _fresh(place, version)
        _name_free(fresh.parent, [name] if fresh.active else [], apart=fresh)
        new = {"name": name, "use": use, "room_type": room_type, "people": people, "custodian": custodian}
        before = {field: getattr(fresh, field) for field in new}
        if before["use"] != use:
            below = Place.objects.filter(path__startswith=fresh.path, use=before["use"])
            below.exclude(pk=fresh.pk).update(use=use, version=F("version") + 1)
        for field, value in new.items():
            setattr(fresh, field, value)
        changes = log.differences(before, fresh, list(new))
        if not changes:
            return fresh
        if "用途" in changes:
            changes["用途"] = [Place.USES.get(key, "") for key in changes["用途"]]
        fresh.version += 1
        fresh.save()
        if before["name"] != name or before["room_type"] != room_type:
            old = fresh.full_name
            rebuild(fresh)
            fresh.refresh_from_db()
            if fresh.kind == "building" and old != fresh.full_name:  # lists and people go on using the old name
                _remember(fresh, old)
        log.write(fresh, "edit", by=by, text=f"修改{'、'.join(changes)}", changes=changes)
    return fresh


def rename(place: Place, name: str, *, by: Any = None, keep_old: bool = True) -> Place:
    """Give a place another name; the old full name stays findable as an alias."""
    old = place.full_name
    with transaction.atomic():
        fresh = change(
            place, name=name, use=place.use, room_type=place.room_type, people=place.people, custodian=place.custodian,
            by=by,
        )  # fmt: skip
        if keep_old and fresh.full_name != old:
            _remember(fresh, old)
    return fresh


def _remember(place: Place, name: str) -> None:
    """Keep a former name as an alias, unless it means something else already."""
    if len(name) <= 60 and not Alias.objects.filter(name=name).exists():
        Alias.objects.create(place=place, name=name)


def move(place: Place, parent: Place, *, by: Any = None) -> Place:
    """Put a place with all below it under another parent: history goes with it, its label stays good."""
    with transaction.atomic():
        fresh, target = _fresh(place), _fresh(parent)
        if target.path.startswith(fresh.path):
            raise RuleBroken("不能把一个地点移到它自己里面。请另选上级。")
        if not target.active:
            raise RuleBroken(f"{target.full_name} 已经停用，不能移到那里。请另选上级。")
        _kind_fits(fresh.kind, target)
        if fresh.active:
            _name_free(target, [fresh.name], apart=fresh)
        before, fresh.parent = fresh.full_name, target
        fresh.version += 1
        fresh.save()
        rebuild(fresh)
        fresh.refresh_from_db()
        log.write(fresh, "move", by=by, text=f"移动地点：{before} 改为 {fresh.full_name}")
    return fresh


def retire(place: Place, successor: Place | None = None, *, by: Any = None, said: str = "") -> Place:
    """停用: not while something in use stands below; its label and its names lead to the successor from now on."""
    with transaction.atomic():
        fresh = _fresh(place)
        if not fresh.active:
            raise RuleBroken(f"{fresh.full_name} 已经停用了。")
        below = Place.objects.active().filter(parent=fresh).count()
        if below:
            raise RuleBroken(f"{fresh.full_name} 里还有 {below} 个在用的地点。请先停用它们，或移到别处。")
        if successor is not None:
            if successor.pk == fresh.pk:
                raise RuleBroken("改用的地点不能是它自己，请另选一个。")
            target = _fresh(successor)
            if not target.active:
                raise RuleBroken(f"{target.full_name} 已经停用，不能接替。请另选一个在用的地点。")
        fresh.active, fresh.successor = False, successor
        fresh.version += 1
        fresh.save()
        leads = f"，改用 {successor.full_name}" if successor else ""
        log.write(fresh, "retire", by=by, text=f"停用{leads}", said=said)
    return fresh


def revive(place: Place, *, by: Any = None) -> Place:
    """Take a place that was retired by mistake into use again."""
    with transaction.atomic():
        fresh = _fresh(place)
        if fresh.active:
            raise RuleBroken(f"{fresh.full_name} 本来就在用。")
        if fresh.parent and not fresh.parent.active:
            raise RuleBroken(f"{fresh.parent.full_name} 还停用着。请先恢复它。")
        _name_free(fresh.parent, [fresh.name], apart=fresh)
        fresh.active, fresh.successor = True, None
        fresh.version += 1
        fresh.save()
        log.write(fresh, "revive", by=by, text="恢复使用")
    return fresh


def add_alias(place: Place, name: str, *, by: Any = None) -> Alias:
    """Let people and imports find `place` under another spelling as well."""
    name = tidy(name)
    if not name:
        raise RuleBroken("请写叫法。")
    if len(name) > 60:
        raise RuleBroken("叫法最多 60 个字，请写短一些。")
    with transaction.atomic():
        taken = Alias.objects.filter(name=name).select_related("place").first()
        if taken is not None and taken.place_id == place.pk:
            return taken
        if taken is not None:
            raise RuleBroken(f"“{name}”已经是 {taken.place.full_name} 的叫法。请换一个，或先在那里去掉。")
        other = Place.objects.active().filter(full_name=name).exclude(pk=place.pk).first()
        if other is not None:
            raise RuleBroken(f"“{name}”是另一个地点的名称，请换一个叫法。")
        try:
            with transaction.atomic():
                alias = Alias.objects.create(place=place, name=name)
        except IntegrityError as error:  # somebody else was first by a moment
            raise RuleBroken(f"“{name}”刚刚成了别处的叫法，请换一个。") from error
        log.write(place, "alias", by=by, text=f"新增叫法：{name}")
    return alias


def drop_alias(alias: Alias, *, by: Any = None) -> None:
    """Forget a spelling."""
    with transaction.atomic():
        log.write(alias.place, "alias", by=by, text=f"去掉叫法：{alias.name}")
        alias.delete()
