"""Findings: noted on a round or beside it, filed as tickets, put right, looked at again by another, struck off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse

from campus.figures import figure
from campus.models import Place, User
from campus.services import followed
from core import clock, files, log, notices
from core.numbering import next_number
from core.rights import can
from core.workflow import RuleBroken
from inspections.models import AREAS, Finding, Line, Result
from inspections.notify import day_words, keepers, told
from inspections.rules import FINDING, NEEDS_PHOTO, head_of, needs_photo, written
from repairs import rules as repair_rules
from repairs import services as repairs
from repairs.models import Category, Ticket

MISTAKE = "记错更正"


# ---- noted down ---------------------------------------------------------------------------------------------------


def words_of(result: Result) -> str:
    """What a failed cell says, in words: the line, the figure, the note."""
    line = result.line
    value = "" if result.value is None else _plain(result.value)
    found = {
        "count": f"{line.name}坏 {value} {line.unit or '处'}", "value": f"{line.name} {value}{line.unit}（{_limits(line)}）",
        "points": f"{line.name}扣 {value} 分", "check": f"{line.name}不合格",
    }[line.kind]  # fmt: skip
    note = result.note or result.target.reason
    return (f"{found}：{note}" if note else found)[:200]


def _plain(value: Decimal) -> str:
    return f"{Decimal(value).normalize():f}"


def _limits(line: Line) -> str:
    if line.low is not None and line.high is not None:
        return f"应在 {_plain(line.low)}–{_plain(line.high)}"
    return f"不低于 {_plain(line.low)}" if line.low is not None else f"不高于 {_plain(line.high or Decimal(0))}"


def from_result(
    result: Result, *, by: User, photo: Any = None, again: bool = True
) -> tuple[Finding, Ticket | None, bool]:
    """The finding of a failed cell, with its ticket where the line says so: (finding, ticket or None, joined).

    A cell that failed before keeps its finding; its words are brought up to date. Who knows that the cell was not failed
    before says so with `again`, and nothing is looked for.
    """
    line, target = result.line, result.target
    photos = [] if photo is None else [photo]
    there = Finding.objects.select_related("ticket").filter(result=result).first() if again else None
    if there is not None:
        return _noted_again(there, result, by=by, photos=photos)
    quantity = int(result.value) if line.kind == "count" and result.value else 1
    return _note(
        area=target.round.area, place=target.place, card=target.card, line=line, words=words_of(result), by=by,
        result=result, hazard=line.hazard, due_on=clock.today() + dt.timedelta(days=line.days), photos=photos,
        category=line.category if line.remedy == "ticket" else None, quantity=quantity,
    )  # fmt: skip


def _noted_again(
    finding: Finding, result: Result, *, by: User, photos: list[Any]
) -> tuple[Finding, Ticket | None, bool]:
    words = words_of(result)
    if finding.state == "open" and (words != finding.words or photos):

        def effect(fresh: Finding, data: dict[str, Any]) -> None:
            fresh.words = words
            _attach(fresh, photos, by, "found", "发现时")

        with files.undone_on_error():
            finding = FINDING.run(finding, "again", by=by, text="检查记录有改动", said=words, then=effect)
    ticket = finding.ticket
    if ticket is None or not (counted := _miscounted(ticket, result)) or not _alone_behind(ticket, finding):
        return finding, ticket, True
    if not repair_rules.FLOW.blockers(ticket, "recount", by):
        finding.ticket = ticket = repairs.recount(ticket, by=by, quantity=counted)
    return finding, ticket, True


def _miscounted(ticket: Ticket, result: Result) -> int:
    """How many pieces the cell says where its ticket says another number; 0: they agree."""
    counted = int(result.value) if result.line.kind == "count" and result.value else 0
    return counted if counted != ticket.quantity else 0


def _alone_behind(ticket: Ticket, finding: Finding) -> bool:
    """Was the ticket filed for this finding, and for no other?"""
    others = Finding.objects.filter(ticket=ticket).exclude(pk=finding.pk)
    return ticket.channel == "inspection" and not others.exists()


def stays(ticket: Ticket, result: Result) -> str:
    """That the ticket of a cell says another number and keeps it, in words; nothing when they agree."""
    if not _miscounted(ticket, result):
        return ""
    return f"报修单 {ticket.number}（{ticket.word}）的数量仍是 {ticket.quantity}，请到那张单上留言说明。"


def told_of(ticket: Ticket, result: Result, *, joined: bool, again: bool) -> str:
    """What became of a failing cell's ticket, in words."""
    if again:
        return stays(ticket, result) or f"已报修 {ticket.number}"
    if not joined:
        return f"已报修 {ticket.number}"
    more = _miscounted(ticket, result) > ticket.quantity
    return f"已并入 {ticket.number}" + (f"，那张单上只有 {ticket.quantity}，请去留言说明" if more else "")


