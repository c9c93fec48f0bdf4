"""Jobs: queued with the commit, tried again after a failure, rescued from dead workers."""

import datetime as dt
import os
import subprocess
import sys
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core import jobs

ran: list[tuple] = []


@jobs.task
def note(*words):
    ran.append(words)


@jobs.task(tries=3)
def fail(word):
    ran.append((word,))
    raise ValueError(word)


@pytest.fixture(autouse=True)
def fresh():
    ran.clear()


@pytest.mark.django_db(transaction=True)
def test_a_job_waits_for_the_commit():
    with transaction.atomic():
        jobs.enqueue(note, "a", 1)
        assert not DBTaskResult.objects.exists()

    assert jobs.run_due() == 1
    assert ran == [("a", 1)]
    assert jobs.run_due() == 0


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_queues_nothing():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue(note, "a")
        1 / 0  # noqa: B018

    assert not DBTaskResult.objects.exists()


@pytest.mark.django_db
def test_arguments_that_are_no_json_fail_where_they_are_given():
    with pytest.raises(TypeError):
        jobs.enqueue(note, object())


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_is_tried_again_later_and_then_kept_as_failed():
    jobs.enqueue(fail, "x")
    waits = []

    for _ in range(3):
        jobs.run_due()
        waiting = DBTaskResult.objects.filter(status="READY").first()
        if waiting:
            waits.append(round((waiting.run_after - timezone.now()).total_seconds() / 60))
            DBTaskResult.objects.filter(pk=waiting.pk).update(run_after=timezone.now())

    assert ran == [("x",)] * 3
    assert waits == [1, 4]
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["FAILED", "SUCCESSFUL", "SUCCESSFUL"]


@pytest.mark.django_db(transaction=True)
def test_a_job_for_later_waits():
    jobs.enqueue(note, "later", after=dt.timedelta(hours=1))

    assert jobs.run_due() == 0
    with patch.object(timezone, "now", return_value=timezone.now() + dt.timedelta(hours=2)):
        assert jobs.run_due() == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_worker_left_is_queued_again():
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    for worker, started in (
        (jobs.worker_id(ended.pid), timezone.now()),
        (jobs.worker_id(os.getpid()), timezone.now()),
        ("elsewhere:1", timezone.now()),
        ("elsewhere:1", timezone.now() - dt.timedelta(hours=2)),
    ):
        jobs.enqueue(note, worker)
        DBTaskResult.objects.filter(status="READY").update(status="RUNNING", started_at=started, worker_ids=[worker])

    assert jobs.rescue() == 2
    assert DBTaskResult.objects.filter(status="READY").count() == 2


@pytest.mark.django_db(transaction=True)
def test_old_results_are_forgotten():
    jobs.enqueue(note, "old")
    jobs.enqueue(note, "new")
    jobs.run_due()
    oldest = DBTaskResult.objects.first()
    DBTaskResult.objects.filter(pk=oldest.pk).update(finished_at=timezone.now() - dt.timedelta(days=15))

    assert jobs.prune() == 1
    assert DBTaskResult.objects.count() == 1
