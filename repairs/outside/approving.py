"""Approval and what takes its place: approve, refuse, emergency, warranty; then extra work, another contractor, cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction

from campus.models import User
from core import clock
from core.money import cents
from finance import services as finance
from finance.models import Expense, Party
from repairs.outside.asking import redate_tickets, release, request, write_lines
from repairs.outside.base import (
    amount_of,
    forget_acceptance,
    forget_check,
    mark,
    not_past,
    office_users,
    positive,
    take,
    tell,
    written,
)
from repairs.outside.models import JobLine, OutsideJob, Variation
from repairs.outside.rules import VARIATION, approval, direction, heading


def _copy_approval(job: OutsideJob, expense: Expense) -> None:
    job.expense, job.approved_amount = expense, expense.approved_amount
    job.approved_by, job.approved_for, job.approved_at = expense.decided_by, expense.acting_for, expense.decided_at


def _waiting_variation(job: OutsideJob) -> Variation | None:
    return job.variations.filter(state="waiting").select_related("previous", "expense").first()


def approve(job: OutsideJob, *, by: User, words: str = "", version: int | None = None, **minutes: Any) -> OutsideJob:
    """待审批 -> 施工中: the approval of the expense and the job's move in one transaction.

    `minutes`: minutes_number, minutes_on, minutes_scan where the band asks for them.
    """

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        expense = finance.approve(j.expense, by=by, words=words, **minutes)
        _copy_approval(j, expense)
        extra = _waiting_variation(j)
        if extra is not None:
            VARIATION.run(extra, "approve", by=by)
            _retire(extra.previous, by=by, words=f"增项后由 {expense.number} 取代")
        else:
            j.started_on = clock.today()

    acting_for = approval(job, by)[1]
    text = f"批准{_for(acting_for)}"
    fresh = take(job, "approve", by=by, said=words, text=text, then=effect, acting_for=acting_for, version=version)
    tell([fresh.ordered_by], fresh, "已批准，可以施工", but=by)
    return fresh


def _for(absent: User | None) -> str:
    return f"（代{absent.name}）" if absent is not None else ""


def _retire(expense: Expense | None, *, by: Any, words: str) -> None:
    """The older approval, unless finance has taken it out of force already."""
    if expense is None:
        return
    now = Expense.objects.get(pk=expense.pk)
    if now.state in ("waiting", "approved"):
        finance.void(now, by=by, words=words)


def _fall_back(job: OutsideJob, step: str, *, by: Any) -> None:
    """After a refusal or a recall: extra work falls away, or the job is asked for anew."""
    extra = _waiting_variation(job)
    if extra is not None:
        extra.lines.all().delete()
        VARIATION.run(extra, step, by=by)
        job.expense = extra.previous
        return
    job.quotes.filter(chosen=True).update(chosen=False)
    job.party = job.ordered_by = job.ordered_at = None


def refuse(job: OutsideJob, *, by: User, words: str, version: int | None = None) -> OutsideJob:
    """待审批 -> 询价 with the reason; refused extra work leaves the approved job as it was."""
    was = job.ordered_by

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.expense = finance.refuse(j.expense, by=by, words=words)
        _fall_back(j, "refuse", by=by)

    acting_for = approval(job, by)[1]
    checks = [written(words, "退回要写明原因。")]
    fresh = take(
        job, "refuse", by=by, said=words, text=f"退回{_for(acting_for)}", then=effect, checks=checks, acting_for=acting_for,
        version=version,
    )  # fmt: skip
    tell([was], fresh, f"审批退回，{words[:60]}", but=by)
    return fresh


def recall(job: OutsideJob, *, by: User, words: str, **kwargs: Any) -> OutsideJob:
    """The office takes the request back, to change the quotes: the waiting expense is void."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        if j.expense is not None:
            j.expense = finance.void(j.expense, by=by, words=words)
        _fall_back(j, "recall", by=by)

    return take(
        job,
        "recall",
        by=by,
        said=words,
        text="撤回送审",
        then=effect,
        checks=[written(words, "撤回要写明原因。")],
        **kwargs,
    )


# ---- emergency, warranty ------------------------------------------------------------------------------------------


