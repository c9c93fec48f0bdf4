"""What a new ledger starts with: the class codes of both editions of GB/T 14885, and the number format."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction

from assets.models import ClassCode, NumberFormat
from assets.models.codes import six_of
from core import pinyin

DATA = Path(__file__).parent / "data"


def ensure() -> None:
    """Add the codes that are missing; what the school changed in a code stays."""
    with transaction.atomic():
        if not NumberFormat.objects.exists():
            NumberFormat.objects.create()
        there = set(ClassCode.objects.values_list("edition", "code"))
        ClassCode.objects.bulk_create(
            ClassCode(
                edition=edition, code=row["code"], name=row["name"], level=int(row["level"]),
                months=int(row["months"]) if row["months"] else None, depreciates=row["depreciates"] == "1",
                verified=row["verified"] == "1", six=six_of(row["code"]), pinyin=pinyin.initials(row["name"]),
            )
            for edition in (2022, 2010)
            for row in read(edition)
            if (edition, row["code"]) not in there
        )  # fmt: skip


def read(edition: int) -> list[dict[str, str]]:
    """The rows of one edition's file."""
    with open(DATA / f"classes_{edition}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
