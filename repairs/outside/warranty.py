"""Whose warranty still runs: found by place and kind of fault, pointed out when it is reported, offered when it comes back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from campus.duty import above
from repairs.outside.models import JobTicket, OutsideJob

if TYPE_CHECKING:
    from campus.models import Place, User
    from repairs.models import Category, Ticket


def warranty_of(place: Place, category: Category | None) -> OutsideJob | None:
    """The accepted job whose warranty covers this kind of fault at this place, the longest first.

    By a ticket of that place and kind that passed; or by the job's own kind of fault (or its group) at the place or one
    above it.
    """
    if category is None:
        return None
    same = JobTicket.objects.filter(
        job=OuterRef("pk"), verdict="passed", ticket__place=place, ticket__category=category
    )
    own = Q(place__in=above(place), category__in=[key for key in (category.pk, category.parent_id) if key])
    found = OutsideJob.objects.under_warranty().filter(Exists(same) | own, warranty_for=None)
    return found.select_related("party").order_by("-warranty_until", "-pk").first()


@dataclass(frozen=True)
class Covered:
    """A kind of fault (or a group of kinds) at a place for which somebody answers."""

    kind: str
    until: dt.date
    firm: str
    guarded: bool  # no news for whoever walks by


def covered_at(place: Place) -> list[Covered]:
    """What is under warranty at a place, whatever is going to be reported there; each kind once, in one statement.

    The same rule as `warranty_of`, asked before the kind is known.
    """
    here = above(place)
    rows = (
        OutsideJob.objects.under_warranty()
        .filter(Q(tickets__verdict="passed", tickets__ticket__place=place) | Q(place__in=here), warranty_for=None)
        .order_by("-warranty_until", "-pk")
        .values_list(
            "warranty_until", "party__name", "place_id", "category__name", "category__guarded", "tickets__verdict",
            "tickets__ticket__place_id", "tickets__ticket__category__name", "tickets__ticket__category__guarded",
        )
    )  # fmt: skip
    found: dict[str, Covered] = {}
    for until, firm, at, kind, guarded, verdict, ticket_at, ticket_kind, ticket_guarded in rows:
        if at in here and kind:
            found.setdefault(kind, Covered(kind, until, firm or "", bool(guarded)))
        if verdict == "passed" and ticket_at == place.pk:
            found.setdefault(ticket_kind, Covered(ticket_kind, until, firm or "", bool(ticket_guarded)))
    return list(found.values())


INSIDE = "在质保期内"
_NAMED = re.compile(INSIDE + r"（[^（）]*(?:（[^（）]*）[^（）]*)*）")


def words_of(job: OutsideJob) -> str:
    """在质保期内（恒达机电，至 2028-11-15，WX202611-0007）."""
    return f"{INSIDE}（{job.party}，至 {job.warranty_until:%Y-%m-%d}，{job.number}）"


def unnamed(text: str) -> str:
    """The words without firm and job, for whoever reads without an account."""
    return _NAMED.sub(INSIDE, text)


def under_warranty(ticket: Ticket) -> str:
    """The words that a report of the same fault gets while a warranty runs, else nothing."""
    job = warranty_of(ticket.place, ticket.category)
    return f"，{words_of(job)}" if job is not None else ""


def send_back_under_warranty(
    tickets: Iterable[Ticket], *, by: User, job: OutsideJob, promised_on: dt.date, reason: str = "", **more: Any
) -> OutsideJob:
    """质保返修: the tickets go to the same contractor in one step, without quotes and without pay."""
    from django.db import transaction

    from repairs.outside.approving import begin_warranty
    from repairs.outside.asking import send_outside

    with transaction.atomic():
        made = send_outside(
            tickets,
            by=by,
            warranty_for=job,
            promised_on=promised_on,
            reason=reason or f"{job.number} 的质保期内又坏",
            **more,
        )
        return begin_warranty(made, by=by)