def emergency(
    job: OutsideJob,
    *,
    by: User,
    reason: str,
    party: Party,
    amount: Decimal,
    promised_on: dt.date | None = None,
    warranty_months: int = 0,
    budget_line: Any = None,
    **kwargs: Any,
) -> OutsideJob:
    """紧急先行: on the director's word the work starts; its expense waits for approval from this moment."""
    amount = amount_of(amount)

    def fit(j: OutsideJob) -> str | None:
        return None if party.active and party.contractor else f"{party}不是在用的外修单位，请先在往来单位里登记。"

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.emergency_by, j.emergency_for, j.emergency_reason = by, acting_for, reason.strip()
        j.party, j.ordered_by, j.ordered_at, j.started_on = party, by, clock.now(), clock.today()
        j.promised_on, j.budget_line = promised_on or j.promised_on or clock.today(), budget_line or j.budget_line
        j.warranty_months = warranty_months or j.warranty_months
        if not j.lines.exists():
            JobLine.objects.create(job=j, item=j.title, unit="项", quantity=1, unit_price=amount)
        j.expense = request(j, amount, by=by)

    checks = [
        written(reason, "紧急先行要写明理由。"), positive(amount, "预计金额"), not_past(promised_on, "承诺完工日期"), fit,
    ]  # fmt: skip
    acting_for = direction(job, by, "经办")[1]
    text = f"紧急先行{_for(acting_for)}，{party}进场，预计 {amount:,.2f} 元"
    with transaction.atomic():
        fresh = take(
            job, "emergency", by=by, said=reason, text=text, then=effect, checks=checks, acting_for=acting_for, **kwargs
        )
        redate_tickets(fresh, by=by)
    return fresh


def bill(job: OutsideJob, *, by: User, lines: Iterable[dict[str, Any]], **kwargs: Any) -> OutsideJob:
    """What the emergency turned out to be: its lines with the contractor's unit prices."""

    def started_so(j: OutsideJob) -> str | None:
        return None if j.emergency_by_id else "只有紧急先行的单可以施工中补列项目；其他的请办增项。"

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        write_lines(j, lines, priced=True)

    return take(job, "bill", by=by, text="补列项目和价格", then=effect, checks=[started_so], **kwargs)


def approve_late(
    job: OutsideJob, *, by: User, words: str = "", version: int | None = None, **minutes: Any
) -> OutsideJob:
    """紧急先行 is approved while the work runs."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        _copy_approval(j, finance.approve(j.expense, by=by, words=words, **minutes))

    acting_for = approval(job, by)[1]
    text = f"补批紧急先行{_for(acting_for)}"
    fresh = take(job, "approve_late", by=by, said=words, text=text, then=effect, acting_for=acting_for, version=version)
    tell([fresh.ordered_by], fresh, "紧急先行已补批", but=by)
    return fresh


def refuse_late(job: OutsideJob, *, by: User, words: str, version: int | None = None) -> OutsideJob:
    """紧急先行 is refused: the job ends by acceptance of what was done, as the principal decides."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.expense = finance.refuse(j.expense, by=by, words=words)
        j.emergency_refused = True

    acting_for = approval(job, by)[1]
    text = f"不批紧急先行{_for(acting_for)}"
    checks = [written(words, "不批要写明原因。")]
    fresh = take(
        job,
        "refuse_late",
        by=by,
        said=words,
        text=text,
        then=effect,
        checks=checks,
        acting_for=acting_for,
        version=version,
    )
    tell(
        [fresh.ordered_by, *User.objects.with_role("principal")], fresh, "紧急先行没有获批，由校长决定如何结算", but=by
    )
    return fresh


def rule(
    job: OutsideJob, *, by: User, amount: Decimal, words: str, version: int | None = None, **minutes: Any
) -> OutsideJob:
    """After a refused emergency the principal says up to which amount what was done is paid."""
    amount = amount_of(amount)

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        asked = request(j, amount, by=j.ordered_by)
        _copy_approval(j, finance.approve(asked, by=by, words=words, **minutes))

    acting_for = heading(job, by)[1]
    checks = [written(words, "请写决定和理由。"), positive(amount, "金额")]
    text = f"校长决定{_for(acting_for)}：按已做的验收，最高 {amount:,.2f} 元"
    return take(
        job, "rule", by=by, said=words, text=text, then=effect, checks=checks, acting_for=acting_for, version=version
    )


