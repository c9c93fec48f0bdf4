"""The month's plan: stored once, then true for good, with what is new under it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from core import clock
from core.models import LogEntry
from core.plan import Month
from core.workflow import RuleBroken
from repairs.models import Ticket
from tests import make
from workplan import reading, services
from workplan.audit import audit
from workplan.models import MonthlyPlan, PlanLine, PlanMember
from workplan.sources import SOURCES

pytestmark = pytest.mark.django_db
NOON = clock.moment(2026, 11, 20, 12, 0)
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
STATEMENTS = 8 + 2 * len(SOURCES)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with clock.at(NOON):
        yield


def page(client: Any, user: Any, address: str = "/plan/") -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def post(client: Any, user: Any, address: str, **data: Any) -> Any:
    client.force_login(user)
    return client.post(address, data)


# ---- storing ------------------------------------------------------------------------------------------------------


def test_the_first_look_in_a_month_stores_its_lines_and_a_second_changes_nothing(client, principal) -> None:
    make.ticket(quantity=3)
    assert "寝室灯不亮 3 处待修：3号楼" in page(client, principal)
    line = PlanLine.objects.get()
    assert (line.source, line.count, line.quantity, line.carry) == ("repairs", 1, 3, 0)
    assert [(one.kind, one.key) for one in line.members.all()] == [("ticket", "BX202611-0001")]
    page(client, principal)
    assert PlanLine.objects.count() == 1 and LogEntry.objects.filter(verb="store").count() == 1


def test_a_fault_filed_today_stands_on_this_months_page_today(client, principal) -> None:
    page(client, principal)
    make.ticket(category=make.category("门锁/锁芯"))
    html = page(client, principal)
    assert "寝室门锁/锁芯 1 处待修：3号楼" in html[html.index('id="new"') :]
    assert "寝室门锁/锁芯" not in html[: html.index('id="new"')]
    assert PlanLine.objects.count() == 0


def test_what_was_filed_late_or_opened_again_is_not_lost(client, principal) -> None:
    ticket = make.ticket("done")
    page(client, principal)
    make.ticket(category=make.category("窗帘"), channel="late", reported_at=clock.moment(2026, 11, 2, 9, 0))
    Ticket.objects.filter(pk=ticket.pk).update(state="accepted")
    titles = [line.title for line in reading.live_lines(NOVEMBER, MonthlyPlan.objects.get())]
    assert sorted(titles) == ["寝室灯不亮 1 处待修：3号楼", "寝室窗帘 1 处待修：3号楼"]


def test_done_share_fills_itself(client, principal) -> None:
    first, _second, _third = (make.ticket() for _ in range(3))
    page(client, principal)
    Ticket.objects.filter(pk=first.pk).update(state="declined", end_words="不归学校修")
    assert "完成 1/3" in page(client, principal)


def test_tick_stores_on_the_first_and_only_the_running_month(db) -> None:
    make.ticket(reported_at=clock.moment(2026, 11, 3, 9, 0))
    with clock.at(clock.moment(2026, 12, 1, 0, 30)):
        assert services.daily(dt.date(2026, 11, 30)) == "不是本月，不汇集"
        assert services.daily(dt.date(2026, 12, 1)) == "汇集2026年12月计划"
        assert services.daily(dt.date(2026, 12, 1)) == "2026年12月计划已汇集"
    assert [str(plan) for plan in MonthlyPlan.objects.all()] == ["2026年12月工作计划"]


def test_carry_counts_how_many_earlier_plans_held_the_record() -> None:
    make.ticket(reported_at=clock.moment(2026, 9, 10, 9, 0))
    for month in (9, 10, 11):
        with clock.at(clock.moment(2026, month, 15, 9, 0)):
            services.store(Month(2026, month))
    assert list(PlanLine.objects.order_by("plan__month").values_list("carry", flat=True)) == [0, 1, 2]
    assert list(PlanMember.objects.order_by("pk").values_list("carried", flat=True)) == [0, 1, 2]
    assert list(audit()) == []


def test_a_line_shows_the_highest_carry_of_its_members(client, principal) -> None:
    make.ticket(reported_at=clock.moment(2026, 9, 10, 9, 0))
    with clock.at(clock.moment(2026, 9, 15, 9, 0)):
        services.store(Month(2026, 9))
    make.ticket(reported_at=clock.moment(2026, 9, 20, 9, 0))
    assert "第1次结转" in page(client, principal)


def test_the_same_line_twice_is_refused_by_the_database() -> None:
    plan = services.plan_of(NOVEMBER)
    PlanLine.objects.create(plan=plan, source="repairs", key="1", section="focus", title="甲")
    with pytest.raises(IntegrityError):
        PlanLine.objects.create(plan=plan, source="repairs", key="1", section="focus", title="乙")


def test_what_was_collected_is_neither_ticked_nor_struck_out_by_hand(clerk) -> None:
    make.ticket()
    services.store(NOVEMBER)
    line = PlanLine.objects.get()
    for step in (services.tick, services.withdraw):
        with pytest.raises(RuleBroken, match="由系统汇集"):
            step(line, by=clerk)
    with pytest.raises(IntegrityError):
        PlanLine.objects.update(done=True)


# ---- which months there are ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["/plan/2026-08/", "/plan/2027-12/", "/plan/rubbish/", "/plan/2026-13/", "/plan/?month=rubbish", "/plan/?month="],
)
def test_no_such_month(client, principal, address: str) -> None:
    make.ticket(reported_at=clock.moment(2026, 9, 10, 9, 0))
    client.force_login(principal)
    assert client.get(address).status_code == 404


def test_a_past_month_that_was_never_stored_says_so(client, principal) -> None:
    make.ticket(reported_at=clock.moment(2026, 9, 10, 9, 0))
    html = page(client, principal, "/plan/2026-09/")
    assert "2026年9月的计划当时没有存下来" in html
    assert 'id="new"' not in html and MonthlyPlan.objects.count() == 0


def test_a_past_month_that_was_never_stored_is_not_written_afterwards(client, clerk) -> None:
    make.ticket(reported_at=clock.moment(2026, 9, 10, 9, 0))
    assert post(client, clerk, "/plan/2026-09/prose/", aim="补写", version=1).status_code == 404
    assert post(client, clerk, "/plan/2026-09/lines/new/", section="focus", title="补写").status_code == 404
    assert MonthlyPlan.objects.count() == 0


def test_a_month_to_come_is_live_and_stores_nothing(client, principal) -> None:
    make.ticket(quantity=2)
    html = page(client, principal, "/plan/2026-12/")
    assert "寝室灯不亮 2 处待修：3号楼" in html and "还没有开始" in html
    assert MonthlyPlan.objects.count() == 0


def test_the_month_box_leads_to_its_page(client, principal) -> None:
    client.force_login(principal)
    assert client.get("/plan/?month=2026-12").url == "/plan/2026-12/"


# ---- behind a line -------------------------------------------------------------------------------------------------


def test_behind_a_stored_line_stand_its_tickets_with_their_state_now(client, principal) -> None:
    ticket = make.ticket()
    services.store(NOVEMBER)
    Ticket.objects.filter(pk=ticket.pk).update(state="declined", end_words="不归学校修")
    html = page(client, principal, f"/plan/2026-11/{PlanLine.objects.get().pk}/")
    assert f"/repairs/{ticket.number}/" in html and "不予受理" in html and "1 件，已办结 1 件" in html


def test_behind_a_live_line_stand_exactly_its_tickets(client, principal) -> None:
    old, new = make.ticket(reported_at=clock.moment(2026, 9, 10, 9, 0)), make.ticket()
    lines = {line.section: line for line in reading.live_lines(DECEMBER, None)}
    html = page(client, principal, lines["routine-dormitory"].url)
    assert new.number in html and old.number not in html
    client.force_login(principal)
    for gone in ("/plan/2026-12/live/repairs/1-none-new/", "/plan/2026-12/live/nothing/x/"):
        assert client.get(gone).status_code == 404


def test_a_line_of_another_month_is_not_found(client, principal) -> None:
    make.ticket()
    services.store(NOVEMBER)
    client.force_login(principal)
    assert client.get(f"/plan/2026-12/{PlanLine.objects.get().pk}/").status_code == 404


# ---- by hand -------------------------------------------------------------------------------------------------------


def test_the_office_writes_a_line_changes_it_ticks_it_and_strikes_it_out(client, clerk) -> None:
    facts = {
        "section": "focus",
        "title": "食堂增开 4 号窗口试行两周",
        "reason": "午餐排队 11 分钟",
        "owner": "司务长",
        "due": "2026-11-27",
    }
    answer = post(client, clerk, "/plan/2026-11/lines/new/", **facts)
    assert (answer.status_code, answer.url) == (302, "/plan/2026-11/")
    line = PlanLine.objects.get()
    assert (line.source, line.by, line.due) == ("", clerk, dt.date(2026, 11, 27))
    assert "食堂增开 4 号窗口试行两周" in page(client, clerk)
    post(client, clerk, f"/plan/2026-11/{line.pk}/edit/", **facts | {"owner": "孙司务长"}, version=1)
    line.refresh_from_db()
    assert (line.owner, line.version) == ("孙司务长", 2)
    assert LogEntry.objects.of(line.plan).get(verb="line_edit").changes == {"责任人": ["司务长", "孙司务长"]}
    post(client, clerk, f"/plan/2026-11/{line.pk}/done/")
    line.refresh_from_db()
    assert line.done
    assert "已完成" in page(client, clerk)
    post(client, clerk, f"/plan/2026-11/{line.pk}/undone/")
    post(client, clerk, f"/plan/2026-11/{line.pk}/withdraw/")
    line.refresh_from_db()
    assert (line.done, line.withdrawn) == (False, True)
    assert "食堂增开" not in page(client, clerk)


def test_a_stale_edit_of_a_line_is_told(client, clerk) -> None:
    post(client, clerk, "/plan/2026-11/lines/new/", section="focus", title="清理排水沟")
    line = PlanLine.objects.get()
    PlanLine.objects.update(version=2)
    answer = post(client, clerk, f"/plan/2026-11/{line.pk}/edit/", section="focus", title="别的", version=1)
    assert answer.status_code == 409
    assert PlanLine.objects.get().title == "清理排水沟"


def test_a_stored_line_has_no_edit_page(client, clerk) -> None:
    make.ticket()
    services.store(NOVEMBER)
    client.force_login(clerk)
    line = PlanLine.objects.get()
    for step in ("edit", "done", "withdraw"):
        assert client.get(f"/plan/2026-11/{line.pk}/{step}/").status_code == 404


def test_bad_input_changes_nothing_and_is_explained(client, clerk) -> None:
    answer = post(client, clerk, "/plan/2026-11/lines/new/", section="nowhere", title="", due="明天")
    assert answer.status_code == 200
    assert PlanLine.objects.count() == 0
    html = answer.content.decode()
    assert "请填写这一项。" in html and "日期看不懂" in html


def test_prose_is_written_and_copied_from_last_month(client, clerk) -> None:
    services.write_prose(services.plan_of(Month(2026, 10)), {"aim": "先除隐患，再清积压。"}, by=clerk)
    html = page(client, clerk, "/plan/2026-11/prose/?from=2026-10")
    assert "先除隐患，再清积压。" in html and "照抄上月（2026年10月）" in html
    assert not MonthlyPlan.objects.filter(month=NOVEMBER.first).exists()
    answer = post(client, clerk, "/plan/2026-11/prose/", aim="先除隐患。", version=1)
    assert answer.status_code == 302
    plan = MonthlyPlan.objects.get(month=NOVEMBER.first)
    assert plan.prose == {"aim": "先除隐患。"} | {k: v for k, v in plan.prose.items() if k != "aim"}
    assert "先除隐患。" in page(client, clerk)
    assert post(client, clerk, "/plan/2026-11/prose/", aim="旧的", version=1).status_code == 409
    assert MonthlyPlan.objects.get(month=NOVEMBER.first).prose["aim"] == "先除隐患。"


def test_prose_is_text_not_markup(client, clerk) -> None:
    post(client, clerk, "/plan/2026-11/prose/", aim="<script>alert(1)</script>", version=1)
    assert "<script>alert" not in page(client, clerk)


@pytest.mark.parametrize("role", ["principal", "finance", "viceprincipal"])
def test_readers_read_and_do_not_write(client, role: str) -> None:
    reader = make.user(role)
    html = page(client, reader)
    assert "改正文" not in html
    for address in ("/plan/2026-11/prose/", "/plan/2026-11/lines/new/"):
        assert client.get(address).status_code == 403


@pytest.mark.parametrize("role", ["teacher", "repairer", "warden", "admin"])
def test_who_has_no_plan_gets_none(client, role: str) -> None:
    client.force_login(make.user(role))
    assert client.get("/plan/").status_code == 403
    assert MonthlyPlan.objects.count() == 0


# ---- out -----------------------------------------------------------------------------------------------------------


def test_the_lines_as_excel(client, principal) -> None:
    make.ticket(quantity=3)
    client.force_login(principal)
    answer = client.get("/plan/2026-11/?export=xlsx")
    assert "2026%E5%B9%B411%E6%9C%88.xlsx" in answer["Content-Disposition"]
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.values)
    assert rows[1][:3] == ("序号", "栏目", "工作内容")
    assert rows[2][:3] == (1, "常规工作·宿舍", "寝室灯不亮 3 处待修：3号楼")


def test_head_figures_say_how_it_stands(client, principal) -> None:
    make.ticket(hazard=True)
    html = page(client, principal)
    assert '<a href="/repairs/?hazard=1">' in html and "1 处还没有临时防护" in html
    assert "现在未销号隐患" not in html


def test_another_months_page_says_that_dangers_and_lateness_are_todays(client, principal) -> None:
    make.ticket(hazard=True)
    assert "现在未销号隐患" in page(client, principal, "/plan/2026-12/")


def test_a_stored_reason_says_when_it_was_true(client, principal) -> None:
    make.ticket(quantity=3)
    assert '<span class="no-print">汇集时：</span>' in page(client, principal)

    assert "汇集时：" not in page(client, principal, "/plan/2026-12/")


def test_statements_do_not_grow_with_two_thousand_open_records(client, principal) -> None:
    kinds = [make.category(f"故障{number}") for number in range(30)]
    rooms = [make.place(f"{number}", building_name=f"{number % 8}号楼") for number in range(40)]
    reporter = make.user()
    page(client, principal)  # the empty month is stored now
    few = [_row(number, kinds, rooms, reporter) for number in range(3)]
    Ticket.objects.bulk_create(few)
    assert _statements(client) <= STATEMENTS
    before = _statements(client)
    Ticket.objects.bulk_create([_row(number, kinds, rooms, reporter) for number in range(3, 2000)], batch_size=200)
    assert _statements(client) == before
    html = client.get("/plan/").content.decode()
    assert html.count("<li>") <= 60
    MonthlyPlan.objects.update(stored_at=None)  # now with all of them on the plan
    services.store(NOVEMBER)
    assert PlanMember.objects.count() == 2000
    assert _statements(client) <= STATEMENTS
    assert list(audit()) == []


def _row(number: int, kinds: list, rooms: list, reporter: Any) -> Ticket:
    return Ticket(
        number=f"BX202611-9{number:04}", place=rooms[number % len(rooms)], category=kinds[number % len(kinds)], reporter=reporter,
        reported_at=NOON, due_at=NOON, follow_token=f"t{number}",
    )  # fmt: skip


def _statements(client: Any) -> int:
    client.get("/plan/")
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/plan/").status_code == 200
    return len(asked)


# ---- audit ---------------------------------------------------------------------------------------------------------


def test_audit_names_what_was_tampered_with() -> None:
    make.ticket()
    services.store(NOVEMBER)
    PlanLine.objects.update(count=2)
    PlanMember.objects.update(carried=1)
    found = list(audit())
    assert found == [
        "2026年11月工作计划“寝室灯不亮 1 处待修：3号楼”：写着 2 件，明细是 1 件。",
        "2026年11月工作计划“寝室灯不亮 1 处待修：3号楼”：写着结转 0 次，明细最多 1 次。",
        "2026年11月工作计划：BX202611-0001 写着结转 1 次，应为 0 次。",
    ]
