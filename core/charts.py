"""Charts as plain figures for `parts/_chart.html`: inline SVG made on the server, printable, each with its table beside it.

A chart is data: lines, dots, boxes and words with their places. The template draws them and, from the same figures,
the table. No script, no inline style; colours and dashes are classes, so that it prints in black and white.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH = 360  # of the drawing, in its own units: at this width the words are as large as those around it
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 10, 22
SERIES = 6  # lines that one chart can tell apart
BARS = 12
ROW = 34  # the height of one bar with its words


@dataclass(frozen=True)
class Text:
    """Words at a place."""

    x: float
    y: float
    words: str
    css: str = ""


@dataclass(frozen=True)
class Line:
    """A line through points, in a class of its own."""

    points: str
    css: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    css: str


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    css: str = ""


@dataclass(frozen=True)
class Chart:
    """What the template draws, and the table with the same figures."""

    key: str
    title: str
    desc: str  # what it shows, in a sentence, for whoever does not see it
    height: int
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()
    boxes: tuple[Box, ...] = ()
    texts: tuple[Text, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()  # (css, words)
    width: int = WIDTH

    def __bool__(self) -> bool:
        return bool(self.rows)


def plain(value: Any) -> str:
    """A figure without the zeros of its column; nothing for None."""
    if value is None:
        return ""
    text = f"{value:.1f}" if isinstance(value, float | Decimal) else str(value)
    return text.removesuffix(".0")


def short(day: dt.date) -> str:
    return f"{day.month}/{day.day}"


# ---- scales -------------------------------------------------------------------------------------------------------


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values that span low to high."""
    span = max(high - low, 1e-9)
    rough = span / about
    size = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 0.1
    while size * 10 < rough:
        size *= 10
    step = next((size * many for many in (1, 2, 5, 10) if size * many >= rough), size * 10)
    first = int(low // step) * step
    found = [first]
    while found[-1] < high - 1e-9:
        found.append(round(found[-1] + step, 6))
    return found


def _at(value: float, low: float, high: float, first: float, last: float) -> float:
    """Where a value stands between two edges of the drawing."""
    share = (value - low) / (high - low) if high > low else 0.0
    return round(first + share * (last - first), 1)


def _frame(marks: Sequence[float], bottom: float) -> tuple[list[Line], list[Text]]:
    """The lines across with their figures."""
    lines, texts = [], []
    for mark in marks:
        y = _at(mark, marks[0], marks[-1], bottom, TOP)
        lines.append(Line(f"{LEFT},{y} {WIDTH - RIGHT},{y}", "axis" if mark == marks[0] else "grid"))
        texts.append(Text(LEFT - 4, y + 4, plain(float(mark)), "end"))
    return lines, texts


def _below(labels: Sequence[str], places: Sequence[float], bottom: float, most: int = 6) -> list[Text]:
    """Words below, as many as have room: first and last always."""
    count = len(labels)
    if not count:
        return []
    step = max(1, -(-(count - 1) // (most - 1))) if count > 1 else 1
    shown = list(range(0, count, step))
    if shown[-1] != count - 1:
        if count - 1 - shown[-1] < step and len(shown) > 1:
            shown.pop()
        shown.append(count - 1)
    found = []
    for number in shown:
        css = "start" if number == 0 and count > 1 else "end" if number == count - 1 and count > 1 else "middle"
        found.append(Text(places[number], bottom + 15, labels[number], css))
    return found


# ---- the three charts ---------------------------------------------------------------------------------------------


def burn_down(
    points: Sequence[tuple[dt.date, int]],
    *,
    total: int,
    starts: dt.date,
    due: dt.date,
    title: str = "进度",
    key: str = "burn",
    unit: str = "处",
) -> Chart:
    """How much is left by the end of each day, against the straight line from `total` to nothing at `due`."""
    points = [(starts, total), *(p for p in points if p[0] > starts)] if not points or points[0][0] > starts else points
    last = max(due, points[-1][0], starts + dt.timedelta(days=1))
    height = 200
    bottom = height - BOTTOM
    days = (last - starts).days
    marks = ticks(0, max([total, *(left for _, left in points), 1]))
    lines, texts = _frame(marks, bottom)

    def x(day: dt.date) -> float:
        return _at((day - starts).days, 0, days, LEFT, WIDTH - RIGHT)

    def y(left: float) -> float:
        return _at(left, 0, marks[-1], bottom, TOP)

    lines.append(Line(f"{x(starts)},{y(total)} {x(due)},{y(0)}", "ideal"))
    lines.append(Line(" ".join(f"{x(day)},{y(left)}" for day, left in points), "s1"))
    dots = tuple(Dot(x(day), y(left), "s1") for day, left in points) if len(points) <= 40 else ()
    axis = [starts + dt.timedelta(days=number) for number in range(days + 1)]
    texts += _below([short(day) for day in axis], [x(day) for day in axis], bottom)
    if last > due:
        lines.append(Line(f"{x(due)},{TOP} {x(due)},{bottom}", "limit"))
    span = max((due - starts).days, 1)

    def planned(day: dt.date) -> int:
        return max(0, round(total * (1 - (day - starts).days / span)))

    day, left = points[-1]
    ahead = planned(day) - left
    how = "按计划" if ahead == 0 else f"比计划{'快' if ahead > 0 else '慢'} {abs(ahead)} {unit}"
    return Chart(
        key, title, f"共 {total} {unit}，{short(due)} 前完成；到 {short(day)} 还剩 {left} {unit}，{how}。", height,
        ("日期", f"还剩（{unit}）", "按计划应剩"),
        tuple((short(day), str(left), str(planned(day))) for day, left in points), tuple(lines), dots, (), tuple(texts),
        (("s1", "还剩"), ("ideal", "计划")),
    )  # fmt: skip


def lines(
    labels: Sequence[str],
    series: Mapping[str, Sequence[Any]],
    *,
    title: str,
    key: str = "lines",
    limit: Any = None,
    limit_word: str = "合格线",
    first_head: str = "周",
    desc: str = "",
) -> Chart:
    """Values over weeks, a line for each name (at most six); None leaves a gap. `limit` is drawn across."""
    named = list(series.items())[:SERIES]
    values = [float(v) for _, row in named for v in row if v is not None]
    height = 200
    bottom = height - BOTTOM
    if not values:
        return Chart(key, title, "还没有数据。", height, (first_head, *series), ())
    low, high = min(values), max(values)
    if limit is not None and not low - max(high - low, 5) <= float(limit) <= high + max(high - low, 5):
        limit = None  # far from every value: it would press the lines flat
    if limit is not None:
        low, high = min(low, float(limit)), max(high, float(limit))
    marks = ticks(max(0.0, low - 1), high if high - low > 1 else low + 2)
    drawn, texts = _frame(marks, bottom)
    places = [
        _at(number, 0, len(labels) - 1, LEFT, WIDTH - RIGHT - 10) if len(labels) > 1 else (LEFT + WIDTH - RIGHT) / 2
        for number in range(len(labels))
    ]
    dots: list[Dot] = []
    ends: list[tuple[float, float, str]] = []  # where each line ends, with its number
    if limit is not None:
        y = _at(float(limit), marks[0], marks[-1], bottom, TOP)
        drawn.append(Line(f"{LEFT},{y} {WIDTH - RIGHT},{y}", "limit"))
    for number, (_, row) in enumerate(named, 1):
        piece: list[str] = []
        spot: tuple[float, float] | None = None
        for place, value in zip(places, row, strict=False):
            if value is None:
                if len(piece) > 1:
                    drawn.append(Line(" ".join(piece), f"s{number}"))
                piece = []
                continue
            spot = (place, _at(float(value), marks[0], marks[-1], bottom, TOP))
            piece.append(f"{spot[0]},{spot[1]}")
            dots.append(Dot(*spot, f"s{number}"))
        if len(piece) > 1:
            drawn.append(Line(" ".join(piece), f"s{number}"))
        if spot is not None and len(named) > 1:
            ends.append((spot[1] + 4, spot[0] + 5, str(number)))
    above = 0.0
    for y, x, words in sorted(ends):  # numbers that would lie on each other stand below each other
        above = min(max(y, above + 10), bottom)
        texts.append(Text(x, above, words, "start"))
    texts += _below(labels, places, bottom)
    rows = tuple(
        (label, *(plain(row[number]) if number < len(row) else "" for row in series.values()))
        for number, label in enumerate(labels)
    )
    legend = [
        (f"s{number}", f"{number} {name}" if len(named) > 1 else name) for number, (name, _) in enumerate(named, 1)
    ]
    if limit is not None:
        legend.append(("limit", f"{limit_word} {plain(limit)}"))
    said = desc or f"{labels[0]}到{labels[-1]}，最低 {plain(min(values))}，最高 {plain(max(values))}。"
    return Chart(
        key,
        title,
        said,
        height,
        (first_head, *series),
        rows,
        tuple(drawn),
        tuple(dots),
        (),
        tuple(texts),
        tuple(legend),
    )


def bars(
    pairs: Sequence[tuple[str, int]], *, title: str, key: str = "bars", head: str = "种类", unit: str = "处"
) -> Chart:
    """Pareto: the largest first, each with its share and the share of all down to it; the tail is one bar."""
    rows = sorted(pairs, key=lambda pair: -pair[1])
    if len(rows) > BARS:
        rest = rows[BARS - 1 :]
        rows = [*rows[: BARS - 1], (f"其余 {len(rest)} 项", sum(count for _, count in rest))]
    total = sum(count for _, count in rows)
    if not total:
        return Chart(key, title, "还没有数据。", 0, (head, unit, "占比", "累计"), ())
    most = max(count for _, count in rows)
    boxes, texts, table, marks = [], [], [], []
    so_far = 0
    right = WIDTH - 70
    for number, (label, count) in enumerate(rows):
        so_far += count
        share, sum_share = round(100 * count / total), round(100 * so_far / total)
        y = number * ROW
        texts.append(Text(0, y + 13, label, "start"))
        boxes.append(Box(0, y + 18, _at(count, 0, most, 0, right), 10))
        texts.append(Text(_at(count, 0, most, 0, right) + 5, y + 27, f"{count} {unit}", "start strong"))
        texts.append(Text(WIDTH, y + 13, f"累计 {sum_share}%", "end quiet"))
        table.append((label, str(count), f"{share}%", f"{sum_share}%"))
        if so_far - count < total * 0.8 <= so_far and number < len(rows) - 1:
            edge = y + ROW - 1
            marks.append(Line(f"0,{edge} {WIDTH},{edge}", "limit"))
    few = next(i for i, row in enumerate(table, 1) if int(row[3].removesuffix("%")) >= 80)
    said = f"共 {total} {unit}，前 {few} 项占 {table[few - 1][3]}。"
    legend = (("limit", "前 80%"),) if marks else ()
    return Chart(
        key, title, said, len(rows) * ROW, (head, unit, "占比", "累计"), tuple(table), tuple(marks), (), tuple(boxes),
        tuple(texts), legend,
    )  # fmt: skip
