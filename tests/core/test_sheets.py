"""Sheets: what Excel gets of each kind of value, hostile text, reading uploads and their limits, the export of a list."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import ValidationError

from core import clock, jobs, sheets
from core.models import Attachment, LogEntry, Notice
from core.sheets import Sheet, cell_text, read_rows, write_workbook
from stores.models import Item
from tests import make_people
from tests.make_core import book, upload

NOW = clock.moment(2025, 11, 30, 23, 30)


def made(*given: Sheet) -> Any:
    stream = io.BytesIO()
    write_workbook(given, stream)
    stream.seek(0)
    return openpyxl.load_workbook(stream)


def cells(kind: str, *values: Any) -> list[tuple[Any, str, str]]:
    page = made(Sheet("x", [("列", kind)], [[value] for value in values], totals=False)).active
    return [(cell.value, cell.data_type, cell.number_format) for (cell,) in page.iter_rows(min_row=2)]


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-5", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0", "#N/A", "=", "-", "\n=1"]
)
@pytest.mark.parametrize("kind", ["text", "money", "int", "date", "state"])
def test_text_is_never_a_formula(text: str, kind: str) -> None:
    assert [(value, type_) for value, type_, _ in cells(kind, text)] == [(text, "s")]


def test_header_heading_and_note_are_text_too() -> None:
    page = made(Sheet("=x", [("=1+1", "text")], [["a"]], heading="=2+2", note="=3+3")).active

    assert [(page[at].value, page[at].data_type) for at in ("A1", "A2", "A5")] == [
        ("=2+2", "s"),
        ("=1+1", "s"),
        ("=3+3", "s"),
    ]


def test_what_xml_cannot_hold_is_left_out() -> None:
    assert cells("text", "a\x00b\x07\ufffe\uffff\ud800c", "x" * 40_000)[0][0] == "abc"
    assert len(cells("text", "x" * 40_000)[0][0]) == 32_767


def test_numbers_and_dates_are_real() -> None:
    assert cells("money", Decimal("1.005"), Decimal("1234667.89000000"), 3, 2.5) == [
        (1, "n", "#,##0.00"), (1234667.89, "n", "#,##0.00"), (3, "n", "#,##0.00"), (2.5, "n", "#,##0.00"),
    ]  # fmt: skip
    assert cells("int", 12, 0)[0] == (12, "n", "General")
    assert cells("decimal", Decimal("1.50"))[0][:2] == (1.5, "n")
    assert cells("date", dt.date(2025, 11, 30)) == [(dt.datetime(2025, 11, 30), "d", "yyyy-mm-dd")]
    assert cells("datetime", NOW, dt.datetime(2025, 1, 2, 3, 4, 5, 999)) == [
        (dt.datetime(2025, 11, 30, 23, 30), "d", "yyyy-mm-dd hh:mm"), (dt.datetime(2025, 1, 2, 3, 4, 5), "d", "yyyy-mm-dd hh:mm"),
    ]  # fmt: skip
    assert cells("date", NOW) == [(dt.datetime(2025, 11, 30), "d", "yyyy-mm-dd")]
    assert [value for value, _, _ in cells("bool", True, None, False)] == ["是", None, "否"]


def test_what_is_no_number_or_date_stays_text() -> None:
    assert cells("money", Decimal("NaN"), "一千")[0][:2] == ("NaN", "s")
    assert cells("money", Decimal("9" * 30))[0][:2] == ("9" * 30, "s")
    assert cells("int", 12345678901234567890, float("inf"))[0][:2] == ("12345678901234567890", "s")
    assert cells("text", "00123", "310115199001011234")[0][:2] == ("00123", "s")
    assert cells("date", "待定", dt.date(1899, 1, 1)) == [("待定", "s", "General"), ("1899-01-01", "s", "General")]


def test_a_sheet_is_ready_to_use_and_print() -> None:
    rows = [["灯", 2, Decimal("10.10")], ["=x", 3, Decimal("0.20")], ["", None, None]]
    page = made(
        Sheet("11月/明细", [("名称", "text"), ("数量", "int+"), ("金额", "money+", 20)], rows, heading="维修明细")
    ).active

    assert page.title == "11月 明细"
    assert [cell.value for cell in page[2]] == ["名称", "数量", "金额"]
    assert [cell.value for cell in page[6]] == ["合计", 5, 10.3]
    assert page["C6"].number_format == "#,##0.00"
    assert (page.freeze_panes, page.auto_filter.ref, page.print_title_rows) == ("A3", "A2:C5", "$2:$2")
    assert (page.page_setup.paperSize, page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (9, 1, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage is True
    assert page.column_dimensions["C"].width == 20


def test_sheet_names_are_made_fit_and_told_apart() -> None:
    book_ = made(*[Sheet(title, [("a", "text")], []) for title in ("a" * 40, "a" * 40, "[]:*?/\\", "A" * 31)])

    assert book_.sheetnames == ["a" * 31, "a" * 27 + " 2", "数据", "A" * 27 + " 3"]


# ---------- the export of a list ----------


@pytest.fixture
def keeper(client: Any, db: Any) -> Any:
    user = make_people.storekeeper()
    client.force_login(user)
    return user


def opened(response: Any) -> Any:
    return openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active


@pytest.mark.django_db
@pytest.mark.urls("tests.core.site")
def test_the_export_holds_all_filtered_rows_in_the_order_of_the_screen(client: Any, keeper: Any) -> None:
    for name in "abcdefg":
        Item.objects.create(name=name, unit="个", category="灯具" if name < "f" else "五金", minimum=2)
    with clock.at(NOW):
        response = client.get("/items/?category=灯具&sort=-name&after=x&export=xlsx")

    page = opened(response)
    assert (
        response.headers["Content-Disposition"]
        == "attachment; filename*=utf-8''%E7%89%A9%E5%93%81_2025%E5%B9%B411%E6%9C%88.xlsx"
    )
    assert response.headers["Content-Type"] == sheets.XLSX
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["品名", "规格", "类别", "最低库存", "在用"],
        *[[name, None, "灯具", 2, "是"] for name in "edcba"],
        ["合计", None, None, 10, None],
    ]
    entry = LogEntry.objects.get(verb="export")
    assert (entry.by, entry.text.startswith("导出物品：5 行")) == (keeper, True)


@pytest.mark.django_db
@pytest.mark.urls("tests.core.site")
def test_the_export_needs_the_same_rights(client: Any) -> None:
    client.force_login(make_people.user(""))

    assert client.get("/items/?export=xlsx").status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.core.site")
def test_a_long_export_is_made_by_the_worker_and_fetched_from_the_inbox(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make_people.storekeeper()
    client.force_login(keeper)
    monkeypatch.setattr(sheets, "BACKGROUND_ROWS", 2)
    for name in "abcd":
        Item.objects.create(name=name, unit="个", category="灯具" if name != "d" else "")

    asked = client.get("/items/?category=灯具&export=xlsx")
    jobs.run_due()

    notice = Notice.objects.get()
    assert (asked.status_code, asked.url) == (302, "/items/?category=%E7%81%AF%E5%85%B7")
    assert notice.user == keeper
    assert "3 行，点开下载" in notice.text
    assert [row[0].value for row in opened(client.get(notice.url)).iter_rows(min_row=2)] == ["a", "b", "c", "合计"]
    client.force_login(make_people.director())
    assert client.get(notice.url).status_code == 404
    assert Attachment.objects.get().role == "export"


@pytest.mark.django_db
@pytest.mark.urls("tests.core.site")
def test_the_worker_asks_for_the_rights_again(db: Any) -> None:
    from core import exports

    nobody, gone = make_people.user(""), make_people.storekeeper(is_active=False)

    found = [exports.export.func(address, "", user) for address, user in (
        ("/items/", nobody.pk), ("/items/", gone.pk), ("/nowhere/", make_people.director().pk), ("/items/", 9999)
    )]  # fmt: skip

    assert found == ["没有权限", "账号已停用", "没有权限", "账号已停用"]
    assert Attachment.objects.count() == 0


# ---------- in ----------


def test_a_workbook_is_read_where_it_stands() -> None:
    found = read_rows(
        book(("甲", [[None, "品名"], [None, "灯"], [1001.0, dt.datetime(2026, 1, 2)]]), ("空", []), ("乙", [["x"]]))
    )

    assert [sheet.title for sheet in found] == ["甲", "乙"]
    assert [[cell_text(value) for value in row] for row in found[0].rows] == [
        ["", "品名"],
        ["", "灯"],
        ["1001", "2026-01-02"],
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_is_read_in_the_encodings_of_the_trade(encoding: str) -> None:
    found = read_rows(upload("品名,数量\n灯管,2\n".encode(encoding), "x.csv"))

    assert found[0].rows == [["品名", "数量"], ["灯管", "2"]]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (101 * 1024 * 1024))
    return out.getvalue()


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件是空的"),
        (b"x" * (10 * 1024 * 1024 + 1), "最多 10 MB"),
        (b"\x00\x01\x02", "这不是 Excel 文件"),
        (b"\xff\xff\xff", "这不是 Excel 文件"),
        (b"<html><table></table></html>", "这是网页文件"),
        (b"PK\x03\x04broken", "文件坏了"),
        (zipped("evil.txt"), "这不是 Excel 文件"),
        (zipped("[Content_Types].xml"), "文件打不开"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "文件打不开"),
        (b" \n,,\n", "表里没有内容"),
        (("a,b\n" * 21_000).encode(), "一次最多导入 20,000 行"),
        ((",".join("abc" * 30) + "\n").encode(), "最多 60 列"),
    ],
)
def test_what_cannot_be_read_is_said_plainly(content: bytes, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_rows(upload(content, "x.xlsx"))

    assert words in refused.value.messages[0]


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        read_rows(upload(bomb(), "x.xlsx"))

    assert refused.value.messages == ["文件展开后太大，没有读取。请只留要导入的表，再传一次。"]


def test_a_formula_is_read_as_its_value_and_no_entity_is_followed() -> None:
    given = book(("x", [["a"], ["=1+1"]]))  # never calculated: it has no value yet
    sheet = zipfile.ZipFile(given)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sheet.namelist():
            content = sheet.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"<sheetData>", b"<!--&x;--><sheetData>").replace(
                    b"<worksheet", b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet', 1
                )
            archive.writestr(name, content)

    found = read_rows(upload(out.getvalue(), "x.xlsx"))

    assert [[cell_text(value) for value in row] for row in found[0].rows] == [["a"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1001.0, "1001"), (1.5, "1.5"), (True, "是"), (None, ""), (" ＡＢ ", "ＡＢ"), (dt.datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04"),
     (dt.date(2026, 1, 2), "2026-01-02"), ("a\x00b", "ab"), ("x" * 5000, "x" * 2000)],
)  # fmt: skip
def test_cells_are_taken_as_a_person_would_have_typed_them(value: Any, text: str) -> None:
    assert cell_text(value) == text


def test_the_header_may_stand_under_a_title() -> None:
    rows = [["一览表"], ["", ""], ["序号", "品名", "数量"], ["1", "灯", "2"]]

    assert sheets.header_at(rows, lambda text: text in ("品名", "数量")) == 2
    assert sheets.header_at(rows, lambda text: False) is None
    assert list(sheets.iterate(rows, 2)) == [(4, ["1", "灯", "2"])]
