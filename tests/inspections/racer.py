"""One process of a race test: `python -m tests.inspections.racer prepare|run|report JOB`, on the DATABASE_URL it gets.

Two wardens, five threads each, type into one floor at the same moment: the same batches, cells of one room, broken fans,
broken fans on a round of each warden's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.stores.racer import NoMigrations, say

ROOT = Path(__file__).resolve().parent.parent.parent
THREADS = 5
LINES = ("一", "二", "三", "四", "五")


def prepare(job: str) -> None:
    """A round over two rooms, five lines, two wardens."""
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth.models import Group

    from campus import defaults as campus_defaults
    from campus.models import User
    from repairs import defaults as repairs_defaults
    from tests import make

    campus_defaults.ensure()
    repairs_defaults.ensure()
    wardens = [User.objects.create_user(name, name=name) for name in ("w0", "w1")]
    for warden in wardens:
        warden.groups.add(Group.objects.get(name="warden"))
    over: dict[str, Any] = {"reason_needed": False}
    fans = job in ("fans", "rounds")
    if fans:
        over |= {"kind": "count", "points": None, "remedy": "ticket", "category": make.category("吊扇/壁扇不转")}
    checklist, places = make.checklist(make.lines(*LINES, **over), scoring="pass" if fans else "points"), make.rooms(2)
    for warden in wardens if job == "rounds" else wardens[:1]:
        make.round(checklist, places=places, by=warden)


def attempt(job: str, who: int, number: int) -> Any:
    """What one thread types."""
    from campus.models import User
    from inspections.models import Line, Round, Target
    from inspections.services.entering import Cell, enter

    by = User.objects.get(username=f"w{who}")
    one = Round.objects.order_by("pk")[who if job == "rounds" else 0]
    targets = list(Target.objects.filter(round=one).order_by("pk").values_list("pk", flat=True))
    lines = list(Line.objects.order_by("order").values_list("pk", flat=True))
    if job == "twice":  # the same page sent from everywhere: the same ids
        cells = [Cell(t, line, f"page-{t}-{line}", Decimal(2)) for t in targets for line in lines]
    elif job == "room":  # each types a line of his own into the same two rooms, in another order
        half = targets if number % 2 else targets[::-1]
        cells = [Cell(t, lines[number], f"warden{who}-{number}-{t}", Decimal(2)) for t in half]
    else:  # every warden finds the fan of both rooms broken; one begins at the other end
        half = targets[::-1] if job == "rounds" and who else targets
        cells = [Cell(t, lines[number], f"warden{who}-{number}-{t}", Decimal(1)) for t in half]
    return sorted(outcome.status for outcome in enter(one, cells, by=by))


def run(job: str, who: str) -> None:
    """Wait for the starting line on stdin, then type in five threads; say how each ended."""
    from django.db import connection

    gate, ends = threading.Barrier(THREADS + 1), []

    def one(number: int) -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            ends.append(attempt(job, 0 if job == "twice" else int(who), number))
        except Exception as error:  # noqa: BLE001 - the test reads what it was
            ends.append([f"{type(error).__name__}: {error}"])
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    say("ready")
    sys.stdin.readline()
    gate.wait()
    for thread in threads:
        thread.join()
    say(json.dumps(ends))


def report(job: str) -> None:
    """What the database holds afterwards."""
    from inspections.models import Finding, Result, Round, Target
    from repairs.models import Follower, Ticket

    cells = list(
        Result.objects.order_by("target", "line__order").values_list("target__place__name", "line__name", "value")
    )
    say(json.dumps({
        "cells": [[place, line, str(value)] for place, line, value in cells],
        "rows": [[t.place.name, str(t.score), t.failures] for t in Target.objects.order_by("pk")],
        "done": sum(Round.objects.values_list("done", flat=True)), "findings": Finding.objects.count(),
        "tickets": Ticket.objects.count(), "followers": Follower.objects.count(),
        "open": list(Ticket.objects.order_by("place").values_list("place__name", flat=True)),
    }))  # fmt: skip


def race(job: str, url: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Called by the tests: ten senders from two processes; how they ended, and what the database holds."""
    env = {**os.environ, "DATABASE_URL": url, "HOUQIN_TESTING": "1", "PYTHONPATH": str(ROOT)}

    def start(*verb: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.inspections.racer", *verb],
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
    {"prepare": prepare, "run": run, "report": report}[sys.argv[1]](*sys.argv[2:])
