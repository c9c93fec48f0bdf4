"""What repairs cost: materials by the date of the move, returns taken off; screen, sheet and audit agree."""

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
from core.plan import Month
from repairs import costs, services
from repairs.models import Material, Ticket
from stores import services as stores
from tests import make

pytestmark = pytest.mark.django_db
NOVEMBER, OCTOBER = Month(2026, 11), Month(2026, 10)


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Rolled-back rows must not be remembered."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with clock.at(clock.moment(2026, 11, 20, 12, 0)):
        yield


@pytest.fixture
def tube(db: Any) -> Any:
    """灯管 at 10.00, a hundred of them."""
    item = make.item(name="灯管", unit="支")
    with clock.at(clock.moment(2026, 10, 2, 9, 0)):
        make.stock(100, item=item)
    return item


def drawn(ticket: Ticket, item: Any, quantity: int, day: str = "2026-11-10") -> Material:
    """`quantity` of `item` for a ticket, on a day."""
    keeper = make.user("storekeeper")
    year, month, date = map(int, day.split("-"))
    with clock.at(clock.moment(year, month, date, 10, 0)):
        move = stores.issue(
            item,
            make.warehouse(),
            Decimal(quantity),
            by=keeper,
            taker=ticket.lead or keeper,
            reason=f"维修 {ticket.number}",
        )
    return Material.objects.create(ticket=ticket, move=move)


def of(month: Month, user: Any) -> dict[str, Any]:
    found = costs.totals(month, user)
    return {name: found[name] for name in ("reported", "completed", "amount", "minutes")}


def get(client: Any, user: Any, address: str) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def sheet(client: Any, user: Any, address: str) -> tuple[list[tuple], str]:
    client.force_login(user)
    answer = client.get(address)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return list(book.active.values), answer["Content-Disposition"]


def test_materials_count_in_the_month_of_the_move_and_labour_in_the_month_of_acceptance(tube, finance) -> None:
    ticket = make.ticket("done", labour_minutes=40, reported_at=clock.moment(2026, 10, 25, 9, 0))
    drawn(ticket, tube, 3, "2026-10-28")
    drawn(ticket, tube, 2, "2026-11-03")
    assert of(NOVEMBER, finance) == {"reported": 0, "completed": 1, "amount": Decimal("20.00"), "minutes": 40}
    assert of(OCTOBER, finance) == {"reported": 1, "completed": 0, "amount": Decimal("30.00"), "minutes": 0}


def test_what_comes_back_is_taken_off_whoever_brings_it(tube, finance, storekeeper) -> None:
    ticket = make.ticket("doing")
    material = drawn(ticket, tube, 10)
    services.give_back(ticket, by=ticket.lead, material=material, quantity=Decimal(3))
    assert of(NOVEMBER, finance)["amount"] == Decimal("70.00")
    stores.give_back(material.move, Decimal(2), by=storekeeper)
    assert of(NOVEMBER, finance)["amount"] == Decimal("50.00")
    assert list(costs.audit()) == []


def test_a_reversed_draw_costs_nothing(tube, finance, storekeeper) -> None:
    material = drawn(make.ticket("doing"), tube, 10)
    stores.reverse(material.move, by=storekeeper, reason="领错了")
    assert of(NOVEMBER, finance)["amount"] == Decimal("0.00")
    assert list(costs.audit()) == []


def test_a_reversed_return_counts_again(tube, finance, storekeeper) -> None:
    material = drawn(make.ticket("doing"), tube, 10)
    back = stores.give_back(material.move, Decimal(4), by=storekeeper)
    stores.reverse(back, by=storekeeper, reason="没有退")
    assert of(NOVEMBER, finance)["amount"] == Decimal("100.00")
    assert list(costs.audit()) == []


def test_receipts_into_stock_are_no_repair_cost(tube, finance) -> None:
    make.ticket()
    assert of(OCTOBER, finance)["amount"] == Decimal("0.00")


def test_the_list_shows_each_ticket_with_its_materials_and_the_total(client, tube, finance) -> None:
    lamp = make.ticket("done", labour_minutes=40)
    drawn(lamp, tube, 2)
    drawn(make.ticket("doing", place=make.place("401", building_name="5号楼")), tube, 3)
    make.ticket()
    html = get(client, finance, "/finance/repairs/?month=2026-11")
    assert lamp.number in html and "灯管 2 支" in html
    assert "¥50.00" in html and costs.RULE in html
    assert get(client, finance, "/finance/repairs/?month=2026-10").count("BX202611") == 0