def report(
    *,
    area: str,
    place: Place,
    words: str,
    by: User,
    line: Line | None = None,
    card: Any = None,
    hazard: bool = False,
    protection: str = "",
    due_on: dt.date | None = None,
    owner: User | None = None,
    photos: Iterable[Any] = (),
    category: Category | None = None,
) -> tuple[Finding, Ticket | None, bool]:
    """随手查: what somebody sees beside a round; with a category it is filed or joined at once."""
    due_on = due_on or clock.today() + dt.timedelta(days=int(figure("inspections.due_days")))
    reasons = [
        None if can(by, f"inspections.inspect:{area}") else f"登记{AREAS.get(area, area)}的问题要有这一片的检查权限。",
        None if words.strip() else "请写一句是什么问题。",
        None if due_on >= clock.today() else "整改期限已经过了，请选今天或以后的日子。",
        None if not protection.strip() or hazard else "写了临时防护的，请同时勾选“安全隐患”。",
    ]
    if refused := [reason for reason in reasons if reason]:
        raise RuleBroken(*refused)
    return _note(
        area=area, place=place, card=card, line=line, words=words.strip()[:200], by=by, hazard=hazard,
        protection=protection.strip()[:200], due_on=due_on, owner=owner, photos=list(photos), category=category,
    )  # fmt: skip


def _note(
    *,
    area: str,
    place: Place,
    words: str,
    by: User,
    due_on: dt.date,
    hazard: bool,
    photos: list[Any],
    category: Category | None,
    card: Any = None,
    line: Line | None = None,
    result: Result | None = None,
    protection: str = "",
    owner: User | None = None,
    quantity: int = 1,
) -> tuple[Finding, Ticket | None, bool]:
    photos = [files.check_photo(photo) for photo in photos]
    with files.undone_on_error(), transaction.atomic():
        place = place if place.active else followed(place)
        ticket, joined = None, False
        if category is not None:
            ticket, joined = repairs.open_ticket(
                place=place, category=category, by=by, channel="inspection", words=words, asset=card,
                quantity=quantity, hazard=hazard, protection=protection, photos=photos, join_open=True,
            )  # fmt: skip
            if joined and hazard and not ticket.hazard:
                ticket = _raise(ticket, by, protection)
        hazard = hazard or bool(ticket is not None and ticket.hazard and not joined)
        finding = Finding.objects.create(
            number=next_number("WT"), area=area, result=result, place=place, card=card, line=line, words=words,
            hazard=hazard, protection=protection, ticket=ticket, found_by=by, due_on=due_on, owner=owner,
        )  # fmt: skip
        how = "检查发现" if result is not None else "随手登记"
        if ticket is not None:
            how += f"，{'并入' if joined else '报修'} {ticket.number}"
        log.write(finding, "report", by=by, text=how, said=words, after="open")
        _attach(finding, photos, by, "found", "发现时")
        if owner is not None and owner != by:
            told([owner], finding, f"请在 {day_words(due_on)} 前整改", urgent=hazard)
        if hazard and ticket is None:  # with a ticket the office hears of it from the ticket
            told(keepers(area), finding, "发现安全隐患", but=by, urgent=True)
    return finding, ticket, joined


