"""What outside work adds to other pages: a ticket's jobs, 转外修 and warranty, a place's warranties, a contractor's sums."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from core.money import plain
from core.pages import Action
from core.panels import Panel, PanelRow
from repairs.models import Ticket
from repairs.outside.listings import SIGNS, money_figures
from repairs.outside.models import OutsideJob
from repairs.outside.warranty import warranty_of, words_of
from repairs.rules import FLOW as TICKET_FLOW


def job_row(job: OutsideJob, note: str = "") -> PanelRow:
    return PanelRow(
        f"{job.number} {job.title}", job.get_absolute_url(), note=note or (job.party.name if job.party else ""),
        value=job.word, state=SIGNS[job.state],
    )  # fmt: skip


def of_ticket(user: Any, ticket: Ticket) -> Panel | None:
    """The jobs of a ticket, whose warranty runs, and the way to send it outside."""
    rows = [
        job_row(row.job, f"本单验收：{row.get_verdict_display()}" if row.verdict else "")
        for row in ticket.outside.select_related("job__party").order_by("-pk")
    ]
    warranty = warranty_of(ticket.place, ticket.category) if ticket.is_open else None
    if warranty is not None and all(row.url != warranty.get_absolute_url() for row in rows):
        rows.append(
            PanelRow(
                f"{warranty.number} {warranty.title}",
                warranty.get_absolute_url(),
                note=words_of(warranty),
                value="质保",
            )
        )
    if rows:  # who sees the ticket need not see the job: its line leads nowhere then
        numbers = [row.text.split()[0] for row in rows]
        seen = set(OutsideJob.objects.visible_to(user).filter(number__in=numbers).values_list("number", flat=True))
        for row, number in zip(rows, numbers, strict=True):
            row.url = row.url if number in seen else ""
    actions = []
    if not TICKET_FLOW.blockers(ticket, "outside", user):
        label = "质保返修或转外修" if warranty is not None else "转外修"
        actions.append(Action(label, reverse("outside:send", args=[ticket.number]), "hard-hat"))
    return Panel("外修", rows, actions, key="outside") if rows or actions else None


def of_party(user: Any, party: Any) -> Panel | None:
    """What the jobs of a contractor came to."""
    if not party.contractor:
        return None
    sums = money_figures(party)
    words = (("报价（已核价的）", "quoted"), ("核定", "checked"), ("核减", "saved"), ("已付", "paid"))
    rows = [
        PanelRow(
            f"外修单 {sums['jobs']} 张",
            f"{reverse('outside:list')}?party={party.pk}",
            value=f"验收合格 {sums['done']} 张",
        )
    ]
    rows += [PanelRow(label, value=f"¥{plain(sums[key])}") for label, key in words if sums["jobs"]]
    return Panel("外修情况", rows, key="sums")


def of_place(user: Any, place: Any) -> Panel | None:
    """What a contractor still answers for at a place."""
    found = (
        OutsideJob.objects.visible_to(user)
        .under_warranty()
        .filter(place=place)
        .select_related("party")
        .order_by("-warranty_until")
    )
    rows = [job_row(job, f"{job.party}，质保至 {job.warranty_until:%Y-%m-%d}") for job in found[:5]]
    return Panel("在质保期内的外修", rows, key="warranty") if rows else None
