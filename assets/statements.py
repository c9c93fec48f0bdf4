"""What finance reads from the ledger for a month: changes by class, depreciation, and whether four figures agree.

Everything is computed from the cards as they are, in one statement, with whole 分: nothing is stored, so a month that
is past is read as the books stand today (a card that finance splits keeps its dates, and the sums stay).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from assets.models import SIX, Card, GeneralLedger, Holding
from core import clock, log
from core.plan import Month

RULE = (
    "期初＋本期增加－本期减少＝期末；按财务入账日期（没有填的按取得日期）算增加，按处置日期算减少。"
    "折旧：平均年限法，不留残值，当月增加当月起提，当月减少当月不提；文物陈列品、图书档案、动植物、土地和名义金额资产不提。"
)
NAMED = 8  # cards named in a sentence about a difference


class Row(NamedTuple):
    """The facts of a card that its figures need; money in 分."""

    pk: int
    six: str
    came: int  # months since year 0; 0: since ever
    start: int  # first month of depreciation; 0: none
    gone: int  # month in which it left; 0: still here
    life: int
    cost: int
    quantity: int

    def carried(self, month: int) -> bool:
        return self.came <= month and not (self.gone and self.gone <= month)

    def accumulated(self, month: int) -> int:
        """Charged by the end of `month`, in 分, halves up; the same as `depreciation.share`."""
        if not self.life or not self.start:
            return 0
        last = min(month, self.gone - 1) if self.gone else month
        months = max(0, min(self.life, last - self.start + 1))
        return (2 * self.cost * months + self.life) // (2 * self.life)


def index(month: Month) -> int:
    return month.year * 12 + month.month


def _index(day: dt.date | None) -> int:
    return day.year * 12 + day.month if day else 0


def rows(cards: Any = None) -> Iterator[Row]:
    """The cards, or every one that ever was, in one statement."""
    found = (Card.objects.all() if cards is None else cards).order_by().values_list(
        "pk", "class_code__six", Coalesce("posted_on", "acquired_on", "registered_on"), "acquired_on", "gone_on",
        "nominal", "class_code__depreciates", "life_months", "class_code__months", "cost", "quantity",
    )  # fmt: skip
    for pk, six, came, start, gone, nominal, depreciates, own, of_class, cost, quantity in found.iterator(
        chunk_size=5000
    ):
        life = 0 if nominal or depreciates is False else own or of_class or 0
        yield Row(pk, six or "", _index(came), _index(start), _index(gone), life, int(cost * 100), quantity)


@dataclass
class Line:
    """One of the six classes in a month: pieces, and money in 分."""

    six: str
    before: list[int] = field(default_factory=lambda: [0, 0])  # pieces, cost
    added: list[int] = field(default_factory=lambda: [0, 0])
    removed: list[int] = field(default_factory=lambda: [0, 0])
    after: list[int] = field(default_factory=lambda: [0, 0])
    cards: int = 0
    month: int = 0  # depreciation of the month
    accumulated: int = 0

    @property
    def label(self) -> str:
        return SIX.get(self.six, "未分类")

    @property
    def net(self) -> int:
        return self.after[1] - self.accumulated


def yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100


def of_month(month: Month) -> list[Line]:
    """The month's line for each class, in the order of the accounts; cards without a class last, if there are any."""
    now, then = index(month), index(month) - 1
    found = {six: Line(six) for six in (*SIX, "")}
    for row in rows():
        line = found[row.six]
        was, is_now = row.carried(then), row.carried(now)
        if was:
            _add(line.before, row)
        if is_now:
            _add(line.after, row)
            line.cards += 1
            charged = row.accumulated(now)
            line.accumulated += charged
            line.month += charged - (row.accumulated(then) if was else 0)
        if not was and row.came == now:
            _add(line.added, row)
        if row.gone == now and (was or row.came == now):
            _add(line.removed, row)
    return [line for six, line in found.items() if six or line.cards or line.removed[0]]


def _add(pair: list[int], row: Row) -> None:
    pair[0] += row.quantity
    pair[1] += row.cost


def sums(cards: Any, month: Month) -> dict[str, int]:
    """Cost, depreciation of the month, accumulated and net of some cards at the end of `month`, in 分."""
    now, then = index(month), index(month) - 1
    cost = this = accumulated = 0
    for row in rows(cards.select_related(None)):
        if row.carried(now):
            charged = row.accumulated(now)
            cost += row.cost
            accumulated += charged
            this += charged - (row.accumulated(then) if row.carried(then) else 0)
    return {"cost": cost, "month": this, "accumulated": accumulated, "net": cost - accumulated}


# ---- 账账相符: four figures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Four:
    """One class at the end of a month, in yuan: cards, the class's running account, the rooms, the accountant."""

    label: str
    cards: Decimal
    account: Decimal  # opening + added - removed
    rooms: Decimal | None  # what stands in the rooms, at the cards' unit cost; known for today only
    ledger: Decimal | None  # typed in by the accountant

    @property
    def differences(self) -> list[str]:
        """Which figure differs from the cards, and by how much, in words."""
        named = (("分类账", self.account), ("分室账", self.rooms), ("总账", self.ledger))
        return [f"{name}比卡片{'多' if value > self.cards else '少'} {abs(value - self.cards):,.2f} 元" for name, value in named
                if value is not None and value != self.cards]  # fmt: skip


def four(month: Month) -> list[Four]:
    """The four figures of each class at the end of `month`."""
    typed = dict(GeneralLedger.objects.filter(month=month.first).values_list("six", "amount"))
    rooms = in_rooms() if month == Month.current() else None
    found = []
    for line in of_month(month):
        found.append(
            Four(
                line.label,
                yuan(line.after[1]),
                yuan(line.before[1] + line.added[1] - line.removed[1]),
                None if rooms is None else yuan(rooms.get(line.six, 0)),
                typed.get(line.six),
            )
        )
    return found


def in_rooms() -> dict[str, int]:
    """What the rooms hold now, in 分 for each class: each card's cost in proportion to the pieces that stand somewhere."""
    held = dict(Holding.objects.order_by().values_list("card").annotate(pieces=Sum("quantity")))
    found: dict[str, int] = {}
    for row in rows():
        if not row.gone:
            pieces = held.get(row.pk, 0)
            part = row.cost if pieces == row.quantity else row.cost * pieces // row.quantity if row.quantity else 0
            found[row.six] = found.get(row.six, 0) + part
    return found


def odd_cards() -> list[Card]:
    """Cards whose pieces in the rooms are not as many as the card says: what a difference of the rooms comes from."""
    held = Card.objects.on_books().annotate(held=Coalesce(Sum("holdings__quantity"), 0))
    return list(held.exclude(held=F("quantity")).order_by("number")[:NAMED])


def enter(month: Month, amounts: dict[str, Decimal | None], *, by: Any) -> None:
    """Keep the accountant's figures of a month; None takes one away. What changed is logged."""
    with transaction.atomic():
        there = {row.six: row for row in GeneralLedger.objects.select_for_update().filter(month=month.first)}
        for six, amount in amounts.items():
            row = there.get(six)
            old = row.amount if row else None
            if amount == old:
                continue
            if amount is None and row is not None:
                row.delete()
            elif row is None:
                GeneralLedger.objects.create(month=month.first, six=six, amount=amount, by=by)
            else:
                row.amount, row.by, row.at, row.version = amount, by, clock.now(), row.version + 1
                row.save()
            log.write(None, "edit", by=by, text=f"{month.words}{SIX[six]}总账余额：{old} → {amount}")
