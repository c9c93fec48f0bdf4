"""Older history by the hundred thousand: closed tickets with their log, written in bulk, for load tests."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from campus import worktime
from config.demo import words
from core.models import LogEntry, Sequence
from core.plan import Month
from repairs.models import Ticket

if TYPE_CHECKING:
    from config.demo.history import Story

MONTHS = 36  # so far back, before the months that were played
BATCH = 5000


def reserve(count: int) -> None:
    """Keep the first keys free: lists go by key, and what is older must stand behind what was played."""
    table = Ticket._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        else:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, count])


def closed_tickets(story: Story, count: int) -> None:
    """So many tickets that were done long ago, month by month with the year's ups and downs."""
    world = story.world
    world.say(f"正在加入 {count} 张早先办结的报修单 …")
    first = Month.of(world.since).plus(-MONTHS)
    months = [first.plus(n) for n in range(MONTHS)]
    shares = Counter(story.rng.choices(months, [world.profile.index[m.month] for m in months], k=count))
    kind = ContentType.objects.get_for_model(Ticket)
    uses, weights = zip(*words.LOCATIONS, strict=True)
    pk = 0
    for month in months:
        days = month.last.day
        moments = sorted(
            story._time(month.first + dt.timedelta(days=story.rng.randrange(days))) for _ in range(shares[month])
        )
        tickets: list[Ticket] = []
        for serial, moment in enumerate(moments, 1):
            pk += 1
            use = story.rng.choices(uses, weights)[0]
            name = story.kind_for(use, month.month)
            while story.kinds[name].hazard:  # a hazard is done only with its photo
                name = story.kind_for(use, month.month)
            tickets.append(_ticket(story, pk, f"BX{month.year}{month.month:02d}-{serial:04d}", moment, use, name))
        for start in range(0, len(tickets), BATCH):
            part = tickets[start : start + BATCH]
            Ticket.objects.bulk_create(part)
            LogEntry.objects.bulk_create([entry for ticket in part for entry in _log(ticket, kind)])
        if moments:
            Sequence.objects.create(key=f"BX{month.year}{month.month:02d}", last=len(moments))


def _ticket(story: Story, pk: int, number: str, moment: dt.datetime, use: str, name: str) -> Ticket:
    rng, world = story.rng, story.world
    kind, fault, place = story.kinds[name], words.FAULTS[name], story.spot_for(use, name)
    clerk = world.people["clerk"]
    reporter = place.custodian or story.teacher()
    lead = story.worker(kind)
    outcome, text, _ = rng.choice(fault.fixed)
    accepted = worktime.add_working_time(moment, rng.randint(10, 200))
    finished = worktime.add_working_time(accepted, rng.randint(60, 1300))
    deemed = rng.random() < 0.3
    completed = finished + (dt.timedelta(days=5) if deemed else dt.timedelta(minutes=rng.randint(20, 2000)))
    urgent = kind.priority == 1
    days = max(1, kind.workdays)
    due = moment + dt.timedelta(hours=12) if urgent else worktime.add_working_time(moment, days * 480)
    stars = 0 if deemed or rng.random() < 0.4 else rng.choices([5, 4, 3], [6, 3, 1])[0]
    return Ticket(
        pk=pk, number=number, state="done", place=place, category=kind, words=rng.choice(fault.said), detail=rng.choice(fault.details),
        done_quantity=1, reporter=reporter, channel="web", reported_at=moment, created_at=moment, opened_at=accepted,
        priority=kind.priority, score=(5 - kind.priority) * 1000, due_at=due, lead=lead, dispatched_by=clerk,
        dispatched_at=accepted, accepted_at=accepted, started_at=finished - dt.timedelta(minutes=20), outcome=outcome,
        outcome_words=text, cause=rng.choice(fault.causes), labour_minutes=rng.randint(*fault.minutes), finished_at=finished,
        finished_by=lead, after_photo_at=None, completed_at=completed, ended_at=completed, deemed=deemed,
        completed_by=None if deemed else reporter, rating=stars or None, version=5,
    )  # fmt: skip


def _log(ticket: Any, kind: Any) -> list[LogEntry]:
    """The five entries of an ordinary repair."""
    clerk, lead = ticket.dispatched_by, ticket.lead
    rows = [
        (ticket.reported_at, ticket.reporter, "file", "报修", ticket.words, "", "new"),
        (ticket.accepted_at, clerk, "accept", "受理", "", "new", "accepted"),
        (ticket.accepted_at, clerk, "dispatch", f"派工给{lead.name}", "", "accepted", "dispatched"),
        (ticket.finished_at, lead, "finish", f"报完工：{ticket.get_outcome_display()}", ticket.outcome_words, "dispatched", "checking"),
        (ticket.completed_at, ticket.completed_by, "deem" if ticket.deemed else "accept_work",
         "默认验收" if ticket.deemed else "验收合格", "", "checking", "done"),
    ]  # fmt: skip
    return [
        LogEntry(
            at=at, by=by, by_name=by.name if by else "系统", verb=verb, text=text, said=said, before=before, after=after, kind=kind,
            object_id=ticket.pk,
        )
        for at, by, verb, text, said, before, after in rows
    ]  # fmt: skip
