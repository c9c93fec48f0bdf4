"""The table of flows.md §1 as data: every step, every state, every kind of person; and who may never judge his own work."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import clock
from core.models import LogEntry
from core.workflow import SYSTEM, RuleBroken
from repairs import rules
from repairs.models import OPEN, STATES, Ticket
from repairs.rules import FLOW, Guest
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = [
    "core", "campus", "finance", "stores", "assets", "repairs", "dormitory", "classrooms", "canteen", "workplan", "config",
]  # fmt: skip

# ---- the paper ----------------------------------------------------------------------------------------------------

OFFICE = {"clerk", "director"}
REPORTER = {"reporter", "guest_reporter"}
TOUCHED = REPORTER | {"follower", "guest_follower"}
ACCEPTERS = REPORTER | {"custodian"}
REPAIRERS = {"lead", "helper", "other_repairer"}
ALL = {
    "reporter", "other_teacher", "follower", "custodian", "lead", "helper", "other_repairer", "clerk", "director",
    "warden", "principal", "finance", "admin", "superuser", "guest_reporter", "guest_follower", "system",
}  # fmt: skip
PEOPLE = ALL | {"inactive", "stranger"}  # who left, and the holder of another ticket's follow address
BEFORE_DISPATCH = {"new", "asked", "accepted"}
ANY = {"followed", "alone", "hazard"}
PLAIN = {"followed", "alone"}


@dataclass(frozen=True)
class Row:
    """From `sources` to `target` by `who`; `worlds` says for which of the three kinds of ticket the facts allow it."""

    step: str
    sources: set
    target: str  # "=": the state stays; "<": the state before
    who: set
    worlds: frozenset | set = frozenset(ANY)


PAPER = [
    Row("accept", {"new"}, "accepted", OFFICE),
    Row("ask", {"new", "accepted"}, "asked", OFFICE),
    Row("answer", {"asked"}, "<", REPORTER | OFFICE),
    Row("decline", BEFORE_DISPATCH, "declined", OFFICE, PLAIN),
    Row("merge", BEFORE_DISPATCH, "duplicate", OFFICE),
    Row("dispatch", {"accepted"}, "dispatched", OFFICE),
    Row("dispatch", {"new"}, "dispatched", OFFICE, {"hazard"}),
    Row("take", {"accepted"}, "dispatched", REPAIRERS),
    Row("reassign", {"dispatched", "held"}, "=", OFFICE),
    Row("reassign", {"doing"}, "dispatched", OFFICE),
    Row("hand_back", {"dispatched", "doing"}, "accepted", {"lead"}),
    Row("start", {"dispatched"}, "doing", {"lead"}),
    Row("hold", {"accepted"}, "held", OFFICE),
    Row("hold", {"dispatched", "doing"}, "held", {"lead"} | OFFICE),
    Row("redate", {"held"}, "=", {"lead"} | OFFICE),
    Row("resume", {"held"}, "<", {"lead"} | OFFICE),
    Row("finish", {"dispatched", "doing"}, "checking", {"lead"} | OFFICE),
    Row("accept_work", {"checking"}, "done", ACCEPTERS, PLAIN),  # a hazard is cleared first
    Row("send_back", {"checking"}, "doing", ACCEPTERS),
    Row("recheck_failed", {"checking"}, "doing", OFFICE | {"warden"}),
    Row("reopen", {"done"}, "doing", ACCEPTERS | OFFICE),
    Row("withdraw", BEFORE_DISPATCH, "withdrawn", REPORTER, {"alone"}),
    Row("pass_on", {"new", "accepted"}, "=", REPORTER | {"system"}, {"followed", "hazard"}),
    Row("pass_on", {"asked"}, "<", REPORTER | {"system"}, {"followed", "hazard"}),
    Row("restore", {"declined", "duplicate", "withdrawn"}, "new", OFFICE),
    Row("claim", {"declined", "withdrawn"}, "new", {"follower", "guest_follower"}, {"followed", "hazard"}),
    Row("chase", {"new", "accepted", "dispatched", "doing", "held"}, "=", TOUCHED, {"followed", "hazard"}),
    Row("chase", {"new", "accepted", "dispatched", "doing", "held"}, "=", REPORTER, {"alone"}),
    Row("rate", {"done"}, "=", REPORTER),
    Row("clear", {"checking"}, "=", OFFICE | {"warden", "custodian"}, {"hazard"}),
    Row("correct", set(OPEN), "=", OFFICE),
    Row("recount", {"new"}, "=", REPORTER, {"alone"}),
    Row("prioritise", set(OPEN), "=", OFFICE),
    Row("raise_hazard", set(OPEN), "=", OFFICE),
    Row("lower_hazard", set(OPEN), "=", OFFICE, {"hazard"}),
    Row("protect", set(OPEN) - {"new", "asked", "accepted"}, "=", {"lead"} | OFFICE, {"hazard"}),
    Row("protect", {"new", "asked", "accepted"}, "=", OFFICE, {"hazard"}),
    Row("phone", set(OPEN), "=", OFFICE, {"hazard"}),
    Row("open", set(OPEN), "=", OFFICE),
    Row("draw", {"dispatched", "doing", "held"}, "=", {"lead", "helper"} | OFFICE),
    Row("give_back", {"dispatched", "doing", "held", "checking"}, "=", {"lead", "helper"} | OFFICE),
    Row("outside", {"accepted", "dispatched", "doing", "held"}, "held", OFFICE),
    Row("outside_redated", {"held"}, "=", set(), set()),  # these four only in an outside job: tests/outside
    Row("outside_passed", {"held"}, "done", set(), set()),
    Row("outside_failed", {"held"}, "=", set(), set()),
    Row("outside_ended", {"held"}, "accepted", set(), set()),
    Row("join", set(OPEN), "=", ALL),
    Row("say", set(STATES), "=", ALL),
    Row("auto_accept", {"new"}, "accepted", {"system"}),
    Row("auto_dispatch", {"accepted"}, "dispatched", {"system"}),
    Row("deem", {"checking"}, "done", {"system"}, set()),  # not on the first day: test_acceptance
    Row("lapse", {"asked"}, "withdrawn", {"system"}, set()),
]

# ---- the world ----------------------------------------------------------------------------------------------------


def people_of(cast, ticket):
    """The cast, with the guests who hold this ticket's follow addresses."""
    device = next((f for f in ticket.followers.all() if f.device), None)
    return cast | {
        "guest_reporter": Guest(ticket.pk),
        "guest_follower": Guest(ticket.pk, device.pk if device else 0),
        "stranger": Guest(ticket.pk + 1000),
        "system": SYSTEM,
    }


