"""A job of three lines, one cut, one refused, one raised: page, papers, sheets and plan show the same figures."""

import io
import re
from decimal import Decimal

import pytest
from django.test import Client
from openpyxl import load_workbook

from campus import sessions
from core import clock
from core.plan import Month
from repairs.models import OutsideJob
from repairs.outside import plan
from repairs.outside.rules import paid_so_far
from tests import make

pytestmark = pytest.mark.django_db

D = Decimal
PRICES = {
    "立式离心泵 5.5 kW": (6300, "市场价 6,300 元"), "旧泵拆除外运": (0, "旧泵由学校入库"), "闸阀 DN80": (430, "到货涨价，有凭据"),
}  # fmt: skip
LINES = {  # item: quoted, checked
    "立式离心泵 5.5 kW": ("6,800.00", "6,300.00"), "闸阀 DN80": ("1,680.00", "1,720.00"), "旧泵拆除外运": ("600.00", "0.00"),
}  # fmt: skip


def enter(name):
    browser = Client()
    browser.force_login(make.someone(name))
    session = browser.session
    session["confirmed"] = session["seen"] = sessions.stamp()
    session.save()
    return browser


def text_of(answer):
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def row_of(browser, address, number):
    """The row of a job in the first sheet behind an address, by its header, with two decimals."""
    rows = list(load_workbook(io.BytesIO(b"".join(browser.get(address)))).active.iter_rows(values_only=True))
    head = next(row for row in rows if row and len([cell for cell in row if cell]) > 4)
    found = next(row for row in rows if number in row)
    return {
        name: D(str(value)).quantize(D("0.01"))
        for name, value in zip(head, found, strict=True)
        if isinstance(value, int | float)
    }


def plan_line(key, month):
    return next(line for line in plan.plan_lines(month) if line.key == key)


def test_the_same_figures_before_anything_is_paid():
    job = OutsideJob.objects.get(pk=make.outside_job("settling", prices=PRICES).pk)
    assert [(line.item, f"{line.quoted_amount:,}", f"{line.checked_amount:,}") for line in job.lines.all()] == [
        (item, *pair) for item, pair in LINES.items()
    ]
    assert (job.quoted_amount, job.checked_amount, job.saved_amount, job.retention_amount) == (
        D("9080.00"), D("8020.00"), D("1060.00"), D("401.00"),
    )  # fmt: skip
    finance, month = enter("finance"), Month(2026, 11)
    page, paper = (text_of(finance.get(f"{job.get_absolute_url()}{tail}")) for tail in ("", "print/check/"))
    for shown in (page, paper):
        for item, pair in LINES.items():
            assert all(words in shown for words in (item, *pair)), (item, shown)
        for _, why in PRICES.values():
            assert why in shown
        for amount in ("9,080.00", "8,020.00", "1,060.00"):
            assert amount in shown
    assert "人民币捌仟零贰拾元整" in paper
    assert "7,619.00" in text_of(finance.get(f"{job.get_absolute_url()}pay/"))  # what is due: less 5 % retention

    line = plan_line("settle", month)
    assert (line.count, line.money, line.reason) == (1, D("8020.00"), "1 张待结算，合计 8,020.00 元")
    assert "合计 8,020.00 元" in text_of(enter("director").get("/plan/2026-11/"))


def test_the_same_figures_when_it_is_settled():
    job = OutsideJob.objects.get(pk=make.outside_job("settled", prices=PRICES).pk)
    figures = [job.quoted_amount, job.checked_amount, job.saved_amount, paid_so_far(job)]
    assert figures == [D("9080.00"), D("8020.00"), D("1060.00"), D("7619.00")]
    finance = enter("finance")
    tails = ("", "print/check/")
    for shown in [text_of(finance.get(f"{job.get_absolute_url()}{tail}")) for tail in tails]:
        assert all(f"{amount:,}" in shown for amount in figures), shown

    listed = row_of(finance, "/outside/?export=xlsx", job.number)
    assert [listed[name] for name in ("报价合计", "核定金额", "核减", "已付")] == figures
    month = row_of(finance, "/finance/outside/?month=2026-11&export=xlsx", job.number)
    assert [month[name] for name in ("报价（元）", "核定（元）", "核减（元）", "已付（元）")] == figures
    assert (month["质保金（元）"], month["未付质保金（元）"]) == (D("401.00"), D("401.00"))
    costs = row_of_second(finance, "/finance/repairs/?month=2026-11&export=xlsx", job.number)
    assert costs == figures[3]

    assert plan.plan_lines(Month(2026, 11)) == []
    with clock.at(clock.moment(2028, 11, 1, 9, 0)):
        line = plan_line("retention", Month(2028, 11))
        assert (line.count, line.money, line.reason) == (1, D("401.00"), "合计 401.00 元")
        assert "合计 401.00 元" in text_of(enter("director").get("/plan/2028-11/"))


def row_of_second(browser, address, number):
    """What was paid for a job in the month: the second sheet of 维修明细."""
    book = load_workbook(io.BytesIO(b"".join(browser.get(address))))
    found = next(row for row in book.worksheets[1].iter_rows(values_only=True) if number in row)
    return D(str(found[-1])).quantize(D("0.01"))