def _raise(ticket: Ticket, by: User, protection: str) -> Ticket:
    """Danger at a fault that was filed as a plain one: the office makes it a hazard, others ask it to."""
    if not repair_rules.FLOW.blockers(ticket, "raise_hazard", by):
        return repairs.raise_hazard(ticket, by=by, protection=protection)
    office = User.objects.with_role("clerk", "director")
    text = f"检查发现有危险，请把 {ticket.number} 列为隐患：{ticket.where}，{ticket.fault}"
    notices.tell(office, text, ticket.get_absolute_url(), urgent=True)
    return ticket


def _attach(finding: Finding, photos: Iterable[Any], by: Any, role: str, caption: str) -> None:
    for photo in photos:
        files.attach(finding, photo, by=by, role=role, caption=caption)


@transaction.atomic
def undo_result(result: Result, by: User) -> str:
    """A failed cell was a slip: its finding is void, its fresh ticket withdrawn; else the answer says what stays.

    Either way the cell lets go of the finding, so that it can be corrected.
    """
    finding = Finding.objects.select_related("ticket", "found_by").filter(result=result).first()
    if finding is None:
        return ""
    Finding.objects.filter(pk=finding.pk).update(result=None)
    finding.result = None
    if finding.state != "open":
        return f"问题 {finding.number} 已经{finding.get_state_display().removeprefix('已')}，保留。"
    if reasons := FINDING.blockers(finding, "undo", by):
        return f"问题 {finding.number} 保留：{reasons[0]}"

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.voided_by, fresh.end_words = by, MISTAKE

    FINDING.run(finding, "undo", by=by, text=MISTAKE, then=effect)
    ticket = finding.ticket
    if ticket is None:
        return f"问题 {finding.number} 已作废（{MISTAKE}）。"
    alone = ticket.state == "new" and ticket.reporter_id == by.pk and not ticket.followers.exists()
    alone = alone and not Finding.objects.open().filter(ticket=ticket).exists()
    if alone and not repair_rules.FLOW.blockers(ticket, "withdraw", by):
        repairs.withdraw(ticket, by=by, reason=MISTAKE)
        return f"问题 {finding.number} 已作废，报修单 {ticket.number} 已撤销。"
    if ticket.state in ("declined", "withdrawn"):
        return f"问题 {finding.number} 已作废（{MISTAKE}）。"
    why = "属安全隐患，由后勤处理" if ticket.hazard else "别人也在跟，或后勤已受理"
    return f"问题 {finding.number} 已作废；报修单 {ticket.number} 保留（{why}）。"


# ---- on the way ---------------------------------------------------------------------------------------------------


def file_ticket(finding: Finding, *, by: User, category: Category, quantity: int = 1, **kwargs: Any) -> Finding:
    """报修: what was only noted becomes a ticket, or joins the one that is open."""

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        ticket, joined = repairs.open_ticket(
            place=fresh.place, category=category, by=by, channel="inspection", words=fresh.words, asset=fresh.card,
            quantity=quantity, hazard=fresh.hazard, protection=fresh.protection, join_open=True,
        )  # fmt: skip
        if joined and fresh.hazard and not ticket.hazard:
            ticket = _raise(ticket, by, fresh.protection)
        fresh.ticket = ticket

    with transaction.atomic():
        done: Finding = FINDING.run(finding, "file", by=by, text="报修", then=effect, **kwargs)
        assert done.ticket is not None  # noqa: S101
        log.write(done, "ticket", by=by, text=f"由报修单 {done.ticket.number} 处理")
    return done


