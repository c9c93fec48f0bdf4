"""Checklists (检查表): a name, its versions, and the lines of each; a published version never changes again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from core.rights import scopes

# Whose checklist it is. The right to walk, read and manage rounds is given for each of them (`config/roles.py`).
AREAS = {"dormitory": "宿舍", "classrooms": "教室办公", "canteen": "食堂", "grounds": "校园环境", "safety": "安全"}

# What else is told of an area, and by whose places a finding beside a round is taken to belong to it. Here and nowhere
# else: the engine itself knows no area (`tests/test_architecture.py`).
ROOM_WORDS = {"dormitory": "寝室"}
PLAN_SECTIONS = {
    "dormitory": "routine-dormitory", "classrooms": "routine-teaching", "canteen": "routine-canteen",
    "grounds": "routine-green", "safety": "routine-safety",
}  # fmt: skip
AREA_BY_USE = {"dormitory": "dormitory", "canteen": "canteen", "teaching": "classrooms", "office": "classrooms"}
OUTDOORS = "grounds"  # every other place


def areas(user: Any, *verbs: str) -> list[str]:
    """The areas for which the user holds any of the verbs (view, inspect, recheck, manage)."""
    return sorted({area for verb in verbs for area in scopes(user, f"inspections.{verb}")})


class ChecklistQuerySet(models.QuerySet["Checklist"]):
    """Vocabulary of checklists."""

    def active(self) -> ChecklistQuerySet:
        return self.filter(active=True)

    def visible_to(self, user: Any) -> ChecklistQuerySet:
        """Those of the areas that the user reads, walks or manages."""
        return self.filter(area__in=areas(user, "view", "inspect", "recheck", "manage"))


class Checklist(models.Model):
    """A checklist under one name; what is on it, its versions say."""

    name = models.CharField("检查表", max_length=40, unique=True, error_messages={"unique": "已经有同名的检查表。"})
    area = models.CharField("归属", max_length=12, choices=AREAS)
    about = models.CharField("说明", max_length=200, blank=True)
    key = models.SlugField(max_length=40, blank=True)  # of the default lists that came with the product
    active = models.BooleanField("在用", default=True)
    version = models.PositiveIntegerField(default=1)

    objects = ChecklistQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查表"
        ordering = ["area", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(area__in=list(AREAS)), name="checklist_area_known"),
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="checklist_key_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("inspections:checklist", args=[self.pk])


class VersionQuerySet(models.QuerySet["Version"]):
    """Vocabulary of versions."""

    def published(self) -> VersionQuerySet:
        return self.filter(state="published")


class Version(models.Model):
    """One version of a checklist: a draft to be edited, or published and fixed."""

    STATES = {"draft": "草稿", "published": "已发布"}
    SCORINGS = {"points": "扣分（满分减扣分）", "pass": "合格／不合格"}

    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="versions", verbose_name="检查表")
    number = models.PositiveSmallIntegerField("版次", default=1)
    state = models.CharField("状态", max_length=10, choices=STATES, default="draft")
    scoring = models.CharField("计分", max_length=8, choices=SCORINGS, default="points")
    base = models.DecimalField("满分", max_digits=5, decimal_places=1, default=Decimal("100"))
    pass_score = models.DecimalField("合格线", max_digits=5, decimal_places=1, default=Decimal("60"))
    good_score = models.DecimalField("优秀线", max_digits=5, decimal_places=1, default=Decimal("90"))
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    version = models.PositiveIntegerField(default=1)

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查表版次"
        ordering = ["checklist", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["checklist", "number"], name="checklist_version_once"),
            models.UniqueConstraint(fields=["checklist"], condition=Q(state="draft"), name="checklist_one_draft"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None, published_by=None)
                | Q(state="published", published_at__isnull=False),
                name="checklist_published_has_date",
            ),
            models.CheckConstraint(
                condition=Q(pass_score__gte=0, good_score__gte=F("pass_score"), base__gte=F("good_score"), base__gt=0),
                name="checklist_scores_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.checklist} 第{self.number}版"

    def get_absolute_url(self) -> str:
        return self.checklist.get_absolute_url()


class Line(models.Model):
    """One line: what is looked at, how it is marked, and what a failure leads to."""

    KINDS = {"points": "扣分", "check": "合格／不合格", "count": "坏了几处", "value": "测量值"}
    REMEDIES = {"none": "只记录", "finding": "列入整改", "ticket": "列入整改并报修"}

    sheet = models.ForeignKey(Version, models.CASCADE, related_name="lines", verbose_name="版次")
    order = models.PositiveSmallIntegerField("次序", default=0)
    section = models.CharField("分组", max_length=20, blank=True)
    name = models.CharField("简称", max_length=10)  # heads the column
    words = models.CharField("检查内容", max_length=100, blank=True)
    kind = models.CharField("记法", max_length=8, choices=KINDS, default="points")
    points = models.DecimalField(
        "分值", max_digits=5, decimal_places=1, null=True, blank=True
    )  # the most that is taken
    low = models.DecimalField("下限", max_digits=8, decimal_places=2, null=True, blank=True)
    high = models.DecimalField("上限", max_digits=8, decimal_places=2, null=True, blank=True)
    unit = models.CharField("单位", max_length=10, blank=True)
    reason_needed = models.BooleanField("扣分或不合格须写原因", default=True)
    photo_needed = models.BooleanField("不合格须拍照", default=False)
    remedy = models.CharField("不合格时", max_length=8, choices=REMEDIES, default="none")
    category = models.ForeignKey(
        "repairs.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="报修类别"
    )
    hazard = models.BooleanField("属安全隐患", default=False)
    days = models.PositiveSmallIntegerField("整改期限（天）", default=7)

    class Meta:
        verbose_name = verbose_name_plural = "检查项"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "name"], name="checklist_line_once"),
            models.CheckConstraint(
                condition=(Q(kind="points", points__gt=0) | (~Q(kind="points") & Q(points=None))),
                name="checklist_line_points",
            ),
            models.CheckConstraint(
                condition=~Q(kind="value") | Q(low__isnull=False) | Q(high__isnull=False), name="checklist_line_limits"
            ),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(high__gte=F("low")), name="checklist_line_limits_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(remedy="ticket") | Q(category__isnull=False), name="checklist_line_ticket_has_category"
            ),
        ]

    def __str__(self) -> str:
        return self.name
