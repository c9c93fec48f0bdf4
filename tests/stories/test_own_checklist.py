"""A throw-away checklist: fire safety, made, walked and turned into tickets by clicking alone."""

from __future__ import annotations

import pytest
from django.urls import reverse

from inspections.models import Checklist, Finding, Round, Target
from inspections.services import checklists
from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, Seat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def choose(seat: Seat, words: str) -> None:
    """Pick one of the answers with a radio button."""
    seat.page.get_by_label(words, exact=False).first.check()


def test_a_fire_list_is_made_walked_and_becomes_tickets(school, seat):
    stairs = [make.place(name, kind="stairwell") for name in ("东楼梯间", "西楼梯间")]

    # the clerk makes the list at her desk
    clerk = seat("clerk")
    clerk.open(reverse("inspections:home"))
    clerk.press("检查表")
    clerk.press("新建检查表")
    clerk.fill("名称", "消防月查")
    clerk.page.get_by_label("归哪一块").select_option("safety")
    clerk.press("下一步：加检查项")
    assert clerk.reads("还没有检查项")
    clerk.press("加一项")
    clerk.fill("简称", "灭火器")
    clerk.fill("检查内容", "压力正常、在有效期内")
    assert not clerk.page.get_by_label("报修类别").is_visible()
    choose(clerk, "列入整改并报修")
    clerk.page.get_by_label("报修类别").select_option(label="消防安防 · 灭火器")
    clerk.page.get_by_label("须写原因").uncheck()
    clerk.press("保存，再加一项")
    clerk.fill("简称", "通道")
    choose(clerk, "列入整改：")
    clerk.press("保存")
    clerk.shot("checklist-draft")
    clerk.press("上移 通道")
    clerk.press("发布第1版")
    clerk.press("发布")
    one = Checklist.objects.get(name="消防月查")
    assert [line.name for line in checklists.published(one).lines.all()] == ["通道", "灭火器"]

    # and starts a round over the stairwells
    clerk.press("发起检查")
    clerk.fill("范围", "3号楼")
    clerk.page.get_by_label("查哪些").select_option("stairwell")
    clerk.press("下一步：看要查哪些地方")
    assert clerk.reads("东楼梯间、西楼梯间")
    clerk.press("发起检查，2 处")
    record = Round.objects.get()
    assert (record.total, record.area, record.by) == (2, "safety", school.people["clerk"])

    # the repairer walks it with a telephone
    walker = seat("repairer", PHONE)
    walker.open(reverse("inspections:home"))
    with walker.page.expect_navigation():
        walker.page.locator("main .rows a", has_text=record.title).first.click()
    walker.look()
    east, west = Target.objects.filter(round=record).order_by("order")
    row = walker.page.locator(f"#r{east.pk}")
    if "shut" in (row.get_attribute("class") or ""):
        row.locator(".room a").click()
    row.locator("label.tick", has=walker.page.get_by_label("灭火器")).click()
    row.locator("[data-ticket]").wait_for()
    walker.shot("own-checklist-grid")
    rest = walker.page.locator("button[name=rest]")
    rest.click()
    assert rest.inner_text() == "确认 1 行正常"
    rest.click()
    walker.page.locator(".savebar output", has_text="都查完了").wait_for()

    ticket = Ticket.objects.get()
    finding = Finding.objects.get()
    assert (ticket.place, ticket.category.name, ticket.channel) == (stairs[0], "灭火器", "inspection")
    assert (finding.ticket, finding.place, finding.area) == (ticket, stairs[0], "safety")
    record.refresh_from_db()
    west.refresh_from_db()
    assert (record.done, west.failures) == (2, 0)

    # the clerk sees it and ends the round
    clerk.open(record.get_absolute_url())
    assert clerk.reads(finding.number)
    clerk.page.get_by_text("更多操作").click()
    clerk.press("结束检查")
    clerk.press("结束检查")
    record.refresh_from_db()
    assert record.state == "closed"
