"""Who is who on an outside job: who took part already, who may act for whom, who counts as the user's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from campus.duty import acts_for
from campus.models import Place, User
from core import clock
from core.rights import can, roles, scopes
from finance.rules import same_person
from repairs.outside.models import PEOPLE, STOOD_IN

if TYPE_CHECKING:
    from repairs.outside.models import OutsideJob

ACTS = {
    "ordered_by": "经办", "acceptor_1": "验收", "acceptor_2": "验收", "checked_by": "核价", "approved_by": "审批",
}  # fmt: skip
DECIDERS = ("director", "viceprincipal", "principal")


def took_part(job: OutsideJob) -> Iterator[tuple[str, User]]:
    """(act, person) of everything that was done on the job so far, earlier rounds and extra work too.

    What a delegate did, whom he stood in for has done as well.
    """
    for field, act in (ACTS | {one: ACTS[step] for one, step in STOOD_IN.items()}).items():
        if one := getattr(job, field):
            yield act, one
    for variation in job.variations.select_related("by"):
        yield "经办", variation.by
    for sign in job.signs.select_related("user"):
        yield "验收", sign.user


def conflict(job: OutsideJob, by: Any, act: str) -> str | None:
    """Why `by` cannot take the step of `act` (one of ACTS): he took another one already."""
    for done, person in took_part(job):
        if done != act and same_person(by, person):
            same = "" if by.pk == person.pk else f"（与{person.name}是同一人）"
            if not same and person.pk in [getattr(job, f"{field}_id") for field in STOOD_IN]:
                same = "（由他人代）"
            return f"您已经{done}了这张单{same}，不能再{act}；请换一个人。"
    return None


def authority(
    job: OutsideJob, by: Any, act: str, holds: Callable[[Any], bool], refusal: str
) -> tuple[str | None, User | None]:
    """(reason, acting for): `by` himself if he `holds` the right, else as delegate of somebody who does.

    Neither the delegate nor whom he stands in for may have taken another step: nobody acts for somebody on his own paper.
    """
    if by is None:
        return None, None
    if not getattr(by, "is_active", False) or by.pk is None:
        return refusal, None
    if act and (reason := conflict(job, by, act)):
        return reason, None
    if holds(by):
        return None, None
    for absent in acts_for(by, clock.today()):
        if not absent.is_active or not holds(absent):
            continue
        if act and conflict(job, absent, act):
            refusal = f"您代理的{absent.name}已参与这张单的其他环节，不能由您代为{act}；请换一个人。"
            continue
        return None, absent
    return refusal, None


def is_decider(user: Any) -> bool:
    """The director; in a school without one the vice-principal, else the principal."""
    for role in DECIDERS:
        if role in roles(user):
            return True
        if User.objects.with_role(role).exists():
            return False
    return False


def is_principal(user: Any) -> bool:
    return "principal" in roles(user)


def tickets_of(job: OutsideJob) -> list[Any]:
    """The tickets on the job with what the acceptance asks of them."""
    return [row.ticket for row in job.tickets.select_related("ticket__place", "ticket__reporter", "ticket__category")]


def user_side(job: OutsideJob, user: Any) -> bool:
    """Reporter of a ticket, custodian of the place or of a room in it, or steward or warden of the area."""
    if user is None or user.pk is None or not user.is_active:
        return False
    tickets = tickets_of(job)
    places = [job.place, *(ticket.place for ticket in tickets)]
    if any(ticket.reporter_id == user.pk for ticket in tickets):
        return True
    if any(place.custodian_id == user.pk for place in places):
        return True
    if set(scopes(user, "repairs.view_in")) & {place.use for place in places if place.use}:
        return True
    return Place.objects.active().within(job.place).filter(custodian=user).exists()


def anybody_on_user_side(job: OutsideJob) -> bool:
    """Is there anyone in use who could accept for the users, besides who ordered or approved it?"""
    barred = [person.pk for act, person in took_part(job) if act != "验收"]
    tickets = tickets_of(job)
    places = [job.place, *(ticket.place for ticket in tickets)]
    keys = {ticket.reporter_id for ticket in tickets} | {place.custodian_id for place in places}
    keys |= set(Place.objects.active().within(job.place).exclude(custodian=None).values_list("custodian", flat=True))
    if User.objects.filter(pk__in=keys - {None}, is_active=True).exclude(pk__in=barred).exists():
        return True
    uses = {place.use for place in places if place.use}
    wardens = User.objects.with_role("warden", "steward").exclude(pk__in=barred)
    return any(set(scopes(user, "repairs.view_in")) & uses for user in wardens)


def sees_money(user: Any) -> bool:
    """Prices are for the office and for money people, not for every reporter."""
    return can(user, "repairs.outside") or can(user, "finance.view")


assert set(ACTS) == set(PEOPLE)  # noqa: S101  (the constraint and the rule name the same five)
