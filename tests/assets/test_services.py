"""What the verbs of the ledger write, and what they refuse."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, connection, transaction

from assets import services
from assets.audit import audit
from assets.models import Card, Holding, HoldingMove, ScrapProposal
from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from tests import make

pytestmark = pytest.mark.django_db


def held(card):
    """Where a card's pieces are: {(place, custodian, condition): quantity}."""
    rows = Holding.objects.filter(card=card).select_related("place", "custodian")
    return {(h.place, h.custodian, h.condition): h.quantity for h in rows}


def refusal(verb, *args, **kwargs):
    with pytest.raises(RuleBroken) as refused:
        verb(*args, **kwargs)
    return refused.value.reasons


def test_register_makes_card_holding_and_move():
    room, keeper, teacher = make.room(), make.user(role="assetkeeper"), make.user(role="teacher")

    card = services.register(
        "A-1", "课桌", place=room, by=keeper, custodian=teacher, quantity=48, unit="张", cost=D("9600"),
        category="家具", acquired_on=dt.date(2024, 8, 20),
    )  # fmt: skip

    assert (card.number, card.quantity, card.cost, card.pinyin) == ("A-1", 48, D("9600.00"), "kz")
    assert held(card) == {(room, teacher, "in_use"): 48}
    move = HoldingMove.objects.get()
    assert (move.kind, move.quantity, move.from_place, move.to_place, move.to_custodian, move.to_condition) == (
        "register", 48, None, room, teacher, "in_use",
    )  # fmt: skip
    assert LogEntry.objects.of(card).get().text == f"入账 48 张，放在{room}"


def test_register_gives_the_years_next_free_number():
    with clock.at(clock.moment(2026, 11, 22, 9)):
        numbers = [make.card(number=n).number for n in ("", "ZC2026-0002", "")]

    assert numbers == ["ZC2026-0001", "ZC2026-0002", "ZC2026-0003"]


def test_register_refuses_a_number_that_is_taken():
    make.card(number="A-1")

    assert refusal(make.card, number="A-1") == ["资产编号 A-1 已经有了，请换一个，或留空由系统编号。"]
    assert refusal(make.card, quantity=0, name=" ", cost=-1) == [
        "数量要大于 0，请改正。", "名称还没有写，请补上。", "原值不能小于 0，请改正。",
    ]  # fmt: skip
    assert Card.objects.count() == 1


def test_move_splits_and_joins_holdings():
    keeper, room, other = make.user(role="assetkeeper"), make.room(), make.room()
    card = make.card(place=room, quantity=10)

    services.move(card, 4, source=card.holdings.get(), to_place=other, by=keeper, reason="新开一个班")
    services.move(card, 1, source=card.holdings.get(place=room), to_place=other, by=keeper)

    assert held(card) == {(room, None, "in_use"): 5, (other, None, "in_use"): 5}
    assert [(m.kind, m.quantity, m.from_place, m.to_place, m.reason) for m in card.moves.order_by("pk")[1:]] == [
        ("transfer", 4, room, other, "新开一个班"), ("transfer", 1, room, other, ""),
    ]  # fmt: skip
    assert list(audit()) == []


def test_move_of_all_leaves_no_empty_holding():
    card, other = make.card(quantity=3), make.room()

    services.move(card, 3, source=card.holdings.get(), to_place=other, by=make.user())

    assert held(card) == {(other, None, "in_use"): 3}


def test_move_to_another_custodian_and_to_nobody():
    teacher = make.user(role="teacher")
    card = make.card(custodian=teacher)
    place, other = card.holdings.get().place, make.user(role="teacher")

    services.move(card, 1, source=card.holdings.get(), to_custodian=other, by=make.user())
    assert held(card) == {(place, other, "in_use"): 1}
    services.move(card, 1, source=card.holdings.get(), to_custodian=None, by=make.user())
    assert held(card) == {(place, None, "in_use"): 1}


def test_move_refuses_more_than_there_is_nothing_and_nowhere():
    holding = make.holding(name="课桌", unit="张", quantity=3)
    by = make.user()

    assert refusal(services.move, holding.card, 4, source=holding, to_place=make.room(), by=by) == [
        f"{holding.place}只有 3 张课桌，移不走 4 张。请减少数量。"
    ]
    assert refusal(services.move, holding.card, 0, source=holding, to_place=make.room(), by=by) == [
        "数量要大于 0，请改正。"
    ]
    assert refusal(services.move, holding.card, 1, source=holding, by=by) == [
        "新的地点、保管人和状况与原来一样，没有变动。"
    ]
    assert HoldingMove.objects.count() == 1


