"""One page a move: the flow says whether, the form asks what, the service does it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from core.models import LogEntry
from core.pages import ActionPage, posted_version
from core.templatetags.houqin import wait
from repairs import forms, services
from repairs.models import Ticket
from repairs.rules import FLOW, Guest
from repairs.views.tickets import RELATED


def ago(moment: Any) -> str:
    """How long ago, inside a sentence: 刚刚, or ` 3 分钟前`."""
    words = wait(moment)
    return "刚刚" if words.startswith("不到") else f" {words}前"


class Move(ActionPage):
    """A step on a ticket."""

    model = Ticket
    slug_field = "number"
    related = RELATED
    flow = FLOW
    back_label = "返回"

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("helpers", "followers")

    def get_crumbs(self) -> Any:
        return ((self.object.number, self.object.get_absolute_url()), (self.get_title(), ""))

    def get_words(self) -> str:
        return self.words or f"{self.object.where}：{self.object.fault}"

    def get_success(self, record: Any) -> str:
        return self.success or f"{self.get_title()}：已办好。"

    def refuse(self, form: Any, reasons: list[str], status: int) -> HttpResponse:
        """A refusal because somebody else was first says who, when and what."""
        return super().refuse(form, self.meanwhile() or reasons, status)

    def meanwhile(self) -> list[str]:
        """What another user did to the ticket since this form was shown; guests are told no names."""
        shown, by = posted_version(self.request), self.actor()
        fresh = Ticket.objects.get(pk=self.object.pk)
        if shown is None or fresh.version == shown or isinstance(by, Guest) or not self.blockers(fresh):
            return []
        entry = LogEntry.objects.of(fresh).exclude(verb__in=["refused", "say", "open"]).first()
        if entry is None or not entry.by_name or entry.by_id == by.pk:
            return []
        return [f"{entry.by_name}{ago(entry.at)}已办：{entry.text}。现在是“{fresh.word}”，请看过最新情况再操作。"]


class NeedsTicket(Move):
    """A move whose form looks at the ticket."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"ticket": self.object}


class AcceptTicket(Move):
    step, service, form_class = "accept", staticmethod(services.accept), forms.AcceptForm
    success = "已受理。"


class AskReporter(Move):
    step, service, form_class = "ask", staticmethod(services.ask), forms.AskForm
    success = "已请报修人补充，这段时间不计时。"


class AnswerQuestion(Move):
    step, service, form_class = "answer", staticmethod(services.answer), forms.AnswerForm
    success = "已回复。"

    def get_words(self) -> str:
        return f"后勤问：{self.object.ask_words}" if self.object.ask_words else super().get_words()


class DeclineTicket(Move):
    step, service, form_class = "decline", staticmethod(services.decline), forms.DeclineForm
    success = "已答复报修人：不予受理。"


class MergeTicket(Move):
    step, service, form_class = "merge", staticmethod(services.merge), forms.MergeForm
    success = "已合并，报修人改跟那张单。"


class RestoreTicket(Move):
    step, service, form_class = "restore", staticmethod(services.restore), forms.OptionalReasonForm
    success = "已恢复，重新待受理。"


class ClaimTicket(Move):
    step, service, form_class = "claim", staticmethod(services.claim), forms.OptionalReasonForm
    success = "这件现在由您跟进，后勤会重新受理。"


class DispatchTicket(NeedsTicket):
    step, service, form_class = "dispatch", staticmethod(services.dispatch), forms.DispatchForm

    def blockers(self, record: Any) -> list[str]:
        """An ordinary new ticket is accepted in the same breath: only other reasons count."""
        found = super().blockers(record)
        accepting = record.state == "new" and not FLOW.blockers(record, "accept", self.actor())
        return [] if accepting else found

    def meanwhile(self) -> list[str]:
        fresh = Ticket.objects.select_related("lead", "dispatched_by").get(pk=self.object.pk)
        if fresh.lead is None or fresh.dispatched_by is None or fresh.state not in ("dispatched", "doing", "held"):
            return super().meanwhile()
        return [f"{fresh.dispatched_by.name}{ago(fresh.dispatched_at)}已派给{fresh.lead.name}。需要换人，请用“改派”。"]

    def get_success(self, record: Any) -> str:
        return f"已派给{record.lead.name}。"


class ReassignTicket(NeedsTicket):
    step, service, form_class = "reassign", staticmethod(services.reassign), forms.ReassignForm

    def get_success(self, record: Any) -> str:
        return f"已改派给{record.lead.name}。"


class TakeTicket(Move):
    step, service = "take", staticmethod(services.take)
    success = "已接单。"


class StartWork(Move):
    step, service = "start", staticmethod(services.start)
    success = "已开始维修。"


class HoldTicket(Move):
    step, service, form_class = "hold", staticmethod(services.hold), forms.HoldForm
    success = "已挂起，报修人会看到原因和日期。"


class RedateTicket(Move):
    step, service, form_class = "redate", staticmethod(services.redate), forms.RedateForm
    success = "已改预计日期。"


class ResumeTicket(Move):
    step, service = "resume", staticmethod(services.resume)
    success = "已恢复。"


class HandBack(Move):
    step, service, form_class = "hand_back", staticmethod(services.hand_back), forms.ReasonForm
    success = "已退回后勤。"


