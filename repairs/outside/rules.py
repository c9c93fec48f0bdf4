"""Who may do what to an outside job and when: the table of moves of flows.md §2 and its guards, reasons in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core import clock
from core.money import cents
from core.rights import can
from core.workflow import Flow, Guard, Step
from finance import services as finance
from finance.models import Payment
from repairs.outside.models import ACCEPTED, ENDS, LIVE, STATES, Variation
from repairs.outside.people import authority, conflict, is_decider, is_principal, sees_money, user_side

if TYPE_CHECKING:
    from repairs.outside.models import OutsideJob

UNDERWAY = ("working", "checking", "pricing")
PAYABLE = ("working", "checking", "pricing", "settling")

# ---- who ----------------------------------------------------------------------------------------------------------


def office(job: OutsideJob, by: Any) -> str | None:
    return None if by is None or can(by, "repairs.outside") else "外修由后勤处办理，您没有这项权限。"


def orderer(job: OutsideJob, by: Any) -> str | None:
    """The office, but nobody who takes another part in the job."""
    if by is None:
        return None
    return office(job, by) or conflict(job, by, "经办")


def office_or_money(job: OutsideJob, by: Any) -> str | None:
    if by is None or can(by, "repairs.outside") or can(by, "finance.check_prices"):
        return None
    return "这一步由后勤处或财务登记。"


def approval(job: OutsideJob, by: Any) -> tuple[str | None, Any]:
    """(reason, acting for): the approver of the expense's band or his delegate, nobody who took another part."""
    if by is None or job.expense is None:
        return None, None
    if reason := conflict(job, by, "审批"):
        return reason, None
    reason, absent = finance.may_decide(job.expense, by)
    if reason is None and absent is not None and conflict(job, absent, "审批"):
        return f"您代理的{absent.name}已参与这张单的其他环节，不能由您代为审批；请换一个人。", None
    return reason, absent


def approver(job: OutsideJob, by: Any) -> str | None:
    return approval(job, by)[0]


def direction(job: OutsideJob, by: Any, act: str = "") -> tuple[str | None, Any]:
    return authority(job, by, act, is_decider, "这一步由后勤主任决定。")


def director(job: OutsideJob, by: Any) -> str | None:
    return direction(job, by)[0]


def director_orders(job: OutsideJob, by: Any) -> str | None:
    return direction(job, by, "经办")[0]


def heading(job: OutsideJob, by: Any) -> tuple[str | None, Any]:
    return authority(job, by, "审批", is_principal, "紧急先行没有获批，由校长决定如何结算。")


def principal(job: OutsideJob, by: Any) -> str | None:
    return heading(job, by)[0]


def accepter(job: OutsideJob, by: Any) -> str | None:
    """Any user of the app who has to do with it, never who ordered, approved or checks the price."""
    if by is None:
        return None
    if by.pk is None or not by.is_active:
        return "验收要用本人账号，请先登录。"
    if reason := conflict(job, by, "验收"):
        return reason
    if user_side(job, by) or any(can(by, right) for right in ("repairs.view_all", "repairs.outside", "repairs.work")):
        return None
    return "由报修人、保管人、宿管或司务长，以及后勤人员验收。"


def checking(job: OutsideJob, by: Any) -> tuple[str | None, Any]:
    return authority(job, by, "核价", lambda one: can(one, "finance.check_prices"), "核价由财务办理，您没有这项权限。")


def checker(job: OutsideJob, by: Any) -> str | None:
    return checking(job, by)[0]


def paying(job: OutsideJob, by: Any) -> tuple[str | None, Any]:
    """Who pays may have checked the price, nothing else."""
    reason, absent = authority(job, by, "核价", lambda one: can(one, "finance.pay"), "付款由财务办理，您没有这项权限。")
    return (reason.replace("再核价", "再付款").replace("代为核价", "代为付款") if reason else None), absent


def payer(job: OutsideJob, by: Any) -> str | None:
    return paying(job, by)[0]


# ---- needs --------------------------------------------------------------------------------------------------------


