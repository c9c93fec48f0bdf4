"""Workflow: guards give reasons, the step is all or nothing, an old page is told, the log tells the story."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from assets.models import Card
from core.models import LogEntry
from core.workflow import SYSTEM, RuleBroken, Stale
from tests import make_people
from tests.core.site import CARD_FLOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(db: Any) -> Any:
    return make_people.assetkeeper()


def card(**over: Any) -> Card:
    return Card.objects.create(**{"number": "A1", "name": "椅", "cost": 100} | over)


def test_a_step_moves_the_record_and_logs_it(keeper: Any) -> None:
    found = CARD_FLOW.run(card(), "leave", by=keeper, text="不能用了", said="腿断了", changes={"x": 1})

    entry = LogEntry.objects.of(found).get()
    assert (found.state, found.version, Card.objects.get().state) == ("leaving", 2, "leaving")
    assert (entry.verb, entry.by, entry.by_name, entry.text, entry.said) == (
        "leave",
        keeper,
        "吴老师",
        "不能用了",
        "腿断了",
    )
    assert (entry.before, entry.after, entry.changes) == ("on_books", "leaving", {"x": 1})


def test_every_reason_is_given_in_turn(keeper: Any) -> None:
    teacher = make_people.teacher()

    found = [
        CARD_FLOW.blockers(card(number="1", state="gone", gone_on=dt.date(2026, 11, 1)), "leave", keeper),
        CARD_FLOW.blockers(card(number="2", state="leaving"), "leave", keeper),
        CARD_FLOW.blockers(card(number="3", cost=0), "leave", teacher),
        CARD_FLOW.blockers(card(number="4", cost=0), "leave", keeper),
        CARD_FLOW.blockers(card(number="5"), "leave", keeper),
    ]

    assert found == [
        ["已经处置了。"],
        ["现在是“待处置”，不能提请处置。"],
        ["只有资产管理员能处置。"],
        ["先填原值。"],
        [],
    ]


def test_missing_asks_facts_only() -> None:
    assert CARD_FLOW.missing(card(cost=0), "leave") == ["先填原值。"]


def test_steps_of_others_and_quiet_ones_are_not_offered(keeper: Any) -> None:
    poor, rich = card(cost=0), card(number="A2")

    offered = [[(step.name, reasons) for step, reasons in CARD_FLOW.open_to(one, by)] for one, by in (
        (poor, keeper), (rich, keeper), (rich, make_people.teacher())
    )]  # fmt: skip

    assert offered == [[("leave", ["先填原值。"])], [("leave", [])], []]


def test_a_refused_step_changes_nothing(keeper: Any) -> None:
    poor = card(cost=0)

    with pytest.raises(RuleBroken) as broken:
        CARD_FLOW.run(poor, "leave", by=keeper)

    assert broken.value.reasons == ["先填原值。"]
    assert (Card.objects.get().state, LogEntry.objects.count()) == ("on_books", 0)


def test_a_failure_after_the_guards_takes_everything_back(keeper: Any) -> None:
    def fail(record: Any, data: Any) -> None:
        raise RuleBroken("没有库存。")

    with pytest.raises(RuleBroken):
        CARD_FLOW.run(card(), "leave", by=keeper, then=fail)

    assert (Card.objects.get().state, Card.objects.get().version, LogEntry.objects.count()) == ("on_books", 1, 0)


def test_the_guards_look_at_the_row_and_not_at_the_old_object(keeper: Any) -> None:
    old = card()
    Card.objects.update(state="gone", gone_on=dt.date(2026, 11, 1))

    with pytest.raises(RuleBroken) as broken:
        CARD_FLOW.run(old, "leave", by=keeper)

    assert broken.value.reasons == ["已经处置了。"]


def test_an_old_version_is_stale(keeper: Any) -> None:
    old = card()
    Card.objects.update(version=3)

    with pytest.raises(Stale) as stale:
        CARD_FLOW.run(old, "leave", by=keeper, version=1)

    assert stale.value.reasons == ["别人刚改过这张单，请看过最新情况再操作。"]


def test_further_checks_then_and_a_target_by_data(keeper: Any) -> None:
    def rename(record: Any, data: Any) -> None:
        record.name = data["name"]

    found = CARD_FLOW.run(card(state="leaving"), "go", by=keeper, then=rename, data={"name": "旧椅", "to": "on_books"})
    with pytest.raises(RuleBroken) as broken:
        CARD_FLOW.run(found, "leave", by=keeper, checks=[lambda record: "不行。", lambda record: None])

    assert (found.name, found.state) == ("旧椅", "on_books")
    assert broken.value.reasons == ["不行。"]


def test_a_step_may_keep_the_state(keeper: Any) -> None:
    found = CARD_FLOW.run(card(), "note", by=SYSTEM, text="盘点")

    entry = LogEntry.objects.of(found).get()
    assert (found.state, found.version) == ("on_books", 2)
    assert (entry.by, entry.by_name, entry.before, entry.after) == (None, "系统", "on_books", "on_books")


def test_an_anonymous_step_keeps_no_person(keeper: Any) -> None:
    found = CARD_FLOW.run(card(), "leave", by=keeper, anonymous=True)

    entry = LogEntry.objects.of(found).get()
    assert (entry.by, entry.by_name) == (None, "")


def test_acting_for_somebody_is_kept(keeper: Any) -> None:
    absent = make_people.director()

    found = CARD_FLOW.run(card(), "leave", by=keeper, acting_for=absent)

    assert LogEntry.objects.of(found).get().acting_for == absent
