"""What the database itself refuses of a ticket, past all services: each constraint by an update and by an insert."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint, F

from core import clock
from repairs.models import Follower, Ticket
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

# constraint, the row as it stands, what is written over it
CASES = [
    ("ticket_state_known", "new", {}, {"state": "lost"}),
    ("ticket_quantity", "new", {}, {"quantity": 0}),
    ("ticket_done_quantity", "checking", {}, {"done_quantity": 2}),
    ("ticket_dispatched_has_lead", "dispatched", {}, {"lead": None}),
    ("ticket_dispatched_has_lead", "doing", {}, {"lead": None}),
    ("ticket_dispatched_has_lead", "new", {}, {"state": "doing"}),
    ("ticket_held_has_reason_and_date", "held", {}, {"hold_reason": None}),
    ("ticket_held_has_reason_and_date", "held", {}, {"hold_until": None}),
    ("ticket_asked_has_words", "asked", {}, {"ask_words": ""}),
    ("ticket_asked_has_words", "asked", {}, {"asked_at": None}),
    ("ticket_waiting_knows_way_back", "asked", {}, {"state_before": ""}),
    ("ticket_waiting_knows_way_back", "held", {}, {"state_before": ""}),
    ("ticket_finished_has_outcome", "checking", {}, {"outcome": ""}),
    ("ticket_finished_has_outcome", "checking", {}, {"finished_at": None}),
    ("ticket_finished_has_outcome", "checking", {}, {"done_quantity": 0}),
    ("ticket_done_has_acceptance", "done", {}, {"completed_at": None}),
    ("ticket_done_has_acceptance", "done", {}, {"finished_at": None}),
    ("ticket_done_has_acceptance", "done", {}, {"outcome": ""}),
    ("ticket_accepted_by_somebody", "done", {}, {"completed_by": None}),
    ("ticket_not_accepted_by_lead", "done", {}, {"completed_by": F("lead")}),
    ("ticket_hazard_cleared", "done", {}, {"hazard": True}),
    ("ticket_hazard_cleared", "done", {"hazard": True}, {"cleared_by": None}),
    ("ticket_hazard_cleared", "done", {"hazard": True}, {"cleared_at": None}),
    ("ticket_hazard_cleared", "done", {"hazard": True}, {"cleared_photo": None}),
    ("ticket_not_cleared_by_lead", "done", {"hazard": True}, {"cleared_by": F("lead")}),
    ("ticket_not_cleared_by_orderer", "done", {"hazard": True}, {"outside_by": F("cleared_by")}),
    ("ticket_not_accepted_by_orderer", "done", {}, {"outside_by": F("completed_by")}),
    ("ticket_hazard_never_deemed", "done", {"hazard": True}, {"deemed": True}),
    ("ticket_hazard_never_withdrawn", "withdrawn", {}, {"hazard": True}),
    ("ticket_hazard_never_declined", "declined", {}, {"hazard": True}),
    ("ticket_duplicate_has_head", "duplicate", {}, {"head": None}),
    ("ticket_duplicate_has_head", "duplicate", {}, {"state": "new"}),
    ("ticket_not_own_head", "duplicate", {}, {"head": F("id")}),
    ("ticket_end_has_reason", "declined", {}, {"end_words": ""}),
    ("ticket_end_has_reason", "withdrawn", {}, {"end_words": ""}),
    ("ticket_rating", "done", {}, {"rating": 0}),
    ("ticket_rating", "done", {}, {"rating": 6}),
    ("ticket_priority", "new", {}, {"priority": 0}),
    ("ticket_priority", "new", {}, {"priority": 5}),
]


def values(row, **over):
    """The columns of a row for a second one like it."""
    found = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return found | over


def test_every_check_has_its_case():
    checks = {c.name for model in (Ticket, Follower) for c in model._meta.constraints if isinstance(c, CheckConstraint)}

    assert checks == {case[0] for case in CASES} | {"follower_is_somebody"}


@pytest.mark.parametrize(("name", "state", "facts", "over"), CASES)
def test_refused_by_update(name, state, facts, over):
    ticket = make.ticket(state, **facts)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**over)

    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("name", "state", "facts", "over"), [c for c in CASES if not isinstance([*c[3].values()][0], F)]
)
def test_refused_by_bulk_insert(name, state, facts, over):
    ticket = make.ticket(state, **facts)
    over = {Ticket._meta.get_field(field).attname: value for field, value in over.items()}
    second = Ticket(**values(ticket, number="BX999999-0001", follow_token="another") | over)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Ticket.objects.bulk_create([second])

    assert name in str(refused.value)


def test_a_sound_row_passes():
    ticket = make.ticket("done", hazard=True)

    Ticket.objects.bulk_create([Ticket(**values(ticket, number="BX999999-0001", follow_token="another"))])
    Ticket.objects.filter(pk=ticket.pk).update(rating=5, priority=1)

    assert Ticket.objects.filter(state="done").count() == 2


@pytest.mark.parametrize("same", ["number", "follow_token"])
def test_numbers_and_follow_addresses_are_given_once(same):
    ticket = make.ticket()
    other = {"number": "BX999999-0001", "follow_token": "another"} | {same: getattr(ticket, same)}

    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.bulk_create([Ticket(**values(ticket, **other))])


def test_followers():
    ticket, teacher = make.ticket(), make.user()
    make.follower(ticket, teacher)
    phone = make.follower(ticket, device="phone-1")

    for facts in ({"user": teacher}, {"device": "phone-1"}, {"user": None, "device": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Follower.objects.bulk_create([Follower(ticket=ticket, **facts)])
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Follower.objects.filter(pk=phone.pk).update(device="")

    assert "follower_is_somebody" in str(refused.value)
    assert ticket.followers.count() == 2


def test_a_deemed_acceptance_names_nobody():
    ticket = make.ticket("done", deemed=True, completed_by=None)

    assert (ticket.deemed, ticket.completed_by, ticket.completed_at) == (True, None, clock.now())
