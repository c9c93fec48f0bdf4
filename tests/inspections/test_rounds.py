"""Starting, changing and ending rounds; what a schedule starts by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from campus import cache
from campus import services as places
from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken
from inspections import audit
from inspections.models import Round, Target
from inspections.round_rules import on_page, past_term, takes_results, walks
from inspections.services import rounds, schedules
from tests import make

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _monday():
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


def refused(call, *args, **named) -> list[str]:
    with pytest.raises(RuleBroken) as broken:
        call(*args, **named)
    return broken.value.reasons


def term(*args) -> None:
    make.term(*args)
    cache.clear()


def test_a_round_takes_the_published_version_and_its_targets():
    warden = make.warden()
    record = make.round(places=3, people=[warden])
    assert record.number == "JC202611-0001"
    assert (record.total, record.done, record.state, record.area) == (3, 0, "open", "dormitory")
    assert [row.place.name for row in make.targets(record)] == ["301", "302", "303"]
    assert list(record.people.all()) == [warden]
    assert LogEntry.objects.of(record).get().text == f"发起检查，3 处，{record.sheet}"
    assert list(audit.audit()) == []


def test_targets_are_places_of_a_kind_in_walking_order_or_equipment():
    for name in ("310", "302", "301"):
        make.place(name)
    make.place("201", floor_name="2层")
    make.place("活动室", room_type="公共活动室")
    hall = make.place("走廊", kind="corridor")
    building = make.building()
    found = rounds.targets_for(building, "room", "学生宿舍居室")
    assert [str(place.name) for place, _ in found] == ["201", "301", "302", "310"]
    assert rounds.targets_for(building, "corridor") == [(hall, None)]
    assert rounds.targets_for(hall, "") == [(hall, None)]
    machine = make.card(name="饮水机", place=hall)
    make.card(name="壁扇", place=hall)
    assert rounds.targets_for(building, "asset", category="饮水机") == [(hall, machine)]
    places.retire(hall)
    hall.refresh_from_db()
    assert rounds.targets_for(building, "corridor") == rounds.targets_for(hall, "") == []


def test_what_cannot_be_started_says_why_and_leaves_nothing():
    term()
    clerk = make.clerk()
    one = make.checklist()
    pairs = [(place, None) for place in make.rooms(2)]
    start = {"on": DAY, "targets": pairs, "by": clerk}
    assert refused(rounds.start_round, one, **start | {"targets": []}) == [
        "选的范围里没有要查的地点或设备，请换一个范围。"
    ]
    assert refused(rounds.start_round, one, **start | {"on": dt.date(2026, 6, 1)}) == [
        "检查日期在过去的学期（以前），不能再发起。请选今天或以后的日期。"
    ]
    assert refused(rounds.start_round, one, **start | {"due_on": DAY - dt.timedelta(days=1)}) == [
        "最后一天不能早于检查日期，请改正。"
    ]
    teacher = make.teacher()
    assert refused(rounds.start_round, one, **start | {"people": [teacher]}) == [
        "赵老师没有这项检查的权限，不能当检查人。请换人，或请管理员先给角色。"
    ]
    assert refused(rounds.start_round, one, **start | {"by": teacher}) == [
        "宿舍的检查表和检查安排由这一块的负责人和后勤处管理，您没有这项权限。"
    ]
    assert refused(rounds.start_round, make.checklist(published=False, name="草稿表"), **start) == [
        "草稿表还没有发布，请先发布再发起检查。"
    ]
    places.retire(pairs[0][0])
    pairs[0][0].refresh_from_db()
    assert refused(rounds.start_round, one, **start) == ["3号楼 3层 301 寝室已停用，不能列入检查。"]
    assert (Round.objects.count(), Target.objects.count()) == (0, 0)


def test_doubled_targets_count_once():
    place = make.place()
    assert make.round(targets=[(place, None), (place, None)]).total == 1


def test_a_place_leaves_the_round_only_without_results():
    clerk = make.clerk()
    record = make.round(by=clerk, places=3)
    rows = make.targets(record)
    make.walked(rows[0], score=90, failed={"地面": 10})
    assert refused(rounds.remove_target, rows[0], by=clerk) == [
        "3号楼 3层 301 寝室已经有检查结果，不能移出。记错了请更正结果。"
    ]
    record = rounds.remove_target(rows[1], by=clerk)
    assert (record.total, record.done) == (2, 1)
    rounds.remove_target(rows[2], by=clerk)
    only = make.round(by=clerk, places=1, slot="am")
    assert refused(rounds.remove_target, make.targets(only)[0], by=clerk) == [
        "检查里只剩这一处，不能移出。不查了请取消整次检查。"
    ]
    assert rounds.add_targets(record, [(place, None) for place in make.rooms(3)], by=clerk) == 2
    assert refused(rounds.add_targets, record, [(make.place("301"), None)], by=clerk) == [
        "这些地点都已经在这次检查里。"
    ]
    assert list(audit.audit()) == []


def test_a_place_that_is_retired_keeps_its_results_and_its_row():
    clerk = make.clerk()
    record = make.round(by=clerk, places=2)
    row = make.targets(record)[0]
    make.walked(row, score=90, failed={"地面": 10})
    places.retire(row.place)
    row.refresh_from_db()
    assert (row.score, row.results.count(), record.targets.count()) == (90, 1, 2)
    assert rounds.close_round(record, by=clerk, words="301 停用").state == "closed"


def test_closing_needs_words_for_what_was_left_out():
    clerk, warden, other = make.clerk(), make.warden(), make.user("warden")
    record = make.round(by=clerk, places=2, people=[warden])
    assert refused(rounds.close_round, record, by=warden) == ["还有 2 处没查，请写明原因。"]
    for row in make.targets(record):
        make.walked(row, warden)
    assert other != warden
    done = rounds.close_round(record, by=warden)
    assert (done.state, done.done, done.closed_by) == ("closed", 2, warden)
    assert refused(rounds.close_round, done, by=clerk) == ["这次检查已经结束了。"]


def test_only_an_untouched_round_is_called_off():
    clerk, warden = make.clerk(), make.warden()
    record = make.round(by=clerk, places=2)
    make.walked(make.targets(record)[0], warden)
    assert refused(rounds.cancel_round, record, by=clerk, words="不查了") == [
        "已经查了 1 处，不能取消。请点“结束检查”，没查的地方写明原因。"
    ]
    fresh = make.round(by=clerk, places=2, slot="pm")
    assert refused(rounds.cancel_round, fresh, by=clerk, words=" ") == ["请写明为什么取消。"]
    assert rounds.cancel_round(fresh, by=clerk, words="停电").state == "cancelled"


def test_which_rounds_take_results():
    term()
    one = make.checklist()
    record = make.round(one, places=1)
    assert takes_results(record) is None
    assert takes_results(make.round(one, places=1, on=dt.date(2026, 6, 1), past=True)).endswith(
        "是过去学期（以前）的检查，不能再填。需要的话，请重新发起一次。"
    )
    with clock.at(clock.moment(2027, 1, 25, 9, 0)):
        assert past_term(DAY) == "2026-2027学年第一学期"
    closed = rounds.close_round(record, by=make.clerk(), words="停电")
    assert takes_results(closed) == "JC202611-0001 已经结束，不再收结果。记错了的，请在结果页上点“更正”。"
    assert walks("dormitory", make.warden()) is None
    assert walks("dormitory", make.teacher()).startswith("您没有宿舍检查的权限")
    assert on_page(closed, closed.sheet_id) is None
    assert "用的是第1版检查表" in on_page(closed, closed.sheet_id + 1)


def test_the_holidays_after_a_term_still_belong_to_it_until_the_next_begins():
    term("第一学期", "2026-09-01", "2027-01-22")
    term("第二学期", "2027-02-22", "2027-07-02")
    with clock.at(clock.moment(2027, 2, 1, 9, 0)):
        assert past_term(dt.date(2027, 1, 30)) is None  # a check in the holidays
        assert past_term(dt.date(2027, 1, 20)) == "第一学期"
    with clock.at(clock.moment(2027, 2, 25, 9, 0)):
        assert past_term(dt.date(2027, 1, 30)) == "第一学期"
        assert past_term(dt.date(2027, 2, 23)) is None


# ---- by itself -----------------------------------------------------------------------------------------------------


def test_the_day_starts_each_wanted_round_once():
    term()
    warden = make.warden()
    make.rooms(3)
    make.schedule(title="每日卫生", people=[warden], slot="am")
    make.schedule(title="周五大扫除", every="weekly", weekdays="5")
    assert rounds.daily(DAY) == "发起检查 1 次，自动结束 0 次"
    assert rounds.daily(DAY) == "发起检查 0 次，自动结束 0 次"
    record = Round.objects.get()
    assert (record.title, record.total, record.slot, record.by) == ("每日卫生 11月23日", 3, "am", None)
    assert list(record.people.all()) == [warden]
    rounds.daily(dt.date(2026, 11, 22))  # a Sunday
    assert Round.objects.count() == 1


def test_a_schedule_that_has_nothing_to_walk_is_named_and_stops_no_other():
    term()
    make.rooms(1)
    make.schedule(title="空的", pick="gate")
    make.schedule(title="好的")
    assert rounds.daily(DAY) == (
        "发起检查 1 次，自动结束 0 次；没有发起：空的：选的范围里没有要查的地点或设备，请换一个范围。"
    )


def test_a_later_day_finds_what_was_missed_and_ends_what_is_done():
    term()
    make.rooms(1)
    make.schedule(title="每日卫生")
    rounds.daily(DAY)
    make.walked(make.targets(Round.objects.get())[0])
    later = clock.moment(2026, 11, 24, 9, 0)
    with clock.at(later):
        assert rounds.daily(later.date()) == "发起检查 1 次，自动结束 1 次"
        first, second = Round.objects.order_by("on")
        assert (first.state, first.end_words) == ("closed", "全部查完")
    with clock.at(clock.moment(2026, 11, 26, 9, 0)):
        assert list(Round.objects.missed()) == [second]
    with clock.at(clock.moment(2027, 1, 26, 9, 0)):
        rounds.daily(dt.date(2027, 1, 26))
        second.refresh_from_db()
        assert (second.state, second.end_words) == ("closed", "2026-2027学年第一学期已结束，没查完")


def test_a_schedule_due_today_starts_at_once_and_is_switched_off_and_on():
    term()
    clerk = make.clerk()
    make.rooms(2)
    fields = {
        "title": "每日卫生", "every": "weekdays", "place": make.floor(), "pick": "room", "days": 1, "starts_on": DAY, "slot": "",
        "weekdays": "", "nth": None, "day": None, "weeks": "", "room_type": "", "category": "", "ends_on": None,
    }  # fmt: skip
    plan = schedules.save_schedule(make.schedule().__class__(checklist=make.checklist()), fields, by=clerk)
    assert plan.rounds.get().total == 2
    off = schedules.switch(plan, by=clerk, on=False)
    assert rounds.daily(dt.date(2026, 11, 24)).startswith("发起检查 1 次")  # of the other schedule
    assert off.rounds.count() == 1
    assert refused(schedules.switch, off, by=clerk, on=False) == ["这个检查安排已经停用了。"]
    assert refused(schedules.save_schedule, plan, fields | {"every": "nth"}, by=clerk) == [
        "请选星期几。", "请选第几个。",
    ]  # fmt: skip
    assert refused(schedules.save_schedule, plan, fields, by=make.teacher())[0].startswith("宿舍的检查表")


def test_the_audit_names_what_disagrees():
    record = make.round(make.checklist(make.lines("床铺", "地面"), base=20, pass_score=5, good_score=10), places=2)
    rows = make.targets(record)
    make.walked(rows[0], score=10, failed={"地面": 10})
    assert list(audit.audit()) == []
    Target.objects.filter(pk=rows[0].pk).update(score=15, failures=0)
    Round.objects.filter(pk=record.pk).update(done=2)
    assert list(audit.audit()) == [
        "JC202611-0001：应查 2、已查 2，明细是 2、1。",
        "JC202611-0001 3号楼 3层 301 寝室：不合格项写 0，明细是 1。",
        "JC202611-0001 3号楼 3层 301 寝室：得分写 15.0，按明细是 10.0。",
    ]
