"""Reading a plan: its lines as they stand now, what is done of them, what has come since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse

import repairs.plan
from campus.calendar import teaching_week
from core import clock
from core.plan import Month, SourceLine
from workplan.models import MonthlyPlan, PlanLine, PlanMember
from workplan.sections import HEADINGS, NUMERALS, SECTIONS, Heading, Section
from workplan.sources import BY_NAME, KINDS, SOURCES

AHEAD = 12  # months
SHORT = 28  # characters of a title in the table of weeks


@dataclass
class Shown:
    """A line as the page shows it: stored, by hand, or live."""

    section: str
    title: str
    reason: str = ""
    owner: str = ""
    due: dt.date | None = None
    hazard: bool = False
    count: int = 0
    quantity: int = 0
    done: int = 0  # members closed since
    carry: int = 0
    url: str = ""
    pk: int | None = None
    manual: bool = False
    ticked: bool = False
    new: bool = False

    @property
    def finished(self) -> bool:
        return self.ticked if self.manual else self.count > 0 and self.done >= self.count

    @property
    def stored_words(self) -> bool:
        """Its title and reason are those of the day of storing; what has been done since stands beside them."""
        return self.pk is not None and not self.manual

    @property
    def late_days(self) -> int:
        """Days past the due date of what is not finished."""
        if self.due is None or self.finished:
            return 0
        return max(0, (clock.today() - self.due).days)

    @property
    def done_words(self) -> str:
        if self.manual:
            return "已完成" if self.ticked else ""
        return f"完成 {self.done}/{self.count}" if self.done else ""

    @property
    def origin(self) -> str:
        return "手写" if self.manual else "本月新增" if self.new else "自动汇集"


@dataclass
class Part:
    """A section with its lines."""

    section: Section
    lines: list[Shown]
    numeral: str = ""


@dataclass
class Chapter:
    """A heading with its prose and its parts; `numeral` counts headings as the form does."""

    heading: Heading
    numeral: str
    prose: str
    parts: list[Part]

    @property
    def count(self) -> int:
        return sum(len(part.lines) for part in self.parts)

    @property
    def plain(self) -> bool:
        """Its lines stand right under it: there is only one section."""
        return len(self.heading.sections) == 1


@dataclass
class Week:
    """A row of the table 具体安排."""

    label: str
    first: dt.date
    last: dt.date
    lines: list[Shown] = field(default_factory=list)

    @property
    def days(self) -> str:
        first = f"{self.first.month}月{self.first.day}日"
        return first if self.first == self.last else f"{first}–{self.last.day}日"

    @property
    def what(self) -> str:
        words = [line.title.split("：")[0][:SHORT] for line in self.lines[:5]]
        more = f"等 {len(self.lines)} 项" if len(self.lines) > 5 else ""
        return "；".join(words) + more

    @property
    def who(self) -> str:
        return "、".join(dict.fromkeys(line.owner for line in self.lines if line.owner))

    @property
    def due(self) -> dt.date | None:
        return max((line.due for line in self.lines if line.due), default=None)

    @property
    def done(self) -> str:
        finished = sum(line.finished for line in self.lines)
        return f"{finished}/{len(self.lines)} 项" if finished else ""


@dataclass
class Share:
    """Members closed since, of all members of a plan."""

    done: int
    count: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.count if self.count else 0


def month_or_404(text: str) -> Month:
    """The month of an address: no month, before the first record or more than a year ahead is nowhere."""
    try:
        month = Month.parse(text)
    except ValueError:
        raise Http404("没有这个月份，地址里写成 2026-11 这样。") from None
    current = Month.current()
    if month > current.plus(AHEAD):
        raise Http404(f"{month.words}还太远，计划最多提前 {AHEAD} 个月。")
    if month < current and month < first_month():
        raise Http404(f"{month.words}早于第一条记录，没有计划。")
    return month


def first_month(plan: MonthlyPlan | None = None) -> Month:
    """The month of the first record; the running one where there is none. A plan as it was opened knows already."""
    if hasattr(plan, "first_record"):
        found = [plan.earliest, plan.first_record]
    else:
        record = repairs.plan.first_record().first()
        found = [
            MonthlyPlan.objects.order_by("month").values_list("month", flat=True).first(), record["reported_at"] if record else None,
        ]  # fmt: skip
    return min((Month.of(day) for day in found if day is not None), default=Month.current())


# ---- lines --------------------------------------------------------------------------------------------------------


def open_members(sources: Iterable[str]) -> Q:
    """Members whose record is open still, of the kinds that these sources give; one of an unknown kind counts as open."""
    kinds = {name: kind for source in sources if source in BY_NAME for name, kind in BY_NAME[source].kinds.items()}
    found = ~Q(kind__in=list(KINDS))
    for name, kind in kinds.items():
        found |= Q(Q(kind=name), Exists(kind.open().filter(**{kind.key: OuterRef("key")})))
    return found


def shares(lines: Iterable[PlanLine]) -> dict[int, Share]:
    """{line: share} of stored lines, in one statement; how many members a line has stands on the line itself."""
    lines = [line for line in lines if line.source]
    if not lines:
        return {}
    rows = (
        PlanMember.objects.filter(open_members({line.source for line in lines}), line__in=[line.pk for line in lines])
        .order_by()
        .values_list("line")
        .annotate(Count("pk"))
    )
    left = dict(rows)
    return {line.pk: Share(line.count - left.get(line.pk, 0), line.count) for line in lines}


def lines_of(*months: Month) -> dict[Month, list[PlanLine]]:
    """The rows of plans that count, in one statement."""
    found: dict[Month, list[PlanLine]] = {month: [] for month in months}
    rows = PlanLine.objects.filter(plan__month__in=[month.first for month in months], withdrawn=False)
    for line in rows.annotate(month=F("plan__month")).order_by("order", "pk"):
        found[Month.of(line.month)].append(line)
    return found


def total(shares: Iterable[Share]) -> Share:
    shares = list(shares)
    return Share(sum(share.done for share in shares), sum(share.count for share in shares))


def members_of(plan: MonthlyPlan | None) -> object:
    """A function kind -> keys that are on the plan; None while nothing is stored."""
    if plan is None or plan.stored_at is None:
        return None

    def keys(kind: str) -> QuerySet:
        return PlanMember.objects.filter(line__plan=plan, kind=kind).values("key")

    return keys


def live_lines(month: Month, plan: MonthlyPlan | None) -> list[Shown]:
    """What is open now and not on the stored plan."""
    return live(month, plan)[0]


def live(month: Month, plan: MonthlyPlan | None) -> tuple[list[Shown], dict[str, int]]:
    """The same, and how all open tickets stand: both come from one look at them."""
    stored = plan is not None and plan.stored_at is not None
    without = members_of(plan)
    tickets, standing = repairs.plan.survey(month, without)  # type: ignore[arg-type]
    found = []
    for source in SOURCES:
        lines = tickets if source.module is repairs.plan else source.plan_lines(month, without)  # type: ignore[arg-type]
        address = _address("live", str(month), source.name)
        found += [_live(line, address, new=stored) for line in lines]
    return found, standing


def _address(page: str, *args: str) -> str:
    """The beginning of the addresses of lines, found once for all of them: forty times costs as much as a statement."""
    return reverse(f"workplan:{page}", args=[*args, 0]).removesuffix("0/")


def _live(line: SourceLine, address: str, *, new: bool) -> Shown:
    return Shown(
        section=line.section, title=line.title, reason=line.reason, owner=line.owner, due=line.due, hazard=line.hazard,
        count=line.count, quantity=line.quantity, url=f"{address}{line.key}/", new=new,
    )  # fmt: skip


def kept_lines(month: Month, lines: Iterable[PlanLine], done: dict[int, Share]) -> list[Shown]:
    """The plan's own rows: stored lines and those by hand."""
    found, address = [], _address("line", str(month))
    for line in lines:
        share = done.get(line.pk, Share(0, 0))
        found.append(
            Shown(
                section=line.section, title=line.title, reason=line.reason, owner=line.owner, due=line.due, hazard=line.hazard,
                count=line.count, quantity=line.quantity, done=share.done, carry=line.carry, pk=line.pk,
                manual=line.source == "", ticked=line.done,
                url=f"{address}{line.pk}/" if line.source else "",
            )
        )  # fmt: skip
    return found


