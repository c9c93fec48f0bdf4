"""The office's moves: accept, ask, decline, merge, restore, dispatch, correct, hazards and priority."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from campus.models import User
from core import clock, files
from core.rights import can
from core.workflow import RuleBroken
from repairs import deadlines
from repairs.models import Category, Follower, Ticket
from repairs.services import work
from repairs.services.base import move, reweigh, tell, touched_users, written

TICKET_ROWS = ("place", "category", "lead", "reporter")


def take_in(ticket: Ticket, data: dict[str, Any]) -> None:
    """What acceptance does, however it comes: the moment is kept and photos sent without login become visible."""
    ticket.accepted_at = clock.now()
    files.show(ticket)


def accept(ticket: Ticket, *, by: User, priority: int | None = None, **kwargs: Any) -> Ticket:
    """受理; a priority other than the suggested one is the office's own word."""
    with transaction.atomic():
        fresh = move(ticket, "accept", by=by, then=take_in, **kwargs)
        if priority and priority != fresh.priority:
            fresh = prioritise(fresh, by=by, priority=priority)
    return fresh


def ask(ticket: Ticket, *, by: User, words: str, **kwargs: Any) -> Ticket:
    """待补充: the clock stops until the answer."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.ask_words, t.asked_at = words, clock.now()
        deadlines.stop(t)

    fresh = move(
        ticket, "ask", by=by, said=words, text="请报修人补充", then=effect, checks=[written(words, "请写要补充什么。")],
        **kwargs,
    )  # fmt: skip
    tell([fresh.reporter], fresh, f"请补充“{words[:60]}”", but=by)
    return fresh


def answer(ticket: Ticket, *, by: Any, words: str, **kwargs: Any) -> Ticket:
    """The reporter's answer (or the caller's, typed by the office): back to the state before."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        deadlines.go_on(t)
        t.ask_words, t.asked_at, t.state_before = "", None, ""

    text = "代录报修人的回复" if can(by, "repairs.manage") else "回复"
    checks = [written(words, "请写一句回复。")]
    return move(ticket, "answer", by=by, said=words, text=text, then=effect, checks=checks, **kwargs)


def decline(ticket: Ticket, *, by: User, reason: str, whom: str = "", **kwargs: Any) -> Ticket:
    """不予受理, with the reason and whom to ask instead; who followed is told and may take it over."""
    words = reason + (f"（请找{whom}）" if whom else "")

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        _end(t, words)

    checks = [written(reason, "不予受理要写明原因，并告诉报修人可以找谁。")]
    fresh = move(ticket, "decline", by=by, said=words, text="不予受理", then=effect, checks=checks, **kwargs)
    left_behind(fresh, f"不予受理，{words[:80]}", by=by)
    return fresh


def _end(ticket: Ticket, words: str) -> None:
    ticket.end_words, ticket.ended_at = words[:200], clock.now()
    ticket.clock_stopped_at = None


def left_behind(ticket: Ticket, text: str, *, by: Any) -> None:
    """Tell reporter, followers and the reporters of merged tickets that it ended; they may take it over."""
    merged = [t.reporter for t in ticket.merged.select_related("reporter")]
    tell([*touched_users(ticket), *merged], ticket, text, but=by)


def merge(ticket: Ticket, *, by: User, into: Ticket, **kwargs: Any) -> Ticket:
    """重复: point to the head of the group; reporter and followers follow the head."""
    with transaction.atomic():
        # Both rows are locked in one order, so that two merges the opposite way round cannot wait for each other.
        rows = Ticket.objects.select_for_update(of=("self",)).filter(pk__in=[ticket.pk, into.head_id or into.pk])
        target = {row.pk: row for row in rows.order_by("pk")}[into.head_id or into.pk]

        def can_take(t: Ticket) -> str | None:
            if target.pk == t.pk:
                return "不能并入自己，请选另一张单。"
            if not target.is_open:
                return f"{target.number} 现在是“{target.word}”，请并入一张还没办完的单。"
            if t.hazard and not target.hazard:
                return f"这张是安全隐患，只能并入另一张隐患；可先把 {target.number} 列为隐患。"
            return None

        def effect(t: Ticket, data: dict[str, Any]) -> None:
            t.head = target
            _end(t, f"并入 {target.number}")

        fresh = move(ticket, "merge", by=by, text=f"并入 {target.number}", then=effect, checks=[can_take], **kwargs)
        Ticket.objects.filter(head=fresh).update(head=target)
        _follow(fresh, target)
        move(target, "join", by=by, text=f"{fresh.number} 并入这张单")
        reweigh(target)
    tell([fresh.reporter], target, "您报的与别人的是同一件，已合并", but=by)
    return fresh


