"""What the verbs of the stores write, and what they refuse."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from stores import services
from stores.audit import audit
from stores.defaults import ensure
from stores.models import Item, Move, PurchaseRequest, Warehouse
from tests import make

pytestmark = pytest.mark.django_db


def chain(item):
    moves = Move.objects.filter(item=item).order_by("warehouse", "seq")
    return [(m.seq, m.kind, m.quantity, m.value, m.balance_after, m.value_after) for m in moves]


def test_receive_and_issue_build_the_chain():
    with clock.at(clock.moment(2026, 11, 22, 9)):
        item, keeper, fixer = make.item(), make.user(role="storekeeper"), make.user(role="repairer")
        first = make.stock(10, 100, item=item, by=keeper)
        taken = services.issue(item, make.warehouse(), 4, by=keeper, taker=fixer, reason="3号楼")

    assert chain(item) == [
        (1, "receipt", D("10.00"), D("100.00"), D("10.00"), D("100.00")),
        (2, "issue", D("-4.00"), D("-40.00"), D("6.00"), D("60.00")),
    ]
    assert (first.number, taken.number) == ("RK202611-0001", "CK202611-0001")
    assert (taken.taker, taken.by, taken.on, taken.reason) == (fixer, keeper, dt.date(2026, 11, 22), "3号楼")
    assert LogEntry.objects.of(taken).get().text == f"领用 {item} 4 支"


def test_moving_average_mixes_prices_and_the_last_unit_takes_the_rest():
    item = make.item()
    make.stock(2, "10.00", item=item)
    make.stock(1, "0.01", item=item)

    values = [services.issue(item, make.warehouse(), 1, by=make.user()).value for _ in range(3)]

    assert values == [D("-3.34"), D("-3.34"), D("-3.33")]
    assert chain(item)[-1][4:] == (D("0.00"), D("0.00"))


def test_issue_never_goes_below_zero():
    item = make.item(name="灯管", unit="支")
    make.stock(5, item=item)

    with pytest.raises(RuleBroken) as refused:
        services.issue(item, make.warehouse(), 6, by=make.user())

    assert refused.value.reasons == ["总务仓库里灯管只剩 5 支，领不出 6 支。请减少数量，或先入库、提交申购。"]
    assert len(chain(item)) == 1


def test_issue_of_what_never_came_in_is_refused():
    item = make.item(name="合页", unit="个")

    with pytest.raises(RuleBroken) as refused:
        services.issue(item, make.warehouse(), 1, by=make.user())

    assert refused.value.reasons == ["总务仓库里合页已经没有了，领不出 1 个。请先入库，或提交申购。"]


@pytest.mark.parametrize("quantity", [0, -1, D("0.004")])
def test_quantity_is_above_zero(quantity):
    item = make.item()
    for verb in (
        lambda: services.receive(item, make.warehouse(), quantity, 1, by=make.user()),
        lambda: services.issue(item, make.warehouse(), quantity, by=make.user()),
    ):
        with pytest.raises(RuleBroken) as refused:
            verb()
        assert refused.value.reasons == ["数量要大于 0，请改正。"]
    assert chain(item) == []


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        (dt.date(2026, 11, 23), "2026-11-23 还没有到，请填今天或本月更早的日期。"),
        (dt.date(2026, 10, 31), "2026-10-31 不在本月，以前月份的账已经上报。请填本月的日期，并在原因里写明。"),
    ],
)
def test_date_outside_the_open_month_is_refused(on, reason):
    with clock.at(clock.moment(2026, 11, 22, 9)), pytest.raises(RuleBroken) as refused:
        make.stock(1, on=on)

    assert refused.value.reasons == [reason]


def test_earlier_day_of_the_month_stands_later_in_the_chain():
    with clock.at(clock.moment(2026, 11, 22, 9)):
        item = make.stock(5).item
        late = services.issue(item, make.warehouse(), 1, by=make.user(), on=dt.date(2026, 11, 3))

    assert (late.on, late.seq) == (dt.date(2026, 11, 3), 2)


def test_item_out_of_use_goes_out_but_not_in():
    item = make.stock(5).item
    item.active = False
    item.save()

    with pytest.raises(RuleBroken) as refused:
        make.stock(1, item=item)

    assert refused.value.reasons == [f"{item}已停用，不再入库。需要时请先在物品资料里恢复使用。"]
    assert services.issue(item, make.warehouse(), 5, by=make.user()).balance_after == 0


def test_give_back_brings_back_quantity_and_value():
    item = make.item()
    make.stock(3, "10.00", item=item)
    taken = services.issue(item, make.warehouse(), 3, by=make.user())
    make.stock(1, "100.00", item=item)

    back = [services.give_back(taken, n, by=make.user()) for n in (1, 2)]

    assert [(m.kind, m.quantity, m.value, m.returns_id) for m in back] == [
        ("return", D("1.00"), D("3.33"), taken.pk),
        ("return", D("2.00"), D("6.67"), taken.pk),
    ]
    assert chain(item)[-1][4:] == (D("4.00"), D("110.00"))


def test_give_back_no_more_than_went_out():
    item = make.stock(5, item=make.item(unit="支")).item
    taken = services.issue(item, make.warehouse(), 3, by=make.user())
    services.give_back(taken, 1, by=make.user())

    with pytest.raises(RuleBroken) as refused:
        services.give_back(taken, 3, by=make.user())
    services.give_back(taken, 2, by=make.user())
    with pytest.raises(RuleBroken) as empty:
        services.give_back(taken, 1, by=make.user())

    assert refused.value.reasons == [f"{taken.number} 领出 3 支，最多还能退 2 支，退不了 3 支。请减少数量。"]
    assert empty.value.reasons == [f"{taken.number} 领出的 3 支已经全部退库。"]
    assert services.balance(item) == 5


def test_give_back_of_a_receipt_is_refused():
    receipt = make.stock(5)

    with pytest.raises(RuleBroken) as refused:
        services.give_back(receipt, 1, by=make.user())

    assert refused.value.reasons == [f"{receipt.number} 是入库，不是领用，不能退库。"]


@pytest.mark.parametrize(
    ("counted", "kind", "quantity", "value"),
    [(12, "gain", D("2.00"), D("20.00")), (7, "loss", D("-3.00"), D("-30.00"))],
)
def test_count_difference_moves_the_book_to_the_shelf(counted, kind, quantity, value):
    item = make.stock(10, 100).item

    move = services.count_difference(item, make.warehouse(), counted, by=make.user(), reason="月末盘点")

    assert (move.kind, move.quantity, move.value, move.balance_after) == (kind, quantity, value, D(counted))


def test_count_without_difference_or_reason_is_refused():
    item = make.stock(10).item

    with pytest.raises(RuleBroken) as same:
        services.count_difference(item, make.warehouse(), 10, by=make.user(), reason="盘点")
    with pytest.raises(RuleBroken) as silent:
        services.count_difference(item, make.warehouse(), 9, by=make.user(), reason=" ")

    assert same.value.reasons == ["账面也是 10 支，没有差异，不用登记。"]
    assert silent.value.reasons == ["盘点有差异要写明原因，请补上。"]


def test_gain_on_an_empty_shelf_takes_the_last_price():
    item = make.stock(2, "7.00").item
    services.issue(item, make.warehouse(), 2, by=make.user())

    move = services.count_difference(item, make.warehouse(), 1, by=make.user(), reason="柜后找到")

    assert (move.value, move.value_after) == (D("3.50"), D("3.50"))


def test_reverse_takes_a_wrong_receipt_back_whole():
    wrong = make.stock(10, 1000)

    undone = services.reverse(wrong, by=make.user(), reason="单价多写一个零")

    assert (undone.kind, undone.quantity, undone.value, undone.balance_after, undone.value_after) == (
        "reverse", D("-10.00"), D("-1000.00"), D("0.00"), D("0.00"),
    )  # fmt: skip
    assert undone.reverses == wrong


def test_reverse_of_an_issue_brings_it_back():
    item = make.stock(10, 100).item
    taken = services.issue(item, make.warehouse(), 4, by=make.user())

    services.reverse(taken, by=make.user(), reason="领错规格")

    assert chain(item)[-1] == (3, "reverse", D("4.00"), D("40.00"), D("10.00"), D("100.00"))


def test_reverse_leaves_no_negative_value():
    item = make.stock(10, 10).item
    dear = make.stock(10, 1000, item=item)
    services.issue(item, make.warehouse(), 5, by=make.user())

    undone = services.reverse(dear, by=make.user(), reason="录错")

    assert (undone.balance_after, undone.value_after) == (D("5.00"), D("0.00"))


def test_reverse_is_refused_twice_after_use_after_return_and_without_reason():
    item = make.item(unit="支")
    receipt = make.stock(5, item=item)
    taken = services.issue(item, make.warehouse(), 2, by=make.user())
    services.give_back(taken, 1, by=make.user())
    other = services.issue(item, make.warehouse(), 1, by=make.user())
    undone = services.reverse(other, by=make.user(), reason="录错")

    def refusal(move, reason="录错"):
        with pytest.raises(RuleBroken) as refused:
            services.reverse(move, by=make.user(), reason=reason)
        return refused.value.reasons

    assert refusal(other) == [f"{other.number} 已由 {undone.number} 冲正。"]
    assert refusal(undone) == [f"{undone.number} 本身是冲正，不能再冲正。请按实际情况重新登记一笔。"]
    assert refusal(taken) == [f"{taken.number} 已退库 1 支，不能整笔冲正。请把余下的也办退库。"]
    assert refusal(receipt) == [
        f"{receipt.number} 入库的 5 支里已有领出，现在只剩 4 支，不能整笔冲正。请先退库，或登记盘亏。"
    ]
    assert refusal(receipt, " ") == ["冲正要写明原因，请补上。"]


def test_a_reversed_issue_cannot_be_given_back():
    item = make.stock(5).item
    taken = services.issue(item, make.warehouse(), 2, by=make.user())
    services.reverse(taken, by=make.user(), reason="录错")

    with pytest.raises(RuleBroken) as refused:
        services.give_back(taken, 1, by=make.user())

    assert refused.value.reasons == [f"{taken.number} 已经冲正，没有东西可退。"]


def test_moves_are_append_only():
    move = make.stock(5)

    with pytest.raises(TypeError):
        move.save()
    with pytest.raises(TypeError):
        move.delete()
    with pytest.raises(TypeError):
        Move.objects.filter(pk=move.pk).update(quantity=9)
    with pytest.raises(TypeError):
        Move.objects.all().delete()


def test_several_items_may_stand_under_one_number():
    lamp, hinge = make.stock(5).item, make.stock(5).item

    one = services.issue(lamp, make.warehouse(), 1, by=make.user())
    two = services.issue(hinge, make.warehouse(), 1, by=make.user(), number=one.number)

    assert two.number == one.number


def test_balance_by_warehouse_and_over_all():
    item = make.stock(5).item
    canteen = make.warehouse(name="食堂仓库", book="canteen")
    make.stock(3, item=item, warehouse=canteen)
    empty = make.item()

    assert services.balance(item, make.warehouse()) == 5
    assert services.balance(item, canteen) == 3
    assert services.balance(item) == 8
    assert services.balance(empty, canteen) == 0
    assert services.balances([item.pk, empty.pk]) == {item.pk: D("8.00"), empty.pk: D("0.00")}
    assert {i.pk: (i.stock, i.stock_value) for i in Item.objects.with_stock()} == {
        item.pk: (D("8.00"), D("80.00")),
        empty.pk: (D("0.00"), D("0.00")),
    }


def test_balances_take_one_statement(django_assert_num_queries):
    items = [make.stock(n).item for n in (1, 2, 3)]

    with django_assert_num_queries(1):
        found = services.balances([item.pk for item in items])

    assert [found[item.pk] for item in items] == [1, 2, 3]


def test_low_items():
    low = make.stock(2, item=make.item(minimum=3)).item
    never = make.item(minimum=1)
    make.stock(3, item=make.item(minimum=3))
    make.item(minimum=0)
    make.item(minimum=5, active=False)

    assert set(Item.objects.low()) == {low, never}


def test_request_and_answer_purchase():
    with clock.at(clock.moment(2026, 11, 22, 9)):
        fixer, clerk = make.user(role="repairer"), make.user(role="clerk")
        item = make.item(name="灯管", spec="T8", unit="支")
        request = services.request_purchase(by=fixer, item=item, quantity=20, why="库存不足")
        answered = services.answer_purchase(request, by=clerk, answer="bought", words="周三到货")

    assert (request.number, request.what, request.unit, request.quantity) == ("SG202611-0001", "灯管 T8", "支", 20)
    assert (answered.answer, answered.answered_by, answered.answer_words) == ("bought", clerk, "周三到货")
    assert [e.text for e in LogEntry.objects.of(request)] == ["答复：已采购", "申购灯管 T8 20 支"]
    assert list(PurchaseRequest.objects.open()) == []


def test_purchase_request_says_what_is_missing():
    with pytest.raises(RuleBroken) as refused:
        services.request_purchase(by=make.user(), quantity=0, why="")

    assert refused.value.reasons == [
        "要买什么还没有写，请填名称规格。", "数量要大于 0，请改正。", "用途还没有写，请补上。",
    ]  # fmt: skip


def test_nobody_answers_his_own_request_nor_without_the_right():
    own = make.purchase(by=make.user(role="clerk"))

    def refusal(by, **over):
        with pytest.raises(RuleBroken) as refused:
            services.answer_purchase(own, **({"by": by, "answer": "bought"} | over))
        return refused.value.reasons

    assert refusal(own.by) == ["这是您自己提出的申购，要由别人答复。"]
    assert refusal(make.user(role="repairer")) == ["申购由后勤处答复，您没有这项权限。"]
    assert refusal(make.user(role="clerk"), answer="refused") == ["不采购要写明原因，请补上。"]
    assert refusal(make.user(role="clerk"), answer="") == ["请选择已采购或不采购。"]
    own.refresh_from_db()
    assert (own.answer, own.version) == ("", 1)


def test_request_is_answered_once():
    request, clerk = make.purchase(), make.user(role="clerk")
    services.answer_purchase(request, by=clerk, answer="bought")

    with pytest.raises(RuleBroken) as refused:
        services.answer_purchase(request, by=make.user(role="director"), answer="refused", words="不需要")
    with pytest.raises(Stale):
        services.answer_purchase(request, by=make.user(role="director"), answer="bought", version=1)

    assert refused.value.reasons == ["这张申购已经答复：已采购。"]


def test_ensure_makes_the_first_warehouse_once():
    assert ensure() == ensure()
    assert list(Warehouse.objects.values_list("name", "book")) == [("总务仓库", "school")]


def test_item_is_found_by_pinyin():
    assert make.item(name="T8 日光灯管").pinyin == "t8rgdg"


def test_audit_is_silent_on_sound_chains():
    item = make.stock(10).item
    taken = services.issue(item, make.warehouse(), 4, by=make.user())
    services.give_back(taken, 2, by=make.user())
    services.count_difference(item, make.warehouse(), 7, by=make.user(), reason="盘点")

    assert list(audit()) == []


def test_loser_of_a_race_looks_again(monkeypatch):
    item, real = make.stock(5).item, services._last
    services.issue(item, make.warehouse(), 1, by=make.user())
    stale = [Move.objects.get(item=item, seq=1)]
    monkeypatch.setattr(services, "_last", lambda *chain: stale.pop() if stale else real(*chain))

    late = services.issue(item, make.warehouse(), 2, by=make.user())

    assert (late.seq, late.balance_after) == (3, D("2.00"))


def test_who_loses_every_time_is_told(monkeypatch):
    item = make.stock(5).item
    services.issue(item, make.warehouse(), 1, by=make.user())
    stale = Move.objects.get(item=item, seq=1)
    monkeypatch.setattr(services, "_last", lambda *chain: stale)

    with pytest.raises(RuleBroken) as refused:
        services.issue(item, make.warehouse(), 2, by=make.user())

    assert refused.value.reasons == [f"刚才有别人同时在登记{item}的出入库，这一笔没有登记成功。请再提交一次。"]
    assert len(chain(item)) == 2


def tamper(move, column, value):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE stores_move SET {column} = %s WHERE id = %s", [value, move.pk])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("balance_after", 7, "结存应为 6.00，账上是 7.00。"),
        ("value_after", 61, "结存金额应为 60.00，账上是 61.00。"),
        ("seq", 3, "前一笔是第 1 笔，中间缺号。"),
    ],
)
def test_audit_names_the_broken_link(column, value, said):
    item = make.stock(10).item
    taken = services.issue(item, make.warehouse(), 4, by=make.user())

    tamper(taken, column, value)

    seq = 3 if column == "seq" else 2
    assert list(audit()) == [f"总务仓库 {item} 第 {seq} 笔（{taken.number}）：{said}"]


def test_audit_names_returns_beyond_the_issue():
    item = make.stock(10).item
    taken = services.issue(item, make.warehouse(), 4, by=make.user())
    other = services.issue(item, make.warehouse(), 1, by=make.user())
    back = services.give_back(taken, 2, by=make.user())

    tamper(back, "returns_id", other.pk)

    assert list(audit()) == [f"总务仓库 {item} 第 3 笔（{other.number}）：领出 1.00，退库却有 2.00。"]


def test_database_itself_refuses_what_breaks_the_chain():
    move = make.stock(5)
    for column, value in (("balance_after", -1), ("quantity", 0), ("quantity", -5), ("value_after", -1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            tamper(move, column, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        Move.objects.bulk_create([
            Move(number="X", item=move.item, warehouse=move.warehouse, seq=1, kind="receipt", quantity=1, value=1,
                 balance_after=6, value_after=51, on=move.on, by=move.by)
        ])  # fmt: skip
