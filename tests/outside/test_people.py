"""Nobody takes two steps of one job: by the database for every pair, by the services for every pair, delegates included."""

from itertools import combinations

import pytest
from django.db import IntegrityError, transaction

from core.workflow import RuleBroken
from repairs.models import OutsideJob, Ticket
from repairs.outside import services
from repairs.outside.models import PEOPLE, pairs
from repairs.outside.rules import FLOW
from tests import make

pytestmark = pytest.mark.django_db

STEPS = ("order", "approve", "accept_1", "accept_2", "check")
HOLDER = {"order": "clerk", "approve": "principal", "accept_1": "teacher", "accept_2": "repairer", "check": "finance"}
ALL_ROLES = ("clerk", "director", "principal", "viceprincipal", "finance", "repairer", "warden", "teacher", "admin")


@pytest.mark.parametrize(("one", "other"), pairs())
def test_the_database_refuses_every_pair(one, other):
    job = make.outside_job("settled")
    person = getattr(job, other) or make.user()  # nobody stood in: two such columns get a stranger

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        OutsideJob.objects.filter(pk=job.pk).update(**{one: person, other: person})

    assert f"job_{one}_not_{other}" in str(refused.value)


def attempt(step, job, person):
    """`person` takes the step on a job that stands before it."""
    job = OutsideJob.objects.get(pk=job.pk)
    if step == "order":
        return services.submit(job, by=person, quote=job.quotes.get(party__name="恒达机电"))
    if step == "approve":
        return services.approve(job, by=person)
    if step == "accept_1":
        return services.record(
            job, by=person, verdicts={row.ticket_id: "passed" for row in job.tickets.filter(live=True)}
        )
    if step == "accept_2":
        return services.cosign(job, by=person)
    return services.check_prices(job, by=person, prices={})


def carry(job, upto, people):
    """Take every step before `upto`, each by whom `people` names."""
    for step in STEPS[: STEPS.index(upto)]:
        if step == "accept_1" and job.state == "working":
            job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])
        job = attempt(step, job, people[step])
    if upto == "accept_1":
        job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])
    return job


def everybody():
    return {step: make.someone(HOLDER[step]) for step in STEPS}


def one_for_all(**over):
    """Somebody who by his roles could take every step."""
    return make.user(roles=ALL_ROLES, username="all", name="全能", **over)


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize(("first", "second"), list(combinations(STEPS, 2)))
def test_one_person_with_every_role(first, second, superuser):
    person = one_for_all(is_superuser=superuser, is_staff=superuser)
    people = everybody() | {first: person}
    job = carry(make.outside_job("quoting"), second, people)
    before = (job.state, job.version)

    with pytest.raises(RuleBroken) as refused:
        attempt(second, job, person)

    job.refresh_from_db()
    assert (job.state, job.version) == before
    assert any(word in str(refused.value) for word in ("您已经", "您自己", "您已经签过"))
    attempt(second, job, people[second])  # the right one can


@pytest.mark.parametrize(("first", "second"), [(a, b) for a, b in combinations(STEPS, 2) if b in ("approve", "check")])
def test_a_delegate_who_took_part_acts_for_nobody(first, second):
    """The delegate of the approver or of the accountant, who took an earlier step himself."""
    people = everybody()
    make.delegation(people[second], people[first])
    job = carry(make.outside_job("quoting"), second, people)

    with pytest.raises(RuleBroken):
        attempt(second, job, people[first])

    job.refresh_from_db()
    assert job.state == {"approve": "approving", "check": "pricing"}[second]


@pytest.mark.parametrize(("first", "second"), [(a, b) for a, b in combinations(STEPS, 2) if b in ("approve", "check")])
def test_nobody_acts_for_somebody_on_his_own_paper(first, second):
    """Who holds the right of the second step took the first himself; his delegate is another person, but acts for him."""
    holder = one_for_all()
    people = everybody() | {first: holder}
    delegate = make.user("teacher", name="代办人")
    make.delegation(holder, delegate)
    job = carry(make.outside_job("quoting"), second, people)

    with pytest.raises(RuleBroken):
        attempt(second, job, delegate)

    job.refresh_from_db()
    assert job.state == {"approve": "approving", "check": "pricing"}[second]


def test_a_delegate_approves_and_checks_with_both_names_in_the_log():
    from core.models import LogEntry

    people = everybody()
    vice, other = make.viceprincipal(), make.user("teacher", name="代会计")
    make.delegation(people["approve"], vice)
    make.delegation(people["check"], other)
    job = services.approve(make.outside_job("approving"), by=vice)
    job = services.done(job, by=people["order"], photos=[make.photo(40, 30)])
    job = services.check_prices(make.accepted(job), by=other, prices={})

    assert (job.approved_by, job.approved_for, job.checked_by, job.checked_for) == (
        vice,
        people["approve"],
        other,
        people["check"],
    )
    acted = (
        LogEntry.objects.of(job)
        .filter(acting_for__isnull=False)
        .order_by("pk")
        .values_list("by__name", "acting_for__name")
    )
    assert list(acted) == [("方副校长", "秦校长"), ("代会计", "郑会计")]


