"""The finance pages of repairs: the two sheets, 维修明细 and 维修汇总."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from core import sheets
from core.money import plain
from core.pages import Page
from finance.monthly import MonthListPage, Monthly
from finance.tables import Table
from repairs import costs
from repairs.costs_listings import CostList


class RepairCosts(MonthListPage):
    """维修明细: every ticket of the month with its materials; under it what was paid for outside repairs."""

    template_name = "repairs/costs_list.html"
    listing = CostList
    note = costs.RULE

    def get_queryset(self) -> Any:
        return costs.tickets(self.month, self.request.user)

    @cached_property
    def jobs(self) -> list[costs.Paid]:
        """Everything paid outside in the month: repairs, and besides them services and works."""
        return costs.paid_jobs(self.month, self.request.user)

    @property
    def paid(self) -> list[costs.Paid]:
        return [paid for paid in self.jobs if paid.repair]

    @property
    def besides(self) -> str:
        """What was paid for services and works, so that the month can be reconciled with 付款明细."""
        besides = [paid.amount for paid in self.jobs if not paid.repair]
        return (
            f"另付服务、工程类外修款 {plain(sum(besides, costs.ZERO))} 元，不算维修费用，见付款明细。"
            if besides
            else ""
        )

    @cached_property
    def outside(self) -> Table:
        """What was paid for outside repairs; shown while no filter parts the month."""
        found = self.paid
        columns = (
            ("外修单号", "text"), ("项目", "text"), ("地点", "text"), ("故障", "text"), ("施工单位", "text"), ("当月付款（元）", "money+"),
        )  # fmt: skip
        rows = [
            (
                p.job.number,
                p.job.title,
                p.job.place.full_name,
                p.job.category.name if p.job.category else "",
                str(p.job.party or ""),
                p.amount,
            )
            for p in found
        ]
        urls = [{0: p.job.get_absolute_url()} for p in found]
        return Table(
            "外修付款", columns, rows, urls, empty="这个月没有付外修维修款。", note=self.besides, key="outside"
        )

    @property
    def whole(self) -> bool:
        """Is the whole month shown?"""
        return self.filters is None or not set(self.filters.used) - {"month"}

    def more_sheets(self) -> list[sheets.Sheet]:
        return [self.outside.sheet(f"{self.month.words}外修付款")] if self.whole else []

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            outside=self.outside if self.whole else None,
            month_total=costs.totals(self.month, self.request.user, self.paid) if self.whole else None, **extra,
        )  # fmt: skip


class Summary(Monthly, Page):
    """维修汇总: month × building × kind."""

    template_name = "repairs/costs_summary.html"
    note = costs.RULE

    def get_title(self) -> str:
        return f"维修汇总：{self.month.words}"

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        return costs.summary(self.month, self.request.user)

    def links(self, row: dict[str, Any]) -> dict[str, str]:
        """Where the records behind a row's figures stand."""
        kind = {"category": row["category"]} if row["category"] else {}
        spot = {"building": row["spot"], **kind}
        query, done = urlencode({"month": str(self.month), **spot}), urlencode({"done": str(self.month), **spot})
        return {
            "reported_url": f"{reverse('repairs:list')}?{query}" if kind else "",
            "completed_url": f"{reverse('repairs:list')}?{done}" if kind else "",
            "costs_url": f"{reverse('finance:repairs')}?{query}" if kind else "",
            "outside_url": f"{reverse('finance:repairs')}?month={self.month}#outside" if row["outside"] else "",
        }  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.export() if request.GET.get("export") == "xlsx" else self.render()

    def get_context(self, **extra: Any) -> dict[str, Any]:
        shown = [row | self.links(row) | {"hours": hours(row["minutes"])} for row in self.rows]
        buildings = [
            (name, list(rows)) for (_, name), rows in groupby(shown, key=lambda row: (row["spot"], row["building"]))
        ]
        total = costs.total_of(self.rows)
        return super().get_context(
            buildings=buildings, total=total, hours=sum((row["hours"] for row in shown), Decimal("0.00")), export_url=f"?month={self.month}&export=xlsx",
            **self.picker(), **extra,
        )  # fmt: skip

    def export(self) -> HttpResponseBase:
        """The same rows and totals as Excel."""
        columns = [
            ("月份", "text"), ("楼", "text"), ("大类", "text"), ("故障", "text"), ("报修（张）", "int+"), ("完成（张）", "int+"),
            ("内修材料（元）", "money+"), ("外修付款（元）", "money+"), ("费用合计（元）", "money+"), ("工时（小时）", "decimal+"),
        ]  # fmt: skip
        rows = [
            [
                str(self.month), row["building"], row["group"], row["kind"], row["reported"], row["completed"], row["amount"],
                row["outside"], row["cost"], hours(row["minutes"]),
            ]
            for row in self.rows
        ]  # fmt: skip
        sheet = sheets.Sheet("维修汇总", columns, rows, heading=f"{self.month.words}维修费用汇总", note=costs.RULE)
        return self.workbook([sheet], "维修费用汇总")


def hours(minutes: int) -> Decimal:
    """Labour as finance books it: hours with two decimals."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))
