"""Rooms: the list with beds and classes, one room with its scores, findings and tickets, and its form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from campus import calendar
from campus.figures import whole
from core import charts, clock
from core.pages import Action, DetailPage, FormPage, ListPage, Page
from core.rights import can
from dormitory import rules, scores, services
from dormitory.checklists import AREA
from dormitory.forms import LINES, RoomForm
from dormitory.listings import RoomList
from dormitory.models import Appeal, Room
from inspections.models import Finding, Result, Target
from repairs.panels import of_place

CHECKS = 12  # on a room's page
HOME = ("宿舍", "dormitory:home")


def crumbs(user: Any, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """宿舍 › …; a class teacher has no page of the area."""
    first = [(HOME[0], reverse(HOME[1]))] if can(user, "areas.view:dormitory") else []
    return [*first, *((label, reverse(name)) for label, name in more)]


def term_span(today: dt.date) -> tuple[dt.date, dt.date]:
    """The running term up to today, else the last half year."""
    term = calendar.current().term_of(today)
    return (term.starts_on if term else today - dt.timedelta(days=180)), today


class Rooms(ListPage):
    """/dormitory/rooms/."""

    permission = ("areas.view:dormitory", "dormitory.manage_rooms", "dormitory.appeal")
    listing = RoomList
    title = "寝室"
    tabs = (("全部", ""), ("有空床", "free=true"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user)

    def get_actions(self) -> list[Action]:
        if not can(self.request.user, "dormitory.manage_rooms"):
            return []
        return [
            Action("按地点补建", reverse("dormitory:rooms-ensure"), "plus", method="post"),
            Action("导入入住", reverse("dormitory:rooms-import"), "file-spreadsheet", "accent"),
        ]


class EnsureRooms(Page):
    """POST: every dormitory room among the places gets its row."""

    permission = "dormitory.manage_rooms"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("dormitory:rooms"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        messages.success(request, f"{services.ensure_rooms(by=request.user)}。")
        return HttpResponseRedirect(reverse("dormitory:rooms"))


class RoomPage(DetailPage):
    """/dormitory/rooms/<place>/: who sleeps there, its scores, what is wrong, what is being mended."""

    model = Room
    slug_field = "place"
    related = ("place__building",)
    template_name = "dormitory/room.html"

    def get_title(self) -> str:
        return str(self.object.place)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("寝室", "dormitory:rooms"))

    def get_actions(self) -> list[Action]:
        user, found = self.request.user, []
        if can(user, "dormitory.manage_rooms"):
            found.append(Action("修改入住", reverse("dormitory:room-edit", args=[self.object.place_id])))
        if can(user, "repairs.report"):
            found.append(Action("报修", f"{reverse('repairs:new')}?at={self.object.place.token}", "plus", "primary"))
        return found

    def facts(self) -> list[tuple[str, Any]]:
        room = self.object
        occupants = [(one.class_group, one.pupils) for one in room.occupants.select_related("class_group")]
        total = sum(pupils for _, pupils in occupants)
        found = [("床位", f"{room.beds} 个，空 {room.beds - total} 个"), ("入住", services.rooms.words_of(occupants))]
        return [*found, ("室长", room.chief)] if room.chief else found

    def checks(self) -> list[dict[str, Any]]:
        """The latest scores with what was taken and why, and where one may object."""
        user, place = self.request.user, self.object.place_id
        lines = Result.objects.filter(failed=True).select_related("line").order_by("line__order")
        rows = list(
            Target.objects.filter(place=place, score__isnull=False, round__area=AREA)
            .exclude(round__state="cancelled")
            .select_related("round__sheet", "done_by")
            .prefetch_related(
                Prefetch("results", queryset=lines, to_attr="taken"),
                Prefetch("appeals", queryset=Appeal.objects.all(), to_attr="objections"),
            )
            .order_by("-on", "-pk")[:CHECKS]
        )
        teaches = can(user, "dormitory.appeal") and rules.is_class_teacher(user, place)
        since = calendar.add_working_days(clock.today(), -whole("dormitory.appeal_days")) if teaches else None
        sees_all = can(user, f"inspections.view:{AREA}")
        return [
            {
                "target": one, "taken": one.taken, "failed": one.score < one.round.sheet.pass_score,
                "appeal": next((a for a in one.objections if sees_all or a.by_id == user.pk), None),
                "may_appeal": bool(
                    since and one.on >= since and not one.objections and one.score < one.round.sheet.base and one.done_by_id != user.pk
                ),
                "url": one.round.get_absolute_url() if sees_all else "",
            }
            for one in rows
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        user, place = self.request.user, self.object.place
        first, last = term_span(clock.today())
        weeks = scores.over_time({"place": place.pk}, first, last)
        findings = Finding.objects.visible_to(user).open().filter(place=place).with_stage().select_related("line")
        return super().get_context(
            checks=self.checks(), chart=chart_of(weeks, "每周平均分"), findings=list(findings.order_by("-pk")[:10]),
            tickets=of_place(user, place), trend_url=reverse("dormitory:trend", args=["room", place.pk]), **extra,
        )  # fmt: skip


def chart_of(points: list[tuple[dt.date, Any, int]], title: str, step: str = "week") -> charts.Chart | None:
    """Scores over time as a line, with its table; None when there are too few points to draw."""
    if len(points) < 2:
        return None
    labels = [f"{day.month}月" if step == "month" else charts.short(day) for day, _, _ in points]
    marks = scores.pass_marks()
    return charts.lines(
        labels, {"平均分": [value for _, value, _ in points]}, title=title, key="scores", limit=min(marks.values(), default=None),
        first_head={"day": "日期", "week": "周一", "month": "月份"}[step],
    )  # fmt: skip


class EditRoom(FormPage):
    """Beds, chief and classes of a room."""

    permission = "dormitory.manage_rooms"
    model = Room
    slug_field = "place"
    related = ("place",)
    form_class = RoomForm
    creates = False

    def get_title(self) -> str:
        return f"修改入住：{self.object.place}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("寝室", "dormitory:rooms"))

    def get_initial(self) -> dict[str, Any]:
        found: dict[str, Any] = {"beds": self.object.beds, "chief": self.object.chief}
        rows = self.object.occupants.select_related("class_group").order_by("pk")[:LINES]
        for number, row in enumerate(rows):
            found |= {f"class{number}": row.class_group, f"pupils{number}": row.pupils}
        return found

    def get_form(self) -> Any:
        form = super().get_form()
        if form.version is None:
            form.version = self.object.version
        return form

    def save(self, form: Any) -> Room:
        return services.settle(self.object, by=self.actor(), **form.cleaned_data)
