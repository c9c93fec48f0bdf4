"""The repairer's work: start, hold, materials, finish with split, what cannot be repaired, hand back, words."""

import datetime as dt
from decimal import Decimal

import pytest

from assets.models import ScrapProposal
from core import clock, files
from core.clock import moment
from core.models import LogEntry, Notice
from core.workflow import RuleBroken
from repairs import services
from repairs.models import Ticket
from repairs.rules import Guest
from stores import services as stores
from stores.models import Move, PurchaseRequest
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

FRIDAY = dt.date(2026, 11, 27)


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def last(ticket):
    return LogEntry.objects.of(ticket).first()


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def refused(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as broken:
        call(*args, **kwargs)
    return broken.value.reasons


@pytest.fixture
def lead(db):
    return make.repairer()


# ---- start, hand back ----------------------------------------------------------------------------------------------


def test_start(lead, monday):
    ticket = services.start(make.ticket("dispatched", lead=lead), by=lead)

    assert (ticket.state, ticket.started_at) == ("doing", monday)


@pytest.mark.parametrize("state", ["dispatched", "doing"])
def test_hand_back(state, lead):
    clerk, ticket = make.clerk(), make.ticket(state, lead=lead, helpers=[make.repairer2()])

    assert refused(services.hand_back, ticket, by=lead, reason=" ") == ["退回后勤要写明原因。"]
    back = services.hand_back(ticket, by=lead, reason="要登高，我没有证")

    assert (back.state, back.lead, back.helpers.count()) == ("accepted", None, 0)
    assert (last(ticket).text, last(ticket).said) == ("退回后勤", "要登高，我没有证")
    assert told(clerk) == ["王师傅退回，要登高，我没有证：3号楼 3层 312 寝室，灯不亮"]


# ---- hold, redate, resume ------------------------------------------------------------------------------------------


def test_hold_for_an_item_of_the_store(lead, monday):
    item = make.item(name="镇流器", unit="个")
    ticket = make.ticket("doing", lead=lead)

    held = services.hold(
        ticket, by=lead, reason=make.hold_reason("parts"), until=FRIDAY, item=item, quantity=Decimal(2), words="36W 的"
    )

    assert (held.state, held.state_before, held.hold_until, held.hold_words) == ("held", "doing", FRIDAY, "36W 的")
    assert (held.hold_reason.key, held.hold_item, held.hold_quantity, held.purchase) == ("parts", item, 2, None)
    assert held.clock_stopped_at == monday
    assert last(ticket).text == "挂起：待料，预计 11月27日"
    assert told(ticket.reporter) == ["待料，预计 11月27日：3号楼 3层 312 寝室，灯不亮"]


def test_hold_for_something_to_be_bought(lead):
    ticket = make.ticket("doing", lead=lead)

    held = services.hold(ticket, by=lead, reason=make.hold_reason("parts"), until=FRIDAY, purchase="吸顶灯 24W")

    request = PurchaseRequest.objects.get()
    assert held.purchase == request
    assert (request.what, request.quantity, request.why, request.place, request.by) == (
        "吸顶灯 24W", 1, f"维修 {ticket.number}", ticket.place, lead,
    )  # fmt: skip


@pytest.mark.parametrize("facts", [{}, {"item": True}, {"quantity": Decimal(1)}])
def test_waiting_for_parts_says_for_which(facts, lead):
    ticket = make.ticket("doing", lead=lead)
    facts = facts | ({"item": make.item()} if "item" in facts else {})

    assert refused(services.hold, ticket, by=lead, reason=make.hold_reason("parts"), until=FRIDAY, **facts) == [
        "待料要写清等什么：选仓库里的材料和数量，或写要申购的东西。"
    ]
    assert (fresh(ticket).state, PurchaseRequest.objects.count()) == ("doing", 0)


def test_other_reasons_keep_no_item(lead):
    held = services.hold(
        make.ticket("doing", lead=lead), by=lead, reason=make.hold_reason("money"), until=FRIDAY, item=make.item(),
        quantity=Decimal(1), purchase="灯",
    )  # fmt: skip

    assert (held.hold_item, held.hold_quantity, held.purchase, held.clock_stopped_at) == (None, None, None, None)


def test_the_expected_date_lies_ahead(lead):
    ticket, yesterday = make.ticket("doing", lead=lead), dt.date(2026, 11, 22)
    held = make.ticket("held", lead=lead)

    words = ["预计恢复的日期已经过了，请改成今天或以后。"]
    assert refused(services.hold, ticket, by=lead, reason=make.hold_reason("other"), until=yesterday) == words
    assert refused(services.redate, held, by=lead, until=yesterday, words="") == words
    assert services.hold(ticket, by=lead, reason=make.hold_reason("other"), until=clock.today()).state == "held"


def test_redate(lead):
    held = make.ticket("held", lead=lead, followers=[make.user()])

    moved = services.redate(held, by=lead, until=dt.date(2026, 12, 1), words="厂家缺货")

    assert (moved.state, moved.hold_until, moved.hold_words) == ("held", dt.date(2026, 12, 1), "厂家缺货")
    assert (last(held).text, last(held).said) == ("预计日期 11月26日 → 12月1日", "厂家缺货")
    assert told(held.followers.get().user) == ["预计日期改到 12月1日：3号楼 3层 312 寝室，灯不亮"]


@pytest.mark.parametrize("state", ["accepted", "dispatched", "doing"])
def test_resume_leads_back(state, lead):
    clerk = make.clerk()
    ticket = make.ticket(state, lead=None if state == "accepted" else lead)
    held = services.hold(ticket, by=clerk, reason=make.hold_reason("parts"), until=FRIDAY, purchase="灯")

    resumed = services.resume(held, by=clerk)

    assert (resumed.state, resumed.state_before, resumed.hold_reason, resumed.hold_until) == (state, "", None, None)
    assert (resumed.hold_item, resumed.hold_quantity, resumed.hold_words, resumed.clock_stopped_at) == (
        None,
        None,
        "",
        None,
    )
    assert resumed.purchase is not None  # the request lives on


def test_the_way_back_is_read_from_the_row_not_from_an_older_page(lead):
    ticket = make.ticket("dispatched", lead=lead)
    services.start(ticket, by=lead)

    held = services.hold(ticket, by=lead, reason=make.hold_reason("other"), until=FRIDAY)  # the page still says 已派工

    assert held.state_before == "doing"


def test_tickets_held_past_their_date():
    held = make.ticket("held")

    assert list(Ticket.objects.hold_passed()) == []
    with clock.at(moment(2026, 11, 27, 8)):
        assert list(Ticket.objects.hold_passed()) == [held]


# ---- materials -----------------------------------------------------------------------------------------------------


def test_draw_and_give_back(lead):
    lamp = make.item(name="灯管")
    make.stock(10, 85, item=lamp)
    ticket = make.ticket("doing", lead=lead)

    drawn = services.draw(ticket, by=lead, item=lamp, quantity=Decimal(3))
    services.give_back(fresh(ticket), by=lead, material=drawn, quantity=Decimal(1))

    assert [(m.move.kind, m.move.quantity, m.move.value) for m in ticket.materials.order_by("pk")] == [
        ("issue", Decimal("-3"), Decimal("-25.50")), ("return", Decimal(1), Decimal("8.50")),
    ]  # fmt: skip
    assert stores.balance(lamp) == 8
    assert (drawn.move.taker, drawn.move.reason) == (lead, f"维修 {ticket.number}")
    entries = LogEntry.objects.of(ticket).values_list("text", flat=True)
    assert list(entries)[:2] == ["退灯管 1 支", "领灯管 3 支"]


def test_what_the_store_has_not_is_not_drawn(lead):
    lamp = make.item(name="灯管")
    make.stock(1, item=lamp)
    ticket = make.ticket("doing", lead=lead)

    reasons = refused(services.draw, ticket, by=lead, item=lamp, quantity=Decimal(2))

    assert reasons == ["总务仓库里灯管只剩 1 支，领不出 2 支。请减少数量，或先入库、提交申购。"]
    assert (ticket.materials.count(), fresh(ticket).version, last(ticket).verb) == (0, ticket.version, "file")


def test_without_a_warehouse_nothing_is_drawn(lead):
    ticket = make.ticket("doing", lead=lead)

    assert refused(services.draw, ticket, by=lead, item=make.item(), quantity=Decimal(1)) == [
        "还没有仓库，请仓库保管员先建一个。"
    ]


def test_nothing_is_drawn_before_dispatch(lead):
    assert refused(services.draw, make.ticket("accepted"), by=make.clerk(), item=make.item(), quantity=Decimal(1)) == [
        "先派工，再领料。"
    ]


# ---- finish --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["dispatched", "doing"])
def test_finish(state, lead, monday):
    lamp = make.item(name="灯管")
    make.stock(10, item=lamp)
    custodian = make.homeroom()
    ticket = make.ticket(state, lead=lead, place=make.place(custodian=custodian))

    done = services.finish(
        ticket, by=lead, outcome="replaced", words="换了两支灯管", cause="老化", minutes=30, photos=[make.photo(40, 30)],
        materials=[(lamp, Decimal(2))],
    )  # fmt: skip

    assert (done.state, done.outcome, done.outcome_words, done.cause) == (
        "checking",
        "replaced",
        "换了两支灯管",
        "老化",
    )
    assert (done.done_quantity, done.labour_minutes, done.finished_by) == (1, 30, lead)
    assert (done.finished_at, done.started_at, done.after_photo_at, done.clock_stopped_at) == (monday,) * 4
    assert [(p.role, p.caption) for p in files.photos(ticket)] == [("after", "维修后")]
    assert [(m.move.item, m.move.quantity) for m in ticket.materials.all()] == [(lamp, -2)]
    assert (last(ticket).text, last(ticket).said) == ("报完工：更换，领灯管 2 支", "换了两支灯管、老化")
    assert told(ticket.reporter) == told(custodian) == ["修好了，请验收：3号楼 3层 312 寝室，灯不亮"]


def test_the_office_types_it_for_a_repairer_without_a_phone(lead):
    clerk, ticket = make.clerk(), make.ticket("doing", lead=lead)

    done = services.finish(ticket, by=clerk, outcome="repaired")

    assert (done.lead, done.finished_by) == (lead, clerk)
    assert last(ticket).text == "报完工：修复（李老师代录）"


@pytest.mark.parametrize(("facts", "reason"), [
    ({"outcome": ""}, "请选处理结果：修复、更换、临时处理或无法修复。"),
    ({"outcome": "repaired", "done": 0}, "修好的数量要在 1 到 3 之间。"),
    ({"outcome": "repaired", "done": 4}, "修好的数量要在 1 到 3 之间。"),
    ({"outcome": "beyond"}, "无法修复时请选下一步：提报废，或不再需要。"),
    ({"outcome": "beyond", "next_step": "wait"}, "无法修复时请选下一步：提报废，或不再需要。"),
])  # fmt: skip
def test_finish_refusals(facts, reason, lead):
    ticket = make.ticket("doing", lead=lead, quantity=3)

    assert refused(services.finish, ticket, by=lead, **facts) == [reason]
    assert (fresh(ticket).state, Ticket.objects.count()) == ("doing", 1)


def test_after_photo_where_the_kind_asks_for_it(lead):
    ticket = make.ticket("doing", lead=lead, category=make.category("地面破损"))

    assert refused(services.finish, ticket, by=lead, outcome="repaired") == ["“地面破损”完工时要拍一张维修后的照片。"]
    assert services.finish(ticket, by=lead, outcome="repaired", photos=[make.photo(40, 30)]).state == "checking"


def test_rework_needs_a_new_photo(lead):
    ticket = make.ticket("doing", lead=lead, category=make.category("地面破损"))
    done = services.finish(ticket, by=lead, outcome="repaired", photos=[make.photo(40, 30)])
    again = services.send_back(done, by=ticket.reporter, reason="又翘起来了")

    assert refused(services.finish, again, by=lead, outcome="repaired") == ["“地面破损”完工时要拍一张维修后的照片。"]


def test_materials_that_are_not_there_stop_the_finish(lead):
    ticket = make.ticket("doing", lead=lead, quantity=2)
    make.warehouse()

    reasons = refused(
        services.finish, ticket, by=lead, outcome="repaired", done=1, materials=[(make.item(name="灯"), Decimal(1))]
    )

    assert reasons == ["总务仓库里灯已经没有了，领不出 1 支。请先入库，或提交申购。"]
    assert (fresh(ticket).state, fresh(ticket).quantity, Ticket.objects.count(), Move.objects.count()) == (
        "doing",
        2,
        1,
        0,
    )


# ---- split ---------------------------------------------------------------------------------------------------------


def test_part_done_work_splits(lead):
    helper, follower = make.repairer2(), make.user()
    with clock.at(moment(2026, 11, 20, 9)):
        ticket = make.ticket("doing", lead=lead, quantity=5, helpers=[helper], followers=[follower], detail="靠窗一排")
        make.follower(ticket, device="phone-1")

    done = services.finish(ticket, by=lead, outcome="repaired", done=2)

    rest = done.splits.get()
    assert (done.number, done.state, done.quantity, done.done_quantity) == (ticket.number, "checking", 2, 2)
    assert (rest.number, rest.state, rest.quantity, rest.done_quantity) == ("BX202611-0002", "dispatched", 3, 0)
    same = ("reported_at", "due_at", "reporter", "place", "detail", "category", "lead", "priority", "waited_minutes")
    assert [getattr(rest, name) for name in same] == [getattr(ticket, name) for name in same]
    assert list(rest.helpers.all()) == [helper]
    assert set(rest.followers.values_list("user", "device")) == {(follower.pk, ""), (None, "phone-1")}
    assert rest.follow_token != done.follow_token
    assert (rest.outcome, rest.finished_at, rest.clock_stopped_at) == ("", None, None)
    assert last(rest).text == f"从 {ticket.number} 分出没修完的 3 处"
    assert f"没修完的 3 处另开 {rest.number}" in LogEntry.objects.of(ticket).values_list("text", flat=True)


def test_a_split_hazard_stays_a_hazard(lead):
    ticket = make.ticket("doing", lead=lead, quantity=2, hazard=True, protection="已断电")

    rest = services.finish(ticket, by=lead, outcome="repaired", done=1).splits.get()

    assert (rest.hazard, rest.protection, rest.priority, rest.due_at) == (True, "已断电", 1, ticket.due_at)


def test_the_rest_of_a_split_can_be_split_again(lead):
    ticket = make.ticket("doing", lead=lead, quantity=3)
    rest = services.finish(ticket, by=lead, outcome="repaired", done=1).splits.get()

    services.finish(rest, by=lead, outcome="repaired", done=1)

    assert list(Ticket.objects.order_by("pk").values_list("state", "quantity")) == [
        ("checking", 1), ("checking", 1), ("dispatched", 1),
    ]  # fmt: skip


def test_all_done_splits_nothing(lead):
    ticket = services.finish(make.ticket("doing", lead=lead, quantity=3), by=lead, outcome="repaired")

    assert (ticket.done_quantity, Ticket.objects.count()) == (3, 1)


# ---- beyond repair -------------------------------------------------------------------------------------------------


def test_beyond_repair_no_longer_needed(lead):
    ticket = services.finish(make.ticket("doing", lead=lead), by=lead, outcome="beyond", next_step="none")

    assert (ticket.state, ticket.outcome, ticket.scrap, ticket.purchase) == ("checking", "beyond", None, None)


def test_beyond_repair_proposes_scrap(lead):
    place = make.place()
    card = make.card(place=place)
    ticket = make.ticket("doing", lead=lead, place=place, asset=card)

    done = services.finish(ticket, by=lead, outcome="beyond", words="电机烧毁", next_step="scrap")

    proposal = ScrapProposal.objects.get()
    assert (done.scrap, done.purchase) == (proposal, None)
    assert (proposal.card, proposal.quantity, proposal.why, proposal.place, proposal.by) == (
        card,
        1,
        "电机烧毁",
        place,
        lead,
    )


def test_beyond_repair_without_a_card_names_the_kind(lead):
    ticket = make.ticket("doing", lead=lead, category=make.category("课桌"), quantity=4)

    done = services.finish(ticket, by=lead, outcome="beyond", done=2, next_step="scrap", replace="purchase")

    assert (done.scrap.what, done.scrap.quantity, done.scrap.why) == ("课桌", 2, f"{ticket.number} 无法修复")
    assert (done.purchase.what, done.purchase.quantity) == ("课桌", 2)
    assert (done.splits.get().scrap, done.splits.get().purchase) == (None, None)


def test_beyond_repair_swaps_with_the_spare_pool(lead):
    place, pool = make.place(), make.room("备用间")
    broken, spare = make.card(place=place), make.card(place=pool, condition="idle")
    ticket = make.ticket("doing", lead=lead, place=place, asset=broken)

    services.finish(ticket, by=lead, outcome="beyond", next_step="scrap", replace="pool", spare_place=pool)

    assert list(broken.holdings.values_list("place", "condition")) == [(pool.pk, "broken")]
    assert list(spare.holdings.values_list("place", "condition")) == [(place.pk, "in_use")]


@pytest.mark.parametrize(("asset", "spare", "reason"), [
    (False, True, "用备用件替换要先选资产和备用件存放处；没有资产卡片的请改选申购。"),
    (True, False, "用备用件替换要先选资产和备用件存放处；没有资产卡片的请改选申购。"),
    (True, True, "备用间没有 1 台完好的壁扇可换。"),
])  # fmt: skip
def test_a_swap_that_cannot_be_changes_nothing(asset, spare, reason, lead):
    place, pool = make.place(), make.room("备用间", floor_name="2层")
    ticket = make.ticket("doing", lead=lead, place=place, asset=make.card(place=place) if asset else None)

    reasons = refused(
        services.finish,
        ticket,
        by=lead,
        outcome="beyond",
        next_step="scrap",
        replace="pool",
        spare_place=pool if spare else None,
    )

    assert reason.removeprefix("备用间") in reasons[0]
    assert (fresh(ticket).state, ScrapProposal.objects.count()) == ("doing", 0)


# ---- words ---------------------------------------------------------------------------------------------------------


def test_words_are_no_move(lead):
    ticket, other = make.ticket("doing", lead=lead), make.other_teacher()

    services.say(ticket, by=other, words=" 下午三点在 ", photos=[make.photo(40, 30)])

    assert (fresh(ticket).version, last(ticket).verb, last(ticket).said) == (ticket.version, "say", "下午三点在")
    assert [p.role for p in files.photos(ticket)] == ["note"]
    assert told(lead) == told(ticket.reporter) == ["留言“下午三点在”：3号楼 3层 312 寝室，灯不亮"]


def test_a_guest_leaves_a_word_on_his_own_ticket_only():
    ticket, other = (make.ticket(channel="qr", by=None, device=f"phone-{n}") for n in (1, 2))

    services.say(ticket, by=Guest(ticket.pk), words="门开着")

    assert (last(ticket).by, last(ticket).by_name, last(ticket).said) == (None, "报修人", "门开着")
    assert refused(services.say, other, by=Guest(ticket.pk), words="门开着") == [
        "这个跟进地址不是这张单的，请用报修后给您的那个地址。"
    ]


def test_nothing_said_is_not_sent(lead):
    assert refused(services.say, make.ticket(), by=lead, words=" ") == ["请写一句话再发送。"]