def test_second_mover_of_the_same_thing_is_told():
    holding, by = make.holding(), make.user()
    services.move(holding.card, 1, source=holding, to_place=make.room(), by=by)

    assert refusal(services.move, holding.card, 1, source=holding, to_place=make.room(), by=by) == [
        f"{holding.place}现在没有{holding.card}，可能刚被别人移走。请看过最新情况再操作。"
    ]


def test_what_left_the_books_does_not_move():
    holding = make.holding()
    Card.objects.update(state="leaving")

    assert refusal(services.mark, holding, "broken", by=make.user()) == [
        f"{holding.card.number} 现在是“待处置”，不能再变动。"
    ]


def test_mark_changes_the_condition_of_some():
    holding = make.holding(quantity=5)

    services.mark(holding, "broken", by=make.user(), quantity=2, reason="扇叶裂")
    services.mark(Holding.objects.get(condition="broken"), "in_use", by=make.user())

    assert held(holding.card) == {(holding.place, None, "in_use"): 5}
    moves = holding.card.moves.order_by("pk")
    assert list(moves.values_list("kind", "quantity", "from_condition", "to_condition")) == [
        ("register", 5, "", "in_use"), ("condition", 2, "in_use", "broken"), ("condition", 2, "broken", "in_use"),
    ]  # fmt: skip
    assert refusal(services.mark, holding, "lost", by=make.user()) == ["请从在用、待修、闲置、借出里选一种状况。"]


def test_lending_and_bringing_back_have_their_own_names():
    holding = make.holding()

    lent = services.mark(holding, "lent", by=make.user())
    services.mark(lent, "in_use", by=make.user())

    assert list(holding.card.moves.order_by("pk").values_list("kind", flat=True)) == ["register", "loan", "back"]


def test_swap_brings_a_sound_one_and_takes_the_broken_one_away():
    teacher, pool, workshop = make.user(role="teacher"), make.room(), make.room()
    broken = make.holding(name="投影仪", custodian=teacher)
    spare = make.card(name="投影仪", place=pool, quantity=2)

    serves = services.swap(broken, pool, by=make.user(role="repairer"), workshop=workshop)

    assert (serves.card, serves.place, serves.custodian) == (spare, broken.place, teacher)
    assert held(broken.card) == {(workshop, None, "broken"): 1}
    assert held(spare) == {(pool, None, "in_use"): 1, (broken.place, teacher, "in_use"): 1}
    assert set(HoldingMove.objects.exclude(kind="register").values_list("kind", flat=True)) == {"swap"}
    assert list(audit()) == []


def test_swap_within_one_batch_card_back_into_the_pool():
    pool, room = make.room(), make.room()
    card = make.card(name="壁扇", place=pool, quantity=3)
    services.move(card, 1, source=card.holdings.get(), to_place=room, by=make.user())

    services.swap(card.holdings.get(place=room), pool, by=make.user())

    assert held(card) == {(pool, None, "in_use"): 1, (pool, None, "broken"): 1, (room, None, "in_use"): 1}


def test_swap_prefers_the_same_model_and_looks_below_the_spare_place():
    pool = make.building("备用楼", use="service")
    shelf = make.room(building_name="备用楼")
    make.card(name="壁扇", model="FB-40", place=pool)
    same = make.card(name="壁扇", model="FB-45", place=shelf)
    broken = make.holding(name="壁扇", model="FB-45")

    assert services.swap(broken, pool, by=make.user()).card == same


def test_swap_without_a_sound_spare_changes_nothing():
    pool = make.room()
    make.card(name="壁扇", place=pool, condition="broken")
    make.card(name="吊扇", place=pool)
    broken = make.holding(name="壁扇", unit="台")

    assert refusal(services.swap, broken, pool, by=make.user()) == [
        f"{pool}没有 1 台完好的壁扇可换。请换一个备用地点，或先报修、申购。"
    ]
    assert held(broken.card) == {(broken.place, None, "in_use"): 1}


