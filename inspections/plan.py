"""What inspections give to the monthly plan: findings to put right or to re-check, sweeps with a deadline, missed rounds.

A finding with a live ticket stands on the plan once, as the ticket.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, DateTimeField, Exists, F, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, condense, fresh
from inspections.finding_listings import SIGNS
from inspections.models import AREAS, Finding, Round
from inspections.models.checklists import PLAN_SECTIONS
from inspections.models.findings import LIVE, MENDED, STATES
from inspections.rules import stage_of
from repairs.models import Ticket

TITLE = 190
NAMED = 5
OTHER = "-"  # findings without a line


def _show_finding(finding: Finding) -> Record:
    stage = stage_of(finding)
    return Record(
        key=finding.number, title=f"{finding.place.full_name}：{finding.words}", url=finding.get_absolute_url(),
        where=finding.number, state=STATES[stage], css=SIGNS[stage], owner=finding.owner.name if finding.owner else "",
        opened=clock.local(finding.found_at).date(), closed=finding.state != "open",
    )  # fmt: skip


def _show_round(round_: Round) -> Record:
    return Record(
        key=round_.number, title=round_.title, url=round_.get_absolute_url(), where=f"已查 {round_.done}／{round_.total}",
        state=round_.get_state_display(), css={"open": "doing", "closed": "done"}.get(round_.state, "withdrawn"),
        owner="", opened=round_.on, closed=round_.state != "open",
    )  # fmt: skip


KINDS = {
    "finding": Kind(
        label="检查问题", key="number", open=lambda: Finding.objects.open(),
        records=lambda user: Finding.objects.visible_to(user).select_related("place", "owner", "ticket__head"),
        show=_show_finding,
    ),
    "round": Kind(
        label="检查", key="number", open=lambda: Round.objects.open(),
        records=lambda user: Round.objects.visible_to(user), show=_show_round,
    ),
}  # fmt: skip


# ---- findings -----------------------------------------------------------------------------------------------------


def _findings(without: Without | None) -> QuerySet[Finding]:
    """Open findings that no live ticket speaks for, each with what is awaited: to put right, or to look at again."""
    rest = Ticket.objects.open().filter(split_from=OuterRef("ticket"))
    live = Q(ticket__state__in=LIVE) | Q(ticket__head__state__in=LIVE) | Q(Exists(rest))
    done = Q(ticket__state__in=MENDED) | Q(ticket__head__state__in=MENDED) | Q(ticket=None, fixed_at__isnull=False)
    return (
        fresh("finding", KINDS["finding"], without)
        .filter(Q(ticket=None) | ~live)
        .annotate(
            bucket=Case(
                When(done, then=Value("recheck")), When(hazard=True, then=Value("hazard")), default=Value("open")
            ),
            where=Coalesce("place__building", "place"),
            kind=Coalesce("line__name", Value(OTHER)),
        )
        .order_by()
    )


def _key(bucket: str, area: str, kind: str) -> str:
    """A line's key; it stands in an address."""
    return f"{bucket}.{area}.{'' if bucket == 'recheck' else kind}".replace("/", "／")


@dataclass
class _Group:
    """Findings of one bucket, area and kind, over the buildings."""

    bucket: str
    area: str
    kind: str
    places: dict[str, int]
    oldest: Any
    due: dt.date | None

    @property
    def count(self) -> int:
        return sum(self.places.values())

    @property
    def key(self) -> str:
        return _key(self.bucket, self.area, self.kind)


def _groups(without: Without | None) -> list[_Group]:
    """One statement: bucket × area × kind × building."""
    rows = (
        _findings(without)
        .values("bucket", "area", "kind", name=Coalesce("place__building__full_name", "place__full_name"))
        .annotate(count=Count("pk"), oldest=Min("found_at", output_field=DateTimeField()), due=Min("due_on"))
    )
    found: dict[tuple[str, str, str], _Group] = {}
    for row in rows:
        key = (row["bucket"], row["area"], "" if row["bucket"] == "recheck" else row["kind"])
        group = found.setdefault(key, _Group(*key, {}, row["oldest"], row["due"]))
        group.places[row["name"]] = group.places.get(row["name"], 0) + row["count"]
        group.oldest = min(group.oldest, row["oldest"])
        group.due = min(filter(None, (group.due, row["due"])), default=None)
    return list(found.values())


def _named(pairs: Iterable[tuple[str, int]], measure: str = "") -> str:
    rows = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    words = "、".join(
        f"{name} {count}{measure}" if count > 1 or len(rows) > 1 else name for name, count in rows[:NAMED]
    )
    return words + ("等" if len(rows) > NAMED else "")


