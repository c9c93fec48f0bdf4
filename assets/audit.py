"""Audit of the ledger: cards against holdings, holdings against what their moves say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from assets.models import CONDITIONS, Card, Holding, HoldingMove

FROM = ("from_place", "from_custodian", "from_condition")
TO = ("to_place", "to_custodian", "to_condition")


def audit() -> Iterator[str]:
    """Yield one sentence for every card whose sum, and every holding whose history, does not agree."""
    cards = dict(Card.objects.values_list("pk", "number"))
    quantity = dict(Card.objects.values_list("pk", "quantity"))
    held: Counter[int] = Counter()
    now: Counter[tuple[int, int, int | None, str]] = Counter()
    for card, place, custodian, condition, count in Holding.objects.values_list(
        "card", "place", "custodian", "condition", "quantity"
    ).iterator(chunk_size=2000):
        held[card] += count
        now[card, place, custodian, condition] += count
    for card, count in quantity.items():
        if held[card] != count:
            yield f"资产 {cards[card]}：卡片数量 {count}，存放合计 {held[card]}。"
    replayed: Counter[tuple[int, int, int | None, str]] = Counter()
    fields = ("card", "quantity", *FROM, *TO)
    for card, count, *ends in HoldingMove.objects.values_list(*fields).order_by("pk").iterator(chunk_size=2000):
        for sign, (place, custodian, condition) in ((-1, ends[:3]), (1, ends[3:])):
            if place is not None:
                replayed[card, place, custodian, condition] += sign * count
                if replayed[card, place, custodian, condition] < 0:
                    yield f"资产 {cards[card]}：变动记录里，从一处移走的比那里有的多。"
    for key in sorted({*now, *replayed}, key=str):
        if now[key] != replayed[key]:
            card, place, _, condition = key
            yield (
                f"资产 {cards[card]}：地点 {place} “{CONDITIONS.get(condition, condition)}”存放 {now[key]}，"
                f"按变动记录应为 {replayed[key]}。"
            )
