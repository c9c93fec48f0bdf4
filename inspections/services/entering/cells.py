"""One cell after the other, as the grid sends them.

Nobody waits for anybody while a cell is read and judged. The row's version guards the writing: whoever comes second finds
it moved, and does the whole batch again on what is there then, so that no cell is lost and none is doubled.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, OperationalError, transaction

from core import clock, files, log
from core.workflow import RuleBroken
from inspections.models import Line, Result, Round
from inspections.services import findings
from inspections.services.entering.book import (
    TRIES,
    Book,
    Moved,
    deadlocked,
    hold_places,
    in_words,
    put,
    read,
    store,
)
from inspections.services.entering.judging import Refused, clean, judge, lines_of, needs_photo, needs_words, refusal

BATCH = 300  # cells that one request may bring
MARKS = ("", "full", "excused", "open")
LOCKED = "锁门未查"
_ID = re.compile(r"[A-Za-z0-9_-]{8,36}\Z")


@dataclass
class Cell:
    """One edit of the grid: a line at a target, or (without a line) the row's reason or mark."""

    target: int
    line: int | None
    id: str
    value: Decimal | None = None
    failed: bool = False
    note: str = ""
    reason: str | None = None  # of the row; None leaves it as it is
    prev: str = ""  # the id that the sender saw there; for a mark, all of the row's, with spaces between
    mark: str = ""  # "full", "excused" (why: `note`), "open": not walked after all
    photo: Any = None


@dataclass
class Outcome:
    """What came of a cell, and how its row stands now."""

    id: str
    status: str  # saved | same | conflict | refused
    words: str = ""
    score: Decimal | None = None
    failures: int = 0
    done: bool = False
    ticket_number: str = ""
    ticket_url: str = ""
    joined: bool = False
    target: int = 0
    line: int | None = None
    excused: str = ""
    theirs: dict[str, Any] = field(default_factory=dict)  # of a conflict: what stands there, by whom, since when


def enter(one: Round | str, cells: Iterable[Cell], *, by: Any) -> list[Outcome]:
    """Take cells (of a round or its number): each is saved, was there already, collides, or is refused with words.

    What is refused or collides changes nothing; the others are saved together.
    """
    given = list(cells)
    if len(given) > BATCH:
        raise RuleBroken(f"一次最多存 {BATCH} 格，请分几次。")
    for attempt in range(TRIES):
        try:
            with files.undone_on_error(), transaction.atomic():
                return _enter(one, given, by)
        except (Moved, IntegrityError):
            if attempt == TRIES - 1:
                raise RuleBroken("同时改这几间的人太多，没有存上。请过几秒再存。") from None
        except OperationalError as error:
            if not deadlocked(error) or attempt == TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _enter(given: Round | str, cells: list[Cell], by: Any) -> list[Outcome]:
    one, books = read(given, sorted({cell.target for cell in cells}))
    if one is None:
        one = Round.objects.filter(number=given).first() if isinstance(given, str) else given
    no = refusal(one, by) if one is not None else "没有这次检查，可能已经取消。"
    moment, found = clock.now(), []
    if one is not None and no is None and len(cells) > 1:
        hold_places(
            one.sheet_id, ((books[c.target], c.line) for c in cells if c.target in books and (c.value or c.failed))
        )
    for cell in cells:
        book = books.get(cell.target)
        if no is not None or book is None or one is None:
            words = no or "这一间不在这次检查里，可能已经移出。"
            found.append(Outcome(cell.id, "refused", words, target=cell.target, line=cell.line))
            continue
        try:
            outcome = _take(book, cell, by, moment)
        except RuleBroken as broken:
            outcome = Outcome(cell.id, "refused", "；".join(broken.reasons))
        outcome.target, outcome.line = cell.target, cell.line
        found.append(outcome)
    if one is not None:
        store(one, books.values())
    for outcome in found:
        if (book := books.get(outcome.target)) is not None:
            target = book.target
            outcome.score, outcome.failures, outcome.excused = target.score, target.failures, target.excused
            outcome.done = target.done_at is not None
    return found


def _take(book: Book, cell: Cell, by: Any, moment: dt.datetime) -> Outcome:
    """One cell on its row; RuleBroken says why not, and then nothing of it has happened."""
    if not _ID.match(cell.id) or cell.mark not in MARKS:
        raise Refused("这一格的编号不对，请刷新页面再录。")
    if cell.line is not None:
        return _take_cell(book, cell, by, moment)
    if cell.mark == "":
        return _take_reason(book, cell, by, moment)
    return _take_mark(book, cell, by, moment)


def _take_cell(book: Book, cell: Cell, by: Any, moment: dt.datetime) -> Outcome:
    line = lines_of(book.round.sheet_id).get(cell.line or 0)
    if line is None:
        raise Refused("这一项不在这次检查的表里，检查表可能换过版次。请刷新页面再录。")
    result = book.results.get(line.pk)
    if result is not None and result.cell == cell.id:
        return Outcome(cell.id, "same")
    value, failed = judge(line, cell.value, cell.failed)
    if result is not None and result.by_id != by.pk and result.cell != cell.prev:
        if (result.value, result.failed) == (value, failed):
            return Outcome(cell.id, "same")
        return _conflict(book, result, cell, line)
    if result is None and value is None and not failed and not book.target.excused:
        return Outcome(cell.id, "same")
    reason = book.target.reason if cell.reason is None else clean(cell.reason, 200)
    note = clean(cell.note, 200)
    if failed and line.reason_needed and not (reason or note):
        raise Refused(needs_words(line))
    was_failed = result is not None and result.failed
    if failed and not was_failed and needs_photo(line) and cell.photo is None:
        raise Refused(f"{line.name}不合格要拍一张照片，拍好后自动保存。")
    return _write_cell(book, cell, line, (value, failed, note, reason), by, moment)


