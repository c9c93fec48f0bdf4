"""Who may do what to a ticket and when: the table of moves and the guards behind it, each with its reason in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campus import calendar
from campus.figures import figure
from core import clock
from core.rights import can, scopes
from core.workflow import SYSTEM, Flow, Guard, Step
from repairs.models import ENDS, OPEN, STATES
from repairs.outside.people import is_decider

if TYPE_CHECKING:
    from repairs.models import Ticket

BEFORE_DISPATCH = ("new", "asked", "accepted")


@dataclass(frozen=True)
class Guest:
    """Who holds a ticket's private follow address: the reporter without login, or a follower."""

    ticket_id: int
    follower_id: int | None = None
    name: str = "报修人"
    pk: None = None
    is_active: bool = True
    is_authenticated: bool = False


# ---- facts about people -------------------------------------------------------------------------------------------


def helper_ids(ticket: Ticket) -> set[int]:
    """Ids of the helpers; prefetched rows are used when there."""
    return {user.pk for user in ticket.helpers.all()}


def is_office(by: Any) -> bool:
    return can(by, "repairs.manage")


def _is(by: Any, user_id: int | None) -> bool:
    """Is `by` that user, with an account in use?"""
    return by is not None and by.pk is not None and by.pk == user_id and bool(by.is_active)


def is_lead(ticket: Ticket, by: Any) -> bool:
    return _is(by, ticket.lead_id)


def is_reporter(ticket: Ticket, by: Any) -> bool:
    if isinstance(by, Guest):
        return by.ticket_id == ticket.pk and by.follower_id is None
    return _is(by, ticket.reporter_id)


def is_follower(ticket: Ticket, by: Any) -> bool:
    if isinstance(by, Guest):
        return by.ticket_id == ticket.pk and any(f.pk == by.follower_id for f in ticket.followers.all())
    return any(_is(by, f.user_id) for f in ticket.followers.all())


def is_custodian(ticket: Ticket, by: Any) -> bool:
    return _is(by, ticket.place.custodian_id)


def worked_on_it(ticket: Ticket, by: Any) -> bool:
    """Lead or helper, whether the account is still in use or not: nobody judges his own work."""
    return by is not None and by.pk is not None and (by.pk == ticket.lead_id or by.pk in helper_ids(ticket))


def ordered_outside(ticket: Ticket, by: Any) -> bool:
    """Who ordered the outside work judges it as little as who does work of his own."""
    return by is not None and by.pk is not None and by.pk == ticket.outside_by_id


def can_answer(person: Any) -> bool:
    """An account that is in use."""
    return person is not None and person.is_active


# ---- who ----------------------------------------------------------------------------------------------------------


def office(ticket: Ticket, by: Any) -> str | None:
    return None if by is None or is_office(by) else "这一步由后勤处理，您可以留言或催办。"


def lead(ticket: Ticket, by: Any) -> str | None:
    if by is None or (is_lead(ticket, by) and can(by, "repairs.work")):
        return None
    return f"这一步由负责人{ticket.lead.name}操作。" if ticket.lead else "还没有派给维修工。"


def lead_or_office(ticket: Ticket, by: Any) -> str | None:
    return None if by is None or is_office(by) else lead(ticket, by)


def worker(ticket: Ticket, by: Any) -> str | None:
    """Lead, helper or office: who may draw materials on the ticket."""
    if by is None or is_office(by) or (worked_on_it(ticket, by) and can(by, "repairs.work")):
        return None
    return "领料由这张单的维修工或后勤操作。"


def reporter(ticket: Ticket, by: Any) -> str | None:
    return None if by is None or is_reporter(ticket, by) else "只有报修人可以这样做。"


def reporter_or_office(ticket: Ticket, by: Any) -> str | None:
    return None if by is None or is_reporter(ticket, by) or is_office(by) else "由报修人回复，后勤可以代录。"


