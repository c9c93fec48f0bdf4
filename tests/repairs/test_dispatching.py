"""Dispatch rules: off unless a row says so; the most particular one decides."""

import pytest

from core import files
from core.models import LogEntry, Notice
from core.workflow import RuleBroken
from repairs import services
from repairs.dispatching import proposed, rule_for
from repairs.models import DispatchRule
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def test_without_rules_nothing_happens():
    make.repairer()
    ticket = make.ticket()

    assert (ticket.state, ticket.lead, rule_for(ticket)) == ("new", None, None)


def test_a_rule_is_off_at_first():
    assert DispatchRule(mode="assign").active is False
    make.rule("assign", make.repairer(), active=False)

    assert make.ticket().state == "new"


def test_assign_accepts_and_dispatches_by_itself(monday):
    lead = make.repairer()
    make.rule("assign", lead)

    ticket = make.ticket()

    assert (ticket.state, ticket.lead, ticket.dispatched_by) == ("dispatched", lead, None)
    assert (ticket.accepted_at, ticket.dispatched_at) == (monday, monday)
    entries = LogEntry.objects.of(ticket).order_by("pk").values_list("verb", "text", "by", "before", "after")
    assert list(entries)[1:] == [
        ("auto_accept", "按派工规则受理", None, "new", "accepted"),
        ("auto_dispatch", "按派工规则派给王师傅", None, "accepted", "dispatched"),
    ]


def test_the_repairer_is_told_and_sees_the_photos():
    lead = make.repairer()
    make.rule("assign", lead)

    ticket = make.ticket(channel="qr", device="phone-1", photos=[make.photo(40, 30)])

    assert list(Notice.objects.filter(user=lead).values_list("text", flat=True)) == [
        "派给您的活：3号楼 3层 312 寝室，灯不亮"
    ]
    assert files.photos(ticket).get().unseen is False


def test_rotate_takes_turns_and_skips_who_left():
    first, second, gone = make.repairer(), make.repairer2(), make.user("repairer", is_active=False)
    make.rule("rotate", first, gone, second)

    leads = [make.ticket().lead for _ in range(4)]

    assert leads == [first, second, first, second]


def test_a_rule_whose_people_all_left_does_nothing():
    make.rule("assign", make.user("repairer", is_active=False))

    assert make.ticket().state == "new"


@pytest.mark.parametrize("mode", ["propose", "take"])
def test_proposing_and_taking_wait_for_people(mode):
    make.rule(mode, make.repairer())

    assert make.ticket().state == "new"


def test_the_most_particular_rule_decides():
    lamp = make.category("灯不亮")
    place = make.place()
    ticket = make.ticket(category=lamp, place=place)
    rules = [
        make.rule("take"),
        make.rule("take", building=place.building),
        make.rule("take", category=lamp.parent),
        make.rule("take", category=lamp.parent, building=place.building),
        make.rule("take", category=lamp),
        make.rule("take", category=lamp, building=place.building),
    ]
    make.rule("take", category=make.category("水龙头漏水"))
    make.rule("take", category=lamp, building=make.building("4号楼"))

    found = []
    for made in reversed(rules):
        found.append(rule_for(ticket) == made)
        DispatchRule.objects.filter(pk=made.pk).update(active=False)

    assert found == [True] * 6
    assert rule_for(ticket) is None


def test_proposed_by_rule_then_duty_then_trade_then_name():
    ticket = make.ticket()  # 水电
    zhao = make.user("repairer", name="赵师傅", trade="木工")
    wang = make.repairer()  # trade 水电
    qian = make.user("repairer", name="钱师傅", trade="木工")
    make.user("repairer", name="走师傅", trade="水电", is_active=False)
    make.duty("水电", qian)

    assert proposed(ticket) == [qian, wang, zhao]

    make.rule("propose", zhao)

    assert proposed(ticket) == [zhao]


def test_taking_needs_a_rule():
    lead = make.repairer()
    ticket = make.ticket("accepted")

    with pytest.raises(RuleBroken, match="这类活由后勤派工，没有开放自取。"):
        services.take(ticket, by=lead)


def test_taking_is_for_the_named_ones():
    lead, other = make.repairer(), make.repairer2()
    make.rule("take", lead)
    ticket = make.ticket("accepted")

    with pytest.raises(RuleBroken, match="这类活开放给别的师傅自取。"):
        services.take(ticket, by=other)
    taken = services.take(ticket, by=lead)

    assert (taken.state, taken.lead, taken.dispatched_by) == ("dispatched", lead, lead)
    with pytest.raises(RuleBroken, match="现在是“已派工”，不能接单。"):
        services.take(ticket, by=lead)


def test_taking_is_for_every_repairer_when_none_is_named():
    make.rule("take")
    lead = make.repairer2()

    assert services.take(make.ticket("accepted"), by=lead).lead == lead
