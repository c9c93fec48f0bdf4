"""What outside work gives to the monthly plan: jobs under way and unsettled, retention and warranties that end, emergencies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.urls import reverse

from core import clock
from core.money import plain
from core.plan import Kind, Members, Month, Record, SourceLine, Without
from repairs.outside.listings import SIGNS
from repairs.outside.models import ACCEPTED, ENDS, OutsideJob

NAMED = 4
TITLE = 190
GROUPS = {  # key of the line -> states
    "prepare": ("proposed", "quoting", "approving"), "work": ("working", "checking"), "settle": ("pricing", "settling"),
}  # fmt: skip
KIND_OF = {
    "prepare": "job",
    "work": "job",
    "settle": "job",
    "retention": "retention",
    "warranty": "warranty",
    "emergency": "emergency",
}


def _opened(job: OutsideJob) -> dt.date:
    return clock.local(job.created_at).date()


def _record(job: OutsideJob, *, closed: bool, state: str = "", owner: str = "") -> Record:
    return Record(
        key=job.number, title=f"{job.title}（{job.place.full_name}）", url=job.get_absolute_url(), where=job.number,
        state=state or job.word, css="done" if closed else SIGNS[job.state], owner=owner or (job.party.name if job.party else "后勤处"),
        opened=_opened(job), closed=closed,
    )  # fmt: skip


def _show_job(job: OutsideJob) -> Record:
    return _record(job, closed=not job.is_open)


def _show_retention(job: OutsideJob) -> Record:
    left = job.retention_left
    return _record(job, closed=left <= 0, state=f"未付 {plain(left)} 元" if left > 0 else "质保金已结", owner="财务")


def _show_warranty(job: OutsideJob) -> Record:
    day = job.warranty_until
    over = day is None or day < clock.today()
    return _record(job, closed=over, state="质保已过" if day is None or over else f"质保至{day.month}月{day.day}日")


def _show_emergency(job: OutsideJob) -> Record:
    open_ = job.approved_by_id is None and job.state != "cancelled"
    return _record(job, closed=not open_, state="还没有审批" if open_ else "已审批", owner="审批人")


def _kind(label: str, open_: Any, show: Any) -> Kind:
    records = lambda user: OutsideJob.objects.visible_to(user).select_related("place", "party")  # noqa: E731
    return Kind(label=label, key="number", open=open_, records=records, show=show)


KINDS = {
    "job": _kind("外修单", lambda: OutsideJob.objects.open(), _show_job),
    "retention": _kind("质保金", lambda: OutsideJob.objects.retention_open(), _show_retention),
    "warranty": _kind("质保到期", lambda: OutsideJob.objects.under_warranty(), _show_warranty),
    "emergency": _kind("紧急先行", lambda: OutsideJob.objects.unapproved_emergencies(), _show_emergency),
}


def _conditions(month: Month) -> dict[str, Q]:
    """What brings a job into a line of the month."""
    return {
        **{key: Q(state__in=states) for key, states in GROUPS.items()},
        "retention": Q(
            pk__in=OutsideJob.objects.retention_open().filter(retention_due_on__lte=month.last).values("pk")
        ),
        "warranty": Q(
            state__in=ACCEPTED, warranty_until__gte=max(month.first, clock.today()), warranty_until__lte=month.last
        ),
        "emergency": Q(emergency_by__isnull=False, approved_by=None) & ~Q(state="cancelled"),
    }


def _flagged(month: Month, keys: Iterable[str], without: Without | None) -> QuerySet[OutsideJob]:
    """The jobs of any of the lines, each marked with those it stands in; one statement."""
    wanted, flags = Q(), {}
    for key, condition in _conditions(month).items():
        if key not in keys:
            continue
        found = condition if without is None else condition & ~Q(number__in=without(KIND_OF[key]))
        wanted |= found
        flags[f"in_{key}"] = Case(When(found, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows = OutsideJob.objects.filter(wanted) if wanted else OutsideJob.objects.none()
    return rows.annotate(**flags).select_related("place__building", "party", "expense").order_by("created_at", "pk")


@dataclass(frozen=True)
class _Words:
    """How a line speaks."""

    section: str
    title: str
    owner: str
    todo: str
    rank: int


WORDS = {
    "emergency": _Words("coordination", "紧急先行还没有审批 {n} 张", "审批人", "approval", 1),
    "work": _Words("routine-repairs", "外修施工、验收 {n} 张", "后勤处", "", 2),
    "settle": _Words("routine-finance", "外修待核价、待结算 {n} 张", "财务", "", 3),
    "retention": _Words("routine-finance", "到期质保金 {n} 笔", "财务", "retention", 4),
    "warranty": _Words("routine-repairs", "外修质保本月到期 {n} 项", "后勤处", "", 5),
    "prepare": _Words("routine-repairs", "拟外修、询价、待审批 {n} 张", "后勤处", "", 6),
}


def _money(key: str, job: OutsideJob) -> Decimal:
    if key == "retention":
        return job.retention_left
    if key == "emergency":
        return job.expense.requested_amount if job.expense else Decimal("0.00")
    return job.checked_amount if job.checked_amount is not None else job.approved_amount or Decimal("0.00")


def _due(key: str, job: OutsideJob) -> dt.date | None:
    if key == "retention":
        return job.retention_due_on
    if key == "warranty":
        return job.warranty_until
    return job.promised_on if key == "work" else None


def _reason(key: str, jobs: list[OutsideJob], total: Decimal) -> str:
    today = clock.today()
    if key == "work":
        late = [
            (today - job.promised_on).days
            for job in jobs
            if job.state == "working" and job.promised_on and job.promised_on < today
        ]
        words = [f"{len(late)} 张超过承诺日期，最长 {max(late)} 天" if late else ""]
        words.append(f"{n} 张等验收" if (n := sum(job.state == "checking" for job in jobs)) else "")
        return "，".join(filter(None, words))
    if key == "settle":
        pricing = sum(job.state == "pricing" for job in jobs)
        words = [
            f"{pricing} 张待核价" if pricing else "",
            f"{len(jobs) - pricing} 张待结算" if pricing < len(jobs) else "",
        ]
        return "，".join([*filter(None, words), f"合计 {plain(total)} 元"])
    if key in ("retention", "emergency"):
        return f"合计 {plain(total)} 元"
    if key == "warranty":
        return "到期前检查，有问题请施工单位返修"
    return f"{n} 张待审批" if (n := sum(job.state == "approving" for job in jobs)) else ""


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """Six lines at most, one for each kind of task, from one statement."""
    rows = list(_flagged(month, WORDS, without))
    found = []
    for key, words in WORDS.items():
        jobs = [job for job in rows if getattr(job, f"in_{key}")]
        if not jobs:
            continue
        total = sum((_money(key, job) for job in jobs), Decimal("0.00"))
        names = [f"{job.title}（{(job.place.building or job.place).full_name}）" for job in jobs]
        more = f"等 {len(jobs)} 项" if len(jobs) > NAMED else ""
        late = key == "work" and any(
            job.state == "working" and job.promised_on and job.promised_on < clock.today() for job in jobs
        )
        dues = [day for job in jobs if (day := _due(key, job))]
        query = f"?todo={words.todo}" if words.todo else ""
        found.append(
            SourceLine(
                key=key, section="focus" if late else words.section, title=f"{words.title.format(n=len(jobs))}：{'、'.join(names[:NAMED])}{more}"[:TITLE],
                count=len(jobs), quantity=len(jobs), oldest=_opened(jobs[0]), due=min(dues, default=None), owner=words.owner,
                reason=_reason(key, jobs, total)[:TITLE], money=total if total else None, url=f"{reverse('outside:list')}{query}", rank=(words.rank,),
            )
        )  # fmt: skip
    return found


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The jobs behind a line."""
    return all_members(month, [key], without).get(key, [])


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The jobs behind each of the lines, in one statement."""
    wanted = [key for key in keys if key in WORDS]
    found: dict[str, Members] = {key: [] for key in wanted}
    if wanted:
        for job in _flagged(month, wanted, without):
            for key in wanted:
                if getattr(job, f"in_{key}"):
                    found[key].append((KIND_OF[key], job.number, _opened(job)))
    return found


assert set(KIND_OF) == set(WORDS) and not set(ENDS) & {s for states in GROUPS.values() for s in states}  # noqa: S101
