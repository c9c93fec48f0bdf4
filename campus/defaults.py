"""What a new school starts with: a group for each role, figures, school days; safe to run again at any time."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction

from campus import cache, figures
from campus.models import Figure, SchoolDay
from core import rights

SCHOOL_DAYS = Path(__file__).parent / "data" / "school_days.csv"


def ensure() -> None:
    """Add what is missing; what the school has changed stays as it is."""
    with transaction.atomic():
        _groups()
        _figures()
        _school_days()
    cache.bump()


def _groups() -> None:
    known = set(Group.objects.values_list("name", flat=True))
    Group.objects.bulk_create(Group(name=role) for role in sorted(rights.table()) if role not in known)


def _figures() -> None:
    known = set(Figure.objects.values_list("key", flat=True))
    Figure.objects.bulk_create(
        Figure(
            key=key, label=row["label"], value=Decimal(row["value"]), unit=row["unit"], basis=row["basis"],
            verified=row["verified"] == "1",
        )
        for key, row in figures.defaults().items()
        if key not in known
    )  # fmt: skip


def _school_days() -> None:
    known = set(SchoolDay.objects.values_list("day", flat=True))
    with SCHOOL_DAYS.open(encoding="utf-8", newline="") as lines:
        rows = [(dt.date.fromisoformat(row["day"]), row) for row in csv.DictReader(lines)]
    SchoolDay.objects.bulk_create(
        SchoolDay(day=day, working=row["working"] == "1", note=row["note"]) for day, row in rows if day not in known
    )
