"""Ten parallel draws from a stock of five, by two real processes, on both databases: five get one, five are told."""

import pytest

from tests.postgres import Cluster, binaries
from tests.stores.racer import race


@pytest.fixture
def postgres_url():
    folder = binaries()
    if folder is None:
        pytest.skip("absent: PostgreSQL")
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.stop()


def check_draws(url):
    ends, found = race("issue", url)

    assert [how for how, _ in ends] == ["ok"] * 5 + ["refused"] * 5
    assert len({number for how, number in ends if how == "ok"}) == 5
    assert {words for how, words in ends if how == "refused"} == {
        "总务仓库里灯管已经没有了，领不出 1 支。请先入库，或提交申购。"
    }
    assert found["chain"] == [
        [1, "5.00", "33.33"], [2, "4.00", "26.66"], [3, "3.00", "19.99"], [4, "2.00", "13.33"], [5, "1.00", "6.66"],
        [6, "0.00", "0.00"],
    ]  # fmt: skip
    assert found["audit"] == []


def check_moves(url):
    ends, found = race("move", url)

    assert [how for how, _ in ends] == ["ok"] * 5 + ["refused"] * 5
    assert {words for how, words in ends if how == "refused"} == {
        "301现在没有课桌 A-1，可能刚被别人移走。请看过最新情况再操作。"
    }
    assert found["held"] == [["302", 5]]
    assert found["audit"] == []


def test_draws_race_on_sqlite(tmp_path):
    check_draws(f"sqlite:///{tmp_path}/race.sqlite3")


def test_draws_race_on_postgres(postgres_url):
    check_draws(postgres_url)


def test_asset_moves_race_on_sqlite(tmp_path):
    check_moves(f"sqlite:///{tmp_path}/race.sqlite3")


def test_asset_moves_race_on_postgres(postgres_url):
    check_moves(postgres_url)
