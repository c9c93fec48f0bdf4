"""What the ledger adds to the home page of its keeper: broken things, scrap proposals."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from assets.models import Holding, ScrapProposal
from core.panels import Panel, PanelRow
from core.rights import can


def scraps(user: Any, obj: Any = None) -> Panel | None:
    """Scrap proposals without an answer."""
    if not can(user, "assets.answer_scrap") or can(user, "repairs.manage"):
        return None
    rows = [
        PanelRow(
            f"{one.what} {one.quantity} 件", one.get_absolute_url(), note=f"{one.number} · {one.by.name}：{one.why}"
        )
        for one in ScrapProposal.objects.open().select_related("by").order_by("pk")[:8]
    ]
    return Panel("待办报废建议", rows, empty="没有等答复的。", more=("全部", reverse("assets:scraps")), key="scraps")


def broken(user: Any, obj: Any = None) -> Panel | None:
    """What stands on the books as 待修."""
    if not can(user, "assets.manage"):
        return None
    rows = [
        PanelRow(
            h.card.name,
            h.card.get_absolute_url(),
            note=f"{h.place} · {h.card.number}",
            value=f"{h.quantity} {h.card.unit}",
        )
        for h in Holding.objects.broken().select_related("card", "place").order_by("-pk")[:8]
    ]
    return Panel("待修的资产", rows, empty="没有待修的。", more=("资产", reverse("assets:list")), key="broken")
