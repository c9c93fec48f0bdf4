"""Dormitories: who sleeps where (counts, no names), the week's board with 文明寝室, appeals against a score."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from core import clock
from core.rights import can


class RoomQuerySet(models.QuerySet["Room"]):
    """Vocabulary of rooms."""

    def visible_to(self, user: Any) -> RoomQuerySet:
        """Who has to do with dormitories sees all of them, a class teacher those in which his class sleeps."""
        if can(user, "areas.view:dormitory") or can(user, "dormitory.manage_rooms"):
            return self
        if not getattr(user, "pk", None):
            return self.none()
        own = Occupancy.objects.filter(class_group__teacher=user).values("room")
        return self.filter(pk__in=own)


class Room(models.Model):
    """A dormitory room's beds and its chief; the place itself is `campus.Place`."""

    personal = ("chief",)

    place = models.OneToOneField("campus.Place", models.PROTECT, related_name="dormitory_room", verbose_name="寝室")
    beds = models.PositiveSmallIntegerField("床位", default=8)
    chief = models.CharField("室长", max_length=30, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "寝室"

    def __str__(self) -> str:
        return str(self.place)

    def get_absolute_url(self) -> str:
        return reverse("dormitory:room", args=[self.place_id])


class Occupancy(models.Model):
    """So many pupils of a class sleep in a room."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="occupants", verbose_name="寝室")
    class_group = models.ForeignKey(
        "campus.ClassGroup", models.PROTECT, related_name="dormitories", verbose_name="班级"
    )
    pupils = models.PositiveSmallIntegerField("人数")

    class Meta:
        verbose_name = verbose_name_plural = "入住"
        constraints = [
            models.UniqueConstraint(fields=["room", "class_group"], name="occupancy_once"),
            models.CheckConstraint(condition=Q(pupils__gt=0), name="occupancy_pupils"),
        ]

    def __str__(self) -> str:
        return f"{self.room} {self.class_group} {self.pupils}人"


class Board(models.Model):
    """The published result of a week: a copy, so that a later correction does not rewrite it unseen."""

    first_on = models.DateField("周一", unique=True)
    last_on = models.DateField("周日")
    title = models.CharField("标题", max_length=60)
    published_at = models.DateTimeField("公布时间", default=clock.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="公布人"
    )  # None: by itself on Monday
    issue = models.PositiveSmallIntegerField("第几次公布", default=1)  # corrected after an appeal: published anew
    words = models.CharField("更正说明", max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "周评比"
        ordering = ["-first_on"]
        constraints = [models.CheckConstraint(condition=Q(last_on__gt=F("first_on")), name="board_week")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("dormitory:board", args=[self.first_on.isoformat()])


class BoardRow(models.Model):
    """One room on a board."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="rows")
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="+", verbose_name="寝室")
    classes = models.CharField("班级", max_length=60, blank=True)
    average = models.DecimalField("平均分", max_digits=5, decimal_places=2)
    checks = models.PositiveSmallIntegerField("检查次数")
    rank = models.PositiveSmallIntegerField("名次")
    honoured = models.BooleanField("文明寝室", default=False)
    failed = models.BooleanField("不合格", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "周评比名次"
        ordering = ["rank", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["board", "place"], name="board_row_once"),
            models.CheckConstraint(condition=~Q(honoured=True, failed=True), name="board_row_not_both"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.average}"


class AppealQuerySet(models.QuerySet["Appeal"]):
    """Vocabulary of appeals."""

    def open(self) -> AppealQuerySet:
        return self.filter(state="open")

    def visible_to(self, user: Any) -> AppealQuerySet:
        """Who answers them all, everybody else his own."""
        if can(user, "dormitory.answer_appeals") or can(user, "inspections.view:dormitory"):
            return self
        return self.filter(by=user) if getattr(user, "pk", None) else self.none()


class Appeal(models.Model):
    """A class teacher objects to a score (申诉); somebody other than the scorer and the appellant answers."""

    STATES = {"open": "待答复", "changed": "改分", "kept": "维持原分"}

    target = models.ForeignKey("inspections.Target", models.PROTECT, related_name="appeals", verbose_name="检查对象")
    words = models.CharField("理由", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申诉人")
    at = models.DateTimeField("申诉时间", default=clock.now)
    state = models.CharField("结果", max_length=10, choices=STATES, default="open")
    scored_by = models.ForeignKey(  # copied: who gave the score answers nobody's objection to it
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="评分人"
    )
    old_score = models.DecimalField("原分", max_digits=5, decimal_places=1)
    new_score = models.DecimalField("改后", max_digits=5, decimal_places=1, null=True, blank=True)
    answer = models.CharField("答复", max_length=300, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评分申诉"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["target"], condition=Q(state="open"), name="appeal_one_open"),
            models.CheckConstraint(
                condition=Q(state="open", answered_by=None, answered_at=None)
                | (~Q(state="open") & Q(answered_by__isnull=False, answered_at__isnull=False) & ~Q(answer="")),
                name="appeal_answer_whole",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("by")), name="appeal_answered_by_another"
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("scored_by")), name="appeal_not_answered_by_scorer"
            ),
            models.CheckConstraint(condition=~Q(state="changed") | Q(new_score__isnull=False), name="appeal_new_score"),
        ]

    def __str__(self) -> str:
        return f"{self.target} 申诉"

    def get_absolute_url(self) -> str:
        return reverse("dormitory:appeal", args=[self.pk])
