"""Verbs of the spare pool: swap a broken piece of a ticket, repair many of them together.

The pool keeps no number of its own: its level is read from the holdings, so room, pool and ledger cannot disagree.
Every verb locks the pool first, then the cards, always in this order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Case, IntegerField, Max, Q, Sum, Value, When

from assets import services as assets
from assets.models import Card, Holding, HoldingMove
from campus.models import Place, User
from classrooms import rules
from classrooms.models import SOUND, Batch, BatchLine, BatchPart, Pool, Swap
from core import clock, log
from core.numbering import next_number
from core.workflow import RuleBroken
from repairs import services as repairs
from repairs.models import Ticket
from repairs.rules import FLOW as TICKET_FLOW
from stores import services as stores
from stores.models import Item, Move, Warehouse

# ---- what there is ------------------------------------------------------------------------------------------------


def sound(pool: Pool) -> Any:
    """Holdings of sound pieces at the pool's place: exactly what `assets.swap` may give out."""
    return Holding.objects.filter(
        place__in=Place.objects.within(pool.place), condition__in=SOUND, card__name=pool.thing, card__state="on_books"
    )


def level(pool: Pool) -> int:
    """How many sound pieces there are."""
    return sound(pool).aggregate(n=Sum("quantity"))["n"] or 0


def broken_at(pool: Pool, place: Place) -> Any:
    """Holdings of the pool's thing at a place that can be swapped out: broken ones first."""
    first = Case(When(Q(condition="broken"), then=Value(0)), default=Value(1), output_field=IntegerField())
    found = Holding.objects.filter(
        place=place, card__name=pool.thing, card__state="on_books", condition__in=("broken", "in_use")
    )
    return found.select_related("card", "place").order_by(first, "-quantity", "pk")


def waiting(pool: Pool) -> dict[int, int]:
    """Broken pieces in the workshop by card that no batch has taken and no scrap proposal has named."""
    rows = Holding.objects.filter(place=pool.workshop_id, condition="broken", card__name=pool.thing)
    held = rows.filter(card__state="on_books").order_by().values("card").annotate(n=Sum("quantity"))
    left = {row["card"]: row["n"] for row in held}
    lines = BatchLine.objects.filter(card__in=left, batch__pool__workshop=pool.workshop_id)
    for card, quantity in lines.filter(batch__state="open").values_list("card", "quantity"):
        left[card] -= quantity
    for card, scrapped in lines.filter(scrap__answer__in=("", "agreed")).values_list("card", "scrapped"):
        left[card] -= scrapped
    return {card: count for card, count in left.items() if count > 0}


def swapped(ticket: Ticket) -> int:
    """How many pieces were swapped for a ticket."""
    return Swap.objects.filter(ticket=ticket).aggregate(n=Sum("quantity"))["n"] or 0


# ---- swap now -----------------------------------------------------------------------------------------------------


def swap(ticket: Ticket, *, pool: Pool, by: User, quantity: int = 1) -> Ticket:
    """The class has its chair: broken pieces go to the workshop, sound ones come from the pool, the ticket tells of it.

    Where the ticket is under way and `by` may report it as done, it is finished as 更换 in the same breath; else the
    note stays on it and whoever may finishes it.
    """
    with transaction.atomic():
        kept = _locked(pool)
        fresh = Ticket.objects.select_for_update(of=("self",)).select_related("place", "category").get(pk=ticket.pk)
        there = level(kept)
        unit = _unit(kept)
        _refuse(
            rules.may_swap(by), rules.swaps_for(fresh), rules.fits(kept, fresh),
            None if quantity > 0 else "数量要大于 0，请改正。",
        )  # fmt: skip
        _refuse(rules.not_twice(fresh, swapped(fresh), quantity, unit))
        _refuse(_stands(kept, fresh.place, quantity, unit), _in_stock(kept, there, quantity, unit))
        for gone, come, count in _exchange(kept, fresh, quantity, by):
            Swap.objects.create(pool=kept, ticket=fresh, quantity=count, gone=gone, come=come, by=by)
        text = f"从{kept.name}换用{kept.thing} {quantity} {unit}，坏件送{kept.workshop}待修"
        log.write(fresh, "swap", by=by, text=text)
        return _finished(fresh, swapped(fresh), f"从{kept.name}换用", by)


