"""Scrap proposals (报废建议): what somebody thinks should leave the books."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from assets.models.cards import Card
from core import clock
from core.rights import can


class ScrapQuerySet(models.QuerySet["ScrapProposal"]):
    """Vocabulary of scrap proposals."""

    def open(self) -> ScrapQuerySet:
        return self.filter(answer="")

    def visible_to(self, user: Any) -> ScrapQuerySet:
        """The ledger's people see all, everybody else what he proposed himself."""
        if can(user, "assets.view") or can(user, "assets.answer_scrap"):
            return self
        return self.filter(by=user) if getattr(user, "pk", None) else self.none()


class ScrapProposal(models.Model):
    """Something that should leave the books (报废建议): what, how many, why, by whom; open or answered."""

    ANSWERS = {"": "待办", "agreed": "同意报废", "refused": "不同意"}

    number = models.CharField("单号", max_length=20, unique=True)
    card = models.ForeignKey(Card, models.PROTECT, null=True, blank=True, related_name="scrap", verbose_name="资产")
    what = models.CharField("物品", max_length=80)
    quantity = models.PositiveIntegerField("数量", default=1)
    why = models.CharField("原因", max_length=200)
    place = models.ForeignKey(
        "campus.Place", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="地点"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人")
    at = models.DateTimeField("提出时间", default=clock.now)
    answer = models.CharField("结果", max_length=10, choices=ANSWERS, blank=True, default="")
    answer_words = models.CharField("答复", max_length=200, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScrapQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报废建议"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="scrap_quantity"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="scrap_answer_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"

    def get_absolute_url(self) -> str:
        return reverse("assets:scrap", args=[self.number])
