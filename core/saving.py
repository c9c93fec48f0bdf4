"""Saving once and saying what changed: the one-use token of a form, and the comparison of a record before and after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from core import log
from core.models import SpentToken


class AlreadyDone(Exception):
    """The form's submit token was used before; `url` is where that led."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def spend(token: str, url: str = "") -> SpentToken | None:
    """Use a form's token inside the transaction that saves; a second use raises AlreadyDone.

    `url` is where it leads, if that is known already; else `remember` says it later.
    """
    if not token:
        return None
    try:
        with transaction.atomic():
            return SpentToken.objects.create(token=token, url=url)
    except IntegrityError:
        raise AlreadyDone(SpentToken.objects.filter(pk=token).values_list("url", flat=True).first() or "") from None


def remember(spent: SpentToken | None, url: str) -> None:
    """Keep where the first click led."""
    if spent is not None and len(url) <= 300:
        SpentToken.objects.filter(pk=spent.pk).update(url=url)


def posted_version(request: HttpRequest) -> int | None:
    """The version of the record as the form showed it."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def values_of(record: Any, names: Iterable[str]) -> dict[str, Any]:
    """The present values of the fields, for the log's comparison."""
    found: dict[str, Any] = {}
    for name in names:
        field = record._meta.get_field(name)
        found[name] = sorted(map(str, getattr(record, name).all())) if field.many_to_many else getattr(record, name)
    return found


def changes_of(before: dict[str, Any], record: Any) -> dict[str, list[Any]]:
    """{label: [old, new]} in the words that the page shows; personal fields without values."""
    plain = {name: value for name, value in before.items() if not record._meta.get_field(name).many_to_many}
    found = log.differences(plain, record, list(plain))
    for name in plain:
        field = record._meta.get_field(name)
        label, words = str(field.verbose_name), dict(field.flatchoices)
        if label in found and words and found[label] != ["", "已修改"]:
            found[label] = [words.get(old, old) for old in found[label]]
    for name in before.keys() - plain.keys():
        now = sorted(map(str, getattr(record, name).all()))
        if now != before[name]:
            found[str(record._meta.get_field(name).verbose_name)] = ["、".join(before[name]), "、".join(now)]
    return found


def news_of(changes: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    """(label, old, new) of a log entry's changes."""
    for label, pair in changes.items():
        old, new = pair if isinstance(pair, list) and len(pair) == 2 else ("", pair)
        yield label, "" if old is None else str(old), "（空）" if new in (None, "") else str(new)
