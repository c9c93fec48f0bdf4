"""The repairer's work: start, hold, resume, draw materials, finish (with split), hand back; and words left on a ticket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction

from assets import services as assets
from campus.models import Place, User
from core import clock, files, log
from core.numbering import next_number
from core.workflow import RuleBroken
from repairs import deadlines, rules
from repairs.dispatching import rule_for
from repairs.models import NEXT_STEPS, OUTCOMES, Follower, HoldReason, Material, Ticket
from repairs.services.base import day, move, office_users, tell, touched_users, written
from stores import services as stores
from stores.models import Item, Move, Warehouse


def start(ticket: Ticket, *, by: User, **kwargs: Any) -> Ticket:
    """开始维修."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.started_at = clock.now()

    return move(ticket, "start", by=by, then=effect, **kwargs)


def take(ticket: Ticket, *, by: User, **kwargs: Any) -> Ticket:
    """接单, where a dispatch rule lets repairers take."""

    def allowed(t: Ticket) -> str | None:
        rule = rule_for(t)
        if rule is None or rule.mode != "take":
            return "这类活由后勤派工，没有开放自取。"
        people = list(rule.people.all())
        return None if not people or by in people else "这类活开放给别的师傅自取。"

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.lead, t.dispatched_by, t.dispatched_at = by, by, clock.now()

    return move(ticket, "take", by=by, text=f"{by.name}接单", then=effect, checks=[allowed], **kwargs)


def hold(
    ticket: Ticket,
    *,
    by: User,
    reason: HoldReason,
    until: dt.date,
    words: str = "",
    item: Item | None = None,
    quantity: Decimal | None = None,
    purchase: str = "",
    **kwargs: Any,
) -> Ticket:
    """挂起 with a reason and an expected date; 待料 names item and quantity, or what is to be bought."""
    if until < clock.today():
        raise RuleBroken("预计恢复的日期已经过了，请改成今天或以后。")
    waits_for_parts = reason.key == "parts"
    if waits_for_parts and not ((item and quantity) or purchase):
        raise RuleBroken("待料要写清等什么：选仓库里的材料和数量，或写要申购的东西。")

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        _hold_facts(t, reason, until, words, item if waits_for_parts else None, quantity)
        if waits_for_parts and purchase:
            t.purchase = stores.request_purchase(
                what=purchase, item=item, quantity=quantity or Decimal(1), why=f"维修 {t.number}", place=t.place, by=by
            )
        if reason.stops_clock:
            deadlines.stop(t)

    text = f"挂起：{reason.name}，预计 {day(until)}"
    fresh = move(ticket, "hold", by=by, said=words, text=text, then=effect, **kwargs)
    tell(touched_users(fresh), fresh, f"{reason.name}，预计 {day(until)}", but=by)
    return fresh


def _hold_facts(t: Ticket, reason: HoldReason, until: dt.date, words: str, item: Item | None, quantity: Any) -> None:
    t.hold_reason, t.hold_until, t.hold_words = reason, until, words
    t.hold_item, t.hold_quantity = item, quantity if item else None


def redate(ticket: Ticket, *, by: User, until: dt.date, words: str, **kwargs: Any) -> Ticket:
    """A new expected date for what is held, with the reason."""
    if until < clock.today():
        raise RuleBroken("预计恢复的日期已经过了，请改成今天或以后。")
    old = ticket.hold_until

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.hold_until, t.hold_words = until, words

    text = f"预计日期 {day(old)} → {day(until)}" if old else f"预计 {day(until)}"
    fresh = move(ticket, "redate", by=by, said=words, text=text, then=effect, **kwargs)
    tell(touched_users(fresh), fresh, f"预计日期改到 {day(until)}", but=by)
    return fresh


