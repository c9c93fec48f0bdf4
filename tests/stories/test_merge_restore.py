"""One fault reported twice: merged on the desk, the second reporter hears of it, and a wrong merge is taken back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.models import Notice
from repairs import services
from tests import make
from tests.stories.stage import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_two_reports_become_one_and_two_again(school, seat, hands):
    people = school.people
    first = make.ticket(
        place=school.rooms["302"], category=make.category("灯不亮"), by=people["teacher"], words="进门那盏"
    )
    hands.forward(hours=1)
    second = make.ticket(
        place=school.rooms["302"], category=make.category("灯不亮"), by=people["other_teacher"], words="灯坏了"
    )
    desk = seat("clerk")

    desk.open("/desk/")
    for number in (first.number, second.number):
        desk.page.locator("tbody tr").filter(has_text=number).locator("input[type=checkbox]").check()
    desk.press("合并", within=desk.page.locator(".bulkbar"))
    assert desk.page.locator("[name=into]").input_value() == first.number
    desk.shot("bulk-merge")
    desk.press("合并 2 张")
    assert desk.reads(f"并入 {first.number}")
    second.refresh_from_db()
    assert (second.state, second.head) == ("duplicate", first)

    reporter = seat("other_teacher", PHONE)
    reporter.open(second.get_absolute_url())
    assert reporter.reads("与别人报的是同一件，已并入")
    reporter.shot("ticket-merged")
    assert Notice.objects.filter(user=people["other_teacher"]).exists()

    desk.open(second.get_absolute_url())
    desk.press("恢复")
    desk.fill("原因", "是另一盏灯")
    desk.press("恢复", within=desk.page.locator("main form"))
    second.refresh_from_db()
    assert (second.state, second.head) == ("new", None)
    assert desk.reads("已恢复，重新待受理。")
    assert desk.reads("是另一盏灯")
    desk.open(first.get_absolute_url())
    assert not desk.reads("并入的单")


def test_after_the_days_a_merge_stays(school, seat, hands):
    head = make.ticket(place=school.rooms["302"], category=make.category("灯不亮"), by=school.people["teacher"])
    other = make.ticket(place=school.rooms["302"], category=make.category("灯不亮"), by=school.people["other_teacher"])
    services.merge(other, by=school.people["clerk"], into=head)
    hands.forward(days=60)
    desk = seat("clerk")

    desk.open(other.get_absolute_url())

    assert desk.page.get_by_role("button", name="恢复").is_disabled()
    assert desk.reads("个工作日，不能再恢复")
    desk.shot("ticket-blocked")
    desk.open(reverse("repairs:ticket-restore", args=[other.number]))
    assert desk.reads("现在不能恢复")