def assign(
    finding: Finding, *, by: User, owner: User | None, due_on: dt.date, words: str = "", **kwargs: Any
) -> Finding:
    """Who answers for it and until when; a later date needs a reason."""

    def later_has_reason(fresh: Finding) -> str | None:
        if due_on <= fresh.due_on or words.strip():
            return None
        return f"期限从{day_words(fresh.due_on)}往后改，要写明原因。"

    def in_time(fresh: Finding) -> str | None:
        return None if due_on >= clock.today() or due_on == fresh.due_on else "期限已经过了，请选今天或以后的日子。"

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.owner, fresh.due_on = owner, due_on

    text = f"责任人{owner.name if owner else '未定'}，期限 {day_words(due_on)}"
    with transaction.atomic():
        done: Finding = FINDING.run(
            finding, "assign", by=by, text=text, said=words.strip(), then=effect, checks=[in_time, later_has_reason],
            **kwargs,
        )  # fmt: skip
        if owner is not None and owner.pk != by.pk:
            told([owner], done, f"请在 {day_words(due_on)} 前整改")
    return done


def protect(finding: Finding, *, by: User, protection: str, photos: Iterable[Any] = (), **kwargs: Any) -> Finding:
    """记临时防护: what keeps people away until it is mended."""

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.protection = protection.strip()[:200]
        _attach(fresh, photos, by, "protection", "临时防护")

    checks = [written(protection, "请写设了什么防护，如“拉警戒线，绕行”。")]
    with files.undone_on_error():
        done: Finding = FINDING.run(
            finding, "protect", by=by, text="临时防护", said=protection.strip(), then=effect, checks=checks, **kwargs
        )
    return done


def fixed(finding: Finding, *, by: User, words: str, photos: Iterable[Any] = (), **kwargs: Any) -> Finding:
    """登记整改, for what needs no ticket: now it waits for its re-check."""

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.fixed_by, fresh.fixed_at, fresh.fixed_words = by, clock.now(), words.strip()[:200]
        fresh.ticket = None  # one that was declined or withdrawn: the log keeps its number
        _attach(fresh, photos, by, "fixed", "整改后")

    before = Ticket.objects.filter(pk=finding.ticket_id).first()
    text = "整改完成" + (f"（{before.number} {before.word}）" if before is not None else "")
    checks = [written(words, "请写怎么整改的。")]
    with files.undone_on_error(), transaction.atomic():
        done: Finding = FINDING.run(
            finding, "fix", by=by, text=text, said=words.strip(), then=effect, checks=checks, **kwargs
        )
        told([done.found_by, *keepers(done.area, "recheck")], done, "整改好了，请复查", but=by)
    return done


# ---- looked at again ----------------------------------------------------------------------------------------------


def pass_recheck(finding: Finding, *, by: User, words: str = "", photo: Any = None, **kwargs: Any) -> Finding:
    """复查合格，销号. A hazard's ticket is cleared with the same photo.

    A ticket that waits for acceptance is accepted in the same step where its own rules let this person accept it
    (reporter, custodian, the office when neither can); else it goes on waiting for those.
    """
    photo = None if photo is None else files.check_photo(photo)

    def has_photo(fresh: Finding) -> str | None:
        return NEEDS_PHOTO if photo is None and needs_photo(fresh) else None

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.cleared_by, fresh.cleared_at, fresh.end_words = by, clock.now(), words.strip()[:200]
        if photo is not None:
            _attach(fresh, [photo], by, "cleared", "复查")
        ticket = head_of(fresh.ticket)
        if ticket is None or ticket.state != "checking":
            return
        if ticket.hazard and not ticket.cleared_at:
            ticket = repairs.clear(ticket, by=by, photo=photo, words=words)
        if not repair_rules.FLOW.blockers(ticket, "accept_work", by):
            repairs.accept_work(ticket, by=by, words=words)

    with files.undone_on_error(), transaction.atomic():
        done: Finding = FINDING.run(
            finding, "pass", by=by, text="复查合格，销号", said=words.strip(), then=effect, checks=[has_photo], **kwargs
        )
        told([done.found_by, done.owner, done.fixed_by], done, "复查合格，已销号", but=by)
    return done