def test_the_sheet_says_what_the_screen_says(client, tube, finance) -> None:
    drawn(make.ticket("done", labour_minutes=40), tube, 2)
    drawn(make.ticket("doing"), tube, 3)
    rows, name = sheet(client, finance, "/finance/repairs/?month=2026-11&export=xlsx")
    assert "%E7%BB%B4%E4%BF%AE%E8%B4%B9%E7%94%A8%E6%98%8E%E7%BB%86_2026%E5%B9%B411%E6%9C%88.xlsx" in name
    head, total = rows[1], rows[4]
    amount, minutes = head.index("材料金额（元）"), head.index("工时（分钟）")
    assert [row[amount] for row in rows[2:4]] == [30, 20]
    assert (total[0], total[amount], total[minutes]) == ("合计", 50, 40)
    assert rows[-1][0] == costs.RULE


def test_the_summary_by_building_and_kind_and_its_sheet_agree(client, tube, finance) -> None:
    drawn(make.ticket("done", labour_minutes=90), tube, 2)
    drawn(make.ticket("doing", place=make.place("401", building_name="5号楼")), tube, 3)
    make.ticket(category=make.category("窗帘"))
    html = get(client, finance, "/finance/repairs/summary/?month=2026-11")
    found = costs.summary(NOVEMBER, finance)
    assert [
        (row["building"], row["kind"], row["reported"], row["completed"], row["amount"], row["minutes"])
        for row in found
    ] == [
        ("3号楼", "灯不亮", 1, 1, Decimal("20.00"), 90),
        ("3号楼", "窗帘", 1, 0, Decimal("0.00"), 0),
        ("5号楼", "灯不亮", 1, 0, Decimal("30.00"), 0),
    ]
    assert "¥50.00" in html
    rows, name = sheet(client, finance, "/finance/repairs/summary/?month=2026-11&export=xlsx")
    assert "2026%E5%B9%B411%E6%9C%88.xlsx" in name
    assert rows[5] == ("合计", None, None, None, 3, 1, 50, 0, 50, 1.5)


def test_hours_on_the_screen_are_the_sum_of_the_rounded_rows_as_in_the_sheet(client, tube, finance) -> None:
    client.force_login(finance)
    for name in ("灯不亮", "窗帘", "门锁"):
        make.ticket("done", category=make.category(name), labour_minutes=20)
    page = client.get("/finance/repairs/summary/?month=2026-11")
    rows, _ = sheet(client, finance, "/finance/repairs/summary/?month=2026-11&export=xlsx")
    total = next(row for row in rows if row[0] == "合计")
    assert (page.context["hours"], total[-1]) == (Decimal("0.99"), 0.99)


def test_each_figure_of_the_summary_leads_to_its_records(client, tube, finance) -> None:
    ticket = make.ticket("done")
    drawn(ticket, tube, 2)
    html = get(client, finance, "/finance/repairs/summary/?month=2026-11")
    spot, kind = ticket.place.building_id, ticket.category_id
    for link in (
        f"/repairs/?month=2026-11&amp;building={spot}&amp;category={kind}",
        f"/repairs/?done=2026-11&amp;building={spot}&amp;category={kind}",
        f"/finance/repairs/?month=2026-11&amp;building={spot}&amp;category={kind}",
    ):
        assert f'href="{link}"' in html
    html = get(client, finance, f"/finance/repairs/?month=2026-11&building={spot}&category={kind}")
    assert ticket.number in html and "¥20.00" in html


def test_the_finance_page_lists_both_sheets_with_the_month(client, tube, finance) -> None:
    drawn(make.ticket("done", labour_minutes=90), tube, 2)
    html = get(client, finance, "/finance/")
    assert html.count("¥20.00") == 2
    assert 'href="/finance/repairs/?month=2026-11"' in html and 'href="/finance/repairs/summary/?month=2026-11"' in html


@pytest.mark.parametrize("page", ["", "repairs/", "repairs/summary/"])
def test_a_month_that_is_none_is_not_found(client, finance, page: str) -> None:
    client.force_login(finance)
    assert client.get(f"/finance/{page}?month=rubbish").status_code == 404


@pytest.mark.parametrize("page", ["", "repairs/", "repairs/summary/", "repairs/?export=xlsx"])
def test_only_who_sees_money_sees_the_sheets(client, teacher, page: str) -> None:
    client.force_login(teacher)
    assert client.get(f"/finance/{page}").status_code == 403


def test_a_title_that_looks_like_a_formula_stays_text(client, finance) -> None:
    make.ticket("done", words="=cmd|' /C calc'!A0")
    rows, _ = sheet(client, finance, "/finance/repairs/?month=2026-11&export=xlsx")
    assert "=cmd|' /C calc'!A0" in rows[2]


def test_statements_are_constant_in_rows(client, tube, finance) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            drawn(make.ticket("done"), tube, 1)
        client.force_login(finance)
        client.get("/finance/repairs/")
        found = []
        for page in ("", "repairs/", "repairs/summary/"):
            with CaptureQueriesContext(connection) as asked:
                client.get(f"/finance/{page}")
            found.append(len(asked))
        counts.append(found)
    assert counts[0] == counts[1]
