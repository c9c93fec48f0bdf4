"""Recurring work (定期维护): a filter change, a pump service; each time due it becomes a ticket."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from core import clock
from inspections.models.checklists import areas


class UpkeepQuerySet(models.QuerySet["Upkeep"]):
    """Vocabulary of recurring work."""

    def active(self) -> UpkeepQuerySet:
        return self.filter(active=True)

    def due(self, today: Any = None) -> UpkeepQuerySet:
        """Its ticket is to be made: the day comes within the lead time, and the last ticket has ended."""
        day = today or clock.today()
        return self.active().filter(makes_on__lte=day, ticket=None)

    def visible_to(self, user: Any) -> UpkeepQuerySet:
        return self.filter(area__in=areas(user, "view", "inspect", "recheck", "manage"))


class Upkeep(models.Model):
    """Work that comes again after so many days, at a place or on a piece of equipment there."""

    COUNTS = {"planned": "从计划日算", "done": "从完成日算"}

    area = models.CharField("归属", max_length=12)
    title = models.CharField("工作", max_length=60)
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="upkeep", verbose_name="地点")
    card = models.ForeignKey(
        "assets.Card", models.PROTECT, null=True, blank=True, related_name="upkeep", verbose_name="设备"
    )
    category = models.ForeignKey("repairs.Category", models.PROTECT, related_name="+", verbose_name="报修类别")
    words = models.CharField("要求", max_length=200, blank=True)
    every_days = models.PositiveSmallIntegerField("间隔（天）")
    counts_from = models.CharField("下次怎么算", max_length=8, choices=COUNTS, default="done")
    lead_days = models.PositiveSmallIntegerField("提前几天派单", default=7)
    due_on = models.DateField("下次到期")
    makes_on = models.DateField("派单日")  # due_on - lead_days, kept by services
    done_on = models.DateField("上次完成", null=True, blank=True)
    ticket = models.ForeignKey(  # the one that is under way
        "repairs.Ticket", models.PROTECT, null=True, blank=True, related_name="upkeep", verbose_name="报修单"
    )
    times = models.PositiveIntegerField("已做次数", default=0)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任人"
    )
    active = models.BooleanField("启用", default=True)
    version = models.PositiveIntegerField(default=1)

    objects = UpkeepQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "定期维护"
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["active", "makes_on"], name="upkeep_makes")]
        constraints = [
            models.CheckConstraint(condition=Q(every_days__gte=1), name="upkeep_every"),
            models.CheckConstraint(condition=Q(makes_on__lte=models.F("due_on")), name="upkeep_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.card or self.place}"

    def get_absolute_url(self) -> str:
        return reverse("inspections:upkeep", args=[self.pk])
