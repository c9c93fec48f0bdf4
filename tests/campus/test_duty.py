"""Responsibility by nearest place, delegation by days."""

import datetime as dt

import pytest

from campus import duty, services
from campus.models import User
from tests import make_campus as make

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 22)


def person(name, **over):
    return User.objects.create(username=name, name=name, **over)


def test_nearest_place_wins():
    room = make.place("312")
    whole, building, floor = person("whole"), person("building"), person("floor")
    deputy = person("deputy")
    make.duty("水电", whole)
    make.duty("水电", building, where=room.building, deputy=deputy)
    make.duty("木工", floor, where=room.parent)

    assert services.responsible("水电", room) == (building, deputy)
    assert services.responsible("木工", room) == (floor, None)
    assert services.responsible("水电", make.place("101", building_name="5号楼")) == (whole, None)
    assert services.responsible("水电") == (whole, None)


def test_nobody_named():
    assert services.responsible("空调", make.place("312")) is None


def test_responsible_takes_one_statement(django_assert_num_queries):
    room = make.place("312")
    make.duty("水电", person("a"))

    with django_assert_num_queries(1):
        services.responsible("水电", room)


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-11-19", []), ("2026-11-20", ["b"]), ("2026-11-25", ["b"]), ("2026-11-26", [])],
)
def test_delegation_ends_by_itself(day, expected):
    a = person("a")
    make.delegation(a, person("b"))

    assert [u.username for u in services.delegates_of(a, dt.date.fromisoformat(day))] == expected


def test_inactive_delegates_do_not_act():
    a = person("a")
    make.delegation(a, person("b", is_active=False))

    assert services.delegates_of(a, DAY) == []


def test_acts_for():
    a, b = person("a"), person("b")
    make.delegation(a, b)

    assert duty.acts_for(b, DAY) == [a]
    assert duty.acts_for(a, DAY) == []


def test_acting_is_the_delegate_the_person_or_the_deputy():
    room = make.place("312")
    a, b, deputy = person("a"), person("b"), person("deputy")
    make.duty("水电", a, deputy=deputy)
    assert duty.acting("水电", room, DAY) == a

    make.delegation(a, b)
    assert duty.acting("水电", room, DAY) == b

    a.is_active = False
    a.save()
    assert duty.acting("水电", room, DAY) == deputy
    assert duty.acting("空调", room, DAY) is None
