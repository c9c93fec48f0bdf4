"""The office's moves: what each does to the ticket, to its clock, to the people who hear of it, and to the log."""

import datetime as dt

import pytest

from core import clock
from core.clock import moment
from core.models import LogEntry, Notice
from core.workflow import RuleBroken, Stale
from repairs import services
from repairs.models import Ticket
from repairs.rules import Guest
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


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


# ---- accept, priority ----------------------------------------------------------------------------------------------


def test_accept(monday):
    clerk, ticket = make.clerk(), make.ticket()

    accepted = services.accept(ticket, by=clerk)

    assert (accepted.state, accepted.accepted_at, accepted.opened_at) == ("accepted", monday, monday)
    assert (accepted.version, accepted.priority_fixed) == (2, False)
    assert (last(ticket).text, last(ticket).by, last(ticket).before, last(ticket).after) == (
        "受理",
        clerk,
        "new",
        "accepted",
    )


def test_accept_with_another_priority_is_the_offices_own_word():
    ticket = services.accept(make.ticket(), by=make.clerk(), priority=2)

    assert (ticket.state, ticket.priority, ticket.priority_fixed) == ("accepted", 2, True)
    assert last(ticket).text == "优先级 普通 → 紧急"


def test_accept_with_the_suggested_priority_leaves_it_to_the_system():
    assert services.accept(make.ticket(), by=make.clerk(), priority=3).priority_fixed is False


def test_a_page_made_from_an_older_row_is_refused():
    clerk, ticket = make.clerk(), make.ticket()
    services.join(ticket, by=make.user())

    with pytest.raises(Stale) as stale:
        services.accept(ticket, by=clerk, version=1)

    assert stale.value.reasons == ["别人刚改过这张单，请看过最新情况再操作。"]
    assert fresh(ticket).state == "new"


# ---- ask and answer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["new", "accepted"])
def test_ask_and_answer(state, monday):
    clerk, ticket = make.clerk(), make.ticket(state, by=make.teacher())

    asked = services.ask(ticket, by=clerk, words="是哪一盏灯")

    assert (asked.state, asked.state_before, asked.ask_words, asked.asked_at) == ("asked", state, "是哪一盏灯", monday)
    assert asked.clock_stopped_at == monday
    assert told(ticket.reporter) == ["请补充“是哪一盏灯”：3号楼 3层 312 寝室，灯不亮"]

    answered = services.answer(asked, by=ticket.reporter, words="靠窗那盏")

    assert (answered.state, answered.state_before, answered.ask_words, answered.asked_at) == (state, "", "", None)
    assert (last(ticket).text, last(ticket).said, last(ticket).by) == ("回复", "靠窗那盏", ticket.reporter)


def test_answer_by_follow_address_and_by_the_office_for_a_caller():
    clerk = make.clerk()
    ticket = make.ticket(channel="qr", by=None, device="phone-1", reporter_phone="13800000000")

    asked = services.ask(ticket, by=clerk, words="哪一间")
    answered = services.answer(asked, by=Guest(ticket.pk), words="312")
    assert (answered.state, last(ticket).by, last(ticket).by_name) == ("new", None, "报修人")

    asked = services.ask(answered, by=clerk, words="上午在吗")
    answered = services.answer(asked, by=clerk, words="在")
    assert (answered.state, last(ticket).text, last(ticket).by) == ("new", "代录报修人的回复", clerk)


def test_the_way_back_is_read_from_the_row_not_from_an_older_page():
    clerk, ticket = make.clerk(), make.ticket()
    services.accept(ticket, by=clerk)

    asked = services.ask(ticket, by=clerk, words="是哪一盏")  # `ticket` still says 待受理

    assert asked.state_before == "accepted"


# ---- decline, and who is left behind -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["new", "asked", "accepted"])
def test_decline(state, monday):
    follower, ticket = make.user(), make.ticket(state, by=make.teacher())
    make.follower(ticket, follower)

    declined = services.decline(ticket, by=make.clerk(), reason="教室电脑归信息中心", whom="信息中心 8020")

    words = "教室电脑归信息中心（请找信息中心 8020）"
    assert (declined.state, declined.end_words, declined.ended_at) == ("declined", words, monday)
    assert declined.clock_stopped_at is None
    assert told(follower)[-1] == told(ticket.reporter)[-1] == f"不予受理，{words}：3号楼 3层 312 寝室，灯不亮"


