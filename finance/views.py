"""Pages of money: payments and their tasks, approvals, expenses, invoices."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from campus.duty import acts_for
from core import clock, files
from core.money import capital, plain
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage, Page
from core.panels import Panel, panels_for
from core.rights import can, scopes
from core.workflow import Stale
from finance import forms, listings, rules, services
from finance.booking import correctable
from finance.models import Claim, Expense, Invoice, Payment
from finance.monthly import MonthListPage
from finance.panels import waiting_panels
from finance.tables import Table

VIEW = "finance.view"


def crumb_home(user: Any) -> list[tuple[str, str]]:
    """The way back for those who may open the front page."""
    return [("财务", reverse("finance:home"))] if can(user, VIEW) else []


class Crumbed:
    """Pages below the front page; `under` names the list in between."""

    under: tuple[str, str] | None = None  # (label, URL name)
    request: HttpRequest

    def get_crumbs(self) -> list[tuple[str, str]]:
        found = crumb_home(self.request.user)
        return [*found, (self.under[0], reverse(self.under[1]))] if self.under else found


class RecordDetail(Crumbed, DetailPage):
    """A record of finance: what is not known has no line."""

    template_name = "finance/detail.html"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        found = super().get_context(**extra)
        return found | {"facts": [(word, value) for word, value in found["facts"] if value not in (None, "")]}


class Home(MonthListPage):
    """/finance/: the month's payments, what waits above them, the sheets below."""

    permission = VIEW
    listing = listings.PaymentListing
    title = "财务"
    note = "付出和收入按收付款日期列入当月；冲正与原来那一笔相反，两笔都在。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return []

    def get_actions(self) -> list[Action]:
        user = self.request.user
        found = [
            Action("支出审批", reverse("finance:expenses"), "stamp"), Action("往来单位", reverse("finance:parties"), "users"),
            Action("赔偿", reverse("finance:claims"), "scale"),
        ]  # fmt: skip
        if rules.payer(user) is None:
            found.append(Action("登记收入", reverse("finance:income-new"), "plus", "primary"))
        return found

    @cached_property
    def boxes(self) -> list[Panel]:
        return panels_for("finance", self.request.user, self.month)

    def figures(self) -> list[dict[str, Any]]:
        """What waits for somebody: claims from here, jobs from the panels of the apps that own them."""
        open_claims = Claim.objects.visible_to(self.request.user).open().count()
        own = {
            "label": "赔偿未结", "value": open_claims, "unit": "张", "more": "待认定、待缴",
            "url": f"{reverse('finance:claims')}?open=1", "danger": False,
        }  # fmt: skip
        others = [figure for panel in self.boxes for figure in panel.extra.get("figures", ())]
        return sorted([*others, own], key=lambda figure: figure.get("order", 4))

    def get_context(self, **extra: Any) -> dict[str, Any]:
        boxes = [panel for panel in self.boxes if panel.rows]
        return super().get_context(figures=self.figures(), panels=boxes, **extra)


# ---- approvals ----------------------------------------------------------------------------------------------------


class Approvals(Page):
    """/approvals/: what waits for me or for whom I stand in; the decision itself is taken on the owner's page."""

    title = "待我审批"
    template_name = "finance/panels.html"
    denied = "审批由后勤主任、分管副校长、校长办理；他们外出时由代理人办理。"

    def refusal(self) -> str | None:
        user = self.request.user
        if scopes(user, "finance.decide") or any(
            scopes(one, "finance.decide") for one in acts_for(user, clock.today())
        ):
            return None
        return self.denied

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(panels=waiting_panels(self.request.user), **extra)


class ExpenseList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.ExpenseListing
    tabs = (("全部", ""), ("待审批", "state=waiting"), ("已批准", "state=approved"))

    def get_actions(self) -> list[Action]:
        found = []
        if can(self.request.user, "finance.edit_parties"):
            found.append(Action("提出支出申请", reverse("finance:expense-new"), "plus", "primary"))
        return found


