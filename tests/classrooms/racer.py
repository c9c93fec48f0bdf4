"""One process of a race test: `python -m tests.classrooms.racer prepare|run|report JOB`; see tests/stores/racer.py.

take: ten batches want one each of five broken chairs. swap: ten taps on one ticket of three chairs. close: ten close one
batch. Five threads in each of two processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.stores.racer import THREADS, NoMigrations, say

ROOT = Path(__file__).resolve().parent.parent.parent
PIECES = 5


def prepare(job: str) -> None:
    """Tables, a pool, a class with a ticket, a batch for the race that closes one."""
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests import make, make_classrooms

    make.clerk()
    pool = make_classrooms.pool(sound=PIECES, broken=PIECES)
    if job == "swap":
        make_classrooms.chair_ticket("accepted", quantity=3)
    if job == "close":
        make_classrooms.batch(pool=pool)


def attempt(job: str) -> Any:
    """What each racer tries."""
    from campus.models import User
    from classrooms import services
    from classrooms.models import Batch, Pool
    from repairs.models import Ticket

    clerk, pool = User.objects.get(username="clerk"), Pool.objects.get()
    if job == "take":
        from assets.models import Card

        card = Card.objects.get(holdings__condition="broken")
        return services.open_batch(pool, by=clerk, pieces={card.pk: 1}).number
    if job == "swap":
        services.swap(Ticket.objects.get(), pool=pool, by=clerk)
        return "swapped"
    batch = Batch.objects.get()
    services.finish(batch, by=clerk, results={batch.lines.get().pk: (4, 1)})
    return "closed"


def run(job: str) -> None:
    """Wait for the starting line on stdin, then try in five threads; say how each ended."""
    from django.db import connection

    from core.workflow import RuleBroken

    gate, ends = threading.Barrier(THREADS + 1), []

    def one() -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            ends.append(["ok", attempt(job)])
        except RuleBroken as refused:
            ends.append(["refused", str(refused)])
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(THREADS)]
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
    import assets.audit
    import classrooms.audit
    from assets.models import Holding, ScrapProposal
    from classrooms import services
    from classrooms.models import BatchLine, Pool, Swap

    rows = Holding.objects.filter(card__name="课椅").order_by("place__name", "condition", "pk")
    held: dict[str, int] = {}
    for holding in rows.select_related("place"):
        key = f"{holding.place.name} {holding.condition}"
        held[key] = held.get(key, 0) + holding.quantity
    say(json.dumps({
        "held": held, "waiting": sum(services.waiting(Pool.objects.get()).values()), "taken": BatchLine.objects.count(),
        "swapped": sum(Swap.objects.values_list("quantity", flat=True)), "scraps": ScrapProposal.objects.count(),
        "audit": [*assets.audit.audit(), *classrooms.audit.audit()],
    }))  # fmt: skip


def race(job: str, url: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Called by the tests: ten tries from two processes; how they ended, sorted, and what the database holds."""
    env = {**os.environ, "DATABASE_URL": url, "HOUQIN_TESTING": "1", "PYTHONPATH": str(ROOT)}

    def start(verb: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.classrooms.racer", verb, job],
            cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(process: subprocess.Popen[str], said: str = "") -> str:
        out, _ = process.communicate(said, timeout=120)
        assert process.returncode == 0
        return out

    finish(start("prepare"))
    racers = [start("run"), start("run")]
    for process in racers:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in racers:  # both stand at the line; only now either goes
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [end for process in racers for end in json.loads(finish(process))]
    return sorted(ends), json.loads(finish(start("report")))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    {"prepare": prepare, "run": run, "report": report}[sys.argv[1]](sys.argv[2])
