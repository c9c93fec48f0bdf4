"""What repairs give to the monthly plan: open tickets, grouped in SQL by kind and use; buildings only of what is shown."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse

from campus import cache
from campus.models import Duty
from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, condense, fresh
from repairs.models import DANGER, Category, HoldReason, Ticket
from repairs.priority import months

WORDS = {
    "dormitory": "寝室",
    "teaching": "教室",
    "office": "办公室",
    "canteen": "食堂",
    "outdoor": "室外",
    "service": "",
}
SECTIONS = {
    "dormitory": "routine-dormitory", "teaching": "routine-teaching", "office": "routine-teaching",
    "canteen": "routine-canteen",
}  # fmt: skip
TITLE = 190  # characters of a line's title and of its reason
SMALL = 3  # a group of fewer pieces is an odd job (零星维修) unless something presses
SCATTERED = 3  # so many groups of odd jobs in a section become one line
NAMED = 6  # kinds and places that a title names
ODD, REST = "odd-", "rest-"  # keys of lines that gather several groups, each with its section
MANY = "各责任人"
ODD_WORDS = {
    "focus": "应季", "routine-dormitory": "宿舍", "routine-teaching": "教室及办公楼", "routine-canteen": "食堂",
    "routine-repairs": "公共部位与室外",
}  # fmt: skip
SCATTERED_IN = frozenset(ODD_WORDS)


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


def _late() -> Q:
    """As `TicketQuerySet.overdue`: due before now, its clock running, the work not done."""
    return Q(
        state__in=("new", "accepted", "dispatched", "doing", "held"), due_at__lt=clock.now(), clock_stopped_at=None
    )


def _sorted_in(tickets: QuerySet[Ticket], month: Month) -> QuerySet[Ticket]:
    """Tickets with the bucket they fall into: hazards stand alone, what waits for money is for the school to settle,
    what was there before last month began was on last month's plan, the rest is new."""
    return tickets.order_by().annotate(
        bucket=Case(
            When(DANGER, reported_at__lt=month.previous.start, then=Value("hazard-old")),
            When(DANGER, then=Value("hazard")),
            When(state="held", hold_reason__in=HoldReason.objects.filter(key="money"), then=Value("money")),
            When(reported_at__lt=month.previous.start, then=Value("old")),
            default=Value("new"),
        )
    )


@dataclass(frozen=True)
class _KindOf:
    """What a line says of a kind of fault."""

    name: str
    season: frozenset[int]
    season_word: str
    order: int


def _kinds(wanted: set[int]) -> dict[int, _KindOf]:
    """Kinds of fault by key, from the settings cache; read anew when one is missing that was added by another process."""

    def load() -> dict[int, _KindOf]:
        rows = Category.objects.values_list("pk", "name", "season", "season_word", "order")
        return {pk: _KindOf(name, frozenset(months(season)), word, order) for pk, name, season, word, order in rows}

    found = cache.cached("kinds of fault in plans", load)
    return found if wanted <= found.keys() else load()


@dataclass(slots=True)
class _Group:
    """The open tickets of one kind, use and bucket, over all buildings: figures from SQL, dates as the database has them."""

    category: int
    use: str
    bucket: str
    count: int
    quantity: int
    first: int
    late: int
    priority: int
    unprotected: int
    oldest: Any
    oldest_due: Any
    due: Any
    held_until: Any
    kind: _KindOf
    section: str = ""

    @property
    def key(self) -> str:
        return f"{self.category}-{self.use or 'none'}-{self.bucket}"

    @property
    def hazard(self) -> bool:
        return self.bucket.startswith("hazard")

    @property
    def small(self) -> bool:
        """An odd job: so few pieces, nothing pressing about them."""
        return (
            self.bucket == "new" and self.quantity < SMALL and not self.late and self.priority > 1
            and self.section in SCATTERED_IN
        )  # fmt: skip


