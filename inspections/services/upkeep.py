"""Recurring work: tickets made when it comes due, the next date when a ticket ends, work noted down as done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from campus.models import User
from core import clock, log, notices
from core.workflow import SYSTEM, RuleBroken
from inspections.models import Upkeep
from inspections.notify import day_words, keepers
from repairs import services as repairs
from repairs.models import ENDS, Ticket

PREVIEW = 6


def lead(upkeep: Upkeep) -> Upkeep:
    """Keep the day on which the ticket is made in step with the day it is due."""
    upkeep.makes_on = upkeep.due_on - dt.timedelta(days=upkeep.lead_days)
    return upkeep


def next_due(upkeep: Upkeep, done_on: dt.date) -> dt.date:
    """When it comes again after work on `done_on`: so many days later, or the next planned day after it.

    Planned days that went by unused are let go: a pump that was not serviced for a year is serviced once.
    """
    step = dt.timedelta(days=upkeep.every_days)
    if upkeep.counts_from == "done":
        return done_on + step
    after = max((done_on - upkeep.due_on).days, 0) // upkeep.every_days + 1
    return upkeep.due_on + step * after


def preview(upkeep: Upkeep, count: int = PREVIEW) -> list[dt.date]:
    """The next days it comes due, when it is always done in time."""
    return [upkeep.due_on + dt.timedelta(days=upkeep.every_days * number) for number in range(count)]


# ---- by the day ---------------------------------------------------------------------------------------------------


def daily(day: dt.date) -> str:
    """First what has ended, then what comes due; a second time on the same day nothing is left to do."""
    ended, made = settle(day), make_tickets(day)
    words = [f"{ended} 项已做完" if ended else "", f"派出 {made} 张" if made else ""]
    return "，".join(filter(None, words))


def make_tickets(day: dt.date) -> int:
    """A ticket for each work whose day has come and that has none under way. Returns how many."""
    count = 0
    for pk in list(Upkeep.objects.due(day).order_by("due_on", "pk").values_list("pk", flat=True)):
        with transaction.atomic():
            upkeep = Upkeep.objects.select_for_update(of=("self",)).get(pk=pk)
            if upkeep.ticket_id is not None or not upkeep.active or upkeep.makes_on > day:
                continue  # somebody was first
            count += make(upkeep) is not None
    return count


def make(upkeep: Upkeep, *, by: Any = SYSTEM) -> Ticket | None:
    """The ticket of a locked row; a place out of use stops the work, and who answers for it is told."""
    words = f"{upkeep.title}。{upkeep.words}".strip("。")
    try:
        with transaction.atomic():
            ticket, _ = repairs.open_ticket(
                place=upkeep.place, category=upkeep.category, channel="routine", words=words, asset=upkeep.card,
                reporter=_reporter(upkeep),
            )  # fmt: skip
    except RuleBroken as broken:
        Upkeep.objects.filter(pk=upkeep.pk).update(active=False, version=upkeep.version + 1)
        log.write(upkeep, "stop", by=by, text=f"没有派出，已停用：{broken.reasons[0]}")
        text = f"定期维护没有派出，已停用：{upkeep.title}，{broken.reasons[0]}"
        notices.tell(keepers(upkeep.area), text, upkeep.get_absolute_url())
        return None
    moment = clock.moment(upkeep.due_on.year, upkeep.due_on.month, upkeep.due_on.day, 18)
    if ticket.due_at is None or moment > ticket.due_at:  # not before it is due
        Ticket.objects.filter(pk=ticket.pk).update(due_at=moment)
    Upkeep.objects.filter(pk=upkeep.pk).update(ticket=ticket, version=upkeep.version + 1)
    log.write(upkeep, "ticket", by=by, text=f"派出 {ticket.number}，{day_words(upkeep.due_on)}到期")
    return ticket


def _reporter(upkeep: Upkeep) -> User | None:
    """Who accepts the work: who answers for it."""
    return upkeep.owner if upkeep.owner is not None and upkeep.owner.is_active else None


def settle(day: dt.date) -> int:
    """What became of the tickets under way: done, the next date is set; ended without work, it comes again."""
    count = 0
    under_way = Upkeep.objects.filter(ticket__state__in=ENDS).order_by("pk").values_list("pk", flat=True)
    for pk in list(under_way):
        with transaction.atomic():
            upkeep = Upkeep.objects.select_for_update(of=("self",)).select_related("ticket").get(pk=pk)
            ticket = upkeep.ticket
            if ticket is None or ticket.state not in ENDS:
                continue
            if ticket.state == "duplicate":
                Upkeep.objects.filter(pk=pk).update(ticket=ticket.head, version=upkeep.version + 1)
                continue
            finished = ticket.finished_at or ticket.completed_at
            if ticket.state == "done" and finished is not None:
                done_on = clock.local(finished).date()
                _done(upkeep, done_on, by=SYSTEM, text=f"{ticket.number} 已完成")
                count += 1
            else:
                upkeep.due_on = next_due(upkeep, max(day, upkeep.due_on))
                _next(upkeep, SYSTEM, "skip", f"{ticket.number} {ticket.word}，这次没做")
    return count


def _done(upkeep: Upkeep, done_on: dt.date, *, by: Any, text: str, said: str = "") -> Upkeep:
    upkeep.done_on, upkeep.times = done_on, upkeep.times + 1
    upkeep.due_on = next_due(upkeep, done_on)
    return _next(upkeep, by, "done", f"{text}（{day_words(done_on)}做）", said)


def _next(upkeep: Upkeep, by: Any, verb: str, text: str, said: str = "") -> Upkeep:
    upkeep.ticket = None
    upkeep.version += 1
    lead(upkeep).save()
    log.write(upkeep, verb, by=by, text=f"{text}，下次 {day_words(upkeep.due_on)}", said=said)
    return upkeep


# ---- by hand ------------------------------------------------------------------------------------------------------


def record_done(upkeep: Upkeep, *, by: User, on: dt.date, words: str = "") -> Upkeep:
    """Done without a ticket: by the maker's service, or on the way."""
    with transaction.atomic():
        fresh = Upkeep.objects.select_for_update(of=("self",)).select_related("ticket").get(pk=upkeep.pk)
        if fresh.ticket is not None:
            raise RuleBroken(f"已派出 {fresh.ticket.number}，在那张单上报完工。")
        if on > clock.today():
            raise RuleBroken("完成日期还没有到，请改成已经做完的那一天。")
        if fresh.done_on is not None and on <= fresh.done_on:
            raise RuleBroken(f"上次完成是 {fresh.done_on:%Y-%m-%d}，请填那以后的日子。")
        return _done(fresh, on, by=by, text="登记已做", said=words.strip())


def make_now(upkeep: Upkeep, *, by: User) -> Upkeep:
    """现在派单, before its day."""
    with transaction.atomic():
        fresh = Upkeep.objects.select_for_update(of=("self",)).select_related("ticket").get(pk=upkeep.pk)
        if fresh.ticket is not None:
            raise RuleBroken(f"已派出 {fresh.ticket.number}。")
        if not fresh.active:
            raise RuleBroken("这项维护已停用，先启用再派单。")
        if make(fresh, by=by) is None:
            raise RuleBroken("没有派出：这个地点已停用，请改地点。")
        fresh.refresh_from_db()
        return fresh
