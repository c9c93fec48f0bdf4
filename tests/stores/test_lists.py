"""The lists of the stores: who may look, what the rows say, what the sheet holds."""

from decimal import Decimal as D
from io import BytesIO

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from core import clock
from stores import services
from tests import make

pytestmark = pytest.mark.django_db
LISTS = ("stores:list", "stores:items", "stores:purchases")


def sheet(response):
    """The rows of the first sheet of an Excel answer."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()


def records(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return list(response.context["records"])


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        ("teacher", (403, 403, 403)), ("warden", (403, 403, 403)), ("assetkeeper", (403, 403, 403)),
        ("repairer", (200, 200, 200)), ("clerk", (200, 200, 200)), ("storekeeper", (200, 200, 200)),
        ("principal", (200, 200, 200)),
    ],
)  # fmt: skip
def test_who_may_open_the_lists(client, role, codes):
    client.force_login(make.user(role=role))

    assert tuple(client.get(reverse(name)).status_code for name in LISTS) == codes


def test_guests_are_sent_to_the_login_page(client):
    assert [client.get(reverse(name)).status_code for name in LISTS] == [302, 302, 302]


def test_moves_are_filtered_by_words_kind_and_day(client):
    with clock.at(clock.moment(2026, 11, 22, 9)):
        client.force_login(make.user(role="storekeeper"))
        lamp, hinge = make.item(name="日光灯管"), make.item(name="合页")
        came, other = make.stock(5, item=lamp), make.stock(5, item=hinge)
        went = services.issue(lamp, make.warehouse(), 2, by=make.user(), reason="312 寝室")
        url = reverse("stores:list")

        assert records(client, url) == [went, other, came]
        assert records(client, url + "?q=rgd") == [went, came]
        assert records(client, url + "?q=312") == [went]
        assert records(client, url + "?kind=receipt") == [other, came]
        assert records(client, url + "?since=2026-11-23") == []
        assert records(client, url + "?q=rgd&kind=issue") == [went]


def test_tasks_stand_above_the_moves(client):
    client.force_login(make.user(role="storekeeper"))
    make.stock(2, item=make.item(minimum=3))
    make.purchase()

    figures = client.get(reverse("stores:list")).context["figures"]

    assert [(one["label"], one["value"], one["url"]) for one in figures] == [
        ("要补货", 1, "/stores/items/?low=1"), ("待办申购", 1, "/stores/purchases/?answer=open"),
    ]  # fmt: skip


def test_items_that_must_be_bought(client):
    client.force_login(make.user(role="repairer"))
    low = make.stock(2, item=make.item(name="灯管", minimum=3)).item
    make.stock(9, item=make.item(name="合页", minimum=3))

    assert records(client, reverse("stores:items") + "?low=1") == [low]
    assert "2 支 · 要补货" in client.get(reverse("stores:items")).content.decode()


def test_requests_are_seen_by_office_and_by_who_asked(client):
    mine, other = make.purchase(), make.purchase()
    services.answer_purchase(other, by=make.user(role="clerk"), answer="bought")
    url = reverse("stores:purchases")

    client.force_login(make.user(role="clerk"))
    assert records(client, url) == [other, mine]
    assert records(client, url + "?answer=open") == [mine]
    assert records(client, url + "?answer=bought") == [other]


def test_moves_in_excel_agree_with_the_screen(client):
    with clock.at(clock.moment(2026, 11, 22, 9)):
        client.force_login(make.user(role="finance"))
        item = make.item(name="=cmd|' /C calc'!A0", unit="支")
        make.stock(5, "33.33", item=item)
        services.issue(item, make.warehouse(), 2, by=make.user(), reason="换灯")
        screen = client.get(reverse("stores:list"))
        rows = sheet(client.get(reverse("stores:list") + "?export=xlsx"))

    head = next(row for row in rows if row[0] == "单号")
    body = [dict(zip(head, row, strict=True)) for row in rows[rows.index(head) + 1 :]]
    assert [(row["类型"], row["物品"], row["数量"], row["金额"], row["结存"]) for row in body[:2]] == [
        ("领用", "=cmd|' /C calc'!A0", -2, -13.33, 3), ("入库", "=cmd|' /C calc'!A0", 5, 33.33, 5),
    ]  # fmt: skip
    assert ("num", "¥20.00") in screen.context["totals"]


def test_items_and_requests_in_excel(client):
    client.force_login(make.user(role="storekeeper"))
    make.stock("2.5", 50, item=make.item(name="电线", spec="2.5 平方", unit="卷", minimum=1))
    request = make.purchase(what="合页", quantity=4)
    items = sheet(client.get(reverse("stores:items") + "?export=xlsx"))
    purchases = sheet(client.get(reverse("stores:purchases") + "?export=xlsx"))

    head = next(row for row in items if row[0] == "品名")
    line = dict(zip(head, items[items.index(head) + 1], strict=True))
    assert (line["品名"], line["规格"], line["库存"], line["单位"], line["库存金额"]) == (
        "电线",
        "2.5 平方",
        2.5,
        "卷",
        50,
    )
    head = next(row for row in purchases if row[0] == "单号")
    line = dict(zip(head, purchases[purchases.index(head) + 1], strict=True))
    assert (line["单号"], line["名称规格"], line["数量"], line["结果"]) == (request.number, "合页", 4, "待办")


def test_worth_of_the_stock_is_not_shown_to_who_only_draws(client, settings):
    user = make.user(role="repairer")
    user._permissions = frozenset({"stores.draw"})
    from stores.listings import ItemListing

    assert "stock_value" not in [column.name for column in ItemListing(user).get_columns()]


@pytest.mark.parametrize("name", LISTS)
def test_statements_do_not_grow_with_rows(client, name, django_assert_max_num_queries):
    client.force_login(make.user(role="storekeeper"))
    client.get(reverse(name))  # the process learns what it keeps in memory
    counts = []
    for rows in (1, 3):
        for _ in range(rows):
            make.stock(D(5), item=make.item(minimum=9))
            make.purchase()
        with django_assert_max_num_queries(12) as seen:
            client.get(reverse(name))
        counts.append(len(seen))

    assert counts[0] == counts[1]
