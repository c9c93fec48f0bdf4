"""Trends: figures of weeks, lines, places and inspectors agree with what was walked; statements do not grow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from inspections import trends
from tests import make
from tests.inspections.test_zones import checked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


def span():
    return trends.spans()[0]


def test_weeks_by_building():
    make.term()
    of = checked([90, 80], [make.place("301")])
    checked([70], [make.place("501", building_name="5号楼")], of=of)

    chart = trends.weekly(of, span(), None)

    assert chart.heads == ("周", "全部", "3号楼", "5号楼")
    assert [row[1:] for row in chart.rows[-2:]] == [("80", "80", ""), ("80", "90", "70")]


def test_lines_places_and_people():
    warden = make.warden()
    rooms = make.rooms(2)
    round_ = make.round(places=rooms)
    one, two = make.targets(round_)
    make.walked(one, warden, score=88, failed={"床铺": 5, "地面": 7})
    make.walked(two, warden, score=95, failed={"床铺": 5})
    of = round_.sheet.checklist

    assert [(r["line__name"], r["count"], r["sum"]) for r in trends.by_line(of, span(), None)] == [
        ("床铺", 2, 10),
        ("地面", 1, 7),
    ]
    assert [(r["place"], r["average"]) for r in trends.by_place(of, span(), None)] == [
        (rooms[0].pk, Decimal("88.0")), (rooms[1].pk, Decimal("95.0")),
    ]  # fmt: skip
    person = trends.by_inspector(of, span(), None)[0]
    assert (person["count"], person["average"], person["same"], person["full_share"]) == (2, Decimal("91.5"), False, 0)


def test_the_same_score_for_weeks_is_pointed_out():
    warden = make.warden()
    rooms = make.rooms(3)
    of = checked([95] * 5, rooms[:1], by=warden)
    checked([95] * 5, rooms[1:2], of=of, by=warden)
    checked([100] * 5, rooms[2:], of=of, by=make.user("warden"))

    same, count = trends.same_scores(of, span(), None)

    assert (count, [row["place"] for row in same], same[0]["weeks"]) == (2, [rooms[0].pk, rooms[1].pk], 5)
    assert [row["same"] for row in trends.by_inspector(of, span(), None)] == [True, False]  # five checks are too few


def test_kinds_by_building():
    line = make.sheet(of := make.checklist()).lines.get(name="床铺")
    for name in ("301", "302"):
        make.finding(place=make.place(name), line=line)
    make.finding(place=make.place("501", building_name="5号楼"), line=line)
    make.finding(
        place=make.place("501", building_name="5号楼"), line=line, state="void", voided_by=make.user(), end_words="错"
    )

    assert trends.pareto(of, span(), None).rows == (
        ("床铺 · 3号楼", "2", "67%", "67%"),
        ("床铺 · 5号楼", "1", "33%", "100%"),
    )


def test_a_part_of_the_school():
    of = checked([90], [make.place("301")])
    checked([70], [other := make.place("501", building_name="5号楼")], of=of)

    assert [r["place"] for r in trends.by_place(of, span(), other.building)] == [other.pk]


def test_the_page_and_its_statements(client):
    of = checked([90, 80], make.rooms(2))
    client.force_login(make.clerk())
    url = f"/checks/trends/?list={of.pk}"
    client.get(url)

    def asked():
        with CaptureQueriesContext(connection) as found:
            page = client.get(url)
        assert page.status_code == 200
        return len(found)

    few = asked()
    checked([90, 80, 85, 70], make.rooms(6), of=of)

    assert asked() == few <= 16


@pytest.mark.parametrize("query", ["", "?list=999&term=99&place=999", "?list=%00&term=-1&place=x"])
def test_odd_addresses(client, query):
    client.force_login(make.clerk())

    assert client.get(f"/checks/trends/{query}").status_code == 200


def test_the_page_opens_with_the_list_that_was_walked_last(client):
    make.checklist(name="甲表")
    make.walked(make.targets(make.round(make.checklist(name="乙表")))[0])
    client.force_login(make.user(role="clerk"))
    assert client.get("/checks/trends/").context["checklist"].name == "乙表"
