"""The school's own facts: name, office, duty telephone, public address, working hours."""

from __future__ import annotations

from campus import cache
from campus.models import SchoolProfile


def current() -> SchoolProfile:
    """Return the profile for reading (cached, do not save it); without a row the defaults, unsaved."""
    return cache.cached("profile", _load)


def row() -> SchoolProfile | None:
    """The row itself, for a form; None where there is none yet."""
    return SchoolProfile.objects.order_by("pk").first()


def _load() -> SchoolProfile:
    return row() or SchoolProfile(name="本校")
