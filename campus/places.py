"""Reading the tree of places: how a place is called and ordered, how it is found, whom it serves."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, Sum

from campus.models import Alias, Place, PlaceQuerySet
from campus.ranges import plain, tidy

SUGGESTIONS = 8
FARTHEST = 20  # successors in a row

# Long official room types as people say them, after a bare room number: 3号楼 3层 312 寝室.
SHORT_TYPES = {
    "普通教室": "教室", "学生宿舍居室": "寝室", "学生宿舍": "寝室", "宿舍": "寝室", "教师办公室": "办公室",
    "宿管值班室": "值班室", "楼梯间": "楼梯", "教师周转房": "周转房", "食堂餐厅": "餐厅",
}  # fmt: skip
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_NUMERALS = {c: n for n, c in enumerate("〇一二三四五六七八九")}
_SPOKEN_NUMBER = re.compile(r"[一二三四五六七八九]?十[一二三四五六七八九]?|[〇一二三四五六七八九]")


def order_key(name: str) -> str:
    """A key by which names sort as people expect: 2层 before 10层, 二楼 like 2楼, cellars first."""
    name = re.sub(r"^(地下|负|B(?=\d))", "0000", unicodedata.normalize("NFKC", name))
    name = _SPOKEN_NUMBER.sub(lambda match: str(_number(match[0])), name)
    return re.sub(r"\d+", lambda match: match[0].zfill(4), name)[:12]


def _number(words: str) -> int:
    if "十" not in words:
        return _NUMERALS[words]
    tens, _, ones = words.partition("十")
    return _NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(ones, 0)


def short_type(room_type: str) -> str:
    """The room type in one short word, for behind a bare number."""
    return SHORT_TYPES.get(room_type) or re.split(r"[/(（]", room_type)[0]


def full_name_of(name: str, kind: str, room_type: str, above: str) -> str:
    """What a place is called in full below `above` (the parent's full name, empty for a campus left out)."""
    words = [above, name] if above else [name]
    if kind == "room" and room_type and not _CHINESE.search(name):
        words.append(short_type(room_type))
    return " ".join(words)[:120]


def campus_is_named() -> bool:
    """Do full names begin with the campus? Only where there is more than one."""
    return Place.objects.filter(kind="campus").count() > 1


def followed(place: Place) -> Place:
    """The living place to which a label or an old name of `place` leads; itself where there is no successor."""
    seen = {place.pk}
    while not place.active and len(seen) < FARTHEST:
        successor = place.successor
        if successor is None or successor.pk in seen:
            break
        place = successor
        seen.add(place.pk)
    return place


def counted_within(place: Place) -> str:
    """The path whose people a fault in `place` touches: a corridor, a stairwell or a wall serves all around it."""
    if place.kind in ("corridor", "stairwell", "face") and place.parent_id:
        return place.path.rsplit("/", 2)[0] + "/"
    return place.path


def people_in(place: Place) -> int:
    """How many people a fault in `place` touches; one statement, none for a room."""
    if place.kind == "room":
        return place.people
    found = Place.objects.filter(path__startswith=counted_within(place), active=True)
    return found.aggregate(total=Sum("people"))["total"] or 0


def people_touched(groups: Mapping[Any, Iterable[Place]]) -> dict[Any, int]:
    """How many people the places of each group touch together, nobody twice; at most one statement for all groups.

    A room has its own people; a corridor, a floor or a whole building has those around it.
    """
    wide = {place.pk: counted_within(place) for places in groups.values() for place in places if place.kind != "room"}
    around: list[tuple[str, int]] = []
    if wide:
        inside = reduce(or_, (Q(path__startswith=path) for path in sorted(set(wide.values()))))
        around = list(Place.objects.filter(inside, active=True, people__gt=0).values_list("path", "people"))
    found = {}
    for key, places in groups.items():
        touched: dict[str, int] = {}
        for place in places:
            if place.pk not in wide:
                touched[place.path] = place.people
            else:
                touched.update((path, people) for path, people in around if path.startswith(wide[place.pk]))
        found[key] = sum(touched.values())
    return found


# The two-step picker: building, then floor and room. One statement each, whatever the number of rows.


def buildings() -> PlaceQuerySet:
    """All buildings in use, in the order people count them."""
    return Place.objects.active().filter(kind="building").order_by("order", "name")


def floors(building: Place) -> PlaceQuerySet:
    """The floors of a building."""
    return Place.objects.active().filter(parent=building, kind="floor").order_by("order", "name")


def rooms(floor: Place) -> PlaceQuerySet:
    """The places straight on a floor; for a building what belongs to no floor, for a campus its gates and grounds."""
    found = Place.objects.active().filter(parent=floor).exclude(kind__in=("campus", "building", "floor"))
    return found.order_by("order", "name")


def grounds() -> PlaceQuerySet:
    """Gates, grounds and all else that stands in no building."""
    return Place.objects.active().filter(building=None).exclude(kind="campus").order_by("order", "name")


# Finding a place by what somebody typed.


def squeeze(text: str) -> str:
    """The letters that count when names are compared."""
    return re.sub(r"[\s,()（）号第]+", "", plain(text)).casefold()


def find(text: str) -> tuple[Place | None, list[Place]]:
    """The place meant by `text`, else up to eight suggestions.

    Found by full name, by alias, by building and room ("3号楼312", "3-312"), or by a room name that only one place has.
    A place out of use leads to its successor.
    """
    words = tidy(text)[:120]
    if not words:
        return None, []
    spelt = {words, " ".join(plain(words).split())}
    exact = list(Place.objects.filter(Q(full_name__in=spelt) | Q(aliases__name__in=spelt)).distinct()[:9])
    called = [
        place for place in exact if place.active and place.full_name in spelt
    ]  # a present name beats a former one
    alive = _alive(called or exact)
    if len(alive) == 1:
        return alive[0], []
    inside, rest = _building(words)
    if inside:
        found, near = _within(inside, rest)
        return (found, []) if found else (None, near)
    named = _alive(Place.objects.filter(name=words).select_related("successor")[: SUGGESTIONS + 1])
    if len(named) == 1:
        return named[0], []
    if named:
        return None, named[:SUGGESTIONS]
    return None, suggestions(words)


def _alive(places: Iterable[Place]) -> list[Place]:
    """The places in use, else what the others lead to, each once."""
    every = list(places)
    living = [place for place in every if place.active] or [p for p in map(followed, every) if p.active]
    return list({place.pk: place for place in living}.values())


def _building(words: str) -> tuple[list[Place], str]:
    """The buildings whose name, alias or number begins `words`, and the rest of it."""
    typed = squeeze(words)
    best: list[tuple[int, Place, str]] = []
    every = list(Place.objects.filter(kind="building").select_related("successor"))
    called = {building.pk: [building.name, building.full_name] for building in every}
    present = {name for names in called.values() for name in names}
    for place_id, name in Alias.objects.filter(place__kind="building").values_list("place_id", "name"):
        if name not in present:
            called[place_id].append(name)
    for building in every:
        for name in called[building.pk]:
            known = squeeze(name)
            if known and typed.startswith(known):
                best.append((len(known), building, typed[len(known) :]))
            elif (match := re.match(r"\d+|[a-z]", known)) and re.match(rf"{match[0]}(楼|栋|#|幢)?-", typed):
                best.append((len(match[0]), building, typed.partition("-")[2]))
    longest = max((length for length, _, _ in best), default=0)
    chosen = {p.pk: (p, rest) for length, p, rest in best if length == longest}
    if not chosen:
        return [], words
    return [p for p, _ in chosen.values()], next(iter(chosen.values()))[1]


def _within(inside: list[Place], rest: str) -> tuple[Place | None, list[Place]]:
    """The place called `rest` in one of the buildings, else the nearest names there."""
    rest = rest.strip("-")
    if not rest:
        alive = _alive(inside)
        return (alive[0], []) if len(alive) == 1 else (None, alive)
    known: dict[str, list[Place]] = {}
    heads = {building.pk: squeeze(building.full_name) for building in inside}
    for place in Place.objects.filter(building__in=inside).exclude(kind="building").order_by("path"):
        tail = squeeze(place.full_name).removeprefix(heads.get(place.building_id or 0, ""))  # 3层312寝室
        for name in {squeeze(place.name), squeeze(place.name + short_type(place.room_type)), tail}:
            known.setdefault(name, []).append(place)
    hits = known.get(rest) or known.get(re.sub(r"^-?\d+(层|楼|f|-)", "", rest)) or known.get(rest.lstrip("-"))
    alive = _alive(hits or [])
    if len(alive) == 1:
        return alive[0], []
    if alive:
        return None, alive[:SUGGESTIONS]
    near = difflib.get_close_matches(rest, list(known), n=SUGGESTIONS, cutoff=0.5)
    return None, _alive(place for name in near for place in known[name] if place.active)[:SUGGESTIONS]


def suggestions(words: str) -> list[Place]:
    """Places in use whose full name or alias holds what was typed."""
    parts = [part for part in re.split(r"[\s\-]+", words) if part][:4]
    if not parts:
        return []
    wanted = Q()
    for part in parts:
        wanted &= Q(full_name__icontains=part)
    found = Place.objects.active().filter(wanted | Q(aliases__name__icontains=words)).distinct()
    return list(found.order_by("building__order", "path")[:SUGGESTIONS])
