"""Paper: 派工单 (one, many, by building) and 维修验收单, as they are signed and filed."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import Http404

from campus import profile
from core.pages import Page
from repairs.models import Ticket
from repairs.rules import is_office
from repairs.views.tickets import RELATED, TicketPage


class Slips(Page):
    """/repairs/slips/?pick=BX…&pick=… or ?building=<pk>: one sheet a ticket, page breaks between."""

    permission = ("repairs.manage", "repairs.work")
    template_name = "repairs/slips.html"
    title = "打印派工单"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        params, user = self.request.GET, self.request.user
        rows = Ticket.objects.visible_to(user).select_related(*RELATED).prefetch_related("helpers")
        numbers = [n for n in dict.fromkeys(params.getlist("pick")) if len(n) <= 20][:100]
        building = params.get("building", "")
        if numbers:
            rows = rows.filter(number__in=numbers)
        elif building.isascii() and building.isdigit() and len(building) < 18:
            rows = rows.filter(
                Q(place__building=int(building)) | Q(place=int(building)), state__in=["dispatched", "doing"]
            )
        else:
            return super().get_context(tickets=[], school=profile.current(), buildings=self.buildings(rows), **extra)
        if not is_office(user):
            rows = rows.filter(Q(lead=user) | Q(helpers=user)).distinct()
        tickets = list(rows.order_by("place__path", "priority", "-score")[:200])
        if not tickets:
            raise Http404("没有要打印的派工单。")
        return super().get_context(tickets=tickets, school=profile.current(), buildings=[], **extra)

    def buildings(self, rows: Any) -> list[dict[str, Any]]:
        """Buildings with dispatched work, to print all of one at once."""
        user = self.request.user
        mine = rows if is_office(user) else rows.filter(lead=user)
        waiting = mine.filter(state__in=["dispatched", "doing"]).order_by()
        found = waiting.values("place__building", "place__building__name").annotate(n=Count("pk")).order_by("-n")
        return [row for row in found if row["place__building"]]


class AcceptancePaper(TicketPage):
    """维修验收单: what was done, with which materials, signed by three."""

    template_name = "repairs/acceptance_paper.html"

    def get_title(self) -> str:
        return f"维修验收单 {self.object.number}"

    def get_actions(self) -> Any:
        return ()

    def get_context(self, **extra: Any) -> dict[str, Any]:
        if self.object.state not in ("checking", "done"):
            raise Http404("还没有报完工，没有验收单。")
        return super().get_context(school=profile.current(), **extra)
