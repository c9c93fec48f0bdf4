"""Audit of the tickets: what the log says must end in what stands on the row, and the rows must agree with each other."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, F, Q, QuerySet

from core.models import LogEntry
from repairs.models import ENDS, STATES, Material, Ticket
from repairs.outside.audit import audit as audit_outside
from repairs.rules import FLOW

FIRST = ("file", "split")  # the entries with which a ticket begins
NO_MOVE = ("", None)
SLACK = dt.timedelta(minutes=5)  # two who file at once take the time first and the number later


def audit() -> Iterator[str]:
    """Name every ticket that breaks a rule, in Chinese."""
    yield from _states()
    yield from _numbers()
    yield from _groups()
    yield from _splits()
    yield from _facts()
    yield from _materials()
    yield from audit_outside()


def _states() -> Iterator[str]:
    """Replay each ticket's log: entries follow on each other, are moves of the table, and end in the present state."""
    kind = ContentType.objects.get_for_model(Ticket)
    now = {
        pk: (number, state)
        for pk, number, state in Ticket.objects.values_list("pk", "number", "state").iterator(chunk_size=5000)
    }
    at: dict[int, str] = {}
    reworked: Counter[int] = Counter()
    rows: Any = LogEntry.objects.filter(kind=kind).order_by("pk").values_list("object_id", "verb", "before", "after")
    for pk, verb, before, after in rows.iterator(chunk_size=5000):
        number = now[pk][0] if pk in now else f"（{pk}）"
        if pk not in now:
            yield f"报修单 {number}：日志在，报修单不在。"
            now[pk] = (number, after)
        if verb in FIRST and not before and after:
            if pk in at:
                yield f"报修单 {number}：日志里有两次开头。"
            at[pk] = after
            continue
        if before in NO_MOVE and after in NO_MOVE:
            continue
        if pk not in at:
            yield f"报修单 {number}：日志没有开头，先是“{verb}”。"
        elif at[pk] != before:
            yield f"报修单 {number}：日志“{verb}”从“{STATES.get(before, before)}”出发，此前是“{STATES.get(at[pk], at[pk])}”。"
        step = FLOW.by_name.get(verb)
        if step is None:
            yield f"报修单 {number}：日志“{verb}”改了状态，不是流程里的一步。"
        elif before not in step.sources or not _leads(step, before, after):
            yield f"报修单 {number}：“{step.label}”不能从“{STATES.get(before, before)}”到“{STATES.get(after, after)}”。"
        at[pk] = after
        reworked[pk] += verb in ("send_back", "reopen", "recheck_failed")
    for pk, (number, state) in now.items():
        if pk not in at:
            yield f"报修单 {number}：没有日志。"
        elif at[pk] != state:
            yield f"报修单 {number}：现在是“{STATES.get(state, state)}”，按日志应为“{STATES.get(at[pk], at[pk])}”。"
    for pk, number, count in Ticket.objects.filter(
        Q(rework_count__gt=0) | Q(pk__in=[k for k, n in reworked.items() if n])
    ).values_list("pk", "number", "rework_count"):
        if reworked[pk] != count:
            yield f"报修单 {number}：返修 {count} 次，按日志应为 {reworked[pk]} 次。"


def _leads(step: Any, before: str, after: str) -> bool:
    """Does the step lead from one state to the other, as far as its row of the table says?"""
    if callable(step.target):
        return after in STATES
    return after == (before if step.target is None else step.target)


def _numbers() -> Iterator[str]:
    """Numbers of a month are given in the order of filing, none twice, none before the month it names."""
    last: dict[str, tuple[int, Any, str]] = {}
    rows = Ticket.objects.order_by("pk").values_list("number", "created_at")
    for number, at in rows.iterator(chunk_size=5000):
        prefix, _, serial = number.rpartition("-")
        if not prefix or not serial.isdigit():
            yield f"报修单 {number}：单号的样子不对。"
            continue
        if prefix in last:
            before, moment, other = last[prefix]
            if int(serial) <= before:
                yield f"报修单 {number}：排在 {other} 之后，号却不比它大。"
            elif moment - at > SLACK:
                yield f"报修单 {number}：比 {other} 登记得早，号却比它大。"
        last[prefix] = (int(serial), at, number)


def _groups() -> Iterator[str]:
    """Merged tickets point to a head that is no duplicate itself; nobody follows what he reported."""
    for number, head in Ticket.objects.filter(head__head__isnull=False).values_list("number", "head__number"):
        yield f"报修单 {number}：并入的 {head} 自己也并入了别处。"
    for number, head in Ticket.objects.filter(state="duplicate", hazard=True, head__hazard=False).values_list(
        "number", "head__number"
    ):
        yield f"报修单 {number}：安全隐患并入了不是隐患的 {head}。"
    for number in Ticket.objects.filter(followers__user__isnull=False, followers__user=F("reporter")).values_list(
        "number", flat=True
    ):
        yield f"报修单 {number}：报修人也列在“我也遇到”里。"


