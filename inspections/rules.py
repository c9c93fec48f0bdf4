"""Who may do what to a finding and when: the table of moves over the stored states, its stage read from the ticket.

Stored are 待整改, 已销号 and 已作废. 整改中 and 待复查 are what the ticket says, or, without one, whether somebody put it right;
`stage_of` says for one record what `FindingQuerySet.with_stage` says for a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.rights import can
from core.workflow import SYSTEM, Flow, Step
from finance.rules import same_person
from inspections.models import Finding
from inspections.models.findings import LIVE, STATES
from repairs import rules as repair_rules
from repairs.models import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDS_PHOTO = "安全隐患销号要有现场复查的照片，请拍一张。"


# ---- facts --------------------------------------------------------------------------------------------------------


def head_of(ticket: Ticket | None) -> Ticket | None:
    """The ticket that speaks for this one: a merged ticket's head."""
    while ticket is not None and ticket.state == "duplicate" and ticket.head is not None:
        ticket = ticket.head
    return ticket


def stage_of(finding: Finding) -> str:
    """The state as people see it: open, fixing, recheck, closed, void."""
    if finding.state != "open":
        return finding.state
    ticket = head_of(finding.ticket)
    if ticket is None:
        return "recheck" if finding.fixed_at else "open"
    if ticket.state in ("checking", "done"):
        return "fixing" if open_rest(ticket) else "recheck"
    return "fixing" if ticket.state in LIVE else "open"


def open_rest(ticket: Ticket) -> Ticket | None:
    """What was split off the ticket because it was not finished with it, and is still open."""
    seen = [ticket.pk]
    for _ in range(20):
        rest = list(Ticket.objects.filter(split_from__in=seen).exclude(pk__in=seen))
        for one in rest:
            if one.is_open:
                return one
        if not rest:
            return None
        seen += [one.pk for one in rest]
    return None


def back_in_work(ticket: Ticket | None) -> bool:
    """Is the ticket worked on again? A finding that was struck off stays so (已销号 is final), but does not hide it."""
    return ticket is not None and ticket.is_open and ticket.state != "checking"


def took_part(finding: Finding) -> Iterator[tuple[str, Any]]:
    """(act, person) of everybody who found it or worked on it: none of them strikes it off."""
    yield "发现", finding.found_by
    if finding.fixed_by is not None:
        yield "整改", finding.fixed_by
    ticket = head_of(finding.ticket)
    if ticket is not None:
        if ticket.lead is not None:
            yield "维修", ticket.lead
        for helper in ticket.helpers.all():
            yield "维修", helper
        if ticket.outside_by is not None:
            yield "经办外修", ticket.outside_by


def may(finding: Finding, by: Any, verb: str) -> bool:
    return can(by, f"inspections.{verb}:{finding.area}")


def needs_photo(finding: Finding) -> bool:
    """A hazard is struck off with a photo, unless its ticket has been cleared with one already."""
    ticket = head_of(finding.ticket)
    if ticket is not None and ticket.hazard:
        return ticket.cleared_at is None
    return finding.hazard


# ---- who ----------------------------------------------------------------------------------------------------------


def another(finding: Finding, by: Any) -> str | None:
    """Neither finder nor fixer, nor anybody who worked on the ticket; two accounts of one person count as one."""
    for act, person in took_part(finding):
        if same_person(by, person):
            same = "" if by.pk == person.pk else f"（与{person.name}是同一人）"
            done = "这个问题是您发现的" if act == "发现" else f"您参加了{act}"
            return f"{done}{same}，要由另一个人到现场复查。"
    return None


def rechecker(finding: Finding, by: Any) -> str | None:
    if by is None:
        return None
    if not may(finding, by, "recheck"):
        return "复查由后勤或这一片的负责人办理。"
    return another(finding, by)


def fixer(finding: Finding, by: Any) -> str | None:
    """Without a ticket: who answers for it or keeps the place, inspectors and managers of the area."""
    ticket = head_of(finding.ticket)
    if ticket is not None and (ticket.state in LIVE or ticket.state == "done"):
        return f"已经报修，由报修单 {ticket.number} 处理。"
    if by is None or (by.is_active and by.pk is not None and by.pk in (finding.owner_id, finding.place.custodian_id)):
        return None
    if may(finding, by, "inspect") or may(finding, by, "manage"):
        return None
    return "由责任人、保管人或检查人登记整改情况。"


