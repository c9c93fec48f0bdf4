"""When an outside job is late: the approval after an emergency start, the promised date, the retention that is due."""

from __future__ import annotations

import datetime as dt

from campus import calendar
from campus.figures import whole
from core import clock
from repairs.outside.models import JobQuerySet, OutsideJob


def approval_due(job: OutsideJob) -> dt.date | None:
    """By when 紧急先行 has to be approved; None for a job that was approved first."""
    if job.emergency_by_id is None or job.started_on is None:
        return None
    return calendar.add_working_days(job.started_on, whole("repairs.emergency_days"))


def late_emergencies() -> JobQuerySet:
    """紧急先行 that is not approved after so many working days: they are few, so they are asked one by one."""
    waiting = OutsideJob.objects.unapproved_emergencies()
    today = clock.today()
    return waiting.filter(pk__in=[job.pk for job in waiting if (due := approval_due(job)) is not None and today > due])


def late_jobs() -> JobQuerySet:
    """Still working after the promised date."""
    return OutsideJob.objects.filter(state="working", promised_on__lt=clock.today())


def retention_due() -> JobQuerySet:
    """Open retention whose date has come."""
    return OutsideJob.objects.retention_open().filter(retention_due_on__lte=clock.today())
