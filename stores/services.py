"""Verbs of the stores: goods come in and go out by appending to the chain of their item and warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum

from core import clock, log
from core.notices import tell
from core.numbering import next_number
from core.workflow import RuleBroken
from finance.services import hold_open
from stores import rules
from stores.models import QUANTITY, Item, Move, PurchaseRequest, Warehouse
from stores.rules import cents

ZERO = Decimal("0.00")
TRIES = 5
PREFIX = {"receipt": "RK", "issue": "CK", "return": "TK", "gain": "PD", "loss": "PD", "reverse": "CZ"}


def receive(
    item: Item,
    warehouse: Warehouse,
    quantity: Decimal | int,
    value: Decimal | int,
    *,
    by: Any,
    on: dt.date | None = None,
    reason: str = "",
    number: str = "",
) -> Move:
    """Goods come in; `value` is what all of them cost together. Several items may stand under one `number`."""
    quantity, value = cents(quantity), cents(value)
    _refuse(
        rules.in_use(item), rules.positive(quantity), None if value >= 0 else "金额不能小于 0，请改正。", _dated(on)
    )
    return _append(
        item, warehouse, "receipt", lambda last: (quantity, value), by=by, on=on, reason=reason, number=number
    )


def issue(
    item: Item,
    warehouse: Warehouse,
    quantity: Decimal | int,
    *,
    by: Any,
    taker: Any = None,
    reason: str = "",
    on: dt.date | None = None,
    number: str = "",
) -> Move:
    """Goods go out to `taker` (default: `by`) at the moving average; never more than there are."""
    quantity = cents(quantity)
    _refuse(rules.positive(quantity), _dated(on))

    def change(last: Move | None) -> tuple[Decimal, Decimal]:
        balance = last.balance_after if last else ZERO
        _refuse(rules.enough(item, warehouse, balance, quantity))
        return -quantity, -_share(last, quantity)

    return _append(
        item, warehouse, "issue", change, by=by, on=on, reason=reason, number=number, taker=taker or by
    )  # fmt: skip


def give_back(move: Move, quantity: Decimal | int, *, by: Any, on: dt.date | None = None, reason: str = "") -> Move:
    """Part or all of an issue comes back, at the value at which it went out."""
    quantity = cents(quantity)
    _refuse(rules.positive(quantity), _dated(on))

    def change(last: Move | None) -> tuple[Decimal, Decimal]:
        issued = Move.objects.select_related("item", "reversed_by").get(pk=move.pk)
        returned, worth = _returned(issued)
        _refuse(rules.returnable(issued, returned, quantity))
        out, cost = -issued.quantity, -issued.value
        # The last piece takes what rounding left, so that a whole return brings back the whole value.
        rest = cost - worth
        return quantity, rest if returned + quantity == out else min(cents(cost * quantity / out), rest)

    return _append(
        move.item, move.warehouse, "return", change, by=by, on=on, reason=reason or f"退 {move.number}",
        taker=move.taker, returns=move,
    )  # fmt: skip


def count_difference(
    item: Item,
    warehouse: Warehouse,
    counted: Decimal | int,
    *,
    by: Any,
    reason: str,
    on: dt.date | None = None,
) -> Move:
    """The shelf holds `counted`, the book something else: a move 盘盈 or 盘亏 makes them agree."""
    counted = cents(counted)
    _refuse(
        None if counted >= 0 else "实有数量不能小于 0，请改正。",
        None if reason.strip() else "盘点有差异要写明原因，请补上。",
        _dated(on),
    )

    def change(last: Move | None) -> tuple[Decimal, Decimal]:
        balance = last.balance_after if last else ZERO
        found = counted - balance
        if found == 0:
            raise RuleBroken(f"账面也是 {rules.plain(balance)} {item.unit}，没有差异，不用登记。")
        return found, -_share(last, -found) if found < 0 else cents(_price(last) * found)

    return _append(
        item, warehouse, lambda quantity: "gain" if quantity > 0 else "loss", change, by=by, on=on, reason=reason
    )  # fmt: skip


def reverse(move: Move, *, by: Any, reason: str, on: dt.date | None = None) -> Move:
    """Take a wrongly entered move back, whole; both stay in the chain."""
    _refuse(None if reason.strip() else "冲正要写明原因，请补上。", _dated(on))

    def change(last: Move | None) -> tuple[Decimal, Decimal]:
        wrong = Move.objects.select_related("item", "reversed_by").get(pk=move.pk)
        balance, worth = (last.balance_after, last.value_after) if last else (ZERO, ZERO)
        _refuse(rules.reversible(wrong, _returned(wrong)[0], balance))
        if balance == wrong.quantity:
            return -wrong.quantity, -worth
        # The average may have moved since: the value of what stays is never taken below zero.
        return -wrong.quantity, -min(wrong.value, worth)

    return _append(
        move.item, move.warehouse, "reverse", change, by=by, on=on, reason=reason, taker=move.taker, reverses=move
    )  # fmt: skip


def request_purchase(
    *,
    by: Any,
    quantity: Decimal | int,
    why: str,
    item: Item | None = None,
    what: str = "",
    unit: str = "",
    place: Any = None,
) -> PurchaseRequest:
    """Ask that something be bought: an item of the stores, or anything named in words."""
    what = what.strip() or (str(item) if item else "")
    quantity = cents(quantity)
    _refuse(
        None if what else "要买什么还没有写，请填名称规格。",
        rules.positive(quantity),
        None if why.strip() else "用途还没有写，请补上。",
    )
    with transaction.atomic():
        request = PurchaseRequest.objects.create(
            number=next_number("SG"), item=item, what=what[:80], quantity=quantity, why=why.strip()[:200], by=by,
            unit=unit or (item.unit if item else ""), place=place,
        )  # fmt: skip
        log.write(request, "request", by=by, text=f"申购{request.what} {rules.plain(quantity)} {request.unit}".strip())
    return request


def answer_purchase(
    request: PurchaseRequest, *, by: Any, answer: str, words: str = "", version: int | None = None
) -> PurchaseRequest:
    """Answer an open request: `bought` or `refused`; a refusal says why."""
    if answer not in ("bought", "refused"):
        raise RuleBroken("请选择已采购或不采购。")

    def then(fresh: PurchaseRequest, data: dict[str, Any]) -> None:
        fresh.answered_by, fresh.answered_at, fresh.answer_words = by, clock.now(), words.strip()[:200]

    reasoned = None if answer == "bought" or words.strip() else "不采购要写明原因，请补上。"
    with transaction.atomic():
        done = rules.PURCHASE.run(
            request, "answer", by=by, text=f"答复：{PurchaseRequest.ANSWERS[answer]}", said=words.strip(), then=then,
            data={"answer": answer}, checks=[lambda fresh: reasoned], version=version,
        )  # fmt: skip
        tell(done.by, f"申购 {done.number}（{done.what}）已答复：{done.get_answer_display()}", done.get_absolute_url())
    return done


def balance(item: Item, warehouse: Warehouse | None = None) -> Decimal:
    """What there is of an item, in one warehouse or in all."""
    if warehouse is not None:
        last = _last(item, warehouse)
        return last.balance_after if last else ZERO
    return balances([item.pk])[item.pk]


def balances(item_ids: Iterable[int]) -> dict[int, Decimal]:
    """What there is of several items over all warehouses, in one statement; 0 for what never moved."""
    ids = set(item_ids)
    found = dict(Item.objects.filter(pk__in=ids).with_stock().order_by().values_list("pk", "stock"))
    return {pk: found.get(pk, ZERO) for pk in ids}


def _append(
    item: Item,
    warehouse: Warehouse,
    kind: str | Callable[[Decimal], str],
    change: Callable[[Move | None], tuple[Decimal, Decimal]],
    *,
    by: Any,
    on: dt.date | None,
    reason: str,
    number: str = "",
    **facts: Any,
) -> Move:
    """Add the next link: `change(last)` says quantity and value, or refuses.

    The item's row is locked, so that writers of one chain queue up on PostgreSQL (on SQLite they do anyway). Should
    two meet all the same, the unique (item, warehouse, seq) lets one through and the other looks again.
    """
    on = on or clock.today()
    with transaction.atomic():
        # The number first: whoever draws several items in one transaction then waits here, holding nothing yet.
        number = number or next_number(PREFIX[kind if isinstance(kind, str) else "gain"])
        hold_open(on)  # a closed month refuses; before the items, so that nobody waits for a month while holding one
        Item.objects.select_for_update(of=("self",), no_key=True).get(pk=item.pk)
        for _ in range(TRIES):
            last = _last(item, warehouse)
            quantity, value = change(last)
            move = Move(
                number=number, item=item, warehouse=warehouse, seq=last.seq + 1 if last else 1,
                kind=kind if isinstance(kind, str) else kind(quantity), quantity=quantity, value=value,
                balance_after=(last.balance_after if last else ZERO) + quantity,
                value_after=(last.value_after if last else ZERO) + value,
                on=on, reason=reason.strip()[:120], by=by, **facts,
            )  # fmt: skip
            try:
                with transaction.atomic():
                    move.save(force_insert=True)
            except IntegrityError:
                if not Move.objects.filter(item=item, warehouse=warehouse, seq=move.seq).exists():
                    raise  # not the race but a fact that the database refuses
                continue
            text = f"{move.get_kind_display()} {item} {rules.plain(abs(quantity))} {item.unit}"
            log.write(move, move.kind, by=by, text=text, said=move.reason)
            return move
    raise RuleBroken(f"刚才有别人同时在登记{item}的出入库，这一笔没有登记成功。请再提交一次。")


def _last(item: Item, warehouse: Warehouse) -> Move | None:
    """The last link of the chain."""
    return Move.objects.filter(item=item, warehouse=warehouse).order_by("-seq").first()


def _share(last: Move | None, quantity: Decimal) -> Decimal:
    """The value of `quantity` at the moving average; the last unit takes the rest."""
    if last is None:
        return ZERO
    if quantity == last.balance_after:
        return last.value_after
    return min(cents(last.value_after * quantity / last.balance_after), last.value_after)


def _price(last: Move | None) -> Decimal:
    """The price of a unit: the average, or of the last move when nothing is left."""
    if last is None:
        return ZERO
    if last.balance_after:
        return last.value_after / last.balance_after
    return abs(last.value / last.quantity)


def _returned(move: Move) -> tuple[Decimal, Decimal]:
    """Quantity and value of an issue that came back so far."""
    found = Move.objects.filter(returns=move, reversed_by=None).aggregate(
        quantity=Sum("quantity", output_field=QUANTITY), value=Sum("value")
    )
    return found["quantity"] or ZERO, found["value"] or ZERO


def _dated(on: dt.date | None) -> str | None:
    """Judge the date only when one was given."""
    return rules.dated(on) if on is not None else None


def _refuse(*reasons: str | None) -> None:
    """Raise with every reason that there is."""
    given = [reason for reason in reasons if reason]
    if given:
        raise RuleBroken(*given)
