"""From the reason to the request: propose, tickets, lines, quotes, and what is sent up for approval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from campus.models import Place, User
from core import clock, log
from core.money import cents
from core.numbering import next_number
from core.workflow import RuleBroken
from finance import services as finance
from finance.models import Expense, Party
from repairs.models import Category, Ticket
from repairs.outside.base import (
    amount_of,
    live_rows,
    not_past,
    take,
    written,
)
from repairs.outside.models import KINDS, JobLine, JobTicket, OutsideJob, Quote, QuoteLine
from repairs.outside.rules import office
from repairs.services.outside import outside, outside_ended, redate_outside

EDITABLE = (
    "title", "place", "reason", "category", "promised_on", "budget_line", "contract", "project", "hidden_work", "retention_rate",
    "warranty_months",
)  # fmt: skip


def propose(
    *,
    by: User,
    title: str,
    place: Place,
    reason: str,
    kind: str = "repair",
    category: Category | None = None,
    tickets: Iterable[Ticket] = (),
    lines: Iterable[dict[str, Any]] = (),
    promised_on: dt.date | None = None,
    warranty_for: OutsideJob | None = None,
    **more: Any,
) -> OutsideJob:
    """拟外修: what, where, and why not in-house; the tickets that it shall settle wait for it.

    `lines` are dicts of item, unit, quantity; `more` are budget_line, contract, project, hidden_work, retention_rate,
    warranty_months. With `warranty_for` it is a 质保返修 by the same contractor, without quotes, approval or payment.
    """
    tickets = list(tickets)
    refused = [office(OutsideJob(), by)] + [
        refusal
        for wrong, refusal in (
            (kind not in KINDS, "请选类型：维修、服务或工程。"),
            (not title.strip(), "请写项目名称。"),
            (not reason.strip(), "请写明为什么不能自修。"),
            (tickets and promised_on is None, "请填预计完工日期，报修单会挂起到那一天。"),
            (promised_on is not None and promised_on < clock.today(), "预计完工日期已经过了，请改成今天或以后。"),
            (set(more) - set(EDITABLE), "有不认识的内容，请重新填写。"),
            (
                warranty_for is not None
                and (warranty_for.warranty_until is None or warranty_for.warranty_until < clock.today()),
                "那张外修单的质保已经到期，请另开外修单询价。",
            ),
        )
        if wrong
    ]
    if reasons := [reason for reason in refused if reason]:
        raise RuleBroken(*reasons)
    with transaction.atomic():
        job = OutsideJob.objects.create(
            number=next_number("WX"), kind=kind, title=title.strip(), place=place, reason=reason.strip(), category=category,
            promised_on=promised_on, created_by=by, created_at=clock.now(), warranty_for=warranty_for,
            party=warranty_for.party if warranty_for else None, **more,
        )  # fmt: skip
        write_lines(job, lines)
        text = f"质保返修（{warranty_for.number}）" if warranty_for else "拟外修"
        log.write(job, "propose", by=by, text=text, said=reason, after=job.state)
        if tickets:
            job = join(job, by=by, tickets=tickets)
    return job


def send_outside(
    tickets: Iterable[Ticket], *, by: User, job: OutsideJob | None = None, version: int | None = None, **new: Any
) -> OutsideJob:
    """转外修: the tickets join `job`, or make a new one (`new`: the keywords of `propose`; title and place may be left out)."""
    tickets = sorted(tickets, key=lambda ticket: ticket.pk)
    if not tickets:
        raise RuleBroken("请先选报修单。")
    if job is not None:
        return join(job, by=by, tickets=tickets, version=version)
    first = tickets[0]
    facts = {"title": f"{first.where}：{first.fault}"[:80], "place": first.place, "category": first.category} | new
    return propose(by=by, tickets=tickets, **facts)


def join(job: OutsideJob, *, by: User, tickets: Iterable[Ticket], **kwargs: Any) -> OutsideJob:
    """Tickets join a job: they are held until its promised date."""
    tickets = sorted(tickets, key=lambda ticket: ticket.pk)

    def dated(j: OutsideJob) -> str | None:
        return None if j.promised_on else "外修单还没有预计完工日期，请先填上。"

    with transaction.atomic():
        text = f"并入 {'、'.join(ticket.number for ticket in tickets)}"
        fresh = take(job, "join", by=by, text=text[:500], checks=[dated], **kwargs)
        until = fresh.promised_on or clock.today()
        for ticket in tickets:
            outside(ticket, by=by, job=fresh, until=until)
            try:
                with transaction.atomic():
                    JobTicket.objects.update_or_create(
                        job=fresh, ticket=ticket, defaults={"live": True, "verdict": "", "words": ""}
                    )
            except IntegrityError as twice:  # somebody put it on another job at this very moment
                raise RuleBroken(f"{ticket.number} 已在另一张外修单里。") from twice
    return fresh


def take_off(job: OutsideJob, *, by: User, ticket: Ticket, reason: str, **kwargs: Any) -> OutsideJob:
    """A ticket leaves the job and is the office's again."""

    def on_it(j: OutsideJob) -> str | None:
        return (
            None if j.tickets.filter(ticket=ticket, live=True).exists() else f"{ticket.number} 不在这张外修单里等施工。"
        )

    checks = [written(reason, "移出要写明原因。"), on_it]
    with transaction.atomic():
        fresh = take(job, "take_off", by=by, text=f"移出 {ticket.number}", said=reason, checks=checks, **kwargs)
        outside_ended(ticket, by=by, job=fresh, reason=reason)
        fresh.tickets.filter(ticket=ticket).update(live=False)
    return fresh


