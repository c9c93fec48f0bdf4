"""Assets: a card says what it is and what it cost; holdings say where it stands, who keeps it, in what condition."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from core import clock, pinyin
from core.models import AppendOnly
from core.rights import can

CONDITIONS = {"in_use": "在用", "broken": "待修", "idle": "闲置", "lent": "借出"}


class CardQuerySet(models.QuerySet["Card"]):
    """Vocabulary of cards."""

    def on_books(self) -> CardQuerySet:
        return self.exclude(state="gone")

    def visible_to(self, user: Any) -> CardQuerySet:
        """The ledger's people see all; everybody else what he keeps, himself or in a room of his."""
        if can(user, "assets.view"):
            return self
        return self.filter(pk__in=Holding.objects.kept_by(user).values("card"))


class Card(models.Model):
    """An asset card (资产卡片), for one piece or for a batch; its quantity is the sum of its holdings."""

    STATES = {"on_books": "在册", "leaving": "待处置", "gone": "已处置"}

    number = models.CharField("资产编号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    model = models.CharField("规格型号", max_length=60, blank=True)
    category = models.CharField("类别", max_length=40, blank=True)
    unit = models.CharField("单位", max_length=10, default="台")
    quantity = models.PositiveIntegerField("数量", default=1)
    cost = models.DecimalField("原值", max_digits=12, decimal_places=2, default=0)
    acquired_on = models.DateField("取得日期", null=True, blank=True)
    pinyin = models.CharField(max_length=60, blank=True, db_index=True)
    state = models.CharField("状态", max_length=10, choices=STATES, default="on_books")
    version = models.PositiveIntegerField(default=1)

    objects = CardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资产卡片"
        indexes = [models.Index(fields=["name"], name="card_name")]
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="card_cost"),
            models.CheckConstraint(condition=Q(quantity__gt=0) | Q(state="gone"), name="card_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pinyin = pinyin.initials(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("assets:card", args=[self.number])


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