def _groups(month: Month, without: Without | None) -> list[_Group]:
    """One statement, narrow, because whatever is grouped by costs. Dates stay as they come: of hundreds of groups forty
    lines are shown, only theirs are made into dates."""
    late, raw = _late(), TextField()
    rows: list[Any] = list(
        _sorted_in(fresh("ticket", KIND, without), month)
        .values_list("category", "place__use", "bucket")
        .annotate(
            Count("pk"), Sum("quantity"), Min("pk"), late=Count("pk", filter=late), worst=Min("priority"),
            unprotected=Count("pk", filter=DANGER & Q(protection="")), oldest=Min("reported_at", output_field=raw),
            oldest_due=Min("due_at", filter=late, output_field=raw), due=Max("due_at", output_field=raw),
            held=Max("hold_until", filter=Q(state="held"), output_field=raw),
        )
    )  # fmt: skip
    kinds = _kinds({row[0] for row in rows})
    return [_Group(*row, kind=kinds[row[0]]) for row in rows]


def _day(value: Any) -> dt.date | None:
    """The school's day of what the database gave for a moment: text in UTC (SQLite) or a moment (PostgreSQL)."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    return clock.local(value).date() if value else None


def _plain_day(value: Any) -> dt.date | None:
    """The same of a date."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


@dataclass
class _Line:
    """A line before it is worded: one group, or the odd jobs of a section, or the rest of one."""

    key: str
    section: str
    groups: list[_Group]
    rank: tuple[int, ...]

    def sum(self, name: str) -> int:
        return sum(getattr(group, name) for group in self.groups)

    @property
    def one(self) -> _Group | None:
        """The group of a line that is of one kind."""
        return None if self.key.startswith((ODD, REST)) else self.groups[0]


def _section(group: _Group, month: Month) -> str:
    if group.bucket.endswith("old"):
        return "carried"
    if group.bucket == "money":
        return "coordination"
    if group.bucket == "hazard" or group.priority == 1 or group.late or month.month in group.kind.season:
        return "focus"
    return SECTIONS.get(group.use, "routine-repairs")


def _line(group: _Group) -> _Line:
    rank = (0 if group.hazard else 1, min(group.priority, 2) - 1, -group.late, -group.quantity)
    return _Line(group.key, group.section, [group], rank)


def _rest(section: str, lines: list[_Line]) -> _Line:
    return _Line(REST + section, section, [group for line in lines for group in line.groups], (9,))


def _arranged(groups: list[_Group], month: Month) -> list[_Line]:
    """The lines of a month: odd jobs gathered by section, then at most forty."""
    lines: list[_Line] = []
    odd: dict[str, list[_Group]] = {}
    for group in groups:
        group.section = _section(group, month)
        if group.small:
            odd.setdefault(group.section, []).append(group)
        else:
            lines.append(_line(group))
    for section, found in odd.items():
        if len(found) < SCATTERED:
            lines += [_line(group) for group in found]
        else:
            lines.append(_Line(ODD + section, section, found, (1, 1, 0, -sum(group.quantity for group in found))))
    return condense(lines, _rest)


# ---- words --------------------------------------------------------------------------------------------------------


@dataclass
class _Detail:
    """What stands behind one line that is shown: where, how many people it hits, who does it, why it waits."""

    places: Counter[str] = field(default_factory=Counter)
    rooms: dict[int, int] = field(default_factory=dict)  # two tickets of one room affect its people once
    leads: Counter[str] = field(default_factory=Counter)
    duties: dict[str, str] = field(default_factory=dict)  # building -> who is responsible, where nobody does it yet
    holds: Counter[str] = field(default_factory=Counter)
    unassigned: int = 0
    checking: int = 0


def _duty() -> Subquery:
    """The name of who is responsible by topic: in the building before anywhere."""
    spot = Coalesce(OuterRef("place__building"), OuterRef("place"))
    people = Duty.objects.filter(
        Q(place=None) | Q(place=spot), topic=OuterRef("category__topic"), person__is_active=True
    )
    return Subquery(people.exclude(topic="").order_by(F("place").asc(nulls_last=True)).values("person__name")[:1])


