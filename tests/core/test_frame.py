"""The frame of every page: menu by role, current page, unread count, cost; words for dates and amounts; icons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import include, path

from config import roles
from config.menu import MENU
from core import clock, context, panels
from core.models import Notice
from core.templatetags import houqin

SUNDAY = clock.moment(2026, 11, 22, 12, 30)


def plain(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return render(request, "base.html", {"title": "样张"})


def silent(request: HttpRequest) -> HttpResponse:
    return HttpResponse("{}")


def pages(*names: str) -> Any:
    return [path("" if name == "home" else f"{name}/", plain, name=name) for name in names]


urlpatterns = [
    path("", include((pages("home", "more"), "config"))),
    path("repairs/", include((pages("new", "mine", "jobs", "desk"), "repairs"))),
    path("repairs/<number>/", plain),
    path("places/", include((pages("people", "places"), "campus"))),
    path("inbox/", include(([path("", plain, name="inbox")], "core"))),
    path("silent/", silent),
    path("login/", plain, name="login"),
]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture(autouse=True)
def own_school(settings: Any) -> None:
    settings.MENU, settings.SCHOOL, settings.TODAY_WORDS = "config.menu.MENU", "", ""


def someone(*names: str) -> Any:
    user = get_user_model().objects.create_user(f"u{get_user_model().objects.count()}", name="林老师")
    user.groups.set(Group.objects.get_or_create(name=name)[0] for name in names)
    return user


def frame_of(user: Any, address: str = "/") -> context.Frame:
    request = RequestFactory().get(address)
    request.user = user
    return context.frame(request)["frame"]


def labels(links: Iterable[context.Link]) -> list[str]:
    return [link.label for link in links]


# ---------- the menu table ----------


def test_menu_table_is_whole() -> None:
    used = {
        key
        for rows in (MENU.bars.values(), MENU.tabs.values(), dict(MENU.groups).values())
        for row in rows
        for key in row
    }
    assert used | {"more"} == set(MENU.entries)
    assert set(MENU.roles) == set(MENU.bars) == set(MENU.tabs) == set(roles.ROLES)
    assert {len(keys) for keys in MENU.tabs.values()} == {3}


def test_menu_permissions_are_held_by_somebody() -> None:
    held = {name.split(":")[0] for names in roles.ROLES.values() for name in names} | set().union(*roles.ROLES.values())
    asked = {name for entry in MENU.entries.values() for name in entry.permission.split()}
    assert asked - held == set()


def test_menu_icons_exist() -> None:
    for entry in MENU.entries.values():
        assert houqin.icon(entry.icon).startswith("<svg")


def test_each_role_reaches_its_own_bar() -> None:
    """What a role's bar names, its permissions open."""
    for role, keys in MENU.bars.items():
        user = SimpleNamespace(is_authenticated=True, is_active=True, _roles=frozenset({role}))
        closed = [key for key in (*keys, *MENU.tabs[role]) if not context._permitted(user, MENU.entries[key])]
        assert (role, closed) == (role, [])


# ---------- who sees what ----------


@pytest.mark.django_db
def test_teacher_menu_leaves_out_pages_that_do_not_exist() -> None:
    frame = frame_of(someone("teacher"))
    assert labels(frame.menu) == ["首页", "报修", "我的报修"]
    assert labels(frame.tabs) == ["首页", "报修", "我的报修", "消息"]


@pytest.mark.django_db
def test_user_without_a_role_gets_only_what_is_open_to_all() -> None:
    frame = frame_of(someone())
    assert [(group.title, labels(group.links)) for group in frame.everything] == [("我", ["首页", "消息"])]


@pytest.mark.django_db
def test_first_role_of_the_table_gives_the_bar() -> None:
    assert frame_of(someone("teacher", "repairer")).role == "repairer"
    assert frame_of(someone("repairer", "director")).role == "director"


