"""Findings: noted, filed, put right, looked at again by another person, struck off; and what the database itself holds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock, files
from core.models import LogEntry, Notice
from core.rights import table
from core.workflow import RuleBroken
from inspections.models import Finding, Result
from inspections.rules import FINDING, stage_of
from inspections.services import findings
from repairs import services as repairs
from repairs.models import Ticket
from tests import make

pytestmark = pytest.mark.django_db

FAN = "吊扇/壁扇不转"


@pytest.fixture
def warden():
    return make.warden()


@pytest.fixture
def clerk():
    return make.clerk()


def failed(warden, *, value=1, line="风扇", note="", target=None, **over):
    """A failed cell of a fixture round."""
    if target is None:
        rows = make.fixture_lines()
        for row in rows:
            row.update(over)
        round_ = make.round(make.checklist(rows, scoring="pass"), places=1)
        target = make.targets(round_)[0]
    one = target.round.sheet.lines.get(name=line)
    return Result.objects.create(
        target=target, line=one, value=value, failed=True, note=note, cell=f"c{one.pk}-{target.pk}", by=warden
    )


def stage(finding):
    """The stage by the query and by the rule: they must agree."""
    row = Finding.objects.with_stage().get(pk=finding.pk)
    assert row.stage == stage_of(Finding.objects.get(pk=finding.pk))
    return row.stage


def mended(finding, **over):
    """The finding's ticket as the repairer leaves it."""
    return set_ticket(finding.ticket, "checking", **over)


def set_ticket(ticket, state, **over):
    facts = {"state": state}
    if state in ("checking", "done"):
        facts |= {"lead": make.user("repairer"), "outcome": "repaired", "done_quantity": 1, "finished_at": clock.now()}
    if state == "done":
        facts |= {"completed_at": clock.now(), "completed_by": ticket.reporter}
    Ticket.objects.filter(pk=ticket.pk).update(**facts | over)
    return Ticket.objects.get(pk=ticket.pk)


def broken(call):
    with pytest.raises(RuleBroken) as error:
        call()
    return error.value.reasons


# ---- noted down ---------------------------------------------------------------------------------------------------


def test_a_failed_cell_is_a_finding_and_a_ticket(warden):
    result = failed(warden, value=2, note="不转")

    finding, ticket, joined = findings.from_result(result, by=warden)

    assert (finding.words, finding.area, finding.result, joined) == ("风扇坏 2 处：不转", "dormitory", result, False)
    assert (ticket.channel, ticket.quantity, ticket.reporter, ticket.place) == ("inspection", 2, warden, finding.place)
    assert finding.due_on == clock.today() + dt.timedelta(days=7)
    assert stage(finding) == "fixing"
    assert LogEntry.objects.of(finding).get().text == f"检查发现，报修 {ticket.number}"


def test_an_open_ticket_is_joined(warden):
    result = failed(warden)
    there = make.ticket(place=result.target.place, category=make.category(FAN))

    finding, ticket, joined = findings.from_result(result, by=warden)

    assert (ticket, joined, Ticket.objects.count()) == (there, True, 1)
    assert [f.user for f in ticket.followers.all()] == [warden]
    assert finding.ticket == there


def test_a_line_that_only_lists_makes_no_ticket(warden):
    finding, ticket, joined = findings.from_result(failed(warden, remedy="finding"), by=warden)

    assert (ticket, joined, finding.ticket, stage(finding)) == (None, False, None, "open")


def test_the_same_cell_again_keeps_its_finding(warden):
    result = failed(warden)
    first, _, _ = findings.from_result(result, by=warden)
    result.value = 3

    again, _, joined = findings.from_result(result, by=warden)

    assert (again.pk, again.words, joined, Finding.objects.count()) == (first.pk, "风扇坏 3 处", True, 1)


def test_statements_of_a_failing_cell(warden):
    """Filing of the whole costs what filing costs, and not more than six for the finding itself."""
    make.ticket(by=warden)  # the month's number is there
    make.finding()
    plain = failed(warden)
    with CaptureQueriesContext(connection) as alone:
        repairs.open_ticket(
            place=plain.target.place,
            category=make.category("门扇/合页"),
            by=warden,
            channel="inspection",
            join_open=True,
        )
    with CaptureQueriesContext(connection) as both:
        findings.from_result(plain, by=warden)

    assert len(both) - len(alone) <= 12


