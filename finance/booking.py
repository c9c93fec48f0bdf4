"""The one place that stores a payment, and the counterpart that corrects one; who calls it holds the month."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock, log
from core.money import plain
from core.numbering import next_number
from finance.models import PAYMENT_KINDS, Payment
from finance.rules import may_pay


def correctable(payment: Payment, on: dt.date) -> str | None:
    """Once, by something later."""
    if payment.corrects_id is not None:
        return f"{payment.number} 本身是冲正，不能再冲正。请按实际情况重新登记一笔。"
    later = Payment.objects.filter(corrects=payment).first()
    if later is not None:
        return f"{payment.number} 已由 {later.number} 冲正。"
    return "冲正的日期不能早于原来那一笔，请改正。" if on < payment.on else None


def counterpart(wrong: Payment, *, on: dt.date, by: Any, words: str) -> Payment:
    """Book the opposite of a payment with a reference to it."""
    return enter(
        expense=wrong.expense, claim=wrong.claim, party=wrong.party, book=wrong.book, amount=-wrong.amount, on=on,
        kind=wrong.kind, invoice=wrong.invoice, account=wrong.account, basis=wrong.basis, corrects=wrong,
        words=f"冲正 {wrong.number}（{wrong.on:%Y-%m-%d}）：{words.strip()}", by=by,
    )  # fmt: skip


def enter(**facts: Any) -> Payment:
    """Store one payment and tell of it in the log; the month is held by the caller."""
    for name, longest in (("words", 200), ("voucher", 40), ("basis", 200), ("account", 120)):
        facts[name] = facts.get(name, "").strip()[:longest]
    payment = Payment(number=next_number("FK"), at=clock.now(), acting_for=may_pay(facts["by"])[1], **facts)
    payment.save(force_insert=True)
    word = "冲正" if payment.corrects_id else PAYMENT_KINDS[payment.kind]
    text = f"{word} {plain(abs(payment.amount))} 元（{payment.number}）"
    log.write(payment, payment.kind, by=payment.by, text=text, said=payment.words, acting_for=payment.acting_for)
    if payment.expense is not None:
        log.write(payment.expense, "pay", by=payment.by, text=text, acting_for=payment.acting_for)
    return payment
