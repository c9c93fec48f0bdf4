"""Pages of checklists: the list, one with its versions, the editor of the draft, publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage, RecordPage
from core.saving import posted_version
from core.workflow import RuleBroken
from inspections.checklist_forms import ChecklistForm, LineForm, ScoresForm
from inspections.models import Checklist, Line, Version
from inspections.round_listings import ChecklistListing, rhythm
from inspections.services import checklists
from inspections.views.base import MANAGERS, ChecksPage, managed, manages

DENIED = "检查表由后勤处和各块的负责人管理。需要的话，请联系后勤处。"


def number(value: Any) -> str:
    """15 for 15.0."""
    return f"{value.normalize():f}" if value is not None else ""


def marking(line: Line) -> str:
    """How a line is marked, in words: 最多扣 10 分, 18 至 26 ℃."""
    if line.kind == "points":
        return f"最多扣 {number(line.points)} 分"
    if line.kind != "value":
        return line.get_kind_display() + (f"（{line.unit}）" if line.unit else "")
    low, high = number(line.low), number(line.high)
    words = f"{low} 至 {high}" if low and high else f"不低于 {low}" if low else f"不高于 {high}"
    return f"测量值，{words} {line.unit}".strip()


def consequence(line: Line) -> str:
    """What a failure leads to, in words."""
    words = line.get_remedy_display()
    if line.category:
        words += f"（{line.category}）"
    if line.remedy != "none":
        words += f"，{line.days} 天内" if line.days else "，当天"
    extra = ["隐患"] * line.hazard + ["须写原因"] * line.reason_needed + ["须拍照"] * line.photo_needed
    return "，".join([words, *extra])


def rows_of(sheet: Version) -> list[dict[str, Any]]:
    """The lines as pages show them."""
    lines = sheet.lines.select_related("category")
    return [{"line": line, "marking": marking(line), "consequence": consequence(line)} for line in lines]


def sum_words(sheet: Version, rows: Sequence[dict[str, Any]]) -> tuple[str, bool]:
    """The points together against the full score: (words, whether they agree)."""
    if sheet.scoring != "points":
        return f"{len(rows)} 项，合格／不合格", True
    total = checklists.points_sum([row["line"] for row in rows])
    if total == sheet.base:
        return f"{len(rows)} 项，扣分合计 {number(total)} 分，等于满分", True
    less = "扣光各项也不到 0 分" if total < sheet.base else "扣到 0 分为止"
    return f"{len(rows)} 项，扣分合计 {number(total)} 分，满分 {number(sheet.base)} 分：{less}", False


class ChecklistList(ChecksPage, ListPage):
    listing = ChecklistListing
    title = "检查表"
    tabs = (("全部", ""), ("在用的", "active=1"))

    def get_actions(self) -> list[Action]:
        found = [Action("检查安排", reverse("inspections:schedules"), "calendar")]
        if managed(self.request.user):
            found.append(Action("新建检查表", reverse("inspections:checklist-new"), "plus", "primary"))
        return found


class ChecklistNew(ChecksPage, FormPage):
    """/checks/lists/new/: a name, then straight on to its lines."""

    model = Checklist
    creates = True
    permission = MANAGERS
    denied = DENIED
    title = "新建检查表"
    submit_label = "下一步：加检查项"
    under = ("检查表", "inspections:checklists")

    def get_form(self) -> Any:
        user = self.request.user
        likes = Checklist.objects.active().visible_to(user).filter(versions__state="published").distinct()
        data = {"data": self.request.POST} if self.request.method == "POST" else {}
        return ChecklistForm(areas=managed(user), likes=likes.order_by("area", "name"), **data)

    def save(self, form: Any) -> Any:
        data = form.cleaned_data
        like = checklists.published(data["like"]) if data["like"] else None
        return checklists.new_checklist(
            name=data["name"],
            area=data["area"],
            scoring=data["scoring"],
            about=data["about"],
            like=like,
            by=self.actor(),
        )

    def get_success_url(self, record: Any) -> str:
        return reverse("inspections:draft", args=[record.pk])

    def get_success(self, record: Any) -> str:
        return "已建好。现在一项一项加上要查的内容，加完发布。"


class ChecklistMixin(ChecksPage):
    """A checklist, seen by whoever reads its area."""

    model = Checklist
    under = ("检查表", "inspections:checklists")
    object: Checklist


class ChecklistDetail(ChecklistMixin, DetailPage):
    """One checklist: the version in use, those before it, its schedules; ?v=N shows an older version."""

    template_name = "inspections/checklist_detail.html"

    @cached_property
    def versions(self) -> list[Version]:
        found = self.object.versions.select_related("published_by").annotate(walked=Count("rounds"))
        return list(found.order_by("-number"))

    @cached_property
    def shown(self) -> Version | None:
        asked = self.request.GET.get("v", "")
        by_number = {str(one.number): one for one in self.versions}
        current = next((one for one in self.versions if one.state == "published"), None)
        return by_number.get(asked) or current or (self.versions[0] if self.versions else None)

    def get_actions(self) -> list[Action]:
        one, user = self.object, self.request.user
        if not manages(user, one.area):
            return []
        found = []
        has_draft = any(version.state == "draft" for version in self.versions)
        if one.active:
            label = "接着改草稿" if has_draft else "修改检查表"
            found.append(
                Action(
                    label, reverse("inspections:draft", args=[one.pk]), "pencil", method="get" if has_draft else "post"
                )
            )
        if one.active and any(version.state == "published" for version in self.versions):
            found.append(Action("安排定期检查", reverse("inspections:schedule-new", args=[one.pk]), "calendar"))
            found.append(
                Action("发起检查", reverse("inspections:round-new") + f"?checklist={one.pk}", "plus", "primary")
            )
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        one, shown = self.object, self.shown
        rows = rows_of(shown) if shown else []
        schedules = [(each, rhythm(each)) for each in one.schedules.select_related("place").order_by("-active", "pk")]
        current = next((each for each in self.versions if each.state == "published"), None)
        return super().get_context(
            versions=self.versions, shown=shown, rows=rows, total=sum_words(shown, rows)[0] if shown else "",
            schedules=schedules, current=current, manages=manages(self.request.user, one.area), **extra,
        )  # fmt: skip


class ChecklistSwitch(ChecklistMixin, ActionPage):
    """Out of use, or back in use."""

    def get_title(self) -> str:
        return "停用检查表" if self.object.active else "恢复使用"

    @property
    def is_danger(self) -> bool:
        return self.object.active

    def get_words(self) -> str:
        if self.object.active:
            return f"{self.object}：停用后不能再发起检查，它的检查安排一起停用。正在查的照常查完，结果都保留。"
        return f"{self.object}：恢复后可以再发起检查。检查安排要逐个启用。"

    def blockers(self, record: Any) -> list[str]:
        return [] if manages(self.actor(), record.area) else [DENIED]

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return (checklists.retire if self.object.active else checklists.revive)(record, by=self.actor())


# ---- the draft -----------------------------------------------------------------------------------------------------


class DraftPage(ChecklistMixin, RecordPage):
    """What lies below the editor: the draft of a checklist, for those who manage its area."""

    permission = MANAGERS
    denied = DENIED

    def get_object(self) -> Any:
        found = super().get_object()
        if not manages(self.request.user, found.area):
            raise Http404("没有找到这张检查表，或者您不能修改。")
        return found

    @cached_property
    def draft(self) -> Version:
        found = checklists.draft(self.object)
        if found is None:
            raise Http404("这张表现在没有草稿，可能刚发布或被放弃了。请回到检查表页点“修改检查表”。")
        found.checklist = self.object
        return found

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.object.name, self.object.get_absolute_url())]

    def editor(self) -> str:
        return reverse("inspections:draft", args=[self.object.pk])

    def attempted(self, step: Callable[[], Any], done: str, failed: str) -> HttpResponseBase:
        """Do one small step and come back to the editor with a word."""
        try:
            step()
        except RuleBroken as broken:
            messages.error(self.request, f"{failed}：" + "；".join(broken.reasons))
        else:
            if done:
                messages.success(self.request, done)
        return HttpResponseRedirect(self.editor())


class DraftEditor(DraftPage):
    """/checks/lists/<pk>/draft/: the lines of the draft, one below the other; POST makes the draft."""

    template_name = "inspections/checklist_draft.html"

    def get_title(self) -> str:
        return f"修改检查表：{self.object}（第{self.draft.number}版草稿）"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows = rows_of(self.draft)
        words, even = sum_words(self.draft, rows)
        last = checklists.published(self.object)
        return super().get_context(
            object=self.object, draft=self.draft, rows=rows, total=words, even=even, last=last,
            walking=self.object.versions.filter(rounds__state="open").values("rounds").distinct().count(), **extra,
        )  # fmt: skip

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.attempted(lambda: checklists.draft_of(self.object, request.user), "", "不能修改")


class DraftScores(DraftPage, FormPage):
    """How the draft counts."""

    template_name = "core/form.html"
    form_class = ScoresForm
    title = "计分"
    creates = False

    def back_url(self) -> str:
        return self.editor()

    def get_form(self) -> Any:
        one = self.draft
        initial = {name: getattr(one, name) for name in ("scoring", "base", "pass_score", "good_score")}
        form = ScoresForm(initial=initial, **({"data": self.request.POST} if self.request.method == "POST" else {}))
        form.version = one.version
        return form

    def stale(self, record: Any, version: int | None) -> bool:
        return version != self.draft.version

    def save(self, form: Any) -> Any:
        return checklists.save_draft(self.draft, by=self.actor(), **form.cleaned_data)

    def get_success_url(self, record: Any) -> str:
        return self.editor()


class LineEdit(DraftPage, FormPage):
    """A new line, or one of the draft."""

    template_name = "inspections/line_form.html"
    creates = False
    new: ClassVar[bool] = False

    @cached_property
    def line(self) -> Line | None:
        if self.new:
            return None
        found = self.draft.lines.filter(pk=self.kwargs["line"]).first()
        if found is None:
            raise Http404("草稿里没有这一项，可能刚被删去。")
        return found

    def get_title(self) -> str:
        return "加一项" if self.new else f"修改：{self.line}"

    def back_url(self) -> str:
        return self.editor()

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), ("草稿", self.editor())]

    def get_form(self) -> Any:
        data = {"data": self.request.POST} if self.request.method == "POST" else {}
        initial = {}
        if self.new:
            last = self.draft.lines.last()
            if last is not None:  # the next line is mostly of the same make
                kept = ("section", "kind", "remedy", "reason_needed", "photo_needed", "days", "hazard", "category")
                initial = {name: getattr(last, name) for name in kept}
        return LineForm(sheet=self.draft, line=self.line, initial=initial, **data)

    def stale(self, record: Any, version: int | None) -> bool:
        """A new line goes to the end, whatever others have changed meanwhile."""
        return not self.new and version != Version.objects.values_list("version", flat=True).get(pk=self.draft.pk)

    def show_stale(self, form: Any, version: int | None) -> Any:
        form.add_error(None, "您填写期间，别人改过这份草稿，您的还没有保存。请核对后再点保存。")
        form.version = self.draft.version
        return self.show(form, status=409)

    def save(self, form: Any) -> Any:
        return checklists.save_line(self.draft, by=self.actor(), line=self.line, **form.cleaned_data)

    def get_success_url(self, record: Any) -> str:
        if "another" in self.request.POST:
            return reverse("inspections:line-new", args=[self.object.pk])
        return self.editor()

    def get_success(self, record: Any) -> str:
        return f"已{'加上' if self.new else '保存'}“{record.name}”。"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(new=self.new, **extra)


class LineStep(DraftPage):
    """POST: move a line, or take it off."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(self.object.get_absolute_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        line = self.draft.lines.filter(pk=kwargs["line"]).select_related("sheet").first()
        if line is None:
            messages.error(request, "这一项已经不在草稿里了。")
            return HttpResponseRedirect(self.editor())
        if kwargs["step"] not in ("up", "down", "remove"):
            raise Http404
        version = posted_version(request)
        if kwargs["step"] == "remove":
            step, done = (lambda: checklists.remove_line(line, by=request.user, version=version)), f"已删去“{line}”。"
        else:
            up = kwargs["step"] == "up"
            step, done = (lambda: checklists.move_line(line, up=up, by=request.user, version=version)), ""
        return self.attempted(step, done, "没有改成")


