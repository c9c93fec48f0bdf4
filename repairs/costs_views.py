"""The finance pages of repairs: the two sheets, 维修明细 and 维修汇总."""

from __future__ import annotations

import io
import tempfile
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from core import log, sheets
from core.pages import ListPage, Page
from core.plan import Month
from repairs import costs
from repairs.costs_listings import CostList


class Monthly:
    """What the pages share: the month of the address (`?month=2026-11`), its neighbours."""

    permission = "finance.view_sheets"
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
            "month": month, "previous": month.previous, "next": month.next, "has_next": month < Month.current(), "rule": costs.RULE,
        }  # fmt: skip


class Home(Monthly, Page):
    """`/finance/`: the sheets with the month's totals."""

    title = "财务"
    template_name = "repairs/costs_home.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return []

    def get_context(self, **extra: Any) -> dict[str, Any]:
        found = costs.totals(self.month, self.request.user)
        return super().get_context(totals=found, hours=hours(found["minutes"]), **self.picker(), **extra)


class RepairCosts(Monthly, ListPage):
    """维修明细."""

    template_name = "repairs/costs_list.html"
    listing = CostList
    saving = False

    @cached_property
    def rows(self) -> CostList:  # type: ignore[override]
        return CostList(self.request.user, self.request.GET, self.request, month=self.month)

    def get_queryset(self) -> Any:
        return costs.tickets(self.month, self.request.user)

    def get_title(self) -> str:
        return f"维修明细：{self.month.words}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") != "xlsx":
            return self.render()
        sheet = sheets.listing_sheet(self.rows, self.filtered)
        sheet.note = costs.RULE
        file = tempfile.SpooledTemporaryFile(max_size=2 * 1024 * 1024)  # noqa: SIM115  (the response closes it)
        count = sheets.write_workbook([sheet], file)  # type: ignore[arg-type]
        file.seek(0)
        sheets.log_export(self.rows, count, by=request.user, conditions=request.GET.urlencode()[:200])  # type: ignore[arg-type]
        return sheets.file_response(file, f"维修费用明细_{self.month.words}.xlsx")  # type: ignore[arg-type]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(**self.picker(), **extra)


class Summary(Monthly, Page):
    """维修汇总: month × building × kind."""

    template_name = "repairs/costs_summary.html"

    def get_title(self) -> str:
        return f"维修汇总：{self.month.words}"

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        return costs.summary(self.month, self.request.user)

    def links(self, row: dict[str, Any]) -> dict[str, str]:
        """Where the records behind a row's figures stand."""
        query = urlencode({"month": str(self.month), "building": row["spot"], "category": row["category"]})
        done = urlencode({"done": str(self.month), "building": row["spot"], "category": row["category"]})
        return {
            "reported_url": f"{reverse('repairs:list')}?{query}", "completed_url": f"{reverse('repairs:list')}?{done}",
            "costs_url": f"{reverse('finance:repairs')}?{query}",
        }  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.export() if request.GET.get("export") == "xlsx" else self.render()

    def get_context(self, **extra: Any) -> dict[str, Any]:
        shown = [row | self.links(row) | {"hours": hours(row["minutes"])} for row in self.rows]
        buildings = [
            (name, list(rows)) for (_, name), rows in groupby(shown, key=lambda row: (row["spot"], row["building"]))
        ]
        total = {name: sum(row[name] for row in self.rows) for name in ("reported", "completed", "minutes")}
        total["amount"] = sum((row["amount"] for row in self.rows), Decimal("0.00"))
        return super().get_context(
            buildings=buildings, total=total, hours=hours(total["minutes"]), export_url=f"?month={self.month}&export=xlsx",
            **self.picker(), **extra,
        )  # fmt: skip

    def export(self) -> HttpResponseBase:
        """The same rows and totals as Excel."""
        columns = [
            ("月份", "text"), ("楼", "text"), ("大类", "text"), ("故障", "text"), ("报修（张）", "int+"), ("完成（张）", "int+"),
            ("材料金额（元）", "money+"), ("工时（小时）", "decimal+"),
        ]  # fmt: skip
        rows = [
            [
                str(self.month), row["building"], row["group"], row["kind"], row["reported"], row["completed"], row["amount"],
                hours(row["minutes"]),
            ]
            for row in self.rows
        ]  # fmt: skip
        title = f"{self.month.words}维修费用汇总"
        file = io.BytesIO()
        sheets.write_workbook([sheets.Sheet("维修汇总", columns, rows, heading=title, note=costs.RULE)], file)
        file.seek(0)
        log.write(None, "export", by=self.request.user, text=f"导出维修汇总：{len(rows)} 行，条件：month={self.month}")
        return sheets.file_response(file, f"维修费用汇总_{self.month.words}.xlsx")


def hours(minutes: int) -> Decimal:
    """Labour as finance books it: hours with two decimals."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))
