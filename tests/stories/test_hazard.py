"""A hazard from the label to the clearing: who is told, who may clear it, and what it takes to call it harmless."""

from __future__ import annotations

import pytest
from django.urls import reverse

from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, label

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_label_to_the_clearing(school, seat, hands, picture, watch):
    people = school.people
    guest, desk, bench, warden = seat("", PHONE), seat("clerk"), seat("repairer", PHONE), seat("warden", PHONE)

    # The duty telephone stands there before and after sending.
    guest.open(label(school.rooms["308"]))
    assert guest.page.locator("a[href='tel:0571-88886666']").is_visible()
    guest.tile("插座开关")
    guest.tile("线路裸露")
    guest.page.get_by_role("switch", name="有危险").check()
    guest.fill("说一句情况", "插座盖没了，线露在外面")
    guest.press("提交报修")
    assert guest.page.locator("a[href='tel:0571-88886666']").is_visible()
    guest.shot("sent-hazard")
    ticket = Ticket.objects.latest("pk")
    assert (ticket.hazard, ticket.priority, ticket.state) == (True, 1, "new")

    # The desk: how long nobody has looked; seen, telephoned, protected, dispatched without a step between.
    hands.forward(minutes=7)
    desk.open("/desk/")
    assert desk.reads("有安全隐患 7 分钟前报来，还没有人看")
    assert desk.page.locator("main a[href='tel:0571-88886666']").count() == 1
    desk.shot("desk-hazard")
    desk.open(ticket.get_absolute_url())
    desk.shot("ticket-hazard")
    desk.press("我看到了")
    ticket.refresh_from_db()
    assert ticket.opened_at is not None
    desk.press("记电话通知")
    desk.fill("打给谁，怎么说的", "林老师，先关 308 的闸")
    desk.press("已电话通知", within=desk.page.locator("main form"))
    desk.press("记临时防护")
    desk.fill("临时防护", "已拉闸，插座贴封条")
    desk.press("记临时防护", within=desk.page.locator("main form"))
    assert desk.reads("临时防护：已拉闸，插座贴封条。")
    assert desk.reads("已电话通知（李老师）")
    desk.open("/desk/")
    assert not desk.reads("还没有人看")
    desk.open(ticket.get_absolute_url())
    desk.press("派工")
    desk.page.get_by_role("radio", name="王师傅").check()
    desk.press("派工", within=desk.page.locator("main form"))

    # The repairer finishes, but does not clear his own work.
    hands.forward(hours=1)
    bench.open("/jobs/")
    bench.shot("jobs-hazard")
    bench.press("开始")
    bench.press("报完工")
    bench.page.locator("[name=words]").fill("换插座，接地 0.3 欧")
    if ticket.category.after_photo:
        bench.page.locator("input[type=file]").set_input_files(picture)
    bench.press("报完工", within=bench.page.locator("main form"))
    watch.allow("status of 403")
    bench.open(reverse("repairs:ticket-clear", args=[ticket.number]))
    assert bench.reads("不能给自己的活销号")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.cleared_by) == ("checking", None)

    # No acceptance before the clearing; the warden clears with a photo; then the office accepts for the guest.
    desk.open(ticket.get_absolute_url())
    assert desk.reads("安全隐患要先销号")
    desk.shot("ticket-to-clear")
    warden.open(ticket.get_absolute_url())
    warden.press("销号")
    warden.page.locator("input[type=file]").set_input_files(picture)
    warden.fill("复查情况", "试电笔测过，不带电")
    warden.shot("clear")
    warden.press("销号", within=warden.page.locator("main form"))
    ticket.refresh_from_db()
    assert (ticket.cleared_by, ticket.cleared_photo_id is not None, ticket.state) == (
        people["warden"],
        True,
        "checking",
    )
    desk.open(ticket.get_absolute_url())
    desk.press("验收")
    desk.press("修好了，验收", within=desk.page.locator("main form"))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.completed_by) == ("done", people["clerk"])


def test_declined_only_after_lowering(school, seat):
    ticket = make.ticket(
        place=school.rooms["309"], category=make.category("玻璃破碎"), by=school.people["teacher"], hazard=True
    )
    desk = seat("clerk")

    desk.open(ticket.get_absolute_url())
    assert desk.page.get_by_role("button", name="不予受理").is_disabled()
    assert desk.reads("安全隐患不能不予受理")
    desk.page.locator("details.more summary").filter(has_text="隐患").click()
    desk.press("解除隐患")
    desk.fill("原因", "只是贴纸翘边")
    desk.press("解除隐患", within=desk.page.locator("main form"))
    desk.press("不予受理")
    desk.fill("不予受理的理由", "不影响使用")
    desk.shot("decline")
    desk.press("不予受理", within=desk.page.locator("main form"))

    ticket.refresh_from_db()
    assert (ticket.state, ticket.hazard, ticket.end_words[:5]) == ("declined", False, "不影响使用")