def has_lines(job: OutsideJob, by: Any) -> str | None:
    return None if job.lines.exists() else "还没有写要做的项目，请先列出项目、单位和数量。"


def no_warranty(job: OutsideJob, by: Any) -> str | None:
    return "这是质保返修，不另付钱。" if job.warranty_for_id else None


def is_warranty(job: OutsideJob, by: Any) -> str | None:
    return None if job.warranty_for_id else "不是质保返修：先询价、审批再施工。"


def waits_for_decision(job: OutsideJob, by: Any) -> str | None:
    return None if job.undecided else "没有等待主任决定的返工。"


def not_undecided(job: OutsideJob, by: Any) -> str | None:
    return (
        f"已 {job.rework_count} 次验收不合格，先由后勤主任决定：再返工、换单位，或部分验收扣款。"
        if job.undecided
        else None
    )


def recorded(job: OutsideJob, by: Any) -> str | None:
    return None if job.acceptor_1_id and job.verdict else "还没有人填验收结果，请先填每张单的结论和数量。"


def expense_waits(job: OutsideJob, by: Any) -> str | None:
    if job.expense is None:
        return "这张单没有要审批的支出。"
    return None if job.expense.state == "waiting" else "这笔支出已经审批过了。"


def approved(job: OutsideJob, by: Any) -> str | None:
    """紧急先行 is approved while the work runs; before that no price is checked and nothing is paid."""
    if job.warranty_for_id or job.approved_by_id:
        return None
    if job.expense is not None and job.expense.state == "returned":
        return "紧急先行没有获批，先由校长决定如何结算。"
    return "紧急先行还没有审批，先请审批人批准这笔支出。"


def refused_emergency(job: OutsideJob, by: Any) -> str | None:
    if job.emergency_by_id and job.expense is not None and job.expense.state == "returned" and not job.approved_by_id:
        return None
    return "没有被退回的紧急先行。"


def nothing_paid(job: OutsideJob, by: Any) -> str | None:
    paid = paid_so_far(job)
    return f"已付 {paid:,.2f} 元，先办理退款再换单位。" if paid else None


def no_extra_waiting(job: OutsideJob, by: Any) -> str | None:
    return "这是增项的审批，不能取消整张单；可先撤回增项。" if job.variations.filter(state="waiting").exists() else None


def agreed(job: OutsideJob, by: Any) -> str | None:
    if job.warranty_for_id or job.agreed_on or job.decision_words:
        return None
    return "施工单位还没有确认核定金额；请登记确认日期和姓名，有分歧的写明处理意见。"


def invoiced(job: OutsideJob, by: Any) -> str | None:
    """The invoices come to the checked amount."""
    if job.warranty_for_id or not job.checked_amount:
        return None
    total = invoiced_amount(job)
    if not total:
        return "还没有登记发票。"
    if total != job.checked_amount:
        return f"发票合计 {total:,.2f} 元，核定金额 {job.checked_amount:,.2f} 元，两者不符；请退回核价或更换发票。"
    return None


def all_paid(job: OutsideJob, by: Any) -> str | None:
    if job.warranty_for_id:
        return None
    due = (job.checked_amount or Decimal(0)) - job.retention_left - paid_so_far(job)
    if due > 0:
        return f"还有 {due:,.2f} 元没有付（质保金除外）。"
    return f"多付了 {-due:,.2f} 元，请先办理退款。" if due < 0 else None


def owed(job: OutsideJob) -> Decimal:
    """What is due on a settled job and was taken back by correcting a wrong entry; what the contractor gave back is not."""
    later = Payment.objects.filter(
        expense__source_number=job.number, kind="refund", at__gt=job.settled_at or clock.now()
    )
    due = (job.checked_amount or Decimal(0)) - job.retention_left - job.retention_forfeited
    return due - paid_so_far(job) + later.net()


def owed_again(job: OutsideJob, by: Any) -> str | None:
    """After the settlement only what a correction took out of the books is paid once more."""
    if job.state != "settled" or job.warranty_for_id or owed(job) > 0:
        return None
    return "已经结清，没有要再付的款；质保金到期后另付。"


