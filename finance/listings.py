"""Lists of finance: payments, expenses, parties, bands, contracts, projects, invoices, claims, income of claims."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import Count, Q, Sum
from django.utils.html import format_html

from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.money import plain
from core.rights import can
from core.templatetags.houqin import state_class
from finance.models import (
    APPROVERS,
    BOOKS,
    CLAIM_OPEN,
    CLAIM_STATES,
    EXPENSE_STATES,
    PAYMENT_KINDS,
    Band,
    BudgetLine,
    Claim,
    Contract,
    Expense,
    Invoice,
    Party,
    Payment,
    Project,
)
from finance.monthly import MonthListing, TotalListing

SIGNS = {
    "waiting": "new", "approved": "done", "returned": "declined", "void": "withdrawn", "to_judge": "new", "due": "dispatched",
    "paid": "done", "waived": "duplicate", "withdrawn": "withdrawn", "refunded": "duplicate",
}  # fmt: skip
EXPIRING_DAYS = 60  # a contract that ends within so many days is named


def sign(record: Any, value: Any) -> Any:
    """A state with the sign that the look knows."""
    return format_html('<span class="{}">{}</span>', state_class(SIGNS.get(value, "")), record.get_state_display())


def what_for(payment: Payment) -> str:
    """What a payment was for, without a pupil's name."""
    if payment.expense is not None:
        return payment.expense.what
    if payment.claim is not None:
        return f"损坏赔偿：{payment.claim.what}"
    return payment.basis


def source_of(payment: Payment) -> str:
    """The paper that the payment belongs to."""
    if payment.expense is not None:
        return payment.expense.source_number or payment.expense.number
    return payment.claim.number if payment.claim is not None else ""


# ---- payments -----------------------------------------------------------------------------------------------------


class PaymentFilter(FilterSet):
    """Payments of the month by words, kind and books."""

    q = SearchFilter(
        fields=(
            "number",
            "voucher",
            "words",
            "party__name",
            "expense__what",
            "expense__source_number",
            "claim__number",
        ),
        placeholder="单号、单位、凭证号",
    )
    kind = django_filters.ChoiceFilter(label="类型", choices=list(PAYMENT_KINDS.items()))
    book = django_filters.ChoiceFilter(label="账套", choices=list(BOOKS.items()))

    class Meta:
        model = Payment
        fields: list[str] = []


class PaymentListing(MonthListing):
    """付款明细: every movement of money of a month."""

    model = Payment
    title = filename = "付款明细"
    measure = "笔"
    order = ("-on", "-pk")
    related = ("expense", "claim", "party", "invoice", "by", "acting_for")
    filterset = PaymentFilter
    empty = ("这个月没有收付款", "外修单、报销和赔偿的收付款登记后列在这里。")
    empty_icon = "wallet"
    columns = (
        Column("number", "单号", link=True),
        Column("on", "日期", kind="date", order="on"),
        Column("kind", "类型", phone="label"),
        Column("what", "事由", value=what_for, phone="wide", width=30),
        Column("source", "来源单号", value=source_of, phone="label"),
        Column("party", "往来单位", value="party.name", phone="label"),
        Column("paid_out", "付出（元）", kind="money", total=True, phone="label"),
        Column("taken_in", "收入（元）", kind="money", total=True, phone="label"),
        Column("invoice", "发票号码", value="invoice.number", phone="hide"),
        Column("voucher", "凭证号", phone="hide"),
        Column("book", "账套", where="sheet"),
        Column("account", "收款账户", where="sheet"),
        Column("basis", "收费依据", where="sheet"),
        Column("words", "说明", where="sheet"),
        Column("by", "经办人", value="by.name", phone="hide"),
        Column("acting_for", "代", value="acting_for.name", where="sheet"),
    )

    def of_month(self) -> Any:
        return Payment.objects.visible_to(self.user).during(self.month)


