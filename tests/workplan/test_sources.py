"""What the apps give to the plan: condensed in SQL, nothing lost, a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from core.plan import LINES, Month
from repairs import plan as repairs_plan
from repairs.models import Ticket
from stores import plan as stores_plan
from tests import make
from workplan.sections import SECTIONS
from workplan.sources import SOURCES

pytestmark = pytest.mark.django_db
NOON = clock.moment(2026, 11, 20, 12, 0)
NOVEMBER = Month(2026, 11)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with clock.at(NOON):
        yield


def lines() -> dict[str, object]:
    return {line.title: line for line in repairs_plan.plan_lines(NOVEMBER)}


def test_a_month_is_read_strictly() -> None:
    assert Month.parse("2026-11") == NOVEMBER
    assert (NOVEMBER.words, str(NOVEMBER.next.next), str(NOVEMBER.plus(-11))) == ("2026年11月", "2027-01", "2025-12")
    assert NOVEMBER.start == clock.moment(2026, 11, 1) and NOVEMBER.end == clock.moment(2026, 12, 1)
    for text in ("2026-13", "2026-1", "26-11", "2026-11-01", "", "rubbish", "２０２６-１１", "0000-01", "9999-12"):
        with pytest.raises(ValueError):
            Month.parse(text)


def test_the_fans_of_two_buildings_are_one_line() -> None:
    fan = make.category("吊扇/壁扇不转")
    make.ticket(category=fan, quantity=15, place=make.place("312", building_name="3号楼"))
    make.ticket(category=fan, quantity=20, place=make.place("411", building_name="5号楼"))
    make.ticket(category=fan, quantity=2, place=make.place("412", building_name="5号楼"))
    (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert line.title == "寝室吊扇/壁扇不转 37 处待修：5号楼 22，3号楼 15"
    assert (line.count, line.quantity, line.places) == (3, 37, "5号楼 22，3号楼 15")
    assert line.section == "routine-dormitory"
    assert line.reason == "影响 24 人 · 都还没派工"
    assert line.url == f"/repairs/?open=1&category={fan.pk}&use=dormitory"
    assert [key for _, key, _ in repairs_plan.members(NOVEMBER, line.key)] == [f"BX202611-{n:04}" for n in (1, 2, 3)]


def test_two_tickets_of_one_room_affect_its_people_once() -> None:
    make.ticket()
    make.ticket()
    (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert line.reason == "影响 8 人 · 都还没派工"


def test_teaching_and_dormitory_are_apart_and_a_hazard_stands_alone() -> None:
    make.ticket(hazard=True)
    make.ticket()
    make.ticket(place=make.place("201", building_name="明德楼", use="teaching"))
    found = repairs_plan.plan_lines(NOVEMBER)
    assert [(line.section, line.hazard, line.count) for line in found] == [
        ("focus", True, 1), ("routine-dormitory", False, 1), ("routine-teaching", False, 1),
    ]  # fmt: skip
    assert found[0].reason.startswith("还没有临时防护")


def test_what_was_there_before_last_month_is_carried_and_what_waits_for_money_is_the_schools() -> None:
    make.ticket(reported_at=clock.moment(2026, 9, 30, 9, 0))
    make.ticket(reported_at=clock.moment(2026, 11, 18, 9, 0), category=make.category("课桌"))
    make.ticket("held", hold_reason=make.hold_reason("money"), category=make.category("窗帘"))
    assert {line.section for line in repairs_plan.plan_lines(NOVEMBER)} == {
        "carried",
        "routine-dormitory",
        "coordination",
    }


def test_the_season_and_lateness_make_it_a_focus() -> None:
    make.ticket(category=make.category("热水器/淋浴"))
    (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert (line.section, line.reason) == ("focus", "冬季热水 · 影响 8 人 · 都还没派工")
    with clock.at(NOON + dt.timedelta(days=10)):
        (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert "超期 " in line.reason


def test_why_it_waits_and_who_does_it(repairer) -> None:
    parts = {"hold_reason": make.hold_reason("parts"), "hold_until": dt.date(2026, 12, 4)}
    make.ticket("held", quantity=12, **parts)
    make.ticket("doing", lead=repairer)
    (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert line.owner == repairer.name
    assert line.due == dt.date(2026, 12, 4)
    assert "待料 12 处" in line.reason


def test_nobody_yet_means_who_is_responsible_by_duty(repairer, repairer2) -> None:
    make.duty("水电", repairer2)
    make.duty("水电", repairer, where=make.building("3号楼"))
    make.ticket()
    (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert line.owner == repairer.name


def test_more_than_forty_lines_are_condensed_and_nothing_is_lost() -> None:
    for number in range(LINES + 12):
        make.ticket(category=make.category(f"故障{number}"), quantity=number + 1)
    found = repairs_plan.plan_lines(NOVEMBER)
    assert len(found) == LINES
    assert sum(line.count for line in found) == LINES + 12
    assert sum(line.quantity for line in found) == sum(range(LINES + 13))
    rest = found[-1]
    assert rest.title == "其余 91 处待修，共 13 类"
    assert len(repairs_plan.members(NOVEMBER, rest.key)) == rest.count == 13
    everything = repairs_plan.all_members(NOVEMBER, [line.key for line in found])
    assert {line.key: len(everything[line.key]) for line in found} == {line.key: line.count for line in found}


def scattered(*quantities: int, **over: object) -> list:
    kinds = [make.category(f"零活{number}") for number in range(len(quantities))]
    return [make.ticket(category=kind, quantity=number, **over) for kind, number in zip(kinds, quantities, strict=True)]


def test_odd_jobs_of_a_section_are_one_line_with_all_of_them_behind_it() -> None:
    made = scattered(1, 2, 1, 1, 1, 1, 1, 2)
    (line,) = repairs_plan.plan_lines(NOVEMBER)
    assert line.title == "宿舍零星维修 10 处：零活1 2，零活7 2，零活0 1，零活2 1，零活3 1，零活4 1，其他 2"
    assert (line.key, line.section, line.count, line.quantity) == ("odd-routine-dormitory", "routine-dormitory", 8, 10)
    assert (line.places, line.reason, line.url) == ("3号楼", "影响 8 人 · 都还没派工", "")
    assert [key for _, key, _ in repairs_plan.members(NOVEMBER, line.key)] == [ticket.number for ticket in made]


def test_what_presses_is_no_odd_job() -> None:
    scattered(1, 1, 1)
    make.ticket(category=make.category("三处"), quantity=3)
    make.ticket(category=make.category("隐患"), hazard=True)
    make.ticket(category=make.category("特急"), priority=1)
    make.ticket(category=make.category("超期"), due_at=NOON - dt.timedelta(hours=1))
    make.ticket(
        category=make.category("遗留"), reported_at=clock.moment(2026, 9, 30, 9, 0), due_at=NOON + dt.timedelta(days=1)
    )
    found = lines()
    assert sum(line.count for line in found.values()) == 8
    assert [title for title in found if "零星" in title] == ["宿舍零星维修 3 处：零活0 1，零活1 1，零活2 1"]
    assert len(found) == 6


def test_two_odd_jobs_stay_two_lines() -> None:
    scattered(1, 2)
    assert len(repairs_plan.plan_lines(NOVEMBER)) == 2


def test_odd_jobs_belong_to_the_one_who_does_them_or_to_each(repairer, repairer2) -> None:
    made = scattered(1, 1, 1, state="doing", lead=repairer)
    assert [line.owner for line in repairs_plan.plan_lines(NOVEMBER)] == [repairer.name]
    Ticket.objects.filter(pk=made[0].pk).update(lead=repairer2)
    assert [line.owner for line in repairs_plan.plan_lines(NOVEMBER)] == ["各责任人"]


def test_how_things_stand_is_the_same_from_the_groups_and_by_itself() -> None:
    make.ticket(hazard=True, due_at=NOON - dt.timedelta(days=1))
    make.ticket(hazard=True, protection="已拉警戒线")
    make.ticket(due_at=NOON - dt.timedelta(days=1))
    stands = {"hazards": 2, "late_hazards": 1, "unprotected": 1, "late": 2}
    assert repairs_plan.survey(NOVEMBER)[1] == repairs_plan.standing() == stands


def test_stores_and_ledger_give_their_lines() -> None:
    make.item(name="灯管", minimum=10)
    make.purchase(what="合页 100mm", quantity=4)
    make.scrap(what="旧课桌", quantity=2)
    titles = [line.title for source in SOURCES for line in source.plan_lines(NOVEMBER, None)]
    assert titles == [
        "待答复的申购 1 件：合页 100mm 4 个", "补足库存 1 种：灯管（还有 0 支）", "待答复的报废建议 1 项：旧课桌 2 件",
    ]  # fmt: skip
    (asked, low) = stores_plan.plan_lines(NOVEMBER)
    assert [len(stores_plan.members(NOVEMBER, line.key)) for line in (asked, low)] == [1, 1]


def test_every_section_that_a_source_names_is_a_heading_of_the_plan() -> None:
    make.item(minimum=10)
    make.purchase()
    make.scrap()
    for use in ("dormitory", "teaching", "office", "canteen", "service", "outdoor"):
        make.ticket(place=make.place("101", building_name=f"{use}楼", use=use))
    named = {line.section for source in SOURCES for line in source.plan_lines(NOVEMBER, None)}
    assert named <= set(SECTIONS)


def test_two_statements_a_source_however_many_tickets() -> None:
    for number in range(30):
        make.ticket(
            category=make.category(f"故障{number % 7}"),
            place=make.place(f"3{number:02}", building_name=f"{number % 4}号楼"),
        )
    make.purchase()
    make.item(minimum=10)
    repairs_plan.plan_lines(NOVEMBER)  # the kinds of fault are in the settings cache now
    for source in SOURCES:
        with CaptureQueriesContext(connection) as asked:
            source.plan_lines(NOVEMBER, None)
        assert len(asked) <= 2, source.name
