"""Pages of one month: the month of the address (`?month=2026-11`), its neighbours, and the month's rows as Excel."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html

from core import log, sheets
from core.listing import NUMBERS, Listing, shown
from core.pages import ListPage
from core.plan import Month


class Monthly:
    """What the pages share: the month of the address, its neighbours."""

    permission: ClassVar[str | tuple[str, ...]] = "finance.view_sheets"
    note: str = ""  # what the figures mean, under them and in the sheet
    request: HttpRequest

    @cached_property
    def month(self) -> Month:
        text = self.request.GET.get("month", "")
        if not text:
            return Month.current()
        try:
            return Month.parse(text)
        except ValueError:
            raise Http404("没有这个月份，地址里写成 2026-11 这样。") from None

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("财务", f"{reverse('finance:home')}?month={self.month}")]

    def picker(self) -> dict[str, Any]:
        """What every template of these pages needs."""
        month = self.month
        return {
            "month": month, "previous": month.previous, "next": month.next, "has_next": month < Month.current(), "rule": self.note,
        }  # fmt: skip

    def workbook(self, found: list[sheets.Sheet], stem: str, *, words: str = "") -> HttpResponseBase:
        """Sheets as one file; the export is noted."""
        return workbook(self.request, found, f"{stem}_{self.month.words}", words or f"month={self.month}")


def workbook(request: HttpRequest, found: list[sheets.Sheet], stem: str, words: str) -> HttpResponseBase:
    """Sheets as one file under a name; the export is noted with its rows and conditions."""
    file = io.BytesIO()
    count = sheets.write_workbook(found, file)
    file.seek(0)
    log.write(None, "export", by=request.user, text=f"导出{stem}：{count} 行，条件：{words}"[:500])
    return sheets.file_response(file, f"{stem}.xlsx")


class TotalListing(Listing):
    """A list with a total row, whose sums say on a phone of what they are: its cells have no heads there."""

    show_totals = True

    def totals(self, queryset: Any) -> list[tuple[str, str]] | None:
        return self.named(super().totals(queryset))

    def named(self, cells: list[tuple[str, str]] | None) -> list[tuple[str, str]] | None:
        """The cells of the total row, each sum behind the label of its column."""
        columns = [one for one in self.get_columns() if one.where != "sheet"][1:]
        return cells and [
            (css, format_html('<span class="sum-of">{}</span> {}', one.label, text) if text else "")
            for one, (css, text) in zip(columns, cells, strict=True)
        ]


class MonthListing(TotalListing):
    """The rows of one month; the totals are summed from the very values that the rows show."""

    def __init__(self, user: Any = None, params: Any = None, request: Any = None, month: Month | None = None) -> None:
        super().__init__(user, params, request)
        self.month = month or Month.current()

    def of_month(self) -> Any:
        """Every row of the month that the user may see."""
        raise NotImplementedError

    def base(self) -> Any:
        return self.of_month()

    def sheet_heading(self) -> str:
        return f"{self.month.words}{self.filename or self.title}"

    def totals(self, queryset: Any) -> list[tuple[str, str]] | None:
        columns = [one for one in self.get_columns() if one.where != "sheet"]
        sums: dict[str, Any] = {one.name: 0 for one in columns if one.total and one.kind in NUMBERS}
        if not sums:
            return None
        for record in queryset.order_by():
            for one in columns:
                if one.name in sums:
                    sums[one.name] += one.raw(record) or 0
        cells = []
        for one in columns[1:]:
            text = shown(one.kind, sums[one.name]) if one.name in sums else ""
            cells.append((one.css, f"¥{text}" if one.kind == "money" and text else text))
        return self.named(cells)


class MonthListPage(Monthly, ListPage):
    """A list of one month with its picker, totals and Excel."""

    template_name = "finance/month_list.html"
    saving = False

    @cached_property
    def rows(self) -> MonthListing:  # type: ignore[override]
        kind: Any = self.get_listing_class()
        return kind(self.request.user, self.request.GET, self.request, month=self.month)

    def get_title(self) -> str:
        return f"{self.title or self.rows.title}：{self.month.words}"

    def more_sheets(self) -> Iterable[sheets.Sheet]:
        """What stands in the workbook behind the list."""
        return ()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.export_month() if request.GET.get("export") == "xlsx" else self.render()

    def export_month(self) -> HttpResponseBase:
        """The rows of the screen as Excel, under the month that is shown."""
        sheet = sheets.listing_sheet(self.rows, self.filtered)
        sheet.note = self.note
        file = tempfile.SpooledTemporaryFile(max_size=2 * 1024 * 1024)  # noqa: SIM115  (the response closes it)
        count = sheets.write_workbook([sheet, *self.more_sheets()], file)  # type: ignore[arg-type]
        file.seek(0)
        conditions = self.request.GET.urlencode()[:200]
        sheets.log_export(self.rows, count, by=self.request.user, conditions=conditions)  # type: ignore[arg-type]
        stem = self.rows.filename or self.rows.title
        return sheets.file_response(file, f"{stem}_{self.month.words}.xlsx")  # type: ignore[arg-type]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(**self.picker(), **extra)
