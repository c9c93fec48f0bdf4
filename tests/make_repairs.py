"""Builders of tickets: category, hold reason, dispatch rule, follower, and a ticket in any state."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from typing import Any

from core import clock, files
from repairs.defaults import DATA
from repairs.models import Category, DispatchRule, Follower, HoldReason, Ticket, Tile
from repairs.services.filing import open_ticket
from tests import make
from tests.make_core import photo

FILING = (
    "place", "category", "by", "channel", "words", "detail", "asset", "quantity", "hazard", "protection", "photos",
    "reporter", "reporter_name", "reporter_phone", "device", "preferred", "reported_at",
)  # fmt: skip


@cache
def _rows(name: str) -> dict[str, dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return {row.get("key") or row["name"]: row for row in csv.DictReader(lines)}


def category(name: str = "灯不亮", **over: Any) -> Category:
    """A kind of fault as a new school gets it, made once; a name of our own is a plain kind of 3 working days."""
    row = _rows("categories.csv").get(name, {"group": "其他", "tile": "其他"})
    group, _ = Category.objects.get_or_create(parent=None, name=row["group"])
    found = Category.objects.filter(parent=group, name=name).first()
    if found is not None:
        for field, value in over.items():
            setattr(found, field, value)
        found.save()
        return found
    facts = {
        "tile": Tile.objects.get_or_create(name=row["tile"])[0], "priority": int(row.get("priority", 3)),
        "workdays": int(row.get("workdays", 3)), "hazard": row.get("hazard") == "1",
        "after_photo": row.get("after_photo") == "1", "season": row.get("season", ""),
        "season_word": row.get("season_word", ""), "guarded": row.get("guarded") == "1", "topic": row.get("topic", ""),
    }  # fmt: skip
    return Category.objects.create(parent=group, name=name, **facts | over)


def hold_reason(key: str = "parts") -> HoldReason:
    """A reason for holding as a new school gets it: parts money outside holiday entry other."""
    row = _rows("hold_reasons.csv")[key]
    facts = {"name": row["name"], "stops_clock": row["stops_clock"] == "1"}
    return HoldReason.objects.get_or_create(key=key, defaults=facts)[0]


def rule(mode: str, *people: Any, **over: Any) -> DispatchRule:
    """An active dispatch rule, by default for every fault in the whole school."""
    made = DispatchRule.objects.create(mode=mode, **{"active": True} | over)
    made.people.set(people)
    return made


def follower(ticket: Ticket, user: Any = None, *, device: str = "") -> Follower:
    """Somebody more whom it hit: a new teacher unless a user or a device is named."""
    user = user or (None if device else make.user())
    return Follower.objects.create(ticket=ticket, user=user, device=device)


def ticket(state: str = "new", **over: Any) -> Ticket:
    """A ticket in `state` with what that state needs: filed through the service, the later facts set on the row.

    `helpers` and `followers` are lists of users; everything else is a field. Default: a light in 312, by a new teacher.
    """
    facts: dict[str, Any] = {name: over.pop(name) for name in FILING if name in over}
    helpers, followers = over.pop("helpers", ()), over.pop("followers", ())
    facts["place"] = facts.get("place") or make.place()
    facts["category"] = facts.get("category") or category()
    if "by" not in facts and facts.get("channel") != "qr":
        facts["by"] = facts.get("reporter") or make.user()
    if facts.get("reporter") is not None and facts["reporter"] == facts.get("by"):
        del facts["reporter"]
    made, _ = open_ticket(**facts)
    for name, value in (_facts(state, made) | over).items():
        setattr(made, name, value)
    if made.lead_id is None and state in ("dispatched", "doing", "checking", "done") and "lead" not in over:
        made.lead = make.user("repairer")
    if state == "done" and not made.deemed and made.completed_by_id is None:
        made.completed_by = made.reporter
    if made.hazard and state == "done":
        _clear(made)
    if state == "duplicate" and made.head_id is None:
        made.head = ticket(place=made.place, category=made.category, hazard=made.hazard)
    if state != "new":  # a dispatch rule may have carried it on already
        made.state = state
    made.save()
    made.helpers.set(helpers)
    for user in followers:
        follower(made, user)
    return Ticket.objects.select_related("place", "category", "lead", "reporter").get(pk=made.pk)


def _facts(state: str, made: Ticket) -> dict[str, Any]:
    """What the columns hold in a state, at the time of filing."""
    moment = clock.now()
    accepted = {"accepted_at": moment, "opened_at": moment}
    sent = accepted | {"dispatched_at": moment}
    finished = sent | {
        "started_at": moment, "finished_at": moment, "outcome": "repaired", "done_quantity": made.quantity,
        "clock_stopped_at": None if made.hazard or made.priority == 1 else moment,
    }  # fmt: skip
    return {
        "new": {},
        "accepted": accepted,
        "dispatched": sent,
        "doing": sent | {"started_at": moment},
        "checking": finished,
        "done": finished | {"clock_stopped_at": None, "completed_at": moment, "ended_at": moment},
        "asked": {"ask_words": "是哪一盏", "asked_at": moment, "state_before": "new", "clock_stopped_at": moment},
        "held": accepted | {
            "state_before": "accepted", "hold_reason": hold_reason("other"),
            "hold_until": clock.today() + dt.timedelta(days=3),
        },
        "declined": {"end_words": "不归学校修", "ended_at": moment},
        "duplicate": {"end_words": "并入另一张", "ended_at": moment},
        "withdrawn": {"end_words": "自己修好了", "ended_at": moment},
    }[state]  # fmt: skip


def _clear(made: Ticket) -> None:
    """A hazard is done only when somebody looked at it and took a photo."""
    made.cleared_by, made.cleared_at = make.user("warden"), clock.now()
    made.cleared_photo = files.attach(made, photo(40, 30), by=made.cleared_by, role="cleared", caption="复查")
