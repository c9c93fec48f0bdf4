"""Classrooms and offices: the spare pool with its target level, and repair batches of what came back broken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from assets.models import Card, Holding
from core import clock
from core.models import AppendOnly

SOUND = ("in_use", "idle")  # what `assets.swap` gives out: the level counts no other pieces


def _pieces(found: QuerySet[Holding]) -> Coalesce:
    """How many pieces the holdings are, as a column of the pool; one card name is one group."""
    summed = found.order_by().values("card__name").annotate(n=Sum("quantity")).values("n")[:1]
    return Coalesce(Subquery(summed), 0, output_field=IntegerField())


class PoolQuerySet(models.QuerySet["Pool"]):
    """Vocabulary of pools."""

    def active(self) -> PoolQuerySet:
        return self.filter(active=True)

    def with_level(self) -> PoolQuerySet:
        """Annotate `level` (sound pieces at the pool's place), `broken` (those that wait in its workshop) and `unit`."""
        things = Holding.objects.filter(card__name=OuterRef("thing"), card__state="on_books")
        unit = Card.objects.filter(name=OuterRef("thing")).order_by("pk").values("unit")[:1]
        sound = things.filter(place__path__startswith=OuterRef("place__path"), condition__in=SOUND)
        broken = things.filter(place=OuterRef("workshop"), condition="broken")
        return self.annotate(level=_pieces(sound), broken=_pieces(broken), unit=Subquery(unit))

    def offered_to(self, ticket: Any) -> PoolQuerySet:
        """Pools for the ticket's kind of fault: `there`, pieces at its place; `done`, how many were swapped for it."""
        held = Holding.objects.filter(
            card__name=OuterRef("thing"),
            card__state="on_books",
            place=ticket.place_id,
            condition__in=("broken", "in_use"),
        )
        swaps = (
            Swap.objects.filter(ticket=ticket.pk).order_by().values("ticket").annotate(n=Sum("quantity")).values("n")
        )
        done = Coalesce(Subquery(swaps[:1]), 0, output_field=IntegerField())
        found = self.active().filter(category=ticket.category_id).with_level()
        return found.annotate(there=_pieces(held), done=done).select_related("place", "workshop").order_by("name")

    def below(self) -> PoolQuerySet:
        """Pools in use with fewer sound pieces than they should have."""
        return self.active().with_level().filter(level__lt=F("target"))


class Pool(models.Model):
    """A spare pool (周转库): one kind of thing whose sound pieces wait at a place; the level is read from holdings."""

    name = models.CharField("周转库", max_length=40, unique=True)
    thing = models.CharField("物品", max_length=40)  # the name of the cards: 学生椅
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="pools", verbose_name="存放处")
    workshop = models.ForeignKey("campus.Place", models.PROTECT, related_name="+", verbose_name="坏件送到")
    category = models.ForeignKey(
        "repairs.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="报修类别"
    )  # tickets of this kind offer the swap
    target = models.PositiveIntegerField("应备数量")
    active = models.BooleanField("在用", default=True)
    version = models.PositiveIntegerField(default=1)

    objects = PoolQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "周转库"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["place", "thing"],
                name="pool_once",
                violation_error_message="这个存放处已经有这种物品的周转库。",
            ),
            models.CheckConstraint(condition=~Q(place=F("workshop")), name="pool_workshop_elsewhere"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("classrooms:pool", args=[self.pk])


class Swap(AppendOnly):
    """A broken piece of a ticket's place against a sound one of a pool: two holding moves that belong together."""

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="swaps", verbose_name="周转库")
    ticket = models.ForeignKey("repairs.Ticket", models.PROTECT, related_name="swaps", verbose_name="报修单")
    quantity = models.PositiveIntegerField("数量")
    gone = models.OneToOneField("assets.HoldingMove", models.PROTECT, related_name="+", verbose_name="坏件")
    come = models.OneToOneField("assets.HoldingMove", models.PROTECT, related_name="+", verbose_name="好件")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人")
    at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "周转换用"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="swap_quantity"),
            models.CheckConstraint(condition=~Q(gone=F("come")), name="swap_two_moves"),
        ]
        indexes = [models.Index(fields=["pool", "-at"], name="swap_pool")]

    def __str__(self) -> str:
        return f"{self.pool.thing} × {self.quantity}"


class BatchQuerySet(models.QuerySet["Batch"]):
    """Vocabulary of batches."""

    def open(self) -> BatchQuerySet:
        return self.filter(state="open")


class Batch(models.Model):
    """Many broken pieces of a pool repaired together (集中维修)."""

    STATES = {"open": "维修中", "done": "已完成", "void": "已作废"}

    number = models.CharField("批次", max_length=20, unique=True)  # PX202611-0003
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="batches", verbose_name="周转库")
    on = models.DateField("日期")
    state = models.CharField("状态", max_length=8, choices=STATES, default="open")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="开批人")
    worker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="batches", verbose_name="维修人"
    )
    words = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    minutes = models.PositiveIntegerField("工时（分钟）", default=0)
    version = models.PositiveIntegerField(default=1)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "集中维修"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False, done_by__isnull=False),
                name="batch_done_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("classrooms:batch", args=[self.number])


class BatchLine(models.Model):
    """So many pieces of a card in a batch: what became of them."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="lines")
    card = models.ForeignKey("assets.Card", models.PROTECT, related_name="+", verbose_name="资产")
    quantity = models.PositiveIntegerField("件数")
    repaired = models.PositiveIntegerField("修好", default=0)
    scrapped = models.PositiveIntegerField("报废", default=0)
    scrap = models.ForeignKey("assets.ScrapProposal", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "集中维修明细"
        constraints = [
            models.UniqueConstraint(fields=["batch", "card"], name="batch_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="batch_line_quantity"),
            models.CheckConstraint(condition=Q(quantity__gte=F("repaired") + F("scrapped")), name="batch_line_sum"),
        ]

    def __str__(self) -> str:
        return f"{self.card} × {self.quantity}"


class BatchPart(models.Model):
    """A stock move drawn for a batch: the parts that it used."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="parts")
    move = models.OneToOneField("stores.Move", models.PROTECT, related_name="batch_part")

    class Meta:
        verbose_name = verbose_name_plural = "集中维修用料"

    def __str__(self) -> str:
        return str(self.move)

    @property
    def used(self) -> Any:
        return -self.move.quantity

    @property
    def cost(self) -> Any:
        return -self.move.value
