"""Finance: budget, approvals (expenses), payments, invoices, claims, periods; parties stand in `finance.parties`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Round
from django.urls import reverse

from campus.duty import acts_for
from campus.models import ClassGroup
from core import clock
from core.models import AppendOnly, Attachment
from core.money import cents
from core.rights import can, scopes
from finance.columns import (
    APPROVERS,
    BOOKS,
    CLAIM_OPEN,
    CLAIM_SOURCES,
    CLAIM_STATES,
    COST_KINDS,
    EXPENSE_STATES,
    MARKS,
    MONEY,
    OUT_KINDS,
    PAYMENT_KINDS,
    FinanceQuerySet,
    money,
    person,
)
from finance.parties import Contract, Milestone, Party, PartyMark, Project

__all__ = [
    "APPROVERS", "BOOKS", "CLAIM_OPEN", "CLAIM_SOURCES", "CLAIM_STATES", "COST_KINDS", "EXPENSE_STATES", "MARKS", "MONEY",
    "OUT_KINDS", "PAYMENT_KINDS", "Band", "BudgetLine", "Claim", "Contract", "Expense", "Invoice", "Milestone", "Party",
    "PartyMark", "Payment", "Period", "Project",
]  # fmt: skip

# ---- budget and bands ----------------------------------------------------------------------------------------------


class BudgetLine(models.Model):
    """A line of the year's budget (经济分类)."""

    year = models.PositiveSmallIntegerField("年度")
    code = models.CharField("科目编码", max_length=20)
    name = models.CharField("科目", max_length=60)
    book = models.CharField("账套", max_length=10, choices=BOOKS, default="school")
    planned = money("预算", default=0)

    objects = FinanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "预算科目"
        ordering = ["-year", "book", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "code", "book"], name="budget_line_once", violation_error_message="这个年度已有这个科目。"
            ),
            models.CheckConstraint(condition=Q(planned__gte=0), name="budget_line_planned", violation_error_message="预算不能小于 0。"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.year} {self.code} {self.name}"


class Band(models.Model):
    """From which amount on who approves, after how many quotes, with or without minutes; acts on later requests."""

    from_amount = money("起点金额")
    approver = models.CharField("审批人", max_length=20, choices=APPROVERS)
    quotes = models.PositiveSmallIntegerField("至少几家报价", default=1)
    minutes = models.BooleanField("须附会议纪要", default=False)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "审批额度"
        ordering = ["from_amount", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["from_amount"], condition=Q(active=True), name="band_once",
                violation_error_message="已有从这个金额起的审批额度，请修改那一行。",
            ),
            models.CheckConstraint(
                condition=Q(from_amount__gte=0, approver__in=list(APPROVERS)) & ~Q(quotes=0), name="band_sound",
                violation_error_message="起点金额不能小于 0，报价至少一家。",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.from_amount} 元起 · {self.get_approver_display()}"


# ---- expenses ------------------------------------------------------------------------------------------------------


class ExpenseQuerySet(models.QuerySet["Expense"]):
    """Vocabulary of expenses."""

    def visible_to(self, user: Any) -> ExpenseQuerySet:
        """Who looks after money all, everybody else his own."""
        if can(user, "finance.view"):
            return self
        return self.filter(requested_by=user) if getattr(user, "pk", None) else self.none()

    def waiting(self) -> ExpenseQuerySet:
        return self.filter(state="waiting")

    def to_decide_by(self, user: Any) -> ExpenseQuerySet:
        """What waits for this user, by his own role or for somebody absent; never his own paper nor the absent one's."""
        if not getattr(user, "pk", None) or not user.is_active:
            return self.none()
        wanted = Q(approver_role__in=scopes(user, "finance.decide"))
        for absent in acts_for(user, clock.today()):
            wanted |= Q(approver_role__in=scopes(absent, "finance.decide")) & ~Q(requested_by=absent)
        return self.waiting().filter(wanted).exclude(requested_by=user)

    def with_paid(self) -> ExpenseQuerySet:
        """Annotate `paid`: the net of the payments booked on the row itself."""
        sums = (
            Payment.objects.filter(expense=OuterRef("pk"))
            .order_by()
            .values("expense")
            .annotate(n=Round(Sum("amount"), 2))
        )
        return self.annotate(paid=Coalesce(Subquery(sums.values("n")), Decimal(0), output_field=MONEY))


