"""The facade: three firms, a vice-principal for the principal, a firm that fails, extra work, two acceptances, a price check."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from campus.models import Delegation
from core import clock
from finance import defaults as finance_defaults
from finance.models import Expense, PartyMark, Payment
from repairs import services
from repairs.models import Ticket
from repairs.outside.models import OutsideJob
from tests import make
from tests.stories.stage import PHONE, Seat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = (("外墙瓷砖铲除", "平方米", 46), ("界面处理和粉刷", "平方米", 46), ("脚手架", "项", 1))
FIRMS = {"宏图修缮": (35, 88, 2600), "城南建筑": (38, 92, 2800), "鼎盛防水": (40, 95, 3000)}


def go(seat: Seat, job: OutsideJob, move: str = "") -> Any:
    """A page of the job; where the password is asked for again, it is typed."""
    path = job.get_absolute_url() + (f"{move}/" if move else "")
    seat.open(path)
    if "confirm" in seat.page.url:
        seat.page.locator("input[type=password]").fill("lamp-tube-88")
        with seat.page.expect_navigation():
            seat.page.locator("main form button[type=submit]").first.click()
        seat.look()
        if move and f"/{move}/" not in seat.page.url:
            seat.open(path)
    return seat.page


def send(seat: Seat) -> None:
    """Press what the form of the page is for."""
    with seat.page.expect_navigation():
        seat.page.locator("main form[method=post] button[type=submit]").last.click()
    seat.look()


FIGURES = {"quoted": "9,680.00", "checked": "9,380.00", "paid": "8,911.00", "retained": "469.00"}
COLUMNS = {"报价（元）": "quoted", "核定（元）": "checked", "已付（元）": "paid", "质保金（元）": "retained"}


def on_the_page(seat: Seat) -> dict[str, str]:
    """The four figures under the tables of the job's page."""
    words = " ".join(seat.page.locator(".money-total").all_inner_texts())
    labels = {"quoted": "报价合计", "checked": "核定合计", "paid": "已付", "retained": "质保金"}
    return {name: re.search(rf"{label}\s*¥([\d,.]+)", words)[1] for name, label in labels.items()}


def on_the_sheet(seat: Seat, job: OutsideJob, rows: str) -> dict[str, str]:
    """The four figures of the job in the month's table, or those of its total row."""
    heads = seat.page.locator("table.listing thead th").all_inner_texts()
    row = seat.page.locator(f"table.listing {rows} tr").filter(has_text=job.number if rows == "tbody" else "合计").first
    cells = row.locator("th, td").all_inner_texts()
    return {name: cells[heads.index(head)].strip().lstrip("¥") for head, name in COLUMNS.items()}


def in_the_file(path: Any, job: OutsideJob) -> tuple[dict[str, str], dict[str, str]]:
    """The four figures of the job and of the total row, read back from the workbook."""
    rows = list(load_workbook(io.BytesIO(path.read_bytes())).active.iter_rows(values_only=True))
    heads = next(row for row in rows if "报价（元）" in row)
    line = next(row for row in rows if job.number in row)
    at = {name: heads.index(head) for head, name in COLUMNS.items()}
    jobs = [row for row in rows[rows.index(heads) + 1 :] if str(row[0] or "").startswith("WX")]
    shown = {name: f"{Decimal(str(line[place])):,.2f}" for name, place in at.items()}
    return shown, {name: f"{sum(Decimal(str(row[place])) for row in jobs):,.2f}" for name, place in at.items()}


def state(job: OutsideJob) -> str:
    return OutsideJob.objects.get(pk=job.pk).state


