"""A whole sheet at once (the form without script, Excel), and corrections after a round has ended."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F

from core import clock, files, log
from core.workflow import RuleBroken
from inspections.models import Line, Result, Round, Target
from inspections.services import findings
from inspections.services.entering.book import (
    TRIES,
    Book,
    Moved,
    deadlocked,
    hold_places,
    in_words,
    put,
    store,
)
from inspections.services.entering.judging import (
    Refused,
    clean,
    judge,
    lines_of,
    needs_photo,
    needs_words,
    plain,
    refusal,
)

Marks = dict[int, tuple[Decimal | None, bool]]


@dataclass
class Row:
    """A row of a sheet that was filled elsewhere: what deviates, by line; it says all that there is to the row."""

    target: int
    marks: dict[int, Any] = field(default_factory=dict)  # line -> points, pieces, measure, or True for failed
    reason: str = ""
    excused: str = ""
    version: int | None = None  # of the target, as its reader saw it; None: the row must not have been walked by others
    photos: dict[int, Any] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)


class SheetRefused(RuleBroken):
    """A sheet with mistakes: `errors` says which, by (target, line or None)."""

    def __init__(self, errors: dict[tuple[int, int | None], str]) -> None:
        super().__init__(*dict.fromkeys(errors.values()))
        self.errors = errors


def enter_sheet(
    one: Round, rows: Iterable[Row], *, by: Any, at: dt.datetime | None = None, said: list[str] | None = None
) -> int:
    """Store rows that were filled elsewhere, all or none; returns how many changed. SheetRefused names every mistake.

    A row replaces what its target says. A handful of statements whatever the number of rows, and those of each
    finding beside them. `said` takes what a reader should know of tickets that did not follow a change.
    """
    given = list(rows)
    for attempt in range(TRIES):
        try:
            with files.undone_on_error(), transaction.atomic():
                count, words = _enter_sheet(one, given, by, at or clock.now())
            if said is not None:
                said += words
            return count
        except (Moved, IntegrityError):
            if attempt == TRIES - 1:
                raise RuleBroken("同时改这几间的人太多，没有存上。请过几秒再存。") from None
        except OperationalError as error:
            if not deadlocked(error) or attempt == TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def check_sheet(one: Round, rows: Iterable[Row], *, by: Any) -> dict[tuple[int, int | None], str]:
    """Every mistake that `enter_sheet` would refuse, as things stand now; nothing is written."""
    given = list(rows)
    with transaction.atomic():
        fresh, books = _locked(one, sorted({row.target for row in given}))
        return _judged(fresh, books, given, by)[0]


def _judged(
    one: Round, books: dict[int, Book], rows: list[Row], by: Any
) -> tuple[dict[tuple[int, int | None], str], list[tuple[Book, Row, Marks]]]:
    """The mistakes, and the rows that change something."""
    no = refusal(one, by)
    if no is not None:
        return {(0, None): no}, []
    lines = lines_of(one.sheet_id)
    errors: dict[tuple[int, int | None], str] = {}
    wanted: list[tuple[Book, Row, Marks]] = []
    for row in rows:
        book = books.get(row.target)
        if book is None:
            errors[row.target, None] = "这一间不在这次检查里，可能已经移出。"
            continue
        cells = _check_row(book, row, lines, by, errors)
        if not _says(book, row, cells):
            wanted.append((book, row, cells))
    return errors, wanted


def _locked(one: Round, targets: list[int]) -> tuple[Round, dict[int, Book]]:
    """The rows, held until the end of the transaction, and the round as it is now."""
    rows = list(
        Target.objects.select_for_update(of=("self",))
        .filter(round_id=one.pk, pk__in=targets)
        .select_related("round__sheet__checklist", "place", "card", "done_by")
        .order_by("pk")
    )
    fresh = rows[0].round if rows else Round.objects.select_related("sheet__checklist").get(pk=one.pk)
    books = {target.pk: Book(target, fresh, ()) for target in rows}
    for result in Result.objects.filter(target__in=list(books)).select_related("by"):
        books[result.target_id].results[result.line_id] = result
    return fresh, books


def _enter_sheet(given: Round, rows: list[Row], by: Any, moment: dt.datetime) -> tuple[int, list[str]]:
    one, books = _locked(given, sorted({row.target for row in rows}))
    errors, wanted = _judged(one, books, rows, by)
    if errors:
        raise SheetRefused(errors)
    return len(wanted), _write_rows(one, wanted, by, moment)


def _check_row(
    book: Book, row: Row, lines: dict[int, Line], by: Any, errors: dict[tuple[int, int | None], str]
) -> Marks:
    """What the row says, line by line; every mistake goes to `errors`."""
    target, cells = book.target, Marks()
    for key, mark in row.marks.items():
        line = lines.get(key)
        if line is None:
            errors[row.target, key] = "这一项不在这次检查的表里，检查表可能换过版次。"
            continue
        try:
            value, failed = (None, mark) if isinstance(mark, bool) else (mark, False)
            cells[key] = judge(line, value, failed)
        except Refused as broken:
            errors[row.target, key] = "；".join(broken.reasons)
    cells = {key: said for key, said in cells.items() if said != (None, False)}
    bad = [lines[key] for key, (_, failed) in cells.items() if failed]
    bare = [line for line in bad if line.reason_needed and not row.notes.get(line.pk)]
    if bare and not row.reason.strip():
        errors[row.target, None] = needs_words(bare[0]).removesuffix("写好后自动保存。")
    for line in bad:
        before = book.results.get(line.pk)
        if needs_photo(line) and not row.photos.get(line.pk) and not (before is not None and before.failed):
            errors[row.target, line.pk] = f"{line.name}不合格要拍一张照片。"
    if row.excused.strip() and bad:
        errors[row.target, None] = "记了“未查”又记了问题，请留一样。"
    strange = row.version != target.version if row.version is not None else target.done_at is not None
    if strange and not _says(book, row, cells) and not errors.get((row.target, None)):
        if row.version is None and target.done_by_id == by.pk:
            return cells
        who = target.done_by.name if target.done_by is not None else "别人"
        when = f"{clock.local(target.done_at):%H:%M}" if target.done_at is not None else ""
        errors[row.target, None] = f"{who} {when} 已经记过这一间，和您填的不同。请核对后再存。"
    return cells


def _says(book: Book, row: Row, cells: Marks) -> bool:
    """Does the target say this already?"""
    there = {key: (r.value, r.failed) for key, r in book.results.items() if r.failed or r.value is not None}
    target = book.target
    words = clean(row.reason, 200) == target.reason and clean(row.excused, 60) == target.excused
    return target.done_at is not None and words and there == cells


def _write_rows(one: Round, wanted: list[tuple[Book, Row, Marks]], by: Any, moment: dt.datetime) -> list[str]:
    """Cells, findings with their tickets, rows; returns what to say of tickets that did not follow."""
    lines, lead = lines_of(one.sheet_id), f"s{moment.timestamp():.0f}"
    made: list[Result] = []
    filing: list[tuple[Book, Result, bool, Any]] = []
    more = 0
    for book, row, cells in wanted:
        target = book.target
        target.reason, target.excused = clean(row.reason, 200), clean(row.excused, 60)
        for key in {*cells, *book.results}:
            value, failed = cells.get(key, (None, False))
            before, line = book.results.get(key), lines.get(key)
            if line is None or (before is not None and (before.value, before.failed) == (value, failed)):
                continue
            result = Result(
                id=before.pk if before is not None else None, target=target, line=copy.copy(line), value=value,
                failed=failed, note=clean(row.notes.get(key, ""), 200), cell=f"{lead}-{target.pk}-{key}"[:36], by=by, at=moment,
            )  # fmt: skip
            if before is None:
                made.append(result)
            else:
                Result.objects.filter(pk=before.pk).update(
                    value=value, failed=failed, note=result.note, cell=result.cell, by=by, at=moment
                )
            book.results[key] = result
            was = bool(before is not None and before.failed)
            if line.remedy != "none" and (failed or was):  # another number of a cell that failed is news to its finding
                filing.append((book, result, was, row.photos.get(key)))
        book.settle(one.sheet, by, moment)
        target.version += 1
        more += not book.was_done
    Result.objects.bulk_create(made, batch_size=500)
    hold_places(one.sheet_id, ((book, result.line_id) for book, result, _, _ in filing if result.failed))
    said = []
    for _, result, was, photo in filing:
        if not result.failed:
            said.append(findings.undo_result(result, by))
            continue
        _, ticket, joined = findings.from_result(result, by=by, photo=photo, again=was)
        if ticket is not None and (was or joined):
            said.append(findings.stays(ticket, result))
    _write_targets([book.target for book, _, _ in wanted])
    if more:
        Round.objects.filter(pk=one.pk).update(done=F("done") + more)
    return [words for words in dict.fromkeys(said) if words]


def _write_targets(targets: list[Target]) -> None:
    """All rows in one statement: they are locked and whole, so they go in over themselves."""
    names = ["done_at", "done_by", "score", "failures", "reason", "excused", "version"]
    Target.objects.bulk_create(
        targets, batch_size=500, update_conflicts=True, update_fields=names, unique_fields=["id"]
    )


# ---------- after the end ----------


def correct(target: Target, *, cells: dict[int, Any], by: Any, reason: str) -> Target:
    """Put a row of an ended round right: `cells` says for each line that was wrong what it should be (0 or False: fine).

    The score is counted anew and the change is logged with its reason; findings and tickets stay as they are, they have
    gone their own way since.
    """
    if not clean(reason, 200):
        raise RuleBroken("请写更正的理由。")
    with transaction.atomic():
        one, books = _locked(target.round, [target.pk])
        book = books[target.pk]
        row, errors = book.target, dict[tuple[int, int | None], str]()
        if one.state == "cancelled":
            raise RuleBroken("这次检查已经取消，没有结果可以更正。")
        said = Row(row.pk, cells, reason=row.reason or clean(reason, 200), version=row.version)
        lines = {key: _without_photo(line) for key, line in lines_of(one.sheet_id).items()}
        judged = _check_row(book, said, lines, by, errors)
        if errors:
            raise SheetRefused(errors)
        before, moment = row.score, clock.now()
        changes = {}
        for key in cells:
            value, failed = judged.get(key, (None, False))
            old = book.results.get(key)
            if (value, failed) == ((old.value, old.failed) if old is not None else (None, False)):
                continue
            result = put(
                book, f"c{row.pk}-{key}-{moment.timestamp():.0f}"[:36], lines[key], (value, failed, ""), by, moment
            )
            changes[lines[key].name] = [in_words(old) if old is not None else "正常", in_words(result)]
            book.results[key] = result
        if not changes:
            raise RuleBroken("和原来的结果一样，没有要更正的。")
        row.reason = said.reason if any(r.failed for r in book.results.values()) else ""
        book.settle(one.sheet, by, moment)
        store(one, [book])
        row.version += 1
        score = (
            f"，得分 {plain(before)} 改为 {plain(row.score)}" if before is not None and row.score is not None else ""
        )
        log.write(one, "correct", by=by, text=f"更正 {row}{score}：{clean(reason, 200)}", changes=changes)
    return row


def _without_photo(line: Line) -> Line:
    found = copy.copy(line)
    found.photo_needed = False
    return found
