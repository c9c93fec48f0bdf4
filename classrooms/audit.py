"""Audit of the spare pools: swaps against the ledger's moves, batches against what they moved and proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import Sum

from assets.models import Holding, HoldingMove
from classrooms.models import Batch, BatchLine, Swap


def audit() -> Iterator[str]:
    """Yield one sentence for every swap and batch that does not agree with the ledger."""
    yield from _swaps()
    yield from _batches()
    yield from _reserved()


def _swaps() -> Iterator[str]:
    """The broken piece left the place to which the sound one came, in the same number."""
    for swap in Swap.objects.select_related("gone", "come", "ticket", "pool").order_by("pk").iterator(chunk_size=2000):
        gone, come = swap.gone, swap.come
        if not gone.quantity == come.quantity == swap.quantity:
            yield f"换用 {swap.pk}（{swap.ticket.number}）：记 {swap.quantity} 件，台账移出 {gone.quantity}、移入 {come.quantity}。"
        if gone.from_place_id != come.to_place_id or (gone.to_condition, come.to_condition) != ("broken", "in_use"):
            yield f"换用 {swap.pk}（{swap.ticket.number}）：台账的两笔变动不是同一处的一出一进。"


def _batches() -> Iterator[str]:
    """What a batch says it repaired went to its pool; what it says is beyond repair was proposed for scrap."""
    moved: Counter[str] = Counter()
    rows = HoldingMove.objects.filter(reason__startswith="集中维修 ", to_condition="in_use", from_condition="broken")
    for reason, quantity in rows.order_by().values_list("reason").annotate(n=Sum("quantity")):
        moved[reason.split()[1]] += quantity
    for batch in Batch.objects.prefetch_related("lines__scrap").order_by("pk").iterator(chunk_size=500):
        lines = list(batch.lines.all())
        repaired = sum(line.repaired for line in lines)
        if repaired != moved[batch.number]:
            yield f"集中维修 {batch.number}：登记修好 {repaired} 件，台账移到周转库 {moved[batch.number]} 件。"
        for line in lines:
            if line.scrapped and (line.scrap is None or line.scrap.quantity != line.scrapped):
                yield f"集中维修 {batch.number}：登记报废 {line.scrapped} 件，报废建议对不上。"
        if batch.state != "done" and (repaired or any(line.scrapped for line in lines)):
            yield f"集中维修 {batch.number}：现在是“{batch.get_state_display()}”，却登记了结果。"
        if not lines:
            yield f"集中维修 {batch.number}：没有一件东西。"


def _reserved() -> Iterator[str]:
    """Open batches never hold more pieces of a card than wait broken in the workshop."""
    taken: Counter[tuple[int, int]] = Counter()
    names: dict[int, str] = {}
    rows = BatchLine.objects.filter(batch__state="open").select_related("card", "batch__pool")
    for line in rows.order_by("pk"):
        taken[line.card_id, line.batch.pool.workshop_id] += line.quantity
        names[line.card_id] = str(line.card)
    held: Counter[tuple[int, int]] = Counter()
    broken = Holding.objects.filter(condition="broken", card__in=names).values_list("card", "place", "quantity")
    for card, place, quantity in broken:
        held[card, place] += quantity
    for (card, place), quantity in sorted(taken.items()):
        if quantity > held[card, place]:
            yield f"资产 {names[card]}：在修的批次里有 {quantity} 件，维修间记为待修的只有 {held[card, place]} 件。"