class ClaimIncomeListing(MonthListing):
    """赔偿收入: what came in for claims in a month, and what went back."""

    model = Payment
    title = filename = "赔偿收入"
    measure = "笔"
    order = ("-on", "-pk")
    related = ("claim", "claim__class_group", "by")
    empty = ("这个月没有赔偿收入", "赔偿单登记缴款后列在这里。")
    empty_icon = "wallet"

    def of_month(self) -> Any:
        return Payment.objects.visible_to(self.user).during(self.month).filter(claim__isnull=False)

    def get_columns(self) -> tuple[Column, ...]:
        """Names only for who handles claims."""
        named = (
            (Column("person", "赔偿人", value="claim.person_name", where="sheet"),)
            if can(self.user, "finance.claims")
            else ()
        )
        return (
            Column("number", "单号", link=True),
            Column("on", "日期", kind="date", order="on"),
            Column("claim", "赔偿单", value="claim.number", phone="label"),
            Column("what", "损坏物品", value="claim.what", phone="wide"),
            Column("class_group", "班级", value="claim.class_group.name", phone="label"),
            *named,
            Column("received", "收入（元）", kind="money", total=True, value=lambda p: -p.amount, phone="label"),
            Column("due", "应赔（元）", kind="money", value="claim.amount", phone="hide"),
            Column("basis", "收费依据", phone="hide", width=30),
            Column("voucher", "凭证号", phone="hide"),
            Column("by", "经办人", value="by.name", phone="hide"),
        )


# ---- expenses, invoices -------------------------------------------------------------------------------------------


class ExpenseFilter(FilterSet):
    """Expenses by words, state and who decides."""

    q = SearchFilter(
        fields=("number", "what", "source_number", "place_words", "party__name"), placeholder="单号、事由、单位"
    )
    state = django_filters.ChoiceFilter(label="状态", choices=list(EXPENSE_STATES.items()))
    role = django_filters.ChoiceFilter(label="审批人", field_name="approver_role", choices=list(APPROVERS.items()))

    class Meta:
        model = Expense
        fields: list[str] = []


class ExpenseListing(TotalListing):
    """Every request for money that the user may see."""

    model = Expense
    title = filename = "支出审批"
    measure = "张"
    order = "-pk"
    related = ("party", "requested_by", "decided_by", "acting_for", "budget_line")
    filterset = ExpenseFilter
    empty = ("还没有支出审批", "外修单送审后，这里有它的支出审批。")
    empty_icon = "clipboard-list"
    columns = (
        Column("number", "单号", link=True, order="number"),
        Column("what", "事由", phone="wide"),
        Column("source_number", "来源单号", where="sheet"),
        Column("party", "往来单位", value="party.name", phone="label"),
        Column("requested_amount", "申请金额", kind="money", total=True, phone="label"),
        Column("approved_amount", "批准金额", kind="money", total=True, phone="label"),
        Column("state", "状态", kind="state", cell=sign, phone="label"),
        Column("approver_role", "审批权限", phone="hide"),
        Column("requested_by", "申请人", value="requested_by.name", phone="hide"),
        Column(
            "requested_on", "申请日期", kind="date", value=lambda e: clock.local(e.requested_at).date(), phone="hide"
        ),
        Column("approved_by", "审批", value="approved_by", phone="hide"),
        Column("decided_at", "审批时间", kind="datetime", where="sheet"),
        Column("decision_words", "审批意见", where="sheet"),
        Column("budget_line", "预算科目", value=lambda e: str(e.budget_line or ""), where="sheet"),
        Column("book", "账套", where="sheet"),
    )

    def url(self, record: Expense) -> str:
        from django.urls import reverse

        return reverse("finance:expense", args=[record.number])


