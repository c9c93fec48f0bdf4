"""A small table of computed rows, the same for the screen and for Excel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.listing import NUMBERS, shown
from core.sheets import Sheet


@dataclass(frozen=True)
class Cell:
    """One value as the page shows it."""

    text: str
    url: str = ""
    css: str = ""
    label: str = ""


@dataclass
class Table:
    """Columns are (label, kind); a kind ending in "+" is summed. `urls`: for each row {index of a cell: address}."""

    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]] = ()
    urls: Sequence[dict[int, str]] = ()
    empty: str = "没有记录。"
    more: tuple[str, str] | None = None
    key: str = ""
    note: str = ""
    sums: list[Any] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.sums = [
            sum((row[index] or 0 for row in self.rows), Decimal(0) if kind.startswith("money") else 0)
            if kind.endswith("+")
            else None
            for index, (_, kind) in enumerate(self.columns)
        ]

    @property
    def heads(self) -> list[tuple[str, str]]:
        return [(label, _css(kind)) for label, kind in self.columns]

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows for the page."""
        found = []
        for number, row in enumerate(self.rows):
            urls = self.urls[number] if number < len(self.urls) else {}
            found.append([
                Cell(shown(kind.removesuffix("+"), value), urls.get(index, ""), _css(kind), label)
                for index, (value, (label, kind)) in enumerate(zip(row, self.columns, strict=True))
            ])  # fmt: skip
        return found

    @property
    def total_cells(self) -> list[Cell]:
        """The total row; empty when nothing is summed."""
        if not self.rows or not any(kind.endswith("+") for _, kind in self.columns):
            return []
        found = [
            Cell(_total(kind, value), css=_css(kind), label=label)
            for (label, kind), value in zip(self.columns, self.sums, strict=True)
        ]
        return [Cell("合计"), *found[1:]]

    def sheet(self, heading: str = "") -> Sheet:
        """The same rows as a sheet."""
        return Sheet(self.title, list(self.columns), list(self.rows), heading=heading or self.title, note=self.note)


def _css(kind: str) -> str:
    return "num" if kind.removesuffix("+") in NUMBERS else ""


def _total(kind: str, value: Any) -> str:
    if value is None:
        return ""
    text = shown(kind.removesuffix("+"), value)
    return f"¥{text}" if kind == "money+" else text
