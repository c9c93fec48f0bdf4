"""Findings: the list, one with its next step, noting one down on the way, and a page for each step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from campus.models import Place
from core import files
from core.models import LogEntry
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.templatetags.houqin import short_day
from inspections import finding_forms as forms
from inspections.finding_listings import SIGNS, FindingList, due_words
from inspections.models import AREAS, Finding
from inspections.models.checklists import AREA_BY_USE, OUTDOORS, areas
from inspections.models.findings import STATES
from inspections.rules import FINDING, back_in_work, head_of, needs_photo, open_rest, stage_of
from inspections.services import findings
from repairs.listings import due_words as ticket_due
from repairs.models import Ticket
from repairs.views.tickets import Next

READS = ("view", "inspect", "recheck", "manage")
RELATED = (
    "place", "place__custodian", "card", "line", "ticket__place", "ticket__category", "ticket__lead",
    "ticket__hold_reason", "ticket__reporter", "ticket__head__lead", "ticket__head__category", "ticket__head__place",
    "found_by", "owner", "fixed_by", "cleared_by", "voided_by", "result__target__round",
)  # fmt: skip
ICONS = {
    "fix": "circle-check", "pass": "shield-check", "fail": "undo-2", "file": "clipboard-list", "assign": "user-check",
    "protect": "traffic-cone", "void": "x",
}  # fmt: skip
DENIED = "这里由后勤和各片检查人使用。需要的话，请联系后勤处。"


def home_crumb() -> tuple[str, str]:
    return ("检查", reverse("inspections:home"))


class AreaGate:
    """Pages for whoever holds one of `verbs` over some area."""

    verbs: tuple[str, ...] = READS
    request: Any

    def refusal(self) -> str | None:
        return None if areas(self.request.user, *self.verbs) else DENIED


class Findings(AreaGate, ListPage):
    """/checks/findings/."""

    listing = FindingList
    tabs = (
        ("全部", ""), ("未销号", "stage=live"), ("待复查", "stage=recheck"), ("超期", "overdue=1"), ("隐患", "hazard=true&stage=live"),
    )  # fmt: skip

    def get_crumbs(self) -> Any:
        return (home_crumb(),)

    def get_actions(self) -> Iterable[Action]:
        if areas(self.request.user, "inspect"):
            yield Action("登记问题", reverse("inspections:finding-new"), "plus", "primary")


class NewFinding(AreaGate, FormPage):
    """/checks/findings/new/: 随手查, on a phone in front of it."""

    verbs = ("inspect",)
    model = Finding
    form_class = forms.ReportForm
    creates = True
    title = "登记问题"
    submit_label = "登记"

    def get_crumbs(self) -> Any:
        return (home_crumb(), ("问题台账", reverse("inspections:findings")))

    def get_initial(self) -> dict[str, Any]:
        """From a place's page, from its label, or from a page of an area."""
        found: dict[str, Any] = {}
        token, key = (self.request.GET.get(name, "") for name in ("at", "place"))
        if token and token.isascii() and token.isprintable():
            found["place"] = Place.objects.filter(token=token[:16]).first()
        elif key.isascii() and key.isdigit() and len(key) < 18:
            found["place"] = Place.objects.filter(pk=int(key)).first()
        if self.request.GET.get("hazard"):
            found["hazard"] = True
        place = found.get("place")
        asked = self.request.GET.get("area", "") or (AREA_BY_USE.get(place.use, OUTDOORS) if place else "")
        if asked in AREAS:
            found["area"] = asked
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"areas": areas(self.request.user, "inspect")}

    def save(self, form: Any) -> Finding:
        self.ticket: Ticket | None
        finding, self.ticket, self.joined = findings.report(by=self.actor(), **form.cleaned_data)
        return finding

    def get_success(self, record: Any) -> str:
        if self.ticket is None:
            return f"已登记 {record.number}。"
        how = "这里已经报修过，并入" if self.joined else "并已报修"
        return f"已登记 {record.number}，{how} {self.ticket.number}。"


