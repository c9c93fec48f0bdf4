"""A new school: the address that `start` prints makes school and first administrator, once."""

from __future__ import annotations

import pytest

from campus import cache
from campus.models import SchoolProfile, User
from config import serve
from core.rights import can
from tests.stories.stage import Seat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def audited():
    """There is no school yet whose rows could agree."""


@pytest.fixture
def address(settings, tmp_path, transactional_db):
    """The one-time address, in a `var` of its own."""
    settings.VAR = tmp_path
    cache.clear()
    yield f"/setup/{serve.offer_setup()}/"
    cache.clear()


def test_school_and_administrator_are_made_once(address, desktop, check_page, watch):
    page = Seat(desktop, check_page)

    page.open(address)
    page.shot("setup")
    page.fill("学校名称", "青山中学")
    page.fill("后勤值班电话", "0571-12345678")
    page.fill("管理员姓名", "沈老师")
    page.page.locator("[name=password]").fill("qingshan-2026-west")
    page.page.locator("[name=again]").fill("qingshan-2026-east")
    page.press("建立学校")
    assert page.reads("两次输入的密码不一样。")
    page.page.locator("[name=password]").fill("qingshan-2026-west")
    page.page.locator("[name=again]").fill("qingshan-2026-west")
    page.press("建立学校")

    page.shot("setup-done")
    made = User.objects.get()
    assert (made.username, made.name, made.is_superuser, can(made, "campus.manage_people")) == (
        "admin",
        "沈老师",
        False,
        True,
    )
    assert SchoolProfile.objects.get().name == "青山中学"
    assert page.page.url.endswith("/settings/")
    watch.allow("status of 404")
    page.open(address, status=404)
    assert serve.setup_token() is None
