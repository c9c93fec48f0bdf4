"""Lists of tickets and the page of one: facts, what happened, and what this user can do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.urls import reverse

from core import files
from core.models import LogEntry
from core.pages import Action, DetailPage, ListPage
from core.rights import can
from core.templatetags.houqin import short_day
from repairs import dispatching
from repairs.forms import SayForm
from repairs.listings import LEVELS, MyTickets, TicketList, due_words
from repairs.models import Ticket
from repairs.rules import FLOW, Guest, is_office, worked_on_it

RELATED = (
    "place", "place__building", "place__custodian", "category", "category__parent", "category__tile", "asset", "reporter",
    "lead", "filed_by", "hold_reason", "hold_item", "purchase", "scrap", "head", "split_from", "again", "cleared_by",
    "completed_by", "dispatched_by", "phoned_by",
)  # fmt: skip
LAST_RESORTS = {"chase", "reopen"}  # open to whoever waits, but nothing he is expected to do
PRESSES = {"accept", "start", "resume", "take"}  # moves that need no form: one press
ICONS = {
    "accept": "inbox", "dispatch": "user-check", "start": "play", "resume": "repeat", "finish": "circle-check",
    "accept_work": "circle-check", "send_back": "undo-2", "clear": "shield-check", "hold": "pause", "ask": "circle-question-mark",
    "answer": "message-square", "chase": "bell-ring", "take": "hand", "reopen": "undo-2",
}  # fmt: skip
STEPS = (
    ("new", "报修"),
    ("accepted", "受理"),
    ("dispatched", "派工"),
    ("doing", "维修"),
    ("checking", "验收"),
    ("done", "完成"),
)


@dataclass
class Next:
    """One entry of 下一步."""

    label: str
    url: str
    icon: str = ""
    style: str = "plain"
    method: str = "get"
    reasons: Iterable[str] = ()


def next_moves(ticket: Ticket, actor: Any, url_of: Any) -> list[Next]:
    """What `actor` may do now, the first free one filled; what only lacks something, with its reasons."""
    found = []
    rule_takes: bool | None = None
    for step, reasons in FLOW.open_to(ticket, actor):
        if step.name == "take":
            rule = dispatching.rule_for(ticket)
            rule_takes = rule is not None and rule.mode == "take"
            if not rule_takes:
                continue
        if step.name == "dispatch" and ticket.state == "new":
            reasons = []  # dispatching accepts an ordinary ticket in the same breath
        invites = not reasons and not step.danger and step.name not in LAST_RESORTS
        style = "primary" if invites and not any(n.style == "primary" for n in found) else "plain"
        label = step.label
        if step.name == "resume" and ticket.hold_reason and ticket.hold_reason.key == "parts":
            label = "料到了，恢复维修"
        method = "post" if step.name in PRESSES else "get"
        found.append(Next(label, url_of(step.name), ICONS.get(step.name, ""), style, method, reasons))
    if not FLOW.blockers(ticket, "rate", actor):  # accepted without a rating: it may follow later
        found.insert(0, Next(FLOW["rate"].label, url_of("rate"), "star"))
    return found


def progress(ticket: Ticket) -> list[dict[str, Any]]:
    """The six steps with their days; a side state stands at the place where the ticket waits."""
    at = ticket.state_before if ticket.state in ("held", "asked") else ticket.state
    order = [key for key, _ in STEPS]
    position = order.index(at) if at in order else 0
    days = {
        "new": ticket.reported_at, "accepted": ticket.accepted_at, "dispatched": ticket.dispatched_at,
        "doing": ticket.started_at, "checking": ticket.finished_at, "done": ticket.completed_at,
    }  # fmt: skip
    found = []
    for number, (key, label) in enumerate(STEPS):
        current = number == position
        note = short_day(days[key]) if number <= position and days[key] else ""
        if current and ticket.state in ("held", "asked", "declined", "duplicate", "withdrawn"):
            note = ticket.word
        found.append(
            {"label": label, "note": note, "past": number < position or ticket.state == "done", "current": current and ticket.state != "done",
             "held": current and ticket.state in ("held", "asked")}
        )  # fmt: skip
    return found


def whose_turn(ticket: Ticket) -> str:
    """Who is expected to move now."""
    if ticket.state in ("new", "accepted"):
        return "后勤"
    if ticket.state in ("dispatched", "doing", "held"):
        return ticket.lead.name if ticket.lead else "后勤"
    if ticket.state == "asked":
        return ticket.reporter.name if ticket.reporter else "报修人"
    if ticket.state == "checking":
        return ticket.reporter.name if ticket.reporter else "报修人"
    return ""


def side_links(ticket: Ticket, user: Any) -> list[Action]:
    """Office tools that are no steps of the main road."""
    if not ticket.is_open or not is_office(user):
        return []
    url = lambda name: reverse(f"repairs:ticket-{name}", args=[ticket.number])  # noqa: E731
    found = [Action("更正", url("correct"), "pencil"), Action("改优先级", url("prioritise"), "arrow-up-down")]
    if ticket.hazard:
        found.append(Action("解除隐患", url("lower-hazard"), "shield-off"))
    else:
        found.append(Action("列为隐患", url("raise-hazard"), "triangle-alert"))
    return found


def hazard_links(ticket: Ticket, user: Any) -> list[Action]:
    """What a hazard asks for at once, in the red note itself: seen, telephoned, protected."""
    offered = (
        ("open", Action("我看到了", "", "eye", method="post")), ("protect", Action("记临时防护", "", "traffic-cone")),
        ("phone", Action("记电话通知", "", "phone")),
    )  # fmt: skip
    return [
        replace(action, url=reverse(f"repairs:ticket-{step}", args=[ticket.number]))
        for step, action in offered
        if ticket.hazard and not ticket.cleared_at and not FLOW.blockers(ticket, step, user)
    ]


class Tickets(ListPage):
    """/repairs/."""

    listing = TicketList
    tabs = (("全部", ""), ("未完成", "open=1"), ("待验收", "state=checking"), ("超期", "late=1"), ("隐患", "hazard=1"))

    def get_actions(self) -> Iterable[Action]:
        if can(self.request.user, "repairs.report"):
            yield Action("报修", reverse("repairs:new"), "plus", "primary")


class Mine(ListPage):
    """/repairs/mine/."""

    permission = "repairs.report"
    listing = MyTickets
    tabs = (("全部", ""), ("未完成", "open=1"), ("等我验收", "state=checking"), ("等我回复", "state=asked"))

    def get_actions(self) -> Iterable[Action]:
        yield Action("报修", reverse("repairs:new"), "plus", "primary")


class TicketPage(DetailPage):
    """/repairs/<number>/."""

    model = Ticket
    slug_field = "number"
    related = RELATED
    template_name = "repairs/ticket_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("helpers", "followers")

    def get_title(self) -> str:
        return f"{self.object.where}：{self.object.fault}"

    def get_crumbs(self) -> Any:
        user = self.request.user
        if can(user, "repairs.manage"):
            home = ("工作台", reverse("repairs:desk"))
        elif can(user, "repairs.work"):
            home = ("我的活", reverse("repairs:jobs"))
        elif can(user, "repairs.view_all"):
            home = ("报修单", reverse("repairs:list"))
        else:
            home = ("我的报修", reverse("repairs:mine"))
        return (home, (self.object.number, ""))

    def get_actions(self) -> Iterable[Action]:
        user, ticket = self.request.user, self.object
        if ticket.is_open and (is_office(user) or worked_on_it(ticket, user)):
            yield Action("打印派工单", reverse("repairs:slips") + f"?pick={ticket.number}", "printer", desk_only=True)
        if ticket.state in ("checking", "done"):
            yield Action("打印验收单", reverse("repairs:ticket-paper", args=[ticket.number]), "printer", desk_only=True)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        ticket, user = self.object, self.request.user
        url_of = lambda step: reverse(f"repairs:ticket-{step.replace('_', '-')}", args=[ticket.number])  # noqa: E731
        moves = next_moves(ticket, user, url_of)
        accepts = not ticket.hazard and any(m.url == url_of("accept_work") and not m.reasons for m in moves)
        if accepts:  # judged in place, with a rating
            moves = [m for m in moves if m.url not in (url_of("accept_work"), url_of("send_back"))]
        materials = list(ticket.materials.select_related("move__item").order_by("pk"))
        may_draw = not FLOW.blockers(ticket, "draw", user)
        related = Ticket.objects.filter(Q(head=ticket) | Q(split_from=ticket)).order_by("pk")
        others = list(related.only("number", "state", "head", "split_from"))
        return super().get_context(
            moves=moves, accepts=accepts, turn=whose_turn(ticket), steps=progress(ticket), level=LEVELS[ticket.priority],
            late=due_words(ticket), side=side_links(ticket, user), hazard_actions=hazard_links(ticket, user), materials=materials,
            material_total=-sum((m.move.value for m in materials), start=0), may_draw=may_draw,
            photos=files.visible_photos(ticket, user), say_form=SayForm(),
            merged=[one for one in others if one.head_id == ticket.pk],
            splits=[one for one in others if one.split_from_id == ticket.pk],
            shows_person=is_office(user) or worked_on_it(ticket, user) or ticket.reporter_id == user.pk, **extra,
        )  # fmt: skip

    def timeline(self) -> Iterable[LogEntry]:
        hidden = () if is_office(self.request.user) else ("refused", "open")
        return LogEntry.objects.of(self.object).exclude(verb__in=hidden).select_related("acting_for")[:60]


def guest_moves(ticket: Ticket, guest: Guest) -> list[Next]:
    """The same for who holds a follow address."""
    url_of = lambda step: reverse(  # noqa: E731
        f"repairs:follow-{step.replace('_', '-')}", args=[guest_token(ticket, guest)]
    )
    offered = {"answer", "accept_work", "send_back", "chase", "withdraw", "reopen", "rate", "claim"}
    return [
        move for move in next_moves(ticket, guest, lambda step: url_of(step) if step in offered else "") if move.url
    ]


def guest_token(ticket: Ticket, guest: Guest) -> str:
    if guest.follower_id is None:
        return ticket.follow_token
    return str(ticket.followers.get(pk=guest.follower_id).token)