@pytest.mark.parametrize("who", ["admin", "superuser", "other_teacher", "inactive"])
def test_administrators_and_superusers_take_no_step_at_all(who):
    person = {
        "admin": make.admin, "superuser": lambda: make.user("", is_superuser=True, is_staff=True), "other_teacher": make.other_teacher,
        "inactive": lambda: make.user(roles=ALL_ROLES, is_active=False),
    }[who]()  # fmt: skip
    open_to = {
        state: [step.name for step in FLOW.steps if state in step.sources and step.who(job, person) is None]
        for state in ("proposed", "quoting", "approving", "working", "checking", "pricing", "settling", "settled")
        for job in [make.outside_job(state)]
    }

    assert {state: names for state, names in open_to.items() if names} == {}


def test_who_signed_an_earlier_round_does_not_check_the_price():
    job = make.outside_job("checking")
    signer = make.user(roles=("finance", "warden"), name="宿管兼会计")
    failed = {row.ticket_id: "failed" for row in job.tickets.all()}
    job = services.record(job, by=signer, verdicts=failed, words="漏水")
    job = services.cosign(job, by=make.someone("teacher"))
    job = make.accepted(services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)]))

    with pytest.raises(RuleBroken, match="您已经验收了这张单，不能再核价"):
        services.check_prices(job, by=signer, prices={})


def test_who_asked_for_extra_work_does_not_accept_it():
    job = make.outside_job("working")
    director = make.director()
    job = services.extra(job, by=director, words="加一台", lines=[{"item": "泵", "quantity": 1, "unit_price": 900}])
    job = services.approve(job, by=make.someone("principal"))
    job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])

    with pytest.raises(RuleBroken, match="您已经经办了这张单，不能再验收"):
        services.record(job, by=director, verdicts={row.ticket_id: "passed" for row in job.tickets.all()})


@pytest.mark.parametrize("step", ["order", "approve", "accept_1", "accept_2"])
def test_who_took_part_does_not_pay(step):
    person = one_for_all()
    people = everybody() | {step: person}
    job = carry(make.outside_job("quoting"), "check", people)
    job = attempt("check", job, people["check"])

    with pytest.raises(RuleBroken, match="不能再付款"):
        services.pay(job, by=person, amount=1, on=job.done_on, kind="progress")


def test_a_hazard_is_never_cleared_by_who_ordered_the_work():
    clerk = make.someone("clerk")
    ticket = make.ticket(
        "accepted", by=make.someone("teacher"), place=make.place(), category=make.category("下水管漏"), hazard=True
    )
    job = make.outside_job("pricing", tickets=[ticket])
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert (ticket.state, ticket.outside_by) == (
        "checking",
        clerk,
    )  # the reporter accepted, but a hazard waits for clearing

    from repairs import services as tickets

    with pytest.raises(RuleBroken, match="这次外修是您经办的，不能由您销号"):
        tickets.clear(ticket, by=clerk, photo=make.photo(40, 30))
    for field in ("cleared_by", "completed_by"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).update(**{field: clerk})
    ticket = tickets.accept_work(
        tickets.clear(ticket, by=make.warden(), photo=make.photo(40, 30)), by=make.someone("teacher")
    )
    assert (ticket.state, job.state) == ("done", "pricing")


def test_every_pair_of_columns_has_its_constraint():
    names = {constraint.name for constraint in OutsideJob._meta.constraints}

    assert {f"job_{a}_not_{b}" for a, b in pairs()} <= names
    assert len(pairs()) == 10 + 3 * 5 + 3
    assert {frozenset(pair) for pair in combinations(PEOPLE, 2)} <= {frozenset(pair) for pair in pairs()}


def test_an_emergency_begun_for_the_absent_director_is_not_approved_by_him():
    director, deputy, vice = make.director(), make.user("teacher", name="代主任"), make.viceprincipal()
    make.delegation(director, deputy)
    job = services.emergency(make.outside_job(lines=[]), by=deputy, reason="水漫", party=make.contractor(), amount=500)
    assert (job.emergency_by, job.emergency_for, job.expense.approver_role) == (deputy, director, "director")

    for person in (director, deputy):
        with pytest.raises(RuleBroken, match="您已经经办了这张单"):
            services.approve_late(job, by=person)
    with pytest.raises(RuleBroken, match="您已经经办了这张单（由他人代），不能再验收"):
        services.record(
            services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)]), by=director, verdicts={}
        )

    assert services.approve_late(job, by=vice).approved_by == vice