def test_a_slip_is_undone_and_its_ticket_withdrawn(warden):
    result = failed(warden)
    finding, ticket, _ = findings.from_result(result, by=warden)

    words = findings.undo_result(result, warden)

    finding.refresh_from_db()
    ticket.refresh_from_db()
    assert words == f"问题 {finding.number} 已作废，报修单 {ticket.number} 已撤销。"
    assert (finding.state, finding.end_words, finding.result) == ("void", "记错更正", None)
    assert ticket.state == "withdrawn"
    result.delete()  # the cell is free


def test_a_slip_leaves_what_others_rely_on(warden):
    result = failed(warden)
    finding, ticket, _ = findings.from_result(result, by=warden)
    make.follower(ticket)

    words = findings.undo_result(result, warden)

    ticket.refresh_from_db()
    assert words == f"问题 {finding.number} 已作废；报修单 {ticket.number} 保留（别人也在跟，或后勤已受理）。"
    assert ticket.state == "new"


def test_a_slip_of_another_stays(warden):
    result = failed(warden)
    finding, _, _ = findings.from_result(result, by=warden)

    words = findings.undo_result(result, make.user("warden"))

    finding.refresh_from_db()
    assert (words, finding.state) == (f"问题 {finding.number} 保留：由发现的人更正。", "open")


def test_no_slip_once_work_began(warden):
    result = failed(warden)
    finding, ticket, _ = findings.from_result(result, by=warden)
    set_ticket(ticket, "doing", lead=make.repairer())

    words = findings.undo_result(result, warden)

    assert words == f"问题 {finding.number} 保留：报修单 {ticket.number} 已经派工，不能按记错更正。"


def test_a_cell_without_finding_has_nothing_to_undo(warden):
    assert findings.undo_result(failed(warden), warden) == ""


def test_reported_beside_a_round_with_cordon_photo_and_ticket(clerk):
    owner = make.repairer()
    finding, ticket, joined = findings.report(
        area="grounds", place=make.place(), words="外墙瓷砖松动", by=clerk, hazard=True, protection="拉警戒线",
        due_on=clock.today() + dt.timedelta(days=3), owner=owner, photos=[make.photo()], category=make.category(FAN),
    )  # fmt: skip

    assert (finding.hazard, finding.protection, ticket.hazard, ticket.protection, joined) == (
        True,
        "拉警戒线",
        True,
        "拉警戒线",
        False,
    )
    assert files.photos(finding, "found").count() == 1
    assert files.photos(ticket, "before").count() == 1
    assert Notice.objects.filter(user=owner, urgent=True).count() == 1


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"words": " "}, "请写一句是什么问题。"),
        ({"due_on": dt.date(2020, 1, 1)}, "整改期限已经过了，请选今天或以后的日子。"),
        ({"protection": "拉警戒线"}, "写了临时防护的，请同时勾选“安全隐患”。"),
        ({"area": "canteen"}, "登记食堂的问题要有这一片的检查权限。"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(warden, over, reason):
    facts = {"area": "dormitory", "place": make.place(), "words": "窗帘脱落", "by": warden} | over

    assert broken(lambda: findings.report(**facts)) == [reason]
    assert Finding.objects.count() == 0


def test_danger_at_a_plain_ticket_is_told_to_the_office(warden, clerk):
    place, category = make.place(), make.category(FAN)
    there = make.ticket(place=place, category=category)

    finding, ticket, joined = findings.report(
        area="dormitory", place=place, words="风扇要掉下来", by=warden, hazard=True, category=category
    )

    assert (ticket, joined, finding.hazard, ticket.hazard) == (there, True, True, False)
    assert Notice.objects.get(user=clerk, urgent=True).text.startswith(f"检查发现有危险，请把 {there.number} 列为隐患")


def test_danger_seen_by_the_office_raises_the_ticket(clerk):
    place, category = make.place(), make.category(FAN)
    make.ticket(place=place, category=category)

    _, ticket, _ = findings.report(
        area="dormitory", place=place, words="风扇要掉下来", by=clerk, hazard=True, category=category
    )

    assert (ticket.hazard, ticket.priority) == (True, 1)


# ---- the stage is read from the ticket ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("new", "fixing"), ("accepted", "fixing"), ("dispatched", "fixing"), ("doing", "fixing"), ("checking", "recheck"),
        ("done", "recheck"), ("asked", "fixing"), ("held", "fixing"), ("declined", "open"), ("withdrawn", "open"),
    ],
)  # fmt: skip
def test_stage_by_the_ticket(state, expected):
    assert stage(make.finding(ticket=make.ticket(state))) == expected


