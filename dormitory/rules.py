"""Who may object to a score and who answers; which room of a week is a 文明寝室."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campus import calendar
from campus.figures import figure, whole
from core import clock
from core.rights import can
from core.workflow import Flow, Step
from dormitory.models import Appeal, Occupancy


def appeal_until(target: Any) -> dt.date:
    """The last day on which a score may be objected to."""
    return calendar.add_working_days(target.on, whole("dormitory.appeal_days"))


def is_class_teacher(user: Any, place_id: int) -> bool:
    """Does a class of this teacher sleep there?"""
    return Occupancy.objects.filter(room__place=place_id, class_group__teacher=user).exists()


def no_appeal(target: Any, user: Any) -> str | None:
    """Why this user cannot object to this score now, or None."""
    if not can(user, "dormitory.appeal"):
        return "申诉由班主任提出。"
    if target.score is None:
        return "这间寝室这次没有评分，不用申诉。"
    if target.score >= target.round.sheet.base:
        return "这次是满分，不用申诉。"
    if target.done_by_id == user.pk:
        return "这个分是您自己打的，请直接联系宿管更正。"
    if not is_class_teacher(user, target.place_id):
        return "这间寝室没有您班上的学生，不能申诉。"
    last = appeal_until(target)
    if clock.today() > last:
        return f"申诉期到 {last.month}月{last.day}日为止，已经过了。"
    earlier = Appeal.objects.filter(target=target).first()
    if earlier is not None:
        return "已经申诉过，正等答复。" if earlier.state == "open" else "已经申诉并得到答复，同一个分只申诉一次。"
    return None


def may_answer(appeal: Any, by: Any) -> str | None:
    """Neither who objects nor who scored."""
    if by is None:
        return None
    if not can(by, "dormitory.answer_appeals"):
        return "申诉由宿管或后勤答复。"
    if appeal.by_id == by.pk:
        return "自己提的申诉要由别人答复。"
    if appeal.scored_by_id == by.pk:
        return "这个分是您打的，申诉要由别人答复，请找另一位宿管或后勤。"
    return None


FLOW = Flow(
    steps=[
        Step("change", "改分", ("open",), "changed", who=may_answer),
        Step("keep", "维持原分", ("open",), "kept", who=may_answer),
    ],
    states=Appeal.STATES,
)


def honoured(average: Decimal, checks: int, unsafe: int) -> bool:
    """文明寝室: a high average over enough checks, and nothing taken for safety."""
    return average >= figure("dormitory.honour_score") and checks >= whole("dormitory.honour_checks") and not unsafe
