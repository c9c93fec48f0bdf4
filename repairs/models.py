"""The one repair ticket (报修单), its categories, followers and materials."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from core import clock
from core.rights import can, scopes

STATES = {
    "new": "待受理", "accepted": "已受理", "dispatched": "已派工", "doing": "维修中", "checking": "待验收", "done": "已完成",
    "asked": "待补充", "held": "挂起", "declined": "不予受理", "duplicate": "重复", "withdrawn": "已撤销",
}  # fmt: skip
ENDS = ("done", "declined", "duplicate", "withdrawn")
OPEN = tuple(state for state in STATES if state not in ENDS)
# A hazard that nobody has cleared yet (未销号); what is cleared only waits for acceptance.
DANGER = Q(hazard=True, cleared_at=None)
PRIORITIES = {1: "特急", 2: "紧急", 3: "普通", 4: "计划"}
OUTCOMES = {"repaired": "修复", "replaced": "更换", "temporary": "临时处理", "beyond": "无法修复"}
NEXT_STEPS = {"scrap": "提报废", "none": "不再需要"}
CHANNELS = {
    "web": "网上报修", "qr": "扫码报修", "phone": "电话代报", "late": "补录", "inspection": "检查发现",
    "routine": "定期维护",
}  # fmt: skip


class Tile(models.Model):
    """What a reporter taps first (灯, 风扇空调 ...): a plain word over one or more categories."""

    name = models.CharField("名称", max_length=10, unique=True)
    icon = models.CharField("图标", max_length=30, default="ellipsis")
    order = models.PositiveSmallIntegerField("次序", default=0)
    uses = models.CharField(
        "只在这些用途的地点出现", max_length=80, blank=True, help_text="如 canteen,outdoor；空着=都出现"
    )

    class Meta:
        verbose_name = verbose_name_plural = "报修图块"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A kind of fault, two levels: groups have no parent, only kinds below them stand on tickets."""

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="kinds", verbose_name="大类")
    tile = models.ForeignKey(Tile, models.PROTECT, null=True, blank=True, related_name="kinds", verbose_name="图块")
    name = models.CharField("名称", max_length=30)
    priority = models.PositiveSmallIntegerField("默认优先级", choices=PRIORITIES, default=3)
    workdays = models.PositiveSmallIntegerField("限时（工作日）", default=3)
    hazard = models.BooleanField("属安全隐患", default=False)
    after_photo = models.BooleanField("完工须拍照", default=False)
    guarded = models.BooleanField("不给未登录的人看（门锁、监控、报警）", default=False)
    season = models.CharField("旺季月份", max_length=20, blank=True, help_text="如 5-9 或 6-9,12-2")
    season_word = models.CharField("旺季说法", max_length=10, blank=True)  # 夏季风扇, 冬季热水
    topic = models.CharField("责任事项", max_length=30, blank=True)
    order = models.PositiveSmallIntegerField("次序", default=0)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "故障类别"
        ordering = ["order", "pk"]
        constraints = [  # two, for SQLite knows no NULLS NOT DISTINCT
            models.UniqueConstraint(fields=["parent", "name"], name="category_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(parent=None), name="category_group_once"),
        ]

    def __str__(self) -> str:
        return self.name


class HoldReason(models.Model):
    """Why a ticket waits; `stops_clock` says whether its deadline waits with it."""

    key = models.CharField(max_length=20, unique=True)
    name = models.CharField("原因", max_length=20)
    stops_clock = models.BooleanField("停表", default=False)
    order = models.PositiveSmallIntegerField("次序", default=0)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "挂起原因"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name


class DispatchRule(models.Model):
    """What happens to a fresh ticket of a category (group or kind) in a building; off unless a row says so."""

    MODES = {"propose": "推荐给后勤", "assign": "直接派工", "rotate": "轮流派工", "take": "维修工可自取"}

    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name="故障")
    building = models.ForeignKey("campus.Place", models.PROTECT, null=True, blank=True, verbose_name="楼")
    mode = models.CharField("方式", max_length=10, choices=MODES)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, verbose_name="维修工", blank=True)
    last = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    active = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "派工规则"

    def __str__(self) -> str:
        return f"{self.category or '全部故障'} · {self.building or '全校'}：{self.get_mode_display()}"


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Vocabulary of tickets."""

    def open(self) -> TicketQuerySet:
        return self.filter(state__in=OPEN)

    def visible_to(self, user: Any) -> TicketQuerySet:
        """Readers all; wardens and stewards their area and their own; others what they filed, follow, do or keep."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        if can(user, "repairs.view_all"):
            return self
        mine = (
            Q(reporter=user) | Q(lead=user) | Q(place__custodian=user)
            | Exists(Follower.objects.filter(ticket=OuterRef("pk"), user=user))
        )  # fmt: skip
        if uses := scopes(user, "repairs.view_in"):
            mine |= Q(place__use__in=uses)
        return self.filter(mine)

    def overdue(self) -> TicketQuerySet:
        """Open, due before now, its clock running; what only waits for acceptance is done work, not late work."""
        return self.filter(
            state__in=("new", "accepted", "dispatched", "doing", "held"), due_at__lt=clock.now(), clock_stopped_at=None
        )

    def hold_passed(self) -> TicketQuerySet:
        """Held past the expected date."""
        return self.filter(state="held", hold_until__lt=clock.today())

    def during(self, month: Any) -> TicketQuerySet:
        """Reported in a month (core.plan.Month)."""
        return self.filter(reported_at__gte=month.start, reported_at__lt=month.end)


