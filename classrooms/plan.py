"""What the area gives to the monthly plan: spare pools below their target; machines due stand under recurring work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, F, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from classrooms.models import Pool
from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, fresh
from core.rights import can

NAMED = 4
TITLE = 190


def _keyed(pools: QuerySet[Pool]) -> QuerySet[Pool]:
    return pools.annotate(plan_key=Cast("pk", CharField()))


def _seen(user: Any) -> QuerySet[Pool]:
    looks = can(user, "areas.view:classrooms") or can(user, "classrooms.swap")
    return Pool.objects.with_level() if looks else Pool.objects.none()


def _show(pool: Any) -> Record:
    low = pool.active and pool.level < pool.target
    return Record(
        key=pool.plan_key, title=pool.name, url=pool.get_absolute_url(),
        where=f"完好 {pool.level} {pool.unit or '件'}，应备 {pool.target}，待修 {pool.broken}", state="低于应备" if low else "已补足",
        css="new" if low else "done", owner="后勤处", opened=clock.today(), closed=not low,
    )  # fmt: skip


KINDS = {
    "pool": Kind(
        label="周转库不足",
        key="plan_key",
        open=lambda: _keyed(Pool.objects.below()),
        records=lambda user: _keyed(_seen(user)),
        show=_show,
    )
}


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """One line at most, from one statement."""
    pools = list(fresh("pool", KINDS["pool"], without).order_by(F("level") - F("target"), "name"))
    if not pools:
        return []
    words = [f"{pool.name}（差 {pool.target - pool.level} {pool.unit or '件'}）" for pool in pools[:NAMED]]
    more = f"等 {len(pools)} 个" if len(pools) > NAMED else ""
    broken = sum(pool.broken for pool in pools)
    reason = f"低于应备数量，维修间有 {broken} 件待修可开批集中维修" if broken else "低于应备数量，没有待修的，须申购"
    return [
        SourceLine(
            key="pools", section="routine-property", title=f"补足周转库：{'、'.join(words)}{more}"[:TITLE], count=len(pools),
            quantity=sum(pool.target - pool.level for pool in pools), reason=reason, owner="后勤处",
            url=reverse("classrooms:pools"), rank=(3,),
        )
    ]  # fmt: skip


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The pools behind the line."""
    if key != "pools":
        return []
    found = fresh("pool", KINDS["pool"], without).order_by("pk")
    return [("pool", plan_key, clock.today()) for plan_key in found.values_list("plan_key", flat=True)]


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The pools behind each of the lines."""
    return {key: members(month, key, without) for key in keys}
