"""The list of outside jobs: what can be narrowed, the figures above it, and the columns of the screen and of the sheet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, DecimalField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Round
from django.utils.html import format_html

from campus.duty import acts_for
from campus.models import Place
from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter, shown
from core.templatetags.houqin import day
from finance.models import Party, Payment
from repairs.outside.models import ACCEPTED, KINDS, STATES, OutsideJob
from repairs.outside.people import sees_money

SIGNS = {
    "proposed": "new", "quoting": "accepted", "approving": "asked", "working": "doing", "checking": "checking",
    "pricing": "checking", "settling": "held", "settled": "done", "cancelled": "withdrawn",
}  # fmt: skip
LATE_STATES = ("proposed", "quoting", "approving", "working")
MONEY = DecimalField(max_digits=12, decimal_places=2)


def may_see_money(user: Any) -> bool:
    """Amounts: the office, money people, and who stands in for one of them."""
    return sees_money(user) or any(sees_money(one) for one in acts_for(user, clock.today()))


def todo(jobs: Any, key: str) -> Any:
    """The jobs behind a figure of the list; an unknown one has none."""
    if key == "approval":  # 紧急先行 waits for it while the work runs
        return jobs.filter(
            Q(state="approving") | Q(state__in=["working", "checking", "pricing"], expense__state="waiting")
        )
    if key == "retention":
        return jobs.retention_open().filter(retention_due_on__lte=clock.today())
    state = {"quotes": "quoting", "acceptance": "checking", "pricing": "pricing", "settlement": "settling"}.get(key)
    return jobs.filter(state=state) if state else jobs.none()


WAITING = (  # key, label, what it means
    ("quotes", "等报价", "询价中"),
    ("approval", "待审批", "含紧急先行"),
    ("acceptance", "待验收", "完工等验收"),
    ("pricing", "待核价", "验收合格"),
    ("settlement", "待结算", "已核价"),
    ("retention", "质保金到期", "该付或该扣"),
)


def figures(user: Any, url: str) -> list[dict[str, Any]]:
    """The tasks above the list; each leads to the rows that it counts."""
    mine = OutsideJob.objects.visible_to(user)
    whole = may_see_money(user)  # the others accept work, and what is done about money is none of their tasks
    return [
        {"label": label, "value": todo(mine, key).count(), "unit": "张", "more": more, "url": f"{url}?todo={key}"}
        for key, label, more in WAITING if whole or key in ("quotes", "acceptance")
    ]  # fmt: skip


def state_cell(job: OutsideJob, value: Any) -> str:
    return format_html('<span class="state state-{}">{}</span>', SIGNS[job.state], job.word)


def paid_cell(job: OutsideJob, value: Any) -> str:
    """Nothing where nothing could be paid yet."""
    return shown("money", value) if value or job.approved_amount is not None else ""


def promise_cell(job: OutsideJob, value: Any) -> str:
    if job.promised_on is None or job.state not in LATE_STATES:
        return day(job.done_on) if job.done_on else ""
    late = (clock.today() - job.promised_on).days
    if late > 0:
        return format_html('<span class="late">超期 {} 天</span>', late)
    return f"约 {day(job.promised_on)}"


class JobFilter(FilterSet):
    """What the list can be narrowed by; hidden ones come from links."""

    q = SearchFilter(
        fields=["number", "title", "place__full_name", "party__name"], placeholder="搜单号、项目、地点、单位"
    )
    state = django_filters.ChoiceFilter(label="状态", choices=[("open", "未结束"), *STATES.items()], method="in_state")
    kind = django_filters.ChoiceFilter(label="类型", choices=list(KINDS.items()))
    todo = django_filters.ChoiceFilter(
        label="待办", choices=[(key, label) for key, label, _ in WAITING], method="to_do"
    )
    party = django_filters.NumberFilter(label="施工单位", method="of_party", widget=forms.HiddenInput)
    place = django_filters.NumberFilter(label="地点", method="in_place", widget=forms.HiddenInput)
    emergency = django_filters.CharFilter(label="紧急先行未批", method="unapproved", widget=forms.HiddenInput)
    warranty = django_filters.CharFilter(label="质保期内", method="in_warranty", widget=forms.HiddenInput)

    class Meta:
        model = OutsideJob
        fields: list[str] = []

    def in_state(self, qs: Any, name: str, value: str) -> Any:
        return qs.open() if value == "open" else qs.filter(state=value)

    def to_do(self, qs: Any, name: str, value: str) -> Any:
        return todo(qs, value)

    def of_party(self, qs: Any, name: str, value: Any) -> Any:
        return qs.filter(party=int(value)) if 0 < value < 2**62 else qs.none()

    def in_place(self, qs: Any, name: str, value: Any) -> Any:
        place = Place.objects.filter(pk=int(value)).first() if 0 < value < 2**62 else None
        return qs.filter(place__in=Place.objects.within(place).values("pk")) if place else qs.none()

    def unapproved(self, qs: Any, name: str, value: str) -> Any:
        return qs.unapproved_emergencies()

    def in_warranty(self, qs: Any, name: str, value: str) -> Any:
        return qs.under_warranty()


def with_paid(jobs: Any) -> Any:
    """Annotate `paid`: what went to the contractor less what came back, over all expenses of the job."""
    sums = (
        Payment.objects.filter(expense__source_number=OuterRef("number"))
        .order_by()
        .values("expense__source_number")
        .annotate(n=Round(Sum("amount"), 2))
    )
    return jobs.annotate(paid=Coalesce(Subquery(sums.values("n")), Decimal(0), output_field=MONEY))


class JobList(Listing):
    """/outside/: every job that the user may see, newest first."""

    model = OutsideJob
    title = "外修单"
    filename = "外修单"
    measure = "张"
    filterset = JobFilter
    related = ("place", "party", "expense", "ordered_by", "warranty_for")
    prefetch = ("lines",)
    empty_icon = "hard-hat"
    empty = ("还没有外修单", "报修转给外面的单位后，列在这里。")
    facts = (
        Column("title", "项目", link=True),
        Column("number", "单号", order="number", phone="hide"),
        Column("kind", "类型", phone="hide"),
        Column("place", "地点", value="place.full_name", phone="wide"),
        Column("party", "施工单位", value="party.name"),
        Column("state", "状态", kind="state", cell=state_cell),
        Column("finish", "完工", kind="date", value="promised_on", cell=promise_cell, phone="label", where="screen"),
        Column("promised_on", "承诺完工", kind="date", where="sheet"),
    )
    amounts = (
        Column("quoted", "报价合计", value="quoted_amount", kind="money", where="sheet", total=True),
        Column("approved_amount", "批准金额", kind="money", phone="label"),
        Column("checked_amount", "核定金额", kind="money", phone="label"),
        Column("saved", "核减", value="saved_amount", kind="money", where="sheet", total=True),
        Column("paid", "已付", kind="money", cell=paid_cell, phone="hide"),
        Column("retention", "未结质保金", value="retention_left", kind="money", where="sheet", total=True),
    )
    last = (
        Column("reason", "不能自修的原因", where="sheet"),
        Column("ordered_by", "经办人", value="ordered_by.name", where="sheet"),
        Column("done_on", "完工日期", kind="date", where="sheet"),
        Column("accepted_at", "验收时间", kind="datetime", where="sheet"),
        Column("warranty_until", "质保至", kind="date", where="sheet"),
    )

    def base(self) -> Any:
        return with_paid(super().base())

    def get_columns(self) -> Any:
        return (*self.facts, *(self.amounts if may_see_money(self.user) else ()), *self.last)


class ContractorList(Listing):
    """/outside/contractors/: the firms with their record."""

    model = Party
    title = "外修单位"
    filename = "外修单位"
    measure = "家"
    order = "name"
    empty_icon = "hard-hat"
    empty = ("还没有外修单位", "请先在财务的往来单位里登记。")
    columns = (
        Column("name", "单位", link=True, order="name"),
        Column("contact", "联系人", phone="label"),
        Column("phone", "电话", phone="label"),
        Column("jobs", "外修单", kind="int", phone="label"),
        Column("reworks", "返工", kind="int", phone="label"),
        Column("price_cuts", "核减", kind="int", phone="label"),
        Column("no_shows", "爽约", kind="int", phone="label"),
        Column("active", "在用", kind="bool", phone="label"),
    )

    def base(self) -> Any:
        jobs = OutsideJob.objects.filter(party=OuterRef("pk")).exclude(state="cancelled").order_by().values("party")
        rows = super().base().filter(contractor=True).with_record()
        return rows.annotate(jobs=Coalesce(Subquery(jobs.annotate(n=Count("pk")).values("n")), 0))


def money_figures(party: Party) -> dict[str, Any]:
    """What the school has had with a contractor: jobs, amounts as quoted, checked and paid."""
    jobs = list(OutsideJob.objects.filter(party=party).exclude(state="cancelled").prefetch_related("lines"))
    checked = [job for job in jobs if job.checked_amount is not None]
    return {
        "jobs": len(jobs),
        "done": sum(job.state in ACCEPTED for job in jobs),
        "quoted": sum((job.quoted_amount for job in checked), Decimal(0)),
        "checked": sum((job.checked_amount or Decimal(0) for job in checked), Decimal(0)),
        "saved": sum((job.saved_amount or Decimal(0) for job in checked), Decimal(0)),
        "paid": Payment.objects.filter(party=party).filter(~Q(expense=None)).net(),
        "rework": OutsideJob.objects.filter(party=party).aggregate(n=Sum(F("rework_count")))["n"] or 0,
    }