def _token() -> str:
    """A follow address: 128 bits, guessing is no way in."""
    return secrets.token_urlsafe(16)


class Ticket(models.Model):
    """One fault at one place, from the report to the acceptance; see `rules.FLOW` for its moves."""

    personal = ("reporter_name", "reporter_phone")

    number = models.CharField("单号", max_length=20, unique=True)
    state = models.CharField("状态", max_length=12, choices=STATES, default="new")
    state_before = models.CharField(max_length=12, blank=True)  # where "answer" and "resume" lead back to
    # db_index=False: an index of Meta begins with the column, and the database would choose the shorter one.
    place = models.ForeignKey(
        "campus.Place", models.PROTECT, related_name="tickets", verbose_name="地点", db_index=False
    )
    detail = models.CharField("具体位置", max_length=60, blank=True)
    asset = models.ForeignKey(
        "assets.Card", models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="资产"
    )
    category = models.ForeignKey(Category, models.PROTECT, related_name="tickets", verbose_name="故障")
    words = models.CharField("描述", max_length=500, blank=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    done_quantity = models.PositiveIntegerField("已修", default=0)

    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="报修人",
        db_index=False,
    )  # fmt: skip
    reporter_name = models.CharField("姓名", max_length=30, blank=True)
    reporter_phone = models.CharField("电话", max_length=20, blank=True)
    device = models.CharField(max_length=64, blank=True)  # hash of the cookie of a phone that filed without login
    follow_token = models.CharField(max_length=32, unique=True, default=_token)
    channel = models.CharField("来源", max_length=10, choices=CHANNELS, default="web")
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="代报人"
    )
    preferred = models.CharField("方便的时间", max_length=60, blank=True)
    reported_at = models.DateTimeField("报修时间", default=clock.now)
    created_at = models.DateTimeField(default=clock.now)

    hazard = models.BooleanField("安全隐患", default=False)
    protection = models.CharField("临时防护", max_length=200, blank=True)
    opened_at = models.DateTimeField("后勤首次查看", null=True, blank=True)
    phoned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="电话通知人"
    )
    phoned_at = models.DateTimeField("已电话通知", null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="销号人"
    )
    cleared_at = models.DateTimeField("销号时间", null=True, blank=True)
    cleared_photo = models.ForeignKey("core.Attachment", models.PROTECT, null=True, blank=True, related_name="+")

    priority = models.PositiveSmallIntegerField("优先级", choices=PRIORITIES, default=3)
    priority_words = models.CharField("依据", max_length=120, blank=True)
    priority_fixed = models.BooleanField("优先级由后勤指定", default=False)
    score = models.IntegerField(default=0)  # order inside and across priorities, higher first
    due_at = models.DateTimeField("期限", null=True, blank=True)
    clock_stopped_at = models.DateTimeField(null=True, blank=True)
    waited_minutes = models.PositiveIntegerField("停表分钟", default=0)

    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="jobs", verbose_name="负责人",
        db_index=False,
    )  # fmt: skip
    helpers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="helps", blank=True, verbose_name="帮手")
    dispatched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="派工人"
    )
    dispatched_at = models.DateTimeField("派工时间", null=True, blank=True)
    accepted_at = models.DateTimeField("受理时间", null=True, blank=True)
    started_at = models.DateTimeField("开工时间", null=True, blank=True)

    ask_words = models.CharField("要补充什么", max_length=200, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    hold_reason = models.ForeignKey(
        HoldReason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="挂起原因"
    )
    hold_until = models.DateField("预计恢复", null=True, blank=True)
    hold_words = models.CharField("挂起说明", max_length=200, blank=True)
    hold_item = models.ForeignKey(
        "stores.Item", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="等的材料"
    )
    hold_quantity = models.DecimalField("等的数量", max_digits=10, decimal_places=2, null=True, blank=True)
    purchase = models.ForeignKey(
        "stores.PurchaseRequest", models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="申购"
    )
    scrap = models.ForeignKey(
        "assets.ScrapProposal", models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="报废建议"
    )

    outside_by = models.ForeignKey(  # who ordered the outside work that was last accepted on it
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="外修经办人"
    )

    outcome = models.CharField("处理结果", max_length=10, choices=OUTCOMES, blank=True)
    outcome_words = models.CharField("处理说明", max_length=300, blank=True)
    cause = models.CharField("故障原因", max_length=100, blank=True)
    labour_minutes = models.PositiveIntegerField("工时（分钟）", default=0)
    finished_at = models.DateTimeField("完工时间", null=True, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="完工录入人"
    )
    after_photo_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField("验收时间", null=True, blank=True)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="验收人"
    )
    deemed = models.BooleanField("默认验收", default=False)
    rework_count = models.PositiveSmallIntegerField("返修次数", default=0)
    reopened = models.BooleanField(default=False)  # stands in 维修中 as rework, until finished again
    rating = models.PositiveSmallIntegerField("评分", null=True, blank=True)
    rating_words = models.CharField("评价", max_length=200, blank=True)
    chase_count = models.PositiveSmallIntegerField("催办次数", default=0)
    chased_on = models.DateField("上次催办", null=True, blank=True)

    head = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name="并入")
    split_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="splits")
    again = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="later")
    end_words = models.CharField("原因", max_length=200, blank=True)  # of declining, withdrawing
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报修单"
        indexes = [
            models.Index(fields=["place", "state"], name="ticket_place_state"),
            models.Index(fields=["state", "-id"], name="ticket_state"),
            models.Index(fields=["state", "priority", "-score", "-id"], name="ticket_desk"),
            models.Index(fields=["lead", "state"], name="ticket_lead"),
            models.Index(fields=["reporter", "-id"], name="ticket_reporter"),
            models.Index(fields=["reported_at", "id"], name="ticket_reported"),
            models.Index(fields=["due_at", "id"], name="ticket_due"),
            models.Index(fields=["completed_at"], name="ticket_completed"),
            models.Index(fields=["device", "created_at"], condition=~Q(device=""), name="ticket_device"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="ticket_state_known"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="ticket_quantity"),
            models.CheckConstraint(condition=Q(done_quantity__lte=F("quantity")), name="ticket_done_quantity"),
            models.CheckConstraint(
                condition=~Q(state__in=["dispatched", "doing"]) | Q(lead__isnull=False),
                name="ticket_dispatched_has_lead",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(hold_reason__isnull=False, hold_until__isnull=False),
                name="ticket_held_has_reason_and_date",
            ),
            models.CheckConstraint(
                condition=~Q(state="asked") | (~Q(ask_words="") & Q(asked_at__isnull=False)),
                name="ticket_asked_has_words",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["asked", "held"]) | ~Q(state_before=""), name="ticket_waiting_knows_way_back"
            ),
            models.CheckConstraint(
                condition=~Q(state="checking") | (Q(finished_at__isnull=False, done_quantity__gt=0) & ~Q(outcome="")),
                name="ticket_finished_has_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | (Q(completed_at__isnull=False, finished_at__isnull=False) & ~Q(outcome="")),
                name="ticket_done_has_acceptance",
            ),
            models.CheckConstraint(
                condition=~Q(state="done", deemed=False) | Q(completed_by__isnull=False) | Q(reporter=None),
                name="ticket_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(completed_by=None) | Q(lead=None) | ~Q(completed_by=F("lead")),
                name="ticket_not_accepted_by_lead",
            ),
            models.CheckConstraint(
                condition=~Q(state="done", hazard=True)
                | Q(cleared_by__isnull=False, cleared_at__isnull=False, cleared_photo__isnull=False),
                name="ticket_hazard_cleared",
            ),
            models.CheckConstraint(
                condition=Q(cleared_by=None) | Q(lead=None) | ~Q(cleared_by=F("lead")),
                name="ticket_not_cleared_by_lead",
            ),
            models.CheckConstraint(
                condition=Q(cleared_by=None) | Q(outside_by=None) | ~Q(cleared_by=F("outside_by")),
                name="ticket_not_cleared_by_orderer",
            ),
            models.CheckConstraint(
                condition=Q(completed_by=None) | Q(outside_by=None) | ~Q(completed_by=F("outside_by")),
                name="ticket_not_accepted_by_orderer",
            ),
            models.CheckConstraint(condition=~Q(hazard=True, deemed=True), name="ticket_hazard_never_deemed"),
            models.CheckConstraint(condition=~Q(hazard=True, state="withdrawn"), name="ticket_hazard_never_withdrawn"),
            models.CheckConstraint(condition=~Q(hazard=True, state="declined"), name="ticket_hazard_never_declined"),
            models.CheckConstraint(
                condition=Q(state="duplicate", head__isnull=False) | (~Q(state="duplicate") & Q(head=None)),
                name="ticket_duplicate_has_head",
            ),
            models.CheckConstraint(condition=Q(head=None) | ~Q(head=F("id")), name="ticket_not_own_head"),
            models.CheckConstraint(
                condition=~Q(state__in=["declined", "withdrawn"]) | ~Q(end_words=""), name="ticket_end_has_reason"
            ),
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__range=(1, 5)), name="ticket_rating"),
            models.CheckConstraint(condition=Q(priority__range=(1, 4)), name="ticket_priority"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.place}：{self.fault}"

    def get_absolute_url(self) -> str:
        return reverse("repairs:ticket", args=[self.number])

    @property
    def fault(self) -> str:
        """What is wrong in a few words: the kind, the quantity when there are several, the first words typed."""
        said = f"，{self.words[:24]}" if self.words and self.category.name == "其他" else ""
        return f"{self.category.name}{said}" + (f"，{self.quantity} 处" if self.quantity > 1 else "")

    @property
    def where(self) -> str:
        return f"{self.place.full_name} {self.detail}".strip()

    @property
    def is_open(self) -> bool:
        return self.state not in ENDS

    @property
    def word(self) -> str:
        """The state's word; 返修 is 维修中 after work was sent back."""
        return "返修" if self.state == "doing" and self.reopened else STATES[self.state]

    @property
    def css_state(self) -> str:
        return "rework" if self.state == "doing" and self.reopened else self.state

    @property
    def is_late(self) -> bool:
        return bool(
            self.due_at and self.due_at < clock.now() and not self.clock_stopped_at
            and self.state in ("new", "accepted", "dispatched", "doing", "held")
        )  # fmt: skip

    @property
    def late_days(self) -> int:
        """Dates passed since the deadline's; 0 while it is still that day. One count for desk, list, reasons and plan."""
        return (clock.today() - clock.local(self.due_at).date()).days if self.is_late and self.due_at else 0

    def may_see_unseen(self, user: Any) -> bool:
        """Photos that came without login are for the office alone until the ticket is accepted."""
        return can(user, "repairs.manage")


