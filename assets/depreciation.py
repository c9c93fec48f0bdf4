"""Depreciation (折旧): straight line by month without residual value, as of any month; nothing is stored.

Rule (政府会计准则第3号——固定资产 and its 应用指南, 财会〔2017〕4号): an asset that came in a month is depreciated from
that month on, one that left in a month no more in that month; after its full life there is none, though it stays in
use. Relics, books, animals and plants, land and what is carried at a nominal amount are not depreciated. A card that
finance posted later than it was acquired brings the missed months with it in the month of posting.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from assets.models import Card
from core.money import cents
from core.plan import Month

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Written:
    """A card at the end of a month, in yuan: cost = accumulated + net; `month` is the month's own charge."""

    cost: Decimal
    month: Decimal
    accumulated: Decimal
    net: Decimal
    months: int  # charged so far
    life: int  # 0: not depreciated, or nobody said for how long

    @property
    def left(self) -> int:
        """Months still to come."""
        return self.life - self.months


def months_between(first: Month, last: Month) -> int:
    """From `first` to `last`, both counted; 0 or less when `last` lies before."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def life_of(card: Card) -> int:
    """Months over which the card is written off: its own, else its class's; 0 for what is not depreciated."""
    if card.nominal or (card.class_code_id and not card.class_code.depreciates):  # type: ignore[union-attr]
        return 0
    return card.life_months or (card.class_code.months if card.class_code_id else None) or 0  # type: ignore[union-attr]


def charged(card: Card, month: Month) -> int:
    """How many months have been charged by the end of `month`."""
    life = life_of(card)
    start = card.acquired_on
    if not life or start is None:
        return 0
    last = month
    if card.gone_on is not None and Month.of(card.gone_on) <= month:
        last = Month.of(card.gone_on).previous
    return max(0, min(life, months_between(Month.of(start), last)))


def share(cost: Decimal, months: int, life: int) -> Decimal:
    """So many of `life` months' worth of the cost, to the 分; the last month takes what rounding left."""
    return cents(cost * months / life) if life else ZERO


def at(card: Card, month: Month) -> Written:
    """The card at the end of `month`, past or future. Before it came on the books, and once it left, all is zero."""
    life, now = life_of(card), charged(card, month)
    if not carried(card, month):
        return Written(ZERO, ZERO, ZERO, ZERO, now, life)
    accumulated = share(card.cost, now, life)
    before = share(card.cost, charged(card, month.previous), life) if carried(card, month.previous) else ZERO
    return Written(card.cost, accumulated - before, accumulated, card.cost - accumulated, now, life)


def carried(card: Card, month: Month) -> bool:
    """Is the card on the books at the end of `month`?"""
    came, gone = card.came_on, card.gone_on
    return (came is None or Month.of(came) <= month) and (gone is None or Month.of(gone) > month)


def ends_on(card: Card) -> dt.date | None:
    """The last day of the month with the last charge, or None."""
    life = life_of(card)
    return Month.of(card.acquired_on).plus(life - 1).last if life and card.acquired_on else None