def _conflict(book: Book, result: Result, cell: Cell, line: Line | None = None) -> Outcome:
    theirs = book.shown(result)
    name = line.name if line is not None else result.line.name
    what = (
        (f"记了 {theirs['value']}" if theirs["value"] else "记了坏") if result.failed or theirs["value"] else "记为正常"
    )
    words = f"{name}：{result.by.name} {theirs['at']} 已{what}，和您记的不同。用哪一个？"
    return Outcome(cell.id, "conflict", words, theirs=theirs)


def _write_cell(
    book: Book, cell: Cell, line: Line, said: tuple[Decimal | None, bool, str, str], by: Any, moment: dt.datetime
) -> Outcome:
    """The cell's row, its finding and ticket, and the row's figures; a refusal of the ticket undoes the cell."""
    value, failed, note, reason = said
    before = book.results.get(line.pk)
    changed = (
        before is None or (before.value, before.failed, before.note) != (value, failed, note) or cell.photo is not None
    )
    outcome = Outcome(cell.id, "saved")
    kept = book.target.reason, book.target.excused
    book.target.reason, book.target.excused = reason, ""
    try:
        with _own(before is not None or (failed and line.remedy != "none")):
            result = put(book, cell.id, line, (value, failed, note), by, moment)
            if failed and line.remedy != "none" and changed:
                _file(outcome, result, by, cell.photo, again=before is not None and before.failed)
            elif before is not None and before.failed and not failed and line.remedy != "none":
                outcome.words = findings.undo_result(result, by)
    except RuleBroken:
        book.target.reason, book.target.excused = kept
        raise
    if before is not None and before.by_id != by.pk:
        log.write(
            book.round, "overwrite", by=by,
            text=f"{book.target} {line.name}：{before.by.name}记的 {in_words(before)} 改为 {in_words(result)}",
        )  # fmt: skip
    book.results[line.pk] = result
    book.settle(book.round.sheet, by, moment)
    return outcome


def _own(risky: bool) -> Any:
    """A savepoint where something further may refuse; without one where nothing can."""
    return transaction.atomic() if risky else contextlib.nullcontext()


def _file(outcome: Outcome, result: Result, by: Any, photo: Any, *, again: bool) -> None:
    """Finding and ticket of a cell that failed; the outcome tells of the ticket."""
    _finding, ticket, joined = findings.from_result(result, by=by, photo=photo, again=again)
    if ticket is not None:
        outcome.ticket_number, outcome.ticket_url = ticket.number, ticket.get_absolute_url()
        outcome.joined = joined and not again
        outcome.words = findings.told_of(ticket, result, joined=joined, again=again)


def _take_reason(book: Book, cell: Cell, by: Any, moment: dt.datetime) -> Outcome:
    reason = clean(cell.reason, 200)
    if reason == book.target.reason:
        return Outcome(cell.id, "same")
    lines = lines_of(book.round.sheet_id)
    bare = [r for r in book.results.values() if r.failed and not r.note and lines[r.line_id].reason_needed]
    if bare and not reason:
        raise Refused(needs_words(lines[bare[0].line_id]))
    book.target.reason = reason
    if book.target.done_at is None and not book.results:
        book.touched = True  # words before the first cell: kept, but nobody has walked the room yet
        return Outcome(cell.id, "saved")
    book.settle(book.round.sheet, by, moment)
    return Outcome(cell.id, "saved")


def _take_mark(book: Book, cell: Cell, by: Any, moment: dt.datetime) -> Outcome:
    """The whole row at once: nothing wrong, not walked for a reason, or not walked after all."""
    target, lines = book.target, lines_of(book.round.sheet_id)
    failing = [result for result in book.results.values() if result.failed]
    known = set(cell.prev.split())
    strange = next((r for r in failing if r.by_id != by.pk and r.cell not in known), None)
    if strange is not None:
        return _conflict(book, strange, cell)
    if cell.mark == "excused":
        return _excuse(book, cell, failing, by, moment)
    if cell.mark == "full" and target.done_at is not None and not failing and not target.excused:
        return Outcome(cell.id, "same")
    if cell.mark == "open":
        if failing:
            raise Refused("这一间已经记了问题，先清掉各格，再改回未查。")
        if target.done_at is None:
            return Outcome(cell.id, "same")
    outcome = Outcome(cell.id, "saved")
    said: list[str] = []
    with _own(bool(failing)):
        for number, result in enumerate(failing):
            line = lines[result.line_id]
            undone = put(book, f"{cell.id[:33]}-{number}", line, (None, False, ""), by, moment)
            if line.remedy != "none" and (words := findings.undo_result(undone, by)):
                said.append(words)
            book.results[line.pk] = undone
    outcome.words = "；".join(dict.fromkeys(said))
    target.reason = target.excused = ""
    if cell.mark == "open":
        target.done_at = target.done_by = target.score = None
        target.failures, book.touched = 0, True
        return outcome
    book.settle(book.round.sheet, by, moment)
    return outcome


def _excuse(book: Book, cell: Cell, failing: list[Result], by: Any, moment: dt.datetime) -> Outcome:
    words = clean(cell.note, 60)
    if failing:
        raise Refused("这一间已经记了问题，不能再记“未查”。先清掉各格。")
    if not words:
        raise Refused(f"请写为什么没查，如“{LOCKED}”。")
    if book.target.excused == words:
        return Outcome(cell.id, "same")
    book.target.excused = words
    book.settle(book.round.sheet, by, moment)
    return Outcome(cell.id, "saved")