def resume(ticket: Ticket, *, by: User, **kwargs: Any) -> Ticket:
    """Back to the state before; the deadline moves by the working time that was waited."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        deadlines.go_on(t)
        t.hold_reason, t.hold_until, t.hold_words, t.hold_item, t.hold_quantity = None, None, "", None, None
        t.state_before = ""

    return move(ticket, "resume", by=by, then=effect, **kwargs)


def hand_back(ticket: Ticket, *, by: User, reason: str, **kwargs: Any) -> Ticket:
    """退回后勤 with a reason."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.lead = None
        t.helpers.clear()

    checks = [written(reason, "退回后勤要写明原因。")]
    fresh = move(ticket, "hand_back", by=by, said=reason, text="退回后勤", then=effect, checks=checks, **kwargs)
    tell(office_users(), fresh, f"{by.name}退回，{reason[:60]}", but=by)
    return fresh


@transaction.atomic
def draw(
    ticket: Ticket, *, by: User, item: Item, quantity: Decimal, warehouse: Warehouse | None = None, **kwargs: Any
) -> Material:
    """Draw materials: one stock move, bound to the ticket; the store refuses what it does not have."""
    taker = ticket.lead or by
    fresh = move(ticket, "draw", by=by, text=f"领{item.name} {quantity.normalize():f} {item.unit}", **kwargs)
    drawn = stores.issue(
        item, warehouse or _warehouse(item), quantity, by=by, taker=taker, reason=f"维修 {fresh.number}"
    )
    return Material.objects.create(ticket=fresh, move=drawn)


@transaction.atomic
def give_back(ticket: Ticket, *, by: User, material: Material, quantity: Decimal, **kwargs: Any) -> Material:
    """Bring unused material back to the store."""
    item = material.move.item
    fresh = move(ticket, "give_back", by=by, text=f"退{item.name} {quantity.normalize():f} {item.unit}", **kwargs)
    return Material.objects.create(ticket=fresh, move=stores.give_back(material.move, quantity, by=by))


def _warehouse(item: Item) -> Warehouse:
    """Where the item lies: the school's warehouse that was moved last."""
    last = Move.objects.filter(item=item, warehouse__book="school").order_by("-pk").select_related("warehouse").first()
    found = last.warehouse if last else Warehouse.objects.filter(book="school").order_by("pk").first()
    if found is None:
        raise RuleBroken("还没有仓库，请仓库保管员先建一个。")
    return found


def finish(
    ticket: Ticket,
    *,
    by: User,
    outcome: str,
    done: int | None = None,
    words: str = "",
    cause: str = "",
    minutes: int = 0,
    photos: Iterable[Any] = (),
    materials: Iterable[tuple[Item, Decimal]] = (),
    next_step: str = "",
    replace: str = "",
    spare_place: Place | None = None,
    **kwargs: Any,
) -> Ticket:
    """报完工; the office may type it for a repairer without a phone (代录).

    done < quantity splits: this number goes on with what was done, a linked number carries the rest. 无法修复 needs
    `next_step`: scrap (with `replace` = pool or purchase, or empty) or none.
    """
    photos, materials = list(photos), list(materials)

    def fits(t: Ticket) -> str | None:
        count = t.quantity if done is None else done
        if outcome not in OUTCOMES:
            return "请选处理结果：修复、更换、临时处理或无法修复。"
        if not 0 < count <= t.quantity:
            return f"修好的数量要在 1 到 {t.quantity} 之间。"
        if outcome == "beyond" and next_step not in NEXT_STEPS:
            return "无法修复时请选下一步：提报废，或不再需要。"
        if t.category.after_photo and not photos and not t.after_photo_at:
            return f"“{t.category.name}”完工时要拍一张维修后的照片。"
        return None

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        for photo in photos:
            files.attach(t, photo, by=by, role="after", caption="维修后")
            t.after_photo_at = clock.now()
        for item, quantity in materials:
            drawn = stores.issue(item, _warehouse(item), quantity, by=by, taker=t.lead or by, reason=f"维修 {t.number}")
            Material.objects.create(ticket=t, move=drawn)
        count = t.quantity if done is None else done
        if count < t.quantity:
            _split(t, count, by)
        t.outcome, t.outcome_words, t.cause, t.done_quantity = outcome, words, cause, count
        t.labour_minutes += minutes
        t.finished_at, t.finished_by, t.reopened = clock.now(), by, False
        if t.started_at is None:
            t.started_at = t.finished_at
        deadlines.stop(t)  # waiting for acceptance is not the repairer's time
        if outcome == "beyond" and next_step == "scrap":
            _beyond_repair(t, words, replace, spare_place, by)

    said = "、".join(filter(None, [words, cause]))
    used = "".join(f"，领{item.name} {q.normalize():f} {item.unit}" for item, q in materials)
    text = f"报完工：{OUTCOMES.get(outcome, '')}{used}" + (f"（{by.name}代录）" if by.pk != ticket.lead_id else "")
    fresh = move(ticket, "finish", by=by, said=said, text=text, then=effect, checks=[fits], **kwargs)
    tell([fresh.reporter, fresh.place.custodian], fresh, "修好了，请验收", but=by)
    return fresh


