"""Background jobs: the only module that knows django-tasks; adds retries and waits for the commit."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tasks import task as plain_task
from django_tasks.base import Task

logger = logging.getLogger("houqin.jobs")

FIRST_WAIT = dt.timedelta(minutes=1)
LOST_AFTER = dt.timedelta(hours=1)


def task(function: Callable[..., Any] | None = None, *, tries: int = 4) -> Any:
    """Make a module-level function a job. It must bear being run again after a crash or a failed try, so what it
    changes belongs in one transaction of its own: short, for on SQLite everybody else waits for it.

    A failing job is tried again after 1, 4, 16 ... minutes, `tries` times in all; the last failure is kept.
    """

    def decorate(inner: Callable[..., Any]) -> Task[..., Any]:
        @wraps(inner)
        def run(*args: Any, _try: int = 1, **kwargs: Any) -> Any:
            try:
                return inner(*args, **kwargs)
            except Exception as error:
                if _try >= tries:
                    raise
                wait = FIRST_WAIT * 4 ** (_try - 1)
                logger.warning("job %s failed (%s of %s), again in %s: %r", job.module_path, _try, tries, wait, error)
                # The queue is worked off by the machine's clock, which nobody moves.
                job.using(run_after=timezone.now() + wait).enqueue(*args, **kwargs, _try=_try + 1)
                return f"{type(error).__name__}: {error}"

        job: Task[..., Any] = plain_task(run)
        return job

    return decorate(function) if function else decorate


def enqueue(job: Any, *args: Any, after: dt.timedelta | None = None, **kwargs: Any) -> None:
    """Queue a job when the current transaction commits, at once outside one; arguments must be plain JSON."""
    json.dumps([args, kwargs])  # here, where the caller still sees what is wrong, rather than after the commit
    if after is not None:
        job = job.using(run_after=timezone.now() + after)
    transaction.on_commit(lambda: job.enqueue(*args, **kwargs))


def run_due(limit: int | None = None) -> int:
    """Work off in this process what is due now, at most `limit` jobs; returns how many ran."""
    from django_tasks_db.management.commands.db_worker import Worker
    from django_tasks_db.models import DBTaskResult

    if not DBTaskResult.objects.ready().exists():  # a plain read: no lock a second while there is nothing to do
        return 0
    worker = Worker(
        queue_names=["*"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=limit,
        worker_id=worker_id(os.getpid()), excluded_queue_names=[],
    )  # fmt: skip
    worker.run()
    return worker._run_tasks


def worker_id(pid: int) -> str:
    """The name under which a process claims jobs."""
    return f"{socket.gethostname()[:40]}:{pid}"


def rescue() -> int:
    """Queue again what a dead worker left half done; returns how many jobs."""
    from django_tasks.base import TaskResultStatus
    from django_tasks_db.models import DBTaskResult

    here = worker_id(0).rpartition(":")[0]
    lost = []
    for row in DBTaskResult.objects.running():
        host, _, pid = (row.worker_ids or [""])[-1].rpartition(":")
        if row.started_at < timezone.now() - LOST_AFTER or (host == here and not alive(int(pid))):
            lost.append(row.pk)
    return DBTaskResult.objects.filter(pk__in=lost, status=TaskResultStatus.RUNNING).update(
        status=TaskResultStatus.READY, started_at=None
    )


def alive(pid: int) -> bool:
    """Does this process still run? Where asking is not safe (Windows), yes."""
    if os.name == "nt" or pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def prune(days: int = 14) -> int:
    """Forget jobs that ended more than `days` ago."""
    from django_tasks_db.models import DBTaskResult

    gone = DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - dt.timedelta(days=days)).delete()
    return gone[0]
