"""What outside work does to a ticket: it waits for the job, passes or fails its acceptance, or comes back to the office."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock
from core.workflow import RuleBroken
from repairs import deadlines, rules
from repairs.models import HoldReason, OutsideJob, Ticket
from repairs.services.base import day, move, tell, touched_users
from repairs.services.office import take_in


def outside(ticket: Ticket, *, by: Any, job: OutsideJob, until: dt.date, **kwargs: Any) -> Ticket:
    """挂起(待外修) until the job's promised date; whoever had it is free of it. `outside.services.join` calls this."""
    reason = HoldReason.objects.filter(key="outside").first()
    if reason is None:
        raise RuleBroken("挂起原因里没有“待外修”，请系统管理员先补上。")
    was = ticket.lead

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        if t.accepted_at is None:
            take_in(t, data)
        t.lead, t.state_before = None, "accepted"
        t.helpers.clear()
        t.hold_reason, t.hold_until, t.hold_words = reason, until, f"外修单 {job.number}"
        t.hold_item = t.hold_quantity = None
        if reason.stops_clock:
            deadlines.stop(t)

    text = f"转外修 {job.number}，预计 {day(until)}"
    fresh = move(ticket, "outside", by=by, text=text, then=effect, **kwargs)
    tell([was, *touched_users(fresh)], fresh, f"转外修，预计 {day(until)}", but=by)
    return fresh


def redate_outside(ticket: Ticket, *, by: Any, until: dt.date, words: str = "") -> Ticket:
    """The job has a new promised date."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.hold_until = until

    return move(ticket, "outside_redated", by=by, said=words, text=f"外修预计 {day(until)}", then=effect)


def outside_passed(ticket: Ticket, *, by: Any, job: OutsideJob, acceptors: list[Any], words: str = "") -> Ticket:
    """合格: to 待验收, or straight to 已完成 when reporter or custodian was among the acceptors; a hazard is cleared first."""
    users = [one for one in acceptors if rules.is_reporter(ticket, one) or rules.is_custodian(ticket, one)]

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        moment = clock.now()
        _waits_no_more(t)
        t.outside_by = job.ordered_by
        t.outcome, t.outcome_words, t.done_quantity = "repaired", f"外修 {job.number}：{job.party}"[:300], t.quantity
        t.finished_at, t.finished_by, t.reopened = moment, by, False
        t.started_at = t.started_at or moment
        if t.state == "done":
            t.completed_at = t.ended_at = moment
            t.completed_by, t.clock_stopped_at, t.deemed = users[0], None, False
        else:
            deadlines.stop(t)

    text = f"外修验收合格，{job.number}"
    data = {"complete": bool(users) and not ticket.hazard}
    fresh = move(ticket, "outside_passed", by=by, said=words, text=text, then=effect, data=data)
    if fresh.state == "checking":
        tell([fresh.reporter, fresh.place.custodian], fresh, "外修好了，请验收", but=by)
    else:
        tell(touched_users(fresh), fresh, "外修验收合格，已完成", but=by)
    return fresh


def outside_failed(ticket: Ticket, *, by: Any, job: OutsideJob, words: str = "") -> Ticket:
    """不合格: it stays held until the contractor comes again."""
    return move(ticket, "outside_failed", by=by, said=words, text=f"外修验收不合格，{job.number} 返工")


def outside_ended(ticket: Ticket, *, by: Any, job: OutsideJob, reason: str) -> Ticket:
    """The job was cancelled, or the ticket taken off it: the office has it again."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        deadlines.go_on(t)
        _waits_no_more(t)

    fresh = move(ticket, "outside_ended", by=by, said=reason, text=f"外修单 {job.number} 不再做这件", then=effect)
    tell(touched_users(fresh), fresh, "外修不再做这件，后勤另行安排", but=by)
    return fresh


def _waits_no_more(t: Ticket) -> None:
    t.hold_reason = t.hold_until = t.hold_item = t.hold_quantity = None
    t.hold_words = t.state_before = ""
