"""The repairer's jobs, and the paper forms."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock
from tests import make

pytestmark = pytest.mark.django_db


def test_jobs_stand_in_the_order_of_a_day(client, repairer):
    room = make.place()
    urgent = make.ticket("dispatched", lead=repairer, place=room, hazard=True)
    plain = make.ticket("dispatched", lead=repairer, place=room)
    due = make.ticket(
        "held",
        lead=repairer,
        place=room,
        hold_reason=make.hold_reason("parts"),
        hold_until=clock.today(),
        state_before="dispatched",
    )
    later = make.ticket(
        "held", lead=repairer, place=room, hold_reason=make.hold_reason("holiday"),
        hold_until=clock.today() + dt.timedelta(days=30), state_before="dispatched",
    )  # fmt: skip
    client.force_login(repairer)

    context = client.get("/jobs/").context

    assert context["first"] == [urgent]
    assert context["groups"] == [(room.building or room, [plain])]
    assert (context["held"], context["later"]) == ([due], [later])


def test_other_peoples_jobs_are_not_mine(client, repairer, repairer2):
    make.ticket("dispatched", lead=repairer2)
    client.force_login(repairer)

    assert client.get("/jobs/").context["count"] == 0


def test_what_may_be_taken_is_offered(client, repairer):
    make.rule("take", repairer)
    ticket = make.ticket("accepted")
    client.force_login(repairer)
    assert client.get("/jobs/").context["takeable"] == [ticket]

    client.post(reverse("repairs:ticket-take", args=[ticket.number]))

    ticket.refresh_from_db()
    assert (ticket.state, ticket.lead) == ("dispatched", repairer)


def test_slips_of_a_building_in_one_print(client, clerk, repairer):
    room = make.place()
    tickets = [make.ticket("dispatched", lead=repairer, place=room) for _ in range(2)]
    make.ticket("new", place=room)
    client.force_login(clerk)

    chooser = client.get(reverse("repairs:slips")).content.decode()
    page = client.get(reverse("repairs:slips"), {"building": room.building_id}).content.decode()

    assert f"?building={room.building_id}" in chooser
    assert page.count("维修派工单</h2>") == 2
    assert all(t.number in page for t in tickets)


def test_a_repairer_prints_only_his_own(client, repairer, repairer2):
    ticket = make.ticket("dispatched", lead=repairer2)
    client.force_login(repairer)

    assert client.get(reverse("repairs:slips"), {"pick": ticket.number}).status_code == 404


def test_the_acceptance_paper_names_what_was_used(client, clerk, repairer):
    from decimal import Decimal

    from repairs import services

    ticket = make.ticket("doing", lead=repairer)
    tube = make.item(name="灯管", spec="T8", unit="支")
    make.stock(10, item=tube)
    services.finish(ticket, by=repairer, outcome="replaced", words="换灯管", minutes=20, materials=[(tube, Decimal(2))])
    client.force_login(clerk)

    page = client.get(reverse("repairs:ticket-paper", args=[ticket.number])).content.decode()

    assert "维修验收单" in page and "灯管 T8" in page and "20 分钟" in page


def test_there_is_no_acceptance_paper_before_the_work_is_done(client, clerk):
    ticket = make.ticket("accepted")
    client.force_login(clerk)

    assert client.get(reverse("repairs:ticket-paper", args=[ticket.number])).status_code == 404
