"""Notices: lines in people's inboxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

from core import clock
from core.models import Notice


def tell(users: Any, text: str, url: str = "", urgent: bool = False) -> int:
    """Put a line in the inbox of each of `users` (a user, an iterable, a queryset; None is skipped), once each.

    Accounts out of use get nothing. Returns how many were told. Call it inside the transaction of what it tells of.
    """
    if users is None:
        return 0
    found: Iterable[Any] = [users] if isinstance(users, get_user_model()) else users
    once = {user.pk: user for user in found if user is not None and user.pk is not None and user.is_active}
    text = text if len(text) <= 300 else text[:299] + "…"
    kept = url if len(url) <= 300 else ""
    Notice.objects.bulk_create([Notice(user_id=pk, text=text, url=kept, urgent=urgent, at=clock.now()) for pk in once])
    return len(once)


def unread(user: Any) -> models.QuerySet[Notice]:
    """The user's unread notices."""
    return Notice.objects.filter(user=user, read_at=None)


def mark_read(notices: models.QuerySet[Notice]) -> int:
    """Mark the unread ones among `notices` as read."""
    return notices.filter(read_at=None).update(read_at=clock.now())