def _details(lines: list[_Line], month: Month, without: Without | None) -> dict[str, _Detail]:
    """One statement for all lines that are worded."""
    line_of = {(group.category, group.use, group.bucket): line.key for line in lines for group in line.groups}
    found = {line.key: _Detail() for line in lines}
    categories = {group.category for line in lines for group in line.groups}
    first = min(group.first for line in lines for group in line.groups)  # spares the look at what is older
    tickets = _sorted_in(Ticket.objects.open(), month).filter(category__in=categories, pk__gte=first)
    if (
        without is not None
    ):  # looked up for each that is left: so few that a list of all that is planned would cost more
        tickets = tickets.exclude(Exists(without("ticket").filter(key=OuterRef("number"))))
    rows = tickets.annotate(duty=Case(When(lead=None, then=_duty()), default=None)).values_list(
        "category", "place__use", "bucket", "place", "place__people", "place__full_name",
        "place__building__full_name", "lead__name", "hold_reason__name", "state", "quantity", "duty",
    )  # fmt: skip
    for category, use, bucket, room, people, room_name, building_name, lead, hold, state, quantity, duty in rows:
        key = line_of.get((category, use, bucket))
        if key is None:
            continue
        detail = found[key]
        name = building_name or room_name
        detail.places[name] += quantity
        detail.rooms[room] = people
        if lead:
            detail.leads[lead] += 1
        elif duty:
            detail.duties[name] = duty
        if state == "held" and hold:
            detail.holds[hold] += quantity
        elif state == "checking":
            detail.checking += 1
        elif state in ("new", "accepted"):
            detail.unassigned += 1
    return found


def _owner(line: _Line, detail: _Detail) -> str:
    """Who does most of it; nobody yet means who is responsible; odd jobs of several people belong to each of them."""
    duties = [name for _, name in sorted(detail.duties.items())]
    if line.one:
        return next((name for name, _ in detail.leads.most_common(1)), next(iter(duties), ""))
    owners = {*detail.leads, *duties}
    return MANY if len(owners) > 1 else next(iter(owners), "")


def _title(line: _Line, detail: _Detail) -> str:
    quantity, group = line.sum("quantity"), line.one
    if group is None:
        return f"{ODD_WORDS[line.section]}零星维修 {quantity} 处：{_named(_kind_counts(line), '其他')}"[:TITLE]
    where, name = WORDS.get(group.use, ""), group.kind.name
    what = f"{where}{name}" if name != "其他" else f"{where}其他故障"
    waits = "待验收" if detail.checking == group.count else "待修"
    places = _places(detail)
    return (f"{what} {quantity} 处{waits}：{places}" if places else f"{what} {quantity} 处{waits}")[:TITLE]


def _kind_counts(line: _Line) -> Counter[str]:
    """Pieces by kind of fault, in the order of the kinds."""
    found: Counter[str] = Counter()
    for group in sorted(line.groups, key=lambda one: (one.kind.order, one.category)):
        found[group.kind.name] += group.quantity
    return found


def _named(counts: Counter[str], other: str) -> str:
    """门锁 2，灯 3，其他 2: the six biggest by name."""
    named = [pair for pair in counts.most_common() if pair[0] != other][:NAMED]
    words = [f"{name} {count}" for name, count in named]
    left = counts.total() - sum(count for _, count in named)
    return "，".join([*words, f"{other} {left}"] if left else words)


def _places(detail: _Detail) -> str:
    """3号楼 15，5号楼 22; of one building only its name."""
    if len(detail.places) == 1:
        return next(iter(detail.places))
    most = sorted(detail.places.items(), key=lambda pair: (-pair[1], pair[0]))
    words = [f"{name} {count}" for name, count in most[:NAMED]]
    if len(most) > NAMED:
        words.append(f"另 {len(most) - NAMED} 处地点 {sum(count for _, count in most[NAMED:])}")
    return "，".join(words)


def _reason(line: _Line, detail: _Detail, month: Month) -> str:
    """Season, people affected, lateness, why held: the why beside the line."""
    words, group, count, late = [], line.one, line.sum("count"), line.sum("late")
    if group and month.month in group.kind.season:
        words.append(group.kind.season_word or f"{group.kind.name}旺季")
    if group and group.hazard:
        if group.unprotected:
            words.append("还没有临时防护" if group.unprotected == count else f"{group.unprotected} 处还没有临时防护")
        else:
            words.append("已做临时防护")
    if people := sum(detail.rooms.values()):
        words.append(f"影响 {people} 人")
    due = _day(group.oldest_due) if group else None
    if late and due:
        days = (clock.today() - due).days
        long = f" {days} 天" if days else "不到 1 天"
        words.append(f"超期{long}" if late == count else f"其中 {late} 张超期，最长{long}")
    words += [f"{name} {number} 处" for name, number in sorted(detail.holds.items(), key=lambda pair: -pair[1])]
    if detail.unassigned:
        words.append("都还没派工" if detail.unassigned == count else f"{detail.unassigned} 张还没派工")
    if detail.checking and (detail.checking < count or group is None):
        words.append("都等验收" if detail.checking == count else f"{detail.checking} 张等验收")
    return " · ".join(words)[:TITLE]


