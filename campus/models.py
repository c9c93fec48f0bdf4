"""The school: users, departments, classes, calendar, profile, figures, places, duty and delegation."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.urls import reverse

from core import clock


def _token() -> str:
    """A place's QR token: 11 characters, 64 bits."""
    return secrets.token_urlsafe(8)


class UserManager(BaseUserManager["User"]):
    """Makes users; `create_superuser` exists for emergencies only."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def with_role(self, *roles: str) -> models.QuerySet[User]:
        """Active users who hold one of the roles."""
        return self.filter(is_active=True, groups__name__in=roles).distinct().order_by("sort_name", "pk")


class Department(models.Model):
    """A department or grade group (部门/年级)."""

    name = models.CharField("部门", max_length=40, unique=True)
    order = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "部门"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campus:department-edit", args=[self.pk])


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account; roles are groups."""

    personal = ("name", "phone")

    username = models.CharField("账号", max_length=40, unique=True, error_messages={"unique": "这个账号已经有人用了。"})
    name = models.CharField("姓名", max_length=30)
    sort_name = models.CharField("拼音", max_length=60, blank=True, db_index=True)
    staff_number = models.CharField("工号", max_length=20, blank=True)
    phone = models.CharField("电话", max_length=20, blank=True)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name="部门")
    trade = models.CharField("工种", max_length=20, blank=True)  # a repairer's: 水电, 木工
    is_active = models.BooleanField("在用", default=True)
    is_staff = models.BooleanField("可进管理后台", default=False)
    must_change_password = models.BooleanField("首次登录须改密码", default=False)
    reset_note = models.CharField(max_length=120, blank=True)  # told at the next login: who reset the password, when
    date_joined = models.DateTimeField(default=clock.now)
    version = models.PositiveIntegerField(default=1)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        constraints = [
            models.UniqueConstraint(
                fields=["staff_number"], condition=~Q(staff_number=""), name="user_staff_number_once",
                violation_error_message="这个工号已经有人用了。",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campus:person", args=[self.pk])

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def roles(self) -> frozenset[str]:
        """Role names (see `core.rights`)."""
        from core.rights import roles

        return roles(self)


class LoginGuard(models.Model):
    """Wrong passwords of one account from one device at one address (hashed), and until when it must wait."""

    key = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    known = models.BooleanField(default=False)  # this device once logged in as `user`: counted apart, at any address
    fails = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=0)
    until = models.DateTimeField(null=True)
    last_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.key


class SchoolProfile(models.Model):
    """The one row about the school itself."""

    name = models.CharField("学校名称", max_length=40)
    office = models.CharField("后勤部门名称", max_length=20, default="后勤处")
    duty_phone = models.CharField("值班电话", max_length=20, blank=True)
    public_url = models.URLField("系统网址", blank=True, help_text="印在二维码标签上，如 http://houqin.school.cn")
    labels_url = models.CharField(max_length=200, blank=True)  # the address on the labels that are out
    labels_out = models.PositiveIntegerField("已印标签", default=0)
    is_demo = models.BooleanField(default=False)
    demo_stamp = models.CharField(max_length=64, blank=True)  # which migrations built the demo
    work_spans = models.CharField("工作时间", max_length=60, default="08:00-12:00,14:00-18:00")

    class Meta:
        verbose_name = verbose_name_plural = "学校信息"

    def __str__(self) -> str:
        return self.name


class Term(models.Model):
    """A term; teaching week 1 is the week (Monday first) in which it starts."""

    name = models.CharField("学期", max_length=40, unique=True)
    starts_on = models.DateField("开学日期")
    ends_on = models.DateField("放假日期")

    class Meta:
        verbose_name = verbose_name_plural = "学期"
        ordering = ["-starts_on"]
        constraints = [models.CheckConstraint(condition=Q(ends_on__gt=models.F("starts_on")), name="term_ends_after")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campus:term-edit", args=[self.pk])


class SchoolDay(models.Model):
    """A day that differs from the rule "Monday to Friday are working days" (节假日, 调休, 寒暑假)."""

    day = models.DateField("日期", unique=True)
    working = models.BooleanField("上班")
    note = models.CharField("说明", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "校历"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {'上班' if self.working else '休息'} {self.note}"


class Figure(models.Model):
    """A number that a law or the school sets, with its source."""

    key = models.CharField(max_length=60, unique=True)
    label = models.CharField("名称", max_length=60)
    value = models.DecimalField("数值", max_digits=12, decimal_places=2)
    unit = models.CharField("单位", max_length=10, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    verified = models.BooleanField("已核实", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "指标与期限"
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.label} {self.value.normalize():f}{self.unit}"

    def get_absolute_url(self) -> str:
        return reverse("campus:figure-edit", args=[self.pk])


class ClassGroup(models.Model):
    """A class (班级) with its home room and class teacher."""

    name = models.CharField("班级", max_length=20, unique=True)
    grade = models.CharField("年级", max_length=10)
    pupils = models.PositiveSmallIntegerField("人数", default=0)
    teacher = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="班主任", related_name="classes"
    )
    room = models.ForeignKey(
        "Place", models.PROTECT, null=True, blank=True, verbose_name="教室", related_name="classes"
    )

    class Meta:
        verbose_name = verbose_name_plural = "班级"
        ordering = ["grade", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campus:class-edit", args=[self.pk])


class PlaceQuerySet(models.QuerySet["Place"]):
    """Vocabulary of the tree."""

    def active(self) -> PlaceQuerySet:
        return self.filter(active=True)

    def within(self, place: Place) -> PlaceQuerySet:
        """The place and everything below it: use as a subquery, `place__in=...`."""
        return self.filter(path__startswith=place.path)

    def of_use(self, *uses: str) -> PlaceQuerySet:
        return self.filter(use__in=uses)


class Place(models.Model):
    """One place of the one tree campus > building > floor > room; never deleted, 停用 with a successor instead."""

    KINDS = {
        "campus": "校区", "building": "楼", "floor": "层", "room": "房间", "corridor": "走廊", "stairwell": "楼梯间",
        "face": "外墙立面", "window": "窗口", "gate": "校门", "ground": "室外场地",
    }  # fmt: skip
    USES = {
        "teaching": "教学", "office": "办公", "dormitory": "宿舍", "canteen": "食堂", "service": "附属用房",
        "outdoor": "室外",
    }  # fmt: skip

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    building = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="楼")
    kind = models.CharField("种类", max_length=10, choices=KINDS)
    use = models.CharField("用途", max_length=10, choices=USES, blank=True)
    room_type = models.CharField("房间类型", max_length=30, blank=True)
    name = models.CharField("名称", max_length=40)
    full_name = models.CharField("地点", max_length=120, db_index=True)  # 3号楼 3层 312 寝室, kept by services
    path = models.CharField(max_length=120, unique=True)  # "1/7/40/": ids from the root down, kept by services
    order = models.CharField(max_length=12, blank=True)  # natural order among siblings
    people = models.PositiveIntegerField("人数", default=0)
    custodian = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="rooms", verbose_name="保管人"
    )
    token = models.CharField(max_length=16, unique=True, default=_token)
    active = models.BooleanField("在用", default=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="改用")
    version = models.PositiveIntegerField(default=1)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "地点"
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "name"], condition=Q(active=True), name="place_name_once",
                violation_error_message="这里已经有同名的地点。",
            ),
            models.CheckConstraint(condition=Q(active=True) | ~Q(successor=models.F("id")), name="place_not_own_successor"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["parent", "order"], name="place_children"),
            models.Index(fields=["building", "kind"], name="place_building"),
            models.Index(fields=["use"], name="place_use"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return reverse("campus:place", args=[self.pk])


class Alias(models.Model):
    """Another spelling of a place, found by people or by an import."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="aliases")
    name = models.CharField("叫法", max_length=60, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "地点叫法"

    def __str__(self) -> str:
        return self.name


class Duty(models.Model):
    """Who is responsible: a topic (水电, 木工, 宿舍 ...), optionally within a place, with a deputy."""

    topic = models.CharField("事项", max_length=30)
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="范围")
    person = models.ForeignKey(User, models.PROTECT, related_name="duties", verbose_name="责任人")
    deputy = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="代理人")

    class Meta:
        verbose_name = verbose_name_plural = "责任分工"
        constraints = [
            models.UniqueConstraint(fields=["topic", "place"], name="duty_once"),  # two: SQLite tells NULLs apart
            models.UniqueConstraint(fields=["topic"], condition=Q(place=None), name="duty_everywhere_once"),
            models.CheckConstraint(condition=Q(deputy=None) | ~Q(deputy=models.F("person")), name="duty_deputy_other"),
        ]

    def __str__(self) -> str:
        return f"{self.topic}：{self.person}"

    def get_absolute_url(self) -> str:
        return reverse("campus:duty-edit", args=[self.pk])


class Delegation(models.Model):
    """Somebody acts for somebody else (代) for some days, on a basis; it ends by itself."""

    absent = models.ForeignKey(User, models.PROTECT, related_name="delegations", verbose_name="委托人")
    delegate = models.ForeignKey(User, models.PROTECT, related_name="stands_in", verbose_name="代理人")
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    basis = models.CharField("依据", max_length=100)

    class Meta:
        verbose_name = verbose_name_plural = "委托代理"
        constraints = [
            models.CheckConstraint(condition=~Q(absent=models.F("delegate")), name="delegation_other_person"),
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="delegation_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} 代 {self.absent}"

    def get_absolute_url(self) -> str:
        return reverse("campus:delegation-edit", args=[self.pk])
