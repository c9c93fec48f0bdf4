"""The table of flows.md §2 as data: every step, every state, every kind of person; refused steps change nothing."""

from dataclasses import dataclass

import pytest

from core.models import LogEntry
from core.workflow import RuleBroken
from repairs.models import OutsideJob
from repairs.outside.models import STATES
from repairs.outside.rules import FLOW
from tests import make

pytestmark = pytest.mark.django_db

OFFICE = {"clerk", "director"}
ACCEPTERS = {
    "director",
    "teacher",
    "repairer",
    "warden",
    "finance",
    "viceprincipal",
}  # not who ordered, not who approved
UNDERWAY = {"working", "checking", "pricing"}
LIVE = {"proposed", "quoting", "approving", "working", "checking"}
PAYABLE = UNDERWAY | {"settling"}
CAST = (
    "clerk", "director", "teacher", "repairer", "warden", "finance", "viceprincipal", "principal", "other_teacher", "admin",
    "superuser", "inactive",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """From `sources` to `target` by `who`; "=": the state stays, "*": the facts say where it goes."""

    step: str
    sources: set
    target: str
    who: set


PAPER = [
    Row("ask_quotes", {"proposed"}, "quoting", OFFICE),
    Row("submit", {"quoting"}, "approving", OFFICE),
    Row("approve", {"approving"}, "working", {"principal"}),
    Row("refuse", {"approving"}, "*", {"principal"}),
    Row("recall", {"approving"}, "*", OFFICE),
    Row("begin_warranty", {"proposed"}, "working", OFFICE),
    Row("emergency", {"proposed"}, "working", {"director"}),
    Row("approve_late", UNDERWAY, "=", {"principal"}),
    Row("refuse_late", UNDERWAY, "=", {"principal"}),
    Row("rule", UNDERWAY, "=", {"principal"}),
    Row("extra", {"working"}, "approving", OFFICE),
    Row("fail", {"working"}, "quoting", OFFICE),
    Row("done", {"working"}, "checking", OFFICE),
    Row("record", {"checking"}, "=", ACCEPTERS),
    Row("sign", {"checking"}, "=", ACCEPTERS),
    Row("cosign", {"checking"}, "*", ACCEPTERS),
    Row("decide", {"checking"}, "*", {"director"}),
    Row("check_prices", {"pricing"}, "settling", {"finance"}),
    Row("dispute", {"pricing"}, "checking", {"finance"}),
    Row("agree", {"settling"}, "=", OFFICE | {"finance"}),
    Row("decide_words", {"settling"}, "=", OFFICE | {"finance"}),
    Row("contest", {"settling"}, "pricing", OFFICE | {"finance"}),
    Row("settle", {"settling"}, "settled", {"finance"}),
    Row("pay_retention", {"settled"}, "=", {"finance"}),
    Row("forfeit", {"settled"}, "=", {"director"}),
    Row("cancel", {"proposed", "quoting", "approving"}, "cancelled", OFFICE),
    Row("edit", {"proposed", "quoting"}, "=", OFFICE),
    Row("quote", {"quoting"}, "=", OFFICE),
    Row("bill", {"working"}, "=", OFFICE),
    Row("redate", LIVE, "=", OFFICE),
    Row("join", {"proposed", "quoting", "working"}, "=", OFFICE),
    Row("take_off", LIVE, "=", OFFICE),
    Row("task", {"proposed", "quoting", "working"}, "=", OFFICE),
    Row("task_done", {"working"}, "=", OFFICE),
    Row("accept_task", {"working"}, "=", ACCEPTERS),
    Row("contract", {"approving", "working", "checking"}, "=", OFFICE),
    Row("photo", {"working", "checking"}, "=", OFFICE | ACCEPTERS),
    Row("leave_defect", {"checking", "pricing", "settling", "settled"}, "=", OFFICE | ACCEPTERS),
    Row("mend_defect", {"pricing", "settling", "settled"}, "=", ACCEPTERS),
    Row("invoice", PAYABLE, "=", OFFICE | {"finance"}),
    Row("refund", PAYABLE | {"settled"}, "=", {"finance"}),
    Row("pay", PAYABLE | {"settled"}, "=", {"finance"}),
]
# Finance checked the price in the states after it, and so accepts nothing there.
NOT_LATER = {"leave_defect": {"finance"}, "mend_defect": {"finance"}}


@pytest.fixture
def cast():
    found = {name: make.someone(name) for name in CAST if name not in ("superuser", "inactive")}
    leaver = make.user(roles=("clerk", "finance", "principal"), is_active=False)
    return found | {"superuser": make.user("", is_superuser=True, is_staff=True), "inactive": leaver}


def is_chinese(text):
    return any("一" <= letter <= "鿿" for letter in text) and text[-1] in "。；"


def test_the_paper_names_every_step():
    assert {row.step for row in PAPER} == set(FLOW.by_name)
    for row in PAPER:
        step = FLOW[row.step]
        assert set(step.sources) == row.sources, row.step
        expected = {"=": None}.get(row.target, row.target)
        assert callable(step.target) if expected == "*" else step.target == expected, row.step


@pytest.mark.parametrize("state", STATES)
def test_everybody_in_every_state(cast, state):
    job = OutsideJob.objects.get(pk=make.outside_job(state).pk)
    wrong = []

    for row in PAPER:
        step = FLOW[row.step]
        expected = row.who if state in row.sources else set()
        if state in ("settling", "settled"):
            expected = expected - NOT_LATER.get(row.step, set())
        for name, person in cast.items():
            reasons = FLOW.blockers(job, row.step, person)
            may = state in step.sources and step.who(job, person) is None
            if may != (name in expected) or not all(map(is_chinese, reasons)):
                wrong.append((row.step, state, name, may, reasons))

    assert wrong == []


@pytest.mark.parametrize("state", STATES)
def test_refused_steps_change_nothing(cast, state):
    job = make.outside_job(state)
    before, entries = OutsideJob.objects.filter(pk=job.pk).values().get(), LogEntry.objects.count()

    for step in FLOW.by_name:
        for name in ("other_teacher", "admin", "superuser", "inactive"):
            with pytest.raises(RuleBroken):
                FLOW.run(job, step, by=cast[name])

    assert OutsideJob.objects.filter(pk=job.pk).values().get() == before
    assert LogEntry.objects.count() == entries
