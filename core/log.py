"""Writing the audit trail: one function for a record's entry, one for a form's field differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import models

from core.models import LogEntry

if TYPE_CHECKING:
    from campus.models import User


def write(
    record: models.Model | None,
    verb: str,
    *,
    by: Any = None,
    text: str = "",
    said: str = "",
    before: str = "",
    after: str = "",
    changes: dict[str, Any] | None = None,
    acting_for: User | None = None,
    anonymous: bool = False,
) -> LogEntry:
    """Add one entry. `by` is a user, a guest with a `name`, or None for the system; `anonymous` keeps no person."""
    user = by if by is not None and getattr(by, "pk", None) else None
    name = "" if anonymous else getattr(by, "name", "") if by is not None else ""
    kind = ContentType.objects.get_for_model(record) if record is not None else None
    return LogEntry.objects.create(
        by=None if anonymous else user, by_name=name, acting_for=acting_for, verb=verb, text=text[:500], said=said,
        before=before, after=after, changes=changes or {}, kind=kind, object_id=record.pk if record is not None else None,
    )  # fmt: skip


def shown(value: Any) -> Any:
    """A value as the log keeps it: readable, JSON-safe."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def differences(before: dict[str, Any], after: models.Model, fields: list[str]) -> dict[str, list[Any]]:
    """Compare `before` with `after`: {field label: [old, new]}; fields named in `Model.personal` without values."""
    personal = set(getattr(type(after), "personal", ()))
    found: dict[str, list[Any]] = {}
    for name in fields:
        old, new = before.get(name), getattr(after, name)
        if old != new:
            field: Any = after._meta.get_field(name)
            label = str(field.verbose_name)
            found[label] = ["", "已修改"] if name in personal else [shown(old), shown(new)]
    return found
