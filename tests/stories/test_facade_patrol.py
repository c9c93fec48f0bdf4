"""A loose tile on the facade: cordoned, photographed, filed as a hazard, struck off only after somebody else looked again."""

from __future__ import annotations

import pytest
from django.urls import reverse

from campus import services as places
from classrooms import checklists
from core import files
from inspections.models import Finding
from repairs.models import Ticket
from tests.stories.stage import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_loose_tile_is_fenced_filed_and_struck_off_by_another(school, seat, hands, picture, watch):
    checklists.ensure()
    face = places.add_place(school.rooms["204"].building, "face", "北立面")
    walker, desk, bench = seat("repairer2", PHONE), seat("clerk"), seat("repairer", PHONE)

    # Seen on the patrol: place, words, photo, danger, what keeps people away; one form, one ticket.
    walker.open(reverse("classrooms:facade"))
    walker.press("登记问题")
    walker.page.locator("[name=place]").fill(face.full_name)
    walker.page.locator("[name=words]").fill("二层窗下瓷砖松动约一平方米")
    walker.page.locator("input[type=file]").first.set_input_files(picture)
    more = walker.page.locator("main details:not([open]) > summary")
    while more.count():
        more.first.click()
    walker.page.locator("[name=hazard]").check()
    walker.page.locator("[name=protection]").fill("拉警戒线三米，立绕行牌")
    walker.page.locator("[name=category]").fill("墙面/瓷砖脱落")
    if walker.page.locator("select[name=area]").count():
        walker.page.locator("select[name=area]").select_option("classrooms")
    walker.shot("facade-report")
    walker.press("登记", within=walker.page.locator("main form"))
    finding, ticket = Finding.objects.get(), Ticket.objects.get()
    assert (finding.area, finding.hazard, finding.protection, finding.ticket) == (
        "classrooms", True, "拉警戒线三米，立绕行牌", ticket,
    )  # fmt: skip
    assert (ticket.hazard, ticket.priority, ticket.state, ticket.channel) == (True, 1, "new", "inspection")
    assert len(files.photos(finding)) == 1

    # It stands on the page of the facade, fenced off, with the day by which somebody looks again.
    walker.open(reverse("classrooms:facade"))
    assert walker.reads("二层窗下瓷砖松动") and walker.reads("拉警戒线三米")
    walker.shot("facade-list")
    desk.open("/desk/")
    assert desk.reads("安全隐患")

    # Sent and repaired within the day; who did the work cannot strike it off, nor who found it.
    desk.open(ticket.get_absolute_url())
    desk.press("派工")
    desk.page.get_by_role("radio", name="王师傅").check()
    desk.press("派工", within=desk.page.locator("main form"))
    hands.forward(hours=3)
    bench.open(ticket.get_absolute_url())
    bench.press("开始维修")
    bench.press("报完工")
    bench.page.locator("[name=words]").fill("铲除松动瓷砖，重新粘贴")
    bench.page.locator("input[type=file]").first.set_input_files(picture)
    bench.press("报完工", within=bench.page.locator("main form"))
    watch.allow("status of 403")
    for one in (bench, walker):
        answer = one.page.goto(reverse("inspections:finding-pass", args=[finding.number]))
        assert one.page.locator("main form input[type=file]").count() == 0, answer.status
    finding.refresh_from_db()
    assert (finding.state, finding.cleared_by) == ("open", None)

    # The director looks, takes a photo, strikes it off; the ticket is cleared with it.
    boss = seat("director", PHONE)
    boss.open(reverse("classrooms:facade") + "?stage=recheck")
    assert boss.reads("二层窗下瓷砖松动")
    boss.open(reverse("inspections:finding-pass", args=[finding.number]))
    boss.page.locator("input[type=file]").first.set_input_files(picture)
    boss.shot("facade-strike-off")
    with boss.page.expect_navigation():
        boss.page.locator("main form[method=post] button[type=submit]").last.click()
    boss.look()
    finding.refresh_from_db()
    ticket.refresh_from_db()
    assert (finding.state, finding.cleared_by) == ("closed", school.people["director"])
    assert (ticket.cleared_by, ticket.cleared_photo is not None) == (school.people["director"], True)
    boss.open(reverse("classrooms:facade"))
    assert not boss.reads("二层窗下瓷砖松动")
