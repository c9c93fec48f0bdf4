"""Paper and workbooks of a round: the blank sheet to walk with, the result sheet to file, Excel out and in."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from campus import profile
from core import clock, log, sheets
from core.imports import ImportPage, error_sheet
from core.imports import Row as ImportRow
from core.pages import Action
from inspections.imports import ResultImporter, template
from inspections.models import Result, Round, Target
from inspections.round_rules import takes_results, walks
from inspections.services.entering import plain
from inspections.views.base import ChecksPage
from inspections.views.grid import RoundPage, short, shown

WIDE = 7  # more columns than this go across the page
PAPER_ROWS = 30  # of a sheet that stands; across the page there is room for fewer
WIDE_ROWS = 22


class RoundPaper(RoundPage):
    """A sheet of a round: a page for each floor, longer floors on several."""

    name = ""

    def get_title(self) -> str:
        return f"{self.name} {self.object.title}"

    def get_actions(self) -> list[Action]:
        return []

    @cached_property
    def wide(self) -> bool:
        return len(self.lines) > WIDE

    @cached_property
    def targets(self) -> list[Target]:
        return list(
            self.object.targets.select_related("place__parent", "place__building", "card", "done_by").order_by(
                "order", "pk"
            )
        )

    @cached_property
    def results(self) -> dict[int, dict[int, Result]]:
        found: dict[int, dict[int, Result]] = {target.pk: {} for target in self.targets}
        rows = Result.objects.filter(target__round=self.object).select_related("finding__ticket")
        for result in rows:
            found[result.target_id][result.line_id] = result
        return found

    def row(self, target: Target, alike: bool) -> dict[str, Any]:
        name = target.place.name if alike else target.place.full_name
        return {"name": f"{target.card.name} {name}" if target.card else name, "target": target}

    def papers(self) -> Iterable[dict[str, Any]]:
        """Each paper: where, and its rows."""
        groups: dict[Any, list[Target]] = {}
        for target in self.targets:
            groups.setdefault(target.place.parent_id, []).append(target)
        most = WIDE_ROWS if self.wide else PAPER_ROWS
        if len(groups) > 1 and len(self.targets) <= most:  # a few here and there: one paper, full names
            groups = {None: self.targets}
        for found in groups.values():
            alike = len({target.place.parent_id for target in found}) == 1
            parent = found[0].place.parent
            where = parent.full_name if alike and parent is not None else str(self.object.place or "")
            for start in range(0, len(found), most):
                yield {"where": where, "rows": [self.row(target, alike) for target in found[start : start + most]]}

    def get_context(self, **extra: Any) -> dict[str, Any]:
        papers = list(self.papers())
        return super().get_context(
            object=self.object, name=self.name, school=profile.current(), papers=papers, pages=len(papers), wide=self.wide,
            lines=[(line, short(line)) for line in self.lines], points=self.object.sheet.scoring == "points", **extra,
        )  # fmt: skip


class BlankPaper(RoundPaper):
    """空表: to be walked with a pencil."""

    template_name = "inspections/blank.html"
    name = "检查表"


class ResultPaper(RoundPaper):
    """结果表: what was found, to be signed and filed."""

    template_name = "inspections/result.html"
    name = "检查结果表"

    def row(self, target: Target, alike: bool) -> dict[str, Any]:
        results = self.results[target.pk]
        cells = [(shown(one), one.failed) if (one := results.get(line.pk)) else ("", False) for line in self.lines]
        marks = [
            text if not failed or line.kind != "check" else "×"
            for (text, failed), line in zip(cells, self.lines, strict=True)
        ]
        return super().row(target, alike) | {"cells": marks, "sum": total(target), "words": words_of(target, results)}

    def get_context(self, **extra: Any) -> dict[str, Any]:
        scores = [target.score for target in self.targets if target.score is not None]
        walked = sum(target.done_at is not None and not target.excused for target in self.targets)
        return super().get_context(
            walked=walked, excused=sum(bool(target.excused) for target in self.targets), count=len(self.targets),
            failing=sum(target.failures > 0 for target in self.targets),
            average=f"{sum(scores) / len(scores):.2f}" if scores else "",
            people="、".join(dict.fromkeys(t.done_by.name for t in self.targets if t.done_by is not None)), **extra,
        )  # fmt: skip


def total(target: Target) -> str:
    """Score, or how many lines failed, or why nothing is known."""
    if target.done_at is None:
        return "未查"
    if target.excused:
        return "没查成"
    if target.score is not None:
        return plain(target.score)
    return f"{target.failures} 项" if target.failures else "合格"


def words_of(target: Target, results: dict[int, Result]) -> str:
    """Reason, notes and tickets of a row in one line."""
    notes = [result.note for result in results.values() if result.failed and result.note]
    numbers = [
        finding.ticket.number
        for result in results.values()
        if (finding := getattr(result, "finding", None)) is not None and finding.ticket is not None and result.failed
    ]
    parts = [target.excused or target.reason, *notes, *(f"报修 {one}" for one in dict.fromkeys(numbers))]
    return "；".join(filter(None, parts))


class ResultSheet(ResultPaper):
    """The result sheet as a workbook."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        one, stream = self.object, io.BytesIO()
        count = sheets.write_workbook([self.sheet()], stream)
        stream.seek(0)
        log.write(one, "export", by=self.actor(), text=f"导出检查结果：{count} 行")
        stem = "".join("_" if c in '\\/:*?"<>|' else c for c in one.title)
        return sheets.file_response(stream, f"{stem}_{one.number}.xlsx")

    def sheet(self) -> sheets.Sheet:
        points = self.object.sheet.scoring == "points"
        cards = any(target.card_id for target in self.targets)
        columns: list[tuple[Any, ...]] = [
            ("房间", "text", 24),
            *([("设备编号", "text"), ("设备", "text")] if cards else []),
        ]
        columns += [(line.name, "text" if line.kind == "check" else "decimal") for line in self.lines]
        columns += [("得分", "decimal")] if points else [("不合格项", "int")]
        columns += [("扣分原因" if points else "说明", "text", 36), ("查过", "text", 12), ("检查人", "text"), ("检查时间", "datetime"), ("报修单", "text")]  # fmt: skip
        return sheets.Sheet(
            "检查结果", columns, map(self.sheet_row, self.targets), totals=False, heading=self.heading()
        )

    def heading(self) -> str:
        one = self.object
        return f"{one.title}（{one.on:%Y-%m-%d}，{one.number}）"

    def sheet_row(self, target: Target) -> list[Any]:
        results = self.results[target.pk]
        found: list[Any] = [target.place.full_name]
        if any(one.card_id for one in self.targets):
            found += [target.card.number, target.card.name] if target.card else ["", ""]
        for line in self.lines:
            result = results.get(line.pk)
            check = "坏" if result is not None and result.failed else None
            found.append(check if line.kind == "check" else result.value if result is not None else None)
        seen = target.excused or ("是" if target.done_at is not None else "")
        numbers = [
            f.ticket.number for r in results.values() if r.failed and (f := getattr(r, "finding", None)) and f.ticket
        ]
        return [
            *found, target.score if self.object.sheet.scoring == "points" else target.failures, target.reason, seen,
            target.done_by.name if target.done_by else "", clock.local(target.done_at) if target.done_at else None,
            "、".join(dict.fromkeys(numbers)),
        ]  # fmt: skip


