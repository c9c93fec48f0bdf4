"""After the work: accept, send back, reopen, rate, deemed acceptance; chase, withdraw, take over; follow addresses."""

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.clock import moment
from core.models import LogEntry, Notice
from core.workflow import RuleBroken
from repairs import services
from repairs.models import Ticket
from repairs.rules import Guest
from repairs.services.acceptance import deem_accepted, lapse_unanswered
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


# ---- accept, rate --------------------------------------------------------------------------------------------------


def test_reporter_accepts_and_rates(monday):
    ticket = make.ticket("checking", by=make.teacher())

    done = services.accept_work(ticket, by=ticket.reporter, rating=5, words="很快")

    assert (done.state, done.completed_by, done.completed_at, done.ended_at) == (
        "done",
        ticket.reporter,
        monday,
        monday,
    )
    assert (done.rating, done.rating_words, done.deemed, done.clock_stopped_at) == (5, "很快", False, None)
    assert (last(ticket).text, last(ticket).said) == ("验收合格，很好", "很快")
    assert told(ticket.lead) == ["验收合格，很好：3号楼 3层 312 寝室，灯不亮"]


def test_custodian_accepts():
    keeper = make.homeroom()
    ticket = make.ticket("checking", place=make.place(custodian=keeper))

    assert services.accept_work(ticket, by=keeper).completed_by == keeper
    assert last(ticket).text == "验收合格"


def test_the_office_accepts_for_a_caller():
    clerk = make.clerk()
    ticket = make.ticket("checking", channel="phone", by=clerk, reporter_name="门卫")

    assert services.accept_work(ticket, by=clerk, rating=4).completed_by == clerk
    assert last(ticket).text == "后勤代为验收，满意"


def test_a_reporter_without_login_accepts_by_his_address():
    ticket = make.ticket("checking", channel="qr", by=None, device="phone-1")

    done = services.accept_work(ticket, by=Guest(ticket.pk), rating=3)

    assert (done.state, done.completed_by, last(ticket).by_name) == ("done", None, "报修人")


def test_a_follow_address_of_another_ticket_or_of_a_follower_accepts_nothing():
    ticket = make.ticket("checking", channel="qr", by=None, device="phone-1")
    follower = make.follower(ticket, device="phone-2")

    for guest in (Guest(ticket.pk + 1), Guest(ticket.pk, follower.pk)):
        assert refused(services.accept_work, ticket, by=guest) == ["由报修人或这个地点的保管人验收。"]


def test_rating_later_and_once():
    ticket = make.ticket("done", by=make.teacher())

    rated = services.rate(ticket, by=ticket.reporter, rating=2, words="等太久")

    assert (rated.rating, rated.rating_words, last(ticket).text) == (2, "等太久", "评价：较差")
    assert refused(services.rate, rated, by=ticket.reporter, rating=5) == ["已经评过分了。"]


def test_a_helper_is_kept_out_by_the_service_where_the_database_cannot():
    helper = make.repairer2()
    ticket = make.ticket("checking", by=helper, helpers=[helper])

    assert refused(services.accept_work, ticket, by=helper) == [
        "您参加了维修，不能验收自己的活；由报修人或保管人验收。"
    ]


# ---- send back, reopen ---------------------------------------------------------------------------------------------


def test_send_back(monday):
    lead, clerk = make.repairer(), make.clerk()
    ticket = make.ticket("checking", lead=lead, by=make.teacher(), after_photo_at=monday)

    assert refused(services.send_back, ticket, by=ticket.reporter, reason="") == ["退回返修要写明哪里没修好。"]
    again = services.send_back(ticket, by=ticket.reporter, reason="还是不亮")

    assert (again.state, again.word, again.lead, again.rework_count) == ("doing", "返修", lead, 1)
    assert (again.outcome, again.done_quantity, again.finished_at, again.finished_by) == ("", 0, None, None)
    assert (again.after_photo_at, again.clock_stopped_at) == (None, None)
    assert (last(ticket).text, last(ticket).said) == ("没修好，退回返修", "还是不亮")
    assert told(lead) == told(clerk) == ["退回返修，还是不亮：3号楼 3层 312 寝室，灯不亮"]


