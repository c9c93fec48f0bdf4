"""One process of a race test: `python -m tests.stores.racer prepare|run|report JOB`, on the DATABASE_URL it gets.

The jobs stand below; five threads in each of two processes try the same thing at the same moment.
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
THREADS = 5
STOCK = 5


class NoMigrations:
    """Tables straight from the models: quicker, and the constraints are the same."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


def say(line: str) -> None:
    """One line for the test that started this process."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def prepare(job: str) -> None:
    """Make the tables and five of something."""
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from assets import services as ledger
    from campus.models import Place, User
    from stores import services
    from stores.defaults import ensure
    from stores.models import Item

    person = User.objects.create_user("keeper", name="保管员")
    if job == "issue":
        services.receive(Item.objects.create(name="灯管", unit="支"), ensure(), STOCK, "33.33", by=person)
    else:
        places = [Place.objects.create(kind="room", name=n, full_name=n, path=f"{n}/") for n in ("301", "302")]
        ledger.register("A-1", "课桌", place=places[0], by=person, quantity=STOCK, unit="张")


def attempt(job: str) -> Any:
    """One draw of one lamp, or one desk carried from 301 to 302."""
    from assets import services as ledger
    from assets.models import Card, Holding
    from campus.models import Place, User
    from stores import services
    from stores.models import Item, Warehouse

    if job == "issue":
        return services.issue(Item.objects.get(), Warehouse.objects.get(), 1, by=User.objects.get()).number
    first, second = Place.objects.order_by("name")
    source = Holding(card=Card.objects.get(), place=first, condition="in_use")  # as the form read it
    ledger.move(source.card, 1, source=source, to_place=second, by=User.objects.get())
    return "moved"


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
    from assets.audit import audit as assets_audit
    from assets.models import Holding
    from stores.audit import audit as stores_audit
    from stores.models import Move

    chain = Move.objects.order_by("seq").values_list("seq", "balance_after", "value_after")
    say(json.dumps({
        "chain": [[seq, str(balance), str(value)] for seq, balance, value in chain],
        "held": list(Holding.objects.order_by("place__name").values_list("place__name", "quantity")),
        "audit": [*stores_audit(), *assets_audit()],
    }))  # fmt: skip


def race(job: str, url: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Called by the tests: ten tries from two processes; how they ended, sorted, and what the database holds."""
    env = {**os.environ, "DATABASE_URL": url, "HOUQIN_TESTING": "1", "PYTHONPATH": str(ROOT)}

    def start(verb: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.stores.racer", verb, job],
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