class Expense(models.Model):
    """One commitment of money: what for, to whom, how much, who decided; see `rules.EXPENSE`."""

    number = models.CharField("单号", max_length=20, unique=True)
    what = models.CharField("事由", max_length=200)
    source_number = models.CharField("来源单号", max_length=40, blank=True)
    source_url = models.CharField(max_length=300, blank=True)
    place_words = models.CharField("地点", max_length=120, blank=True)
    party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="expenses", verbose_name="往来单位"
    )
    budget_line = models.ForeignKey(
        BudgetLine, models.PROTECT, null=True, blank=True, related_name="expenses", verbose_name="预算科目"
    )
    book = models.CharField("账套", max_length=10, choices=BOOKS, default="school")
    requested_amount = money("申请金额")
    approved_amount = money("批准金额", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=EXPENSE_STATES, default="waiting")
    approver_role = models.CharField("审批人", max_length=20, choices=APPROVERS)  # these four: the band as it was
    quotes_needed = models.PositiveSmallIntegerField("须有几家报价", default=1)
    minutes_needed = models.BooleanField("须附会议纪要", default=False)
    next_band = money("再往上一级的起点", null=True, blank=True)
    requested_by = person("申请人")
    requested_at = models.DateTimeField("申请时间", default=clock.now)
    decided_by = person("审批人", null=True)
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    acting_for = person("代", null=True)
    decision_words = models.CharField("审批意见", max_length=200, blank=True)
    minutes_number = models.CharField("会议纪要编号", max_length=40, blank=True)
    minutes_on = models.DateField("会议日期", null=True, blank=True)
    minutes_scan = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="会议纪要"
    )
    replaces = models.ForeignKey(  # 增项: the approval of the new total takes the place of this one
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name="代替"
    )
    voided_by = person("作废人", null=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    void_words = models.CharField("作废原因", max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ExpenseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "支出审批"
        indexes = [
            models.Index(fields=["state", "approver_role", "id"], name="expense_inbox"),
            models.Index(fields=["party", "requested_at"], name="expense_party"),
            models.Index(fields=["requested_at", "id"], name="expense_requested"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(EXPENSE_STATES)), name="expense_state_known"),
            models.CheckConstraint(condition=Q(requested_amount__gt=0), name="expense_amount"),
            models.CheckConstraint(
                condition=Q(approved_amount=None)
                | Q(approved_amount__gt=0, approved_amount__lte=F("requested_amount")),
                name="expense_approved_amount",
            ),
            models.CheckConstraint(
                condition=Q(next_band=None) | Q(next_band__gt=F("requested_amount")), name="expense_below_next_band"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")), name="expense_decided_by_another"
            ),
            models.CheckConstraint(
                condition=Q(acting_for=None)
                | (Q(decided_by__isnull=False) & ~Q(acting_for=F("requested_by")) & ~Q(acting_for=F("decided_by"))),
                name="expense_acting_for_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(decided_by=None, decided_at=None, approved_amount=None),
                name="expense_waiting_undecided",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(decided_by__isnull=False, decided_at__isnull=False, approved_amount__isnull=False),
                name="expense_approved_whole",
            ),
            models.CheckConstraint(
                condition=Q(approved_amount=None)
                | Q(minutes_needed=False)
                | (~Q(minutes_number="") & Q(minutes_on__isnull=False, minutes_scan__isnull=False)),
                name="expense_minutes",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned")
                | (Q(decided_by__isnull=False, decided_at__isnull=False, approved_amount=None) & ~Q(decision_words="")),
                name="expense_returned_whole",
            ),
            models.CheckConstraint(
                condition=(Q(state="void", voided_by__isnull=False, voided_at__isnull=False) & ~Q(void_words=""))
                | (~Q(state="void") & Q(voided_by=None, voided_at=None)),
                name="expense_void_whole",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None) | ~Q(replaces=F("id")), name="expense_not_own_replacement"
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(state__in=["waiting", "approved"]), name="expense_one_replacement"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"

    def get_absolute_url(self) -> str:
        return self.source_url or reverse("finance:expense", args=[self.number])

    @property
    def approved_by(self) -> str:
        """Who decided, with 代 where he stood in for somebody."""
        if self.decided_by is None:
            return ""
        return f"{self.decided_by.name}（代{self.acting_for.name}）" if self.acting_for else self.decided_by.name


# ---- invoices and payments -----------------------------------------------------------------------------------------


class Invoice(models.Model):
    """An invoice of a party; a wrong one is voided, never removed."""

    number = models.CharField("发票号码", max_length=40)
    party = models.ForeignKey(Party, models.PROTECT, related_name="invoices", verbose_name="开票单位")
    amount = money("金额")
    on = models.DateField("开票日期")
    voided = models.BooleanField("已作废", default=False)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)
    by = person("登记人")
    at = models.DateTimeField(default=clock.now)

    objects = FinanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "发票"
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["number"], name="invoice_number")]
        constraints = [
            models.UniqueConstraint(fields=["party", "number"], condition=Q(voided=False), name="invoice_once"),
            models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(number=""), name="invoice_sound"),
            models.CheckConstraint(condition=Q(voided=False) | ~Q(void_reason=""), name="invoice_void_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.party}"

    def get_absolute_url(self) -> str:
        return reverse("finance:invoice", args=[self.pk])


class PaymentQuerySet(FinanceQuerySet):
    """Vocabulary of payments."""

    def net(self) -> Decimal:
        """Their sum: what went out less what came back."""
        return cents(self.aggregate(n=Sum("amount"))["n"] or 0)  # SQLite sums floats

    def during(self, month: Any) -> PaymentQuerySet:
        """Paid in a month (core.plan.Month), by the date of the payment."""
        return self.filter(on__gte=clock.local(month.start).date(), on__lt=clock.local(month.end).date())

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Payment is append-only")

    def delete(self) -> Any:
        raise TypeError("Payment is append-only")


class Payment(AppendOnly):
    """One movement of money: amount > 0 out, < 0 in; a wrong one is corrected by its counterpart in an open month."""

    number = models.CharField("单号", max_length=20, unique=True)
    expense = models.ForeignKey(
        Expense, models.PROTECT, null=True, blank=True, related_name="payments", verbose_name="支出审批"
    )
    claim = models.ForeignKey(
        "Claim", models.PROTECT, null=True, blank=True, related_name="payments", verbose_name="赔偿单"
    )
    party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="payments", verbose_name="往来单位"
    )
    book = models.CharField("账套", max_length=10, choices=BOOKS, default="school")
    amount = money("金额")
    on = models.DateField("日期")
    kind = models.CharField("类型", max_length=10, choices=PAYMENT_KINDS)
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="payments", verbose_name="发票"
    )
    voucher = models.CharField("凭证号", max_length=40, blank=True)
    account = models.CharField("收款账户", max_length=120, blank=True)
    basis = models.CharField("收费依据", max_length=200, blank=True)
    words = models.CharField("说明", max_length=200, blank=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="corrected_by", verbose_name="冲正"
    )
    by = person("经办人")
    acting_for = person("代", null=True)
    at = models.DateTimeField(default=clock.now)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "收付款"
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["on", "id"], name="payment_on")]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects=None, kind__in=list(OUT_KINDS), expense__isnull=False, claim=None, amount__gt=0)
                | Q(corrects=None, kind="refund", expense__isnull=False, claim=None, amount__lt=0)
                | Q(corrects=None, kind="refund", expense=None, claim__isnull=False, amount__gt=0)
                | Q(corrects=None, kind="income", expense=None, amount__lt=0)
                | (Q(corrects__isnull=False, kind__in=list(PAYMENT_KINDS)) & ~Q(amount=0) & ~Q(words="")),
                name="payment_sign",
            ),
            models.CheckConstraint(condition=~Q(kind="income") | ~Q(basis=""), name="payment_income_basis"),
            models.CheckConstraint(condition=Q(expense=None) | Q(party__isnull=False), name="payment_party"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()} {self.amount}"

    def get_absolute_url(self) -> str:
        return reverse("finance:payment", args=[self.number])

    @property
    def paid_out(self) -> Decimal | None:
        return self.amount if self.amount > 0 else None

    @property
    def taken_in(self) -> Decimal | None:
        return -self.amount if self.amount < 0 else None


