"""Verbs of rounds: which targets, start, change, close, cancel, and what a schedule starts by itself each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from assets.models import Card, Holding
from campus.models import Place, User
from core import clock, log
from core.numbering import next_number
from core.rights import holders
from core.workflow import SYSTEM, RuleBroken
from inspections import calendar
from inspections.models import Checklist, Round, Schedule, Target
from inspections.round_rules import ROUND, manages, past_term, refuse, with_results
from inspections.services.checklists import published

Pairs = Sequence[tuple[Place, Card | None]]

MOST_TARGETS = 2000
FARTHEST = dt.timedelta(days=400)


# ---- targets -------------------------------------------------------------------------------------------------------


def in_order(places: Iterable[Place], top: Place | None = None) -> list[Place]:
    """Places as people walk them: by building, floor and room, each in its natural order."""
    found = list(places)
    wanted = {int(key) for place in found for key in place.path.split("/") if key}
    if top is not None:
        order = dict(Place.objects.within(top).values_list("pk", "order"))
    else:
        order = dict(Place.objects.filter(pk__in=wanted).values_list("pk", "order"))
    return sorted(
        found, key=lambda place: [(order.get(int(key), ""), int(key)) for key in place.path.split("/") if key]
    )


def targets_for(place: Place, pick: str, room_type: str = "", category: str = "") -> list[tuple[Place, Card | None]]:
    """What is walked within a place: places of a kind, equipment by its name, or the place itself with pick ""."""
    if not pick:
        return [(place, None)] if place.active else []
    inside = Place.objects.active().within(place)
    if pick == "asset":
        held = (
            Holding.objects.filter(place__in=inside).exclude(card__state="gone").select_related("card", "place__parent")
        )
        held = held.filter(card__name__icontains=category) if category else held
        cards: dict[tuple[int, int], tuple[Place, Card | None]] = {}
        for one in held.order_by("card__number"):
            cards.setdefault((one.place_id, one.card_id), (one.place, one.card))
        rank = {one.pk: number for number, one in enumerate(in_order({p.pk: p for p, _ in cards.values()}.values()))}
        return sorted(cards.values(), key=lambda pair: rank[pair[0].pk])  # stable: by number at one place
    inside = inside.filter(kind=pick).select_related("parent")
    if room_type:
        inside = inside.filter(room_type=room_type)
    return [(one, None) for one in in_order(inside, place)]


# ---- starting ------------------------------------------------------------------------------------------------------


def inspectors(area: str) -> Any:
    """Who may be put on a round of the area."""
    return User.objects.with_role(*holders(f"inspections.inspect:{area}"))


def unfit(area: str, people: Sequence[Any]) -> str | None:
    """Which of the people may not walk rounds of the area, in words."""
    if not people:
        return None
    fit = set(inspectors(area).filter(pk__in=[one.pk for one in people]).values_list("pk", flat=True))
    others = "、".join(str(one) for one in people if one.pk not in fit)
    return f"{others}没有这项检查的权限，不能当检查人。请换人，或请管理员先给角色。" if others else None


def _dates(on: dt.date, due_on: dt.date) -> list[str]:
    found = []
    if due_on < on:
        found.append("最后一天不能早于检查日期，请改正。")
    if term := past_term(due_on):
        found.append(f"检查日期在过去的学期（{term}），不能再发起。请选今天或以后的日期。")
    if on > clock.today() + FARTHEST:
        found.append("检查日期太远了，请核对年份。")
    return found


def start_round(
    checklist: Checklist,
    *,
    on: dt.date,
    targets: Pairs,
    title: str = "",
    place: Place | None = None,
    due_on: dt.date | None = None,
    slot: str = "",
    people: Sequence[Any] = (),
    by: Any,
    schedule: Schedule | None = None,
    sweep: bool = False,
) -> Round:
    """Start a round of the last published version over the targets."""
    due_on = due_on or on
    sheet = published(checklist)
    pairs = list({(p.pk, card.pk if card else None): (p, card) for p, card in targets}.values())
    gone = [str(p) for p, _ in pairs if not p.active]
    refuse(
        manages(checklist.area, by),
        None if checklist.active else f"{checklist}已停用，不能再发起检查。",
        None if sheet else f"{checklist}还没有发布，请先发布再发起检查。",
        None if pairs else "选的范围里没有要查的地点或设备，请换一个范围。",
        f"一次最多查 {MOST_TARGETS} 处，现在是 {len(pairs)} 处，请分几次。" if len(pairs) > MOST_TARGETS else None,
        f"{gone[0]}{'等 ' + str(len(gone)) + ' 处' if len(gone) > 1 else ''}已停用，不能列入检查。" if gone else None,
        *(_dates(on, due_on) if schedule is None else ()),
        unfit(checklist.area, list(people)) if schedule is None else None,
    )
    if sheet is None:  # refused above
        raise RuleBroken(f"{checklist}还没有发布。")
    where = place or pairs[0][0]
    with transaction.atomic():
        made = Round.objects.create(
            number=next_number("JC"), sheet=sheet, area=checklist.area, on=on, due_on=due_on, slot=slot,
            title=(title.strip() or f"{checklist.name} · {where.full_name}")[:80], place=place, schedule=schedule,
            sweep=sweep, total=len(pairs), by=by if getattr(by, "pk", None) else None,
        )  # fmt: skip
        Target.objects.bulk_create(
            [Target(round=made, place=p, card=card, order=n, on=on) for n, (p, card) in enumerate(pairs, 1)],
            batch_size=500,
        )
        if people:
            made.people.set(people)
        log.write(made, "start", by=by, text=f"发起检查，{len(pairs)} 处，{sheet}", after="open")
    return made


# ---- changing ------------------------------------------------------------------------------------------------------


def _open(record: Round, by: Any) -> Round:
    """The round as it is now, locked, open, and managed by `by`."""
    fresh = Round.objects.select_for_update(of=("self",)).get(pk=record.pk)
    refuse(
        manages(fresh.area, by),
        None if fresh.state == "open" else f"{fresh.number} {fresh.get_state_display()}，不能再改。"
    )  # fmt: skip
    return fresh


def recount(record: Round) -> None:
    """Set total and done from the targets."""
    record.total = record.targets.count()
    record.done = record.targets.filter(done_at__isnull=False).count()
    Round.objects.filter(pk=record.pk).update(total=record.total, done=record.done, version=F("version") + 1)


def add_targets(record: Round, targets: Pairs, *, by: Any) -> int:
    """Put more places on an open round; those that stand on it already are passed over. Returns how many came."""
    with transaction.atomic():
        fresh = _open(record, by)
        there = set(fresh.targets.values_list("place", "card"))
        new = [(p, card) for p, card in targets if (p.pk, card.pk if card else None) not in there]
        gone = [str(p) for p, _ in new if not p.active]
        refuse(
            None if new else "这些地点都已经在这次检查里。",
            f"{gone[0]}已停用，不能列入检查。" if gone else None,
            f"一次最多查 {MOST_TARGETS} 处。" if fresh.total + len(new) > MOST_TARGETS else None,
        )
        last = fresh.targets.order_by("-order").values_list("order", flat=True).first() or 0
        Target.objects.bulk_create(
            [Target(round=fresh, place=p, card=card, order=n, on=fresh.on) for n, (p, card) in enumerate(new, last + 1)]
        )
        recount(fresh)
        log.write(fresh, "add-targets", by=by, text=f"加入 {len(new)} 处：{'、'.join(str(p) for p, _ in new[:5])}")
    return len(new)


def remove_target(target: Target, *, by: Any) -> Round:
    """Take a place off an open round, as long as nothing was written down for it."""
    with transaction.atomic():
        fresh = _open(target.round, by)
        row = fresh.targets.filter(pk=target.pk).select_related("place", "card").first()
        if row is None:
            raise RuleBroken("这一处已经不在这次检查里。")
        refuse(
            f"{row}已经有检查结果，不能移出。记错了请更正结果。"
            if fresh.targets.filter(with_results(), pk=row.pk).exists()
            else None,
            "检查里只剩这一处，不能移出。不查了请取消整次检查。" if fresh.total == 1 else None,
        )
        words = str(row)
        row.delete()
        recount(fresh)
        log.write(fresh, "remove-target", by=by, text=f"移出 {words}")
    return fresh


def change_round(
    record: Round, *, by: Any, title: str, due_on: dt.date, people: Sequence[Any] = (), version: int | None = None
) -> Round:
    """Another name, last day or other inspectors for an open round."""
    with transaction.atomic():
        fresh = _open(record, by)
        if version is not None and version != fresh.version:
            raise RuleBroken("别人刚改过这次检查，请看过最新情况再操作。")
        before = list(fresh.people.order_by("sort_name"))
        refuse(
            "最后一天不能早于检查日期，请改正。" if due_on < fresh.on else None,
            unfit(fresh.area, [one for one in people if one not in before]),
        )
        changes: dict[str, list[Any]] = {}
        if due_on != fresh.due_on:
            changes["最后一天"] = [str(fresh.due_on), str(due_on)]
        if title.strip() and title.strip() != fresh.title:
            changes["名称"] = [fresh.title, title.strip()[:80]]
        if set(people) != set(before):
            changes["检查人"] = ["、".join(map(str, before)), "、".join(map(str, people))]
            fresh.people.set(people)
        if changes:
            fresh.title, fresh.due_on, fresh.version = title.strip()[:80] or fresh.title, due_on, fresh.version + 1
            fresh.save(update_fields=["title", "due_on", "version"])
            log.write(fresh, "change", by=by, text=f"修改{'、'.join(changes)}", changes=changes)
    return fresh


def close_round(record: Round, *, by: Any, words: str = "", version: int | None = None) -> Round:
    """End a round; what was not walked needs a reason."""

    def left(fresh: Round) -> str | None:
        missing = fresh.total - fresh.done
        return None if words.strip() or not missing else f"还有 {missing} 处没查，请写明原因。"

    def then(fresh: Round, data: dict[str, Any]) -> None:
        fresh.done = fresh.targets.filter(done_at__isnull=False).count()
        fresh.closed_at, fresh.closed_by, fresh.end_words = clock.now(), _person(by), words.strip()[:200]

    return ROUND.run(
        record, "close", by=by, text="结束检查", said=words.strip(), then=then, checks=[left], version=version
    )  # fmt: skip


def cancel_round(record: Round, *, by: Any, words: str, version: int | None = None) -> Round:
    """Call off a round of which nothing was walked."""

    def then(fresh: Round, data: dict[str, Any]) -> None:
        fresh.closed_at, fresh.closed_by, fresh.end_words = clock.now(), _person(by), words.strip()[:200]

    return ROUND.run(
        record, "cancel", by=by, text="取消检查", said=words.strip(), then=then, version=version,
        checks=[lambda fresh: None if words.strip() else "请写明为什么取消。"],
    )  # fmt: skip


def _person(by: Any) -> Any:
    return by if getattr(by, "pk", None) else None


# ---- by itself -----------------------------------------------------------------------------------------------------


def daily(day: dt.date) -> str:
    """The rounds that schedules want on `day`, each once; and the end of those that are done or of a past term."""
    started, troubles = 0, []
    active = Schedule.objects.filter(active=True, checklist__active=True, starts_on__lte=day)
    active = active.filter(Q(ends_on=None) | Q(ends_on__gte=day)).select_related("checklist", "place")
    for schedule in active.order_by("pk"):
        if not calendar.dates(schedule, day, day):
            continue
        try:
            started += start_scheduled(schedule, day) is not None
        except RuleBroken as broken:
            troubles.append(f"{schedule}：{broken}")
    ended = _end_by_itself(day)
    words = f"发起检查 {started} 次，自动结束 {ended} 次"
    return words + (f"；没有发起：{'；'.join(troubles)}" if troubles else "")


def start_scheduled(schedule: Schedule, day: dt.date) -> Round | None:
    """The schedule's round of a day; None when it is there already."""
    if Round.objects.filter(schedule=schedule, on=day, slot=schedule.slot).exists():
        return None
    made = start_round(
        schedule.checklist, on=day, due_on=day + dt.timedelta(days=schedule.days - 1), slot=schedule.slot,
        targets=targets_for(schedule.place, schedule.pick, schedule.room_type, schedule.category),
        title=f"{schedule.title} {day.month}月{day.day}日", place=schedule.place, by=SYSTEM, schedule=schedule,
    )  # fmt: skip
    made.people.set(schedule.people.filter(is_active=True))
    return made


def _end_by_itself(day: dt.date) -> int:
    """Close what was walked to the end before today, and what a past term left open."""
    ended = 0
    for record in Round.objects.missed(day).order_by("pk"):
        if record.done >= record.total:
            close_round(record, by=SYSTEM, words="全部查完")
        elif term := past_term(record.due_on, day):
            close_round(record, by=SYSTEM, words=f"{term}已结束，没查完")
        else:
            continue
        ended += 1
    return ended
