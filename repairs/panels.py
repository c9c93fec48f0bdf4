"""What repairs adds to other apps' pages: open tickets of a place, of a card, of a person, and on the home page."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.urls import reverse

from assets.depreciation import at
from core import clock
from core.money import cents, plain
from core.pages import Action
from core.panels import Panel, PanelRow
from core.plan import Month
from core.rights import can, scopes
from repairs.listings import due_words
from repairs.models import Material, Ticket

ROWS = ("place", "category", "hold_reason", "reporter")


def _row(ticket: Ticket) -> PanelRow:
    late, rest = due_words(ticket)
    if rest and ticket.is_open and ticket.due_at and ticket.state not in ("asked", "held", "checking"):
        rest += " 前修好"  # a bare time beside a number says nothing
    return PanelRow(
        f"{ticket.where}：{ticket.fault}", ticket.get_absolute_url(), note=f"{ticket.number} {late or rest}".strip(),
        value=ticket.word, state=ticket.css_state, late=bool(late),
    )  # fmt: skip


def of_place(user: Any, place: Any) -> Panel | None:
    """Open tickets of a place, and the way to file another."""
    rows = Ticket.objects.visible_to(user).open().filter(place=place).select_related(*ROWS).order_by("-pk")[:10]
    actions = []
    if can(user, "repairs.report"):
        actions.append(Action("在这里报修", reverse("repairs:new") + f"?at={place.token}", "plus", "primary"))
    return Panel("这里的报修", [_row(t) for t in rows], actions, empty="现在没有未完成的报修。", key="tickets")


def of_card(user: Any, card: Any) -> Panel | None:
    """A card's repairs, with what they cost in materials."""
    rows = [
        _row(t) for t in Ticket.objects.visible_to(user).filter(asset=card).select_related(*ROWS).order_by("-pk")[:10]
    ]
    if rows and can(user, "assets.view"):
        rows.append(_cost_of(card))
    return Panel("维修记录", rows, empty="还没有修过。", key="tickets") if rows or can(user, "assets.view") else None


def _cost_of(card: Any) -> PanelRow:
    """What its repairs took in materials, held against what it is still worth."""
    found = Material.objects.filter(ticket__asset=card).aggregate(sum=Sum("move__value"))["sum"]
    spent, net = cents(-(found or 0)), at(card, Month.current()).net
    note = f"净值 ¥{plain(net)}" + ("，修理已超过净值，再坏请先考虑更换" if spent > net else "")
    return PanelRow("维修材料合计", value=f"¥{plain(spent)}", note=note)


def of_person(user: Any, person: Any) -> Panel | None:
    """What a repairer has in hand: somebody must take it before he leaves."""
    rows = Ticket.objects.open().filter(lead=person).select_related(*ROWS).order_by("-pk")[:10]
    if not rows:
        return None
    return Panel("手上的报修", [_row(t) for t in rows], key="tickets")


def to_answer(user: Any, obj: Any = None) -> Panel | None:
    """Home: what waits for me to accept or to answer."""
    mine = Ticket.objects.filter(reporter=user) | Ticket.objects.filter(place__custodian=user)
    rows = [
        t for t in mine.filter(state__in=["checking", "asked"]).distinct().select_related(*ROWS).order_by("finished_at")[:20]
        if t.state == "checking" or t.reporter_id == user.pk
    ]  # fmt: skip
    if not rows:
        return None
    return Panel("等您处理", rows, template="repairs/panel_answer.html", key="answer")


def mine(user: Any, obj: Any = None) -> Panel | None:
    """Home: my latest reports."""
    if not can(user, "repairs.report"):
        return None
    rows = Ticket.objects.filter(reporter=user).exclude(state="checking").select_related(*ROWS).order_by("-pk")[:5]
    return Panel(
        "我的报修",
        [_row(t) for t in rows],
        more=("全部", reverse("repairs:mine")),
        empty="没有别的报修在处理。哪里坏了，拍张照，半分钟报完。",
    )


def area(user: Any, obj: Any = None) -> Panel | None:
    """Home of wardens and stewards: open tickets of their area."""
    uses = scopes(user, "repairs.view_in")
    if not uses:
        return None
    rows = Ticket.objects.open().filter(place__use__in=uses).select_related(*ROWS).order_by("priority", "-score")[:8]
    return Panel(
        "我这片的报修",
        [_row(t) for t in rows],
        empty="现在没有未完成的报修。",
        more=("全部", reverse("repairs:list") + "?open=1"),
    )


def money(user: Any, obj: Any = None) -> Panel | None:
    """Home of finance: this month's two sheets."""
    if not can(user, "finance.view_sheets") or can(user, "repairs.manage"):
        return None
    month = Month.of(clock.today())
    rows = [
        PanelRow(
            "维修费用明细", f"{reverse('finance:repairs')}?month={month}", note=f"{month.words}，每张单的材料和工时"
        ),
        PanelRow("维修费用汇总", f"{reverse('finance:summary')}?month={month}", note=f"{month.words}，按楼和类别"),
    ]
    return Panel("本月财务表", rows, key="money")
