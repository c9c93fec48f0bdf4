"""A broken fan: reported from the label, dispatched with others, held, repaired, sent back, accepted, planned, counted."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, label

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FAN = "吊扇/壁扇不转"
REASON = "夏季风扇 · 14 处 · 影响 112 人"


def fan(room: Any, reporter: Any) -> Ticket:
    return make.ticket(place=room, category=make.category(FAN), by=reporter)


def test_a_guest_reports_with_four_taps_and_a_sentence(school, seat, picture):
    there = fan(school.rooms["312"], school.people["other_teacher"])
    guest = seat("", PHONE)

    guest.open(label(school.rooms["312"]))
    assert guest.reads("这里已有人报修，是同一件事吗？")
    assert guest.reads(FAN)
    assert not guest.reads(there.number)  # kind, state and age only
    guest.shot("report-same")
    guest.press("我也遇到")
    assert guest.taps == 1
    assert there.followers.count() == 1

    guest.taps = 0
    guest.open(label(school.rooms["313"]))
    guest.tile("风扇空调")
    guest.tile(FAN)
    guest.fill("说一句情况", "靠窗那台，开了没反应")
    guest.shot("report")
    guest.press("提交报修")

    assert guest.taps == 3
    filed = Ticket.objects.latest("pk")
    assert guest.reads(f"已收到，单号 {filed.number}")
    assert (filed.place, filed.category.name, filed.words) == (school.rooms["313"], FAN, "靠窗那台，开了没反应")
    guest.shot("sent-guest")
    guest.press("看进度")
    guest.shot("follow")


def test_fourteen_fans_from_the_desk_to_the_workbook(school, seat, hands, picture):
    reporter, people, rooms = school.people["other_teacher"], school.people, school.rooms
    for number in range(301, 314):
        fan(rooms[str(number)], reporter)
    capacitor = make.item(name="风扇电容", spec="2.5µF", unit="只", category="电工")
    make.stock(10, 85, item=capacitor, by=make.storekeeper())
    make.hold_reason("parts")
    teacher, desk, bench = seat("teacher", PHONE), seat("clerk"), seat("repairer", PHONE)

    # The teacher: four taps and one sentence.
    teacher.open(label(rooms["314"]))
    teacher.taps = 0
    teacher.tile("风扇空调")
    teacher.tile(FAN)
    teacher.fill("说一句情况", "靠门那台不转")
    teacher.press("提交报修")
    assert teacher.taps <= 4
    mine = Ticket.objects.latest("pk")
    assert teacher.reads(f"已收到，单号 {mine.number}")
    teacher.shot("sent-teacher")

    # The office: why it matters, five in one action.
    desk.open("/desk/")
    row = desk.page.locator("tbody tr").filter(has_text="314")
    assert REASON in row.inner_text()
    desk.shot("desk")
    for number in ("310", "311", "312", "313", "314"):
        desk.page.locator("tbody tr").filter(has_text=f"{number} 寝室：").locator("input[type=checkbox]").check()
    assert desk.reads("已选 5 张")
    desk.press("派工", within=desk.page.locator(".bulkbar"))
    desk.page.get_by_role("radio", name="王师傅").check()
    desk.shot("bulk-dispatch")
    desk.press("一起派工 5 张")
    assert desk.reads("已派给王师傅，5 张。")
    assert set(Ticket.objects.filter(state="dispatched").values_list("place__name", flat=True)) == {
        "310", "311", "312", "313", "314",
    }  # fmt: skip
    assert Ticket.objects.filter(state="new").count() == 9

    pocket = seat("director", PHONE)
    pocket.open("/desk/")
    pocket.shot("desk")

    # The repairer: one waits for a part, another is done with one from the store and a photo.
    hands.forward(hours=1)
    bench.open("/jobs/")
    bench.shot("jobs")
    bench.press("开始", within=job(bench, "314"))
    bench.open("/jobs/")
    bench.press("挂起", within=job(bench, "313"))
    bench.page.get_by_role("radio", name="待料").check()
    bench.page.locator("[name=until]").fill("2026-06-12")
    bench.page.locator("[name=item]").fill(str(capacitor))
    bench.page.locator("[name=quantity]").fill("20")
    bench.shot("hold")
    bench.press("挂起", within=bench.page.locator("main form"))
    held = Ticket.objects.get(place=rooms["313"])
    assert (held.state, held.hold_reason.key, str(held.hold_until)) == ("held", "parts", "2026-06-12")
    assert bench.reads("挂起：待料。预计 6月12日")
    finish(bench, mine, picture, capacitor, shot="finish")
    mine.refresh_from_db()
    assert (mine.state, mine.outcome) == ("checking", "repaired")
    assert [(str(m.move.item), m.out) for m in mine.materials.all()] == [(str(capacitor), Decimal(1))]

    # The teacher sends it back, and accepts what comes next.
    hands.forward(hours=1)
    teacher.open("/")
    teacher.shot("home-teacher")
    teacher.press("没修好，退回")
    teacher.fill("原因", "转一会儿又停了")
    teacher.press("退回返修", within=teacher.page.locator("main form"))
    mine.refresh_from_db()
    assert (mine.state, mine.rework_count, mine.word) == ("doing", 1, "返修")
    hands.forward(hours=1)
    finish(bench, mine, picture, capacitor)
    teacher.open(mine.get_absolute_url())
    teacher.shot("ticket-teacher")
    teacher.tile("很好")
    teacher.press("修好了，验收")
    mine.refresh_from_db()
    assert (mine.state, mine.rating, mine.completed_by) == ("done", 5, people["teacher"])
    teacher.shot("ticket-done")
    desk.open(mine.get_absolute_url())
    desk.shot("ticket-office")

    # The principal: what is open, condensed, with the tickets behind it.
    head = seat("principal")
    head.open("/plan/")
    assert head.reads("2026年6月工作计划")
    line = head.page.locator("ol.lines li").filter(has_text="风扇")
    assert line.count() == 1
    assert "13 处" in line.inner_text()
    head.shot("plan")
    head.press("查看 13 件", within=line)
    assert head.page.locator("tbody tr").count() == 13
    assert not head.reads(mine.number)
    head.shot("plan-line")
    make.ticket(place=rooms["204"], category=make.category("灯不亮"), by=people["teacher"])
    head.open("/plan/2026-06/")
    assert "教室灯不亮" in head.page.locator("#new").inner_text()
    small = seat("principal", PHONE)
    small.open("/plan/2026-06/")
    small.shot("plan")
    small.open("/")
    small.shot("home-principal")

    # Finance: the list on the screen and the workbook say the same.
    office = seat("finance")
    office.open(reverse("finance:home") + "?month=2026-06")
    office.open(reverse("finance:repairs") + "?month=2026-06")
    office.shot("finance")
    assert "17.00" in office.page.locator("tfoot tr").inner_text()
    with office.page.expect_download() as download:
        office.find("导出 Excel").click()
    with open(download.value.path(), "rb") as file:
        sheet = openpyxl.load_workbook(io.BytesIO(file.read())).active
    heads, *rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    totals = next(row for row in rows if row[0] == "合计")
    listed = [row for row in rows if row[0] == mine.number]
    assert office.page.locator("tbody tr").count() == len(listed) == 1
    for column in ("数量", "材料金额（元）", "工时（分钟）"):
        at = heads.index(column)
        shown = office.page.locator("tfoot tr > *").all_inner_texts()
        assert f"{totals[at]:.2f}".rstrip("0").rstrip(".") in {text.strip("¥").replace(".00", "") for text in shown}
    assert totals[heads.index("材料金额（元）")] == 17  # two capacitors of 8.50


def job(bench: Any, room: str) -> Any:
    """The card of a room on the repairer's page."""
    return bench.page.locator(".jobs > li").filter(has_text=f"{room} 寝室：")


def finish(bench: Any, ticket: Ticket, picture: str, part: Any, *, shot: str = "") -> None:
    """Report it repaired, with a photo and one part from the store."""
    bench.open(reverse("repairs:ticket-finish", args=[ticket.number]))
    bench.page.locator("[name=words]").fill("换电容，试转 10 分钟正常")
    bench.page.locator("input[type=file]").set_input_files(picture)
    bench.page.locator("[name=item_1]").fill(str(part))
    bench.page.locator("[name=quantity_1]").fill("1")
    if shot:
        bench.shot(shot)
    bench.press("报完工", within=bench.page.locator("main form"))
    assert bench.reads("已报完工，等报修人验收。")
