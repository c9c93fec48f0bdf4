"""Notices and panels: who is told, the inbox, opening by POST; what apps add to a page."""

from __future__ import annotations

from typing import Any

import pytest

from core import notices, panels
from core.models import Notice
from core.panels import Panel, panels_for
from tests import make_people

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]


def test_everybody_is_told_once_and_only_active_accounts() -> None:
    clerk, repairer, gone = make_people.clerk(), make_people.repairer(), make_people.user(is_active=False)

    count = notices.tell([clerk, repairer, clerk, None, gone], "x" * 400, "/items/", urgent=True)

    found = Notice.objects.order_by("user_id")
    assert count == 2
    assert {(one.user, len(one.text), one.text[-1], one.url, one.urgent) for one in found} == {
        (clerk, 300, "…", "/items/", True), (repairer, 300, "…", "/items/", True)
    }  # fmt: skip
    assert (notices.tell(None, "x"), notices.tell(clerk, "x"), notices.tell([], "x")) == (0, 1, 0)


def test_the_inbox_shows_ones_own_newest_first(client: Any) -> None:
    clerk = make_people.clerk()
    notices.tell(clerk, "<b>一</b>")
    notices.tell(clerk, "二", urgent=True)
    notices.tell(make_people.repairer(), "别人的")
    client.force_login(clerk)

    response = client.get("/inbox/")

    page = response.content.decode()
    assert [one.text for one in response.context["records"]] == ["二", "<b>一</b>"]
    assert page.count("未读：") == 2
    assert "&lt;b&gt;一&lt;/b&gt;" in page
    assert "别人的" not in page


def test_opening_marks_as_read_and_leads_on(client: Any) -> None:
    clerk = make_people.clerk()
    for url in ("/items/?q=1", "", "https://evil.example/", "//evil.example", "javascript:alert(1)"):
        notices.tell(clerk, "x", url)
    client.force_login(clerk)

    urls = [client.post(f"/inbox/{one.pk}/open/").url for one in Notice.objects.order_by("pk")]

    assert urls == ["/items/?q=1", "/inbox/", "/inbox/", "/inbox/", "/inbox/"]
    assert notices.unread(clerk).count() == 0


def test_a_get_changes_nothing(client: Any) -> None:
    clerk = make_people.clerk()
    notices.tell(clerk, "x", "/items/")
    client.force_login(clerk)

    found = [client.get(url).url for url in (f"/inbox/{Notice.objects.get().pk}/open/", "/inbox/read/")]

    assert found == ["/inbox/", "/inbox/"]
    assert notices.unread(clerk).count() == 1


def test_a_foreign_notice_is_404(client: Any) -> None:
    notices.tell(make_people.clerk(), "x")
    client.force_login(make_people.repairer())

    response = client.post(f"/inbox/{Notice.objects.get().pk}/open/")

    assert (response.status_code, Notice.objects.get().read_at) == (404, None)


def test_all_are_marked_as_read_at_once(client: Any) -> None:
    clerk, other = make_people.clerk(), make_people.repairer()
    notices.tell([clerk, other], "x")
    notices.tell(clerk, "y")
    client.force_login(clerk)

    client.post("/inbox/read/")

    assert (notices.unread(clerk).count(), notices.unread(other).count()) == (0, 1)


def test_an_empty_inbox_says_so(client: Any) -> None:
    client.force_login(make_people.clerk())

    assert "没有消息" in client.get("/inbox/").content.decode()


# ---------- panels ----------


def from_stores(user: Any, obj: Any) -> Panel | None:
    return Panel("库存", [panels.PanelRow("灯管", url="/items/1/", note="低于最低库存", value="2 支", late=True)])


def nothing(user: Any, obj: Any) -> Panel | None:
    return None


PANELS = {"desk": ("tests.core.test_notices.from_stores", "tests.core.test_notices.nothing")}


@pytest.mark.parametrize("table", [PANELS, "tests.core.test_notices.PANELS"])
def test_a_page_shows_what_the_table_names(settings: Any, table: Any) -> None:
    settings.PANELS = table

    assert [panel.title for panel in panels_for("desk", None)] == ["库存"]
    assert panels_for("ticket", None) == []


def test_without_a_table_there_are_no_panels(settings: Any) -> None:
    settings.PANELS = None

    assert panels_for("desk", None) == []


def test_a_panel_is_drawn_with_its_lines(settings: Any, rf: Any) -> None:
    from django.template import RequestContext, Template

    settings.PANELS = PANELS
    request = rf.get("/")
    request.user = make_people.clerk()

    html = Template('{% load houqin %}{% panels "desk" %}').render(RequestContext(request))

    assert "<h2>库存</h2>" in html
    assert (
        '<a href="/items/1/"><span class="flex-grow-1">灯管<small class="quiet d-block">低于最低库存</small></span>'
        in html
    )
    assert '<span class="nowrap late">2 支</span>' in html
