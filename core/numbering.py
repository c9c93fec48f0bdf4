"""Numbers such as BX202611-0042: unique under concurrent writers, never reused."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F

from core import clock
from core.models import Sequence


def next_number(prefix: str, *, monthly: bool = True, width: int = 4) -> str:
    """Return the next number of `prefix`; call inside the transaction that stores it.

    The row is incremented in place, so a second writer waits for the first one's commit; a rolled-back writer
    gives its number back, and none is handed out twice. `monthly` puts the school's year and month in the key.
    """
    key = f"{prefix}{clock.today():%Y%m}" if monthly else prefix
    with transaction.atomic():
        if not Sequence.objects.filter(key=key).update(last=F("last") + 1):
            try:
                with transaction.atomic():
                    Sequence.objects.create(key=key, last=1)
            except IntegrityError:  # somebody else was first by a moment
                Sequence.objects.filter(key=key).update(last=F("last") + 1)
        last = Sequence.objects.values_list("last", flat=True).get(key=key)
    return f"{key}-{last:0{width}d}"
