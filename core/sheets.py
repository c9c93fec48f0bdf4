"""Sheets: Excel in and out; the only place that knows openpyxl and calamine."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import chain, islice
from typing import IO, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from python_calamine import CalamineError, CalamineWorkbook

from core import clock, log

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CENT = Decimal("0.01")
BACKGROUND_ROWS = 20_000  # more than so many are written by the worker
TEXT_LIMIT = 32_767  # Excel's own, per cell
DIGITS = 15  # Excel keeps so many of a number; longer ones stay text

FILE_LIMIT = 10 * 1024 * 1024
UNPACKED_LIMIT = 100 * 1024 * 1024
ROW_LIMIT = 20_000
COLUMN_LIMIT = 60
CELL_LIMIT = 2_000  # characters of one cell that an import reads

# What XML cannot hold: control characters but tab and newline, surrogates, and the two non-characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIVE = tuple("=+-@\t\r\n#")  # a cell that begins so could be taken for a formula or an error value
_BAD_TITLE = re.compile(r"[\[\]:*?/\\]")

FORMATS = {"money": "#,##0.00", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "int": "0"}
WIDTHS = {"money": 14, "date": 12, "datetime": 17, "int": 9, "decimal": 11, "bool": 7, "state": 10}


@dataclass
class Sheet:
    """One sheet of a workbook. Columns are (label, kind) or (label, kind, width); a kind ending in "+" is summed."""

    title: str
    columns: Sequence[tuple[Any, ...]]
    rows: Iterable[Sequence[Any]]
    heading: str = ""
    totals: bool = True
    note: str = ""


# ---------- out ----------


def plain_text(value: Any) -> str:
    """Text as a cell can hold it."""
    text = value if isinstance(value, str) else str(value)
    return _UNFIT.sub("", text)[:TEXT_LIMIT]


def _number(value: Any) -> int | float | Decimal | None:
    """The value as a number that Excel can hold exactly, else None."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -(10**DIGITS) < value < 10**DIGITS else None
    if isinstance(value, float):
        return value if value == value and value not in (float("inf"), float("-inf")) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() and abs(value) < 10**DIGITS else None
    return None


class _Cell(Cell):
    """A cell that serves all rows of its column. openpyxl words an error about every cell that it is given, and drops
    it: a short name is a tenth of the time of a sheet with dates."""

    def __repr__(self) -> str:
        return "cell"