def make_cast():
    leaver = make.user("clerk")
    leaver.is_active = False
    leaver.save()
    return {
        "reporter": make.teacher(), "other_teacher": make.other_teacher(), "follower": make.user(),
        "custodian": make.homeroom(), "lead": make.repairer(), "helper": make.user("repairer"),
        "other_repairer": make.repairer2(), "clerk": make.clerk(), "director": make.director(), "warden": make.warden(),
        "principal": make.principal(), "finance": make.finance(), "admin": make.admin(),
        "superuser": make.user("", is_superuser=True), "inactive": leaver,
    }  # fmt: skip


def make_tickets(cast, world):
    """A ticket in each state: plain with followers, plain without, or a hazard with followers."""
    place = make.place(custodian=cast["custodian"])
    found = {}
    for state in STATES:
        if world == "hazard" and state in ("declined", "withdrawn"):
            continue  # the database does not hold such a row
        lead = cast["lead"] if state in ("dispatched", "doing", "held", "checking", "done") else None
        more = {"state_before": "doing"} if state == "held" else {}
        ticket = make.ticket(
            state, place=place, by=cast["reporter"], lead=lead, helpers=[cast["helper"]] if lead else [],
            followers=[] if world == "alone" else [cast["follower"]], hazard=world == "hazard", opened_at=None, **more,
        )  # fmt: skip
        if world != "alone":
            make.follower(ticket, device="phone-1")
        found[state] = Ticket.objects.select_related("place__custodian", "lead", "reporter", "head").prefetch_related(
            "helpers", "followers"
        ).get(pk=ticket.pk)  # fmt: skip
    return found