def release(job: OutsideJob, *, by: Any, reason: str) -> None:
    """All tickets that still wait for the job come back to the office."""
    for row in live_rows(job):
        outside_ended(row.ticket, by=by, job=job, reason=reason)
    job.tickets.filter(live=True).update(live=False)


def edit(job: OutsideJob, *, by: User, lines: Iterable[dict[str, Any]] | None = None, **facts: Any) -> OutsideJob:
    """Facts and lines, before the approval is asked for; `lines` with a `pk` keep their quoted prices."""
    kwargs = {name: facts.pop(name) for name in ("version",) if name in facts}
    wrong = set(facts) - set(EDITABLE)
    checks = [lambda j: "有不认识的内容，请重新填写。" if wrong else None]
    if "promised_on" in facts:
        checks.append(not_past(facts["promised_on"], "预计完工日期"))
    if "reason" in facts:
        checks.append(written(facts["reason"], "请写明为什么不能自修。"))

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        for name, value in facts.items():
            setattr(j, name, value)
        if lines is not None:
            write_lines(j, lines)

    with transaction.atomic():
        fresh = take(job, "edit", by=by, text="修改外修单", then=effect, checks=checks, **kwargs)
        if fresh.promised_on and fresh.promised_on != job.promised_on:
            redate_tickets(fresh, by=by)
    return fresh


def write_lines(job: OutsideJob, lines: Iterable[dict[str, Any]], *, priced: bool = False) -> None:
    """The lines as given: those with a `pk` are changed, new ones added, the others go with their prices."""
    there = {line.pk: line for line in job.lines.filter(variation=None)}
    for order, facts in enumerate(lines):
        line = there.pop(facts.get("pk") or 0, None) or JobLine(job=job)
        line.order, line.item, line.unit = order, str(facts["item"]).strip(), str(facts.get("unit") or "项").strip()
        line.quantity = cents(facts["quantity"])
        if not line.item or line.quantity <= 0:
            raise RuleBroken("每行都要写项目，数量要大于 0。")
        if priced:
            line.unit_price = amount_of(facts["unit_price"])
        line.save()
    for line in there.values():
        line.delete()


def redate(job: OutsideJob, *, by: User, promised_on: dt.date, words: str, **kwargs: Any) -> OutsideJob:
    """The contractor promises another day; the tickets that wait are held until then."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.promised_on = promised_on

    checks = [not_past(promised_on, "承诺完工日期"), written(words, "请写为什么改期。")]
    text = f"承诺完工改为 {promised_on:%Y-%m-%d}"
    with transaction.atomic():
        fresh = take(job, "redate", by=by, said=words, text=text, then=effect, checks=checks, **kwargs)
        redate_tickets(fresh, by=by)
    return fresh


def redate_tickets(job: OutsideJob, *, by: Any) -> None:
    for row in live_rows(job):
        if job.promised_on and row.ticket.hold_until != job.promised_on:
            redate_outside(row.ticket, by=by, until=job.promised_on)


# ---- quotes -------------------------------------------------------------------------------------------------------


def ask_quotes(job: OutsideJob, *, by: User, **kwargs: Any) -> OutsideJob:
    """拟外修 -> 询价."""
    return take(job, "ask_quotes", by=by, text="开始询价", **kwargs)


def add_quote(
    job: OutsideJob,
    *,
    by: User,
    party: Party,
    prices: dict[int, Any],
    on: dt.date | None = None,
    valid_until: dt.date | None = None,
    days: int | None = None,
    warranty_months: int = 0,
    words: str = "",
    **kwargs: Any,
) -> Quote:
    """A firm's quote, a unit price for each line ({line.pk: price}); a second one of the same firm replaces the first."""
    given = {int(key): amount_of(price) for key, price in prices.items() if price not in (None, "")}
    on = on or clock.today()
    made: list[Quote] = []

    def sound(j: OutsideJob) -> str | None:
        if not party.active or not party.contractor:
            return f"{party}不是在用的外修单位，请先在往来单位里登记。"
        keys = set(j.lines.values_list("pk", flat=True))
        if not keys or keys != set(given):
            return "每个项目都要填单价；不做的项目填 0。"
        if any(price < 0 for price in given.values()) or not any(given.values()):
            return "单价不能小于 0，也不能全是 0。"
        if on > clock.today():
            return "报价日期还没有到，请改正。"
        return "有效期早于报价日期，请改正。" if valid_until is not None and valid_until < on else None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        facts = {
            "on": on, "valid_until": valid_until, "days": days, "warranty_months": warranty_months, "words": words.strip(), "by": by,
        }  # fmt: skip
        quote, _ = Quote.objects.update_or_create(job=j, party=party, dropped=False, defaults=facts)
        quote.lines.all().delete()
        QuoteLine.objects.bulk_create(
            QuoteLine(quote=quote, line_id=pk, unit_price=price) for pk, price in given.items()
        )
        made.append(quote)

    take(job, "quote", by=by, text=f"{party}报价", said=words, then=effect, checks=[sound], **kwargs)
    return made[0]


