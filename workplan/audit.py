"""Audit of the plan: stored lines against their members, carry counts counted anew."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Max

from workplan.models import MonthlyPlan, PlanLine, PlanMember
from workplan.sections import SECTIONS
from workplan.sources import BY_NAME, KINDS


def audit() -> Iterator[str]:
    """Name every row that breaks a rule, in Chinese."""
    lines = (
        PlanLine.objects.select_related("plan")
        .annotate(members_count=Count("members"), highest=Max("members__carried"))
        .order_by("pk")
    )
    for line in lines:
        where = f"{line.plan}“{line.title}”"
        if line.section not in SECTIONS:
            yield f"{where}：栏目 {line.section} 不存在。"
        if not line.source:
            if line.members_count:
                yield f"{where}：手写事项不应有明细，却有 {line.members_count} 件。"
            continue
        if line.source not in BY_NAME:
            yield f"{where}：来源 {line.source} 不存在。"
        if line.plan.stored_at is None:
            yield f"{where}：计划还没有汇集，却有汇集的事项。"
        if line.count != line.members_count:
            yield f"{where}：写着 {line.count} 件，明细是 {line.members_count} 件。"
        if line.carry != (line.highest or 0):
            yield f"{where}：写着结转 {line.carry} 次，明细最多 {line.highest or 0} 次。"
    yield from _members()


def _members() -> Iterator[str]:
    """Walk the plans in order of their months, counting in how many each record stood before; once in one plan."""
    before: dict[tuple[str, str], int] = {}
    for plan in MonthlyPlan.objects.order_by("month"):
        here: set[tuple[str, str]] = set()
        rows = PlanMember.objects.filter(line__plan=plan).values_list("kind", "key", "carried").order_by("pk")
        for kind, key, carried in rows:
            if kind not in KINDS:
                yield f"{plan}：明细 {kind} {key} 的种类不存在。"
            if (kind, key) in here:
                yield f"{plan}：{key} 出现了两次。"
            if carried != before.get((kind, key), 0):
                yield f"{plan}：{key} 写着结转 {carried} 次，应为 {before.get((kind, key), 0)} 次。"
            here.add((kind, key))
        for pair in here:
            before[pair] = before.get(pair, 0) + 1
