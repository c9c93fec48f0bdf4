"""One process of a race over tickets: `python -m tests.repairs.racer prepare|run|report JOB [N]`, on the DATABASE_URL it gets.

`dispatch`: two clerks, each in a process of his own, send one ticket to two repairers. `file`: two processes with five
threads each file ten faults. `merge`: two clerks merge two tickets into each other, the opposite way round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
THREADS = {"dispatch": 1, "file": 5, "merge": 1, "join": 5}


class NoMigrations:
    """Tables straight from the models: quicker, and the constraints are the same."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


def prepare(job: str) -> None:
    """Make the tables, the people, and two tickets at one place."""
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests import make

    make.repairer(), make.repairer2()
    for number in range(2):
        make.user("clerk", username=f"clerk{number}", name=f"{number + 1}号职员")
    if job != "file":
        lamp, place = make.category(), make.place()
        first = make.ticket("accepted" if job == "dispatch" else "new", category=lamp, place=place)
        make.ticket(category=lamp, place=place, by=first.reporter)
    else:
        make.category(), make.place(), make.teacher()


def attempt(job: str, number: int) -> Any:
    """What each of the racers tries."""
    from campus.models import Place, User
    from repairs import services
    from repairs.models import Category, Ticket

    if job == "file":
        ticket, _ = services.open_ticket(
            place=Place.objects.get(kind="room"), category=Category.objects.get(name="灯不亮"),
            by=User.objects.get(username="teacher"),
        )  # fmt: skip
        return ticket.number
    first, second = Ticket.objects.order_by("pk")
    if job == "join":
        services.join(first, device="phone-1")
        return "joined"
    clerk = User.objects.get(username=f"clerk{number}")
    if job == "merge":
        pair = (first, second) if number else (second, first)
        return services.merge(pair[0], by=clerk, into=pair[1]).state
    lead = User.objects.get(username=("repairer", "repairer2")[number])
    return services.dispatch(first, by=clerk, lead=lead, version=first.version).lead.name


def run(job: str, number: int) -> None:
    """Wait for the starting line on stdin, then try; say how each try ended."""
    from django.db import connection

    from core.workflow import RuleBroken

    threads = THREADS[job]
    gate, ends = threading.Barrier(threads + 1), []

    def one() -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            ends.append(["ok", attempt(job, number)])
        except RuleBroken as refused:
            ends.append(["refused", str(refused)])
        finally:
            connection.close()

    racers = [threading.Thread(target=one) for _ in range(threads)]
    for thread in racers:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    gate.wait()
    for thread in racers:
        thread.join()
    print(json.dumps(ends), flush=True)


def report(job: str) -> None:
    """What the database holds afterwards."""
    from core.models import LogEntry, Notice
    from repairs.models import Follower, Ticket

    tickets = Ticket.objects.order_by("number")
    print(json.dumps({
        "tickets": list(tickets.values_list("number", "state", "lead__name", "dispatched_by__name")),
        "verbs": sorted(LogEntry.objects.exclude(verb__in=["file", "create"]).values_list("verb", flat=True)),
        "words": sorted(set(tickets.values_list("priority_words", flat=True))),
        "told": sorted(Notice.objects.values_list("user__name", flat=True)),
        "followers": Follower.objects.count(),
    }))  # fmt: skip


def race(job: str, url: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Called by the tests: tries from two processes; how they ended, sorted, and what the database holds."""
    env = {**os.environ, "DATABASE_URL": url, "HOUQIN_TESTING": "1", "PYTHONPATH": str(ROOT)}

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.repairs.racer", *words],
            cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(process: subprocess.Popen[str], said: str = "") -> str:
        out, _ = process.communicate(said, timeout=120)
        assert process.returncode == 0
        return out

    finish(start("prepare", job))
    racers = [start("run", job, "0"), start("run", job, "1")]
    for process in racers:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in racers:  # both stand at the line; only now either goes
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [end for process in racers for end in json.loads(finish(process))]
    return sorted(ends), json.loads(finish(start("report", job)))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    verb, words = sys.argv[1], sys.argv[2:]
    if verb == "run":
        run(words[0], int(words[1]))
    else:
        {"prepare": prepare, "report": report}[verb](words[0])
