"""One process of the races over tickets, on the DATABASE_URL it gets: `python -m tests.repairs.racer prepare`, `... run N`.

A runner reads lines: the name of a job makes it stand at the starting line and answer `ready`; `go` lets its threads
go and answers how each ended; `report` answers what the database holds. The jobs stand in `attempt`.
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
THREADS = {"dispatch": 1, "merge": 1, "file": 5, "join": 5}  # in each of two processes
NAMES = {"dispatch": "301", "merge": "302", "file": "303", "join": "304"}  # each race has a room of its own


class NoMigrations:
    """Tables straight from the models: quicker, and the constraints are the same."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


def prepare() -> None:
    """Make the tables, the people, and what the races are about."""
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests import make

    make.repairer(), make.repairer2()
    for number in range(2):
        make.user("clerk", username=f"clerk{number}", name=f"{number + 1}号职员")
    teacher = make.teacher()
    for job, name in NAMES.items():
        place = make.place(name, building_name=f"{name}号楼")  # apart, so that their priorities do not mix
        for _ in range({"dispatch": 1, "merge": 2, "file": 0, "join": 1}[job]):
            make.ticket("accepted" if job == "dispatch" else "new", place=place, by=teacher)


def attempt(job: str, number: int) -> Any:
    """What each racer tries; `number` is its process.

    dispatch: two clerks send one ticket to two repairers. merge: two clerks merge two tickets into each other.
    file: ten reports at once. join: ten clicks on 我也遇到 from one phone.
    """
    from campus.models import Place, User
    from repairs import services
    from repairs.models import Category, Ticket

    place = Place.objects.get(name=NAMES[job], kind="room")
    if job == "file":
        teacher = User.objects.get(username="teacher")
        return services.open_ticket(place=place, category=Category.objects.get(name="灯不亮"), by=teacher)[0].number
    tickets = list(Ticket.objects.filter(place=place).order_by("pk"))
    if job == "join":
        services.join(tickets[0], device="phone-1")
        return "joined"
    clerk = User.objects.get(username=f"clerk{number}")
    if job == "merge":
        return services.merge(tickets[number], by=clerk, into=tickets[1 - number]).state
    lead = User.objects.get(username=("repairer", "repairer2")[number])
    return services.dispatch(tickets[0], by=clerk, lead=lead, version=tickets[0].version).lead.name


def answer(line: str) -> None:
    """One line to the test that waits for it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(number: int) -> None:
    """Do what the lines on stdin say."""
    for line in sys.stdin:
        if line.strip() == "report":
            answer(json.dumps(report()))
        else:
            race_once(line.strip(), number)


def race_once(job: str, number: int) -> None:
    """One race of this process's threads."""
    from django.db import connection

    from core.workflow import RuleBroken

    gate, ends = threading.Barrier(THREADS[job] + 1), []

    def one() -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            ends.append(["ok", attempt(job, number)])
        except RuleBroken as refused:
            ends.append(["refused", str(refused)])
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(THREADS[job])]
    for thread in threads:
        thread.start()
    answer("ready")
    sys.stdin.readline()
    gate.wait()
    for thread in threads:
        thread.join()
    answer(json.dumps(ends))


def report() -> dict[str, Any]:
    """What the database holds about each race."""
    from core.models import LogEntry, Notice
    from repairs.models import Ticket

    found = {}
    for job, name in NAMES.items():
        tickets = Ticket.objects.filter(place__name=name).order_by("number")
        of = {"kind__model": "ticket", "object_id__in": list(tickets.values_list("pk", flat=True))}
        found[job] = {
            "tickets": list(tickets.values_list("number", "state", "lead__name", "dispatched_by__name")),
            "verbs": sorted(LogEntry.objects.filter(**of).exclude(verb="file").values_list("verb", flat=True)),
            "words": sorted(set(tickets.values_list("priority_words", flat=True))),
            "told": sorted(Notice.objects.filter(text__contains=name).values_list("user__name", flat=True)),
            "followers": sum(ticket.followers.count() for ticket in tickets),
        }
    return found


class Runners:
    """The two processes as the tests see them."""

    def __init__(self, url: str) -> None:
        self.env = {**os.environ, "DATABASE_URL": url, "HOUQIN_TESTING": "1", "PYTHONPATH": str(ROOT)}
        subprocess.run([*self._command("prepare")], cwd=ROOT, env=self.env, check=True, timeout=120)
        self.processes = [
            subprocess.Popen(
                self._command("run", str(number)),
                cwd=ROOT, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for number in range(2)
        ]  # fmt: skip

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "tests.repairs.racer", *words]

    def _say(self, number: int, words: str) -> None:
        stream = self.processes[number].stdin
        assert stream is not None
        stream.write(words + "\n")
        stream.flush()

    def _hear(self, number: int) -> str:
        stream = self.processes[number].stdout
        assert stream is not None
        return stream.readline().strip()

    def race(self, job: str) -> tuple[list[list[str]], dict[str, Any]]:
        """How all tries ended, sorted, and what the database holds about this race."""
        for number in range(2):
            self._say(number, job)
        assert [self._hear(number) for number in range(2)] == ["ready", "ready"]
        for number in range(2):  # both stand at the line; only now either goes
            self._say(number, "go")
        ends = [end for number in range(2) for end in json.loads(self._hear(number))]
        self._say(0, "report")
        return sorted(ends), json.loads(self._hear(0))[job]

    def stop(self) -> None:
        for process in self.processes:
            process.communicate(timeout=60)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    prepare() if sys.argv[1] == "prepare" else run(int(sys.argv[2]))