def _follow(ticket: Ticket, head: Ticket) -> None:
    people = [(ticket.reporter_id, ticket.device)]
    people += [(f.user_id, f.device) for f in ticket.followers.all()]
    there: set[tuple[int | None, str]] = set(head.followers.values_list("user_id", "device"))
    for user_id, device in people:
        device = "" if user_id else device
        itself = user_id == head.reporter_id if user_id else device == head.device
        if (user_id or device) and not itself and (user_id, device) not in there:
            there.add((user_id, device))
            Follower.objects.create(ticket=head, user_id=user_id, device=device)


def restore(ticket: Ticket, *, by: User, reason: str = "", **kwargs: Any) -> Ticket:
    """Back to 待受理 with the same number; the deadline is counted anew from filing."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        if t.head_id:  # the reporter followed the head only because of the merge
            mine = {"user": t.reporter_id} if t.reporter_id else {"user": None, "device": t.device}
            Follower.objects.filter(ticket=t.head_id, **mine).delete()
        fresh_start(t)

    with transaction.atomic():
        head = ticket.head
        fresh = move(ticket, "restore", by=by, said=reason, text="恢复", then=effect, **kwargs)
        if head is not None and head.is_open:
            reweigh(head)
    tell(touched_users(fresh), fresh, "已恢复，重新待受理", but=by)
    return fresh


def fresh_start(ticket: Ticket) -> None:
    """Forget how it ended."""
    ticket.head, ticket.end_words, ticket.ended_at = None, "", None
    ticket.state_before, ticket.ask_words, ticket.asked_at = "", "", None
    ticket.clock_stopped_at, ticket.due_at = None, deadlines.due(ticket)


def _fit(lead: User, helpers: Iterable[User]) -> None:
    for person in [lead, *helpers]:
        if not person.is_active or not can(person, "repairs.work"):
            raise RuleBroken(f"{person.name}不是在用的维修工账号，请另选一位。")
    if lead in helpers:
        raise RuleBroken(f"{lead.name}已是负责人，不用再选为帮手。")


def assign(ticket: Ticket, lead: User, by: User | None, helpers: Iterable[User] = ()) -> None:
    """Set who does it; for steps that have checked it."""
    ticket.lead, ticket.dispatched_by, ticket.dispatched_at = lead, by, clock.now()
    if ticket.accepted_at is None:
        ticket.accepted_at = clock.now()
    ticket.helpers.set(helpers)


def _names(lead: User, helpers: Iterable[User]) -> str:
    return "、".join(person.name for person in [lead, *helpers])


def dispatch(ticket: Ticket, *, by: User, lead: User, helpers: Iterable[User] = (), **kwargs: Any) -> Ticket:
    """派工. An ordinary ticket that was not accepted yet is accepted in the same breath, both in the log."""
    helpers = list(helpers)
    _fit(lead, helpers)

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        if t.accepted_at is None:
            take_in(t, data)
        assign(t, lead, by, helpers)

    with transaction.atomic():
        if ticket.state == "new" and not (ticket.hazard or ticket.priority == 1):
            ticket = accept(ticket, by=by, **kwargs)
            kwargs = {}
        fresh = move(ticket, "dispatch", by=by, text=f"派工给{_names(lead, helpers)}", then=effect, **kwargs)
    tell([lead, *helpers], fresh, "派给您的活", but=by, urgent=fresh.priority == 1)
    return fresh


def dispatch_many(tickets: Iterable[Ticket], *, by: User, lead: User, helpers: Iterable[User] = ()) -> list[Ticket]:
    """Several in one action, all or none; the refusal names the tickets that stand in the way."""
    helpers = list(helpers)
    return _each(tickets, "派出", "派", lambda ticket: dispatch(ticket, by=by, lead=lead, helpers=helpers))


def _each(tickets: Iterable[Ticket], did: str, do: str, act: Callable[[Ticket], Ticket]) -> list[Ticket]:
    """`act` on each, all or none; every refusal names its ticket, and who has it when somebody was faster."""
    done: list[Ticket] = []
    refused: list[str] = []
    with transaction.atomic():
        for ticket in tickets:
            try:
                with transaction.atomic():
                    done.append(act(ticket))
            except RuleBroken as broken:
                now = Ticket.objects.select_related("lead").get(pk=ticket.pk)
                taken = now.state == "dispatched" and do == "派" and now.lead is not None
                why = f"已派给{now.lead.name}，要换人请用“改派”。" if taken and now.lead else str(broken)
                refused.append(f"{ticket.number}：{why}")
        if refused:
            raise RuleBroken(f"一张都没有{did}，请先去掉下面这些再{do}。", *refused)
    return done


def hold_many(tickets: Iterable[Ticket], *, by: User, **form: Any) -> list[Ticket]:
    """Hold several with one reason and date, all or none."""
    return _each(tickets, "挂起", "挂起", lambda ticket: work.hold(ticket, by=by, **form))


def merge_many(tickets: Iterable[Ticket], *, by: User, into: Ticket) -> list[Ticket]:
    """Merge several into one, all or none."""
    others = [ticket for ticket in tickets if ticket.pk != into.pk]
    return _each(others, "合并", "合并", lambda ticket: merge(ticket, by=by, into=into))


def reassign(
    ticket: Ticket, *, by: User, lead: User, helpers: Iterable[User] = (), reason: str = "", **kwargs: Any
) -> Ticket:
    """改派: whoever had it is told."""
    helpers = list(helpers)
    _fit(lead, helpers)
    old = ticket.lead

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        assign(t, lead, by, helpers)
        if t.state == "held" and t.state_before in ("accepted", "doing"):
            t.state_before = "dispatched"

    was = f"，原为{old.name}" if old and old != lead else ""
    fresh = move(
        ticket, "reassign", by=by, said=reason, text=f"改派给{_names(lead, helpers)}{was}", then=effect, **kwargs
    )
    tell([lead, *helpers], fresh, "改派给您的活", but=by)
    if old and old != lead:
        tell([old], fresh, f"已改派给{lead.name}", but=by)
    return fresh


def reassign_all(of: User, *, by: User, lead: User, reason: str = "") -> list[Ticket]:
    """Everything that one repairer has open goes to another."""
    with transaction.atomic():
        jobs = Ticket.objects.filter(lead=of, state__in=["dispatched", "doing", "held"]).select_related(*TICKET_ROWS)
        return [
            reassign(t, by=by, lead=lead, helpers=[h for h in t.helpers.all() if h != lead], reason=reason)
            for t in jobs
        ]


def correct(
    ticket: Ticket, *, by: User, place: Any = None, category: Category | None = None, asset: Any = ..., detail: str | None = None,
    quantity: int | None = None, **kwargs: Any,
) -> Ticket:  # fmt: skip
    """更正 place, kind, asset, quantity; the deadline is counted anew from filing."""
    new = {"place": place, "category": category, "detail": detail, "quantity": quantity}
    if asset is not ...:
        new["asset"] = asset
    changes: dict[str, Any] = {}
    for name, value in new.items():
        old = getattr(ticket, name)
        if (value is not None or name == "asset") and value != old:
            field: Any = Ticket._meta.get_field(name)
            changes[str(field.verbose_name)] = [str(old or ""), str(value or "")]
    if not changes:
        return ticket

    def countable(t: Ticket) -> str | None:
        if quantity is None or quantity == t.quantity:
            return None
        if t.state == "checking":
            return "已报完工，数量不能再改；没修完的请退回返修。"
        return None if quantity > 0 else "数量至少是 1。"

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        for name, value in new.items():
            if value is not None or name == "asset":
                setattr(t, name, value)
        if category is not None and category.hazard:
            t.hazard = True
        if category is not None and not t.priority_fixed:  # the suggestion starts from the new kind
            t.priority = 1 if t.hazard else category.priority
        deadlines.recount(t)

    text = "更正" + "，".join(f"{k}：{a or '无'} → {b or '无'}" for k, (a, b) in changes.items())
    with transaction.atomic():
        fresh = move(ticket, "correct", by=by, text=text, changes=changes, then=effect, checks=[countable], **kwargs)
        reweigh(ticket)
        return reweigh(fresh)


def prioritise(ticket: Ticket, *, by: User, priority: int, reason: str = "", **kwargs: Any) -> Ticket:
    """The office overrules the suggestion; 0 gives it back to the system."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.priority_fixed = bool(priority)
        t.priority = priority or t.category.priority
        deadlines.recount(t)

    words = dict(Ticket._meta.get_field("priority").choices or ())
    text = f"优先级 {words[ticket.priority]} → {words[priority]}" if priority else "优先级改回系统建议"

    def not_danger(t: Ticket) -> str | None:
        return "安全隐患总是特急；确已不危险时先解除隐患。" if t.hazard and priority != 1 else None

    with transaction.atomic():
        fresh = move(ticket, "prioritise", by=by, said=reason, text=text, then=effect, checks=[not_danger], **kwargs)
        return reweigh(fresh)


