"""The quotes of a job side by side: a row for each line, the lowest and the chosen one marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from repairs.outside.models import JobLine, OutsideJob, Quote


@dataclass
class Cell:
    """What one firm asks for one line, or in all."""

    amount: Decimal | None
    chosen: bool = False
    lowest: bool = False
    unit_price: Decimal | None = None


@dataclass
class Comparison:
    """The table: firms across, lines down, the totals last."""

    quotes: list[Quote]
    rows: list[tuple[JobLine, list[Cell]]] = field(default_factory=list)
    totals: list[Cell] = field(default_factory=list)
    dropped: list[Quote] = field(default_factory=list)


def compare(job: OutsideJob) -> Comparison | None:
    """The quotes that stand, the chosen one first; None without one."""
    found = list(job.quotes.select_related("party").prefetch_related("lines__line"))
    quotes = sorted((one for one in found if not one.dropped), key=lambda one: (not one.chosen, one.pk))
    dropped = [one for one in found if one.dropped]
    if not quotes:
        return Comparison([], dropped=dropped) if dropped else None
    table = Comparison(quotes, dropped=dropped)
    prices = [{row.line_id: row for row in quote.lines.all()} for quote in quotes]
    for line in job.lines.all():
        rows = [own.get(line.pk) for own in prices]
        if not any(rows):  # extra work, which nobody quoted
            continue
        cells = [
            Cell(row.amount if row else None, quote.chosen, unit_price=row.unit_price if row else None)
            for row, quote in zip(rows, quotes, strict=True)
        ]
        table.rows.append((line, _mark(cells)))
    complete = [len(own) == len(table.rows) for own in prices]
    totals = [Cell(quote.total, quote.chosen) for quote in quotes]
    table.totals = _mark(totals, complete)
    return table


def _mark(cells: list[Cell], counts: list[bool] | None = None) -> list[Cell]:
    """Mark the lowest of those that count, if there are several to compare."""
    amounts = [
        cell.amount
        for cell, counted in zip(cells, counts or [True] * len(cells), strict=True)
        if counted and cell.amount is not None
    ]
    if len(amounts) > 1:
        for cell, counted in zip(cells, counts or [True] * len(cells), strict=True):
            cell.lowest = counted and cell.amount == min(amounts)
    return cells
