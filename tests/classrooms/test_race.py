"""Two real processes at the same pieces, ticket or batch, on both databases: nothing is taken, swapped or closed twice."""

import pytest

from tests.classrooms.racer import race
from tests.postgres import Cluster, binaries


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


def test_ten_batches_for_five_pieces(url):
    ends, found = race("take", url)

    assert [how for how, _ in ends] == ["ok"] * 5 + ["refused"] * 5
    assert all("没有可修的坏件了，可能刚被别的批次选走" in words for how, words in ends if how == "refused")
    assert (found["taken"], found["waiting"], found["audit"]) == (5, 0, [])


def test_ten_taps_on_three_chairs(url):
    ends, found = race("swap", url)

    assert [how for how, _ in ends] == ["ok"] * 3 + ["refused"] * 7
    assert {words for how, words in ends if how == "refused"} == {"这张单报了 3 把，已经换过 3 把，不用再换。"}
    assert found["swapped"] == 3
    assert found["held"] == {"204 in_use": 50, "周转库 in_use": 2, "维修间 broken": 8}
    assert found["audit"] == []


def test_ten_who_close_one_batch(url):
    ends, found = race("close", url)

    assert [how for how, _ in ends] == ["ok"] + ["refused"] * 9
    assert {words for how, words in ends if how == "refused"} == {"这一批已经完成，不能再改。"}
    assert found["held"] == {"周转库 in_use": 9, "维修间 broken": 1}
    assert (found["scraps"], found["waiting"], found["audit"]) == (1, 0, [])
