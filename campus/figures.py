"""Numbers that a law or the school sets, each with its basis: defaults in a file, changes in the database."""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import cache as forever
from pathlib import Path

from campus import cache
from campus.models import Figure

FILE = Path(__file__).parent / "data" / "figures.csv"


@forever
def defaults() -> dict[str, dict[str, str]]:
    """The rows of the file by key."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return {row["key"]: row for row in csv.DictReader(lines)}


def figure(key: str) -> Decimal:
    """The figure's value as the school set it, else the default; an unknown key is a KeyError."""
    return _values()[key]


def whole(key: str) -> int:
    """The figure as a whole number (days, pieces)."""
    return int(figure(key))


def _values() -> dict[str, Decimal]:
    return cache.cached("figures", _load)


def _load() -> dict[str, Decimal]:
    known = {key: Decimal(row["value"]) for key, row in defaults().items()}
    return known | dict(Figure.objects.values_list("key", "value"))
