"""What every move of an outside job needs: the step itself, small checks, who is told, how a round begins anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from campus.models import User
from core import clock, notices
from core.money import cents
from core.workflow import RuleBroken
from finance import services as finance
from repairs.outside.models import JobTicket, OutsideJob, ServiceTask
from repairs.outside.rules import FLOW

Check = Callable[[OutsideJob], str | None]


def take(job: OutsideJob, step: str, **kwargs: Any) -> OutsideJob:
    """Take one step of the flow; see `core.workflow.Flow.run` for the keywords."""
    fresh: OutsideJob = FLOW.run(job, step, **kwargs)
    return fresh


def written(words: str, refusal: str) -> Check:
    return lambda job: None if words.strip() else refusal


def not_past(on: dt.date | None, what: str) -> Check:
    return lambda job: f"{what}已经过了，请改成今天或以后。" if on is not None and on < clock.today() else None


def not_ahead(on: dt.date, what: str) -> Check:
    return lambda job: f"{what}还没有到，请改成今天或以前。" if on > clock.today() else None


def positive(amount: Decimal, what: str) -> Check:
    return lambda job: None if amount > 0 else f"{what}要大于 0。"


def tell(people: Iterable[User | None], job: OutsideJob, text: str, *, but: Any = None) -> None:
    """A line in the inbox of each who is active and did not do it himself."""
    users = {one.pk: one for one in people if one is not None and one.is_active and one.pk != getattr(but, "pk", None)}
    if users:
        notices.tell(users.values(), f"{text}：{job}"[:300], job.get_absolute_url())


def office_users() -> list[User]:
    return list(User.objects.with_role("clerk", "director"))


def finance_users() -> list[User]:
    return list(User.objects.with_role("finance"))


def live_rows(job: OutsideJob) -> list[JobTicket]:
    """The tickets that wait for the job, in the order of their keys, as every writer locks them."""
    rows = job.tickets.filter(live=True).select_related(
        "ticket__place", "ticket__category", "ticket__reporter", "ticket__lead"
    )
    return list(rows.order_by("ticket_id"))


def mark(job: OutsideJob, kind: str, words: str, *, by: Any) -> None:
    """A line in the contractor's record (爽约, 返工, 核减)."""
    if job.party is not None:
        finance.mark(
            job.party, kind, by=by, words=f"{job.number} {job.title}：{words}"[:200], url=job.get_absolute_url()
        )


def forget_acceptance(job: OutsideJob) -> None:
    """The next acceptance starts from nothing; who signed the earlier ones stays in the signatures."""
    job.round += 1
    job.acceptor_1 = job.acceptor_2 = job.accepted_at = None
    job.verdict = job.verdict_words = ""
    job.warranty_until = None


def forget_check(job: OutsideJob) -> None:
    """The price is to be checked again; what was typed on the lines stays as a start."""
    job.checked_by = job.checked_for = job.checked_at = job.checked_amount = job.audited_amount = None
    job.agreed_on, job.agreed_name = None, ""
    job.decision_words, job.decision_by = "", None
    job.retention_amount, job.retention_due_on = Decimal(0), None


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return dt.date(year, month + 1, min(day.day, (following - dt.timedelta(days=1)).day))


def lock_task(task: ServiceTask) -> ServiceTask:
    return ServiceTask.objects.select_related("job").get(pk=task.pk)


def amount_of(text: Any) -> Decimal:
    """An amount with two decimals; refused when it is no number."""
    try:
        return cents(Decimal(text))
    except ArithmeticError as wrong:
        raise RuleBroken(f"“{text}”不是金额，请填数字。") from wrong
