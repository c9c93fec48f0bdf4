"""Input for outside jobs: a form for each move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campus.forms import PlaceField
from campus.models import Place
from core.files import PhotosField
from core.forms import DateInput, Form, MonthInput, adapt
from core.templatetags.houqin import money, qty
from finance.models import MARKS, PAYMENT_KINDS, Contract, Invoice
from repairs.models import Ticket
from repairs.outside.accepting import PHOTO_ROLES
from repairs.outside.asking import standing_quotes
from repairs.outside.fields import (
    CANDIDATES,
    LinesField,
    PickedTickets,
    TicketsField,
    amount,
    budget_lines,
    candidates,
    choice_of,
    contractors,
    kinds_of_fault,
    projects,
    text,
    ticket_label,
    today_field,
    year_ago,
)
from repairs.outside.models import KINDS, TICKET_VERDICTS, OutsideJob
from repairs.outside.settling import EARLY_KINDS, KINDS_BY_STATE


class JobForm(Form):
    """What the whole family of forms knows: the job and the user."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, job: OutsideJob, user: Any, **kwargs: Any) -> None:
        self.job, self.user = job, user
        super().__init__(*args, **kwargs)
        declared = set(self.fields)
        self.prepare()
        for name, field in self.fields.items():
            if name not in declared:
                adapt(field)

    def prepare(self) -> None:
        """Add the fields that depend on the job."""


# ---- a new job ------------------------------------------------------------------------------------------------------


class NewJobForm(Form):
    """拟外修: what, where, why not in-house, and the lines that firms shall quote."""

    fields: dict[str, Any]

    kind = forms.ChoiceField(label="类型", choices=list(KINDS.items()), widget=forms.RadioSelect, initial="repair")
    title = forms.CharField(label="项目名称", max_length=80)
    place = PlaceField(label="地点")
    reason = text("为什么不能自修", help_text="如：电机烧毁，没有备件；高空作业，没有资质。")
    category = choice_of("故障类别", None, required=False, empty="不分类")
    promised_on = forms.DateField(
        label="预计完工日期", required=False, help_text="并入报修单时要填，报修人会看到这一天。"
    )
    tickets = TicketsField(label="并入的报修单", required=False)
    lines = LinesField(required=False)
    warranty_months = forms.IntegerField(label="质保（月）", min_value=0, max_value=240, required=False)
    retention_rate = forms.DecimalField(
        label="质保金比例（%）", min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False
    )
    budget_line = choice_of("预算项", None, required=False, empty="暂不指定")
    contract = choice_of("合同", None, required=False, empty="没有合同")
    project = choice_of("立项", None, required=False, empty="没有立项")
    hidden_work = forms.BooleanField(label="有隐蔽工程（报完工前要有覆盖前的照片）", required=False)
    widths = {
        "title": 6, "place": 6, "category": 6, "promised_on": 6, "tickets": 12, "warranty_months": 6, "retention_rate": 6, "budget_line": 4,
        "contract": 4, "project": 4,
    }  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = kinds_of_fault()
        self.fields["budget_line"].queryset = budget_lines()
        self.fields["contract"].queryset = Contract.objects.filter(ends_on__gte=year_ago())
        self.fields["project"].queryset = projects()
        self.fields["tickets"].user = user

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["warranty_months"] = data.get("warranty_months") or 0
        data["retention_rate"] = data.get("retention_rate") or Decimal(0)
        return data


