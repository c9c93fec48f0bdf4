"""Lists of tickets: the columns, the filters and the order that desk, lists, areas and Excel share."""

from __future__ import annotations

from functools import cache as forever
from typing import Any

import django_filters
from django import forms
from django.db.models import DecimalField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campus import cache
from campus.models import Place, User
from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.plan import Month
from core.templatetags.houqin import day, icon, moment, prio
from repairs.models import DANGER, OPEN, PRIORITIES, STATES, Category, Follower, HoldReason, Ticket
from stores.models import Move

LEVELS = {1: "now", 2: "soon", 3: "plain", 4: "planned"}


# ---- cells --------------------------------------------------------------------------------------------------------


def first_cell(ticket: Ticket, value: Any) -> str:
    return f"{ticket.where}：{ticket.fault}"


@forever
def level_sign(level: int, hazard: bool) -> SafeString:
    """A priority's sign, with that of danger."""
    sign = format_html(
        '<span class="hazard">{}<span class="visually-hidden">隐患：</span></span> ', icon("triangle-alert")
    )
    return format_html("{} {}", prio(LEVELS[level]), sign if hazard else "")


def priority_cell(ticket: Ticket, value: Any) -> SafeString:
    sign = level_sign(ticket.priority, ticket.hazard)
    return format_html('{}<span class="why d-inline">{}</span>', sign, ticket.priority_words)


@forever
def state_sign(css: str, word: str) -> SafeString:
    """A state's sign: there are a dozen, and fifty on every page."""
    return format_html('<span class="state state-{}">{}</span>', css, word)


def state_cell(ticket: Ticket, value: Any) -> SafeString:
    return state_sign(ticket.css_state, ticket.word)


def due_words(ticket: Ticket) -> tuple[str, str]:
    """What the list says about time: (late words, the rest)."""
    if ticket.state == "asked":
        return "", f"等{ticket.reporter.name if ticket.reporter else '报修人'}回复"
    if ticket.state == "held" and ticket.hold_until:
        passed = (clock.today() - ticket.hold_until).days
        reason = ticket.hold_reason.name if ticket.hold_reason else "挂起"
        if passed > 0:
            return f"{reason}到期 {passed} 天", day(ticket.hold_until)
        return "", f"{reason}至 {ticket.hold_until.month}月{ticket.hold_until.day}日"
    if ticket.state == "checking":
        return "", "等验收"
    if not ticket.is_open:
        return "", day(ticket.ended_at) if ticket.ended_at else ""
    if ticket.due_at is None:
        return "", ""
    if ticket.is_late:
        days = ticket.late_days
        hours = int((clock.now() - ticket.due_at).total_seconds()) // 3600
        return (f"超期 {days} 天" if days else f"超期 {max(1, hours)} 小时"), day(ticket.due_at)
    return "", moment(ticket.due_at)


def due_cell(ticket: Ticket, value: Any) -> str:
    late, rest = due_words(ticket)
    if late:
        return format_html('<span class="late">{}</span> <span class="why d-inline nowrap">{}</span>', late, rest)
    return rest


def lead_cell(ticket: Ticket, value: Any) -> SafeString:
    nobody = "未派" if ticket.is_open else ""  # what has ended without a repairer waits for none
    return format_html('<span class="nowrap">{}</span>', ticket.lead.name if ticket.lead else nobody)


def reporter_name(ticket: Ticket) -> str:
    if ticket.reporter_name:
        return ticket.reporter_name
    return ticket.reporter.name if ticket.reporter else "扫码报修"


# ---- filters ------------------------------------------------------------------------------------------------------


def buildings() -> list[tuple[str, str]]:
    """Buildings and grounds for a filter, at most as many as a select may hold."""
    found = cache.cached(
        "building choices",
        lambda: [
            (str(pk), name)
            for pk, name in Place.objects.filter(kind__in=["building", "ground"], active=True).values_list(
                "pk", "full_name"
            )
        ],
        seconds=60,
    )
    return found[:58]


def groups() -> list[tuple[str, str]]:
    """Groups of kinds for a filter."""
    return cache.cached(
        "category choices",
        lambda: [
            (str(pk), name) for pk, name in Category.objects.filter(parent=None, active=True).values_list("pk", "name")
        ],
    )


def workers() -> list[tuple[str, str]]:
    """未派, then the repairers."""
    found = cache.cached(
        "worker choices", lambda: [(str(u.pk), u.name) for u in User.objects.with_role("repairer")[:57]], seconds=60
    )
    return [("none", "未派"), *found]


