"""The outside job (外修单) with its tickets, lines, quotes, signatures, extra work, monthly tasks and leftover defects."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from campus.duty import acts_for
from core import clock
from core.money import cents
from core.rights import can, scopes

STATES = {
    "proposed": "拟外修", "quoting": "询价", "approving": "待审批", "working": "施工中", "checking": "待验收",
    "pricing": "待核价", "settling": "待结算", "settled": "已结算", "cancelled": "已取消",
}  # fmt: skip
ENDS = ("settled", "cancelled")
LIVE = ("proposed", "quoting", "approving", "working", "checking")  # a ticket on such a job waits for it
STARTED = ("working", "checking", "pricing", "settling", "settled")
ACCEPTED = ("pricing", "settling", "settled")
KINDS = {"repair": "维修", "service": "服务", "works": "工程"}
VERDICTS = {"passed": "合格", "failed": "不合格", "partial": "部分合格"}
TICKET_VERDICTS = {"passed": "合格", "failed": "不合格"}
PEOPLE = {
    "ordered_by": "经办人",
    "acceptor_1": "验收人",
    "acceptor_2": "验收人",
    "checked_by": "核价人",
    "approved_by": "审批人",
}  # fmt: skip  (pairwise different: one constraint for every pair)
STOOD_IN = {
    "emergency_for": "ordered_by",
    "approved_for": "approved_by",
    "checked_for": "checked_by",
}  # 代: whose step it was


def money(label: str, **over: Any) -> models.DecimalField:
    """An amount in yuan with two decimals."""
    return models.DecimalField(label, **{"max_digits": 12, "decimal_places": 2} | over)


def person(label: str, **over: Any) -> models.ForeignKey:
    """Somebody who took a step."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        **{"null": True, "blank": True, "related_name": "+", "verbose_name": label} | over,
    )


class JobQuerySet(models.QuerySet["OutsideJob"]):
    """Vocabulary of outside jobs."""

    def open(self) -> JobQuerySet:
        return self.exclude(state__in=ENDS)

    def visible_to(self, user: Any) -> JobQuerySet:
        """Readers and money people all (their delegates too); others what concerns their tickets, rooms or area."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        if any(
            can(one, permission)
            for one in (user, *acts_for(user, clock.today()))
            for permission in ("repairs.view_all", "finance.view")
        ):
            return self
        from repairs.models import Ticket

        mine = Exists(JobTicket.objects.filter(job=OuterRef("pk"), ticket__in=Ticket.objects.visible_to(user)))
        found = mine | Q(place__custodian=user) | Q(acceptor_1=user) | Q(acceptor_2=user)
        if uses := scopes(user, "repairs.view_in"):
            found |= Q(place__use__in=uses)
        return self.filter(found)

    def retention_open(self) -> JobQuerySet:
        """Settled, with retention that is neither paid nor forfeited."""
        return self.filter(state="settled", retention_amount__gt=F("retention_paid") + F("retention_forfeited"))

    def under_warranty(self) -> JobQuerySet:
        """Accepted, the warranty still running."""
        return self.filter(state__in=ACCEPTED, warranty_until__gte=clock.today())

    def unapproved_emergencies(self) -> JobQuerySet:
        """Begun on the director's word, their expense not approved."""
        return self.filter(emergency_by__isnull=False, approved_by=None).exclude(state="cancelled")


def pairs() -> list[tuple[str, str]]:
    """The columns that never hold one person: two of the five steps, and for whom a step was taken beside every step."""
    apart = [(a, b) for a in STOOD_IN for b in PEOPLE]
    return [*combinations(PEOPLE, 2), *apart, *combinations(STOOD_IN, 2)]


def _pairs() -> list[models.CheckConstraint]:
    """Nobody takes two of the five steps, nor has one taken for him beside another."""
    return [
        models.CheckConstraint(condition=Q(**{a: None}) | Q(**{b: None}) | ~Q(**{a: F(b)}), name=f"job_{a}_not_{b}")
        for a, b in pairs()
    ]


