"""Pages of rounds: the front page, starting one by two steps, a round and what can be done with it."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from core.models import LogEntry
from inspections.models import Round
from tests import make

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _monday():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


def enter(who) -> Client:
    browser = Client()
    browser.force_login(who)
    return browser


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_front_page_shows_what_is_to_be_walked_and_what_was_missed():
    warden, clerk = make.warden(), make.clerk()
    hygiene = make.checklist(name="每日卫生")
    make.round(hygiene, by=clerk, people=[warden], title="今天的卫生")
    with clock.at(clock.moment(2026, 11, 20, 9, 0)):
        make.round(hygiene, by=clerk, title="周五的卫生", places=2)
    make.finding(due_on=DAY - dt.timedelta(days=1), found_by=warden)
    page = enter(warden).get("/checks/")
    words = text_of(page)
    assert page.status_code == 200
    assert [(one["label"], one["value"]) for one in page.context["figures"]] == [
        ("今天要查", 1), ("没按时查完", 1), ("问题没销号", 1), ("超期问题", 1),
    ]  # fmt: skip
    assert [one.title for one in page.context["today"]] == ["今天的卫生"]
    assert "有您" in words and "发起检查" in words
    assert [one.title for one in page.context["records"]] == ["今天的卫生", "周五的卫生"]
    missed = enter(warden).get("/checks/?state=missed")
    assert [one.title for one in missed.context["records"]] == ["周五的卫生"]


def test_a_round_is_started_in_two_steps_with_its_places_in_view():
    clerk, warden = make.clerk(), make.warden()
    hygiene = make.checklist(name="每日卫生")
    make.rooms(3)
    browser = enter(clerk)
    assert "每日卫生" in text_of(browser.get("/checks/rounds/new/"))
    url = f"/checks/rounds/new/?checklist={hygiene.pk}"
    assert browser.get(url).status_code == 200
    data = {
        "checklist": hygiene.pk, "place": "3号楼3层", "pick": "room", "room_type": "", "category": "", "on": "2026-11-23",
        "due_on": "", "slot": "night", "people": warden.name, "title": "",
    }  # fmt: skip
    seen = browser.post("/checks/rounds/new/", data | {"preview": "1"})
    assert seen.context["many"] == 3
    assert "要查 3 处" in text_of(seen) and "301、302、303" in text_of(seen)
    assert not Round.objects.exists()
    answer = browser.post("/checks/rounds/new/", data)
    record = Round.objects.get()
    assert answer.status_code == 302 and answer.url == f"/checks/rounds/{record.number}/"
    assert (record.total, record.slot, record.title) == (3, "night", "每日卫生 · 3号楼 3层")
    assert list(record.people.all()) == [warden]
    again = browser.post("/checks/rounds/new/", data | {"preview": "1"})
    assert record.number in text_of(again) and "不用再发起" in text_of(again)


def test_nothing_to_walk_is_said_by_the_field():
    hygiene = make.checklist()
    make.floor()
    data = {"checklist": hygiene.pk, "place": "3号楼3层", "pick": "room", "on": "2026-11-23", "preview": "1"}
    words = text_of(enter(make.clerk()).post("/checks/rounds/new/", data))
    assert "3号楼 3层里没有房间，请换一个范围或换一种。" in words
    data |= {"pick": "asset", "category": "饮水机"}
    assert "里没有“饮水机”" in text_of(enter(make.clerk(username="c2")).post("/checks/rounds/new/", data))


def test_the_page_of_a_round_says_how_far_it_is():
    clerk, warden = make.clerk(), make.warden()
    record = make.round(make.checklist(name="每日卫生"), by=clerk, people=[warden])
    rows = make.targets(record)
    make.walked(rows[0], warden)
    make.walked(rows[1], warden, score=90, failed={"床铺": 10})
    page = enter(clerk).get(f"/checks/rounds/{record.number}/")
    words = text_of(page)
    assert page.status_code == 200
    assert "2 ／ 4 处" in words and "100 分" in words and "1 项有问题，90 分" in words
    assert [action.label for action in page.context["actions"]] == ["打印空表", "结果表", "接着填"]
    assert [action.label for action in page.context["side"]] == [
        "改日期、检查人", "加地点", "导入纸上的结果", "结束检查",
    ]  # fmt: skip
    todo = enter(warden).get(f"/checks/rounds/{record.number}/?state=todo")
    assert [row.pk for row in todo.context["records"]] == [rows[2].pk, rows[3].pk]
    assert enter(make.teacher()).get(f"/checks/rounds/{record.number}/").status_code == 403
    assert enter(make.steward()).get(f"/checks/rounds/{record.number}/").status_code == 404


def test_a_round_is_changed_closed_and_its_rows_taken_off_by_the_page():
    clerk, warden = make.clerk(), make.warden()
    record = make.round(by=clerk)
    rows = make.targets(record)
    make.walked(rows[0], warden)
    browser, url = enter(clerk), f"/checks/rounds/{record.number}/"
    page = browser.get(url + "change/")
    assert page.status_code == 200
    data = {"title": "改过的", "due_on": "2026-11-25", "people": warden.name, "version": page.context["form"].version}
    assert browser.post(url + "change/", data).status_code == 302
    record.refresh_from_db()
    assert (record.title, record.due_on, list(record.people.all())) == ("改过的", dt.date(2026, 11, 25), [warden])
    assert browser.post(url + "remove/", {"pick": [rows[0].pk, rows[1].pk]}).status_code == 302
    assert record.targets.count() == 4  # all or none: the first has results
    browser.post(url + "remove/", {"pick": [rows[1].pk]})
    assert record.targets.count() == 3
    form = browser.get(url + "add/").context["form"]
    add = {"place": "3号楼302", "pick": "", "version": form.version}
    assert browser.post(url + "add/", add).status_code == 302
    assert record.targets.count() == 4
    version = browser.get(url + "close/").context["form"].version
    refused = browser.post(url + "close/", {"words": "", "version": version})
    assert refused.status_code == 409 and "还有 3 处没查，请写明原因" in text_of(refused)
    assert browser.post(url + "close/", {"words": "停电", "version": version}).status_code == 302
    record.refresh_from_db()
    assert (record.state, record.end_words, record.closed_by) == ("closed", "停电", clerk)
    assert "已结束，有漏查" in text_of(browser.get(url))
    assert LogEntry.objects.of(record).filter(verb="close").count() == 1


def test_a_round_under_way_says_that_the_list_has_moved_on():
    clerk = make.clerk()
    hygiene = make.checklist()
    record = make.round(hygiene, by=clerk)
    browser = enter(clerk)
    browser.post(f"/checks/lists/{hygiene.pk}/draft/")
    form = {"name": "阳台", "kind": "points", "points": "5", "remedy": "none", "reason_needed": "on"}
    assert browser.post(f"/checks/lists/{hygiene.pk}/draft/lines/new/", form).status_code == 302
    version = browser.get(f"/checks/lists/{hygiene.pk}/draft/publish/").context["form"].version
    assert browser.post(f"/checks/lists/{hygiene.pk}/draft/publish/", {"version": version}).status_code == 302
    words = text_of(browser.get(f"/checks/rounds/{record.number}/"))
    assert "这次检查从头到尾照第1版" in words
    record.refresh_from_db()
    assert (record.sheet.number, record.sheet.lines.count()) == (1, 4)


def statements(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_statements_do_not_grow_with_the_rows():
    clerk, warden = make.clerk(), make.warden()
    hygiene = make.checklist()
    record = make.round(hygiene, by=clerk, places=2, people=[warden])
    browser = enter(clerk)
    home, one = statements(browser, "/checks/"), statements(browser, f"/checks/rounds/{record.number}/")
    for day in range(1, 4):
        make.round(hygiene, by=clerk, places=2, on=DAY + dt.timedelta(days=day), people=[warden, clerk])
    big = make.round(hygiene, by=clerk, places=12, people=[warden, clerk], slot="pm")
    for row in make.targets(big)[:6]:
        make.walked(row, warden, score=90, failed={"地面": 10})
    assert statements(browser, "/checks/") == home <= 13
    assert statements(browser, f"/checks/rounds/{big.number}/") == one <= 16