class TicketFilter(FilterSet):
    """What a list of tickets can be narrowed by; the hidden ones come from links (figures, plan lines)."""

    q = SearchFilter(fields=["number", "words", "place__full_name", "category__name"], placeholder="搜单号、地点、描述")
    building = django_filters.ChoiceFilter(label="地点", choices=buildings, method="in_building")
    category = django_filters.ChoiceFilter(label="故障", choices=groups, method="of_category")
    priority = django_filters.ChoiceFilter(label="优先级", choices=list(PRIORITIES.items()))
    lead = django_filters.ChoiceFilter(label="负责人", choices=workers, method="of_lead")
    state = django_filters.ChoiceFilter(label="状态", choices=[("open", "未完成"), *STATES.items()], method="in_state")
    place = django_filters.NumberFilter(label="地点", method="in_place", widget=forms.HiddenInput)
    use = django_filters.ChoiceFilter(
        label="用途", choices=list(Place.USES.items()), field_name="place__use", widget=forms.HiddenInput
    )
    held = django_filters.CharFilter(label="挂起原因", field_name="hold_reason__key", widget=forms.HiddenInput)
    month = django_filters.CharFilter(label="月份", method="in_month", widget=forms.HiddenInput)
    done = django_filters.CharFilter(label="完成月份", method="done_in", widget=forms.HiddenInput)
    open = django_filters.CharFilter(label="未完成", method="only_open", widget=forms.HiddenInput)
    hazard = django_filters.CharFilter(label="隐患", method="only_hazard", widget=forms.HiddenInput)
    unseen = django_filters.CharFilter(label="没人看过的隐患", method="only_unseen", widget=forms.HiddenInput)
    late = django_filters.CharFilter(label="超期", method="only_late", widget=forms.HiddenInput)
    passed = django_filters.CharFilter(label="挂起到期", method="only_passed", widget=forms.HiddenInput)
    todo = django_filters.CharFilter(label="要我处理", method="only_todo", widget=forms.HiddenInput)
    undispatched = django_filters.CharFilter(label="待派工", method="only_undispatched", widget=forms.HiddenInput)
    parts = django_filters.CharFilter(label="料已到", method="only_parts", widget=forms.HiddenInput)

    class Meta:
        model = Ticket
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.data.get("category", "")
        known = groups()
        if asked.isascii() and asked.isdigit() and len(asked) < 18 and asked not in dict(known):
            kind = Category.objects.filter(pk=int(asked)).first()  # a link may name a kind; the box lists groups only
            if kind is not None:
                self.filters["category"].extra["choices"] = [(str(kind.pk), kind.name), *known]

    def in_building(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(Q(place__building=int(value)) | Q(place=int(value)))

    def in_place(self, qs: Any, name: str, value: Any) -> Any:
        place = Place.objects.filter(pk=int(value)).first() if 0 < value < 2**62 else None
        return qs.filter(place__in=Place.objects.within(place).values("pk")) if place else qs.none()

    def of_category(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(
            Q(category=int(value)) | Q(category__in=Category.objects.filter(parent=int(value)).values("pk"))
        )

    def of_lead(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(lead=None) if value == "none" else qs.filter(lead=int(value))

    def in_state(self, qs: Any, name: str, value: str) -> Any:
        return qs.open() if value == "open" else qs.filter(state=value)

    def in_month(self, qs: Any, name: str, value: str) -> Any:
        month = _month(value)
        return qs.during(month) if month else qs.none()

    def done_in(self, qs: Any, name: str, value: str) -> Any:
        month = _month(value)
        return (
            qs.filter(state="done", completed_at__gte=month.start, completed_at__lt=month.end) if month else qs.none()
        )

    def only_open(self, qs: Any, name: str, value: str) -> Any:
        return qs.open()

    def only_hazard(self, qs: Any, name: str, value: str) -> Any:
        return qs.open().filter(DANGER)

    def only_unseen(self, qs: Any, name: str, value: str) -> Any:
        return qs.open().filter(DANGER, opened_at=None)

    def only_late(self, qs: Any, name: str, value: str) -> Any:
        return qs.overdue()

    def only_passed(self, qs: Any, name: str, value: str) -> Any:
        return qs.hold_passed()

    def only_todo(self, qs: Any, name: str, value: str) -> Any:
        return todo(qs)

    def only_undispatched(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(state__in=["new", "accepted"])

    def only_parts(self, qs: Any, name: str, value: str) -> Any:
        return parts_arrived(qs)


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except ValueError:
        return None


def todo(qs: Any) -> Any:
    """What waits for the office: untriaged, undispatched, hazards, overdue, held past the date."""
    now, today = clock.now(), clock.today()
    return qs.filter(state__in=OPEN).filter(
        Q(state__in=["new", "accepted"])
        | DANGER
        | Q(state__in=["dispatched", "doing", "held"], due_at__lt=now, clock_stopped_at=None)
        | Q(state="held", hold_until__lt=today)
    )


def parts_arrived(qs: Any) -> Any:
    """料已到: held for parts that the store has by now."""
    stock = (
        Move.objects.filter(item=OuterRef("hold_item"), warehouse__book="school")
        .order_by()
        .values("item")
        .annotate(left=Sum("quantity"))
        .values("left")
    )
    zero = Value(0, output_field=DecimalField())
    found = qs.filter(state="held", hold_item__isnull=False)
    return found.annotate(stock=Coalesce(Subquery(stock), zero)).filter(stock__gte=Coalesce("hold_quantity", zero))


# ---- the lists ----------------------------------------------------------------------------------------------------


class TicketList(Listing):
    """/repairs/: every ticket that the user may see, newest first."""

    model = Ticket
    title = "报修单"
    filename = "报修单"
    measure = "张"
    filterset = TicketFilter
    order = ("-reported_at", "-pk")  # what is entered afterwards stands where it happened
    related = ("place", "category", "lead", "reporter", "hold_reason")
    sheet_tables = {"place": ("building",), "category": ("parent",), "lead": (), "reporter": (), "hold_reason": ()}
    only = (
        "number", "state", "reopened", "detail", "words", "quantity", "hazard", "priority", "priority_words", "reporter_name",
        "due_at", "clock_stopped_at", "hold_until", "ended_at", "reported_at", "finished_at", "completed_at", "place__name",
        "place__full_name", "category__name", "lead__name", "reporter__name", "hold_reason__name",
    )  # fmt: skip
    empty = ("没有符合条件的报修单", "换个条件再试，或清除条件。")
    columns = (
        Column("what", "地点与故障", value=lambda t: f"{t.where}：{t.fault}", link=True, where="screen"),
        Column("priority", "优先级与依据", value="priority", cell=priority_cell, where="screen", phone="wide"),
        Column("state_sign", "状态", value="state", cell=state_cell, kind="state", where="screen"),
        Column("lead_name", "负责人", value=lambda t: t.lead.name if t.lead else "", cell=lead_cell, where="screen"),
        Column("due", "期限", value="due_at", cell=due_cell, where="screen", order="due_at"),
        Column("number", "单号", cell=lambda t, v: format_html('<span class="nowrap quiet small">{}</span>', v)),
        Column("reported", "报修日期", value="reported_at", kind="datetime", where="sheet"),
        Column(
            "building", "楼", value=lambda t: t.place.building.name if t.place.building else t.place.name, where="sheet"
        ),
        Column("place", "地点", value="where", where="sheet"),
        Column("group", "大类", value=lambda t: t.category.parent.name if t.category.parent else "", where="sheet"),
        Column("kind", "故障", value="category.name", where="sheet"),
        Column("words", "描述", where="sheet"),
        Column("quantity", "数量", kind="int", where="sheet", total=True),
        Column("level", "优先级", value=lambda t: PRIORITIES[t.priority], where="sheet"),
        Column("why", "依据", value="priority_words", where="sheet"),
        Column("state", "状态", value="word", where="sheet"),
        Column("reporter", "报修人", value=reporter_name, where="sheet"),
        Column("lead", "负责人", value=lambda t: t.lead.name if t.lead else "", where="sheet"),
        Column("due_at", "期限", kind="datetime", where="sheet"),
        Column("finished", "完工时间", value="finished_at", kind="datetime", where="sheet"),
        Column("completed", "验收时间", value="completed_at", kind="datetime", where="sheet"),
    )

    def row_class(self, record: Ticket) -> str:
        return "is-late" if record.is_late else ""

    def pick_value(self, record: Ticket) -> str:
        return record.number


class DeskList(TicketList):
    """/desk/: the same list in the office's order, most urgent first."""

    title = "工作台"
    per_page = 30
    order = ("priority", "-score", "-pk")
    only = (*TicketList.only, "score")
    empty = ("没有要处理的报修单", "都处理好了。")
    empty_icon = "circle-check"


class MyTickets(TicketList):
    """/repairs/mine/: what I filed or follow."""

    title = "我的报修"
    filename = "我的报修"
    empty = ("您还没有报过修", "哪里坏了，拍张照，半分钟报完。")

    def base(self) -> Any:
        mine = Follower.objects.filter(user=self.user).values("ticket")
        return Ticket.objects.filter(Q(reporter=self.user) | Q(pk__in=mine))


def hold_reasons() -> list[HoldReason]:
    """The reasons in use, in order."""
    return cache.cached("hold reasons", lambda: list(HoldReason.objects.filter(active=True)))
