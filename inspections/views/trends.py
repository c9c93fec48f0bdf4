"""Trends: weeks, lines, places, inspectors and kinds × buildings of one checklist, with its filters."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Subquery

from campus.models import Place
from core.pages import Page
from inspections import trends
from inspections.models import Checklist, Round
from inspections.views.findings import AreaGate, home_crumb
from repairs.listings import buildings


class Trends(AreaGate, Page):
    """/checks/trends/?list=1&term=0&place=3."""

    title = "趋势"
    template_name = "inspections/trends.html"

    def get_crumbs(self) -> Any:
        return (home_crumb(),)

    @cached_property
    def checklists(self) -> list[Checklist]:
        walked = Round.objects.filter(sheet__checklist=OuterRef("pk"), done__gt=0).order_by("-pk").values("pk")[:1]
        found = Checklist.objects.visible_to(self.request.user).active().annotate(last=Subquery(walked))
        return list(found.order_by("area", "name")[:58])

    def chosen(self, name: str) -> int | None:
        text = self.request.GET.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None

    def get_context(self, **extra: Any) -> dict[str, Any]:
        spans = trends.spans()
        number = self.chosen("term") or 0
        span = spans[number if number < len(spans) else 0]
        key = self.chosen("list")
        checklist = next((one for one in self.checklists if one.pk == key), None)
        if checklist is None and self.checklists:
            checklist = max(self.checklists, key=lambda one: one.last or 0)  # the one that was walked last
        place = Place.objects.filter(pk=self.chosen("place")).first() if self.chosen("place") else None
        found = self.figures(checklist, span, place) if checklist is not None else {}
        return super().get_context(
            checklists=self.checklists, checklist=checklist, spans=list(enumerate(one.name for one in spans)), term=spans.index(span),
            span=span, places=buildings(), place=place, **found, **extra,
        )  # fmt: skip

    def figures(self, checklist: Checklist, span: trends.Span, place: Place | None) -> dict[str, Any]:
        version = checklist.versions.published().order_by("-number").first()
        points = version is not None and version.scoring == "points"
        same, how_many = trends.same_scores(checklist, span, place) if points else ([], 0)
        return {
            "points": points, "version": version,
            "weeks": trends.weekly(checklist, span, place, version.pass_score if version else None) if points else None,
            "kinds": trends.pareto(checklist, span, place), "lines": trends.by_line(checklist, span, place),
            "worst": trends.by_place(checklist, span, place), "inspectors": trends.by_inspector(checklist, span, place),
            "same": same, "same_count": how_many,
        }  # fmt: skip