class ExpenseDetail(RecordDetail):
    """An expense; those that another paper owns are decided and paid there."""

    model = Expense
    slug_field = "number"
    related = (
        "party",
        "budget_line",
        "requested_by",
        "decided_by",
        "acting_for",
        "voided_by",
        "minutes_scan",
        "replaces",
    )
    under = ("支出审批", "finance:expenses")

    def get_crumbs(self) -> list[tuple[str, str]]:
        return super().get_crumbs() if can(self.request.user, VIEW) else []

    def get_title(self) -> str:
        return f"支出审批：{self.object.what}"

    def facts(self) -> list[tuple[str, Any]]:
        one, paid = self.object, rules.paid(self.object)
        found = [
            ("单号", one.number), ("状态", one.get_state_display()), ("申请金额", f"{plain(one.requested_amount)} 元"),
            ("批准金额", f"{plain(one.approved_amount)} 元" if one.approved_amount is not None else ""),
            ("大写", capital(one.approved_amount or one.requested_amount)), ("已付", f"{plain(paid)} 元"),
            ("往来单位", str(one.party or "")), ("地点", one.place_words), ("预算科目", str(one.budget_line or "")),
            ("账套", one.get_book_display()), ("申请人", f"{one.requested_by.name}"), ("审批权限", one.get_approver_role_display()),
            ("审批", one.approved_by), ("审批意见", one.decision_words),
        ]  # fmt: skip
        if one.minutes_needed:
            found.append(("会议纪要", f"{one.minutes_number} {one.minutes_on or ''}".strip()))
        if one.replaces:
            found.append(("代替", one.replaces.number))
        if one.void_words:
            found.append(("作废原因", one.void_words))
        return found

    def moves(self) -> list[dict[str, Any]]:
        one, user = self.object, self.request.user
        if one.source_url:
            return (
                [{"label": f"到 {one.source_number or '原单'} 办理", "url": one.source_url, "style": "primary"}]
                if one.state == "waiting"
                else []
            )
        found = []
        for step, reasons in rules.EXPENSE.open_to(one, user):
            style = "primary" if step.name == "approve" else "plain"
            url = reverse(f"finance:expense-{step.name}", args=[one.number])
            found.append({"label": step.label, "url": url, "style": style, "reasons": reasons})
        if one.state == "approved" and rules.payer(user) is None:
            reason = rules.another_than(one, user)
            args = {"style": "primary", "reasons": [reason] if reason else []}
            found.insert(0, {"label": "登记付款", "url": reverse("finance:expense-pay", args=[one.number]), **args})
            if rules.paid(one):
                url = reverse("finance:expense-refund", args=[one.number])
                found.append({"label": "登记退款", "url": url, "style": "plain", "reasons": []})
        return sorted(found, key=lambda move: bool(move["reasons"]))

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows = list(
            Payment.objects.filter(expense__in=rules.chain(self.object))
            .select_related("invoice", "by")
            .order_by("on", "pk")
        )
        table = Table(
            "付款", (("单号", "text"), ("日期", "date"), ("类型", "text"), ("金额（元）", "money+"), ("发票号码", "text"), ("经办人", "text")),
            [(p.number, p.on, p.get_kind_display(), p.amount, p.invoice.number if p.invoice else "", p.by.name) for p in rows],
            [{0: p.get_absolute_url()} for p in rows] if can(self.request.user, VIEW) else [], empty="还没有付款。",
        )  # fmt: skip
        return super().get_context(moves=self.moves(), tables=[table], **extra)


class ExpenseNew(Crumbed, FormPage):
    permission = "finance.edit_parties"
    model = Expense
    creates = True
    form_class = forms.ExpenseForm
    title = "提出支出申请"
    submit_label = "提交"
    under = ("支出审批", "finance:expenses")

    def save(self, form: Any) -> Expense:
        return services.request(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Expense) -> str:
        return f"已提交 {record.number}，由{record.get_approver_role_display()}审批。"


