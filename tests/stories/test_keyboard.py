"""By keyboard alone: the report from the first Tab to the number, and the desk from a checkbox to a dispatch."""

from __future__ import annotations

import pytest

from repairs.models import Ticket
from tests import make
from tests.stories.stage import label

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def tab_to(seat, name, *, most=60):
    """Tab on until the thing of that name has the focus."""
    for _ in range(most):
        seat.page.keyboard.press("Tab")
        here = seat.page.evaluate(
            """() => { const e = document.activeElement; const l = e.labels && e.labels[0];
            return [e.name || "", e.getAttribute("aria-label") || "", l ? l.innerText : "", e.innerText || ""].join("|") }"""
        )
        if name in here:
            return
    raise AssertionError(f"{name} is not reached by Tab; last: {here}")


def test_a_report_by_keyboard(school, seat):
    teacher = seat("teacher")
    teacher.open(label(school.rooms["307"]))

    teacher.page.keyboard.press("Tab")
    assert teacher.page.evaluate("document.activeElement.className") == "skip"
    teacher.page.keyboard.press("Enter")
    tab_to(teacher, "tile")
    teacher.page.keyboard.press("Space")
    tab_to(teacher, "kind")
    teacher.page.keyboard.press("ArrowRight")
    tab_to(teacher, "words")
    teacher.page.keyboard.type("楼梯口那盏")
    tab_to(teacher, "提交报修")
    with teacher.page.expect_navigation():
        teacher.page.keyboard.press("Enter")
    teacher.look()

    ticket = Ticket.objects.get()
    assert teacher.reads(f"已收到，单号 {ticket.number}")
    assert (ticket.category.tile.name, ticket.words) == ("灯", "楼梯口那盏")


def test_a_dispatch_by_keyboard(school, seat):
    ticket = make.ticket(place=school.rooms["307"], by=school.people["teacher"])
    desk = seat("clerk")
    desk.open("/desk/")

    tab_to(desk, "pick")
    desk.page.keyboard.press("Space")
    for _ in range(8):
        desk.page.keyboard.press("Shift+Tab")
        if desk.page.evaluate("document.activeElement.value") == "dispatch":
            break
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.look()
    tab_to(desk, "lead")
    desk.page.keyboard.press("Space")
    tab_to(desk, "一起派工 1 张")
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.look()

    ticket.refresh_from_db()
    assert (ticket.state, ticket.lead) == ("dispatched", school.people["repairer"])
