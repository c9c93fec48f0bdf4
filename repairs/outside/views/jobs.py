"""The list of outside jobs, a new one, the page of one, and the list of contractors."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from core import files
from core.models import LogEntry
from core.pages import Action, DetailPage, FormPage, ListPage
from core.rights import can
from core.templatetags.houqin import day, short_day
from finance.columns import APPROVERS
from finance.models import Payment
from repairs.outside import forms, services
from repairs.outside.comparing import compare
from repairs.outside.listings import SIGNS, ContractorList, JobList, figures, may_see_money
from repairs.outside.models import ACCEPTED, AcceptanceSign, OutsideJob, Variation
from repairs.outside.rules import FLOW, invoiced_amount, paid_so_far, payable
from repairs.outside.views.moves import RELATED, named
from repairs.views.tickets import Next

READERS = ("repairs.outside", "finance.view", "repairs.view_all", "repairs.report")
ICONS = {
    "ask_quotes": "message-square", "submit": "stamp", "approve": "circle-check", "refuse": "undo-2", "recall": "rotate-ccw",
    "begin_warranty": "shield-check", "emergency": "siren", "approve_late": "circle-check", "refuse_late": "ban", "rule": "gavel",
    "extra": "list-plus", "fail": "ban", "done": "hard-hat", "record": "clipboard-check", "cosign": "signature", "decide": "gavel",
    "check_prices": "calculator", "dispute": "undo-2", "agree": "file-check", "decide_words": "message-square", "contest": "undo-2",
    "settle": "badge-check", "pay_retention": "hand-coins", "forfeit": "scale", "cancel": "x",
}  # fmt: skip
SIDE = (  # quiet steps: (name, label, icon), shown beside what they belong to
    ("edit", "修改", "pencil"), ("redate", "改承诺日期", "calendar"), ("join", "并入报修单", "link"), ("take_off", "移出报修单", "unlink"),
    ("contract", "登记合同", "file-text"), ("sign", "参加验收，签字", "signature"), ("bill", "补列项目和价格", "list-plus"),
)  # fmt: skip
STEPS = (
    ("proposed", "拟外修"), ("quoting", "询价"), ("approving", "审批"), ("working", "施工"), ("checking", "验收"), ("pricing", "核价"),
    ("settling", "结算"),
)  # fmt: skip


class Jobs(ListPage):
    """/outside/."""

    permission = READERS
    listing = JobList
    template_name = "outside/job_list.html"
    tabs = (("全部", ""), ("未结束", "state=open"), ("紧急先行未批", "emergency=1"), ("质保期内", "warranty=1"))

    def get_actions(self) -> Iterable[Action]:
        user = self.request.user
        if can(user, "repairs.outside"):
            yield Action("新开外修单", reverse("outside:new"), "plus", "primary")
        if can(user, "finance.view"):
            yield Action("外修单位", reverse("outside:contractors"), "hard-hat")

    def get_tabs(self) -> Iterable[tuple[str, str]]:
        """What concerns only those who handle money stays away from the others."""
        return [tab for tab in self.tabs if may_see_money(self.request.user) or not tab[1].startswith("emergency")]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(figures=figures(self.request.user, reverse("outside:list")), **extra)


class NewJob(FormPage):
    """/outside/new/: a repair, a service or works, with or without tickets."""

    model = OutsideJob
    permission = "repairs.outside"
    form_class = forms.NewJobForm
    creates = True
    title = "新开外修单"
    submit_label = "登记"

    def get_crumbs(self) -> Any:
        return (("外修", reverse("outside:list")), ("新开外修单", ""))

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def save(self, form: Any) -> OutsideJob:
        return services.propose(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Any) -> str:
        return f"已登记 {record.number}。"


class JobPage(DetailPage):
    """/outside/<number>/."""

    model = OutsideJob
    slug_field = "number"
    related = RELATED
    template_name = "outside/job_detail.html"

    def get_title(self) -> str:
        return named(self.object)

    def get_crumbs(self) -> Any:
        return (("外修", reverse("outside:list")), (self.object.number, ""))

    @cached_property
    def shows_money(self) -> bool:
        return may_see_money(self.request.user)

    def url_of(self, step: str) -> str:
        return reverse(f"outside:job-{step.replace('_', '-')}", args=[self.object.number])

    @cached_property
    def quiet(self) -> set[str]:
        """The steps without a button of their own that this user may take now."""
        job, user = self.object, self.request.user
        return {
            one.name
            for one in FLOW.steps
            if one.quiet and job.state in one.sources and not FLOW.blockers(job, one.name, user)
        }

    @cached_property
    def moves(self) -> list[Next]:
        """What this user may do now; the first that invites is filled."""
        job, user = self.object, self.request.user
        found: list[Next] = []
        for step, reasons in FLOW.open_to(job, user):
            recorded = job.acceptor_1_id and job.verdict
            if step.name == "record" and recorded and not job.undecided and job.acceptor_1_id != user.pk:
                continue  # his part is the second signature
            if step.name == "cosign" and (not recorded or job.acceptor_1_id == user.pk):
                continue
            if (
                step.name in ("begin_warranty", "ask_quotes", "submit", "emergency", "extra", "rule", "decide")
                and reasons
                and job.warranty_for_id
            ):
                continue
            if step.name in ("begin_warranty", "rule", "decide", "approve_late", "refuse_late") and reasons:
                continue  # not the usual road: offered only when it is open
            if step.name == "check_prices" and not reasons:
                continue  # it stands on the page as a table
            invites = (
                not reasons
                and not step.danger
                and step.name
                not in ("refuse", "refuse_late", "recall", "dispute", "contest", "extra", "forfeit", "emergency")
            )
            style = "primary" if invites and not any(one.style == "primary" for one in found) else "plain"
            method = "post" if step.name == "ask_quotes" else "get"
            found.append(Next(step.label, self.url_of(step.name), ICONS.get(step.name, ""), style, method, reasons))
        if "quote" in self.quiet:
            has_lines = self.object.lines.exists()
            reasons = [] if has_lines else ["还没有写要做的项目，请先点“修改”列出项目。"]
            style = "plain" if not has_lines or any(one.style == "primary" for one in found) else "primary"
            found.insert(0, Next("登记报价", self.url_of("quote"), "plus", style, "get", reasons))
        return sorted(found, key=lambda one: bool(one.reasons))

    def get_actions(self) -> Iterable[Action]:
        job = self.object
        address = lambda name: reverse(f"outside:print-{name}", args=[job.number])  # noqa: E731
        if self.shows_money and job.quotes.exists():
            yield Action("打印比价表", address("quotes"), "printer", desk_only=True)
        if job.state in ("checking", *ACCEPTED):
            yield Action("打印验收单", address("acceptance"), "printer", desk_only=True)
        if self.shows_money and job.checked_amount is not None:
            yield Action("打印核价单", address("check"), "printer", desk_only=True)
            if job.kind == "works":
                yield Action("打印结算单", address("settlement"), "printer", desk_only=True)

    def side(self) -> list[Action]:
        job = self.object
        hidden = {
            "take_off": not job.tickets.filter(live=True).exists(), "bill": not job.emergency_by_id,
            "contract": job.party_id is None, "sign": job.acceptor_1_id == self.request.user.pk,
        }  # fmt: skip
        return [
            Action(label, self.url_of(name), icon)
            for name, label, icon in SIDE
            if name in self.quiet and not hidden.get(name)
        ]

    def turn(self) -> str:
        """Who is expected to move."""
        job = self.object
        if job.undecided:
            return "后勤主任"
        if job.state == "approving" and job.expense:
            return APPROVERS.get(job.expense.approver_role, "")
        return {
            "proposed": "后勤", "quoting": "后勤", "working": str(job.party or ""), "checking": "报修人、保管人和另一位验收人", "pricing": "财务",
            "settling": "后勤和财务",
        }.get(job.state, "财务" if job.state == "settled" and job.retention_left > 0 else "")  # fmt: skip

    def progress(self, entries: list[LogEntry]) -> list[dict[str, Any]]:
        """The seven steps with their days."""
        job = self.object
        order = [key for key, _ in STEPS]
        position = len(order) if job.state == "settled" else order.index(job.state) if job.state in order else 0
        asked = next((entry.at for entry in reversed(entries) if entry.verb == "ask_quotes"), None)
        days = {
            "proposed": job.created_at, "quoting": asked, "approving": job.approved_at or job.ordered_at, "working": job.started_on,
            "checking": job.accepted_at or job.done_on, "pricing": job.checked_at, "settling": job.settled_at,
        }  # fmt: skip
        return [
            {"label": label, "past": number < position, "current": number == position, "held": job.state == "cancelled" or job.undecided,
             "note": (job.word if job.state == "cancelled" else "现在") if number == position else short_day(days[key]) if number < position and days[key] else ""}
            for number, (key, label) in enumerate(STEPS)
        ]  # fmt: skip

    def chain(self) -> list[dict[str, Any]]:
        """Who signed what, and who has still to sign."""
        job = self.object
        found: list[dict[str, Any]] = []

        def link(act: str, who: Any, words: str, reasons: Iterable[str] = (), acting_for: Any = None) -> None:
            name = " ".join(
                filter(None, [getattr(who, "name", who) or "", f"（代{acting_for.name}）" if acting_for else ""])
            ).replace(" （", "（")
            found.append({"act": act, "who": name, "words": words, "todo": not name, "reasons": list(reasons)})

        link(
            "经办",
            job.ordered_by,
            f"{day(job.ordered_at)} · {job.reason}" if job.ordered_by else f"自修不了：{job.reason}",
        )
        if job.emergency_by:
            refused = "，没有获批" if job.emergency_refused else ""
            link("紧急先行", job.emergency_by, f"{job.emergency_reason}{refused}")
        if not job.warranty_for_id:
            role = APPROVERS.get(job.expense.approver_role, "") if job.expense else ""
            approved_words = f"{day(job.approved_at)} · {role}审批额度"
            if job.expense and job.expense.minutes_number:
                approved_words += f" · 会议纪要 {job.expense.minutes_number}"
            link(
                "审批",
                job.approved_by,
                approved_words if job.approved_by else f"由{role}审批" if role else "选定报价后送审",
                acting_for=job.approved_for,
            )
        signs = [one for one in job.signs.all() if one.round == job.round] if job.acceptor_1_id else []
        members = "、".join(dict.fromkeys(one.user.name for one in signs))
        if job.acceptor_2_id:
            link(
                "验收",
                members,
                f"{day(job.accepted_at)} · {job.get_verdict_display()}{'：' + job.verdict_words if job.verdict_words else ''}",
            )
        else:
            link(
                "验收",
                "",
                f"{members}已签，还差一位" if members else "两人签字，其中一位是报修人、保管人、宿管或司务长",
            )
        if not job.warranty_for_id:
            link(
                "核价",
                job.checked_by,
                day(job.checked_at) if job.checked_by else "不得为经办人、审批人、验收人",
                FLOW.missing(job, "check_prices") if job.state == "pricing" else (),
                job.checked_for,
            )
            agreed = f"{day(job.agreed_on)} 确认" if job.agreed_on else ""
            link(
                "施工单位",
                job.agreed_name or (job.decision_words and "有处理意见"),
                agreed or job.decision_words or "确认核定金额",
            )
            reasons = FLOW.missing(job, "settle") if job.state == "settling" else ()
            link(
                "结算",
                day(job.settled_at) if job.settled_at else "",
                "" if job.settled_at else "发票、付款齐了再结算",
                reasons,
            )
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        job, user = self.object, self.request.user
        entries = list(self.timeline())
        checks = self.shows_money and job.state == "pricing" and not FLOW.blockers(job, "check_prices", user)
        check_form = forms.CheckForm(job=job, user=user) if checks else None
        if check_form is not None:
            check_form.version = job.version
        facts: dict[str, Any] = {}
        lines = list(job.lines.select_related("variation"))
        known = {  # which columns have something to say
            "done": any(line.accepted_quantity is not None for line in lines),
            "priced": self.shows_money and any(line.unit_price is not None for line in lines),
            "checked": self.shows_money and any(line.checked_price is not None for line in lines),
        }
        if self.shows_money:
            facts = {
                "comparison": compare(job), "paid": paid_so_far(job), "payable": payable(job), "invoiced": invoiced_amount(job),
                "payments": Payment.objects.filter(expense__source_number=job.number).select_related("invoice", "by").order_by("on", "pk"),
                "invoices": [row.invoice for row in job.invoices.select_related("invoice")],
            }  # fmt: skip
        return super().get_context(
            sign=SIGNS[job.state], steps=self.progress(entries), moves=self.moves, turn=self.turn(), side=self.side(), quiet=self.quiet,
            chain=self.chain(), shows_money=self.shows_money, check_form=check_form, check_url=self.url_of("check_prices"),
            rows=list(job.tickets.select_related("ticket__place", "ticket__category").order_by("ticket_id")),
            lines=lines, known=known, variations=[(one, Variation.STATES[one.state]) for one in job.variations.select_related("by")],
            tasks=list(job.tasks.select_related("accepted_by")), defects=list(job.defects.select_related("done_by")),
            warranty_jobs=list(job.warranty_jobs.all()), photos=files.photos(job), entries=entries, **facts, **extra,
        )  # fmt: skip

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related(Prefetch("signs", AcceptanceSign.objects.select_related("user")))

    def timeline(self) -> Iterable[LogEntry]:
        hidden = () if can(self.request.user, "repairs.outside") else ("refused",)
        return LogEntry.objects.of(self.object).exclude(verb__in=hidden).select_related("acting_for")[:80]


class Contractors(ListPage):
    """/outside/contractors/: each leads to its page among the parties."""

    permission = "finance.view"
    listing = ContractorList
    saving = False

    def get_crumbs(self) -> Any:
        return (("外修", reverse("outside:list")), ("外修单位", ""))
