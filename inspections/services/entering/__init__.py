"""Results: cells as they are made in the grid, a whole sheet at once, and corrections after a round has ended."""

from inspections.services.entering.book import Book
from inspections.services.entering.bulk import Row, SheetRefused, check_sheet, correct, enter_sheet
from inspections.services.entering.cells import BATCH, LOCKED, Cell, Outcome, enter
from inspections.services.entering.judging import Refused, judge, limits, lines_of, needs_photo, number, plain, refusal

__all__ = [
    "BATCH", "LOCKED", "Book", "Cell", "Outcome", "Refused", "Row", "SheetRefused", "check_sheet", "correct", "enter", "enter_sheet", "judge",
    "limits", "lines_of", "needs_photo", "number", "plain", "refusal",
]  # fmt: skip
