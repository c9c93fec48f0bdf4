"""Entering results: cells, marks, sheets and corrections, with every refusal and every collision."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken
from inspections.models import Finding, Result, Round, Target
from inspections.services.entering import Cell, Row, SheetRefused, correct, enter, enter_sheet
from repairs.models import Ticket
from tests import make

pytestmark = pytest.mark.django_db
_ids = itertools.count(1)


def new() -> str:
    return f"edit-{next(_ids):06}"


@pytest.fixture
def warden():
    return make.warden()


@pytest.fixture
def hygiene():
    return make.round(places=3)


@pytest.fixture
def sweep():
    return make.round(make.checklist(make.fixture_lines(), scoring="pass"), places=2)


def parts(of: Round):
    return make.targets(of), {line.name: line for line in of.sheet.lines.all()}


def put(of: Round, by, row: int, name: str | None, value=None, **over):
    targets, lines = parts(of)
    said = {"id": new(), "value": None if value is None else Decimal(str(value))} | over
    return enter(of, [Cell(targets[row].pk, lines[name].pk if name else None, **said)], by=by)[0]


def mark(of: Round, by, row: int, kind: str, **over):
    return put(of, by, row, None, mark=kind, **over)


def cells():
    return list(Result.objects.order_by("pk").values_list("line__name", "value", "failed", "by__name"))


# ---- one cell --------------------------------------------------------------------------------------------------------


def test_a_cell_takes_points_and_the_row_is_walked(hygiene, warden):
    found = put(hygiene, warden, 0, "床铺", 4, reason="两床被子没叠")

    assert (found.status, found.score, found.failures, found.done) == ("saved", Decimal("96.0"), 1, True)
    assert cells() == [("床铺", Decimal("4.00"), True, warden.name)]
    target = Target.objects.get(pk=make.targets(hygiene)[0].pk)
    assert (target.score, target.reason, target.done_by) == (Decimal("96.0"), "两床被子没叠", warden)
    hygiene.refresh_from_db()
    assert (hygiene.done, hygiene.total) == (1, 3)


def test_the_same_id_twice_changes_nothing(hygiene, warden):
    one = new()
    put(hygiene, warden, 0, "床铺", 4, reason="没叠", id=one)
    again = put(hygiene, warden, 0, "床铺", 4, reason="没叠", id=one)

    assert (again.status, again.score) == ("same", Decimal("96.0"))
    assert len(cells()) == 1
    assert Target.objects.get(pk=again.target).version == 2


def test_a_newer_edit_of_ones_own_takes_its_place(hygiene, warden):
    put(hygiene, warden, 0, "床铺", 4, reason="没叠")
    found = put(hygiene, warden, 0, "床铺", 6)
    put(hygiene, warden, 0, "地面", 3)

    assert (found.status, found.score) == ("saved", Decimal("94.0"))
    assert cells() == [("床铺", Decimal("6.00"), True, warden.name), ("地面", Decimal("3.00"), True, warden.name)]


def test_a_cell_that_is_emptied_counts_as_fine(hygiene, warden):
    put(hygiene, warden, 0, "床铺", 4, reason="没叠")
    found = put(hygiene, warden, 0, "床铺")

    assert (found.status, found.score, found.failures, found.done) == ("saved", Decimal("100.0"), 0, True)
    assert cells() == [("床铺", None, False, warden.name)]


def test_emptying_what_was_empty_walks_nothing(hygiene, warden):
    found = put(hygiene, warden, 0, "床铺")
    assert (found.status, found.done, cells()) == ("same", False, [])


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        (25, "乱", "床铺最多扣 10 分，填了 25。请改成不超过 10。"),
        (-1, "乱", "床铺：填扣的分，不能是负数。"),
        ("2.55", "乱", "床铺：扣分最多一位小数。"),
        ("NaN", "乱", "床铺：请填数字。"),
        (4, None, "床铺扣了分，请写一句原因。写好后自动保存。"),
        (4, "  ", "床铺扣了分，请写一句原因。写好后自动保存。"),
    ],
)
def test_what_a_line_does_not_take_is_refused_and_changes_nothing(hygiene, warden, value, reason, words):
    found = put(hygiene, warden, 0, "床铺", value, reason=reason)

    assert (found.status, found.words, found.done) == ("refused", words, False)
    assert cells() == []


def test_the_score_never_falls_below_zero(warden):
    one = make.round(make.checklist([{"name": "床", "points": 80}, {"name": "地", "points": 80}]), places=1)
    put(one, warden, 0, "床", 80, reason="乱")
    assert put(one, warden, 0, "地", 80).score == Decimal("0.0")


def test_a_measured_value_is_kept_and_fails_outside_its_limits(warden):
    line = {"name": "温度", "kind": "value", "low": 2, "high": 8, "unit": "℃", "reason_needed": True}
    one = make.round(make.checklist([line], scoring="pass"), places=2)

    assert put(one, warden, 0, "温度", "4.5").status == "saved"
    assert put(one, warden, 1, "温度", 11).words == "温度不合格，请写一句原因。写好后自动保存。"
    found = put(one, warden, 1, "温度", 11, note="门没关严")
    assert (found.status, found.failures, found.score) == ("saved", 1, None)
    assert put(one, warden, 1, "温度", "123456").words == "温度：填测得的数，最多五位整数、两位小数。"


# ---- who, and which rounds -------------------------------------------------------------------------------------------


def test_results_of_a_teacher_are_refused(hygiene):
    found = put(hygiene, make.teacher(), 0, "床铺", 4, reason="乱")
    assert (found.status, found.words) == (
        "refused", "您没有宿舍检查的权限，不能记结果。需要的话，请联系后勤处。",
    )  # fmt: skip
    assert cells() == []


def test_a_closed_round_takes_nothing(hygiene, warden):
    Round.objects.update(state="closed", closed_at=clock.now())
    found = put(hygiene, warden, 0, "床铺", 4, reason="乱")
    assert found.words == f"{hygiene.number} 已经结束，不再收结果。记错了的，请在结果页上点“更正”。"


def test_a_round_of_a_past_term_takes_nothing(warden):
    make.term("2025-2026学年第二学期", "2026-02-20", "2026-07-03")
    make.term()
    with clock.at(clock.moment(2026, 11, 23, 9)):
        one = make.round(on=clock.moment(2026, 6, 1).date(), past=True)
        found = put(one, warden, 0, "床铺", 4, reason="乱")
    assert found.words == (
        f"{one.number} 是过去学期（2025-2026学年第二学期）的检查，不能再填。需要的话，请重新发起一次。"
    )


def test_a_room_of_another_round_is_refused(hygiene, warden):
    other = make.round(places=1)
    cell = Cell(make.targets(other)[0].pk, None, new(), mark="full")
    assert enter(hygiene, [cell], by=warden)[0].words == "这一间不在这次检查里，可能已经移出。"


def test_a_line_of_another_version_is_refused(hygiene, warden):
    line = make.sheet().lines.first()
    found = enter(hygiene, [Cell(make.targets(hygiene)[0].pk, line.pk, new(), Decimal(3))], by=warden)[0]
    assert found.words == "这一项不在这次检查的表里，检查表可能换过版次。请刷新页面再录。"


def test_a_batch_stores_what_is_good_and_refuses_the_rest(hygiene, warden):
    targets, lines = parts(hygiene)
    batch = [
        Cell(targets[0].pk, lines["床铺"].pk, new(), Decimal(5), reason="没叠"),
        Cell(targets[0].pk, lines["地面"].pk, new(), Decimal(50)),
        Cell(targets[1].pk, None, new(), mark="full"),
        Cell(10**9, None, new(), mark="full"),
    ]
    found = enter(hygiene.number, batch, by=warden)

    assert [one.status for one in found] == ["saved", "refused", "saved", "refused"]
    assert [one.score for one in found[:3]] == [Decimal("95.0"), Decimal("95.0"), Decimal("100.0")]
    assert Round.objects.get().done == 2


# ---- marks -----------------------------------------------------------------------------------------------------------


def test_a_full_mark_walks_the_row_without_cells_and_open_takes_it_back(hygiene, warden):
    found = mark(hygiene, warden, 0, "full")
    assert (found.status, found.score, found.done, cells()) == ("saved", Decimal("100.0"), True, [])
    assert mark(hygiene, warden, 0, "full").status == "same"
    found = mark(hygiene, warden, 0, "open")
    assert (found.status, found.score, found.done) == ("saved", None, False)
    assert Round.objects.get().done == 0


def test_a_full_mark_clears_ones_own_cells(hygiene, warden):
    put(hygiene, warden, 0, "床铺", 4, reason="没叠")
    found = mark(hygiene, warden, 0, "full")
    assert (found.score, found.failures) == (Decimal("100.0"), 0)
    assert Target.objects.get(pk=found.target).reason == ""


def test_a_locked_room_is_excused_with_words(hygiene, warden):
    assert mark(hygiene, warden, 0, "excused").words == "请写为什么没查，如“锁门未查”。"
    found = mark(hygiene, warden, 0, "excused", note="锁门未查")
    assert (found.status, found.score, found.done, found.excused) == ("saved", None, True, "锁门未查")
    found = put(hygiene, warden, 0, "床铺", 4, reason="没叠")  # opened after all
    assert (found.score, found.excused) == (Decimal("96.0"), "")
    assert mark(hygiene, warden, 0, "excused", note="锁门").words == (
        "这一间已经记了问题，不能再记“未查”。先清掉各格。"
    )


def test_a_row_with_faults_is_not_opened_again(hygiene, warden):
    put(hygiene, warden, 0, "床铺", 4, reason="没叠")
    assert mark(hygiene, warden, 0, "open").words == "这一间已经记了问题，先清掉各格，再改回未查。"


def test_the_reason_can_be_changed_but_not_taken_away(hygiene, warden):
    put(hygiene, warden, 0, "床铺", 4, reason="没叠")
    assert put(hygiene, warden, 0, None, reason="三床没叠").status == "saved"
    assert put(hygiene, warden, 0, None, reason="").words == "床铺扣了分，请写一句原因。写好后自动保存。"
    assert Target.objects.get(pk=make.targets(hygiene)[0].pk).reason == "三床没叠"


def test_a_reason_before_the_first_cell_walks_nothing(hygiene, warden):
    found = put(hygiene, warden, 0, None, reason="没叠")
    assert (found.status, found.done) == ("saved", False)
    assert put(hygiene, warden, 0, "床铺", 4).status == "saved"


# ---- two inspectors --------------------------------------------------------------------------------------------------


def test_somebody_elses_cell_is_a_conflict_that_says_who_and_what(hygiene, warden):
    other = make.user("warden", name="林老师")
    with clock.at(clock.moment(2026, 11, 23, 10, 32)):
        first = put(hygiene, other, 0, "床铺", 4, reason="没叠")
    found = put(hygiene, warden, 0, "床铺", 6)

    assert (found.status, found.words) == (
        "conflict", "床铺：林老师 10:32 已记了 4，和您记的不同。用哪一个？",
    )  # fmt: skip
    assert found.theirs == {
        "cell": first.id, "failed": True, "by": "林老师", "value": "4", "at": "10:32", "reason": "没叠",
    }  # fmt: skip
    assert cells() == [("床铺", Decimal("4.00"), True, "林老师")]
    mine = put(hygiene, warden, 0, "床铺", 6, prev=found.theirs["cell"])
    assert (mine.status, mine.score) == ("saved", Decimal("94.0"))
    assert LogEntry.objects.of(hygiene).get(verb="overwrite").text == "3号楼 3层 301 寝室 床铺：林老师记的 4 改为 6"


def test_the_same_value_from_two_is_no_conflict(hygiene, warden):
    put(hygiene, make.user("warden"), 0, "床铺", 4, reason="没叠")
    assert put(hygiene, warden, 0, "床铺", 4).status == "same"


def test_a_full_mark_over_somebody_elses_points_is_a_conflict(hygiene, warden):
    first = put(hygiene, make.user("warden", name="林老师"), 0, "床铺", 4, reason="没叠")
    found = mark(hygiene, warden, 0, "full")
    assert (found.status, found.theirs["value"]) == ("conflict", "4")
    assert mark(hygiene, warden, 0, "full", prev=first.id).status == "saved"


# ---- findings and tickets --------------------------------------------------------------------------------------------


def test_a_broken_fan_becomes_a_ticket_and_the_second_joins_it(sweep, warden):
    found = put(sweep, warden, 0, "风扇", 2)
    ticket = Ticket.objects.get()

    assert (found.status, found.ticket_number, found.joined) == ("saved", ticket.number, False)
    assert (found.words, found.ticket_url) == (f"已报修 {ticket.number}", ticket.get_absolute_url())
    assert (ticket.quantity, ticket.channel, ticket.reporter) == (2, "inspection", warden)
    other = make.round(sweep.sheet.checklist, places=2)
    found = put(other, make.user("warden"), 0, "风扇", 1)
    assert (found.words, found.joined) == (f"已并入 {ticket.number}", True)
    assert (Ticket.objects.count(), Finding.objects.count()) == (1, 2)


def test_a_slip_is_taken_back_with_its_ticket_and_can_be_made_again(sweep, warden):
    number = put(sweep, warden, 0, "风扇", 1).ticket_number
    found = put(sweep, warden, 0, "风扇")

    finding = Finding.objects.get()
    assert (found.status, found.failures, finding.state, finding.end_words) == ("saved", 0, "void", "记错更正")
    assert found.words == f"问题 {finding.number} 已作废，报修单 {number} 已撤销。"
    assert Ticket.objects.get().state == "withdrawn"
    again = put(sweep, warden, 0, "风扇", 1)
    assert (again.status, again.words) == ("saved", f"已报修 {again.ticket_number}")
    assert Finding.objects.filter(state="open").count() == 1


def test_a_photo_is_asked_for_and_goes_to_the_finding(warden):
    line = {"name": "墙砖", "kind": "check", "remedy": "finding", "photo_needed": True, "reason_needed": False}
    one = make.round(make.checklist([line], scoring="pass"), places=1)

    refused = put(one, warden, 0, "墙砖", failed=True)
    assert (refused.status, refused.words) == ("refused", "墙砖不合格要拍一张照片，拍好后自动保存。")
    assert (cells(), Finding.objects.count()) == ([], 0)
    assert put(one, warden, 0, "墙砖", failed=True, photo=make.photo()).status == "saved"
    from core import files

    assert files.photos(Finding.objects.get()).count() == 1


def test_a_ticket_that_is_refused_takes_its_cell_along(sweep, warden):
    place = make.targets(sweep)[0].place
    type(place).objects.filter(pk=place.pk).update(active=False)
    targets, lines = parts(sweep)
    batch = [
        Cell(targets[0].pk, lines["风扇"].pk, new(), Decimal(1), reason="不转"),
        Cell(targets[0].pk, None, new(), mark="full"),
    ]
    found = enter(sweep, batch, by=warden)

    assert [one.status for one in found] == ["refused", "saved"]
    assert (cells(), Ticket.objects.count(), found[1].failures) == ([], 0, 0)


# ---- a whole sheet ---------------------------------------------------------------------------------------------------


def test_a_sheet_goes_in_whole(hygiene, warden):
    targets, lines = parts(hygiene)
    rows = [
        Row(targets[0].pk, {lines["床铺"].pk: Decimal(4), lines["地面"].pk: Decimal(0)}, reason="没叠"),
        Row(targets[1].pk),
        Row(targets[2].pk, excused="锁门未查"),
    ]
    assert enter_sheet(hygiene, rows, by=warden) == 3
    assert [(t.score, t.failures, t.excused) for t in make.targets(hygiene)] == [
        (Decimal("96.0"), 1, ""), (Decimal("100.0"), 0, ""), (None, 0, "锁门未查"),
    ]  # fmt: skip
    assert Round.objects.get().done == 3
    assert enter_sheet(hygiene, rows, by=warden) == 0


def test_a_sheet_with_one_mistake_stores_nothing(hygiene, warden):
    targets, lines = parts(hygiene)
    rows = [
        Row(targets[0].pk, {lines["床铺"].pk: Decimal(4)}),
        Row(targets[1].pk, {lines["地面"].pk: Decimal(40)}, reason="脏"),
        Row(targets[2].pk),
    ]
    with pytest.raises(SheetRefused) as broken:
        enter_sheet(hygiene, rows, by=warden)
    assert broken.value.errors == {
        (targets[0].pk, None): "床铺扣了分，请写一句原因。",
        (targets[1].pk, lines["地面"].pk): "地面最多扣 10 分，填了 40。请改成不超过 10。",
    }
    assert (cells(), Round.objects.get().done) == ([], 0)


def test_a_sheet_does_not_write_over_somebody_else_unseen(hygiene, warden):
    with clock.at(clock.moment(2026, 11, 23, 10, 32)):
        put(hygiene, make.user("warden", name="林老师"), 0, "床铺", 4, reason="没叠")
    target = make.targets(hygiene)[0]
    for version in (None, 1):
        with pytest.raises(SheetRefused) as broken:
            enter_sheet(hygiene, [Row(target.pk, version=version)], by=warden)
        assert str(broken.value) == "林老师 10:32 已经记过这一间，和您填的不同。请核对后再存。"
    assert enter_sheet(hygiene, [Row(target.pk, version=2)], by=warden) == 1
    assert Target.objects.get(pk=target.pk).score == Decimal("100.0")


def test_a_sheet_files_tickets_and_takes_few_statements(sweep, warden, django_assert_max_num_queries):
    targets, lines = parts(sweep)
    enter_sheet(sweep, [Row(targets[0].pk, {lines["风扇"].pk: Decimal(2)})], by=warden)
    assert Ticket.objects.get().quantity == 2
    one = make.round(places=20)
    by_name = {line.name: line.pk for line in one.sheet.lines.all()}
    rows = [Row(t.pk, {by_name["床铺"]: Decimal(2)}, reason="没叠") for t in make.targets(one)]
    enter_sheet(one, rows[:1], by=warden)
    with django_assert_max_num_queries(8):
        enter_sheet(one, rows, by=warden)


# ---- corrections -----------------------------------------------------------------------------------------------------


def test_a_correction_counts_the_score_anew_and_is_logged(hygiene, warden):
    put(hygiene, warden, 0, "床铺", 4, reason="没叠")
    put(hygiene, warden, 0, "地面", 3)
    Round.objects.update(state="closed", closed_at=clock.now())
    target, lines = parts(hygiene)[0][0], parts(hygiene)[1]
    office = make.clerk()

    with pytest.raises(RuleBroken, match="请写更正的理由"):
        correct(target, cells={lines["床铺"].pk: 0}, by=office, reason=" ")
    found = correct(target, cells={lines["床铺"].pk: Decimal(0)}, by=office, reason="申诉属实")

    assert (found.score, found.failures, found.done_by) == (Decimal("97.0"), 1, warden)
    entry = LogEntry.objects.of(hygiene).get(verb="correct")
    assert entry.text == "更正 3号楼 3层 301 寝室，得分 93 改为 97：申诉属实"
    assert entry.changes == {"床铺": ["4", "正常"]}
    with pytest.raises(RuleBroken, match="没有要更正的"):
        correct(target, cells={lines["床铺"].pk: Decimal(0)}, by=office, reason="申诉属实")
