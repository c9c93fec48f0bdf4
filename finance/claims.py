"""Verbs of claims (损坏赔偿): propose, judge, pay in parts, object, waive, withdraw, give back.

A pupil's name is written on the claim only: no log entry and no notice repeats it, nor the words of an objection.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction

from campus.models import ClassGroup
from core import clock, log
from core.money import cents, plain
from core.numbering import next_number
from core.workflow import RuleBroken
from finance import rules
from finance.booking import correctable, counterpart, enter
from finance.models import CLAIM_SOURCES, COST_KINDS, Claim, Payment
from finance.periods import hold_open
from finance.rules import ZERO, refuse


def propose(
    *,
    what: str,
    cost: Decimal,
    cost_words: str,
    by: Any,
    amount: Decimal | None = None,
    cost_kind: str = "repair",
    quantity: int = 1,
    place_words: str = "",
    source: str = "other",
    source_number: str = "",
    source_url: str = "",
    class_group: ClassGroup | None = None,
    person_name: str = "",
) -> Claim:
    """Say what was broken and what it costs; never more than the cost is asked for."""
    cost = cents(cost)
    amount = cost if amount is None else cents(amount)
    refuse(
        rules.claims_handler(Claim(), by),
        None if what.strip() else "请写明损坏了什么。",
        None if cost_words.strip() else "请写明计价依据，如维修费单据或原值和使用年限。",
        rules.sum_of(amount),
        rules.sum_of(cost),
        over_cost(amount, cost),
        None if quantity > 0 else "数量要大于 0，请改正。",
        None if cost_kind in COST_KINDS else "请选计价方式：维修费、购置价或净值。",
        None if source in CLAIM_SOURCES else "请选来源。",
    )
    with transaction.atomic():
        claim = Claim.objects.create(
            number=next_number("PC"), what=what.strip()[:120], cost=cost, cost_kind=cost_kind, amount=amount,
            cost_words=cost_words.strip()[:200], quantity=quantity, place_words=place_words.strip()[:120], source=source,
            source_number=source_number, source_url=source_url, class_group=class_group,
            person_name=person_name.strip()[:30], proposed_by=by, proposed_at=clock.now(),
        )  # fmt: skip
        log.write(claim, "propose", by=by, text=f"提出赔偿 {plain(amount)} 元", said=claim.cost_words, after="to_judge")
    return claim


def over_cost(amount: Decimal, cost: Decimal) -> str | None:
    if amount <= cost:
        return None
    return f"应赔 {plain(amount)} 元超过成本 {plain(cost)} 元。赔偿只按成本，不加倍，请改正。"


def judge(
    claim: Claim, *, by: Any, amount: Decimal | None = None, due_on: dt.date | None = None, words: str = "",
    version: int | None = None,
) -> Claim:  # fmt: skip
    """Another than the proposer says that it is so, and how much."""
    wanted = None if amount is None else cents(amount)

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.amount = fresh.amount if wanted is None else wanted
        fresh.judged_by, fresh.judged_at, fresh.judged_words = by, clock.now(), words.strip()[:200]
        fresh.due_on = due_on

    return rules.CLAIM.run(
        claim, "judge", by=by, text=f"认定应赔 {plain(claim.amount if wanted is None else wanted)} 元", said=words.strip(),
        then=then, version=version,
        checks=[
            lambda fresh: None if wanted is None else rules.sum_of(wanted) or over_cost(wanted, fresh.cost),
            lambda fresh: "缴费期限不能早于今天，请改正。" if due_on is not None and due_on < clock.today() else None,
        ],
    )  # fmt: skip


def receive(
    claim: Claim, *, amount: Decimal, on: dt.date, by: Any, voucher: str = "", version: int | None = None
) -> Payment:
    """Money for a claim came in, all or a part."""
    amount = cents(amount)
    refuse(rules.sum_of(amount))

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.received += amount

    with transaction.atomic():
        done = rules.CLAIM.run(
            claim, "receive", by=by, text=f"缴款 {plain(amount)} 元", data={"amount": amount}, then=then, version=version,
            checks=[
                lambda fresh: None
                if amount <= fresh.left
                else f"{fresh.number} 还应缴 {plain(fresh.left)} 元，收不了 {plain(amount)} 元。请减少金额。"
            ],
        )  # fmt: skip
        hold_open(on)
        return enter(
            claim=done, amount=-amount, on=on, kind="income", voucher=voucher, by=by,
            basis=f"损坏赔偿 {done.number}：{done.get_cost_kind_display()}，{done.cost_words}",
        )  # fmt: skip


def object_to(claim: Claim, *, by: Any, words: str, version: int | None = None) -> Claim:
    """Somebody does not agree: his words stand on the claim until they are answered."""

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.objection, fresh.objected_on = words.strip()[:300], clock.today()
        fresh.objection_answer, fresh.answered_by, fresh.answered_at = "", None, None

    return rules.CLAIM.run(
        claim, "object", by=by, text="有异议", then=then, version=version,
        checks=[lambda fresh: None if words.strip() else "请写明异议的内容。"],
    )  # fmt: skip


def answer(claim: Claim, *, by: Any, words: str, amount: Decimal | None = None, version: int | None = None) -> Claim:
    """Answer the objection; the sum may be lowered, not below what is paid."""
    wanted = None if amount is None else cents(amount)

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.amount = fresh.amount if wanted is None else wanted
        fresh.objection_answer, fresh.answered_by, fresh.answered_at = words.strip()[:300], by, clock.now()

    def lowered(fresh: Claim) -> str | None:
        if wanted is None:
            return None
        if wanted > fresh.amount:
            return f"答复异议只能减少金额，现在是 {plain(fresh.amount)} 元。"
        if wanted < fresh.received:
            return f"已缴 {plain(fresh.received)} 元，不能减到 {plain(wanted)} 元。请先冲正多缴的部分。"
        return rules.sum_of(wanted)

    return rules.CLAIM.run(
        claim, "answer", by=by, text="答复异议" + (f"，改为 {plain(wanted)} 元" if wanted is not None else ""), then=then,
        data={"amount": wanted}, version=version,
        checks=[lambda fresh: None if words.strip() else "请写明答复。", lowered],
    )  # fmt: skip


def waive(claim: Claim, *, by: Any, reason: str, version: int | None = None) -> Claim:
    """A leader lets the rest go, with the reason."""

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.waived_by, fresh.waived_at, fresh.end_words = by, clock.now(), reason.strip()[:200]

    return _end(claim, "waive", by=by, reason=reason, then=then, text=f"减免 {plain(claim.left)} 元", version=version)


def withdraw(claim: Claim, *, by: Any, reason: str, version: int | None = None) -> Claim:
    """It was no claim after all."""

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.end_words = reason.strip()[:200]

    return _end(claim, "withdraw", by=by, reason=reason, then=then, text="撤销", version=version)


def give_back(
    claim: Claim, *, on: dt.date, by: Any, reason: str, voucher: str = "", version: int | None = None
) -> Payment:
    """What was paid for it goes back whole."""
    amount = ZERO

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        nonlocal amount
        amount, fresh.received, fresh.end_words = fresh.received, ZERO, reason.strip()[:200]

    with transaction.atomic():
        done = _end(claim, "give_back", by=by, reason=reason, then=then, text="退款", version=version)
        hold_open(on)
        return enter(claim=done, amount=amount, on=on, kind="refund", voucher=voucher, words=reason, by=by)


def correct(payment: Payment, *, on: dt.date, by: Any, words: str) -> Payment:
    """Take a wrongly booked payment of a claim back; the claim is due again. Called by `services.correct`."""
    if payment.kind != "income":
        raise RuleBroken(f"{payment.number} 是退款，不能冲正。赔偿单已经结束，请另开一张。")
    assert payment.claim is not None  # noqa: S101  (for the type checker)

    def then(fresh: Claim, data: dict[str, Any]) -> None:
        fresh.received += payment.amount  # below zero: it came in

    with transaction.atomic():
        rules.CLAIM.run(
            payment.claim, "take_back", by=by, text=f"冲正缴款 {payment.number}", then=then,
            checks=[lambda fresh: correctable(payment, on)],
        )  # fmt: skip
        hold_open(on)
        wrong = Payment.objects.select_related("claim", "party").get(pk=payment.pk)
        return counterpart(wrong, on=on, by=by, words=words)


def _end(claim: Claim, step: str, *, by: Any, reason: str, then: Any, text: str, version: int | None) -> Claim:
    return rules.CLAIM.run(
        claim, step, by=by, text=text, said=reason.strip(), then=then, version=version,
        checks=[lambda fresh: None if reason.strip() else "请写明原因。"],
    )  # fmt: skip