@pytest.mark.parametrize(("state", "expected"), [("doing", "fixing"), ("done", "recheck"), ("declined", "open")])
def test_a_merged_ticket_speaks_through_its_head(state, expected):
    head = make.ticket(state)

    assert stage(make.finding(ticket=make.ticket("duplicate", head=head))) == expected


def test_a_part_that_was_split_off_keeps_it_in_work(clerk):
    ticket = make.ticket("checking", quantity=3)
    finding = make.finding(ticket=ticket)
    rest = make.ticket("dispatched", place=ticket.place, split_from=ticket, quantity=2)

    assert stage(finding) == "fixing"
    assert FINDING.blockers(finding, "pass", clerk) == [f"没修完的 2 处在 {rest.number} 里，修好后再复查。"]


# ---- without a ticket ---------------------------------------------------------------------------------------------


def test_the_road_without_ticket(warden, clerk):
    other = make.user("warden")
    finding = make.finding(found_by=warden)

    done = findings.fixed(finding, by=other, words="重新挂好", photos=[make.photo()])

    assert (stage(done), done.fixed_by, done.fixed_words) == ("recheck", other, "重新挂好")
    closed = findings.pass_recheck(done, by=clerk, words="看过了")
    assert (closed.state, closed.cleared_by, closed.end_words) == ("closed", clerk, "看过了")
    assert [e.verb for e in LogEntry.objects.of(closed)] == ["pass", "fix"]
    assert Notice.objects.get(user=other).text == f"复查合格，已销号：{finding.place.full_name}，窗帘脱落"


def test_a_failed_recheck_goes_back_counted(warden, clerk):
    finding = findings.fixed(make.finding(found_by=warden), by=make.user("warden"), words="挂好")
    later = clock.today() + dt.timedelta(days=3)

    back = findings.fail_recheck(finding, by=clerk, reason="又掉了", due_on=later)

    assert (stage(back), back.recheck_failed, back.fixed_by, back.fixed_at, back.due_on) == (
        "open",
        1,
        None,
        None,
        later,
    )
    assert broken(lambda: findings.pass_recheck(back, by=clerk)) == ["还没有整改，登记整改情况后再复查。"]


def test_a_failed_recheck_needs_its_reason(warden, clerk):
    finding = findings.fixed(make.finding(found_by=warden), by=warden, words="挂好")

    assert broken(lambda: findings.fail_recheck(finding, by=clerk, reason=" ")) == ["请写哪里还不合格。"]


def test_nobody_rechecks_what_he_found_or_put_right(warden):
    fixer = make.user("warden")
    finding = findings.fixed(make.finding(found_by=warden), by=fixer, words="挂好")

    assert broken(lambda: findings.pass_recheck(finding, by=warden)) == ["这个问题是您发现的，要由另一个人到现场复查。"]
    assert broken(lambda: findings.pass_recheck(finding, by=fixer)) == ["您参加了整改，要由另一个人到现场复查。"]
    assert broken(lambda: findings.fail_recheck(finding, by=fixer, reason="不行")) == [
        "您参加了整改，要由另一个人到现场复查。"
    ]


def test_two_accounts_of_one_person_count_as_one(warden):
    warden.phone = "13800000001"
    warden.save()
    twin = make.user("clerk", phone="13800000001")
    finding = findings.fixed(make.finding(found_by=warden), by=make.user("warden"), words="挂好")

    assert broken(lambda: findings.pass_recheck(finding, by=twin)) == [
        f"这个问题是您发现的（与{warden.name}是同一人），要由另一个人到现场复查。"
    ]


@pytest.mark.parametrize("role", ["", "teacher", "steward", "repairer", "finance"])
def test_who_may_not_recheck(warden, role):
    by = make.user(role, is_superuser=True)  # superuser rights give no business step
    finding = findings.fixed(make.finding(found_by=warden), by=warden, words="挂好")

    assert broken(lambda: findings.pass_recheck(finding, by=by)) == ["复查由后勤或这一片的负责人办理。"]


def test_a_hazard_needs_a_photo(warden, clerk):
    finding = findings.fixed(make.finding(found_by=warden, hazard=True), by=warden, words="钉牢")

    assert broken(lambda: findings.pass_recheck(finding, by=clerk)) == ["安全隐患销号要有现场复查的照片，请拍一张。"]
    closed = findings.pass_recheck(finding, by=clerk, photo=make.photo())
    assert (closed.state, files.photos(closed, "cleared").count()) == ("closed", 1)


# ---- with a ticket ------------------------------------------------------------------------------------------------