def test_swap_of_what_is_lent_is_refused():
    pool = make.room()
    make.card(place=pool)
    lent = make.holding(condition="lent")

    assert refusal(services.swap, lent, pool, by=make.user()) == [f"{lent.card}现在是“借出”，不用换。"]


def test_one_key_has_one_holding_on_either_database():
    holding = make.holding()
    kept = make.holding(custodian=make.user())
    for one in (holding, kept):
        with pytest.raises(IntegrityError), transaction.atomic():
            Holding.objects.create(card=one.card, place=one.place, custodian=one.custodian, quantity=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Holding.objects.filter(pk=holding.pk).update(quantity=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Card.objects.filter(pk=holding.card_id).update(quantity=0)


def test_visible_to_ledger_people_and_keepers():
    teacher, other = make.user(role="teacher"), make.user(role="teacher")
    room = make.room(custodian=teacher)
    own, in_room, not_own = make.card(custodian=teacher), make.card(place=room), make.card(place=room, custodian=other)

    assert set(Card.objects.visible_to(teacher)) == {own, in_room}
    assert set(Card.objects.visible_to(other)) == {not_own}
    assert set(Card.objects.visible_to(make.user(role="principal"))) == {own, in_room, not_own}
    assert set(Holding.objects.kept_by(teacher)) == {own.holdings.get(), in_room.holdings.get()}


def test_propose_and_answer_scrap():
    with clock.at(clock.moment(2026, 11, 22, 9)):
        fixer, keeper = make.user(role="repairer"), make.user(role="assetkeeper")
        card = make.card(name="壁扇", number="A-1", quantity=2)
        proposal = services.propose_scrap(by=fixer, card=card, quantity=2, why="电机烧毁，无配件")
        answered = services.answer_scrap(proposal, by=keeper, answer="agreed", words="下批一起处置")

    assert (proposal.number, proposal.what) == ("BF202611-0001", "壁扇 A-1")
    assert (answered.answer, answered.answered_by, answered.answer_words) == ("agreed", keeper, "下批一起处置")
    assert [e.text for e in LogEntry.objects.of(proposal)] == ["答复：同意报废", "建议报废壁扇 A-1，数量 2"]
    assert list(ScrapProposal.objects.open()) == []


def test_scrap_says_what_is_missing():
    card = make.card(name="壁扇", number="A-1", unit="台")

    assert refusal(services.propose_scrap, by=make.user(), quantity=0, why="") == [
        "要报废什么还没有写，请填物品。", "数量要大于 0，请改正。", "原因还没有写，请补上。",
    ]  # fmt: skip
    assert refusal(services.propose_scrap, by=make.user(), card=card, quantity=2, why="坏") == [
        "壁扇 A-1共 1 台，报废不了 2 台。请减少数量。"
    ]


def test_scrap_is_answered_once_by_another_with_the_right():
    proposal = make.scrap(by=make.user(role="clerk"))
    answer = services.answer_scrap

    assert refusal(answer, proposal, by=proposal.by, answer="agreed") == ["这是您自己提出的报废建议，要由别人答复。"]
    assert refusal(answer, proposal, by=make.user(role="repairer"), answer="agreed") == [
        "报废建议由后勤处答复，您没有这项权限。"
    ]
    assert refusal(answer, proposal, by=make.user(role="director"), answer="refused") == ["不同意要写明原因，请补上。"]
    assert refusal(answer, proposal, by=make.user(role="director"), answer="") == ["请选择同意报废或不同意。"]
    answer(proposal, by=make.user(role="director"), answer="refused", words="还能修")
    assert refusal(answer, proposal, by=make.user(role="director"), answer="agreed") == [
        "这条报废建议已经答复：不同意。"
    ]
    with pytest.raises(Stale):
        answer(proposal, by=make.user(role="director"), answer="agreed", version=1)


def test_audit_names_wrong_sums_and_histories():
    holding = make.holding(number="A-1", quantity=3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE assets_holding SET quantity = 2 WHERE id = %s", [holding.pk])

    assert list(audit()) == [
        "资产 A-1：卡片数量 3，存放合计 2。",
        f"资产 A-1：地点 {holding.place_id} “在用”存放 2，按变动记录应为 3。",
    ]
