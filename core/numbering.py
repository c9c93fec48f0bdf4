"""Numbers such as BX202611-0042: unique under concurrent writers, never reused."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from core import clock
from core.models import Sequence


def next_serial(key: str) -> int:
    """Return the next serial under `key`; call inside the transaction that stores what bears it.

    The row is incremented in place, so a second writer waits for the first one's commit; a rolled-back writer
    gives its number back, and none is handed out twice.
    """
    with transaction.atomic():
        last = _next(key)
        if last is None:
            try:
                with transaction.atomic():
                    Sequence.objects.create(key=key, last=1)
                last = 1
            except IntegrityError:  # somebody else was first by a moment
                last = _next(key)
    if last is None:
        raise LookupError(f"the sequence {key} went away while it was counted")
    return last


def next_number(prefix: str, *, monthly: bool = True, width: int = 4) -> str:
    """Return the next number of `prefix`; `monthly` puts the school's year and month in it."""
    key = f"{prefix}{clock.today():%Y%m}" if monthly else prefix
    return f"{key}-{next_serial(key):0{width}d}"


def _next(key: str) -> int | None:
    """Count up in place and return where it stands, in one statement where the database can; None without a row."""
    if connection.features.can_return_rows_from_bulk_insert:  # RETURNING: PostgreSQL, SQLite from 3.35
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_sequence SET last = last + 1 WHERE key = %s RETURNING last", [key])
            rows = cursor.fetchall()
        return rows[0][0] if rows else None
    if not Sequence.objects.filter(key=key).update(last=F("last") + 1):
        return None
    return Sequence.objects.values_list("last", flat=True).get(key=key)
