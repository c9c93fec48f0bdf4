"""Rules of the stores: guards that answer with a reason in Chinese or None, and the flow of a purchase request."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core import clock
from core.rights import can
from core.workflow import Flow, Step
from stores.models import Item, Move, PurchaseRequest, Warehouse

CENT = Decimal("0.01")


def cents(number: Decimal | float | str) -> Decimal:
    """`number` with two decimals, halves up, as money and quantities are kept."""
    return Decimal(number).quantize(CENT, ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """A quantity as people write it: 5, 2.5."""
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def positive(quantity: Decimal) -> str | None:
    """A move moves something."""
    return None if quantity > 0 else "数量要大于 0，请改正。"


def dated(on: dt.date) -> str | None:
    """The chain of this month is open; what lies before is reported already, what lies ahead has not happened."""
    today = clock.today()
    if on > today:
        return f"{on:%Y-%m-%d} 还没有到，请填今天或本月更早的日期。"
    if (on.year, on.month) != (today.year, today.month):
        return f"{on:%Y-%m-%d} 不在本月，以前月份的账已经上报。请填本月的日期，并在原因里写明。"
    return None


def in_use(item: Item) -> str | None:
    """Nothing new comes into stock of what is no longer kept; the rest may still go out."""
    return None if item.active else f"{item}已停用，不再入库。需要时请先在物品资料里恢复使用。"


def enough(item: Item, warehouse: Warehouse, balance: Decimal, quantity: Decimal) -> str | None:
    """Stock never goes below zero."""
    if quantity <= balance:
        return None
    if balance == 0:
        return f"{warehouse}里{item}已经没有了，领不出 {plain(quantity)} {item.unit}。请先入库，或提交申购。"
    return (
        f"{warehouse}里{item}只剩 {plain(balance)} {item.unit}，领不出 {plain(quantity)} {item.unit}。"
        "请减少数量，或先入库、提交申购。"
    )


def returnable(move: Move, returned: Decimal, quantity: Decimal) -> str | None:
    """Only what was issued, and has not come back, comes back. `returned`: what came back before."""
    if move.kind != "issue":
        return f"{move.number} 是{move.get_kind_display()}，不是领用，不能退库。"
    if getattr(move, "reversed_by", None) is not None:
        return f"{move.number} 已经冲正，没有东西可退。"
    left = -move.quantity - returned
    if left <= 0:
        return f"{move.number} 领出的 {plain(-move.quantity)} {move.item.unit}已经全部退库。"
    if quantity > left:
        return (
            f"{move.number} 领出 {plain(-move.quantity)} {move.item.unit}，最多还能退 {plain(left)} {move.item.unit}，"
            f"退不了 {plain(quantity)} {move.item.unit}。请减少数量。"
        )
    return None


def reversible(move: Move, returned: Decimal, balance: Decimal) -> str | None:
    """A wrong move is taken back whole, once, and only while what it brought is still there."""
    if move.kind == "reverse":
        return f"{move.number} 本身是冲正，不能再冲正。请按实际情况重新登记一笔。"
    if getattr(move, "reversed_by", None) is not None:
        return f"{move.number} 已由 {move.reversed_by.number} 冲正。"
    if returned > 0:
        return f"{move.number} 已退库 {plain(returned)} {move.item.unit}，不能整笔冲正。请把余下的也办退库。"
    if move.quantity > balance:
        return (
            f"{move.number} 入库的 {plain(move.quantity)} {move.item.unit}里已有领出，现在只剩 {plain(balance)} "
            f"{move.item.unit}，不能整笔冲正。请先退库，或登记盘亏。"
        )
    return None


def _answers(request: PurchaseRequest, by: Any) -> str | None:
    """Who answers: by the role table, and nobody his own."""
    if by is None:
        return None
    if request.by_id == by.pk:
        return "这是您自己提出的申购，要由别人答复。"
    return None if can(by, "stores.answer_purchase") else "申购由后勤处答复，您没有这项权限。"


PURCHASE = Flow(
    [
        Step(
            "answer", "答复", ("",), lambda request, data: data["answer"], _answers,
            hints={"bought": "这张申购已经答复：已采购。", "refused": "这张申购已经答复：不采购。"},
        ),
    ],
    PurchaseRequest.ANSWERS,
    field="answer",
)  # fmt: skip
