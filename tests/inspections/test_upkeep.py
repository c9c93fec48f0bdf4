"""Recurring work: when tickets are made, when it comes again, and that no day and no pause makes it twice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campus.models import Place
from core import clock
from core.models import LogEntry, Notice
from core.plan import Month
from core.workflow import RuleBroken
from inspections import upkeep_plan
from inspections.models import Upkeep
from inspections.services import upkeep as services
from repairs.models import Ticket
from tests import make
from tests.make_upkeep import upkeep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday():
    with clock.at(clock.moment(2026, 3, 2, 9, 0)):
        yield


DAY = dt.date(2026, 3, 2)


def later(days):
    return DAY + dt.timedelta(days=days)


def done(ticket, on):
    moment = clock.moment(on.year, on.month, on.day, 10)
    Ticket.objects.filter(pk=ticket.pk).update(
        state="done", lead=make.user("repairer"), outcome="replaced", done_quantity=1, finished_at=moment,
        completed_at=moment, completed_by=ticket.reporter,
    )  # fmt: skip


def broken(call):
    with pytest.raises(RuleBroken) as error:
        call()
    return error.value.reasons


# ---- when it comes again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "due", "done_on", "expected"),
    [
        ("done", 0, 0, 90), ("done", 0, 5, 95), ("done", 10, 0, 90), ("planned", 0, 0, 90), ("planned", 0, 5, 90), ("planned", 10, 0, 100),
        ("planned", 0, 90, 180), ("planned", 0, 200, 270),  # two planned days went by unused
    ],
)  # fmt: skip
def test_next_due(counts, due, done_on, expected):
    work = Upkeep(every_days=90, counts_from=counts, due_on=later(due))

    assert services.next_due(work, later(done_on)) == later(expected)


def test_preview():
    assert services.preview(Upkeep(every_days=30, due_on=DAY), 3) == [DAY, later(30), later(60)]


# ---- by the day ---------------------------------------------------------------------------------------------------


def test_its_ticket_is_made_within_the_lead_time():
    owner = make.user("warden")
    work = upkeep(due_on=later(7), words="换 PP 棉", owner=owner)

    assert services.daily(later(-1)) == ""
    assert services.daily(DAY) == "派出 1 张"

    work.refresh_from_db()
    ticket = work.ticket
    assert (ticket.channel, ticket.words, ticket.reporter, ticket.place) == (
        "routine",
        "饮水机换滤芯。换 PP 棉",
        owner,
        work.place,
    )
    assert clock.local(ticket.due_at).date() == later(7)
    assert LogEntry.objects.of(ticket).get(verb="file").text == "定期维护，到期派出"
    assert LogEntry.objects.of(work).get().text == f"派出 {ticket.number}，3月9日到期"


def test_a_day_makes_it_once_and_so_do_ten_days_off():
    upkeep(due_on=DAY)
    upkeep(due_on=later(8))

    said = [services.daily(later(number)) for number in (0, 0, 10, 10, 11)]

    assert said == ["派出 1 张", "", "派出 1 张", "", ""]
    assert Ticket.objects.count() == 2


def test_a_repair_that_is_open_is_not_the_maintenance():
    work = upkeep(due_on=DAY)
    make.ticket(place=work.place, category=work.category)

    services.daily(DAY)

    assert Ticket.objects.count() == 2


def test_when_the_ticket_is_done_the_next_date_is_set():
    work = upkeep(due_on=DAY)
    services.daily(DAY)
    work.refresh_from_db()
    ticket = work.ticket
    done(ticket, later(3))

    assert services.daily(later(4)) == "1 项已做完"

    work.refresh_from_db()
    assert (work.ticket, work.done_on, work.times, work.due_on, work.makes_on) == (
        None,
        later(3),
        1,
        later(93),
        later(86),
    )
    assert (
        LogEntry.objects.of(work).filter(verb="done").get().text == f"{ticket.number} 已完成（3月5日做），下次 6月3日"
    )
    assert services.daily(later(4)) == ""


def test_a_ticket_that_waits_for_acceptance_is_not_done_yet():
    work = upkeep(due_on=DAY, ticket=make.ticket("checking"))

    services.daily(DAY)

    work.refresh_from_db()
    assert (work.times, work.ticket is None) == (0, False)


def test_a_declined_ticket_skips_this_time():
    work = upkeep(due_on=DAY, counts_from="planned", ticket=make.ticket("declined"))

    services.daily(DAY)

    work.refresh_from_db()
    assert (work.ticket, work.times, work.due_on) == (None, 0, later(90))


def test_a_merged_ticket_is_followed():
    head = make.ticket("doing")
    work = upkeep(due_on=DAY, ticket=make.ticket("duplicate", head=head))

    services.daily(DAY)

    work.refresh_from_db()
    assert work.ticket == head


def test_a_place_out_of_use_stops_it_and_tells():
    clerk = make.clerk()
    work = upkeep(due_on=DAY)
    Place.objects.filter(pk=work.place_id).update(active=False)

    assert services.daily(DAY) == ""

    work.refresh_from_db()
    assert (work.active, work.ticket) == (False, None)
    assert Notice.objects.filter(user=clerk).count() == 1
    assert services.daily(DAY) == ""


def test_many_tickets_without_login_at_the_place_do_not_stop_it(monkeypatch):
    make.figure("repairs.per_place_day", 1)
    work = upkeep(due_on=DAY)
    make.ticket(place=work.place, channel="qr", device="d" * 20)

    assert services.daily(DAY) == "派出 1 张"


# ---- by hand ------------------------------------------------------------------------------------------------------


def test_noted_down_as_done():
    warden = make.warden()
    work = services.record_done(upkeep(), by=warden, on=DAY, words="厂家上门")

    assert (work.done_on, work.times, work.due_on) == (DAY, 1, later(90))
    entry = LogEntry.objects.of(work).get()
    assert (entry.said, entry.by) == ("厂家上门", warden)
    assert broken(lambda: services.record_done(work, by=warden, on=DAY)) == [
        "上次完成是 2026-03-02，请填那以后的日子。"
    ]
    assert broken(lambda: services.record_done(work, by=warden, on=later(1))) == [
        "完成日期还没有到，请改成已经做完的那一天。"
    ]


def test_made_at_once():
    warden = make.warden()
    work = services.make_now(upkeep(), by=warden)

    assert work.ticket.state == "new"
    assert broken(lambda: services.make_now(work, by=warden)) == [f"已派出 {work.ticket.number}。"]
    assert broken(lambda: services.record_done(work, by=warden, on=DAY)) == [
        f"已派出 {work.ticket.number}，在那张单上报完工。"
    ]


@pytest.mark.parametrize("facts", [{"every_days": 0}, {"makes_on": later(60)}])
def test_constraints(facts):
    work = upkeep()

    with pytest.raises(IntegrityError), transaction.atomic():
        Upkeep.objects.filter(pk=work.pk).update(**facts)


# ---- the plan -----------------------------------------------------------------------------------------------------


def test_on_the_plan_until_its_ticket_is_there():
    late = upkeep(due_on=later(-5))
    upkeep(due_on=later(10))
    upkeep(due_on=later(20), title="水泵保养")
    upkeep(due_on=later(60))
    upkeep(due_on=later(-3), ticket=make.ticket())
    month = Month(2026, 3)

    with CaptureQueriesContext(connection) as asked:
        lines = upkeep_plan.plan_lines(month)

    assert len(asked) == 1
    assert [(line.key, line.count, line.title) for line in lines] == [
        ("late", 1, "超期的定期维护 1 项：饮水机换滤芯"), ("due", 2, "本月到期的定期维护 2 项：饮水机换滤芯、水泵保养"),
    ]  # fmt: skip
    found = upkeep_plan.all_members(month, ["late", "due"])
    assert [len(found[line.key]) for line in lines] == [line.count for line in lines]
    assert found["late"] == [("upkeep", str(late.pk), late.makes_on)]


def test_a_coming_month_holds_what_comes_due_in_it():
    upkeep(due_on=later(60))

    assert [line.count for line in upkeep_plan.plan_lines(Month(2026, 5))] == [1]
    assert upkeep_plan.plan_lines(Month(2026, 4)) == []