class _Writer:
    """Writes one column: the way is chosen once, and one styled cell serves all of its rows."""

    def __init__(self, sheet: Any, kind: str) -> None:
        self.summed = kind.endswith("+")
        self.kind = kind.removesuffix("+")
        self.total: Any = Decimal(0) if self.kind in ("money", "decimal") else 0
        self.forced = _Cell(sheet, 1, 1)  # text that must not be taken for a formula
        self.forced.data_type = "s"
        self.styled = _Cell(sheet, 1, 1)
        if self.kind in FORMATS:
            self.styled.number_format = FORMATS[self.kind]
        self.write: Callable[[Any], Any] = getattr(self, f"_{self.kind}", self._text)

    def _text(self, value: Any) -> Any:
        if value is None:
            return None
        text = value if isinstance(value, str) else str(value)
        if len(text) > TEXT_LIMIT or _UNFIT.search(text):
            text = plain_text(text)
        if text.startswith(_LIVE):
            # Setting the value infers a type; the type is set after it, so that the cell is text whatever it says.
            self.forced.value = text
            self.forced.data_type = "s"
            return self.forced
        return text or None

    def _plain(self, value: Any) -> Any:
        """A number without a format of its own, or text."""
        number = _number(value)
        if number is None:
            return self._text(value)
        if self.summed:
            self.total += number
        return number

    _decimal = _plain

    def _int(self, value: Any) -> Any:
        return self._plain(value)

    def _money(self, value: Any) -> Any:
        if type(value) is not Decimal:
            number = _number(value)
            if number is None:
                return self._text(value)
            value = Decimal(str(number))
        try:
            value = value.quantize(CENT)
        except InvalidOperation:
            return self._text(value)
        if value.is_nan() or abs(value) >= 10**DIGITS:
            return self._text(value)
        if self.summed:
            self.total += value
        self.styled.value = value
        return self.styled

    def _date(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            value = clock.local(value).date() if value.tzinfo else value.date()
        if not isinstance(value, dt.date) or value.year < 1900:
            return self._text(value)
        cell = self.styled
        cell.value = value
        cell.number_format = FORMATS["date"]
        return cell

    def _datetime(self, value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            return self._date(value)
        if value.tzinfo is not None:
            value = clock.local(value)
        if value.year < 1900:
            return self._text(value)
        cell = self.styled
        cell.value = value.replace(microsecond=0, tzinfo=None)
        return cell

    def _bool(self, value: Any) -> Any:
        return None if value is None else "是" if value else "否"


def _width(text: Any) -> int:
    """How wide a value is, in characters of Latin size."""
    return sum(2 if ord(char) > 0x2E80 else 1 for char in str(text)[:60])


_THIN = Side(style="thin", color="FFB8BDB6")


def _sheet_title(title: str, taken: set[str]) -> str:
    """A name that Excel accepts and that no other sheet has."""
    name = _BAD_TITLE.sub(" ", plain_text(title)).strip().strip("'")[:31] or "数据"
    base, number = name, 2
    while name.lower() in taken:
        name, number = f"{base[:27]} {number}", number + 1
    taken.add(name.lower())
    return name


def write_workbook(sheets: Iterable[Sheet], stream: IO[bytes]) -> int:
    """Write the sheets row by row, in flat memory; return how many rows of data there were."""
    book, taken, count = Workbook(write_only=True), set[str](), 0
    for sheet in sheets:
        count += _write_sheet(book, sheet, taken)
    book.save(stream)
    return count


def _write_sheet(book: Any, sheet: Sheet, taken: set[str]) -> int:
    page = book.create_sheet(_sheet_title(sheet.title, taken))
    columns = [(str(one[0]), str(one[1]), int(one[2]) if len(one) > 2 and one[2] else 0) for one in sheet.columns]
    rows = iter(sheet.rows)
    sample = list(islice(rows, 100))  # enough to judge the widths by
    for index, (label, kind, width) in enumerate(columns):
        if not width:
            width = max(_width(label) + 3, WIDTHS.get(kind.removesuffix("+"), 8))
            if kind in ("text", "state"):
                width = min(40, max(width, *(_width(row[index]) + 2 for row in sample), 0)) if sample else width
        page.column_dimensions[get_column_letter(index + 1)].width = width
    last, head = get_column_letter(max(1, len(columns))), 2 if sheet.heading else 1
    page.freeze_panes = f"A{head + 1}"
    page.print_title_rows = f"{head}:{head}"
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.paperSize = 9  # A4
    page.page_setup.orientation = "landscape" if len(columns) > 6 else "portrait"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.page_margins.left = page.page_margins.right = 0.4
    page.oddFooter.center.text = "第 &P 页，共 &N 页"
    if sheet.heading:
        page.append([_styled(page, sheet.heading, font=Font(bold=True, size=14))])
    fill, border = PatternFill("solid", fgColor="FFE4F0EE"), Border(bottom=_THIN)
    page.append([
        _styled(page, label, font=Font(bold=True), fill=fill, border=border, alignment=Alignment(vertical="center", wrap_text=True))
        for label, _, _ in columns
    ])  # fmt: skip
    writers = [_Writer(page, kind) for _, kind, _ in columns]
    writes, count = [one.write for one in writers], 0
    for row in chain(sample, rows):
        page.append([write(value) for write, value in zip(writes, row, strict=False)])
        count += 1
    page.auto_filter.ref = f"A{head}:{last}{head + count}"
    if sheet.totals and count and any(one.summed for one in writers):
        page.append(_total_row(page, writers))
    if sheet.note:
        page.append([])
        page.append([_styled(page, sheet.note, font=Font(color="FF46524E"))])
    return count


def _styled(page: Any, value: Any, **style: Any) -> Any:
    cell = WriteOnlyCell(page, plain_text(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
    for name, part in style.items():
        setattr(cell, name, part)
    return cell


def _total_row(page: Any, writers: list[_Writer]) -> list[Any]:
    style = {"font": Font(bold=True), "border": Border(top=_THIN)}
    found: list[Any] = []
    for index, one in enumerate(writers):
        if one.summed:
            cell = _styled(page, one.total.quantize(CENT) if one.kind == "money" else one.total, **style)
            cell.number_format = FORMATS.get(one.kind, "General")
        else:
            cell = _styled(page, "合计" if index == 0 else None, **style)
        found.append(cell)
    return found


def listing_sheet(listing: Any, queryset: Any) -> Sheet:
    """The sheet of a Listing."""
    columns = [
        (one.label, one.kind + ("+" if one.total and one.kind in ("int", "decimal", "money") else ""), one.width)
        for one in listing.sheet_columns()
    ]
    return Sheet(
        listing.filename or listing.title, columns, listing.sheet_rows(queryset), heading=listing.sheet_heading()
    )


def filename(stem: str) -> str:
    """维修费用明细_2025年11月.xlsx, by the school's month."""
    today = clock.today()
    return f"{stem}_{today.year}年{today.month}月.xlsx"


def write_listing(listing: Any, queryset: Any) -> tuple[IO[bytes], str, int]:
    """Write a Listing's sheet to a temporary file: (file at its start, name, rows)."""
    file = tempfile.SpooledTemporaryFile(max_size=2 * 1024 * 1024)  # noqa: SIM115  (the response closes it)
    count = write_workbook([listing_sheet(listing, queryset)], file)  # type: ignore[arg-type]
    file.seek(0)
    return file, filename(listing.filename or listing.title or "导出"), count  # type: ignore[return-value]


def log_export(listing: Any, count: int, *, by: Any, conditions: str = "") -> None:
    """Exports are in the audit trail: who, which list, how many rows, under which conditions."""
    text = f"导出{listing.filename or listing.title}：{count} 行" + (f"，条件：{conditions}" if conditions else "")
    log.write(None, "export", by=by, text=text)


def sheet_response(listing: Any, queryset: Any, request: HttpRequest) -> HttpResponseBase:
    """A list as an Excel file; a very long one is left to the worker, and the link comes to the inbox."""
    if request.user.is_authenticated and queryset.order_by()[: BACKGROUND_ROWS + 1].count() > BACKGROUND_ROWS:
        from core import exports

        exports.later(request)
        messages.info(request, f"超过 {BACKGROUND_ROWS:,} 行，正在后台生成。做好后在“消息”里下载，可以先做别的。")
        params = request.GET.copy()
        params.pop("export", None)
        return HttpResponseRedirect(f"{request.path}?{params.urlencode()}" if params else request.path)
    file, name, count = write_listing(listing, queryset)
    log_export(
        listing,
        count,
        by=request.user if request.user.is_authenticated else None,
        conditions=request.GET.urlencode()[:200],
    )
    return file_response(file, name)


def file_response(file: IO[bytes], name: str) -> FileResponse:
    """An Excel file as a download that no cache keeps."""
    response = FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# ---------- in ----------


@dataclass
class SheetRows:
    """What was read of one sheet: its name and its rows, the first being row 1 of the file."""

    title: str
    rows: list[list[Any]]
    merged: set[int] = field(
        default_factory=set
    )  # numbers of the rows that a merged cell reaches into, as Excel shows them


def read_rows(upload: Any) -> list[SheetRows]:
    """Read an uploaded .xlsx, .xls or .csv; what cannot be read is a ValidationError in plain words."""
    if upload.size == 0:
        raise ValidationError("文件是空的（0 字节），请换一个。", code="empty")
    if upload.size > FILE_LIMIT:
        size, limit = upload.size // 1024 // 1024, FILE_LIMIT // 1024 // 1024
        raise ValidationError(f"文件有 {size} MB，最多 {limit} MB。请分成几个文件。", code="too_big")
    upload.seek(0)
    data = upload.read()
    if data.startswith(b"PK\x03\x04"):
        _check_unpacked(data)
        found = _read_book(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        found = _read_book(data)
    else:
        found = [_read_csv(data)]
    found = [sheet for sheet in found if any(not _blank(row) for row in sheet.rows)]
    if not found:
        raise ValidationError("表里没有内容。请填好再传。", code="nothing")
    for sheet in found:
        _check_size(sheet)
    return found


def _blank(row: Iterable[Any]) -> bool:
    return all(value is None or str(value).strip() == "" for value in row)


def _check_unpacked(data: bytes) -> None:
    """A small file may unpack to a huge one: look at the sizes before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            if sum(info.file_size for info in infos) > UNPACKED_LIMIT or len(infos) > 2000:
                raise ValidationError("文件展开后太大，没有读取。请只留要导入的表，再传一次。", code="unpacked")
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ValidationError("文件坏了，打不开。请重新另存为 .xlsx 再传。", code="broken") from error
    if "[Content_Types].xml" not in names and "mimetype" not in names:
        raise ValidationError("这不是 Excel 文件。请传 .xlsx、.xls 或 .csv。", code="kind")


def _read_book(data: bytes) -> list[SheetRows]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = []
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > ROW_LIMIT * 2 or sheet.total_width > 2000:
                raise ValidationError(_too_long(name, sheet.total_height), code="rows")
            merged = {
                row + 1 for (top, _), (bottom, _) in sheet.merged_cell_ranges or () for row in range(top, bottom + 1)
            }
            found.append(SheetRows(name, sheet.to_python(skip_empty_area=False), merged))
        return found
    except (CalamineError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValidationError(
            "文件打不开：可能设了密码，或者不是 Excel 文件。请另存为 .xlsx 再传。", code="broken"
        ) from error


def _read_csv(data: bytes) -> SheetRows:
    text = None
    if b"\x00" not in data[:4096]:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                text = data.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    if text is None:
        raise ValidationError("这不是 Excel 文件，也不是文本表格。请传 .xlsx、.xls 或 .csv。", code="kind")
    if text.lstrip()[:1] == "<":
        raise ValidationError("这是网页文件，不是表格。请用 Excel 打开后另存为 .xlsx 再传。", code="kind")
    first = text.splitlines()[0] if text.strip() else ""
    mark = max(",\t;", key=first.count)
    csv.field_size_limit(1024 * 1024)
    try:
        rows = list(islice(csv.reader(io.StringIO(text), delimiter=mark), ROW_LIMIT * 2))
    except csv.Error as error:
        raise ValidationError("文本表格的格式不对，读不下去。请用 Excel 另存为 .xlsx 再传。", code="broken") from error
    return SheetRows("CSV", rows)  # type: ignore[arg-type]


def _too_long(name: str, rows: int) -> str:
    return f"“{name}”有 {rows:,} 行，一次最多导入 {ROW_LIMIT:,} 行。请分成几个文件。"


def _check_size(sheet: SheetRows) -> None:
    """Cut the empty rows and columns at the ends, then hold what is left against the limits."""
    while sheet.rows and _blank(sheet.rows[-1]):
        sheet.rows.pop()
    if len(sheet.rows) > ROW_LIMIT + 10:
        raise ValidationError(_too_long(sheet.title, len(sheet.rows)), code="rows")
    width = max((index + 1 for row in sheet.rows for index, value in enumerate(row) if str(value).strip()), default=0)
    if width > COLUMN_LIMIT:
        raise ValidationError(f"“{sheet.title}”有 {width} 列，最多 {COLUMN_LIMIT} 列。请删去不用的列。", code="columns")
    sheet.rows = [row[:width] for row in sheet.rows]


def cell_text(value: Any) -> str:
    """A cell of an upload as a person would have typed it: 1001.0 is 1001, a date is ISO."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return _UNFIT.sub("", str(value)).strip()[:CELL_LIMIT]


def header_at(rows: Sequence[Sequence[Any]], known: Callable[[str], bool], look: int = 10) -> int | None:
    """The index of the header: the row among the first ones that holds most known words; None without any."""
    scores = [(sum(known(cell_text(value)) for value in row), -index) for index, row in enumerate(rows[:look])]
    best = max(scores, default=(0, 0))
    return -best[1] if best[0] else None


def iterate(rows: Sequence[Sequence[Any]], start: int) -> Iterator[tuple[int, list[str]]]:
    """(row number as Excel shows it, texts) of the rows after the header that hold anything."""
    for index in range(start + 1, len(rows)):
        texts = [cell_text(value) for value in rows[index]]
        if any(texts):
            yield index + 1, texts