def _split(ticket: Ticket, done: int, by: User) -> Ticket:
    """A linked number carries the rest: same report date, deadline, reporter and followers, in 已派工."""
    same = (
        "place", "detail", "asset", "category", "words", "reporter", "reporter_name", "reporter_phone", "device", "channel",
        "filed_by", "preferred", "reported_at", "hazard", "protection", "opened_at", "phoned_by", "phoned_at", "priority",
        "priority_words", "priority_fixed", "score", "due_at", "waited_minutes", "lead", "dispatched_by", "dispatched_at",
        "accepted_at",
    )  # fmt: skip
    rest = Ticket.objects.create(
        number=next_number("BX"), state="dispatched", quantity=ticket.quantity - done, split_from=ticket,
        created_at=clock.now(), **{name: getattr(ticket, name) for name in same},
    )  # fmt: skip
    rest.helpers.set(ticket.helpers.all())
    for follower in ticket.followers.all():
        Follower.objects.create(ticket=rest, user=follower.user, device=follower.device, at=follower.at)
    log.write(rest, "split", by=by, text=f"从 {ticket.number} 分出没修完的 {rest.quantity} 处", after=rest.state)
    log.write(ticket, "split", by=by, text=f"没修完的 {rest.quantity} 处另开 {rest.number}")
    ticket.quantity = done
    return rest


def _beyond_repair(ticket: Ticket, words: str, replace: str, spare_place: Place | None, by: User) -> None:
    """Scrap proposal, and the replacement: a swap with the spare pool, or a purchase request."""
    what = str(ticket.asset or ticket.category.name)
    why = words or f"{ticket.number} 无法修复"
    ticket.scrap = assets.propose_scrap(
        card=ticket.asset, what=what, quantity=ticket.done_quantity, why=why, place=ticket.place, by=by
    )
    if replace == "pool":
        if ticket.asset is None or spare_place is None:
            raise RuleBroken("用备用件替换要先选资产和备用件存放处；没有资产卡片的请改选申购。")
        broken = (
            ticket.asset.holdings.filter(place=ticket.place).exclude(condition="lent").order_by("-quantity").first()
        )
        if broken is None:
            raise RuleBroken(f"账上 {ticket.place} 没有 {ticket.asset}，请先更正地点或资产。")
        assets.swap(broken, spare_place, by=by, quantity=min(ticket.done_quantity, broken.quantity))
    elif replace == "purchase":
        ticket.purchase = stores.request_purchase(
            what=what, item=None, quantity=Decimal(ticket.done_quantity), why=f"替换 {ticket.number} 无法修复的", place=ticket.place,
            by=by,
        )  # fmt: skip


def say(ticket: Ticket, *, by: Any, words: str, photos: Iterable[Any] = (), anonymous: bool = False) -> Ticket:
    """A word left on the ticket, with photos; no move, no new version."""
    photos = list(photos)
    reasons = rules.FLOW.blockers(ticket, "say", by)
    if not words.strip() and not photos:
        reasons.append("请写一句话再发送。")
    if reasons:
        raise RuleBroken(*reasons)
    with transaction.atomic():
        log.write(ticket, "say", by=by, said=words.strip(), anonymous=anonymous)
        for photo in photos:
            files.attach(ticket, photo, by=by if getattr(by, "pk", None) else None, role="note", caption="补充")
    tell([ticket.lead, ticket.reporter], ticket, f"留言“{words.strip()[:60]}”", but=by)
    return ticket
