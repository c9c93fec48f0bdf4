"""Money goes out once, within what is due, to the right party, by somebody else; wrong entries are taken back, not changed."""

import datetime as dt
from decimal import Decimal

import pytest

from core.models import LogEntry
from core.workflow import RuleBroken
from finance import services
from finance.audit import audit
from finance.models import Expense, Invoice, Payment
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
TODAY = dt.date(2026, 11, 23)


def refused(call, *args, **kwargs):
    """The reasons of a refusal."""
    with pytest.raises(RuleBroken) as found:
        call(*args, **kwargs)
    return found.value.reasons


def facts(expense, by, amount=800, **over):
    """The keywords of a payment."""
    return {
        "expense": expense, "amount": Decimal(amount), "on": TODAY, "by": by, "kind": "final", "limit": Decimal(800),
    } | over  # fmt: skip


def test_a_payment_is_booked_with_the_account_of_the_party(finance):
    expense = make.expense("approved")
    invoice = make.invoice(party=expense.party)

    paid = services.pay(**facts(expense, finance, invoice=invoice, voucher="记-11-042"))

    assert (paid.number, paid.amount, paid.party, paid.account) == (
        "FK202611-0001", Decimal(800), expense.party, "农行城东支行 6228 4800 1234",
    )  # fmt: skip
    assert (services.paid(expense), services.paid_of(invoice)) == (Decimal(800), Decimal(800))
    assert LogEntry.objects.of(expense).first().text == "结算 800.00 元（FK202611-0001）"
    assert list(audit()) == []


def test_never_more_than_is_due_nor_than_was_approved(finance):
    expense = make.expense("approved", 800)
    services.pay(**facts(expense, finance, 300, kind="prepay"))

    assert refused(services.pay, **facts(expense, finance, 501)) == [
        f"{expense.number} 批准 800.00 元，已付 300.00 元，最多还能付 500.00 元，付不了 501.00 元。请减少金额，或先核对结算。"
    ]
    assert refused(services.pay, **facts(expense, finance, "400.01", limit=Decimal(700))) == [
        f"{expense.number} 应付 700.00 元，已付 300.00 元，最多还能付 400.00 元，付不了 400.01 元。请减少金额，或先核对结算。"
    ]
    assert refused(services.pay, **facts(expense, finance, 600, limit=Decimal(9000)))[0].startswith(
        expense.number + " 批准"
    )
    services.pay(**facts(expense, finance, 400, limit=Decimal(700)))
    services.pay(**facts(expense, finance, 100, kind="retention"))

    assert services.paid(expense) == Decimal(800)
    assert refused(services.pay, **facts(expense, finance, "0.01"))[0].endswith(
        "最多还能付 0.00 元，付不了 0.01 元。请减少金额，或先核对结算。"
    )


@pytest.mark.parametrize("state", ["waiting", "returned", "void"])
def test_nothing_is_paid_on_what_is_not_approved(finance, state):
    expense = make.expense(state)

    words = {"waiting": "待审批", "returned": "退回", "void": "作废"}[state]
    assert refused(services.pay, **facts(expense, finance)) == [f"{expense.number} 现在是“{words}”，没有批准不能付款。"]


def test_not_before_the_approval_and_not_ahead(finance):
    expense = make.expense("approved")

    assert refused(services.pay, **facts(expense, finance, on=dt.date(2026, 11, 20))) == [
        f"{expense.number} 在批准之前不能付款，付款日期 2026-11-20 早于批准日期，请改正。"
    ]
    assert refused(services.pay, **facts(expense, finance, on=dt.date(2026, 11, 24))) == [
        "2026-11-24 还没有到，请填今天或更早的日期。"
    ]


def test_sums_and_kinds(finance):
    expense = make.expense("approved")

    for amount in (0, -5, "0.004"):
        assert refused(services.pay, **facts(expense, finance, amount)) == ["金额要大于 0，请改正。"]
    assert refused(services.pay, **facts(expense, finance, kind="income")) == ["请选预付、进度、结算或质保金。"]


@pytest.mark.parametrize(
    "role", ["teacher", "homeroom", "repairer", "clerk", "director", "warden", "steward", "storekeeper", "assetkeeper",
             "viceprincipal", "principal", "admin"],
)  # fmt: skip
def test_only_finance_pays(role):
    expense, person = make.expense("approved"), make.user(role, is_superuser=True)

    assert refused(services.pay, **facts(expense, person)) == ["收付款由财务登记，您没有这项权限。"]
    assert refused(services.income, amount=Decimal(5), on=TODAY, by=person, basis="废品") == [
        "收付款由财务登记，您没有这项权限。"
    ]
    assert refused(services.refund, expense=expense, amount=Decimal(5), on=TODAY, by=person, words="多付") == [
        "收付款由财务登记，您没有这项权限。"
    ]