def touched(ticket: Ticket, by: Any) -> str | None:
    """Reporter or follower."""
    if by is None or is_reporter(ticket, by) or is_follower(ticket, by):
        return None
    return "只有报修人和也遇到的人可以催办。"


def accepter(ticket: Ticket, by: Any) -> str | None:
    """Reporter or custodian; the office only when neither can; never lead or helper (nobody accepts his own work)."""
    if by is None:
        return None
    if worked_on_it(ticket, by):
        return "您参加了维修，不能验收自己的活；由报修人或保管人验收。"
    if ordered_outside(ticket, by):
        return "这次外修是您经办的，不能由您验收；由报修人或保管人验收。"
    if is_reporter(ticket, by) or is_custodian(ticket, by):
        return None
    if is_office(by):
        others = [
            person for person in (ticket.reporter, ticket.place.custodian)
            if can_answer(person) and not worked_on_it(ticket, person) and not ordered_outside(ticket, person) and person != by
        ]  # fmt: skip
        if not others:
            return None
        return f"由{'或'.join(dict.fromkeys(p.name for p in others if p))}验收；本人不在时后勤才能代验。"
    return "由报修人或这个地点的保管人验收。"


def may_reopen(ticket: Ticket, by: Any) -> str | None:
    if by is None or is_reporter(ticket, by) or is_custodian(ticket, by) or is_office(by):
        return None
    return "由报修人、保管人或后勤提出返修。"


def clearer(ticket: Ticket, by: Any) -> str | None:
    """Office, warden, custodian or inspector; never who did the work; and only where there is a hazard."""
    if not ticket.hazard:
        return "不是安全隐患，不用销号。"
    if by is None:
        return None
    if worked_on_it(ticket, by):
        return "您参加了维修，不能给自己的活销号；请换一个人到现场复查。"
    if ordered_outside(ticket, by):
        return "这次外修是您经办的，不能由您销号；请换一个人到现场复查。"
    if can(by, "repairs.clear_hazard") or is_custodian(ticket, by):
        return None
    return "由后勤、宿管或保管人到现场复查后销号。"


def rechecker(ticket: Ticket, by: Any) -> str | None:
    """Who re-checks what a check found; never who did the work. Which checks are theirs, the check's own rules say."""
    if by is None:
        return None
    if worked_on_it(ticket, by) or ordered_outside(ticket, by):
        return "您参加了这次维修，不能复查；请换一个人到现场。"
    return None if scopes(by, "inspections.recheck") else "复查由后勤或这一片的负责人办理。"


def by_itself(ticket: Ticket, by: Any) -> str | None:
    return None if by is None or by is SYSTEM else "这一步由系统按期限自动处理。"


def reporter_or_system(ticket: Ticket, by: Any) -> str | None:
    return None if by is SYSTEM else reporter(ticket, by)


def taker(ticket: Ticket, by: Any) -> str | None:
    if by is None:
        return None
    return None if can(by, "repairs.work") else "只有维修工可以接单。"


def claimer(ticket: Ticket, by: Any) -> str | None:
    """The reporter of a merged ticket, or a follower, once what they relied on ended without work."""
    if by is None:
        return None
    if ticket.state == "duplicate" and is_reporter(ticket, by):
        return None
    if ticket.state in ("declined", "withdrawn") and is_follower(ticket, by):
        return None
    return "只有也遇到这件事的人可以接着报。"


def anyone(ticket: Ticket, by: Any) -> str | None:
    """Every account in use, a phone without login, and who holds this ticket's follow address."""
    if isinstance(by, Guest) and by.ticket_id != ticket.pk:
        return "这个跟进地址不是这张单的，请用报修后给您的那个地址。"
    return None if by is None or by.is_active else "这个账号已停用，请联系后勤处。"


def outside_acceptor(ticket: Ticket, by: Any) -> str | None:
    """An effect of the acceptance: only who signed it on the job carries it to the ticket."""
    row = outside_row(ticket)
    if by is None or (row is not None and by.pk and row.job.signs.filter(user=by.pk).exists()):
        return None
    return "外修的验收在外修单上办理。"