@dataclass
class Page:
    """All that a month's page shows."""

    month: Month
    plan: MonthlyPlan | None
    lines: list[Shown]
    new: list[Shown]
    never: bool  # over, and its lines were never stored
    previous: Share
    standing: dict[str, int]

    @property
    def stored(self) -> bool:
        return self.plan is not None and self.plan.stored_at is not None

    @property
    def share(self) -> Share:
        return total(Share(line.done, line.count) for line in self.lines if not line.manual)

    def chapters(self) -> list[Chapter]:
        """The plan as a document."""
        prose = self.plan.prose if self.plan else {}
        by_section: dict[str, list[Shown]] = {}
        for line in self.lines:
            by_section.setdefault(line.section if line.section in SECTIONS else "routine-repairs", []).append(line)
        found = []
        for index, heading in enumerate(HEADINGS):
            filled = [section for section in heading.sections if section.key in by_section]
            parts = [Part(section, by_section[section.key], NUMERALS[number]) for number, section in enumerate(filled)]
            found.append(Chapter(heading, NUMERALS[index], prose.get(heading.key, ""), parts))
        return found

    def weeks(self) -> list[Week]:
        """The month's weeks with what is due in each; without a due date it stands in none."""
        found, day = [], self.month.first
        while day <= self.month.last:
            last = min(day + dt.timedelta(days=6 - day.weekday()), self.month.last)
            number = teaching_week(day)
            found.append(Week(f"第{number}周" if number else "", day, last))
            day = last + dt.timedelta(days=1)
        for line in self.lines:
            for week in found:
                if line.due and week.first <= line.due <= week.last:
                    week.lines.append(line)
        return [week for week in found if week.lines]


