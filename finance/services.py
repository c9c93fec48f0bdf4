"""Verbs of finance: ask for money, decide, pay, take back; the parts on claims, months and oversight stand beside it.

Everything here runs in one transaction with the owner's own move when the owner calls it inside one. Locks are taken
in one order: the owner's row, the month, the expense, the invoice, the number.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from core import clock, log
from core.money import cents, plain
from core.notices import tell
from core.numbering import next_number
from core.workflow import RuleBroken
from finance import claims, rules
from finance.booking import correctable, counterpart, enter
from finance.models import (
    BOOKS,
    MARKS,
    OUT_KINDS,
    Band,
    BudgetLine,
    Expense,
    Invoice,
    Party,
    PartyMark,
    Payment,
)
from finance.oversight import budget_use, same_invoice_numbers, split_suspects
from finance.periods import check_open, close_month, hold_open, reopen_month
from finance.rules import ZERO, deciders, may_decide, paid, paid_of
from finance.rules import refuse as _refuse

__all__ = [
    "add_invoice", "approve", "band_of", "budget_use", "check_open", "claims", "close_month", "correct", "deciders", "hold_open",
    "income", "mark", "may_decide", "paid", "paid_of", "pay", "refund", "refuse", "reopen_month", "request",
    "same_invoice_numbers", "split_suspects", "void", "void_invoice",
]  # fmt: skip


# ---- approvals -----------------------------------------------------------------------------------------------------


def band_of(amount: Decimal) -> Band:
    """The band in which an amount lies today."""
    band = Band.objects.filter(active=True, from_amount__lte=amount).order_by("-from_amount").first()
    if band is None:
        raise RuleBroken(f"还没有设置适用于 {plain(amount)} 元的审批额度，请财务先在“审批额度”里设置。")
    return band


def next_band(amount: Decimal) -> Decimal | None:
    """Where the next higher band begins today; None in the highest."""
    return (
        Band.objects.filter(active=True, from_amount__gt=amount)
        .order_by("from_amount")
        .values_list("from_amount", flat=True)
        .first()
    )


def request(
    *,
    what: str,
    amount: Decimal,
    by: Any,
    party: Party | None = None,
    budget_line: BudgetLine | None = None,
    book: str = "school",
    source_number: str = "",
    source_url: str = "",
    place_words: str = "",
    replaces: Expense | None = None,
) -> Expense:
    """Ask for money: the band of today is copied on the expense, and whoever decides is told.

    `replaces`: an approved expense whose total has grown (增项). `amount` is the new total; the old approval holds
    until this one is approved, and what was paid on it counts for this one.
    """
    amount = cents(amount)
    if not getattr(by, "pk", None) or not by.is_active:
        raise RuleBroken("请用在用的账号登录后再申请。")
    _refuse(
        None if what.strip() else "请写明这笔钱用来做什么。",
        rules.sum_of(amount),
        None if book in BOOKS else "请选学校账或食堂账。",
        f"{party}已停用，请换一家，或先在往来单位里恢复使用。" if party is not None and not party.active else None,
        f"{budget_line}不属于{BOOKS.get(book, book)}账，请换一个预算科目。"
        if budget_line is not None and budget_line.book != book
        else None,
    )
    with transaction.atomic():
        if replaces is not None:
            replaces = Expense.objects.select_for_update(of=("self",)).get(pk=replaces.pk)
            later = Expense.objects.filter(replaces=replaces, state__in=("waiting", "approved")).first()
            _refuse(
                None
                if replaces.state == "approved"
                else f"{replaces.number} 现在是“{replaces.get_state_display()}”，只有已批准的才能追加。",
                f"{replaces.number} 已由 {later.number} 代替，请在那一张上办理。" if later else None,
                "追加只能给原来的单位，换单位请重新申请。" if replaces.party_id != getattr(party, "pk", None) else None,
            )
        band = band_of(amount)
        expense = Expense.objects.create(
            number=next_number("FY"), what=what.strip()[:200], source_number=source_number, source_url=source_url,
            place_words=" ".join(place_words.split())[:120], party=party, budget_line=budget_line, book=book,
            requested_amount=amount, approver_role=band.approver, quotes_needed=band.quotes, minutes_needed=band.minutes,
            next_band=next_band(amount), requested_by=by, requested_at=clock.now(), replaces=replaces,
        )  # fmt: skip
        text = f"申请 {plain(amount)} 元，由{band.get_approver_display()}审批"
        log.write(expense, "request", by=by, text=text, said=expense.what, after="waiting")
        tell(deciders(expense), f"请审批 {expense.number}：{expense.what}，{plain(amount)} 元", source_url)
    return expense


def approve(
    expense: Expense,
    *,
    by: Any,
    words: str = "",
    minutes_number: str = "",
    minutes_on: dt.date | None = None,
    minutes_scan: Any = None,
    version: int | None = None,
) -> Expense:
    """The band's approver, a higher one or a delegate says yes; above the school's limit with the meeting's minutes."""

    def then(fresh: Expense, data: dict[str, Any]) -> None:
        _decided(fresh, by, words)
        fresh.approved_amount = fresh.requested_amount
        fresh.minutes_number, fresh.minutes_on = minutes_number.strip()[:40], minutes_on
        fresh.minutes_scan = minutes_scan

    def minutes(fresh: Expense) -> str | None:
        fresh.minutes_number, fresh.minutes_on, fresh.minutes_scan = minutes_number.strip(), minutes_on, minutes_scan
        ahead = "会议日期还没有到，请改正。" if minutes_on is not None and minutes_on > clock.today() else None
        return rules.minutes_there(fresh) or ahead

    with transaction.atomic():
        done: Expense = rules.EXPENSE.run(
            expense, "approve", by=by, text=f"批准 {plain(expense.requested_amount)} 元", said=words.strip(), then=then,
            checks=[minutes], acting_for=may_decide(expense, by)[1], version=version,
        )  # fmt: skip
        before = done.replaces
        if before is not None and before.state == "approved":
            rules.EXPENSE.run(
                before, "replace", by=by, text=f"由 {done.number} 代替",
                then=lambda old, data: _voided(old, by, f"由 {done.number} 代替"),
            )  # fmt: skip
        tell(done.requested_by, f"{done.number} 已批准：{done.what}", done.source_url)
    return done


