"""Where the plan's lines come from: a closed list, read in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import assets.plan
import classrooms.plan
import dormitory.plan
import finance.plan
import inspections.plan
import inspections.upkeep_plan
import repairs.outside.plan
import repairs.plan
import stores.plan
from core.plan import Kind, Members, Month, SourceLine, Without


@dataclass(frozen=True)
class Source:
    """One app's `plan.py`."""

    name: str
    module: ModuleType

    @property
    def plan_lines(self) -> Callable[[Month, Without | None], list[SourceLine]]:
        return self.module.plan_lines

    @property
    def all_members(self) -> Callable[..., dict[str, Members]]:
        return self.module.all_members

    @property
    def members(self) -> Callable[..., Members]:
        return self.module.members

    @property
    def kinds(self) -> dict[str, Kind]:
        return self.module.KINDS


SOURCES = (
    Source("repairs", repairs.plan),
    Source("outside", repairs.outside.plan),
    Source("stores", stores.plan),
    Source("assets", assets.plan),
    Source("finance", finance.plan),
    Source("inspections", inspections.plan),
    Source("upkeep", inspections.upkeep_plan),
    Source("dormitory", dormitory.plan),
    Source("classrooms", classrooms.plan),
)
BY_NAME = {source.name: source for source in SOURCES}
KINDS: dict[str, Kind] = {name: kind for source in SOURCES for name, kind in source.kinds.items()}