def _splits() -> Iterator[str]:
    """A part that was split off carries the same report; a family's pieces are what was reported or corrected."""
    same = ("place_id", "category_id", "reported_at", "reporter_id")
    for part in Ticket.objects.filter(split_from__isnull=False).select_related("split_from").iterator(chunk_size=2000):
        whole: Any = part.split_from
        if whole.split_from_id == part.pk or whole.pk >= part.pk:
            yield f"报修单 {part.number}：分出它的 {whole.number} 登记得比它晚。"
        if part.reported_at != whole.reported_at:
            yield f"报修单 {part.number}：报修时间与分出它的 {whole.number} 不同。"
        corrected = part.version > 1 or whole.version > 1
        if not corrected and any(getattr(part, name) != getattr(whole, name) for name in same):
            yield f"报修单 {part.number}：地点、故障或报修人与分出它的 {whole.number} 不同。"
    for number, done, quantity in (
        Ticket.objects.filter(splits__isnull=False, outcome__gt="")
        .distinct()
        .values_list("number", "done_quantity", "quantity")
    ):
        if done != quantity:
            yield f"报修单 {number}：已分出没修完的，修好 {done} 处，数量却是 {quantity}。"
    for number, text, rest in _told():
        if rest is not None and f" {rest} 处" not in text:
            yield f"报修单 {number}：日志写“{text}”，现在的数量是 {rest}。"


def _told() -> Iterator[tuple[str, str, int | None]]:
    """What the log says of each part, with its quantity now (None where it was corrected or split again)."""
    kind = ContentType.objects.get_for_model(Ticket)
    parts = {
        row["pk"]: row
        for row in Ticket.objects.filter(split_from__isnull=False).annotate(parted=Count("splits")).values("pk", "number", "quantity", "parted")
    }  # fmt: skip
    corrected = set(
        LogEntry.objects.filter(kind=kind, object_id__in=parts, verb="correct").values_list("object_id", flat=True)
    )
    told: Any = LogEntry.objects.filter(kind=kind, object_id__in=parts, verb="split", after__gt="").values_list(
        "object_id", "text"
    )
    for pk, text in told:
        row = parts[pk]
        yield row["number"], text, None if row["parted"] or pk in corrected else row["quantity"]


def _named(found: QuerySet[Ticket], text: str) -> Iterator[str]:
    for number in found.values_list("number", flat=True).iterator(chunk_size=2000):
        yield f"报修单 {number}：{text}"


def _facts() -> Iterator[str]:
    """Facts of a row that no single constraint holds: people, times, hazards, deadlines, clocks."""
    every = Ticket.objects.all()
    yield from _named(every.filter(hazard=True, deemed=True), "安全隐患不能默认验收。")
    yield from _named(every.filter(hazard=True).exclude(priority=1), "安全隐患的优先级不是特急。")
    yield from _named(every.filter(hazard=True, clock_stopped_at__isnull=False), "安全隐患的期限停了表。")
    yield from _named(every.filter(due_at=None), "没有期限。")
    yield from _named(every.filter(due_at__lt=F("reported_at")), "期限早于报修时间。")
    yield from _named(every.filter(reported_at__gt=F("created_at")), "报修时间晚于登记时间。")
    yield from _named(every.filter(finished_at__lt=F("reported_at")), "完工时间早于报修时间。")
    yield from _named(every.filter(completed_at__lt=F("finished_at")), "验收时间早于完工时间。")
    yield from _named(every.filter(cleared_at__lt=F("finished_at")), "销号时间早于完工时间。")
    yield from _named(every.filter(deemed=True).exclude(completed_by=None), "默认验收却写着验收人。")
    yield from _named(every.filter(state__in=ENDS, ended_at=None), "已结束，没有结束时间。")
    yield from _named(every.exclude(state__in=ENDS).filter(ended_at__isnull=False), "还没结束，却有结束时间。")
    yield from _named(
        every.exclude(state="held").filter(Q(hold_reason__isnull=False) | Q(hold_until__isnull=False)),
        "没有挂起，却写着挂起原因或日期。",
    )
    yield from _named(every.exclude(state="asked").filter(asked_at__isnull=False), "不在待补充，却写着提问时间。")
    yield from _named(every.filter(state__in=ENDS, clock_stopped_at__isnull=False), "已结束，期限还停着表。")
    waits = every.filter(state="held", hold_reason__stops_clock=True, hazard=False).exclude(
        Q(priority=1) | Q(category__priority=1)
    )
    yield from _named(waits.filter(clock_stopped_at=None), "挂起原因停表，期限却在走。")
    yield from _named(every.filter(helpers=F("lead")), "负责人又列为帮手。")
    yield from _named(every.filter(completed_by__isnull=False, helpers=F("completed_by")), "帮手验收了自己的活。")
    yield from _named(every.filter(cleared_by__isnull=False, helpers=F("cleared_by")), "帮手给自己的活销了号。")
    yield from _named(every.filter(place__active=False).exclude(state__in=ENDS), "地点已停用。")
    photos = every.filter(cleared_photo__isnull=False).exclude(
        cleared_photo__object_id=F("pk"), cleared_photo__role="cleared"
    )
    yield from _named(photos, "销号的照片不是这张单的复查照片。")


def _materials() -> Iterator[str]:
    """Materials are issues and returns of the stores; what comes back was drawn on the same ticket."""
    rows = Material.objects.select_related("ticket", "move", "move__returns").prefetch_related(
        "move__returns__material"
    )
    for row in rows.iterator(chunk_size=2000):
        move = row.move
        if move.kind not in ("issue", "return"):
            yield f"报修单 {row.ticket.number}：用料 {move.number} 是{move.get_kind_display()}，不是领用或退库。"
        if (
            move.kind == "return"
            and getattr(getattr(move.returns, "material", None), "ticket_id", None) != row.ticket_id
        ):
            yield f"报修单 {row.ticket.number}：退库 {move.number} 退的不是这张单领的料。"
        if move.at < row.ticket.created_at:
            yield f"报修单 {row.ticket.number}：用料 {move.number} 早于报修单。"
