"""The week's board: list, page, notice to be hung up, publishing and publishing anew."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from itertools import groupby
from typing import Any

from django import forms
from django.urls import reverse

from campus import profile
from core import clock
from core.forms import Form
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.rights import can
from dormitory import scores, services
from dormitory.forms import ReissueForm
from dormitory.listings import BoardList
from dormitory.models import Board, Room
from dormitory.services import boards
from dormitory.views.rooms import crumbs

WEEKS = 8  # that can still be published by hand


class Boards(ListPage):
    """/dormitory/boards/: everybody's."""

    permission = "dormitory.view_boards"
    listing = BoardList
    title = "寝室周评比"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user)

    def get_actions(self) -> list[Action]:
        if can(self.request.user, "dormitory.publish_boards") and unpublished():
            return [Action("公布一周", reverse("dormitory:board-publish"), "", "primary")]
        return []


class BoardPage(DetailPage):
    """/dormitory/boards/2026-11-16/."""

    permission = "dormitory.view_boards"
    model = Board
    slug_field = "first_on"
    template_name = "dormitory/board.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("周评比", "dormitory:boards"))

    def get_actions(self) -> list[Action]:
        found = [
            Action("打印公告", reverse("dormitory:board-print", args=[self.object.first_on.isoformat()]), "printer")
        ]
        if can(self.request.user, "dormitory.publish_boards"):
            found.append(
                Action("更正后重新公布", reverse("dormitory:board-reissue", args=[self.object.first_on.isoformat()]))
            )
        return found

    @cached_property
    def rows(self) -> list[Any]:
        return list(
            self.object.rows.select_related("place__building").order_by(
                "rank", "place__building__order", "place__order", "place__pk"
            )
        )

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows, user = self.rows, self.request.user
        seen = set(Room.objects.visible_to(user).values_list("place", flat=True))
        honoured = [row for row in rows if row.honoured]
        failed = [row for row in rows if row.failed]
        total = sum(row.average for row in rows)
        return super().get_context(
            rows=rows, seen=seen, honoured=by_building(honoured), failed=by_building(failed), honoured_count=len(honoured),
            failed_count=len(failed), average=scores.average(total, len(rows)) if rows else None, school=profile.current(),
            classes=boards.classes(self.object), **extra,
        )  # fmt: skip


def by_building(rows: list[Any]) -> list[tuple[str, list[Any]]]:
    """Rooms by building, in the order in which people walk."""
    ordered = sorted(
        rows, key=lambda row: (row.place.building.order if row.place.building else "", row.place.order, row.place_id)
    )
    return [
        (name, list(found)) for name, found in groupby(ordered, key=lambda row: str(row.place.building or row.place))
    ]


class BoardNotice(BoardPage):
    """The notice on A4: 文明寝室, the classes, and what failed."""

    template_name = "dormitory/board_notice.html"

    def get_actions(self) -> list[Action]:
        return []


def unpublished(today: dt.date | None = None) -> list[dt.date]:
    """Mondays of the last weeks that have ended, have scores, and are not published."""
    monday = boards.week_of(today or clock.today())[0]
    weeks = [monday - dt.timedelta(7 * back) for back in range(1, WEEKS + 1)]
    done = set(Board.objects.filter(first_on__in=weeks).values_list("first_on", flat=True))
    days = scores.scored(weeks[-1], monday - dt.timedelta(1)).values_list("on", flat=True).distinct()
    there = {boards.week_of(day)[0] for day in days}
    return [week for week in weeks if week in there and week not in done]


class PublishForm(Form):
    """Which week."""

    first_on = forms.TypedChoiceField(label="哪一周", coerce=dt.date.fromisoformat)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_on"].choices = [  # type: ignore[attr-defined]
            (week.isoformat(), boards.title_of(*boards.week_of(week))) for week in unpublished()
        ]


class PublishBoard(FormPage):
    """By hand; on Monday it happens by itself."""

    permission = "dormitory.publish_boards"
    model = Board
    form_class = PublishForm
    creates = True
    title = "公布周评比"
    submit_label = "公布"
    success = "已公布。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("周评比", "dormitory:boards"))

    def save(self, form: Any) -> Board:
        return services.publish(form.cleaned_data["first_on"], by=self.actor())


class ReissueBoard(ActionPage):
    """After a correction: the ranks are read anew and published with the words."""

    permission = "dormitory.publish_boards"
    model = Board
    slug_field = "first_on"
    form_class = ReissueForm
    service = staticmethod(services.reissue)
    title = "更正后重新公布"
    words = "名次按现在的评分重新排一遍，连同更正说明一起公布；原来的名次留在经过里。"
    success = "已重新公布。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("周评比", "dormitory:boards"))
