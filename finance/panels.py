"""What finance adds to other pages: approvals on the home page, the sheets on its own front page, claims of a ticket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from campus.duty import acts_for
from core import clock
from core.money import plain
from core.pages import Action
from core.panels import Panel, PanelRow
from core.plan import Month
from core.rights import can, scopes
from core.templatetags.houqin import wait
from finance.listings import SIGNS
from finance.models import Claim, Expense

SHOWN = 100
SHEETS = (  # (URL name, label, what it holds); those of other apps by name only
    ("finance:claim-income", "赔偿收入", "当月收到和退还的赔偿"),
    ("finance:outside", "外修结算", "报价、核定、核减、已付、质保金"),
    ("finance:asset-changes", "固定资产增减变动", "六大类的期初、增加、减少、期末"),
    ("finance:asset-depreciation", "折旧计提", "本月折旧、累计折旧、净值"),
    ("finance:asset-agreement", "固定资产账账核对", "卡片、分类账、分室账、总账"),
    ("finance:exceptions", "异常清单", "疑似拆分、发票重号、紧急先行未批、有付款无发票"),
)
YEAR_SHEETS = (
    ("finance:budget", "预算执行", "全年预算、已批准、已付、余额"),
    ("finance:contractors", "施工单位年度表", "每家的单数、金额、爽约、返工"),
)
REGISTERS = (
    ("finance:invoices", "发票", ""), ("finance:contracts", "合同", "到期前提醒"), ("finance:projects", "项目", "预算和节点"),
    ("finance:bands", "审批额度", "多少钱由谁审批"), ("finance:periods", "结账", "按月结账、反结账"),
)  # fmt: skip


def _row(expense: Expense, note: str = "") -> PanelRow:
    words = [
        expense.source_number or expense.number,
        str(expense.party or ""),
        expense.place_words,
        f"{expense.requested_by.name}申请",
    ]
    waited = wait(expense.requested_at)
    parts = [
        *filter(None, words),
        f"已等 {waited}" if waited else "",
        "须附会议纪要" if expense.minutes_needed else "",
        note,
    ]
    return PanelRow(
        expense.what,
        expense.get_absolute_url(),
        note=" · ".join(filter(None, parts)),
        value=f"¥{plain(expense.requested_amount)}",
    )


def waiting_panels(user: Any) -> list[Panel]:
    """What waits for the user himself, then for each absent one whom he stands in for; then what he asked for."""
    rows = Expense.objects.to_decide_by(user).select_related("party", "requested_by").order_by("requested_at", "pk")
    own_roles, absents = set(scopes(user, "finance.decide")), acts_for(user, clock.today())
    own: list[PanelRow] = []
    acting: dict[int, list[PanelRow]] = {}
    for expense in rows[:SHOWN]:
        if expense.approver_role in own_roles:
            own.append(_row(expense))
            continue
        for absent in absents:
            if expense.approver_role in scopes(absent, "finance.decide") and absent.pk != expense.requested_by_id:
                acting.setdefault(absent.pk, []).append(_row(expense, f"代{absent.name}审批"))
                break
    found = [Panel("等您审批", own, empty="没有等您审批的支出。", key="mine")] if own_roles or not absents else []
    names = {absent.pk: absent.name for absent in absents}
    found += [
        Panel(f"代{names[pk]}审批", acting.get(pk, []), empty=f"没有等{names[pk]}审批的支出。", key=f"for-{pk}")
        for pk in names if pk in acting or scopes(next(one for one in absents if one.pk == pk), "finance.decide")
    ]  # fmt: skip
    asked = (
        Expense.objects.waiting()
        .filter(requested_by=user)
        .select_related("party", "requested_by")
        .order_by("requested_at")
    )
    if mine := [_row(one, f"由{one.get_approver_role_display()}审批") for one in asked[:SHOWN]]:
        found.append(Panel("您提出的", mine, key="asked"))
    return found


def approvals(user: Any, obj: Any = None) -> Panel | None:
    """Home: what waits for my approval, also as a delegate."""
    if not getattr(user, "pk", None):
        return None
    rows = [row for panel in waiting_panels(user) if panel.key != "asked" for row in panel.rows]
    if not rows:
        return None
    return Panel("待我审批", rows[:8], more=("全部", reverse("finance:approvals")), key="approvals")


def claims(user: Any, obj: Any = None) -> Panel | None:
    """Home of class teachers and of who handles claims: claims that are open."""
    rows = Claim.objects.visible_to(user).open().select_related("class_group").order_by("pk")
    if not can(user, "finance.claims"):
        rows = rows.filter(class_group__teacher=user)
    elif can(user, "repairs.manage") or can(user, "finance.view"):
        return None  # they have the list's own place
    found = [
        PanelRow(
            claim.what, claim.get_absolute_url(), note=f"{claim.number} {claim.class_group or ''} 应赔 {plain(claim.amount)} 元".strip(),
            value=claim.get_state_display(), state=SIGNS[claim.state],
        )
        for claim in rows[:8]
    ]  # fmt: skip
    return Panel("损坏赔偿", found, key="claims") if found else None


def _link(name: str, label: str, note: str, query: str = "") -> PanelRow | None:
    try:
        return PanelRow(label, reverse(name) + query, note=note)
    except NoReverseMatch:  # a school without that app
        return None


def sheets(user: Any, month: Any = None) -> Panel | None:
    """The front page: the sheets of the month and of the year."""
    if not can(user, "finance.view_sheets"):
        return None
    month = month if isinstance(month, Month) else Month.current()
    rows = [_link(name, label, f"{month.words}，{note}", f"?month={month}") for name, label, note in SHEETS]
    rows += [_link(name, label, f"{month.year}年，{note}", f"?year={month.year}") for name, label, note in YEAR_SHEETS]
    return Panel("报表", [row for row in rows if row], key="sheets")


def registers(user: Any, month: Any = None) -> Panel | None:
    """The front page: the registers."""
    rows = [_link(name, label, note) for name, label, note in REGISTERS]
    return Panel("登记簿", [row for row in rows if row], key="registers") if can(user, "finance.view") else None


def of_ticket(user: Any, ticket: Any) -> Panel | None:
    """A ticket's page: its claims, and the way to file one."""
    rows = Claim.objects.visible_to(user).filter(source="ticket", source_number=ticket.number).order_by("pk")
    found = [
        PanelRow(
            claim.what,
            claim.get_absolute_url(),
            note=f"{claim.number} 应赔 {plain(claim.amount)} 元",
            value=claim.get_state_display(),
            state=SIGNS[claim.state],
        )
        for claim in rows[:5]
    ]
    actions = []
    if can(user, "finance.claims"):
        query = urlencode({"ticket": ticket.number, "place": ticket.where, "what": ticket.fault})
        actions.append(Action("登记赔偿", f"{reverse('finance:claim-new')}?{query}", "plus"))
    return Panel("损坏赔偿", found, actions, key="claims") if found or actions else None
