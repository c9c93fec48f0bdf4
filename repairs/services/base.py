"""What every move does beside its own effect: the office's first look, the group's priority, telling people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from campus.models import User
from core import clock, notices
from repairs import priority
from repairs.models import ENDS, Ticket
from repairs.rules import FLOW, is_office

Effect = Callable[[Ticket, dict[str, Any]], None]


def move(ticket: Ticket, step: str, *, by: Any, then: Effect | None = None, **kwargs: Any) -> Ticket:
    """Take one step of the flow; see `core.workflow.Flow.run` for the keywords."""

    def effect(fresh: Ticket, data: dict[str, Any]) -> None:
        if fresh.opened_at is None and is_office(by):
            fresh.opened_at = clock.now()
        if then is not None:
            then(fresh, data)

    with transaction.atomic():
        fresh: Ticket = FLOW.run(ticket, step, by=by, then=effect, **kwargs)
        ended_before = FLOW[step].sources[0] in ENDS  # not read from `ticket`, which may be older than the row
        if (fresh.state in ENDS) != ended_before:  # one fewer or one more of its kind in the building
            _refresh_group(fresh)
    return fresh


def written(words: str, refusal: str) -> Callable[[Ticket], str | None]:
    """A check for `move`: the words that the step asks for are there."""
    return lambda ticket: None if words.strip() else refusal


def _refresh_group(ticket: Ticket) -> None:
    priority.refresh([ticket])


def reweigh(ticket: Ticket) -> Ticket:
    """Suggest the priority anew for the ticket and its kind; returns it as stored."""
    priority.refresh([ticket])
    return Ticket.objects.select_related("place", "category", "lead", "reporter").get(pk=ticket.pk)


def tell(people: Iterable[User | None], ticket: Ticket, text: str, *, but: Any = None, urgent: bool = False) -> None:
    """A line in the inbox of each of `people` who is active and did not do it himself."""
    users = {p.pk: p for p in people if p is not None and p.is_active and p.pk != getattr(but, "pk", None)}
    if users:
        notices.tell(
            users.values(), f"{text}：{ticket.where}，{ticket.fault}"[:300], ticket.get_absolute_url(), urgent=urgent
        )


def office_users() -> list[User]:
    return list(User.objects.with_role("clerk", "director"))


def touched_users(ticket: Ticket) -> list[User]:
    """Reporter and followers with an account."""
    followers = [f.user for f in ticket.followers.select_related("user") if f.user]
    return [u for u in [ticket.reporter, *followers] if u is not None]


def day(date: Any) -> str:
    return f"{date.month}月{date.day}日"
