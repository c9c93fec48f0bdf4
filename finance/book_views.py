"""Pages of the books: budget and its use, bands, months that are closed and opened again, income of claims."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from core import clock
from core.pages import Action, ActionPage, FormPage, ListPage, Page
from core.plan import Month
from core.rights import can
from finance import forms, listings, rules, services
from finance.models import Band, BudgetLine, Period
from finance.monthly import MonthListPage, workbook
from finance.oversight import budget_use
from finance.tables import Table
from finance.views import VIEW, Crumbed

# ---- budget, bands ------------------------------------------------------------------------------------------------


class Yearly:
    """Pages of a year (`?year=2026`)."""

    request: HttpRequest

    @cached_property
    def year(self) -> int:
        text = self.request.GET.get("year", "")
        if not text:
            return clock.today().year
        if not (text.isascii() and text.isdigit() and 1990 <= int(text[:5]) <= 2999):
            raise Http404("没有这一年，地址里写成 2026 这样。")
        return int(text)

    def yearly(self) -> dict[str, Any]:
        return {
            "year": self.year,
            "has_next": self.year <= clock.today().year,
            "export_url": f"?year={self.year}&export=xlsx",
        }


class TablePage(Page):
    """A page of computed tables, the same as Excel."""

    template_name = "finance/tables.html"
    stem = ""

    def tables(self) -> list[Table]:
        raise NotImplementedError

    def period_words(self) -> str:
        return ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") != "xlsx":
            return self.render(tables=self.tables())
        words = self.period_words()
        found = [table.sheet(f"{words}{table.title}") for table in self.tables()]
        return workbook(request, found, f"{self.stem}_{words}", request.GET.urlencode()[:200])


class BudgetUsePage(Yearly, Crumbed, TablePage):
    """预算执行."""

    permission = VIEW
    stem = "预算执行"
    rule = "已批准＝批准金额合计；余额＝预算－已批准；已付按收付款净额。待审批不计入余额。"

    def get_title(self) -> str:
        return f"预算执行：{self.year}年"

    def period_words(self) -> str:
        return f"{self.year}年"

    def get_actions(self) -> list[Action]:
        return [Action("预算科目", reverse("finance:budget-lines"))] if can(self.request.user, "finance.manage") else []

    def tables(self) -> list[Table]:
        columns = (
            ("科目编码", "text"), ("科目", "text"), ("账套", "text"), ("预算（元）", "money+"), ("待审批（元）", "money+"),
            ("已批准（元）", "money+"), ("已付（元）", "money+"), ("余额（元）", "money+"), ("执行（%）", "int"),
        )  # fmt: skip
        rows = [
            (
                u.line.code,
                u.line.name,
                u.line.get_book_display(),
                u.line.planned,
                u.waiting,
                u.committed,
                u.paid,
                u.left,
                u.percent,
            )
            for u in budget_use(self.year)
        ]
        return [Table("预算执行", columns, rows, empty="这一年还没有预算科目。", note=self.rule)]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(rule=self.rule, **self.yearly(), **extra)


class BudgetLineList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.BudgetLineListing
    under = ("预算执行", "finance:budget")

    def get_actions(self) -> list[Action]:
        return (
            [Action("新建预算科目", reverse("finance:budget-line-new"), "plus", "primary")]
            if can(self.request.user, "finance.manage")
            else []
        )


class BudgetLineEdit(Crumbed, FormPage):
    permission = "finance.manage"
    model = BudgetLine
    form_class = forms.BudgetLineForm
    under = ("预算科目", "finance:budget-lines")


class BandList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.BandListing
    saving = False

    def get_actions(self) -> list[Action]:
        return (
            [Action("新建审批额度", reverse("finance:band-new"), "plus", "primary")]
            if can(self.request.user, "finance.manage")
            else []
        )


class BandEdit(Crumbed, FormPage):
    """Acts on later requests: those that wait keep the band they were asked under."""

    permission = "finance.manage"
    model = Band
    form_class = forms.BandForm
    under = ("审批额度", "finance:bands")


# ---- months -------------------------------------------------------------------------------------------------------


class Periods(Crumbed, Page):
    """The months of the last year and a half, open or closed."""

    permission = VIEW
    title = "结账"
    template_name = "finance/tables.html"
    MONTHS = 18

    def get_context(self, **extra: Any) -> dict[str, Any]:
        user, current = self.request.user, Month.current()
        rows = {row.month: row for row in Period.objects.visible_to(user).select_related("closed_by")}
        manages, reopens = (
            rules.may(user, "finance.manage", "x")[0] is None,
            rules.may(user, "finance.reopen", "x")[0] is None,
        )
        shown, urls = [], []
        for back in range(self.MONTHS):
            month = current.plus(-back)
            row = rows.get(month.first)
            closed = row is not None and row.closed_at is not None
            step = "reopen" if closed and reopens else "close" if not closed and manages and back else ""
            words = {"close": "结账", "reopen": "反结账", "": ""}[step]
            shown.append((
                month.words, "已结账" if closed else "未结账", row.closed_by.name if closed and row else "",
                row.closed_at if closed and row else None, words,
            ))  # fmt: skip
            urls.append(
                {0: f"{reverse('finance:home')}?month={month}"}
                | ({4: reverse(f"finance:period-{step}", args=[str(month)])} if step else {})
            )
        columns = (("月份", "text"), ("状态", "text"), ("结账人", "text"), ("结账时间", "datetime"), ("操作", "text"))
        rule = (
            "结账后，这个月的收付款和出入库都不能再记；更正记在没有结账的月份并写明原来那一笔。确需改动时由校长反结账。"
        )
        return super().get_context(tables=[Table("会计月份", columns, shown, urls)], rule=rule, **extra)


class PeriodStep(Crumbed, ActionPage):
    """A step on a month, which has no row before it is first asked for."""

    model = Period
    under = ("结账", "finance:periods")
    permission = ""
    right = ""
    refused = ""

    def refusal(self) -> str | None:
        return rules.may(self.request.user, self.right, self.refused)[0]

    @cached_property
    def month(self) -> Month:
        try:
            return Month.parse(self.kwargs["month"])
        except ValueError:
            raise Http404("没有这个月份。") from None

    def get_object(self) -> Period:
        first = self.month.first
        if self.month > Month.current():
            raise Http404("这个月还没有到。")
        return Period.objects.filter(month=first).first() or Period(month=first)

    def back_url(self) -> str:
        return reverse("finance:periods")

    def get_success_url(self, record: Any) -> str:
        return reverse("finance:periods")

    def get_title(self) -> str:
        return f"{self.month.words}{self.title}"


def close(period: Period, *, by: Any) -> Period:
    return services.close_month(period.month, by)


def reopen(period: Period, *, by: Any, reason: str) -> Period:
    return services.reopen_month(period.month, by, reason)


class PeriodClose(PeriodStep):
    service = staticmethod(close)
    title = "结账"
    submit_label = "结账"
    right, refused = "finance.manage", "结账由财务操作，您没有这项权限。"
    words = "结账后，这个月的收付款和出入库都不能再记。"
    success = "已结账。"

    def blockers(self, record: Period) -> list[str]:
        found = []
        if record.closed_at is not None:
            found.append(f"{record}已经结账。")
        if self.month >= Month.current():
            found.append(f"{record}还没有过完，月底以后才能结账。")
        return found


class PeriodReopen(PeriodStep):
    form_class = forms.ReasonForm
    service = staticmethod(reopen)
    title = "反结账"
    submit_label = "反结账"
    right, refused = "finance.reopen", "反结账由校长操作，您没有这项权限。"
    danger = True
    success = "已反结账。"

    def blockers(self, record: Period) -> list[str]:
        return [] if record.closed_at is not None else [f"{record}没有结账，不用反结账。"]


class ClaimIncome(MonthListPage):
    """赔偿收入."""

    permission = VIEW
    listing = listings.ClaimIncomeListing
    note = "只按成本赔偿，不加倍；退款列为负数。"
