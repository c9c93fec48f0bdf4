"""When a ticket is due: working time for ordinary work, the wall clock for danger; waiting stops the working clock."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from campus.figures import figure
from campus.worktime import add_working_time, day_minutes, worked_minutes
from core import clock

if TYPE_CHECKING:
    from repairs.models import Ticket


def by_wall_clock(ticket: Ticket) -> bool:
    """Danger does not wait for Monday (flows.md §1): hazards and 特急 run by the wall clock, which never stops."""
    return ticket.hazard or ticket.priority == 1 or ticket.category.priority == 1


def due(ticket: Ticket) -> dt.datetime:
    """The deadline counted from filing, with the time for which the clock was stopped."""
    if by_wall_clock(ticket):
        return ticket.reported_at + dt.timedelta(hours=int(figure("repairs.due_hours_now")))
    days = ticket.category.workdays
    if ticket.priority_fixed or not days:
        days = int(
            figure(
                {2: "repairs.due_days_soon", 3: "repairs.due_days_plain", 4: "repairs.due_days_planned"}[
                    ticket.priority
                ]
            )
        )
    return add_working_time(ticket.reported_at, days * day_minutes() + ticket.waited_minutes)


def stop(ticket: Ticket) -> None:
    """Stop the clock, unless danger keeps it running."""
    if ticket.clock_stopped_at is None and not by_wall_clock(ticket):
        ticket.clock_stopped_at = clock.now()


def recount(ticket: Ticket) -> None:
    """After a change of kind, priority or danger: run or stop the clock as it now should, and set the deadline."""
    if by_wall_clock(ticket):
        go_on(ticket)
    elif ticket.state in ("asked", "checking") or (ticket.hold_reason is not None and ticket.hold_reason.stops_clock):
        stop(ticket)
    ticket.due_at = due(ticket)


def go_on(ticket: Ticket) -> None:
    """Let the clock run again and move the deadline by the working time that was waited."""
    if ticket.clock_stopped_at is None:
        return
    ticket.waited_minutes += worked_minutes(ticket.clock_stopped_at, clock.now())
    ticket.clock_stopped_at = None
    ticket.due_at = due(ticket)
