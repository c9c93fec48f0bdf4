"""Builders of finance: party, bands, budget line, expense, invoice, payment, claim, contract, project."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from campus.models import User
from core import clock, files
from core.models import Attachment
from finance import claims, defaults, services
from finance.models import Band, BudgetLine, Claim, Contract, Expense, Invoice, Party, Payment, Project
from tests import make

_count = itertools.count(1)


def of_role(role: str) -> User:
    """Somebody of the role: the first there is, else a new one."""
    return User.objects.with_role(role).first() or make.user(role)


def party(name: str = "", **over: Any) -> Party:
    """A contractor; the same one for the same name."""
    facts = {"contractor": True, "account": "农行城东支行 6228 4800 1234"} | over
    return Party.objects.get_or_create(name=name or f"宏达装饰{next(_count)}", defaults=facts)[0]


def bands() -> None:
    """The bands of a new school: 0 director, 1,000 vice-principal, 5,000 principal, 20,000 principal with minutes."""
    defaults.ensure()


def band(from_amount: Any, approver: str = "principal", **over: Any) -> Band:
    """One band."""
    return Band.objects.create(from_amount=Decimal(from_amount), approver=approver, **over)


def budget_line(**over: Any) -> BudgetLine:
    """A line of this year's budget."""
    facts = {
        "year": clock.today().year,
        "code": f"302{next(_count):04}",
        "name": "维修费",
        "planned": Decimal(50000),
    } | over
    return BudgetLine.objects.create(**facts)


def scan(record: Expense) -> Attachment:
    """A picture of the meeting's minutes, on the expense."""
    return files.attach(record, make.photo(name="纪要.jpg"), by=record.requested_by, role="minutes")


def expense(state: str = "waiting", amount: Any = 800, **over: Any) -> Expense:
    """An expense asked for by a clerk, taken to `state` by people of the right roles; `approver` decides instead."""
    bands()
    approver = over.pop("approver", None)
    facts = {"what": "外墙修补", "by": None, "party": None} | over
    facts["by"] = facts["by"] or of_role("clerk")
    facts["party"] = facts["party"] or party()
    found = services.request(amount=Decimal(amount), **facts)
    if state == "waiting":
        return found
    decider = approver or of_role(found.approver_role)
    if state == "returned":
        return services.refuse(found, by=decider, words="先再问一家")
    if found.minutes_needed:
        minutes = {"minutes_number": "2026-18", "minutes_on": clock.today(), "minutes_scan": scan(found)}
    else:
        minutes = {}
    found = services.approve(found, by=decider, **minutes)
    return services.void(found, by=facts["by"], words="不做了") if state == "void" else found


def invoice(amount: Any = 800, **over: Any) -> Invoice:
    """An invoice of a contractor."""
    facts: dict[str, Any] = {"party": None, "number": f"2532{next(_count):08}", "on": clock.today(), "by": None} | over
    facts["party"] = facts["party"] or party()
    facts["by"] = facts["by"] or of_role("clerk")
    return services.add_invoice(amount=Decimal(amount), **facts)


def payment(amount: Any = 800, **over: Any) -> Payment:
    """Money that went out on an approved expense, up to all of it."""
    facts: dict[str, Any] = {"expense": None, "kind": "final", "on": clock.today(), "by": None} | over
    facts["expense"] = facts["expense"] or expense("approved", amount)
    facts["by"] = facts["by"] or of_role("finance")
    facts.setdefault("limit", facts["expense"].approved_amount)
    return services.pay(amount=Decimal(amount), **facts)


def claim(state: str = "to_judge", amount: Any = 120, **over: Any) -> Claim:
    """A broken window of 120 yuan, proposed by the asset keeper, judged by a clerk."""
    facts: dict[str, Any] = {"what": "窗玻璃 1 块", "cost_words": "玻璃店单据 120 元", "by": None} | over
    facts["by"] = facts["by"] or of_role("assetkeeper")
    found = claims.propose(cost=Decimal(amount), **facts)
    if state == "to_judge":
        return found
    if state == "withdrawn":
        return claims.withdraw(found, by=facts["by"], reason="自然损坏")
    found = claims.judge(found, by=of_role("clerk"), words="打球打碎")
    if state == "waived":
        return claims.waive(found, by=of_role("viceprincipal"), reason="家庭困难")
    if state in ("paid", "refunded"):
        claims.receive(found, amount=found.amount, on=clock.today(), by=of_role("finance"))
    if state == "refunded":
        claims.give_back(found, on=clock.today(), by=of_role("finance"), reason="查明不是本人")
    return Claim.objects.get(pk=found.pk)


def contract(**over: Any) -> Contract:
    """A contract of one year."""
    facts: dict[str, Any] = {
        "number": f"HT-{next(_count)}", "title": "绿化养护", "amount": Decimal(36000), "signed_on": dt.date(2026, 8, 20),
        "starts_on": dt.date(2026, 9, 1), "ends_on": dt.date(2027, 8, 31),
    } | over  # fmt: skip
    facts.setdefault("party", None)
    facts["party"] = facts["party"] or party()
    return Contract.objects.create(**facts)


def project(**over: Any) -> Project:
    """Summer works."""
    facts: dict[str, Any] = {
        "name": f"综合楼外墙整修{next(_count)}", "budget": Decimal(400000), "funding": "教育局专项",
        "starts_on": dt.date(2026, 7, 5), "ends_on": dt.date(2026, 8, 25),
    } | over  # fmt: skip
    return Project.objects.create(**facts)
