"""Who hears of what in inspections, and how dates are said there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from campus.models import User
from core import notices
from core.rights import holders
from inspections.models import Finding


def keepers(area: str, verb: str = "manage") -> list[User]:
    """The office and whoever else holds the right over the area."""
    return list(User.objects.with_role(*holders(f"inspections.{verb}:{area}")))


def told(people: Iterable[User | None], finding: Finding, text: str, *, but: Any = None, urgent: bool = False) -> None:
    """A line in the inbox of each who did not do it himself."""
    users = {one.pk: one for one in people if one is not None and one.pk != getattr(but, "pk", None)}
    if users:
        words = f"{text}：{finding.place.full_name}，{finding.words}"
        notices.tell(users.values(), words, finding.get_absolute_url(), urgent=urgent)


def day_words(day: dt.date) -> str:
    return f"{day.month}月{day.day}日"