def test_rework_is_plain_work_again_once_finished():
    lead = make.repairer()
    ticket = make.ticket("checking", lead=lead)
    again = services.send_back(ticket, by=ticket.reporter, reason="还是不亮")

    done = services.finish(again, by=lead, outcome="repaired")

    assert (done.reopened, done.word, done.rework_count) == (False, "待验收", 1)


@pytest.mark.parametrize("state", ["checking", "done"])
@pytest.mark.parametrize("gone", ["inactive", "other role"])
def test_without_an_active_lead_it_waits_for_dispatch(state, gone):
    lead = make.repairer()
    ticket = make.ticket(state, lead=lead, helpers=[make.repairer2()])
    if gone == "inactive":
        lead.is_active = False
        lead.save()
    else:
        lead.groups.clear()

    call = services.send_back if state == "checking" else services.reopen
    again = call(ticket, by=ticket.reporter, reason="又坏了")

    assert (again.state, again.lead, again.helpers.count(), again.rework_count) == ("accepted", None, 0, 1)


@pytest.mark.parametrize("who", ["reporter", "custodian", "office"])
def test_reopen(who):
    people = {"reporter": make.teacher(), "custodian": make.homeroom(), "office": make.clerk()}
    lead = make.repairer()
    ticket = make.ticket(
        "done",
        by=people["reporter"],
        place=make.place(custodian=people["custodian"]),
        lead=lead,
        rating=5,
        rating_words="好",
    )

    again = services.reopen(ticket, by=people[who], reason="又闪了")

    assert (again.state, again.word, again.lead) == ("doing", "返修", lead)
    assert (again.completed_at, again.completed_by, again.ended_at, again.deemed) == (None, None, None, False)
    assert (again.rating, again.rating_words) == (None, "")  # the new acceptance has its own
    assert told(lead) == ["又坏了，又闪了：3号楼 3层 312 寝室，灯不亮"]


def test_later_it_is_a_new_ticket_linked_to_the_old():
    ticket = make.ticket("done", by=make.teacher())
    with clock.at(moment(2026, 12, 8, 9)):
        reasons = refused(services.reopen, ticket, by=ticket.reporter, reason="又闪了")
        later = make.ticket(by=ticket.reporter, place=ticket.place, category=ticket.category)

    assert reasons == ["已过 10 个工作日，不能再返修；请重新报修，系统会连上这张单。"]
    assert later.again == ticket


# ---- deemed acceptance ---------------------------------------------------------------------------------------------


def test_deemed_after_two_working_days():
    ticket = make.ticket("checking", by=make.teacher(), followers=[make.user()])  # finished on Monday
    with clock.at(moment(2026, 11, 25, 23, 59)):
        assert deem_accepted() == 0
    with clock.at(moment(2026, 11, 26, 0, 5)):
        assert (deem_accepted(), deem_accepted()) == (1, 0)

    done = fresh(ticket)
    assert (done.state, done.deemed, done.completed_by) == ("done", True, None)
    assert done.completed_at == done.ended_at == moment(2026, 11, 26, 0, 5)
    assert (last(ticket).text, last(ticket).by, last(ticket).by_name) == ("默认验收", None, "系统")
    words = "到期没有答复，已默认验收；还有问题可以点“还没修好”：3号楼 3层 312 寝室，灯不亮"
    assert told(ticket.reporter) == told(ticket.followers.get().user) == [words]


def test_weekends_do_not_count():
    with clock.at(moment(2026, 11, 20, 9)):  # Friday
        make.ticket("checking")
    with clock.at(moment(2026, 11, 24, 12)):  # Tuesday: the second working day
        assert deem_accepted() == 0
    with clock.at(moment(2026, 11, 25, 0, 5)):
        assert deem_accepted() == 1


def test_a_hazard_is_never_deemed():
    ticket = make.ticket("checking", hazard=True)
    with clock.at(moment(2027, 3, 1, 9)):
        assert deem_accepted() == 0

    assert fresh(ticket).state == "checking"


