"""School days, 调休, terms, teaching weeks, and the cache they are read through."""

import datetime as dt

import pytest

from campus import cache, calendar, defaults, profile
from campus.models import Figure, SchoolDay, SchoolProfile
from campus.worktime import add_working_time
from core import clock
from core.clock import moment
from tests import make_campus as make

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


def test_monday_to_friday_unless_the_school_says_otherwise():
    make.school_day("2026-10-01", False, "国庆节")
    make.school_day("2026-10-10", True, "国庆节调休")

    assert [calendar.is_working(day(d)) for d in ("2026-09-30", "2026-10-01", "2026-10-03", "2026-10-10")] == [
        True, False, False, True,
    ]  # fmt: skip


def test_next_working_and_counting():
    defaults.ensure()

    assert calendar.next_working(day("2026-09-30")) == day("2026-10-08")
    assert calendar.add_working_days(day("2026-09-30"), 3) == day("2026-10-10")
    assert calendar.add_working_days(day("2026-10-10"), -3) == day("2026-09-30")
    assert calendar.add_working_days(day("2026-10-04"), 0) == day("2026-10-04")
    assert calendar.working_days_between(day("2026-09-30"), day("2026-10-10")) == 3
    assert calendar.working_days_between(day("2026-10-10"), day("2026-09-30")) == -3


@pytest.mark.parametrize(
    ("text", "working"),
    [
        ("2025-01-26", True), ("2025-01-28", False), ("2025-02-04", False), ("2025-02-05", True), ("2025-02-08", True),
        ("2025-05-05", False), ("2025-09-28", True), ("2025-10-08", False), ("2026-01-02", False),
        ("2026-01-04", True), ("2026-02-14", True), ("2026-02-23", False), ("2026-02-24", True), ("2026-04-06", False),
        ("2026-05-09", True), ("2026-06-19", False), ("2026-09-20", True), ("2026-09-25", False),
        ("2026-10-08", True), ("2026-11-22", False),
    ],
)  # fmt: skip
def test_seeded_days(text, working):
    defaults.ensure()

    assert calendar.is_working(day(text)) is working


def test_teaching_weeks_begin_on_the_monday_of_the_first_day():
    make.term(starts="2026-09-01", ends="2027-01-22")  # a Tuesday

    found = [
        calendar.teaching_week(day(d)) for d in ("2026-08-30", "2026-08-31", "2026-09-06", "2026-09-07", "2026-11-22")
    ]

    assert found == [None, 1, 1, 2, 12]
    assert calendar.teaching_week(day("2027-01-23")) is None


def test_term_of():
    term = make.term(starts="2026-09-01", ends="2027-01-22")

    assert calendar.term_of(day("2027-01-22")).pk == term.pk
    assert calendar.term_of(day("2027-01-23")) is None


def test_today_in_words():
    make.term(starts="2026-09-01", ends="2027-01-22")

    with clock.at(moment(2026, 11, 22, 0, 10)):
        assert calendar.today_words() == "11月22日 周日 · 第12周"
    with clock.at(moment(2027, 2, 1)):
        assert calendar.today_words() == "2月1日 周一"


def test_working_hours_come_from_the_profile():
    make.profile(work_spans="09:00-11:00")

    assert add_working_time(moment(2026, 11, 23, 8), 180) == moment(2026, 11, 24, 10)


def test_broken_hours_in_the_row_fall_back_to_the_usual_ones():
    make.profile(work_spans="八点到十二点")

    assert calendar.current().spans == calendar.parse_spans(calendar.DEFAULT_SPANS)


def test_profile_without_a_row_has_defaults():
    assert (profile.current().office, profile.current().is_demo, profile.current().pk) == ("后勤处", False, None)


def test_a_save_is_seen_at_once():
    make.profile(name="甲校")
    assert profile.current().name == "甲校"

    row = SchoolProfile.objects.get()
    row.name = "乙校"
    row.save()

    assert profile.current().name == "乙校"


def test_settings_cost_nothing_while_fresh_and_one_statement_after(django_assert_num_queries, monkeypatch):
    make.term()
    make.school_day("2026-10-10", True)
    calendar.current()

    with django_assert_num_queries(0):
        calendar.is_working(day("2026-10-10"))
    monkeypatch.setattr(cache, "LIFETIME", 0)
    with django_assert_num_queries(1):
        calendar.is_working(day("2026-10-10"))


def test_a_change_by_another_process_is_seen_when_the_version_moves(monkeypatch):
    make.school_day("2026-10-10", True)
    assert calendar.is_working(day("2026-10-10"))
    kept, state = dict(cache._values), dict(cache._state)
    SchoolDay.objects.get().delete()  # bumps the version
    cache._values.update(kept)  # what another process would still hold
    cache._state.update(state)

    assert calendar.is_working(day("2026-10-10"))
    monkeypatch.setattr(cache, "LIFETIME", 0)
    assert not calendar.is_working(day("2026-10-10"))


def test_ensure_twice_changes_nothing_and_keeps_what_the_school_set():
    defaults.ensure()
    make.figure("repairs.due_days_plain", 5, label="普通")
    counts = (Figure.objects.count(), SchoolDay.objects.count())

    defaults.ensure()

    assert (Figure.objects.count(), SchoolDay.objects.count()) == counts
    assert Figure.objects.get(key="repairs.due_days_plain").value == 5
