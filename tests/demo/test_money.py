"""The demo's outside jobs and money: every state and every way back is there, the audit is clean."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Q
from django.test import override_settings

from config import audit, setup
from config.demo import build, money, people, school
from config.demo.world import Profile, World
from core import clock
from core.models import LogEntry
from finance import columns
from finance.models import (
    Band,
    BudgetLine,
    Claim,
    Contract,
    Expense,
    Invoice,
    Party,
    PartyMark,
    Payment,
    Period,
    Project,
)
from repairs.models import OutsideJob, Ticket
from repairs.outside.models import STATES, AcceptanceSign, Variation

NOW = clock.moment(2026, 11, 22, 17)
TINY = replace(
    Profile.load("small"),
    asset_cards=20,
    tickets=2,
    classes=12,
    students=480,
    boarders=150,
    dorm_rooms=16,
    beds=160,
    teachers=30,
)


def play() -> None:
    """A school without its repairs, and all its money."""
    world = World(
        profile=TINY, rng=random.Random("1"), now=NOW, since=clock.moment(2026, 9, 1), say=lambda line: None, photo=build.picture(),  # noqa: S311
    )  # fmt: skip
    with clock.at(clock.moment(2025, 8, 1)):
        setup.seed()
        school.profile()
        school.terms(world)
        people.make(world)
        school.places(world)
        school.classes(world)
        people.duties(world)
    money.play(world)


@pytest.fixture(scope="module")
def made(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """Made once for all tests here and taken away again."""
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock():
        with override_settings(MEDIA_ROOT=folder), transaction.atomic():
            play()
        yield folder
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def demo(made: Any, db: Any, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = made
    with clock.at(NOW):
        yield


def verbs() -> set[str]:
    return set(LogEntry.objects.filter(kind__model="outsidejob").values_list("verb", flat=True))


def test_audit_finds_nothing() -> None:
    assert list(audit.run()) == []


def test_every_state_is_there() -> None:
    assert set(OutsideJob.objects.values_list("state", flat=True)) == set(STATES)
    assert set(Expense.objects.values_list("state", flat=True)) == set(columns.EXPENSE_STATES)
    assert set(Claim.objects.values_list("state", flat=True)) == set(columns.CLAIM_STATES)
    assert set(Payment.objects.values_list("kind", flat=True)) == set(columns.PAYMENT_KINDS)
    assert set(Variation.objects.values_list("state", flat=True)) == {"waiting", "approved", "refused"}
    assert set(OutsideJob.objects.values_list("kind", flat=True)) == {"repair", "service", "works"}
    assert set(PartyMark.objects.values_list("kind", flat=True)) == set(columns.MARKS)


def test_enough_of_it_over_three_terms() -> None:
    assert OutsideJob.objects.count() >= 25
    assert Party.objects.count() >= 12
    assert (Band.objects.count(), Contract.objects.count()) == (4, 6)
    assert BudgetLine.objects.filter(year=2026, planned__gt=0).count() == 10
    days = [clock.local(at).date() for at in OutsideJob.objects.values_list("created_at", flat=True)]
    for first, last in (
        (dt.date(2025, 8, 25), dt.date(2026, 1, 22)),
        (dt.date(2026, 2, 20), dt.date(2026, 7, 3)),
        (dt.date(2026, 9, 1), NOW.date()),
    ):
        assert sum(first <= day <= last for day in days) >= 8, first


def test_every_way_back_was_taken() -> None:
    wanted = {
        "refuse", "recall", "fail", "extra", "emergency", "approve_late", "refuse_late", "rule", "decide", "dispute", "contest",
        "decide_words", "cancel", "begin_warranty", "forfeit", "pay_retention", "refund", "sign", "leave_defect", "mend_defect",
    }  # fmt: skip
    assert wanted <= verbs()
    every = OutsideJob.objects.all()
    assert every.exclude(single_source="").exists()
    assert every.exclude(choice_words="").exists()
    assert every.filter(verdict="partial", deduction__gt=0).exists()
    assert every.filter(rework_count__gte=2, state="checking", verdict="failed").count() == 1
    assert every.filter(emergency_refused=True, state="settled").count() == 1
    assert every.unapproved_emergencies().filter(emergency_refused=False).count() == 1
    assert every.filter(warranty_for__isnull=False, state="settled").count() == 1
    assert (
        every.filter(approved_for__isnull=False).count()
        == Expense.objects.filter(acting_for__isnull=False, state="approved").count()
    )
    assert Expense.objects.filter(acting_for__username="principal", decided_by__username="viceprincipal").count() == 1
    assert Invoice.objects.filter(voided=True).count() == 1
    assert Payment.objects.filter(corrects__isnull=False).count() == 1


def test_one_of_three_tickets_failed_first() -> None:
    job = OutsideJob.objects.get(title="3号楼下水管疏通改造")
    assert (job.state, job.rework_count, job.tickets.filter(verdict="passed").count()) == ("settled", 1, 3)
    assert LogEntry.objects.filter(kind__model="ticket", verb="outside_failed").count() == 1
    assert set(Ticket.objects.filter(outside__job=job).values_list("state", flat=True)) == {"done"}


def test_one_line_cut_one_refused_one_raised() -> None:
    job = OutsideJob.objects.get(title="更换供水泵及阀门")
    lines = {line.item: (line.unit_price, line.checked_price, line.check_reason != "") for line in job.lines.all()}
    assert lines == {
        "立式离心泵 5.5 kW": (6800, 6800, False), "闸阀 DN80": (420, 360, True), "软接头 DN80": (90, 110, True), "旧泵拆除外运": (600, 0, True),
    }  # fmt: skip
    assert (job.quoted_amount, job.checked_amount, job.saved_amount) == (Decimal(9260), Decimal(8460), Decimal(800))


def test_retention_is_due() -> None:
    due = OutsideJob.objects.retention_open().filter(retention_due_on__lte=NOW.date())
    assert due.count() >= 2
    assert "北立面瓷砖脱落修补" in set(due.values_list("title", flat=True))


def test_the_summer_works() -> None:
    project, job = Project.objects.get(), OutsideJob.objects.get(kind="works")
    assert project.budget == 400000
    assert project.milestones.filter(done_on=None).count() == 0
    assert (job.state, job.contract, job.project) == ("settled", project.contract, project)
    assert job.audited_amount == job.checked_amount < job.submitted_amount < project.budget
    assert job.saved_amount == job.submitted_amount - job.audited_amount
    assert job.variations.get().state == "approved"
    assert job.retention_left > 0
    assert [defect.done_on is None for defect in job.defects.order_by("due_on")] == [False, True]
    assert set(Payment.objects.filter(expense__source_number=job.number).values_list("kind", flat=True)) == {
        "prepay",
        "progress",
        "final",
    }
    assert Expense.objects.get(pk=job.expense_id).minutes_number != ""


def test_nobody_did_two_of_the_steps() -> None:
    for job in OutsideJob.objects.all():
        took = [job.ordered_by_id, job.approved_by_id, job.acceptor_1_id, job.acceptor_2_id, job.checked_by_id]
        there = [one for one in took if one]
        assert len(there) == len(set(there)), job.number
        signed = set(AcceptanceSign.objects.filter(job=job).values_list("user", flat=True))
        assert not signed & {job.ordered_by_id, job.approved_by_id, job.checked_by_id}, job.number


def test_months_are_closed_but_the_last() -> None:
    closed = set(Period.objects.filter(closed_at__isnull=False).values_list("month", flat=True))
    assert dt.date(2026, 9, 1) in closed
    assert not closed & {dt.date(2026, 10, 1), dt.date(2026, 11, 1)}


def test_nothing_lies_after_the_day() -> None:
    assert not LogEntry.objects.filter(at__gt=NOW).exists()
    assert not Payment.objects.filter(Q(at__gt=NOW) | Q(on__gt=NOW.date())).exists()


def test_no_ticket_disturbs_the_desk() -> None:
    assert set(Ticket.objects.values_list("state", flat=True)) == {"held", "done"}
    assert not Ticket.objects.hold_passed().exists()
    assert not Ticket.objects.overdue().exists()