def raise_hazard(ticket: Ticket, *, by: User, protection: str = "", **kwargs: Any) -> Ticket:
    """列为隐患: 特急, wall-clock deadline from filing."""

    def already(t: Ticket) -> str | None:
        return "已经是安全隐患。" if t.hazard else None

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.hazard, t.priority, t.protection = True, 1, protection or t.protection
        deadlines.recount(t)

    with transaction.atomic():
        fresh = move(
            ticket, "raise_hazard", by=by, said=protection, text="列为安全隐患", then=effect, checks=[already], **kwargs
        )
        return reweigh(fresh)


def lower_hazard(ticket: Ticket, *, by: User, reason: str, **kwargs: Any) -> Ticket:
    """解除隐患, always with a reason."""

    def has_reason(t: Ticket) -> str | None:
        return None if reason.strip() else "解除隐患要写明理由。"

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.hazard, t.priority = False, t.category.priority
        t.cleared_by = t.cleared_at = t.cleared_photo = None
        deadlines.recount(t)

    with transaction.atomic():
        fresh = move(
            ticket, "lower_hazard", by=by, said=reason, text="解除安全隐患", then=effect, checks=[has_reason], **kwargs
        )
        return reweigh(fresh)


def protect(ticket: Ticket, *, by: User, protection: str, **kwargs: Any) -> Ticket:
    """The temporary protection that stands (围挡, 断电, 停用)."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.protection = protection

    with transaction.atomic():
        return reweigh(move(ticket, "protect", by=by, said=protection, text="临时防护", then=effect, **kwargs))


def mark_phoned(ticket: Ticket, *, by: User, said: str = "", **kwargs: Any) -> Ticket:
    """已电话通知: who rang whom, when."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.phoned_by, t.phoned_at = by, clock.now()

    return move(ticket, "phone", by=by, said=said, text="已电话通知", then=effect, **kwargs)


def mark_seen(ticket: Ticket, *, by: User, **kwargs: Any) -> Ticket:
    """The office has seen the hazard: the desk stops counting minutes."""
    return move(ticket, "open", by=by, text="后勤已看到", **kwargs)