def drop_quote(job: OutsideJob, *, by: User, quote: Quote, **kwargs: Any) -> OutsideJob:
    """A quote typed for the wrong firm goes; the log tells of it."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        j.quotes.filter(pk=quote.pk, chosen=False, dropped=False).delete()

    return take(job, "quote", by=by, text=f"删去{quote.party}的报价", then=effect, **kwargs)


def standing_quotes(job: OutsideJob) -> list[Quote]:
    """The quotes that count: complete, not expired, of firms that did not fail."""
    lines = set(job.lines.values_list("pk", flat=True))
    rows = job.quotes.filter(dropped=False).select_related("party").prefetch_related("lines__line")
    return [row for row in rows if not row.expired and {one.line_id for one in row.lines.all()} == lines]


def submit(
    job: OutsideJob,
    *,
    by: User,
    quote: Quote,
    single_source: str = "",
    choice_words: str = "",
    promised_on: dt.date | None = None,
    retention_rate: Decimal | None = None,
    budget_line: Any = None,
    **kwargs: Any,
) -> OutsideJob:
    """询价 -> 待审批: the chosen quote, enough quotes for its band or the reason for a single source; asks for the expense."""

    def sound(j: OutsideJob) -> str | None:
        standing = {one.pk: one for one in standing_quotes(j)}
        if quote.pk not in standing:
            return "选用的报价不完整、已过期或已不再采用，请重新询价。"
        total = standing[quote.pk].total
        needed = finance.band_of(total).quotes
        if len(standing) < needed and not single_source.strip():
            return (
                f"{total:,.2f} 元按规定要有 {needed} 家报价，现在有 {len(standing)} 家；请补报价，或写单一来源的理由。"
            )
        lowest = min(one.total for one in standing.values())
        if total > lowest and not choice_words.strip():
            return f"最低报价是 {lowest:,.2f} 元，选用更高的要写理由。"
        if retention_rate is not None and not 0 <= retention_rate <= 100:
            return "质保金比例要在 0 到 100 之间。"
        return None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        chosen = next(one for one in standing_quotes(j) if one.pk == quote.pk)
        j.quotes.filter(chosen=True).update(chosen=False)
        j.quotes.filter(pk=chosen.pk).update(chosen=True)
        for row in chosen.lines.all():
            JobLine.objects.filter(pk=row.line_id).update(unit_price=row.unit_price)
        j.party, j.ordered_by, j.ordered_at = chosen.party, by, clock.now()
        j.single_source, j.choice_words = single_source.strip(), choice_words.strip()
        j.warranty_months = chosen.warranty_months or j.warranty_months
        j.promised_on = promised_on or j.promised_on
        j.retention_rate = retention_rate if retention_rate is not None else j.retention_rate
        j.budget_line = budget_line or j.budget_line
        j.expense = request(j, chosen.total, by=by)

    checks = [sound, not_past(promised_on, "承诺完工日期")]
    text = f"选用{quote.party}，送审"
    with transaction.atomic():
        fresh = take(
            job, "submit", by=by, said=choice_words or single_source, text=text, then=effect, checks=checks, **kwargs
        )
        redate_tickets(fresh, by=by)
    return fresh


def request(job: OutsideJob, amount: Decimal, *, by: Any, **more: Any) -> Expense:
    return finance.request(
        what=f"{job.get_kind_display()}：{job.title}", amount=amount, by=by, party=job.party, budget_line=job.budget_line,
        book=job.budget_line.book if job.budget_line else "school", source_number=job.number, source_url=job.get_absolute_url(),
        place_words=job.place.full_name, **more,
    )  # fmt: skip
