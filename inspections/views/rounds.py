"""Pages of rounds: the front page with today's tasks, a round and its targets, starting, changing and ending one."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from core import charts, clock
from core.forms import Form
from core.listing import Bulk, picked
from core.models import LogEntry
from core.pages import Action, ActionPage, FormPage, ListPage, Page, RecordPage
from core.panels import panels_for
from core.templatetags.houqin import day
from core.workflow import RuleBroken
from inspections.models import AREAS, Checklist, Finding, Round, Target
from inspections.models.checklists import areas
from inspections.round_forms import AddTargetsForm, ChangeForm, RoundForm
from inspections.round_listings import SIGNS, RoundListing, TargetListing, dates, missed, word
from inspections.round_rules import ROUND, may_end, may_manage, takes_results, walks
from inspections.services import rounds
from inspections.views.base import MANAGERS, ChecksPage, managed, manages

TODAY_SHOWN = 8
FINDINGS_SHOWN = 10
PREVIEW_SHOWN = 120
RELATED = ("sheet", "sheet__checklist", "place", "by", "closed_by", "schedule")


class Home(ChecksPage, ListPage):
    """/checks/: what is to be walked today, what was missed, what is open; below, all rounds."""

    listing = RoundListing
    template_name = "inspections/home.html"
    title = "检查"
    tabs = (("全部", ""), ("今天要查", "state=today"), ("没按时查完", "state=missed"), ("已结束", "state=closed"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return []

    def get_actions(self) -> list[Action]:
        found = [
            Action("检查表", reverse("inspections:checklists"), "list-checks"),
            Action("检查安排", reverse("inspections:schedules"), "calendar"),
        ]
        if managed(self.request.user):
            found.append(Action("发起检查", reverse("inspections:round-new"), "plus", "primary"))
        return found

    def today(self) -> list[Round]:
        """Open rounds whose days include today, my own first; those of a past day that are mine as well."""
        today = clock.today()
        user = self.request.user
        found = Round.objects.filter(area__in=areas(user, "inspect")).open().filter(on__lte=today, due_on__gte=today)
        mine = Count("people", filter=Q(people=user))
        return list(found.annotate(mine=mine).order_by("-mine", "due_on", "-on", "pk")[:TODAY_SHOWN])

    def figures(self) -> list[dict[str, Any]]:
        today, user, here = clock.today(), self.request.user, self.request.path
        counted = Round.objects.visible_to(user).open().aggregate(
            today=Count("pk", filter=Q(on__lte=today, due_on__gte=today)), missed=Count("pk", filter=Q(due_on__lt=today))
        )  # fmt: skip
        wrong = (
            Finding.objects.visible_to(user)
            .open()
            .aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today)))
        )
        findings = reverse("inspections:findings")
        return [
            {"label": "今天要查", "value": counted["today"], "unit": "次", "url": f"{here}?state=today", "more": day(today)},
            {"label": "没按时查完", "value": counted["missed"], "unit": "次", "url": f"{here}?state=missed",
             "more": "补查，或写明原因结束", "danger": bool(counted["missed"])},
            {"label": "问题没销号", "value": wrong["open"], "unit": "处", "url": findings, "more": "整改和复查"},
            {"label": "超期问题", "value": wrong["late"], "unit": "处", "url": f"{findings}?late=1",
             "more": "过了整改期限", "danger": bool(wrong["late"])},
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            figures=self.figures(), today=self.today(), panels=panels_for("checks", self.request.user), **extra
        )


# ---- one round -----------------------------------------------------------------------------------------------------


class RoundMixin(ChecksPage):
    """A round by its number, seen by whoever reads its area."""

    model = Round
    slug_field = "number"
    related = RELATED
    object: Round

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.object.number, self.object.get_absolute_url())]


class RoundDetail(ChecksPage, ListPage, RecordPage):
    """/checks/<number>/: how far it is, row by row, what was found, and what can be done now."""

    model = Round
    slug_field = "number"
    related = RELATED
    listing = TargetListing
    template_name = "inspections/round_detail.html"
    saving = False
    tabs = (("全部", ""), ("没查", "state=todo"), ("有问题", "state=failed"), ("没问题", "state=fine"))

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the list; of the round itself while the record is looked for."""
        return Target.objects.filter(round=self.object)

    def get_object(self) -> Any:
        found = Round.objects.visible_to(self.request.user).select_related(*RELATED)
        record = found.filter(number=self.kwargs["number"]).first()
        if record is None:
            raise Http404("没有找到这次检查，或者您不能查看。")
        return record

    def get_title(self) -> str:
        return self.object.title

    @property
    def bulk(self) -> tuple[Bulk, ...]:  # type: ignore[override]
        one = self.object
        may = one.state == "open" and one.total > 1 and manages(self.request.user, one.area)
        return (Bulk("remove", "移出这次检查", "x"),) if may else ()

    def get_bulk_url(self) -> str:
        return reverse("inspections:targets-remove", args=[self.object.number])

    def get_actions(self) -> list[Action]:
        one, user = self.object, self.request.user
        found = [
            Action("打印空表", reverse("inspections:blank", args=[one.number]), "printer", desk_only=True),
            Action("结果表", reverse("inspections:result", args=[one.number]), "file-text"),
        ]
        if not takes_results(one) and not walks(one.area, user):
            label = "接着填" if one.done else "开始填"
            found.append(Action(label, reverse("inspections:grid", args=[one.number]), "pencil", "primary"))
        return found

    def side(self) -> list[Action]:
        """Seldom used, folded away."""
        one, user, found = self.object, self.request.user, []
        address = {name: reverse(f"inspections:round-{name}", args=[one.number]) for name in ("change", "add", "close", "cancel")}  # fmt: skip
        if one.state != "open":
            return []
        if not may_manage(one, user):
            found += [Action("改日期、检查人", address["change"], "pencil"), Action("加地点", address["add"], "plus")]
        if not takes_results(one) and not walks(one.area, user):
            found.append(Action("导入纸上的结果", reverse("inspections:import", args=[one.number]), "file-up"))
        if not may_end(one, user):
            found.append(Action("结束检查", address["close"], "circle-check"))
        if not may_manage(one, user) and not one.done:
            found.append(Action("取消检查", address["cancel"], "x", "danger"))
        return found

    def burn_down(self) -> charts.Chart | None:
        """Of a sweep: how many were left at the end of each day, up to today or to the day it was closed."""
        one = self.object
        if not one.sweep:
            return None
        walked = one.targets.filter(done_at__isnull=False).values_list("done_at", flat=True)
        days = Counter(max(clock.local(at).date(), one.on) for at in walked)
        last = max([one.on, min(clock.today(), one.due_on), *days])
        left, points = one.total, []
        for step in range((last - one.on).days + 1):
            left -= days[one.on + dt.timedelta(days=step)]
            points.append((one.on + dt.timedelta(days=step), left))
        return charts.burn_down(points, total=one.total, starts=one.on, due=one.due_on, title="还剩多少没查")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        one = self.object
        counted = one.targets.aggregate(
            failed=Count("pk", filter=Q(failures__gt=0)), excused=Count("pk", filter=~Q(excused=""))
        )
        findings = Finding.objects.filter(result__target__round=one).select_related("place", "line").with_stage()
        return super().get_context(
            object=one, record=one, word=word(one), sign=SIGNS["missed" if missed(one) else one.state], dates=dates(one),
            area=AREAS.get(one.area, one.area), people=list(one.people.all()), counted=counted, side=self.side(),
            closed_to=takes_results(one) if one.state == "open" else "", share=one.done * 100 // max(one.total, 1),
            findings=list(findings.order_by("-hazard", "pk")[:FINDINGS_SHOWN]),
            newer=one.sheet.checklist.versions.published().filter(number__gt=one.sheet.number).exists()
            if one.state == "open" else False,
            left=one.total - one.done, burn=self.burn_down(),
            timeline=LogEntry.objects.of(one).select_related("acting_for")[:30], **extra,
        )  # fmt: skip