def test_who_asked_or_decided_does_not_pay():
    both, boss = make.user(roles=("clerk", "finance")), make.user(roles=("director", "finance"))
    asked, decided = make.expense("approved", by=both), make.expense("approved", approver=boss)

    assert refused(services.pay, **facts(asked, both)) == ["这笔支出是您申请的，要由别人登记付款。"]
    assert refused(services.pay, **facts(decided, boss)) == ["这笔支出是您审批的，要由别人登记付款。"]


def test_nor_does_for_whom_was_decided_nor_through_a_delegate(finance):
    absent, delegate = make.user(roles=("principal", "finance"), name="兼任校长"), make.user("teacher")
    make.delegation(absent, delegate)
    decided = make.expense("approved", 6000, approver=delegate)
    asked = make.expense("approved", by=make.user(roles=("clerk", "finance"), name="兼任职员"))
    second = make.user("teacher")
    make.delegation(asked.requested_by, second)

    assert refused(services.pay, **facts(decided, absent)) == ["这笔支出是您审批的，要由别人登记付款。"]
    assert refused(services.pay, **facts(asked, second)) == ["这笔支出是兼任职员申请的，要由别人登记付款。"]


def test_the_delegate_of_finance_pays_and_both_names_are_kept(finance):
    delegate, expense = make.user("teacher"), make.expense("approved")
    make.delegation(finance, delegate)

    paid = services.pay(**facts(expense, delegate))

    entry = LogEntry.objects.of(paid).get()
    assert (paid.by, paid.acting_for, entry.acting_for) == (delegate, finance, finance)


def test_the_invoice_must_fit(finance):
    expense = make.expense("approved")
    other, own = make.invoice(party=make.party("城北维修")), make.invoice(500, party=expense.party)
    void = services.void_invoice(make.invoice(party=expense.party), by=finance, reason="抬头错")

    assert refused(services.pay, **facts(expense, finance, invoice=other)) == [
        f"发票 {other.number} 是城北维修开的，与收款单位不一致。请核对发票。"
    ]
    assert refused(services.pay, **facts(expense, finance, invoice=void)) == [
        f"发票 {void.number} 已作废，不能付款。请换一张有效的发票。"
    ]
    services.pay(**facts(expense, finance, 300, invoice=own))
    assert refused(services.pay, **facts(expense, finance, 201, invoice=own)) == [
        f"发票 {own.number} 金额 500.00 元，已付 300.00 元，付不了 201.00 元。请减少金额，或补开发票。"
    ]
    assert Payment.objects.count() == 1


def test_a_purchase_without_party_takes_that_of_its_invoice(clerk, director, finance):
    make.bands()
    asked = services.request(what="锁", amount=Decimal(60), by=clerk)
    expense = services.approve(asked, by=director)

    assert refused(services.pay, **facts(expense, finance, 60)) == ["还没有写明收款单位，请先登记发票或往来单位。"]
    invoice = make.invoice(60)
    assert services.pay(**facts(expense, finance, 60, invoice=invoice)).party == invoice.party


def test_an_invoice_is_registered_once(finance, teacher):
    party = make.party("宏达装饰")
    services.add_invoice(party=party, number=" 2532 0001a", amount=Decimal(800), on=TODAY, by=finance)
    again = {"party": party, "number": "25320001A", "amount": Decimal(800), "on": TODAY, "by": finance}

    assert refused(services.add_invoice, **again) == [
        "宏达装饰的发票 25320001A 已经登记过，同一张发票不能登记两次。请核对号码。"
    ]
    assert refused(services.add_invoice, **again | {"by": teacher, "number": " ", "on": dt.date(2026, 11, 24)}) == [
        "发票由后勤或财务登记，您没有这项权限。", "请填发票号码。", "2026-11-24 还没有到，请核对开票日期。",
    ]  # fmt: skip
    assert Invoice.objects.count() == 1


def test_an_invoice_with_payments_is_not_voided(finance):
    expense = make.expense("approved")
    invoice = make.invoice(party=expense.party)
    paid = services.pay(**facts(expense, finance, invoice=invoice))

    assert refused(services.void_invoice, invoice, by=finance, reason="抬头错") == [
        f"发票 {invoice.number} 已付 800.00 元，不能作废。请先冲正付款。"
    ]
    assert refused(services.void_invoice, invoice, by=finance, reason="") == ["作废发票要写明原因，请补上。"]
    services.correct(paid, on=TODAY, by=finance, words="发票抬头错")
    assert services.void_invoice(invoice, by=finance, reason="抬头错").voided is True
    assert refused(services.void_invoice, invoice, by=finance, reason="抬头错") == [f"发票 {invoice.number} 已经作废。"]


