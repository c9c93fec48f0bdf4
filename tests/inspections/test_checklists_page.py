"""Pages of checklists: a clerk makes a list line by line, publishes it, makes the next version."""

from __future__ import annotations

import pytest
from django.test import Client

from inspections.models import Checklist
from inspections.services import checklists
from tests import make
from tests.inspections.test_rounds_page import enter, statements, text_of

pytestmark = pytest.mark.django_db


def version_of(browser: Client, url: str) -> int:
    return browser.get(url).context["form"].version


def add(browser: Client, url: str, **fields) -> None:
    data = {"kind": "check", "remedy": "none", "days": "7"} | fields
    answer = browser.post(f"{url}draft/lines/new/", data)
    assert answer.status_code == 302, text_of(answer)


def names(one: Checklist) -> list[str]:
    return list(checklists.draft(one).lines.values_list("name", flat=True))


def test_a_list_from_nothing_to_published_by_its_pages():
    browser = enter(make.clerk())
    kind = make.category("灭火器")
    answer = browser.post(
        "/checks/lists/new/", {"name": "消防月查", "area": "safety", "scoring": "pass", "like": "", "about": ""}
    )
    one = Checklist.objects.get()
    url = f"/checks/lists/{one.pk}/"
    assert answer.url == f"{url}draft/"
    assert "还没有检查项" in text_of(browser.get(answer.url))
    add(browser, url, name="灭火器", words="压力正常", remedy="ticket", category=str(kind.pk), section="消防")
    add(browser, url, name="出口", remedy="finding", hazard="on", days="0")
    again = browser.post(
        f"{url}draft/lines/new/", {"name": "水温", "kind": "value", "low": "40", "high": "", "unit": "℃", "remedy": "none", "another": "1"}
    )  # fmt: skip
    assert again.url == f"{url}draft/lines/new/"
    words = text_of(browser.get(f"{url}draft/"))
    assert "列入整改并报修（灭火器），7 天内" in words
    assert "列入整改，当天，隐患" in words
    assert "测量值，不低于 40 ℃" in words
    lines = {line.name: line for line in checklists.draft(one).lines.all()}
    step = f"{url}draft/lines/{lines['水温'].pk}"
    shown = checklists.draft(one).version
    assert browser.post(f"{step}/up/", {"version": shown}).status_code == 302
    assert names(one) == ["灭火器", "水温", "出口"]
    stale = browser.post(f"{step}/remove/", {"version": shown}, follow=True)
    assert "没有改成：别人刚改过这份草稿" in text_of(stale)
    browser.post(f"{step}/remove/", {"version": shown + 1})
    assert names(one) == ["灭火器", "出口"]
    page = browser.get(f"{url}draft/publish/")
    assert "2 项，合格／不合格" in text_of(page)
    done = browser.post(f"{url}draft/publish/", {"version": page.context["form"].version}, follow=True)
    assert "已发布第1版，以后发起的检查都用它。" in text_of(done)
    assert "第1版检查项" in text_of(done)


def test_a_line_with_faults_comes_back_with_what_was_typed():
    browser = enter(make.clerk())
    one = make.checklist()
    url = f"/checks/lists/{one.pk}/"
    assert browser.post(f"{url}draft/").url == f"{url}draft/"
    answer = browser.post(
        f"{url}draft/lines/new/", {"name": "床铺", "kind": "points", "points": "五", "remedy": "none"}
    )
    words = text_of(answer)
    assert "只填数字，如 1234.50。" in words and 'value="五"' in answer.content.decode()
    answer = browser.post(
        f"{url}draft/lines/new/", {"name": "床铺", "kind": "points", "points": "5", "remedy": "ticket"}
    )
    words = text_of(answer)
    assert "这张表里已经有“床铺”，请换一个简称。" in words
    assert "选了“列入整改并报修”，请再选报修类别。" in words
    assert len(names(one)) == 4


