"""A warden and her phone: building 3 walked room by room before it gets hot, and a floor scored in a few taps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from core import clock
from dormitory import checklists, services
from dormitory.models import Board
from inspections.models import Checklist, Round, Target
from inspections.services import rounds
from inspections.services.entering import Row, enter_sheet
from repairs import services as repairs
from repairs.models import Category, Ticket
from tests import make, make_dormitory
from tests.stories.stage import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MONDAY = dt.date(2026, 6, 8)


def typed(page, one: Round, room: str, line: str, value: str, why: str = "") -> None:
    """A cell of a room, which the phone may show as one line."""
    target = Target.objects.get(round=one, place__name=room)
    row = page.locator(f"#r{target.pk}")
    if "shut" in (row.get_attribute("class") or ""):
        row.locator(".room a").click()
    page.locator(f'input[name="c{target.pk}-{one.sheet.lines.get(name=line).pk}"]').fill(value)
    if why:
        row.get_by_label(f"{room} 原因").fill(why)


def saved(page) -> None:
    """Everything that was typed is with the server."""
    page.locator("body").click(position={"x": 5, "y": 5})
    page.wait_for_function("() => !document.querySelector('.mark.unsaved')")


def test_thirty_seven_broken_fans_stand_at_the_top_of_the_plan(school, seat, hands):
    checklists.ensure()
    fan = Category.objects.get(name="吊扇/壁扇不转")
    rooms = [f"3{n:02}" for n in range(1, 15)] + [f"4{n:02}" for n in range(1, 24)]
    for name in rooms[14:]:
        make.place(name, floor_name="4层")
    there = repairs.open_ticket(place=school.rooms["302"], category=fan, by=school.people["teacher"])[0]

    # Two taps start the sweep, its deadline is proposed.
    warden = seat("warden", PHONE)
    warden.open("/dormitory/")
    warden.press("排查设施")
    warden.taps = 0
    warden.press("3号楼")
    assert warden.page.get_by_label("哪天查完").input_value() == "2026-06-15"
    warden.press("开始排查")
    assert warden.taps == 2
    one = Round.objects.get(sweep=True)
    assert (one.total, one.due_on) == (37, dt.date(2026, 6, 15))
    warden.shot("sweep-new")

    # Room by room: each fault is a ticket, or joins the one that is there.
    warden.press("开始查")
    for name in rooms:
        typed(warden.page, one, name, "风扇", "1")
    typed(warden.page, one, "305", "灯", "2")
    saved(warden.page)
    warden.look()
    warden.shot("sweep-grid")
    fans = Ticket.objects.filter(category=fan)
    assert (fans.count(), there.followers.count()) == (37, 1)
    assert list(Ticket.objects.filter(category__name="灯不亮").values_list("place__name", "quantity")) == [("305", 2)]
    one.refresh_from_db()
    assert one.done == 37

    # The burn-down and what is left per floor.
    hands.forward(hours=2)
    warden.open(reverse("dormitory:sweep", args=[one.number]))
    assert warden.reads("37/37") and warden.reads("14/14 间") and warden.reads("23/23 间")
    assert warden.page.locator("main svg[role=img]").count() == 3
    warden.shot("sweep")

    # On the plan they stand together, first of all, with the reason in words.
    director = seat("director")
    director.open("/plan/2026-06/")
    first = director.page.locator(".lines > li").first.inner_text()
    assert "寝室吊扇/壁扇不转 37 处待修" in first and "夏季风扇 · 影响 296 人" in first
    director.shot("sweep-plan")


def test_a_floor_is_scored_in_a_few_taps_and_the_week_comes_out_by_itself(school, seat, hands):
    of = make_dormitory.hygiene()
    places = [make.place(f"5{n:02}", floor_name="5层") for n in range(1, 23)]
    make_dormitory.occupied(places[0], classes={"初二（4）班": 8})
    by = school.people["clerk"]
    made = rounds.start_round(
        of, on=clock.today(), targets=[(place, None) for place in places], by=by, title="3号楼 5层内务评分"
    )

    # Today's round is one tap away; three rooms have something, the rest are fine in one tap.
    warden = seat("warden", PHONE)
    warden.open("/dormitory/")
    assert warden.reads("3号楼 5层内务评分") and warden.reads("0/22 处")
    warden.shot("dormitory-home")
    warden.taps = 0
    warden.press("开始查")
    typed(warden.page, made, "501", "被子", "5", why="一床没叠")
    typed(warden.page, made, "502", "用电", "5", why="充电器没拔")
    typed(warden.page, made, "503", "地面", "9", why="地面有水")
    saved(warden.page)
    rest = warden.page.locator("button[name=rest]")
    warden.tap(rest)
    warden.tap(rest)  # the first one asks
    warden.page.locator(".savebar output", has_text="都查完了").wait_for()
    assert warden.taps <= 3
    made.refresh_from_db()
    assert (made.done, made.targets.get(place=places[0]).score, made.targets.get(place=places[9]).score) == (
        22,
        Decimal("95.0"),
        Decimal("100.0"),
    )

    # Two more days, then the week is over.
    for day in (1, 2):
        hands.forward(days=1)
        later = rounds.start_round(
            of, on=MONDAY + dt.timedelta(day), targets=[(place, None) for place in places], by=by
        )
        line = later.sheet.lines.get(name="地面")
        enter_sheet(
            later, [Row(t.pk, {line.pk: Decimal(9)} if t.place_id == places[2].pk else {}, reason="有水" if t.place_id == places[2].pk else "") for t in later.targets.all()],
            by=school.people["warden"],
        )  # fmt: skip
    hands.set(2026, 6, 15, 6, 30)
    services.publish_due(clock.today())
    board = Board.objects.get()
    assert board.published_by is None
    found = {row.place.name: (row.rank, row.average, row.honoured) for row in board.rows.select_related("place")}
    assert found["504"] == (1, Decimal("100.00"), True)  # with eighteen others
    assert (found["501"], found["502"], found["503"]) == (
        (20, Decimal("98.33"), True), (20, Decimal("98.33"), False), (22, Decimal("91.00"), False)
    )  # fmt: skip
    teacher = seat("teacher", PHONE)
    teacher.open(board.get_absolute_url())
    assert teacher.reads("文明寝室 20 间")
    teacher.shot("board")
    assert Checklist.objects.get(pk=of.pk).active
