"""Builders of recurring work and zones."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from core import clock
from inspections.models import Upkeep, Zone
from inspections.services.upkeep import lead
from tests import make

_count = itertools.count(1)


def upkeep(**over: Any) -> Upkeep:
    """A filter change every ninety days, due in a month, its ticket a week before."""
    facts: dict[str, Any] = {
        "area": "dormitory", "title": "饮水机换滤芯", "every_days": 90, "lead_days": 7, "counts_from": "done",
        "due_on": clock.today() + dt.timedelta(days=30),
    } | over  # fmt: skip
    facts["place"] = facts.get("place") or make.place()
    facts["category"] = facts.get("category") or make.category("饮水机")
    made = Upkeep(**facts)
    lead(made).save()
    return made


def zone(*, places: Any = None, **over: Any) -> Zone:
    """A zone over one room unless places are given."""
    facts: dict[str, Any] = {"area": "dormitory", "name": f"包干区{next(_count)}"} | over
    if not facts.get("person") and not facts.get("worker"):
        facts["worker"] = "刘阿姨"
    made = Zone.objects.create(**facts)
    made.places.set(places if places is not None else [make.place()])
    return made