def test_hazard_is_declined_only_after_lowering():
    clerk, ticket = make.clerk(), make.ticket(hazard=True)

    reasons = refused(services.decline, ticket, by=clerk, reason="不归我们")
    lowered = services.lower_hazard(ticket, by=clerk, reason="到现场看过，只是贴纸松了")
    declined = services.decline(lowered, by=clerk, reason="不归我们")

    assert reasons == ["安全隐患不能不予受理；确已不危险时，由后勤写明理由先“解除隐患”。"]
    assert declined.state == "declined"


@pytest.mark.parametrize(("state", "step", "facts", "reason"), [
    ("new", "ask", {"words": ""}, "请写要补充什么。"),
    ("asked", "answer", {"words": " "}, "请写一句回复。"),
    ("new", "decline", {"reason": ""}, "不予受理要写明原因，并告诉报修人可以找谁。"),
    ("new", "lower_hazard", {"reason": " "}, "解除隐患要写明理由。"),
])  # fmt: skip
def test_words_that_a_step_asks_for(state, step, facts, reason):
    ticket = make.ticket(state, hazard=step == "lower_hazard")

    assert refused(getattr(services, step), ticket, by=make.clerk(), **facts) == [reason]
    assert fresh(ticket).state == state


# ---- merge ---------------------------------------------------------------------------------------------------------


def follows(ticket):
    return set(ticket.followers.values_list("user", "device"))


def test_merge_takes_reporter_and_followers_along(monday):
    clerk, reporter, follower = make.clerk(), make.teacher(), make.user()
    head, ticket = make.ticket(), make.ticket(by=reporter, followers=[follower])
    make.follower(ticket, device="phone-1")

    merged = services.merge(ticket, by=clerk, into=head)

    assert (merged.state, merged.head, merged.ended_at, merged.end_words) == (
        "duplicate", head, monday, f"并入 {head.number}",
    )  # fmt: skip
    assert follows(head) == {(reporter.pk, ""), (follower.pk, ""), (None, "phone-1")}
    assert told(reporter) == ["您报的与别人的是同一件，已合并：3号楼 3层 312 寝室，灯不亮"]
    assert last(head).text == f"{ticket.number} 并入这张单"
    assert fresh(head).priority_words == "影响 8 人 · 4 人报修"


def test_merge_of_the_same_people_doubles_nobody():
    reporter, follower = make.teacher(), make.user()
    head = make.ticket(by=reporter, followers=[follower])
    ticket = make.ticket(by=follower, followers=[reporter])

    services.merge(ticket, by=make.clerk(), into=head)

    assert follows(head) == {(follower.pk, "")}


def test_a_phone_that_filed_without_login_follows_the_head():
    head = make.ticket()
    ticket = make.ticket(channel="qr", by=None, device="phone-1")

    services.merge(ticket, by=make.clerk(), into=head)

    assert follows(head) == {(None, "phone-1")}


def test_a_caller_without_account_or_phone_cannot_follow():
    clerk = make.clerk()
    head, ticket = make.ticket(), make.ticket(channel="phone", by=clerk, reporter_name="门卫")

    services.merge(ticket, by=clerk, into=head)

    assert follows(head) == set()


def test_merging_points_to_the_head_of_the_group():
    clerk = make.clerk()
    head, second, third = make.ticket(), make.ticket(), make.ticket()
    services.merge(second, by=clerk, into=head)

    services.merge(third, by=clerk, into=fresh(second))

    assert fresh(third).head == head


def test_a_chain_of_merges_moves_the_whole_group():
    clerk = make.clerk()
    first, second, third = make.ticket(), make.ticket(), make.ticket()
    services.merge(first, by=clerk, into=second)
    services.merge(second, by=clerk, into=third)

    assert [fresh(t).head for t in (first, second, third)] == [third, third, None]
    assert follows(third) == {(first.reporter_id, ""), (second.reporter_id, "")}


def test_merge_refusals():
    clerk, ticket, hazard = make.clerk(), make.ticket(), make.ticket(hazard=True)
    done = make.ticket("done")

    assert refused(services.merge, ticket, by=clerk, into=ticket) == ["不能并入自己，请选另一张单。"]
    assert refused(services.merge, ticket, by=clerk, into=done) == [
        f"{done.number} 现在是“已完成”，请并入一张还没办完的单。"
    ]
    assert refused(services.merge, hazard, by=clerk, into=ticket) == [
        f"这张是安全隐患，只能并入另一张隐患；可先把 {ticket.number} 列为隐患。"
    ]
    assert {fresh(t).state for t in (ticket, hazard)} == {"new"}
    assert follows(ticket) == set()


