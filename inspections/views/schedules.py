"""Pages of schedules: the list, one with its rounds of the term, setting one up with a look ahead."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from campus import calendar as school
from core import clock
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from inspections import calendar
from inspections.models import Checklist, Schedule
from inspections.round_forms import ScheduleForm
from inspections.round_listings import ScheduleListing, names, rhythm
from inspections.services import rounds, schedules
from inspections.views.base import MANAGERS, ChecksPage, manages
from inspections.views.rounds import floors

STATES = {
    "planned": "", "today": "今天", "open": "进行中", "missed": "没查完", "closed": "已结束", "cancelled": "已取消",
    "absent": "没有发起",
}  # fmt: skip
SIGNS = {
    "open": "doing",
    "closed": "done",
    "cancelled": "withdrawn",
    "missed": "rework",
    "absent": "rework",
    "today": "new",
}


def term_of(today: dt.date) -> Any:
    """The term that runs, else the next one, else the last; None where none was entered."""
    terms = sorted(school.current().terms, key=lambda term: term.starts_on)
    running = [term for term in terms if term.ends_on >= today]
    return running[0] if running else terms[-1] if terms else None


def term_preview(schedule: Schedule) -> dict[str, Any]:
    """The term's rounds, for a page."""
    today = clock.today()
    term = term_of(today)
    if term is None:
        return {"term": None, "planned": [], "ahead": 0}
    planned = calendar.preview(schedule, term, today)
    rows = [{"one": one, "word": STATES[one.state], "sign": SIGNS.get(one.state, "")} for one in planned]
    coming = [row for row in rows if row["one"].day >= today]
    return {
        "term": term, "planned": rows, "ahead": len(coming), "coming": coming, "gone": rows[: len(rows) - len(coming)],
        "lapsed": sum(one.state in ("absent", "missed") for one in planned),
    }  # fmt: skip


class ScheduleList(ChecksPage, ListPage):
    listing = ScheduleListing
    title = "检查安排"
    tabs = (("全部", ""), ("启用的", "active=1"))

    def get_actions(self) -> list[Action]:
        return [Action("检查表", reverse("inspections:checklists"), "list-checks")]


class ScheduleMixin(ChecksPage):
    """A schedule, seen by whoever reads the area of its checklist."""

    model = Schedule
    under = ("检查安排", "inspections:schedules")
    object: Schedule

    def get_queryset(self) -> QuerySet[Schedule]:
        found = Schedule.objects.filter(checklist__in=Checklist.objects.visible_to(self.request.user))
        return found.select_related("checklist", "place")


class ScheduleDetail(ScheduleMixin, DetailPage):
    """One schedule: what, where, who, and its rounds of the term."""

    template_name = "inspections/schedule_detail.html"

    def get_actions(self) -> list[Action]:
        one = self.object
        if not manages(self.request.user, one.checklist.area):
            return []
        return [
            Action("停用" if one.active else "启用", reverse("inspections:schedule-switch", args=[one.pk])),
            Action("修改", reverse("inspections:schedule-edit", args=[one.pk]), "pencil"),
        ]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        one = self.object
        pairs = rounds.targets_for(one.place, one.pick, one.room_type, one.category)
        return super().get_context(
            rhythm=rhythm(one), people=names(one), many=len(pairs), preview=floors(pairs), **term_preview(one), **extra
        )


class ScheduleEdit(ScheduleMixin, FormPage):
    """Set up (for a checklist) or change; "看看日期" shows the term's rounds before anything is saved."""

    permission = MANAGERS
    denied = "检查安排由后勤处和各块的负责人管理。需要的话，请联系后勤处。"
    template_name = "inspections/schedule_form.html"

    def get_object(self) -> Any:
        found = super().get_object()
        if found is not None and not manages(self.request.user, found.checklist.area):
            raise Http404("没有找到这个检查安排，或者您不能修改。")
        return found

    @cached_property
    def schedule(self) -> Schedule:
        if not self.creating:
            return self.object
        one = Checklist.objects.active().visible_to(self.request.user).filter(pk=self.kwargs["checklist"]).first()
        if one is None or not manages(self.request.user, one.area):
            raise Http404("没有找到这张检查表，或者您不能安排它的检查。")
        return Schedule(checklist=one)

    def get_title(self) -> str:
        return f"安排定期检查：{self.schedule.checklist}" if self.creating else f"修改检查安排：{self.object}"

    def back_url(self) -> str:
        return self.schedule.checklist.get_absolute_url() if self.creating else self.object.get_absolute_url()

    def get_form(self) -> Any:
        data = {"data": self.request.POST} if self.request.method == "POST" else {}
        return ScheduleForm(schedule=self.schedule, **data)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(checklist=self.schedule.checklist, **extra)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "preview" in request.POST:
            form = self.get_form()
            if not form.is_valid():
                return self.show(form)
            planned = form.planned()
            planned.pk = self.schedule.pk
            return self.show(
                form, shown=True, rhythm=rhythm(planned), many=len(form.pairs), preview=floors(form.pairs),
                **term_preview(planned),
            )  # fmt: skip
        return super().post(request, *args, **kwargs)

    def save(self, form: Any) -> Any:
        data = form.cleaned_data
        return schedules.save_schedule(self.schedule, data, by=self.actor(), people=data["people"])

    def get_success(self, record: Any) -> str:
        return "已保存，到日子自动发起。"


class ScheduleSwitch(ScheduleMixin, ActionPage):
    """Off, or on again."""

    def get_title(self) -> str:
        return "停用检查安排" if self.object.active else "启用检查安排"

    def get_words(self) -> str:
        if self.object.active:
            return f"{self.object}：停用后不再自动发起，已经发起的检查照常查完。"
        return f"{self.object}：启用后到日子自动发起检查。"

    def blockers(self, record: Any) -> list[str]:
        return [] if manages(self.actor(), record.checklist.area) else ["检查安排由后勤处和各块的负责人管理。"]

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return schedules.switch(record, by=self.actor(), on=not self.object.active)
