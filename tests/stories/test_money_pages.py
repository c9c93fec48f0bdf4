"""Every page of outside work and of money, by somebody who may open it: accessible and quiet on a phone and on a desktop."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, resolve, reverse

from campus import sessions
from campus.models import User
from core import clock
from finance import claims
from finance import services as money
from finance.models import Band, Claim, Milestone
from repairs import services as tickets
from repairs.outside import services
from repairs.outside.models import OutsideJob
from repairs.outside.rules import FLOW, payable
from tests import make
from tests.stories.stage import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CAST = ("clerk", "director", "principal", "finance", "teacher", "repairer")
WORKS = (("外墙保温及涂料", "平方米", 760, (118, 122, 126)), ("窗台板更换", "米", 140, (95, 98, 99)))


class Walk:
    """One browser, in which people follow one another; each page is looked at on the phone and on the desktop.

    A form is the same on both but for its width, so axe reads it once.
    """

    def __init__(self, page: Any, check: Any, live_server: Any, settings: Any) -> None:
        self.page, self.check, self.home, self.cookie = page, check, live_server.url, settings.SESSION_COOKIE_NAME
        self.seen: set[str] = set()

    def enter(self, user: User) -> None:
        """Log the user in, his password typed just now."""
        client = Client()
        client.force_login(user)
        session = client.session
        session["confirmed"] = sessions.stamp()
        session.save()
        value = client.cookies[self.cookie].value
        self.page.context.add_cookies([{"name": self.cookie, "value": value, "url": self.home}])

    def open(self, path: str, *, form: bool = False) -> None:
        """A page at both widths; `form`: it asks for something and does not only say why not."""
        answer = self.page.goto(path)
        assert (answer.status, self.page.url) == (200, f"{self.home}{path}")
        assert not form or self.page.locator("main form[method=post] button[type=submit]").count(), path
        for width, height in (PHONE, DESKTOP):
            self.page.set_viewport_size({"width": width, "height": height})
            if form and width == DESKTOP[0]:
                assert self.page.evaluate("document.documentElement.scrollWidth") <= width, path
            else:
                self.check(self.page)
        self.seen.add(resolve(path.split("?")[0]).view_name)


@pytest.fixture
def walk(school: Any, visitor: Any, check_page: Any, live_server: Any, settings: Any) -> Walk:
    return Walk(visitor(*PHONE), check_page, live_server, settings)


def names(namespace: str) -> set[str]:
    """The pages of a namespace, by name."""
    _, resolver = get_resolver().namespace_dict[namespace]
    return {f"{namespace}:{name}" for name in resolver.reverse_dict if isinstance(name, str)}


def new_job(state: str = "proposed", **over: Any) -> OutsideJob:
    """A job of the builder, for a ticket that the office accepted."""
    if "tickets" not in over:
        ticket = make.ticket(category=make.category("下水管漏"), by=make.someone("teacher"))
        over["tickets"] = [tickets.accept(ticket, by=make.someone("clerk"))]
    return make.outside_job(state, **over)


def failed(job: OutsideJob) -> OutsideJob:
    """The acceptance says no."""
    verdicts = {row.ticket_id: "failed" for row in job.tickets.filter(live=True)}
    return make.accepted(job, verdicts=verdicts, words="还漏水")


def emergency(job: OutsideJob, people: dict[str, User]) -> OutsideJob:
    return services.emergency(job, by=people["director"], reason="水漫到配电室", party=make.contractor(), amount=3000)


def paid(job: OutsideJob, people: dict[str, User]) -> OutsideJob:
    """Agreed, with its invoice, paid less retention: only the settlement itself is left."""
    services.agree(job, by=people["clerk"], on=clock.today(), name="孙经理")
    bill = services.add_invoice(job, by=people["clerk"], number="2632", amount=job.checked_amount, on=clock.today())
    services.pay(job, by=people["finance"], amount=payable(job), on=clock.today(), invoice=bill)
    return job


def jobs_in_every_state(hands: Any, people: dict[str, User], room: Any) -> list[OutsideJob]:
    """Jobs of all kinds and states, the unhappy ones too."""
    hands.set(2025, 3, 3, 9, 0)
    old = new_job("settled", warranty_months=24, prices={"闸阀 DN80": (400, "市场价")})
    due = new_job("settled", warranty_months=12)
    hands.set(2026, 6, 8, 9, 0)
    found = [new_job(state) for state in ("proposed", "quoting", "approving", "working", "checking", "pricing")]
    found += [paid(new_job("settling"), people), new_job("cancelled"), old, due]

    warranty = new_job("proposed", warranty_for=old)
    recorded = new_job("checking")
    row = recorded.tickets.get()
    recorded = services.record(recorded, by=people["teacher"], verdicts={row.ticket_id: "passed"})
    again = services.done(failed(new_job("checking")), by=people["clerk"], photos=[make.photo(40, 30)])

    service = new_job("working", kind="service", tickets=[], title="绿化养护", place=room)
    task, _ = services.add_tasks(service, by=people["clerk"], month=clock.today(), tasks=["修剪", "除草"])
    services.task_done(task, by=people["clerk"])
    facts = {"project": make.project(), "contract": make.contract(party=make.contractor())}
    works = new_job("settling", kind="works", tickets=[], title="外墙翻新", place=room, lines=WORKS, **facts)
    services.leave_defect(works, by=people["clerk"], words="北侧落水管少两处固定件", due_on=clock.today())
    bill = services.add_invoice(works, by=people["clerk"], number="2633", amount=works.checked_amount, on=clock.today())
    services.pay(works, by=people["finance"], amount=Decimal(50000), on=clock.today(), invoice=bill)
    extra = services.extra(
        new_job("working"), by=people["clerk"], words="墙内管道锈蚀",
        lines=[{"item": "更换立管", "unit": "米", "quantity": 6, "unit_price": Decimal(85)}],
    )  # fmt: skip
    started = emergency(new_job(lines=[]), people)
    refused = services.refuse_late(emergency(new_job(lines=[]), people), by=people["viceprincipal"], words="没有必要")
    found += [warranty, recorded, failed(again), service, works, extra, started, refused]
    return [OutsideJob.objects.get(pk=job.pk) for job in found]


def doors(jobs: list[OutsideJob], people: dict[str, User]) -> list[tuple[str, str, OutsideJob]]:
    """(who, step, job): for each step the first person and job to whom it is open."""
    found: dict[str, tuple[str, str, OutsideJob]] = {}
    for step in FLOW.steps:
        for job in (job for job in jobs if job.state in step.sources):
            for who, user in people.items():
                if step.name not in found and not FLOW.blockers(job, step.name, user):
                    found[step.name] = who, step.name, job
    assert set(found) == {step.name for step in FLOW.steps}
    return list(found.values())


def test_every_page_of_outside_work(walk: Walk, school: Any, hands: Any) -> None:
    people = {name: school.people[name] for name in CAST} | {"viceprincipal": make.viceprincipal()}
    ticket = make.ticket(place=school.rooms["204"], category=make.category("灯不亮"), by=people["teacher"])
    tickets.accept(ticket, by=people["clerk"])
    jobs = jobs_in_every_state(hands, people, school.rooms["301"])
    visits: dict[str, list[tuple[str, bool]]] = {name: [] for name in people}
    for who, step, job in doors(jobs, people):
        asks = step != "ask_quotes"  # its button stands on the job's page
        visits[who].append((reverse(f"outside:job-{step.replace('_', '-')}", args=[job.number]), asks))
    visits["clerk"] += [(reverse(f"outside:{name}"), False) for name in ("list", "new", "contractors")]
    visits["clerk"] += [(job.get_absolute_url(), False) for job in jobs]
    visits["clerk"] += [(reverse("outside:send", args=[ticket.number]), True)]
    quoting = next(job for job in jobs if job.state == "quoting")
    visits["clerk"] += [(reverse("outside:job-drop-quote", args=[quoting.number]), True)]
    works = next(job for job in jobs if job.kind == "works")
    visits["finance"] += [
        (reverse(f"outside:print-{sheet}", args=[works.number]), False)
        for sheet in ("quotes", "acceptance", "check", "settlement")
    ]
    visits["finance"] += [(job.get_absolute_url(), False) for job in jobs if job.state in ("pricing", "settling")]
    visits["teacher"] += [
        ("/outside/", False),
        *((job.get_absolute_url(), False) for job in jobs if job.state == "checking"),
    ]

    for who, paths in visits.items():
        walk.enter(people[who])
        for path, asks in paths:
            walk.open(path, form=asks)

    assert walk.seen == names("outside")


def test_every_page_of_money(walk: Walk, school: Any, hands: Any) -> None:
    people = {name: school.people[name] for name in CAST} | {"homeroom": make.homeroom()}
    hands.set(2026, 5, 11, 9, 0)
    make.bands()
    group = make.class_group(teacher=people["homeroom"])
    due = make.claim("due", class_group=group, person_name="学生甲")
    objected = make.claim("due", class_group=group)
    claims.object_to(objected, by=people["clerk"], words="用了五年")
    hands.set(2026, 6, 8, 9, 0)
    waiting, approved, line = make.expense("waiting", 800), make.expense("approved", 600), make.budget_line()
    payment, invoice = make.payment(800), make.invoice(800)
    make.expense("waiting", 30000)
    contract, project = make.contract(), make.project()
    milestone = Milestone.objects.create(project=project, name="进场", due_on=project.starts_on)
    new_job("settling")
    money.close_month(dt.date(2026, 4, 1), people["finance"])
    record, month = {"number": waiting.number}, {"month": "2026-05"}
    claim = lambda step, one: (f"claim-{step}", {"number": one.number})  # noqa: E731
    paid = make.claim("paid", class_group=group)
    visits: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "finance": [
            *((name, {}) for name in (
                "home", "repairs", "summary", "outside", "contractors", "exceptions", "expenses", "invoices", "budget", "budget-lines",
                "bands", "periods", "claim-income", "parties", "contracts", "projects", "income-new", "claims", "budget-line-new", "band-new",
                "asset-changes", "asset-depreciation", "asset-agreement", "asset-ledger",
            )),
            ("expense", record), ("expense-pay", {"number": approved.number}), ("expense-refund", {"number": payment.expense.number}),
            ("payment", {"number": payment.number}), ("payment-correct", {"number": payment.number}), ("invoice", {"pk": invoice.pk}),
            ("budget-line-edit", {"pk": line.pk}), ("band-edit", {"pk": Band.objects.first().pk}), ("period-close", month),
            claim("receive", due), claim("give-back", paid),
        ],
        "clerk": [
            *((name, {}) for name in ("expense-new", "invoice-new", "claim-new", "party-new", "contract-new", "project-new")),
            ("expense-void", record), ("invoice-void", {"pk": invoice.pk}), ("party", {"pk": contract.party_id}),
            ("party-edit", {"pk": contract.party_id}), ("party-mark", {"pk": contract.party_id}), ("contract", {"pk": contract.pk}),
            ("contract-edit", {"pk": contract.pk}), ("project", {"pk": project.pk}), ("project-edit", {"pk": project.pk}),
            ("milestone-new", {"project": project.pk}), ("milestone-edit", {"project": project.pk, "pk": milestone.pk}),
            claim("judge", make.claim("to_judge", class_group=group)), claim("withdraw", due),
        ],
        "director": [
            ("approvals", {}), ("expense-approve", record), ("expense-refuse", record), claim("answer", objected), claim("waive", due),
        ],
        "principal": [("approvals", {}), ("home", {}), ("period-reopen", {"month": "2026-04"})],
        "homeroom": [("claim", {"number": due.number}), ("claim-paper", {"number": due.number}), claim("object", due)],
    }  # fmt: skip
    for who, pages in visits.items():
        walk.enter(people[who])
        for name, args in pages:
            asks = (
                name.split("-")[-1] not in ("paper", "lines", "income", "changes", "depreciation", "agreement")
                and "-" in name
            )
            walk.open(reverse(f"finance:{name}", kwargs=args), form=asks)

    assert Claim.objects.count() == 4
    assert walk.seen == names("finance")
