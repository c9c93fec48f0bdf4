"""Rules of the spare pool: who may swap and when, and the table of moves of a repair batch."""

from __future__ import annotations

from typing import Any

from classrooms.models import Batch, Pool
from core.rights import can
from core.workflow import Flow, Step
from repairs.models import Ticket


def may_swap(by: Any) -> str | None:
    return None if can(by, "classrooms.swap") else "换用由维修工、资产管理员或后勤处操作，您没有这项权限。"


def swaps_for(ticket: Ticket) -> str | None:
    """A swap serves a fault that is still there."""
    if ticket.state == "checking":
        return f"{ticket.number} 已经报完工，不用再换。"
    return None if ticket.is_open else f"{ticket.number} 现在是“{ticket.word}”，不用再换。"


def fits(pool: Pool, ticket: Ticket) -> str | None:
    """The pool serves tickets of its kind of fault."""
    if not pool.active:
        return f"周转库“{pool.name}”已停用，请选别的周转库。"
    if pool.category_id is not None and pool.category_id != ticket.category_id:
        return f"“{pool.name}”配的是“{pool.category}”，这张单报的是“{ticket.category}”；类别不对请先更正。"
    return None


def not_twice(ticket: Ticket, swapped: int, quantity: int, unit: str) -> str | None:
    """Never more pieces than were reported."""
    if swapped + quantity <= ticket.quantity:
        return None
    if swapped:
        left = max(0, ticket.quantity - swapped)
        more = f"还可以换 {left} {unit}" if left else "不用再换"
        return f"这张单报了 {ticket.quantity} {unit}，已经换过 {swapped} {unit}，{more}。"
    return f"这张单报了 {ticket.quantity} {unit}，换不了 {quantity} {unit}；数量不对请后勤先更正。"


def _repairs(batch: Batch, by: Any) -> str | None:
    if by is None or can(by, "classrooms.repair_batches"):
        return None
    return "集中维修由维修工、资产管理员或后勤处登记，您没有这项权限。"


def _draws(batch: Batch, by: Any) -> str | None:
    """Parts leave the stores by the stores' own right."""
    if by is None:
        return None
    return _repairs(batch, by) or (None if can(by, "stores.draw") else "领料由维修工或后勤处操作，您没有这项权限。")


def no_parts_left(batch: Batch, by: Any) -> str | None:
    """What was drawn for a batch must not hang in the air when it is given up."""
    if sum((part.move.quantity for part in batch.parts.select_related("move")), start=0) >= 0:
        return None
    return "这一批已经领了料，请先把料退回仓库，再作废。"


ENDED = {"done": "这一批已经完成，不能再改。", "void": "这一批已经作废。"}
BATCH = Flow(
    [
        Step("finish", "登记结果", ("open",), "done", _repairs, hints=ENDED),
        Step("draw", "领料", ("open",), None, _draws, hints=ENDED),
        Step("give_back", "退料", ("open", "done"), None, _draws, hints=ENDED),
        Step("void", "作废", ("open",), "void", _repairs, (no_parts_left,), danger=True, hints=ENDED),
    ],
    Batch.STATES,
)
