"""Rules of finance: who may decide, pay, judge; each guard answers with a reason in Chinese or None."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campus.duty import acts_for, delegates_of
from campus.models import User
from core import clock
from core.money import plain
from core.rights import can, holders
from core.workflow import Flow, RuleBroken, Step
from finance.models import CLAIM_STATES, EXPENSE_STATES, Claim, Expense, Invoice, Payment, Period

ZERO = Decimal("0.00")
MOST = Decimal("9999999999.99")


def refuse(*reasons: str | None) -> None:
    """Raise with every reason that there is."""
    given = [reason for reason in reasons if reason]
    if given:
        raise RuleBroken(*given)


# ---- facts ---------------------------------------------------------------------------------------------------------


def chain(expense: Expense) -> list[int]:
    """The keys of an expense and of those it took the place of."""
    found = [expense.pk]
    before = expense.replaces_id
    while before is not None and before not in found:
        found.append(before)
        before = Expense.objects.values_list("replaces_id", flat=True).get(pk=before)
    return found


def paid(expense: Expense) -> Decimal:
    """What was paid on the expense, net, with what was paid on those it took the place of."""
    return Payment.objects.filter(expense__in=chain(expense)).net()


def paid_of(invoice: Invoice) -> Decimal:
    """What was paid on an invoice, net."""
    return Payment.objects.filter(invoice=invoice).net()


def closed(on: dt.date) -> Period | None:
    """The closed month in which a date lies."""
    return Period.objects.filter(month=Period.of(on), closed_at__isnull=False).first()


# ---- who ---------------------------------------------------------------------------------------------------------


def same_person(one: Any, other: Any) -> bool:
    """One account, or two accounts of one person: the same telephone, or the same name without two staff numbers."""
    if one is None or other is None or one.pk is None or other.pk is None:
        return False
    if one.pk == other.pk or (one.phone and one.phone == other.phone):
        return True
    return bool(one.name == other.name and not (one.staff_number and other.staff_number))


def may(by: Any, permission: str, refusal: str) -> tuple[str | None, User | None]:
    """(reason against, whom he stands in for): by his own role, else as the delegate of somebody who holds the right."""
    if by is None or not getattr(by, "pk", None) or not by.is_active:
        return refusal, None
    if can(by, permission):
        return None, None
    absent = next((one for one in acts_for(by, clock.today()) if can(one, permission)), None)
    return (None, absent) if absent is not None else (refusal, None)


# ---- who decides ---------------------------------------------------------------------------------------------------


def may_decide(expense: Expense, user: Any) -> tuple[str | None, User | None]:
    """(reason against, whom he stands in for): the band's approver, a higher one, or the delegate of either."""
    if user is None or not getattr(user, "pk", None) or not user.is_active:
        return "请用在用的账号登录后再审批。", None
    if same_person(user, expense.requested_by):
        return "这是您自己提出的申请，要由别人审批。", None
    wanted = f"finance.decide:{expense.approver_role}"
    if can(user, wanted):
        return None, None
    own = None
    for absent in acts_for(user, clock.today()):
        if not can(absent, wanted):
            continue
        if not same_person(absent, expense.requested_by):
            return None, absent
        own = absent
    if own is not None:
        return f"这是{own.name}自己提出的申请，您代{own.name}时不能审批；请由上一级审批。", None
    return (
        f"这笔 {plain(expense.requested_amount)} 元由{expense.get_approver_role_display()}审批，您没有这项权限。",
        None,
    )


def deciders(expense: Expense) -> list[User]:
    """Who is to be told: the holders of the band's role and their delegates, else whoever may decide at all."""
    at = clock.today()
    for roles in ([expense.approver_role], holders(f"finance.decide:{expense.approver_role}")):
        found: dict[int, User] = {}
        for holder in User.objects.with_role(*roles):
            for one in (holder, *delegates_of(holder, at)):
                if may_decide(expense, one)[0] is None:
                    found[one.pk] = one
        if found:
            return list(found.values())
    return []


def decider(expense: Expense, by: Any) -> str | None:
    return None if by is None else may_decide(expense, by)[0]


def voider(expense: Expense, by: Any) -> str | None:
    """Who asked for it, or who looks after money."""
    if by is None or can(by, "finance.view"):
        return None
    if getattr(by, "pk", None) and by.pk == expense.requested_by_id and by.is_active:
        return None
    return "作废由申请人或后勤、财务操作。"


def nothing_paid(expense: Expense, by: Any) -> str | None:
    amount = paid(expense)
    return None if amount == 0 else f"已付 {plain(amount)} 元，不能作废。请先登记对方退款，或冲正付款。"


def minutes_there(expense: Expense) -> str | None:
    """Asked of the record with the form's data on it."""
    if not expense.minutes_needed:
        return None
    if expense.minutes_number and expense.minutes_on and expense.minutes_scan_id:
        return None
    return "这个金额须经会议决定：请填会议纪要编号、会议日期，并上传纪要照片。"


EXPENSE = Flow(
    states=EXPENSE_STATES,
    steps=[
        Step("approve", "批准", ("waiting",), "approved", decider),
        Step("refuse", "退回", ("waiting",), "returned", decider),
        Step("void", "作废", ("waiting", "approved"), "void", voider, (nothing_paid,), danger=True),
        Step("replace", "由新的审批代替", ("approved",), "void", lambda expense, by: None, quiet=True),
    ],
)


# ---- money ---------------------------------------------------------------------------------------------------------


def may_pay(by: Any) -> tuple[str | None, User | None]:
    """Who books payments, or his delegate."""
    return may(by, "finance.pay", "收付款由财务登记，您没有这项权限。")


def payer(by: Any) -> str | None:
    return may_pay(by)[0]


