"""/jobs/: a repairer's day: what comes first, then building by building, then what is held."""

from __future__ import annotations

from typing import Any

from core import clock
from core.pages import Page
from repairs.dispatching import rule_for
from repairs.listings import LEVELS, due_words, parts_arrived
from repairs.models import DispatchRule, Ticket


class Jobs(Page):
    """My jobs by urgency and place."""

    permission = "repairs.work"
    template_name = "repairs/jobs.html"

    def get_title(self) -> str:
        return "我的活"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        user = self.request.user
        rows = (
            Ticket.objects.filter(state__in=["dispatched", "doing", "held"])
            .filter(lead=user)
            .select_related("place__building", "category", "hold_reason", "lead", "reporter")
            .prefetch_related("helpers")
            .order_by("priority", "-score", "due_at")
        )
        tickets = list(rows[:300])
        helping = list(
            Ticket.objects.filter(helpers=user, state__in=["dispatched", "doing"])
            .select_related("place__building", "category", "lead", "reporter")
            .order_by("priority", "-score")[:50]
        )
        arrived = set(parts_arrived(Ticket.objects.filter(lead=user)).values_list("pk", flat=True))
        today = clock.today()
        first, by_building, held, later = [], {}, [], []
        for ticket in tickets:
            ticket.css_level, ticket.time_words = LEVELS[ticket.priority], due_words(ticket)
            ticket.parts_here = ticket.pk in arrived
            if ticket.state == "held":
                due = (ticket.hold_until and ticket.hold_until <= today) or ticket.parts_here
                (held if due else later).append(ticket)
            elif ticket.hazard or ticket.priority == 1 or ticket.is_late:
                first.append(ticket)
            else:
                by_building.setdefault(ticket.place.building or ticket.place, []).append(ticket)
        takeable = []
        if not tickets or len(tickets) < 100:
            waiting = (
                Ticket.objects.filter(state="accepted")
                .select_related("place", "category")
                .order_by("priority", "-score")[:30]
            )
            takeable = [t for t in waiting if self.may_take(t)]
        for ticket in (*helping, *takeable):
            ticket.css_level, ticket.time_words = LEVELS[ticket.priority], due_words(ticket)
        return super().get_context(
            count=len(tickets), first=first, groups=list(by_building.items()), held=held, later=later, helping=helping,
            takeable=takeable, **extra,
        )  # fmt: skip

    def may_take(self, ticket: Ticket) -> bool:
        rule = rule_for(ticket) if self.rules_exist else None
        return (
            rule is not None
            and rule.mode == "take"
            and (not rule.people.all() or self.request.user in rule.people.all())
        )

    @property
    def rules_exist(self) -> bool:
        if not hasattr(self, "_rules"):
            self._rules = DispatchRule.objects.filter(active=True, mode="take").exists()
        return self._rules
