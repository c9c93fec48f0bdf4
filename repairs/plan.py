"""What repairs give to the monthly plan: open tickets, grouped in SQL by kind, use and building."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from campus.models import Duty
from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, condense, fresh
from repairs.models import Ticket
from repairs.priority import months

WORDS = {"dormitory": "寝室", "teaching": "教室", "office": "办公室", "canteen": "食堂", "outdoor": "室外", "service": ""}
SECTIONS = {
    "dormitory": "routine-dormitory", "teaching": "routine-teaching", "office": "routine-teaching",
    "canteen": "routine-canteen",
}  # fmt: skip
TITLE = 190  # characters of a line's title and of its reason


def _show(ticket: Ticket) -> Record:
    return Record(
        key=ticket.number, title=f"{ticket.where}：{ticket.fault}", url=ticket.get_absolute_url(), where=ticket.number,
        state=ticket.word, css=ticket.css_state, owner=ticket.lead.name if ticket.lead else "未派",
        opened=clock.local(ticket.reported_at).date(), closed=not ticket.is_open,
    )  # fmt: skip


KIND = Kind(
    label="报修单",
    key="number",
    open=lambda: Ticket.objects.open(),
    records=lambda user: Ticket.objects.visible_to(user).select_related("place", "category", "lead"),
    show=_show,
)
KINDS = {"ticket": KIND}


def first_record() -> QuerySet:
    """The moment of the first report, as a subquery of one value."""
    return Ticket.objects.order_by("reported_at").values("reported_at")[:1]


# ---- grouping -----------------------------------------------------------------------------------------------------


def _sorted_in(month: Month, without: Without | None) -> QuerySet[Ticket]:
    """Open tickets with the bucket they fall into: hazards stand alone, what waits for money is for the school to
    settle, what was there before last month began was on last month's plan, the rest is new."""
    late = Q(state__in=("new", "accepted", "dispatched", "doing", "held"), due_at__lt=clock.now(), clock_stopped_at=None)
    return fresh("ticket", KIND, without).annotate(
        bucket=Case(
            When(hazard=True, reported_at__lt=month.previous.start, then=Value("hazard-old")),
            When(hazard=True, then=Value("hazard")),
            When(state="held", hold_reason__key="money", then=Value("money")),
            When(reported_at__lt=month.previous.start, then=Value("old")),
            default=Value("new"),
        ),
        spot=Coalesce("place__building", "place"),
        is_late=Case(When(late, then=Value(1)), default=Value(0)),
    )


@dataclass
class _Group:
    """The tickets of one kind, use and bucket, over all buildings."""

    category: int
    name: str
    parent: str
    use: str
    bucket: str
    season: str
    season_word: str
    count: int = 0
    quantity: int = 0
    late: int = 0
    urgent: int = 0
    checking: int = 0
    unassigned: int = 0
    unprotected: int = 0
    people: int = 0
    oldest: dt.datetime | None = None
    oldest_due: dt.datetime | None = None
    due: dt.date | None = None
    duty: str = ""
    places: list[tuple[str, int]] = field(default_factory=list)
    leads: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> str:
        return f"{self.category}-{self.use or 'none'}-{self.bucket}"


