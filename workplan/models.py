"""The monthly plan: its text, its stored lines and the records behind them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from core import clock
from core.plan import Month
from core.rights import can
from repairs.plan import first_record


class PlanQuerySet(models.QuerySet["MonthlyPlan"]):
    """Vocabulary of plans."""

    def visible_to(self, user: Any) -> PlanQuerySet:
        return self if can(user, "workplan.view") else self.none()

    def with_earliest(self) -> PlanQuerySet:
        """Annotate the first month that has a plan at all, and the moment of the first record."""
        return self.annotate(
            earliest=models.Subquery(MonthlyPlan.objects.order_by("month").values("month")[:1]),
            first_record=models.Subquery(first_record()),
        )


class MonthlyPlan(models.Model):
    """One month's plan; `stored_at` is set when its lines became fixed."""

    month = models.DateField("月份", unique=True)  # its first day
    prose = models.JSONField("正文", default=dict, blank=True)  # heading key -> text
    stored_at = models.DateTimeField("定稿时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "月计划"
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="plan_month_first")]

    def __str__(self) -> str:
        return f"{self.month.year}年{self.month.month}月工作计划"

    def get_absolute_url(self) -> str:
        return reverse("workplan:month", args=[str(Month.of(self.month))])


class LineQuerySet(models.QuerySet["PlanLine"]):
    """Vocabulary of lines."""

    def visible_to(self, user: Any) -> LineQuerySet:
        return self if can(user, "workplan.view") else self.none()

    def collected(self) -> LineQuerySet:
        return self.exclude(source="")

    def manual(self) -> LineQuerySet:
        return self.filter(source="")


class PlanLine(models.Model):
    """One line: collected from a source (source and key set) and stored, or written by hand."""

    plan = models.ForeignKey(MonthlyPlan, models.PROTECT, related_name="lines")
    source = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=80, blank=True)
    section = models.CharField("栏目", max_length=20)
    title = models.CharField("工作内容", max_length=200)
    places = models.CharField("分布", max_length=200, blank=True)
    reason = models.CharField("依据", max_length=200, blank=True)
    owner = models.CharField("责任人", max_length=60, blank=True)
    due = models.DateField("完成时限", null=True, blank=True)
    count = models.PositiveIntegerField("件数", default=0)
    quantity = models.PositiveIntegerField("数量", default=0)
    hazard = models.BooleanField(default=False)
    oldest = models.DateField(null=True, blank=True)
    money = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    url = models.CharField(max_length=300, blank=True)
    carry = models.PositiveSmallIntegerField("结转次数", default=0)
    order = models.PositiveIntegerField(default=0)
    done = models.BooleanField("已完成", default=False)  # a manual line's own tick; collected lines are computed
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)
    withdrawn = models.BooleanField("已作废", default=False)
    version = models.PositiveIntegerField(default=1)

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "计划事项"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "source", "key"], condition=~Q(source=""), name="plan_line_once"),
            # What was collected is a copy: neither ticked nor struck out by hand.
            models.CheckConstraint(
                condition=Q(source="") | Q(done=False, withdrawn=False), name="plan_line_collected_stays"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("workplan:line", args=[str(Month.of(self.plan.month)), self.pk])


class PlanMember(models.Model):
    """One record behind a stored line."""

    line = models.ForeignKey(PlanLine, models.PROTECT, related_name="members")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=40)
    opened = models.DateField()
    carried = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "kind", "key"], name="plan_member_once")]
        indexes = [models.Index(fields=["kind", "key"], name="plan_member_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
