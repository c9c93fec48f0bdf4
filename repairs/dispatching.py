"""Dispatch rules: what happens to a fresh ticket by category and building; nothing, unless the school switched one on."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from campus.models import Duty, User
from core.workflow import SYSTEM
from repairs.models import DispatchRule, Ticket


def rule_for(ticket: Ticket) -> DispatchRule | None:
    """The most particular active rule: kind before group before all, building before the whole school."""
    kinds = {ticket.category_id: 2, ticket.category.parent_id: 1, None: 0}
    building = ticket.place.building_id or ticket.place_id
    rules = DispatchRule.objects.filter(
        Q(category__in=[k for k in kinds if k]) | Q(category=None), Q(building=building) | Q(building=None), active=True
    ).prefetch_related("people")
    return max(rules, key=lambda r: (kinds[r.category_id], r.building_id is not None, -r.pk), default=None)


def proposed(ticket: Ticket) -> list[User]:
    """Who might do it: by rule, else who has the topic's duty, else whose trade it is; never more than a few."""
    rule = rule_for(ticket)
    if rule and (people := [p for p in rule.people.all() if p.is_active]):
        return people
    topic = ticket.category.topic
    workers = User.objects.with_role("repairer")
    duty = {d.person_id for d in Duty.objects.filter(topic=topic)} if topic else set()
    ranked = sorted(workers, key=lambda u: (u.pk not in duty, not (topic and topic in u.trade), u.sort_name))
    return list(ranked)


def apply(ticket: Ticket) -> Ticket | None:
    """Assign or rotate by rule and return the ticket as it is then; proposing and taking wait for people: None."""
    from repairs.services.base import move, tell  # the services file tickets, and filing applies the rules

    rule = rule_for(ticket)
    if rule is None or rule.mode not in ("assign", "rotate"):
        return None
    people = sorted((p for p in rule.people.all() if p.is_active), key=lambda person: person.pk)
    if not people:
        return None
    lead = people[0]
    if rule.mode == "rotate":
        ids = [p.pk for p in people]
        last = ids.index(rule.last_id) if rule.last_id in ids else -1
        lead = people[(last + 1) % len(people)]
        DispatchRule.objects.filter(pk=rule.pk).update(last=lead)
    from repairs.services import office

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        office.assign(t, lead, None)

    fresh = move(ticket, "auto_accept", by=SYSTEM, then=office.take_in, text="按派工规则受理")
    fresh = move(fresh, "auto_dispatch", by=SYSTEM, then=effect, text=f"按派工规则派给{lead.name}")
    tell([lead], fresh, "派给您的活", urgent=fresh.priority == 1)
    return fresh
