"""Imports: checked before anything is written, every error by its place, all or nothing, the same file once."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest

from core import clock, imports
from core.models import ImportRun, LogEntry
from stores.models import Item, Warehouse
from tests import make_people
from tests.core.site import StockImporter
from tests.make_core import book, upload

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]
HEAD = ["品名", "规格", "计量单位", "最低库存", "购置日期"]
GOOD = [
    HEAD,
    ["灯管", "T8", "支", 5, "2003.04.18"],
    ["合页", "", "只", "１,２００.5", dt.datetime(2020, 1, 2)],
    [1001.0, "", "个", None, None],
]


@pytest.fixture
def keeper(client: Any, db: Any) -> Any:
    user = make_people.storekeeper()
    client.force_login(user)
    StockImporter.remembered = []
    return user


def send(client: Any, *sheets: tuple[str, list[list[Any]]], follow: bool = True) -> Any:
    return client.post("/items/import/", {"file": book(*sheets)}, follow=follow)


def do(client: Any, response: Any, what: str, **data: Any) -> Any:
    return client.post(f"/items/import/?run={response.context['run'].pk}", {"do": what} | data, follow=True)


def problems(response: Any) -> list[tuple[str, str, str]]:
    return [(line["where"], line["text"], line["problem"]) for line in response.context["lines"]]


def test_a_good_file_is_previewed_and_then_goes_in(client: Any, keeper: Any) -> None:
    Item.objects.create(name="合页", spec="", unit="个")
    shown = send(client, ("库房", [["物品一览表"], [], *GOOD]))
    before = Item.objects.count()

    done = do(client, shown, "apply")

    assert before == 1
    assert "共 3 行：新增 2，更新 1。确认后写入。" in shown.content.decode()
    assert sorted(Item.objects.values_list("name", "unit", "minimum")) == [
        ("1001", "个", 0),
        ("合页", "只", 1200.5),
        ("灯管", "支", 5),
    ]
    assert [str(message) for message in done.context["messages"]] == ["已导入：新增 2，更新 1。"]
    entry, run = LogEntry.objects.get(verb="import"), ImportRun.objects.get()
    assert (entry.by, entry.text) == (keeper, "导入物品“table.xlsx”：新增 2，更新 1")
    assert entry.changes["文件指纹"] == run.digest
    assert run.rows == []


def test_every_error_is_named_by_sheet_row_and_column(client: Any, keeper: Any) -> None:
    rows = [*GOOD, ["", "", "", "", ""], ["灯管", "T8", "支", 1, ""], ["钉", "", "很长的单位", "abc", "2013.2.30"]]

    shown = send(client, ("库房", rows), ("空表", [["什么", "都不是"]]))

    assert problems(shown) == [
        ("库房 · 第 6 行 · 规格", "T8", "与第 2 行重复，每个只能有一行。"),
        ("库房 · 第 7 行 · 单位", "很长的单位", "最多 4 个字，现在是 5 个，请缩短。"),
        ("库房 · 第 7 行 · 最低库存（个）", "abc", "只填数字，如 1234.50。"),
        ("库房 · 第 7 行 · 购置日期", "2013.2.30", "2月没有30日，请改日期。"),
    ]
    assert "这些表没有表头，没有读：空表。" in shown.content.decode()


def test_with_an_error_nothing_goes_in(client: Any, keeper: Any) -> None:
    shown = send(client, ("库房", [*GOOD, ["钉", "", "", "", ""]]))

    refused = do(client, shown, "apply")

    assert (refused.status_code, Item.objects.count()) == (409, 0)
    assert refused.context["problems"] == ["还有 1 行有错，一行都没有导入。"]


def test_bad_rows_are_set_aside_in_plain_sight_and_fetched(client: Any, keeper: Any) -> None:
    shown = send(client, ("库房", [*GOOD, ["+钉", "", "", "x", ""]]))
    done = do(client, shown, "apply-rest")

    response = client.get(f"/items/import/?run={ImportRun.objects.get().pk}&errors=1")

    page = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert "其余 3 行导入，出错的 1 行下载回去改" in shown.content.decode()
    assert "下载出错的 1 行，改好再传" in done.content.decode()
    assert Item.objects.count() == 3
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["品名", "规格", "单位", "最低库存（个）", "购置日期", "问题", "原来的位置"],
        ["+钉", None, None, "x", None, "单位：请填写这一项。；最低库存（个）：只填数字，如 1234.50。", "库房 第 5 行"],
    ]


def test_an_error_while_writing_takes_everything_back(client: Any, keeper: Any) -> None:
    shown = send(client, ("库房", [*GOOD, ["炸", "", "个", "", ""]]))

    refused = do(client, shown, "apply")

    assert refused.context["problems"] == ["第 5 行不能导入。"]
    assert (Item.objects.count(), ImportRun.objects.get().applied_at) == (0, None)
    assert LogEntry.objects.filter(verb="import").count() == 0


def test_the_same_file_twice_makes_no_second_set(client: Any, keeper: Any) -> None:
    given = book(("库房", GOOD))
    content = given.read()
    with clock.at(clock.moment(2026, 11, 22, 10, 12)):
        shown = client.post("/items/import/", {"file": upload(content, "一.xlsx")}, follow=True)
        other = client.post("/items/import/", {"file": upload(content, "二.xlsx")}, follow=True)
        do(client, shown, "apply")

    again = client.post("/items/import/", {"file": upload(content, "三.xlsx")})
    late = do(client, other, "apply")
    twice = do(client, shown, "apply")

    assert again.context["problems"] == [
        "这个文件 11月22日 10:12 已由周保管导入过，没有再导。内容改过的话，请另存后再传。"
    ]
    assert late.context["problems"] == [
        "一行都没有导入：刚刚有人存了同样的内容，或者导入了同一个文件。请重新检查后再导。"
    ]
    assert [str(message) for message in twice.context["messages"]] == ["这个文件已经导入了，没有再导。"]
    assert Item.objects.count() == 3


def test_unknown_names_are_asked_for_once_and_remembered(client: Any, keeper: Any) -> None:
    Warehouse.objects.create(name="总务仓库")
    rows = [["品名", "单位", "仓库"], ["灯", "个", "总务库"], ["钉", "个", "总务库"], ["锁", "个", "总务仓库"]]
    shown = send(client, ("库房", rows))
    lists = [(one["text"], one["choices"]) for one in shown.context["matches"]]
    cheated = do(client, shown, "check", **{"match:where:总务库": "别处"})

    matched = do(client, cheated, "check", **{"match:where:总务库": "总务仓库"})
    do(client, matched, "apply")

    assert lists == [("总务库", [("总务仓库", "总务仓库")])]
    assert (cheated.context["bad"], matched.context["bad"]) == (2, 0)
    assert StockImporter.remembered == [("where", "总务库", "总务仓库")]
    assert Item.objects.count() == 3


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["甲", "乙"], ["1", "2"]], "没有找到表头"),
        ([["品名", "规格"], ["灯", ""]], "“库房”缺少这些列：单位。"),
        ([["品名", "名称", "单位"], ["灯", "x", "个"]], "“库房”有两列都是“品名”"),
        ([HEAD], "表头下面没有内容"),
        ([["", ""]], "表里没有内容"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(client: Any, keeper: Any, rows: list[list[Any]], words: str) -> None:
    response = send(client, ("库房", rows))

    assert words in response.context["problems"][0]
    assert ImportRun.objects.count() == 0


@pytest.mark.parametrize("given", [None, "text", b"", b"<html>", b"\x00\x01"])
def test_what_is_no_table_is_refused(client: Any, keeper: Any, given: Any) -> None:
    data = {} if given is None else {"file": upload(given, "x.xlsx") if isinstance(given, bytes) else given}

    response = client.post("/items/import/", data)

    assert response.status_code == 200
    assert len(response.context["problems"]) == 1


def test_a_row_that_is_there_already_is_an_error_or_passed_over(keeper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Item.objects.create(name="灯管", spec="T8", unit="支")
    found = {}
    for way in ("error", "skip", "update"):
        monkeypatch.setattr(StockImporter, "on_existing", way)
        run = imports.begin(StockImporter(keeper), book(("库房", GOOD)))
        found[way] = {name: run.counts[name] for name in ("new", "update", "skip", "bad")}

    assert found == {
        "error": {"new": 2, "update": 0, "skip": 0, "bad": 1},
        "skip": {"new": 2, "update": 0, "skip": 1, "bad": 0},
        "update": {"new": 2, "update": 1, "skip": 0, "bad": 0},
    }


def test_the_template_is_made_from_the_form_and_understood_again(client: Any, keeper: Any) -> None:
    response = client.get("/items/import/?template=1")

    made = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    heads = [cell.value for cell in made["物品"][1]]
    assert made.sheetnames == ["物品", "填写说明", "例子"]
    assert heads == ["品名", "规格", "单位", "最低库存（个）", "购置日期", "仓库"]
    assert [StockImporter(keeper).heads[imports.plain_head(text)] for text in heads] == [
        "name",
        "spec",
        "unit",
        "minimum",
        "bought",
        "where",
    ]


@pytest.mark.parametrize("run", ["abc", "0", "9" * 40, "²"])
def test_a_run_that_is_not_ones_own_is_404(client: Any, keeper: Any, run: str) -> None:
    theirs = imports.begin(StockImporter(make_people.director()), book(("库房", GOOD)))

    found = [client.get(f"/items/import/?run={one}").status_code for one in (run, theirs.pk)]

    assert found == [404, 404]


def test_the_page_needs_its_permission(client: Any) -> None:
    client.force_login(make_people.repairer())

    response = client.post("/items/import/", {"file": book(("库房", GOOD))})

    assert (response.status_code, ImportRun.objects.count()) == (403, 0)


def test_uploads_that_nobody_confirms_are_forgotten(keeper: Any) -> None:
    with clock.at(clock.now() - dt.timedelta(days=8)):
        imports.begin(StockImporter(keeper), book(("库房", GOOD)))
    imports.begin(StockImporter(keeper), book(("库房", [*GOOD, ["x", "", "个", "", ""]])))

    said = imports.sweep()

    assert (said, ImportRun.objects.count()) == ("清理未确认的导入 1 个", 1)


def test_checking_many_rows_asks_the_database_little(keeper: Any, django_assert_num_queries: Any) -> None:
    rows = [["品名", "单位"], *[[f"物{number}", "个"] for number in range(2000)]]

    with django_assert_num_queries(3):  # the same file before? which keys are there? keep the run
        run = imports.begin(StockImporter(keeper), book(("库房", rows)))

    assert run.counts["new"] == 2000
