"""Two real processes at one ticket, on both databases: one wins, the other gets the reason; numbers are never doubled."""

import pytest

from tests.postgres import Cluster, binaries
from tests.repairs.racer import Runners


@pytest.fixture(scope="module")
def cluster():
    folder = binaries()
    if folder is None:
        pytest.skip("absent: PostgreSQL")
    found = Cluster(folder)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def runners(request, tmp_path_factory):
    """Two processes on a fresh database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('race')}/race.sqlite3"
    else:
        url = request.getfixturevalue("cluster").url
    found = Runners(url)
    yield found
    found.stop()


def test_two_clerks_dispatch_one_ticket(runners):
    ends, found = runners.race("dispatch")

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert ends[1][1] == "现在是“已派工”，不能派工。"
    winner = ends[0][1]
    clerk = {"王师傅": "1号职员", "何师傅": "2号职员"}[winner]
    assert found["tickets"][0][1:] == ["dispatched", winner, clerk]
    assert found["verbs"] == ["dispatch"]
    assert found["told"] == [winner]


def test_ten_filings_at_once_give_ten_numbers(runners):
    ends, found = runners.race("file")

    assert [how for how, _ in ends] == ["ok"] * 10
    numbers = [number for _, number in ends]
    assert len(set(numbers)) == 10
    counted = [int(number[-4:]) for number in numbers]
    assert counted == list(range(counted[0], counted[0] + 10))
    assert [row[0] for row in found["tickets"]] == numbers
    assert found["words"] == ["10 处 · 影响 8 人"]


def test_two_merges_the_opposite_way_round(runners):
    ends, found = runners.race("merge")

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert sorted(row[1] for row in found["tickets"]) == ["duplicate", "new"]
    assert found["verbs"] == ["join", "merge"]


def test_ten_joins_of_one_phone_count_once(runners):
    ends, found = runners.race("join")

    assert ends == [["ok", "joined"]] * 10
    assert found["followers"] == 1
    assert found["verbs"] == ["join"]