def test_a_refund_comes_back_within_what_was_paid(finance):
    paid = make.payment(800, by=finance)
    back = {"expense": paid.expense, "on": TODAY, "by": finance, "words": "少做一项"}

    assert refused(services.refund, amount=Decimal("800.01"), **back) == [
        f"{paid.expense.number} 一共付了 800.00 元，退不了 800.01 元。请减少金额。"
    ]
    assert refused(services.refund, amount=Decimal(5), **back | {"words": ""}) == ["退款要写明原因，请补上。"]
    found = services.refund(amount=Decimal(100), **back)

    assert (found.amount, found.kind, found.taken_in, services.paid(paid.expense)) == (
        Decimal(-100), "refund", Decimal(100), Decimal(700),
    )  # fmt: skip
    assert list(audit()) == []


def test_income_names_its_basis(finance):
    assert refused(services.income, amount=Decimal(50), on=TODAY, by=finance, basis=" ", book="house") == [
        "收款要写明收费依据，请补上。", "请选学校账或食堂账。",
    ]  # fmt: skip
    found = services.income(amount=Decimal(50), on=TODAY, by=finance, basis="废品出售登记 2026-3", words="旧课桌")

    assert (found.amount, found.basis, found.party) == (Decimal(-50), "废品出售登记 2026-3", None)


def test_a_wrong_payment_is_taken_back_by_its_counterpart(finance):
    wrong = make.payment(800, by=finance)
    undo = {"on": TODAY, "by": finance, "words": "金额打错"}

    assert refused(services.correct, wrong, **undo | {"words": ""}) == ["冲正要写明原因，请补上。"]
    assert refused(services.correct, wrong, **undo | {"on": dt.date(2026, 11, 20)}) == [
        "冲正的日期不能早于原来那一笔，请改正。"
    ]
    found = services.correct(wrong, **undo)

    assert (found.amount, found.kind, found.corrects, found.words) == (
        Decimal(-800), "final", wrong, f"冲正 {wrong.number}（2026-11-23）：金额打错",
    )  # fmt: skip
    assert services.paid(wrong.expense) == 0
    assert refused(services.correct, wrong, **undo) == [f"{wrong.number} 已由 {found.number} 冲正。"]
    assert refused(services.correct, found, **undo) == [
        f"{found.number} 本身是冲正，不能再冲正。请按实际情况重新登记一笔。"
    ]
    assert list(audit()) == []


def test_a_correction_leaves_no_impossible_sum(finance):
    first = make.payment(800, by=finance)
    back = services.refund(expense=first.expense, amount=Decimal(500), on=TODAY, by=finance, words="少做")
    undo = {"on": TODAY, "by": finance, "words": "记错"}

    assert refused(services.correct, first, **undo) == ["冲正后已付金额会是 -500.00 元，请先冲正后来的退款。"]
    services.pay(**facts(Expense.objects.get(), finance, 500))
    assert refused(services.correct, back, **undo) == ["冲正后已付 1,300.00 元，超过批准的 800.00 元。"]


def test_corrections_follow_extra_work_to_the_approval_in_force(finance):
    first = make.expense("approved", 800)
    paid = make.payment(300, expense=first, by=finance, kind="prepay")
    second = make.expense("approved", 900, party=first.party, replaces=first)
    third = make.expense("approved", 950, party=first.party, replaces=second)
    make.payment(650, expense=third, by=finance)
    assert (services.paid(third), list(audit())) == (Decimal(950), [])

    services.correct(paid, on=TODAY, by=finance, words="记错单位")

    assert (services.paid(third), list(audit())) == (Decimal(650), [])


def test_a_refund_on_an_invoice(finance):
    expense = make.expense("approved")
    invoice = make.invoice(party=expense.party)
    services.pay(**facts(expense, finance, 400, invoice=invoice))
    services.pay(**facts(expense, finance, 400, kind="progress"))
    back = {"expense": expense, "on": TODAY, "by": finance, "words": "少做"}

    assert refused(services.refund, amount=Decimal(401), invoice=invoice, **back) == [
        f"发票 {invoice.number} 只付了 400.00 元，退不了 401.00 元。"
    ]
    found = services.refund(amount=Decimal(400), invoice=invoice, **back)
    services.pay(**facts(expense, finance, 400, invoice=invoice))
    services.void(make.expense("approved"), by=finance, words="不做")
    assert services.paid_of(invoice) == Decimal(400)
    assert refused(services.correct, found, on=TODAY, by=finance, words="记错") == [
        "冲正后已付 1,200.00 元，超过批准的 800.00 元。"
    ]


def test_who_sees_payments(finance, clerk, teacher):
    paid = make.payment(by=finance)

    assert [list(Payment.objects.all().visible_to(one)) for one in (finance, clerk, teacher)] == [[paid], [paid], []]


def test_the_record_of_a_party(clerk):
    party = make.party("宏达装饰")
    for kind in ("no_show", "rework", "rework", "praise"):
        services.mark(party, kind, by=clerk, words="约好上午没来", url="/outside/WX-1/")

    found = type(party).objects.contractors().with_record().get()

    assert (found.no_shows, found.reworks, found.price_cuts, found.praises) == (1, 2, 0, 1)
    assert refused(services.mark, party, "rework", by=clerk, words=" ") == ["请写明是怎么回事。"]
