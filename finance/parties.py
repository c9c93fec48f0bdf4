"""Parties outside the school, their record, contracts, and projects with milestones."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from core.models import AppendOnly
from finance.columns import MARKS, FinanceQuerySet, money, person


class PartyQuerySet(FinanceQuerySet):
    """Vocabulary of parties."""

    def active(self) -> PartyQuerySet:
        return self.filter(active=True)

    def contractors(self) -> PartyQuerySet:
        return self.active().filter(contractor=True)

    def suppliers(self) -> PartyQuerySet:
        return self.active().filter(supplier=True)

    def caterers(self) -> PartyQuerySet:
        return self.active().filter(caterer=True)

    def with_record(self) -> PartyQuerySet:
        """Annotate no_shows, reworks, price_cuts, praises: how often each stands in the record."""
        marks = PartyMark.objects.filter(party=OuterRef("pk")).order_by().values("party")
        return self.annotate(**{
            f"{kind}s": Coalesce(Subquery(marks.filter(kind=kind).annotate(n=Count("pk")).values("n")), 0) for kind in MARKS
        })  # fmt: skip


class Party(models.Model):
    """Somebody outside with whom the school has dealings (往来单位): supplier, contractor, caterer."""

    personal = ("contact", "phone")

    name = models.CharField("单位名称", max_length=60, unique=True, error_messages={"unique": "已有同名的往来单位。"})
    supplier = models.BooleanField("供应商", default=False)
    contractor = models.BooleanField("外修承包方", default=False)
    caterer = models.BooleanField("食堂供货或承包", default=False)
    contact = models.CharField("联系人", max_length=30, blank=True)
    phone = models.CharField("电话", max_length=20, blank=True)
    account = models.CharField("收款账户", max_length=120, blank=True)
    licence = models.CharField("统一社会信用代码", max_length=40, blank=True)
    active = models.BooleanField("在用", default=True)
    version = models.PositiveIntegerField(default=1)

    objects = PartyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "往来单位"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(supplier=True) | Q(contractor=True) | Q(caterer=True), name="party_kind",
                violation_error_message="请至少勾选一项：供应商、外修承包方、食堂供货或承包。",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = " ".join(self.name.split())  # two spaces make no second firm
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("finance:party", args=[self.pk])

    @property
    def kinds(self) -> str:
        """Its kinds in words."""
        words = {"供应商": self.supplier, "外修承包方": self.contractor, "食堂供货或承包": self.caterer}
        return "、".join(word for word, yes in words.items() if yes)


class PartyMark(AppendOnly):
    """One line in the record of a party: did not come, work done again, price cut, praise."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="marks", verbose_name="往来单位")
    kind = models.CharField("类型", max_length=10, choices=MARKS)
    on = models.DateField("日期")
    by = person("记录人")
    words = models.CharField("说明", max_length=200)
    url = models.CharField(max_length=300, blank=True)

    objects = FinanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "往来单位记录"
        ordering = ["-on", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(MARKS)) & ~Q(words=""), name="mark_whole")]

    def __str__(self) -> str:
        return f"{self.party} {self.get_kind_display()}"


class Contract(models.Model):
    """A signed contract."""

    number = models.CharField("合同编号", max_length=40, unique=True, error_messages={"unique": "已有这个编号的合同。"})
    party = models.ForeignKey(Party, models.PROTECT, related_name="contracts", verbose_name="往来单位")
    title = models.CharField("名称", max_length=80)
    amount = money("金额")
    signed_on = models.DateField("签订日期")
    starts_on = models.DateField("开始")
    ends_on = models.DateField("到期")
    version = models.PositiveIntegerField(default=1)

    objects = FinanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "合同"
        ordering = ["-signed_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="contract_amount", violation_error_message="合同金额不能小于 0。"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="contract_dates", violation_error_message="到期日早于开始日，请改正。"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("finance:contract", args=[self.pk])


class Project(models.Model):
    """Works that were set up with a budget of their own (立项)."""

    name = models.CharField("项目", max_length=80, unique=True, error_messages={"unique": "已有同名的项目。"})
    budget = money("预算")
    funding = models.CharField("资金来源", max_length=60, blank=True)
    approval_number = models.CharField("立项批复文号", max_length=60, blank=True)
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="projects", verbose_name="合同"
    )
    version = models.PositiveIntegerField(default=1)

    objects = FinanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "项目"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(budget__gte=0), name="project_budget", violation_error_message="预算不能小于 0。"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="project_dates", violation_error_message="结束日早于开始日，请改正。"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("finance:project", args=[self.pk])


class Milestone(models.Model):
    """A date in a project: planned, and when it was reached."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones", verbose_name="项目")
    name = models.CharField("节点", max_length=60)
    due_on = models.DateField("计划日期")
    done_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "项目节点"
        ordering = ["due_on", "pk"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="milestone_once")]

    def __str__(self) -> str:
        return self.name
