"""Swap now: two holding moves and the ticket, all or nothing, never twice."""

import pytest

from assets import audit as ledger
from assets.models import HoldingMove
from classrooms import audit, services
from classrooms.models import Pool, Swap
from core.models import LogEntry
from core.workflow import RuleBroken
from tests import make
from tests.make_classrooms import chair_ticket, class_room, pool, store_room

pytestmark = pytest.mark.django_db


def holdings(name="课椅"):
    from assets.models import Holding

    rows = Holding.objects.filter(card__name=name).order_by("place__name", "condition", "pk")
    return [(h.place.name, h.condition, h.quantity) for h in rows]


def clean():
    assert list(ledger.audit()) == []
    assert list(audit.audit()) == []


def test_the_level_is_what_the_ledger_holds_at_the_place():
    made = pool(sound=6, broken=4)
    make.card(name="课椅", unit="把", quantity=2, place=made.place, condition="idle")
    make.card(name="课椅", unit="把", quantity=3, place=made.place, condition="broken")
    make.card(name="课桌", unit="张", quantity=9, place=made.place)

    found = Pool.objects.with_level().get()

    assert (found.level, found.broken, found.unit, services.level(made)) == (8, 4, "把", 8)
    assert list(Pool.objects.below()) == [made]


def test_the_lead_swaps_and_the_ticket_is_finished_as_replaced():
    made, ticket = pool(sound=6), chair_ticket()

    fresh = services.swap(ticket, pool=made, by=ticket.lead)

    assert (fresh.state, fresh.outcome, fresh.done_quantity, fresh.outcome_words) == (
        "checking", "replaced", 1, "从课椅周转换用",
    )  # fmt: skip
    assert holdings() == [
        ("204", "in_use", 49), ("204", "in_use", 1), ("周转库", "in_use", 5), ("维修间", "broken", 1),
    ]  # fmt: skip
    assert [m.kind for m in HoldingMove.objects.order_by("-pk")[:2]] == ["swap", "swap"]
    said = [e.text for e in LogEntry.objects.of(ticket) if e.verb == "swap"]
    assert said == ["从课椅周转换用课椅 1 把，坏件送后勤楼 1层 维修间待修"]
    assert Swap.objects.get().gone.from_place == ticket.place
    clean()


def test_the_office_swaps_before_anybody_was_sent_and_the_note_stays():
    made, ticket = pool(), chair_ticket("accepted")

    fresh = services.swap(ticket, pool=made, by=make.user(role="clerk"))

    assert (fresh.state, fresh.outcome, services.swapped(fresh)) == ("accepted", "", 1)
    clean()


def test_somebody_elses_ticket_keeps_the_note_and_its_lead_finishes_it():
    made, ticket = pool(), chair_ticket()

    fresh = services.swap(ticket, pool=made, by=make.user(role="repairer"))

    assert fresh.state == "doing"
    assert services.swapped(ticket) == 1


def test_a_kind_that_asks_for_a_photo_is_not_finished_without_one():
    kind = make.category("讲台/办公桌椅", after_photo=True)
    made, room = pool(category=kind), class_room()
    ticket = chair_ticket(place=room, category=kind)

    assert services.swap(ticket, pool=made, by=ticket.lead).state == "doing"


def test_several_at_once_come_from_several_cards():
    made, room = pool(sound=2), class_room(chairs=3)
    make.card(name="课椅", unit="把", quantity=2, place=made.place)
    make.card(name="课椅", unit="把", quantity=2, place=room, condition="broken")
    ticket = chair_ticket(place=room, quantity=4)

    fresh = services.swap(ticket, pool=made, by=ticket.lead, quantity=4)

    assert (fresh.state, fresh.done_quantity) == ("checking", 4)
    assert services.swapped(ticket) == 4
    assert services.level(made) == 0
    assert sum(n for name, condition, n in holdings() if (name, condition) == ("维修间", "broken")) == 4
    assert sum(n for name, _, n in holdings() if name == "204") == 5
    assert holdings()[0][:2] == ("204", "in_use")
    clean()


