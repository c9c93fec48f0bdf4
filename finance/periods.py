"""Months of the books: every write of money or stock asks here whether its month is open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from core import clock, log
from core.workflow import RuleBroken
from finance import rules
from finance.models import Payment, Period


def check_open(on: dt.date) -> str | None:
    """The reason why nothing can be booked on this date because its month is closed, or None."""
    return rules.in_open_month(on)


def _row(month: dt.date) -> Period:
    """The month's row, locked until the transaction ends; made when it is the first that asks."""
    rows = Period.objects.select_for_update(no_key=True).filter(month=month)
    found = rows.first()
    if found is None:
        try:
            with transaction.atomic():
                Period.objects.create(month=month)
        except IntegrityError:  # somebody else was first by a moment
            pass
        found = rows.get()
    return found


def hold_open(on: dt.date) -> None:
    """Refuse a date ahead or in a closed month, and keep the month from being closed until this transaction ends."""
    rules.refuse(rules.happened(on))
    _row(Period.of(on))
    rules.refuse(check_open(on))


def close_month(month: dt.date, by: Any) -> Period:
    """Close a month that is over, after the months before it in which money moved."""
    month = Period.of(month)
    reason, absent = rules.may(by, "finance.manage", "结账由财务操作，您没有这项权限。")
    rules.refuse(reason)
    with transaction.atomic():
        row = _row(month)
        if row.closed_at is not None:
            raise RuleBroken(f"{row}已经结账。")
        moved = Payment.objects.filter(on__lt=month).dates("on", "month")
        earlier = next((day for day in moved if rules.closed(day) is None), None)
        rules.refuse(
            f"{row}还没有过完，月底以后才能结账。" if month >= Period.of(clock.today()) else None,
            f"{earlier.year}年{earlier.month}月还没有结账，请按月份先后结账。" if earlier else None,
        )
        row.closed_at, row.closed_by = clock.now(), by
        row.save()
        log.write(row, "close", by=by, text=f"{row}结账", acting_for=absent)
    return row


def reopen_month(month: dt.date, by: Any, reason: str) -> Period:
    """The principal opens a closed month again, with the reason; never who closed it."""
    refusal, absent = rules.may(by, "finance.reopen", "反结账由校长操作，您没有这项权限。")
    rules.refuse(
        refusal,
        None if reason.strip() else "反结账要写明原因，请补上。",
    )
    with transaction.atomic():
        row = _row(Period.of(month))
        rules.refuse(
            f"{row}没有结账，不用反结账。" if row.closed_at is None else None,
            "这个月是您结的账，要由别人反结账。"
            if any(rules.same_person(one, row.closed_by) for one in (by, absent))
            else None,
        )
        row.closed_at = row.closed_by = None
        row.save()
        log.write(row, "reopen", by=by, text=f"{row}反结账", said=reason.strip(), acting_for=absent)
    return row