def test_nobody_deems_by_hand():
    ticket = make.ticket("checking")
    with clock.at(moment(2026, 12, 7, 9)):
        for user in (make.clerk(), make.admin(), ticket.reporter):
            with pytest.raises(RuleBroken, match="这一步由系统按期限自动处理。"):
                services.base.move(ticket, "deem", by=user)


def test_deemed_work_can_be_reopened():
    ticket = make.ticket("checking", by=make.teacher())
    with clock.at(moment(2026, 11, 26, 9)):
        deem_accepted()
    with clock.at(moment(2026, 12, 10, 9)):  # the tenth working day
        again = services.reopen(fresh(ticket), by=ticket.reporter, reason="没人来修过")

    assert (again.state, again.deemed) == ("doing", False)


# ---- chase ---------------------------------------------------------------------------------------------------------


def test_chase_once_per_working_day(monday):
    lead, clerk = make.repairer(), make.clerk()
    ticket = make.ticket("doing", lead=lead, by=make.teacher(), followers=[make.other_teacher()])

    chased = services.chase(ticket, by=ticket.reporter, words="晚自习要用")

    assert (chased.chase_count, chased.chased_on, chased.priority_words) == (
        1, monday.date(), "影响 8 人 · 2 人报修 · 已催办 1 次",
    )  # fmt: skip
    assert told(lead) == told(clerk) == ["催办第 1 次：3号楼 3层 312 寝室，灯不亮"]
    follower = ticket.followers.get().user
    assert refused(services.chase, ticket, by=follower) == ["11月23日已催过，每个工作日催一次，11月24日可再催。"]
    with clock.at(moment(2026, 11, 24, 0, 1)):
        assert services.chase(ticket, by=follower).chase_count == 2


def test_chased_on_friday_again_on_monday():
    with clock.at(moment(2026, 11, 20, 17)):
        ticket = make.ticket()
        services.chase(ticket, by=ticket.reporter)
    with clock.at(moment(2026, 11, 21, 9)):
        assert refused(services.chase, ticket, by=ticket.reporter) == [
            "11月20日已催过，每个工作日催一次，11月23日可再催。"
        ]
    assert services.chase(ticket, by=ticket.reporter).chase_count == 2  # Monday


def test_guests_chase_by_their_addresses():
    ticket = make.ticket(channel="qr", by=None, device="phone-1")
    follower = make.follower(ticket, device="phone-2")

    services.chase(ticket, by=Guest(ticket.pk))
    with clock.at(moment(2026, 11, 24, 9)):
        services.chase(ticket, by=Guest(ticket.pk, follower.pk))

    assert fresh(ticket).chase_count == 2


# ---- withdraw, pass on, take over ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["new", "asked", "accepted"])
def test_withdraw_before_dispatch(state, monday):
    ticket = make.ticket(state, by=make.teacher())

    gone = services.withdraw(ticket, by=ticket.reporter, reason="自己拧紧了")

    assert (gone.state, gone.end_words, gone.ended_at) == ("withdrawn", "自己拧紧了", monday)
    assert (last(ticket).text, last(ticket).said) == ("撤销报修", "自己拧紧了")


def test_withdrawing_says_why():
    ticket = make.ticket(by=make.teacher())

    assert refused(services.withdraw, ticket, by=ticket.reporter, reason=" ") == ["请写为什么撤销。"]


def test_after_dispatch_nothing_is_withdrawn():
    ticket = make.ticket("dispatched", by=make.teacher())

    assert refused(services.withdraw, ticket, by=ticket.reporter, reason="不用了") == [
        "已经派工，不能撤销；修好了请在验收时说明。"
    ]


def test_withdrawn_with_followers_goes_to_the_first_of_them():
    first, second = make.user(), make.user()
    ticket = make.ticket(by=make.teacher(), followers=[first, second])

    kept = services.withdraw(ticket, by=ticket.reporter, reason="我搬走了")

    assert (kept.state, kept.reporter, kept.number) == ("new", first, ticket.number)
    assert list(kept.followers.values_list("user", flat=True)) == [second.pk]
    assert told(first) == ["原报修人撤销了，这件现在由您跟进：3号楼 3层 312 寝室，灯不亮"]
    assert last(ticket).text == "报修人不再跟，转给也遇到的人"


