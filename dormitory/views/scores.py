"""Ranks over any span by room, class, floor or building, with Excel; scores over time; rooms that failed twice."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from campus.models import ClassGroup, Place
from core import clock, sheets
from core.forms import DateInput, Form, Select
from core.pages import Page
from core.rights import can
from dormitory import scores
from dormitory.listings import houses
from dormitory.views.rooms import chart_of, crumbs, term_span
from finance.monthly import workbook

READ = ("inspections.view:dormitory", "dormitory.appeal")
PER_PAGE = 50
LONGEST = 400  # days
ROW = (
    '<tr><th scope="row" class="first">{}{}</th><td class="num" data-label="名次">{}</td><td class="num" data-label="平均分">{}</td>'
    '<td class="{}" data-label="{}">{}</td><td class="num" data-label="次数">{}</td><td class="num" data-label="最低">{}</td>'
    '<td class="{}" data-label="不合格">{}</td><td class="{}" data-label="安全扣分">{}</td></tr>'
)


class SpanForm(Form):
    """What is ranked, from when to when, in which building."""

    by = forms.ChoiceField(label="排什么", choices=list(scores.BY.items()), required=False)
    first = forms.DateField(label="从", widget=DateInput(), required=False)
    last = forms.DateField(label="到", widget=DateInput(), required=False)
    building = forms.ChoiceField(label="楼", required=False, widget=Select())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["building"].choices = [("", "全部楼"), *houses()]  # type: ignore[attr-defined]


class Scores(Page):
    """/dormitory/scores/."""

    permission = READ
    template_name = "dormitory/scores.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user)

    @cached_property
    def form(self) -> SpanForm:
        form = SpanForm(self.request.GET)
        form.is_valid()
        return form

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What the address asks for; what makes no sense counts as not said."""
        data = self.form.cleaned_data
        first, last = term_span(clock.today())
        first, last = data.get("first") or first, data.get("last") or last
        if last < first:
            first, last = last, first
        first = max(first, last - dt.timedelta(days=LONGEST))
        building = data.get("building") or ""
        return {
            "by": data.get("by") or "room",
            "first": first,
            "last": last,
            "building": int(building) if building else None,
        }

    @cached_property
    def found(self) -> list[scores.Score]:
        it = self.asked
        return scores.gathered(it["by"], it["first"], it["last"], it["building"])

    def get_title(self) -> str:
        return f"{scores.BY[self.asked['by']]}卫生名次"

    def query(self, **over: Any) -> str:
        """The address with other parameters."""
        it = {key: value for key, value in (self.asked | over).items() if value}
        return "?" + urlencode(it)

    def spans(self) -> list[dict[str, Any]]:
        """This week, last week, this month, the term."""
        today = clock.today()
        monday = today - dt.timedelta(today.weekday())
        week = dt.timedelta(days=7)
        known = {
            "本周": (monday, today), "上周": (monday - week, monday - dt.timedelta(1)), "本月": (today.replace(day=1), today),
            "本学期": term_span(today),
        }  # fmt: skip
        now = (self.asked["first"], self.asked["last"])
        return [
            {"label": label, "url": self.query(first=first, last=last), "current": now == (first, last)}
            for label, (first, last) in known.items()
        ]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.export() if request.GET.get("export") == "xlsx" else self.render()

    COLUMNS = (
        ("名次", "int"), ("名称", "text"), ("班级", "text"), ("平均分", "decimal"), ("评分次数", "int"), ("最低", "decimal"),
        ("不合格次数", "int"), ("安全扣分次数", "int"), ("文明寝室", "text"),
    )  # fmt: skip

    def export(self) -> HttpResponseBase:
        it = self.asked
        room = it["by"] == "room"
        left = () if room else ("班级", "文明寝室")
        columns = [column for column in self.COLUMNS if column[0] not in left]
        rows = [
            [value for (label, _), value in zip(self.COLUMNS, (
                one.rank, one.name, one.classes, one.average, one.checks, one.lowest, one.failed, one.unsafe,
                "是" if one.honoured else "",
            ), strict=True) if label not in left]
            for one in self.found
        ]  # fmt: skip
        span = f"{it['first']}至{it['last']}"
        sheet = sheets.Sheet(self.get_title(), columns, rows, heading=f"{self.get_title()}（{span}）", totals=False)
        return workbook(self.request, [sheet], f"{self.get_title()}_{span}", self.request.GET.urlencode()[:200])

    def body(self, shown: list[scores.Score]) -> Any:
        """The rows of the table, without a template for each cell."""
        room, linked = self.asked["by"] == "room", can(self.request.user, "areas.view:dormitory")
        honour = format_html(' <span class="tag">{}</span>', "文明寝室")
        rows = []
        for one in shown:
            name: Any = one.name
            if linked:
                name = format_html(
                    '<a href="{}">{}</a>', reverse("dormitory:trend", args=[self.asked["by"], one.pk]), name
                )
            rows.append((
                name, honour if one.honoured else "", str(one.rank), str(one.average), "cell-wide" if room else "num",
                "" if room else "寝室", one.classes if room else str(one.rooms), str(one.checks), str(one.lowest),
                "num" if one.failed else "num cards-hide", str(one.failed), "num" if one.unsafe else "num cards-hide", str(one.unsafe),
            ))  # fmt: skip
        return format_html_join("\n", ROW, rows)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        it = self.asked
        here = Paginator(self.found, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context(
            here=here, body=self.body(here.object_list), by=it["by"], form=self.form, first=it["first"], last=it["last"], building=it["building"], kinds=[
                {"label": label, "url": self.query(by=key), "current": key == it["by"]} for key, label in scores.BY.items()
            ],
            houses=houses(), spans=self.spans(), is_room=it["by"] == "room", export_url=self.query(export="xlsx"),
            previous_url=self.query(page=here.previous_page_number()) if here.has_previous() else "",
            next_url=self.query(page=here.next_page_number()) if here.has_next() else "", **extra,
        )  # fmt: skip


class Trend(Page):
    """/dormitory/scores/<by>/<pk>/: a room, class, floor or building over the term, by day, week or month."""

    permission = "areas.view:dormitory"
    template_name = "dormitory/trend.html"

    @cached_property
    def of(self) -> Any:
        by, pk = self.kwargs["by"], self.kwargs["pk"]
        found = (
            ClassGroup.objects.filter(pk=pk).first()
            if by == "class"
            else Place.objects.filter(pk=pk, use="dormitory", kind=by).first()
            if by in scores.BY
            else None
        )
        if found is None:
            raise Http404("没有找到这间寝室、班级或楼层。")
        return found

    def get_title(self) -> str:
        return f"{self.of} 卫生评分走势"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("名次", "dormitory:scores"))

    def get_context(self, **extra: Any) -> dict[str, Any]:
        step = self.request.GET.get("step", "")
        step = step if step in scores.STEPS else "week"
        first, last = term_span(clock.today())
        by, pk = self.kwargs["by"], self.kwargs["pk"]
        self.of  # noqa: B018 - 404 for what is not there
        points = scores.over_time(scores.within(by, pk) or {}, first, last, step)
        words = {"day": "每天", "week": "每周", "month": "每月"}[step]
        return super().get_context(
            points=points, chart=chart_of(points, f"{words}平均分", step), words=words, first=first, last=last,
            room_url=reverse("dormitory:room", args=[pk]) if by == "room" else "",
            steps=[{"label": label, "url": f"?step={key}", "current": key == step} for key, label in scores.STEPS.items()], **extra,
        )  # fmt: skip


class Twice(Page):
    """/dormitory/twice/: rooms whose last two scores both failed."""

    permission = "areas.view:dormitory"
    template_name = "dormitory/twice.html"
    title = "连续两次不合格"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        found = scores.twice_failed()
        places = Place.objects.in_bulk([place for place, *_ in found])
        sleeping = scores.occupants(list(places))
        rows = [
            {
                "place": places[pk], "url": reverse("dormitory:room", args=[pk]), "last": last, "score": score, "before": before,
                "classes": "、".join(sleeping.get(pk, {})),
            }
            for pk, last, score, before in found
        ]  # fmt: skip
        return super().get_context(rows=sorted(rows, key=lambda row: row["place"].full_name), **extra)