class ExpenseStep(Crumbed, ActionPage):
    """A step on an expense without another owner."""

    model = Expense
    slug_field = "number"
    related = ("requested_by", "party")
    under = ("支出审批", "finance:expenses")

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [(self.object.number, reverse("finance:expense", args=[self.object.number]))]

    def get_queryset(self) -> Any:
        """Who stands in for an absent approver finds his paper too."""
        user = self.request.user
        found = Expense.objects.filter(source_url="")
        mine = found.visible_to(user) | found.to_decide_by(user)
        return mine.select_related(*self.related)

    def get_words(self) -> str:
        one = self.object
        return f"{one.number}：{one.what}，{plain(one.requested_amount)} 元（{capital(one.requested_amount)}），{one.party or '未定单位'}。"

    def get_success_url(self, record: Any) -> str:
        url: str = reverse("finance:expense", args=[self.object.number])
        return (
            url
            if self.request.user == self.object.requested_by or can(self.request.user, VIEW)
            else reverse("finance:approvals")
        )


def approve(
    expense: Expense, *, by: Any, words: str = "", scan: Any = (), version: int | None = None, **minutes: Any
) -> Expense:
    """Approve, with the photo of the minutes where the band asks for them."""
    attached = files.attach(expense, scan[0], by=by, role="minutes", caption="会议纪要") if scan else None
    return services.approve(expense, by=by, words=words, minutes_scan=attached, version=version, **minutes)


class ExpenseApprove(ExpenseStep):
    form_class = forms.ApproveForm
    flow, step = rules.EXPENSE, "approve"
    service = staticmethod(approve)
    success = "已批准。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"minutes": self.object.minutes_needed}


class ExpenseRefuse(ExpenseStep):
    form_class = forms.WordsForm
    flow, step = rules.EXPENSE, "refuse"
    service = staticmethod(services.refuse)
    success = "已退回。"


class ExpenseVoid(ExpenseStep):
    form_class = forms.WordsForm
    flow, step = rules.EXPENSE, "void"
    service = staticmethod(services.void)
    success = "已作废。"


class PayingStep(ExpenseStep):
    """Only who pays, or stands in for him."""

    def refusal(self) -> str | None:
        return rules.payer(self.request.user)

    def blockers(self, record: Expense) -> list[str]:
        reason = None if record.state == "approved" else f"现在是“{record.get_state_display()}”，没有批准不能付款。"
        return [one for one in (reason, rules.another_than(record, self.request.user)) if one]


def unchanged(expense: Expense, version: int | None) -> None:
    """Refuse when the expense was decided on since the page was shown."""
    if version is not None and expense.version != version:
        raise Stale("别人刚改过这张审批，请看过最新情况再登记。")


def pay(expense: Expense, *, by: Any, version: int | None = None, **facts: Any) -> Payment:
    """Up to what was approved: no other paper says what is due."""
    unchanged(expense, version)
    return services.pay(expense=expense, by=by, limit=expense.approved_amount or rules.ZERO, **facts)


def refund(expense: Expense, *, by: Any, version: int | None = None, **facts: Any) -> Payment:
    """Money that came back."""
    unchanged(expense, version)
    return services.refund(expense=expense, by=by, **facts)


class ExpensePay(PayingStep):
    form_class = forms.PayForm
    service = staticmethod(pay)
    title = "登记付款"
    success = "已登记付款。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"expense": self.object}


class ExpenseRefund(PayingStep):
    form_class = forms.RefundForm
    service = staticmethod(refund)
    title = "登记退款"
    success = "已登记退款。"

    def blockers(self, record: Expense) -> list[str]:
        return [] if rules.paid(record) > 0 else ["还没有付款，不用退款。"]


# ---- payments, income, invoices -----------------------------------------------------------------------------------


