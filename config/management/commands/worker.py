"""`manage.py worker`: works off the background jobs and calls `tick` at its start and every hour, until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections

from core import jobs, tick

logger = logging.getLogger("houqin.worker")

HOUR, MINUTE = 3600.0, 60.0


class Command(BaseCommand):
    """One loop: tick when an hour is over, then the jobs that are due, then a second of rest."""

    help = "后台进程：处理任务队列，每小时运行一次 tick。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interval", type=float, default=1.0, help="空闲时隔几秒查看一次")
        parser.add_argument("--parent", type=int, default=0, help="该进程结束时随之结束")

    def handle(self, *args: Any, **options: Any) -> None:
        self.ending = self.resting = False
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self.end)
        due = time.monotonic()
        while not self.ending and not orphaned(options["parent"]):
            close_old_connections()
            try:
                if time.monotonic() >= due:
                    due = time.monotonic() + HOUR
                    jobs.rescue()
                    tick.run()
                jobs_found = jobs.run_due(limit=1) > 0
                pause = 0.0 if jobs_found else options["interval"]
            except DatabaseTrouble as trouble:
                # The database restarts or is busy: it comes back, and so does the work.
                logger.warning("worker: the database did not answer: %s", trouble)
                due, pause = min(due, time.monotonic() + MINUTE), max(5.0, options["interval"])
            close_old_connections()
            self.rest(pause)

    def rest(self, seconds: float) -> None:
        """Sleep, ready to end at once."""
        self.resting = True
        if seconds and not self.ending:
            time.sleep(seconds)
        self.resting = False

    def end(self, number: int, frame: Any) -> None:
        """Asked to end: at once while resting, after the current job otherwise."""
        self.ending = True
        if self.resting:
            raise SystemExit(0)


def orphaned(parent: int) -> bool:
    """Is the process that started us gone? (Windows keeps the number of a dead parent; there the console ends us.)"""
    return bool(parent) and os.name != "nt" and os.getppid() != parent
