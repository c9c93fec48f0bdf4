"""What the stores add to the home page of those who keep them: what runs low, what is asked for."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from core.pages import Action
from core.panels import Panel, PanelRow
from core.rights import can
from core.templatetags.houqin import qty
from stores.models import Item, PurchaseRequest


def low(user: Any, obj: Any = None) -> Panel | None:
    """Items below their minimum."""
    if not can(user, "stores.manage"):
        return None
    rows = [
        PanelRow(
            str(item),
            item.get_absolute_url(),
            note=f"最低 {qty(item.minimum)} {item.unit}",
            value=f"剩 {qty(item.stock)}",
            late=True,
        )
        for item in Item.objects.low()[:8]
    ]
    actions = [Action("入库", reverse("stores:receive"), "plus", "primary"), Action("领用", reverse("stores:issue"))]
    return Panel("要补货", rows, actions, empty="都够用。", more=("全部物品", reverse("stores:items")), key="low")


def purchases(user: Any, obj: Any = None) -> Panel | None:
    """Purchase requests without an answer."""
    if not can(user, "stores.answer_purchase"):
        return None
    rows = [
        PanelRow(
            f"{one.what} {qty(one.quantity)} {one.unit}".strip(),
            one.get_absolute_url(),
            note=f"{one.number} · {one.by.name}：{one.why}",
        )
        for one in PurchaseRequest.objects.open().select_related("by").order_by("pk")[:8]
    ]
    return Panel(
        "待办申购", rows, empty="没有等答复的申购。", more=("全部", reverse("stores:purchases")), key="purchases"
    )
