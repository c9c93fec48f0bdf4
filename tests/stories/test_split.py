"""Part of the work: two of three chairs are repaired, the third goes on under a number of its own."""

from __future__ import annotations

import pytest

from repairs.models import Ticket
from tests import make
from tests.stories.stage import PHONE, carried

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_third_chair_gets_its_own_number(school, seat, hands):
    people = school.people
    chairs = make.ticket(
        place=school.rooms["204"], category=make.category("课桌椅"), by=people["teacher"], quantity=3,
        followers=[people["other_teacher"]],
    )  # fmt: skip
    carried(chairs, "doing", office=people["clerk"], lead=people["repairer"])
    hands.forward(hours=2)
    bench = seat("repairer", PHONE)

    bench.open("/jobs/")
    bench.press("报完工")
    bench.page.locator("[name=done]").fill("2")
    bench.page.locator("[name=words]").fill("两把换了螺丝，第三把缺靠背")
    bench.shot("finish-part")
    bench.press("报完工", within=bench.page.locator("main form"))

    chairs.refresh_from_db()
    rest = Ticket.objects.get(split_from=chairs)
    assert (chairs.state, chairs.quantity, chairs.done_quantity) == ("checking", 2, 2)
    assert (rest.state, rest.quantity, rest.lead, rest.reporter) == (
        "dispatched",
        1,
        people["repairer"],
        people["teacher"],
    )
    assert (rest.reported_at, rest.due_at) == (chairs.reported_at, chairs.due_at)
    assert [f.user for f in rest.followers.all()] == [people["other_teacher"]]
    bench.open("/jobs/")
    bench.press(f"{rest.where}：{rest.fault}")
    assert bench.page.url.endswith(rest.get_absolute_url())
    assert bench.reads(f"从 {chairs.number} 分出")
    bench.shot("ticket-rest")

    reporter = seat("teacher")
    reporter.open(chairs.get_absolute_url())
    assert reporter.reads(f"没修完的另开 {rest.number}")
    reporter.press("修好了，验收")
    chairs.refresh_from_db()
    rest.refresh_from_db()
    assert (chairs.state, rest.state) == ("done", "dispatched")