def begin_warranty(job: OutsideJob, *, by: User, promised_on: dt.date | None = None, **kwargs: Any) -> OutsideJob:
    """质保返修: the same contractor comes again, nothing to pay."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.ordered_by, j.ordered_at, j.started_on = by, clock.now(), clock.today()
        j.promised_on = promised_on or j.promised_on
        if not j.lines.exists():
            JobLine.objects.create(job=j, item=j.title, unit="项", quantity=1, unit_price=0)
        j.lines.filter(unit_price=None).update(unit_price=0)

    checks = [not_past(promised_on, "承诺完工日期")]
    with transaction.atomic():
        fresh = take(job, "begin_warranty", by=by, text=f"{job.party}质保返修", then=effect, checks=checks, **kwargs)
        redate_tickets(fresh, by=by)
    return fresh


# ---- changes under way --------------------------------------------------------------------------------------------


def extra(job: OutsideJob, *, by: User, words: str, lines: Iterable[dict[str, Any]], **kwargs: Any) -> OutsideJob:
    """增项: lines with unit prices; the new total needs its own approval."""
    lines = [
        {"item": str(one["item"]).strip(), "unit": str(one.get("unit") or "项").strip(), "quantity": cents(one["quantity"]),
         "unit_price": amount_of(one["unit_price"])}
        for one in lines
    ]  # fmt: skip
    amount = sum((cents(one["quantity"] * one["unit_price"]) for one in lines), Decimal("0.00"))

    def sound(j: OutsideJob) -> str | None:
        return None if all(one["item"] and one["quantity"] > 0 for one in lines) else "每行都要写项目，数量要大于 0。"

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        previous = j.expense
        j.expense = request(j, (j.approved_amount or Decimal(0)) + amount, by=by, replaces=previous)
        made = Variation.objects.create(
            job=j, words=words.strip(), amount=amount, expense=j.expense, previous=previous, by=by
        )
        order = j.lines.count()
        JobLine.objects.bulk_create(
            JobLine(job=j, variation=made, order=order + number, **one) for number, one in enumerate(lines)
        )

    checks = [written(words, "请写增加了什么、为什么。"), positive(amount, "增项金额"), sound]
    text = f"增项 {amount:,.2f} 元，合计送审"
    return take(job, "extra", by=by, said=words, text=text, then=effect, checks=checks, **kwargs)


def start_over(job: OutsideJob, *, by: Any, words: str) -> None:
    """The contractor is out: the approval is void, his quote falls away, the job is asked for anew (on the locked row)."""
    _retire(job.expense, by=by, words=words)
    job.quotes.filter(chosen=True).update(chosen=False, dropped=True)
    job.lines.filter(variation=None).update(
        unit_price=None, accepted_quantity=None, checked_price=None, check_reason=""
    )
    job.lines.exclude(variation=None).update(
        variation=None, unit_price=None, accepted_quantity=None, checked_price=None, check_reason=""
    )
    job.party = job.expense = job.approved_amount = job.ordered_by = job.ordered_at = None
    job.approved_by = job.approved_for = job.approved_at = job.started_on = job.done_on = None
    job.emergency_by, job.emergency_for, job.emergency_reason = None, None, ""
    job.single_source = job.choice_words = ""
    forget_acceptance(job)
    forget_check(job)


def fail(job: OutsideJob, *, by: User, words: str, kind: str = "no_show", **kwargs: Any) -> OutsideJob:
    """施工中 -> 询价: the contractor did not come or gave up; he is marked, the old approval is void."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        mark(j, kind, words, by=by)
        start_over(j, by=by, words=f"施工单位违约：{words}"[:200])

    checks = [written(words, "请写施工单位怎么违约的。")]
    text = f"{job.party}违约，另选施工单位"
    fresh = take(job, "fail", by=by, said=words, text=text, then=effect, checks=checks, **kwargs)
    tell(office_users(), fresh, text, but=by)
    return fresh


def set_contract(job: OutsideJob, *, by: User, contract: Any, project: Any = None, **kwargs: Any) -> OutsideJob:
    """The contract, signed after the approval, and the project that it belongs to."""

    def same_party(j: OutsideJob) -> str | None:
        return (
            None
            if contract is None or contract.party_id == j.party_id
            else f"合同是与{contract.party}签的，不是{j.party}。"
        )

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.contract, j.project = contract, project or j.project

    return take(job, "contract", by=by, text=f"登记合同 {contract.number}", then=effect, checks=[same_party], **kwargs)


def cancel(job: OutsideJob, *, by: User, reason: str, **kwargs: Any) -> OutsideJob:
    """已取消, only before the work starts; the tickets come back to the office."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.end_words, j.ended_at = reason.strip()[:200], clock.now()
        if j.expense is not None and j.expense.state == "waiting":
            j.expense = finance.void(j.expense, by=by, words=reason)

    checks = [written(reason, "取消要写明原因。")]
    with transaction.atomic():
        fresh = take(job, "cancel", by=by, said=reason, text="取消外修", then=effect, checks=checks, **kwargs)
        release(fresh, by=by, reason=f"外修取消：{reason}"[:200])
    return fresh