def row_of(step, state, world):
    return next((r for r in PAPER if r.step == step and state in r.sources and world in r.worlds), None)


@pytest.fixture
def cast():
    return make_cast()


def is_chinese(text):
    return any("一" <= letter <= "鿿" for letter in text) and text[-1] in "。；"


# ---- the proofs ---------------------------------------------------------------------------------------------------


def test_the_paper_names_every_step():
    assert {row.step for row in PAPER} == set(FLOW.by_name)


@pytest.mark.parametrize("world", sorted(ANY))
def test_everybody_in_every_state(cast, world):
    wrong = []
    for state, ticket in make_tickets(cast, world).items():
        people = people_of(cast, ticket)
        assert set(people) == PEOPLE
        for step in FLOW.by_name:
            row = row_of(step, state, world)
            for name, person in people.items():
                reasons = FLOW.blockers(ticket, step, person)
                allowed = row is not None and name in row.who
                if allowed == bool(reasons) or not all(map(is_chinese, reasons)):
                    wrong.append((step, state, name, "may" if allowed else "may not", reasons))

    assert wrong == []


@pytest.mark.parametrize("world", sorted(ANY))
def test_where_each_step_leads(cast, world):
    wrong = []
    for state, ticket in make_tickets(cast, world).items():
        for step in FLOW.steps:
            row = row_of(step.name, state, world)
            if row is None:
                continue
            before = ticket.state_before
            target = step.target(ticket, {}) if callable(step.target) else step.target
            ticket.state_before = before
            expected = {"=": state, "<": before}.get(row.target, row.target)
            if (target or state) != expected:
                wrong.append((step.name, state, target, expected))

    assert wrong == []


def test_refused_steps_change_nothing(cast):
    tickets = make_tickets(cast, "followed")
    before = {row["id"]: row for row in Ticket.objects.values()}
    entries = LogEntry.objects.count()
    refused = 0

    for state, ticket in tickets.items():
        people = people_of(cast, ticket)
        for step in FLOW.by_name:
            row = row_of(step, state, "followed")
            outsiders = set(people) - row.who if row else {"clerk", "reporter", "lead"}
            for name in outsiders:
                with pytest.raises(RuleBroken) as broken:
                    FLOW.run(ticket, step, by=people[name])
                assert broken.value.reasons and all(map(is_chinese, broken.value.reasons))
                refused += 1

    assert refused > 1000
    assert {row["id"]: row for row in Ticket.objects.values()} == before
    assert LogEntry.objects.count() == entries


# ---- nobody judges his own work -----------------------------------------------------------------------------------


def checking(**over):
    return make.ticket("checking", **over)


def test_clerk_who_was_lead_or_helper_neither_accepts_nor_clears():
    clerk = make.user(roles=("clerk", "repairer"))
    for part in ({"lead": clerk}, {"lead": make.repairer(), "helpers": [clerk]}):
        ticket = checking(hazard=True, channel="phone", by=clerk, reporter_name="门卫", **part)

        for step in ("accept_work", "send_back", "clear"):
            assert FLOW.blockers(ticket, step, clerk)[0].startswith("您参加了维修，不能")


def test_custodian_who_is_the_lead_neither_accepts_nor_clears():
    handy = make.user(roles=("repairer", "teacher"))
    ticket = checking(place=make.place(custodian=handy), lead=handy, hazard=True)

    assert FLOW.blockers(ticket, "accept_work", handy) == ["您参加了维修，不能验收自己的活；由报修人或保管人验收。"]
    assert FLOW.blockers(ticket, "clear", handy) == ["您参加了维修，不能给自己的活销号；请换一个人到现场复查。"]


