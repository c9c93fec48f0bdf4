"""Two real processes at one outside job, on both databases: one wins, the other is told; nothing is half done."""

import pytest

from tests.outside.racer import Runners
from tests.postgres import Cluster, binaries


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


def test_two_clerks_choose_two_quotes(runners):
    ends, found = runners.race("choose")

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert ends[1][1] == "现在是“待审批”，不能选定并送审。"
    assert (found["state"], found["party"], found["expenses"]) == ("approving", ends[0][1], ["waiting"])
    assert found["verbs"].count("submit") == 1


def test_a_quote_is_changed_while_it_is_sent_up(runners):
    ends, found = runners.race("requote")

    assert [how for how, _ in ends] == ["ok", "refused"]
    if found["state"] == "approving":  # who sent it up was first: the expense asks for the prices he saw
        assert (found["asked"], ends[1][1]) == ("9080.00", "现在是“待审批”，不能登记报价。")
    else:
        assert (ends[0][1], found["expenses"]) == ("600.00", [])
        assert ends[1][1] == "别人刚改过这张单，请看过最新情况再操作。"


def test_taken_back_while_it_is_approved(runners):
    ends, found = runners.race("recall")

    assert [how for how, _ in ends] == ["ok", "refused"]
    winner = ends[0][1]
    assert (found["state"], found["expenses"]) == (winner, [{"working": "approved", "quoting": "void"}[winner]])
    word = {"working": "施工中", "quoting": "询价"}[winner]
    assert ends[1][1] in (f"现在是“{word}”，不能撤回修改。", f"现在是“{word}”，不能批准。")


def test_the_whole_is_paid_once(runners):
    ends, found = runners.race("pay")

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert found["paid"] == ["8626.00"]
    assert found["verbs"].count("pay") == 1


def test_one_second_signature(runners):
    ends, found = runners.race("sign")

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert (found["state"], found["second"]) == ("pricing", ends[0][1])
    assert ends[1][1] == "现在是“待核价”，不能共同验收签字。"


def test_one_ticket_on_one_job(runners):
    ends, found = runners.race("join")

    assert [how for how, _ in ends] == ["ok", "refused"]
    assert found["live"] == 1