def test_passed_on_to_a_phone_its_address_becomes_the_tickets():
    ticket = make.ticket(by=make.teacher())
    follower = make.follower(ticket, device="phone-2")

    kept = services.withdraw(ticket, by=ticket.reporter, reason="我搬走了")

    assert (kept.reporter, kept.device, kept.follow_token) == (None, "phone-2", follower.token)
    assert kept.followers.count() == 0
    assert services.withdraw(kept, by=Guest(ticket.pk), reason="也不用了").state == "withdrawn"


def test_a_question_falls_away_when_it_is_passed_on():
    clerk, first = make.clerk(), make.user()
    ticket = make.ticket("accepted", by=make.teacher(), followers=[first])
    services.ask(ticket, by=clerk, words="是哪一盏")
    with clock.at(moment(2026, 11, 23, 11)):
        kept = services.withdraw(fresh(ticket), by=ticket.reporter, reason="不用了")

    assert (kept.state, kept.reporter, kept.ask_words, kept.asked_at, kept.state_before) == (
        "accepted",
        first,
        "",
        None,
        "",
    )
    assert (kept.clock_stopped_at, kept.waited_minutes) == (None, 120)


def test_unanswered_questions_lapse_after_five_working_days():
    ticket = make.ticket(by=make.teacher())
    services.ask(ticket, by=make.clerk(), words="是哪一盏")
    with clock.at(moment(2026, 11, 30, 23, 59)):
        assert lapse_unanswered() == 0
    with clock.at(moment(2026, 12, 1, 0, 5)):
        assert (lapse_unanswered(), lapse_unanswered()) == (1, 0)

    gone = fresh(ticket)
    assert (gone.state, gone.end_words, gone.ask_words, gone.clock_stopped_at) == (
        "withdrawn",
        "到期没有补充说明",
        "",
        None,
    )
    assert told(ticket.reporter)[-1] == "到期没有补充说明，已撤销；需要时可请后勤恢复：3号楼 3层 312 寝室，灯不亮"
    assert (last(ticket).text, last(ticket).by_name) == ("到期撤销", "系统")


def test_followers_take_over_what_would_lapse():
    first = make.user()
    ticket = make.ticket(by=make.teacher(), followers=[first])
    services.ask(ticket, by=make.clerk(), words="是哪一盏")
    with clock.at(moment(2026, 12, 1, 0, 5)):
        assert (lapse_unanswered(), lapse_unanswered()) == (1, 0)

    assert (fresh(ticket).state, fresh(ticket).reporter) == ("new", first)


def test_a_follower_takes_over_what_was_declined():
    clerk, follower = make.clerk(), make.user()
    ticket = make.ticket(by=make.teacher(), followers=[follower, make.user()])
    declined = services.decline(ticket, by=clerk, reason="不归学校修")

    kept = services.claim(declined, by=follower)

    assert (kept.state, kept.reporter, kept.followers.count(), kept.end_words) == ("new", follower, 1, "")
    assert told(clerk) == ["有人接着报：3号楼 3层 312 寝室，灯不亮"]


def test_a_guest_takes_over_with_his_own_address():
    ticket = make.ticket(by=make.teacher())
    follower = make.follower(ticket, device="phone-2")
    declined = services.decline(ticket, by=make.clerk(), reason="不归学校修")

    kept = services.claim(declined, by=Guest(ticket.pk, follower.pk))

    assert (kept.state, kept.reporter, kept.device, kept.follow_token) == ("new", None, "phone-2", follower.token)


def test_strangers_take_over_nothing():
    ticket = make.ticket("declined")

    assert refused(services.claim, ticket, by=make.user()) == ["只有也遇到这件事的人可以接着报。"]


# ---- the database stands behind it ---------------------------------------------------------------------------------


def test_the_database_refuses_an_acceptance_by_the_lead():
    ticket = make.ticket("done")

    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(completed_by=ticket.lead)
