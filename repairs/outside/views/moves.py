"""One page a move of an outside job: the flow says whether, the form asks what, the service does it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from campus.sessions import ConfirmedMixin
from core import files
from core.models import LogEntry
from core.pages import ActionPage, posted_version
from core.templatetags.houqin import money, wait
from core.workflow import RuleBroken
from finance.columns import APPROVERS
from finance.services import may_decide
from repairs.models import Ticket
from repairs.outside import fields, forms, services
from repairs.outside.comparing import compare
from repairs.outside.listings import may_see_money
from repairs.outside.models import OutsideJob
from repairs.outside.rules import FLOW, approval, payable
from repairs.outside.warranty import warranty_of
from repairs.rules import FLOW as TICKET_FLOW

RELATED = (
    "place", "place__building", "place__custodian", "category", "party", "expense", "budget_line", "contract", "project", "warranty_for",
    "created_by", "ordered_by", "approved_by", "approved_for", "acceptor_1", "acceptor_2", "checked_by", "checked_for", "decision_by",
    "emergency_by",
)  # fmt: skip


def named(job: OutsideJob) -> str:
    """The job by place and title; a title that came from a ticket begins with the place already."""
    return job.title if job.title.startswith(str(job.place)) else f"{job.place}：{job.title}"


class JobMove(ActionPage):
    """A step on an outside job."""

    model = OutsideJob
    slug_field = "number"
    related = RELATED
    flow = FLOW

    def get_crumbs(self) -> Any:
        return (
            ("外修", reverse("outside:list")),
            (self.object.number, self.object.get_absolute_url()),
            (self.get_title(), ""),
        )

    def back_url(self) -> str:
        return self.object.get_absolute_url()

    def get_words(self) -> str:
        return self.words or named(self.object)

    def get_success(self, record: Any) -> str:
        return self.success or f"{self.get_title()}：已办好。"

    def get_success_url(self, record: Any) -> str:
        """Back to the job, whatever the service returned; who sees it no more goes to the list."""
        visible = OutsideJob.objects.visible_to(self.request.user).filter(pk=self.object.pk).exists()
        return self.object.get_absolute_url() if visible else reverse("outside:list")

    def get_form_kwargs(self) -> dict[str, Any]:
        found = super().get_form_kwargs()
        kind = self.get_form_class()
        if kind is not None and issubclass(kind, forms.JobForm):
            found |= {"job": self.object, "user": self.request.user}
        return found

    def refuse(self, form: Any, reasons: list[str], status: int) -> HttpResponse:
        """A refusal because somebody else was first says who and what."""
        return super().refuse(form, self.meanwhile() or reasons, status)

    def meanwhile(self) -> list[str]:
        shown, by = posted_version(self.request), self.actor()
        fresh = OutsideJob.objects.get(pk=self.object.pk)
        if shown is None or fresh.version == shown:
            return []
        entry = LogEntry.objects.of(fresh).exclude(verb="refused").first()
        if entry is None or not entry.by_name or entry.by_id == by.pk:
            return []
        ago = wait(entry.at)
        ago = "刚刚" if ago.startswith("不到") else f" {ago}前"
        return [f"{entry.by_name}{ago}已办：{entry.text}。现在是“{fresh.word}”，请看过最新情况再操作。"]


# ---- asking -----------------------------------------------------------------------------------------------------------


class EditJob(JobMove):
    step, service, form_class = "edit", staticmethod(services.edit), forms.EditJobForm
    success = "已保存。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_initial(self) -> dict[str, Any]:
        job = self.object
        names = (
            "title",
            "place",
            "reason",
            "category",
            "promised_on",
            "budget_line",
            "contract",
            "project",
            "hidden_work",
            "retention_rate",
            "warranty_months",
        )
        return {name: getattr(job, name) for name in names} | {"lines": fields.line_rows(job)}

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        if data.get("promised_on") == record.promised_on:
            data.pop("promised_on")  # a day that has passed may stay while something else is mended
        return super().perform(record, data)


class AskQuotes(JobMove):
    step, service = "ask_quotes", staticmethod(services.ask_quotes)
    success = "已开始询价，请登记各家报价。"


class AddQuote(JobMove):
    step, service, form_class = "quote", staticmethod(services.add_quote), forms.QuoteForm
    success = "已登记报价。"


class DropQuote(JobMove):
    step, service, form_class = "quote", staticmethod(services.drop_quote), forms.DropQuoteForm
    title = "删去报价"
    submit_style = "danger"
    success = "已删去。"


class Submit(JobMove):
    step, service, form_class = "submit", staticmethod(services.submit), forms.SubmitForm
    template_name = "outside/compare_form.html"
    success = "已送审。"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(comparison=compare(self.object), shows_money=True, **extra)


class Decision(ConfirmedMixin, JobMove):
    """What spends money: the password was typed within the last 15 minutes, the quotes stand above the form."""

    template_name = "outside/compare_form.html"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        job, user = self.object, self.request.user
        money_seen = may_see_money(user)
        acting_for = None
        if job.expense is not None and job.expense.state == "waiting":
            acting_for = approval(job, user)[1] or may_decide(job.expense, user)[1]
        return super().get_context(
            comparison=compare(job) if money_seen else None, shows_money=money_seen, acting_for=acting_for,
            approver=APPROVERS.get(job.expense.approver_role, "") if job.expense else "",
            extra_work=job.variations.filter(state="waiting").prefetch_related("lines").first(), **extra,
        )  # fmt: skip

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        scan = next(iter(data.pop("scan", None) or ()), None)
        if scan is not None:
            data["minutes_scan"] = files.attach(record, scan, by=self.actor(), role="minutes", caption="会议纪要")
        return super().perform(record, data)


class Approve(Decision):
    step, service, form_class = "approve", staticmethod(services.approve), forms.ApproveForm
    success = "已批准，可以施工。"


class Refuse(Decision):
    step, service, form_class = "refuse", staticmethod(services.refuse), forms.WordsForm
    success = "已退回。"
    submit_style = "danger"


class ApproveLate(Decision):
    step, service, form_class = "approve_late", staticmethod(services.approve_late), forms.ApproveForm
    success = "已补批。"


class RefuseLate(Decision):
    step, service, form_class = "refuse_late", staticmethod(services.refuse_late), forms.WordsForm
    success = "没有批准，由校长决定如何结算。"
    submit_style = "danger"


class Rule(Decision):
    step, service, form_class = "rule", staticmethod(services.rule), forms.RuleForm
    success = "已记下决定。"


class Recall(JobMove):
    step, service, form_class = "recall", staticmethod(services.recall), forms.WordsForm
    success = "已撤回。"


class Emergency(ConfirmedMixin, JobMove):
    step, service, form_class = "emergency", staticmethod(services.emergency), forms.EmergencyForm
    success = "已紧急开工，请尽快补批。"


class BeginWarranty(JobMove):
    step, service, form_class = "begin_warranty", staticmethod(services.begin_warranty), forms.WarrantyForm
    success = "质保返修已开工。"


class Extra(JobMove):
    step, service, form_class = "extra", staticmethod(services.extra), forms.ExtraForm
    success = "增项已送审。"


class Bill(JobMove):
    step, service, form_class = "bill", staticmethod(services.bill), forms.BillForm
    success = "已保存项目和价格。"

    def get_initial(self) -> dict[str, Any]:
        return {"lines": fields.line_rows(self.object, priced=True)}


class Fail(JobMove):
    step, service, form_class = "fail", staticmethod(services.fail), forms.FailForm
    success = "已记入施工单位记录，请另选单位。"


class Redate(JobMove):
    step, service, form_class = "redate", staticmethod(services.redate), forms.RedateForm
    success = "已改承诺日期。"


class Join(JobMove):
    step, service, form_class = "join", staticmethod(services.join), forms.JoinForm
    success = "已并入。"


class TakeOff(JobMove):
    step, service, form_class = "take_off", staticmethod(services.take_off), forms.TakeOffForm
    success = "已移出，报修单回到后勤。"


class SetContract(JobMove):
    step, service, form_class = "contract", staticmethod(services.set_contract), forms.ContractForm
    success = "已登记合同。"


class Cancel(JobMove):
    step, service, form_class = "cancel", staticmethod(services.cancel), forms.ReasonForm
    back_label = "不取消，返回"
    success = "已取消，报修单回到后勤。"


# ---- work and acceptance ------------------------------------------------------------------------------------------------


class AddPhotos(JobMove):
    step, service, form_class = "photo", staticmethod(services.add_photos), forms.PhotosForm
    success = "已上传。"


class Done(JobMove):
    step, service, form_class = "done", staticmethod(services.done), forms.DoneForm
    success = "已报完工，等验收。"


class Record(JobMove):
    step, service, form_class = "record", staticmethod(services.record), forms.AcceptForm
    success = "已填验收结果，请另一位验收人签字。"


class Cosign(JobMove):
    step, service, form_class = "cosign", staticmethod(services.cosign), forms.OpinionForm
    template_name = "outside/sign_form.html"
    submit_label = "同意以上结论，签字"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows = self.object.tickets.filter(live=True).select_related("ticket__place", "ticket__category")
        return super().get_context(rows=rows, lines=self.object.lines.all(), **extra)

    def get_success(self, record: Any) -> str:
        return {
            "pricing": "验收合格，等财务核价。",
            "working": "已签字：不合格，返工。",
            "settled": "质保返修已验收。",
        }.get(record.state, "已签字：仍不合格，等后勤主任决定。")


class Sign(Cosign):
    step, service = "sign", staticmethod(services.sign)
    submit_label = "签字"

    def get_success(self, record: Any) -> str:
        return "已签字。"


class Decide(JobMove):
    step, service, form_class = "decide", staticmethod(services.decide), forms.DecideForm
    success = "已记下决定。"


class AddTasks(JobMove):
    step, service, form_class = "task", staticmethod(services.add_tasks), forms.TasksForm
    success = "已登记。"


class ChildMove(JobMove):
    """A move of a row of the job, which the form names."""

    child = ""

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return super().perform(data.pop(self.child), data)


class TaskDone(ChildMove):
    step, service, form_class, child = "task_done", staticmethod(services.task_done), forms.TaskDoneForm, "task"
    success = "已登记完成。"


class AcceptTask(ChildMove):
    step, service, form_class, child = "accept_task", staticmethod(services.accept_task), forms.AcceptTaskForm, "task"
    success = "已验收。"


class LeaveDefect(JobMove):
    step, service, form_class = "leave_defect", staticmethod(services.leave_defect), forms.DefectForm
    success = "已登记遗留问题。"


class MendDefect(ChildMove):
    step, service, form_class, child = "mend_defect", staticmethod(services.mend_defect), forms.MendForm, "defect"
    success = "已登记整改完成。"


# ---- price check and money ------------------------------------------------------------------------------------------------


class CheckPrices(JobMove):
    step, service, form_class = "check_prices", staticmethod(services.check_prices), forms.CheckForm
    template_name = "outside/check_form.html"
    title = "逐项核价"
    submit_label = "完成核价"

    def get_success(self, record: Any) -> str:
        return f"已核价：核定 {money(record.checked_amount)} 元。"


class Dispute(JobMove):
    step, service, form_class = "dispute", staticmethod(services.dispute), forms.WordsForm
    success = "已退回验收。"


class Agree(JobMove):
    step, service, form_class = "agree", staticmethod(services.agree), forms.AgreeForm
    success = "已登记确认。"


class DecideWords(JobMove):
    step, service, form_class = "decide_words", staticmethod(services.decide_words), forms.WordsForm
    success = "已写处理意见。"


class Contest(JobMove):
    step, service, form_class = "contest", staticmethod(services.contest), forms.WordsForm
    success = "已退回核价。"


class AddInvoice(JobMove):
    step, service, form_class = "invoice", staticmethod(services.add_invoice), forms.InvoiceForm
    success = "已登记发票。"

    def get_initial(self) -> dict[str, Any]:
        return {"amount": self.object.checked_amount} if self.object.checked_amount else {}


class Pay(ConfirmedMixin, JobMove):
    step, service, form_class = "pay", staticmethod(services.pay), forms.PayForm
    success = "已登记付款。"

    def get_initial(self) -> dict[str, Any]:
        invoice = forms.invoices_of(self.object).first()
        return {"amount": payable(self.object), "invoice": invoice.pk if invoice else None}

    def get_words(self) -> str:
        return f"{super().get_words()}：现在最多可付 {money(payable(self.object))} 元。"


class Refund(ConfirmedMixin, JobMove):
    step, service, form_class = "refund", staticmethod(services.refund), forms.RefundForm
    success = "已登记退款。"


class Settle(ConfirmedMixin, JobMove):
    step, service, form_class = "settle", staticmethod(services.settle), forms.OpinionForm
    success = "已结算。"


class PayRetention(ConfirmedMixin, JobMove):
    step, service, form_class = "pay_retention", staticmethod(services.pay_retention), forms.RetentionForm
    success = "已登记付质保金。"


class Forfeit(ConfirmedMixin, JobMove):
    step, service, form_class = "forfeit", staticmethod(services.forfeit), forms.ForfeitForm
    success = "已扣质保金。"


# ---- from a ticket --------------------------------------------------------------------------------------------------------


class Send(ActionPage):
    """/outside/send/<ticket>/: 转外修 from the ticket's page."""

    model = Ticket
    slug_field = "number"
    related = ("place", "place__building", "category", "category__parent")
    flow, step, form_class = TICKET_FLOW, "outside", forms.SendForm
    permission = "repairs.outside"
    submit_label = "转外修"

    def get_crumbs(self) -> Any:
        return ((self.object.number, self.object.get_absolute_url()), ("转外修", ""))

    def get_words(self) -> str:
        return f"{self.object.where}：{self.object.fault}"

    def get_form_kwargs(self) -> dict[str, Any]:
        warranty = warranty_of(self.object.place, self.object.category)
        return super().get_form_kwargs() | {"ticket": self.object, "user": self.request.user, "warranty": warranty}

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        """`into` says which of the three: back under warranty, a job of its own, or an open one."""
        warranty = warranty_of(record.place, record.category)
        tickets, into = [record, *data.get("others", [])], data["into"]
        if into == "warranty":
            if warranty is None:  # it ended since the form was read
                raise RuleBroken("质保已经到期，请另开外修单询价。")
            return services.send_back_under_warranty(
                tickets, by=self.actor(), job=warranty, promised_on=data["promised_on"], reason=data["reason"]
            )
        if into == "new":
            return services.send_outside(
                tickets, by=self.actor(), promised_on=data["promised_on"], reason=data["reason"], lines=data["lines"]
            )
        return services.send_outside(tickets, by=self.actor(), job=OutsideJob.objects.get(pk=int(into)))

    def get_success(self, record: Any) -> str:
        return f"已转外修：{record.number}。"


MOVES = {
    "edit": EditJob, "ask_quotes": AskQuotes, "quote": AddQuote, "submit": Submit, "approve": Approve, "refuse": Refuse,
    "approve_late": ApproveLate, "refuse_late": RefuseLate, "rule": Rule, "recall": Recall, "emergency": Emergency,
    "begin_warranty": BeginWarranty, "extra": Extra, "bill": Bill, "fail": Fail, "redate": Redate, "join": Join, "take_off": TakeOff,
    "contract": SetContract, "cancel": Cancel, "photo": AddPhotos, "done": Done, "record": Record, "cosign": Cosign, "sign": Sign,
    "decide": Decide, "task": AddTasks, "task_done": TaskDone, "accept_task": AcceptTask, "leave_defect": LeaveDefect,
    "mend_defect": MendDefect, "check_prices": CheckPrices, "dispute": Dispute, "agree": Agree, "decide_words": DecideWords,
    "contest": Contest, "invoice": AddInvoice, "pay": Pay, "refund": Refund, "settle": Settle, "pay_retention": PayRetention,
    "forfeit": Forfeit,
}  # fmt: skip
__all__ = ["MOVES", "RELATED", "DropQuote", "JobMove", "Send", "named"]
