"""Rounds (检查): a published checklist walked over targets on a day, its results cell by cell, and what repeats it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from core import clock
from inspections.models.checklists import Checklist, Line, Version, areas

SLOTS = {"": "全天", "am": "上午", "noon": "中午", "pm": "下午", "night": "夜间"}


class Schedule(models.Model):
    """When a checklist is walked again and again, over which places, by whom."""

    EVERY = {
        "daily": "每天", "weekdays": "每个上课日", "weekly": "每周", "nth": "每月第几个星期几", "monthly": "每月几号",
        "term": "每学期一次", "weeks": "按教学周",
    }  # fmt: skip

    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="schedules", verbose_name="检查表")
    title = models.CharField("名称", max_length=60)
    slot = models.CharField("时段", max_length=6, choices=SLOTS, blank=True, default="")
    every = models.CharField("周期", max_length=10, choices=EVERY)
    weekdays = models.CharField("星期", max_length=13, blank=True)  # "1,3,5", Monday is 1
    nth = models.PositiveSmallIntegerField("第几个", null=True, blank=True)  # 1-4, 5 is the last
    day = models.PositiveSmallIntegerField(
        "几号", null=True, blank=True
    )  # of the month; of the term's first days for `term`
    weeks = models.CharField("教学周", max_length=60, blank=True)  # "1-8,10"
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="+", verbose_name="范围")
    pick = models.CharField(
        "选哪些地点", max_length=10, blank=True, default="room"
    )  # a Place.KINDS key; "" = 只这一处; "asset" = 设备
    room_type = models.CharField("房间类型", max_length=30, blank=True)
    category = models.CharField("设备类别", max_length=40, blank=True)  # with pick "asset": the name of the cards
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name="检查人")
    days = models.PositiveSmallIntegerField("几天内查完", default=1)
    starts_on = models.DateField("从")
    ends_on = models.DateField("到", null=True, blank=True)
    active = models.BooleanField("启用", default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "检查安排"
        ordering = ["-active", "checklist", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="schedule_dates"
            ),
            models.CheckConstraint(condition=Q(days__gte=1), name="schedule_days"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("inspections:schedule", args=[self.pk])


class RoundQuerySet(models.QuerySet["Round"]):
    """Vocabulary of rounds."""

    def open(self) -> RoundQuerySet:
        return self.filter(state="open")

    def missed(self, today: Any = None) -> RoundQuerySet:
        """Open past their last day: not walked, or not to the end."""
        return self.open().filter(due_on__lt=today or clock.today())

    def visible_to(self, user: Any) -> RoundQuerySet:
        return self.filter(area__in=areas(user, "view", "inspect", "recheck", "manage"))


class Round(models.Model):
    """One walk: a published version over its targets, on one day or within some."""

    STATES = {"open": "进行中", "closed": "已结束", "cancelled": "已取消"}

    number = models.CharField("编号", max_length=20, unique=True)  # JC202611-0042
    sheet = models.ForeignKey(Version, models.PROTECT, related_name="rounds", verbose_name="检查表版次")
    area = models.CharField("归属", max_length=12)  # copied from the checklist, so that lists need no join
    title = models.CharField("名称", max_length=80)
    place = models.ForeignKey("campus.Place", models.PROTECT, null=True, related_name="+", verbose_name="范围")
    on = models.DateField("日期")
    due_on = models.DateField("最后一天")
    slot = models.CharField("时段", max_length=6, choices=SLOTS, blank=True, default="")
    schedule = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="rounds")
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="rounds", blank=True, verbose_name="检查人")
    state = models.CharField("状态", max_length=10, choices=STATES, default="open")
    sweep = models.BooleanField("按进度看", default=False)  # a sweep with a deadline: shown with its burn-down
    total = models.PositiveIntegerField("应查", default=0)  # targets; kept by services
    done = models.PositiveIntegerField("已查", default=0)  # targets that were walked or excused; kept by services
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="发起人")
    at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    end_words = models.CharField("说明", max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查"
        indexes = [
            models.Index(fields=["area", "-on", "-id"], name="round_area"),
            models.Index(fields=["state", "due_on"], name="round_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "on", "slot"], condition=Q(schedule__isnull=False), name="round_schedule_once"
            ),
            models.CheckConstraint(condition=Q(state__in=["open", "closed", "cancelled"]), name="round_state_known"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="round_closed_has_date",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=models.F("on")), name="round_dates"),
            models.CheckConstraint(condition=Q(done__lte=models.F("total")), name="round_done"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("inspections:round", args=[self.number])


class Target(models.Model):
    """One place, or one piece of equipment at a place, on a round: the row of the sheet, with its score once walked."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="targets", verbose_name="检查", db_index=False)
    place = models.ForeignKey(
        "campus.Place", models.PROTECT, related_name="inspected", verbose_name="地点", db_index=False
    )
    card = models.ForeignKey(
        "assets.Card", models.PROTECT, null=True, blank=True, related_name="inspected", verbose_name="设备"
    )
    order = models.PositiveIntegerField(default=0)
    on = models.DateField("日期")  # of the round: scores are read by place and day
    done_at = models.DateTimeField("检查时间", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="检查人"
    )
    score = models.DecimalField(
        "得分", max_digits=5, decimal_places=1, null=True, blank=True
    )  # snapshot; with points only
    failures = models.PositiveSmallIntegerField("不合格项", default=0)
    reason = models.CharField("扣分原因", max_length=200, blank=True)
    excused = models.CharField("未查原因", max_length=60, blank=True)  # locked, nobody lives there
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "检查对象"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "place"], condition=Q(card=None), name="target_place_once"),
            models.UniqueConstraint(fields=["round", "card", "place"], condition=Q(card__isnull=False), name="target_card_once"),
            models.CheckConstraint(
                condition=(Q(done_at=None, done_by=None, score=None) | Q(done_at__isnull=False, done_by__isnull=False)),
                name="target_done_by_somebody",
            ),
            models.CheckConstraint(condition=Q(score=None) | Q(score__gte=0), name="target_score"),
            models.CheckConstraint(condition=Q(excused="") | Q(score=None), name="target_excused_has_no_score"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["round", "order"], name="target_round"),
            models.Index(fields=["place", "-on"], name="target_place"),
            models.Index(fields=["on", "place"], name="target_day"),
        ]

    def __str__(self) -> str:
        return str(self.card or self.place)


class Result(models.Model):
    """One cell: a line at a target. No cell of a walked target means that the line is in order, without deduction."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="results", verbose_name="对象", db_index=False)
    line = models.ForeignKey(Line, models.PROTECT, related_name="results", verbose_name="检查项")
    value = models.DecimalField(
        "记录", max_digits=8, decimal_places=2, null=True, blank=True
    )  # points taken, pieces, measure
    failed = models.BooleanField("不合格", default=False)
    note = models.CharField("说明", max_length=200, blank=True)
    cell = models.CharField(max_length=36)  # the id its sender gave it: the same one twice changes nothing
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="记录人")
    at = models.DateTimeField("记录时间", default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "检查结果"
        constraints = [
            models.UniqueConstraint(fields=["target", "line"], name="result_once"),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=Decimal("-99999")), name="result_value"),
        ]
        indexes = [models.Index(fields=["line", "failed"], name="result_line")]

    def __str__(self) -> str:
        return f"{self.target} {self.line}"