def test_hazard_merges_into_a_hazard_and_a_plain_one_into_either():
    clerk, head = make.clerk(), make.ticket(hazard=True)

    services.merge(make.ticket(hazard=True), by=clerk, into=head)
    services.merge(make.ticket(), by=clerk, into=head)

    assert head.merged.count() == 2


def test_merge_into_its_own_follower_group_is_refused():
    clerk, head, ticket = make.clerk(), make.ticket(), make.ticket()
    services.merge(ticket, by=clerk, into=head)

    assert refused(services.merge, head, by=clerk, into=fresh(ticket)) == ["不能并入自己，请选另一张单。"]


def test_merge_many_all_or_none():
    clerk, head, good, bad = make.clerk(), make.ticket(), make.ticket(), make.ticket("doing")

    refused(services.merge_many, [head, good, bad], by=clerk, into=head)
    assert fresh(good).state == "new"

    assert len(services.merge_many([head, good], by=clerk, into=head)) == 1
    assert fresh(good).head == head


def test_when_the_head_ends_its_people_are_told_and_take_over():
    clerk, reporter, other = make.clerk(), make.teacher(), make.other_teacher()
    head, ticket = make.ticket(by=other), make.ticket(by=reporter)
    services.merge(ticket, by=clerk, into=head)
    assert refused(services.claim, fresh(ticket), by=reporter) == [f"并入的 {head.number} 还在处理，请看那张单。"]

    services.withdraw(fresh(head), by=other, reason="不用了")  # goes on with the first follower instead
    assert (fresh(head).state, fresh(head).reporter) == ("new", reporter)

    services.decline(fresh(head), by=clerk, reason="不归学校修")
    assert told(reporter)[-1] == "不予受理，不归学校修：3号楼 3层 312 寝室，灯不亮"

    claimed = services.claim(fresh(ticket), by=reporter)
    assert (claimed.state, claimed.head, claimed.number) == ("new", None, ticket.number)


# ---- restore -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["declined", "duplicate", "withdrawn"])
def test_restore_keeps_the_number(state):
    clerk, ticket = make.clerk(), make.ticket(state, by=make.teacher())
    with clock.at(moment(2026, 11, 24, 9)):
        restored = services.restore(ticket, by=clerk, reason="弄错了")

    assert (restored.number, restored.state) == (ticket.number, "new")
    assert (restored.head, restored.end_words, restored.ended_at) == (None, "", None)
    assert restored.due_at == ticket.due_at  # counted from filing
    assert (last(ticket).text, last(ticket).said) == ("恢复", "弄错了")
    assert told(ticket.reporter) == ["已恢复，重新待受理：3号楼 3层 312 寝室，灯不亮"]


@pytest.mark.parametrize("who", [{}, {"channel": "qr", "by": None, "device": "phone-1"}])
def test_restore_after_a_merge_undoes_the_following(who):
    clerk, other = make.clerk(), make.user()
    head, ticket = make.ticket(followers=[other]), make.ticket(**who)
    services.merge(ticket, by=clerk, into=head)

    services.restore(fresh(ticket), by=clerk)

    assert follows(head) == {(other.pk, "")}
    assert fresh(head).priority_words == "2 处 · 影响 8 人 · 2 人报修"


def test_restored_question_is_forgotten():
    clerk, ticket = make.clerk(), make.ticket("asked")
    declined = services.decline(ticket, by=clerk, reason="问不到人")

    restored = services.restore(declined, by=clerk)

    assert (restored.ask_words, restored.asked_at, restored.state_before, restored.clock_stopped_at) == (
        "",
        None,
        "",
        None,
    )


# ---- dispatch ------------------------------------------------------------------------------------------------------


def test_dispatch(monday):
    clerk, lead, helper = make.clerk(), make.repairer(), make.repairer2()

    ticket = services.dispatch(make.ticket("accepted"), by=clerk, lead=lead, helpers=[helper])

    assert (ticket.state, ticket.lead, list(ticket.helpers.all())) == ("dispatched", lead, [helper])
    assert (ticket.dispatched_by, ticket.dispatched_at) == (clerk, monday)
    assert last(ticket).text == "派工给王师傅、何师傅"
    assert told(lead) == told(helper) == ["派给您的活：3号楼 3层 312 寝室，灯不亮"]


