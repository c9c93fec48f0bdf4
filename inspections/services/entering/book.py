"""A row of a round as it stands: read with its cells in one statement, settled anew, written guarded by its version."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest

from campus.models import User
from core import clock
from inspections.models import Line, Result, Round, Target, Version
from inspections.services.entering.judging import lines_of, plain
from repairs import services as repairs

TRIES = 8
NO_SCORE = Decimal("0.0")


class Moved(Exception):
    """Somebody else wrote the row meanwhile: once more, on what is there now."""


class Book:
    """A target with its cells while they are written; keeps what the row will say."""

    def __init__(self, target: Target, one: Round, results: Iterable[Result]) -> None:
        self.target, self.round = target, one
        self.results = {result.line_id: result for result in results}
        self.was_done = target.done_at is not None
        self.touched = False

    def words_for(self, result: Result) -> str:
        return result.note or self.target.reason

    def shown(self, result: Result) -> dict[str, Any]:
        """A cell as the other side of a conflict sees it."""
        return {
            "cell": result.cell, "failed": result.failed, "by": result.by.name,
            "value": plain(result.value) if result.value is not None else "",
            "at": f"{clock.local(result.at):%H:%M}", "reason": self.target.reason,
        }  # fmt: skip

    def settle(self, sheet: Version, by: Any, moment: dt.datetime) -> None:
        """Score and failures anew; the row is walked now."""
        target, self.touched = self.target, True
        failed = [result for result in self.results.values() if result.failed]
        target.failures = len(failed)
        if target.done_at is None:
            target.done_at, target.done_by = moment, by
        target.score = None
        if sheet.scoring == "points" and not target.excused:
            points = lines_of(sheet.pk)
            taken = sum((r.value or NO_SCORE for r in failed if points[r.line_id].kind == "points"), NO_SCORE)
            target.score = max(NO_SCORE, sheet.base - taken)

    def facts(self) -> dict[str, Any]:
        """The columns that a write changes."""
        names = ("done_at", "done_by_id", "score", "failures", "reason", "excused")
        return {name: getattr(self.target, name) for name in names}


def read(one: Round | str, targets: Sequence[int]) -> tuple[Round | None, dict[int, Book]]:
    """The rows of these targets with round, sheet, place and cells, in one statement."""
    wanted = {"round__number": one} if isinstance(one, str) else {"round_id": one.pk}
    rows = (
        Target.objects.filter(pk__in=targets, **wanted)
        .select_related("round__sheet__checklist", "place", "card")
        .annotate(
            r_id=F("results__id"), r_line=F("results__line_id"), r_value=F("results__value"), r_failed=F("results__failed"),
            r_note=F("results__note"), r_cell=F("results__cell"), r_by=F("results__by_id"), r_at=F("results__at"),
            r_name=F("results__by__name"), r_finding=F("results__finding__id"),
        )
        .order_by("pk")
    )  # fmt: skip
    books: dict[int, Book] = {}
    for target in rows:
        book = books.get(target.pk)
        if book is None:
            book = books[target.pk] = Book(target, target.round, ())
        if target.r_id is not None:
            book.results[target.r_line] = _result_of(target, book)
    return next((book.round for book in books.values()), None), books


def _result_of(row: Any, book: Book) -> Result:
    line = lines_of(book.round.sheet_id).get(row.r_line)
    result = Result(
        id=row.r_id, target=book.target, line_id=row.r_line, value=row.r_value, failed=row.r_failed, note=row.r_note,
        cell=row.r_cell, by_id=row.r_by, at=row.r_at,
    )  # fmt: skip
    if line is not None:
        result.line = copy.copy(line)
    result.by = _Name(row.r_by, row.r_name)
    result._state.adding, result._state.db = False, row._state.db
    result.has_finding = row.r_finding is not None  # type: ignore[attr-defined]
    return result


def _Name(pk: int, name: str) -> Any:  # noqa: N802 - reads like the user that it stands for
    """A user of whom only the name was read."""
    return User(pk=pk, name=name)


def store(one: Round, books: Iterable[Book]) -> None:
    """Write the rows that changed, each guarded by its version, and the round's count."""
    more = 0
    for book in books:
        if not book.touched:
            continue
        target = book.target
        if not Target.objects.filter(pk=target.pk, version=target.version).update(
            version=target.version + 1, **book.facts()
        ):
            raise Moved
        more += (target.done_at is not None) - book.was_done
    if more:
        Round.objects.filter(pk=one.pk).update(done=Greatest(F("done") + more, Value(0)))


def deadlocked(error: Exception) -> bool:
    """Did the database end this transaction for another that waited on it? Then once more."""
    return "deadlock" in str(error)


def hold_places(sheet: int, failing: Iterable[tuple[Book, int | None]]) -> None:
    """The places where several of these cells may file or join a ticket, held in one order before the first does."""
    lines = lines_of(sheet)
    keys = {book.target.place_id for book, line in failing if line in lines and lines[line].remedy == "ticket"}
    if len(keys) > 1:
        repairs.hold_places(keys)


def in_words(result: Result) -> str:
    if result.value is not None:
        return plain(result.value)
    return "坏" if result.failed else "正常"


def put(
    book: Book, cell: str, line: Line, says: tuple[Decimal | None, bool, str], by: Any, moment: dt.datetime
) -> Result:
    """Insert or update the one row of a cell."""
    value, failed, note = says
    before = book.results.get(line.pk)
    result = Result(
        id=before.pk if before is not None else None, target=book.target, line=copy.copy(line), value=value,
        failed=failed, note=note, cell=cell, by=by, at=moment,
    )  # fmt: skip
    if before is None:
        result.save(force_insert=True)
        return result
    result._state.adding, result._state.db = False, before._state.db
    if not Result.objects.filter(pk=before.pk, cell=before.cell).update(
        value=value, failed=failed, note=note, cell=cell, by=by, at=moment
    ):
        raise Moved
    return result