def _line(group: _Group) -> SourceLine:
    late = (clock.today() - group.due).days if group.due else 0
    area, count = AREAS.get(group.area, group.area), group.count
    query = {"area": group.area}
    if group.bucket == "recheck":
        title, reason, owner = f"{area}问题待复查销号 {count} 个", "已整改，由没有参加的人复查", "复查人"
        query["stage"] = "recheck"
    else:
        what = "其他问题" if group.kind == OTHER else group.kind
        title = f"{area}{what}{'（安全隐患）' if group.bucket == 'hazard' else ''} {count} 处待整改"
        reason, owner = "安全隐患，没有报修" if group.bucket == "hazard" else "检查发现，没有报修", "责任人"
        query |= {"stage": "open", "kind": group.kind} | ({"hazard": "true"} if group.bucket == "hazard" else {})
    reason += f"，最早的超期 {late} 天" if late > 0 else ""
    hazard = group.bucket == "hazard"
    return SourceLine(
        key=group.key, section="focus" if hazard else PLAN_SECTIONS.get(group.area, "routine-repairs"),
        title=f"{title}：{_named(group.places.items())}"[:TITLE], count=count, quantity=count,
        places=_named(group.places.items())[:TITLE], oldest=clock.local(group.oldest).date(), due=group.due, owner=owner,
        reason=reason, hazard=hazard, url=f"{reverse('inspections:findings')}?{urlencode(query)}",
        rank=({"hazard": 0, "open": 2, "recheck": 3}[group.bucket], -count),
    )  # fmt: skip


# ---- rounds -------------------------------------------------------------------------------------------------------


def _rounds(month: Month, without: Without | None) -> QuerySet[Round]:
    """Sweeps that run or end in the month, and rounds whose last day went by."""
    sweep = Q(sweep=True, on__lte=month.last)
    missed = Q(sweep=False, due_on__lt=min(clock.today(), month.next.first))
    return (
        fresh("round", KINDS["round"], without)
        .filter(sweep | missed)
        .annotate(line=Case(When(sweep=True, then=F("number")), default=Value("missed")))
        .order_by("due_on", "pk")
    )


def _round_lines(month: Month, without: Without | None) -> Iterable[SourceLine]:
    rows = list(_rounds(month, without).only("number", "title", "on", "due_on", "total", "done", "sweep", "area"))
    today = clock.today()
    for one in rows:
        if not one.sweep:
            continue
        late = (today - one.due_on).days
        left = one.total - one.done
        yield SourceLine(
            key=f"sweep.{one.number}", section="focus" if late > 0 else PLAN_SECTIONS.get(one.area, "routine-repairs"),
            title=f"{one.title}：还有 {left} 处没查"[:TITLE], quantity=left, oldest=one.on, due=one.due_on, owner="检查人",
            reason=f"已查 {one.done}／{one.total}" + (f"，超过期限 {late} 天" if late > 0 else f"，{one.due_on.month}月{one.due_on.day}日前查完"),
            url=one.get_absolute_url(), rank=(1, -left),
        )  # fmt: skip
    missed = [one for one in rows if not one.sweep]
    if missed:
        names: dict[str, int] = {}
        for one in missed:
            names[one.title] = names.get(one.title, 0) + 1
        yield SourceLine(
            key="missed", section="routine-repairs", title=f"没查完的检查 {len(missed)} 次：{_named(names.items(), ' 次')}"[:TITLE],
            count=len(missed), quantity=len(missed), oldest=missed[0].on, due=missed[0].due_on, owner="检查人",
            reason="过了最后一天还没查完：补查，或结束并写明原因", url=f"{reverse('inspections:home')}?state=missed", rank=(4,),
        )  # fmt: skip


# ---- the contract of a source -------------------------------------------------------------------------------------


def _rest(section: str, over: list[SourceLine]) -> SourceLine:
    count = sum(line.count for line in over)
    return SourceLine(
        key=f"rest.{section}", section=section, title=f"其余检查问题 {count} 个", count=count, quantity=count,
        oldest=min(filter(None, (line.oldest for line in over)), default=None), owner="责任人",
        reason=f"{len(over)} 种，每种不多", url=reverse("inspections:findings") + "?stage=live", rank=(9,),
    )  # fmt: skip


def _all_lines(month: Month, without: Without | None) -> list[SourceLine]:
    return [*map(_line, _groups(without)), *_round_lines(month, without)]


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """Two statements: findings grouped in SQL, and the rounds."""
    return condense(_all_lines(month, without), _rest)


def _over(month: Month, without: Without | None) -> dict[str, list[str]]:
    """Which lines each gathered one holds: {key of the rest: keys}."""
    lines = _all_lines(month, without)
    kept = {line.key for line in condense(lines, _rest)}
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.key not in kept:
            found.setdefault(f"rest.{line.section}", []).append(line.key)
    return found


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The records behind a line."""
    return all_members(month, [key], without)[key]


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The records behind each of the lines, in two statements."""
    found: dict[str, Members] = {key: [] for key in keys}
    where: dict[str, list[str]] = {}
    over = _over(month, without) if any(key.startswith("rest.") for key in found) else {}
    for key in found:
        for part in over.get(key, [key]):
            where.setdefault(part, []).append(key)
    if any(part.split(".")[0] in ("recheck", "open", "hazard") for part in where):
        rows = _findings(without).order_by("pk").values_list("number", "found_at", "bucket", "area", "kind")
        for number, at, bucket, area, kind in rows:
            for key in where.get(_key(bucket, area, kind), ()):
                found[key].append(("finding", number, clock.local(at).date()))
    if any(part == "missed" or part.startswith("sweep.") for part in where):
        for number, on, line in _rounds(month, without).values_list("number", "on", "line"):
            for key in where.get(line if line == "missed" else f"sweep.{line}", ()):
                found[key].append(("round", number, on))
    return found