def test_not_before_it_is_mended(warden, clerk):
    finding, ticket, _ = findings.from_result(failed(warden), by=warden)

    assert broken(lambda: findings.pass_recheck(finding, by=clerk)) == [
        f"报修单 {ticket.number} 现在是“待受理”，修好后再复查。"
    ]
    assert broken(lambda: findings.fixed(finding, by=warden, words="好了")) == [
        f"已经报修，由报修单 {ticket.number} 处理。"
    ]


def test_a_passed_recheck_leaves_acceptance_to_the_reporter(warden, clerk):
    finding, _, _ = findings.from_result(failed(warden), by=warden)
    ticket = mended(finding)

    closed = findings.pass_recheck(finding, by=clerk)

    ticket.refresh_from_db()
    assert (closed.state, ticket.state) == ("closed", "checking")


def test_who_may_accept_the_work_accepts_it_with_the_recheck(warden):
    finding, _, _ = findings.from_result(failed(warden), by=warden)
    keeper = make.user("warden")
    finding.place.custodian = keeper
    finding.place.save()
    ticket = mended(finding)

    findings.pass_recheck(finding, by=keeper)

    ticket.refresh_from_db()
    assert (ticket.state, ticket.completed_by) == ("done", keeper)


def test_a_hazards_ticket_is_cleared_downward(warden, clerk):
    finding, ticket, _ = findings.from_result(failed(warden, hazard=True), by=warden)
    ticket = mended(finding)
    assert broken(lambda: findings.pass_recheck(finding, by=clerk)) == ["安全隐患销号要有现场复查的照片，请拍一张。"]

    findings.pass_recheck(finding, by=clerk, photo=make.photo())

    ticket.refresh_from_db()
    assert (ticket.cleared_by, ticket.cleared_photo.role) == (clerk, "cleared")


def test_who_may_not_clear_the_ticket_does_not_strike_off_the_finding(monkeypatch):
    """No role re-checks without clearing too; the two rights are asked for all the same."""
    inspector = make.user("clerk")
    finding, ticket, _ = findings.report(
        area="canteen", place=make.place(), words="插座烧焦", by=inspector, hazard=True, category=make.category(FAN)
    )
    mended(finding)
    monkeypatch.setitem(table(), "steward", table()["steward"] - {"repairs.clear_hazard"})

    reasons = broken(lambda: findings.pass_recheck(finding, by=make.steward(), photo=make.photo()))

    assert reasons == ["由后勤、宿管或保管人到现场复查后销号。"]
    ticket.refresh_from_db()
    assert (ticket.cleared_by, Finding.objects.get(pk=finding.pk).state) == (None, "open")


def test_lead_and_helper_do_not_strike_off(warden):
    finding, ticket, _ = findings.from_result(failed(warden), by=warden)
    lead, helper = make.user(roles=("repairer", "clerk")), make.user(roles=("repairer", "clerk"))
    mended(finding, lead=lead)
    ticket.helpers.add(helper)

    for person in (lead, helper):
        assert broken(lambda by=person: findings.pass_recheck(finding, by=by)) == [
            "您参加了维修，要由另一个人到现场复查。"
        ]


def test_a_failed_recheck_sends_the_ticket_back(warden, clerk):
    finding, _, _ = findings.from_result(failed(warden), by=warden)
    ticket = mended(finding)

    back = findings.fail_recheck(finding, by=clerk, reason="还是不转", photos=[make.photo()])

    ticket.refresh_from_db()
    assert (ticket.state, ticket.rework_count, back.recheck_failed, stage(back)) == ("doing", 1, 1, "fixing")


def test_a_failed_recheck_reopens_an_accepted_ticket(warden, clerk):
    finding, ticket, _ = findings.from_result(failed(warden), by=warden)
    set_ticket(ticket, "done")

    back = findings.fail_recheck(finding, by=clerk, reason="还是不转")

    ticket.refresh_from_db()
    assert (ticket.state, back.ticket, stage(back)) == ("doing", ticket, "fixing")


def test_who_may_not_reopen_files_a_new_linked_ticket(warden):
    finding, ticket, _ = findings.from_result(failed(warden), by=warden)
    set_ticket(ticket, "done")
    other = make.user("warden")

    back = findings.fail_recheck(finding, by=other, reason="还是不转")

    ticket.refresh_from_db()
    assert ticket.state == "done"
    assert back.ticket != ticket
    assert (back.ticket.again, back.ticket.reporter, stage(back)) == (ticket, other, "fixing")


