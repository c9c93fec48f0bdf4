"""Panels: how an app adds to a page of an app that may not import it; the table is config's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass
class PanelRow:
    """One line of a panel: what, with a link, a small note under it, and a value at the end of the line."""

    text: str
    url: str = ""
    note: str = ""
    value: str = ""
    state: str = ""  # with `value` as its word: drawn as a state
    late: bool = False


@dataclass
class Panel:
    """A box on a page: heading, lines, buttons; a template of its own gets `panel` and `record`."""

    title: str
    rows: Sequence[Any] = ()
    actions: Sequence[Any] = ()
    template: str = ""
    more: tuple[str, str] | None = None  # (label, url) beside the heading
    empty: str = ""  # what is said when there are no rows
    key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)  # for its own template


Source = Callable[[Any, Any], Panel | None]


@cache
def _sources(path: str, page: str) -> tuple[Source, ...]:
    table: Mapping[str, Sequence[str]] = import_string(path)
    return tuple(import_string(one) for one in table.get(page, ()))


def panels_for(page: str, user: Any, obj: Any = None) -> list[Panel]:
    """What the apps add to `page` for this user and record, in the order of the table."""
    table = getattr(settings, "PANELS", None) or {}
    if isinstance(table, str):
        sources: Sequence[Source] = _sources(table, page)
    else:
        sources = [import_string(one) for one in table.get(page, ())]
    return [panel for source in sources if (panel := source(user, obj)) is not None]
