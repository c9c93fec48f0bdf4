"""Two real processes at the same expense, claim or invoice, on both databases: one is heard, the others are told."""

import re

import pytest

from tests.finance.racer import race
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


def test_approvers_at_one_expense(url):
    ends, found = race("decide", url)

    assert [how for how, _ in ends] == ["ok"] + ["refused"] * 9
    state = ends[0][1]
    word = {"approved": "已批准", "returned": "退回"}[state]
    assert {words for how, words in ends if how == "refused"} == {
        f"现在是“{word}”，不能批准。",
        f"现在是“{word}”，不能退回。",
    }
    assert (found["states"], found["decisions"], found["audit"]) == ([state], 1, [])


def test_payments_that_together_exceed_what_is_due(url):
    ends, found = race("pay", url)

    assert [how for how, _ in ends] == ["ok"] + ["refused"] * 9
    assert {words.partition(" ")[2] for how, words in ends if how == "refused"} == {
        "批准 900.00 元，已付 500.00 元，最多还能付 400.00 元，付不了 500.00 元。请减少金额，或先核对结算。"
    }
    assert (found["paid"], found["audit"]) == (["500.00"], [])


def test_parts_of_a_claim(url):
    ends, found = race("claim", url)

    assert [how for how, _ in ends] == ["ok"] + ["refused"] * 9
    assert (found["received"], found["paid"], found["audit"]) == (["60.00"], ["-60.00"], [])


def test_one_invoice(url):
    ends, found = race("invoice", url)

    assert [how for how, _ in ends] == ["ok"] + ["refused"] * 9
    assert {words for how, words in ends if how == "refused"} == {
        "宏达装饰的发票 25320001 已经登记过，同一张发票不能登记两次。请核对号码。"
    }
    assert found["invoices"] == 1


def test_a_month_is_closed_while_it_is_paid(url):
    """Never a payment in a closed month: what was booked before stands, what comes after is told, one closes it."""
    ends, found = race("close", url)

    assert [how for how, _ in ends] == ["ok"] * 7 + ["refused"] * 3
    assert {re.sub("[0-9]+年[0-9]+月", "", words) for how, words in ends if how == "refused"} == {"已经结账。"}
    paid = [end for how, end in ends if how == "ok" and isinstance(end, list)]
    assert (len(paid), [end for how, end in ends if isinstance(end, str) and how == "ok"]) == (6, [found["closed"]])
    assert {re.sub("[0-9]+年[0-9]+月", "", words) for _, words in paid} == {
        "已经结账，不能再记账。请记在没有结账的月份，并在说明里写明是哪一笔；确需改动时由校长反结账。"
    }
    assert len(found["paid"]) == sum(count for count, _ in paid) > 0
    assert (found["late"], found["audit"]) == (0, [])
