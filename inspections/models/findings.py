"""Findings (问题): what a check found wrong and somebody else must strike off after looking again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When
from django.urls import reverse

from core import clock
from inspections.models.checklists import AREAS, areas
from repairs.models import Ticket

STATES = {"open": "待整改", "fixing": "整改中", "recheck": "待复查", "closed": "已销号", "void": "已作废"}
STORED = ("open", "closed", "void")
LIVE = ("new", "accepted", "dispatched", "doing", "checking", "asked", "held")  # a ticket that is being worked on

MENDED = ("checking", "done")


class FindingQuerySet(models.QuerySet["Finding"]):
    """Vocabulary of findings."""

    def open(self) -> FindingQuerySet:
        """Not struck off yet, whatever its ticket says."""
        return self.filter(state="open")

    def with_stage(self) -> FindingQuerySet:
        """`stage`: the state as people see it; 整改中 and 待复查 are read from the ticket, or from who put it right.

        A ticket that waits for acceptance, or is accepted, makes the finding wait for its re-check, unless a part was
        split off it that is still open; a merged ticket speaks through its head.
        """
        rest = Ticket.objects.open().filter(split_from=OuterRef("ticket"))
        return self.annotate(
            stage=Case(
                When(~Q(state="open"), then=F("state")),
                When(Q(ticket__state__in=MENDED) & Exists(rest), then=Value("fixing")),
                When(Q(ticket__state__in=MENDED) | Q(ticket__head__state__in=MENDED), then=Value("recheck")),
                When(Q(ticket__state__in=LIVE) | Q(ticket__head__state__in=LIVE), then=Value("fixing")),
                When(ticket=None, fixed_at__isnull=False, then=Value("recheck")),
                default=Value("open"),
                output_field=CharField(),
            )
        )

    def overdue(self) -> FindingQuerySet:
        return self.open().filter(due_on__lt=clock.today())

    def visible_to(self, user: Any) -> FindingQuerySet:
        """Those of the areas that the user reads, and what is his to put right."""
        read = areas(user, "view", "inspect", "recheck", "manage")
        if len(read) == len(AREAS):
            return self
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(Q(area__in=read) | Q(owner=user) | Q(place__custodian=user))


class Finding(models.Model):
    """One thing wrong at one place, found on a round or beside it; with a ticket it is mended by the ticket."""

    number = models.CharField("编号", max_length=20, unique=True)  # WT202611-0042
    area = models.CharField("归属", max_length=12)
    result = models.OneToOneField(
        "inspections.Result", models.PROTECT, null=True, blank=True, related_name="finding", verbose_name="检查结果"
    )
    place = models.ForeignKey("campus.Place", models.PROTECT, related_name="findings", verbose_name="地点")
    card = models.ForeignKey(
        "assets.Card", models.PROTECT, null=True, blank=True, related_name="findings", verbose_name="设备"
    )
    line = models.ForeignKey(
        "inspections.Line", models.PROTECT, null=True, blank=True, related_name="findings", verbose_name="检查项"
    )
    words = models.CharField("问题", max_length=200)
    hazard = models.BooleanField("安全隐患", default=False)
    protection = models.CharField("临时防护", max_length=200, blank=True)  # cordon
    state = models.CharField("状态", max_length=10, choices=STATES, default="open")
    ticket = models.ForeignKey(
        "repairs.Ticket", models.PROTECT, null=True, blank=True, related_name="findings", verbose_name="报修单"
    )
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发现人")
    found_at = models.DateTimeField("发现时间", default=clock.now)
    due_on = models.DateField("整改期限")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="findings", verbose_name="责任人"
    )
    fixed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="整改人"
    )
    fixed_at = models.DateTimeField("整改时间", null=True, blank=True)
    fixed_words = models.CharField("整改情况", max_length=200, blank=True)
    recheck_failed = models.PositiveSmallIntegerField("复查不通过次数", default=0)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="销号人"
    )
    cleared_at = models.DateTimeField("销号时间", null=True, blank=True)
    end_words = models.CharField("说明", max_length=200, blank=True)  # of the strike-off or of making it void
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="作废人"
    )
    version = models.PositiveIntegerField(default=1)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查问题"
        indexes = [
            models.Index(fields=["state", "due_on"], name="finding_state"),
            models.Index(fields=["area", "-id"], name="finding_area"),
            models.Index(fields=["place", "state"], name="finding_place"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STORED), name="finding_state_known"),
            models.CheckConstraint(
                condition=(Q(state="closed", cleared_by__isnull=False, cleared_at__isnull=False) | (~Q(state="closed") & Q(cleared_by=None, cleared_at=None))),
                name="finding_cleared_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(cleared_by=None) | ~Q(cleared_by=F("found_by")), name="finding_cleared_by_another"
            ),
            models.CheckConstraint(
                condition=Q(cleared_by=None) | Q(fixed_by=None) | ~Q(cleared_by=F("fixed_by")),
                name="finding_not_cleared_by_fixer",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(ticket__isnull=False) | Q(fixed_at__isnull=False),
                name="finding_cleared_was_fixed",
            ),
            models.CheckConstraint(
                condition=~Q(state="void") | (Q(voided_by__isnull=False) & ~Q(end_words="")), name="finding_void_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(fixed_at=None, fixed_by=None) | Q(fixed_at__isnull=False, fixed_by__isnull=False),
                name="finding_fixed_by_somebody",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.words}"

    def get_absolute_url(self) -> str:
        return reverse("inspections:finding", args=[self.number])
