"""Login and people in a real browser, on a phone and on a desktop: no violation, nothing too wide."""

from __future__ import annotations

from typing import Any

import pytest

from campus import cache
from campus.models import SchoolProfile
from tests import make_people
from tests.make_people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _school() -> Any:
    SchoolProfile.objects.create(name="示范中学", is_demo=True, duty_phone="0571-88886666")
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_wrong_then_right_password_by_keyboard(request: Any, screen: str, check_page: Any) -> None:
    make_people.teacher()
    page = request.getfixturevalue(screen)
    page.goto("/login/?next=/account/")
    check_page(page)
    page.get_by_label("账号").fill("teacher")
    page.get_by_label("密码").fill("wrong-one")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text() == "账号或密码不对。再错 4 次，要等 5 分钟以上才能再试。"
    check_page(page)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/")
    check_page(page)
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login/")
    assert page.get_by_text("您已退出登录。").is_visible()


def test_demo_account_enters_by_one_press(desktop: Any) -> None:
    make_people.clerk(password="houqin-demo")
    desktop.goto("/login/?next=/account/")
    desktop.get_by_role("button", name="后勤职员 clerk").click()
    desktop.wait_for_url("**/account/")
    assert desktop.get_by_role("heading", name="李老师").is_visible()


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_pages_about_people(request: Any, screen: str, sign_in: Any, check_page: Any) -> None:
    admin, teacher = make_people.admin(), make_people.teacher(department=make_people.department("语文组"))
    for _ in range(3):
        make_people.user("teacher", must_change_password=True, password=None)
    page = request.getfixturevalue(screen)
    sign_in(page, admin)
    person = f"/people/{teacher.pk}/"
    for path in ("/people/", "/people/new/", person, person + "edit/", person + "reset/", person + "deactivate/",
                 "/people/slips/", "/people/import/", "/account/password/", "/account/confirm/"):  # fmt: skip
        page.goto(path)
        check_page(page)
    page.goto("/people/slips/")
    page.get_by_role("button", name="生成并显示纸条").click()
    assert page.locator(".slips .secret").count() == 3
    check_page(page)
