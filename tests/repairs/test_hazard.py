"""Hazards: straight to work, never deemed, declined, withdrawn or merged away, done only when somebody else has looked."""

import pytest

from core import clock, files
from core.clock import moment
from core.models import Attachment, LogEntry
from core.workflow import SYSTEM, RuleBroken
from repairs import services
from repairs.models import Ticket
from repairs.rules import FLOW
from repairs.services.acceptance import lapse_unanswered
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def last(ticket):
    return LogEntry.objects.of(ticket).first()


def refused(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as broken:
        call(*args, **kwargs)
    return broken.value.reasons


def shot():
    return make.photo(40, 30)


@pytest.mark.parametrize("who", ["clerk", "director", "warden", "custodian"])
def test_clear(who, monday):
    people = {"clerk": make.clerk(), "director": make.director(), "warden": make.warden(), "custodian": make.homeroom()}
    ticket = make.ticket("checking", hazard=True, place=make.place(custodian=people["custodian"]))

    cleared = services.clear(ticket, by=people[who], photo=shot(), words="护栏已焊牢")

    assert (cleared.state, cleared.cleared_by, cleared.cleared_at) == ("checking", people[who], monday)
    assert (cleared.cleared_photo, cleared.cleared_photo.role) == (files.photos(ticket).get(), "cleared")
    assert (last(ticket).text, last(ticket).said) == ("复查合格，隐患销号", "护栏已焊牢")
    assert refused(services.clear, cleared, by=people[who], photo=shot()) == ["已经销号了。"]


def test_clearing_needs_a_photo():
    ticket = make.ticket("checking", hazard=True)

    assert refused(services.clear, ticket, by=make.warden(), photo=None) == ["销号要有现场复查的照片，请拍一张。"]
    assert (fresh(ticket).cleared_at, Attachment.objects.count()) == (None, 0)


def test_clearing_comes_before_acceptance():
    ticket = make.ticket("checking", hazard=True, by=make.teacher())

    assert refused(services.accept_work, ticket, by=ticket.reporter) == [
        "安全隐患要先销号：由没参加维修的人到现场复查并拍照。"
    ]
    services.clear(ticket, by=make.warden(), photo=shot())
    assert services.accept_work(fresh(ticket), by=ticket.reporter).state == "done"


def test_clearing_together_with_acceptance():
    keeper = make.homeroom()
    ticket = make.ticket("checking", hazard=True, place=make.place(custodian=keeper))

    done = services.accept_work(ticket, by=keeper, photo=shot(), rating=4, version=ticket.version)

    assert (done.state, done.cleared_by, done.completed_by) == ("done", keeper, keeper)
    assert list(LogEntry.objects.of(ticket).values_list("verb", flat=True))[:2] == ["accept_work", "clear"]


def test_clearing_by_who_may_not_accept_leaves_nothing_behind():
    warden, ticket = make.warden(), make.ticket("checking", hazard=True)

    assert refused(services.accept_work, ticket, by=warden, photo=shot()) == ["由报修人或这个地点的保管人验收。"]
    assert (fresh(ticket).cleared_at, Attachment.objects.count()) == (None, 0)


@pytest.mark.parametrize("part", ["lead", "helper"])
def test_who_did_the_work_does_not_clear(part):
    handy = make.user(roles=("repairer", "clerk"))
    ticket = make.ticket("checking", hazard=True, lead=handy if part == "lead" else make.repairer(),
                         helpers=[handy] if part == "helper" else [])  # fmt: skip

    assert refused(services.clear, ticket, by=handy, photo=shot()) == [
        "您参加了维修，不能给自己的活销号；请换一个人到现场复查。"
    ]


def test_sent_back_it_is_cleared_anew():
    ticket = make.ticket("checking", hazard=True, by=make.teacher())
    cleared = services.clear(ticket, by=make.warden(), photo=shot())

    again = services.send_back(cleared, by=ticket.reporter, reason="又松了")

    assert (again.cleared_by, again.cleared_at, again.cleared_photo) == (None, None, None)
    assert files.photos(ticket).count() == 1  # the photo of the first look stays in the record


def test_an_ordinary_fault_is_not_cleared():
    assert refused(services.clear, make.ticket("checking"), by=make.warden(), photo=shot()) == [
        "不是安全隐患，不用销号。"
    ]


@pytest.mark.parametrize("state", ["new", "asked", "accepted"])
def test_no_withdrawing(state):
    ticket = make.ticket(state, hazard=True, by=make.teacher(), followers=[make.user()])

    assert refused(services.withdraw, ticket, by=ticket.reporter, reason="不用了")[0] == (
        "安全隐患不能撤销；确已不危险时，由后勤写明理由先“解除隐患”。"
    )
    assert fresh(ticket).state == state


def test_no_withdrawing_by_itself():
    ticket = make.ticket("asked", hazard=True)
    with clock.at(moment(2027, 3, 1, 9)):
        assert lapse_unanswered() == 0

    assert fresh(ticket).state == "asked"


def test_the_rules_themselves_keep_hazards_from_ending_by_themselves():
    """Not only the day's round, which does not look at hazards at all."""
    asked, finished = make.ticket("asked", hazard=True), make.ticket("checking", hazard=True)
    with clock.at(moment(2027, 3, 1, 9)):
        lapse, deem = FLOW.blockers(asked, "lapse", SYSTEM), FLOW.blockers(finished, "deem", SYSTEM)

    assert lapse == ["安全隐患不能撤销；确已不危险时，由后勤写明理由先“解除隐患”。"]
    assert deem == ["安全隐患不能默认验收；确已不危险时，由后勤写明理由先“解除隐患”。"]


def test_raise():
    ticket = services.raise_hazard(make.ticket(), by=make.clerk(), protection="已拉警戒线")

    assert (ticket.hazard, ticket.priority, ticket.protection) == (True, 1, "已拉警戒线")
    assert ticket.due_at == moment(2026, 11, 23, 21)
    assert ticket.priority_words == "安全隐患 · 已围挡 · 影响 8 人"
    assert refused(services.raise_hazard, ticket, by=make.director()) == ["已经是安全隐患。"]


def test_lower_with_a_reason():
    clerk, ticket = make.clerk(), make.ticket(hazard=True)

    assert refused(services.lower_hazard, ticket, by=clerk, reason="") == ["解除隐患要写明理由。"]
    lowered = services.lower_hazard(ticket, by=clerk, reason="现场看过，不危险")

    assert (lowered.hazard, lowered.priority, lowered.due_at) == (False, 3, moment(2026, 11, 25, 9))
    assert (last(ticket).text, last(ticket).said) == ("解除安全隐患", "现场看过，不危险")


def test_protection_by_lead_or_office():
    lead = make.repairer()
    ticket = make.ticket("doing", hazard=True, lead=lead)

    fenced = services.protect(ticket, by=lead, protection="已断电")

    assert (fenced.protection, fenced.priority_words) == ("已断电", "安全隐患 · 已围挡 · 影响 8 人")


def test_phoned_and_seen(monday):
    clerk, ticket = make.clerk(), make.ticket(hazard=True)

    seen = services.mark_seen(ticket, by=clerk)
    phoned = services.mark_phoned(seen, by=clerk, said="已通知王师傅")

    assert (seen.opened_at, phoned.phoned_by, phoned.phoned_at) == (monday, clerk, monday)
    assert refused(services.mark_seen, phoned, by=clerk) == ["已经有人看过。"]
    assert refused(services.mark_phoned, phoned, by=clerk) == ["已经记过电话通知。"]


def test_the_whole_chain():
    clerk, lead, keeper = make.clerk(), make.repairer(), make.homeroom()
    ticket = make.ticket(category=make.category("玻璃破碎"), place=make.place(custodian=keeper))

    ticket = services.dispatch(ticket, by=clerk, lead=lead)
    ticket = services.start(ticket, by=lead)
    ticket = services.finish(ticket, by=lead, outcome="replaced", photos=[shot()])
    ticket = services.accept_work(ticket, by=keeper, photo=shot())

    assert (ticket.state, ticket.cleared_by, ticket.deemed) == ("done", keeper, False)
    assert list(LogEntry.objects.of(ticket).order_by("pk").values_list("verb", flat=True)) == [
        "file", "dispatch", "start", "finish", "clear", "accept_work",
    ]  # fmt: skip
