"""Builders of the ledger: card, holding, scrap proposal."""

from __future__ import annotations

import itertools
from typing import Any

from assets import services
from assets.models import Card, Holding, ScrapProposal
from campus.models import Place
from tests import make

_count = itertools.count(1)


def room(name: str = "", **over: Any) -> Place:
    """A room nobody else has: 5号楼 2层 201, 202, ..."""
    facts: dict[str, Any] = {"building_name": "5号楼", "floor_name": "2层"} | over
    return make.place(name or f"{200 + next(_count)}", **facts)


def card(**over: Any) -> Card:
    """A card with one holding: 1 wall fan, in use, in a new room, kept by nobody."""
    facts: dict[str, Any] = {"number": f"T{next(_count):05d}", "name": "壁扇"} | over
    facts["place"] = facts.get("place") or room()
    by = facts.pop("by", None) or make.user(role="assetkeeper")
    return services.register(facts.pop("number"), facts.pop("name"), by=by, **facts)


def holding(**over: Any) -> Holding:
    """The one holding of a new card."""
    return card(**over).holdings.select_related("card", "place").get()


def scrap(**over: Any) -> ScrapProposal:
    """An open scrap proposal of a repairer."""
    facts: dict[str, Any] = {"what": "旧课桌", "quantity": 2, "why": "桌面开裂，修不好"} | over
    return services.propose_scrap(by=facts.pop("by", None) or make.user(role="repairer"), **facts)
