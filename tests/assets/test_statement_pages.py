"""The finance pages of the ledger: the same figures on the screen and in the file."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from assets import defaults
from assets.models import ClassCode, GeneralLedger
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(db: Any) -> None:
    defaults.ensure()
    desk = ClassCode.objects.get(edition=2022, code="A05010203")
    make.card(number="D1", name="课桌", class_code=desk, quantity=50, cost=6000, acquired_on=dt.date(2026, 9, 1))
    make.card(number="L1", name="投影仪", cost=Decimal("3600.55"), acquired_on=dt.date(2026, 11, 5), life_months=72)


def book(client: Any, url: str) -> Any:
    return load_workbook(io.BytesIO(b"".join(client.get(url).streaming_content)))


def row(sheet: Any, first: str) -> tuple[Any, ...]:
    return next(tuple(one) for one in sheet.iter_rows(values_only=True) if one[0] == first)


def test_changes_agree_on_screen_and_in_excel(client: Any, finance: Any, books: None) -> None:
    client.force_login(finance)
    page = client.get("/finance/assets/changes/?month=2026-11")
    text = page.content.decode()
    assert page.status_code == 200 and "¥9,600.55" in text
    sheet = book(client, "/finance/assets/changes/?month=2026-11&export=xlsx").worksheets[0]
    assert row(sheet, "家具和用具")[1:] == (50, 6000, 0, 0, 0, 0, 50, 6000)
    assert row(sheet, "未分类")[1:] == (0, 0, 1, 3600.55, 0, 0, 1, 3600.55)


def test_depreciation_totals_are_those_of_the_rows(client: Any, finance: Any, books: None) -> None:
    client.force_login(finance)
    text = client.get("/finance/assets/depreciation/?month=2026-11").content.decode()
    assert [one in text for one in ("¥9,600.55", "¥150.01", "¥350.01", "¥9,250.54")] == [True] * 4
    found = book(client, "/finance/assets/depreciation/?month=2026-11&export=xlsx")
    assert row(found.worksheets[0], "D1")[6:] == (6000, 100, 300, 5700)
    assert row(found.worksheets[1], "家具和用具")[1:] == (1, 6000, 100, 300, 5700)


def test_the_register_asks_as_often_for_many_cards_as_for_few(
    client: Any, finance: Any, books: None, django_assert_max_num_queries: Any
) -> None:
    client.force_login(finance)
    client.get("/finance/assets/depreciation/")
    for _ in range(30):
        make.card(cost=10, acquired_on=dt.date(2026, 1, 1))
    with django_assert_max_num_queries(9):
        client.get("/finance/assets/depreciation/")


def test_finance_types_the_general_ledger_and_sees_the_difference(client: Any, finance: Any, books: None) -> None:
    client.force_login(finance)
    sent = client.post("/finance/assets/ledger/?month=2026-11", {"furniture": "5990.00", "equipment": ""})
    assert sent["Location"] == "/finance/assets/check/?month=2026-11"
    text = client.get(sent["Location"]).content.decode()
    assert "总账比卡片少 10.00 元" in text and "总账未填报" in text
    assert list(GeneralLedger.objects.values_list("six", "amount")) == [("furniture", Decimal("5990.00"))]


def test_a_wrong_amount_stays_in_the_form(client: Any, finance: Any, books: None) -> None:
    client.force_login(finance)
    sent = client.post("/finance/assets/ledger/?month=2026-11", {"furniture": "一万"})
    assert sent.status_code == 422 and "一万" in sent.content.decode()
    assert not GeneralLedger.objects.exists()


def test_who_may_only_look_may_not_type(client: Any, principal: Any, teacher: Any, books: None) -> None:
    client.force_login(principal)
    assert client.get("/finance/assets/check/").status_code == 200
    assert client.post("/finance/assets/ledger/", {"furniture": "1"}).status_code == 403
    client.force_login(teacher)
    assert client.get("/finance/assets/changes/").status_code == 403