def retention_is_open(job: OutsideJob, by: Any) -> str | None:
    return None if job.retention_left > 0 else "没有未结的质保金。"


def retention_is_due(job: OutsideJob, by: Any) -> str | None:
    if job.retention_left <= 0:
        return None
    day = job.retention_due_on
    if day is not None and clock.today() < day:
        return f"质保金到{day.year}年{day.month}月{day.day}日才应付。"
    left = job.defects.filter(done_on=None).count()
    return f"还有 {left} 项遗留问题没有整改，先整改再付质保金。" if left else None


def tasks_done(job: OutsideJob, by: Any) -> str | None:
    left = job.tasks.filter(accepted_by=None).count() if job.kind == "service" else 0
    return f"还有 {left} 项服务没有验收，先逐月验收。" if left else None


# ---- figures of the job -------------------------------------------------------------------------------------------


def paid_so_far(job: OutsideJob) -> Decimal:
    """Paid to the contractor less what came back, over all expenses of the job."""
    return Payment.objects.filter(expense__source_number=job.number).net()


def invoiced_amount(job: OutsideJob) -> Decimal:
    rows = job.invoices.filter(invoice__voided=False).values_list("invoice__amount", flat=True)
    return sum(rows, Decimal("0.00"))


def ceiling(job: OutsideJob) -> Decimal:
    """What may be paid in all by now: the checked (or approved) amount less the retention that is open or forfeited."""
    if job.warranty_for_id or not job.approved_by_id:
        return Decimal("0.00")
    if job.checked_amount is not None:
        return job.checked_amount - job.retention_left - job.retention_forfeited
    return cents((job.approved_amount or Decimal(0)) * (100 - job.retention_rate) / 100)


def payable(job: OutsideJob) -> Decimal:
    """What may still be paid now."""
    return max(ceiling(job) - paid_so_far(job), Decimal("0.00"))


# ---- targets ------------------------------------------------------------------------------------------------------


def after_refusal(job: OutsideJob, data: dict[str, Any]) -> str:
    """Refused or recalled extra work leaves the approved job as it was."""
    return "working" if job.variations.filter(state="waiting").exists() else "quoting"


def after_cosign(job: OutsideJob, data: dict[str, Any]) -> str | None:
    """All passed: on to the price check; failed: rework, and from the second time on the director decides."""
    if job.verdict == "failed":
        return "working" if job.rework_count == 0 else None
    return "settled" if job.warranty_for_id else "pricing"


def after_decision(job: OutsideJob, data: dict[str, Any]) -> str:
    if data["choice"] == "part" and job.warranty_for_id:
        return "settled"
    return {"again": "working", "other": "quoting", "part": "pricing"}[data["choice"]]


def any_of(*guards: Guard) -> Guard:
    """Open when one of the guards has nothing against it; else the first one's reason."""

    def guard(job: OutsideJob, by: Any) -> str | None:
        reasons = [one(job, by) for one in guards]
        return None if None in reasons else reasons[0]

    return guard


Target = Callable[["OutsideJob", dict[str, Any]], str | None]

# ---- the table (flows.md §2) --------------------------------------------------------------------------------------

