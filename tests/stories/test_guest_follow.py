"""Without a login from the label to the rating: the private address answers, accepts and rates; the photo waits for the office."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core import files
from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, label

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_guest_answers_accepts_and_rates(school, seat, hands, picture, watch):
    guest, desk = seat("", PHONE), seat("clerk")
    other, bench = seat("warden"), seat("repairer", PHONE)

    guest.open(label(school.rooms["305"]))
    guest.tile("水管下水")
    guest.tile("水龙头漏水")
    guest.page.locator("input[type=file]").set_input_files(picture)
    guest.page.locator("details.more summary").click()
    guest.fill("您的称呼", "小周妈妈")
    guest.fill("电话", "13800001234")
    guest.press("提交报修")
    ticket = Ticket.objects.latest("pk")
    follow = reverse("repairs:follow", args=[ticket.follow_token])
    assert guest.reads(ticket.number)

    # Nobody but the office sees the photo before the report is accepted.
    shown = files.photos(ticket).get()
    other.open(ticket.get_absolute_url())
    assert other.page.locator(".photos img").count() == 0
    watch.allow("status of 404")
    other.open(reverse("core:file", args=[shown.token]), status=404)
    desk.open(ticket.get_absolute_url())
    assert desk.page.locator(".photos img").count() == 1
    desk.shot("ticket-guest-office")

    # The office asks, the guest answers by his address.
    desk.press("请补充")
    desk.fill("请报修人补充什么", "是热水龙头还是冷水龙头")
    desk.press("请补充", within=desk.page.locator("main form"))
    guest.open(follow)
    assert guest.reads("是热水龙头还是冷水龙头")
    guest.shot("follow-asked")
    guest.press("回复")
    guest.fill("回复", "冷水，一直滴")
    guest.shot("follow-answer")
    guest.press("回复", within=guest.page.locator("main form"))
    ticket.refresh_from_db()
    assert ticket.state == "new"

    # Accepted: now the warden sees the photo too. Dispatched, repaired.
    desk.open(ticket.get_absolute_url())
    desk.press("受理", within=desk.page.locator("main .actions"))
    other.open(ticket.get_absolute_url())
    assert other.page.locator(".photos img").count() == 1
    desk.open(ticket.get_absolute_url())
    desk.press("派工")
    desk.page.get_by_role("radio", name="王师傅").check()
    desk.press("派工", within=desk.page.locator("main form"))
    hands.forward(hours=3)
    bench.open(ticket.get_absolute_url())
    bench.shot("ticket-repairer")
    bench.press("报完工")
    bench.page.locator("[name=words]").fill("换了阀芯")
    bench.press("报完工", within=bench.page.locator("main form"))

    # Accepted by the address, rated later.
    guest.open(follow)
    assert guest.reads("换了阀芯")
    assert not guest.reads("王师傅")
    assert guest.page.locator("img").count() == 0
    guest.shot("follow-checking")
    guest.press("验收")
    guest.press("修好了，验收", within=guest.page.locator("main form"))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.rating, ticket.completed_by) == ("done", None, None)
    guest.shot("follow-done")
    guest.press("评分")
    guest.page.get_by_role("radio", name="满意").check()
    guest.press("评分", within=guest.page.locator("main form"))
    ticket.refresh_from_db()
    assert ticket.rating == 4


def test_a_wrong_address_shows_nothing(school, seat, watch):
    make.ticket(place=school.rooms["305"], channel="qr", device="d" * 20)
    watch.allow("status of 404")

    seat("", PHONE).open(reverse("repairs:follow", args=["x" * 22]), status=404)
