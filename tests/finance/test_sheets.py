"""The sheets of finance: what the screen says, the Excel says; one month's figures agree on every page and in the plan."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campus import cache
from core import clock
from core.money import plain
from core.plan import Month
from finance import plan as finance_plan
from finance import services
from finance.models import Expense, Payment
from repairs import costs
from repairs.models import Material
from repairs.outside import plan as outside_plan
from repairs.outside import services as jobs
from repairs.outside import sheets as outside_sheets
from repairs.outside.models import OutsideJob
from stores import services as stores
from tests import make

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
PRICES = {"闸阀 DN80": (Decimal(380), "市场价 380 元"), "旧泵拆除外运": (Decimal(0), "学校自己拆")}


@pytest.fixture(autouse=True)
def _monday(monday: Any) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def get(client: Any, user: Any, address: str) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def sheet(client: Any, user: Any, address: str) -> tuple[list[tuple], Any]:
    """The rows of the first sheet, and the book."""
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment"), address
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return list(book.worksheets[0].values), book


def cells(rows: list[tuple], first: str) -> dict[str, Any]:
    """The row that begins with `first`, by its header."""
    head = next(row for row in rows if len([cell for cell in row if cell]) > 2)
    found = next(row for row in rows if row[0] == first)
    return dict(zip(head, found, strict=True))


def test_settlement_shows_the_same_figures_on_page_sheet_and_record(client: Any, finance: Any) -> None:
    job = make.outside_job("settled", prices=PRICES)
    job = OutsideJob.objects.get(pk=job.pk)
    paid = Payment.objects.filter(expense=job.expense).net()
    assert (job.quoted_amount, job.checked_amount, job.saved_amount) == (
        Decimal("9080.00"),
        Decimal("8320.00"),
        Decimal("760.00"),
    )
    assert (job.retention_amount, paid) == (Decimal("416.00"), Decimal("7904.00"))
    html = get(client, finance, "/finance/outside/?month=2026-11")
    rows, _ = sheet(client, finance, "/finance/outside/?month=2026-11&export=xlsx")
    figures = {
        "报价（元）": 9080,
        "核定（元）": 8320,
        "核减（元）": 760,
        "已付（元）": 7904,
        "质保金（元）": 416,
        "未付质保金（元）": 416,
    }
    for first in (job.number, "合计"):
        assert {name: cells(rows, first)[name] for name in figures} == figures
    assert all(f"¥{plain(Decimal(value))}" in html for value in figures.values())
    assert job.number not in get(client, finance, "/finance/outside/?month=2026-10")


def test_payments_sheet(client: Any, finance: Any) -> None:
    make.payment(800), make.claim("paid", 120)
    rows, _ = sheet(client, finance, "/finance/?month=2026-11&export=xlsx")
    total = cells(rows, "合计")
    assert (total["付出（元）"], total["收入（元）"]) == (800, 120)
    rows, _ = sheet(client, finance, "/finance/?month=2026-11&kind=final&export=xlsx")
    assert cells(rows, "合计")["收入（元）"] == 0


def test_income_of_claims_with_what_went_back(client: Any, finance: Any, principal: Any) -> None:
    make.claim("paid", 120, person_name="王小明"), make.claim("refunded", 50)
    rows, _ = sheet(client, finance, "/finance/claims/income/?month=2026-11&export=xlsx")
    assert cells(rows, "合计")["收入（元）"] == 120
    assert any("王小明" in row for row in rows)
    rows, _ = sheet(client, principal, "/finance/claims/income/?month=2026-11&export=xlsx")
    assert not any("王小明" in row for row in rows)


def test_budget_use(client: Any, finance: Any) -> None:
    line = make.budget_line(name="维修（护）费", planned=Decimal(10000))
    expense = make.expense("approved", 800, budget_line=line)
    make.payment(300, expense=expense, kind="prepay")
    make.expense("waiting", 500, budget_line=line)
    rows, _ = sheet(client, finance, "/finance/budget/?year=2026&export=xlsx")
    row = cells(rows, line.code)
    assert [
        row[name] for name in ("预算（元）", "待审批（元）", "已批准（元）", "已付（元）", "余额（元）", "执行（%）")
    ] == [10000, 500, 800, 300, 9200, 8]
    assert "9,200.00" in get(client, finance, "/finance/budget/")


def test_contractors_of_the_year(client: Any, finance: Any) -> None:
    job = make.outside_job("settled", prices=PRICES)
    services.mark(job.party, "no_show", by=finance, words="没来")
    rows, _ = sheet(client, finance, "/finance/contractors/?year=2026&export=xlsx")
    row = cells(rows, job.party.name)
    assert [row[name] for name in ("核价（单）", "核定（元）", "已付（元）", "爽约", "核减（次）")] == [
        1,
        8320,
        7904,
        1,
        1,
    ]
    assert job.party.name not in get(client, finance, "/finance/contractors/?year=2025")


def test_exceptions_are_named(client: Any, finance: Any, director: Any) -> None:
    party = make.party("宏达装饰")
    for _ in range(2):
        make.expense("waiting", 700, party=party, place_words="3号楼外墙")
    make.invoice(party=party, number="25320001"), make.invoice(party=make.party("三友水暖"), number="25320001")
    make.payment(300, expense=make.expense("approved", 300), kind="final")
    job = jobs.emergency(
        make.outside_job("proposed"), by=director, party=make.contractor(), amount=Decimal(3000), reason="水管爆裂"
    )  # fmt: skip
    html = get(client, finance, "/finance/exceptions/?month=2026-11")
    rows, _ = sheet(client, finance, "/finance/exceptions/?month=2026-11&export=xlsx")
    kinds = [row[0] for row in rows[2:] if row[0] and len([cell for cell in row if cell]) > 1]
    assert kinds == ["疑似拆分", "发票重号", "紧急先行未批", "有付款无发票"]
    assert job.number in html and all(kind in html for kind in kinds)
    assert "这个月没有异常" in get(client, finance, "/finance/exceptions/?month=2026-10")


def test_a_paid_job_with_its_invoice_is_no_exception(finance: Any) -> None:
    make.outside_job("settled")
    assert outside_sheets.exceptions(NOVEMBER, finance) == []


def test_repair_cost_is_materials_and_payments_of_outside_repairs_everywhere(client: Any, finance: Any) -> None:
    with clock.at(clock.moment(2026, 11, 2, 9, 0)):
        stock = make.stock(100)
    ticket = make.ticket("doing", place=make.place("401", building_name="5号楼"))
    move = stores.issue(
        stock.item, stock.warehouse, Decimal(2), by=make.user("storekeeper"), taker=ticket.lead, reason="维修"
    )
    Material.objects.create(ticket=ticket, move=move)
    job = make.outside_job("settled", prices=PRICES)
    fallen = make.ticket("accepted", by=make.someone("teacher"), place=make.place("501", building_name="5号楼"))
    wall = make.outside_job("settled", kind="works", tickets=[fallen], title="外墙抢修", category=None)
    garden = make.outside_job("settled", kind="service", place=make.building("5号楼"), title="绿化", category=None)
    summer = make.outside_job("settled", kind="works", place=make.building("5号楼"), title="操场改造", category=None)
    found, materials = costs.totals(NOVEMBER, finance), -move.value
    outside = Payment.objects.filter(expense__in=[job.expense, wall.expense]).net()
    besides = Payment.objects.filter(expense__in=[garden.expense, summer.expense]).net()
    assert Payment.objects.net() == outside + besides
    note = f"另付服务、工程类外修款 {plain(besides)} 元，不算维修费用，见付款明细。"
    assert (found["amount"], found["outside"], found["cost"]) == (materials, outside, materials + outside)
    rows = {(row["building"], row["kind"]): (row["amount"], row["outside"]) for row in costs.summary(NOVEMBER, finance)}
    assert rows["3号楼", job.category.name if job.category else costs.NO_KIND][1] == Decimal("7904.00")
    assert sum(pair[1] for pair in rows.values()) == outside
    assert all(
        job.number != paid.job.number for paid in costs.paid_outside(NOVEMBER, finance) for job in (garden, summer)
    )
    words = [f"¥{plain(amount)}" for amount in (materials, outside, materials + outside)]
    for page in ("/finance/repairs/", "/finance/repairs/summary/"):
        html = get(client, finance, f"{page}?month=2026-11")
        assert all(word in html for word in words), page
        assert costs.RULE in html
    assert words[2] in get(client, finance, "/finance/?month=2026-11")
    lines, _ = sheet(client, finance, "/finance/repairs/summary/?month=2026-11&export=xlsx")
    total = cells(lines, "合计")
    assert [total[name] for name in ("内修材料（元）", "外修付款（元）", "费用合计（元）")] == [
        float(one) for one in (materials, outside, materials + outside)
    ]
    assert lines[-1][0] == costs.RULE
    _, book = sheet(client, finance, "/finance/repairs/?month=2026-11&export=xlsx")
    assert [page.title for page in book.worksheets] == ["维修费用明细", "外修付款"]
    under = list(book.worksheets[1].values)
    assert next(row for row in under if row[0] == "合计")[-1] == float(outside)
    assert under[-1][0] == note
    assert note in get(client, finance, "/finance/repairs/?month=2026-11")
    assert costs.totals(DECEMBER, finance)["cost"] == 0


def test_a_job_whose_ticket_was_taken_off_is_no_repair(finance: Any) -> None:
    def paid_service(place: str) -> OutsideJob:
        ticket = make.ticket("accepted", by=make.someone("teacher"), place=make.place(place))
        job = make.outside_job("working", kind="service", tickets=[ticket])
        jobs.pay(job, by=finance, amount=Decimal(100), on=clock.today(), kind="prepay")
        return OutsideJob.objects.get(pk=job.pk)

    kept, left = paid_service("401"), paid_service("402")
    jobs.take_off(left, by=make.someone("clerk"), ticket=left.tickets.get().ticket, reason="自己修")

    assert [paid.job for paid in costs.paid_outside(NOVEMBER, finance)] == [kept]
    assert [paid.repair for paid in costs.paid_jobs(NOVEMBER, finance)] == [True, False]


def test_a_refund_lowers_the_cost_of_its_month(finance: Any) -> None:
    job = make.outside_job("settled")
    before = costs.totals(NOVEMBER, finance)["outside"]
    with clock.at(clock.moment(2026, 12, 7, 9, 0)):
        jobs.refund(job, by=finance, amount=Decimal(100), on=clock.today(), words="少做一项")
        assert costs.totals(NOVEMBER, finance)["outside"] == before
        assert costs.totals(DECEMBER, finance)["outside"] == Decimal("-100.00")


# ---- the plan -------------------------------------------------------------------------------------------------------


def lines(module: Any, month: Month = NOVEMBER) -> dict[str, Any]:
    return {line.key: line for line in module.plan_lines(month)}


def test_plan_lines_of_finance() -> None:
    assert lines(finance_plan) == {}
    first = make.expense("waiting", 6000, what="外墙修补")
    make.expense("approved", 800), make.claim("due", 120), make.claim("to_judge", 80), make.claim("paid", 5)
    make.contract(title="电梯维保", ends_on=clock.today().replace(day=28))
    make.contract(title="绿化养护")
    found = lines(finance_plan)
    assert set(found) == {"approvals", "contracts", "claims"}
    assert (found["approvals"].count, found["approvals"].money, found["approvals"].section) == (
        1,
        Decimal(6000),
        "coordination",
    )
    assert found["contracts"].title == "合同到期 1 份：电梯维保（11月28日）"
    assert (found["claims"].count, found["claims"].reason) == (2, "还应缴 200.00 元，1 件待认定")
    assert finance_plan.members(NOVEMBER, "approvals") == [("expense", first.number, clock.today())]
    assert [len(finance_plan.members(NOVEMBER, key)) for key in ("contracts", "claims", "nothing")] == [1, 2, 0]
    assert "contracts" not in lines(finance_plan, DECEMBER)


def test_plan_lines_of_outside_jobs(director: Any) -> None:
    assert lines(outside_plan) == {}
    settled, pricing = make.outside_job("settled", warranty_months=12), make.outside_job("pricing")
    working = make.outside_job("working", promised_on=clock.today())
    jobs.emergency(
        make.outside_job("proposed"), by=director, party=make.contractor(), amount=Decimal(3000), reason="水管爆裂"
    )
    found = lines(outside_plan)
    assert set(found) == {"emergency", "work", "settle"}
    assert (found["settle"].count, found["settle"].section) == (1, "routine-finance")
    assert found["emergency"].money == Decimal(3000)
    assert [key for _, key, _ in outside_plan.members(NOVEMBER, "settle")] == [pricing.number]
    assert working.number in [key for _, key, _ in outside_plan.members(NOVEMBER, "work")]
    due = settled.retention_due_on
    with clock.at(clock.moment(due.year, due.month, 2, 9, 0)):
        later = lines(outside_plan, Month.of(due))
        assert later["retention"].money == settled.retention_left
        assert later["work"].section == "focus" and "超过承诺日期" in later["work"].reason
    until = settled.warranty_until
    with clock.at(clock.moment(until.year, until.month, 1, 9, 0)):
        assert "warranty" in lines(outside_plan, Month.of(until))


def test_members_are_the_records_behind_each_line(director: Any) -> None:
    make.expense("waiting", 500), make.claim("due"), make.outside_job("approving"), make.outside_job("pricing")
    for module in (finance_plan, outside_plan):
        found = module.plan_lines(NOVEMBER)
        every = module.all_members(NOVEMBER, [line.key for line in found])
        assert {line.key: line.count for line in found} == {key: len(rows) for key, rows in every.items()}
        for rows in every.values():
            for kind, key, _ in rows:
                it = module.KINDS[kind]
                record = it.show(it.records(director).get(**{it.key: key}))
                assert (record.key, record.closed) == (key, False)


@pytest.mark.parametrize("module", [finance_plan, outside_plan])
def test_two_statements_a_source_however_many_records(module: Any) -> None:
    for _ in range(2):
        (
            make.expense("waiting", 500),
            make.claim("due"),
            make.contract(ends_on=clock.today()),
            make.outside_job("pricing"),
        )
        with CaptureQueriesContext(connection) as asked:
            module.plan_lines(NOVEMBER)
        assert len(asked) <= 2


@pytest.mark.parametrize(
    "page",
    [
        "/finance/",
        "/finance/outside/",
        "/finance/repairs/summary/",
        "/finance/exceptions/",
        "/finance/contractors/",
        "/approvals/",
    ],
)
def test_statements_are_constant_in_rows(client: Any, principal: Any, page: str) -> None:
    client.force_login(principal)
    counts = []
    for _ in range(2):
        make.outside_job("settled"), make.expense("waiting", 6000), make.payment(100)
        client.get(page)
        with CaptureQueriesContext(connection) as asked:
            client.get(page)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert Expense.objects.count() > 0
