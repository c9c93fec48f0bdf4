"""The daily tasks: each once for each day by the school's clock, missed days caught up, one failure stops no other."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.module_loading import import_string

from core import clock, jobs
from core.models import SpentToken, TaskRun

logger = logging.getLogger("houqin.tick")

CATCH_UP = 60  # days: after a longer sleep only the last ones are done
OWN = (("core.prune", "core.tick.prune"),)

Task = Callable[[dt.date], str | None]


def tasks() -> Iterable[tuple[str, str]]:
    """All tasks, in order: those that settings.TICK_TASKS lists, then the cleaning up."""
    return (*import_string(settings.TICK_TASKS), *OWN)


def run(day: dt.date | None = None) -> dict[str, str]:
    """Bring every task up to `day` (today); returns {task: what came of it}."""
    return {name: bring_up(name, import_string(path), day or clock.today()) for name, path in tasks()}


def bring_up(name: str, function: Task, day: dt.date) -> str:
    """Do one task for each day from its last one to `day`; a failing day is tried again at the next tick."""
    record, _ = TaskRun.objects.get_or_create(name=name, defaults={"day": day - dt.timedelta(days=1)})
    if record.day > day + dt.timedelta(days=1):
        # The clock was far ahead when it ran last. Waiting for that day would stop the task until then.
        TaskRun.objects.filter(pk=record.pk).update(day=day - dt.timedelta(days=1))
        record.refresh_from_db()
    first = max(record.day + dt.timedelta(days=1), day - dt.timedelta(days=CATCH_UP - 1))
    result = record.result
    for missed in (first + dt.timedelta(days=n) for n in range((day - first).days + 1)):
        try:
            result = do(record.pk, function, missed)
        except Exception as error:  # noqa: BLE001  (whatever it is: it must not stop the other tasks)
            logger.exception("tick: %s failed for %s", name, missed)
            result = f"失败：{type(error).__name__} {error}"[:300]
            break
    TaskRun.objects.filter(pk=record.pk).update(at=clock.now(), result=result)
    return result


def do(pk: int, function: Task, day: dt.date) -> str:
    """One task for one day, in one transaction with the note that it was done: never half, never twice.

    So a task does what is quick and hands the rest to `core.jobs`, which starts after the commit.
    """
    with transaction.atomic():
        record = TaskRun.objects.select_for_update().get(pk=pk)
        if record.day >= day:  # another process was first
            return record.result
        record.result = (function(day) or "完成")[:300]
        record.day, record.at = day, clock.now()
        record.save(update_fields=["day", "at", "result"])
        return record.result


def last() -> dt.datetime | None:
    """When `tick` last ran."""
    return TaskRun.objects.order_by("-at").values_list("at", flat=True).first()


def prune(day: dt.date) -> str:
    """Clean up what has served: finished jobs, spent submit tokens, sessions that ended."""
    finished = jobs.prune()
    SpentToken.objects.filter(at__lt=clock.now() - dt.timedelta(days=7)).delete()
    Session.objects.filter(expire_date__lt=clock.now()).delete()
    return f"清理后台任务 {finished} 条"
