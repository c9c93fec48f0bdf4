"""The settings cache of this process: profile, figures, terms, school days.

An entry is believed for five seconds, then the one row `core.Stamp("settings")` is read; only when its version has moved
is anything loaded again. So a page costs at most one statement for settings, and a change made by another process is
seen five seconds later at the latest. Every save or delete of a settings row calls `bump()` (signals in `campus.apps`);
whoever writes in bulk calls it himself. Tests call `clear()` between tests, because a rolled-back transaction tells nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db.models import F

from core.models import Stamp

LIFETIME = 5.0  # seconds until the version is read again
NAME = "settings"

_values: dict[str, Any] = {}
_loaded: dict[str, float] = {}
_state: dict[str, float] = {"version": -1, "checked": -LIFETIME}


def _version() -> int:
    return Stamp.objects.filter(name=NAME).values_list("version", flat=True).first() or 0


def cached(key: str, load: Callable[[], Any], *, seconds: float | None = None) -> Any:
    """Return what `load` gave last time, unless settings have changed since.

    What is no setting (the buildings or repairers that a filter offers) bumps no version: it is loaded again after
    so many `seconds`.
    """
    moment = time.monotonic()
    if seconds is not None and moment - _loaded.get(key, moment) >= seconds:
        _values.pop(key, None)
    if moment - _state["checked"] >= LIFETIME:
        version = _version()
        if version != _state["version"]:
            _values.clear()
            _state["version"] = version
        _state["checked"] = moment
    if key not in _values:
        _values[key], _loaded[key] = load(), moment
    return _values[key]


def clear() -> None:
    """Forget everything in this process; touches no database."""
    _values.clear()
    _state.update(version=-1, checked=-LIFETIME)


def bump() -> None:
    """Settings have changed: forget them here, and let the other processes see it."""
    if not Stamp.objects.filter(name=NAME).update(version=F("version") + 1):
        Stamp.objects.get_or_create(name=NAME)
    clear()