def refuse(expense: Expense, *, by: Any, words: str, version: int | None = None) -> Expense:
    """Who may approve may send it back, with the reason."""
    with transaction.atomic():
        done: Expense = rules.EXPENSE.run(
            expense, "refuse", by=by, text="退回", said=words.strip(), acting_for=may_decide(expense, by)[1], version=version,
            then=lambda fresh, data: _decided(fresh, by, words),
            checks=[lambda fresh: None if words.strip() else "退回要写明原因，请补上。"],
        )  # fmt: skip
        tell(done.requested_by, f"{done.number} 被退回：{done.decision_words}", done.source_url)
    return done


def void(expense: Expense, *, by: Any, words: str, version: int | None = None) -> Expense:
    """It is not needed any more (or the party failed); not while something is paid on it."""
    return rules.EXPENSE.run(
        expense, "void", by=by, text="作废", said=words.strip(), version=version,
        then=lambda fresh, data: _voided(fresh, by, words),
        checks=[lambda fresh: None if words.strip() else "作废要写明原因，请补上。"],
    )  # fmt: skip


def _decided(expense: Expense, by: Any, words: str) -> None:
    expense.decided_by, expense.decided_at = by, clock.now()
    expense.acting_for = may_decide(expense, by)[1]
    expense.decision_words = words.strip()[:200]


def _voided(expense: Expense, by: Any, words: str) -> None:
    expense.voided_by, expense.voided_at, expense.void_words = by, clock.now(), words.strip()[:200]


# ---- payments ------------------------------------------------------------------------------------------------------