def test_reporter_who_is_the_lead_leaves_it_to_the_custodian_then_to_the_office():
    handy, keeper, clerk = make.repairer(), make.homeroom(), make.clerk()
    kept = checking(place=make.place(custodian=keeper), by=handy, lead=handy)
    free = checking(place=make.place("313"), by=handy, lead=handy)

    assert FLOW.blockers(kept, "accept_work", handy) == ["您参加了维修，不能验收自己的活；由报修人或保管人验收。"]
    assert FLOW.blockers(kept, "accept_work", keeper) == []
    assert FLOW.blockers(kept, "accept_work", clerk) == ["由冯老师验收；本人不在时后勤才能代验。"]
    assert FLOW.blockers(free, "accept_work", clerk) == []


def test_office_accepts_when_reporter_left_and_nobody_keeps_the_room():
    ticket, clerk = checking(by=make.teacher()), make.clerk()

    before = FLOW.blockers(ticket, "accept_work", clerk)
    ticket.reporter.is_active = False
    ticket.reporter.save()

    assert before == ["由赵老师验收；本人不在时后勤才能代验。"]
    assert FLOW.blockers(ticket, "accept_work", clerk) == []


def test_office_accepts_for_a_caller_without_account():
    ticket = checking(channel="phone", by=make.clerk(), reporter_name="门卫", reporter_phone="8801")

    assert FLOW.blockers(ticket, "accept_work", make.director()) == []
    assert FLOW.blockers(ticket, "accept_work", make.warden()) == ["由报修人或这个地点的保管人验收。"]


@pytest.mark.parametrize("part", ["reporter", "custodian", "follower", "lead", "helper"])
def test_who_left_may_do_nothing(part):
    leaver = make.user(roles=("repairer", "clerk"), is_active=False)
    over = {
        "reporter": {"by": leaver}, "custodian": {"place": make.place(custodian=leaver)}, "follower": {"followers": [leaver]},
        "lead": {"lead": leaver}, "helper": {"helpers": [leaver]},
    }[part]  # fmt: skip

    for state in ("asked", "doing", "checking", "done"):
        ticket = make.ticket(state, **over)
        free = [step for step in FLOW.by_name if not FLOW.blockers(ticket, step, leaver)]
        assert free == [], state


def test_lead_without_the_role_any_more_cannot_work():
    lead = make.repairer()
    ticket = make.ticket("doing", lead=lead)
    lead.groups.clear()
    fresh = type(lead).objects.get(pk=lead.pk)

    assert FLOW.blockers(ticket, "finish", fresh) == ["这一步由负责人王师傅操作。"]


# ---- single needs -------------------------------------------------------------------------------------------------


def test_ordinary_ticket_is_accepted_before_dispatch_danger_is_not():
    clerk = make.clerk()

    assert FLOW.blockers(make.ticket(), "dispatch", clerk) == ["先受理再派工；只有特急和隐患可以直接派。"]
    assert FLOW.blockers(make.ticket(hazard=True), "dispatch", clerk) == []
    assert FLOW.blockers(make.ticket(category=make.category("水管爆裂")), "dispatch", clerk) == []


def test_asking_needs_somebody_who_can_answer():
    clerk = make.clerk()
    nobody = make.ticket(channel="qr", by=None, device="phone-1")
    phoned = make.ticket(channel="qr", by=None, device="phone-1", reporter_phone="13800000000")

    assert FLOW.blockers(nobody, "ask", clerk) == ["报修人没有账号，也没留电话，问不到人；请到现场看或直接受理。"]
    assert FLOW.blockers(phoned, "ask", clerk) == []


def test_steps_offered_are_the_free_ones_then_the_blocked_with_reasons():
    ticket, clerk = make.ticket("accepted", hazard=True), make.clerk()

    offered = [(step.name, reasons) for step, reasons in FLOW.open_to(ticket, clerk)]

    assert offered == [
        ("dispatch", []), ("hold", []), ("ask", []), ("merge", []),
        ("decline", ["安全隐患不能不予受理；确已不危险时，由后勤写明理由先“解除隐患”。"]),
    ]  # fmt: skip


def test_plan_asks_for_facts_without_a_person():
    hazard = make.ticket("checking", hazard=True)

    assert FLOW.missing(hazard, "accept_work") == ["安全隐患要先销号：由没参加维修的人到现场复查并拍照。"]
    assert FLOW.missing(make.ticket("checking"), "accept_work") == []


