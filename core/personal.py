"""Taking people out of records: the only place that rewrites the log, and only to take a person's data away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models

from core import log
from core.models import LogEntry

if TYPE_CHECKING:
    from campus.models import User


def _rewrite(entries: models.QuerySet[LogEntry], **values: Any) -> int:
    """Change entries past their own guard; everything in this module goes through here."""
    return models.QuerySet.update(entries, **values)


def _replaced(text: str, words: Iterable[str], instead: str) -> str:
    """The text with each of `words` taken out, longer ones first."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, instead)
    return text


def blank_log(user: User, words: Iterable[str], instead: str) -> None:
    """Take a person out of the log: the name on the entries, and `words` in the entries about the account itself."""
    _rewrite(LogEntry.objects.filter(by=user), by_name=instead)
    known = list(words)
    for entry in LogEntry.objects.of(user):
        text = _replaced(entry.text, known, instead)[:500]
        _rewrite(LogEntry.objects.filter(pk=entry.pk), text=text, said="", changes={})


def blank_fields(record: models.Model, *, by: Any, text: str = "清空个人信息", instead: str = "某某") -> bool:
    """Empty what `Model.personal` names on one record, and take the same words out of its log; True if there were any.

    Who was logged in stays on the entries (that is the audit trail, see `blank_log`); the name that a guest gave goes.
    """
    words, changed = [], []
    for name in getattr(type(record), "personal", ()):
        field: Any = record._meta.get_field(name)
        value = getattr(record, field.attname)
        if value not in (None, ""):
            if isinstance(value, str) and len(value) > 1:
                words.append(value)
            setattr(record, field.attname, None if field.null else "")
            changed.append(field.name)
    if not changed:
        return False
    record.save(update_fields=changed)
    for entry in LogEntry.objects.of(record):
        guest = entry.by_id is None and entry.by_name in words
        _rewrite(
            LogEntry.objects.filter(pk=entry.pk), by_name=instead if guest else entry.by_name,
            text=_replaced(entry.text, words, instead)[:500], said=_replaced(entry.said, words, instead),
        )  # fmt: skip
    log.write(record, "blank", by=by, text=text)
    return True
