"""Zones: the month's result by their places and checklist, below the line twice, the same score every week."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock
from core.plan import Month
from inspections import zones
from inspections.models import Zone
from tests import make
from tests.make_upkeep import zone

pytestmark = pytest.mark.django_db
NOVEMBER = Month(2026, 11)


@pytest.fixture(autouse=True)
def _monday():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


def checked(scores, places, *, of=None, by=None, every=7):
    """A round each week back from today, with the same scores for the places."""
    of = of or make.checklist()
    for number, score in enumerate(scores):
        day = clock.today() - dt.timedelta(days=every * number)
        for target in make.targets(make.round(of, places=places, on=day, past=True)):
            make.walked(target, by, score=score)
    return of


def result(one, month=NOVEMBER):
    return zones.month_results([one], month)[0]


def test_the_months_average_over_its_places():
    rooms = make.rooms(3)
    of = checked([90, 80], rooms)
    checked([10], rooms, of=make.checklist())  # another checklist
    checked([10], [make.place("501", building_name="5号楼")], of=of)  # another place

    one = result(zone(places=rooms, checklist=of))

    assert (one.average, one.lowest, one.count, one.low) == (Decimal("85.0"), Decimal("80.0"), 6, 0)


def test_without_a_checklist_every_round_of_the_area_counts():
    rooms = make.rooms(1)
    checked([90], rooms)
    checked([70], rooms)
    checked([10], rooms, of=make.checklist(area="safety"))

    assert (result(zone(places=rooms)).average, result(zone(places=rooms)).count) == (Decimal("80.0"), 2)


def test_below_the_line_twice():
    rooms = make.rooms(2)
    of = checked([55, 90], rooms[:1])
    once = zone(places=rooms, checklist=of)
    assert (result(once).low, result(once).twice_low) == (1, False)

    checked([50], rooms[1:], of=of)

    assert (result(once).low, result(once).twice_low) == (2, True)


def test_a_month_without_checks():
    one = result(zone())

    assert (one.count, one.average, one.twice_low, one.warning) == (0, None, False, "")


@pytest.mark.parametrize(
    ("scores", "warning"),
    [
        ([95] * 5, "连续 5 周都是 95 分，请核实是否逐处检查"), ([95, 95, 94, 95, 95], ""), ([95] * 3, ""), ([100] * 4, "连续 4 周都是 100 分，请核实是否逐处检查"),
    ],
)  # fmt: skip
def test_the_same_score_every_week(scores, warning):
    rooms = make.rooms(1)
    of = checked(scores, rooms)

    assert result(zone(places=rooms, checklist=of)).warning == warning


def test_two_statements_for_all_zones():
    rooms = make.rooms(3)
    of = checked([90, 80], rooms)
    found = [zone(places=[room], checklist=of) for room in rooms]

    with CaptureQueriesContext(connection) as asked:
        rows = zones.month_results(found, NOVEMBER)

    assert (len(asked), [row.count for row in rows]) == (2, [2, 2, 2])


def test_days_and_the_worst_places():
    rooms = make.rooms(2)
    of = checked([90], rooms)
    checked([50], rooms[:1], of=of, every=1)
    one = zone(places=rooms, checklist=of)

    assert [(day["count"], day["low"]) for day in zones.by_day(one, NOVEMBER)] == [(3, 1)]
    assert [row["place"] for row in zones.worst_places(one, NOVEMBER)] == [rooms[0].pk]


def test_who_answers_for_it_sees_his_own_only(client):
    teacher = make.teacher()
    own, other = zone(person=teacher, name="东走廊"), zone(name="西走廊")
    client.force_login(teacher)

    page = client.get("/checks/zones/").content.decode()

    assert ("东走廊" in page, "西走廊" in page) == (True, False)
    assert [client.get(f"/checks/zones/{one.pk}/").status_code for one in (own, other)] == [200, 404]


def test_a_zone_is_made_of_words(client):
    rooms = make.rooms(2)
    client.force_login(make.warden())
    data = {
        "area": "dormitory", "name": "三层东", "places_text": "\n".join(room.full_name for room in rooms), "worker": "刘阿姨",
        "active": "on",
    }  # fmt: skip

    assert client.post("/checks/zones/new/", data | {"places_text": "3号楼999"}).status_code == 200
    assert Zone.objects.count() == 0
    answer = client.post("/checks/zones/new/", data)

    made = Zone.objects.get()
    assert answer.headers["Location"] == f"/checks/zones/{made.pk}/"
    assert set(made.places.all()) == set(rooms)
    assert client.post("/checks/zones/new/", data | {"area": "canteen", "name": "别处"}).status_code == 200
    assert Zone.objects.count() == 1


@pytest.mark.parametrize("facts", [{"worker": "", "person": None}, {"name": "东走廊"}])
def test_constraints(facts):
    zone(name="东走廊")
    one = zone()

    with pytest.raises(IntegrityError), transaction.atomic():
        Zone.objects.filter(pk=one.pk).update(**facts)
