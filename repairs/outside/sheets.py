"""Sheets of finance whose rows are outside jobs: 外修结算, contractors of a year, exceptions; tasks and sheets of its front page."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from core import clock
from core.listing import Column, FilterSet, SearchFilter
from core.money import cents, plain
from core.panels import Panel, PanelRow
from core.plan import Month
from core.rights import can
from finance.book_views import TablePage, Yearly
from finance.models import MONEY, Party, PartyMark, Payment
from finance.monthly import MonthListing, MonthListPage, Monthly
from finance.services import same_invoice_numbers, split_suspects
from finance.tables import Table
from finance.views import Crumbed
from repairs import costs
from repairs.outside.listings import SIGNS, todo
from repairs.outside.models import KINDS, JobInvoice, OutsideJob

ZERO = Decimal("0.00")
VIEW = "finance.view"
PARTY_JOBS = 20


# ---- 外修结算 -----------------------------------------------------------------------------------------------------


class SettlementFilter(FilterSet):
    """Jobs by words, kind, and whether they are settled."""

    q = SearchFilter(fields=("number", "title", "party__name"), placeholder="单号、项目、单位")
    kind = django_filters.ChoiceFilter(label="类型", choices=list(KINDS.items()))
    settled = django_filters.ChoiceFilter(label="结算", choices=[("1", "已结算"), ("0", "待结算")], method="by_settled")

    class Meta:
        model = OutsideJob
        fields: list[str] = []

    def by_settled(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(state="settled") if value == "1" else queryset.exclude(state="settled")


class SettlementListing(MonthListing):
    """The jobs whose prices were checked in the month: quoted, checked, saved, paid, retained."""

    model = OutsideJob
    title = filename = "外修结算"
    measure = "张"
    order = "-pk"
    related = ("party", "place", "checked_by")
    prefetch = ("lines",)
    filterset = SettlementFilter
    empty = ("这个月没有核价的外修单", "财务完成核价后列在这里。")
    empty_icon = "hammer"
    columns = (
        Column("number", "外修单号", link=True, order="number"),
        Column("title", "项目", phone="wide"),
        Column("place", "地点", value="place.full_name", phone="hide"),
        Column("party", "施工单位", value="party.name", phone="label"),
        Column(
            "checked_on", "核价日期", kind="date", value=lambda job: clock.local(job.checked_at).date(), phone="hide"
        ),
        Column("submitted", "报价（元）", kind="money", total=True, value=lambda job: asked_for(job), phone="label"),
        Column("checked_amount", "核定（元）", kind="money", total=True, phone="label"),
        Column("saved_amount", "核减（元）", kind="money", total=True, phone="label"),
        Column("paid", "已付（元）", kind="money", total=True, value=lambda job: cents(job.paid), phone="label"),
        Column("retention_amount", "质保金（元）", kind="money", total=True, phone="label"),
        Column("retention_left", "未付质保金（元）", kind="money", total=True, phone="label"),
        Column("state", "状态", kind="state", cell=lambda job, value: job.word, phone="label"),
        Column("checked_by", "核价人", value="checked_by.name", where="sheet"),
    )

    def of_month(self) -> Any:
        month = self.month
        jobs = OutsideJob.objects.visible_to(self.user).filter(
            checked_amount__isnull=False, checked_at__gte=month.start, checked_at__lt=month.end
        )
        return with_paid(jobs)


def asked_for(job: OutsideJob) -> Decimal:
    """What the check started from: the quote, of works the submitted account."""
    return job.submitted_amount if job.kind == "works" and job.submitted_amount else job.quoted_amount


def with_paid(jobs: Any) -> Any:
    """Annotate `paid`: the net of all payments of the job, over its approvals."""
    rows = Payment.objects.filter(expense__source_number=OuterRef("number")).order_by().values("expense__source_number")
    return jobs.annotate(
        paid=Coalesce(Subquery(rows.annotate(n=Sum("amount")).values("n")), Decimal(0), output_field=MONEY)
    )


class Settlements(MonthListPage):
    """外修结算 of a month."""

    permission = VIEW
    listing = SettlementListing
    note = "按核价日期列入当月；报价－核定＝核减（工程按送审价）；已付为到现在为止的付款净额；质保金到期前不付。"


# ---- contractors of a year ----------------------------------------------------------------------------------------


class Contractors(Yearly, Crumbed, TablePage):
    """施工单位年度表: what each contractor did, what it cost, how it went."""

    permission = VIEW
    stem = "施工单位年度表"
    rule = "单数和金额按核价日期列入当年；已付按付款日期；爽约、返工、核减、表扬按记录日期。"

    def get_title(self) -> str:
        return f"施工单位年度表：{self.year}年"

    def period_words(self) -> str:
        return f"{self.year}年"

    def tables(self) -> list[Table]:
        start, end = clock.moment(self.year, 1, 1), clock.moment(self.year + 1, 1, 1)
        first, last = dt.date(self.year, 1, 1), dt.date(self.year, 12, 31)
        figures: dict[int, dict[str, Any]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        jobs = OutsideJob.objects.filter(checked_amount__isnull=False, checked_at__gte=start, checked_at__lt=end)
        for job in jobs.prefetch_related("lines"):
            row = figures[job.party_id or 0]
            row["jobs"] += 1
            row["asked"] += asked_for(job)
            row["checked"] += job.checked_amount or ZERO
            row["saved"] += job.saved_amount or ZERO
        numbers = OutsideJob.objects.values("number")
        payments = Payment.objects.filter(expense__source_number__in=numbers, on__gte=first, on__lte=last).order_by()
        for party, total in payments.values_list("party").annotate(n=Sum("amount")):
            figures[party]["paid"] += cents(total)
        for party, kind in PartyMark.objects.filter(on__gte=first, on__lte=last).values_list("party", "kind"):
            figures[party][kind] += 1
        names = {
            party.pk: party
            for party in Party.objects.filter(Q(contractor=True) | Q(pk__in=list(figures))).order_by("name")
        }
        columns = (
            ("施工单位", "text"), ("核价（单）", "int+"), ("报价（元）", "money+"), ("核定（元）", "money+"), ("核减（元）", "money+"),
            ("已付（元）", "money+"), ("爽约", "int+"), ("返工", "int+"), ("核减（次）", "int+"), ("表扬", "int+"),
        )  # fmt: skip
        keys = ("jobs", "asked", "checked", "saved", "paid", "no_show", "rework", "price_cut", "praise")
        whole = {"jobs", "no_show", "rework", "price_cut", "praise"}
        rows = [
            (party.name, *(int(figures[pk][key]) if key in whole else figures[pk][key] for key in keys))
            for pk, party in names.items() if pk in figures
        ]  # fmt: skip
        urls = [{0: names[pk].get_absolute_url()} for pk in names if pk in figures]
        return [Table("施工单位年度表", columns, rows, urls, empty="这一年没有施工单位的单子。", note=self.rule)]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(rule=self.rule, **self.yearly(), **extra)


# ---- exceptions ---------------------------------------------------------------------------------------------------


def exceptions(month: Month, user: Any) -> list[tuple[str, str, dt.date, Decimal | None, str]]:
    """(kind, words, date, amount, address) of what a month has that somebody should look at."""
    found: list[tuple[str, str, dt.date, Decimal | None, str]] = []
    for one in split_suspects(month.first, month.last):
        last = one.expenses[-1]
        found.append(("疑似拆分", one.words, clock.local(last.requested_at).date(), one.total, last.get_absolute_url()))
    for number, invoices in same_invoice_numbers():
        newest = max(invoice.on for invoice in invoices)
        if month.first <= newest <= month.last:
            names = "、".join(dict.fromkeys(str(invoice.party) for invoice in invoices))
            amount = sum((invoice.amount for invoice in invoices), ZERO)
            found.append(("发票重号", f"发票 {number}：{names}都有", newest, amount, invoices[-1].get_absolute_url()))
    started = OutsideJob.objects.visible_to(user).filter(started_on__gte=month.first, started_on__lte=month.last)
    early = started.filter(emergency_by__isnull=False).filter(Q(approved_by=None) | Q(emergency_refused=True))
    for job in early.select_related("expense", "emergency_by").order_by("started_on", "pk"):
        state = "未获批准" if job.emergency_refused else "还没有审批"
        words = f"{job.number} {job.title}：{job.emergency_by.name if job.emergency_by else ''}决定紧急先行，{state}"
        found.append(
            (
                "紧急先行未批",
                words,
                job.started_on or month.first,
                job.expense.requested_amount if job.expense else None,
                job.get_absolute_url(),
            )
        )
    found += _without_invoice(month)
    return found


def _without_invoice(month: Month) -> list[tuple[str, str, dt.date, Decimal | None, str]]:
    """Commitments paid in the month for which no invoice in force is known."""
    billed = Payment.objects.filter(invoice__isnull=False, expense__isnull=False).values("expense")
    jobs = JobInvoice.objects.filter(invoice__voided=False).values("job__number")
    rows = (
        Payment.objects.during(month).filter(expense__isnull=False).exclude(expense__in=billed)
        .exclude(expense__source_number__in=jobs).order_by("on", "pk").select_related("expense")
    )  # fmt: skip
    sums: dict[int, tuple[Any, Decimal, dt.date]] = {}
    for payment in rows:
        _, before, _ = sums.get(payment.expense_id or 0, (None, ZERO, payment.on))
        sums[payment.expense_id or 0] = (payment.expense, before + payment.amount, payment.on)
    return [
        ("有付款无发票", f"{expense.source_number or expense.number} {expense.what}：付了 {plain(total)} 元，没有发票", on, total, expense.get_absolute_url())
        for expense, total, on in sums.values() if total > 0
    ]  # fmt: skip


class Exceptions(Monthly, TablePage):
    """异常清单 of a month: named, not refused."""

    permission = VIEW
    stem = "异常清单"
    note = "列在这里的不一定有错，请核对后在原单上写明情况。"

    def get_title(self) -> str:
        return f"异常清单：{self.month.words}"

    def period_words(self) -> str:
        return self.month.words

    def tables(self) -> list[Table]:
        found = exceptions(self.month, self.request.user)
        columns = (("类别", "text"), ("情况", "text"), ("日期", "date"), ("金额（元）", "money"))
        rows, urls = [row[:4] for row in found], [{1: row[4]} for row in found]
        return [Table("异常清单", columns, rows, urls, empty="这个月没有异常。", note=self.note)]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(export_url=f"?month={self.month}&export=xlsx", **self.picker(), **extra)


# ---- the front page of finance, a party, a contract ---------------------------------------------------------------


def front(user: Any, month: Any = None) -> Panel | None:
    """/finance/: the tasks above, and the two sheets of repair costs with the month's figures."""
    if not can(user, VIEW):
        return None
    month = month if isinstance(month, Month) else Month.current()
    jobs, outside = OutsideJob.objects.visible_to(user), reverse("outside:list")
    pricing, settling = todo(jobs, "pricing").count(), todo(jobs, "settlement")
    waiting = settling.count()
    billed = JobInvoice.objects.filter(invoice__voided=False).values("job")
    missing = settling.filter(warranty_for=None).exclude(pk__in=billed).count()
    odd = len(exceptions(month, user))
    figures = [
        {"label": "待核价", "value": pricing, "unit": "张", "more": "验收合格的外修单", "url": f"{outside}?todo=pricing", "order": 1},
        {"label": "待付款", "value": waiting, "unit": "张", "more": "已核价，等结算", "url": f"{outside}?todo=settlement", "order": 2},
        {"label": "缺发票", "value": missing, "unit": "张", "more": "等结算，还没有发票", "url": f"{outside}?todo=settlement", "order": 3},
        {
            "label": "异常", "value": odd, "unit": "项", "more": month.words, "url": f"{reverse('finance:exceptions')}?month={month}",
            "danger": odd > 0, "order": 5,
        },
    ]  # fmt: skip
    total = costs.totals(month, user)
    rows = [
        PanelRow(
            "维修明细", f"{reverse('finance:repairs')}?month={month}", note=f"{month.words}，每张单的材料和工时，外修付款",
            value=f"内修材料 ¥{plain(total['amount'])}",
        ),
        PanelRow(
            "维修汇总", f"{reverse('finance:summary')}?month={month}", note=f"{month.words}，按楼和故障，内修和外修",
            value=f"合计 ¥{plain(total['cost'])}",
        ),
    ]  # fmt: skip
    return Panel("维修费用", rows, extra={"figures": figures}, key="costs")


def _jobs_panel(jobs: Any, user: Any) -> Panel | None:
    rows = jobs.visible_to(user).select_related("party").order_by("-pk")[:PARTY_JOBS]
    found = [
        PanelRow(
            f"{job.number} {job.title}", job.get_absolute_url(), value=job.word, state=SIGNS[job.state],
            note=f"核定 {plain(job.checked_amount)} 元" if job.checked_amount is not None else "",
        )
        for job in rows
    ]  # fmt: skip
    return Panel("外修单", found, empty="没有外修单。", key="jobs")


def of_party(user: Any, party: Any) -> Panel | None:
    """The jobs of a contractor."""
    return _jobs_panel(OutsideJob.objects.filter(party=party), user) if party.contractor else None


def of_contract(user: Any, contract: Any) -> Panel | None:
    """The jobs under a contract."""
    return _jobs_panel(OutsideJob.objects.filter(contract=contract), user)


def of_project(user: Any, project: Any) -> Panel | None:
    """The jobs of a project."""
    return _jobs_panel(OutsideJob.objects.filter(project=project), user)
