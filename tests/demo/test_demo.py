"""The demo school: every state is there, everybody gets in, the audit is clean; a real school is never touched."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Count, Q
from django.test import override_settings

from assets.models import Card, Holding
from campus import calendar
from campus.models import Place, SchoolProfile, User
from campus.people import DEMO_LOGINS, DEMO_PASSWORD
from config import audit, serve
from config.demo import build
from config.demo.world import Profile
from core import clock
from core.models import LogEntry, Sequence
from repairs.listings import parts_arrived
from repairs.models import STATES, Ticket
from stores.models import Item
from tests import make
from workplan.models import MonthlyPlan

TODAY = dt.date(2026, 11, 22)
NOW = clock.moment(2026, 11, 22, 17)


@pytest.fixture(scope="module")
def school(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> Any:
    """The small school, made once for all tests here and taken away again."""
    folder, lines = tmp_path_factory.mktemp("media"), []
    with django_db_blocker.unblock():
        with override_settings(MEDIA_ROOT=folder):
            build.run(profile=Profile.load("small"), seed=1, today=TODAY, scale=0, force=False, say=lines.append)
        yield folder, lines
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def demo(school: Any, db: Any, settings: Any) -> Any:
    """The school on its day; gives the lines of progress."""
    settings.MEDIA_ROOT, lines = school
    with clock.at(NOW):
        yield lines


def test_audit_finds_nothing(demo: Any) -> None:
    assert list(audit.run()) == []
    assert audit.looked_at() > 5000


def test_every_state_is_there(demo: Any) -> None:
    found = set(Ticket.objects.values_list("state", flat=True))
    assert found == set(STATES)


def test_size_follows_the_profile(demo: Any) -> None:
    assert Card.objects.count() == 900
    assert Place.objects.filter(room_type="学生宿舍居室").count() == 44
    assert sum(Place.objects.filter(room_type="学生宿舍居室").values_list("people", flat=True)) == 430
    assert User.objects.filter(groups__name__in=["teacher", "homeroom"]).count() == 48


def test_demo_logins_work(demo: Any, rf: Any) -> None:
    for login in DEMO_LOGINS:
        user = authenticate(rf.post("/login/"), username=login, password=DEMO_PASSWORD)
        assert user is not None, login
        assert user.must_change_password is False
    assert not User.objects.exclude(username__in=DEMO_LOGINS).exclude(password__startswith="!").exists()


def test_profile_says_demo_with_the_stamp_of_its_migrations(demo: Any) -> None:
    row = SchoolProfile.objects.get()
    assert (row.name, row.office, row.is_demo) == ("示范中学", "后勤处", True)
    assert row.demo_stamp == serve.migrations_digest()


def test_the_day_is_in_teaching_week_12(demo: Any) -> None:
    assert calendar.teaching_week(TODAY) == 12


def test_the_desk_has_something_of_everything(demo: Any) -> None:
    every = Ticket.objects.all()
    assert every.filter(state="new").count() == 8
    assert every.open().filter(hazard=True).count() == 3
    assert every.open().filter(hazard=True, protection="").count() == 1
    assert every.overdue().count() == 6
    assert every.hold_passed().count() == 3
    assert parts_arrived(every).count() == 2
    assert every.filter(state="checking").count() in range(8, 13)
    assert every.filter(state="held", hold_reason__key="holiday", category__name="吊扇/壁扇不转").count() == 5
    assert every.filter(state="doing", reopened=True).count() >= 1
    assert every.filter(split_from__isnull=False).exists()
    assert every.filter(deemed=True).exists()
    assert every.filter(hazard=True, state="done", cleared_by__isnull=False).exists()
    assert Item.objects.low().exists()
    assert Holding.objects.filter(condition="broken").exists()


def test_the_logins_of_the_stories_have_their_tickets(demo: Any) -> None:
    teacher = dict(Ticket.objects.filter(reporter__username="teacher").values_list("state").annotate(Count("pk")))
    assert teacher == {"asked": 1, "checking": 1, "done": 1, "held": 1}
    jobs = Ticket.objects.filter(lead__username="repairer", state__in=["dispatched", "doing", "held"])
    assert jobs.count() in range(9, 12)
    assert jobs.filter(priority=1, state="dispatched").count() == 1


def test_two_plans_are_stored_with_text(demo: Any) -> None:
    plans = MonthlyPlan.objects.order_by("month")
    assert [plan.month for plan in plans] == [dt.date(2026, 10, 1), dt.date(2026, 11, 1)]
    for plan in plans:
        assert plan.stored_at is not None
        assert set(plan.prose) == {"aim", "review", "focus", "routine", "schedule", "coordination"}
        assert plan.lines.collected().exists()
        assert plan.lines.manual().count() == 5
    fans = plans[1].lines.get(title__contains="吊扇")
    assert (fans.section, fans.carry) == ("carried", 1)


def test_nothing_lies_after_the_day(demo: Any) -> None:
    assert not Ticket.objects.filter(Q(created_at__gt=NOW) | Q(completed_at__gt=NOW) | Q(finished_at__gt=NOW)).exists()
    assert not LogEntry.objects.filter(at__gt=NOW).exists()


def test_progress_is_told(demo: Any) -> None:
    assert demo[0] == "正在建立部门和人员 …"
    assert demo[-1].startswith("演示学校建好了")


def test_a_demo_is_not_made_twice_without_being_asked(demo: Any) -> None:
    with pytest.raises(CommandError, match="这里已经是演示库；要清空重建，请加 --force。"):
        call_command("demo")


def test_a_real_school_is_never_touched(db: Any) -> None:
    SchoolProfile.objects.all().delete()
    make.user("admin")
    with pytest.raises(CommandError, match="这里是正式数据库"):
        call_command("demo", force=True)
    assert SchoolProfile.objects.count() == 0


def test_audit_names_a_broken_row(demo: Any, capsys: Any) -> None:
    ticket = Ticket.objects.filter(state="done", hazard=False).earliest("pk")
    Ticket.objects.filter(pk=ticket.pk).update(state="declined", end_words="不归学校修")
    Sequence.objects.filter(key="BX202611").update(last=1)
    with pytest.raises(SystemExit) as ended:
        call_command("audit")
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert f"报修：报修单 {ticket.number}：现在是“不予受理”，按日志应为“已完成”。" in told
    assert "编号：编号 BX202611：最大的是" in told
