"""Repair batches: pieces taken once, closed once, sound ones in the pool, the rest proposed for scrap or left."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from assets import audit as ledger
from assets import services as assets
from assets.models import Holding, ScrapProposal
from classrooms import audit, services
from classrooms.models import Batch, BatchLine
from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from stores import services as stores
from tests import make
from tests.make_classrooms import batch, pool

pytestmark = pytest.mark.django_db


def clean():
    assert list(ledger.audit()) == []
    assert list(audit.audit()) == []


def test_thirty_pieces_of_two_cards_in_one_batch():
    made = pool(sound=3, broken=20)
    make.card(name="课椅", unit="把", quantity=15, place=made.workshop, condition="broken")
    first, second = sorted(services.waiting(made))

    found = services.open_batch(made, by=make.user(role="repairer"), pieces={first: 20, second: 10}, words="月末集中修")

    assert (found.state, found.number[:3], found.on) == ("open", "PX2", clock.today())
    assert list(found.lines.order_by("pk").values_list("card", "quantity")) == [(first, 20), (second, 10)]
    assert services.waiting(made) == {second: 5}
    assert LogEntry.objects.of(found).get().text == "开批：课椅 30 把，2 张卡片"
    clean()


def test_what_is_repaired_goes_to_the_pool_and_the_rest_is_proposed_or_left():
    made = pool(sound=3, broken=10)
    found = batch(pool=made)
    line = found.lines.get()

    done = services.finish(found, by=found.by, results={line.pk: (6, 3)}, minutes=95, words="换椅面")

    line.refresh_from_db()
    assert (done.state, done.minutes, done.done_by, done.words) == ("done", 95, found.by, "换椅面")
    assert (line.repaired, line.scrapped, line.scrap.quantity, line.scrap.place) == (6, 3, 3, made.workshop)
    assert services.level(made) == 9
    assert Holding.objects.get(card=line.card, place=made.workshop).quantity == 4
    assert services.waiting(made) == {line.card_id: 1}  # three wait for the answer about scrap
    assert LogEntry.objects.of(found).first().text == "修好 6，报废 3，用时 95 分钟"
    clean()


def test_a_refused_scrap_comes_back_to_be_repaired():
    found = batch(broken=4)
    services.finish(found, by=found.by, results={found.lines.get().pk: (1, 3)})

    assets.answer_scrap(ScrapProposal.objects.get(), by=make.director(), answer="refused", words="还能修")

    assert sum(services.waiting(found.pool).values()) == 3


def test_a_batch_is_closed_once():
    found = batch(broken=4)
    results = {found.lines.get().pk: (4, 0)}
    services.finish(found, by=found.by, results=results)

    with pytest.raises(RuleBroken, match="这一批已经完成，不能再改。"):
        services.finish(found, by=found.by, results=results)
    with pytest.raises(RuleBroken, match="这一批已经完成，不能再改。"):
        services.void(found, by=found.by, reason="录错")

    assert services.level(found.pool) == 4
    clean()


def test_an_old_page_is_told():
    found = batch(broken=4)
    services.draw(
        found, by=found.by, item=(stock := make.stock(9)).item, quantity=Decimal(1), warehouse=stock.warehouse
    )

    with pytest.raises(Stale):
        services.finish(found, by=found.by, results={found.lines.get().pk: (4, 0)}, version=found.version)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ((5, 3), "这一批有 7 件，修好 5、报废 3 加起来多了，请改正。"),
        ((-1, 3), "件数不能小于 0，请改正。"),
        ((0, 0), "还没有填修好或报废的件数；一件没修请用“作废”。"),
    ],
)
def test_results_that_cannot_be(pair, words):
    found = batch()

    with pytest.raises(RuleBroken, match=words):
        services.finish(found, by=found.by, results={found.lines.get().pk: pair})

    assert Batch.objects.get().state == "open"


def test_pieces_that_were_carried_away_meanwhile():
    found = batch(broken=5)
    line = found.lines.get()
    assets.move(line.card, 3, source=line.card.holdings.get(), to_place=make.place(), by=make.assetkeeper())

    with pytest.raises(RuleBroken, match=r"后勤楼 1层 维修间只有 2 件.*送不出 5 件"):
        services.finish(found, by=found.by, results={line.pk: (5, 0)})

    assert [one.split("：")[1] for one in audit.audit()] == ["在修的批次里有 5 件，维修间记为待修的只有 2 件。"]
    services.finish(found, by=found.by, results={line.pk: (2, 0)})
    clean()


def test_a_second_batch_cannot_take_what_the_first_has():
    made = pool(sound=0, broken=5)
    card = next(iter(services.waiting(made)))
    services.open_batch(made, by=make.user(role="repairer"), pieces={card: 4})

    with pytest.raises(RuleBroken, match="只有 1 把可修，选不了 2 把。请减少件数。"):
        services.open_batch(made, by=make.user(role="repairer"), pieces={card: 2})
    services.open_batch(made, by=make.user(role="repairer"), pieces={card: 1})
    with pytest.raises(RuleBroken, match="没有可修的坏件了，可能刚被别的批次选走"):
        services.open_batch(made, by=make.user(role="repairer"), pieces={card: 1})

    assert BatchLine.objects.count() == 2
    clean()


@pytest.mark.parametrize(
    ("pieces", "days", "words"),
    [
        ({}, 0, "还没有选要修的坏件"),
        ({1: -1}, 0, "件数不能小于 0"),
        ({1: 1}, 1, "日期还没有到"),
        ({999_999: 1}, 0, "没有可修的坏件了"),
    ],
)
def test_a_batch_that_cannot_be(pieces, days, words):
    made = pool(sound=0, broken=5)

    with pytest.raises(RuleBroken, match=words):
        services.open_batch(
            made, by=make.user(role="repairer"), pieces=pieces, on=clock.today() + dt.timedelta(days=days)
        )

    assert not Batch.objects.exists()


def test_given_up_its_pieces_wait_again():
    found = batch(broken=5)

    ended = services.void(found, by=found.by, reason="改到下月")

    assert (ended.state, sum(services.waiting(found.pool).values())) == ("void", 5)
    entry = LogEntry.objects.of(found).first()
    assert (entry.text, entry.said) == ("作废，坏件回到待修", "改到下月")


def test_giving_up_needs_a_reason_and_no_parts_in_the_air():
    found, stock = batch(broken=5), make.stock(9)
    with pytest.raises(RuleBroken, match="作废要写明原因"):
        services.void(found, by=found.by, reason=" ")
    services.draw(found, by=found.by, item=stock.item, quantity=Decimal(3), warehouse=stock.warehouse)
    with pytest.raises(RuleBroken, match="已经领了料，请先把料退回仓库，再作废"):
        services.void(found, by=found.by, reason="改期")

    services.give_back(found, by=found.by, part=found.parts.get(), quantity=Decimal(3))

    assert services.void(found, by=found.by, reason="改期").state == "void"


def test_parts_are_moves_of_the_stores():
    worker = make.user(role="repairer")
    found, stock = batch(worker=worker), make.stock(10)

    services.draw(found, by=found.by, item=stock.item, quantity=Decimal(4), warehouse=stock.warehouse)
    services.give_back(found, by=found.by, part=found.parts.get(), quantity=Decimal(1))

    parts = list(found.parts.order_by("pk"))
    assert [(p.used, p.cost, p.move.kind) for p in parts] == [(4, 40, "issue"), (-1, -10, "return")]
    assert (parts[0].move.taker, parts[0].move.reason) == (worker, f"集中维修 {found.number}")
    assert services.parts_cost(found) == 30
    assert stores.balance(stock.item) == 7


def test_who_may():
    found, stock = batch(), make.stock(10)
    keeper, teacher = make.assetkeeper(), make.teacher()
    with pytest.raises(RuleBroken, match="领料由维修工或后勤处操作"):
        services.draw(found, by=keeper, item=stock.item, quantity=Decimal(1), warehouse=stock.warehouse)
    with pytest.raises(RuleBroken, match="集中维修由维修工、资产管理员或后勤处登记"):
        services.finish(found, by=teacher, results={found.lines.get().pk: (1, 0)})
    with pytest.raises(RuleBroken, match="这笔料不是这一批领的"):
        services.draw(found, by=found.by, item=stock.item, quantity=Decimal(1), warehouse=stock.warehouse)
        services.give_back(
            batch(broken=1, pool=pool(sound=0, broken=1, name="别的", thing="课桌")),
            by=found.by,
            part=found.parts.get(),
            quantity=Decimal(1),
        )


@pytest.mark.parametrize(
    "facts",
    [{"quantity": 0}, {"repaired": 9}, {"scrapped": 8}],
)
def test_the_database_holds_it_too(facts):
    found = batch()

    with pytest.raises(IntegrityError), transaction.atomic():
        found.lines.update(**facts)


def test_a_done_batch_was_done_by_somebody():
    found = batch()

    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(pk=found.pk).update(state="done")


def test_the_audit_sees_results_without_moves():
    found = batch()
    found.lines.update(repaired=2, scrapped=1)

    assert list(audit.audit()) == [
        f"集中维修 {found.number}：登记修好 2 件，台账移到周转库 0 件。",
        f"集中维修 {found.number}：登记报废 1 件，报废建议对不上。",
        f"集中维修 {found.number}：现在是“维修中”，却登记了结果。",
    ]
