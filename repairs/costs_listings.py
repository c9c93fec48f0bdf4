"""The list 维修明细: what was repaired in a month and what it cost."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock
from core.listing import Column, Listing
from core.plan import Month
from repairs import costs
from repairs.listings import TicketFilter, reporter_name
from repairs.models import OUTCOMES, PRIORITIES, Ticket


def unbroken(record: Any, value: Any) -> SafeString:
    """A number or a name that does not wrap in a narrow column."""
    return format_html('<span class="nowrap">{}</span>', value)


class CostFilter(TicketFilter):
    """The month stands in the page's own box; the rest as on the list of tickets."""

    def in_month(self, qs: Any, name: str, value: str) -> Any:
        return qs


for _name in (
    "state",
    "done",
    "open",
    "hazard",
    "late",
    "passed",
    "todo",
    "undispatched",
    "parts",
    "held",
    "lead",
    "priority",
):
    CostFilter.base_filters.pop(_name, None)


class CostList(Listing):
    """Tickets accepted in the month or with materials of the month."""

    model = Ticket
    title = "维修明细"
    filename = "维修费用明细"
    measure = "张"
    filterset = CostFilter
    order = "-pk"
    related = ("place", "place__building", "category", "category__parent", "lead", "reporter", "completed_by")
    prefetch = ("materials__move__item",)
    empty = ("这个月没有维修费用", "当月验收的报修单和当月领了料的报修单会列在这里。")
    show_totals = True

    def __init__(self, user: Any = None, params: Any = None, request: Any = None, month: Month | None = None) -> None:
        super().__init__(user, params, request)
        self.month = month or Month.current()

    def sheet_heading(self) -> str:
        return f"{self.month.words}维修费用明细"

    def get_columns(self) -> tuple[Column, ...]:
        month = self.month
        return (
            Column("number", "报修单号", link=True, cell=unbroken),
            Column("reported_at", "报修日期", kind="date", value=lambda t: _date(t.reported_at), phone="hide"),
            Column("completed_at", "验收日期", kind="date", value=_completed_on, phone="label"),
            Column("building", "楼", value=lambda t: (t.place.building or t.place).full_name, where="sheet"),
            Column("where", "地点"),
            Column("group", "大类", value=lambda t: t.category.parent.name if t.category.parent else "", where="sheet"),
            Column("kind", "故障", value="category.name"),
            Column("words", "描述", where="sheet"),
            Column("level", "优先级", value=lambda t: PRIORITIES[t.priority], where="sheet"),
            Column("quantity", "数量", kind="int", total=True, phone="hide"),
            Column("reporter", "报修人", value=reporter_name, where="sheet"),
            Column("lead", "维修人", value=lambda t: t.lead.name if t.lead else "", phone="label", cell=unbroken),
            Column("finished_at", "完工日期", kind="date", value=lambda t: _date(t.finished_at), where="sheet"),
            Column("materials_words", "使用材料", value=lambda t: costs.materials_in(t, month), phone="wide", width=30),
            Column("amount", "材料金额（元）", kind="money", total=True, phone="label"),
            Column("minutes", "工时（分钟）", kind="int", total=True, phone="label"),
            Column("outcome", "处理结果", value=lambda t: OUTCOMES.get(t.outcome, ""), phone="hide"),
            Column("state", "状态", value="word", where="sheet"),
            Column("accepter", "验收人", value=_accepter, where="sheet"),
            Column("rating", "评分", kind="int", phone="hide"),
            Column("rework_count", "返修次数", kind="int", where="sheet"),
        )


def _date(moment: Any) -> Any:
    return clock.local(moment).date() if moment else None


def _completed_on(ticket: Ticket) -> Any:
    return _date(ticket.completed_at) if ticket.state == "done" else None


def _accepter(ticket: Ticket) -> str:
    if ticket.state != "done":
        return ""
    return "默认验收" if ticket.deemed else ticket.completed_by.name if ticket.completed_by else reporter_name(ticket)
