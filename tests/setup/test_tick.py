"""`tick`: each task once a day, missed days caught up, a failure stops no other, a wrong clock does not stop it."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from core import clock, tick
from core.models import SpentToken, TaskRun

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 22)
done: list[tuple[str, dt.date]] = []


def first(day):
    done.append(("first", day))
    return f"到 {day:%m-%d}"


def broken(day):
    done.append(("broken", day))
    TaskRun.objects.create(name="half done", day=day)
    raise ValueError("no such thing")


def last(day):
    done.append(("last", day))


TASKS = (("first", f"{__name__}.first"), ("last", f"{__name__}.last"))
WITH_BROKEN = (TASKS[0], ("broken", f"{__name__}.broken"), TASKS[1])


@pytest.fixture(autouse=True)
def listed(settings):
    done.clear()
    settings.TICK_TASKS = f"{__name__}.TASKS"


def test_each_task_once_a_day():
    results = tick.run(DAY)
    tick.run(DAY)

    assert done == [("first", DAY), ("last", DAY)]
    assert results == {"first": "到 11-22", "last": "完成", "core.prune": "清理后台任务 0 条"}


def test_missed_days_are_caught_up_in_order():
    tick.run(DAY)
    done.clear()

    tick.run(DAY + dt.timedelta(days=3))

    assert [day for name, day in done if name == "first"] == [DAY + dt.timedelta(days=n) for n in (1, 2, 3)]


def test_a_long_sleep_is_caught_up_for_sixty_days():
    tick.run(DAY - dt.timedelta(days=400))
    done.clear()

    tick.run(DAY)

    days = [day for name, day in done if name == "first"]
    assert (len(days), days[0], days[-1]) == (60, DAY - dt.timedelta(days=59), DAY)


def test_a_failure_is_noted_rolled_back_retried_and_stops_no_other(settings):
    settings.TICK_TASKS = f"{__name__}.WITH_BROKEN"

    results = tick.run(DAY)
    tick.run(DAY)

    assert done == [("first", DAY), ("broken", DAY), ("last", DAY), ("broken", DAY)]
    assert results["broken"] == "失败：ValueError no such thing"
    assert TaskRun.objects.get(name="broken").day == DAY - dt.timedelta(days=1)
    assert not TaskRun.objects.filter(name="half done").exists()


def test_a_clock_that_was_years_ahead_does_not_stop_the_tasks():
    tick.run(DAY.replace(year=2099))
    done.clear()

    tick.run(DAY)

    assert done == [("first", DAY), ("last", DAY)]


def test_a_clock_set_back_by_a_day_repeats_nothing():
    tick.run(DAY)
    done.clear()

    tick.run(DAY - dt.timedelta(days=1))

    assert done == []


def test_the_command_tells_each_result_and_fails_with_a_task(settings, capsys):
    call_command("tick", day=DAY)
    settings.TICK_TASKS = f"{__name__}.WITH_BROKEN"

    with pytest.raises(CommandError):
        call_command("tick", day=DAY)

    assert capsys.readouterr().out.splitlines()[0] == "first：到 11-22"
    assert tick.last() is not None


def test_old_submit_tokens_are_forgotten():
    with clock.at(clock.now() - dt.timedelta(days=8)):
        SpentToken.objects.create(token="old")
    SpentToken.objects.create(token="new")

    tick.prune(clock.today())

    assert SpentToken.objects.get().token == "new"
