"""The page of an area: the tickets of its places, open ones first, and how many there are in each building."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from core import clock
from core.pages import Action, ListPage
from repairs.listings import TicketList
from repairs.models import DANGER, Ticket

MOST = 12  # buildings in the head; a school with more filters by the box


class AreaPage(ListPage):
    """Subclass and declare: title, permission, the uses of its places."""

    uses: ClassVar[tuple[str, ...]] = ()
    listing = TicketList
    template_name = "areas/home.html"
    tabs = (("未完成", ""), ("隐患", "hazard=1"), ("超期", "late=1"), ("待验收", "state=checking"), ("全部", "all=1"))

    def get_queryset(self) -> QuerySet[Ticket]:
        """Open ones, unless the address asks for a state or for all."""
        found = self.whole()
        asked = self.request.GET
        return found if asked.get("all") or asked.get("state") or asked.get("q") else found.open()

    def whole(self) -> QuerySet[Ticket]:
        return Ticket.objects.visible_to(self.request.user).filter(place__use__in=self.uses)

    def get_actions(self) -> list[Action]:
        return [Action("报修", reverse("repairs:new"), icon="plus", style="primary")]

    def buildings(self) -> list[dict[str, Any]]:
        """Open tickets for each building, in one statement; each figure leads to its records."""
        late = Q(
            state__in=("new", "accepted", "dispatched", "doing", "held"), due_at__lt=clock.now(), clock_stopped_at=None
        )
        rows = (
            self.whole()
            .open()
            .order_by()
            .values(
                spot=Coalesce("place__building", "place"),
                name=Coalesce("place__building__full_name", "place__full_name"),
            )
            .annotate(count=Count("pk"), hazards=Count("pk", filter=DANGER), late=Count("pk", filter=late))
            .order_by("-hazards", "-count", "name")[:MOST]
        )
        found = []
        for row in rows:
            words = [f"{row['hazards']} 处隐患"] * bool(row["hazards"]) + [f"{row['late']} 张超期"] * bool(row["late"])
            found.append({
                "label": row["name"], "value": row["count"], "unit": "张未完成", "more": "，".join(words) or "没有超期",
                "danger": bool(row["hazards"]), "url": f"?building={row['spot']}",
            })  # fmt: skip
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(figures=self.buildings(), **extra)