def pay(
    *,
    expense: Expense,
    amount: Decimal,
    on: dt.date,
    by: Any,
    kind: str,
    invoice: Invoice | None = None,
    voucher: str = "",
    account: str = "",
    words: str = "",
    limit: Decimal,
) -> Payment:
    """Book money that went out. `limit`: what the owner says may have been paid in all after this payment."""
    amount = cents(amount)
    _refuse(rules.payer(by), rules.sum_of(amount), None if kind in OUT_KINDS else "请选预付、进度、结算或质保金。")
    with transaction.atomic():
        hold_open(on)
        expense = Expense.objects.select_for_update(of=("self",)).select_related("party").get(pk=expense.pk)
        if invoice is not None:
            invoice = Invoice.objects.select_for_update(of=("self",)).select_related("party").get(pk=invoice.pk)
        party = expense.party or (invoice.party if invoice is not None else None)
        _refuse(
            None
            if expense.state == "approved"
            else f"{expense.number} 现在是“{expense.get_state_display()}”，没有批准不能付款。",
            rules.another_than(expense, by),
        )
        if party is None:
            raise RuleBroken("还没有写明收款单位，请先登记发票或往来单位。")
        early = (
            expense.decided_at is not None and on < clock.local(expense.decided_at).date() and not expense.replaces_id
        )
        _refuse(
            f"{expense.number} 在批准之前不能付款，付款日期 {on:%Y-%m-%d} 早于批准日期，请改正。" if early else None,
            rules.within(expense, amount, cents(limit)),
            rules.invoice_fits(invoice, party.pk, amount) if invoice is not None else None,
        )
        return enter(
            expense=expense, party=party, book=expense.book, amount=amount, on=on, kind=kind, invoice=invoice, voucher=voucher,
            account=account.strip() or party.account, words=words, by=by,
        )  # fmt: skip


def refund(
    *,
    expense: Expense,
    amount: Decimal,
    on: dt.date,
    by: Any,
    words: str,
    voucher: str = "",
    invoice: Invoice | None = None,
) -> Payment:
    """The party gives money back: never more than was paid to it."""
    amount = cents(amount)
    _refuse(rules.payer(by), rules.sum_of(amount), None if words.strip() else "退款要写明原因，请补上。")
    with transaction.atomic():
        hold_open(on)
        expense = Expense.objects.select_for_update(of=("self",)).select_related("party").get(pk=expense.pk)
        already = paid(expense)
        _refuse(
            None
            if amount <= already
            else f"{expense.number} 一共付了 {plain(already)} 元，退不了 {plain(amount)} 元。请减少金额。"
        )
        if invoice is not None:
            invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
            _refuse(
                None
                if amount <= paid_of(invoice)
                else f"发票 {invoice.number} 只付了 {plain(paid_of(invoice))} 元，退不了 {plain(amount)} 元。"
            )
        last = Payment.objects.filter(expense__in=rules.chain(expense)).order_by("pk").select_related("party").last()
        return enter(
            expense=expense, party=last.party if last else expense.party, book=expense.book, amount=-amount, on=on,
            kind="refund", invoice=invoice, voucher=voucher, words=words, by=by,
        )  # fmt: skip


def income(
    *,
    amount: Decimal,
    on: dt.date,
    by: Any,
    basis: str,
    words: str = "",
    party: Party | None = None,
    book: str = "school",
    voucher: str = "",
) -> Payment:
    """Book money that came in, with the basis (收费依据) on which it was charged."""
    amount = cents(amount)
    _refuse(
        rules.payer(by),
        rules.sum_of(amount),
        None if basis.strip() else "收款要写明收费依据，请补上。",
        None if book in BOOKS else "请选学校账或食堂账。",
    )
    with transaction.atomic():
        hold_open(on)
        return enter(
            party=party,
            book=book,
            amount=-amount,
            on=on,
            kind="income",
            voucher=voucher,
            basis=basis,
            words=words,
            by=by,
        )


