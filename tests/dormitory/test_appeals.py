"""Appeals: who may object until when, who may answer, and what a changed score does to the published week."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.models import Notice
from core.workflow import RuleBroken
from dormitory import rules, services
from dormitory.models import Appeal, Board
from inspections.models import Target
from tests import make, make_dormitory

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 11, 16)
WEDNESDAY = clock.moment(2026, 11, 18, 9)


@pytest.fixture
def cast():
    """A score of 85 in a room of the class teacher's class, given by one of two wardens."""
    teacher, scorer, other = make.homeroom(), make.warden(), make.user("warden")
    room = make_dormitory.occupied(teacher=teacher)
    target = make_dormitory.scored(room.place, MONDAY, {"被子": 10, "地面": 5}, by=scorer)
    return teacher, scorer, other, target


def test_the_class_teacher_objects_and_the_other_warden_is_told(cast) -> None:
    teacher, scorer, other, target = cast
    with clock.at(WEDNESDAY):
        made = services.appeal(target, words="被子叠好了", by=teacher)
    assert (made.state, made.old_score, made.scored_by) == ("open", Decimal("85.0"), scorer)
    assert list(Notice.objects.values_list("user", flat=True)) == [other.pk]


def test_who_may_not_object_is_told_why(cast) -> None:
    teacher, scorer, other, target = cast
    full = make_dormitory.scored(target.place, dt.date(2026, 11, 17))
    stranger = make.user("homeroom")
    late = clock.moment(2026, 11, 20, 9)
    reasons = [
        (target, scorer, WEDNESDAY, "申诉由班主任提出"), (target, stranger, WEDNESDAY, "没有您班上的学生"),
        (full, teacher, WEDNESDAY, "满分"), (target, teacher, late, "已经过了"),
    ]  # fmt: skip
    for one, user, moment, words in reasons:
        with clock.at(moment), pytest.raises(RuleBroken, match=words):
            services.appeal(one, words="不对", by=user)
    with clock.at(WEDNESDAY):
        made = services.appeal(target, words="不对", by=teacher)
        with pytest.raises(RuleBroken, match="正等答复"):
            services.appeal(target, words="还是不对", by=teacher)
        services.keep(made, answer="现场照片为证", by=other)
        with pytest.raises(RuleBroken, match="只申诉一次"):
            services.appeal(target, words="还是不对", by=teacher)
    assert Appeal.objects.count() == 1


def test_neither_scorer_nor_appellant_nor_a_reader_answers(cast) -> None:
    teacher, scorer, _, target = cast
    with clock.at(WEDNESDAY):
        made = services.appeal(target, words="不对", by=teacher)
        both = make.user(roles=("homeroom", "warden"))
        Appeal.objects.filter(pk=made.pk).update(by=both)
        made.refresh_from_db()
        for user, words in ((scorer, "这个分是您打的"), (both, "由别人答复"), (make.principal(), "由宿管或后勤答复")):
            with pytest.raises(RuleBroken, match=words):
                services.keep(made, answer="好", by=user)
    assert Appeal.objects.get().state == "open"


def test_a_changed_score_is_counted_anew_and_the_published_week_is_issued_again(cast) -> None:
    teacher, _, other, target = cast
    with clock.at(clock.moment(2026, 11, 17, 9)):
        made = services.appeal(target, words="被子叠好了", by=teacher)
    with clock.at(clock.moment(2026, 11, 23, 9)):
        services.publish(MONDAY)
        quilt = target.results.get(line__name="被子")
        floor = target.results.get(line__name="地面")
        with pytest.raises(RuleBroken, match="每一项都和原来一样"):
            services.change(
                made, answer="查过", taken={quilt.line_id: Decimal(10), floor.line_id: Decimal(5)}, by=other
            )
        done = services.change(
            made, answer="属实", taken={quilt.line_id: Decimal(0), floor.line_id: Decimal(5)}, by=other
        )
    target.refresh_from_db()
    assert (target.score, done.state, done.new_score, done.answered_by) == (
        Decimal("95.0"),
        "changed",
        Decimal("95.0"),
        other,
    )
    board = Board.objects.get()
    assert (board.issue, board.rows.get().average) == (2, Decimal("95.00"))
    assert board.words == "3号楼 3层 312 寝室 11月16日经申诉，85.0 分改为 95.0 分。"
    assert f"{teacher.pk}" in {str(pk) for pk in Notice.objects.values_list("user", flat=True)}
    with clock.at(clock.moment(2026, 11, 23, 10)), pytest.raises(RuleBroken, match="不能维持原分"):
        services.keep(done, answer="再看", by=other)


def test_constraints_hold_past_the_rules(cast) -> None:
    teacher, scorer, other, target = cast
    with clock.at(WEDNESDAY):
        made = services.appeal(target, words="不对", by=teacher)
    answered = {"state": "kept", "answer": "好", "answered_at": clock.now()}
    wrong = [
        {"state": "kept"}, {**answered, "answered_by": teacher}, {**answered, "answered_by": scorer},
        {**answered, "answered_by": other, "answer": ""}, {**answered, "state": "changed", "answered_by": other},
    ]  # fmt: skip
    for fields in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Appeal.objects.filter(pk=made.pk).update(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.create(target=target, words="又", by=other, old_score=85, scored_by=scorer)
    assert rules.FLOW.blockers(made, "keep", other) == []


def test_who_sees_which_appeals(cast) -> None:
    teacher, scorer, _, target = cast
    with clock.at(WEDNESDAY):
        made = services.appeal(target, words="不对", by=teacher)
    seen = {
        user.username: list(Appeal.objects.visible_to(user))
        for user in (teacher, scorer, make.principal(), make.teacher(), make.user("homeroom", username="x"))
    }
    assert seen == {"banzhuren": [made], "warden": [made], "principal": [made], "teacher": [], "x": []}
    assert Target.objects.count() == 1
