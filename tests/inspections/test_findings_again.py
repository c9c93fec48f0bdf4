"""A finding and its ticket afterwards: another number in the cell, a ticket that is worked on again, who may clear."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from django.urls import reverse

from core.models import LogEntry
from inspections.models import Finding, Target
from inspections.rules import back_in_work
from inspections.services import findings
from inspections.services.entering import Cell, Row, enter, enter_sheet
from repairs import rules as repair_rules
from repairs import services as repairs
from repairs.models import Ticket
from tests import make
from tests.inspections.test_findings import FAN, set_ticket

pytestmark = pytest.mark.django_db
_ids = itertools.count(1)


@pytest.fixture
def warden():
    return make.warden()


@pytest.fixture
def target():
    return make.targets(make.round(make.checklist(make.fixture_lines(), scoring="pass"), places=1))[0]


def fan(target: Target):
    return target.round.sheet.lines.get(name="风扇")


def put(target: Target, by, value):
    cell = Cell(target.pk, fan(target).pk, f"again-{next(_ids):05}", Decimal(value))
    return enter(target.round, [cell], by=by)[0]


def sheet(target: Target, by, value):
    said: list[str] = []
    version = Target.objects.get(pk=target.pk).version
    enter_sheet(target.round, [Row(target.pk, {fan(target).pk: Decimal(value)}, version=version)], by=by, said=said)
    return said


# ---- another number ------------------------------------------------------------------------------------------------


def test_another_number_goes_to_a_ticket_that_is_new(target, warden):
    number = put(target, warden, 2).ticket_number

    found = put(target, warden, 3)

    ticket = Ticket.objects.get()
    assert (found.words, ticket.quantity, ticket.state) == (f"已报修 {number}", 3, "new")
    assert Finding.objects.get().words == "风扇坏 3 处"
    assert LogEntry.objects.of(ticket).latest("pk").text == "更正数量：2 → 3"


def test_a_ticket_that_the_office_has_taken_keeps_its_number_and_that_is_said(target, warden):
    number = put(target, warden, 2).ticket_number
    repairs.accept(Ticket.objects.get(), by=make.clerk())

    found = put(target, warden, 3)

    assert found.words == f"报修单 {number}（已受理）的数量仍是 2，请到那张单上留言说明。"
    assert (found.status, Ticket.objects.get().quantity, Finding.objects.get().words) == ("saved", 2, "风扇坏 3 处")


def test_a_ticket_that_others_follow_keeps_its_number(target, warden):
    put(target, warden, 2)
    repairs.join(Ticket.objects.get(), by=make.teacher())

    assert put(target, warden, 3).words.endswith("的数量仍是 2，请到那张单上留言说明。")
    assert Ticket.objects.get().quantity == 2


def test_more_than_the_joined_ticket_says_is_told(target, warden):
    there = make.ticket(place=target.place, category=make.category(FAN))

    assert put(target, warden, 3).words == f"已并入 {there.number}，那张单上只有 1，请去留言说明"
    assert Ticket.objects.get().quantity == 1


def test_a_sheet_typed_again_does_the_same(target, warden):
    assert sheet(target, warden, 2) == []

    assert sheet(target, warden, 3) == []
    ticket = Ticket.objects.get()
    assert (ticket.quantity, Finding.objects.get().words) == (3, "风扇坏 3 处")
    repairs.accept(ticket, by=make.clerk())
    assert sheet(target, warden, 4) == [f"报修单 {ticket.number}（已受理）的数量仍是 3，请到那张单上留言说明。"]
    assert (Ticket.objects.get().quantity, Finding.objects.get().words) == (3, "风扇坏 4 处")


def test_the_form_without_script_tells_it(target, warden, client):
    client.force_login(warden)
    sheet(target, warden, 2)
    repairs.accept(Ticket.objects.get(), by=make.clerk())
    url = reverse("inspections:grid", args=[target.round.number])
    before = f"{Target.objects.get().version}|{fan(target).pk}:2|"
    page = client.post(url, {f"c{target.pk}-{fan(target).pk}": "5", f"o{target.pk}": before}, follow=True)

    assert "的数量仍是 2，请到那张单上留言说明。" in page.content.decode()


# ---- after the strike-off ------------------------------------------------------------------------------------------


def test_a_ticket_that_is_reopened_after_the_strike_off_is_not_hidden(warden, client):
    clerk, other = make.clerk(), make.user("warden")
    ticket = make.ticket(by=make.teacher())
    finding = make.finding(ticket=ticket, found_by=warden)
    ticket = set_ticket(ticket, "done")
    findings.pass_recheck(Finding.objects.get(), by=other)
    finding.refresh_from_db()
    assert (finding.state, back_in_work(ticket)) == ("closed", False)
    client.force_login(clerk)
    words = f"销号以后，报修单 {ticket.number} 又在处理"
    assert words not in client.get(finding.get_absolute_url()).content.decode()

    repairs.reopen(ticket, by=ticket.reporter, reason="又不转了")

    assert words in client.get(finding.get_absolute_url()).content.decode()
    finding.refresh_from_db()
    assert finding.state == "closed"


# ---- who clears ----------------------------------------------------------------------------------------------------


def test_a_steward_strikes_off_a_hazard_of_the_canteen_with_its_ticket():
    steward, finder = make.user("steward"), make.user("steward")
    kitchen = make.place("操作间", use="canteen")
    ticket = make.ticket(place=kitchen, by=make.teacher(), hazard=True)
    finding = make.finding(area="canteen", place=kitchen, ticket=ticket, found_by=finder, hazard=True)
    set_ticket(ticket, "checking")

    findings.pass_recheck(finding, by=steward, photo=make.photo())

    ticket.refresh_from_db()
    assert (Finding.objects.get().state, ticket.cleared_by) == ("closed", steward)


def test_a_steward_does_not_clear_what_lies_outside_the_canteen(client):
    steward = make.user("steward")
    ticket = make.ticket(by=make.teacher(), hazard=True)
    set_ticket(ticket, "checking")
    finding = make.finding(ticket=ticket, hazard=True)

    assert not Ticket.objects.visible_to(steward).filter(pk=ticket.pk).exists()
    client.force_login(steward)
    assert client.get(reverse("repairs:ticket-clear", args=[ticket.number])).status_code == 404
    assert findings.FINDING.blockers(finding, "pass", steward) == ["复查由后勤或这一片的负责人办理。"]
    assert repair_rules.FLOW.blockers(Ticket.objects.get(), "clear", steward) == []  # the page shows him no such ticket
