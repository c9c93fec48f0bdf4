"""Findings and rounds on the monthly plan: what stands there, once, and that the members are as many as the lines say."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from core.plan import Month
from inspections import plan
from inspections.models import Finding, Round
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


MONTH = Month(2026, 11)


def line_of(name, area="safety"):
    return make.sheet(make.checklist([{"name": name}], scoring="pass", area=area)).lines.get()


def agree(month=MONTH, without=None):
    """The lines, after holding their counts against their members."""
    lines = plan.plan_lines(month, without)
    found = plan.all_members(month, [line.key for line in lines], without)
    assert {key: len(rows) for key, rows in found.items()} == {line.key: line.count for line in lines}
    return lines


def test_kinds_are_gathered_over_buildings():
    extinguisher = line_of("灭火器")
    for room, building in (("301", "3号楼"), ("302", "3号楼"), ("501", "5号楼")):
        make.finding(area="safety", place=make.place(room, building_name=building), line=extinguisher)
    make.finding(area="safety", place=make.place("303"))

    lines = agree()

    assert [(line.title, line.section, line.owner) for line in lines] == [
        ("安全灭火器 3 处待整改：3号楼 2、5号楼 1", "routine-safety", "责任人"),
        ("安全其他问题 1 处待整改：3号楼", "routine-safety", "责任人"),
    ]


def test_a_hazard_comes_first_and_a_recheck_last():
    make.finding(hazard=True, words="插座烧焦")
    make.finding(fixed_by=make.user("warden"), fixed_at=clock.now())
    make.finding()

    assert [(line.key, line.hazard, line.section) for line in agree()] == [
        ("hazard.dormitory.-", True, "focus"), ("open.dormitory.-", False, "routine-dormitory"),
        ("recheck.dormitory.", False, "routine-dormitory"),
    ]  # fmt: skip


def test_what_has_a_live_ticket_stands_there_as_the_ticket():
    for state in ("new", "doing", "checking", "held"):
        make.finding(ticket=make.ticket(state))
    make.finding(ticket=make.ticket("duplicate", head=make.ticket("doing")))
    make.finding(ticket=make.ticket("done"))
    make.finding(ticket=make.ticket("declined"))

    assert [(line.key, line.count) for line in agree()] == [("open.dormitory.-", 1), ("recheck.dormitory.", 1)]


def test_late_ones_are_said():
    make.finding(due_on=clock.today() - dt.timedelta(days=3))

    assert agree()[0].reason == "检查发现，没有报修，最早的超期 3 天"


def test_sweeps_and_missed_rounds():
    sweep = make.round(places=4, sweep=True, title="开学前排查", due_on=clock.today() + dt.timedelta(days=4))
    make.walked(make.targets(sweep)[0])
    missed = make.round(places=2, title="每日卫生")
    Round.objects.filter(pk=missed.pk).update(on=dt.date(2026, 11, 20), due_on=dt.date(2026, 11, 20))

    lines = agree()

    assert [(line.title, line.reason) for line in lines] == [
        ("开学前排查：还有 3 处没查", "已查 1／4，11月27日前查完"), ("没查完的检查 1 次：每日卫生", "过了最后一天还没查完：补查，或结束并写明原因"),
    ]  # fmt: skip


def test_two_statements_however_many():
    for number in range(3):
        make.finding(place=make.place(f"30{number}"))
        make.finding(ticket=make.ticket("done"), place=make.place(f"30{number}"))
    make.round(places=2, sweep=True)

    with CaptureQueriesContext(connection) as asked:
        lines = plan.plan_lines(MONTH)
    with CaptureQueriesContext(connection) as behind:
        plan.all_members(MONTH, [line.key for line in lines])

    assert (len(asked), len(behind)) == (2, 2)


def test_what_is_on_the_plan_is_left_out():
    there, new = make.finding(), make.finding()

    lines = agree(without=lambda kind: Finding.objects.filter(pk=there.pk).values("number") if kind == "finding" else Round.objects.none().values("number"))  # fmt: skip

    assert [(line.key, line.count) for line in lines] == [("open.dormitory.-", 1)]
    assert new.number in str(plan.members(MONTH, "open.dormitory.-", None))


def test_more_than_forty_kinds_end_in_one_line():
    place = make.place()
    for number in range(45):
        make.finding(place=place, line=line_of(f"第{number}项"), area="safety")

    lines = agree()

    assert (len(lines), lines[-1].key, lines[-1].title) == (40, "rest.routine-safety", "其余检查问题 6 个")


def test_a_name_with_a_slash_can_stand_in_an_address():
    make.finding(line=line_of("门/窗"), area="safety")

    assert [line.key for line in agree()] == ["open.safety.门／窗"]


@pytest.mark.parametrize(("state", "closed"), [("open", False), ("void", True)])
def test_a_record_as_the_drill_down_shows_it(state, closed):
    finding = make.finding()
    finding.state = state

    record = plan.KINDS["finding"].show(finding)

    assert (record.closed, record.title) == (closed, f"{finding.place.full_name}：窗帘脱落")
