"""What recurring work gives to the monthly plan: what comes due in the month, and what is overdue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, fresh
from inspections.models import Upkeep

TITLE = 190
NAMED = 5
WORDS = {"late": "超期的定期维护", "due": "本月到期的定期维护"}


def _keyed(rows: QuerySet[Upkeep]) -> QuerySet[Upkeep]:
    """By its date: each time it comes due is a task of its own."""
    return rows.annotate(plan_key=Cast("pk", CharField()))


def _show(upkeep: Any) -> Record:
    today = clock.today()
    under_way = upkeep.ticket_id is not None
    waits = upkeep.active and not under_way and upkeep.due_on <= Month.current().last
    state = "已派单" if under_way else "超期" if waits and upkeep.due_on < today else "到期" if waits else "已安排"
    return Record(
        key=upkeep.plan_key, title=str(upkeep), url=upkeep.get_absolute_url(),
        where=f"{upkeep.due_on.month}月{upkeep.due_on.day}日到期", state=state, css="new" if waits else "done",
        owner=upkeep.owner.name if upkeep.owner else "", opened=upkeep.makes_on, closed=not waits,
    )  # fmt: skip


KINDS = {
    "upkeep": Kind(
        label="定期维护", key="plan_key",
        open=lambda: _keyed(Upkeep.objects.active().filter(ticket=None, due_on__lte=Month.current().last)),
        records=lambda user: _keyed(Upkeep.objects.visible_to(user).select_related("place", "card", "owner")), show=_show,
    )
}  # fmt: skip


def _rows(month: Month, without: Without | None) -> QuerySet[Upkeep]:
    """Due until the end of the month, without a ticket: with one, the ticket stands on the plan."""
    if month > Month.current():
        found = _keyed(Upkeep.objects.active().filter(ticket=None, due_on__lte=month.last))
        return found if without is None else found.exclude(plan_key__in=without("upkeep"))
    return fresh("upkeep", KINDS["upkeep"], without).filter(due_on__lte=month.last)


def _bucket(upkeep: Upkeep) -> str:
    return "late" if upkeep.due_on < clock.today() else "due"


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """Two lines at most, from one statement."""
    rows = list(_rows(month, without).select_related("place", "card").order_by("due_on", "pk"))
    found = []
    for rank, (key, words) in enumerate(WORDS.items()):
        own = [one for one in rows if _bucket(one) == key]
        if not own:
            continue
        names = Counter(one.title for one in own).most_common()
        more = "等" if len(names) > NAMED else ""
        title = "、".join(f"{name} {count} 处" if count > 1 else name for name, count in names[:NAMED]) + more
        late = (clock.today() - own[0].due_on).days
        found.append(
            SourceLine(
                key=key, section="routine-repairs", title=f"{words} {len(own)} 项：{title}"[:TITLE], count=len(own),
                quantity=len(own), oldest=own[0].makes_on, due=own[0].due_on, owner="后勤处",
                reason=f"最早的超期 {late} 天，还没派单" if key == "late" else "到期前自动派单",
                url=reverse("inspections:upkeeps") + "?state=due" * (key == "late"), rank=(5 + rank,),
            )
        )  # fmt: skip
    return found


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The work behind a line."""
    return all_members(month, [key], without)[key]


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The work behind each of the lines, in one statement."""
    found: dict[str, Members] = {key: [] for key in keys}
    if set(found) & set(WORDS):
        for one in _rows(month, without).order_by("due_on", "pk"):
            if _bucket(one) in found:
                found[_bucket(one)].append(("upkeep", one.plan_key, one.makes_on))
    return found
