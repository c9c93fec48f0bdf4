"""Audit of the stores: recompute every chain and name each link that breaks a rule."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from stores.models import Move

ZERO = Decimal("0.00")


def audit() -> Iterator[str]:
    """Yield one sentence for every broken sequence, sum, sign, return and reversal."""
    chain: tuple[int, int] | None = None
    seq, balance, worth = 0, ZERO, ZERO
    returned: dict[int, Decimal] = {}
    issued: dict[int, tuple[str, Decimal]] = {}
    moves = Move.objects.select_related("item", "warehouse", "reverses").order_by("item_id", "warehouse_id", "seq")
    undone = set(Move.objects.filter(kind="reverse").values_list("reverses_id", flat=True))
    for move in moves.iterator(chunk_size=2000):
        if chain != (move.item_id, move.warehouse_id):
            chain, seq, balance, worth = (move.item_id, move.warehouse_id), 0, ZERO, ZERO
        where = f"{move.warehouse} {move.item} 第 {move.seq} 笔（{move.number}）"
        if move.seq != seq + 1:
            yield f"{where}：前一笔是第 {seq} 笔，中间缺号。"
        seq, balance, worth = move.seq, balance + move.quantity, worth + move.value
        if move.balance_after != balance:
            yield f"{where}：结存应为 {balance}，账上是 {move.balance_after}。"
        if move.value_after != worth:
            yield f"{where}：结存金额应为 {worth}，账上是 {move.value_after}。"
        if balance < 0:
            yield f"{where}：结存小于 0。"
        if balance == 0 and worth != 0:
            yield f"{where}：结存为 0，金额却是 {worth}。"
        if move.reverses and (move.reverses.item_id, move.reverses.quantity) != (move.item_id, -move.quantity):
            yield f"{where}：与所冲正的 {move.reverses.number} 不符。"
        if move.kind == "issue":
            issued[move.pk] = (where, -move.quantity)
        if move.returns_id and move.pk not in undone:
            returned[move.returns_id] = returned.get(move.returns_id, ZERO) + move.quantity
        balance, worth = move.balance_after, move.value_after  # one wrong link is named once, not all behind it
    for pk, quantity in returned.items():
        where, out = issued.get(pk, (f"出入库 {pk}", ZERO))
        if quantity > out:
            yield f"{where}：领出 {out}，退库却有 {quantity}。"
