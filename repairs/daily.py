"""What the day does to tickets: deemed acceptance, lapsed questions, fresh priorities, held past the date."""

from __future__ import annotations

import datetime as dt

from dateutil.relativedelta import relativedelta
from django.db.models import Q

from campus.figures import whole
from core import clock, personal
from core.models import Notice
from repairs import priority
from repairs.models import Ticket
from repairs.services.acceptance import deem_accepted, lapse_unanswered
from repairs.services.base import day as named
from repairs.services.base import office_users, tell


def run(day: dt.date) -> str:
    """One day's round; a second one on the same day finds nothing left to do. Returns a line for the status page."""
    deemed, lapsed = deem_accepted(), lapse_unanswered()
    counted = priority.refresh_all()
    words = f"挂起到{named(day)}为止，请恢复维修或改日期"
    for ticket in Ticket.objects.filter(state="held", hold_until=day).select_related("place", "category", "lead"):
        if not Notice.objects.filter(url=ticket.get_absolute_url(), text__startswith=words).exists():
            tell([ticket.lead, *office_users()], ticket, words)
    forgotten = forget_guests(day)
    return f"默认验收 {deemed} 张，到期撤销或转交 {lapsed} 张，重算优先级 {counted} 张，清空扫码人信息 {forgotten} 张"


def forget_guests(day: dt.date) -> int:
    """Blank name and telephone of who reported without an account, some months after the ticket ended."""
    before = clock.moment(day.year, day.month, day.day) - relativedelta(months=whole("repairs.personal_months"))
    old = Ticket.objects.filter(ended_at__lt=before).exclude(Q(reporter_name="") & Q(reporter_phone=""))
    return sum(
        personal.blank_fields(ticket, by=None, text="保存期已过，清空报修人信息") for ticket in old.order_by("pk")[:200]
    )
