"""After the work: clear the hazard, accept, send back, reopen, rate; chase and withdraw; what the day does by itself."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from campus.models import User
from core import clock, files
from core.workflow import SYSTEM, RuleBroken
from repairs import deadlines, rules
from repairs.models import Ticket
from repairs.outside.warranty import under_warranty
from repairs.services.base import move, office_users, reweigh, tell, touched_users, written
from repairs.services.office import _end, fresh_start, left_behind


def clear(ticket: Ticket, *, by: User, photo: Any, words: str = "", **kwargs: Any) -> Ticket:
    """销号: somebody who did not do the work looked at it on site and took a photo."""

    def has_photo(t: Ticket) -> str | None:
        return None if photo else "销号要有现场复查的照片，请拍一张。"

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.cleared_photo = files.attach(t, photo, by=by, role="cleared", caption="复查")
        t.cleared_by, t.cleared_at = by, clock.now()

    return move(
        ticket, "clear", by=by, said=words, text="复查合格，隐患销号", then=effect, checks=[has_photo], **kwargs
    )


def accept_work(
    ticket: Ticket, *, by: Any, rating: int | None = None, words: str = "", photo: Any = None, **kwargs: Any
) -> Ticket:
    """验收, with 1-5 and words now or later; a hazard is cleared in the same step when a photo comes with it."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.completed_at, t.completed_by, t.deemed = clock.now(), by if by.pk else None, False
        t.ended_at, t.clock_stopped_at = t.completed_at, None
        if rating:
            t.rating, t.rating_words = rating, words

    with transaction.atomic():
        if ticket.hazard and not ticket.cleared_at and photo:
            ticket = clear(ticket, by=by, photo=photo, words=words, **kwargs)
            kwargs = {}
        text = "验收合格" + (f"，{_stars(rating)}" if rating else "")
        if rules.is_office(by) and not rules.is_reporter(ticket, by) and not rules.is_custodian(ticket, by):
            text = "后勤代为验收" + (f"，{_stars(rating)}" if rating else "")
        fresh = move(ticket, "accept_work", by=by, said=words, text=text, then=effect, **kwargs)
    tell([fresh.lead], fresh, text, but=by)
    return fresh


def _stars(rating: int | None) -> str:
    return {1: "很差", 2: "较差", 3: "一般", 4: "满意", 5: "很好"}[rating] if rating else ""


def send_back(ticket: Ticket, *, by: Any, reason: str, **kwargs: Any) -> Ticket:
    """退回返修 with a reason; counted."""
    checks = [written(reason, "退回返修要写明哪里没修好。")]
    fresh = move(ticket, "send_back", by=by, said=reason, text="没修好，退回返修", then=_again, checks=checks, **kwargs)
    tell([fresh.lead, *office_users()], fresh, f"退回返修，{reason[:60]}", but=by)
    return fresh


def recheck_failed(ticket: Ticket, *, by: Any, reason: str, **kwargs: Any) -> Ticket:
    """The re-check of a finding found it not mended: back to work like 退回返修, and counted."""
    checks = [written(reason, "请写哪里还没修好。")]
    text = "复查不合格，退回返修"
    fresh = move(ticket, "recheck_failed", by=by, said=reason, text=text, then=_again, checks=checks, **kwargs)
    tell([fresh.lead, *office_users()], fresh, f"复查不合格，{reason[:60]}", but=by)
    return fresh


def reopen(ticket: Ticket, *, by: Any, reason: str, **kwargs: Any) -> Ticket:
    """还没修好, within N working days after acceptance."""
    checks = [written(reason, "请写现在是什么情况。")]
    text = f"验收后又坏，返修{under_warranty(ticket)}"  # offered first: the contractor comes again without pay
    fresh = move(ticket, "reopen", by=by, said=reason, text=text, then=_again, checks=checks, **kwargs)
    tell([fresh.lead, *office_users()], fresh, f"又坏了，{reason[:60]}", but=by)
    return fresh


def _again(t: Ticket, data: dict[str, Any]) -> None:
    if t.clock_stopped_at is None and t.finished_at:  # the time since it was finished was nobody's working time
        t.clock_stopped_at = t.finished_at
    deadlines.go_on(t)
    t.rework_count += 1
    t.reopened = True
    t.completed_at = t.completed_by = t.ended_at = t.finished_at = t.finished_by = None
    t.rating, t.rating_words = None, ""  # it spoke of work that did not last; the log keeps it
    t.cleared_by = t.cleared_at = t.cleared_photo = t.after_photo_at = None
    t.deemed, t.outcome, t.done_quantity = False, "", 0
    t.outside_by = None  # whoever does it now is named when it is finished
    if t.state == "accepted":
        t.lead = None
        t.helpers.clear()