class EndForm(Form):
    """Why."""

    words = forms.CharField(label="说明", max_length=200, required=False)


class RoundStep(RoundMixin, ActionPage):
    """A step on a round."""

    flow = ROUND
    form_class: ClassVar[Any] = EndForm

    def get_success_url(self, record: Any) -> str:
        return self.object.get_absolute_url()


class RoundClose(RoundStep):
    step = "close"
    service = staticmethod(rounds.close_round)
    success = "已结束。"

    def get_words(self) -> str:
        one = self.object
        left = one.total - one.done
        rest = f"还有 {left} 处没查，请写明原因。" if left else "全部查完了。"
        return f"{one.title}：应查 {one.total} 处，已查 {one.done} 处。{rest}结束后不再收结果，记错的可以更正。"


class RoundCancel(RoundStep):
    step = "cancel"
    service = staticmethod(rounds.cancel_round)
    success = "已取消。"

    def get_words(self) -> str:
        return f"{self.object.title}，{self.object.total} 处，都还没查。取消后不能恢复，需要时重新发起。"


class RoundChange(RoundMixin, ActionPage):
    """Name, last day and inspectors."""

    title = "改日期、检查人"
    submit_label = "保存"
    service = staticmethod(rounds.change_round)
    success = "已保存。"
    form_class = ChangeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "record": self.object, "initial": None}

    def blockers(self, record: Any) -> list[str]:
        state = None if record.state == "open" else f"{record.number} {record.get_state_display()}，不能再改。"
        return [reason for reason in (may_manage(record, self.actor()), state) if reason]