class InvoiceFilter(FilterSet):
    """Invoices by number and party, voided or not."""

    q = SearchFilter(fields=("number", "party__name"), placeholder="发票号码、单位")
    voided = django_filters.ChoiceFilter(label="状态", choices=[("0", "有效"), ("1", "已作废")], method="by_voided")

    class Meta:
        model = Invoice
        fields: list[str] = []

    def by_voided(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(voided=value == "1")


class InvoiceListing(TotalListing):
    """Every invoice."""

    model = Invoice
    title = filename = "发票"
    measure = "张"
    order = ("-on", "-pk")
    related = ("party", "by")
    filterset = InvoiceFilter
    empty = ("还没有发票", "收到发票后在这里或在外修单上登记。")
    columns = (
        Column("number", "发票号码", link=True),
        Column("party", "开票单位", value="party.name", phone="label"),
        Column("on", "开票日期", kind="date", order="on", phone="label"),
        Column("amount", "金额", kind="money", total=True, phone="label"),
        Column("paid_amount", "已付", kind="money", phone="label"),
        Column("voided", "状态", value=lambda invoice: "已作废" if invoice.voided else "有效", phone="label"),
        Column("by", "登记人", value="by.name", phone="hide"),
    )

    def base(self) -> Any:
        return super().base().annotate(paid_amount=Sum("payments__amount"))


# ---- parties, contracts, projects ---------------------------------------------------------------------------------


class PartyFilter(FilterSet):
    """Parties by words and kind."""

    q = SearchFilter(fields=("name", "contact", "licence"), placeholder="名称、联系人")
    kind = django_filters.ChoiceFilter(
        label="类别",
        choices=[("contractor", "外修承包方"), ("supplier", "供应商"), ("caterer", "食堂供货或承包")],
        method="of_kind",
    )
    active = django_filters.ChoiceFilter(label="状态", choices=[("1", "在用"), ("0", "已停用")], method="in_use")

    class Meta:
        model = Party
        fields: list[str] = []

    def of_kind(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(**{value: True})

    def in_use(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(active=value == "1")


class PartyListing(Listing):
    """Every party with its record."""

    model = Party
    title = filename = "往来单位"
    measure = "家"
    order = "name"
    filterset = PartyFilter
    empty = ("还没有往来单位", "先登记常用的施工单位和供应商。")
    empty_icon = "users"
    columns = (
        Column("name", "单位名称", link=True, order="name"),
        Column("kinds", "类别", phone="label"),
        Column("contact", "联系人", phone="label"),
        Column("phone", "电话", phone="label"),
        Column("no_shows", "爽约", kind="int", phone="label"),
        Column("reworks", "返工", kind="int", phone="label"),
        Column("price_cuts", "核减", kind="int", phone="label"),
        Column("praises", "表扬", kind="int", phone="hide"),
        Column("account", "收款账户", where="sheet"),
        Column("licence", "统一社会信用代码", where="sheet"),
        Column("active", "在用", kind="bool", phone="hide"),
    )

    def base(self) -> Any:
        return super().base().with_record()


class ContractFilter(FilterSet):
    """Contracts by words, and those that end soon."""

    q = SearchFilter(fields=("number", "title", "party__name"), placeholder="编号、名称、单位")
    expiring = django_filters.ChoiceFilter(label="到期", choices=[("1", "即将到期"), ("0", "已到期")], method="by_end")

    class Meta:
        model = Contract
        fields: list[str] = []

    def by_end(self, queryset: Any, name: str, value: str) -> Any:
        today = clock.today()
        if value == "1":
            return queryset.filter(ends_on__gte=today, ends_on__lte=today + dt.timedelta(days=EXPIRING_DAYS))
        return queryset.filter(ends_on__lt=today)


def _ends(contract: Contract, value: dt.date) -> Any:
    """The end with what it means today."""
    left = (value - clock.today()).days
    words = f"{value.year}年{value.month}月{value.day}日"  # always with the year: contracts run over several
    if left < 0:
        return f"{words} · 已到期"
    if left <= EXPIRING_DAYS:
        return format_html('<span class="late">{} · 还有 {} 天</span>', words, left)
    return words


class ContractListing(TotalListing):
    """Every contract."""

    model = Contract
    title = filename = "合同"
    measure = "份"
    order = ("-signed_on", "-pk")
    related = ("party",)
    filterset = ContractFilter
    empty = ("还没有合同", "绿化、电梯、食堂等合同登记后，到期前会提醒。")
    empty_icon = "file-text"
    columns = (
        Column("number", "合同编号", link=True),
        Column("title", "名称", phone="wide"),
        Column("party", "往来单位", value="party.name", phone="label"),
        Column("amount", "金额", kind="money", total=True, phone="label"),
        Column("signed_on", "签订", kind="date", order="signed_on", phone="hide"),
        Column("starts_on", "开始", kind="date", phone="hide"),
        Column("ends_on", "到期", kind="date", cell=_ends, phone="label"),
    )


class ProjectListing(TotalListing):
    """Every project with its milestones."""

    model = Project
    title = filename = "项目"
    measure = "个"
    order = ("-starts_on", "-pk")
    related = ("contract",)
    empty = ("还没有项目", "暑假工程等立项后登记在这里。")
    empty_icon = "hammer"
    columns = (
        Column("name", "项目", link=True),
        Column("budget", "预算", kind="money", total=True, phone="label"),
        Column("funding", "资金来源", phone="label"),
        Column("approval_number", "立项批复", phone="hide"),
        Column("starts_on", "开始", kind="date", order="starts_on", phone="label"),
        Column("ends_on", "结束", kind="date", phone="label"),
        Column(
            "reached", "完成节点", value=lambda p: f"{p.done_count}/{p.all_count}" if p.all_count else "", phone="label"
        ),
        Column("contract", "合同", value="contract.number", phone="hide"),
    )

    def base(self) -> Any:
        done = Count("milestones", filter=Q(milestones__done_on__isnull=False))
        return super().base().annotate(all_count=Count("milestones"), done_count=done)


class BandListing(Listing):
    """The bands of approval."""

    model = Band
    title = filename = "审批额度"
    measure = "档"
    order = ("from_amount", "pk")
    empty = ("还没有审批额度", "先写明多少钱由谁审批。")
    columns = (
        Column("start", "起点", value=lambda band: f"{plain(band.from_amount)} 元起", link=True, where="screen"),
        Column("from_amount", "起点金额（元）", kind="money", where="sheet"),
        Column("approver", "审批人", phone="label"),
        Column("quotes", "至少几家报价", kind="int", phone="label"),
        Column("minutes", "须附会议纪要", kind="bool", phone="label"),
        Column("active", "启用", kind="bool", phone="label"),
    )

    def url(self, record: Band) -> str:
        from django.urls import reverse

        return reverse("finance:band-edit", args=[record.pk]) if can(self.user, "finance.manage") else ""


class BudgetLineListing(Listing):
    """The lines of the budget, to change them."""

    model = BudgetLine
    title = filename = "预算科目"
    measure = "个"
    order = ("-year", "code", "pk")
    empty = ("还没有预算科目", "先登记本年度的科目和预算数。")
    columns = (
        Column("code", "科目编码", link=True),
        Column("name", "科目"),
        Column("year", "年度", value=lambda line: str(line.year), phone="label"),
        Column("book", "账套", phone="label"),
        Column("planned", "预算（元）", kind="money", phone="label"),
    )

    def url(self, record: BudgetLine) -> str:
        from django.urls import reverse

        return reverse("finance:budget-line-edit", args=[record.pk]) if can(self.user, "finance.manage") else ""


# ---- claims -------------------------------------------------------------------------------------------------------


class ClaimFilter(FilterSet):
    """Claims by words and state; a name is searched by nobody."""

    q = SearchFilter(
        fields=("number", "what", "place_words", "source_number", "class_group__name"), placeholder="单号、物品、班级"
    )
    state = django_filters.ChoiceFilter(label="状态", choices=list(CLAIM_STATES.items()))
    open = django_filters.ChoiceFilter(label="办结", choices=[("1", "未结"), ("0", "已结")], method="by_open")
    objection = django_filters.ChoiceFilter(label="异议", choices=[("1", "等答复")], method="by_objection")

    class Meta:
        model = Claim
        fields: list[str] = []

    def by_open(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(state__in=CLAIM_OPEN) if value == "1" else queryset.exclude(state__in=CLAIM_OPEN)

    def by_objection(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(state__in=CLAIM_OPEN, objection_answer="").exclude(objection="")


class ClaimListing(TotalListing):
    """Claims that the user may see; the pupil's name for those who may."""

    model = Claim
    title = filename = "损坏赔偿"
    measure = "张"
    order = "-pk"
    related = ("class_group", "proposed_by", "judged_by")
    filterset = ClaimFilter
    empty = ("还没有赔偿单", "从报修单上登记，或点“登记赔偿”。")

    def get_columns(self) -> tuple[Column, ...]:
        user = self.user
        return (
            Column("number", "单号", link=True, order="number"),
            Column("what", "损坏物品", phone="wide"),
            Column("class_group", "班级", value="class_group.name", phone="label"),
            Column(
                "person_name",
                "赔偿人",
                value=lambda claim: claim.person_name if claim.may_see_name(user) else "",
                phone="label",
            ),
            Column("amount", "应赔（元）", kind="money", total=True, phone="label"),
            Column("received", "已缴（元）", kind="money", total=True, phone="label"),
            Column("state", "状态", kind="state", cell=sign, phone="label"),
            Column("due_on", "缴费期限", kind="date", phone="label"),
            Column("source_number", "来源单号", phone="hide"),
            Column("place_words", "地点", where="sheet"),
            Column("cost_words", "计价依据", where="sheet"),
            Column("proposed_by", "提出人", value="proposed_by.name", phone="hide"),
            Column("judged_by", "认定人", value="judged_by.name", phone="hide"),
        )