class Follower(models.Model):
    """Somebody whom the same fault hit too (我也遇到): an account, or a device without login."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="followers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="follows")
    device = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=32, unique=True, default=_token)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "也遇到的人"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "user"], condition=Q(user__isnull=False), name="follower_once"),
            models.UniqueConstraint(fields=["ticket", "device"], condition=~Q(device=""), name="follower_device_once"),
            models.CheckConstraint(condition=Q(user__isnull=False) | ~Q(device=""), name="follower_is_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.user_id or 'device'}"


class Material(models.Model):
    """A stock move that was drawn on a ticket, or came back from it."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="materials")
    move = models.OneToOneField("stores.Move", models.PROTECT, related_name="material")

    class Meta:
        verbose_name = verbose_name_plural = "用料"

    def __str__(self) -> str:
        return str(self.move)

    @property
    def out(self) -> Any:
        """Quantity used: drawn counts up, given back counts down."""
        return -self.move.quantity

    @property
    def cost(self) -> Any:
        """Its value, in yuan."""
        return -self.move.value


from repairs.outside.models import (  # noqa: E402  (below: they name the ticket)
    AcceptanceSign,
    Defect,
    JobInvoice,
    JobLine,
    JobTicket,
    OutsideJob,
    Quote,
    QuoteLine,
    ServiceTask,
    Variation,
)

__all__ = [
    "CHANNELS", "ENDS", "NEXT_STEPS", "OPEN", "OUTCOMES", "PRIORITIES", "STATES", "AcceptanceSign", "Category", "Defect",
    "DispatchRule", "Follower", "HoldReason", "JobInvoice", "JobLine", "JobTicket", "Material", "OutsideJob", "Quote",
    "QuoteLine", "ServiceTask", "Ticket", "TicketQuerySet", "Tile", "Variation",
]  # fmt: skip
