"""The lists of the ledger: who sees which rows, how they are found, what the sheet holds."""

from io import BytesIO

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from assets import services
from tests import make

pytestmark = pytest.mark.django_db
LISTS = ("assets:list", "assets:mine", "assets:scraps")


def sheet(response):
    """The rows of the first sheet of an Excel answer, from the header on, as {label: value}."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    head = next(n for n, row in enumerate(rows) if row[0] in ("资产编号", "名称", "单号"))
    return [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]


def records(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return list(response.context["records"])


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        ("teacher", (200, 200, 403)), ("repairer", (200, 200, 200)), ("assetkeeper", (200, 200, 200)),
        ("principal", (200, 200, 200)), ("admin", (200, 200, 403)),
    ],
)  # fmt: skip
def test_who_may_open_the_lists(client, role, codes):
    client.force_login(make.user(role=role))

    assert tuple(client.get(reverse(name)).status_code for name in LISTS) == codes


def test_guests_are_sent_to_the_login_page(client):
    assert [client.get(reverse(name)).status_code for name in LISTS] == [302, 302, 302]


def test_cards_are_found_by_name_initials_number_place_and_condition(client):
    client.force_login(make.user(role="assetkeeper"))
    fan = make.card(name="壁扇", number="A-1", place=make.room("212", building_name="3号楼"))
    desk = make.card(name="课桌", number="B-2", quantity=3)
    services.mark(desk.holdings.get(), "broken", by=make.user(), quantity=1)
    url = reverse("assets:list")

    assert records(client, url) == [desk, fan]
    assert records(client, url + "?q=壁扇") == [fan]
    assert records(client, url + "?q=kz") == [desk]
    assert records(client, url + "?q=b-2") == [desk]
    assert records(client, url + "?place=3号楼 212") == [fan]
    assert records(client, url + "?condition=broken") == [desk]
    assert records(client, url + "?place=9号楼") == []


def test_teacher_sees_what_he_keeps_and_nothing_else(client):
    teacher = make.user(role="teacher")
    client.force_login(teacher)
    room = make.room(custodian=teacher)
    own, in_room = make.card(name="投影仪", custodian=teacher), make.card(name="课桌", place=room)
    make.card(name="空调")

    assert records(client, reverse("assets:list")) == [in_room, own]
    assert records(client, reverse("assets:mine")) == [in_room.holdings.get(), own.holdings.get()]
    assert client.get(reverse("assets:list")).context["figures"] == []


def test_tasks_stand_above_the_cards(client):
    client.force_login(make.user(role="assetkeeper"))
    make.card(condition="broken")
    make.scrap()

    figures = client.get(reverse("assets:list")).context["figures"]

    assert [(one["label"], one["value"], one["url"]) for one in figures] == [
        ("待修", 1, "/assets/?condition=broken"), ("报废建议", 1, "/assets/scraps/?answer=open"),
    ]  # fmt: skip


def test_cards_in_excel_with_sums_as_on_the_screen(client):
    client.force_login(make.user(role="finance"))
    room = make.room("212", building_name="3号楼")
    make.card(number="A-1", name="=1+1", quantity=2, cost="360.50", place=room)
    make.card(number="A-2", name="课桌", quantity=40, cost=8000, unit="张")

    screen = client.get(reverse("assets:list")).context["totals"]
    rows = sheet(client.get(reverse("assets:list") + "?export=xlsx"))
    filtered = sheet(client.get(reverse("assets:list") + "?export=xlsx&q=A-1"))

    assert [(row["资产编号"], row["名称"], row["数量"], row["原值"]) for row in rows[:2]] == [
        ("A-2", "课桌", 40, 8000), ("A-1", "=1+1", 2, 360.5),
    ]  # fmt: skip
    assert ("num", "42") in screen
    assert ("num", "¥8,360.50") in screen
    assert rows[1]["存放"] == f"{room} 2 台"
    assert [row["资产编号"] for row in filtered if str(row["资产编号"]).startswith("A-")] == ["A-1"]


def test_what_one_keeps_and_proposals_in_excel(client):
    keeper = make.user(role="assetkeeper")
    client.force_login(keeper)
    make.card(number="A-1", name="投影仪", custodian=keeper)
    proposal = make.scrap(what="旧课桌", quantity=2)

    kept = sheet(client.get(reverse("assets:mine") + "?export=xlsx"))[0]
    scrap = sheet(client.get(reverse("assets:scraps") + "?export=xlsx"))[0]

    assert (kept["名称"], kept["资产编号"], kept["数量"], kept["状况"]) == ("投影仪", "A-1", 1, "在用")
    assert (scrap["单号"], scrap["物品"], scrap["数量"], scrap["结果"]) == (proposal.number, "旧课桌", 2, "待办")


@pytest.mark.parametrize("name", LISTS)
def test_statements_do_not_grow_with_rows(client, name, django_assert_max_num_queries):
    keeper = make.user(role="assetkeeper")
    client.force_login(keeper)
    client.get(reverse(name))  # the process learns what it keeps in memory
    counts = []
    for rows in (1, 3):
        for _ in range(rows):
            card = make.card(quantity=3, custodian=keeper)
            services.mark(card.holdings.get(), "idle", by=keeper, quantity=1)
            make.scrap(card=card, what="")
        with django_assert_max_num_queries(12) as seen:
            client.get(reverse(name))
        counts.append(len(seen))

    assert counts[0] == counts[1]
