"""What writes to a plan: storing its lines, prose, and lines by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Count

from core import log
from core.clock import now
from core.plan import Members, Month, SourceLine
from core.workflow import RuleBroken, Stale
from workplan.models import MonthlyPlan, PlanLine, PlanMember
from workplan.sections import HEADINGS
from workplan.sources import SOURCES, Source

LOOKS = 5  # times that the sources are read again when records change meanwhile
MANUAL = 10_000  # lines by hand stand behind the collected ones of their section


def plan_of(month: Month) -> MonthlyPlan:
    """The month's row, made when it is not there."""
    return MonthlyPlan.objects.get_or_create(month=month.first)[0]


@transaction.atomic
def store(month: Month, *, by: Any = None) -> MonthlyPlan:
    """Fix the month's lines and their members; once, whoever comes first.

    The plan's row is locked, so a second one waits and then finds it done.
    """
    plan = MonthlyPlan.objects.select_for_update().get(pk=plan_of(month).pk)
    if plan.stored_at is not None:
        return plan
    order = 0
    held = _earlier(month)
    for source in SOURCES:
        lines, members = _look(source, month)
        for line in lines:
            order += 1
            _keep(plan, source, line, members[line.key], order, held)
    plan.stored_at = now()
    plan.version += 1
    plan.save()
    count = plan.lines.collected().count()
    log.write(plan, "store", by=by, text=f"自动汇集 {count} 条" if count else "本月没有未完事项，没有自动汇集的内容")
    return plan


def opened(month: Month) -> MonthlyPlan | None:
    """The plan as a reader opens it: that of the running month is stored at the latest now; None where no row is."""
    plan = MonthlyPlan.objects.with_earliest().filter(month=month.first).first()
    if month == Month.current() and (plan is None or plan.stored_at is None):
        return store(month)
    return plan


def daily(day: dt.date) -> str:
    """`tick`: the running month's lines are stored on its first day (or the first day that the machine is awake)."""
    month = Month.of(day)
    if month != Month.current():  # a missed day of a month that is over: what was open then is not known any more
        return "不是本月，不汇集"
    plan = MonthlyPlan.objects.filter(month=month.first).first()
    if plan is not None and plan.stored_at is not None:
        return f"{month.words}计划已汇集"
    store(month)
    return f"汇集{month.words}计划"


def _look(source: Source, month: Month) -> tuple[list[SourceLine], dict[str, Members]]:
    """A source's lines and what is behind them, from one moment: read again while counts and records disagree."""
    for _ in range(LOOKS):
        lines = source.plan_lines(month, None)
        members = source.all_members(month, [line.key for line in lines])
        if all(line.count == len(members.get(line.key, ())) for line in lines):
            return lines, members
    raise RuleBroken("数据正在变动，这次没有汇集成；请过一会儿再打开。")


def _earlier(month: Month) -> dict[tuple[str, str], int]:
    """How many earlier stored plans hold each record."""
    rows = (
        PlanMember.objects.filter(line__plan__month__lt=month.first)
        .order_by()
        .values("kind", "key")
        .annotate(plans=Count("line__plan", distinct=True))
    )
    return {(row["kind"], row["key"]): row["plans"] for row in rows}


def _keep(
    plan: MonthlyPlan, source: Source, line: SourceLine, members: Members, order: int, held: dict[tuple[str, str], int]
) -> None:
    carried = [held.get((kind, key), 0) for kind, key, _ in members]
    row = PlanLine.objects.create(
        plan=plan, source=source.name, key=line.key, section=line.section, title=line.title[:200], places=line.places[:200],
        reason=line.reason[:200], owner=line.owner[:60], due=line.due, count=line.count, quantity=line.quantity,
        hazard=line.hazard, oldest=line.oldest, money=line.money, url=line.url[:300], carry=max(carried, default=0),
        order=order,
    )  # fmt: skip
    PlanMember.objects.bulk_create(
        [
            PlanMember(line=row, kind=kind, key=key, opened=day, carried=times)
            for (kind, key, day), times in zip(members, carried, strict=True)
        ],
        batch_size=500,
    )


# ---- prose --------------------------------------------------------------------------------------------------------


@transaction.atomic
def write_prose(plan: MonthlyPlan, texts: dict[str, str], *, by: Any, version: int | None = None) -> MonthlyPlan:
    """Replace the text under the headings; the log keeps what it was."""
    fresh = MonthlyPlan.objects.select_for_update().get(pk=plan.pk)
    if version is not None and fresh.version != version:
        raise Stale("别人刚改过这个月的正文，请看过最新内容再保存。")
    changes = {}
    for heading in HEADINGS:
        old, new = fresh.prose.get(heading.key, ""), texts.get(heading.key, "").strip()
        if old != new:
            changes[heading.label] = [old, new]
            fresh.prose[heading.key] = new
    if changes:
        fresh.version += 1
        fresh.save()
        log.write(fresh, "prose", by=by, text=f"修改正文：{'、'.join(changes)}", changes=changes)
    return fresh


# ---- lines by hand ------------------------------------------------------------------------------------------------


def by_hand(line: PlanLine) -> str | None:
    """Only what was written by hand may be changed by hand."""
    return None if line.source == "" else "这一条由系统汇集，不能改；完成情况随单据更新。要补充请另写一条。"


@transaction.atomic
def add_line(month: Month, line: PlanLine, *, by: Any) -> PlanLine:
    """A line by hand."""
    plan = plan_of(month)
    line.plan, line.by, line.order = plan, by, MANUAL
    line.save()
    log.write(plan, "line_add", by=by, text=f"手写事项：{line.title}")
    return line


@transaction.atomic
def edited(line: PlanLine, changes: dict[str, Any], *, by: Any) -> None:
    """Note on the plan what was changed in a line."""
    log.write(line.plan, "line_edit", by=by, text=f"修改事项：{line.title}", changes=changes)


def tick(line: PlanLine, *, by: Any, done: bool = True) -> PlanLine:
    """A line by hand is done, or not yet after all."""
    return _set(
        line, by=by, verb="line_done" if done else "line_undone", text="已完成" if done else "改回未完成", done=done
    )


def withdraw(line: PlanLine, *, by: Any) -> PlanLine:
    """A line by hand is void; it stays in the log."""
    return _set(line, by=by, verb="line_withdraw", text="作废", withdrawn=True)


@transaction.atomic
def _set(line: PlanLine, *, by: Any, verb: str, text: str, **values: bool) -> PlanLine:
    fresh = PlanLine.objects.select_for_update(of=("self",)).select_related("plan").get(pk=line.pk)
    reason = by_hand(fresh) or ("这一条已经作废。" if fresh.withdrawn else None)
    if reason:
        raise RuleBroken(reason)
    if all(getattr(fresh, name) == value for name, value in values.items()):
        return fresh
    for name, value in values.items():
        setattr(fresh, name, value)
    fresh.version += 1
    fresh.save()
    log.write(fresh.plan, verb, by=by, text=f"事项{text}：{fresh.title}")
    return fresh