def test_reopening_ends_after_ten_working_days():
    reporter = make.teacher()
    ticket = make.ticket("done", by=reporter)

    with clock.at(clock.moment(2026, 12, 7, 18)):  # Monday two weeks later: the tenth working day
        last = FLOW.blockers(ticket, "reopen", reporter)
    with clock.at(clock.moment(2026, 12, 8, 8)):
        late = FLOW.blockers(ticket, "reopen", reporter)

    assert last == []
    assert late == ["已过 10 个工作日，不能再返修；请重新报修，系统会连上这张单。"]


def test_restoring_ends_after_ten_working_days():
    ticket, clerk = make.ticket("declined"), make.clerk()

    with clock.at(clock.moment(2026, 12, 7, 18)):
        last = FLOW.blockers(ticket, "restore", clerk)
    with clock.at(clock.moment(2026, 12, 8, 8)):
        late = FLOW.blockers(ticket, "restore", clerk)

    assert last == []
    assert late == ["已过 10 个工作日，不能再恢复；请重新报修。"]


# ---- only core.workflow sets a state ------------------------------------------------------------------------------

NO_MODEL = {"core/imports.py"}  # its rows are those of an uploaded sheet
CONSTRUCTORS = {
    "repairs/services/work.py": 1,
    "config/demo/bulk.py": 1,
}  # the last one writes closed history in bulk  # the split: a new number that begins in 已派工


def sets_state(node):
    """Does this piece of syntax write a `state`: by assignment, setattr, update(), bulk_update() or a constructor?"""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        flat = [one for t in targets for one in (t.elts if isinstance(t, ast.Tuple | ast.List) else [t])]
        return any(isinstance(t, ast.Attribute) and t.attr == "state" for t in flat)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    strings = [a.value for arg in node.args for a in ast.walk(arg) if isinstance(a, ast.Constant)]
    if name in ("setattr", "__setattr__", "bulk_update"):
        return "state" in strings or any(
            isinstance(c, ast.Constant) and c.value == "state" for k in node.keywords for c in ast.walk(k)
        )
    return name in ("update", "update_or_create") and any(k.arg in ("state", "defaults") and (
        k.arg == "state" or any(isinstance(c, ast.Constant) and c.value == "state" for c in ast.walk(k.value))
    ) for k in node.keywords)  # fmt: skip


def makes_with_state(node):
    """A ticket that is born in a state of the writer's choice."""
    if not isinstance(node, ast.Call) or not any(k.arg == "state" for k in node.keywords):
        return False
    return ast.unparse(node.func) in ("Ticket", "Ticket.objects.create", "Ticket.objects.get_or_create")


def sources():
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield name, list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_nothing_outside_the_workflow_sets_a_state():
    exempt = NO_MODEL | {"core/workflow.py"}
    found = [f"{name}:{n.lineno}" for name, nodes in sources() if name not in exempt for n in nodes if sets_state(n)]

    assert found == []
    for name in NO_MODEL:
        assert "models.Model)" not in (ROOT / name).read_text(encoding="utf-8")


def test_only_the_split_makes_a_ticket_in_a_later_state():
    made = {name: sum(map(makes_with_state, nodes)) for name, nodes in sources()}

    assert {name: count for name, count in made.items() if count} == CONSTRUCTORS


@pytest.mark.parametrize(
    "code",
    [
        "t.state = 'done'", "a, t.state = 1, 'done'", "setattr(t, 'state', 'x')", "q.update(state='done')",
        "q.bulk_update(rows, ['state'])", "q.bulk_update(rows, fields=['state'])", "t.state: str = 'x'",
        "q.update_or_create(pk=1, defaults={'state': 'x'})",
    ],
)  # fmt: skip
def test_the_search_finds_each_way(code):
    assert any(map(sets_state, ast.walk(ast.parse(code))))


def test_rules_name_every_state_once():
    assert set(rules.ENDS) | set(OPEN) == set(STATES)
    assert set(rules.ENDS) & set(OPEN) == set()