class RoundAdd(RoundMixin, ActionPage):
    """More places."""

    title = "加地点"
    template_name = "inspections/round_add.html"
    form_class = AddTargetsForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "record": self.object, "initial": None}

    def blockers(self, record: Any) -> list[str]:
        state = None if record.state == "open" else f"{record.number} {record.get_state_display()}，不能再加地点。"
        return [reason for reason in (may_manage(record, self.actor()), state) if reason]

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        pairs = rounds.targets_for(data["place"], data["pick"] or "", data["room_type"], data["category"])
        self.added = rounds.add_targets(record, pairs, by=self.actor())
        return record

    def get_success(self, record: Any) -> str:
        return f"已加入 {self.added} 处。"


class TargetsRemove(ChecksPage, Page):
    """POST: take the picked rows off an open round, all or none."""

    @cached_property
    def record(self) -> Round:
        found = Round.objects.visible_to(self.request.user).filter(number=self.kwargs["number"]).first()
        if found is None:
            raise Http404("没有找到这次检查，或者您不能查看。")
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(self.record.get_absolute_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        record = self.record
        if reason := may_manage(record, request.user):
            raise PermissionDenied(reason)
        keys = [int(one) for one in picked(request) if one.isascii() and one.isdigit()]
        targets = list(record.targets.filter(pk__in=keys).select_related("round", "place", "card"))
        try:
            if not targets:
                raise RuleBroken("没有选中检查对象，请先勾选要移出的地点。")
            with transaction.atomic():
                for target in targets:
                    rounds.remove_target(target, by=request.user)
        except RuleBroken as broken:
            messages.error(request, "没有移出：" + "；".join(broken.reasons))
        else:
            messages.success(request, f"已移出 {len(targets)} 处。")
        return HttpResponseRedirect(record.get_absolute_url())


# ---- starting ------------------------------------------------------------------------------------------------------


class RoundNew(ChecksPage, FormPage):
    """/checks/new/: first the checklist, then where, when and who; the places are shown before it starts."""

    model = Round
    creates = True
    permission = MANAGERS
    denied = "检查由后勤处和各块的负责人发起。需要的话，请联系后勤处。"
    title = "发起检查"
    submit_label = "发起检查"
    template_name = "inspections/round_form.html"

    @cached_property
    def choices(self) -> QuerySet[Checklist]:
        found = Checklist.objects.active().filter(area__in=managed(self.request.user))
        return found.filter(versions__state="published").distinct().order_by("area", "name")

    @cached_property
    def checklist(self) -> Checklist | None:
        text = self.request.POST.get("checklist") or self.request.GET.get("checklist") or ""
        return (
            self.choices.filter(pk=int(text)).first() if text.isascii() and text.isdigit() and len(text) < 10 else None
        )

    def get_form(self) -> Any:
        assert self.checklist is not None
        return RoundForm(checklist=self.checklist, **self.get_form_kwargs())

    def get_form_kwargs(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "initial": {name: self.request.GET[name] for name in ("place", "pick") if name in self.request.GET}
        }
        if self.request.method == "POST":
            found["data"] = self.request.POST
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.checklist is None:
            groups: dict[str, list[Checklist]] = {}
            for one in self.choices:
                groups.setdefault(one.get_area_display(), []).append(one)
            return self.render(groups=groups, template="inspections/round_choose.html")
        return self.show(self.get_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.checklist is None:
            messages.error(request, "没有发起：请先选一张在用、已发布的检查表。")
            return HttpResponseRedirect(reverse("inspections:round-new"))
        if "preview" in request.POST:
            form = self.get_form()
            if not form.is_valid():
                return self.show(form)
            return self.show(form, preview=floors(form.pairs), many=len(form.pairs), again=form.again())
        return super().post(request, *args, **kwargs)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(checklist=self.checklist, **extra)

    def save(self, form: Any) -> Any:
        data = form.cleaned_data
        assert self.checklist is not None
        return rounds.start_round(
            self.checklist, on=data["on"], due_on=data["due_on"], slot=data["slot"], targets=form.pairs, by=self.actor(),
            title=data["title"], place=data["place"], people=data["people"], sweep=data["sweep"],
        )  # fmt: skip

    def get_success(self, record: Any) -> str:
        return f"已发起 {record.number}，{record.total} 处。"


def floors(pairs: Iterable[Any]) -> list[tuple[str, list[str]]]:
    """Targets by the place above them: what a preview shows."""
    found: dict[str, list[str]] = {}
    for place, card in list(pairs)[:PREVIEW_SHOWN]:
        above = place.parent.full_name if place.parent else place.full_name
        found.setdefault(above, []).append(f"{place.name} {card.name}" if card else place.name)
    return list(found.items())