class DraftStep(DraftPage, ActionPage):
    """A step on the draft as a whole."""

    def get_form(self) -> Any:
        form = super().get_form()
        form.version = self.draft.version if self.request.method == "GET" else form.version
        return form

    def back_url(self) -> str:
        return self.editor()

    def get_success_url(self, record: Any) -> str:
        return self.object.get_absolute_url()


class DraftPublish(DraftStep):
    """What changes, and what it means for rounds under way."""

    template_name = "inspections/checklist_publish.html"
    submit_label = "发布"

    def get_title(self) -> str:
        return f"发布：{self.object} 第{self.draft.number}版"

    def blockers(self, record: Any) -> list[str]:
        return checklists.publish_problems(self.draft)

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        checklists.publish(self.draft, by=self.actor(), version=posted_version(self.request))
        return record

    def get_success(self, record: Any) -> str:
        return f"已发布第{self.draft.number}版，以后发起的检查都用它。"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        last = checklists.published(self.object)
        rows = rows_of(self.draft)
        words, even = sum_words(self.draft, rows)
        walking = self.object.versions.filter(rounds__state="open").values("rounds").distinct().count()
        return super().get_context(
            draft=self.draft, last=last, total=words, even=even, walking=walking,
            changes=checklists.changes(last, self.draft) if last else None, **extra,
        )  # fmt: skip


class DraftDrop(DraftStep):
    """Throw it away."""

    title = "放弃草稿"
    danger = True

    def get_words(self) -> str:
        return f"第{self.draft.number}版草稿里改的都不要了，检查表照现在的版次用。"

    def blockers(self, record: Any) -> list[str]:
        return [] if checklists.published(self.object) else ["这张表还没有发布过，草稿不能放弃。不用了可以停用整张表。"]

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return checklists.drop_draft(self.draft, by=self.actor(), version=posted_version(self.request))

    def get_success(self, record: Any) -> str:
        return "已放弃草稿。"
