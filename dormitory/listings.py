"""Lists of the dormitories: rooms, boards, appeals, sweeps."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html

from campus import cache
from campus.models import Place
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.templatetags.houqin import state_class
from dormitory.models import Appeal, Board, Room
from inspections.models import Round

SIGNS = {"open": "new", "changed": "rework", "kept": "done", "closed": "done", "cancelled": "withdrawn"}


def sign(record: Any, value: Any) -> Any:
    """A state with the sign that the look knows."""
    return format_html('<span class="{}">{}</span>', state_class(SIGNS.get(value, "")), record.get_state_display())


def houses() -> list[tuple[int, str]]:
    """The dormitory buildings, for filters and tiles."""

    def load() -> list[tuple[int, str]]:
        rows = Place.objects.active().filter(kind="building", use="dormitory").order_by("order", "name")
        return list(rows.values_list("pk", "name"))

    return cache.cached("dormitory buildings", load, seconds=60)


class RoomFilter(FilterSet):
    """Rooms by name, class, building, free beds."""

    q = SearchFilter(fields=("place__full_name", "chief"), placeholder="寝室号")
    building = django_filters.ChoiceFilter(label="楼", choices=houses, field_name="place__building")
    free = django_filters.BooleanFilter(label="有空床", method="with_free")

    class Meta:
        model = Room
        fields: list[str] = []

    def with_free(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(free__gt=0) if value else queryset.filter(free__lte=0)


class RoomList(Listing):
    """Rooms with their beds and classes."""

    model = Room
    title = filename = "寝室"
    measure = "间"
    order = "place__full_name"
    related = ("place",)
    prefetch = ("occupants__class_group",)
    filterset = RoomFilter
    empty = ("还没有寝室", "先在“地点”里建好宿舍楼的房间，再点“按地点补建”。")
    empty_icon = "bed"
    columns = (
        Column("place", "寝室", value="place.full_name", link=True),
        Column("classes", "班级", value=lambda room: "、".join(
            f"{one.class_group} {one.pupils}人" for one in room.occupants.all()
        ), phone="wide", width=30),
        Column("beds", "床位", kind="int", phone="label"),
        Column("pupils", "入住", kind="int", phone="label"),
        Column("free", "空床", kind="int", phone="label"),
        Column("chief", "室长", phone="label"),
    )  # fmt: skip

    def base(self) -> Any:
        found = super().base().annotate(pupils=Coalesce(Sum("occupants__pupils"), 0))
        return found.annotate(free=F("beds") - F("pupils"))


class BoardList(Listing):
    """Published weeks."""

    model = Board
    title = filename = "周评比"
    measure = "周"
    order = "-first_on"
    related = ("published_by",)
    empty = ("还没有公布过", "有了评分，每周一自动公布上一周的名次。")
    empty_icon = "trophy"
    columns = (
        Column("title", "周评比", link=True),
        Column("rooms", "寝室", kind="int", phone="label"),
        Column("honoured", "文明寝室", kind="int", phone="label"),
        Column("failed", "不合格", kind="int", phone="label"),
        Column("published_at", "公布时间", kind="datetime", phone="label"),
        Column("published_by", "公布人", value=lambda board: board.published_by.name if board.published_by else "系统", phone="label"),
        Column("words", "更正", phone="wide"),
    )  # fmt: skip

    def base(self) -> Any:
        return super().base().annotate(
            rooms=Count("rows"), honoured=Count("rows", filter=Q(rows__honoured=True)), failed=Count("rows", filter=Q(rows__failed=True))
        )  # fmt: skip


class AppealFilter(FilterSet):
    """Appeals by state."""

    q = SearchFilter(fields=("target__place__full_name", "by__name"), placeholder="寝室、申诉人")
    state = django_filters.ChoiceFilter(label="结果", choices=list(Appeal.STATES.items()))

    class Meta:
        model = Appeal
        fields: list[str] = []


class AppealList(Listing):
    """Objections to scores."""

    model = Appeal
    title = filename = "评分申诉"
    measure = "件"
    order = "-pk"
    related = ("target__place", "by", "answered_by", "scored_by")
    filterset = AppealFilter
    empty = ("没有申诉", "班主任对评分有意见，可以在寝室的页面上申诉。")
    columns = (
        Column("place", "寝室", value="target.place.full_name", link=True),
        Column("on", "检查日期", value="target.on", kind="date", phone="label"),
        Column("state", "结果", cell=sign),
        Column("old_score", "原分", kind="decimal", phone="label"),
        Column("new_score", "改后", kind="decimal", phone="label"),
        Column("words", "理由", phone="wide", width=30),
        Column("by", "申诉人", value="by.name", phone="label"),
        Column("scored_by", "评分人", value="scored_by.name", phone="hide"),
        Column("answered_by", "答复人", value="answered_by.name", phone="label"),
        Column("answer", "答复", phone="wide", width=30),
    )


class SweepList(Listing):
    """Sweeps, the newest first."""

    model = Round
    title = filename = "设施排查"
    measure = "次"
    order = "-pk"
    related = ("by",)
    empty = ("还没有排查过", "选一栋楼，定个截止日期就能开始。")
    columns = (
        Column("title", "排查", link=True),
        Column("number", "编号", phone="hide"),
        Column("state", "状态", cell=sign),
        Column("on", "开始", kind="date", phone="label"),
        Column("due_on", "截止", kind="date", phone="label"),
        Column("done", "已查", value=lambda one: f"{one.done}/{one.total}", phone="label"),
        Column("by", "发起人", value="by.name", phone="hide"),
    )

    def url(self, record: Any) -> str:
        return reverse("dormitory:sweep", args=[record.number])