def test_a_declined_ticket_leaves_it_to_be_put_right(warden):
    finding, ticket, _ = findings.from_result(failed(warden), by=warden)
    set_ticket(ticket, "declined", end_words="不归后勤")

    done = findings.fixed(finding, by=warden, words="自己拧好了")

    assert (done.ticket, stage(done)) == (None, "recheck")
    assert LogEntry.objects.of(done).filter(verb="fix").get().text == f"整改完成（{ticket.number} 不予受理）"


def test_a_finding_is_filed_later(warden):
    finding = make.finding(found_by=warden)

    filed = findings.file_ticket(finding, by=warden, category=make.category(FAN))

    assert (filed.ticket.words, stage(filed)) == ("窗帘脱落", "fixing")
    assert broken(lambda: findings.file_ticket(filed, by=warden, category=make.category(FAN))) == [
        f"已经报修，在 {filed.ticket.number} 里办理。"
    ]


# ---- void, owner, date --------------------------------------------------------------------------------------------


def test_void_needs_a_reason(warden):
    finding = make.finding(found_by=warden)

    assert broken(lambda: findings.void(finding, by=warden, reason="")) == ["作废要写明原因。"]
    gone = findings.void(finding, by=warden, reason="看错房间")
    assert (gone.state, gone.voided_by, gone.end_words) == ("void", warden, "看错房间")


def test_void_is_no_way_round_a_hazard(clerk):
    finding = make.finding(hazard=True, owner=clerk)
    ticket = make.ticket(hazard=True)
    filed = make.finding(hazard=True, ticket=ticket)

    assert broken(lambda: findings.void(finding, by=clerk, reason="没事")) == [
        "这处隐患由您负责整改，不能由您作废；请换一个人。"
    ]
    assert broken(lambda: findings.void(filed, by=clerk, reason="没事")) == [
        f"报修单 {ticket.number} 还列为安全隐患；请先在那张单上写明理由“解除隐患”。"
    ]


def test_owner_and_date(clerk):
    owner = make.repairer()
    finding = make.finding()
    later = clock.today() + dt.timedelta(days=20)

    assert broken(lambda: findings.assign(finding, by=clerk, owner=owner, due_on=later)) == [
        f"期限从{finding.due_on.month}月{finding.due_on.day}日往后改，要写明原因。"
    ]
    done = findings.assign(finding, by=clerk, owner=owner, due_on=later, words="等雨停")

    assert (done.owner, done.due_on) == (owner, later)
    assert Notice.objects.filter(user=owner).count() == 1


# ---- the day -------------------------------------------------------------------------------------------------------


def test_overdue_is_told_once(warden, clerk):
    owner = make.repairer()
    today = clock.today()
    one = make.finding(due_on=today, owner=owner)
    make.finding(due_on=today)
    make.finding(due_on=today + dt.timedelta(days=1))
    days = [today + dt.timedelta(days=number) for number in range(4)]

    said = [findings.tell_overdue(day) for day in days]

    assert said == ["", "2 个问题超期", "1 个问题超期", ""]
    assert [n.text for n in Notice.objects.filter(user=owner)] == [f"问题超期没有销号：{one.place.full_name}，窗帘脱落"]
    assert Notice.objects.filter(user=clerk).count() == 2
    assert Notice.objects.filter(user=warden).count() == 2


# ---- what the database holds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["cleared_by_finder", "cleared_by_fixer", "closed_by_nobody", "closed_unfixed", "void_unsaid", "fixed_by_nobody", "state"]
)  # fmt: skip
def test_constraints(warden, name):
    fixer = make.user("warden")
    finding = make.finding(found_by=warden, fixed_by=fixer, fixed_at=clock.now())
    now = clock.now()
    facts = {
        "cleared_by_finder": {"state": "closed", "cleared_by": warden, "cleared_at": now},
        "cleared_by_fixer": {"state": "closed", "cleared_by": fixer, "cleared_at": now},
        "closed_by_nobody": {"state": "closed"},
        "closed_unfixed": {
            "state": "closed", "cleared_by": make.user(), "cleared_at": now, "fixed_by": None, "fixed_at": None,
        },
        "void_unsaid": {"state": "void", "voided_by": warden},
        "fixed_by_nobody": {"fixed_by": None},
        "state": {"state": "recheck"},
    }[name]  # fmt: skip

    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(**facts)


def test_one_finding_a_cell(warden):
    result = failed(warden)
    findings.from_result(result, by=warden)

    with pytest.raises(IntegrityError), transaction.atomic():
        make.finding(result=result)
