"""Audit of outside jobs: the log ends in the row's state, and the figures of lines, expense, payments and tickets agree."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F

from core.models import LogEntry
from repairs.models import Ticket
from repairs.outside.models import ACCEPTED, LIVE, STATES, JobTicket, OutsideJob
from repairs.outside.rules import FLOW, owed


def audit() -> Iterator[str]:
    """Name every outside job that breaks a rule, in Chinese."""
    yield from _states()
    yield from _figures()
    yield from _tickets()


def _states() -> Iterator[str]:
    """Each entry goes on from where the one before ended, by a step of the table, and the last is the present state."""
    kind = ContentType.objects.get_for_model(OutsideJob)
    now = dict(OutsideJob.objects.values_list("pk", "number"))
    states = dict(OutsideJob.objects.values_list("pk", "state"))
    at: dict[int, str] = {}
    rows: Any = LogEntry.objects.filter(kind=kind).order_by("pk").values_list("object_id", "verb", "before", "after")
    for pk, verb, before, after in rows.iterator(chunk_size=5000):
        if not after or (verb == "propose" and pk not in at):
            at[pk] = after or at.get(pk, "")
            continue
        step = FLOW.by_name.get(verb)
        if step is None or before not in step.sources:
            yield f"外修单 {now.get(pk, pk)}：日志“{verb}”不是从“{STATES.get(before, before)}”能走的一步。"
        elif at.get(pk) != before:
            yield f"外修单 {now.get(pk, pk)}：日志“{step.label}”从“{STATES.get(before, before)}”出发，此前是“{STATES.get(at.get(pk, ''), '')}”。"
        at[pk] = after
    for pk, number in now.items():
        if at.get(pk) != states[pk]:
            yield f"外修单 {number}：现在是“{STATES[states[pk]]}”，按日志应为“{STATES.get(at.get(pk, ''), '没有日志')}”。"


def _figures() -> Iterator[str]:
    """Quoted, approved, checked, paid: the same money from every side."""
    jobs = OutsideJob.objects.select_related("expense").prefetch_related("lines")
    for job in jobs.iterator(chunk_size=500):
        if job.expense is not None and job.approved_by_id:
            if job.state != "approving" and job.expense.state != "approved":
                yield f"外修单 {job.number}：支出 {job.expense.number} 没有批准，单上却写着审批人。"
            elif job.state != "approving" and (job.expense.approved_amount, job.expense.decided_by_id) != (
                job.approved_amount, job.approved_by_id,
            ):  # fmt: skip
                yield f"外修单 {job.number}：批准金额或审批人与支出 {job.expense.number} 不同。"
        if job.checked_amount is not None:
            lines = sum((line.checked_amount or Decimal(0) for line in job.lines.all()), Decimal(0)) - job.deduction
            if lines != job.checked_amount:
                yield f"外修单 {job.number}：逐项核定合计 {lines}，核定金额却是 {job.checked_amount}。"
        if job.state == "settled" and job.warranty_for_id is None and job.checked_amount is not None:
            due = job.checked_amount - job.retention_left - job.retention_forfeited
            if open_ := owed(job):  # what was given back later is no debt
                paid = due - open_
                yield f"外修单 {job.number}：已结算，已付 {paid}，应付 {due}。"
        if job.state in ACCEPTED and job.signs.filter(round=job.round).values("user").distinct().count() < 2:
            yield f"外修单 {job.number}：验收签字不足两人。"


def _tickets() -> Iterator[str]:
    """Who waits for a job is held for it; what passed was finished; a job that ended keeps nobody waiting."""
    live = JobTicket.objects.filter(live=True)
    for number, other in live.exclude(job__state__in=LIVE).values_list("job__number", "ticket__number"):
        yield f"外修单 {number}：已过验收或结束，报修单 {other} 却还等着。"
    for number, other in live.exclude(ticket__state="held", ticket__hold_reason__key="outside").values_list(
        "job__number", "ticket__number"
    ):
        yield f"外修单 {number}：报修单 {other} 在单上等施工，却没有挂起待外修。"
    dated = live.filter(job__promised_on__isnull=False).exclude(ticket__hold_until=F("job__promised_on"))
    for number, other in dated.values_list("job__number", "ticket__number"):
        yield f"外修单 {number}：报修单 {other} 的预计日期与承诺完工日期不同。"
    waiting = Ticket.objects.filter(state="held", hold_reason__key="outside", hold_words__startswith="外修单 ").exclude(
        outside__live=True
    )
    for other in waiting.values_list("number", flat=True):
        yield f"报修单 {other}：挂起待外修，却不在任何外修单上。"
