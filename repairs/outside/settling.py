"""From the price check to the last yuan: lines checked, agreement, invoices, payments, settlement, retention."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campus.models import User
from core import clock, files
from core.money import cents
from finance import services as finance
from finance.models import Invoice, Payment
from repairs.outside.base import (
    add_months,
    amount_of,
    finance_users,
    forget_acceptance,
    forget_check,
    mark,
    not_ahead,
    positive,
    take,
    tell,
    written,
)
from repairs.outside.models import JobInvoice, JobLine, OutsideJob
from repairs.outside.rules import ceiling, checking, direction, paying

KINDS_BY_STATE = {"settling": ("progress", "final"), "settled": ("final",)}
EARLY_KINDS = ("prepay", "progress")


def check_prices(
    job: OutsideJob,
    *,
    by: User,
    prices: dict[int, Any],
    reasons: dict[int, str] | None = None,
    submitted_amount: Any = None,
    **kwargs: Any,
) -> OutsideJob:
    """待核价 -> 待结算, line by line: the checked unit price of each ({line.pk: price}; a line not named as quoted), and
    the reason where price or quantity differ from the quote. Works also have the 送审价."""
    given = {int(pk): amount_of(price) for pk, price in prices.items() if price not in (None, "")}
    said = {int(pk): words.strip()[:200] for pk, words in (reasons or {}).items()}
    submitted = amount_of(submitted_amount) if submitted_amount not in (None, "") else None

    def priced(j: OutsideJob) -> list[JobLine]:
        rows = list(j.lines.all())
        for row in rows:
            row.checked_price = given.get(row.pk, row.unit_price)
            row.check_reason = said.get(row.pk, "")
        return rows

    def total(j: OutsideJob) -> Decimal:
        return sum((row.checked_amount or Decimal(0) for row in priced(j)), Decimal("0.00")) - j.deduction

    def fits(j: OutsideJob) -> str | None:
        for row in priced(j):
            if row.checked_price is None or row.checked_price < 0:
                return f"“{row.item}”的核定单价不对，请填 0 或以上的数。"
            changed = row.checked_price != row.unit_price or row.accepted_quantity != row.quantity
            if changed and not row.check_reason:
                return f"“{row.item}”的单价或数量与报价不同，请写理由。"
        amount = total(j)
        if amount < 0:
            return "核定合计减去扣款后小于 0，请改正。"
        if j.approved_amount is not None and amount > j.approved_amount:
            return f"核定金额 {amount:,.2f} 元超过批准金额 {j.approved_amount:,.2f} 元；请核减，多做的部分要另办审批。"
        if j.kind == "works":
            if submitted is None:
                return "工程要填送审价。"
            if amount > submitted:
                return f"审定价 {amount:,.2f} 元高于送审价 {submitted:,.2f} 元，请改正。"
        return None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        for row in priced(j):
            row.save(update_fields=["checked_price", "check_reason"])
        j.checked_amount, j.checked_by, j.checked_for, j.checked_at = total(j), by, acting_for, clock.now()
        if j.kind == "works":
            j.submitted_amount, j.audited_amount = submitted, j.checked_amount
        j.retention_amount = cents(j.checked_amount * j.retention_rate / 100)
        if j.retention_amount:
            j.retention_due_on = j.warranty_until or add_months(clock.local(j.accepted_at or clock.now()).date(), 12)
        j.agreed_on, j.agreed_name, j.decision_words, j.decision_by = None, "", "", None
        cut = (submitted if j.kind == "works" and submitted else j.quoted_amount) - j.checked_amount
        if cut > 0:
            mark(j, "price_cut", f"核减 {cut:,.2f} 元", by=by)

    acting_for = checking(job, by)[1]
    text = "完成核价" + (f"（代{acting_for.name}）" if acting_for else "")
    fresh = take(job, "check_prices", by=by, text=text, then=effect, checks=[fits], acting_for=acting_for, **kwargs)
    tell([fresh.ordered_by], fresh, f"核定 {fresh.checked_amount:,.2f} 元，请施工单位确认", but=by)
    return fresh


def dispute(job: OutsideJob, *, by: User, words: str, **kwargs: Any) -> OutsideJob:
    """待核价 -> 待验收: the quantities are doubtful, two people look again."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        forget_acceptance(j)
        j.deduction, j.deduction_words = Decimal(0), ""

    acting_for = checking(job, by)[1]
    checks = [written(words, "请写哪些数量有疑问。")]
    text = "数量有疑，退回验收"
    fresh = take(
        job, "dispute", by=by, said=words, text=text, then=effect, checks=checks, acting_for=acting_for, **kwargs
    )
    tell([job.acceptor_1, job.acceptor_2, fresh.ordered_by], fresh, f"{text}，{words[:60]}", but=by)
    return fresh


