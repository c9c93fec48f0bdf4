"""Paper results typed up: a workbook made from the round, one row a room, one column a line."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms as django_forms

from campus.models import Alias
from campus.places import squeeze
from core import sheets
from core.forms import Form
from core.imports import Importer, Row, unknown
from inspections.models import Line, Round, Target
from inspections.services.entering import Row as Said
from inspections.services.entering import check_sheet, enter_sheet, limits, lines_of, number, plain

YES = ("是", "√", "✓", "1", "查", "已查", "有", "y", "yes")
NO = ("", "否", "×", "0", "没查", "未查", "无", "n", "no")
MERGED = "merged"
BAD = ("坏", "×", "x", "不合格", "否", "是", "1", "有")
FINE = ("", "✓", "√", "好", "正常", "合格", "0", "无")


class ResultRow(Form):
    """One row: where, whether it was walked, what each line says, why."""

    place = django_forms.CharField(
        label="房间", max_length=120, help_text="如 3号楼 3层 312，模板里已经写好",
        error_messages={"required": "没有写房间。合并的单元格只有第一格有内容，请取消合并、每行写全。"},
    )  # fmt: skip
    walked = django_forms.CharField(
        label="查过", required=False, max_length=60, help_text="查过写“是”，空着不导入；没查成的写原因，如“锁门未查”"
    )

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        if known.cards:
            self.fields["card"] = django_forms.CharField(label="设备编号", max_length=40)
        for line in known.lines.values():
            self.fields[f"l{line.pk}"] = django_forms.CharField(
                label=line.name, required=False, max_length=20, help_text=takes(line)
            )
        self.fields["reason"] = django_forms.CharField(
            label=known.reason, required=False, max_length=200, help_text="扣了分或不合格的要写"
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        text = found.get("place")
        if text:
            try:
                found["target"] = self.known.target(text, found.get("card", ""))
            except django_forms.ValidationError as error:
                self.add_error("place", error)
        return found


def takes(line: Line) -> str:
    """What a column takes, for the sheet of instructions."""
    return {
        "points": f"扣分，最多 {plain(line.points or Decimal(0))}；空着不扣", "count": "坏了几处；空着没坏",
        "check": "不合格写“坏”；空着合格", "value": f"测得的数，{limits(line)}",
    }[line.kind]  # fmt: skip


class Known:
    """The round's rows and lines, read once for a whole file."""

    def __init__(self, one: Round) -> None:
        self.round = one
        self.lines = lines_of(one.sheet_id)
        self.reason = "扣分原因" if one.sheet.scoring == "points" else "说明"
        self.targets = list(one.targets.select_related("place__building", "card").order_by("order", "pk"))
        self.cards = any(target.card_id for target in self.targets)

    @cached_property
    def by_name(self) -> dict[str, list[Target]]:
        """{squeezed name: rows}: by full name, building and name, name alone, aliases."""
        found: dict[str, list[Target]] = defaultdict(list)
        aliases: dict[int, list[str]] = defaultdict(list)
        rows = Alias.objects.filter(place__in={target.place_id for target in self.targets})
        for place, name in rows.values_list("place_id", "name"):
            aliases[place].append(name)
        for target in self.targets:
            place = target.place
            names = {place.full_name, place.name, *aliases[place.pk]}
            if place.building is not None:
                names.add(f"{place.building.name}{place.name}")
            for name in {squeeze(name) for name in names}:
                found[name].append(target)
        return found

    def target(self, text: str, card: str) -> Target:
        found = self.by_name.get(squeeze(text), [])
        if self.cards:
            found = [one for one in found if one.card is not None and one.card.number == card.strip()]
        if len(found) > 1:
            names = "、".join(one.place.full_name for one in found[:4])
            raise django_forms.ValidationError(f"叫“{text}”的不止一处（{names}），请写全。")
        if not found:
            raise unknown(f"这次检查里没有“{text}”。请核对房间，或先在检查页上加上。")
        return found[0]

    def near(self, text: str) -> list[Target]:
        """Rows that a misspelt name could mean."""
        close = difflib.get_close_matches(squeeze(text), list(self.by_name), n=5, cutoff=0.6)
        found = {one.pk: one for name in close for one in self.by_name[name]}
        return list(found.values())