def correct(payment: Payment, *, on: dt.date, by: Any, words: str) -> Payment:
    """Take a wrong entry back by its counterpart in an open month, which names it; both stay in the books."""
    _refuse(rules.payer(by), None if words.strip() else "冲正要写明原因，请补上。")
    with transaction.atomic():
        if payment.claim_id is not None:
            return claims.correct(payment, on=on, by=by, words=words)
        hold_open(on)
        head = None
        if payment.expense_id is not None:
            head = Expense.objects.select_for_update(of=("self",)).get(pk=_head(payment.expense_id))
        rows = Payment.objects.select_for_update(of=("self",))
        wrong = rows.select_related("expense", "invoice", "party").get(pk=payment.pk)
        _refuse(correctable(wrong, on))
        if head is not None:
            total, most = (
                paid(head) - wrong.amount,
                (head.approved_amount if head.state == "approved" else None) or ZERO,
            )
            over = wrong.amount < 0 and total > most
            _refuse(
                f"冲正后已付金额会是 {plain(total)} 元，请先冲正后来的退款。" if total < 0 else None,
                f"冲正后已付 {plain(total)} 元，超过批准的 {plain(most)} 元。" if over else None,
            )
        if wrong.invoice is not None and wrong.amount < 0:
            _refuse(rules.invoice_fits(wrong.invoice, wrong.invoice.party_id, -wrong.amount))
        return counterpart(wrong, on=on, by=by, words=words)


def _head(key: int) -> int:
    """The key of the expense that took the place of this one in the end."""
    later = Expense.objects.filter(replaces=key, approved_amount__isnull=False).values_list("pk", flat=True).first()
    return key if later is None else _head(later)


# ---- invoices, parties ---------------------------------------------------------------------------------------------


def add_invoice(*, party: Party, number: str, amount: Decimal, on: dt.date, by: Any) -> Invoice:
    """Register an invoice once. The same number from another party is stored and named by `same_invoice_numbers`."""
    number, amount = "".join(number.split()).upper()[:40], cents(amount)
    _refuse(
        rules.registrar(by),
        None if number else "请填发票号码。",
        rules.sum_of(amount),
        f"{on:%Y-%m-%d} 还没有到，请核对开票日期。" if on > clock.today() else None,
    )
    twice = f"{party}的发票 {number} 已经登记过，同一张发票不能登记两次。请核对号码。"
    with transaction.atomic():
        _refuse(twice if Invoice.objects.filter(party=party, number=number, voided=False).exists() else None)
        try:
            with transaction.atomic():
                invoice = Invoice.objects.create(
                    party=party, number=number, amount=amount, on=on, by=by, at=clock.now()
                )
        except IntegrityError as error:  # somebody else was first by a moment
            raise RuleBroken(twice) from error
        log.write(invoice, "register", by=by, text=f"登记发票 {number}，{plain(amount)} 元")
    return invoice


def void_invoice(invoice: Invoice, *, by: Any, reason: str) -> Invoice:
    """A wrong invoice: not while something is paid on it."""
    _refuse(rules.registrar(by), None if reason.strip() else "作废发票要写明原因，请补上。")
    with transaction.atomic():
        fresh = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
        already = paid_of(fresh)
        _refuse(
            f"发票 {fresh.number} 已经作废。" if fresh.voided else None,
            f"发票 {fresh.number} 已付 {plain(already)} 元，不能作废。请先冲正付款。" if already else None,
        )
        fresh.voided, fresh.void_reason = True, reason.strip()[:200]
        fresh.save(update_fields=["voided", "void_reason"])
        log.write(fresh, "void", by=by, text=f"作废发票 {fresh.number}", said=fresh.void_reason)
    return fresh


def mark(party: Party, kind: str, *, by: Any, words: str, on: dt.date | None = None, url: str = "") -> PartyMark:
    """Add a line to the record of a party; the owner of the job judges who may."""
    _refuse(None if words.strip() else "请写明是怎么回事。")
    with transaction.atomic():
        row = PartyMark.objects.create(
            party=party, kind=kind, on=on or clock.today(), by=by, words=words.strip()[:200], url=url
        )
        log.write(party, "mark", by=by, text=f"记录：{MARKS[kind]}", said=row.words)
    return row