class ImportResults(ChecksPage, ImportPage):
    """从 Excel 录入: paper results typed up."""

    title = "从 Excel 录入检查结果"

    @property
    def importer(self) -> ResultImporter:  # type: ignore[override]
        """The page asks it for its key, which names the round."""
        return self.it

    @cached_property
    def round(self) -> Round:
        found = Round.objects.visible_to(self.request.user).select_related("sheet__checklist", "place")
        return get_object_or_404(found, number=self.kwargs["number"])

    @cached_property
    def it(self) -> ResultImporter:  # type: ignore[override]
        return ResultImporter(self.actor(), self.round)

    def refusal(self) -> str | None:
        if super().refusal() or not self.request.user.is_authenticated:
            return super().refusal()
        return walks(self.round.area, self.request.user) or takes_results(self.round)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.round.title, self.round.get_absolute_url())]

    def get_back(self) -> str:
        return self.round.get_absolute_url()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("template"):
            return self._file(list(template(self.round)), f"{self.round.number}录入模板.xlsx")
        run = self.run()
        if run is not None and request.GET.get("errors"):
            found = error_sheet(self.it, [ImportRow.of(kept) for kept in run.rows])
            return self._file([found], f"{self.round.number}出错的行.xlsx")
        return super().get(request, *args, **kwargs)