class FindingPage(DetailPage):
    """/checks/findings/<number>/."""

    model = Finding
    slug_field = "number"
    related = RELATED
    template_name = "inspections/finding_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("ticket__helpers", "ticket__head__helpers")

    def get_title(self) -> str:
        return f"{self.object.place.full_name}：{self.object.words}"

    def get_crumbs(self) -> Any:
        if not areas(self.request.user, *READS):
            return ()
        return (home_crumb(), ("问题台账", reverse("inspections:findings")))

    def moves(self) -> list[Next]:
        """What this user may do now; the first that invites is filled. 作废 and dates stand aside."""
        found: list[Next] = []
        for step, reasons in FINDING.open_to(self.object, self.request.user):
            if step.name in ("void", "assign", "protect") or (step.name in ("fix", "file") and reasons):
                continue
            style = "plain" if reasons or any(n.style == "primary" for n in found) else "primary"
            found.append(Next(step.label, self.url_of(step.name), ICONS[step.name], style, reasons=reasons))
        if len(found) > 1 and all(one.reasons for one in found):
            found = found[:1]  # pass and fail wait for the same thing
        return found

    def side(self) -> list[Action]:
        names = ("assign", "protect", "void")
        return [
            Action(FINDING[name].label, self.url_of(name), ICONS[name])
            for name in names
            if not FINDING.blockers(self.object, name, self.request.user)
        ]

    def url_of(self, step: str) -> str:
        return reverse(f"inspections:finding-{step}", args=[self.object.number])

    def turn(self, stage: str, ticket: Ticket | None) -> str:
        if stage == "open":
            return self.object.owner.name if self.object.owner else "责任人"
        if stage == "fixing" and ticket is not None:
            return ticket.lead.name if ticket.lead else "后勤"
        return "复查人（没有参加整改的人）" if stage == "recheck" else ""

    def steps(self, stage: str) -> list[dict[str, Any]]:
        one = self.object
        order = ("open", "fixing", "recheck", "closed")
        at = order.index(stage) if stage in order else 0
        days = {"open": one.found_at, "recheck": one.fixed_at, "closed": one.cleared_at}
        found = []
        for number, key in enumerate(order):
            day = days.get(key)
            note = short_day(day) if day and number <= at else ""
            current = number == at and stage != "closed"
            found.append(
                {"label": STATES[key] if key != "open" else "发现", "note": "已作废" if stage == "void" and current else note,
                 "past": number < at or stage == "closed", "current": current, "held": stage == "void" and current}
            )  # fmt: skip
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        one, stage, ticket = self.object, stage_of(self.object), head_of(self.object.ticket)
        sees_ticket = ticket is not None and Ticket.objects.visible_to(self.request.user).filter(pk=ticket.pk).exists()
        late, _ = due_words(one)
        return super().get_context(
            stage=stage, stage_word=STATES[stage], sign=SIGNS[stage], steps=self.steps(stage), moves=self.moves(),
            turn=self.turn(stage, ticket), side=self.side(), ticket=ticket, sees_ticket=sees_ticket, late=late,
            ticket_due=" ".join(filter(None, ticket_due(ticket))) if ticket is not None else "",
            rest=open_rest(ticket) if ticket is not None and ticket.state in ("checking", "done") else None,
            back=ticket if one.state == "closed" and back_in_work(ticket) else None,
            area=AREAS.get(one.area, one.area), photos=files.visible_photos(one, self.request.user), **extra,
        )  # fmt: skip


class FindingMove(ActionPage):
    """A step on a finding."""

    model = Finding
    slug_field = "number"
    related = RELATED
    flow = FINDING

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("ticket__helpers", "ticket__head__helpers")

    def get_crumbs(self) -> Any:
        return ((self.object.number, self.object.get_absolute_url()), (self.get_title(), ""))

    def get_words(self) -> str:
        return self.words or f"{self.object.place.full_name}：{self.object.words}"

    def get_success(self, record: Any) -> str:
        return self.success or f"{self.get_title()}：已办好。"

    def refuse(self, form: Any, reasons: list[str], status: int) -> Any:
        """Who was first, and what he did, when the record moved on meanwhile."""
        if status == 409:
            entry = LogEntry.objects.of(self.object).exclude(verb="refused").first()
            if entry is not None and entry.by_name and entry.by_id != self.actor().pk:
                reasons = [f"{entry.by_name}刚办过：{entry.text}。请看过最新情况再操作。"]
        return super().refuse(form, reasons, status)


class FixFinding(FindingMove):
    step, service, form_class = "fix", staticmethod(findings.fixed), forms.FixForm
    success = "已登记，等别人复查。"


class PassFinding(FindingMove):
    step, service, form_class = "pass", staticmethod(findings.pass_recheck), forms.PassForm
    success = "复查合格，已销号。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"photo_needed": needs_photo(self.object)}

    def get_success(self, record: Any) -> str:
        ticket = head_of(record.ticket)
        if ticket is not None and Ticket.objects.filter(pk=ticket.pk, state="checking").exists():
            return f"{self.success}报修单 {ticket.number} 还等报修人或保管人验收。"
        return self.success


class FailFinding(FindingMove):
    step, service, form_class = "fail", staticmethod(findings.fail_recheck), forms.FailForm
    submit_style = "danger"

    def get_success(self, record: Any) -> str:
        if record.ticket is None:
            return f"已退回重新整改（第 {record.recheck_failed} 次）。"
        return f"已退回，由报修单 {record.ticket.number} 返修（第 {record.recheck_failed} 次）。"


class FileFinding(FindingMove):
    step, service, form_class = "file", staticmethod(findings.file_ticket), forms.FileForm

    def get_initial(self) -> dict[str, Any]:
        line = self.object.line
        return {"category": line.category if line is not None else None}

    def get_success(self, record: Any) -> str:
        return f"由报修单 {record.ticket.number} 处理。"


class AssignFinding(FindingMove):
    step, service, form_class = "assign", staticmethod(findings.assign), forms.AssignForm
    submit_label = "保存"
    success = "已保存。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"finding": self.object}


class ProtectFinding(FindingMove):
    step, service, form_class = "protect", staticmethod(findings.protect), forms.ProtectForm
    submit_label = "保存"
    success = "已记下临时防护。"

    def get_initial(self) -> dict[str, Any]:
        return {"protection": self.object.protection}


class VoidFinding(FindingMove):
    step, service, form_class = "void", staticmethod(findings.void), forms.VoidForm
    success = "已作废。"


FINDING_MOVES = {
    "fix": FixFinding, "pass": PassFinding, "fail": FailFinding, "file": FileFinding, "assign": AssignFinding,
    "protect": ProtectFinding, "void": VoidFinding,
}  # fmt: skip
