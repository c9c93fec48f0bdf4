"""What the database itself refuses of an outside job, past all services: each constraint by an update."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint, F

from core import clock
from repairs.models import (
    Defect,
    JobLine,
    JobTicket,
    OutsideJob,
    Quote,
    QuoteLine,
    ServiceTask,
    Variation,
)
from repairs.outside import services
from tests import make

pytestmark = pytest.mark.django_db

CASES = [  # constraint, the state of the job, what is written over it
    ("job_state_known", "proposed", {"state": "lost"}),
    ("job_kind_known", "proposed", {"kind": "lost"}),
    ("job_has_reason", "proposed", {"reason": ""}),
    ("job_approving_has_expense", "approving", {"expense": None}),
    ("job_approving_has_expense", "approving", {"party": None}),
    ("job_approving_has_expense", "approving", {"ordered_by": None}),
    ("job_started_is_approved", "working", {"party": None}),
    ("job_started_is_approved", "working", {"ordered_by": None}),
    ("job_started_is_approved", "working", {"started_on": None}),
    ("job_started_is_approved", "working", {"approved_by": None}),
    ("job_started_is_approved", "working", {"approved_amount": None}),
    ("job_started_is_approved", "working", {"expense": None}),
    ("job_started_is_approved", "quoting", {"state": "working"}),
    ("job_emergency_has_reason", "working", {"emergency_by": F("ordered_by")}),
    ("job_emergency_has_reason", "working", {"emergency_reason": "急"}),
    ("job_checking_is_done", "checking", {"done_on": None}),
    ("job_checking_is_done", "working", {"state": "checking"}),
    ("job_accepted_by_two", "pricing", {"acceptor_2": None}),
    ("job_accepted_by_two", "pricing", {"accepted_at": None}),
    ("job_accepted_by_two", "pricing", {"verdict": "failed"}),
    ("job_accepted_by_two", "checking", {"state": "pricing"}),
    ("job_first_then_second", "checking", {"acceptor_2": "warden"}),
    ("job_settling_is_checked", "settling", {"checked_by": None}),
    ("job_settling_is_checked", "settling", {"checked_amount": None}),
    ("job_settling_is_checked", "pricing", {"state": "settling"}),
    ("job_checked_within_approved", "settling", {"checked_amount": F("approved_amount") + 1}),
    ("job_checked_within_approved", "settling", {"checked_amount": -1}),
    ("job_settled_is_agreed", "settled", {"agreed_on": None, "agreed_name": ""}),
    ("job_agreed_by_somebody", "settled", {"agreed_name": ""}),
    ("job_decision_by_somebody", "settled", {"decision_words": "各半"}),
    ("job_deduction", "settled", {"deduction": 5}),
    ("job_deduction", "settled", {"deduction": -5, "deduction_words": "x"}),
    ("job_retention_rate", "settled", {"retention_rate": 101}),
    ("job_retention_left", "settled", {"retention_paid": F("retention_amount") + 1}),
    ("job_retention_left", "settled", {"retention_forfeited": -1, "forfeit_words": "x"}),
    ("job_retention_has_date", "settled", {"retention_due_on": None}),
    ("job_forfeit_has_reason", "settled", {"retention_forfeited": 1}),
    ("job_audited_within_submitted", "settled", {"audited_amount": 2, "submitted_amount": 1}),
    ("job_audited_within_submitted", "settled", {"audited_amount": 2}),
    ("job_cancelled_has_reason", "cancelled", {"end_words": ""}),
    ("job_not_own_warranty", "proposed", {"warranty_for": F("id")}),
    ("job_warranty_is_free", "settled", {"warranty_for": "other"}),
]


def refused_by(name, rows, **over):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        rows.update(**over)
    assert name in str(refused.value)


def test_every_check_has_its_case():
    checks = {c.name for c in OutsideJob._meta.constraints if isinstance(c, CheckConstraint) and "_not_" not in c.name}

    assert checks == {case[0] for case in CASES if "_not_" not in case[0]}


@pytest.mark.parametrize(("name", "state", "over"), CASES)
def test_refused_by_update(name, state, over):
    job = make.outside_job(state)
    if over.get("acceptor_2") == "warden":
        over = {"acceptor_2": make.warden()}
    if over.get("warranty_for") == "other":
        over = {"warranty_for": make.outside_job(tickets=[])}

    refused_by(name, OutsideJob.objects.filter(pk=job.pk), **over)


def test_lines():
    job = make.outside_job("settling")
    rows, fresh = (
        JobLine.objects.filter(pk=job.lines.first().pk),
        JobLine.objects.filter(job=make.outside_job(tickets=[])),
    )

    refused_by("job_line_quantity", fresh, quantity=0)
    refused_by("job_line_price", fresh, unit_price=-1)
    refused_by("job_line_accepted", fresh, accepted_quantity=-1)
    refused_by("job_line_change_has_reason", rows, checked_price=F("unit_price") - 1)
    refused_by("job_line_change_has_reason", rows, accepted_quantity=F("quantity") - 1)
    refused_by("job_line_change_has_reason", rows, accepted_quantity=None)
    rows.update(checked_price=F("unit_price") - 1, check_reason="市场价")


def test_tickets_wait_for_one_job():
    ticket = make.outside_job().tickets.get().ticket
    other = make.outside_job(tickets=[])

    with pytest.raises(IntegrityError), transaction.atomic():
        JobTicket.objects.create(job=other, ticket=ticket)
    JobTicket.objects.create(job=other, ticket=ticket, live=False)
    refused_by("job_ticket_verdict", JobTicket.objects.filter(job=other), verdict="perhaps")


def test_quotes():
    job = make.outside_job("approving")
    chosen, other = job.quotes.get(chosen=True), job.quotes.filter(chosen=False).first()

    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.filter(pk=other.pk).update(chosen=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.filter(pk=other.pk).update(party=chosen.party)
    refused_by("quote_chosen_not_dropped", Quote.objects.filter(pk=chosen.pk), dropped=True)
    refused_by("quote_valid_until", Quote.objects.filter(pk=chosen.pk), valid_until=dt.date(2026, 1, 1))
    refused_by("quote_line_price", QuoteLine.objects.filter(quote=chosen), unit_price=-1)


def test_extra_work_tasks_and_defects():
    job = make.outside_job("working", kind="service", tickets=[])
    clerk, warden = make.someone("clerk"), make.someone("warden")
    task = services.add_tasks(job, by=clerk, month=clock.today(), tasks=["修剪"])[0]
    refused_by(
        "task_accepted_is_done", ServiceTask.objects.filter(pk=task.pk), accepted_by=warden, accepted_at=clock.now()
    )
    job = services.extra(job, by=clerk, words="加一项", lines=[{"item": "补种", "quantity": 1, "unit_price": 10}])
    rows = Variation.objects.filter(job=job)

    refused_by("variation_adds", rows, amount=0)
    refused_by("variation_has_words", rows, words="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Variation.objects.create(job=job, words="又一项", amount=1, expense=job.expense, by=clerk)
    defect = Defect.objects.create(job=job, words="缺株", due_on=clock.today())
    refused_by("defect_done_by_somebody", Defect.objects.filter(pk=defect.pk), done_on=clock.today())