def registrar(by: Any) -> str | None:
    """Office and finance keep the invoices."""
    allowed = can(by, "finance.pay") or can(by, "finance.edit_parties")
    return None if allowed else "发票由后勤或财务登记，您没有这项权限。"


def sum_of(amount: Decimal) -> str | None:
    """An amount that can be booked."""
    if amount <= 0:
        return "金额要大于 0，请改正。"
    return None if amount <= MOST else f"金额 {plain(amount)} 太大，请检查是不是多打了几位。"


def happened(on: dt.date) -> str | None:
    """What is booked has happened."""
    return f"{on:%Y-%m-%d} 还没有到，请填今天或更早的日期。" if on > clock.today() else None


def in_open_month(on: dt.date) -> str | None:
    """Nothing is booked in a month that is closed."""
    period = closed(on)
    if period is None:
        return None
    return f"{period}已经结账，不能再记账。请记在没有结账的月份，并在说明里写明是哪一笔；确需改动时由校长反结账。"


def another_than(expense: Expense, by: Any) -> str | None:
    """Who asked for the money or decided on it does not pay it out, nor through a delegate."""
    for one in filter(None, (by, may_pay(by)[1])):
        who = "您" if one.pk == by.pk else one.name
        if same_person(one, expense.requested_by):
            return f"这笔支出是{who}申请的，要由别人登记付款。"
        if same_person(one, expense.decided_by) or same_person(one, expense.acting_for):
            return f"这笔支出是{who}审批的，要由别人登记付款。"
    return None


def within(expense: Expense, amount: Decimal, limit: Decimal) -> str | None:
    """Never more than is due, nor than was approved."""
    already = paid(expense)
    approved = expense.approved_amount or ZERO
    most = min(limit, approved)
    if already + amount <= most:
        return None
    word = "批准" if approved <= limit else "应付"
    left = max(most - already, ZERO)
    return (
        f"{expense.number} {word} {plain(most)} 元，已付 {plain(already)} 元，最多还能付 {plain(left)} 元，"
        f"付不了 {plain(amount)} 元。请减少金额，或先核对结算。"
    )


def invoice_fits(invoice: Invoice, party_id: int, amount: Decimal) -> str | None:
    """The invoice is in force, from this party, and not paid beyond its amount."""
    if invoice.voided:
        return f"发票 {invoice.number} 已作废，不能付款。请换一张有效的发票。"
    if invoice.party_id != party_id:
        return f"发票 {invoice.number} 是{invoice.party}开的，与收款单位不一致。请核对发票。"
    already = paid_of(invoice)
    if already + amount <= invoice.amount:
        return None
    return (
        f"发票 {invoice.number} 金额 {plain(invoice.amount)} 元，已付 {plain(already)} 元，付不了 {plain(amount)} 元。"
        "请减少金额，或补开发票。"
    )


# ---- claims --------------------------------------------------------------------------------------------------------


def claims_handler(claim: Claim, by: Any) -> str | None:
    return None if by is None or can(by, "finance.claims") else "赔偿由资产管理员、后勤或财务办理，您没有这项权限。"


def judge(claim: Claim, by: Any) -> str | None:
    if by is not None and same_person(by, claim.proposed_by):
        return "这张赔偿单是您提出的，要由别人认定。"
    return claims_handler(claim, by)


def waiver(claim: Claim, by: Any) -> str | None:
    """A leader, never who proposed it."""
    if by is None:
        return None
    if same_person(by, claim.proposed_by):
        return "这张赔偿单是您提出的，要由别人批准减免。"
    return None if can(by, "finance.decide:director") else "减免由后勤主任、分管副校长或校长批准。"


def taker(claim: Claim, by: Any) -> str | None:
    return None if by is None else payer(by)


def objector(claim: Claim, by: Any) -> str | None:
    """Whoever handles claims writes down what was said; the class teacher may do so himself."""
    return None if by is None or claim.may_see_name(by) else "异议由班主任提出，或由资产管理员、后勤、财务代录。"


def nothing_received(claim: Claim, by: Any) -> str | None:
    return None if claim.received == 0 else f"已缴 {plain(claim.received)} 元，不能撤销。请先退款或冲正。"


def answered(claim: Claim, by: Any) -> str | None:
    return "有异议还没有答复，请先答复。" if claim.objection and not claim.objection_answer else None


def unanswered(claim: Claim, by: Any) -> str | None:
    return None if claim.objection and not claim.objection_answer else "没有等答复的异议。"


def by_received(claim: Claim, data: dict[str, Any]) -> str:
    """已缴 once everything is in, else 待缴."""
    return "paid" if claim.received + data["amount"] == claim.amount else "due"


def after_answer(claim: Claim, data: dict[str, Any]) -> str | None:
    """A lowered sum may be paid already."""
    return "paid" if claim.state == "due" and data["amount"] == claim.received else None


CLAIM = Flow(
    states=CLAIM_STATES,
    steps=[
        Step("judge", "认定", ("to_judge",), "due", judge, (answered,)),
        Step("receive", "登记缴款", ("due",), by_received, taker),
        Step("object", "提出异议", ("to_judge", "due"), None, objector, (answered,)),
        Step("answer", "答复异议", ("to_judge", "due"), after_answer, judge, (unanswered,)),
        Step("waive", "减免", ("to_judge", "due"), "waived", waiver, danger=True),
        Step("withdraw", "撤销", ("to_judge", "due"), "withdrawn", claims_handler, (nothing_received,), danger=True),
        Step("give_back", "退款", ("paid",), "refunded", taker, danger=True),
        Step("take_back", "冲正缴款", ("due", "paid"), "due", taker, quiet=True),
    ],
)
