"""/desk/: what waits for the office, in its order; bulk actions; filing for callers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from campus import calendar, profile
from campus.figures import figure
from core import clock, tick
from core.listing import Bulk, number_words, picked
from core.pages import Action, AlreadyDone, ListPage, Page, remember, spend
from core.templatetags.houqin import wait
from core.workflow import RuleBroken
from repairs import services
from repairs.forms import DispatchForm, HoldForm, LinesForm, MergeForm, ReassignAllForm
from repairs.listings import DeskList, hold_reasons, parts_arrived, todo
from repairs.models import DANGER, OPEN, Ticket

LATE = ("new", "accepted", "dispatched", "doing", "held")  # states in which a ticket can be late
AFTER = tuple(state for state in OPEN if state not in ("new", "accepted"))
BULK = (
    Bulk("dispatch", "派工", primary=True),
    Bulk("merge", "合并"),
    Bulk("hold", "挂起"),
    Bulk("slips", "打印派工单", "printer"),
)


def figures(base: Any) -> dict[str, Any]:
    """Everything that the head of the desk counts, in one statement over the open tickets, grouped by state and danger."""
    late, passed = Q(due_at__lt=clock.now(), clock_stopped_at=None), Q(state="held", hold_until__lt=clock.today())
    late &= Q(state__in=LATE)
    bare, unseen = DANGER & Q(protection=""), DANGER & Q(opened_at=None)
    parts = next((reason.pk for reason in hold_reasons() if reason.key == "parts"), None)
    groups = list(
        base.filter(state__in=OPEN)
        .order_by()
        .values("state", "hazard")
        .annotate(
            n=Count("pk"), danger=Count("pk", filter=DANGER), bare=Count("pk", filter=bare), unseen=Min("created_at", filter=unseen),
            reported=Min("reported_at"), finished=Min("finished_at"), late=Count("pk", filter=late),
            late_oldest=Min("due_at", filter=late), late_dorm=Count("pk", filter=late & Q(place__use="dormitory")),
            passed=Count("pk", filter=passed), passed_parts=Count("pk", filter=passed & Q(hold_reason=parts)),
            pressing=Count("pk", filter=DANGER | late | passed),
        )
    )  # fmt: skip

    def total(name: str, *states: str) -> int:
        return sum(g[name] for g in groups if g["state"] in (states or OPEN))

    def oldest(name: str, *states: str, hazard: bool | None = None) -> Any:
        found = (g[name] for g in groups if g["state"] in (states or OPEN) and hazard in (None, g["hazard"]))
        return min(filter(None, found), default=None)

    return {
        "new": total("n", "new"), "waiting": total("n", "new", "accepted"), "new_oldest": oldest("reported", "new"),
        "hazards": total("danger"), "bare": total("bare"), "unseen": oldest("unseen"),
        "late": total("late"), "late_oldest": oldest("late_oldest"), "late_dorm": total("late_dorm"),
        "passed": total("passed"), "passed_parts": total("passed_parts"),
        "checking": total("n", "checking"), "checking_oldest": oldest("finished", "checking", hazard=False),
        "asked": total("n", "asked"), "open": total("n"),
        "todo": total("n", "new", "accepted") + total("pressing", *AFTER),
    }  # fmt: skip


class Desk(ListPage):
    """The office's first page: figures, saved filters, the list, bulk actions."""

    permission = "repairs.manage"
    listing = DeskList
    template_name = "repairs/desk.html"
    bulk = BULK

    def get_bulk_url(self) -> str:
        return reverse("repairs:desk-bulk")

    def get_queryset(self) -> Any:
        """Without any condition the desk shows what waits for the office."""
        base = super().get_queryset()
        return base if self.conditions else todo(base)

    @property
    def conditions(self) -> bool:
        own = {"sort", "after", "before", "export", "page"}
        return any(value for name, value in self.request.GET.items() if name not in own)

    def get_tabs(self) -> Iterable[tuple[str, str]]:
        n = self.counts
        return (
            (f"要我处理 {n['todo']}", ""), (f"待受理 {n['new']}", "state=new"), (f"待派工 {n['waiting']}", "undispatched=1"),
            (f"未完成 {n['open']}", "open=1"), (f"待补充 {n['asked']}", "state=asked"), (f"料已到 {self.arrived}", "parts=1"),
        )  # fmt: skip

    @cached_property
    def counts(self) -> dict[str, Any]:
        return figures(Ticket.objects.visible_to(self.request.user))

    def count_words(self) -> str:
        return super().count_words() if self.conditions else number_words(self.counts["todo"], self.rows.measure)

    @cached_property
    def arrived(self) -> int:
        """料已到: how many wait for parts that the store has by now."""
        return parts_arrived(Ticket.objects.all()).count()

    def get_actions(self) -> Iterable[Action]:
        yield Action("代报修", reverse("repairs:desk-file"), "phone", "accent")
        yield Action("整人改派", reverse("repairs:desk-reassign"), "users", desk_only=True)

    def heads(self) -> list[dict[str, Any]]:
        n = self.counts
        late_days = (clock.today() - clock.local(n["late_oldest"]).date()).days if n["late_oldest"] else 0
        deemed = self.deemed_words(n["checking_oldest"])
        return [
            {"label": "待受理", "value": n["new"], "url": "?state=new",
             "more": f"最久的已等 {wait(n['new_oldest'])}".replace(" 不", "不") if n["new"] else "没有等着的"},
            {"label": "安全隐患", "value": n["hazards"], "url": "?hazard=1", "danger": n["hazards"] > 0,
             "more": f"{n['bare']} 处还没有防护" if n["bare"] else "都有临时防护" if n["hazards"] else "没有"},
            {"label": "超期", "value": n["late"], "url": "?late=1",
             "more": f"{f'最久 {late_days} 天，' if late_days else ''}宿舍 {n['late_dorm']} 张" if n["late"] else "没有超期"},
            {"label": "挂起已到期", "value": n["passed"], "url": "?passed=1",
             "more": f"待料 {n['passed_parts']}" if n["passed"] else "没有到期的"},
            {"label": "待验收", "value": n["checking"], "url": "?state=checking", "wide": True, "more": deemed},
        ]  # fmt: skip

    def deemed_words(self, oldest: Any) -> str:
        if not oldest:
            return "没有等验收的"
        day = calendar.add_working_days(clock.local(oldest).date(), int(figure("repairs.deemed_days")))
        return f"最早的过{day.month}月{day.day}日默认验收"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        together = (
            Ticket.objects.filter(state__in=["new", "accepted"], hazard=False)
            .order_by()
            .values("place__building", "place__building__full_name", "category", "category__name")
            .annotate(n=Count("pk"))
            .filter(n__gte=3, place__building__isnull=False)
            .order_by("-n")
            .first()
        )
        tip = None
        if together:
            kind, building = together["category__name"], together["place__building__full_name"]
            url = f"?undispatched=1&building={together['place__building']}&category={together['category']}"
            tip = (f"{building}有 {together['n']} 张“{kind}”没派，可一起派", url, f"看这 {together['n']} 张")
        return super().get_context(
            figures=self.heads(), bulk_tip=tip, unseen=self.counts["unseen"], school=profile.current(),
            today=calendar.today_words(), last_tick=tick.last(), **extra,
        )  # fmt: skip


