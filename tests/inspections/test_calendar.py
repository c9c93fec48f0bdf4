"""When schedules fall due: each rhythm over a term with holidays and make-up days, and the preview."""

from __future__ import annotations

import datetime as dt

import pytest

from campus.calendar import Calendar, TermSpan
from core import clock
from inspections import calendar
from inspections.models import Schedule
from tests import make

# 2026: 1 September is a Tuesday. 1-7 October off, Sunday 27 September and Saturday 10 October worked.
OFF = {dt.date(2026, 10, day): False for day in range(1, 8)}
KNOWN = Calendar(
    exceptions=OFF | {dt.date(2026, 9, 27): True, dt.date(2026, 10, 10): True},
    terms=(TermSpan(1, "第一学期", dt.date(2026, 9, 1), dt.date(2027, 1, 22)),),
)


def days(first: str, last: str, **facts) -> list[str]:
    one = Schedule(**{"starts_on": dt.date(2026, 1, 1), "title": "x"} | facts)
    found = calendar.dates(one, dt.date.fromisoformat(first), dt.date.fromisoformat(last), KNOWN)
    return [f"{day:%m-%d}" for day in found]


def test_daily_means_every_day_with_holidays_and_ends_with_the_schedule():
    assert days("2026-09-30", "2026-10-03", every="daily") == ["09-30", "10-01", "10-02", "10-03"]
    limits = {"starts_on": dt.date(2026, 10, 2), "ends_on": dt.date(2026, 10, 3)}
    assert days("2026-09-30", "2026-10-08", every="daily", **limits) == ["10-02", "10-03"]


def test_weekdays_are_working_days_of_a_term():
    assert days("2026-09-26", "2026-10-12", every="weekdays") == [
        "09-27", "09-28", "09-29", "09-30", "10-08", "10-09", "10-10", "10-12",
    ]  # fmt: skip
    assert days("2026-08-25", "2026-09-02", every="weekdays") == ["09-01", "09-02"]  # holidays before the term


def test_weekly_leaves_days_off_out_and_may_be_a_sunday():
    assert days("2026-09-21", "2026-10-16", every="weekly", weekdays="3,7") == [
        "09-23", "09-27", "09-30", "10-11", "10-14",
    ]  # fmt: skip


def test_the_nth_weekday_and_the_last():
    assert days("2026-09-01", "2026-12-31", every="nth", weekdays="5", nth=2) == ["09-11", "10-09", "11-13", "12-11"]
    assert days("2026-09-01", "2026-12-31", every="nth", weekdays="5", nth=5) == ["09-25", "10-30", "11-27", "12-25"]


def test_monthly_moves_to_the_next_working_day_and_knows_short_months():
    assert days("2026-09-01", "2026-12-31", every="monthly", day=1) == ["09-01", "10-08", "11-02", "12-01"]
    assert days("2026-02-01", "2026-04-30", every="monthly", day=31) == [
        "02-02", "03-02", "03-31", "04-30",
    ]  # fmt: skip
    assert days("2026-11-02", "2026-11-02", every="monthly", day=1) == ["11-02"]  # as the daily task asks
    assert days("2026-11-01", "2026-11-01", every="monthly", day=1) == []


def test_once_a_term():
    assert days("2026-01-01", "2027-03-01", every="term", day=1) == ["09-01"]
    assert days("2026-01-01", "2027-03-01", every="term", day=6) == ["09-07"]  # the 6th is a Sunday


def test_by_teaching_week():
    assert days("2026-09-01", "2026-10-20", every="weeks", weekdays="1", weeks="1-3,6-7") == [
        "09-07", "09-14", "10-12",
    ]  # fmt: skip


def test_numbers_are_read_as_people_write_them():
    assert calendar.numbers("1-3，8、10", lowest=1, highest=30) == [1, 2, 3, 8, 10]
    for text in ("abc", "5-2", "0-3", "3-99"):
        with pytest.raises(ValueError, match="看不懂|不对"):
            calendar.numbers(text, lowest=1, highest=30)


@pytest.mark.django_db
def test_the_preview_says_what_became_of_each_day():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        term = make.term()
        make.rooms(2)
        one = make.schedule(every="weekly", weekdays="1", starts_on=dt.date(2026, 11, 1))
        from inspections.services.rounds import close_round, start_scheduled

        missed = start_scheduled(one, dt.date(2026, 11, 9))
        walked = start_scheduled(one, dt.date(2026, 11, 16))
        close_round(walked, by=make.clerk(), words="查完")
        found = calendar.preview(one, term, clock.today())
        assert [(f"{row.day:%m-%d}", row.week, row.state) for row in found[:5]] == [
            ("11-02", 10, "absent"), ("11-09", 11, "missed"), ("11-16", 12, "closed"), ("11-23", 13, "today"),
            ("11-30", 14, "planned"),
        ]  # fmt: skip
        assert found[1].round == missed
        assert len(found) == 12