class ResultImporter(Importer):
    """The results of one round."""

    title = "检查结果"
    measure = "行"
    form_class = ResultRow
    natural_key = ("place",)
    synonyms = {
        "place": ("寝室", "教室", "地点", "房号", "房间号"),
        "walked": ("已查", "是否检查"),
        "reason": ("扣分原因", "说明", "原因", "备注"),
    }
    note = "从模板填最快：房间已经写好，只填扣分和原因。空着的格子就是没有问题；“查过”空着又没有扣分的行不导入。"

    def __init__(self, by: Any, one: Round) -> None:
        super().__init__(by)
        self.round = one
        self.key = f"inspections.{one.number}"  # type: ignore[misc]  # the same file may serve another round

    @cached_property
    def known(self) -> Known:
        return Known(self.round)

    def get_form(self, data: dict[str, str]) -> ResultRow:
        return ResultRow(data, known=self.known)

    def read(self, upload: Any) -> tuple[list[Row], dict[str, Any]]:
        """Rows that a merged cell reaches into are remembered: only its first cell holds what one sees."""
        rows, mapping = super().read(upload)
        merged = {sheet.title: sheet.merged for sheet in sheets.read_rows(upload)}
        for row in rows:
            if row.number in merged.get(row.sheet, ()):
                row.data[MERGED] = "1"
        return rows, mapping

    def key_of(self, cleaned: dict[str, Any]) -> tuple[str, ...]:
        return (str(cleaned["target"].pk),)

    def choices(self, name: str, text: str) -> list[tuple[str, str]]:
        return [(one.place.full_name, one.place.full_name) for one in self.known.near(text)] if name == "place" else []

    def check(self, rows: list[Row]) -> None:
        said: list[Said] = []
        by_target: dict[int, Row] = {}
        for row in rows:
            if row.data.get(MERGED):
                row.errors.setdefault("", "这一行有合并的单元格，看不出每格是多少。请取消合并、每格写全。")
            if row.errors:
                continue
            try:
                one = self.said(row)
            except django_forms.ValidationError as error:
                row.errors["walked"] = "；".join(error.messages)
                continue
            if one is None:
                row.fate = "skip"
                continue
            said.append(one)
            by_target[one.target] = row
        for (target, line), words in check_sheet(self.round, said, by=self.by).items():
            given = [by_target[target]] if target in by_target else rows[:1]
            for row in given:
                name = f"l{line}" if line is not None else "reason" if "原因" in words else ""
                row.errors[name] = words

    def said(self, row: Row) -> Said | None:
        """What a row says to the round; None when nothing was filled in."""
        marks = {}
        for line in self.known.lines.values():
            mark = mark_of(line, str(row.cleaned.get(f"l{line.pk}") or ""))
            if mark is not None:
                marks[line.pk] = mark
        walked = str(row.cleaned.get("walked") or "").strip()
        plain_ = walked.casefold()
        if plain_ in NO and not marks:
            return None
        excused = "" if plain_ in YES or plain_ in NO else walked
        if excused and marks:
            raise django_forms.ValidationError(f"“{walked}”是没查成的原因，可是这一行又有结果。请留一样。")
        target: Target = row.cleaned["target"]
        return Said(target.pk, marks, reason=str(row.cleaned.get("reason") or ""), excused=excused)

    def apply(self, rows: list[Row], by: Any) -> dict[str, int] | None:
        said = [one for row in rows if (one := self.said(row)) is not None]
        enter_sheet(self.round, said, by=by)
        return {"new": len(said)}


def mark_of(line: Line, text: str) -> Any:
    """What a column's text says: a number, True for failed, None for nothing; NaN is refused by the line."""
    text = text.strip()
    if line.kind == "check":
        if text.casefold() in FINE:
            return None
        return True if text.casefold() in BAD else Decimal("NaN")
    if line.kind != "value" and text in FINE:
        return None
    return number(text)


def template(one: Round) -> Iterable[sheets.Sheet]:
    """The workbook to type into: every row of the round, its cells empty."""
    known = Known(one)
    columns: list[tuple[Any, ...]] = [("房间", "text", 24)]
    columns += [("设备编号", "text", 16)] if known.cards else []
    columns += [(line.name, "decimal" if line.kind != "check" else "text", 9) for line in known.lines.values()]
    columns += [(known.reason, "text", 36), ("查过", "text", 12)]
    blank = [None] * len(known.lines)
    rows = [
        [
            target.place.full_name,
            *([target.card.number if target.card else ""] if known.cards else []),
            *blank,
            None,
            "是",
        ]
        for target in known.targets
    ]
    yield sheets.Sheet("检查结果", columns, rows, totals=False)
    # In quotation marks: without them this sheet would look like results too.
    notes = [["“房间”", "不要改"], ["“查过”", "没查成的改成原因，如“锁门未查”；还没查的删去“是”"]]
    notes += [[f"“{line.name}”", takes(line)] for line in known.lines.values()]
    notes.append([f"“{known.reason}”", "扣了分或不合格的要写"])
    yield sheets.Sheet("填写说明", [("列", "text", 16), ("怎么填", "text", 60)], notes, totals=False)