class FinishTicket(NeedsTicket):
    step, service, form_class = "finish", staticmethod(services.finish), forms.FinishForm
    template_name = "repairs/ticket_finish.html"
    success = "已报完工，等报修人验收。"


class AcceptWork(Move):
    step, service = "accept_work", staticmethod(services.accept_work)
    success = "已验收，谢谢您。"
    submit_label = "修好了，验收"

    def get_form_class(self) -> Any:
        hazard = self.object.hazard and not self.object.cleared_at
        return forms.AcceptHazardForm if hazard else forms.AcceptWorkForm

    def blockers(self, record: Any) -> list[str]:
        """A hazard not yet cleared: who may clear it does both here, with the photo."""
        found = super().blockers(record)
        if found and record.hazard and not record.cleared_at and not FLOW.blockers(record, "clear", self.actor()):
            return FLOW[self.step].who(record, self.actor()) and found or []
        return found


class SendBack(Move):
    step, service, form_class = "send_back", staticmethod(services.send_back), forms.ReasonForm
    success = "已退回返修。"


class ReopenTicket(Move):
    step, service, form_class = "reopen", staticmethod(services.reopen), forms.ReasonForm
    success = "已通知返修。"


class ClearHazard(Move):
    step, service, form_class = "clear", staticmethod(services.clear), forms.ClearForm
    success = "隐患已销号。"


class RateTicket(Move):
    step, service, form_class = "rate", staticmethod(services.rate), forms.RateForm
    success = "谢谢您的评价。"


class ChaseTicket(Move):
    step, service, form_class = "chase", staticmethod(services.chase), forms.ChaseForm
    success = "已催办，后勤和维修工都会看到。"


class WithdrawTicket(Move):
    step, service, form_class = "withdraw", staticmethod(services.withdraw), forms.ReasonForm
    success = "已撤销。"
    back_label = "不撤销，返回"

    def blockers(self, record: Any) -> list[str]:
        found = super().blockers(record)
        if found and not FLOW.blockers(record, "pass_on", self.actor()) and not record.hazard:
            return []  # others follow it: it goes to the first of them instead
        return found

    def get_words(self) -> str:
        if self.object.followers.exists():
            return f"{super().get_words()}。还有别人也遇到，撤销后转给第一位跟进。"
        return f"{super().get_words()}。撤销后师傅不再上门，记录保留；还坏可以重新报修。"

    def get_success(self, record: Any) -> str:
        return "已转给也遇到的人跟进。" if record.is_open else "已撤销。"

    def get_success_url(self, record: Any) -> str:
        visible = Ticket.objects.visible_to(self.request.user).filter(pk=record.pk).exists()
        return record.get_absolute_url() if visible else "/"


class CorrectTicket(Move):
    step, service, form_class = "correct", staticmethod(services.correct), forms.CorrectForm
    success = "已更正。"

    def get_initial(self) -> dict[str, Any]:
        t = self.object
        return {
            "place": t.place, "detail": t.detail, "category": t.category.name, "asset": t.asset.number if t.asset else "",
            "quantity": t.quantity,
        }  # fmt: skip


class SetPriority(Move):
    step, service, form_class = "prioritise", staticmethod(services.prioritise), forms.PriorityForm
    success = "已改优先级。"

    def get_initial(self) -> dict[str, Any]:
        return {"priority": self.object.priority}

    def get_words(self) -> str:
        return f"系统的依据：{self.object.priority_words or '按故障类别'}"


class RaiseHazard(Move):
    step, service, form_class = "raise_hazard", staticmethod(services.raise_hazard), forms.OptionalProtectionForm
    success = "已列为安全隐患。"


class LowerHazard(Move):
    step, service, form_class = "lower_hazard", staticmethod(services.lower_hazard), forms.ReasonForm
    success = "已解除安全隐患。"


class Protect(Move):
    step, service, form_class = "protect", staticmethod(services.protect), forms.ProtectionForm
    success = "已记临时防护。"

    def get_initial(self) -> dict[str, Any]:
        return {"protection": self.object.protection}


class MarkPhoned(Move):
    step, service, form_class = "phone", staticmethod(services.mark_phoned), forms.PhonedForm
    success = "已记电话通知。"


class MarkSeen(Move):
    step, service = "open", staticmethod(services.mark_seen)
    success = "已记下：后勤看到了。"


class DrawMaterial(Move):
    step, service, form_class = "draw", staticmethod(services.draw), forms.DrawForm
    success = "已领料，从库存扣减。"


class GiveBackMaterial(NeedsTicket):
    step, service, form_class = "give_back", staticmethod(services.give_back), forms.GiveBackForm
    success = "已退料，库存已加回。"


class Say(Move):
    """留言 on the ticket's own page."""

    step, service, form_class = "say", staticmethod(services.say), forms.SayForm
    success = "留言已发送。"


class JoinTicket(Move):
    """我也遇到; whoever may report may join, he need not see the ticket."""

    step, service = "join", staticmethod(services.join)
    permission = "repairs.report"

    def get_queryset(self) -> Any:
        return Ticket.objects.select_related(*RELATED).prefetch_related("helpers", "followers")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(self.object.get_absolute_url())

    def get_success(self, record: Any) -> str:
        return f"已记下您也遇到，单号 {record.number}，修好会告诉您。"
