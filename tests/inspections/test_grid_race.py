"""Two wardens on one floor and a page sent twice, by real processes on both databases: no cell lost, none doubled."""

import pytest

from tests.inspections.racer import LINES, race
from tests.postgres import Cluster, binaries

ROOMS = ("301", "302")
EVERY = [[room, line, "2.00"] for room in ROOMS for line in LINES]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/race.sqlite3"
        return
    folder = binaries()
    if folder is None:
        pytest.skip("absent: PostgreSQL")
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.stop()


def test_a_page_that_is_sent_ten_times_counts_once(url):
    ends, found = race("twice", url)
    assert ends == [["same"] * 10] * 9 + [["saved"] * 10]
    assert found["cells"] == EVERY
    assert (found["rows"], found["done"]) == ([["301", "90.0", 5], ["302", "90.0", 5]], 2)


def test_two_wardens_in_the_same_rooms_lose_and_double_nothing(url):
    ends, found = race("room", url)
    assert ends == [["same", "same"]] * 5 + [["saved", "saved"]] * 5
    assert found["cells"] == EVERY
    assert (found["rows"], found["done"]) == ([["301", "90.0", 5], ["302", "90.0", 5]], 2)


def test_ten_reports_of_a_broken_fan_are_one_ticket_a_room(url):
    ends, found = race("fans", url)
    assert ends == [["same", "same"]] * 5 + [["saved", "saved"]] * 5
    assert [cell[:2] for cell in found["cells"]] == [cell[:2] for cell in EVERY]
    assert (found["findings"], found["open"], found["done"]) == (10, ["301", "302"], 2)


def test_two_rounds_that_meet_the_same_fault_make_one_ticket_a_room(url):
    ends, found = race("rounds", url)
    assert ends == [["saved", "saved"]] * 10
    assert (found["findings"], found["open"], found["done"]) == (20, ["301", "302"], 4)