@pytest.mark.django_db
def test_bar_ends_with_more_if_it_leaves_something_out() -> None:
    frame = frame_of(someone("repairer"))
    assert labels(frame.menu) == ["我的活", "更多"]
    assert labels(frame.tabs) == ["我的活", "更多"]
    more = [link.label for group in frame.everything for link in group.links]
    assert more == ["我的活", "我要报修", "我的报修", "首页", "消息"]


def test_guest_has_no_menu_and_costs_no_query() -> None:
    frame = frame_of(AnonymousUser())
    assert (frame.menu, frame.tabs, frame.everything, frame.unread, frame.signed_in) == ([], [], [], 0, False)


@pytest.mark.django_db
def test_current_page_and_page_below_a_list() -> None:
    user = someone("teacher")

    def current(address: str) -> dict[str, str]:
        return {link.label: link.current for link in frame_of(user, address).menu if link.current}

    assert current("/") == {"首页": "page"}
    assert current("/repairs/mine/") == {"我的报修": "page"}
    assert current("/repairs/mine/2/") == {"我的报修": "true"}
    assert current("/repairs/BX202611-0001/") == {}


# ---------- the frame's words and cost ----------


@pytest.mark.django_db
def test_page_shows_menu_unread_and_name(client: Client) -> None:
    user = someone("teacher")
    Notice.objects.create(user=user, text="已派工")
    Notice.objects.create(user=user, text="看过的", read_at=clock.now())
    client.force_login(user)
    html = client.get("/repairs/mine/").content.decode()
    assert '<a href="/repairs/mine/" aria-current="page">我的报修</a>' in html
    assert 'aria-label="消息，1 条未读"' in html
    assert "<title>样张 · 后勤台</title>" in html


@pytest.mark.django_db
def test_frame_takes_three_statements(client: Client, django_assert_num_queries: Any) -> None:
    client.force_login(someone("clerk"))
    client.get("/repairs/desk/")  # the first visit notes in the session when it was
    with django_assert_num_queries(3):  # session, user with roles, unread
        client.get("/repairs/desk/")


@pytest.mark.django_db
def test_answer_without_a_template_pays_nothing(client: Client, django_assert_num_queries: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("campus.")]
    client.force_login(someone("clerk"))
    with django_assert_num_queries(0):
        assert client.get("/silent/").content == b"{}"


@pytest.mark.django_db
def test_many_unread_are_not_counted_out() -> None:
    user = someone("teacher")
    Notice.objects.bulk_create(Notice(user=user, text=str(number)) for number in range(100))
    assert frame_of(user).unread_words == "99+"


def test_school_and_today_come_from_the_settings(settings: Any) -> None:
    settings.SCHOOL = f"{__name__}.example_school"
    settings.TODAY_WORDS = f"{__name__}.example_today"
    frame = frame_of(AnonymousUser())
    assert (frame.school.name, frame.today) == ("示范中学", "11月22日 周日 · 第12周")


def example_school() -> context.School:
    return context.School(name="示范中学", is_demo=True)


def example_today() -> str:
    return "11月22日 周日 · 第12周"


def test_without_a_calendar_today_is_the_plain_date() -> None:
    with clock.at(SUNDAY):
        assert frame_of(AnonymousUser()).today == "11月22日 周日"


@pytest.mark.django_db
def test_demo_school_says_so_on_every_page(client: Client, settings: Any) -> None:
    settings.SCHOOL = f"{__name__}.example_school"
    assert "演示学校" in client.get("/login/").content.decode()


# ---------- tags and filters ----------


