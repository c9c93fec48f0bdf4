"""One process of a race test: `python -m tests.finance.racer prepare|run|report JOB`, on the DATABASE_URL it gets.

Five threads in each of two processes try the same thing at the same moment.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
THREADS = 5
PAYMENTS = 1000  # more than any run needs: the month is closed long before


def say(line: str) -> None:
    """One line for the test that started this process."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def prepare(job: str) -> None:
    """Make the tables, the people and one expense, waiting or approved; or a claim that is due."""
    from django.conf import settings
    from django.core.management import call_command

    from tests.stores.racer import NoMigrations

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from campus import defaults
    from tests import make

    defaults.ensure()
    for name in ("clerk", "director", "principal", "finance", "assetkeeper"):
        getattr(make, name)()
    if job == "claim":
        make.claim("due", 100)
    elif job == "invoice":
        make.party("宏达装饰")
    elif job == "close":
        from core import clock

        with clock.at(clock.moment(*_last_month().timetuple()[:2], 1, 9, 0)):
            make.expense("approved", 900)
    else:
        make.expense("waiting" if job == "decide" else "approved", 900)


def _last_month() -> dt.date:
    """The last day of the month before this one."""
    from core import clock

    return clock.today().replace(day=1) - dt.timedelta(days=1)


def pay_or_close(number: int) -> Any:
    """Two of each process close last month while three go on paying a cent on its last day until they are refused."""
    from campus.models import User
    from core.workflow import RuleBroken
    from finance import services
    from finance.models import Expense

    expense, month, finance = Expense.objects.get(), _last_month(), User.objects.get(username="finance")
    if number % 2:
        time.sleep(0.04 * number)  # some payments are on their way
        return str(services.close_month(month, finance).month)
    done, cent = 0, Decimal("0.01")
    while done < PAYMENTS:
        try:
            services.pay(expense=expense, amount=cent, on=month, by=finance, kind="progress", limit=Decimal(900))
        except RuleBroken as refused:
            return [done, str(refused)]
        done += 1
        time.sleep(0.01)  # SQLite lets writers in by chance: who closes must find a gap
    return [done, ""]


def attempt(job: str, number: int) -> Any:
    """Decide (director and principal in turn), pay 500 of 900, pay 60 of a claim of 100, register one invoice."""
    if job == "close":
        return pay_or_close(number)
    from campus.models import User
    from core import clock
    from finance import claims, services
    from finance.models import Claim, Expense, Party

    def one(name: str) -> User:
        return User.objects.get(username=name)

    today = clock.today()
    if job == "decide":
        expense = Expense.objects.get()
        if number % 2:
            return services.refuse(expense, by=one("principal"), words="先问三家").state
        return services.approve(expense, by=one("director")).state
    if job == "pay":
        expense, amount = Expense.objects.get(), Decimal(500)
        return services.pay(
            expense=expense, amount=amount, on=today, by=one("finance"), kind="final", limit=Decimal(900)
        ).number  # fmt: skip
    if job == "claim":
        return claims.receive(Claim.objects.get(), amount=Decimal(60), on=today, by=one("finance")).number
    return services.add_invoice(
        party=Party.objects.get(), number="25320001", amount=Decimal(10), on=dt.date(2026, 1, 5), by=one("clerk")
    ).number  # fmt: skip


def run(job: str) -> None:
    """Wait for the starting line on stdin, then try in five threads; say how each ended."""
    from django.db import connection

    from core.workflow import RuleBroken

    gate, ends = threading.Barrier(THREADS + 1), []

    def one(number: int) -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            ends.append(["ok", attempt(job, number)])
        except RuleBroken as refused:
            ends.append(["refused", str(refused)])
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
    from core.models import LogEntry
    from finance.audit import audit
    from finance.models import Claim, Expense, Invoice, Payment, Period

    closed = Period.objects.filter(closed_at__isnull=False).first()
    say(json.dumps({
        "closed": str(closed.month) if closed else "",
        "late": Payment.objects.filter(at__gte=closed.closed_at).count() if closed else 0,
        "states": list(Expense.objects.values_list("state", flat=True)),
        "received": [str(amount) for amount in Claim.objects.values_list("received", flat=True)],
        "decisions": LogEntry.objects.filter(verb__in=("approve", "refuse")).count(),
        "paid": [str(amount) for amount in Payment.objects.values_list("amount", flat=True)],
        "invoices": Invoice.objects.count(),
        "audit": list(audit()),
    }))  # fmt: skip


def race(job: str, url: str) -> tuple[list[list[Any]], dict[str, Any]]:
    """Called by the tests: ten tries from two processes; how they ended, sorted, and what the database holds."""
    env = {**os.environ, "DATABASE_URL": url, "HOUQIN_TESTING": "1", "PYTHONPATH": str(ROOT)}

    def start(verb: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.finance.racer", verb, job],
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
    return sorted(ends, key=str), json.loads(finish(start("report")))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    {"prepare": prepare, "run": run, "report": report}[sys.argv[1]](sys.argv[2])
