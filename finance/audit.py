"""Audit of finance: what no single row can show is counted again, and each wrong one named."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import F, Sum

from core.money import cents
from finance.models import CLAIM_STATES, Claim, Expense, Invoice, Payment, Period

ZERO = Decimal("0.00")


def audit() -> Iterator[str]:
    """Yield one sentence for every broken sum, party, date and closed month."""
    yield from _expenses()
    yield from _invoices()
    yield from _payments()
    yield from _claims()


def _paid_by(column: str) -> dict[int, Decimal]:
    """The net of the payments by one of their keys, to the cent."""
    rows = Payment.objects.filter(**{f"{column}__isnull": False}).order_by().values_list(column)
    return {key: cents(total) for key, total in rows.annotate(n=Sum("amount"))}


def _expenses() -> Iterator[str]:
    """Paid within what was approved, over an approval and those it took the place of; nothing paid on what is void."""
    paid = _paid_by("expense")
    rows = {row.pk: row for row in Expense.objects.only(
        "number", "state", "approved_amount", "replaces", "requested_at", "decided_at", "minutes_needed", "book", "budget_line"
    )}  # fmt: skip
    later = {row.replaces_id: row for row in rows.values() if row.replaces_id and row.approved_amount is not None}
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for pk, amount in paid.items():
        head, seen = rows[pk], {pk}
        while head.pk in later and later[head.pk].pk not in seen:
            head = later[head.pk]
            seen.add(head.pk)
        sums[head.pk] += amount
    for pk, amount in sorted(sums.items()):
        row = rows[pk]
        most = row.approved_amount or ZERO if row.state == "approved" else ZERO
        if amount > most:
            yield f"支出审批 {row.number}（{row.get_state_display()}）：已付 {amount} 元，超过批准的 {most} 元。"
        if amount < 0:
            yield f"支出审批 {row.number}：退款比付款多，净额 {amount} 元。"
    for row in Expense.objects.filter(decided_at__lt=F("requested_at")):
        yield f"支出审批 {row.number}：审批早于申请。"
    for row in Expense.objects.filter(budget_line__isnull=False).exclude(budget_line__book=F("book")):
        yield f"支出审批 {row.number}：预算科目属于另一个账套。"
    for row in Expense.objects.filter(replaces__isnull=False, state="approved").exclude(replaces__state="void"):
        yield f"支出审批 {row.number}：所代替的 {row.replaces.number if row.replaces else ''} 没有作废。"


def _invoices() -> Iterator[str]:
    """Payments of an invoice stay within it; a voided one has none."""
    paid = _paid_by("invoice")
    for invoice in Invoice.objects.filter(payments__isnull=False).distinct().select_related("party").order_by("pk"):
        if paid[invoice.pk] > invoice.amount:
            yield f"发票 {invoice}：金额 {invoice.amount} 元，已付 {paid[invoice.pk]} 元。"
        if invoice.voided and paid[invoice.pk]:
            yield f"发票 {invoice.number}：已作废，却付着 {paid[invoice.pk]} 元。"


def _payments() -> Iterator[str]:
    """Each goes to the party and the books of its expense; a correction is the opposite; closed months stay as they were."""
    every = Payment.objects.select_related("expense", "corrects", "party")
    for payment in every.filter(expense__party__isnull=False).exclude(party=F("expense__party")):
        yield f"收付款 {payment.number}：收款单位不是支出审批上的单位。"
    for payment in every.filter(expense__isnull=False).exclude(book=F("expense__book")):
        yield f"收付款 {payment.number}：账套与支出审批不同。"
    for payment in every.filter(invoice__isnull=False).exclude(party=F("invoice__party")):
        yield f"收付款 {payment.number}：发票是另一个单位开的。"
    for payment in every.filter(corrects__isnull=False).exclude(
        corrects__amount=-F("amount"), corrects__on__lte=F("on")
    ):
        yield f"收付款 {payment.number}：与所冲正的 {payment.corrects.number if payment.corrects else ''} 不符。"
    for period in Period.objects.filter(closed_at__isnull=False):
        last = (period.month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        late = every.filter(on__gte=period.month, on__lt=last, at__gt=period.closed_at)
        for payment in late:
            yield f"收付款 {payment.number}：记在已经结账的{period}，登记时间晚于结账。"


def _claims() -> Iterator[str]:
    """What a claim says it received is what its payments say."""
    taken = _paid_by("claim")
    for claim in Claim.objects.only("number", "received", "state", "amount").iterator(chunk_size=2000):
        booked = -taken.get(claim.pk, ZERO)
        if booked != claim.received:
            yield f"赔偿单 {claim.number}（{CLAIM_STATES[claim.state]}）：写着已缴 {claim.received} 元，账上是 {booked} 元。"