def test_a_line_that_somebody_else_changed_is_not_saved_blindly():
    clerk, director = make.clerk(), make.director()
    one = make.checklist()
    url = f"/checks/lists/{one.pk}/"
    draft = checklists.draft_of(one, clerk)
    line = draft.lines.first()
    browser = enter(clerk)
    version = version_of(browser, f"{url}draft/lines/{line.pk}/")
    checklists.save_line(draft, by=director, line=line, words="别人写的")
    data = {"name": "床", "kind": "points", "points": "5", "remedy": "none", "version": version}
    answer = browser.post(f"{url}draft/lines/{line.pk}/", data)
    assert answer.status_code == 409
    assert "别人改过这份草稿，您的还没有保存" in text_of(answer)
    line.refresh_from_db()
    assert (line.name, line.words) == ("床铺", "别人写的")
    data["version"] = answer.context["form"].version
    assert browser.post(f"{url}draft/lines/{line.pk}/", data).status_code == 302
    line.refresh_from_db()
    assert line.name == "床"


def test_the_sum_of_points_stands_against_the_full_score():
    browser = enter(make.warden())
    one = make.checklist(make.lines("床铺", "地面"), base=20, pass_score=12, good_score=18)
    url = f"/checks/lists/{one.pk}/"
    assert "2 项，扣分合计 20 分，等于满分" in text_of(browser.get(url))
    browser.post(f"{url}draft/")
    add(browser, url, name="阳台", kind="points", points="5")
    assert "3 项，扣分合计 25 分，满分 20 分：扣到 0 分为止" in text_of(browser.get(f"{url}draft/"))
    scores = {"scoring": "points", "base": "25", "pass_score": "30", "good_score": "20"}
    scores["version"] = version_of(browser, f"{url}draft/scores/")
    assert "合格线、优秀线、满分要从小到大" in text_of(browser.post(f"{url}draft/scores/", scores))
    assert browser.post(f"{url}draft/scores/", scores | {"pass_score": "15"}).status_code == 302
    page = browser.get(f"{url}draft/publish/")
    words = text_of(page)
    assert "扣分合计 25 分，等于满分" in words and "新加：阳台" in words
    browser.post(f"{url}draft/publish/", {"version": page.context["form"].version})
    assert "第2版检查项" in text_of(browser.get(url))
    assert "这是第1版，以前的检查按它查的" in text_of(browser.get(f"{url}?v=1"))


def test_a_draft_is_given_up_and_a_list_taken_out_of_use():
    browser = enter(make.clerk())
    one = make.checklist()
    url = f"/checks/lists/{one.pk}/"
    assert browser.get(f"{url}draft/").status_code == 404
    browser.post(f"{url}draft/")
    version = version_of(browser, f"{url}draft/drop/")
    assert browser.post(f"{url}draft/drop/", {"version": version}).status_code == 302
    assert checklists.draft(one) is None
    assert browser.post(f"{url}switch/", {"version": 1}).status_code == 302
    assert "已停用" in text_of(browser.get(url))
    assert browser.post(f"{url}switch/", {"version": 2}).status_code == 302
    assert Checklist.objects.get().active


def test_who_may_read_and_who_may_write():
    one = make.checklist(area="dormitory", name="宿舍表")
    url = f"/checks/lists/{one.pk}/"
    for who, reads, writes in (
        (make.warden(), 200, 302), (make.principal(), 200, 403), (make.steward(), 404, 404), (make.teacher(), 403, 403),
        (make.repairer(), 404, 403),
    ):  # fmt: skip
        browser = enter(who)
        assert browser.get(url).status_code == reads, who
        assert browser.post(f"{url}draft/").status_code == writes, who
    assert "宿舍表" in text_of(enter(make.director()).get("/checks/lists/"))


def test_statements_do_not_grow_with_lists_and_lines():
    browser = enter(make.clerk())
    one = make.checklist(make.lines("一"))
    make.round(one, places=1)
    make.schedule(one)
    url = f"/checks/lists/{one.pk}/"
    browser.post(f"{url}draft/")
    few = [statements(browser, "/checks/lists/"), statements(browser, url), statements(browser, f"{url}draft/")]
    kind = make.category()
    draft = checklists.draft(one)
    for number in range(6):
        checklists.save_line(
            draft, by=make.user("clerk"), name=f"项{number}", kind="check", remedy="ticket", category=kind
        )
        make.round(make.checklist(), places=1, slot="")
        make.schedule(one, title=f"安排{number}")
    many = [statements(browser, "/checks/lists/"), statements(browser, url), statements(browser, f"{url}draft/")]
    assert many == few
    assert max(few) <= 13