def test_dispatching_an_ordinary_one_accepts_it_in_the_same_breath():
    clerk, lead, ticket = make.clerk(), make.repairer(), make.ticket()

    services.dispatch(ticket, by=clerk, lead=lead, version=1)

    assert list(LogEntry.objects.of(ticket).order_by("pk").values_list("verb", "before", "after")) == [
        ("file", "", "new"), ("accept", "new", "accepted"), ("dispatch", "accepted", "dispatched"),
    ]  # fmt: skip


def test_danger_goes_straight_to_the_repairer(monday):
    clerk, lead, ticket = make.clerk(), make.repairer(), make.ticket(hazard=True)

    sent = services.dispatch(ticket, by=clerk, lead=lead)

    assert (sent.state, sent.accepted_at) == ("dispatched", monday)
    assert list(LogEntry.objects.of(ticket).order_by("pk").values_list("verb", flat=True)) == ["file", "dispatch"]
    assert Notice.objects.get(user=lead).urgent is True


def test_who_may_be_sent():
    clerk, lead = make.clerk(), make.repairer()
    gone, teacher = make.user("repairer", name="走师傅", is_active=False), make.teacher()
    ticket = make.ticket("accepted")

    assert refused(services.dispatch, ticket, by=clerk, lead=gone) == ["走师傅不是在用的维修工账号，请另选一位。"]
    assert refused(services.dispatch, ticket, by=clerk, lead=teacher) == ["赵老师不是在用的维修工账号，请另选一位。"]
    assert refused(services.dispatch, ticket, by=clerk, lead=lead, helpers=[gone]) == [
        "走师傅不是在用的维修工账号，请另选一位。"
    ]
    assert refused(services.dispatch, ticket, by=clerk, lead=lead, helpers=[lead]) == [
        "王师傅已是负责人，不用再选为帮手。"
    ]
    assert fresh(ticket).state == "accepted"


def test_five_in_one_action():
    clerk, lead = make.clerk(), make.repairer()
    tickets = [make.ticket(state) for state in ("new", "accepted", "new", "accepted", "new")]

    sent = services.dispatch_many(tickets, by=clerk, lead=lead)

    assert [(t.state, t.lead) for t in sent] == [("dispatched", lead)] * 5


def test_many_all_or_none_with_the_refused_named():
    clerk, lead = make.clerk(), make.repairer()
    good, doing, done = make.ticket(), make.ticket("doing"), make.ticket("done")
    entries = LogEntry.objects.count()

    reasons = refused(services.dispatch_many, [good, doing, done], by=clerk, lead=lead)

    assert reasons == [
        "一张都没有派出，请先去掉下面这些再派。",
        f"{doing.number}：现在是“维修中”，不能派工。",
        f"{done.number}：现在是“已完成”，不能派工。",
    ]
    assert (fresh(good).state, LogEntry.objects.count(), told(lead)) == ("new", entries, [])


def test_many_say_who_was_faster_and_name_what_cannot_be_held_or_merged():
    clerk, lead = make.clerk(), make.repairer()
    sent, new, done = make.ticket("dispatched", lead=lead), make.ticket(), make.ticket("done")
    hold = {"reason": make.hold_reason("holiday"), "until": dt.date(2027, 1, 25)}

    assert refused(services.dispatch_many, [sent], by=clerk, lead=lead)[1:] == [
        f"{sent.number}：已派给{lead.name}，要换人请用“改派”。"
    ]
    assert refused(services.hold_many, [new, done], by=clerk, **hold)[0] == "一张都没有挂起，请先去掉下面这些再挂起。"
    assert [r.partition("：")[0] for r in refused(services.hold_many, [sent, done], by=clerk, **hold)[1:]] == [
        done.number
    ]
    assert refused(services.merge_many, [new, done], by=clerk, into=new)[1].partition("：")[0] == done.number


def test_hold_many_all_or_none():
    clerk, good, bad = make.clerk(), make.ticket("accepted"), make.ticket()
    form = {"reason": make.hold_reason("holiday"), "until": dt.date(2027, 1, 25)}

    refused(services.hold_many, [good, bad], by=clerk, **form)
    assert fresh(good).state == "accepted"

    assert [t.state for t in services.hold_many([good], by=clerk, **form)] == ["held"]