def agree(job: OutsideJob, *, by: User, on: dt.date, name: str, scan: Any = None, **kwargs: Any) -> OutsideJob:
    """The contractor agrees to the checked amount: who of them, when, a photo of the signed sheet."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.agreed_on, j.agreed_name = on, name.strip()[:30]
        if scan is not None:
            files.attach(j, scan, by=by, role="agreed", caption="施工单位确认")

    def after_check(j: OutsideJob) -> str | None:
        return "确认日期早于核价日期，请改正。" if j.checked_at and on < clock.local(j.checked_at).date() else None

    checks = [written(name, "请写施工单位谁确认的。"), not_ahead(on, "确认日期"), after_check]
    return take(
        job, "agree", by=by, text=f"施工单位确认核定金额（{name.strip()}）", then=effect, checks=checks, **kwargs
    )


def decide_words(job: OutsideJob, *, by: User, words: str, **kwargs: Any) -> OutsideJob:
    """What the two sides differ on is settled in words."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.decision_words, j.decision_by = words.strip()[:300], by

    checks = [written(words, "请写处理意见。")]
    return take(job, "decide_words", by=by, said=words, text="处理意见", then=effect, checks=checks, **kwargs)


def contest(job: OutsideJob, *, by: User, words: str, **kwargs: Any) -> OutsideJob:
    """待结算 -> 待核价: the contractor objects, or the invoice differs."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.checked_amount = j.audited_amount = None
        forget_check(j)

    checks = [written(words, "请写施工单位对哪里有异议，或发票哪里不符。")]
    fresh = take(job, "contest", by=by, said=words, text="有异议，退回核价", then=effect, checks=checks, **kwargs)
    tell([job.checked_by, *finance_users()], fresh, f"退回核价，{words[:60]}", but=by)
    return fresh


# ---- invoices and payments ----------------------------------------------------------------------------------------


def add_invoice(job: OutsideJob, *, by: User, number: str, amount: Any, on: dt.date, **kwargs: Any) -> Invoice:
    """The contractor's invoice; the same number of the same contractor is refused by finance."""
    made: list[Invoice] = []

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        made.append(finance.add_invoice(party=j.party, number=number, amount=amount_of(amount), on=on, by=by))
        JobInvoice.objects.create(job=j, invoice=made[0])

    take(job, "invoice", by=by, text=f"登记发票 {number}", then=effect, **kwargs)
    return made[0]


def pay(
    job: OutsideJob,
    *,
    by: User,
    amount: Any,
    on: dt.date,
    kind: str = "final",
    invoice: Invoice | None = None,
    voucher: str = "",
    account: str = "",
    **kwargs: Any,
) -> Payment:
    """预付, 进度 or 结算: never more than checked (or approved) amount less retention and what is paid.

    On a settled job only what a correction of a wrong entry took out of the books again.
    """
    amount = amount_of(amount)
    made: list[Payment] = []

    def fits(j: OutsideJob) -> str | None:
        kinds = KINDS_BY_STATE.get(j.state, EARLY_KINDS)
        if kind not in kinds:
            return "核价之前只能付预付款或进度款。" if kind == "final" else "这时不能付这一类款，请改选。"
        if kind == "final" and invoice is None:
            return "付结算款要先登记发票，并选上。"
        if invoice is not None and not j.invoices.filter(invoice=invoice).exists():
            return "这张发票不是这张外修单的，请改选。"
        if j.kind == "service" and kind == "progress" and j.tasks.filter(month__lte=on, accepted_by=None).exists():
            return "到这个月为止还有服务事项没有验收，先验收再付。"
        return None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        made.append(
            finance.pay(
                expense=j.expense, amount=amount, on=on, by=by, kind=kind, invoice=invoice, voucher=voucher, account=account,
                limit=ceiling(j),
            )
        )  # fmt: skip

    acting_for = paying(job, by)[1]
    checks = [positive(amount, "付款金额"), fits]
    take(job, "pay", by=by, text=f"付款 {amount:,.2f} 元", then=effect, checks=checks, acting_for=acting_for, **kwargs)
    return made[0]


