"""What the day does to tickets: deemed acceptance, lapsed questions, fresh priorities, held past the date."""

from __future__ import annotations

import datetime as dt

from repairs import priority
from repairs.models import Ticket
from repairs.services.acceptance import deem_accepted, lapse_unanswered
from repairs.services.base import office_users, tell


def run(day: dt.date) -> str:
    """One school day's round; idempotent. Returns a line for the status page."""
    deemed, lapsed = deem_accepted(), lapse_unanswered()
    counted = priority.refresh_all()
    held = Ticket.objects.filter(state="held", hold_until=day).select_related("place", "category", "lead")
    for ticket in held:
        tell([ticket.lead, *office_users()], ticket, "挂起今天到期，请恢复或改日期")
    return f"默认验收 {deemed} 张，到期撤销或转交 {lapsed} 张，重算优先级 {counted} 张"
