"""Small verbs of the settings pages: days of the calendar, removing what nothing refers to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.db.models import ProtectedError

from campus import cache
from campus.models import SchoolDay
from core import log
from core.workflow import RuleBroken


def set_days(days: Iterable[dt.date], working: bool | None, note: str = "", *, by: Any = None) -> int:
    """Say of some days whether people work; None gives them back to the rule. Returns how many days."""
    wanted = sorted(set(days))
    with transaction.atomic():
        SchoolDay.objects.filter(day__in=wanted).delete()
        if working is not None:
            SchoolDay.objects.bulk_create(SchoolDay(day=day, working=working, note=note) for day in wanted)
        words = {True: "上班", False: "休息", None: "按平常"}[working]
        span = f"{wanted[0]}" if len(wanted) == 1 else f"{wanted[0]} 到 {wanted[-1]}"
        log.write(None, "school_days", by=by, text=f"校历：{span} {words}{' ' + note if note else ''}")
    cache.bump()
    return len(wanted)


def remove(record: models.Model, *, by: Any = None) -> None:
    """Delete a look-up row that nothing refers to; the log keeps what it was."""
    words = f"{record._meta.verbose_name}：{record}"
    try:
        with transaction.atomic():
            log.write(record, "remove", by=by, text=f"删除{words}")
            record.delete()
    except ProtectedError as error:
        raise RuleBroken(f"还有别的记录用着“{record}”，不能删除。请先改掉那些记录，或保留它。") from error