def _exchange(pool: Pool, ticket: Ticket, quantity: int, by: User) -> list[tuple[HoldingMove, HoldingMove, int]]:
    """The moves out and in, in as few pairs as the holdings allow."""
    found, left = [], quantity
    while left:
        broken = broken_at(pool, ticket.place)
        if ticket.asset_id:
            broken = broken.order_by(
                Case(When(card=ticket.asset_id, then=Value(0)), default=Value(1), output_field=IntegerField()),
                *broken.query.order_by,
            )
        one = broken.first()
        most = sound(pool).exclude(place=ticket.place_id).aggregate(n=Max("quantity"))["n"] or 0
        if one is None or not most:
            raise RuleBroken("刚刚有人移动了这些资产，请看过最新情况再操作。")
        count = min(left, one.quantity, most)
        serves = assets.swap(
            one,
            pool.place,
            by=by,
            quantity=count,
            workshop=pool.workshop,
            reason=f"{ticket.number} {ticket.place} 换用",
        )
        # Both cards are locked by the swap, so their last two moves are its own.
        come, gone = HoldingMove.objects.filter(card__in={one.card_id, serves.card_id}).order_by("-pk")[:2]
        found.append((gone, come, count))
        left -= count
    return found


def _finished(ticket: Ticket, done: int, words: str, by: User) -> Ticket:
    """Report the ticket as done by replacement if `by` may do so now, and nothing else stands in the way."""
    if TICKET_FLOW.blockers(ticket, "finish", by) or (ticket.category.after_photo and not ticket.after_photo_at):
        return ticket
    return repairs.finish(ticket, by=by, outcome="replaced", done=min(done, ticket.quantity), words=words)


def _stands(pool: Pool, place: Place, quantity: int, unit: str) -> str | None:
    """What is swapped out must stand on the books there."""
    held = broken_at(pool, place).order_by().aggregate(n=Sum("quantity"))["n"] or 0
    if held >= quantity:
        return None
    if held:
        return (
            f"账上{place}只有 {held} {unit}{pool.thing}，换不了 {quantity} {unit}。请减少数量，或请资产管理员核对登记。"
        )
    return f"账上{place}没有{pool.thing}，换不了。地点不对请先更正；东西确实在这里，请资产管理员先登记。"


def _in_stock(pool: Pool, there: int, quantity: int, unit: str) -> str | None:
    if there >= quantity:
        return None
    if there:
        return f"{pool.name}只剩 {there} {unit}，先换 {there} {unit}，其余等集中维修后再换。"
    return f"{pool.name}空了，没有好的{pool.thing}可换。请先把维修间的坏件开一批集中维修，或申购新的。"


# ---- repair batches -----------------------------------------------------------------------------------------------


def open_batch(
    pool: Pool,
    *,
    by: User,
    pieces: Mapping[int, int],
    worker: User | None = None,
    words: str = "",
    on: dt.date | None = None,
) -> Batch:
    """Take broken pieces of the workshop together: `pieces` says how many of each card."""
    wanted = {card: count for card, count in pieces.items() if count}
    _refuse(
        None if wanted else "还没有选要修的坏件，请至少填一件。",
        "件数不能小于 0，请改正。" if any(count < 0 for count in wanted.values()) else None,
        f"日期还没有到，请填{clock.today():%Y-%m-%d}或以前。" if on and on > clock.today() else None,
    )
    with transaction.atomic():
        kept = _locked(pool)
        cards = _cards(wanted)
        there = waiting(kept)
        for pk, count in wanted.items():
            left, card = there.get(pk, 0), cards.get(pk)
            if card is None or not left:
                name = str(card) if card else "选的一种"
                raise RuleBroken(f"{name}在{kept.workshop}没有可修的坏件了，可能刚被别的批次选走。请看过最新情况再选。")
            if count > left:
                raise RuleBroken(
                    f"{card}在{kept.workshop}只有 {left} {card.unit}可修，选不了 {count} {card.unit}。请减少件数。"
                )
        batch = Batch.objects.create(
            number=next_number("PX"), pool=kept, on=on or clock.today(), by=by, worker=worker, words=words.strip()[:200]
        )
        BatchLine.objects.bulk_create(
            BatchLine(batch=batch, card=cards[pk], quantity=count) for pk, count in sorted(wanted.items())
        )
        log.write(
            batch, "open", by=by, said=batch.words, after="open",
            text=f"开批：{kept.thing} {sum(wanted.values())} {_unit(kept)}，{len(wanted)} 张卡片",
        )  # fmt: skip
    return batch


def draw(
    batch: Batch, *, by: User, item: Item, quantity: Decimal, warehouse: Warehouse, version: int | None = None
) -> Batch:
    """Draw parts for the batch: one stock move, bound to it."""

    def then(fresh: Batch, data: dict[str, Any]) -> None:
        taker = fresh.worker if fresh.worker and fresh.worker.is_active else by
        drawn = stores.issue(item, warehouse, quantity, by=by, taker=taker, reason=f"集中维修 {fresh.number}")
        BatchPart.objects.create(batch=fresh, move=drawn)

    text = f"领{item} {quantity.normalize():f} {item.unit}"
    return rules.BATCH.run(batch, "draw", by=by, text=text, then=then, version=version)