class PaymentDetail(RecordDetail):
    permission = VIEW
    model = Payment
    slug_field = "number"
    related = ("expense", "claim", "party", "invoice", "by", "acting_for", "corrects", "corrected_by")

    def get_title(self) -> str:
        return f"{self.object.get_kind_display()} {self.object.number}"

    def facts(self) -> list[tuple[str, Any]]:
        one = self.object
        later = getattr(one, "corrected_by", None)
        return [
            ("单号", one.number), ("日期", one.on), ("付出" if one.amount > 0 else "收入", f"{plain(abs(one.amount))} 元"),
            ("大写", capital(abs(one.amount))), ("事由", listings.what_for(one)), ("来源单号", listings.source_of(one)),
            ("往来单位", str(one.party or "")), ("收款账户", one.account), ("发票号码", one.invoice.number if one.invoice else ""),
            ("凭证号", one.voucher), ("账套", one.get_book_display()), ("收费依据", one.basis), ("说明", one.words),
            ("经办人", f"{one.by.name}（代{one.acting_for.name}）" if one.acting_for else one.by.name),
            ("冲正", one.corrects.number if one.corrects else f"已由 {later.number} 冲正" if later else ""),
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        moves = []
        if rules.payer(self.request.user) is None:
            reason = correctable(self.object, clock.today())
            url = reverse("finance:payment-correct", args=[self.object.number])
            moves = [{"label": "冲正这一笔", "url": url, "style": "plain", "reasons": [reason] if reason else []}]
        return super().get_context(moves=moves, **extra)


class PaymentCorrect(Crumbed, ActionPage):
    model = Payment
    slug_field = "number"
    form_class = forms.CorrectForm
    service = staticmethod(services.correct)
    title = "冲正"
    submit_label = "冲正这一笔"
    danger = True
    success = "已冲正，两笔都留在账上。"

    def refusal(self) -> str | None:
        return rules.payer(self.request.user)

    def blockers(self, record: Payment) -> list[str]:
        reason = correctable(record, clock.today())
        return [reason] if reason else []

    def get_words(self) -> str:
        one = self.object
        return f"{one.number}：{one.on:%Y-%m-%d} {one.get_kind_display()} {plain(abs(one.amount))} 元。"


class IncomeNew(Crumbed, FormPage):
    model = Payment
    creates = True
    form_class = forms.IncomeForm
    title = "登记收入"
    submit_label = "登记收入"

    def refusal(self) -> str | None:
        return rules.payer(self.request.user)

    def save(self, form: Any) -> Payment:
        return services.income(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Payment) -> str:
        return f"已登记收入 {plain(-record.amount)} 元，单号 {record.number}。"


class InvoiceList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.InvoiceListing

    def get_actions(self) -> list[Action]:
        return (
            [Action("登记发票", reverse("finance:invoice-new"), "plus", "primary")]
            if rules.registrar(self.request.user) is None
            else []
        )


class InvoiceDetail(RecordDetail):
    permission = VIEW
    model = Invoice
    related = ("party", "by")
    under = ("发票", "finance:invoices")

    def get_title(self) -> str:
        return f"发票 {self.object.number}"

    def facts(self) -> list[tuple[str, Any]]:
        one = self.object
        return [
            ("发票号码", one.number), ("开票单位", str(one.party)), ("金额", f"{plain(one.amount)} 元"), ("开票日期", one.on),
            ("已付", f"{plain(rules.paid_of(one))} 元"), ("状态", f"已作废：{one.void_reason}" if one.voided else "有效"), ("登记人", one.by.name),
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        moves = []
        if not self.object.voided and rules.registrar(self.request.user) is None:
            moves = [
                {
                    "label": "作废",
                    "url": reverse("finance:invoice-void", args=[self.object.pk]),
                    "style": "plain",
                    "reasons": [],
                }
            ]
        return super().get_context(moves=moves, **extra)


class InvoiceNew(Crumbed, FormPage):
    permission = ("finance.pay", "finance.edit_parties")
    model = Invoice
    creates = True
    form_class = forms.InvoiceForm
    title = "登记发票"
    submit_label = "登记发票"
    under = ("发票", "finance:invoices")

    def save(self, form: Any) -> Invoice:
        return services.add_invoice(by=self.actor(), **form.cleaned_data)


class InvoiceVoid(Crumbed, ActionPage):
    permission = ("finance.pay", "finance.edit_parties")
    model = Invoice
    form_class = forms.ReasonForm
    service = staticmethod(services.void_invoice)
    title = "作废发票"
    danger = True
    success = "已作废。"
    under = ("发票", "finance:invoices")

    def blockers(self, record: Invoice) -> list[str]:
        return [f"发票 {record.number} 已经作废。"] if record.voided else []
