"""The rows that repairs start with: kinds of fault, tiles, reasons for holding; a school edits them afterwards."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from repairs.models import Category, HoldReason, Tile

DATA = Path(__file__).parent / "data"


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def ensure() -> None:
    """Add what is missing; what the school changed stays as it is."""
    for order, row in enumerate(_rows("tiles.csv")):
        Tile.objects.get_or_create(
            name=row["name"], defaults={"icon": row["icon"], "uses": row["uses"], "order": order}
        )
    tiles = {tile.name: tile for tile in Tile.objects.all()}
    for order, row in enumerate(_rows("categories.csv")):
        group, _ = Category.objects.get_or_create(parent=None, name=row["group"], defaults={"order": order})
        Category.objects.get_or_create(
            parent=group, name=row["name"],
            defaults={
                "tile": tiles[row["tile"]], "priority": int(row["priority"]), "workdays": int(row["workdays"]),
                "hazard": row["hazard"] == "1", "after_photo": row["after_photo"] == "1", "guarded": row["guarded"] == "1",
                "season": row["season"],
                "season_word": row["season_word"], "topic": row["topic"], "order": order,
            },
        )  # fmt: skip
    for order, row in enumerate(_rows("hold_reasons.csv")):
        HoldReason.objects.get_or_create(
            key=row["key"],
            defaults={"name": row["name"], "stops_clock": row["stops_clock"] == "1", "order": order},
        )
