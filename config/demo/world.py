"""What the parts of the demo share: the size of the school, the dice, the people and places made so far."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campus.models import ClassGroup, Place, User

DATA = Path(__file__).parent / "data"
PROFILES = {"small": 0, "default": 1, "large": 2}


@dataclass(frozen=True)
class Profile:
    """One row of `school_profiles.json` with the mixes that all share."""

    classes: int
    students: int
    boarders: int
    teachers: int
    dorm_rooms: int
    beds: int
    asset_cards: int
    tickets: int  # in a normal month
    index: dict[int, float]  # month -> how many times that

    @classmethod
    def load(cls, name: str) -> Profile:
        known = json.loads((DATA / "school_profiles.json").read_text(encoding="utf-8"))
        row = known["profiles"][PROFILES[name]]
        return cls(
            row["classes"], row["students"], row["boarders"], row["teachers"], row["dorm_rooms"], row["beds"],
            row["asset_cards"], row["tickets_per_month_normal"],
            {int(month): factor for month, factor in known["monthly_index"].items()},
        )  # fmt: skip


@dataclass
class World:
    """The school while it is being made."""

    profile: Profile
    rng: random.Random
    now: dt.datetime  # the moment that the demo shows
    since: dt.datetime  # the first moment of its history
    say: Callable[[str], None]
    photo: Any = None  # one small picture for everything, drawn once
    people: dict[str, User] = field(default_factory=dict)  # demo login -> user
    teachers: list[User] = field(default_factory=list)
    repairers: list[User] = field(default_factory=list)
    wardens: dict[int, User] = field(default_factory=dict)  # dormitory building -> warden
    classes: list[ClassGroup] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    by_name: dict[str, Place] = field(default_factory=dict)
    stock: Any = None  # the shelves, see `goods`

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def place(self, full_name: str) -> Place:
        """The place of this full name."""
        return self.by_name[full_name]

    def rooms(self, use: str = "", room_type: str = "", kind: str = "room") -> list[Place]:
        """Places of a use, type and kind, in the order in which they were made."""
        return [
            p for p in self.places
            if p.kind == kind and (not use or p.use == use) and (not room_type or p.room_type == room_type)
        ]  # fmt: skip

    def dorm(self, number: str, building: str = "3号楼") -> Place:
        """The dormitory room `number`; where the school has no such room, one that stands for it."""
        name = f"{building} {number[0]}层 {number} 寝室"
        if name in self.by_name:
            return self.by_name[name]
        rooms = [p for p in self.rooms("dormitory", "学生宿舍居室") if p.full_name.startswith(building)]
        return rooms[int(number) % len(rooms)]