def refund(
    job: OutsideJob,
    *,
    by: User,
    amount: Any,
    on: dt.date,
    words: str,
    voucher: str = "",
    invoice: Invoice | None = None,
    **kwargs: Any,
) -> Payment:
    """The contractor gives money back: paid too much, or he does not do the work."""
    made: list[Payment] = []

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        made.append(
            finance.refund(
                expense=j.expense, amount=amount_of(amount), on=on, by=by, words=words, voucher=voucher, invoice=invoice
            )
        )

    acting_for = paying(job, by)[1]
    take(job, "refund", by=by, said=words, text="登记退款", then=effect, acting_for=acting_for, **kwargs)
    return made[0]


def settle(job: OutsideJob, *, by: User, words: str = "", **kwargs: Any) -> OutsideJob:
    """待结算 -> 已结算; the retention stays open until it is paid or forfeited."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.settled_at = j.ended_at = clock.now()

    acting_for = paying(job, by)[1]
    fresh = take(job, "settle", by=by, said=words, text="结算完成", then=effect, acting_for=acting_for, **kwargs)
    tell([fresh.ordered_by], fresh, "已结算", but=by)
    return fresh


def pay_retention(
    job: OutsideJob,
    *,
    by: User,
    on: dt.date,
    amount: Any = None,
    invoice: Invoice | None = None,
    voucher: str = "",
    account: str = "",
    **kwargs: Any,
) -> Payment:
    """The retention, when it is due and nothing is left to be mended; a part of it when `amount` says so."""
    made: list[Payment] = []

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        sum_ = j.retention_left if amount in (None, "") else amount_of(amount)
        made.append(
            finance.pay(
                expense=j.expense, amount=sum_, on=on, by=by, kind="retention", invoice=invoice, voucher=voucher,
                account=account, limit=ceiling(j) + sum_,
            )
        )  # fmt: skip
        j.retention_paid += sum_

    def within(j: OutsideJob) -> str | None:
        sum_ = j.retention_left if amount in (None, "") else amount_of(amount)
        return None if 0 < sum_ <= j.retention_left else f"未结的质保金是 {j.retention_left:,.2f} 元，付的不能多于它。"

    acting_for = paying(job, by)[1]
    take(job, "pay_retention", by=by, text="付质保金", then=effect, checks=[within], acting_for=acting_for, **kwargs)
    return made[0]


def forfeit(job: OutsideJob, *, by: User, words: str, amount: Any = None, **kwargs: Any) -> OutsideJob:
    """The retention, or a part, is kept: the contractor did not mend what the warranty asked for."""
    sum_ = job.retention_left if amount in (None, "") else amount_of(amount)

    def fits(j: OutsideJob) -> str | None:
        return None if 0 < sum_ <= j.retention_left else f"未结的质保金是 {j.retention_left:,.2f} 元，扣的不能多于它。"

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.retention_forfeited += sum_
        j.forfeit_words = "；".join(filter(None, [j.forfeit_words, words.strip()]))[:200]

    acting_for = direction(job, by)[1]
    checks = [written(words, "扣质保金要写明理由。"), fits]
    text = f"扣质保金 {sum_:,.2f} 元"
    fresh = take(
        job, "forfeit", by=by, said=words, text=text, then=effect, checks=checks, acting_for=acting_for, **kwargs
    )
    tell([fresh.ordered_by, *finance_users()], fresh, text, but=by)
    return fresh
