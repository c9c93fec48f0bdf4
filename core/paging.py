"""Paging by key: a page of a list begins after the row that the address names, so that a late page costs as little as the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q


@dataclass(frozen=True)
class Key:
    """One part of the sort order."""

    path: str
    down: bool
    nullable: bool
    field: Any

    def ordering(self, turned: bool) -> Any:
        down = self.down != turned
        if not self.nullable:
            return f"-{self.path}" if down else self.path
        expression = models.F(self.path)
        # Empty ones stand last (so first when turned): the two databases disagree by themselves.
        edge: dict[str, Any] = {"nulls_first": True} if turned else {"nulls_last": True}
        return expression.desc(**edge) if down else expression.asc(**edge)

    def beyond(self, value: Any, turned: bool) -> Q:
        """Rows that come after `value` in this part alone."""
        down = self.down != turned
        if value is None:
            return ~Q(**{f"{self.path}__isnull": True}) if turned else Q(pk__in=[])
        found = Q(**{f"{self.path}__{'lt' if down else 'gt'}": value})
        if self.nullable and not turned:
            found |= Q(**{f"{self.path}__isnull": True})
        return found

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def of(self, record: Any) -> Any:
        found = record
        for part in self.path.split("__"):
            found = getattr(found, part) if found is not None else None
        return found.pk if isinstance(found, models.Model) else found


def resolve(model: type[models.Model], path: str) -> tuple[Any, bool]:
    """The last field of a path (None for an annotation) and whether anything on the way may be empty."""
    nullable, field, at = False, None, model
    for part in path.split("__"):
        if part == "pk":
            field = at._meta.pk
            continue
        try:
            field = at._meta.get_field(part)
        except FieldDoesNotExist:
            return None, True
        nullable = nullable or bool(getattr(field, "null", True))
        at = getattr(field, "related_model", None) or at
    return field, nullable


def sort_keys(model: type[models.Model], order: str | Sequence[str]) -> list[Key]:
    """The parts of an order; the primary key is added, so that no two rows are alike."""
    names = [order] if isinstance(order, str) else list(order)
    if names[-1].lstrip("-") not in ("pk", "id"):
        names.append("-pk" if names[0].startswith("-") else "pk")
    found = []
    for name in names:
        path = name.lstrip("-")
        field, nullable = resolve(model, path)
        found.append(Key(path, name.startswith("-"), nullable, field))
    return found


class Rows:
    """One page of a list: the records, and the ways to the next and the one before."""

    def __init__(
        self, queryset: Any, keys: list[Key], per_page: int, params: Any, whole: Callable[[Any], Any] | None = None
    ) -> None:
        """`whole` gives the full rows of a set of primary keys; without it they are read from the queryset itself."""
        self.keys, self.signature = keys, "".join(("-" if key.down else "") + key.path + "," for key in keys)
        after, before = self._read(params.get("after", "")), None
        if after is None:
            before = self._read(params.get("before", ""))
        turned = before is not None
        at = after if after is not None else before
        order = [key.ordering(turned) for key in keys]
        found = queryset.order_by(*order)
        if at is not None:
            found = found.filter(self._beyond(at, turned))
        records = list(self._page(found, order, per_page + 1, whole))
        more = len(records) > per_page
        records = records[:per_page]
        if turned:
            records.reverse()
        self.records = records
        self.first_page = at is None or (turned and not more)
        self.after = self._write(records[-1]) if records and (more if not turned else True) else ""
        self.before = self._write(records[0]) if records and not self.first_page else ""

    def _page(self, found: Any, order: list[Any], count: int, whole: Callable[[Any], Any] | None) -> Any:
        """The first rows of `found`. Any order but that of the primary key is settled on keys alone: otherwise the
        database joins and sorts the full width of every row that the filters leave."""
        if whole is None or len(self.keys) == 1:
            return found[:count]
        return whole(found.select_related(None).values("pk")[:count]).order_by(*order)

    def _beyond(self, values: list[Any], turned: bool) -> Q:
        found, same = Q(pk__in=[]), Q()
        for key, value in zip(self.keys, values, strict=True):
            found |= same & key.beyond(value, turned)
            same &= key.same(value)
        lead, value = self.keys[0], values[0]
        if not lead.nullable and len(self.keys) > 1:  # said once more in a form that the index understands
            found &= Q(**{f"{lead.path}__{'lte' if lead.down != turned else 'gte'}": value})
        return found

    def _write(self, record: Any) -> str:
        """The key of a row as it stands in the address, signed: only what we wrote is read again."""
        values = [None if (value := key.of(record)) is None else _plain(value) for key in self.keys]
        return signing.dumps([self.signature, *values], salt="listing")

    def _read(self, text: str) -> list[Any] | None:
        if not text or len(text) > 1000:
            return None
        try:
            signature, *values = signing.loads(text, salt="listing")
            if signature != self.signature or len(values) != len(self.keys):
                return None
            return [
                None if value is None else key.field.to_python(value) if key.field is not None else value
                for key, value in zip(self.keys, values, strict=True)
            ]
        except (signing.BadSignature, ValidationError, ValueError, TypeError):
            return None


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return value if isinstance(value, int | str | float | bool) else str(value)
