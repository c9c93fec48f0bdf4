"""Who is responsible for a topic at a place, and who stands in for whom."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from campus.models import Delegation, Duty, Place, User


def above(place: Place) -> list[int]:
    """The keys of a place and all above it, nearest first."""
    return [int(part) for part in reversed(place.path.rstrip("/").split("/"))]


def responsible(topic: str, place: Place | None = None) -> tuple[User, User | None] | None:
    """The person and the deputy for `topic`: the nearest place up the tree wins, then the topic alone."""
    keys = above(place) if place is not None else []
    wanted = Q(place=None) | Q(place__in=keys)
    rows = list(Duty.objects.filter(wanted, topic=topic).select_related("person", "deputy"))
    if not rows:
        return None
    nearest = min(rows, key=lambda row: keys.index(row.place_id) if row.place_id else len(keys))
    return nearest.person, nearest.deputy


def acting(topic: str, place: Place | None, day: dt.date) -> User | None:
    """Who acts today for a topic at a place: the person, the delegate, the deputy; None where nobody is named."""
    found = responsible(topic, place)
    if found is None:
        return None
    person, deputy = found
    if person.is_active:
        return next(iter(delegates_of(person, day)), person)
    return deputy if deputy is not None and deputy.is_active else None


def delegates_of(user: User, day: dt.date) -> list[User]:
    """The active users who act for `user` on `day`."""
    return list(
        User.objects.filter(
            is_active=True, stands_in__absent=user, stands_in__starts_on__lte=day, stands_in__ends_on__gte=day
        )
        .distinct()
        .order_by("pk")
    )


def acts_for(user: User, day: dt.date) -> list[User]:
    """The absent users for whom `user` acts on `day`."""
    rows = Delegation.objects.filter(delegate=user, starts_on__lte=day, ends_on__gte=day).select_related("absent")
    return list({row.absent_id: row.absent for row in rows.order_by("pk")}.values())
