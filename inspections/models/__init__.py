"""What the engine remembers; whose checklists they are, their rows say, never a branch in code."""

from inspections.models.checklists import AREAS, Checklist, Line, Version
from inspections.models.findings import Finding
from inspections.models.rounds import SLOTS, Result, Round, Schedule, Target
from inspections.models.upkeep import Upkeep
from inspections.models.zones import Zone

__all__ = [
    "AREAS", "SLOTS", "Checklist", "Finding", "Line", "Result", "Round", "Schedule", "Target", "Upkeep", "Version", "Zone",
]  # fmt: skip