def inspector(finding: Finding, by: Any) -> str | None:
    if by is None or may(finding, by, "inspect") or may(finding, by, "manage"):
        return None
    return "由检查人或这一片的负责人报修。"


def manager(finding: Finding, by: Any) -> str | None:
    return None if by is None or may(finding, by, "manage") else "由后勤或这一片的负责人办理。"


def voider(finding: Finding, by: Any) -> str | None:
    """Managers of the area; making it void is no way round the re-check for who was to put it right."""
    if by is None:
        return None
    if not may(finding, by, "manage"):
        return "由后勤或这一片的负责人作废。"
    if finding.hazard and (same_person(by, finding.owner) or same_person(by, finding.fixed_by)):
        return "这处隐患由您负责整改，不能由您作废；请换一个人。"
    return None


def finder(finding: Finding, by: Any) -> str | None:
    return None if by is None or by.pk == finding.found_by_id else "由发现的人更正。"


def by_itself(finding: Finding, by: Any) -> str | None:
    return None if by is None or by is SYSTEM else "这一步由系统自动处理。"


# ---- needs --------------------------------------------------------------------------------------------------------


def waits_for_recheck(finding: Finding, by: Any) -> str | None:
    """Mended, or said to be put right."""
    stage = stage_of(finding)
    if stage == "recheck":
        return None
    ticket = head_of(finding.ticket)
    if stage == "fixing" and ticket is not None:
        if ticket.state in ("checking", "done") and (rest := open_rest(ticket)):
            return f"没修完的 {rest.quantity} 处在 {rest.number} 里，修好后再复查。"
        return f"报修单 {ticket.number} 现在是“{ticket.word}”，修好后再复查。"
    return "还没有整改，登记整改情况后再复查。"


def not_put_right(finding: Finding, by: Any) -> str | None:
    return "已经登记整改，等复查。" if stage_of(finding) == "recheck" else None


def no_live_ticket(finding: Finding, by: Any) -> str | None:
    ticket = head_of(finding.ticket)
    if ticket is None or ticket.state not in (*LIVE, "done"):
        return None
    return f"已经报修，在 {ticket.number} 里办理。"


def no_open_hazard(finding: Finding, by: Any) -> str | None:
    """A ticket that still says danger is not left behind."""
    ticket = head_of(finding.ticket)
    if ticket is None or not ticket.is_open or not ticket.hazard:
        return None
    return f"报修单 {ticket.number} 还列为安全隐患；请先在那张单上写明理由“解除隐患”。"


def no_work_done(finding: Finding, by: Any) -> str | None:
    """Nothing but the noting down has happened to it."""
    if finding.fixed_at or finding.recheck_failed:
        return "已经有人整改，不能按记错更正。"
    ticket = head_of(finding.ticket)
    if ticket is not None and ticket.state not in ("new", "accepted", "asked", "declined", "withdrawn"):
        return f"报修单 {ticket.number} 已经派工，不能按记错更正。"
    return None


def clears(finding: Finding, by: Any) -> str | None:
    """The ticket of a hazard lets this person clear it: what the ticket's own flow says."""
    ticket = head_of(finding.ticket)
    if ticket is None or not ticket.hazard or ticket.cleared_at or ticket.state != "checking":
        return None
    reasons = repair_rules.FLOW.blockers(ticket, "clear", by)
    return reasons[0] if reasons else None


def written(words: str, refusal: str) -> Callable[[Finding], str | None]:
    """A check for `Flow.run`: the words that the step asks for are there."""
    return lambda finding: None if words.strip() else refusal


# ---- the table (flows.md §6) --------------------------------------------------------------------------------------

FINDING = Flow(
    states=STATES,
    steps=[
        Step("fix", "登记整改", ("open",), None, fixer, (not_put_right,)),
        Step("pass", "复查合格，销号", ("open",), "closed", rechecker, (waits_for_recheck, clears)),
        Step("fail", "复查不合格", ("open",), None, rechecker, (waits_for_recheck,)),
        Step("file", "报修", ("open",), None, inspector, (no_live_ticket, not_put_right)),
        Step("assign", "定责任人和期限", ("open",), None, manager),
        Step("protect", "记临时防护", ("open",), None, inspector),
        Step("void", "作废", ("open",), "void", voider, (no_open_hazard,), danger=True),
        Step("again", "再次记录", ("open",), None, inspector, quiet=True),
        Step("undo", "记错更正", ("open",), "void", finder, (no_work_done,), quiet=True),
    ],
)  # fmt: skip