def page(month: Month, plan: MonthlyPlan | None) -> Page:
    """Read the month: stored rows with what is new under them, or everything live while it has not begun."""
    current = Month.current()
    rows = lines_of(month, month.previous)
    done = shares([*rows[month], *rows[month.previous]])
    stored = plan is not None and plan.stored_at is not None
    lines = kept_lines(month, rows[month], done)
    new: list[Shown] = []
    if month == current and stored:
        new, standing = live(month, plan)
    elif month > current and not stored:
        coming, standing = live(month, None)
        lines = coming + lines
    else:
        standing = repairs.plan.standing()
    return Page(
        month, plan, lines, new, never=month < current and not stored, standing=standing,
        previous=total(done[line.pk] for line in rows[month.previous] if line.pk in done),
    )  # fmt: skip


# ---- behind a line ------------------------------------------------------------------------------------------------


def behind(line: PlanLine) -> list[tuple[str, str]]:
    """(kind, key) of a stored line's members."""
    return list(line.members.order_by("pk").values_list("kind", "key"))


def behind_live(
    month: Month, source: str, key: str, plan: MonthlyPlan | None
) -> tuple[SourceLine, list[tuple[str, str]]]:
    """A live line and its members; 404 when there is no such line any more."""
    if source not in BY_NAME:
        raise Http404("没有这一条。")
    without = members_of(plan)
    it = BY_NAME[source]
    line = next((one for one in it.plan_lines(month, without) if one.key == key), None)  # type: ignore[arg-type]
    if line is None:
        raise Http404("这一条现在没有了，里面的事项可能都已办结。")
    return line, [(kind, number) for kind, number, _ in it.members(month, key, without)]


def records(pairs: list[tuple[str, str]], user: object) -> list:
    """The records of a page of members as the user may see them, in the order of the members; one statement a kind."""
    found = {}
    for name in dict.fromkeys(kind for kind, _ in pairs):
        if name not in KINDS:
            continue
        kind = KINDS[name]
        keys = [key for one, key in pairs if one == name]
        for record in kind.records(user).filter(**{f"{kind.key}__in": keys}):
            shown = kind.show(record)
            found[name, shown.key] = shown
    return [found[pair] for pair in pairs if pair in found]