def give_back(batch: Batch, *, by: User, part: BatchPart, quantity: Decimal, version: int | None = None) -> Batch:
    """Bring unused parts back to the store."""

    def then(fresh: Batch, data: dict[str, Any]) -> None:
        BatchPart.objects.create(batch=fresh, move=stores.give_back(part.move, quantity, by=by))

    mine = part.batch_id == batch.pk
    item = part.move.item
    return rules.BATCH.run(
        batch, "give_back", by=by, text=f"退{item} {quantity.normalize():f} {item.unit}", then=then, version=version,
        checks=[lambda fresh: None if mine else "这笔料不是这一批领的，请重新选。"],
    )  # fmt: skip


def finish(
    batch: Batch,
    *,
    by: User,
    results: Mapping[int, tuple[int, int]],
    minutes: int = 0,
    words: str = "",
    version: int | None = None,
) -> Batch:
    """Close a batch once: of each line so many repaired, which go to the pool, so many beyond repair, proposed for scrap.

    `results`: line -> (repaired, scrapped). What is neither stays in the workshop for the next batch.
    """

    def enough(fresh: Batch) -> str | None:
        for line in fresh.lines.select_related("card"):
            fine, gone = results.get(line.pk, (0, 0))
            if fine < 0 or gone < 0:
                return f"{line.card}：件数不能小于 0，请改正。"
            if fine + gone > line.quantity:
                return f"{line.card}：这一批有 {line.quantity} 件，修好 {fine}、报废 {gone} 加起来多了，请改正。"
        return None if any(sum(pair) for pair in results.values()) else "还没有填修好或报废的件数；一件没修请用“作废”。"

    def then(fresh: Batch, data: dict[str, Any]) -> None:
        pool = fresh.pool
        for line in fresh.lines.select_related("card").order_by("card"):
            line.repaired, line.scrapped = results.get(line.pk, (0, 0))
            if line.repaired:
                _to_pool(pool, line, fresh.number, by)
            if line.scrapped:
                line.scrap = assets.propose_scrap(
                    card=line.card, quantity=line.scrapped, place=pool.workshop, by=by,
                    why=f"集中维修 {fresh.number}：修不好",
                )  # fmt: skip
            line.save()
        fresh.done_at, fresh.done_by, fresh.minutes = clock.now(), by, minutes
        if words.strip():
            fresh.words = words.strip()[:200]

    fine, gone = (sum(pair[index] for pair in results.values()) for index in (0, 1))
    with transaction.atomic():
        _locked(batch.pool)
        _cards(batch.lines.values_list("card", flat=True))
        return rules.BATCH.run(
            batch, "finish", by=by, said=words.strip(), text=f"修好 {fine}，报废 {gone}，用时 {minutes} 分钟", then=then,
            checks=[enough], version=version,
        )  # fmt: skip


def void(batch: Batch, *, by: User, reason: str, version: int | None = None) -> Batch:
    """Give a batch up: its pieces wait in the workshop again."""
    return rules.BATCH.run(
        batch, "void", by=by, said=reason.strip(), text="作废，坏件回到待修", version=version,
        checks=[lambda fresh: None if reason.strip() else "作废要写明原因，请补上。"],
    )  # fmt: skip


def _to_pool(pool: Pool, line: BatchLine, number: str, by: User) -> None:
    """What is sound again goes to the pool, from whoever's name it stands in at the workshop."""
    left = line.repaired
    rows = Holding.objects.filter(card=line.card, place=pool.workshop_id, condition="broken").order_by(
        "-quantity", "pk"
    )
    for holding in rows:
        count = min(left, holding.quantity)
        if count:
            assets.move(
                line.card, count, source=holding, to_place=pool.place, to_custodian=None, to_condition="in_use", by=by,
                reason=f"集中维修 {number} 修好",
            )  # fmt: skip
            left -= count
    if left:
        there = line.repaired - left
        raise RuleBroken(
            f"{pool.workshop}只有 {there} 件{line.card}记为待修，送不出 {line.repaired} 件；请核对是不是已被移走。"
        )


# ---- what they share ----------------------------------------------------------------------------------------------


def _locked(pool: Pool) -> Pool:
    """The pool, fresh; whoever else moves its pieces waits."""
    rows = Pool.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("place", "workshop", "category").get(pk=pool.pk)


def _cards(keys: Any) -> dict[int, Card]:
    """The cards, fresh and locked in one order."""
    rows = Card.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(keys)).order_by("pk")
    return {card.pk: card for card in rows}


def _unit(pool: Pool) -> str:
    """By what the thing is counted: 把."""
    return Card.objects.filter(name=pool.thing).values_list("unit", flat=True).first() or "件"


def parts_cost(batch: Batch) -> Decimal:
    """What the parts of a batch cost, less what came back."""
    return -(Move.objects.filter(batch_part__batch=batch).aggregate(n=Sum("value"))["n"] or Decimal(0))


def _refuse(*reasons: str | None) -> None:
    """Raise with every reason that there is."""
    given = [reason for reason in reasons if reason]
    if given:
        raise RuleBroken(*given)