def test_the_facade(school, seat, hands, picture):
    people, place = school.people, school.rooms["204"]
    people["viceprincipal"], people["homeroom"] = make.viceprincipal(), make.homeroom()
    place.custodian = people["homeroom"]
    place.save()
    finance_defaults.ensure()
    parties = {name: make.contractor(name) for name in FIRMS}
    faults = [
        services.accept(
            make.ticket(place=place, category=make.category(name), by=people["homeroom"]), by=people["clerk"]
        )
        for name in ("灯不亮", "门锁坏", "下水管漏")
    ]

    # Why not in-house, and three tickets on one job.
    desk = seat("clerk")
    desk.open(reverse("outside:send", args=[faults[0].number]))
    page = desk.page
    page.locator("[name=into][value=new]").check()
    page.locator("[name=promised_on]").fill("2026-07-20")
    page.locator("[name=reason]").fill("高处作业，学校没有资质和脚手架")
    for box in page.locator("[name=others]").all():
        box.check()
    for number, (item, unit, quantity) in enumerate(ROWS):
        for key, value in (("item", item), ("unit", unit), ("quantity", quantity)):
            page.locator(f"[name=lines-{number}-{key}]").fill(str(value))
    send(desk)
    job = OutsideJob.objects.get()
    assert (job.state, job.tickets.filter(live=True).count(), job.lines.count()) == ("proposed", 3, 3)
    assert {Ticket.objects.get(pk=fault.pk).state for fault in faults} == {"held"}

    # Three quotes, compared line by line; the cheapest goes up.
    go(desk, job)
    desk.press("询价")
    keys = list(job.lines.values_list("pk", flat=True))
    for name, prices in FIRMS.items():
        go(desk, job, "quote")
        page.locator("[name=party]").select_option(str(parties[name].pk))
        for key, price in zip(keys, prices, strict=True):
            page.locator(f"[name=price_{key}]").fill(str(price))
        page.locator("[name=warranty_months]").fill("12")
        send(desk)
    assert job.quotes.count() == 3
    go(desk, job, "submit")
    assert all(desk.reads(name) for name in FIRMS)
    desk.shot("compare")
    page.locator("[name=retention_rate]").fill("5")
    send(desk)
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, job.expense.requested_amount, job.expense.approver_role) == (
        "approving",
        Decimal("8258.00"),
        "principal",
    )

    # The vice-principal alone may not; while the principal is away he may, 代, and on the phone.
    deputy = seat("viceprincipal", PHONE)
    go(deputy, job, "approve")
    assert deputy.reads("由校长审批，您没有这项权限")
    today = clock.today()
    Delegation.objects.create(
        absent=people["principal"],
        delegate=people["viceprincipal"],
        starts_on=today,
        ends_on=today + dt.timedelta(days=30),
        basis="外出学习",
    )
    go(deputy, job, "approve")
    deputy.shot("approve")
    send(deputy)
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, job.approved_by, job.approved_for) == ("working", people["viceprincipal"], people["principal"])
    assert deputy.reads("代秦校长")

    # Nobody comes: the firm is marked, the approval void, the next one approved anew.
    hands.forward(days=7)
    desk = seat("clerk")
    page = go(desk, job, "fail")
    page.locator("[name=words]").fill("约了两次没有来")
    send(desk)
    assert state(job) == "quoting"
    assert (PartyMark.objects.get().party, PartyMark.objects.get().kind, Expense.objects.get().state) == (
        parties["宏图修缮"],
        "no_show",
        "void",
    )
    page = go(desk, job, "submit")
    page.locator("[name=single_source]").fill("首选单位违约，其余两家中取低价")
    page.locator("[name=retention_rate]").fill("5")
    send(desk)
    deputy = seat("viceprincipal", PHONE)
    go(deputy, job, "approve")
    send(deputy)
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, job.party, job.approved_amount) == ("working", parties["城南建筑"], Decimal("8780.00"))

    # Behind the wall there is more: its own approval.
    hands.forward(days=3)
    desk, deputy = seat("clerk"), seat("viceprincipal", PHONE)
    page = go(desk, job, "extra")
    page.locator("[name=words]").fill("铲砖后发现砂浆层空鼓")
    for key, value in (("item", "空鼓砂浆层重做"), ("unit", "平方米"), ("quantity", 10), ("price", 90)):
        page.locator(f"[name=lines-0-{key}]").fill(str(value))
    send(desk)
    assert state(job) == "approving"
    go(deputy, job, "approve")
    send(deputy)
    assert OutsideJob.objects.get(pk=job.pk).approved_amount == Decimal("9680.00")

    # Done; the first acceptance fails for one of the three tickets.
    def works_done(words: str) -> None:
        page = go(seat_, job, "done")
        page.locator("[name=words]").fill(words)
        page.locator("input[type=file]").set_input_files(picture)
        send(seat_)

    def accept(failed: Any = None) -> None:
        class_teacher, office = seat("homeroom", PHONE), seat("director")
        page = go(class_teacher, job, "record")
        for row in job.tickets.filter(live=True):
            verdict = "failed" if failed is not None and row.ticket_id == failed.pk else "passed"
            page.locator(f"[name=ticket_{row.ticket_id}][value={verdict}]").check()
        page.locator("[name=words]").fill("窗台下口还空鼓" if failed is not None else "敲击检查没有空鼓")
        class_teacher.shot("accept")
        send(class_teacher)
        go(office, job, "cosign")
        send(office)

    seat_ = desk
    works_done("做完了")
    accept(failed=faults[2])
    states = [Ticket.objects.get(pk=fault.pk).state for fault in faults]
    assert (state(job), states) == ("working", ["done", "done", "held"])
    hands.forward(days=2)
    seat_ = seat("clerk")
    works_done("空鼓已重做")
    accept()
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, {job.acceptor_1, job.acceptor_2}) == ("pricing", {people["homeroom"], people["director"]})
    assert Ticket.objects.get(pk=faults[2].pk).state == "done"

    # Finance: each line, and why; the firm objects to one; settled in words.
    lines = {line.item: line.pk for line in job.lines.all()}
    money_ = seat("finance")

    def check(price: int) -> None:
        page = go(money_, job)
        page.locator(f"[name=price_{lines['脚手架']}]").fill(str(price))
        page.locator(f"[name=why_{lines['脚手架']}]").fill("按实际搭设六天")
        money_.shot("check")
        money_.press("完成核价")

    check(2400)
    assert OutsideJob.objects.get(pk=job.pk).checked_amount == Decimal("9280.00")
    desk = seat("clerk")
    page = go(desk, job, "contest")
    page.locator("[name=words]").fill("单位说搭了八天")
    send(desk)
    check(2500)
    page = go(desk, job, "decide-words")
    page.locator("[name=words]").fill("三方核对，按 2,500 元，单位无其他异议")
    send(desk)
    director = seat("director")
    director.open("/plan/")
    assert director.reads(f"1 张待结算，合计 {FIGURES['checked']} 元")
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, job.checked_amount, job.saved_amount, job.retention_amount) == (
        "settling",
        Decimal(9380),
        Decimal(300),
        Decimal(469),
    )

    # Invoice, payment less 5 %, settled; the paper says it in capitals.
    page = go(desk, job, "invoice")
    page.locator("[name=number]").fill("26332000000001")
    page.locator("[name=amount]").fill("9380")
    send(desk)
    go(money_, job, "pay")
    assert money_.page.locator("[name=amount]").input_value() == "8911.00"
    send(money_)
    go(money_, job, "settle")
    send(money_)
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, Payment.objects.get().amount, job.retention_left) == ("settled", Decimal(8911), Decimal(469))
    money_.open(reverse("outside:print-check", args=[job.number]))
    assert money_.reads("玖仟叁佰捌拾元整")
    assert all(money_.reads(f"¥{FIGURES[name]}") for name in ("checked", "paid", "retained"))
    assert money_.reads(FIGURES["quoted"])
    money_.shot("paper")

    # The month's figures are the same to the 分: the job's page, the sheet, its total, the file.
    go(money_, job)
    assert on_the_page(money_) == FIGURES
    money_.shot("settled")
    month = f"{clock.today():%Y-%m}"
    money_.open("/finance/")
    with money_.page.expect_navigation():
        money_.page.get_by_role("link", name="外修结算").first.click()
    money_.look()
    assert f"month={month}" in money_.page.url
    assert on_the_sheet(money_, job, "tbody") == FIGURES
    assert on_the_sheet(money_, job, "tfoot") == FIGURES
    money_.shot("sheet")
    with money_.page.expect_download() as download:
        money_.find("导出 Excel").click()
    assert in_the_file(download.value.path(), job) == (FIGURES, FIGURES)
    five = {job.ordered_by, job.approved_by, job.acceptor_1, job.acceptor_2, job.checked_by}
    assert len(five) == 5

    # A year later the retention stands on the plan, and on the list.
    hands.set(2027, 7, 1, 9, 0)
    director = seat("director")
    director.open("/plan/")
    assert director.reads("到期质保金 1 笔")
    assert director.reads(f"合计 {FIGURES['retained']} 元")
    director.shot("plan-retention")
    money_ = seat("finance")
    money_.open("/outside/?todo=retention")
    assert money_.reads(job.number)
    go(money_, job, "pay-retention")
    assert money_.page.locator("[name=amount]").input_value() == "469.00"
    send(money_)
    assert OutsideJob.objects.get(pk=job.pk).retention_left == 0
