"""What the area adds to other pages: 换一把 on a ticket, pools that run low on the home page."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.urls import reverse

from campus import cache
from classrooms import rules
from classrooms.forms import SwapForm
from classrooms.models import Pool
from core.panels import Panel, PanelRow
from core.rights import can
from repairs.models import Ticket

SHOWN = 5
CHANGES = ("new", "asked", "accepted")  # the office has not sent anybody yet


def words_of(ticket: Ticket) -> str:
    """What became of a ticket whose piece was just swapped: who must do what next."""
    if ticket.state == "checking":
        return "已换好，台账已更新，这张单已按“更换”报完工，等报修人验收。"
    if ticket.state in CHANGES:
        return "已换好，台账已更新。这张单还没有派工，派工后按“更换”报完工。"
    if ticket.state == "held":
        return "已换好，台账已更新。这张单还在挂起，恢复后按“更换”报完工。"
    return f"已换好，台账已更新。请{ticket.lead or '负责人'}按“更换”报完工。"


def pooled() -> frozenset[int]:
    """The kinds of fault for which there is a pool: most tickets need not ask for one."""
    return cache.cached("pooled kinds", lambda: frozenset(Pool.objects.active().values_list("category", flat=True)))


def of_ticket(user: Any, ticket: Ticket) -> Panel | None:
    """换一把: for a ticket whose kind of fault has a pool; what was swapped already stands there too."""
    if not can(user, "classrooms.swap") or ticket.category_id not in pooled():
        return None
    pools = list(Pool.objects.offered_to(ticket)[:SHOWN])
    if not pools:
        return None
    done = pools[0].done
    if rules.swaps_for(ticket):
        return Panel("周转换用", [PanelRow(f"已经换了 {done} 处。")], key="swap") if done else None
    offers = []
    for pool in pools:
        count = min(ticket.quantity - done, pool.level, pool.there)
        offers.append({
            "pool": pool, "there": pool.there, "count": count, "form": SwapForm(initial={"quantity": max(1, count)}),
            "url": reverse("classrooms:swap", args=[pool.pk, ticket.number]),
        })  # fmt: skip
    fitting = [offer for offer in offers if offer["there"]] or offers[:1]
    extra = {
        "offers": fitting,
        "done": done,
        "left": max(0, ticket.quantity - done),
        "note": words_of(ticket) if done else "",
    }
    return Panel("周转换用", template="classrooms/panel_swap.html", key="swap", extra=extra)


def level(user: Any, obj: Any = None) -> Panel | None:
    """Home: pools with fewer sound pieces than they should have."""
    if not can(user, "classrooms.repair_batches"):
        return None
    rows = [
        PanelRow(
            f"{pool.name}：完好 {pool.level} 件，应备 {pool.target} 件", pool.get_absolute_url(),
            note=f"维修间有 {pool.broken} 件待修，可以开一批集中维修" if pool.broken else "维修间没有待修的，请申购新的",
            value=f"少 {pool.target - pool.level} 件", late=True,
        )
        for pool in Pool.objects.below().order_by(F("level") - F("target"), "name")[:SHOWN]
    ]  # fmt: skip
    return Panel("周转库不够", rows, more=("全部", reverse("classrooms:pools")), key="pools") if rows else None
