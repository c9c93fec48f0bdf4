"""app.js in a real browser: one submit a click, photo previews, the kinds of a tile, the bulk bar, drafts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from PIL import Image

HEAD = '{% extends "base.html" %}{% load houqin %}{% block content %}'
PAGES = {
    "post": '<form method="post">{% csrf_token %}<button name="do" value="accept">验收</button></form>',
    "photos": '<form method="post" enctype="multipart/form-data">{% csrf_token %}<div class="d-flex gap-2">'
    '<label class="photo-add">{% icon "camera" %}拍一张'
    '<input type="file" name="photos" accept="image/png" multiple data-max="2"></label></div>'
    '<button class="btn btn-primary">提交报修</button></form>',
    "tiles": '<form method="post" data-draft="report">{% csrf_token %}'
    '<label><input type="radio" name="tile" value="1">灯</label><label><input type="radio" name="tile" value="2">门</label>'
    '<fieldset data-kinds-of="1"><legend>灯</legend><label><input type="radio" name="kind" value="11">灯不亮</label>'
    '<label><input type="radio" name="kind" value="12">灯闪烁</label></fieldset>'
    '<fieldset data-kinds-of="2"><legend>门</legend><label><input type="radio" name="kind" value="21">门锁坏</label>'
    '</fieldset><label for="words">说一句情况</label><textarea id="words" name="words"></textarea></form>',
    "sent": "<p>收到</p>",
    "done": '<p data-draft-done="report">报好了</p>',
    "bulk": '<form method="post">{% csrf_token %}<div class="bulkbar"><output>勾选后一起处理</output><button name="do">派工</button></div>'
    '<table class="listing"><thead><tr><th>选择</th><th>单号</th></tr></thead><tbody>'
    '<tr><td class="pick"><input type="checkbox" name="t" value="1" aria-label="1"></td><td>1</td></tr>'
    '<tr><td class="pick"><input type="checkbox" name="t" value="2" aria-label="2"></td><td>2</td></tr>'
    "</tbody></table></form>",
}
posts: list[Any] = []


def page(request: HttpRequest, name: str) -> HttpResponse:
    if request.method == "POST":
        posts.append((request.POST.dict(), [file.name for file in request.FILES.getlist("photos")]))
        time.sleep(0.3)  # long enough for a second click
        name = "sent"
    return HttpResponse(
        engines["django"].from_string(HEAD + PAGES[name] + "{% endblock %}").render({"title": "样张"}, request)
    )


urlpatterns = [path("<name>/", page)]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def empty() -> None:
    posts.clear()


def test_two_clicks_make_one_post_and_keep_the_buttons_value(desktop: Any) -> None:
    desktop.goto("/post/")
    desktop.locator("button").dblclick(no_wait_after=True)
    desktop.wait_for_url("**/post/")
    desktop.get_by_text("收到").wait_for()
    assert [sent["do"] for sent, _ in posts] == ["accept"]


def test_buttons_are_free_again_after_going_back(desktop: Any) -> None:
    desktop.goto("/post/")
    desktop.locator("button").click()
    desktop.get_by_text("收到").wait_for()
    desktop.go_back()
    assert desktop.locator("button").is_enabled()


def test_photos_add_up_to_the_limit_and_can_be_dropped(phone: Any, tmp_path: Path, check_page: Any) -> None:
    files = []
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
        files.append(str(tmp_path / name))
    phone.goto("/photos/")
    field = phone.locator("input[type=file]")
    field.set_input_files(files[0])
    field.set_input_files(files[1:])
    assert phone.locator(".photo-one img").count() == 2
    assert phone.get_by_text("最多 2 张，只留了前 2 张。").is_visible()
    check_page(phone)
    phone.get_by_label("去掉照片 1").click()
    phone.get_by_role("button", name="提交报修").click()
    phone.get_by_text("收到").wait_for()
    assert [names for _, names in posts] == [["b.png"]]


def test_tile_shows_its_kinds_and_clears_the_others(phone: Any) -> None:
    phone.goto("/tiles/")
    assert phone.locator("fieldset:visible").count() == 0
    phone.get_by_label("灯", exact=True).first.check()
    phone.get_by_label("灯闪烁").check()
    phone.get_by_label("门", exact=True).first.check()
    assert phone.locator("fieldset:visible legend").all_inner_texts() == ["门"]
    assert phone.evaluate("document.querySelector('[name=kind][value=\"12\"]').checked") is False


def test_draft_survives_leaving_and_goes_with_success(phone: Any) -> None:
    phone.goto("/tiles/")
    phone.get_by_label("灯", exact=True).first.check()
    phone.get_by_label("灯闪烁").check()
    phone.get_by_label("说一句情况").fill("进门右边那盏")
    phone.goto("/tiles/")
    assert phone.get_by_label("说一句情况").input_value() == "进门右边那盏"
    assert phone.get_by_label("灯闪烁").is_checked()
    assert phone.get_by_text("上次没有提交的内容已经填回来了。").is_visible()
    phone.goto("/done/")
    phone.goto("/tiles/")
    assert phone.get_by_label("说一句情况").input_value() == ""


def test_bulk_bar_counts_and_opens(desktop: Any) -> None:
    desktop.goto("/bulk/")
    button = desktop.get_by_role("button", name="派工")
    assert (desktop.locator("output").inner_text(), button.is_enabled()) == ("勾选后一起处理", False)
    desktop.get_by_label("全选这一页").check()
    assert (desktop.locator("output").inner_text(), button.is_enabled()) == ("已选 2 张", True)
    desktop.get_by_label("1", exact=True).uncheck()
    assert desktop.locator("output").inner_text() == "已选 1 张"
    assert desktop.locator("tr.is-picked").count() == 1
