"""Two real processes at one ticket, on both databases: one wins, the other gets the reason; numbers are never doubled."""

import pytest

from tests.postgres import Cluster, binaries
from tests.repairs.racer import race


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


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """An empty database of its own for each race."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/race.sqlite3"
    import psycopg

    cluster = request.getfixturevalue("cluster")
    name = f"race_{request.node.originalname}"
    with psycopg.connect(host=str(cluster.home), user="app", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return cluster.url.replace("/postgres?", f"/{name}?")


def test_two_clerks_dispatch_one_ticket(url):
    ends, found = race("dispatch", url)

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert ends[1][1] == "现在是“已派工”，不能派工。"
    winner = ends[0][1]
    clerk = {"王师傅": "1号职员", "何师傅": "2号职员"}[winner]
    assert found["tickets"][0][1:] == ["dispatched", winner, clerk]
    assert found["verbs"] == ["dispatch"]
    assert found["told"] == [winner]


def test_ten_filings_at_once_give_ten_numbers(url):
    ends, found = race("file", url)

    assert [how for how, _ in ends] == ["ok"] * 10
    numbers = [number for _, number in ends]
    assert [number[-4:] for number in numbers] == [f"{n:04}" for n in range(1, 11)]
    assert [row[0] for row in found["tickets"]] == numbers
    assert found["words"] == ["10 处 · 影响 8 人"]


def test_two_merges_the_opposite_way_round(url):
    ends, found = race("merge", url)

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert "现在是“重复”" in ends[1][1]
    assert sorted(row[1] for row in found["tickets"]) == ["duplicate", "new"]


def test_ten_joins_of_one_phone_count_once(url):
    ends, found = race("join", url)

    assert ends == [["ok", "joined"]] * 10
    assert found["followers"] == 1
    assert found["verbs"] == ["join"]
