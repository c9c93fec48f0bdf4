"""Rules of checklists and rounds: who may write them, walk them and end them, and which rounds take results."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from campus import calendar
from core import clock
from core.rights import can
from core.workflow import SYSTEM, Flow, RuleBroken, Step
from inspections.models import AREAS, Result, Round


def refuse(*reasons: str | None) -> None:
    """Raise with every reason that there is."""
    given = [reason for reason in reasons if reason]
    if given:
        raise RuleBroken(*given)


# ---- who -----------------------------------------------------------------------------------------------------------


def _holds(by: Any, verb: str, area: str) -> bool:
    return bool(getattr(by, "pk", None) and by.is_active and can(by, f"inspections.{verb}:{area}"))


def manages(area: str, by: Any) -> str | None:
    """May `by` write the checklists and schedules of an area and start its rounds?"""
    if by is SYSTEM or by is None or _holds(by, "manage", area):
        return None
    return f"{AREAS.get(area, area)}的检查表和检查安排由这一块的负责人和后勤处管理，您没有这项权限。"


def walks(area: str, by: Any) -> str | None:
    """May `by` write down results in an area?"""
    if _holds(by, "inspect", area):
        return None
    return f"您没有{AREAS.get(area, area)}检查的权限，不能记结果。需要的话，请联系后勤处。"


def may_manage(record: Round, by: Any) -> str | None:
    return manages(record.area, by)


def may_end(record: Round, by: Any) -> str | None:
    """Who manages the area, or one of the people who walk this very round."""
    reason = manages(record.area, by)
    if reason and _holds(by, "inspect", record.area) and record.people.filter(pk=by.pk).exists():
        return None
    return reason


# ---- facts ---------------------------------------------------------------------------------------------------------


def past_term(day: dt.date, today: dt.date | None = None) -> str | None:
    """The name of the ended term that `day` belongs to; the holidays after a term belong to it until the next begins."""
    today = today or clock.today()
    terms = sorted(calendar.current().terms, key=lambda term: term.starts_on)
    own = next((term for term in reversed(terms) if term.starts_on <= day), None)
    now = next((term for term in reversed(terms) if term.starts_on <= today), None)
    if now is None or own == now:
        if own is not None and day <= own.ends_on < today:
            return own.name
        return None
    return own.name if own is not None else "以前"


def takes_results(record: Round) -> str | None:
    """Why a round takes no results any more, or None."""
    if record.state == "closed":
        return f"{record.number} 已经结束，不再收结果。记错了的，请在结果页上点“更正”。"
    if record.state == "cancelled":
        return f"{record.number} 已取消，不收结果。"
    if term := past_term(record.due_on):
        return f"{record.number} 是过去学期（{term}）的检查，不能再填。需要的话，请重新发起一次。"
    return None


def on_page(record: Round, version: int | None) -> str | None:
    """The round keeps the version it was started with, whatever was published since."""
    if version is None or version == record.sheet_id:
        return None
    return f"{record.number} 用的是第{record.sheet.number}版检查表，收到的是另一版的检查项，没有保存。请刷新页面再填。"


def with_results() -> Q:
    """Targets of which something is known."""
    return Q(done_at__isnull=False) | Q(pk__in=Result.objects.values("target"))


def nothing_walked(record: Round, by: Any) -> str | None:
    found = record.targets.filter(with_results()).count()
    return f"已经查了 {found} 处，不能取消。请点“结束检查”，没查的地方写明原因。" if found else None


ROUND = Flow(
    steps=[
        Step(
            "close", "结束检查", ("open",), "closed", who=may_end,
            hints={"closed": "这次检查已经结束了。", "cancelled": "这次检查已取消，不用再结束。"},
        ),
        Step(
            "cancel", "取消检查", ("open",), "cancelled", who=may_manage, needs=(nothing_walked,), danger=True,
            hints={"closed": "这次检查已经结束，不能取消。", "cancelled": "这次检查已经取消了。"},
        ),
    ],
    states=Round.STATES,
)  # fmt: skip
