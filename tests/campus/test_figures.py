"""Figures with defaults in a file."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from campus import cache, defaults, figures
from campus.models import Figure
from config.roles import ROLES
from tests import make_campus as make

pytestmark = pytest.mark.django_db


def test_default_until_the_school_sets_its_own():
    assert figures.figure("repairs.due_hours_now") == Decimal("12")

    make.figure("repairs.due_hours_now", "8")

    assert figures.figure("repairs.due_hours_now") == Decimal("8")
    assert figures.whole("repairs.due_hours_now") == 8


def test_unknown_key():
    with pytest.raises(KeyError):
        figures.figure("repairs.nothing")


def test_every_default_is_complete():
    rows = figures.defaults().values()

    assert [row["key"] for row in rows if not (row["label"] and row["unit"] and row["basis"])] == []
    assert all(Decimal(row["value"]) >= 0 for row in rows)


def test_ensure_makes_groups_and_figures():
    defaults.ensure()

    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    assert set(Figure.objects.values_list("key", flat=True)) == set(figures.defaults())


def test_what_is_no_setting_is_loaded_again_after_its_time(db, monkeypatch):
    seen = iter(["before", "after"])
    moment = [1000.0]
    monkeypatch.setattr(cache.time, "monotonic", lambda: moment[0])

    first = cache.cached("rooms", lambda: next(seen), seconds=60)
    moment[0] += 59
    same = cache.cached("rooms", lambda: next(seen), seconds=60)
    moment[0] += 1
    later = cache.cached("rooms", lambda: next(seen), seconds=60)

    assert (first, same, later) == ("before", "before", "after")
