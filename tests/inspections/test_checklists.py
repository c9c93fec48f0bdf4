"""Checklists: versions, the draft line by line, publishing, and that an old version is never touched."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from inspections import defaults
from inspections.models import Checklist, Line, Version
from inspections.services import checklists, rounds
from repairs.defaults import DATA
from tests import make

pytestmark = pytest.mark.django_db


def refused(call, *args, **named) -> list[str]:
    with pytest.raises(RuleBroken) as broken:
        call(*args, **named)
    return broken.value.reasons


def names(sheet: Version) -> list[str]:
    return list(sheet.lines.values_list("name", flat=True))


def test_a_list_of_ones_own_from_nothing_to_published():
    clerk = make.clerk()
    one = checklists.new_checklist(name=" 消防 月查 ", area="safety", scoring="pass", by=clerk)
    assert (one.name, one.area, checklists.published(one)) == ("消防 月查", "safety", None)
    draft = checklists.draft(one)
    line = checklists.save_line(
        draft, by=clerk, name="灭火器", kind="check", words="压力正常", points=Decimal(5), low=1
    )
    assert (line.order, line.points, line.low, line.days) == (1, None, None, 7)
    checklists.save_line(draft, by=clerk, name="出口", kind="check")
    done = checklists.publish(draft, by=clerk)
    assert (done.state, done.number, done.published_by, names(done)) == ("published", 1, clerk, ["灭火器", "出口"])
    verbs = list(LogEntry.objects.of(one).order_by("pk").values_list("verb", "text"))
    assert verbs == [("create", "新建检查表"), ("publish", "发布第1版，2 项")]


def test_a_new_version_leaves_the_old_one_and_the_round_under_way_alone():
    clerk = make.clerk()
    one = make.checklist(make.lines("床铺", "地面"))
    record = make.round(one, by=clerk, places=1)
    draft = checklists.draft_of(one, clerk)
    assert checklists.draft_of(one, clerk) == draft  # there is only one
    assert (draft.number, names(draft)) == (2, ["床铺", "地面"])
    checklists.save_line(draft, by=clerk, line=draft.lines.get(name="地面"), points=Decimal(30))
    checklists.remove_line(draft.lines.get(name="床铺"), by=clerk)
    checklists.save_line(draft, by=clerk, name="阳台", kind="points", points=Decimal(20))
    checklists.publish(draft, by=clerk)
    old = record.sheet
    assert (old.number, names(old), old.lines.get(name="地面").points) == (1, ["床铺", "地面"], 10)
    assert checklists.published(one).number == 2
    later = make.round(one, by=clerk, places=1, slot="pm")
    assert names(later.sheet) == ["地面", "阳台"]
    assert checklists.changes(old, later.sheet) == {"added": ["阳台"], "removed": ["床铺"], "changed": ["地面"]}


def test_a_published_version_takes_no_change():
    clerk = make.clerk()
    one = make.checklist()
    sheet = checklists.published(one)
    line = sheet.lines.first()
    words = "第1版已经发布，检查项不能再改。要改请点“修改检查表”，在新的草稿里改。"
    assert refused(checklists.save_line, sheet, by=clerk, name="阳台", kind="check") == [words]
    assert refused(checklists.remove_line, line, by=clerk) == [words]
    assert refused(checklists.move_line, line, up=False, by=clerk) == [words]
    assert refused(checklists.publish, sheet, by=clerk) == [words]
    assert names(sheet) == ["床铺", "地面", "卫生间", "物品"]


def test_lines_change_places():
    clerk = make.clerk()
    one = make.checklist(make.lines("一", "二", "三"))
    draft = checklists.draft_of(one, clerk)
    checklists.move_line(draft.lines.get(name="三"), up=True, by=clerk)
    assert names(draft) == ["一", "三", "二"]
    checklists.move_line(draft.lines.get(name="一"), up=True, by=clerk)  # the first stays first
    checklists.move_line(draft.lines.get(name="一"), up=False, by=clerk)
    assert names(draft) == ["三", "一", "二"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "points"}, "请写最多扣几分，要大于 0。"),
        ({"kind": "points", "points": Decimal(0)}, "请写最多扣几分，要大于 0。"),
        ({"kind": "value"}, "测量值至少写一个限值：不低于多少，或不高于多少。"),
        ({"kind": "value", "low": Decimal(5), "high": Decimal(3)}, "上限不能小于下限，请改正。"),
        ({"kind": "check", "remedy": "ticket"}, "选了“列入整改并报修”，请再选报修类别。"),
        ({"kind": "check", "name": ""}, "请写简称，填表时它是这一列的标题。"),
        ({"kind": "check", "name": "床铺"}, "这张表里已经有“床铺”，请换一个简称。"),
    ],
)
def test_a_line_that_cannot_be_marked_is_refused(fields, words):
    clerk = make.clerk()
    draft = checklists.draft_of(make.checklist(), clerk)
    assert refused(checklists.save_line, draft, by=clerk, **{"name": "阳台"} | fields) == [words]
    assert draft.lines.count() == 4


def test_a_list_that_passes_or_fails_takes_no_points():
    clerk = make.clerk()
    one = checklists.new_checklist(name="晚点名", area="dormitory", scoring="pass", by=clerk)
    draft = checklists.draft(one)
    assert refused(checklists.save_line, draft, by=clerk, name="人数", kind="points", points=Decimal(5))[0].startswith(
        "这张表按合格、不合格计"
    )
    assert refused(checklists.publish, draft, by=clerk) == ["还没有检查项，请先加几项。"]


def test_publishing_needs_a_difference_and_a_draft_can_be_dropped():
    clerk = make.clerk()
    one = make.checklist()
    draft = checklists.draft_of(one, clerk)
    assert refused(checklists.publish, draft, by=clerk) == ["和第1版没有差别，不用发布。可以放弃这份草稿。"]
    checklists.drop_draft(draft, by=clerk)
    assert (checklists.draft(one), one.versions.count(), Line.objects.count()) == (None, 1, 4)
    fresh = checklists.new_checklist(name="新表", area="safety", by=clerk)
    assert refused(checklists.drop_draft, checklists.draft(fresh), by=clerk)[0].startswith("这张表还没有发布过")


def test_who_changed_it_meanwhile_is_told():
    clerk, director = make.clerk(), make.director()
    draft = checklists.draft_of(make.checklist(), clerk)
    seen = draft.version
    checklists.save_line(draft, by=director, name="阳台", kind="check")
    with pytest.raises(Stale):
        checklists.publish(draft, by=clerk, version=seen)
    with pytest.raises(Stale):
        checklists.remove_line(draft.lines.first(), by=clerk, version=seen)
    assert draft.lines.count() == 5


def test_only_who_manages_the_area_writes_its_lists():
    one = make.checklist(area="dormitory")
    words = "宿舍的检查表和检查安排由这一块的负责人和后勤处管理，您没有这项权限。"
    for who in (make.teacher(), make.repairer(), make.steward(), make.principal()):
        assert refused(checklists.draft_of, one, who) == [words]
        assert words in refused(checklists.new_checklist, name="新表", area="dormitory", by=who)
    assert checklists.draft_of(one, make.warden()).number == 2


def test_a_retired_list_stops_its_schedules_and_starts_nothing():
    clerk = make.clerk()
    one = make.checklist()
    make.rooms(1)
    plan = make.schedule(one)
    checklists.retire(one, by=clerk)
    plan.refresh_from_db()
    one.refresh_from_db()
    assert (one.active, plan.active) == (False, False)
    pairs = [(place, None) for place in make.rooms(1)]
    reasons = refused(rounds.start_round, one, on=clock.today(), targets=pairs, by=clerk)
    assert reasons == [f"{one}已停用，不能再发起检查。"]
    checklists.revive(one, by=clerk)
    assert Checklist.objects.get(pk=one.pk).active


def test_a_copy_takes_lines_and_scores_of_another_list():
    clerk = make.clerk()
    source = make.sheet(base=40, pass_score=20, good_score=30)
    one = checklists.new_checklist(name="照抄", area="safety", by=clerk, like=source)
    draft = checklists.draft(one)
    assert (draft.scoring, draft.base, names(draft)) == ("points", 40, names(source))
    assert set(draft.lines.values_list("pk", flat=True)).isdisjoint(source.lines.values_list("pk", flat=True))


def test_default_lists_are_installed_once_and_stay_as_the_school_made_them():
    rows = [
        {"name": "灯", "kind": "count", "remedy": "ticket", "category": "灯不亮"},
        {"name": "帘", "kind": "check", "remedy": "ticket", "category": "没有这类"},
    ]
    lamp = make.category("灯不亮")
    one = checklists.install("lamps", "楼道灯", "classrooms", "pass", rows)
    sheet = checklists.published(one)
    assert [(line.name, line.remedy, line.category) for line in sheet.lines.all()] == [
        ("灯", "ticket", lamp), ("帘", "finding", None),
    ]  # fmt: skip
    one.name = "走廊灯"
    one.save()
    assert checklists.install("lamps", "楼道灯", "classrooms", "pass", rows) == one
    assert checklists.install("other", "走廊灯", "classrooms", "pass", rows).name == "走廊灯（预设）"


def test_the_safety_lists_name_kinds_of_fault_that_a_school_has():
    with (DATA / "categories.csv").open(encoding="utf-8", newline="") as lines:
        known = {row["name"] for row in csv.DictReader(lines)}
    wanted = {row[3] for _, _, rows, _, _ in defaults.LISTS for row in rows if row[3]}
    assert wanted - known == set()
    for kind in sorted(wanted):
        make.category(kind)
    defaults.ensure()
    defaults.ensure()
    assert [(one.name, checklists.published(one).lines.count()) for one in Checklist.objects.order_by("pk")] == [
        ("安全日查", 7), ("安全周查", 5), ("安全月查", 18), ("安全年检", 4),
    ]  # fmt: skip
    assert Line.objects.filter(remedy="ticket", category=None).count() == 0
