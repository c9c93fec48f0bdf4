"""What outside work does to a ticket, and what it keeps others from doing to it."""

import datetime as dt

import pytest

from core import clock
from core.workflow import RuleBroken
from repairs import services as moves
from repairs.models import OutsideJob, Ticket
from repairs.outside import services
from tests import make

pytestmark = pytest.mark.django_db

UNTIL = dt.date(2026, 11, 30)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def send(*tickets, **over):
    facts = {"by": make.someone("clerk"), "reason": "要登高作业", "promised_on": UNTIL} | over
    return services.send_outside(tickets, **facts)


@pytest.fixture(autouse=True)
def _ready(db):
    make.bands(), make.hold_reason("outside")


@pytest.mark.parametrize("state", ["accepted", "dispatched", "doing", "held"])
def test_sent_outside_from_every_state_of_the_paper(state):
    lead = make.repairer() if state in ("dispatched", "doing") else None
    ticket = make.ticket(state, **({"lead": lead} if lead else {}))

    job = send(ticket)

    ticket = fresh(ticket)
    assert (ticket.state, ticket.state_before, ticket.lead, ticket.hold_reason.key, ticket.hold_until) == (
        "held", "accepted", None, "outside", UNTIL,
    )  # fmt: skip
    assert (job.state, job.place, [row.ticket for row in job.tickets.all()]) == ("proposed", ticket.place, [ticket])
    assert ticket.clock_stopped_at == clock.now()


@pytest.mark.parametrize("state", ["new", "asked", "checking", "done", "declined", "withdrawn"])
def test_not_from_others(state):
    ticket = make.ticket(state)

    with pytest.raises(RuleBroken):
        send(ticket)

    assert OutsideJob.objects.count() == 0 and fresh(ticket).state == state


def test_only_the_office_sends_and_says_why():
    ticket = make.ticket("accepted")

    with pytest.raises(RuleBroken, match="外修由后勤处办理"):
        send(ticket, by=make.repairer())
    with pytest.raises(RuleBroken, match="请写明为什么不能自修"):
        send(ticket, reason=" ")
    with pytest.raises(RuleBroken, match="请填预计完工日期"):
        send(ticket, promised_on=None)


def test_a_ticket_waits_for_one_job_only_and_others_join():
    ticket, second = make.ticket("accepted"), make.ticket("doing")
    job = send(ticket)

    with pytest.raises(RuleBroken, match=f"正在外修单 {job.number} 里等施工"):
        send(ticket)
    assert send(second, job=job) == job

    assert OutsideJob.objects.count() == 1
    assert {row.ticket for row in job.tickets.all()} == {ticket, second}
    assert fresh(second).hold_until == UNTIL


@pytest.mark.parametrize(
    ("step", "facts"),
    [
        ("resume", {}),
        ("redate", {"until": UNTIL, "words": "改期"}),
        ("reassign", {"lead": None}),
    ],
)
def test_what_waits_for_a_contractor_is_moved_by_the_job(step, facts):
    ticket = make.ticket("accepted")
    job = send(ticket)
    if "lead" in facts:
        facts["lead"] = make.repairer()

    with pytest.raises(RuleBroken) as refused:
        getattr(moves, step)(fresh(ticket), by=make.someone("clerk"), **facts)

    assert str(refused.value) == f"正在外修单 {job.number} 里等施工；要自己修，先从外修单移出。"


def test_taken_off_with_a_reason():
    ticket = make.ticket("accepted")
    job = send(ticket)

    with pytest.raises(RuleBroken, match="移出要写明原因"):
        services.take_off(job, by=make.someone("clerk"), ticket=ticket, reason="")
    services.take_off(job, by=make.someone("clerk"), ticket=ticket, reason="自己能修")

    assert (fresh(ticket).state, job.tickets.get().live) == ("accepted", False)
    assert send(ticket, job=fresh(job)) == job  # and back again
    assert job.tickets.get().live is True


def test_the_promised_date_moves_the_tickets():
    ticket = make.ticket("accepted")
    job = send(ticket)

    job = services.redate(job, by=make.someone("clerk"), promised_on=dt.date(2026, 12, 4), words="缺配件")

    assert (job.promised_on, fresh(ticket).hold_until) == (dt.date(2026, 12, 4),) * 2


