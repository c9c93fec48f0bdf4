"""Stores: what is kept where, in an append-only chain of moves; balance = sum of moves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from core import clock, pinyin
from core.models import AppendOnly
from core.rights import can

QUANTITY = models.DecimalField(max_digits=10, decimal_places=2)
MONEY = models.DecimalField(max_digits=12, decimal_places=2)


class Warehouse(models.Model):
    """A store room; the book says whose money it is: the school's or the canteen's, never mixed."""

    BOOKS = {"school": "学校", "canteen": "食堂"}

    name = models.CharField("仓库", max_length=30, unique=True)
    book = models.CharField("账套", max_length=10, choices=BOOKS, default="school")
    place = models.ForeignKey(
        "campus.Place", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="地点"
    )
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="保管员"
    )

    class Meta:
        verbose_name = verbose_name_plural = "仓库"

    def __str__(self) -> str:
        return self.name


class ItemQuerySet(models.QuerySet["Item"]):
    """Vocabulary of items: what there is of them, who may look, what must be bought."""

    def active(self) -> ItemQuerySet:
        return self.filter(active=True)

    def visible_to(self, user: Any) -> ItemQuerySet:
        """Whoever looks after the stores or draws from them; for everybody else there are no items."""
        return self if can(user, "stores.view") or can(user, "stores.draw") else self.none()

    def with_stock(self, *, value: bool = True) -> ItemQuerySet:
        """Annotate `stock` and, if wanted, `stock_value`, over all warehouses, from the last link of each chain."""
        last = Move.objects.filter(item=OuterRef(OuterRef("pk")), warehouse=OuterRef("pk")).order_by("-seq")

        def over_all(field: str, output: models.DecimalField) -> Coalesce:
            # Warehouses are a handful: one index seek each, however long the chains are.
            each = Warehouse.objects.order_by().annotate(last=Subquery(last.values(field)[:1])).values(one=Value(1))
            return Coalesce(Subquery(each.annotate(total=Sum("last")).values("total")), Decimal(0), output_field=output)

        found = self.annotate(stock=over_all("balance_after", QUANTITY))
        return found.annotate(stock_value=over_all("value_after", MONEY)) if value else found

    def low(self) -> ItemQuerySet:
        """Active items of which there is less than the minimum."""
        return self.active().filter(minimum__gt=0).with_stock(value=False).filter(stock__lt=F("minimum"))


class Item(models.Model):
    """A kind of goods in stock (物品)."""

    name = models.CharField("品名", max_length=60)
    spec = models.CharField("规格", max_length=60, blank=True)
    unit = models.CharField("单位", max_length=10)
    category = models.CharField("类别", max_length=20, blank=True)
    minimum = models.DecimalField("最低库存", max_digits=10, decimal_places=2, default=0)
    pinyin = models.CharField(max_length=60, blank=True, db_index=True)
    active = models.BooleanField("在用", default=True)
    version = models.PositiveIntegerField(default=1)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "物品"
        ordering = ["category", "name", "spec"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "spec"], name="item_once", violation_error_message="已有同名同规格的物品。"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.spec}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pinyin = pinyin.initials(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("stores:item", args=[self.pk])


class MoveQuerySet(models.QuerySet["Move"]):
    """Vocabulary of the chain."""

    def visible_to(self, user: Any) -> MoveQuerySet:
        return self if can(user, "stores.view") else self.none()

    def latest(self) -> MoveQuerySet:
        """The last link of every chain: it carries the balance of its item in its warehouse."""
        after = Move.objects.filter(item=OuterRef("item"), warehouse=OuterRef("warehouse"), seq__gt=OuterRef("seq"))
        return self.filter(~models.Exists(after))

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Move is append-only")

    def delete(self) -> Any:
        raise TypeError("Move is append-only")


class Move(AppendOnly):
    """One movement of one item in one warehouse; quantity > 0 in, < 0 out; corrections are moves too."""

    KINDS = {
        "receipt": "入库", "issue": "领用", "return": "退库", "gain": "盘盈", "loss": "盘亏", "reverse": "冲正",
    }  # fmt: skip

    number = models.CharField("单号", max_length=20, db_index=True)
    item = models.ForeignKey(Item, models.PROTECT, related_name="moves", verbose_name="物品")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="moves", verbose_name="仓库")
    seq = models.PositiveIntegerField()
    kind = models.CharField("类型", max_length=10, choices=KINDS)
    quantity = models.DecimalField("数量", max_digits=10, decimal_places=2)
    value = models.DecimalField("金额", max_digits=12, decimal_places=2)
    balance_after = models.DecimalField("结存数量", max_digits=10, decimal_places=2)
    value_after = models.DecimalField("结存金额", max_digits=12, decimal_places=2)
    on = models.DateField("日期")
    reason = models.CharField("用途或原因", max_length=120, blank=True)
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="领用人"
    )
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    returns = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="returned_by")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人")
    at = models.DateTimeField(default=clock.now)

    objects = MoveQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "出入库"
        constraints = [
            models.UniqueConstraint(fields=["item", "warehouse", "seq"], name="move_chain"),
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="move_never_below_zero"),
            models.CheckConstraint(
                condition=Q(balance_after__gt=0, value_after__gte=0) | Q(balance_after=0, value_after=0),
                name="move_value_follows",
            ),
            models.CheckConstraint(condition=~Q(quantity=0), name="move_moves_something"),
            models.CheckConstraint(
                condition=Q(kind="return", returns__isnull=False) | (~Q(kind="return") & Q(returns=None)),
                name="move_return_of",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["receipt", "return", "gain"], quantity__gt=0)
                | Q(kind__in=["issue", "loss"], quantity__lt=0)
                | Q(kind="reverse", reverses__isnull=False),
                name="move_sign",
            ),
        ]
        indexes = [models.Index(fields=["on", "id"], name="move_on")]

    def __str__(self) -> str:
        return f"{self.number} {self.item} {self.quantity}"

    def get_absolute_url(self) -> str:
        return reverse("stores:item", args=[self.item_id])


class PurchaseQuerySet(models.QuerySet["PurchaseRequest"]):
    """Vocabulary of purchase requests."""

    def open(self) -> PurchaseQuerySet:
        return self.filter(answer="")

    def visible_to(self, user: Any) -> PurchaseQuerySet:
        """Office and storekeeper see all, everybody else what he asked for himself."""
        if can(user, "stores.view") or can(user, "stores.answer_purchase"):
            return self
        return self.filter(by=user) if getattr(user, "pk", None) else self.none()


class PurchaseRequest(models.Model):
    """Something to be bought (申购): what, how many, why, by whom; open or answered."""

    ANSWERS = {"": "待办", "bought": "已采购", "refused": "不采购"}

    number = models.CharField("单号", max_length=20, unique=True)
    item = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="物品")
    what = models.CharField("名称规格", max_length=80)
    quantity = models.DecimalField("数量", max_digits=10, decimal_places=2)
    unit = models.CharField("单位", max_length=10, blank=True)
    why = models.CharField("用途", max_length=200)
    place = models.ForeignKey(
        "campus.Place", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="地点"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人")
    at = models.DateTimeField("申请时间", default=clock.now)
    answer = models.CharField("结果", max_length=10, choices=ANSWERS, blank=True, default="")
    answer_words = models.CharField("答复", max_length=200, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PurchaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "申购"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="purchase_quantity"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="purchase_answer_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"

    def get_absolute_url(self) -> str:
        return reverse("stores:purchase", args=[self.number])