def rate(ticket: Ticket, *, by: Any, rating: int, words: str = "", **kwargs: Any) -> Ticket:
    """1-5 with words, after the acceptance."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.rating, t.rating_words = rating, words

    return move(ticket, "rate", by=by, said=words, text=f"评价：{_stars(rating)}", then=effect, **kwargs)


def chase(ticket: Ticket, *, by: Any, words: str = "", **kwargs: Any) -> Ticket:
    """催办, once per working day; office and lead hear of it."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.chase_count += 1
        t.chased_on = clock.today()

    with transaction.atomic():
        fresh = move(ticket, "chase", by=by, said=words, then=effect, **kwargs)
        tell([fresh.lead, *office_users()], fresh, f"催办第 {fresh.chase_count} 次", but=by)
        return reweigh(fresh)


def withdraw(ticket: Ticket, *, by: Any, reason: str, **kwargs: Any) -> Ticket:
    """撤销报修 before dispatch; when others follow it, it goes to the first of them instead."""
    if ticket.followers.exists() and not ticket.hazard:
        return pass_on(ticket, by=by, reason=reason, **kwargs)

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        _end(t, reason)

    checks = [written(reason, "请写为什么撤销。")]
    fresh = move(ticket, "withdraw", by=by, said=reason, text="撤销报修", then=effect, checks=checks, **kwargs)
    left_behind(fresh, f"报修人撤销了，{reason[:60]}", by=by)
    return fresh


def pass_on(ticket: Ticket, *, by: Any, reason: str, **kwargs: Any) -> Ticket:
    """The first follower becomes the reporter; the ticket stays open."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        first = t.followers.select_related("user").order_by("at", "pk").first()
        if first is None:
            raise RuleBroken("没有别人也遇到这件事。")
        _hand_to(t, first)
        if t.asked_at:
            deadlines.go_on(t)
            t.ask_words, t.asked_at, t.state_before = "", None, ""

    fresh = move(ticket, "pass_on", by=by, said=reason, text="报修人不再跟，转给也遇到的人", then=effect, **kwargs)
    tell([fresh.reporter], fresh, "原报修人撤销了，这件现在由您跟进", but=by)
    return fresh


def _hand_to(ticket: Ticket, follower: Any) -> None:
    ticket.reporter, ticket.reporter_name, ticket.reporter_phone = follower.user, "", ""
    ticket.device, ticket.follow_token = follower.device, follower.token
    follower.delete()


def claim(ticket: Ticket, *, by: Any, reason: str = "", **kwargs: Any) -> Ticket:
    """Who followed something that was declined or withdrawn takes it over: it is 待受理 again."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        if not rules.is_reporter(t, by):
            key = {"pk": by.follower_id} if isinstance(by, rules.Guest) else {"user": by}
            _hand_to(t, t.followers.get(**key))
        fresh_start(t)

    fresh = move(ticket, "claim", by=by, said=reason, text="也遇到的人接着报", then=effect, **kwargs)
    tell(office_users(), fresh, "有人接着报", but=by)
    return fresh


# ---- by itself (tick) ---------------------------------------------------------------------------------------------


def deem_accepted(day: Any = None) -> int:
    """默认验收: finished long enough ago, nobody answered, no hazard. Returns how many."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        t.completed_at, t.deemed, t.ended_at, t.clock_stopped_at = clock.now(), True, clock.now(), None

    count = 0
    for ticket in Ticket.objects.filter(state="checking", hazard=False).select_related(
        "place", "category", "lead", "reporter"
    ):
        if rules.FLOW.blockers(ticket, "deem", SYSTEM):
            continue
        try:
            fresh = move(ticket, "deem", by=SYSTEM, then=effect)
        except RuleBroken:  # somebody answered at this very moment
            continue
        tell(touched_users(fresh), fresh, "到期没有答复，已默认验收；还有问题可以点“还没修好”")
        count += 1
    return count


def lapse_unanswered(day: Any = None) -> int:
    """待补充 without an answer: passed on to the first follower, else withdrawn. Returns how many."""

    def effect(t: Ticket, data: dict[str, Any]) -> None:
        _end(t, "到期没有补充说明")
        t.ask_words, t.asked_at, t.state_before = "", None, ""

    count = 0
    for ticket in Ticket.objects.filter(state="asked", hazard=False).select_related("place", "category", "reporter"):
        if rules.due_for_lapsing(ticket, None):
            continue
        try:
            if ticket.followers.exists():
                pass_on(ticket, by=SYSTEM, reason="到期没有补充说明")
            else:
                fresh = move(ticket, "lapse", by=SYSTEM, then=effect)
                tell([fresh.reporter], fresh, "到期没有补充说明，已撤销；需要时可请后勤恢复")
        except RuleBroken:  # somebody answered at this very moment
            continue
        count += 1
    return count
