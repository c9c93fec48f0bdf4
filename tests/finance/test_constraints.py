"""What the database itself refuses in finance, past all services: each constraint by an update."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import CheckConstraint, F

from core import clock
from finance import services
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
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
KINDS = (Band, BudgetLine, Claim, Contract, Expense, Invoice, Party, PartyMark, Payment, Period, Project)


def delegated():
    """An expense that a delegate approved."""
    absent, delegate = make.user("principal"), make.user("teacher")
    make.delegation(absent, delegate)
    return make.expense("approved", 8000, approver=delegate)


def refunded_by_party():
    first = make.payment(800)
    return services.refund(expense=first.expense, amount=Decimal(100), on=clock.today(), by=first.by, words="多付")


def income():
    return services.income(amount=Decimal(50), on=clock.today(), by=make.user("finance"), basis="废品出售")


def corrected():
    first = make.payment(800)
    return services.correct(first, on=clock.today(), by=first.by, words="记错")


def closed():
    return Period.objects.create(month=dt.date(2026, 10, 1), closed_at=clock.now(), closed_by=make.user("finance"))


def mark():
    return services.mark(make.party(), "no_show", by=make.user("clerk"), words="约好没来")


def objected():
    from finance import claims

    found = make.claim("due")
    claims.object_to(found, by=make.user("clerk"), words="不是我")
    return claims.answer(found, by=make.user("clerk"), words="有监控")


# constraint, the row as it stands, what is written over it
CASES = [
    ("band_sound", lambda: make.band(0), {"from_amount": -1}),
    ("band_sound", lambda: make.band(0), {"quotes": 0}),
    ("band_sound", lambda: make.band(0), {"approver": "clerk"}),
    ("budget_line_planned", make.budget_line, {"planned": -1}),
    ("contract_amount", make.contract, {"amount": -1}),
    ("contract_dates", make.contract, {"ends_on": dt.date(2026, 8, 31)}),
    ("project_budget", make.project, {"budget": -1}),
    ("project_dates", make.project, {"ends_on": dt.date(2026, 7, 4)}),
    ("party_kind", make.party, {"contractor": False}),
    ("mark_whole", mark, {"words": ""}),
    ("mark_whole", mark, {"kind": "late"}),
    ("expense_state_known", make.expense, {"state": "lost"}),
    ("expense_amount", make.expense, {"requested_amount": 0}),
    ("expense_approved_amount", lambda: make.expense("approved"), {"approved_amount": 801}),
    ("expense_approved_amount", lambda: make.expense("approved"), {"approved_amount": 0}),
    ("expense_below_next_band", make.expense, {"next_band": 800}),
    ("expense_decided_by_another", lambda: make.expense("approved"), {"decided_by": F("requested_by")}),
    ("expense_decided_by_another", lambda: make.expense("returned"), {"requested_by": F("decided_by")}),
    ("expense_acting_for_another", delegated, {"acting_for": F("requested_by")}),
    ("expense_acting_for_another", delegated, {"acting_for": F("decided_by")}),
    ("expense_acting_for_another", delegated, {"requested_by": F("acting_for")}),
    ("expense_waiting_undecided", lambda: make.expense("approved"), {"state": "waiting"}),
    ("expense_approved_whole", make.expense, {"state": "approved"}),
    ("expense_approved_whole", lambda: make.expense("approved"), {"decided_by": None}),
    ("expense_approved_whole", lambda: make.expense("approved"), {"decided_at": None}),
    ("expense_approved_whole", lambda: make.expense("approved"), {"approved_amount": None}),
    ("expense_minutes", lambda: make.expense("approved"), {"minutes_needed": True}),
    ("expense_minutes", lambda: make.expense("approved", 30000), {"minutes_number": ""}),
    ("expense_minutes", lambda: make.expense("approved", 30000), {"minutes_on": None}),
    ("expense_minutes", lambda: make.expense("approved", 30000), {"minutes_scan": None}),
    ("expense_returned_whole", lambda: make.expense("returned"), {"decision_words": ""}),
    ("expense_returned_whole", lambda: make.expense("returned"), {"decided_by": None}),
    ("expense_void_whole", lambda: make.expense("void"), {"void_words": ""}),
    ("expense_void_whole", lambda: make.expense("void"), {"voided_by": None}),
    ("expense_void_whole", lambda: make.expense("void"), {"state": "approved"}),
    ("expense_not_own_replacement", make.expense, {"replaces": F("id")}),
    ("invoice_sound", make.invoice, {"amount": 0}),
    ("invoice_sound", make.invoice, {"number": ""}),
    ("invoice_void_reason", make.invoice, {"voided": True}),
    ("payment_sign", make.payment, {"amount": -800}),
    ("payment_sign", make.payment, {"amount": 0}),
    ("payment_sign", make.payment, {"kind": "gift"}),
    ("payment_sign", make.payment, {"kind": "refund"}),
    ("payment_sign", make.payment, {"expense": None}),
    ("payment_sign", refunded_by_party, {"amount": 100}),
    ("payment_sign", refunded_by_party, {"expense": None}),
    ("payment_sign", income, {"amount": 50}),
    ("payment_sign", corrected, {"words": ""}),
    ("payment_sign", corrected, {"corrects": None}),
    ("payment_income_basis", income, {"basis": ""}),
    ("payment_party", make.payment, {"party": None}),
    ("claim_state_known", make.claim, {"state": "lost"}),
    ("claim_cost_only", make.claim, {"amount": 240}),
    ("claim_cost_only", make.claim, {"amount": 0}),
    ("claim_cost_only", make.claim, {"quantity": 0}),
    ("claim_received_sign", lambda: make.claim("due"), {"received": -1}),
    ("claim_received_by_state", lambda: make.claim("paid"), {"received": 121}),
    ("claim_received_by_state", lambda: make.claim("due"), {"received": 121}),
    ("claim_received_by_state", lambda: make.claim("due"), {"state": "paid"}),
    ("claim_received_by_state", lambda: make.claim("paid"), {"state": "due"}),
    ("claim_received_by_state", lambda: make.claim("refunded"), {"received": 120}),
    ("claim_judged", make.claim, {"state": "due"}),
    ("claim_judged", lambda: make.claim("paid"), {"judged_at": None}),
    ("claim_judged_by_another", lambda: make.claim("due"), {"judged_by": F("proposed_by")}),
    ("claim_waived_by_another", lambda: make.claim("waived"), {"waived_by": F("proposed_by")}),
    ("claim_waived_whole", lambda: make.claim("waived"), {"waived_by": None}),
    ("claim_waived_whole", lambda: make.claim("waived"), {"state": "due"}),
    ("claim_end_has_reason", lambda: make.claim("waived"), {"end_words": ""}),
    ("claim_end_has_reason", lambda: make.claim("withdrawn"), {"end_words": ""}),
    ("claim_end_has_reason", lambda: make.claim("refunded"), {"end_words": ""}),
    ("claim_answer_whole", objected, {"answered_by": None}),
    ("period_closed_whole", closed, {"closed_by": None}),
]


def test_every_check_has_its_case():
    checks = {c.name for kind in KINDS for c in kind._meta.constraints if isinstance(c, CheckConstraint)}

    assert checks == {case[0] for case in CASES}


@pytest.mark.parametrize(("name", "row", "over"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_refused_by_update(name, row, over):
    found = row()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        models.QuerySet(type(found)).filter(pk=found.pk).update(**over)

    assert name in str(refused.value)


def test_what_may_stand_once():
    party, first = make.party(), make.expense("approved")
    make.invoice(party=party, number="25320001")
    line = make.budget_line()
    closed()
    extra = make.expense(amount=900, party=first.party, replaces=first)
    wrong = corrected()
    twice = [
        lambda: Invoice.objects.create(
            party=party, number="25320001", amount=1, on=clock.today(), by=first.requested_by
        ),
        lambda: Band.objects.create(from_amount=0, approver="principal"),
        lambda: BudgetLine.objects.create(year=line.year, code=line.code, name="又一行"),
        lambda: Period.objects.create(month=dt.date(2026, 10, 1)),
        lambda: Party.objects.create(name=party.name, supplier=True),
        lambda: models.QuerySet(Expense).filter(pk=make.expense(amount=950).pk).update(replaces=extra.replaces),
        lambda: models.QuerySet(Payment).filter(pk=make.payment(10).pk).update(corrects=wrong.corrects_id, words="x"),
    ]

    for write in twice:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()


def test_a_voided_invoice_frees_its_number_and_an_idle_band_its_amount():
    party, by = make.party(), make.user("clerk")
    first = make.invoice(party=party, number="25320001")
    services.void_invoice(first, by=by, reason="开错抬头")
    make.band(0, active=False)

    make.band(0)
    assert make.invoice(party=party, number="25320001").pk != first.pk


def test_payments_and_marks_are_written_once():
    paid = make.payment()

    for write in (
        paid.save,
        paid.delete,
        Payment.objects.all().delete,
        lambda: Payment.objects.update(amount=1),
        mark().save,
    ):
        with pytest.raises(TypeError, match="append-only"):
            write()
