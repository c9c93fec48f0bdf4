"""What the pages of inspections share: who may open them, and the way back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from core.rights import can
from inspections.models import AREAS
from inspections.models.checklists import areas

READERS = tuple(f"inspections.{verb}:{area}" for verb in ("view", "inspect", "recheck", "manage") for area in AREAS)
MANAGERS = tuple(f"inspections.manage:{area}" for area in AREAS)


def managed(user: Any) -> list[str]:
    """The areas whose checklists, rounds and schedules the user manages."""
    return areas(user, "manage")


def manages(user: Any, area: str) -> bool:
    return can(user, f"inspections.manage:{area}")


class ChecksPage:
    """Pages below the front page of checks; `under` names the list in between."""

    permission = READERS
    denied = "检查由后勤处和各块的负责人、检查人使用。需要的话，请联系后勤处。"
    under: tuple[str, str] | None = None
    request: HttpRequest

    def get_crumbs(self) -> list[tuple[str, str]]:
        found = [("检查", reverse("inspections:home"))]
        return [*found, (self.under[0], reverse(self.under[1]))] if self.under else found
