"""The demo's checks: a term of scores, sweeps, night rounds, findings in every stage, boards, appeals, batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from classrooms import audit as classroom_audit
from classrooms.models import Batch, Pool, Swap
from config.demo import build
from config.demo.world import Profile
from core import clock
from dormitory import audit as dormitory_audit
from dormitory import checklists
from dormitory.models import Appeal, Board, Occupancy, Room
from inspections import audit
from inspections.models import Finding, Round, Schedule, Target, Upkeep, Zone
from tests.demo.test_demo import NOW, TODAY


@pytest.fixture(scope="module")
def made(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """The small school, made once for all tests here and taken away again."""
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock():
        with override_settings(MEDIA_ROOT=folder):
            build.run(profile=Profile.load("small"), seed=1, today=TODAY, scale=0, force=False, say=lambda line: None)
        yield folder
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def demo(made: Any, db: Any, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = made
    with clock.at(NOW):
        yield


def test_the_audits_find_nothing() -> None:
    assert [*audit.audit(), *dormitory_audit.audit(), *classroom_audit.audit()] == []


def test_every_bedroom_has_a_score_on_every_school_day() -> None:
    scored = Target.objects.filter(round__sheet__checklist__key=checklists.HYGIENE)
    walked = scored.filter(done_at__isnull=False).count()
    days = scored.values("on").distinct().count()
    assert days >= 40
    assert walked >= 0.95 * days * Room.objects.count()
    assert Occupancy.objects.count() > 0


def test_rounds_of_every_kind_are_there() -> None:
    keys = set(Round.objects.values_list("sheet__checklist__key", flat=True))
    assert {checklists.HYGIENE, checklists.SWEEP, checklists.PATROL, checklists.ROLL_CALL} <= keys
    assert Counter(Round.objects.filter(sweep=True).values_list("state", flat=True)) == {"open": 1, "closed": 1}
    assert Schedule.objects.filter(active=True).exists() and Zone.objects.exists() and Upkeep.objects.exists()


def test_findings_stand_in_every_stage() -> None:
    stages = set(Finding.objects.with_stage().values_list("stage", flat=True))
    assert stages == {"open", "fixing", "recheck", "closed", "void"}


def test_boards_and_appeals() -> None:
    assert Board.objects.count() >= 8
    assert Counter(Appeal.objects.values_list("state", flat=True)) == {"kept": 1, "changed": 1, "open": 1}


def test_the_pool_was_used() -> None:
    assert Pool.objects.exists() and Swap.objects.exists()
    assert {"open", "done"} <= set(Batch.objects.values_list("state", flat=True))