# ---- reassign ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "after"), [("dispatched", "dispatched"), ("doing", "dispatched"), ("held", "held")])
def test_reassign(state, after):
    clerk, old, new = make.clerk(), make.repairer(), make.repairer2()
    ticket = make.ticket(state, lead=old)

    moved = services.reassign(ticket, by=clerk, lead=new, reason="王师傅请假")

    assert (moved.state, moved.lead) == (after, new)
    assert (last(ticket).text, last(ticket).said) == ("改派给何师傅，原为王师傅", "王师傅请假")
    assert told(new) == ["改派给您的活：3号楼 3层 312 寝室，灯不亮"]
    assert told(old) == ["已改派给何师傅：3号楼 3层 312 寝室，灯不亮"]


@pytest.mark.parametrize("before", ["accepted", "dispatched", "doing"])
def test_what_was_reassigned_while_held_waits_for_its_new_lead(before):
    clerk, new = make.clerk(), make.repairer2()
    ticket = make.ticket("held", state_before=before, lead=None if before == "accepted" else make.repairer())

    held = services.reassign(ticket, by=clerk, lead=new)
    resumed = services.resume(held, by=new)

    assert (resumed.state, resumed.lead) == ("dispatched", new)


def test_all_of_one_goes_to_another():
    clerk, old, new, helper = make.clerk(), make.repairer(), make.repairer2(), make.user("repairer")
    mine = [make.ticket(s, lead=old, helpers=[new, helper]) for s in ("dispatched", "doing", "held")]
    finished, others = make.ticket("checking", lead=old), make.ticket("doing", lead=helper)

    moved = services.reassign_all(old, by=clerk, lead=new)

    assert {t.pk for t in moved} == {t.pk for t in mine}
    assert [(fresh(t).lead, list(t.helpers.all())) for t in mine] == [(new, [helper])] * 3
    assert (fresh(finished).lead, fresh(others).lead) == (old, helper)


# ---- correct -------------------------------------------------------------------------------------------------------


def test_correct_place_and_kind():
    clerk, other = make.clerk(), make.place("313")
    ticket = make.ticket()

    corrected = services.correct(
        ticket, by=clerk, place=other, category=make.category("课桌"), quantity=2, detail="靠墙"
    )

    assert (corrected.place, corrected.category.name, corrected.quantity, corrected.detail) == (
        other,
        "课桌",
        2,
        "靠墙",
    )
    assert corrected.due_at == moment(2026, 11, 30, 9)
    assert last(ticket).changes == {
        "地点": ["3号楼 3层 312 寝室", "3号楼 3层 313 寝室"], "故障": ["灯不亮", "课桌"], "具体位置": ["", "靠墙"], "数量": ["1", "2"],
    }  # fmt: skip


def test_correct_weighs_the_old_group_and_the_new():
    clerk, lamp, tap = make.clerk(), make.category("灯不亮"), make.category("水龙头漏水")
    left, ticket = make.ticket(category=lamp), make.ticket(category=lamp)
    found = make.ticket(category=tap)

    services.correct(ticket, by=clerk, category=tap)

    assert fresh(left).priority_words == "影响 8 人"
    assert fresh(found).priority_words == "2 处 · 影响 8 人"


def test_correcting_nothing_writes_nothing():
    ticket = make.ticket()

    assert services.correct(ticket, by=make.clerk(), place=ticket.place) == ticket
    assert LogEntry.objects.of(ticket).count() == 1


def test_correct_away_from_a_dangerous_kind_keeps_the_hazard():
    ticket = make.ticket(category=make.category("玻璃破碎"))

    corrected = services.correct(ticket, by=make.clerk(), category=make.category("窗帘"))

    assert (corrected.hazard, corrected.priority, corrected.due_at) == (True, 1, moment(2026, 11, 23, 21))


@pytest.mark.parametrize(("state", "quantity", "reason"), [
    ("checking", 1, "已报完工，数量不能再改；没修完的请退回返修。"),
    ("checking", 4, "已报完工，数量不能再改；没修完的请退回返修。"),
    ("doing", 0, "数量至少是 1。"),
])  # fmt: skip
def test_quantities_that_cannot_be(state, quantity, reason):
    ticket = make.ticket(state, quantity=3)

    assert refused(services.correct, ticket, by=make.clerk(), quantity=quantity) == [reason]
    assert fresh(ticket).quantity == 3


def test_correct_sets_and_takes_the_asset():
    clerk, ticket = make.clerk(), make.ticket()
    card = make.card(place=ticket.place)

    with_card = services.correct(ticket, by=clerk, asset=card)
    without = services.correct(with_card, by=clerk, asset=None)

    assert (with_card.asset, without.asset) == (card, None)
