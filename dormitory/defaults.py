"""What dormitories start with: their checklists, and a row for each room that is there."""

from __future__ import annotations

from typing import Any

from dormitory import checklists
from dormitory.services.rooms import ensure_rooms


def ensure(by: Any = None) -> None:
    """Add what is missing; nothing that a school has changed is touched."""
    checklists.ensure(by)
    ensure_rooms(by=by)
