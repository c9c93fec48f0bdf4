"""Scores: averages, fair ranks, 文明寝室, twice failed, spans and groups."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from dormitory import scores
from dormitory.checklists import HYGIENE
from inspections.models import Checklist
from tests import make, make_dormitory

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 11, 16)
SUNDAY = dt.date(2026, 11, 22)
TODAY = clock.moment(2026, 11, 23, 9)


def rooms(*names: str, building: str = "3号楼") -> list:
    return [make.place(name, building_name=building) for name in names]


def test_the_default_scheme_has_eight_columns_of_together_100_points() -> None:
    sheet = make_dormitory.hygiene().versions.get()
    assert [line.name for line in sheet.lines.all()] == [
        "被子",
        "床面",
        "桌柜",
        "鞋盆",
        "地面",
        "卫生间",
        "垃圾",
        "用电",
    ]
    assert sum(line.points for line in sheet.lines.all()) == sheet.base == 100
    assert {line.reason_needed for line in sheet.lines.all()} == {True}


def test_lists_are_installed_once() -> None:
    make_dormitory.hygiene()
    count = Checklist.objects.count()
    make_dormitory.hygiene()
    assert Checklist.objects.count() == count == 6
    fan = Checklist.objects.get(key="dorm-sweep").versions.get().lines.get(name="风扇")
    assert (fan.kind, fan.remedy, fan.category.name) == ("count", "ticket", "吊扇/壁扇不转")


def test_averages_are_of_the_span_and_ranks_are_fair() -> None:
    a, b, c, d = rooms("301", "302", "303", "304")
    make_dormitory.week_of_scores(
        {a: [{}, {}], b: [{"地面": 5}, {}], c: [{}, {"地面": 5}], d: [{"地面": 10}, {"被子": 15}]}, MONDAY
    )
    found = scores.rooms(MONDAY, SUNDAY)
    assert [(one.name[-6:], one.rank, one.average, one.checks, one.lowest) for one in found] == [
        ("301 寝室", 1, Decimal("100.00"), 2, Decimal("100.0")), ("302 寝室", 2, Decimal("97.50"), 2, Decimal("95.0")),
        ("303 寝室", 2, Decimal("97.50"), 2, Decimal("95.0")), ("304 寝室", 4, Decimal("87.50"), 2, Decimal("85.0")),
    ]  # fmt: skip
    assert scores.rooms(dt.date(2026, 11, 9), dt.date(2026, 11, 15)) == []


def test_cancelled_rounds_and_excused_rooms_do_not_count() -> None:
    (a,) = rooms("301")
    target = make_dormitory.scored(a, MONDAY, {"地面": 5})
    type(target.round).objects.filter(pk=target.round_id).update(state="cancelled", closed_at=clock.now())
    assert scores.rooms(MONDAY, SUNDAY) == []


@pytest.mark.parametrize(
    ("days", "honoured"),
    [
        ([{}, {}, {}], True),  # three checks at 100
        ([{}, {}], False),  # too few
        ([{"地面": 5}, {"地面": 5}, {"地面": 5}], True),  # 95 exactly
        ([{"地面": 6}, {"地面": 5}, {"地面": 5}], False),  # below
        ([{}, {}, {}, {"用电": 1}], False),  # points taken for safety
    ],
)
def test_a_civil_room_has_a_high_average_enough_checks_and_nothing_unsafe(days: list, honoured: bool) -> None:
    (a,) = rooms("301")
    make_dormitory.week_of_scores({a: days}, MONDAY)
    (one,) = scores.rooms(MONDAY, SUNDAY)
    assert one.honoured is honoured


def test_the_school_sets_the_bar_of_a_civil_room() -> None:
    make.figure("dormitory.honour_score", 90)
    (a,) = rooms("301")
    make_dormitory.week_of_scores({a: [{"地面": 10}] * 3}, MONDAY)
    (one,) = scores.rooms(MONDAY, SUNDAY)
    assert one.honoured is True


def test_classes_count_by_pupils_floors_and_buildings_by_checks() -> None:
    a, b = rooms("301", "302")
    make_dormitory.occupied(a, classes={"初二（4）班": 6, "初二（5）班": 2})
    make_dormitory.occupied(b, classes={"初二（5）班": 6})
    make_dormitory.week_of_scores({a: [{}], b: [{"被子": 12}]}, MONDAY)
    classes = scores.gathered("class", MONDAY, SUNDAY)
    assert [(one.name, one.average, one.rooms) for one in classes] == [
        ("初二（4）班", Decimal("100.00"), 1), ("初二（5）班", Decimal("91.00"), 2)
    ]  # fmt: skip
    for by in ("floor", "building"):
        (one,) = scores.gathered(by, MONDAY, SUNDAY)
        assert (one.average, one.rooms, one.checks) == (Decimal("94.00"), 2, 2), by
    assert scores.gathered("class", MONDAY, SUNDAY, building=make.building("5号楼").pk) == []


def test_twice_failed_looks_at_the_last_two_checks_only() -> None:
    bad, good = {"被子": 15, "地面": 10}, {}
    a, b, c, d = rooms("301", "302", "303", "304")
    make_dormitory.week_of_scores(
        {a: [good, bad, bad], b: [bad, bad, good], c: [bad, good, bad], d: [bad, bad, bad]}, MONDAY
    )
    with clock.at(TODAY):
        found = scores.twice_failed()
    wednesday, tuesday = MONDAY + dt.timedelta(2), MONDAY + dt.timedelta(1)
    assert found == [(a.pk, wednesday, Decimal("75.0"), tuesday), (d.pk, wednesday, Decimal("75.0"), tuesday)]


def test_over_time_by_day_week_and_month() -> None:
    (a,) = rooms("301")
    make_dormitory.week_of_scores({a: [{}, {"地面": 10}]}, MONDAY)
    make_dormitory.scored(a, dt.date(2026, 11, 30), {"地面": 4})
    span = (dt.date(2026, 11, 1), dt.date(2026, 12, 31))
    assert scores.over_time({"place": a.pk}, *span, "day") == [
        (MONDAY, Decimal("100.00"), 1), (dt.date(2026, 11, 17), Decimal("90.00"), 1), (dt.date(2026, 11, 30), Decimal("96.00"), 1),
    ]  # fmt: skip
    assert scores.over_time({"place": a.pk}, *span) == [
        (MONDAY, Decimal("95.00"), 2), (dt.date(2026, 11, 30), Decimal("96.00"), 1)
    ]  # fmt: skip
    assert scores.over_time({"place": a.pk}, *span, "month") == [(dt.date(2026, 11, 1), Decimal("95.33"), 3)]


def test_statements_do_not_grow_with_rooms() -> None:
    counts = []
    for number in range(2):
        places = rooms(*(f"{number}{room:02}" for room in range(1, 6)))
        for place in places:
            make_dormitory.occupied(place)
        make_dormitory.week_of_scores({place: [{}, {"用电": 2}] for place in places}, MONDAY + dt.timedelta(3 * number))
        with CaptureQueriesContext(connection) as asked:
            scores.gathered("class", MONDAY, SUNDAY)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_two_versions_each_fail_by_their_own_mark() -> None:
    a, b = rooms("301", "302")
    strict = make.checklist(pass_score=Decimal(95), good_score=Decimal(98))
    make_dormitory.scored(a, MONDAY, {"地面": 8})
    make_dormitory.scored(b, MONDAY, {"地面": 8}, of=strict)
    assert {one.pk: one.failed for one in scores.rooms(MONDAY, SUNDAY)} == {a.pk: 0, b.pk: 1}
    assert Checklist.objects.filter(key=HYGIENE).exists()
