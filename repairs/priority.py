"""Suggested priority of a ticket with the words that say why ("夏季风扇 · 14 处 · 影响 112 人").

The category sets the level to start from. A hazard is 特急. Everything else collects points; each full step of points
raises the level by one, up to 紧急: 特急 is for danger and for kinds that are 特急 by nature. Weights and steps are
`campus.Figure` rows (repairs.weight_*), so a school can change them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Count, Q

from campus.figures import figure
from campus.places import people_touched
from core import clock
from repairs.models import OPEN, Ticket

if TYPE_CHECKING:
    import datetime as dt


@dataclass(frozen=True)
class Facts:
    """What the suggestion looks at; `places` and `people` speak of the same kind in the same building, all open."""

    floor: int  # the category's level, 1 特急 .. 4 计划
    hazard: bool = False
    protected: bool = False
    season_word: str = ""  # set when the month is in season
    out_of_season: bool = False  # has a season, and it is over or not come yet
    places: int = 1
    people: int = 0
    reports: int = 1  # reporter and followers
    late_days: int = 0  # 1 on the day of the deadline itself
    late_today: bool = False
    chased: int = 0
    reworked: int = 0


@dataclass(frozen=True)
class Suggestion:
    """A level (1-4), a score for the order (higher first), and the reasons in words."""

    level: int
    score: int
    words: str


def months(season: str) -> set[int]:
    """`5-9` -> {5..9}; `6-9,12-2` runs over the new year."""
    found: set[int] = set()
    for part in filter(None, season.replace("，", ",").split(",")):
        first, _, last = part.partition("-")
        month, end = int(first), int(last or first)
        found.add(month)
        while month != end:
            month = month % 12 + 1
            found.add(month)
    return found


def suggest(facts: Facts) -> Suggestion:
    """Weigh the facts; the ten worked tickets in the tests show what comes out."""
    points, words = 0, []
    if facts.hazard:
        words.append("安全隐患")
        words.append("已围挡" if facts.protected else "还没有围挡")
    if facts.season_word:
        points += int(figure("repairs.weight_season"))
        words.append(facts.season_word)
    if facts.places > 1:
        points += min(3, round(math.log2(facts.places)))
        words.append(f"{facts.places} 处")
    if facts.people:
        points += min(4, int(facts.people // int(figure("repairs.weight_people_step"))))
        words.append(f"影响 {facts.people:,} 人")
    if facts.reports > 1:
        points += min(3, facts.reports - 1) * int(figure("repairs.weight_report"))
        words.append(f"{facts.reports} 人报修")
    if facts.chased:
        points += min(2, facts.chased)
        words.append(f"已催办 {facts.chased} 次")
    if facts.reworked:
        points += facts.reworked
        words.append(f"返修 {facts.reworked} 次")
    if facts.late_days:
        points += min(3, facts.late_days) * int(figure("repairs.weight_late"))
        words.append("超期不到 1 天" if facts.late_today else f"超期 {facts.late_days} 天")
    if facts.out_of_season:  # however many there are, they can wait for their season: the kind's own level stands
        points = 0
        words.insert(0, "不在旺季")
    if facts.hazard or facts.floor == 1:
        level = 1
    else:
        level = max(2, facts.floor - points // int(figure("repairs.weight_step")))
    score = (5 - level) * 1000 + (500 if facts.hazard else 0) + (50 if facts.hazard and not facts.protected else 0)
    return Suggestion(level, score + min(points, 49) * 10, " · ".join(words))


def refresh(tickets: Iterable[Ticket]) -> None:
    """Compute level, score and words of open tickets anew, with those of the same kind in their buildings.

    Two tickets of one kind in one building weigh on each other, so the whole group is written; six statements,
    however many tickets. A ticket that is not stored yet is weighed among them and left to its caller to store. A row that somebody else is just changing is left as it is, until the next change or the
    next day: waiting for it, with one's own ticket locked, could be waiting for each other.
    """
    tickets = list(tickets)
    groups = {(t.place.building_id or t.place_id, t.category_id) for t in tickets}
    if not groups:
        return
    today = clock.today()
    buildings = {building for building, _ in groups}
    members = list(
        Ticket.objects.open()
        .filter(Q(place__building__in=buildings) | Q(place__in=buildings), category__in={kind for _, kind in groups})
        .select_related("place", "category")
        .annotate(followed=Count("followers"))
        .order_by("pk")
    )
    members = [t for t in members if (t.place.building_id or t.place_id, t.category_id) in groups]
    members += [t for t in tickets if t.pk is None]
    together: dict[tuple[int, int], list[Ticket]] = {}
    for t in members:
        together.setdefault((t.place.building_id or t.place_id, t.category_id), []).append(t)
    touched = people_touched({key: [t.place for t in group] for key, group in together.items()})
    changed = []
    for t in members:
        key = (t.place.building_id or t.place_id, t.category_id)
        places, people = sum(one.quantity for one in together[key]), touched[key]
        it = suggest(facts_of(t, today, places=places, people=people, reports=1 + getattr(t, "followed", 0)))
        level = t.priority if t.priority_fixed else it.level
        score = it.score if not t.priority_fixed else (5 - level) * 1000 + it.score % 1000
        if (t.priority, t.score, t.priority_words) != (level, score, it.words[:120]):
            t.priority, t.score, t.priority_words = level, score, it.words[:120]
            if t.pk is not None:
                changed.append(t)
    if changed:
        with transaction.atomic():
            if connection.features.has_select_for_update_skip_locked:  # SQLite has one writer anyway
                rows = Ticket.objects.select_for_update(of=("self",), skip_locked=True)
                free = set(rows.filter(pk__in=[t.pk for t in changed]).values_list("pk", flat=True))
                changed = [t for t in changed if t.pk in free]
            Ticket.objects.bulk_update(changed, ["priority", "score", "priority_words"], batch_size=200)
    weighed = {t.pk: t for t in changed}
    for ticket in tickets:  # the caller's own object tells the same
        if (fresh := weighed.get(ticket.pk)) is not None:
            ticket.priority, ticket.score, ticket.priority_words = fresh.priority, fresh.score, fresh.priority_words


def facts_of(ticket: Ticket, today: dt.date, *, places: int, people: int, reports: int) -> Facts:
    """The facts of one ticket; group figures come from the caller."""
    kind = ticket.category
    in_season = bool(kind.season) and today.month in months(kind.season)
    late = max(1, ticket.late_days) if ticket.is_late else 0
    return Facts(
        floor=kind.priority, hazard=ticket.hazard, protected=bool(ticket.protection),
        season_word=(kind.season_word or f"{kind.name}旺季") if in_season else "",
        out_of_season=bool(kind.season) and not in_season and not late and kind.priority > 2, places=places, people=people,
        reports=reports, late_days=late, late_today=bool(late) and not ticket.late_days, chased=ticket.chase_count, reworked=ticket.rework_count,
    )  # fmt: skip


def refresh_all() -> int:
    """Every open ticket anew, for age and season (daily); returns how many are open."""
    tickets = list(Ticket.objects.filter(state__in=OPEN).select_related("place"))
    refresh(tickets)
    return len(tickets)
