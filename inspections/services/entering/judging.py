"""What a cell may say: judged by its line alone, without asking the database for anything else."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from campus import cache
from core.forms import clean_text
from core.workflow import RuleBroken
from inspections.models import Line, Round
from inspections.round_rules import takes_results, walks

TENTH, CENT = Decimal("0.1"), Decimal("0.01")
MOST_PIECES, MOST_VALUE = 999, Decimal("99999.99")


class Refused(RuleBroken):
    """One cell that cannot be taken as it is."""


def lines_of(sheet_id: int) -> dict[int, Line]:
    """The lines of a published version, in order. Such a version never changes, but the kinds of fault that it names may:
    each process reads them again after a minute."""

    def load() -> dict[int, Line]:
        return {line.pk: line for line in Line.objects.filter(sheet_id=sheet_id).select_related("category")}

    found: dict[int, Line] = cache.cached(f"inspections.lines.{sheet_id}", load, seconds=60)
    return found


def refusal(one: Round, by: Any) -> str | None:
    """Why this round takes no results from this person now, or None."""
    return walks(one.area, by) or takes_results(one)


def plain(value: Decimal) -> str:
    """5, 2.5: a number without the zeros of its column."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def limits(line: Line) -> str:
    """2–8 ℃, 至少 65 ℃, 最多 75."""
    unit = f" {line.unit}" if line.unit else ""
    if line.low is not None and line.high is not None:
        return f"{plain(line.low)}–{plain(line.high)}{unit}"
    if line.low is not None:
        return f"至少 {plain(line.low)}{unit}"
    return f"最多 {plain(line.high)}{unit}" if line.high is not None else ""


def judge(line: Line, value: Decimal | None, failed: bool) -> tuple[Decimal | None, bool]:
    """(value, failed) as they are stored; Refused with words when the line does not take it."""
    if value is not None and not value.is_finite():
        raise Refused(f"{line.name}：{'填“坏”或空着' if line.kind == 'check' else '请填数字'}。")
    if line.kind == "check":
        return None, failed or bool(value)
    if value is None:
        return (Decimal(1), True) if failed and line.kind == "count" else (None, False)
    if line.kind == "value":
        return _measure(line, value)
    if value < 0:
        raise Refused(f"{line.name}：填{'扣的分' if line.kind == 'points' else '坏了几处'}，不能是负数。")
    if not value:
        return None, False
    if line.kind == "count":
        if value != value.to_integral_value() or value > MOST_PIECES:
            raise Refused(f"{line.name}：填坏了几处，1 到 {MOST_PIECES} 的整数。")
        return value, True
    if line.points is not None and value > line.points:
        raise Refused(
            f"{line.name}最多扣 {plain(line.points)} 分，填了 {plain(value)}。请改成不超过 {plain(line.points)}。"
        )
    if value != value.quantize(TENTH):
        raise Refused(f"{line.name}：扣分最多一位小数。")
    return value, True


def _measure(line: Line, value: Decimal) -> tuple[Decimal, bool]:
    if abs(value) > MOST_VALUE or value != value.quantize(CENT):
        raise Refused(f"{line.name}：填测得的数，最多五位整数、两位小数。")
    low = line.low is not None and value < line.low
    high = line.high is not None and value > line.high
    return value, low or high


def clean(text: Any, most: int) -> str:
    """Words as they are kept: one line, no longer than the column."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text or "")).split())[:most]


def needs_words(line: Line) -> str:
    return f"{line.name}{'扣了分' if line.kind == 'points' else '不合格'}，请写一句原因。写好后自动保存。"


def needs_photo(line: Line) -> bool:
    """A photo belongs to the finding: a line without one has nowhere to keep it."""
    return line.photo_needed and line.remedy != "none"


def number(text: str) -> Decimal | None:
    """A typed number, full-width digits too; None when empty; NaN when it is none, for the line to refuse."""
    text = clean_text(text).replace("，", ".").replace(",", ".").strip()
    if not text:
        return None
    try:
        return Decimal(text) if len(text) <= 12 else Decimal("NaN")
    except InvalidOperation:
        return Decimal("NaN")