def test_icon_is_hidden_from_screen_readers_and_made_once() -> None:
    assert 'class="icon"' in houqin.icon("fan")
    assert 'aria-hidden="true"' in houqin.icon("fan")
    assert houqin.icon("fan") is houqin.icon("fan")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (clock.moment(2026, 11, 22, 12, 0), "今天 12:00"),
        (clock.moment(2026, 11, 21, 19, 5), "昨天 19:05"),
        (clock.moment(2026, 11, 23, 12, 0), "明天 12:00"),
        (clock.moment(2026, 11, 20, 21, 30), "11月20日 周五 21:30"),
        (clock.moment(2027, 1, 25, 8, 0), "1月25日 周一 08:00"),
        (clock.moment(2025, 11, 21, 21, 30), "2025年11月21日 周五 21:30"),
        (dt.datetime(2026, 11, 21, 16, 30, tzinfo=dt.UTC), "今天 00:30"),
        (dt.date(2026, 11, 22), "今天"),
        (dt.date(2026, 11, 25), "11月25日 周三"),
        (None, ""),
        ("", ""),
    ],
)
def test_moment(value: Any, words: str) -> None:
    with clock.at(SUNDAY):
        assert houqin.moment(value) == words


def test_day_and_short_day() -> None:
    with clock.at(SUNDAY):
        assert houqin.day(clock.moment(2026, 11, 22, 23, 0)) == "11月22日 周日"
        assert houqin.day(dt.date(2024, 2, 29)) == "2024年2月29日 周四"
    assert houqin.short_day(dt.date(2026, 11, 1)) == "11-01"
    assert houqin.short_day(None) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (dt.timedelta(seconds=20), "不到 1 分钟"),
        (dt.timedelta(minutes=5), "5 分钟"),
        (dt.timedelta(hours=2, minutes=50), "2 小时"),
        (dt.timedelta(days=3, hours=5), "3 天"),
        (clock.moment(2026, 11, 22, 10, 30), "2 小时"),
        (dt.date(2026, 11, 19), "3 天"),
        (-dt.timedelta(hours=1), "不到 1 分钟"),
        (None, ""),
    ],
)
def test_wait(value: Any, words: str) -> None:
    with clock.at(SUNDAY):
        assert houqin.wait(value) == words


@pytest.mark.parametrize(
    ("value", "money", "qty"),
    [
        (Decimal("1234"), "1,234.00", "1,234"),
        (Decimal("1234667.89000000"), "1,234,667.89", "1,234,667.89"),
        (Decimal("2.500"), "2.50", "2.5"),
        (Decimal("100.00"), "100.00", "100"),
        (Decimal("-3.10"), "-3.10", "-3.1"),
        (0, "0.00", "0"),
        (None, "", ""),
        ("NaN", "", ""),
        ("abc", "", ""),
    ],
)
def test_money_and_qty(value: Any, money: str, qty: str) -> None:
    assert (houqin.money(value), houqin.qty(value)) == (money, qty)


def test_state_and_prio_carry_word_and_sign() -> None:
    ticket = SimpleNamespace(state="held", get_state_display=lambda: "挂起")
    shown = Template('{% load houqin %}{% state ticket %}{% state "new" words %}{% prio "now" %}{% prio "x" %}').render(
        Context({"ticket": ticket, "words": "<b>"})
    )
    assert shown == (
        '<span class="state state-held">挂起</span><span class="state state-new">&lt;b&gt;</span>'
        '<span class="prio prio-now">特急</span><span class="prio prio-plain">普通</span>'
    )


def test_unknown_state_never_reaches_the_class() -> None:
    assert houqin.state_class('x" onload="') == "state state-accepted"


# ---------- panels ----------


def a_panel(user: Any, record: Any) -> panels.Panel:
    return panels.Panel("周转<椅>", rows=[panels.PanelRow(f"{record}：34 把", url="/spare/")])


def no_panel(user: Any, record: Any) -> None:
    return None


def test_panels_of_a_page_are_rendered_in_order_and_escaped(settings: Any) -> None:
    settings.PANELS = {"place": [f"{__name__}.no_panel", f"{__name__}.a_panel"]}
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    shown = Template('{% load houqin %}{% panels "place" record %}').render(
        Context({"request": request, "record": "<204>"})
    )
    assert shown.count("<section") == 1
    assert "<h2>周转&lt;椅&gt;</h2>" in shown
    assert ">&lt;204&gt;：34 把</span>" in shown
