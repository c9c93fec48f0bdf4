"""Working time over nights, lunch, weekends, holidays, 调休, month and year ends."""

import datetime as dt

import pytest

from campus.calendar import Calendar, NoWorkingDay, parse_spans
from campus.worktime import add_days_of_work, add_working_time, day_minutes, worked_minutes
from core.clock import moment

DAY = 480  # 08:00-12:00, 14:00-18:00


def _off(first, last):
    days = (last - first).days + 1
    return {first + dt.timedelta(step): False for step in range(days)}


SCHOOL = Calendar(
    exceptions={
        **_off(dt.date(2026, 1, 1), dt.date(2026, 1, 3)), dt.date(2026, 1, 4): True,
        **_off(dt.date(2026, 2, 15), dt.date(2026, 2, 23)), dt.date(2026, 2, 14): True, dt.date(2026, 2, 28): True,
        **_off(dt.date(2026, 10, 1), dt.date(2026, 10, 7)),
        dt.date(2026, 9, 20): True, dt.date(2026, 10, 10): True,
    },
    spans=parse_spans("08:00-12:00,14:00-18:00"),
)  # fmt: skip

CASES = {
    "plain morning": ((2026, 11, 23, 9, 0), 60, (2026, 11, 23, 10, 0)),
    "zero minutes keep the moment": ((2026, 11, 22, 23, 0), 0, (2026, 11, 22, 23, 0)),
    "over lunch": ((2026, 11, 23, 11, 30), 60, (2026, 11, 23, 14, 30)),
    "ends exactly at noon": ((2026, 11, 23, 8, 0), 240, (2026, 11, 23, 12, 0)),
    "start exactly at the end of a span": ((2026, 11, 23, 12, 0), 30, (2026, 11, 23, 14, 30)),
    "start exactly at the start of a span": ((2026, 11, 23, 14, 0), 240, (2026, 11, 23, 18, 0)),
    "start exactly at the end of the day": ((2026, 11, 23, 18, 0), 1, (2026, 11, 24, 8, 1)),
    "filed during lunch": ((2026, 11, 23, 13, 0), 60, (2026, 11, 23, 15, 0)),
    "filed at night": ((2026, 11, 23, 23, 30), 60, (2026, 11, 24, 9, 0)),
    "filed before work": ((2026, 11, 23, 6, 0), DAY, (2026, 11, 23, 18, 0)),
    "Friday 17:59 and one working day": ((2026, 11, 20, 17, 59), DAY, (2026, 11, 23, 17, 59)),
    "Sunday noon and one working day": ((2026, 11, 22, 12, 0), DAY, (2026, 11, 23, 18, 0)),
    "three working days over a weekend": ((2026, 11, 19, 10, 0), 3 * DAY, (2026, 11, 24, 10, 0)),
    "month end 30 Nov 23:30": ((2026, 11, 30, 23, 30), DAY, (2026, 12, 1, 18, 0)),
    "eve of National Day": ((2026, 9, 30, 17, 0), 120, (2026, 10, 8, 9, 0)),
    "in National Day week": ((2026, 10, 3, 10, 0), 60, (2026, 10, 8, 9, 0)),
    "调休 Saturday works": ((2026, 10, 9, 17, 0), 120, (2026, 10, 10, 9, 0)),
    "调休 Sunday works": ((2026, 9, 19, 9, 0), DAY, (2026, 9, 20, 18, 0)),
    "eve of Spring Festival, back on a Tuesday": ((2026, 2, 14, 17, 30), 60, (2026, 2, 24, 8, 30)),
    "year border": ((2025, 12, 31, 17, 0), 120, (2026, 1, 4, 9, 0)),
    "29 February": ((2028, 2, 28, 17, 0), 120, (2028, 2, 29, 9, 0)),
    "29 February to March": ((2028, 2, 29, 17, 30), DAY, (2028, 3, 1, 17, 30)),
    "thirty working days": ((2026, 9, 1, 8, 0), 30 * DAY, (2026, 10, 15, 18, 0)),
}


@pytest.mark.parametrize(("start", "minutes", "expected"), CASES.values(), ids=CASES.keys())
def test_add_working_time(start, minutes, expected):
    assert add_working_time(moment(*start), minutes, SCHOOL) == moment(*expected)


@pytest.mark.parametrize(("start", "minutes", "expected"), CASES.values(), ids=CASES.keys())
def test_worked_minutes_is_the_inverse(start, minutes, expected):
    assert worked_minutes(moment(*start), moment(*expected), SCHOOL) == minutes


def test_worked_minutes_backwards_is_negative():
    assert worked_minutes(moment(2026, 11, 23, 10), moment(2026, 11, 20, 17), SCHOOL) == -180


def test_worked_minutes_of_a_weekend_is_zero():
    assert worked_minutes(moment(2026, 11, 20, 18), moment(2026, 11, 23, 8), SCHOOL) == 0


def test_a_day_of_work_follows_the_spans():
    half_day = Calendar(spans=parse_spans("08:30-11:30"))

    assert day_minutes(half_day) == 180
    assert add_days_of_work(moment(2026, 11, 20, 10, 0), 2, half_day) == moment(2026, 11, 24, 10, 0)


def test_moments_in_other_zones_are_read_by_the_schools_clock():
    start = dt.datetime(2026, 11, 20, 9, 59, tzinfo=dt.UTC)  # 17:59 in Shanghai

    assert add_working_time(start, DAY, SCHOOL) == moment(2026, 11, 23, 17, 59)


def test_negative_minutes_are_refused():
    with pytest.raises(ValueError, match="backwards"):
        add_working_time(moment(2026, 11, 23, 9), -1, SCHOOL)


def test_a_calendar_without_working_days_ends_with_an_error():
    never = Calendar(spans=())

    with pytest.raises(NoWorkingDay):
        add_working_time(moment(2026, 11, 23, 9), 1, never)


@pytest.mark.parametrize("text", ["", "8-12", "25:00-26:00", "12:00-08:00", "08:00-12:00,11:00-13:00", "08:61-09:00"])
def test_wrong_spans_are_refused(text):
    with pytest.raises(ValueError, match="。"):
        parse_spans(text)


def test_spans_are_read_with_full_width_signs():
    assert parse_spans("08：00-12：00，14：00-18：00") == parse_spans("08:00-12:00,14:00-18:00")
