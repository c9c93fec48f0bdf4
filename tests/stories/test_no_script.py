"""Without JavaScript: logging in, reporting in two steps, accepting, the desk's filters."""

from __future__ import annotations

import pytest

from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, carried, label

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_guest_reports_in_two_steps(school, seat):
    guest = seat("", PHONE, script=False)

    guest.open(label(school.rooms["306"]))
    assert guest.page.locator("fieldset[data-kinds-of]:visible").count() == 0
    guest.tile("门窗锁")
    guest.press("提交报修")
    assert guest.reads("再点一下“门窗锁”是哪一种。")
    guest.shot("report-no-script")
    guest.tile("门锁/锁芯")
    guest.press("提交报修")

    ticket = Ticket.objects.latest("pk")
    assert (ticket.place, ticket.category.name) == (school.rooms["306"], "门锁/锁芯")
    assert guest.reads(f"已收到，单号 {ticket.number}")


def test_a_teacher_logs_in_and_accepts(school, seat):
    people = school.people
    ticket = make.ticket(place=school.rooms["306"], by=people["teacher"])
    carried(ticket, "checking", office=people["clerk"], lead=people["repairer"])
    page = seat("", script=False)

    page.open("/")
    page.page.locator("[name=username]").fill("teacher")
    page.page.locator("[name=password]").fill(make.PASSWORD)
    page.press("登录", within=page.page.locator("main form"))
    assert page.reads("赵老师，早上好")
    page.tile("满意")
    page.press("修好了，验收")

    ticket.refresh_from_db()
    assert (ticket.state, ticket.rating) == ("done", 4)


def test_the_desk_filters_and_dispatches(school, seat):
    by = school.people["teacher"]
    lamp = make.ticket(place=school.rooms["306"], category=make.category("灯不亮"), by=by)
    tap = make.ticket(place=school.rooms["204"], category=make.category("水龙头漏水"), by=by)
    desk = seat("clerk", script=False)

    desk.open("/desk/")
    desk.page.locator("[name=q]").first.fill("水龙头")
    desk.press("筛选")
    assert (desk.reads(tap.number), desk.reads(lamp.number)) == (True, False)
    desk.page.locator("tbody input[type=checkbox]").check()
    desk.press("派工", within=desk.page.locator(".bulkbar"))
    desk.page.get_by_role("radio", name="何师傅").check()
    desk.press("一起派工 1 张")

    tap.refresh_from_db()
    assert (tap.state, tap.lead) == ("dispatched", school.people["repairer2"])
