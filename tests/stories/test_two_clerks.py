"""Two at once: the second clerk learns who was first; a double click makes one ticket."""

from __future__ import annotations

import pytest
from django.urls import reverse

from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, carried, label

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_second_clerk_is_told_who_was_first(school, seat, hands, watch):
    ticket = make.ticket(place=school.rooms["303"], by=school.people["teacher"])
    carried(ticket, "accepted", office=school.people["clerk"])
    one, two = seat("clerk"), seat("director")
    address = reverse("repairs:ticket-dispatch", args=[ticket.number])
    for desk, name in ((one, "王师傅"), (two, "何师傅")):
        desk.open(address)
        desk.page.get_by_role("radio", name=name).check()

    one.press("派工", within=one.page.locator("main form"))
    hands.forward(minutes=2)
    watch.allow("status of 403")
    watch.allow("status of 409")
    two.press("派工", within=two.page.locator("main form"))

    ticket.refresh_from_db()
    assert ticket.lead == school.people["repairer"]
    two.shot("too-late")
    assert two.reads("李老师 2 分钟前已派给王师傅。需要换人，请用“改派”。")
    two.press("返回")
    two.press("改派")
    two.page.get_by_role("radio", name="何师傅").check()
    two.press("改派", within=two.page.locator("main form"))
    ticket.refresh_from_db()
    assert (ticket.lead, ticket.state) == (school.people["repairer2"], "dispatched")


@pytest.mark.parametrize("script", [True, False])
def test_a_double_click_makes_one_ticket(school, seat, script):
    before = Ticket.objects.count()
    guest = seat("", PHONE, script=script)

    guest.open(label(school.rooms["304"]))
    guest.tile("灯")
    kinds = guest.page.locator("fieldset[data-kinds-of]:visible label")
    if script:
        kinds.first.click()
    else:
        guest.press("提交报修")
        guest.page.locator("fieldset[data-kinds-of]:visible label").first.click()
    guest.find("提交报修").dblclick()
    guest.page.wait_for_url("**/repairs/sent/**")

    assert Ticket.objects.count() == before + 1
