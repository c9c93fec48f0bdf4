"""What finance looks for: budget against use, jobs that may have been split, invoice numbers that stand twice."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Sum

from campus.figures import whole
from core import clock
from core.money import cents, plain
from finance.models import BudgetLine, Expense, Invoice, Payment

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class BudgetUse:
    """A line of the budget and how much of it is used."""

    line: BudgetLine
    committed: Decimal
    paid: Decimal
    waiting: Decimal

    @property
    def left(self) -> Decimal:
        """Planned and not yet promised; below zero when more was approved than planned."""
        return self.line.planned - self.committed

    @property
    def percent(self) -> int | None:
        """Committed in hundredths of what was planned."""
        return int(self.committed * 100 / self.line.planned) if self.line.planned else None


def budget_use(year: int, book: str | None = None) -> list[BudgetUse]:
    """Every line of the year: planned, committed (approved expenses), paid; four statements however many there are."""
    lines = BudgetLine.objects.filter(year=year)
    if book is not None:
        lines = lines.filter(book=book)
    rows = Expense.objects.filter(budget_line__in=lines).order_by()
    approved = _sums(rows.filter(state="approved"), "budget_line", "approved_amount")
    waiting = _sums(rows.filter(state="waiting", replaces=None), "budget_line", "requested_amount")
    payments = Payment.objects.filter(expense__budget_line__in=lines).order_by()
    paid = _sums(payments, "expense__budget_line", "amount")
    return [
        BudgetUse(line, approved.get(line.pk, ZERO), paid.get(line.pk, ZERO), waiting.get(line.pk, ZERO))
        for line in lines
    ]


def _sums(rows: models.QuerySet[Any], by: str, column: str) -> dict[int, Decimal]:
    """The sums of a column by a key, to the cent (SQLite sums floats)."""
    return {key: cents(total) for key, total in rows.values_list(by).annotate(n=Sum(column))}


@dataclass(frozen=True)
class Suspicion:
    """Requests that together lie in a higher band than each by itself."""

    expenses: tuple[Expense, ...]
    total: Decimal
    words: str


def split_suspects(since: dt.date | None = None, until: dt.date | None = None) -> list[Suspicion]:
    """Requests to one party for one place within some days that together reach a higher band: named, not refused.

    Each request is judged by the bands of its own day, which are copied on it. `since`, `until`: the day of the last one.
    """
    days = dt.timedelta(days=whole("finance.split_days"))
    rows = Expense.objects.filter(state__in=("waiting", "approved"), party__isnull=False, replaces=None).exclude(
        place_words=""
    )
    if since is not None:
        rows = rows.filter(
            requested_at__gte=clock.moment(since.year, since.month, since.day) - days - dt.timedelta(days=1)
        )
    groups: dict[tuple[int, str], list[Expense]] = defaultdict(list)
    for expense in rows.select_related("party", "requested_by").order_by("requested_at", "pk"):
        groups[(expense.party_id or 0, expense.place_words)].append(expense)

    def on(expense: Expense) -> dt.date:
        return clock.local(expense.requested_at).date()

    found = []
    for group in groups.values():
        for together in _runs(group, days, on):
            total = sum((one.requested_amount for one in together), ZERO)
            last = on(together[-1])
            if (since is not None and last < since) or (until is not None and last > until):
                continue
            above = [one.next_band for one in together if one.next_band is not None]
            if len(above) == len(together) and total >= max(above):
                numbers = "、".join(one.number for one in together)
                words = (
                    f"{together[0].party} {together[0].place_words}：{numbers} 在 {days.days} 天内提出，合计 {plain(total)} 元，"
                    f"超过单笔的审批额度（{plain(max(above))} 元起）。"
                )
                found.append(Suspicion(tuple(together), total, words))
    return found


def _runs(group: list[Expense], days: dt.timedelta, on: object) -> Iterator[list[Expense]]:
    """The longest runs of at least two whose first and last lie within `days`."""
    end = 0
    for start in range(len(group)):
        reached = end
        while reached < len(group) and on(group[reached]) - on(group[start]) <= days:  # type: ignore[operator]
            reached += 1
        if reached > end and reached - start > 1:
            yield group[start:reached]
        end = max(end, reached)


def same_invoice_numbers() -> list[tuple[str, list[Invoice]]]:
    """Invoice numbers in force from more than one party: named, not refused."""
    live = Invoice.objects.filter(voided=False)
    twice = live.order_by().values("number").annotate(n=Count("party", distinct=True)).filter(n__gt=1).values("number")
    groups: dict[str, list[Invoice]] = defaultdict(list)
    for invoice in live.filter(number__in=twice).select_related("party").order_by("number", "on", "pk"):
        groups[invoice.number].append(invoice)
    return list(groups.items())
