"""Lists of the spare pools and of repair batches."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.html import format_html

from assets.models import Holding
from classrooms.models import Batch, Pool
from classrooms.watching import value_words
from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.templatetags.houqin import day, icon
from inspections.models import Finding
from inspections.models.findings import STATES as FINDING_STATES

SIGNS = {"open": "doing", "done": "done", "void": "withdrawn"}  # which ticket state a batch's state is drawn as


def level_cell(pool: Any, value: Any) -> str:
    if value < pool.target and pool.active:
        return format_html('<span class="late">{}（少 {}）</span>', value, pool.target - value)
    return str(value)


def batch_state(batch: Batch, value: Any) -> str:
    return format_html('<span class="state state-{}">{}</span>', SIGNS[batch.state], batch.get_state_display())


class PoolListing(Listing):
    """Every pool with its level, as the ledger has it now."""

    model = Pool
    title = "周转库"
    filename = "周转库"
    measure = "个"
    order = "name"
    related = ("place", "workshop", "category")
    empty = ("还没有周转库", "把修好备用的课桌椅放在一处，建一个周转库，报修单上就能一键换用。")
    empty_icon = "repeat"
    columns = (
        Column("name", "周转库", link=True),
        Column("thing", "物品", phone="hide"),
        Column("level", "完好", kind="int", cell=level_cell, phone="label"),
        Column("target", "应备", kind="int", phone="label"),
        Column("broken", "待修", kind="int", phone="label"),
        Column("place", "存放处", value="place.full_name", phone="wide"),
        Column("workshop", "坏件送到", value="workshop.full_name", phone="hide"),
        Column("category", "报修类别", value="category.name", phone="hide"),
        Column("active", "在用", kind="bool", phone="hide"),
    )

    def base(self) -> Any:
        return Pool.objects.with_level()


class BatchFilter(FilterSet):
    """By number or thing, by state."""

    q = SearchFilter(fields=["number", "pool__name", "pool__thing", "words"], placeholder="搜批次、周转库、物品")
    state = django_filters.ChoiceFilter(label="状态", choices=list(Batch.STATES.items()))

    class Meta:
        model = Batch
        fields: list[str] = []


class BatchListing(Listing):
    """Repair batches, newest first."""

    model = Batch
    title = "集中维修"
    filename = "集中维修"
    measure = "批"
    related = ("pool", "worker", "by")
    filterset = BatchFilter
    empty = ("还没有集中维修", "坏件攒多了，在周转库的页面上点“开一批维修”。")
    empty_icon = "hammer"
    columns = (
        Column("number", "批次", link=True, order="number"),
        Column("pool", "周转库", value="pool.name"),
        Column("state", "状态", kind="state", cell=batch_state),
        Column("on", "日期", kind="date", phone="label"),
        Column("pieces", "件数", kind="int", phone="label"),
        Column("repaired", "修好", kind="int", phone="label"),
        Column("scrapped", "报废", kind="int", phone="hide"),
        Column("minutes", "工时（分钟）", kind="int", phone="hide"),
        Column("worker", "维修人", value="worker.name", phone="hide"),
        Column("words", "说明", phone="hide"),
    )

    def base(self) -> Any:
        return Batch.objects.annotate(
            pieces=Sum("lines__quantity"), repaired=Sum("lines__repaired"), scrapped=Sum("lines__scrapped")
        )


# ---- what patrols found -------------------------------------------------------------------------------------------

STAGES = {"open": "new", "fixing": "doing", "recheck": "checking", "closed": "done", "void": "withdrawn"}


def photo_cell(finding: Any, value: Any) -> str:
    if not value:
        return ""
    url, words = reverse("core:file", args=[value]), f"{finding.number} 的照片"
    return format_html('<a href="{}"><img class="thumb-small" src="{}" alt="{}" loading="lazy" width="64" height="48"></a>',
                       url, reverse("core:file-thumb", args=[value]), words)  # fmt: skip


def stage_cell(finding: Any, value: Any) -> str:
    return format_html('<span class="state state-{}">{}</span>', STAGES[finding.stage], FINDING_STATES[finding.stage])


def due_cell(finding: Any, value: Any) -> str:
    late = (clock.today() - value).days if finding.state == "open" else 0
    return format_html('<span class="late">超期 {} 天</span>', late) if late > 0 else day(value)


def words_cell(finding: Any, value: Any) -> str:
    if not finding.hazard:
        return value
    return format_html('<span class="hazard">{}隐患</span> {}', icon("triangle-alert"), value)


class FacadeFilter(FilterSet):
    """By words, by how far it is, by danger."""

    q = SearchFilter(fields=["number", "words", "place__full_name", "protection"], placeholder="搜地点、问题、防护")
    stage = django_filters.ChoiceFilter(label="状态", choices=list(FINDING_STATES.items()))
    hazard = django_filters.CharFilter(label="隐患", method="dangerous", widget=forms.HiddenInput)
    bare = django_filters.CharFilter(label="没有防护", method="unprotected", widget=forms.HiddenInput)
    late = django_filters.CharFilter(label="超期", method="overdue", widget=forms.HiddenInput)
    all = django_filters.CharFilter(label="全部", method="everything", widget=forms.HiddenInput)

    class Meta:
        model = Finding
        fields: list[str] = []

    def dangerous(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(hazard=True, state="open")

    def unprotected(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(hazard=True, state="open", protection="")

    def overdue(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(state="open", due_on__lt=clock.today())

    def everything(self, qs: Any, name: str, value: str) -> Any:
        return qs


class FacadeListing(Listing):
    """Findings on faces, corridors and stairs: where, what, how it is fenced off, when somebody looks again."""

    model = Finding
    title = "外墙与楼道"
    filename = "外墙与楼道问题"
    measure = "处"
    related = ("place", "ticket", "found_by")
    filterset = FacadeFilter
    empty = ("没有这样的问题", "巡查发现的问题会列在这里；随手看到的，点“登记问题”。")
    empty_icon = "shield-check"
    columns = (
        Column("place", "地点", value="place.full_name", link=True),
        Column("words", "问题", cell=words_cell, phone="wide"),
        Column("hazard", "隐患", kind="bool", where="sheet"),
        Column("photo", "照片", cell=photo_cell, where="screen"),
        Column("stage", "状态", value=lambda finding: FINDING_STATES[finding.stage], cell=stage_cell),
        Column("protection", "临时防护", phone="label"),
        Column("due_on", "整改复查期限", kind="date", cell=due_cell, phone="label"),
        Column("number", "编号", kind="state", cell=lambda finding, value: value, phone="hide"),
        Column("ticket", "报修单", value="ticket.number", where="sheet"),
        Column("found_by", "发现人", value="found_by.name", where="sheet"),
        Column("found_at", "发现时间", kind="datetime", where="sheet"),
    )


def care_cell(holding: Any, value: Any) -> str:
    if holding.care_due is None:
        return ""
    late = (clock.today() - holding.care_due).days
    text = f"{holding.care_title} {day(holding.care_due)}"
    return format_html('<a href="{}" class="{}">{}</a>', reverse("inspections:upkeep", args=[holding.care_pk]),
                       "late" if late >= 0 else "", text)  # fmt: skip


def test_cell(holding: Any, value: Any) -> str:
    return format_html('<span class="late">{} 超限</span>', value) if holding.test_failed and value else value


def checked_cell(holding: Any, value: Any) -> str:
    if value is None:
        return format_html('<span class="quiet">{}</span>', "还没查过")
    words = day(value)
    return (
        format_html('{} <span class="late">{} 项不合格</span>', words, holding.failures) if holding.failures else words
    )


class MachineFilter(FilterSet):
    """By place or number, by what is wrong."""

    q = SearchFilter(fields=["card__number", "card__name", "place__full_name"], placeholder="搜地点、资产编号")
    due = django_filters.CharFilter(label="维护到期", method="care_due_now", widget=forms.HiddenInput)
    bad = django_filters.CharFilter(label="不合格", method="failing", widget=forms.HiddenInput)
    never = django_filters.CharFilter(label="没查过", method="unchecked", widget=forms.HiddenInput)

    class Meta:
        model = Holding
        fields: list[str] = []

    def care_due_now(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(care_due__lte=clock.today())

    def failing(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(Q(failures__gt=0) | Q(broken=True))

    def unchecked(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(checked_on=None)


class MachineListing(Listing):
    """Drinking-water machines, where they stand."""

    model = Holding
    title = "饮水机"
    filename = "饮水机"
    measure = "台"
    order = "place"
    filterset = MachineFilter
    empty = ("没有饮水机", "资产卡片里名称带“饮水机”的会列在这里。")
    empty_icon = "droplets"
    columns = (
        Column("place", "地点", value="place.full_name", link=True),
        Column("number", "资产编号", value="card.number", phone="hide"),
        Column("checked_on", "上次检查", kind="date", cell=checked_cell, phone="label"),
        Column("failures", "不合格项", kind="int", where="sheet"),
        Column(
            "test", "最近测试值", cell=test_cell, phone="label",
            value=lambda one: value_words(one.test_name, one.test_value, one.test_unit),
        ),
        Column("care", "滤芯等维护", cell=care_cell, phone="label", value=lambda one: one.care_title or ""),
        Column("care_due", "维护到期", kind="date", where="sheet"),
        Column("next_on", "下次检查", kind="date", phone="label"),
        Column("broken", "报修", kind="bool", phone="hide", cell=lambda one, value: "在修" if value else ""),
        Column("condition", "状况", phone="hide"),
    )  # fmt: skip
