"""What patrols say about classrooms: machines and their tests, what is broken in each room, chairs broken by class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import DateField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import TruncMonth

from assets.models import Holding
from campus.figures import whole
from campus.models import ClassGroup
from classrooms.checklists import AREA, FACADE, FIXTURES, MACHINE, WATER
from classrooms.models import Pool
from core.plan import Month
from inspections.models import Finding, Line, Result, Target, Upkeep, Version
from repairs.models import Category, Ticket

OUTER_KINDS = ("face", "corridor", "stairwell")
NO_FAULT = ("declined", "duplicate", "withdrawn")
CHAIR = "椅/凳"  # when no pool names a kind of fault


# ---- facade and stairs --------------------------------------------------------------------------------------------


def facade(user: Any) -> QuerySet[Finding]:
    """Findings on faces, corridors and stairs, and whatever the facade's checklist found elsewhere."""
    found = Finding.objects.visible_to(user).filter(area=AREA)
    return found.filter(Q(place__kind__in=OUTER_KINDS) | Q(line__sheet__checklist__key=FACADE)).with_stage()


# ---- drinking-water machines --------------------------------------------------------------------------------------


def machines() -> QuerySet[Holding]:
    """Each machine where it stands, with its last check, its last measured value, what is due and what comes next."""
    walked = Target.objects.filter(
        card=OuterRef("card"), round__sheet__checklist__key=WATER, done_at__isnull=False, excused=""
    ).order_by("-on", "-pk")
    tested = Result.objects.filter(
        target__card=OuterRef("card"),
        target__round__sheet__checklist__key=WATER,
        line__kind="value",
        value__isnull=False,
    ).order_by("-target__on", "-target__pk", "line__order")
    coming = Target.objects.filter(
        card=OuterRef("card"), round__sheet__checklist__key=WATER, round__state="open", done_at=None
    ).order_by("round__due_on")
    care = Upkeep.objects.active().filter(card=OuterRef("card")).order_by("due_on", "pk")
    broken = Ticket.objects.open().filter(asset=OuterRef("card"))
    found = Holding.objects.filter(card__name__contains=MACHINE, card__state="on_books").exclude(condition="lent")
    return found.select_related("card", "place").annotate(
        checked_on=Subquery(walked.values("on")[:1]), failures=Subquery(walked.values("failures")[:1]),
        test_name=Subquery(tested.values("line__name")[:1]), test_value=Subquery(tested.values("value")[:1]),
        test_unit=Subquery(tested.values("line__unit")[:1]), test_failed=Subquery(tested.values("failed")[:1]),
        care_title=Subquery(care.values("title")[:1]), care_due=Subquery(care.values("due_on")[:1], output_field=DateField()),
        care_pk=Subquery(care.values("pk")[:1]), next_on=Subquery(coming.values("round__due_on")[:1]), broken=Exists(broken),
    )  # fmt: skip


def machines_due(today: Any) -> QuerySet[Upkeep]:
    """Recurring work on machines that is due."""
    return Upkeep.objects.active().filter(area=AREA, card__name__contains=MACHINE, due_on__lte=today)


# ---- what is broken in each room ----------------------------------------------------------------------------------


@dataclass
class Counted:
    """A room as it was last counted."""

    target: Target
    broken: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.broken.values())


def counted_lines() -> list[Line]:
    """What the checklist counts now."""
    version = Version.objects.published().filter(checklist__key=FIXTURES).order_by("-number").first()
    return list(version.lines.filter(kind="count")) if version is not None else []


def tallies() -> list[Counted]:
    """Every room with the broken pieces of its last count; three statements, however many rooms."""
    walked = Target.objects.filter(round__sheet__checklist__key=FIXTURES, done_at__isnull=False, excused="")
    later = walked.filter(place=OuterRef("place")).filter(
        Q(on__gt=OuterRef("on")) | Q(on=OuterRef("on"), pk__gt=OuterRef("pk"))
    )
    last = list(
        walked.filter(~Exists(later), place__active=True)
        .select_related("place__building", "round")
        .order_by("place__path")
    )
    broken: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Result.objects.filter(target__in=[one.pk for one in last], failed=True, line__kind="count")
    for target, name, value in rows.values_list("target", "line__name", "value"):
        broken[target][name] = int(value or 1)
    return [Counted(one, broken[one.pk]) for one in last]


# ---- chairs by class and month ------------------------------------------------------------------------------------


@dataclass
class ClassRow:
    """A class with what it broke in each month."""

    group: ClassGroup
    months: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.months.values())

    def of(self, month: Month) -> int:
        return self.months.get(str(month), 0)


def furniture() -> list[Category]:
    """The kinds of fault that pools stand ready for; chairs where there is no pool."""
    used = Pool.objects.active().exclude(category=None).values("category")
    found = sorted(Category.objects.filter(pk__in=used), key=lambda kind: (kind.name != CHAIR, kind.order, kind.pk))
    return found or list(Category.objects.filter(name=CHAIR, parent__isnull=False)[:1])


def by_class(kind: Category, months: Sequence[Month]) -> list[ClassRow]:
    """Pieces of a kind reported from each class room, month by month; the class with most first."""
    groups = list(ClassGroup.objects.exclude(room=None).select_related("teacher", "room"))
    found = {group.room_id: ClassRow(group) for group in groups}
    rows = (
        Ticket.objects.filter(
            category=kind, place__in=found, reported_at__gte=months[0].start, reported_at__lt=months[-1].end
        )
        .exclude(state__in=NO_FAULT)
        .order_by()
        .annotate(month=TruncMonth("reported_at"))
        .values("place", "month")
        .annotate(pieces=Sum("quantity"))
    )
    for row in rows:
        one = found[row["place"]]
        key = str(Month.of(row["month"]))
        one.months[key] = one.months.get(key, 0) + row["pieces"]
    return sorted(found.values(), key=lambda one: (-one.of(months[-1]), -one.total, one.group.name))


def to_talk(rows: Sequence[ClassRow], month: Month) -> list[ClassRow]:
    """Classes that broke so many in the month that somebody should talk with them about sitting straight."""
    limit = whole("classrooms.talk_pieces")
    return [one for one in rows if limit and one.of(month) >= limit]


def value_words(name: str | None, value: Decimal | None, unit: str | None) -> str:
    """A measured value in words: TDS 42 mg/L."""
    if value is None:
        return ""
    return f"{name} {value.normalize():f} {unit or ''}".strip()
