"""Zones (包干区): places that one person answers for, to a standard; rounds over them give the month's result."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from inspections.models.checklists import Checklist, areas


class ZoneQuerySet(models.QuerySet["Zone"]):
    """Vocabulary of zones."""

    def active(self) -> ZoneQuerySet:
        return self.filter(active=True)

    def visible_to(self, user: Any) -> ZoneQuerySet:
        """Those of the areas that the user reads, and his own."""
        read = Q(area__in=areas(user, "view", "inspect", "recheck", "manage"))
        return self.filter(read | Q(person=user)) if getattr(user, "is_authenticated", False) else self.none()


class Zone(models.Model):
    """A zone: its places, who answers for it, to what standard, scored by which checklist."""

    personal = ("worker",)

    area = models.CharField("归属", max_length=12)
    name = models.CharField("包干区", max_length=40)
    places = models.ManyToManyField("campus.Place", related_name="zones", verbose_name="地点")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="zones", verbose_name="责任人"
    )
    worker = models.CharField("责任人姓名（没有账号的）", max_length=30, blank=True)
    standard = models.CharField("标准", max_length=300, blank=True)
    checklist = models.ForeignKey(
        Checklist, models.PROTECT, null=True, blank=True, related_name="zones", verbose_name="按哪张表打分"
    )
    active = models.BooleanField("在用", default=True)
    version = models.PositiveIntegerField(default=1)

    objects = ZoneQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "包干区"
        ordering = ["area", "name"]
        constraints = [
            models.UniqueConstraint(fields=["area", "name"], condition=Q(active=True), name="zone_name_once"),
            models.CheckConstraint(condition=Q(person__isnull=False) | ~Q(worker=""), name="zone_has_person"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("inspections:zone", args=[self.pk])