class EditJobForm(NewJobForm):
    """The same facts, changed before the approval is asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["tickets"], self.fields["kind"]


class SendForm(Form):
    """转外修: into an open job of the place, back under its warranty, or on a job of its own."""

    fields: dict[str, Any]

    into = forms.ChoiceField(label="外修单", widget=forms.RadioSelect)
    promised_on = forms.DateField(
        label="预计完工日期", required=False, help_text="报修单挂起到这一天；并入已有的外修单时不用填。"
    )
    reason = text("为什么不能自修", required=False)
    others = PickedTickets(label="一起转外修的报修单", required=False)
    lines = LinesField(required=False)

    def __init__(self, *args: Any, ticket: Ticket, user: Any, warranty: OutsideJob | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket, self.warranty = ticket, warranty
        building = ticket.place.building or ticket.place
        jobs = OutsideJob.objects.filter(
            place__in=Place.objects.within(building).values("pk"), state__in=["proposed", "quoting", "working"]
        )
        self.jobs = {
            str(job.pk): job
            for job in jobs.exclude(promised_on=None).select_related("party").order_by("-pk")[:CANDIDATES]
        }
        choices = [("new", "新开一张外修单，询价")]
        if warranty is not None:
            choices.insert(
                0,
                (
                    "warranty",
                    f"质保返修：{warranty.party}，质保至 {warranty.warranty_until:%Y-%m-%d}（{warranty.number}），不另付钱",
                ),
            )
        choices += [
            (key, f"并入 {job.number} {job.title}（{job.word}，预计 {job.promised_on:%Y-%m-%d}）")
            for key, job in self.jobs.items()
        ]
        self.fields["into"].choices, self.fields["into"].initial = choices, choices[0][0]
        self.fields["others"].offer(candidates(user, ticket.place, ticket))
        if not self.fields["others"].known:
            del self.fields["others"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        into = data.get("into")
        if into in ("new", "warranty") and not data.get("promised_on"):
            self.add_error("promised_on", "请填预计完工日期，报修单会挂起到那一天。")
        if into == "new" and not data.get("reason"):
            self.add_error("reason", "请写明为什么不能自修。")
        return data


# ---- quotes and approval ----------------------------------------------------------------------------------------------


class QuoteForm(JobForm):
    """A firm's unit price for each line."""

    party = choice_of("单位", None)
    on = today_field("报价日期")
    valid_until = forms.DateField(label="有效期至", required=False)
    days = forms.IntegerField(label="工期（天）", min_value=0, max_value=3650, required=False)
    warranty_months = forms.IntegerField(label="质保（月）", min_value=0, max_value=240, required=False)
    widths = {"party": 6, "on": 6, "valid_until": 4, "days": 4, "warranty_months": 4}

    def prepare(self) -> None:
        self.fields["party"].queryset = contractors()
        self.lines = list(self.job.lines.all())
        for line in self.lines:
            self.fields[f"price_{line.pk}"] = amount(
                f"{line.item}：{qty(line.quantity)} {line.unit}，每{line.unit}单价（元）"
            )
        self.fields["words"] = forms.CharField(label="说明", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        prices = {line.pk: data.pop(f"price_{line.pk}", None) for line in self.lines}
        return data | {"prices": prices, "warranty_months": data.get("warranty_months") or 0}


class DropQuoteForm(JobForm):
    quote = choice_of("删去哪家的报价", None)

    def prepare(self) -> None:
        rows = (
            self.job.quotes.filter(chosen=False, dropped=False).select_related("party").prefetch_related("lines__line")
        )
        self.fields["quote"].queryset = rows
        self.fields["quote"].label_from_instance = quote_label


def quote_label(quote: Any) -> str:
    return f"{quote.party}，{money(quote.total)} 元"


class SubmitForm(JobForm):
    """Which quote, and why, if it is the only one or not the lowest."""

    quote = choice_of("采用", None)
    choice_words = text("选用理由", required=False, help_text="不选最低报价时要写。")
    single_source = text("单一来源理由", required=False, help_text="报价不够家数时要写。")
    promised_on = forms.DateField(label="承诺完工日期", required=False)
    retention_rate = forms.DecimalField(
        label="质保金比例（%）", min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False
    )
    budget_line = choice_of("预算项", None, required=False, empty="暂不指定")
    widths = {"promised_on": 4, "retention_rate": 4, "budget_line": 4}

    def prepare(self) -> None:
        standing = standing_quotes(self.job)
        field = self.fields["quote"]
        field.queryset = (
            self.job.quotes.filter(pk__in=[one.pk for one in standing])
            .select_related("party")
            .prefetch_related("lines__line")
        )
        field.label_from_instance = quote_label
        if standing:
            field.initial = min(standing, key=lambda one: one.total).pk
        self.fields["promised_on"].initial = self.job.promised_on
        self.fields["retention_rate"].initial = self.job.retention_rate
        self.fields["budget_line"].queryset = budget_lines()
        self.fields["budget_line"].initial = self.job.budget_line_id


class MinutesMixin:
    """Number, date and photo of the meeting's minutes, where the band asks for them."""

    def add_minutes(self: Any, *, required: bool) -> None:
        self.fields["minutes_number"] = forms.CharField(label="会议纪要编号", max_length=40, required=required)
        self.fields["minutes_on"] = forms.DateField(label="会议日期", required=required, widget=DateInput())
        self.fields["scan"] = PhotosField(label="会议纪要照片", max_files=1, required=required)


class ApproveForm(MinutesMixin, JobForm):
    words = text("审批意见", required=False)

    def prepare(self) -> None:
        if self.job.expense is not None and self.job.expense.minutes_needed:
            self.add_minutes(required=True)


class RuleForm(MinutesMixin, JobForm):
    amount = amount("最高付到（元）")
    words = text("决定和理由")

    def prepare(self) -> None:
        self.add_minutes(required=False)


class WordsForm(JobForm):
    """One sentence, named by the page."""

    words = text("原因", limit=300)


class ReasonForm(JobForm):
    reason = text("原因")


class EmergencyForm(JobForm):
    reason = text("紧急先行的理由", help_text="只用于危及安全、停水停电等不能等的情况；开工后仍要审批。")
    party = choice_of("施工单位", None)
    amount = amount("预计金额（元）")
    promised_on = forms.DateField(label="承诺完工日期", required=False)
    warranty_months = forms.IntegerField(label="质保（月）", min_value=0, max_value=240, required=False)
    budget_line = choice_of("预算项", None, required=False, empty="暂不指定")
    widths = {"party": 6, "amount": 6, "promised_on": 4, "warranty_months": 4, "budget_line": 4}

    def prepare(self) -> None:
        self.fields["party"].queryset = contractors()
        self.fields["budget_line"].queryset = budget_lines()
        self.fields["promised_on"].initial = self.job.promised_on

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return data | {"warranty_months": data.get("warranty_months") or 0}


class WarrantyForm(JobForm):
    promised_on = forms.DateField(label="承诺完工日期", required=False)

    def prepare(self) -> None:
        self.fields["promised_on"].initial = self.job.promised_on


class ExtraForm(JobForm):
    words = text("增加了什么、为什么", limit=300)
    lines = LinesField(priced=True, label="增加的项目")


class BillForm(JobForm):
    lines = LinesField(priced=True)


class FailForm(JobForm):
    kind = forms.ChoiceField(
        label="记入施工单位记录",
        choices=[("no_show", MARKS["no_show"]), ("rework", MARKS["rework"])],
        widget=forms.RadioSelect,
        initial="no_show",
    )
    words = text("怎么违约的")


class RedateForm(JobForm):
    promised_on = forms.DateField(label="承诺完工日期")
    words = text("为什么改期")


class JoinForm(JobForm):
    tickets = TicketsField(required=False)
    picked = PickedTickets(label="这栋楼里还可以转外修的报修单", required=False)

    def prepare(self) -> None:
        self.fields["tickets"].user = self.user
        self.fields["picked"].offer(candidates(self.user, self.job.place))
        if not self.fields["picked"].known:
            del self.fields["picked"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        found = {one.pk: one for one in [*(data.pop("picked", None) or ()), *(data.get("tickets") or ())]}
        if not found and not self.errors:
            self.add_error("tickets", "请选或写至少一张报修单。")
        return data | {"tickets": list(found.values())}


class TakeOffForm(JobForm):
    ticket = choice_of("移出哪一张", None)
    reason = text("原因")

    def prepare(self) -> None:
        rows = Ticket.objects.filter(outside__job=self.job, outside__live=True).select_related("place", "category")
        self.fields["ticket"].queryset = rows
        self.fields["ticket"].label_from_instance = ticket_label


class ContractForm(JobForm):
    contract = choice_of("合同", None)
    project = choice_of("立项", None, required=False, empty="没有立项")

    def prepare(self) -> None:
        self.fields["contract"].queryset = Contract.objects.filter(party=self.job.party)
        self.fields["contract"].initial = self.job.contract_id
        self.fields["project"].queryset = projects()
        self.fields["project"].initial = self.job.project_id


# ---- work and acceptance ----------------------------------------------------------------------------------------------


class PhotosForm(JobForm):
    role = forms.ChoiceField(label="用途", choices=list(PHOTO_ROLES.items()), widget=forms.RadioSelect, initial="after")
    photos = PhotosField(max_files=8)


class DoneForm(JobForm):
    on = today_field("完工日期")
    words = text("完工说明", required=False, limit=300)
    old_parts = forms.CharField(label="旧件去向", max_length=100, required=False)
    photos = PhotosField(label="完工照片", max_files=8, required=False)
    widths = {"on": 6, "old_parts": 6}


class AcceptForm(JobForm):
    """A verdict for each ticket, a quantity for each line."""

    def prepare(self) -> None:
        rows = (
            self.job.tickets.filter(live=True).select_related("ticket__place", "ticket__category").order_by("ticket_id")
        )
        self.rows, self.lines = list(rows), list(self.job.lines.all())
        verdicts = list(TICKET_VERDICTS.items())
        for row in self.rows:
            self.fields[f"ticket_{row.ticket_id}"] = forms.ChoiceField(
                label=f"{row.ticket.number} {row.ticket.where}：{row.ticket.fault}",
                choices=verdicts,
                widget=forms.RadioSelect,
            )
            self.fields[f"said_{row.ticket_id}"] = forms.CharField(
                label=f"{row.ticket.number} 说明", max_length=200, required=False
            )
        if not self.rows:
            self.fields["passed"] = forms.ChoiceField(label="结论", choices=verdicts, widget=forms.RadioSelect)
        for line in self.lines:
            self.fields[f"line_{line.pk}"] = forms.DecimalField(
                label=f"{line.item}，实做数量（{line.unit}）", min_value=0, max_digits=10, decimal_places=2, required=False,
                initial=qty(line.quantity).replace(",", ""),
            )  # fmt: skip
        self.fields["words"] = text("验收意见", required=False, limit=300, help_text="有不合格的，要写明哪里不合格。")
        self.fields["photos"] = PhotosField(label="现场照片", required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return {
            "verdicts": {row.ticket_id: data.get(f"ticket_{row.ticket_id}", "") for row in self.rows},
            "ticket_words": {row.ticket_id: data.get(f"said_{row.ticket_id}", "") for row in self.rows},
            "quantities": {line.pk: data.get(f"line_{line.pk}") for line in self.lines},
            "passed": data.get("passed", "passed") == "passed",
            "words": data.get("words", ""), "photos": data.get("photos") or [],
        }  # fmt: skip


class OpinionForm(JobForm):
    words = text("意见", required=False)


class DecideForm(JobForm):
    choice = forms.ChoiceField(
        label="怎么办", widget=forms.RadioSelect,
        choices=[("again", "再返工一次"), ("other", "换施工单位，重新询价"), ("part", "部分验收，扣款结算")],
    )  # fmt: skip
    deduction = amount("扣款（元）", required=False, help_text="只在部分验收时填。")
    promised_on = forms.DateField(label="再返工的完工日期", required=False)
    words = text("理由")
    widths = {"deduction": 6, "promised_on": 6}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return data | {
            "deduction": (data.get("deduction") or Decimal(0)) if data.get("choice") == "part" else Decimal(0)
        }


class TasksForm(JobForm):
    month = forms.CharField(label="月份", max_length=7, widget=MonthInput)
    tasks = text("这个月要做的事项", rows=5, limit=3000, help_text="一行一项。")

    def clean_month(self) -> dt.date:
        try:
            return dt.datetime.strptime(f"{self.cleaned_data['month']}-01", "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError as wrong:
            raise ValidationError("月份请写成 2026-11。") from wrong

    def clean_tasks(self) -> list[str]:
        return [line.strip() for line in str(self.cleaned_data["tasks"]).splitlines() if line.strip()]


class TaskDoneForm(JobForm):
    task = choice_of("哪一项", None)
    on = today_field("完成日期")

    def prepare(self) -> None:
        self.fields["task"].queryset = self.job.tasks.filter(done=False)


class AcceptTaskForm(JobForm):
    task = choice_of("验收哪一项", None)

    def prepare(self) -> None:
        self.fields["task"].queryset = self.job.tasks.filter(done=True, accepted_by=None)


class DefectForm(JobForm):
    words = text("遗留的是什么问题")
    due_on = forms.DateField(label="整改期限")


class MendForm(JobForm):
    defect = choice_of("哪一项", None)
    on = today_field("整改完成日期")

    def prepare(self) -> None:
        self.fields["defect"].queryset = self.job.defects.filter(done_on=None)


# ---- price check and money ----------------------------------------------------------------------------------------------


class CheckForm(JobForm):
    """The checked unit price of each line, and why it differs; works also the 送审价. The template draws the table."""

    def prepare(self) -> None:
        self.lines = list(self.job.lines.all())
        for line in self.lines:
            price = line.checked_price if line.checked_price is not None else line.unit_price
            self.fields[f"price_{line.pk}"] = amount(f"{line.item} 核定单价", initial=price)
            self.fields[f"why_{line.pk}"] = forms.CharField(
                label=f"{line.item} 理由", max_length=200, required=False, initial=line.check_reason
            )
        if self.job.kind == "works":
            self.fields["submitted_amount"] = amount(
                "送审价（元）", initial=self.job.submitted_amount or self.job.quoted_amount
            )
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label
            if name.startswith("why"):
                field.widget.attrs["placeholder"] = "理由"
            field.widget.attrs["class"] = "form-control form-money" if name.startswith("price") else "form-control"

    def table(self) -> list[dict[str, Any]]:
        """Each line with its two boxes."""
        return [
            {"line": line, "price": self[f"price_{line.pk}"], "why": self[f"why_{line.pk}"],
             "changed": line.accepted_quantity is not None and line.accepted_quantity != line.quantity}
            for line in self.lines
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for line in self.lines:
            price = data.get(f"price_{line.pk}")
            changed = price is not None and (price != line.unit_price or line.accepted_quantity != line.quantity)
            if changed and not data.get(f"why_{line.pk}"):
                self.add_error(f"why_{line.pk}", "单价或数量与报价不同，请写理由。")
        return {
            "prices": {line.pk: data.get(f"price_{line.pk}") for line in self.lines},
            "reasons": {line.pk: data.get(f"why_{line.pk}", "") for line in self.lines},
            "submitted_amount": data.get("submitted_amount"),
        }


class AgreeForm(JobForm):
    on = today_field("确认日期")
    name = forms.CharField(label="施工单位确认人", max_length=30)
    scan = PhotosField(label="签字的核价单照片", max_files=1, required=False)
    widths = {"on": 6, "name": 6}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return data | {"scan": next(iter(data.get("scan") or ()), None)}


class InvoiceForm(JobForm):
    number = forms.CharField(label="发票号码", max_length=40)
    amount = amount("金额（元）")
    on = today_field("开票日期")
    widths = {"number": 6, "amount": 3, "on": 3}


def invoices_of(job: OutsideJob) -> Any:
    return Invoice.objects.filter(outside_job__job=job, voided=False)


def invoice_label(invoice: Any) -> str:
    return f"{invoice.number}，{money(invoice.amount)} 元"


class MoneyForm(JobForm):
    """What payments share: amount, day, invoice, voucher."""

    amount = amount("金额（元）")
    on = today_field("日期")
    invoice = choice_of("发票", None, required=False, empty="不选发票")
    voucher = forms.CharField(label="凭证号", max_length=40, required=False)
    widths = {"amount": 6, "on": 6, "invoice": 6, "voucher": 6}

    def prepare(self) -> None:
        self.fields["invoice"].queryset = invoices_of(self.job)
        self.fields["invoice"].label_from_instance = invoice_label


class PayForm(MoneyForm):
    kind = forms.ChoiceField(label="款项", widget=forms.RadioSelect)
    account = forms.CharField(label="收款账户", max_length=120, required=False)

    def prepare(self) -> None:
        super().prepare()
        kinds: Iterable[str] = KINDS_BY_STATE.get(self.job.state, EARLY_KINDS)
        self.fields["kind"].choices = [(key, PAYMENT_KINDS[key]) for key in kinds]
        self.fields["kind"].initial = "final" if "final" in kinds else "progress"
        self.fields["account"].initial = self.job.party.account if self.job.party else ""


class RefundForm(MoneyForm):
    words = text("退款原因")


class RetentionForm(MoneyForm):
    account = forms.CharField(label="收款账户", max_length=120, required=False)

    def prepare(self) -> None:
        super().prepare()
        self.fields["amount"].initial = self.job.retention_left
        self.fields["account"].initial = self.job.party.account if self.job.party else ""


class ForfeitForm(JobForm):
    amount = amount("扣多少（元）")
    words = text("理由")

    def prepare(self) -> None:
        self.fields["amount"].initial = self.job.retention_left