def office_or_decider(ticket: Ticket, by: Any) -> str | None:
    return None if by is None or is_office(by) or is_decider(by) else office(ticket, by)


# ---- needs --------------------------------------------------------------------------------------------------------


def not_hazard(word: str) -> Guard:
    def guard(ticket: Ticket, by: Any) -> str | None:
        return f"安全隐患不能{word}；确已不危险时，由后勤写明理由先“解除隐患”。" if ticket.hazard else None

    return guard


def is_hazard(ticket: Ticket, by: Any) -> str | None:
    return None if ticket.hazard else "不是安全隐患，不用这一步。"


def outside_row(ticket: Ticket) -> Any:
    """The live row that joins the ticket to an outside job, or None."""
    return ticket.outside.filter(live=True).select_related("job").first()


def is_outside(ticket: Ticket, by: Any) -> str | None:
    return None if outside_row(ticket) is not None else "这张单不在外修单里。"


def not_outside(ticket: Ticket, by: Any) -> str | None:
    """What waits for a contractor is moved by the job."""
    if ticket.state != "held" or ticket.hold_reason is None or ticket.hold_reason.key != "outside":
        return None
    row = outside_row(ticket)
    return f"正在外修单 {row.job.number} 里等施工；要自己修，先从外修单移出。" if row is not None else None


def somebody_answers(ticket: Ticket, by: Any) -> str | None:
    if (ticket.reporter_id and can_answer(ticket.reporter)) or ticket.reporter_phone:
        return None
    return "报修人没有账号，也没留电话，问不到人；请到现场看或直接受理。"


def urgent_or_accepted(ticket: Ticket, by: Any) -> str | None:
    if ticket.state == "accepted" or ticket.hazard or ticket.priority == 1:
        return None
    return "先受理再派工；只有特急和隐患可以直接派。"


def within(figure_key: str, moment: str, word: str, way_out: str) -> Guard:
    """Not later than so many working days (campus.Figure) after a moment on the ticket."""

    def guard(ticket: Ticket, by: Any) -> str | None:
        days, since = int(figure(figure_key)), getattr(ticket, moment)
        if since is not None and clock.today() <= calendar.add_working_days(clock.local(since).date(), days):
            return None
        return f"已过 {days} 个工作日，不能再{word}；{way_out}"

    return guard


def not_chased_today(ticket: Ticket, by: Any) -> str | None:
    """Once per working day: after a chase the next one waits for the next working day."""
    if ticket.chased_on is None:
        return None
    again = calendar.next_working(ticket.chased_on)
    if clock.today() >= again:
        return None
    return f"{ticket.chased_on.month}月{ticket.chased_on.day}日已催过，每个工作日催一次，{again.month}月{again.day}日可再催。"


def cleared(ticket: Ticket, by: Any) -> str | None:
    if not ticket.hazard or ticket.cleared_at:
        return None
    return "安全隐患要先销号：由没参加维修的人到现场复查并拍照。"


def not_cleared(ticket: Ticket, by: Any) -> str | None:
    return "已经销号了。" if ticket.cleared_at else None


def head_ended(ticket: Ticket, by: Any) -> str | None:
    if ticket.state != "duplicate" or (ticket.head and ticket.head.state in ("declined", "withdrawn")):
        return None
    return f"并入的 {ticket.head.number} 还在处理，请看那张单。" if ticket.head else None


def due_for_deeming(ticket: Ticket, by: Any) -> str | None:
    """N working days after finishing (默认验收)."""
    if ticket.finished_at is None:
        return "还没有报完工。"
    day = calendar.add_working_days(clock.local(ticket.finished_at).date(), int(figure("repairs.deemed_days")))
    return None if clock.today() > day else f"到{day.month}月{day.day}日还没答复才默认验收。"