def test_passed_by_the_custodian_is_done_by_a_stranger_waits():
    room = make.place("401", floor_name="4层")
    room.custodian = make.homeroom()
    room.save()
    kept = make.ticket("accepted", place=room)
    other = make.ticket("accepted", place=make.place("402", floor_name="4层"))

    make.accepted(
        make.outside_job("checking", tickets=[kept, other]), first=room.custodian, second=make.someone("repairer")
    )

    kept, other = fresh(kept), fresh(other)
    assert (kept.state, kept.completed_by, kept.outcome, kept.done_quantity) == ("done", room.custodian, "repaired", 1)
    assert (other.state, other.completed_by, other.outcome) == ("checking", None, "repaired")
    with pytest.raises(RuleBroken, match="这次外修是您经办的，不能由您验收"):
        moves.accept_work(other, by=make.someone("clerk"))
    assert moves.accept_work(other, by=other.reporter).state == "done"


def test_nobody_carries_a_verdict_to_a_ticket_by_hand():
    ticket = make.ticket("accepted")
    job = send(ticket)

    for person in (make.someone("clerk"), ticket.reporter, make.admin()):
        with pytest.raises(RuleBroken, match="外修的验收在外修单上办理"):
            moves.outside_passed(fresh(ticket), by=person, job=job, acceptors=[person])
    with pytest.raises(RuleBroken, match="这张单不在外修单里"):
        moves.outside_ended(make.ticket("held"), by=make.someone("clerk"), job=job, reason="x")


# ---- warranty -----------------------------------------------------------------------------------------------------


def test_a_running_warranty_is_pointed_out_at_filing():
    job = make.outside_job("pricing")
    ticket = Ticket.objects.get()
    assert services.warranty_of(ticket.place, ticket.category) == job
    assert services.warranty_of(make.place("399"), ticket.category) is None
    assert services.warranty_of(ticket.place, make.category("灯不亮")) is None

    from core.models import LogEntry

    again = make.ticket(place=ticket.place, category=ticket.category)
    first = LogEntry.objects.of(again).get(verb="file")
    assert first.text == f"报修，同一故障再次报修，在质保期内（恒达机电，至 2028-11-22，{job.number}）"
    with clock.at(clock.moment(2028, 11, 23, 9, 0)):
        assert services.warranty_of(ticket.place, ticket.category) is None


def test_a_job_without_tickets_warrants_its_kind_of_fault_below_its_place():
    building, room = make.building("5号楼"), make.place("501", building_name="5号楼", floor_name="5层")
    category = make.category("下水管漏")
    job = make.outside_job(
        "pricing", kind="works", tickets=[], place=building, category=category.parent, hidden_work=False
    )

    assert services.warranty_of(room, category) == job


def test_back_to_the_same_contractor_without_pay():
    old = make.outside_job("settled")
    ticket = make.ticket("accepted", by=make.someone("teacher"), place=make.place(), category=make.category("下水管漏"))

    job = services.send_back_under_warranty([ticket], by=make.someone("clerk"), job=old, promised_on=UNTIL)

    assert (job.state, job.party, job.warranty_for, job.expense) == ("working", old.party, old, None)
    with pytest.raises(RuleBroken, match="这是质保返修，不另付钱"):
        services.pay(job, by=make.someone("finance"), amount=1, on=clock.today(), kind="prepay")
    job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])
    job = make.accepted(job)
    assert (job.state, fresh(ticket).state) == ("settled", "done")


def test_no_warranty_repair_after_its_end():
    old = make.outside_job("settled")
    ticket = make.ticket("accepted")

    with clock.at(clock.moment(2028, 12, 1, 9, 0)), pytest.raises(RuleBroken, match="质保已经到期"):
        services.send_back_under_warranty([ticket], by=make.someone("clerk"), job=old, promised_on=dt.date(2028, 12, 5))


def test_reopened_after_outside_work_names_the_warranty():
    make.outside_job("settled")
    ticket = Ticket.objects.get()

    ticket = moves.reopen(ticket, by=ticket.reporter, reason="又漏了")

    assert (ticket.state, ticket.outside_by) == ("accepted", None)
    from core.models import LogEntry

    entry = LogEntry.objects.of(ticket).first()
    assert entry.text.startswith("验收后又坏，返修，在质保期内（恒达机电，至 2028-11-22，")
