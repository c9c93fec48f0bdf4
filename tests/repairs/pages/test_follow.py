"""The private follow address of who reported without login."""

import pytest
from django.urls import reverse

from core.models import LogEntry
from repairs import services
from tests import make

pytestmark = pytest.mark.django_db


def follow(ticket, step=""):
    return reverse(f"repairs:follow-{step}" if step else "repairs:follow", args=[ticket.follow_token])


@pytest.fixture
def guest_ticket():
    return make.ticket(channel="qr", by=None, device="d" * 64, reporter_phone="13800001234")


def test_state_and_history_without_names(client, guest_ticket, clerk, repairer):
    services.dispatch(guest_ticket, by=clerk, lead=repairer)

    page = client.get(follow(guest_ticket)).content.decode()

    assert guest_ticket.number in page and "已派工" in page
    assert clerk.name not in page and "13800001234" not in page


def test_an_address_that_is_none_is_404(client, db):
    assert client.get(reverse("repairs:follow", args=["x" * 22])).status_code == 404


def test_answering_by_the_address(client, guest_ticket, clerk):
    services.ask(guest_ticket, by=clerk, words="哪一盏？")

    client.post(follow(guest_ticket, "answer"), {"words": "门口那盏"})

    guest_ticket.refresh_from_db()
    assert guest_ticket.state == "new"
    entry = LogEntry.objects.of(guest_ticket).first()
    assert (entry.by, entry.said) == (None, "门口那盏")


def test_accepting_and_rating_by_the_address(client, repairer):
    ticket = make.ticket("checking", channel="qr", by=None, device="d" * 64, lead=repairer)

    client.post(follow(ticket, "accept-work"), {"rating": "5"})

    ticket.refresh_from_db()
    assert (ticket.state, ticket.rating, ticket.completed_by) == ("done", 5, None)


def test_a_follower_may_chase_but_not_accept(client, repairer):
    ticket = make.ticket("checking", channel="qr", by=None, device="d" * 64, lead=repairer)
    follower = make.follower(ticket, device="e" * 64)
    address = reverse("repairs:follow-accept-work", args=[follower.token])

    answer = client.post(address, {"rating": "5"})

    ticket.refresh_from_db()
    assert (answer.status_code, ticket.state) == (403, "checking")


def test_withdrawing_by_the_address(client, guest_ticket):
    client.post(follow(guest_ticket, "withdraw"), {"reason": "自己好了"})

    guest_ticket.refresh_from_db()
    assert guest_ticket.state == "withdrawn"


def test_the_merged_ticket_points_to_its_head(client, guest_ticket, clerk):
    head = make.ticket(place=guest_ticket.place)
    services.merge(guest_ticket, by=clerk, into=head)

    page = client.get(follow(guest_ticket)).content.decode()

    assert head.number in page and "已并入" in page
