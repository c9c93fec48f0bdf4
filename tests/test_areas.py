"""The pages of the areas: the tickets of their places and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campus import cache
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Rolled-back rows must not be remembered."""
    cache.clear()
    yield
    cache.clear()


def page(client: Any, user: Any, address: str) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.fixture
def tickets(db: Any) -> dict[str, Any]:
    """One open ticket of each use."""
    return {
        use: make.ticket(place=make.place("101", building_name=name, use=use))
        for use, name in {
            "dormitory": "3号楼", "teaching": "明德楼", "office": "行政楼", "canteen": "食堂楼", "outdoor": "操场看台",
        }.items()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "uses"),
    [("/dormitory/", {"dormitory"}), ("/classrooms/", {"teaching", "office"}), ("/canteen/", {"canteen"})],
)
def test_an_area_shows_the_tickets_of_its_places_and_nothing_else(
    client, principal, tickets, address: str, uses: set
) -> None:
    html = page(client, principal, address)
    assert {use for use, ticket in tickets.items() if ticket.number in html} == uses


def test_open_ones_first_all_on_demand(client, warden) -> None:
    made = {state: make.ticket(state) for state in ("new", "done")}
    html = page(client, warden, "/dormitory/")
    assert made["new"].number in html and made["done"].number not in html
    html = page(client, warden, "/dormitory/?all=1")
    assert made["new"].number in html and made["done"].number in html


def test_the_head_counts_each_building_and_leads_to_its_tickets(client, warden) -> None:
    here, there = make.ticket(hazard=True), make.ticket(place=make.place("401", building_name="5号楼"))
    make.ticket(place=make.place("402", building_name="5号楼"))
    html = page(client, warden, "/dormitory/")
    assert f'href="?building={here.place.building_id}"' in html and "1 处隐患" in html
    assert f'href="?building={there.place.building_id}"' in html
    narrowed = page(client, warden, f"/dormitory/?building={there.place.building_id}")
    assert there.number in narrowed and here.number not in narrowed


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("warden", {"/dormitory/"}), ("steward", {"/canteen/"}), ("assetkeeper", {"/classrooms/"}), ("teacher", set()),
        ("clerk", {"/dormitory/", "/classrooms/", "/canteen/"}),
    ],
)  # fmt: skip
def test_each_role_opens_its_own_areas(client, role: str, allowed: set) -> None:
    client.force_login(make.user(role))
    found = {
        address for address in ("/dormitory/", "/classrooms/", "/canteen/") if client.get(address).status_code == 200
    }
    assert found == allowed


def test_statements_are_constant_in_rows(client, warden) -> None:
    counts = []
    for number in range(2):
        for room in range(3):
            make.ticket(place=make.place(f"{number}{room}1", building_name=f"{number}{room}号楼"))
        page(client, warden, "/dormitory/")
        with CaptureQueriesContext(connection) as asked:
            page(client, warden, "/dormitory/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
