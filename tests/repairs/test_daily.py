"""The day's round over tickets: once or twice, the same day ends the same."""

import pytest

from core import clock
from core.clock import moment
from core.models import LogEntry, Notice
from repairs import daily, services
from repairs.daily import forget_guests
from repairs.models import Ticket
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def states():
    return {row["number"]: row for row in Ticket.objects.values()}


def test_twice_in_one_day_changes_nothing_more():
    clerk, lead = make.clerk(), make.repairer()
    finished = make.ticket("checking", by=make.teacher())
    unanswered = make.ticket(by=make.other_teacher())
    followed = make.ticket(followers=[make.user()])
    for ticket in (unanswered, followed):
        services.ask(ticket, by=clerk, words="是哪一盏")
    held = make.ticket("held", lead=lead, state_before="doing", hold_until=moment(2026, 12, 1).date())
    late = make.ticket("doing", lead=lead)
    Notice.objects.all().delete()

    with clock.at(moment(2026, 12, 1, 0, 10)):
        first = daily.run(clock.today())
        after, entries, notices = states(), LogEntry.objects.count(), Notice.objects.count()
        second = daily.run(clock.today())

    assert first == "默认验收 1 张，到期撤销或转交 2 张，重算优先级 3 张，清空扫码人信息 0 张"
    assert second == "默认验收 0 张，到期撤销或转交 0 张，重算优先级 3 张，清空扫码人信息 0 张"
    assert (states(), LogEntry.objects.count(), Notice.objects.count()) == (after, entries, notices)
    assert {n: row["state"] for n, row in after.items()} == {
        finished.number: "done", unanswered.number: "withdrawn", followed.number: "new", held.number: "held",
        late.number: "doing",
    }  # fmt: skip
    assert after[late.number]["priority_words"].endswith("超期 6 天")
    held_words = "挂起到12月1日为止，请恢复维修或改日期：3号楼 3层 312 寝室，灯不亮"
    assert list(Notice.objects.filter(text=held_words).order_by("user").values_list("user", flat=True)) == sorted(
        [clerk.pk, lead.pk]
    )


def test_a_day_that_was_missed_is_made_up():
    ticket = make.ticket("checking")
    with clock.at(moment(2026, 12, 15, 9)):
        daily.run(clock.today())

    assert Ticket.objects.get(pk=ticket.pk).state == "done"


def test_hazards_pass_the_day_untouched():
    ticket = make.ticket("checking", hazard=True)
    asked = make.ticket("asked", hazard=True)
    with clock.at(moment(2027, 3, 1, 9)):
        daily.run(clock.today())

    assert [Ticket.objects.get(pk=t.pk).state for t in (ticket, asked)] == ["checking", "asked"]


def test_a_guests_name_and_telephone_go_when_their_time_is_over(clerk):
    with clock.at(clock.moment(2025, 3, 3, 9)):
        old = make.ticket(
            "done", channel="qr", by=None, device="d" * 64, reporter_name="小张", reporter_phone="13800001234"
        )
        type(old).objects.filter(pk=old.pk).update(ended_at=clock.now())
    with clock.at(clock.moment(2026, 3, 2, 9)):
        assert forget_guests(clock.today()) == 0
    with clock.at(clock.moment(2026, 3, 4, 9)):
        assert forget_guests(clock.today()) == 1

    old.refresh_from_db()
    assert (old.reporter_name, old.reporter_phone) == ("", "")