def fail_recheck(
    finding: Finding,
    *,
    by: User,
    reason: str,
    photos: Iterable[Any] = (),
    due_on: dt.date | None = None,
    **kwargs: Any,
) -> Finding:
    """复查不合格: back, counted. The ticket is sent back, reopened, or followed by a new one that is linked to it."""

    def in_time(fresh: Finding) -> str | None:
        return None if due_on is None or due_on >= clock.today() else "新期限已经过了，请选今天或以后的日子。"

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.recheck_failed += 1
        fresh.due_on = due_on or fresh.due_on
        fresh.fixed_by = fresh.fixed_at = None
        fresh.fixed_words = ""
        _attach(fresh, photos, by, "failed", "复查不合格")
        ticket = head_of(fresh.ticket)
        if ticket is not None:
            fresh.ticket = _back(fresh, ticket, by, reason)

    checks = [written(reason, "请写哪里还不合格。"), in_time]
    with files.undone_on_error(), transaction.atomic():
        done: Finding = FINDING.run(
            finding, "fail", by=by, text="复查不合格", said=reason.strip(), then=effect, checks=checks, **kwargs
        )
        if done.ticket_id is not None and done.ticket_id != finding.ticket_id and done.ticket is not None:
            log.write(done, "ticket", by=by, text=f"由报修单 {done.ticket.number} 接着处理")
        told([done.owner, finding.fixed_by], done, f"复查不合格，{reason.strip()[:60]}", but=by)
    return done


def _back(finding: Finding, ticket: Ticket, by: User, reason: str) -> Ticket:
    """The ticket that carries the work on after a failed re-check."""
    if ticket.state == "checking":
        return repairs.recheck_failed(ticket, by=by, reason=reason)
    if not repair_rules.FLOW.blockers(ticket, "reopen", by):
        return repairs.reopen(ticket, by=by, reason=reason)
    new, joined = repairs.open_ticket(
        place=finding.place, category=ticket.category, by=by, channel="inspection", words=f"复查不合格：{reason}"[:500],
        asset=ticket.asset, hazard=finding.hazard or ticket.hazard, protection=finding.protection, join_open=True,
    )  # fmt: skip
    if not joined and new.again_id is None:
        Ticket.objects.filter(pk=new.pk).update(again=ticket)
        new.again = ticket
    return new


def void(finding: Finding, *, by: User, reason: str, **kwargs: Any) -> Finding:
    """作废 with the reason."""

    def effect(fresh: Finding, data: dict[str, Any]) -> None:
        fresh.voided_by, fresh.end_words = by, reason.strip()[:200]

    checks = [written(reason, "作废要写明原因。")]
    with transaction.atomic():
        done: Finding = FINDING.run(
            finding, "void", by=by, text="作废", said=reason.strip(), then=effect, checks=checks, **kwargs
        )
        told([done.found_by, done.owner], done, f"已作废，{reason.strip()[:60]}", but=by)
    return done


# ---- the daily round ----------------------------------------------------------------------------------------------


def tell_overdue(day: dt.date) -> str:
    """The day after a finding's last day, once: its owner and those who answer for the area hear of it."""
    late = list(
        Finding.objects.open().filter(due_on=day - dt.timedelta(days=1)).select_related("owner", "place").order_by("pk")
    )
    people: dict[int, tuple[User, list[Finding]]] = {}
    for area in sorted({finding.area for finding in late}):
        own = [finding for finding in late if finding.area == area]
        for keeper in keepers(area):
            people.setdefault(keeper.pk, (keeper, []))[1].extend(own)
    for finding in late:
        if finding.owner is not None and finding not in people.get(finding.owner.pk, (None, []))[1]:
            people.setdefault(finding.owner.pk, (finding.owner, []))[1].append(finding)
    for person, findings in people.values():
        first = findings[0]
        if len(findings) == 1:
            told([person], first, "问题超期没有销号")
        else:
            text = f"{len(findings)} 个问题超期没有销号：{first.place.full_name}{first.words}等"
            notices.tell(person, text, f"{reverse('inspections:findings')}?overdue=1")
    return f"{len(late)} 个问题超期" if late else ""


__all__ = [
    "MISTAKE", "assign", "fail_recheck", "file_ticket", "fixed", "from_result", "pass_recheck", "protect",
    "report", "stays", "tell_overdue", "told_of", "undo_result", "void", "words_of",
]  # fmt: skip
