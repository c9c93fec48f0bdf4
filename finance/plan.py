"""What finance gives to the monthly plan: approvals that wait, claims that are open, contracts that end in the month."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import CharField, DecimalField, F, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import reverse

from core import clock
from core.money import cents, plain
from core.plan import Kind, Members, Month, Record, SourceLine, Without, fresh
from finance.listings import SIGNS
from finance.models import Claim, Contract, Expense

NAMED = 4
TITLE = 190
OPENED = {"expense": "requested_at", "claim": "proposed_at"}


def _show_expense(expense: Expense) -> Record:
    return Record(
        key=expense.number, title=f"{expense.what}，{plain(expense.requested_amount)} 元", url=expense.get_absolute_url(),
        where=expense.source_number or expense.number, state=expense.get_state_display(), css=SIGNS[expense.state],
        owner=expense.get_approver_role_display(), opened=clock.local(expense.requested_at).date(), closed=expense.state != "waiting",
    )  # fmt: skip


def _show_claim(claim: Claim) -> Record:
    return Record(
        key=claim.number, title=f"{claim.what}，应赔 {plain(claim.amount)} 元", url=claim.get_absolute_url(), where=claim.number,
        state=claim.get_state_display(), css=SIGNS[claim.state], owner=claim.proposed_by.name,
        opened=clock.local(claim.proposed_at).date(), closed=claim.state not in ("to_judge", "due"),
    )  # fmt: skip


def _show_contract(contract: Any) -> Record:
    ended = contract.ends_on < clock.today()
    return Record(
        key=contract.plan_key, title=f"{contract.title}（{contract.party}）", url=contract.get_absolute_url(), where=contract.number,
        state="已到期" if ended else f"{contract.ends_on.month}月{contract.ends_on.day}日到期", css="done" if ended else "new",
        owner="后勤处", opened=contract.starts_on, closed=ended,
    )  # fmt: skip


def _keyed(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    return contracts.annotate(plan_key=Cast("pk", CharField()))


KINDS = {
    "expense": Kind(
        label="支出审批",
        key="number",
        open=lambda: Expense.objects.waiting(),
        records=lambda user: Expense.objects.visible_to(user),
        show=_show_expense,
    ),
    "claim": Kind(
        label="损坏赔偿",
        key="number",
        open=lambda: Claim.objects.open(),
        records=lambda user: Claim.objects.visible_to(user).select_related("proposed_by"),
        show=_show_claim,
    ),
    "contract": Kind(
        label="合同",
        key="plan_key",
        open=lambda: _keyed(Contract.objects.filter(ends_on__gte=clock.today())),
        records=lambda user: _keyed(Contract.objects.visible_to(user).select_related("party")),
        show=_show_contract,
    ),
}


def _ending(month: Month, without: Without | None) -> QuerySet[Contract]:
    return fresh("contract", KINDS["contract"], without).filter(ends_on__gte=month.first, ends_on__lte=month.last)


def _named(words: list[str], measure: str) -> str:
    more = f"等 {len(words)} {measure}" if len(words) > NAMED else ""
    return "、".join(words[:NAMED]) + more


def _papers(without: Without | None) -> dict[str, list[tuple[str, str, Any, Decimal, str]]]:
    """Expenses and claims that are open, in one statement: (number, what, since, amount, state)."""
    amount = DecimalField(max_digits=12, decimal_places=2)
    asked = fresh("expense", KINDS["expense"], without).annotate(
        paper=Value("expense", CharField()),
        since=F("requested_at"),
        worth=Cast("requested_amount", amount),
        how=F("approver_role"),
    )
    claims = fresh("claim", KINDS["claim"], without).annotate(
        paper=Value("claim", CharField()),
        since=F("proposed_at"),
        worth=Cast(F("amount") - F("received"), amount),
        how=F("state"),
    )
    names = ("paper", "number", "what", "since", "worth", "how")
    found: dict[str, list[tuple[str, str, Any, Decimal, str]]] = {"expense": [], "claim": []}
    rows = asked.order_by().values_list(*names).union(claims.order_by().values_list(*names), all=True)
    for paper, number, what, since, worth, how in sorted(rows, key=lambda row: (row[3], row[1])):
        found[paper].append((number, what, since, cents(worth), how))
    return found


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """Three lines at most, from two statements."""
    papers, found = _papers(without), []
    if asked := papers["expense"]:
        oldest, total = clock.local(asked[0][2]).date(), sum((row[3] for row in asked), Decimal("0.00"))
        days = (clock.today() - oldest).days
        names = [f"{what} {plain(worth)} 元" for _, what, _, worth, _ in asked]
        found.append(
            SourceLine(
                key="approvals", section="coordination", title=f"待审批支出 {len(asked)} 项：{_named(names, '项')}"[:TITLE],
                count=len(asked), quantity=len(asked), oldest=oldest, owner="各审批人", money=total,
                reason=f"合计 {plain(total)} 元，" + (f"最早的一项已等 {days} 天" if days else "今天提出"),
                url=f"{reverse('finance:expenses')}?state=waiting", rank=(1,),
            )
        )  # fmt: skip
    if contracts := list(
        _ending(month, without).order_by("ends_on", "pk").values_list("title", "ends_on", "amount", "starts_on")
    ):
        names = [f"{title}（{ends.month}月{ends.day}日）" for title, ends, _, _ in contracts]
        found.append(
            SourceLine(
                key="contracts", section="routine-finance", title=f"合同到期 {len(contracts)} 份：{_named(names, '份')}"[:TITLE],
                count=len(contracts), quantity=len(contracts), oldest=min(row[3] for row in contracts), due=contracts[0][1],
                owner="后勤处", reason="续签或另选", money=sum((row[2] for row in contracts), Decimal("0.00")),
                url=f"{reverse('finance:contracts')}?expiring=1", rank=(2,),
            )
        )  # fmt: skip
    if claims := papers["claim"]:
        left = sum((row[3] for row in claims), Decimal("0.00"))
        judging = sum(row[4] == "to_judge" for row in claims)
        found.append(
            SourceLine(
                key="claims", section="routine-finance", title=f"损坏赔偿未结 {len(claims)} 件：{_named([row[1] for row in claims], '件')}"[:TITLE],
                count=len(claims), quantity=len(claims), oldest=clock.local(claims[0][2]).date(), owner="资产管理员",
                reason=f"还应缴 {plain(left)} 元" + (f"，{judging} 件待认定" if judging else ""), money=left,
                url=f"{reverse('finance:claims')}?open=1", rank=(3,),
            )
        )  # fmt: skip
    return found


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The records behind a line."""
    if key == "contracts":
        rows = _ending(month, without).order_by("pk").values_list("plan_key", "starts_on")
        return [("contract", plan_key, starts) for plan_key, starts in rows]
    kind = {"approvals": "expense", "claims": "claim"}.get(key)
    if kind is None:
        return []
    found = fresh(kind, KINDS[kind], without).order_by("pk").values_list("number", OPENED[kind])
    return [(kind, number, clock.local(at).date()) for number, at in found]


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The records behind each of the lines."""
    return {key: members(month, key, without) for key in keys}
