"""Whose warranty still runs: found by place and kind of fault, pointed out when it is reported, offered when it comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
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


def words_of(job: OutsideJob) -> str:
    """在质保期内（恒达机电，至 2028-11-15，WX202611-0007）."""
    return f"在质保期内（{job.party}，至 {job.warranty_until:%Y-%m-%d}，{job.number}）"


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
