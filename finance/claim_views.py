"""Pages of claims (损坏赔偿): list, one claim, every step, the paper. Names only for those who may."""

from __future__ import annotations

import re
from typing import Any

from django.urls import NoReverseMatch, reverse

from campus import profile
from core.money import capital, plain
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.rights import can
from finance import claims, forms, listings, rules
from finance.models import Claim, Payment
from finance.tables import Table
from finance.views import VIEW, Crumbed, RecordDetail

HANDLES = "finance.claims"
TICKET = re.compile(r"BX[0-9]{6}-[0-9]{4,7}")


class ClaimList(Crumbed, ListPage):
    permission = (HANDLES, VIEW)
    listing = listings.ClaimListing
    tabs = (
        ("全部", ""),
        ("未结", "open=1"),
        ("待认定", "state=to_judge"),
        ("待缴", "state=due"),
        ("有异议", "objection=1"),
    )

    def get_actions(self) -> list[Action]:
        return (
            [Action("登记赔偿", reverse("finance:claim-new"), "plus", "primary")]
            if can(self.request.user, HANDLES)
            else []
        )


class ClaimPage(Crumbed):
    """What the pages of one claim share."""

    model = Claim
    slug_field = "number"
    related = ("class_group", "class_group__teacher", "proposed_by", "judged_by", "waived_by", "answered_by")
    request: Any

    def get_crumbs(self) -> list[tuple[str, str]]:
        user = self.request.user
        may_list = any(can(user, one) for one in ClaimList.permission)
        return [*super().get_crumbs(), ("损坏赔偿", reverse("finance:claims"))] if may_list else []


class ClaimDetail(ClaimPage, RecordDetail):
    def get_title(self) -> str:
        return f"损坏赔偿：{self.object.what}"

    def get_actions(self) -> list[Action]:
        return [Action("打印赔偿单", reverse("finance:claim-paper", args=[self.object.number]), "printer")]

    def facts(self) -> list[tuple[str, Any]]:
        one, user = self.object, self.request.user
        found = [
            ("单号", one.number), ("状态", one.get_state_display()), ("数量", one.quantity), ("地点", one.place_words),
            ("班级", one.class_group.name if one.class_group else ""), ("来源", f"{one.get_source_display()} {one.source_number}".strip()),
            ("成本", f"{plain(one.cost)} 元（{one.get_cost_kind_display()}）"), ("计价依据", one.cost_words),
            ("应赔", f"{plain(one.amount)} 元"), ("已缴", f"{plain(one.received)} 元"), ("缴费期限", one.due_on or ""),
            ("提出人", one.proposed_by.name), ("认定人", one.judged_by.name if one.judged_by else ""), ("认定意见", one.judged_words),
        ]  # fmt: skip
        if one.may_see_name(user):
            found.append(("赔偿人", one.person_name))
            if one.objection:
                found.append(("异议", f"{one.objection}（{one.objected_on:%Y-%m-%d}）"))
                found.append(
                    ("答复", f"{one.objection_answer}（{one.answered_by.name}）" if one.answered_by else "等答复")
                )
        elif one.objection:
            found.append(("异议", "有异议，已答复" if one.answered_by else "有异议，等答复"))
        if one.end_words:
            found.append(("原因", one.end_words + (f"（批准人：{one.waived_by.name}）" if one.waived_by else "")))
        return found

    def moves(self) -> list[dict[str, Any]]:
        found = []
        for step, reasons in rules.CLAIM.open_to(self.object, self.request.user):
            url = reverse(f"finance:claim-{step.name.replace('_', '-')}", args=[self.object.number])
            if step.name == "answer" and (self.object.answered_by_id or not self.object.objection):
                continue
            found.append({"label": step.label, "url": url, "style": "plain", "reasons": reasons})
        if found and not found[0]["reasons"]:
            found[0]["style"] = "primary"
        if self.object.source_url:
            found.append(
                {
                    "label": f"看{self.object.source_number}",
                    "url": self.object.source_url,
                    "style": "plain",
                    "reasons": [],
                }
            )
        return sorted(found, key=lambda move: bool(move["reasons"]))

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows = Payment.objects.filter(claim=self.object).select_related("by").order_by("on", "pk")
        opens = can(self.request.user, VIEW)
        table = Table(
            "缴款", (("单号", "text"), ("日期", "date"), ("类型", "text"), ("收入（元）", "money+"), ("凭证号", "text"), ("经办人", "text")),
            [(p.number, p.on, p.get_kind_display(), -p.amount, p.voucher, p.by.name) for p in rows],
            [{0: p.get_absolute_url()} for p in rows] if opens else [], empty="还没有缴款。",
        )  # fmt: skip
        return super().get_context(moves=self.moves(), tables=[table], **extra)


