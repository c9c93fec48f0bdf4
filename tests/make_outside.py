"""Builders of outside jobs: an outside job in any state, carried there by the services with the usual cast."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campus.models import User
from core import clock
from finance.models import Party
from repairs.outside import services
from repairs.outside.models import OutsideJob
from repairs.outside.people import user_side
from tests import make
from tests.make_core import photo

ORDER = ("proposed", "quoting", "approving", "working", "checking", "pricing", "settling", "settled")
LINES = (  # item, unit, quantity, and what the three firms ask
    ("立式离心泵 5.5 kW", "台", 1, (6800, 7200, 7050)),
    ("闸阀 DN80", "个", 4, (420, 390, 450)),
    ("旧泵拆除外运", "项", 1, (600, 750, 800)),
)
FIRMS = ("恒达机电", "三友水暖", "城南工程队")


def someone(name: str) -> User:
    """One of the cast by the name of its builder; the same one every time."""
    usernames = {"homeroom": "banzhuren", "other_teacher": "teacher2"}
    return User.objects.filter(username=usernames.get(name, name)).first() or getattr(make, name)()


def contractor(name: str = FIRMS[0], **over: Any) -> Party:
    """A contractor, made once."""
    return Party.objects.get_or_create(name=name, defaults={"contractor": True, "account": "6222 0000"} | over)[0]


def outside_job(state: str = "proposed", **over: Any) -> OutsideJob:
    """An outside job in `state`: a clerk orders, the principal approves, reporter and repairer accept, finance checks.

    Keywords: those of `propose`, `lines` as rows of LINES, `firms` how many quotes, `by`, `retention_rate`,
    `warranty_months`, `prices` ({item: (price, reason)}) for the check.
    """
    make.bands(), make.hold_reason("outside")
    by = over.pop("by", None) or someone("clerk")
    rows = over.pop("lines", LINES)
    firms, rate, months = over.pop("firms", 3), over.pop("retention_rate", Decimal(5)), over.pop("warranty_months", 24)
    prices = over.pop("prices", {})
    kind = over.get("kind", "repair")
    if "tickets" not in over:
        facts = {"by": someone("teacher"), "place": make.place(), "category": make.category("下水管漏")}
        over["tickets"] = [make.ticket("accepted", **facts)] if kind == "repair" else []
    over["place"] = over.get("place") or (over["tickets"][0].place if over["tickets"] else make.place())
    facts = {
        "title": "更换供水泵及阀门", "reason": "电机烧毁，无备件", "promised_on": clock.today() + dt.timedelta(days=5),
    } | over  # fmt: skip
    lines = [{"item": item, "unit": unit, "quantity": quantity} for item, unit, quantity, _ in rows]
    job = services.propose(by=by, lines=lines, **facts)
    steps = [] if state == "cancelled" else ORDER[1 : ORDER.index(state) + 1]
    if state == "cancelled":
        return services.cancel(job, by=by, reason="不修了")
    for step in steps:
        job = _to(step, job, by, rows, firms, rate, months, prices)
    return job


def _to(
    step: str, job: OutsideJob, by: User, rows: Any, firms: int, rate: Decimal, months: int, prices: Any
) -> OutsideJob:
    if step == "quoting":
        job = services.ask_quotes(job, by=by)
        for number in range(firms):
            asked = {line.pk: row[3][number] for line, row in zip(job.lines.all(), rows, strict=True)}
            services.add_quote(job, by=by, party=contractor(FIRMS[number]), prices=asked, warranty_months=months)
        return OutsideJob.objects.get(pk=job.pk)
    if step == "approving":
        return services.submit(job, by=by, quote=job.quotes.get(party__name=FIRMS[0]), retention_rate=rate)
    if step == "working":
        return services.approve(job, by=someone("principal"), **_minutes(job))
    if step == "checking":
        return services.done(job, by=by, photos=[photo(40, 30)])
    if step == "pricing":
        return accepted(job)
    if step == "settling":
        by_item = {line.item: line.pk for line in job.lines.all()}
        return services.check_prices(
            job, by=someone("finance"), prices={by_item[item]: price for item, (price, _) in prices.items()},
            reasons={by_item[item]: words for item, (_, words) in prices.items()},
            submitted_amount=job.quoted_amount if job.kind == "works" else None,
        )  # fmt: skip
    return settled(job)


def _minutes(job: OutsideJob) -> dict[str, Any]:
    """The minutes, where the band asks for them."""
    if job.expense is None or not job.expense.minutes_needed:
        return {}
    from core import files

    scan = files.attach(job, photo(40, 30), by=someone("clerk"), role="minutes", caption="会议纪要")
    return {"minutes_number": "会议〔2026〕12号", "minutes_on": clock.today(), "minutes_scan": scan}


def accepted(job: OutsideJob, *, first: User | None = None, second: User | None = None, **over: Any) -> OutsideJob:
    """Two sign: everything passed, unless `over` says otherwise."""
    verdicts = {row.ticket_id: "passed" for row in job.tickets.filter(live=True)}
    first = first or someone("teacher" if user_side(job, someone("teacher")) else "warden")
    job = services.record(job, by=first, **{"verdicts": verdicts} | over)
    return services.cosign(job, by=second or someone("repairer"))


def settled(job: OutsideJob) -> OutsideJob:
    """Agreed, invoiced, paid less retention, settled."""
    clerk, finance, today = someone("clerk"), someone("finance"), clock.today()
    if job.warranty_for_id is None:
        job = services.agree(job, by=clerk, on=today, name="孙经理")
        invoice = services.add_invoice(job, by=clerk, number=f"F{job.pk:08d}", amount=job.checked_amount, on=today)
        services.pay(job, by=finance, amount=job.checked_amount - job.retention_amount, on=today, invoice=invoice)
    return services.settle(job, by=finance)
