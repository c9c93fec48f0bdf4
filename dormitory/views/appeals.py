"""Appeals: the list, one of them, filing one, answering it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.urls import reverse

from core.pages import ActionPage, DetailPage, ListPage
from core.rights import can
from core.saving import posted_version
from dormitory import rules, services
from dormitory.checklists import AREA
from dormitory.forms import AnswerForm, AppealForm
from dormitory.listings import AppealList
from dormitory.models import Appeal, Occupancy
from dormitory.views.rooms import crumbs
from inspections.models import Target

READ = ("dormitory.appeal", "dormitory.answer_appeals", "inspections.view:dormitory")


class Appeals(ListPage):
    """/dormitory/appeals/: a class teacher's own, for others all of them."""

    permission = READ
    listing = AppealList
    title = "评分申诉"
    tabs = (("待答复", "state=open"), ("全部", ""))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user)


class AppealPage(DetailPage):
    """One appeal: the score, what was taken, the words, the answer."""

    permission = READ
    model = Appeal
    related = ("target__place", "target__round__sheet", "by", "answered_by", "scored_by")
    template_name = "dormitory/appeal.html"

    def get_title(self) -> str:
        return f"申诉：{self.object.target.place}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("评分申诉", "dormitory:appeals"))

    def facts(self) -> list[tuple[str, Any]]:
        it = self.object
        found = [
            ("寝室", it.target.place), ("检查日期", it.target.on), ("原分", f"{it.old_score:f} 分"), ("评分人", it.scored_by.name),
            ("申诉人", it.by.name), ("结果", it.get_state_display()),
        ]  # fmt: skip
        return found if it.new_score is None else [*found, ("改后", f"{it.new_score:f} 分")]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        it, user = self.object, self.request.user
        blockers = rules.FLOW.blockers(it, "keep", user)
        return super().get_context(
            results=it.target.results.filter(failed=True).select_related("line").order_by("line__order"),
            may_answer=not blockers, blockers=blockers if it.state == "open" and can(user, "dormitory.answer_appeals") else [],
            answer_url=reverse("dormitory:appeal-answer", args=[it.pk]), room_url=reverse("dormitory:room", args=[it.target.place_id]),
            **extra,
        )  # fmt: skip


class FileAppeal(ActionPage):
    """/dormitory/appeals/new/<target>/: the class teacher objects to a score."""

    permission = "dormitory.appeal"
    model = Target
    related = ("round__sheet", "place", "done_by")
    form_class = AppealForm
    service = staticmethod(services.appeal)
    title = "对评分申诉"
    submit_label = "提交申诉"
    success = "已提交，宿管会答复。"

    def get_queryset(self) -> Any:
        """Scores of rooms in which the teacher's class sleeps."""
        own = Occupancy.objects.filter(class_group__teacher=self.request.user).values("room__place")
        return super().get_queryset().filter(place__in=own, round__area=AREA, score__isnull=False)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [(str(self.object.place), self.back_url())]

    def back_url(self) -> str:
        return reverse("dormitory:room", args=[self.object.place_id])

    def get_words(self) -> str:
        it = self.object
        lines = it.results.filter(failed=True).select_related("line").order_by("line__order")
        taken = "、".join(f"{one.line.name}扣 {one.value:g}" for one in lines)
        last = rules.appeal_until(it)
        reason = f"，原因：{it.reason}" if it.reason else ""
        return (
            f"{it.place} {it.on.month}月{it.on.day}日得 {it.score:f} 分（{taken}{reason}），评分人 {it.done_by.name}。"
            f"{last.month}月{last.day}日前可以申诉一次，由另一位宿管或后勤答复。"
        )

    def blockers(self, record: Any) -> list[str]:
        reason = rules.no_appeal(record, self.actor())
        return [reason] if reason else []


class AnswerAppeal(ActionPage):
    """Keep the score or change it; neither who objects nor who scored may answer."""

    permission = "dormitory.answer_appeals"
    model = Appeal
    related = ("target__place", "target__round__sheet", "by", "scored_by")
    form_class = AnswerForm
    flow = rules.FLOW
    step = "keep"
    title = "答复申诉"
    submit_label = "答复"
    success = "已答复，并告诉了申诉人。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("评分申诉", "dormitory:appeals"))

    @cached_property
    def results(self) -> list[Any]:
        rows = self.object.target.results.filter(failed=True, line__kind="points")
        return list(rows.select_related("line").order_by("line__order"))

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"results": self.results}

    def get_words(self) -> str:
        it = self.object
        return f"{it.by.name}对 {it.target.place} {it.target.on.month}月{it.target.on.day}日的 {it.old_score:f} 分申诉：{it.words}"

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        version = posted_version(self.request)
        if data["verdict"] == "keep":
            return services.keep(record, answer=data["answer"], by=self.actor(), version=version)
        return services.change(record, answer=data["answer"], taken=data["taken"], by=self.actor(), version=version)