def due_for_lapsing(ticket: Ticket, by: Any) -> str | None:
    """N working days after the question."""
    if ticket.asked_at is None:
        return "还没有提问。"
    day = calendar.add_working_days(clock.local(ticket.asked_at).date(), int(figure("repairs.asked_days")))
    return None if clock.today() > day else f"到{day.month}月{day.day}日还没回复才撤销。"


def has_followers(ticket: Ticket, by: Any) -> str | None:
    return None if ticket.followers.all() else "没有别人也遇到这件事。"


def no_followers(ticket: Ticket, by: Any) -> str | None:
    return None if has_followers(ticket, by) else "还有别人也遇到，会转给第一位，不能撤销。"


def unrated(ticket: Ticket, by: Any) -> str | None:
    return "已经评过分了。" if ticket.rating else None


def not_opened(ticket: Ticket, by: Any) -> str | None:
    return "已经有人看过。" if ticket.opened_at else None


def not_phoned(ticket: Ticket, by: Any) -> str | None:
    return "已经记过电话通知。" if ticket.phoned_at else None


# ---- targets ------------------------------------------------------------------------------------------------------


def waiting(state: str) -> Callable[[Ticket, dict[str, Any]], str]:
    """A state in which the ticket waits: where `way_back` leads is noted on the locked row, at the same moment."""

    def target(ticket: Ticket, data: dict[str, Any]) -> str:
        ticket.state_before = ticket.state
        return state

    return target


def way_back(ticket: Ticket, data: dict[str, Any]) -> str:
    return ticket.state_before


def back_to_work(ticket: Ticket, data: dict[str, Any]) -> str:
    """Send back and reopen lead to 维修中 if there is an active lead, else to 已受理."""
    return "doing" if can_answer(ticket.lead) and can(ticket.lead, "repairs.work") else "accepted"


def after_outside(ticket: Ticket, data: dict[str, Any]) -> str:
    """Straight to 已完成 when reporter or custodian accepted on site; a hazard still waits to be cleared."""
    return "done" if data.get("complete") and not ticket.hazard else "checking"


def after_passing_on(ticket: Ticket, data: dict[str, Any]) -> str | None:
    """The new reporter was not asked anything: the question falls away."""
    return ticket.state_before if ticket.state == "asked" else None


def after_reassign(ticket: Ticket, data: dict[str, Any]) -> str | None:
    return "dispatched" if ticket.state == "doing" else None


# ---- the table (flows.md §1) --------------------------------------------------------------------------------------