FLOW = Flow(
    states=STATES,
    steps=[
        Step("ask_quotes", "询价", ("proposed",), "quoting", office, (no_warranty,)),
        Step("submit", "选定并送审", ("quoting",), "approving", orderer, (has_lines, no_warranty)),
        Step("approve", "批准", ("approving",), "working", approver, (expense_waits,)),
        Step("refuse", "退回", ("approving",), after_refusal, approver, (expense_waits,)),
        Step("recall", "撤回修改", ("approving",), after_refusal, office),
        Step("begin_warranty", "质保返修开工", ("proposed",), "working", orderer, (is_warranty,)),
        Step("emergency", "紧急先行", ("proposed",), "working", director_orders, (no_warranty,)),
        Step("approve_late", "补批紧急先行", UNDERWAY, None, approver, (expense_waits,)),
        Step("refuse_late", "不批紧急先行", UNDERWAY, None, approver, (expense_waits,)),
        Step("rule", "校长决定结算", UNDERWAY, None, principal, (refused_emergency,)),
        Step("extra", "增项送审", ("working",), "approving", orderer, (no_warranty, approved)),
        Step("fail", "施工单位违约，另选", ("working",), "quoting", office, (no_warranty, nothing_paid), danger=True),
        Step("done", "报完工", ("working",), "checking", office, (tasks_done,)),
        Step("record", "填验收结果", ("checking",), None, accepter, (not_undecided,)),
        Step("cosign", "共同验收签字", ("checking",), after_cosign, accepter, (not_undecided, recorded)),
        Step("decide", "决定返工", ("checking",), after_decision, director, (waits_for_decision,)),
        Step("check_prices", "完成核价", ("pricing",), "settling", checker, (approved,)),
        Step("dispute", "数量有疑，退回验收", ("pricing",), "checking", checker),
        Step("agree", "施工单位确认", ("settling",), None, office_or_money),
        Step("decide_words", "写处理意见", ("settling",), None, office_or_money),
        Step("contest", "退回核价", ("settling",), "pricing", office_or_money),
        Step("settle", "结算", ("settling",), "settled", payer, (agreed, invoiced, all_paid)),
        Step("pay_retention", "付质保金", ("settled",), None, payer, (retention_is_open, retention_is_due)),
        Step("forfeit", "扣质保金", ("settled",), None, director, (retention_is_open,)),
        Step("cancel", "取消外修", ("proposed", "quoting", "approving"), "cancelled", office, (no_extra_waiting,), danger=True),
        Step("edit", "修改", ("proposed", "quoting"), None, office, quiet=True),
        Step("quote", "登记报价", ("quoting",), None, office, quiet=True),
        Step("bill", "登记紧急先行的项目和价格", ("working",), None, office, quiet=True),
        Step("redate", "改承诺日期", LIVE, None, office, quiet=True),
        Step("join", "并入报修单", ("proposed", "quoting", "working"), None, office, quiet=True),
        Step("take_off", "移出报修单", LIVE, None, office, quiet=True),
        Step("task", "登记服务事项", ("proposed", "quoting", "working"), None, office, quiet=True),
        Step("task_done", "服务完成", ("working",), None, office, quiet=True),
        Step("accept_task", "验收服务事项", ("working",), None, accepter, quiet=True),
        Step("sign", "参加验收签字", ("checking",), None, accepter, (recorded,), quiet=True),
        Step("contract", "登记合同", ("approving", "working", "checking"), None, office, quiet=True),
        Step("photo", "上传照片", ("working", "checking"), None, any_of(office, accepter), quiet=True),
        Step("leave_defect", "登记遗留问题", ("checking", *ACCEPTED), None, any_of(office, accepter), quiet=True),
        Step("mend_defect", "遗留问题已整改", ACCEPTED, None, accepter, quiet=True),
        Step("invoice", "登记发票", PAYABLE, None, office_or_money, quiet=True),
        Step("refund", "登记退款", (*PAYABLE, "settled"), None, payer, (no_warranty,), quiet=True),
        Step("pay", "付款", (*PAYABLE, "settled"), None, payer, (approved, no_warranty, owed_again), quiet=True),
    ],
)  # fmt: skip

VARIATION = Flow(  # moved by the job's own moves, which ask who may
    states=Variation.STATES,
    steps=[
        Step("approve", "批准增项", ("waiting",), "approved", lambda extra, by: None, quiet=True),
        Step("refuse", "退回增项", ("waiting",), "refused", lambda extra, by: None, quiet=True),
        Step("recall", "撤回增项", ("waiting",), "recalled", lambda extra, by: None, quiet=True),
    ],
)

__all__ = ["FLOW", "VARIATION", "owed", "payable", "paid_so_far", "sees_money"]

assert set(ENDS) | {step for one in FLOW.steps for step in one.sources} == set(STATES)  # noqa: S101