def _groups(month: Month, without: Without | None) -> list[_Group]:
    """Two statements: figures for each kind and building, then who does them and why they wait."""
    tickets = _sorted_in(month, without)
    # Two tickets of one room affect its people once: the first of them stands for the room.
    first_ones = tickets.order_by().values("place", "category", "bucket").annotate(first=Min("pk")).values("first")
    facts = (
        tickets.annotate(first_here=Case(When(pk__in=first_ones, then=F("place__people")), default=Value(0)))
        .order_by()
        .values(
            "category", "category__name", "category__parent__name", "category__season", "category__season_word", "place__use",
            "bucket", "spot",
        )
        .annotate(
            building=Coalesce(Min("place__building__full_name"), Min("place__full_name")),
            count=Count("pk"), pieces=Sum("quantity"), late=Sum("is_late"), oldest=Min("reported_at"),
            oldest_due=Min("due_at", filter=Q(is_late=1)),
            latest=Max("due_at"), held_until=Max("hold_until", filter=Q(state="held")),
            urgent=Count("pk", filter=Q(priority=1)), checking=Count("pk", filter=Q(state="checking")),
            unassigned=Count("pk", filter=Q(state__in=("new", "accepted"))),
            unprotected=Count("pk", filter=Q(hazard=True, protection="")),
            people=Sum("first_here"),
            duty=Subquery(
                Duty.objects.filter(
                    Q(place=None) | Q(place=OuterRef("spot")), topic=OuterRef("category__topic"), person__is_active=True
                )
                .exclude(topic="")
                .order_by(F("place").asc(nulls_last=True))
                .values("person__name")[:1]
            ),
        )
        .order_by("category__order", "category", "building")
    )  # fmt: skip
    found: dict[str, _Group] = {}
    for row in facts:
        group = _Group(
            row["category"], row["category__name"], row["category__parent__name"] or "", row["place__use"], row["bucket"],
            row["category__season"], row["category__season_word"],
        )  # fmt: skip
        group = found.setdefault(group.key, group)
        group.count += row["count"]
        group.quantity += row["pieces"]
        group.late += row["late"]
        group.urgent += row["urgent"]
        group.checking += row["checking"]
        group.unassigned += row["unassigned"]
        group.unprotected += row["unprotected"]
        group.people += row["people"] or 0
        group.oldest = min(filter(None, (group.oldest, row["oldest"])))
        group.oldest_due = min(filter(None, (group.oldest_due, row["oldest_due"])), default=None)
        dates = (group.due, row["held_until"], clock.local(row["latest"]).date() if row["latest"] else None)
        group.due = max(filter(None, dates), default=None)
        group.duty = group.duty or row["duty"] or ""
        group.places.append((row["building"], row["pieces"]))
    people = (
        tickets.order_by()
        .values("category", "place__use", "bucket", "lead__name", "hold_reason__key", "hold_reason__name", "state")
        .annotate(count=Count("pk"), pieces=Sum("quantity"))
    )
    for row in people:
        group = found.get(f"{row['category']}-{row['place__use'] or 'none'}-{row['bucket']}")
        if group is None:  # filed between the two statements
            continue
        if row["lead__name"]:
            group.leads[row["lead__name"]] += row["count"]
        if row["state"] == "held" and row["hold_reason__name"]:
            group.holds[row["hold_reason__name"]] += row["pieces"]
    return list(found.values())


# ---- words --------------------------------------------------------------------------------------------------------


def _title(group: _Group) -> str:
    where = WORDS.get(group.use, "")
    what = f"{where}{group.name}" if group.name != "其他" else f"{where}其他故障"
    waits = "待验收" if group.checking == group.count else "待修"
    head = f"{what} {group.quantity} 处{waits}"
    places = _places(group)
    return f"{head}：{places}"[:TITLE] if places else head


def _places(group: _Group) -> str:
    """3号楼 15，5号楼 22; of one building only its name."""
    if len(group.places) == 1:
        return group.places[0][0]
    most = sorted(group.places, key=lambda pair: -pair[1])
    words = [f"{name} {count}" for name, count in most[:6]]
    if len(most) > 6:
        words.append(f"另 {len(most) - 6} 处地点 {sum(count for _, count in most[6:])}")
    return "，".join(words)


def _reason(group: _Group, month: Month) -> str:
    """Season, people affected, lateness, why held: the why beside the line."""
    words = []
    if _in_season(group, month):
        words.append(group.season_word or f"{group.name}旺季")
    if group.unprotected and group.bucket.startswith("hazard"):
        words.append("还没有临时防护" if group.unprotected == group.count else f"{group.unprotected} 处还没有临时防护")
    elif group.bucket.startswith("hazard"):
        words.append("已做临时防护")
    if group.people:
        words.append(f"影响 {group.people} 人")
    if group.late and group.oldest_due:
        days = max(1, (clock.today() - clock.local(group.oldest_due).date()).days)
        words.append(f"超期 {days} 天" if group.late == group.count else f"其中 {group.late} 张超期，最长 {days} 天")
    words += [f"{name} {count} 处" for name, count in sorted(group.holds.items(), key=lambda pair: -pair[1])]
    if group.unassigned:
        words.append("都还没派工" if group.unassigned == group.count else f"{group.unassigned} 张还没派工")
    if group.checking and group.checking < group.count:
        words.append(f"{group.checking} 张等验收")
    return " · ".join(words)[:TITLE]


