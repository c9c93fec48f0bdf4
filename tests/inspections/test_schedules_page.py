"""Pages of schedules: one is set up after a look at the term's dates, changed, switched off."""

from __future__ import annotations

import datetime as dt

import pytest

from campus import cache
from core import clock
from inspections.models import Schedule
from tests import make
from tests.inspections.test_rounds_page import enter, statements, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _term():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        make.term()
        cache.clear()
        yield


DATA = {
    "title": "3号楼每周安全", "every": "weekly", "weekdays": ["1", "3"], "nth": "", "day": "", "weeks": "", "place": "3号楼3层",
    "pick": "room", "room_type": "", "category": "", "slot": "night", "days": "2", "starts_on": "2026-11-16", "ends_on": "",
    "people": "",
}  # fmt: skip


def test_a_schedule_is_set_up_after_a_look_at_its_dates():
    clerk, warden = make.clerk(), make.warden()
    one = make.checklist()
    make.rooms(3)
    browser = enter(clerk)
    url = f"/checks/lists/{one.pk}/schedules/new/"
    assert browser.get(url).status_code == 200
    data = DATA | {"people": warden.name}
    seen = browser.post(f"/checks/lists/{one.pk}/schedules/new/", data | {"preview": "1"})
    words = text_of(seen)
    assert "每周一、三 · 夜间 ，每次 3 处" in words
    assert [f"{row['one'].day:%m-%d} {row['word']}".strip() for row in seen.context["planned"][:4]] == [
        "11-16 没有发起", "11-18 没有发起", "11-23 今天", "11-25",
    ]  # fmt: skip
    assert (seen.context["ahead"], Schedule.objects.count()) == (18, 0)
    answer = browser.post(f"/checks/lists/{one.pk}/schedules/new/", data)
    plan = Schedule.objects.get()
    assert answer.url == f"/checks/schedules/{plan.pk}/"
    assert (plan.weekdays, plan.slot, plan.days, list(plan.people.all())) == ("1,3", "night", 2, [warden])
    made = plan.rounds.get()  # today is a Monday
    assert (made.on, made.due_on, made.total) == (dt.date(2026, 11, 23), dt.date(2026, 11, 24), 3)
    assert made.get_absolute_url() in browser.get(answer.url).content.decode()


def test_a_schedule_is_changed_and_switched():
    browser = enter(make.clerk())
    make.rooms(1)
    plan = make.schedule(every="weekly", weekdays="2")
    url = f"/checks/schedules/{plan.pk}/"
    form = browser.get(f"{url}edit/").context["form"]
    assert form["weekdays"].value() == ["2"]
    data = DATA | {"every": "monthly", "day": "5", "version": form.version}
    assert browser.post(f"{url}edit/", data).status_code == 302
    plan.refresh_from_db()
    assert (plan.every, plan.day, plan.weekdays) == ("monthly", 5, "")
    stale = browser.post(f"{url}edit/", data)
    assert stale.status_code == 409
    assert browser.post(f"{url}switch/", {"version": plan.version}).status_code == 302
    plan.refresh_from_db()
    assert not plan.active
    assert "已停用，不会自动发起" in text_of(browser.get(url))


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"weekdays": []}, "请选星期几。"),
        ({"every": "weeks", "weeks": "第三周"}, "“第三周”看不懂，请写成 1-8,10 这样。"),
        ({"every": "monthly", "day": "32"}, "不能大于 31。"),
        ({"every": "monthly", "day": ""}, "请写 1 到 31。"),
        ({"ends_on": "2026-11-01"}, "结束日期不能早于开始日期。"),
        ({"pick": "asset"}, "请写是哪种设备，如 饮水机。"),
        ({"people": "赵老师"}, "没有找到“赵老师”"),
        ({"days": "0"}, "不能小于 1。"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(over, words):
    make.teacher()
    make.rooms(1)
    one = make.checklist()
    answer = enter(make.clerk()).post(f"/checks/lists/{one.pk}/schedules/new/", DATA | over)
    assert answer.status_code == 200
    assert words in text_of(answer)
    assert Schedule.objects.count() == 0


def test_who_may_plan():
    plan = make.schedule()
    url = f"/checks/schedules/{plan.pk}/"
    for who, reads, writes in (
        (make.warden(), 200, 200), (make.viceprincipal(), 200, 403), (make.steward(), 404, 404), (make.teacher(), 403, 403),
    ):  # fmt: skip
        browser = enter(who)
        assert browser.get(url).status_code == reads, who
        assert browser.get(f"{url}edit/").status_code == writes, who
    assert enter(make.user("steward")).get(f"/checks/lists/{plan.checklist_id}/schedules/new/").status_code == 404


def test_statements_do_not_grow_with_schedules_and_rounds():
    from inspections.services.rounds import start_scheduled

    browser = enter(make.clerk())
    make.rooms(2)
    one = make.checklist()
    plan = make.schedule(one, starts_on=dt.date(2026, 9, 1))
    few = [statements(browser, "/checks/schedules/"), statements(browser, f"/checks/schedules/{plan.pk}/")]
    for number in range(5):
        make.schedule(one, title=f"第{number}")
        start_scheduled(plan, dt.date(2026, 11, 2) + dt.timedelta(days=number))
    many = [statements(browser, "/checks/schedules/"), statements(browser, f"/checks/schedules/{plan.pk}/")]
    assert many == few
    assert max(few) <= 14


def test_the_list_can_be_cut_to_the_schedules_that_run(client):
    running, stopped = make.schedule(), make.schedule()
    type(stopped).objects.filter(pk=stopped.pk).update(active=False)
    client.force_login(make.user(role="clerk"))
    shown = {
        value: list(client.get(f"/checks/schedules/?active={value}").context["page"].filtered)
        for value in ("", "1", "0")
    }
    assert (shown["1"], shown["0"]) == ([running], [stopped])
    assert "未知" not in client.get("/checks/schedules/").content.decode()