def _bare(line: _Line) -> SourceLine:
    """The line without its words; those of the rest are always the same."""
    dues = [_day(group.due) for group in line.groups] + [_plain_day(group.held_until) for group in line.groups]
    quantity = line.sum("quantity")
    return SourceLine(
        key=line.key, section=line.section, title=f"其余 {quantity} 处待修，共 {len(line.groups)} 类", count=line.sum("count"),
        quantity=quantity, oldest=_day(min(group.oldest for group in line.groups)), due=max(filter(None, dues), default=None),
        reason="数量少，逐项见明细", hazard=any(group.hazard for group in line.groups), rank=line.rank,
    )  # fmt: skip


def _worded(line: _Line, detail: _Detail, month: Month, address: str) -> SourceLine:
    url = ""
    if group := line.one:
        query: dict[str, Any] = {"open": 1, "category": group.category}
        if group.use:
            query["use"] = group.use
        if group.hazard:
            query["hazard"] = 1
        url = f"{address}?{urlencode(query)}"
    return replace(
        _bare(line), title=_title(line, detail), places=_places(detail)[:TITLE], owner=_owner(line, detail),
        reason=_reason(line, detail, month), url=url,
    )  # fmt: skip


# ---- what the plan asks for ---------------------------------------------------------------------------------------


def survey(month: Month, without: Without | None = None) -> tuple[list[SourceLine], dict[str, int]]:
    """The lines of a month, most pressing first, and how things stand over all open tickets (`standing`)."""
    groups = _groups(month, without)
    lines = _arranged(groups, month)
    shown = [line for line in lines if not line.key.startswith(REST)]
    details = _details(shown, month, without) if shown else {}
    address = reverse("repairs:list")
    worded = [
        _worded(line, details[line.key], month, address) if line.key in details else _bare(line) for line in lines
    ]
    return worded, _standing(groups) if without is None else standing()


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """The lines of a month, most pressing first."""
    return survey(month, without)[0]


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The tickets behind a line."""
    return all_members(month, [key], without).get(key, [])


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The tickets behind each of the lines, in one statement (and one more when a line gathers several groups)."""
    wanted = set(keys)
    line_of: dict[str, str] = {}
    if any(key.startswith((ODD, REST)) for key in wanted):
        lines = _arranged(_groups(month, without), month)
        line_of = {group.key: line.key for line in lines for group in line.groups}
    found: dict[str, Members] = {}
    rows = _sorted_in(fresh("ticket", KIND, without), month).order_by("pk")
    for number, category, use, bucket, reported in rows.values_list(
        "number", "category", "place__use", "bucket", "reported_at"
    ):
        key = f"{category}-{use or 'none'}-{bucket}"
        key = line_of.get(key, key)
        if key in wanted:
            found.setdefault(key, []).append(("ticket", number, clock.local(reported).date()))
    return found


def _standing(groups: list[_Group]) -> dict[str, int]:
    hazards = [group for group in groups if group.hazard]
    return {
        "hazards": sum(group.count for group in hazards),
        "late_hazards": sum(group.late for group in hazards),
        "unprotected": sum(group.unprotected for group in hazards),
        "late": sum(group.late for group in groups),
    }


def standing() -> dict[str, int]:
    """Open hazards and what is overdue now, for the plan's head."""
    late = _late()
    return (
        Ticket.objects.open()
        .order_by()
        .aggregate(
            hazards=Count("pk", filter=DANGER), late_hazards=Count("pk", filter=DANGER & late),
            unprotected=Count("pk", filter=DANGER & Q(protection="")), late=Count("pk", filter=late),
        )
    )  # fmt: skip
