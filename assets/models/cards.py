"""Assets: a card says what it is and what it cost; holdings say where it stands, who keeps it, in what condition."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from core import clock, pinyin
from core.models import AppendOnly
from core.rights import can

CONDITIONS = {"in_use": "在用", "broken": "待修", "idle": "闲置", "lent": "借出"}


class CardQuerySet(models.QuerySet["Card"]):
    """Vocabulary of cards."""

    def on_books(self) -> CardQuerySet:
        return self.exclude(state="gone")

    def carried(self, month: Any) -> CardQuerySet:
        """On the books at the end of a month (core.plan.Month); see `Card.came_on`."""
        came = Coalesce("posted_on", "acquired_on", "registered_on")
        return self.alias(came=came).filter(Q(came=None) | Q(came__lte=month.last)).exclude(gone_on__lte=month.last)

    def visible_to(self, user: Any) -> CardQuerySet:
        """The ledger's people see all; everybody else what he keeps, himself or in a room of his."""
        if can(user, "assets.view"):
            return self
        return self.filter(pk__in=Holding.objects.kept_by(user).values("card"))


class Card(models.Model):
    """An asset card (资产卡片), for one piece or for a batch; its quantity is the sum of its holdings."""

    STATES = {"on_books": "在册", "leaving": "待处置", "gone": "已处置"}
    WAYS = {"bought": "购置", "given": "捐赠", "transferred": "调拨", "built": "自建", "found": "盘盈", "other": "其他"}
    FUNDS = {"fiscal": "财政拨款", "own": "自筹资金", "special": "专项资金", "gift": "捐赠", "other": "其他"}

    number = models.CharField("资产编号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    model = models.CharField("规格型号", max_length=60, blank=True)
    category = models.CharField("类别", max_length=40, blank=True)
    class_code = models.ForeignKey(
        "assets.ClassCode", models.PROTECT, null=True, blank=True, related_name="cards", verbose_name="分类（2022 版）",
        limit_choices_to={"edition": 2022},
    )  # fmt: skip
    old_code = models.ForeignKey(
        "assets.ClassCode", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="分类（2010 版）",
        limit_choices_to={"edition": 2010},
    )  # fmt: skip
    old_number = models.CharField("原编号", max_length=40, blank=True, db_index=True)  # in the book that was taken over
    serial = models.CharField("序列号", max_length=60, blank=True)
    maker = models.CharField("品牌或厂家", max_length=60, blank=True)
    supplier = models.ForeignKey(
        "finance.Party", models.PROTECT, null=True, blank=True, related_name="cards", verbose_name="供应商"
    )
    way = models.CharField("取得方式", max_length=12, choices=WAYS, default="bought")
    fund = models.CharField("经费来源", max_length=10, choices=FUNDS, blank=True)
    department = models.ForeignKey(
        "campus.Department", models.PROTECT, null=True, blank=True, related_name="cards", verbose_name="归口部门"
    )
    unit = models.CharField("单位", max_length=10, default="台")
    quantity = models.PositiveIntegerField("数量", default=1)
    cost = models.DecimalField("原值", max_digits=12, decimal_places=2, default=0)
    acquired_on = models.DateField("取得日期", null=True, blank=True)
    in_use_on = models.DateField("投入使用日期", null=True, blank=True)
    posted_on = models.DateField("财务入账日期", null=True, blank=True)
    voucher = models.CharField("会计凭证号", max_length=30, blank=True)
    contract = models.CharField("合同号", max_length=40, blank=True)
    invoice = models.CharField("发票号", max_length=40, blank=True)
    life_months = models.PositiveSmallIntegerField("折旧年限（月）", null=True, blank=True)  # empty: that of its class
    nominal = models.BooleanField("以名义金额计量", default=False)
    warranty_on = models.DateField("保修截止", null=True, blank=True)
    accessories = models.CharField("附属设备", max_length=120, blank=True)
    words = models.CharField("备注", max_length=200, blank=True)
    registered_on = models.DateField("登记日期", null=True, blank=True)  # when it came on these books
    gone_on = models.DateField("处置日期", null=True, blank=True)
    gone_words = models.CharField("处置说明", max_length=200, blank=True)
    pinyin = models.CharField(max_length=60, blank=True, db_index=True)
    state = models.CharField("状态", max_length=10, choices=STATES, default="on_books")
    version = models.PositiveIntegerField(default=1)

    objects = CardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资产卡片"
        indexes = [
            models.Index(fields=["name"], name="card_name"),
            models.Index(fields=["acquired_on"], name="card_acquired"),
            models.Index(fields=["warranty_on"], name="card_warranty"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="card_cost"),
            models.CheckConstraint(condition=Q(quantity__gt=0) | Q(state="gone"), name="card_quantity"),
            models.CheckConstraint(condition=Q(life_months=None) | Q(life_months__gt=0), name="card_life"),
            models.CheckConstraint(
                condition=Q(state="gone", gone_on__isnull=False) | (~Q(state="gone") & Q(gone_on=None)),
                name="card_gone_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pinyin = pinyin.initials(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("assets:card", args=[self.number])

    @property
    def came_on(self) -> dt.date | None:
        """When it came on the books: posted by finance, else acquired, else registered here."""
        return self.posted_on or self.acquired_on or self.registered_on


class HoldingQuerySet(models.QuerySet["Holding"]):
    """Vocabulary of holdings."""

    def kept_by(self, user: Any) -> HoldingQuerySet:
        """What `user` answers for: in his own name, or without a name in a room of his."""
        if not getattr(user, "pk", None):
            return self.none()
        return self.filter(Q(custodian=user) | Q(custodian=None, place__custodian=user))

    def visible_to(self, user: Any) -> HoldingQuerySet:
        return self if can(user, "assets.view") else self.kept_by(user)

    def broken(self) -> HoldingQuerySet:
        return self.filter(condition="broken")


class Holding(models.Model):
    """So many of a card at one place, kept by one person, in one condition."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="holdings", verbose_name="资产")
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="holdings", verbose_name="地点")
    custodian = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="holdings", verbose_name="保管人"
    )
    used_by = models.CharField("使用人", max_length=30, blank=True)
    condition = models.CharField("状况", max_length=10, choices=CONDITIONS, default="in_use")
    quantity = models.PositiveIntegerField("数量")

    objects = HoldingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "存放"
        constraints = [
            # Two, because SQLite knows no NULLS NOT DISTINCT: one key with a custodian, one without.
            models.UniqueConstraint(
                fields=["card", "place", "custodian", "condition"],
                condition=Q(custodian__isnull=False),
                name="holding_once",
            ),  # fmt: skip
            models.UniqueConstraint(
                fields=["card", "place", "condition"], condition=Q(custodian=None), name="holding_once_unkept"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="holding_quantity"),
        ]
        indexes = [models.Index(fields=["place", "condition"], name="holding_place")]

    def __str__(self) -> str:
        return f"{self.card} {self.quantity} @ {self.place}"

    def get_absolute_url(self) -> str:
        return self.card.get_absolute_url()


class HoldingMove(AppendOnly):
    """Quantity that went from one (place, custodian, condition) to another; no source: it came on the books."""

    KINDS = {
        "register": "入账", "transfer": "调拨", "condition": "状况变化", "swap": "换用", "loan": "借出", "back": "归还",
    }  # fmt: skip

    card = models.ForeignKey(Card, models.PROTECT, related_name="moves")
    kind = models.CharField("类型", max_length=10, choices=KINDS)
    quantity = models.PositiveIntegerField("数量")
    from_place = models.ForeignKey("campus.Place", models.PROTECT, null=True, related_name="+", verbose_name="从")
    from_custodian = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    from_condition = models.CharField(max_length=10, choices=CONDITIONS, blank=True)
    to_place = models.ForeignKey("campus.Place", models.PROTECT, null=True, related_name="+", verbose_name="到")
    to_custodian = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to_condition = models.CharField(max_length=10, choices=CONDITIONS, blank=True)
    reason = models.CharField("原因", max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "资产变动"
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="holding_move_quantity")]
        indexes = [models.Index(fields=["card", "at"], name="holding_move_card")]

    def __str__(self) -> str:
        return f"{self.card} {self.quantity} {self.get_kind_display()}"