FLOW = Flow(
    states=STATES,
    steps=[
        Step("accept", "受理", ("new",), "accepted", office),
        Step("dispatch", "派工", ("new", "accepted"), "dispatched", office, (urgent_or_accepted,)),
        Step("start", "开始维修", ("dispatched",), "doing", lead),
        Step("resume", "恢复维修", ("held",), way_back, lead_or_office, (not_outside,)),
        Step("finish", "报完工", ("dispatched", "doing"), "checking", lead_or_office,
             hints={"held": "正在挂起：先点“恢复维修”。"}),
        Step("clear", "销号", ("checking",), None, clearer, (not_cleared,)),
        Step("accept_work", "验收", ("checking",), "done", accepter, (cleared,)),
        Step("send_back", "退回返修", ("checking",), back_to_work, accepter),
        Step("recheck_failed", "复查不合格", ("checking",), back_to_work, rechecker, quiet=True),
        Step("answer", "回复", ("asked",), way_back, reporter_or_office),
        Step("take", "接单", ("accepted",), "dispatched", taker),
        Step("hold", "挂起", ("accepted", "dispatched", "doing"), waiting("held"), lead_or_office,
             hints={"new": "先受理，再挂起。"}),
        Step("redate", "改预计日期", ("held",), None, lead_or_office, (not_outside,)),
        Step("hand_back", "退回后勤", ("dispatched", "doing"), "accepted", lead),
        Step("reassign", "改派", ("dispatched", "doing", "held"), after_reassign, office, (not_outside,)),
        Step("ask", "请补充", ("new", "accepted"), waiting("asked"), office, (somebody_answers,)),
        Step("chase", "催办", ("new", "accepted", "dispatched", "doing", "held"), None, touched, (not_chased_today,)),
        Step("merge", "合并", BEFORE_DISPATCH, "duplicate", office),
        Step("decline", "不予受理", BEFORE_DISPATCH, "declined", office, (not_hazard("不予受理"),), danger=True),
        Step("withdraw", "撤销报修", BEFORE_DISPATCH, "withdrawn", reporter, (not_hazard("撤销"), no_followers), danger=True,
             hints=dict.fromkeys(("dispatched", "doing", "held"), "已经派工，不能撤销；修好了请在验收时说明。")),
        Step("pass_on", "转给也遇到的人", BEFORE_DISPATCH, after_passing_on, reporter_or_system, (has_followers,), quiet=True),
        Step("restore", "恢复", ("declined", "duplicate", "withdrawn"), "new", office,
             (within("repairs.restore_days", "ended_at", "恢复", "请重新报修。"),)),
        Step("claim", "由我接着报", ("declined", "duplicate", "withdrawn"), "new", claimer, (head_ended,)),
        Step("reopen", "还没修好", ("done",), back_to_work, may_reopen,
             (within("repairs.reopen_days", "completed_at", "返修", "请重新报修，系统会连上这张单。"),)),
        Step("rate", "评分", ("done",), None, reporter, (unrated,), quiet=True),
        Step("correct", "更正", OPEN, None, office, quiet=True),
        Step("recount", "改数量", ("new",), None, reporter, (no_followers,), quiet=True),
        Step("prioritise", "改优先级", OPEN, None, office, quiet=True),
        Step("raise_hazard", "列为隐患", OPEN, None, office, quiet=True),
        Step("lower_hazard", "解除隐患", OPEN, None, office, (is_hazard,), quiet=True),
        Step("protect", "记临时防护", OPEN, None, lead_or_office, (is_hazard,), quiet=True),
        Step("phone", "已电话通知", OPEN, None, office, (is_hazard, not_phoned), quiet=True),
        Step("open", "查看", OPEN, None, office, (not_opened,), quiet=True),
        Step("draw", "领料", ("dispatched", "doing", "held"), None, worker, quiet=True,
             hints={"accepted": "先派工，再领料。"}),
        Step("give_back", "退料", ("dispatched", "doing", "held", "checking"), None, worker, quiet=True),
        Step("outside", "转外修", ("accepted", "dispatched", "doing", "held"), "held", office, (not_outside,), quiet=True,
             hints={"new": "先受理，再转外修。"}),
        Step("outside_redated", "改外修日期", ("held",), None, office_or_decider, (is_outside,), quiet=True),
        Step("outside_passed", "外修验收合格", ("held",), after_outside, outside_acceptor, (is_outside,), quiet=True),
        Step("outside_failed", "外修验收不合格", ("held",), None, outside_acceptor, (is_outside,), quiet=True),
        Step("outside_ended", "外修终止", ("held",), "accepted", office_or_decider, (is_outside,), quiet=True),
        Step("join", "我也遇到", OPEN, None, anyone, quiet=True),
        Step("say", "留言", tuple(STATES), None, anyone, quiet=True),
        Step("auto_accept", "按规则受理", ("new",), "accepted", by_itself, quiet=True),
        Step("auto_dispatch", "按规则派工", ("accepted",), "dispatched", by_itself, quiet=True),
        Step("deem", "默认验收", ("checking",), "done", by_itself, (not_hazard("默认验收"), due_for_deeming), quiet=True),
        Step("lapse", "到期撤销", ("asked",), "withdrawn", by_itself,
             (not_hazard("撤销"), due_for_lapsing, no_followers), quiet=True),
    ],
)  # fmt: skip

assert set(ENDS) | set(OPEN) == set(STATES)  # noqa: S101  (a typo in a state name shows at import)