def _in_season(group: _Group, month: Month) -> bool:
    return month.month in _months(group.season)


@cache
def _months(season: str) -> frozenset[int]:
    return frozenset(months(season))


def _section(group: _Group, month: Month) -> str:
    if group.bucket.endswith("old"):
        return "carried"
    if group.bucket == "money":
        return "coordination"
    if group.bucket == "hazard" or group.urgent or group.late or _in_season(group, month):
        return "focus"
    return SECTIONS.get(group.use, "routine-repairs")


def _bare(group: _Group, month: Month) -> SourceLine:
    """The line without its words: enough to put it in order and to condense it."""
    hazard = group.bucket.startswith("hazard")
    return SourceLine(
        key=group.key, section=_section(group, month), title="", count=group.count, quantity=group.quantity,
        oldest=clock.local(group.oldest).date() if group.oldest else None, due=group.due, hazard=hazard,
        rank=(0 if hazard else 1, 0 if group.urgent else 1, -group.late, -group.quantity),
    )  # fmt: skip


def _worded(line: SourceLine, group: _Group, month: Month) -> SourceLine:
    """The line with its words; only what is shown is worded."""
    query: dict[str, Any] = {"open": 1, "category": group.category}
    if group.use:
        query["use"] = group.use
    if line.hazard:
        query["hazard"] = 1
    lead = group.leads.most_common(1)
    return replace(
        line, title=_title(group), places=_places(group)[:TITLE], owner=lead[0][0] if lead else group.duty,
        reason=_reason(group, month), url=f"{reverse('repairs:list')}?{urlencode(query)}",
    )  # fmt: skip


def _rest(section: str, lines: list[SourceLine]) -> SourceLine:
    """What is over 40 lines, in one line for its section."""
    quantity = sum(line.quantity for line in lines)
    return SourceLine(
        key=f"rest-{section}", section=section, title=f"其余 {quantity} 处待修，共 {len(lines)} 类",
        count=sum(line.count for line in lines), quantity=quantity, oldest=min(line.oldest for line in lines if line.oldest),
        due=max((line.due for line in lines if line.due), default=None), reason="数量少，逐项见明细",
        hazard=any(line.hazard for line in lines), rank=(9,),
    )  # fmt: skip


# ---- what the plan asks for ---------------------------------------------------------------------------------------


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """The lines of a month, most pressing first."""
    groups = {group.key: group for group in _groups(month, without)}
    lines = condense((_bare(group, month) for group in groups.values()), _rest)
    return [_worded(line, groups[line.key], month) if line.key in groups else line for line in lines]


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The tickets behind a line."""
    return all_members(month, [key], without).get(key, [])


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The tickets behind each of the lines, in one statement (and one more when there is a line of the rest)."""
    wanted = set(keys)
    rests = {key for key in wanted if key.startswith("rest-")}
    shown: set[str] = set()
    section_of: dict[str, str] = {}
    if rests:
        lines = [_bare(group, month) for group in _groups(month, without)]
        section_of = {line.key: line.section for line in lines}
        shown = {line.key for line in condense(lines, _rest)}
    found: dict[str, Members] = {}
    rows = _sorted_in(month, without).order_by("pk")
    for number, category, use, bucket, reported in rows.values_list("number", "category", "place__use", "bucket", "reported_at"):
        key = f"{category}-{use or 'none'}-{bucket}"
        if rests and key not in shown and key in section_of:
            key = f"rest-{section_of[key]}"
        if key in wanted:
            found.setdefault(key, []).append(("ticket", number, clock.local(reported).date()))
    return found


def standing() -> dict[str, int]:
    """Open hazards and what is overdue now, for the plan's head."""
    now = clock.now()
    late = Q(state__in=("new", "accepted", "dispatched", "doing", "held"), due_at__lt=now, clock_stopped_at=None)
    return Ticket.objects.open().aggregate(
        hazards=Count("pk", filter=Q(hazard=True)),
        late_hazards=Count("pk", filter=Q(hazard=True) & late),
        unprotected=Count("pk", filter=Q(hazard=True, protection="")),
        late=Count("pk", filter=late),
    )
