"""Every service of an outside job under one name; the table of moves stands in `rules`."""

from repairs.outside.accepting import (
    accept_task,
    add_photos,
    add_tasks,
    cosign,
    decide,
    done,
    leave_defect,
    mend_defect,
    record,
    sign,
    task_done,
)
from repairs.outside.approving import (
    approve,
    approve_late,
    begin_warranty,
    bill,
    cancel,
    emergency,
    extra,
    fail,
    recall,
    refuse,
    refuse_late,
    rule,
    set_contract,
)
from repairs.outside.asking import (
    add_quote,
    ask_quotes,
    drop_quote,
    edit,
    join,
    propose,
    redate,
    send_outside,
    standing_quotes,
    submit,
    take_off,
)
from repairs.outside.settling import (
    add_invoice,
    agree,
    check_prices,
    contest,
    decide_words,
    dispute,
    forfeit,
    pay,
    pay_retention,
    refund,
    settle,
)
from repairs.outside.warranty import send_back_under_warranty, warranty_of

__all__ = [
    "accept_task", "add_invoice", "add_photos", "add_quote", "add_tasks", "agree", "approve", "approve_late", "ask_quotes",
    "begin_warranty", "bill", "cancel", "check_prices", "contest", "cosign", "decide", "decide_words", "dispute", "done", "drop_quote", "edit",
    "emergency", "extra", "fail", "forfeit", "join", "leave_defect", "mend_defect", "pay", "pay_retention", "propose",
    "recall", "record", "redate", "refuse", "refuse_late", "refund", "rule", "send_back_under_warranty", "send_outside", "set_contract",
    "settle", "sign", "standing_quotes", "submit", "take_off", "task_done", "warranty_of",
]  # fmt: skip
