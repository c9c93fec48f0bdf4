"""Sweeps: all rooms of a building, one at a time, each fault a ticket or joined, on the plan together."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core import clock
from core.plan import Month
from core.workflow import RuleBroken
from dormitory import checklists, services
from dormitory.views.sweeps import SweepPage
from inspections.models import Checklist
from inspections.services.entering import Row, enter_sheet
from repairs import plan
from repairs.models import Ticket
from tests import make

pytestmark = pytest.mark.django_db
JUNE = clock.moment(2026, 6, 8, 9)


@pytest.fixture
def sweep():
    fan = make.category("吊扇/壁扇不转", season="5-9", season_word="夏季风扇")
    checklists.ensure()
    rooms = [make.place(str(number), floor_name=f"{number // 100}层") for number in (301, 302, 401)]
    make.place("值班室", room_type="宿管值班室")
    by = make.warden()
    with clock.at(JUNE):
        one = services.start_sweep(
            rooms[0].building, checklist=Checklist.objects.get(key=checklists.SWEEP), due_on=dt.date(2026, 6, 12), by=by
        )
    return one, rooms, by, fan


def test_it_takes_every_bedroom_of_the_building(sweep) -> None:
    one, rooms, *_ = sweep
    assert [target.place for target in one.targets.all()] == rooms
    assert (one.sweep, one.total, one.title) == (True, 3, "3号楼 寝室五样排查")


def test_a_second_one_a_past_deadline_or_a_building_without_rooms_is_refused(sweep) -> None:
    one, rooms, by, _ = sweep
    given = {"checklist": one.sheet.checklist, "due_on": dt.date(2026, 6, 12), "by": by}
    with clock.at(JUNE):
        with pytest.raises(RuleBroken, match=f"正在排查（{one.number}）"):
            services.start_sweep(rooms[0].building, **given)
        with pytest.raises(RuleBroken, match="没有学生寝室"):
            services.start_sweep(make.building("5号楼"), **given)
        with pytest.raises(RuleBroken, match="截止日期已经过了"):
            services.start_sweep(make.building("6号楼"), **given | {"due_on": dt.date(2026, 6, 1)})


def test_broken_fans_stand_together_at_the_top_of_the_plan(sweep) -> None:
    one, rooms, by, fan = sweep
    with clock.at(JUNE):
        there = make.ticket(place=rooms[0], category=fan)
        line = one.sheet.lines.get(name="风扇")
        enter_sheet(one, [Row(target.pk, {line.pk: Decimal(2)}) for target in one.targets.all()], by=by)
        assert Ticket.objects.filter(category=fan).count() == 3  # the open one was joined
        assert there.followers.count() == 1
        first = plan.plan_lines(Month(2026, 6))[0]
    assert (first.section, first.count, first.quantity) == ("focus", 3, 5)
    assert first.title.startswith("寝室吊扇/壁扇不转 5 处待修") and first.reason.startswith("夏季风扇 · 影响 24 人")


def test_the_page_counts_by_floor_and_burns_down(sweep, rf) -> None:
    one, _, by, _ = sweep
    with clock.at(JUNE):
        rows = [
            Row(target.pk, {one.sheet.lines.get(name="灯").pk: Decimal(1)}) for target in list(one.targets.all())[:2]
        ]
        enter_sheet(one, rows, by=by)
    with clock.at(clock.moment(2026, 6, 9, 9)):
        one.refresh_from_db()
        page = SweepPage()
        page.request = rf.get("/")
        page.request.user, page.kwargs = by, {"slug": one.number}
        floors = [
            (row["name"], row["total"], row["done"], row["left"], row["found"], row["faults"]) for row in page.floors()
        ]
        assert floors == [("3层", 2, 2, 0, 2, 2), ("4层", 1, 0, 1, 0, 0)]
        assert page.burn_down().rows == (("6/8", "1", "3"), ("6/9", "1", "2"))
        assert page.kinds() == [("灯", 2)]
