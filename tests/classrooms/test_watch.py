"""Pages of what patrols found: facade and stairs, water machines, counted rooms, chairs by class; and the area's home."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campus import services as places
from classrooms import checklists, plan, watching
from classrooms.models import Pool
from core import clock
from core.plan import Month
from inspections.models import Checklist, Finding, Line, Upkeep
from inspections.services import findings, rounds
from inspections.services.entering import Row, enter_sheet
from repairs import defaults
from tests import make
from tests.make_classrooms import chair_ticket, class_room, pool

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday", "lists")]


@pytest.fixture
def monday():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


@pytest.fixture
def lists(monday):
    defaults.ensure()
    checklists.ensure()


def get(client: Any, user: Any, name: str, query: str = "", status: int = 200) -> Any:
    client.force_login(user)
    answer = client.get(reverse(name) + query)
    assert answer.status_code == status, answer.status_code
    return answer


def walk(key: str, pairs: Any, marks: dict[int, dict[str, Any]], *, by: Any, words: str = "看到的") -> Any:
    """A round of a default list: what deviates, by position and column."""
    made = rounds.start_round(Checklist.objects.get(key=key), on=clock.today(), targets=pairs, by=make.someone("clerk"))
    lines = {line.name: line.pk for line in Line.objects.filter(sheet=made.sheet)}
    rows = []
    for number, target in enumerate(made.targets.order_by("order")):
        found = marks.get(number, {})
        failed = any(value is True for value in found.values())
        photos = {lines[name]: make.photo(20, 20) for name, value in found.items() if value is True}
        rows.append(
            Row(target.pk, marks={lines[n]: v for n, v in found.items()}, reason=words if failed else "", photos=photos)
        )
    enter_sheet(made, rows, by=by)
    return made


def face(name: str = "北立面") -> Any:
    return places.add_place(make.building("明德楼", use="teaching"), "face", name)


def machine(room: str, **over: Any) -> Any:
    return make.card(name="饮水机", place=class_room(chairs=0, name=room), **over)


def test_the_lists_are_installed_once_and_stay_as_the_school_made_them():
    keys = set(Checklist.objects.filter(area="classrooms").values_list("key", flat=True))
    Checklist.objects.filter(key=checklists.FACADE).update(name="我们的外墙表")

    checklists.ensure()

    assert keys == {checklists.FIXTURES, checklists.FACADE, checklists.LAMPS, checklists.WATER, checklists.OFFICE}
    assert Checklist.objects.filter(area="classrooms").count() == 5
    assert Checklist.objects.get(key=checklists.FACADE).name == "我们的外墙表"
    hazard = Line.objects.get(sheet__checklist__key=checklists.FACADE, name="墙面瓷砖")
    assert (hazard.hazard, hazard.photo_needed, hazard.remedy, hazard.category.name, hazard.days) == (
        True, True, "ticket", "墙面/瓷砖脱落", 1,
    )  # fmt: skip
    assert Line.objects.filter(sheet__checklist__key=checklists.FIXTURES, remedy="ticket", kind="count").count() == 12


def test_a_loose_tile_stands_on_the_facade_page_with_photo_fence_and_date(client):
    walker = make.repairer()
    walk(checklists.FACADE, [(face(), None)], {0: {"墙面瓷砖": True}}, by=walker, words="二层窗下瓷砖松动")
    finding = Finding.objects.get()

    page = get(client, walker, "classrooms:facade", "?hazard=1")

    figures = {f["label"]: f["value"] for f in page.context["figures"]}
    assert figures == {"未销号": 1, "隐患": 1, "还没围挡的隐患": 1, "待复查": 0}
    shown = page.content.decode()
    assert "二层窗下瓷砖松动" in shown and finding.number in shown and "/files/" in shown
    assert f"{finding.due_on.day}日" in shown

    findings.protect(finding, by=walker, protection="拉警戒线，绕行")
    page = get(client, walker, "classrooms:facade", "?bare=1")
    assert (page.context["figures"][2]["value"], "绕行" in page.content.decode()) == (0, False)


def test_what_others_found_elsewhere_is_not_on_the_facade_page(client):
    make.finding(area="classrooms", place=class_room(chairs=0))
    make.finding(area="dormitory", place=face())
    make.finding(area="classrooms", place=face("南立面"), words="墙皮起壳")

    page = get(client, make.clerk(), "classrooms:facade")

    assert [one.words for one in page.context["records"]] == ["墙皮起壳"]


def test_a_machine_shows_its_last_test_its_filter_and_its_next_check(client):
    walker, first, second = make.repairer(), machine("101"), machine("102")
    pairs = [(one.holdings.get().place, one) for one in (first, second)]
    with clock.at(clock.now() - dt.timedelta(days=30)):
        walk(checklists.WATER, pairs, {0: {"TDS": Decimal(40)}, 1: {"TDS": Decimal(55)}}, by=walker)
    walk(checklists.WATER, pairs[:1], {0: {"TDS": Decimal(130)}}, by=walker)
    rounds.start_round(
        Checklist.objects.get(key=checklists.WATER), on=clock.today(), due_on=clock.today() + dt.timedelta(days=4),
        targets=pairs[1:], by=make.someone("clerk"),
    )  # fmt: skip
    Upkeep.objects.create(
        area="classrooms", title="更换滤芯", place=pairs[1][0], card=second, category=make.category("饮水机故障"), every_days=180,
        due_on=clock.today() - dt.timedelta(days=2), makes_on=clock.today() - dt.timedelta(days=9),
    )  # fmt: skip

    found = {one.card.number: one for one in watching.machines()}

    one, two = found[first.number], found[second.number]
    assert (one.test_value, one.test_failed, one.failures, one.checked_on, one.broken) == (
        130,
        True,
        1,
        clock.today(),
        True,
    )
    assert (two.test_value, two.test_failed, two.failures, two.care_title) == (55, False, 0, "更换滤芯")
    assert two.next_on == clock.today() + dt.timedelta(days=4)
    assert watching.machines_due(clock.today()).count() == 1
    assert list(watching.machines().filter(care_due__lte=clock.today())) == [two]


def test_the_water_page_and_its_filters(client):
    walker, first = make.repairer(), machine("101")
    machine("102")
    walk(checklists.WATER, [(first.holdings.get().place, first)], {0: {"TDS": Decimal(130)}}, by=walker)

    page = get(client, walker, "classrooms:water")

    assert {f["label"]: f["value"] for f in page.context["figures"]} == {
        "饮水机": 2, "维护到期": 0, "不合格或在修": 1, "没查过": 1,
    }  # fmt: skip
    assert "TDS 130 mg/L 超限" in page.content.decode()
    for figure in page.context["figures"]:
        rows = get(client, walker, "classrooms:water", figure["url"]).context["records"]
        assert len(rows) == figure["value"], figure["label"]


def test_tallies_take_the_last_count_of_each_room_and_sum_each_building(client):
    walker = make.repairer()
    first, second = class_room(chairs=0, name="201"), class_room(chairs=0, name="202")
    other = class_room(chairs=0, name="101", building_name="至善楼", floor_name="1层")
    with clock.at(clock.now() - dt.timedelta(days=20)):
        walk(
            checklists.FIXTURES,
            [(first, None), (second, None)],
            {0: {"课椅": Decimal(5)}, 1: {"窗": Decimal(1)}},
            by=walker,
        )
    walk(checklists.FIXTURES, [(first, None), (other, None)], {0: {"课椅": Decimal(2), "门": Decimal(1)}}, by=walker)

    page = get(client, walker, "classrooms:tallies")

    tables = {table.title: [[cell.text for cell in row] for row in table.cells] for table in page.context["tables"]}
    heads = [label for label, _ in page.context["tables"][0].columns]
    assert heads == ["房间", "清点日期", "课椅", "门", "窗", "合计"]
    assert [(row[0], row[2], row[-1]) for row in tables["明德楼"]] == [
        ("2层 201 教室", "2", "3"),
        ("2层 202 教室", "", "1"),
    ]
    assert [(row[0], row[-1]) for row in tables["至善楼"]] == [("1层 101 教室", "0")]
    assert page.context["tables"][0].total_cells[-1].text == "4"
    only = get(client, walker, "classrooms:tallies", "?broken=1").context["tables"]
    assert [table.title for table in only] == ["明德楼"]
    assert get(client, walker, "classrooms:tallies", "?export=xlsx")["Content-Type"].endswith("sheet")


def test_nothing_counted_yet_says_what_to_do(client):
    assert "还没有清点过" in get(client, make.clerk(), "classrooms:tallies").content.decode()


def test_chairs_by_class_and_month_say_whom_to_talk_with(client):
    pool()
    room, quiet = class_room(chairs=0, name="301"), class_room(chairs=0, name="302")
    make.class_group("初二（1）班", room=room, teacher=make.homeroom())
    make.class_group("初二（2）班", room=quiet)
    for _ in range(2):
        chair_ticket("done", place=room, quantity=2)
    chair_ticket("declined", place=room, quantity=9)
    chair_ticket("new", place=quiet)
    make.ticket(place=room)
    with clock.at(clock.moment(2026, 10, 9, 9)):
        chair_ticket("done", place=room)

    page = get(client, make.clerk(), "classrooms:chairs")

    rows = [[cell.text for cell in row] for row in page.context["tables"][0].cells]
    assert [(row[0], row[-3], row[-2], row[-1]) for row in rows] == [
        ("初二（1）班", "1", "4", "5"),
        ("初二（2）班", "", "1", "1"),
    ]
    assert page.context["talk_words"] == "初二（1）班 4 件"
    assert "请班主任提醒坐姿" in page.content.decode()
    assert [row[0] for row in page.context["chart"].rows] == ["初二（1）班", "初二（2）班"]


def test_an_earlier_month_and_odd_addresses(client):
    pool()
    clerk = make.clerk()
    page = get(client, clerk, "classrooms:chairs", "?month=2026-10")
    assert (str(page.context["month"]), page.context["next_url"][:14]) == ("2026-10", "?month=2026-11")
    for query in ("?month=2099-01", "?month=x", "?kind=x&export=xlsx"):
        get(client, clerk, "classrooms:chairs", query)


def test_home_shows_todays_tasks_and_then_the_tickets(client):
    pool(sound=3)
    ticket = chair_ticket()
    made = rounds.start_round(
        Checklist.objects.get(key=checklists.FACADE), on=clock.today(), targets=[(face(), None)], by=make.someone("clerk"),
        title="外墙巡查",
    )  # fmt: skip

    page = get(client, make.someone("clerk"), "classrooms:home")

    assert {f["label"]: f["value"] for f in page.context["today"]} == {
        "今天的巡查": 1, "周转库不足": 1, "正在集中维修": 0, "饮水机维护到期": 0,
    }  # fmt: skip
    shown = page.content.decode()
    assert "课椅周转差 7" in shown and made.title in shown and ticket.number in shown


def test_a_low_pool_is_a_line_of_the_plan_and_its_members_agree():
    made, clerk = pool(sound=3, broken=4), make.clerk()
    month = Month.current()

    (line,) = plan.plan_lines(month)

    assert (line.title, line.count, line.quantity, line.reason) == (
        "补足周转库：课椅周转（差 7 把）", 1, 7, "低于应备数量，维修间有 4 件待修可开批集中维修",
    )  # fmt: skip
    assert plan.members(month, "pools") == [("pool", str(made.pk), clock.today())]
    record = plan.KINDS["pool"].show(plan.KINDS["pool"].records(clerk).get())
    assert (record.title, record.state, record.closed) == ("课椅周转", "低于应备", False)
    Pool.objects.update(target=1)
    assert plan.plan_lines(month) == []
    assert plan.KINDS["pool"].show(plan.KINDS["pool"].records(clerk).get()).closed
    assert not plan.KINDS["pool"].records(make.teacher()).exists()


def test_the_pages_take_the_same_statements_however_many_rows(client):
    walker = make.repairer()
    names = ("classrooms:facade", "classrooms:water", "classrooms:tallies", "classrooms:chairs")
    pool()

    def rows(number: int) -> None:
        room = class_room(chairs=0, name=f"4{number:02}")
        make.class_group(f"初三（{number}）班", room=room)
        chair_ticket("done", place=room)
        walk(checklists.FACADE, [(face(f"面{number}"), None)], {0: {"裂缝": True}}, by=walker)
        one = machine(f"5{number:02}")
        walk(checklists.WATER, [(one.holdings.get().place, one)], {0: {"TDS": Decimal(30)}}, by=walker)
        walk(checklists.FIXTURES, [(room, None)], {0: {"窗": Decimal(1)}}, by=walker)

    def counts() -> list[int]:
        found = []
        for name in names:
            get(client, walker, name)
            with CaptureQueriesContext(connection) as seen:
                get(client, walker, name)
            found.append(len(seen) - 3)  # the login of the test itself
        return found

    rows(1)
    before = counts()
    for number in range(2, 5):
        rows(number)
    assert counts() == before
    assert max(before) <= 12, before
