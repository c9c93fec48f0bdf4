"""The plan, the finance sheets and the areas in a real browser: no violation, nothing wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest

from core.plan import Month
from tests import make
from workplan import services
from workplan.models import PlanLine

MONTH = Month.current()


@pytest.fixture
def filled(transactional_db: Any, clerk: Any) -> None:
    """A stored month with a text, lines by hand and something new."""
    make.profile()
    make.ticket(
        hazard=True,
        category=make.category("墙面/瓷砖脱落"),
        place=make.place("北立面", building_name="明德楼", use="teaching"),
    )
    for room in ("312", "313", "314"):
        make.ticket(place=make.place(room), quantity=3)
    make.ticket("done", labour_minutes=40)
    make.purchase()
    services.write_prose(services.plan_of(MONTH), {"aim": "先除隐患，再清积压。"}, by=clerk)
    services.add_line(
        MONTH, PlanLine(section="focus", title="食堂增开 4 号窗口试行两周", owner="司务长", due=MONTH.last), by=clerk
    )
    services.store(MONTH)
    make.ticket(category=make.category("窗帘"))


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_every_page_is_clean(
    filled: None, request: Any, screen: str, sign_in: Any, check_page: Any, live_server: Any, clerk: Any
) -> None:
    page = request.getfixturevalue(screen)
    sign_in(page, clerk)
    line, by_hand = PlanLine.objects.exclude(source="").first(), PlanLine.objects.get(source="")
    addresses = [
        "/plan/", f"/plan/{MONTH}/{line.pk}/", f"/plan/{MONTH}/lines/new/", f"/plan/{MONTH}/{by_hand.pk}/edit/",
        f"/plan/{MONTH}/{by_hand.pk}/withdraw/", f"/plan/{MONTH}/prose/", f"/plan/{MONTH.next}/", "/finance/", "/finance/repairs/",
        "/finance/repairs/summary/", "/dormitory/", "/classrooms/",
    ]  # fmt: skip
    for address in addresses:
        page.goto(address)
        check_page(page)
