"""Builders of inspections: checklist, targets, round, schedule, walked, finding."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from campus.models import Place
from core import clock
from core.numbering import next_number
from inspections.models import Checklist, Finding, Line, Result, Round, Schedule, Target, Version
from inspections.services import checklists, rounds
from tests import make

_count = itertools.count(1)

# (name, what differs from a line of 10 points)
HYGIENE = ("床铺", "地面", "卫生间", "物品")


def lines(*names: str, **over: Any) -> list[dict[str, Any]]:
    """Fields of lines, by default of 10 points each; `over` holds for all of them."""
    return [{"name": name, "kind": "points", "points": 10} | over for name in names or HYGIENE]


def fixture_lines() -> list[dict[str, Any]]:
    """Fan, lamp, bed, door, window: each failure a ticket."""
    kinds = {"风扇": "吊扇/壁扇不转", "灯": "灯不亮", "床": "双层床/护栏/爬梯", "门": "门扇/合页", "窗": "窗扇/纱窗"}
    return [
        {"name": name, "kind": "count", "reason_needed": False, "remedy": "ticket", "category": make.category(kind)}
        for name, kind in kinds.items()
    ]


def checklist(
    lines: Iterable[dict[str, Any]] | None = None,
    *,
    area: str = "dormitory",
    scoring: str = "points",
    name: str = "",
    published: bool = True,
    **over: Any,
) -> Checklist:
    """A checklist with one version, published unless told otherwise; four lines of 10 points when none are given."""
    made = Checklist.objects.create(name=name or f"检查表{next(_count)}", area=area)
    given = list(lines) if lines is not None else _default(scoring)
    by = over.pop("by", None)
    facts: dict[str, Any] = {"scoring": scoring} | over
    if published:
        facts |= {"state": "published", "published_at": clock.now(), "published_by": by}
    sheet = Version.objects.create(checklist=made, **facts)
    for order, row in enumerate(given, 1):
        fields = {"kind": "points" if scoring == "points" else "check"} | row
        if fields["kind"] == "points":
            fields.setdefault("points", 10)
        Line.objects.create(sheet=sheet, order=order, **fields)
    return made


def _default(scoring: str) -> list[dict[str, Any]]:
    return lines() if scoring == "points" else [{"name": name, "kind": "check"} for name in HYGIENE]


def sheet(of: Checklist | None = None, **over: Any) -> Version:
    """The published version of a checklist."""
    found = checklists.published(of or checklist(**over))
    assert found is not None
    return found


def rooms(count: int = 4, *, first: int = 301, **over: Any) -> list[Place]:
    """So many dormitory rooms of one floor: 3号楼 3层 301, 302, ..."""
    return [make.place(str(first + number), **over) for number in range(count)]


def round(of: Checklist | None = None, *, places: Sequence[Place] | int = 4, targets: Any = None, **over: Any) -> Round:
    """An open round of today over rooms of 3号楼 3层, started by a clerk."""
    checklist_ = of or checklist()
    on: dt.date = over.pop("on", None) or clock.today()
    where = rooms(places) if isinstance(places, int) else list(places)
    pairs = targets if targets is not None else [(one, None) for one in where]
    by = over.pop("by", None) or make.user("clerk")
    past = over.pop("past", False)  # of a past term: past every rule
    if past:
        return _past(checklist_, pairs, on, by)
    return rounds.start_round(checklist_, on=on, targets=pairs, by=by, **over)


def _past(of: Checklist, pairs: Any, on: dt.date, by: Any) -> Round:
    made = Round.objects.create(
        number=next_number("JC"),
        sheet=sheet(of),
        area=of.area,
        title=of.name,
        on=on,
        due_on=on,
        total=len(pairs),
        by=by,
    )
    for order, (place, card) in enumerate(pairs, 1):
        Target.objects.create(round=made, place=place, card=card, order=order, on=on)
    return made


def targets(of: Round) -> list[Target]:
    """The rows of a round, in order."""
    return list(of.targets.select_related("place", "card", "round__sheet"))


def walked(target: Target, by: Any = None, *, score: Any = 100, failed: dict[str, Any] | None = None) -> Target:
    """A row as if it had been walked: {line name: value} failed; past the service, for pages that only read."""
    by = by or make.user("warden")
    for name, value in (failed or {}).items():
        line = target.round.sheet.lines.get(name=name)
        Result.objects.create(
            target=target, line=line, value=value, failed=True, cell=f"t{next(_count)}", by=by, note="没收拾"
        )
    target.done_at, target.done_by, target.failures = clock.now(), by, len(failed or {})
    target.score = Decimal(str(score)) if target.round.sheet.scoring == "points" else None
    target.reason = "没收拾" if failed else ""
    target.save()
    rounds.recount(target.round)
    return target


def schedule(of: Checklist | None = None, **over: Any) -> Schedule:
    """A schedule on weekdays over the rooms of 3号楼 3层."""
    people = over.pop("people", ())
    facts: dict[str, Any] = {
        "checklist": of or checklist(), "title": "每日卫生", "every": "weekdays", "starts_on": clock.today(), "pick": "room",
    } | over  # fmt: skip
    facts.setdefault("place", None)
    facts["place"] = facts["place"] or make.floor()
    made = Schedule.objects.create(**facts)
    made.people.set(people)
    return made


def finding(**over: Any) -> Finding:
    """An open finding without a ticket, due in a week."""
    facts: dict[str, Any] = {
        "number": next_number("WT"), "area": "dormitory", "words": "窗帘脱落", "due_on": clock.today() + dt.timedelta(days=7),
    } | over  # fmt: skip
    facts["place"] = facts.get("place") or make.place()
    facts["found_by"] = facts.get("found_by") or make.user("warden")
    return Finding.objects.create(**facts)