def test_fewer_than_were_reported_splits_the_ticket():
    made, ticket = pool(sound=2), chair_ticket(quantity=3)

    fresh = services.swap(ticket, pool=made, by=ticket.lead, quantity=2)

    rest = fresh.splits.get()
    assert (fresh.state, fresh.quantity, rest.state, rest.quantity) == ("checking", 2, "dispatched", 1)


def test_the_second_click_changes_nothing():
    made, ticket = pool(sound=6), chair_ticket("accepted")
    clerk = make.user(role="clerk")
    services.swap(ticket, pool=made, by=clerk)
    before = holdings()

    with pytest.raises(RuleBroken, match="这张单报了 1 把，已经换过 1 把，不用再换。"):
        services.swap(ticket, pool=made, by=clerk)

    assert holdings() == before


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("empty", "课椅周转空了，没有好的课椅可换。请先把维修间的坏件开一批集中维修，或申购新的。"),
        ("few", "课椅周转只剩 1 把，先换 1 把，其余等集中维修后再换。"),
        ("none", "账上明德楼 2层 205 教室没有课椅，换不了。地点不对请先更正；东西确实在这里，请资产管理员先登记。"),
        ("less", "账上明德楼 2层 205 教室只有 1 把课椅，换不了 2 把。请减少数量，或请资产管理员核对登记。"),
        ("ended", "现在是“已撤销”，不用再换。"),
        ("checking", "已经报完工，不用再换。"),
        ("kind", "“课椅周转”配的是“椅/凳”，这张单报的是“课桌”；类别不对请先更正。"),
        ("person", "换用由维修工、资产管理员或后勤处操作，您没有这项权限。"),
        ("zero", "数量要大于 0，请改正。"),
        ("many", "这张单报了 1 把，换不了 2 把；数量不对请后勤先更正。"),
    ],
)
def test_what_is_refused(case, words):
    made = pool(sound={"empty": 0, "few": 1}.get(case, 5))
    room = class_room(chairs={"none": 0, "less": 1}.get(case, 9), name="205")
    state = {"ended": "withdrawn", "checking": "checking"}.get(case, "doing")
    kind = make.category("课桌") if case == "kind" else make.category("椅/凳")
    quantity = 2 if case in ("few", "less") else 1
    ticket = chair_ticket(state, place=room, category=kind, quantity=quantity)
    by = make.teacher() if case == "person" else make.user(role="clerk")
    before, entries = holdings(), LogEntry.objects.count()

    with pytest.raises(RuleBroken, match=words.replace("/", "/")):
        services.swap(ticket, pool=made, by=by, quantity={"zero": 0, "many": 2}.get(case, quantity))

    assert (holdings(), LogEntry.objects.count(), Swap.objects.count()) == (before, entries, 0)


def test_a_pool_out_of_use_gives_nothing():
    made, ticket = pool(active=False), chair_ticket()

    with pytest.raises(RuleBroken, match="周转库“课椅周转”已停用"):
        services.swap(ticket, pool=made, by=ticket.lead)


def test_the_asset_of_the_ticket_goes_first():
    made, room = pool(), class_room(chairs=9)
    other = make.card(name="课椅", unit="把", quantity=1, place=room)
    ticket = chair_ticket(place=room, asset=other)

    services.swap(ticket, pool=made, by=ticket.lead)

    assert Swap.objects.get().gone.card == other


def test_the_audit_sees_a_swap_that_disagrees_with_the_ledger():
    made, ticket = pool(), chair_ticket()
    services.swap(ticket, pool=made, by=ticket.lead)
    Swap.objects.update(quantity=3)

    assert list(audit.audit()) == [f"换用 {Swap.objects.get().pk}（{ticket.number}）：记 3 件，台账移出 1、移入 1。"]


def test_a_pool_elsewhere_holds_its_own():
    made = pool(sound=4)
    pool(sound=0, name="二号课椅", place=store_room("二号周转"), workshop=store_room("二号维修"))

    assert list(Pool.objects.with_level().order_by("pk").values_list("name", "level")) == [
        ("课椅周转", 4),
        ("二号课椅", 0),
    ]
    assert made.place.name == "周转库"
