"""Everything that writes to a ticket: filing, the office's moves, the repairer's work, acceptance, the daily round."""

from repairs.services.acceptance import (
    accept_work,
    chase,
    claim,
    clear,
    pass_on,
    rate,
    recheck_failed,
    reopen,
    send_back,
    withdraw,
)
from repairs.services.filing import LimitReached, file_line, hold_places, join, open_ticket, recount, same_faults
from repairs.services.office import (
    accept,
    answer,
    ask,
    correct,
    decline,
    dispatch,
    dispatch_many,
    hold_many,
    lower_hazard,
    mark_phoned,
    mark_seen,
    merge,
    merge_many,
    prioritise,
    protect,
    raise_hazard,
    reassign,
    reassign_all,
    restore,
)
from repairs.services.outside import outside, outside_ended, outside_failed, outside_passed, redate_outside
from repairs.services.work import (
    draw,
    finish,
    give_back,
    hand_back,
    hold,
    redate,
    resume,
    say,
    start,
    take,
)

__all__ = [
    "LimitReached", "accept", "accept_work", "answer", "ask", "chase", "claim", "clear", "correct", "decline",
    "dispatch", "dispatch_many", "draw", "file_line", "finish", "give_back", "hand_back", "hold", "hold_many", "hold_places", "join",
    "lower_hazard", "mark_phoned", "mark_seen", "merge", "merge_many", "open_ticket", "outside", "outside_ended",
    "outside_failed", "outside_passed", "pass_on", "prioritise", "protect", "raise_hazard", "rate", "reassign",
    "reassign_all", "recheck_failed", "recount", "redate", "redate_outside", "reopen", "restore", "resume", "same_faults", "say", "send_back",
    "start", "take", "withdraw",
]  # fmt: skip
