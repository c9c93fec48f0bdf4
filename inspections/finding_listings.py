"""The list of findings (问题台账): its columns and filters, on the screen and in Excel."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.html import format_html

from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.templatetags.houqin import day, icon
from inspections.models import AREAS, Finding
from inspections.models.findings import STATES
from inspections.rules import head_of
from repairs.listings import buildings, state_sign

SIGNS = {"open": "new", "fixing": "doing", "recheck": "checking", "closed": "done", "void": "withdrawn"}


def due_words(finding: Finding) -> tuple[str, str]:
    """What the list says about time: (late words, the rest)."""
    if finding.state == "closed":
        return "", f"{day(finding.cleared_at)} 销号"
    if finding.state == "void":
        return "", ""
    late = (clock.today() - finding.due_on).days
    return (f"超期 {late} 天" if late > 0 else ""), day(finding.due_on)


def first_cell(finding: Finding, value: Any) -> Any:
    sign = format_html(
        '<span class="hazard">{}<span class="visually-hidden">隐患：</span></span> ', icon("triangle-alert")
    )
    return format_html("{}{}：{}", sign if finding.hazard else "", finding.place.full_name, finding.words)


def stage_cell(finding: Any, value: Any) -> Any:
    return state_sign(SIGNS[finding.stage], STATES[finding.stage])


def due_cell(finding: Finding, value: Any) -> Any:
    late, rest = due_words(finding)
    if late:
        return format_html('<span class="late">{}</span> <span class="why d-inline nowrap">{}</span>', late, rest)
    return rest


def ticket_number(finding: Finding) -> str:
    ticket = head_of(finding.ticket)
    return ticket.number if ticket is not None else ""


def who(finding: Finding) -> str:
    """Who is to put it right: the repairer, else who answers for it."""
    ticket = head_of(finding.ticket)
    if ticket is not None and ticket.lead is not None:
        return str(ticket.lead.name)
    return finding.owner.name if finding.owner else ""


class FindingFilter(FilterSet):
    """What the list can be narrowed by; the hidden ones come from links."""

    q = SearchFilter(fields=["number", "words", "place__full_name"], placeholder="搜编号、地点、问题")
    stage = django_filters.ChoiceFilter(label="状态", choices=[("live", "未销号"), *STATES.items()], method="at_stage")
    area = django_filters.ChoiceFilter(label="归属", choices=list(AREAS.items()))
    building = django_filters.ChoiceFilter(label="地点", choices=buildings, method="in_building")
    hazard = django_filters.BooleanFilter(
        label="隐患", widget=forms.Select(choices=[("", "隐患和一般问题"), ("true", "安全隐患"), ("false", "一般问题")])
    )
    late = django_filters.BooleanFilter(
        label="期限", method="only_late", widget=forms.Select(choices=[("", "全部期限"), ("true", "已超期")])
    )
    overdue = django_filters.CharFilter(label="超期", method="only_overdue", widget=forms.HiddenInput)
    place = django_filters.NumberFilter(label="地点", field_name="place_id", widget=forms.HiddenInput)
    line = django_filters.NumberFilter(label="检查项", field_name="line_id", widget=forms.HiddenInput)
    kind = django_filters.CharFilter(label="问题种类", method="of_kind", widget=forms.HiddenInput)
    round = django_filters.CharFilter(
        label="检查", field_name="result__target__round__number", widget=forms.HiddenInput
    )
    unfiled = django_filters.CharFilter(label="没有报修", method="only_unfiled", widget=forms.HiddenInput)

    class Meta:
        model = Finding
        fields: list[str] = []

    def at_stage(self, queryset: Any, name: str, value: str) -> Any:
        if value == "live":
            return queryset.filter(state="open")
        return queryset.filter(state=value) if value in ("closed", "void") else queryset.filter(stage=value)

    def in_building(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(Q(place=value) | Q(place__building=value))

    def only_late(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(state="open", due_on__lt=clock.today()) if value else queryset

    def only_overdue(self, queryset: Any, name: str, value: str) -> Any:
        return self.only_late(queryset, name, bool(value))

    def only_unfiled(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(stage="open") if value else queryset

    def of_kind(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(line__name=value) if value != "-" else queryset.filter(line=None)


class FindingList(Listing):
    model = Finding
    columns = (
        Column("what", "问题", value=lambda f: f"{f.place.full_name}：{f.words}", cell=first_cell, link=True),
        Column("stage", "状态", value=lambda f: STATES[f.stage], cell=stage_cell),
        Column("due", "期限", value="due_on", kind="date", cell=due_cell, order="due_on", phone="label"),
        Column("who", "责任人", value=who, phone="label"),
        Column("ticket", "报修单", value=ticket_number, phone="label"),
        Column("number", "编号", phone="hide"),
        Column("area", "归属", value=lambda f: AREAS.get(f.area, f.area), phone="hide"),
        Column("place", "地点", value="place.full_name", where="sheet"),
        Column("words", "问题描述", where="sheet"),
        Column("hazard", "安全隐患", kind="bool", where="sheet"),
        Column("protection", "临时防护", where="sheet"),
        Column("found_by", "发现人", value="found_by.name", where="sheet"),
        Column("found_at", "发现时间", kind="datetime", where="sheet"),
        Column("fixed", "整改情况", value="fixed_words", where="sheet"),
        Column("failed", "复查不合格次数", value="recheck_failed", kind="int", where="sheet"),
        Column("cleared_by", "销号人", value="cleared_by.name", where="sheet"),
        Column("cleared_at", "销号时间", kind="datetime", where="sheet"),
        Column("end_words", "说明", where="sheet"),
    )
    related = ("place", "owner", "found_by", "cleared_by", "ticket__lead", "ticket__head__lead")
    title = filename = "问题台账"
    measure = "个"
    empty = ("没有问题", "检查中发现的问题会列在这里；随手看到的点“登记问题”。")
    filterset = FindingFilter

    def base(self) -> Any:
        return Finding.objects.visible_to(self.user).with_stage()

    def row_class(self, record: Any) -> str:
        return "is-late" if due_words(record)[0] else ""
