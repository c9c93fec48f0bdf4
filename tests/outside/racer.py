"""One process of the races over outside jobs: `python -m tests.outside.racer prepare`, `... run N`; see tests/repairs/racer."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from tests.repairs.racer import NoMigrations, answer
from tests.repairs.racer import Runners as TicketRunners

STATES = {
    "choose": "quoting",
    "requote": "quoting",
    "recall": "approving",
    "pay": "settling",
    "sign": "checking",
    "join": "proposed",
}


def prepare() -> None:
    """Make the tables, the people, and a job for each race."""
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from repairs.outside import services
    from tests import make

    make.user("clerk", username="clerk0", name="1号职员"), make.user("clerk", username="clerk1", name="2号职员")
    make.warden()
    for job, state in STATES.items():
        made = make.outside_job(state, title=job)
        if job == "pay":
            made = services.agree(made, by=make.someone("clerk"), on=made.done_on, name="孙经理")
            services.add_invoice(made, by=make.someone("clerk"), number="1", amount=9080, on=made.done_on)
        if job == "sign":
            services.record(
                made, by=make.someone("teacher"), verdicts={row.ticket_id: "passed" for row in made.tickets.all()}
            )
        if job == "join":  # a second job and a free ticket for both
            make.outside_job("proposed", title="join2", tickets=[], kind="works")
            make.ticket("accepted", by=make.someone("teacher"), words="free")


def attempt(job: str, number: int) -> Any:
    """What each racer tries; `number` is its process.

    choose: two clerks choose different quotes. requote: one sends up, the other changes that quote. recall: a clerk takes
    the request back while the principal approves. pay: both pay the whole. sign: both are the second acceptor. join: both
    put one ticket on their job.
    """
    from campus.models import User
    from core import clock
    from repairs.models import OutsideJob, Ticket
    from repairs.outside import services

    def user(name: str) -> Any:
        return User.objects.get(username=name)

    row = OutsideJob.objects.get(title=job)
    seen, clerk = {"version": row.version}, user(f"clerk{number}")
    if job == "choose":
        quote = row.quotes.order_by("pk")[number]
        return services.submit(row, by=clerk, quote=quote, choice_words="工期短", **seen).party.name
    if job == "requote":
        quote = row.quotes.order_by("pk")[0]
        if number == 0:
            return services.submit(row, by=clerk, quote=quote, **seen).state
        prices = {line.pk: 100 for line in row.lines.all()}
        return f"{services.add_quote(row, by=clerk, party=quote.party, prices=prices, **seen).total:.2f}"
    if job == "recall":
        if number == 0:
            return services.approve(row, by=user("principal"), **seen).state
        return services.recall(row, by=clerk, words="改报价", **seen).state
    if job == "pay":
        invoice = row.invoices.get().invoice
        return str(services.pay(row, by=user("finance"), amount=8626, on=clock.today(), invoice=invoice).amount)
    if job == "sign":
        return services.cosign(row, by=user(("repairer", "warden")[number])).acceptor_2.name
    target = OutsideJob.objects.get(title=("join", "join2")[number])
    return services.join(target, by=clerk, tickets=[Ticket.objects.get(words="free")]).title


def race_once(job: str, number: int) -> None:
    """One try of this process, when the line says go."""
    from core.workflow import RuleBroken

    answer("ready")
    sys.stdin.readline()
    try:
        end = ["ok", attempt(job, number)]
    except RuleBroken as refused:
        end = ["refused", str(refused)]
    answer(json.dumps([end]))


def report() -> dict[str, Any]:
    """What the database holds about each race."""
    from core.models import LogEntry
    from finance.models import Expense, Payment
    from repairs.models import JobTicket, OutsideJob

    found = {}
    for job in STATES:
        row = OutsideJob.objects.get(title=job)
        found[job] = {
            "state": row.state,
            "party": row.party.name if row.party else "",
            "asked": f"{row.quoted_amount:.2f}",
            "expenses": list(
                Expense.objects.filter(source_number=row.number).order_by("pk").values_list("state", flat=True)
            ),
            "paid": [str(one.amount) for one in Payment.objects.filter(expense__source_number=row.number)],
            "second": row.acceptor_2.name if row.acceptor_2 else "",
            "verbs": list(LogEntry.objects.of(row).order_by("pk").values_list("verb", flat=True)),
            "live": JobTicket.objects.filter(ticket__words="free", live=True).count(),
        }
    return found


class Runners(TicketRunners):
    """The two processes of these races."""

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "tests.outside.racer", *words]


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        prepare()
    else:
        for line in sys.stdin:
            if line.strip() == "report":
                answer(json.dumps(report()))
            else:
                race_once(line.strip(), int(sys.argv[2]))