# ---- claims --------------------------------------------------------------------------------------------------------


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Vocabulary of claims."""

    def open(self) -> ClaimQuerySet:
        return self.filter(state__in=CLAIM_OPEN)

    def visible_to(self, user: Any) -> ClaimQuerySet:
        """Who handles claims or reads the money all; a class teacher those of his class."""
        if can(user, "finance.claims") or can(user, "finance.view"):
            return self
        return self.filter(class_group__teacher=user) if getattr(user, "pk", None) else self.none()


class Claim(models.Model):
    """What somebody broke and pays for (损坏赔偿单): the cost only; see `rules.CLAIM`.

    A pupil's name stands only here, and only `may_see_name` shows it.
    """

    personal = ("person_name", "objection", "objection_answer")

    number = models.CharField("单号", max_length=20, unique=True)
    state = models.CharField("状态", max_length=10, choices=CLAIM_STATES, default="to_judge")
    source = models.CharField("来源", max_length=10, choices=CLAIM_SOURCES, default="other")
    source_number = models.CharField("来源单号", max_length=40, blank=True)
    source_url = models.CharField(max_length=300, blank=True)
    what = models.CharField("损坏物品", max_length=120)
    place_words = models.CharField("地点", max_length=120, blank=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    class_group = models.ForeignKey(
        ClassGroup, models.PROTECT, null=True, blank=True, related_name="claims", verbose_name="班级"
    )
    person_name = models.CharField("赔偿人", max_length=30, blank=True)
    cost_kind = models.CharField("计价方式", max_length=10, choices=COST_KINDS, default="repair")
    cost = money("成本")
    cost_words = models.CharField("计价依据", max_length=200)
    amount = money("应赔金额")
    received = money("已缴金额", default=0)
    due_on = models.DateField("缴费期限", null=True, blank=True)
    proposed_by = person("提出人")
    proposed_at = models.DateTimeField("提出时间", default=clock.now)
    judged_by = person("认定人", null=True)
    judged_at = models.DateTimeField("认定时间", null=True, blank=True)
    judged_words = models.CharField("认定意见", max_length=200, blank=True)
    waived_by = person("批准减免人", null=True)
    waived_at = models.DateTimeField("减免时间", null=True, blank=True)
    end_words = models.CharField("原因", max_length=200, blank=True)  # of waiving, withdrawing, giving back
    objection = models.CharField("异议", max_length=300, blank=True)
    objected_on = models.DateField("异议日期", null=True, blank=True)
    objection_answer = models.CharField("答复", max_length=300, blank=True)
    answered_by = person("答复人", null=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "损坏赔偿单"
        indexes = [
            models.Index(fields=["state", "id"], name="claim_state"),
            models.Index(fields=["source_number"], name="claim_source"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(CLAIM_STATES)), name="claim_state_known"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=F("cost"), quantity__gt=0), name="claim_cost_only"
            ),
            models.CheckConstraint(condition=Q(received__gte=0), name="claim_received_sign"),
            models.CheckConstraint(
                condition=(~Q(state__in=["to_judge", "withdrawn", "refunded"]) | Q(received=0))
                & (~Q(state__in=["due", "waived"]) | Q(received__lt=F("amount")))
                & (~Q(state="paid") | Q(received=F("amount"))),
                name="claim_received_by_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["due", "paid", "refunded"])
                | Q(judged_by__isnull=False, judged_at__isnull=False),
                name="claim_judged",
            ),
            models.CheckConstraint(
                condition=Q(judged_by=None) | ~Q(judged_by=F("proposed_by")), name="claim_judged_by_another"
            ),
            models.CheckConstraint(
                condition=Q(waived_by=None) | ~Q(waived_by=F("proposed_by")), name="claim_waived_by_another"
            ),
            models.CheckConstraint(
                condition=Q(state="waived", waived_by__isnull=False, waived_at__isnull=False)
                | (~Q(state="waived") & Q(waived_by=None, waived_at=None)),
                name="claim_waived_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["waived", "withdrawn", "refunded"]) | ~Q(end_words=""),
                name="claim_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None, answered_at=None, objection_answer="")
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="claim_answer_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"

    def get_absolute_url(self) -> str:
        return reverse("finance:claim", args=[self.number])

    def may_see_name(self, user: Any) -> bool:
        """The pupil's name: for who handles claims, and for the class teacher."""
        if can(user, "finance.claims"):
            return True
        return bool(
            self.class_group and getattr(user, "pk", None) and user.is_active and self.class_group.teacher_id == user.pk
        )

    @property
    def left(self) -> Decimal:
        """What is still to be paid."""
        return self.amount - self.received


# ---- periods -------------------------------------------------------------------------------------------------------


class Period(models.Model):
    """A month of the books: open, or closed by somebody at some time."""

    month = models.DateField("月份", unique=True)  # its first day
    closed_at = models.DateTimeField("结账时间", null=True, blank=True)
    closed_by = person("结账人", null=True)

    objects = FinanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会计月份"
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="period_closed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month.year}年{self.month.month}月"

    @staticmethod
    def of(on: dt.date) -> dt.date:
        """The first day of the month of a date."""
        return on.replace(day=1)
