"""The blank sheet, the result sheet, and the workbook of a round."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    found = Client()
    found.force_login(make.warden())
    return found


def url(one, name):
    return reverse(f"inspections:{name}", args=[one.number])


def test_the_blank_sheet_has_a_page_a_floor(client):
    places = [make.place(f"{floor}{n:02}", floor_name=f"{floor}层") for floor in (1, 2) for n in range(1, 25)]
    one = make.round(places=places)
    page = client.get(url(one, "blank"))
    assert [(paper["where"], len(paper["rows"])) for paper in page.context["papers"]] == [
        ("3号楼 1层", 24),
        ("3号楼 2层", 24),
    ]
    assert page.context["wide"] is False
    text = page.content.decode()
    assert text.count('<article class="paper"') == 2
    assert "床铺<br><small>10</small>" in text


def test_many_lines_lie_across_the_page(client):
    one = make.round(make.checklist(make.lines(*"甲乙丙丁戊己庚辛")), places=30)
    page = client.get(url(one, "blank"))
    assert (page.context["wide"], [len(paper["rows"]) for paper in page.context["papers"]]) == (True, [22, 8])


def test_the_result_sheet_says_what_was_found(client):
    one = make.round(places=3)
    first, second, _ = make.targets(one)
    warden = make.user("warden", name="苏老师")
    make.walked(first, warden, score=96, failed={"床铺": 4})
    make.walked(second, warden)
    page = client.get(url(one, "result"))
    rows = page.context["papers"][0]["rows"]
    assert [(row["name"], row["cells"][0], row["sum"], row["words"]) for row in rows] == [
        ("301", "4", "96", "没收拾；没收拾"), ("302", "", "100", ""), ("303", "", "未查", ""),
    ]  # fmt: skip
    assert [page.context[name] for name in ("count", "walked", "failing", "average", "people")] == [
        3,
        2,
        1,
        "98.00",
        "苏老师",
    ]


def test_the_workbook_holds_every_row_with_real_numbers(client):
    one = make.round(places=2)
    make.walked(make.targets(one)[0], make.user("warden", name="苏老师"), score=96, failed={"床铺": 4})
    answer = client.get(url(one, "result-sheet"))
    page = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    assert rows[0] == [
        "房间",
        "床铺",
        "地面",
        "卫生间",
        "物品",
        "得分",
        "扣分原因",
        "查过",
        "检查人",
        "检查时间",
        "报修单",
    ]
    assert rows[1][:9] == ["3号楼 3层 301 寝室", 4, None, None, None, 96, "没收拾", "是", "苏老师"]
    assert Decimal(str(rows[1][5])) == 96
    assert rows[2][0] == "3号楼 3层 302 寝室"


def test_who_reads_no_rounds_gets_no_paper():
    one = make.round(places=1)
    teacher = Client()
    teacher.force_login(make.teacher())
    assert [teacher.get(url(one, name)).status_code for name in ("blank", "result", "result-sheet", "import")] == [
        403
    ] * 4
