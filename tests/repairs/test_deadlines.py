"""When a ticket is due: working time over weekends, 调休, holidays and month ends; the wall clock for danger."""

import datetime as dt

import pytest

from campus import cache
from campus.defaults import SCHOOL_DAYS
from campus.models import SchoolDay
from core import clock
from core.clock import moment
from repairs import deadlines, services
from repairs.models import Ticket
from repairs.priority import facts_of
from tests import make

pytestmark = pytest.mark.django_db

MONDAY = (2026, 11, 23, 9, 0)


@pytest.fixture(autouse=True)
def holidays(db):
    """The days of the State Council's notice that the cases pass over."""
    rows = [line.split(",")[:2] for line in SCHOOL_DAYS.read_text(encoding="utf-8").splitlines()[1:]]
    SchoolDay.objects.bulk_create(
        SchoolDay(day=dt.date.fromisoformat(day), working=working == "1") for day, working in rows
    )
    cache.clear()


# kind (working days: 灯不亮 2, 楼道/应急灯 1, 课桌 5, 粉刷 30), filed at, due at
CASES = {
    "一天": ("楼道/应急灯", (2026, 11, 23, 9, 0), (2026, 11, 24, 9, 0)),
    "午休里报": ("楼道/应急灯", (2026, 11, 23, 13, 0), (2026, 11, 24, 12, 0)),
    "周五 17:59": ("楼道/应急灯", (2026, 11, 20, 17, 59), (2026, 11, 23, 17, 59)),
    "周五 18:01": ("楼道/应急灯", (2026, 11, 20, 18, 1), (2026, 11, 23, 18, 0)),
    "周日": ("灯不亮", (2026, 11, 22, 12, 0), (2026, 11, 24, 18, 0)),
    "调休的周六上班": ("楼道/应急灯", (2026, 10, 9, 16, 0), (2026, 10, 10, 16, 0)),
    "调休周六当天报": ("灯不亮", (2026, 10, 10, 9, 0), (2026, 10, 13, 9, 0)),
    "国庆前一天": ("楼道/应急灯", (2026, 9, 30, 17, 0), (2026, 10, 8, 17, 0)),
    "国庆里报": ("灯不亮", (2026, 10, 3, 10, 0), (2026, 10, 9, 18, 0)),
    "月末": ("楼道/应急灯", (2026, 11, 30, 23, 30), (2026, 12, 1, 18, 0)),
    "跨月": ("课桌", (2026, 11, 27, 9, 0), (2026, 12, 4, 9, 0)),
    "跨年过元旦": ("灯不亮", (2025, 12, 31, 17, 0), (2026, 1, 5, 17, 0)),  # 4 January is worked
    "粉刷三十天": ("粉刷", (2026, 11, 2, 9, 0), (2026, 12, 14, 9, 0)),
    "特急按钟点": ("水管爆裂", (2026, 11, 20, 17, 59), (2026, 11, 21, 5, 59)),
    "隐患按钟点": ("玻璃破碎", (2026, 10, 1, 20, 0), (2026, 10, 2, 8, 0)),
    "不写天数的按优先级": ("蒸饭柜/灶具", (2026, 11, 23, 9, 0), (2026, 11, 24, 9, 0)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_due(case):
    kind, filed, due = CASES[case]
    with clock.at(moment(*filed)):
        ticket = make.ticket(category=make.category(kind))

    assert ticket.due_at == moment(*due)


def test_own_figures_of_the_school_count():
    make.figure("repairs.due_hours_now", 4)
    with clock.at(moment(*MONDAY)):
        assert make.ticket(hazard=True).due_at == moment(2026, 11, 23, 13)


def test_backdated_report_is_due_from_its_own_day():
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket(
            channel="late", by=make.clerk(), reporter_name="门卫", reported_at=moment(2026, 11, 18, 10)
        )

        assert ticket.due_at == moment(2026, 11, 20, 10)
        assert ticket.is_late


@pytest.mark.parametrize(("reason", "due"), [
    ("parts", (2026, 11, 30, 9, 0)), ("holiday", (2026, 11, 30, 9, 0)), ("outside", (2026, 11, 30, 9, 0)),
    ("money", (2026, 11, 25, 9, 0)), ("entry", (2026, 11, 25, 9, 0)), ("other", (2026, 11, 25, 9, 0)),
])  # fmt: skip
def test_waiting_stops_the_clock_for_some_reasons(reason, due):
    lead, until = make.repairer(), dt.date(2026, 11, 27)
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", lead=lead)  # due Wednesday 09:00
    with clock.at(moment(2026, 11, 24, 9)):
        held = services.hold(ticket, by=lead, reason=make.hold_reason(reason), until=until, purchase="镇流器")
    with clock.at(moment(2026, 11, 27, 9)):  # three working days on
        assert held.is_late == (reason in ("money", "entry", "other"))
        assert (held in Ticket.objects.overdue()) == held.is_late
        resumed = services.resume(held, by=lead)

    assert resumed.due_at == moment(*due)
    assert resumed.waited_minutes == (0 if due == (2026, 11, 25, 9, 0) else 3 * 480)


def test_question_stops_the_clock_and_the_answer_restarts_it():
    clerk = make.clerk()
    with clock.at(moment(*MONDAY)):
        asked = services.ask(make.ticket(), by=clerk, words="是哪一盏")
    with clock.at(moment(2026, 11, 23, 16)):  # over lunch: five working hours
        answered = services.answer(asked, by=asked.reporter, words="靠窗那盏")

    assert asked.clock_stopped_at == moment(*MONDAY)
    assert answered.clock_stopped_at is None
    assert (answered.waited_minutes, answered.due_at) == (300, moment(2026, 11, 25, 16))


def test_two_waits_add_up():
    lead, parts = make.repairer(), make.hold_reason("parts")
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", lead=lead)
    for day in (23, 24):
        with clock.at(moment(2026, 11, day, 10)):
            ticket = services.hold(ticket, by=lead, reason=parts, until=dt.date(2026, 11, 30), purchase="镇流器")
        with clock.at(moment(2026, 11, day, 11, 30)):
            ticket = services.resume(ticket, by=lead)

    assert (ticket.waited_minutes, ticket.due_at) == (180, moment(2026, 11, 25, 12))


def test_waiting_at_night_waits_no_working_time():
    lead = make.repairer()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", lead=lead)
    with clock.at(moment(2026, 11, 23, 18)):
        held = services.hold(
            ticket, by=lead, reason=make.hold_reason("parts"), until=dt.date(2026, 11, 24), purchase="锁"
        )
    with clock.at(moment(2026, 11, 24, 7, 50)):
        assert services.resume(held, by=lead).due_at == ticket.due_at


def test_hazard_never_stops():
    lead = make.repairer()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", hazard=True, lead=lead)
        held = services.hold(
            ticket, by=lead, reason=make.hold_reason("parts"), until=dt.date(2026, 11, 25), purchase="玻璃"
        )
    with clock.at(moment(2026, 11, 23, 21, 1)):
        assert held.clock_stopped_at is None
        assert held.due_at == moment(2026, 11, 23, 21)
        assert held in Ticket.objects.overdue()


def test_raising_a_hazard_starts_a_stopped_clock():
    lead, clerk = make.repairer(), make.clerk()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", lead=lead)
        held = services.hold(
            ticket, by=lead, reason=make.hold_reason("parts"), until=dt.date(2026, 11, 25), purchase="玻璃"
        )
        raised = services.raise_hazard(held, by=clerk)

    assert (raised.state, raised.clock_stopped_at, raised.due_at) == ("held", None, moment(2026, 11, 23, 21))


def test_lowering_a_hazard_that_waits_for_parts_stops_its_clock():
    lead, clerk = make.repairer(), make.clerk()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", hazard=True, lead=lead)
        held = services.hold(
            ticket, by=lead, reason=make.hold_reason("parts"), until=dt.date(2026, 11, 25), purchase="玻璃"
        )
        lowered = services.lower_hazard(held, by=clerk, reason="玻璃已取下")

    assert (lowered.clock_stopped_at, lowered.due_at) == (moment(*MONDAY), moment(2026, 11, 25, 9))


def test_overruling_to_now_runs_by_the_wall_clock_and_starts_it():
    clerk = make.clerk()
    with clock.at(moment(*MONDAY)):
        asked = services.ask(make.ticket(), by=clerk, words="是哪一盏")
        ticket = services.prioritise(asked, by=clerk, priority=1)

    assert (ticket.clock_stopped_at, ticket.due_at) == (None, moment(2026, 11, 23, 21))


@pytest.mark.parametrize(("level", "due"), [
    (1, (2026, 11, 23, 21, 0)), (2, (2026, 11, 24, 9, 0)), (3, (2026, 11, 26, 9, 0)), (4, (2027, 1, 4, 9, 0)),
])  # fmt: skip
def test_overruled_priority_counts_by_level(level, due):
    with clock.at(moment(*MONDAY)):
        ticket = services.prioritise(make.ticket(), by=make.clerk(), priority=level)

    assert ticket.due_at == moment(*due)


def test_correcting_the_kind_counts_anew_from_filing():
    clerk = make.clerk()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket(category=make.category("水管爆裂"))
    with clock.at(moment(2026, 11, 24, 9)):
        corrected = services.correct(ticket, by=clerk, category=make.category("课桌"))

    assert (corrected.priority, corrected.due_at) == (3, moment(2026, 11, 30, 9))


def test_correcting_the_kind_to_a_hazard_counts_by_the_wall_clock():
    with clock.at(moment(*MONDAY)):
        ticket = services.correct(make.ticket(), by=make.clerk(), category=make.category("玻璃破碎"))

    assert (ticket.hazard, ticket.priority, ticket.due_at) == (True, 1, moment(2026, 11, 23, 21))


def test_waiting_for_acceptance_is_done_work_not_late_work():
    with clock.at(moment(*MONDAY)):
        for hazard in (False, True):
            make.ticket("checking", hazard=hazard)
    with clock.at(moment(2026, 12, 7, 9)):
        assert [t.is_late for t in Ticket.objects.all()] == [False, False]
        assert list(Ticket.objects.overdue()) == []


def test_sent_back_work_does_not_pay_for_the_time_it_waited_for_acceptance():
    lead = make.repairer()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", lead=lead)
    with clock.at(moment(2026, 11, 24, 9)):
        finished = services.finish(ticket, by=lead, outcome="repaired")
    with clock.at(moment(2026, 11, 26, 9)):
        again = services.send_back(finished, by=ticket.reporter, reason="还是不亮")

    assert (again.waited_minutes, again.due_at) == (2 * 480, moment(2026, 11, 27, 9))


def test_reopened_work_does_not_pay_for_the_time_it_was_done():
    lead = make.repairer()
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket("doing", lead=lead)
    with clock.at(moment(2026, 11, 24, 9)):
        finished = services.finish(ticket, by=lead, outcome="repaired")
    with clock.at(moment(2026, 11, 25, 9)):
        done = services.accept_work(finished, by=ticket.reporter)
    with clock.at(moment(2026, 12, 1, 9)):
        again = services.reopen(done, by=ticket.reporter, reason="又不亮了")

    assert (again.waited_minutes, again.due_at) == (5 * 480, moment(2026, 12, 2, 9))


def test_late_days_are_told_from_the_day_after_the_deadline():
    with clock.at(moment(*MONDAY)):
        ticket = make.ticket()  # due Wednesday 09:00
    days = {}
    for when in ((2026, 11, 25, 9, 0), (2026, 11, 25, 9, 1), (2026, 11, 26, 8, 0), (2026, 11, 28, 8, 0)):
        with clock.at(moment(*when)):
            days[when[2:]] = facts_of(ticket, clock.today(), places=1, people=8, reports=1).late_days

    assert days == {(25, 9, 0): 0, (25, 9, 1): 1, (26, 8, 0): 1, (28, 8, 0): 3}


def test_stopping_twice_keeps_the_first_moment():
    ticket = Ticket(category=make.category(), priority=3, reported_at=moment(*MONDAY))
    with clock.at(moment(2026, 11, 23, 10)):
        deadlines.stop(ticket)
    with clock.at(moment(2026, 11, 23, 11)):
        deadlines.stop(ticket)

    assert ticket.clock_stopped_at == moment(2026, 11, 23, 10)