class OutsideJob(models.Model):
    """One job for one contractor; see `rules.FLOW` for its moves."""

    number = models.CharField("单号", max_length=20, unique=True)
    kind = models.CharField("类型", max_length=10, choices=KINDS, default="repair")
    state = models.CharField("状态", max_length=12, choices=STATES, default="proposed")
    title = models.CharField("项目", max_length=80)
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="outside_jobs", verbose_name="地点")
    category = models.ForeignKey(
        "repairs.Category", models.PROTECT, null=True, blank=True, related_name="outside_jobs", verbose_name="故障类别"
    )
    reason = models.CharField("不能自修的原因", max_length=200)
    created_by = person("登记人", null=False, blank=False)
    created_at = models.DateTimeField("登记时间", default=clock.now)

    party = models.ForeignKey(
        "finance.Party", models.PROTECT, null=True, blank=True, related_name="outside_jobs", verbose_name="施工单位"
    )
    promised_on = models.DateField("承诺完工", null=True, blank=True)
    single_source = models.CharField("单一来源理由", max_length=200, blank=True)
    choice_words = models.CharField("选用理由", max_length=200, blank=True)
    budget_line = models.ForeignKey(
        "finance.BudgetLine", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="预算项"
    )
    expense = models.OneToOneField(
        "finance.Expense", models.PROTECT, null=True, blank=True, related_name="outside_job", verbose_name="支出"
    )
    approved_amount = money("批准金额", null=True, blank=True)
    emergency_reason = models.CharField("紧急先行理由", max_length=200, blank=True)
    emergency_by = person("紧急先行批准人")
    emergency_for = person("代谁紧急先行")
    emergency_refused = models.BooleanField("紧急先行未获批准", default=False)
    warranty_for = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="warranty_jobs", verbose_name="质保返修"
    )

    ordered_by = person("经办人", related_name="ordered_jobs")
    ordered_at = models.DateTimeField("经办时间", null=True, blank=True)
    approved_by = person("审批人", related_name="approved_jobs")  # copied from the expense
    approved_for = person("代谁审批")
    approved_at = models.DateTimeField("审批时间", null=True, blank=True)
    started_on = models.DateField("开工日期", null=True, blank=True)
    done_on = models.DateField("完工日期", null=True, blank=True)
    done_words = models.CharField("完工说明", max_length=300, blank=True)
    old_parts = models.CharField("旧件去向", max_length=100, blank=True)

    round = models.PositiveSmallIntegerField("第几次验收", default=1)
    acceptor_1 = person("验收人", related_name="accepted_jobs")
    acceptor_2 = person("验收人", related_name="cosigned_jobs")
    accepted_at = models.DateTimeField("验收时间", null=True, blank=True)
    verdict = models.CharField("验收结论", max_length=10, choices=VERDICTS, blank=True)
    verdict_words = models.CharField("验收意见", max_length=300, blank=True)
    rework_count = models.PositiveSmallIntegerField("返工次数", default=0)
    deduction = money("扣款", default=Decimal(0))
    deduction_words = models.CharField("扣款理由", max_length=200, blank=True)

    checked_by = person("核价人", related_name="checked_jobs")
    checked_for = person("代谁核价")
    checked_at = models.DateTimeField("核价时间", null=True, blank=True)
    checked_amount = money("核定金额", null=True, blank=True)
    agreed_on = models.DateField("施工单位确认日期", null=True, blank=True)
    agreed_name = models.CharField("施工单位确认人", max_length=30, blank=True)
    decision_words = models.CharField("处理意见", max_length=300, blank=True)
    decision_by = person("处理人")
    settled_at = models.DateTimeField("结算时间", null=True, blank=True)

    warranty_months = models.PositiveSmallIntegerField("质保（月）", default=0)
    warranty_until = models.DateField("质保至", null=True, blank=True)
    retention_rate = models.DecimalField("质保金比例（%）", max_digits=5, decimal_places=2, default=Decimal(0))
    retention_amount = money("质保金", default=Decimal(0))
    retention_due_on = models.DateField("质保金应付日期", null=True, blank=True)
    retention_paid = money("已付质保金", default=Decimal(0))
    retention_forfeited = money("已扣质保金", default=Decimal(0))
    forfeit_words = models.CharField("扣质保金理由", max_length=200, blank=True)

    contract = models.ForeignKey(
        "finance.Contract", models.PROTECT, null=True, blank=True, related_name="outside_jobs", verbose_name="合同"
    )
    project = models.ForeignKey(
        "finance.Project", models.PROTECT, null=True, blank=True, related_name="outside_jobs", verbose_name="立项"
    )
    hidden_work = models.BooleanField("有隐蔽工程", default=False)
    submitted_amount = money("送审价", null=True, blank=True)
    audited_amount = money("审定价", null=True, blank=True)

    end_words = models.CharField("取消原因", max_length=200, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "外修单"
        indexes = [
            models.Index(fields=["state", "-id"], name="job_state"),
            models.Index(fields=["party", "-id"], name="job_party"),
            models.Index(fields=["place", "-id"], name="job_place"),
            models.Index(fields=["warranty_until"], name="job_warranty"),
            models.Index(fields=["retention_due_on"], name="job_retention"),
        ]
        constraints = [
            *_pairs(),
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="job_state_known"),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="job_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="job_has_reason"),
            models.CheckConstraint(
                condition=~Q(state="approving") | Q(expense__isnull=False, party__isnull=False, ordered_by__isnull=False),
                name="job_approving_has_expense",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=STARTED)
                | Q(party__isnull=False, ordered_by__isnull=False, started_on__isnull=False)
                & (
                    Q(warranty_for__isnull=False)
                    | Q(expense__isnull=False)
                    & (Q(approved_by__isnull=False, approved_amount__isnull=False) | Q(emergency_by__isnull=False))
                ),
                name="job_started_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(emergency_by=None, emergency_reason="") | (Q(emergency_by__isnull=False) & ~Q(emergency_reason="")),
                name="job_emergency_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["checking", *ACCEPTED]) | Q(done_on__isnull=False), name="job_checking_is_done"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ACCEPTED)
                | Q(
                    acceptor_1__isnull=False, acceptor_2__isnull=False, accepted_at__isnull=False,
                    verdict__in=["passed", "partial"],
                ),
                name="job_accepted_by_two",
            ),
            models.CheckConstraint(condition=Q(acceptor_2=None) | Q(acceptor_1__isnull=False), name="job_first_then_second"),
            models.CheckConstraint(
                condition=~Q(state__in=["settling", "settled"])
                | Q(warranty_for__isnull=False)
                | Q(checked_by__isnull=False, checked_amount__isnull=False, approved_by__isnull=False),
                name="job_settling_is_checked",
            ),
            models.CheckConstraint(
                condition=Q(checked_amount=None)
                | Q(approved_amount__isnull=False, checked_amount__gte=0, checked_amount__lte=F("approved_amount")),
                name="job_checked_within_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(warranty_for__isnull=False) | Q(agreed_on__isnull=False) | ~Q(decision_words=""),
                name="job_settled_is_agreed",
            ),
            models.CheckConstraint(
                condition=Q(agreed_on=None, agreed_name="") | (Q(agreed_on__isnull=False) & ~Q(agreed_name="")),
                name="job_agreed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decision_words="") | Q(decision_by__isnull=False), name="job_decision_by_somebody"
            ),
            models.CheckConstraint(condition=Q(deduction=0) | (Q(deduction__gt=0) & ~Q(deduction_words="")), name="job_deduction"),
            models.CheckConstraint(condition=Q(retention_rate__range=(0, 100)), name="job_retention_rate"),
            models.CheckConstraint(
                condition=Q(retention_paid__gte=0, retention_forfeited__gte=0)
                & Q(retention_amount__gte=F("retention_paid") + F("retention_forfeited")),
                name="job_retention_left",
            ),
            models.CheckConstraint(
                condition=Q(retention_amount=0) | Q(retention_due_on__isnull=False), name="job_retention_has_date"
            ),
            models.CheckConstraint(
                condition=Q(retention_forfeited=0) | ~Q(forfeit_words=""), name="job_forfeit_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(audited_amount=None)
                | Q(submitted_amount__isnull=False, audited_amount__gte=0, audited_amount__lte=F("submitted_amount")),
                name="job_audited_within_submitted",
            ),
            models.CheckConstraint(condition=~Q(state="cancelled") | ~Q(end_words=""), name="job_cancelled_has_reason"),
            models.CheckConstraint(condition=Q(warranty_for=None) | ~Q(warranty_for=F("id")), name="job_not_own_warranty"),
            models.CheckConstraint(
                condition=Q(warranty_for=None) | Q(expense=None, checked_amount=None, retention_amount=0),
                name="job_warranty_is_free",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return f"/outside/{self.number}/"

    @property
    def is_open(self) -> bool:
        return self.state not in ENDS

    @property
    def word(self) -> str:
        return STATES[self.state]

    @property
    def undecided(self) -> bool:
        """Failed again: the director says how it goes on."""
        return self.state == "checking" and self.verdict == "failed" and self.acceptor_2_id is not None

    @property
    def retention_left(self) -> Decimal:
        """Retention that is neither paid nor forfeited."""
        return self.retention_amount - self.retention_paid - self.retention_forfeited

    @property
    def quoted_amount(self) -> Decimal:
        """What the lines come to at the prices of the contractor's quote (报价合计)."""
        return sum((line.quoted_amount for line in self.lines.all()), Decimal("0.00"))

    @property
    def saved_amount(self) -> Decimal | None:
        """核减: what the price check took off the quote; works: off the submitted account."""
        if self.checked_amount is None:
            return None
        return (
            self.submitted_amount if self.kind == "works" and self.submitted_amount else self.quoted_amount
        ) - self.checked_amount


class JobTicket(models.Model):
    """A ticket on a job; `live` while the ticket waits for it, so that it waits for one job only."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="tickets")
    ticket = models.ForeignKey("repairs.Ticket", models.PROTECT, related_name="outside")
    verdict = models.CharField("验收", max_length=10, choices=TICKET_VERDICTS, blank=True)
    words = models.CharField("说明", max_length=200, blank=True)
    live = models.BooleanField(default=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "外修单的报修单"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(live=True), name="job_ticket_one_live"),
            models.UniqueConstraint(fields=["job", "ticket"], name="job_ticket_once"),
            models.CheckConstraint(condition=Q(verdict__in=["", *TICKET_VERDICTS]), name="job_ticket_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.ticket_id}"


class Variation(models.Model):
    """Extra work (增项) found while working: the new total was approved by its own expense, or refused."""

    STATES = {"waiting": "待审批", "approved": "已批准", "refused": "退回", "recalled": "撤回"}

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="variations")
    words = models.CharField("增加的内容", max_length=300)
    amount = money("增加金额")
    expense = models.ForeignKey("finance.Expense", models.PROTECT, related_name="+", verbose_name="新总额的支出")
    previous = models.ForeignKey("finance.Expense", models.PROTECT, null=True, related_name="+", verbose_name="原支出")
    state = models.CharField("状态", max_length=10, choices=STATES, default="waiting")
    by = person("经办人", null=False, blank=False)
    at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "增项"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="variation_adds"),
            models.CheckConstraint(condition=~Q(words=""), name="variation_has_words"),
            models.UniqueConstraint(fields=["job"], condition=Q(state="waiting"), name="variation_one_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.words} {self.amount}"


class JobLine(models.Model):
    """One line of the work: what, how much of it, at the chosen price, as accepted and as checked."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="lines")
    variation = models.ForeignKey(Variation, models.PROTECT, null=True, blank=True, related_name="lines")
    order = models.PositiveSmallIntegerField(default=0)
    item = models.CharField("项目", max_length=80)
    unit = models.CharField("单位", max_length=10, default="项")
    quantity = models.DecimalField("数量", max_digits=10, decimal_places=2)
    unit_price = money("报价单价", null=True, blank=True)  # of the chosen quote, or of the extra work
    accepted_quantity = models.DecimalField("验收数量", max_digits=10, decimal_places=2, null=True, blank=True)
    checked_price = money("核定单价", null=True, blank=True)
    check_reason = models.CharField("核减理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "外修项目"
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="job_line_quantity"),
            models.CheckConstraint(condition=Q(unit_price=None) | Q(unit_price__gte=0), name="job_line_price"),
            models.CheckConstraint(
                condition=Q(accepted_quantity=None) | Q(accepted_quantity__gte=0), name="job_line_accepted"
            ),
            models.CheckConstraint(
                condition=Q(checked_price=None)
                | Q(checked_price__gte=0, accepted_quantity__isnull=False, unit_price__isnull=False)
                & (~Q(check_reason="") | Q(checked_price=F("unit_price"), accepted_quantity=F("quantity"))),
                name="job_line_change_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.item

    @property
    def quoted_amount(self) -> Decimal:
        return cents(self.quantity * (self.unit_price or 0))

    @property
    def checked_amount(self) -> Decimal | None:
        if self.checked_price is None or self.accepted_quantity is None:
            return None
        return cents(self.accepted_quantity * self.checked_price)


class Quote(models.Model):
    """What one firm asks for the job."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="quotes")
    party = models.ForeignKey("finance.Party", models.PROTECT, related_name="quotes", verbose_name="单位")
    on = models.DateField("报价日期")
    valid_until = models.DateField("有效期至", null=True, blank=True)
    days = models.PositiveSmallIntegerField("工期（天）", null=True, blank=True)
    warranty_months = models.PositiveSmallIntegerField("质保（月）", default=0)
    words = models.CharField("说明", max_length=200, blank=True)
    chosen = models.BooleanField("采用", default=False)
    dropped = models.BooleanField("不再采用", default=False)  # its firm failed: the job is asked for anew
    by = person("登记人", null=False, blank=False)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "报价"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["job", "party"], condition=Q(dropped=False), name="quote_once_per_party"),
            models.UniqueConstraint(fields=["job"], condition=Q(chosen=True), name="quote_one_chosen"),
            models.CheckConstraint(condition=~Q(chosen=True, dropped=True), name="quote_chosen_not_dropped"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("on")), name="quote_valid_until"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.total}"

    @property
    def total(self) -> Decimal:
        return sum((row.amount for row in self.lines.all()), Decimal("0.00"))

    @property
    def expired(self) -> bool:
        return self.valid_until is not None and self.valid_until < clock.today()


class QuoteLine(models.Model):
    """The unit price of one line in one quote."""

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="lines")
    line = models.ForeignKey(JobLine, models.CASCADE, related_name="prices")
    unit_price = money("单价")

    class Meta:
        verbose_name = verbose_name_plural = "报价明细"
        ordering = ["line__order", "line_id"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "line"], name="quote_line_once"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="quote_line_price"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.unit_price}"

    @property
    def amount(self) -> Decimal:
        return cents(self.line.quantity * self.unit_price)


class AcceptanceSign(models.Model):
    """A signature under one acceptance of the work: the two on the job, and further members."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="signs")
    round = models.PositiveSmallIntegerField("第几次")
    user = person("验收人", null=False, blank=False)
    words = models.CharField("意见", max_length=200, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "验收签字"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["job", "round", "user"], name="sign_once_a_round")]

    def __str__(self) -> str:
        return f"{self.user}"


class JobInvoice(models.Model):
    """An invoice that the contractor gave for the job."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="invoices")
    invoice = models.OneToOneField("finance.Invoice", models.PROTECT, related_name="outside_job")

    class Meta:
        verbose_name = verbose_name_plural = "外修发票"
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.invoice)


class ServiceTask(models.Model):
    """A task of one month of a service job (greening, lift), accepted by somebody who did not order it."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="tasks")
    month = models.DateField("月份")  # its first day
    words = models.CharField("内容", max_length=200)
    done = models.BooleanField("已完成", default=False)
    done_on = models.DateField("完成日期", null=True, blank=True)
    accepted_by = person("验收人")
    accepted_at = models.DateTimeField("验收时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "服务事项"
        ordering = ["month", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_by=None) | Q(done=True, accepted_at__isnull=False), name="task_accepted_is_done"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.words}"


class Defect(models.Model):
    """What is left to be put right after the works were accepted, with a date."""

    job = models.ForeignKey(OutsideJob, models.PROTECT, related_name="defects")
    words = models.CharField("遗留问题", max_length=200)
    due_on = models.DateField("整改期限")
    done_on = models.DateField("整改完成", null=True, blank=True)
    done_by = person("确认人")

    class Meta:
        verbose_name = verbose_name_plural = "遗留问题"
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_on=None, done_by=None) | Q(done_on__isnull=False, done_by__isnull=False),
                name="defect_done_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.words