class ClaimNew(Crumbed, FormPage):
    permission = HANDLES
    model = Claim
    creates = True
    form_class = forms.ClaimForm
    title = "登记赔偿"
    submit_label = "提交，等认定"
    under = ("损坏赔偿", "finance:claims")

    def ticket(self) -> tuple[str, str] | None:
        """(number, address) of the ticket that the address of the page names."""
        number = self.request.GET.get("ticket", "")
        if not TICKET.fullmatch(number):
            return None
        try:
            return number, reverse("repairs:ticket", args=[number])
        except NoReverseMatch:
            return None

    def get_initial(self) -> dict[str, Any]:
        given = self.request.GET
        return (
            {"what": given.get("what", "")[:120], "place_words": given.get("place", "")[:120]} if self.ticket() else {}
        )

    def back_url(self) -> str:
        found = self.ticket()
        return found[1] if found else super().back_url()

    def save(self, form: Any) -> Claim:
        found = self.ticket()
        source = {"source": "ticket", "source_number": found[0], "source_url": found[1]} if found else {}
        return claims.propose(by=self.actor(), **form.cleaned_data, **source)

    def get_success(self, record: Claim) -> str:
        return f"已登记 {record.number}，由别人认定。"


class ClaimStep(ClaimPage, ActionPage):
    """A step on a claim."""

    flow = rules.CLAIM

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.object.number, self.object.get_absolute_url())]

    def get_words(self) -> str:
        one = self.object
        return f"{one.number}：{one.what}，应赔 {plain(one.amount)} 元，已缴 {plain(one.received)} 元。"

    def get_success_url(self, record: Any) -> str:
        return self.object.get_absolute_url()


class ClaimJudge(ClaimStep):
    step = "judge"
    form_class = forms.JudgeForm
    service = staticmethod(claims.judge)
    success = "已认定。"


class ClaimReceive(ClaimStep):
    step = "receive"
    form_class = forms.ReceiveForm
    service = staticmethod(claims.receive)
    success = "已登记缴款。"

    def get_initial(self) -> dict[str, Any]:
        return {"amount": self.object.left}


class ClaimObject(ClaimStep):
    step = "object"
    form_class = forms.ObjectForm
    service = staticmethod(claims.object_to)
    success = "已记下异议，等答复。"


class ClaimAnswer(ClaimStep):
    step = "answer"
    form_class = forms.AnswerForm
    service = staticmethod(claims.answer)
    success = "已答复。"


class ClaimWaive(ClaimStep):
    step = "waive"
    form_class = forms.ReasonForm
    service = staticmethod(claims.waive)
    success = "已减免。"


class ClaimWithdraw(ClaimStep):
    step = "withdraw"
    form_class = forms.ReasonForm
    service = staticmethod(claims.withdraw)
    success = "已撤销。"


class ClaimGiveBack(ClaimStep):
    step = "give_back"
    form_class = forms.GiveBackForm
    service = staticmethod(claims.give_back)
    success = "已退款。"


class ClaimPaper(ClaimPage, DetailPage):
    """损坏赔偿单 on A4, with 大写."""

    template_name = "finance/claim_paper.html"

    def get_title(self) -> str:
        return f"损坏赔偿单 {self.object.number}"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            named=self.object.may_see_name(self.request.user), capital=capital(self.object.amount),
            payments=Payment.objects.filter(claim=self.object).order_by("on", "pk"), school=profile.current(), **extra,
        )  # fmt: skip
