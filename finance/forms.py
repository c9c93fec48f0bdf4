"""Input of finance; `NamedField` reads a party, a contract or a class from typed words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from campus.models import ClassGroup
from core import clock
from core.files import PhotosField
from core.forms import DATALIST_LIMIT, Datalist, DateInput, Form, ModelForm
from finance.models import (
    APPROVERS,
    BOOKS,
    COST_KINDS,
    MARKS,
    OUT_KINDS,
    Band,
    BudgetLine,
    Contract,
    Expense,
    Invoice,
    Milestone,
    Party,
    Project,
)


class NamedField(forms.CharField):
    """One record in a text box with suggestions: its name, or a part of it that no other has."""

    widget = Datalist

    def __init__(self, *, rows: Callable[[], QuerySet[Any]], by: str = "name", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 130)
        super().__init__(**kwargs)
        self.rows, self.by = rows, by
        self._bind_suggestions()

    def __deepcopy__(self, memo: dict[int, Any]) -> NamedField:
        found: NamedField = super().__deepcopy__(memo)  # type: ignore[misc]
        found._bind_suggestions()
        return found

    def _bind_suggestions(self) -> None:
        self.widget.suggestions = lambda: list(self.rows().values_list(self.by, flat=True)[:DATALIST_LIMIT])  # type: ignore[attr-defined]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):  # what a model form has as its initial
            value = self.rows().model._default_manager.filter(pk=value).first()
        return getattr(value, self.by) if hasattr(value, "pk") else value

    def clean(self, value: Any) -> Any:
        words = " ".join(str(super().clean(value)).split())
        if not words:
            return None
        exact = self.rows().filter(**{self.by: words}).first()
        found = [exact] if exact else list(self.rows().filter(**{f"{self.by}__icontains": words})[:4])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(f"没有找到“{words}”，请从提示里选，或先登记。", code="unknown")
        names = "、".join(str(getattr(one, self.by)) for one in found)
        raise ValidationError(f"“{words}”有几种可能，请写全：{names}。", code="ambiguous")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def party_field(label: str = "往来单位", **kwargs: Any) -> NamedField:
    return NamedField(rows=Party.objects.active, label=label, **kwargs)


def _words(label: str, *, required: bool = True, limit: int = 200, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=limit, required=required, widget=forms.Textarea(attrs={"rows": 2}), **kwargs
    )


def _money(label: str = "金额（元）", **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=12, decimal_places=2, min_value=0, **kwargs)


def _day(label: str = "日期", **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DateInput(), **kwargs)


def _today(label: str = "日期") -> forms.DateField:
    return _day(label, initial=clock.today)


# ---- expenses, payments, invoices ---------------------------------------------------------------------------------


class ExpenseForm(Form):
    """A request for money that no other paper makes."""

    what = _words("用来做什么")
    amount = _money("申请金额（元）")
    party = party_field(required=False)
    budget_line = NamedField(
        rows=lambda: BudgetLine.objects.filter(year=clock.today().year), by="name", label="预算科目", required=False
    )
    book = forms.ChoiceField(label="账套", choices=list(BOOKS.items()))
    place_words = forms.CharField(label="地点", max_length=120, required=False)
    widths = {"amount": 4, "party": 8, "budget_line": 4, "book": 4, "place_words": 4}


class ApproveForm(Form):
    """Yes; above the school's limit with the minutes."""

    words = _words("审批意见", required=False)
    minutes_number = forms.CharField(label="会议纪要编号", max_length=40, required=False)
    minutes_on = _day("会议日期", required=False)
    scan = PhotosField(label="会议纪要照片", max_files=1, required=False)
    widths = {"minutes_number": 6, "minutes_on": 6}

    def __init__(self, *args: Any, minutes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not minutes:
            for name in ("minutes_number", "minutes_on", "scan"):
                del self.fields[name]


class WordsForm(Form):
    """A reason."""

    words = _words("原因")


class PayForm(Form):
    """Money that goes out on an approved expense."""

    amount = _money()
    on = _today()
    kind = forms.ChoiceField(label="类型", choices=list(OUT_KINDS.items()), initial="final")
    invoice = forms.ModelChoiceField(Invoice.objects.none(), label="发票", required=False, empty_label="没有发票")
    voucher = forms.CharField(label="凭证号", max_length=40, required=False)
    account = forms.CharField(
        label="收款账户", max_length=120, required=False, help_text="不填就用往来单位登记的账户。"
    )
    words = _words("说明", required=False)
    widths = {"amount": 4, "on": 4, "kind": 4, "invoice": 6, "voucher": 6}

    def __init__(self, *args: Any, expense: Expense, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Invoice.objects.filter(voided=False).select_related("party").order_by("-on", "-pk")
        keys = found.filter(party=expense.party_id).values_list("pk", flat=True)[:50]
        self.fields["invoice"].queryset = found.filter(pk__in=list(keys))  # type: ignore[attr-defined]


class RefundForm(Form):
    """Money that the party gave back."""

    amount = _money()
    on = _today()
    voucher = forms.CharField(label="凭证号", max_length=40, required=False)
    words = _words("退款原因")
    widths = {"amount": 4, "on": 4, "voucher": 4}


class CorrectForm(Form):
    """A wrong entry that is taken back."""

    on = _today("冲正日期")
    words = _words("冲正原因")
    widths = {"on": 4}


class IncomeForm(Form):
    """Money that came in."""

    basis = _words("收费依据", help_text="如文件名称和文号，没有依据不能收费。")
    amount = _money()
    on = _today()
    book = forms.ChoiceField(label="账套", choices=list(BOOKS.items()))
    party = party_field("交款单位", required=False)
    voucher = forms.CharField(label="凭证号", max_length=40, required=False)
    words = _words("说明", required=False)
    widths = {"amount": 4, "on": 4, "book": 4, "party": 8, "voucher": 4}


class InvoiceForm(Form):
    """An invoice that came."""

    party = party_field("开票单位")
    number = forms.CharField(label="发票号码", max_length=40)
    amount = _money()
    on = _today("开票日期")
    widths = {"party": 6, "number": 6, "amount": 6, "on": 6}


class ReasonForm(Form):
    """Why."""

    reason = _words("原因")


# ---- parties, contracts, projects, look-ups -----------------------------------------------------------------------


class PartyForm(ModelForm):
    """A party."""

    class Meta:
        model = Party
        fields = ["name", "contractor", "supplier", "caterer", "contact", "phone", "account", "licence", "active"]
        help_texts = {"active": "停用后不能再选，原来的记录都在。"}

    widths = {"contact": 4, "phone": 8, "account": 8, "licence": 4}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["active"]


class MarkForm(Form):
    """A line of the party's record."""

    kind = forms.ChoiceField(label="类型", choices=list(MARKS.items()))
    on = _today()
    words = _words("怎么回事")
    widths = {"kind": 6, "on": 6}


class ContractForm(ModelForm):
    """A contract."""

    party = party_field()

    class Meta:
        model = Contract
        fields = ["number", "party", "title", "amount", "signed_on", "starts_on", "ends_on"]

    widths = {"number": 4, "party": 8, "title": 8, "amount": 4, "signed_on": 4, "starts_on": 4, "ends_on": 4}


class ProjectForm(ModelForm):
    """A project."""

    contract = NamedField(rows=Contract.objects.all, by="number", label="合同编号", required=False)

    class Meta:
        model = Project
        fields = ["name", "budget", "funding", "approval_number", "starts_on", "ends_on", "contract"]

    widths = {"name": 8, "budget": 4, "funding": 6, "approval_number": 6, "starts_on": 4, "ends_on": 4, "contract": 4}


class MilestoneForm(ModelForm):
    """A date in a project."""

    class Meta:
        model = Milestone
        fields = ["name", "due_on", "done_on"]

    widths = {"name": 6, "due_on": 3, "done_on": 3}

    def clean_done_on(self) -> Any:
        day = self.cleaned_data["done_on"]
        if day is not None and day > clock.today():
            raise ValidationError("完成日期还没有到，完成后再填。")
        return day


class BandForm(ModelForm):
    """From which amount on who decides."""

    class Meta:
        model = Band
        fields = ["from_amount", "approver", "quotes", "minutes", "active"]
        help_texts = {"from_amount": "改动只影响以后的申请，已提出的不变。"}

    widths = {"from_amount": 4, "approver": 4, "quotes": 4}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["approver"].choices = [("", "请选择"), *APPROVERS.items()]


class BudgetLineForm(ModelForm):
    """A line of the budget."""

    class Meta:
        model = BudgetLine
        fields = ["year", "code", "name", "book", "planned"]

    widths = {"year": 3, "code": 4, "name": 5, "book": 6, "planned": 6}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].initial = clock.today().year


# ---- claims -------------------------------------------------------------------------------------------------------


class ClaimForm(Form):
    """Something broken, and what it costs."""

    what = forms.CharField(label="损坏物品", max_length=120)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=9999, initial=1)
    place_words = forms.CharField(label="地点", max_length=120, required=False)
    cost_kind = forms.ChoiceField(label="计价方式", choices=list(COST_KINDS.items()))
    cost = _money("成本（元）", help_text="只按成本赔偿，不加倍。")
    amount = _money("应赔金额（元）", required=False, help_text="不填就等于成本；可以少于成本。")
    cost_words = forms.CharField(label="计价依据", max_length=200, help_text="如维修费单据、原值和使用年限。")
    class_group = NamedField(rows=ClassGroup.objects.all, label="班级", required=False)
    person_name = forms.CharField(
        label="赔偿人", max_length=30, required=False, help_text="只在赔偿单上，只有办理人和班主任看得到。"
    )
    widths = {"what": 8, "quantity": 4, "cost_kind": 4, "cost": 4, "amount": 4, "class_group": 6, "person_name": 6}


class JudgeForm(Form):
    """What is due, and until when."""

    amount = _money("应赔金额（元）", required=False, help_text="不填就照提出的金额。")
    due_on = _day("缴费期限", required=False)
    words = _words("认定意见", required=False)
    widths = {"amount": 6, "due_on": 6}


class ReceiveForm(Form):
    """A payment, whole or in part."""

    amount = _money()
    on = _today()
    voucher = forms.CharField(label="凭证号", max_length=40, required=False)
    widths = {"amount": 4, "on": 4, "voucher": 4}


class ObjectForm(Form):
    """What somebody objects to."""

    words = _words("异议内容", limit=300)


class AnswerForm(Form):
    """The answer to an objection."""

    words = _words("答复", limit=300)
    amount = _money("减为（元）", required=False, help_text="不改金额就不填。")
    widths = {"amount": 4}


class GiveBackForm(Form):
    """What was paid goes back."""

    on = _today("退款日期")
    voucher = forms.CharField(label="凭证号", max_length=40, required=False)
    reason = _words("退款原因")
    widths = {"on": 6, "voucher": 6}