class DeskBulk(Page):
    """The second step of a bulk action: the picked tickets, the form, then all or none."""

    permission = "repairs.manage"
    template_name = "repairs/desk_bulk.html"
    titles = {"dispatch": "一起派工", "merge": "合并", "hold": "一起挂起"}

    def get_crumbs(self) -> Any:
        return (("工作台", reverse("repairs:desk")), (self.get_title(), ""))

    @property
    def do(self) -> str:
        found = self.request.POST.get("do", "")
        return found if found in self.titles else ""

    def get_title(self) -> str:
        return self.titles.get(self.do, "一起处理")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("repairs:desk"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        numbers = picked(request)
        if request.POST.get("do") == "slips" and numbers:
            return HttpResponseRedirect(reverse("repairs:slips") + "?" + "&".join(f"pick={n}" for n in numbers))
        rows = Ticket.objects.visible_to(request.user).select_related(
            "place__custodian", "category", "lead", "reporter", "hold_reason"
        )
        tickets = list(rows.filter(number__in=numbers).order_by("priority", "-score", "-pk"))
        if not tickets or not self.do:
            messages.warning(request, "请先勾选要一起处理的报修单。")
            return HttpResponseRedirect(reverse("repairs:desk"))
        going = "go" in request.POST
        form = self.form(request.POST if going else None, tickets)
        if going and form.is_valid():
            try:
                with transaction.atomic():
                    spent = spend(form.submit_token)
                    text = self.perform(tickets, form.cleaned_data)
                    remember(spent, reverse("repairs:desk"))
            except AlreadyDone:
                return HttpResponseRedirect(reverse("repairs:desk"))
            except RuleBroken as broken:
                for reason in broken.reasons:
                    form.add_error(None, reason)
                for ticket in tickets:  # what stands in the way is unticked: the rest goes with one more click
                    ticket.stuck = any(reason.startswith(f"{ticket.number}：") for reason in broken.reasons)
            else:
                messages.success(request, text)
                return HttpResponseRedirect(reverse("repairs:desk"))
        free = sum(not getattr(ticket, "stuck", False) for ticket in tickets)
        return self.render(tickets=tickets, free=free, form=form, do=self.do, status=409 if going else 200)

    def form(self, data: Any, tickets: list[Ticket]) -> Any:
        if self.do == "dispatch":
            return DispatchForm(data, ticket=tickets[0])
        if self.do == "hold":
            return HoldForm(data)
        return MergeForm(data, initial={"into": min(tickets, key=lambda t: t.pk).number})

    def perform(self, tickets: list[Ticket], data: dict[str, Any]) -> str:
        by = self.request.user
        if self.do == "dispatch":
            services.dispatch_many(tickets, by=by, **data)
            return f"已派给{data['lead'].name}，{len(tickets)} 张。"
        if self.do == "hold":
            services.hold_many(tickets, by=by, **data)
            return f"已挂起 {len(tickets)} 张。"
        done = services.merge_many(tickets, by=by, into=data["into"])
        return f"已把 {len(done)} 张并入 {data['into'].number}。"


class FormDesk(Page):
    """A form of the desk that is no ticket's."""

    permission = "repairs.manage"
    template_name = "core/form.html"
    form_class: Any = None
    submit_label = "保存"

    def get_crumbs(self) -> Any:
        return (("工作台", reverse("repairs:desk")), (self.get_title(), ""))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.show(self.form_class())

    def show(self, form: Any, status: int = 200) -> HttpResponseBase:
        return self.render(
            form=form,
            status=status,
            submit_label=self.submit_label,
            back_url=reverse("repairs:desk"),
            back_label="返回",
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = self.form_class(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    spent = spend(form.submit_token if request.POST.get("submit_token") else "")
                    text = self.perform(form.cleaned_data)
                    remember(spent, reverse("repairs:desk"))
            except AlreadyDone:
                return HttpResponseRedirect(reverse("repairs:desk"))
            except RuleBroken as broken:
                for reason in broken.reasons:
                    form.add_error(None, reason)
                return self.show(form, 409)
            messages.success(request, text)
            return HttpResponseRedirect(reverse("repairs:desk"))
        return self.show(form)

    def perform(self, data: dict[str, Any]) -> str:
        raise NotImplementedError


class FileLines(FormDesk):
    """代报修 and 补录."""

    title = "代报修"
    form_class = LinesForm
    submit_label = "登记"

    def perform(self, data: dict[str, Any]) -> str:
        common = {name: data[name] for name in ("reporter", "reporter_name", "reporter_phone", "reported_at", "hazard")}
        if not (common["reporter"] or common["reporter_name"] or common["reporter_phone"]):
            common["reporter"] = self.request.user  # the clerk saw it himself
        channel = "late" if data["reported_at"] else "phone"
        tickets = services.file_line(
            [{**line, **common, "channel": channel} for line in data["lines"]], by=self.request.user
        )
        listed = "、".join(f"{t.number} {t.category.name}" for t in tickets[:5])
        return f"已登记 {len(tickets)} 件：{listed}{' 等' if len(tickets) > 5 else ''}。"


class ReassignAll(FormDesk):
    """整人改派: all of X to Y."""

    title = "整人改派"
    form_class = ReassignAllForm
    submit_label = "全部改派"

    def perform(self, data: dict[str, Any]) -> str:
        if data["of"] == data["lead"]:
            raise RuleBroken("两处是同一个人，请选另一位。")
        moved = services.reassign_all(data["of"], by=self.request.user, lead=data["lead"], reason=data["reason"])
        return f"{data['of'].name}手上的 {len(moved)} 张都改派给{data['lead'].name}了。"
