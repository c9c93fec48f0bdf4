"""The grid: rows are rooms, columns are lines, a floor on one page; a form without script, cell by cell with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse

from core import files
from core.forms import clean_text
from core.pages import Page, RecordPage
from core.workflow import RuleBroken
from inspections.models import Line, Result, Round, Target
from inspections.models.checklists import ROOM_WORDS, areas
from inspections.round_rules import takes_results, walks
from inspections.services import entering
from inspections.services.entering import (
    BATCH,
    LOCKED,
    Cell,
    Outcome,
    Row,
    SheetRefused,
    limits,
    lines_of,
    number,
    plain,
)
from inspections.views.base import ChecksPage

ONE_PAGE = 44  # a round of no more rows needs no tabs


@dataclass
class Spot:
    """One cell as the page draws it."""

    line: Line
    value: str = ""
    failed: bool = False
    cell: str = ""  # the id that stands there
    error: str = ""

    @property
    def means(self) -> str:
        return means(self.line)

    @property
    def label(self) -> str:
        """被子 15, 温度 2–8: what a phone shows above the cell."""
        line = self.line
        if line.kind != "value":
            return f"{line.name} {short(line)}".strip()
        low, high = (plain(one) if one is not None else "" for one in (line.low, line.high))
        return f"{line.name} {low}–{high}" if low and high else f"{line.name} {'≥' + low if low else '≤' + high}"


@dataclass
class GridRow:
    """One room as the page draws it."""

    target: Target
    name: str
    spots: list[Spot] = field(default_factory=list)
    reason: str = ""
    error: str = ""
    tickets: list[tuple[str, str]] = field(default_factory=list)  # (number, address)
    seen: str = ""  # version and cells as they were when the page was drawn

    @property
    def css(self) -> str:
        found = []
        if any(spot.failed for spot in self.spots) or self.error:
            found.append("deducted")
        elif self.target.excused:
            found.append("excused")
        elif self.target.done_at is not None:
            found.append("perfect")
        if self.target.done_at is None:
            found.append("unseen")
        return " ".join(found)

    @property
    def sum(self) -> str:
        """What the row comes to: points, or how many lines failed."""
        target = self.target
        if target.done_at is None:
            return "—"
        if target.excused:
            return "未查"
        if target.score is not None:
            return plain(target.score)
        return f"{target.failures} 项" if target.failures else "✓"


def short(line: Line) -> str:
    """The small print of a column: the most points, the limits, the unit."""
    if line.kind == "points":
        return plain(line.points or Decimal(0))
    return limits(line) if line.kind == "value" else line.unit if line.kind == "count" else ""


def means(line: Line) -> str:
    """What is put into a cell, for those who cannot see the column's head."""
    return {
        "points": f"扣分，最多 {short(line)}", "count": "坏了几处", "check": "不合格", "value": f"测量值，{limits(line)}",
    }[line.kind]  # fmt: skip


class RoundPage(ChecksPage, RecordPage):
    """A page of one round: who reads rounds of its area sees it."""

    model = Round
    slug_field = "number"
    related = ("sheet__checklist", "place")

    @cached_property
    def lines(self) -> list[Line]:
        return list(lines_of(self.object.sheet_id).values())

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.object.title, self.object.get_absolute_url())]


@dataclass(frozen=True)
class Floor:
    """A tab: rows whose places stand under the same place."""

    key: int
    label: str
    count: int
    done: int


def floors_of(one: Round) -> list[Floor]:
    """The floors of a round in the order of its rows; the building's name goes along when there are several."""
    rows = list(
        one.targets.order_by().values("place__parent_id")
        .annotate(n=Count("pk"), d=Count("done_at"), first=Min("order"), name=Max("place__parent__name"), building=Max("place__building__name"))
        .order_by("first", "place__parent_id")
    )  # fmt: skip
    several = len({row["building"] for row in rows}) > 1
    return [
        Floor(
            row["place__parent_id"] or 0,
            f"{row['building']} {row['name']}" if several and row["building"] and row["building"] != row["name"] else row["name"] or "其他",
            row["n"], row["d"],
        )
        for row in rows
    ]  # fmt: skip


class GridPage(RoundPage):
    """/checks/JC202611-0042/grid/: enter a floor."""

    template_name = "inspections/grid.html"

    def refusal(self) -> str | None:
        if self.request.user.is_authenticated and not areas(self.request.user, "inspect"):
            return "您没有检查的权限，不能记结果。需要的话，请联系后勤处。"
        return super().refusal()

    def get_title(self) -> str:
        return self.object.title

    @cached_property
    def floors(self) -> list[Floor]:
        return floors_of(self.object) if self.object.total > ONE_PAGE else []

    @cached_property
    def floor(self) -> Floor | None:
        """The one that the address names, else the first with something left to do."""
        if not self.floors:
            return None
        asked = self.request.GET.get("floor", "")
        found = next((one for one in self.floors if str(one.key) == asked), None)
        return found or next((one for one in self.floors if one.done < one.count), self.floors[0])

    def address(self, floor: Floor | None = None) -> str:
        url = reverse("inspections:grid", args=[self.object.number])
        return f"{url}?floor={floor.key}" if floor is not None else url

    @cached_property
    def targets(self) -> list[Target]:
        found = self.object.targets.select_related("place", "card", "done_by").order_by("order", "pk")
        return list(found.filter(place__parent_id=self.floor.key or None) if self.floor is not None else found)

    @cached_property
    def results(self) -> dict[int, dict[int, Result]]:
        found: dict[int, dict[int, Result]] = {target.pk: {} for target in self.targets}
        rows = Result.objects.filter(target__in=self.targets).select_related("finding__ticket")
        for result in rows:
            found[result.target_id][result.line_id] = result
        return found

    @cached_property
    def closed(self) -> str | None:
        """Why nothing can be entered, or None."""
        return walks(self.object.area, self.request.user) or takes_results(self.object)

    def name_of(self, target: Target) -> str:
        """What the row is called: the room; with its floor where the page holds several; a card by its name."""
        place = target.place
        name = place.name if self.floors or self.alike else place.full_name
        return f"{target.card.name} {name}" if target.card is not None else name

    @cached_property
    def alike(self) -> bool:
        """Do all rows stand on one floor?"""
        return len({target.place.parent_id for target in self.targets}) <= 1

    def rows(self, typed: dict[int, Typed] | None = None, errors: dict[Any, str] | None = None) -> list[GridRow]:
        found = []
        for target in self.targets:
            results = self.results[target.pk]
            given = (typed or {}).get(target.pk)
            row = GridRow(target, self.name_of(target), reason=given.reason if given else target.reason)
            row.seen, row.error = seen(target, results.values()), (errors or {}).get((target.pk, None), "")
            for line in self.lines:
                result = results.get(line.pk)
                spot = Spot(line)
                if result is not None:
                    spot.value, spot.failed, spot.cell = shown(result), result.failed, result.cell
                    finding = getattr(result, "finding", None) if result.failed else None
                    if finding is not None and finding.ticket is not None:
                        row.tickets.append((finding.ticket.number, finding.ticket.get_absolute_url()))
                if given is not None:
                    spot.value = given.texts.get(line.pk, "")
                    spot.failed = bool(spot.value) and line.kind != "value"
                    spot.error = (errors or {}).get((target.pk, line.pk), "")
                    row.error = row.error or spot.error
                row.spots.append(spot)
            found.append(row)
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        one = self.object
        rows = extra.pop("rows", None) or self.rows()
        done = sum(row.target.done_at is not None for row in rows)
        after = (
            next((f for f in self.floors[self.floors.index(self.floor) + 1 :] if f.done < f.count), None)
            if self.floor
            else None
        )
        return super().get_context(
            object=one, rows=rows, lines=[(line, short(line)) for line in self.lines], done=done, closed=self.closed,
            tabs=[(f.label, self.address(f), f.done, f.count, f is self.floor) for f in self.floors],
            noun="设备" if any(row.target.card_id for row in rows) else ROOM_WORDS.get(one.area, "房间"),
            points=one.sheet.scoring == "points", photos=any(entering.needs_photo(line) for line in self.lines),
            floor=self.floor, next_url=self.address(after) if after else "", next_label=after.label if after else "",
            cells_url=reverse("inspections:cells", args=[one.number]), login=reverse("login"), locked=LOCKED, report=reverse("repairs:new"),
            here=self.address(self.floor), **extra,
        )  # fmt: skip

    # ---- without script ----

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        typed = {target.pk: Typed.of(request, target, self.lines) for target in self.targets}
        rows = [row for target in self.targets if (row := self.said(target, typed[target.pk])) is not None]
        try:
            said: list[str] = []
            count = entering.enter_sheet(self.object, rows, by=self.actor(), said=said)
        except SheetRefused as broken:
            return self.again(typed, broken.errors)
        except (RuleBroken, ValidationError) as broken:
            words = broken.reasons if isinstance(broken, RuleBroken) else broken.messages
            return self.again(typed, {(0, None): "；".join(words)})
        messages.success(request, f"已保存 {count} 行。" if count else "没有改动，不用保存。")
        for words in said:
            messages.warning(request, words)
        return HttpResponseRedirect(self.address(self.floor))

    def said(self, target: Target, typed: Typed) -> Row | None:
        """What the form says of a row; None when nothing was done to it."""
        post, key = self.request.POST, str(target.pk)
        pressed = post.get("full") == key or post.get("locked") == key
        rest = "rest" in post and target.done_at is None
        if not pressed and not rest and not typed.changed:
            return None
        version = typed.version
        if post.get("full") == key:
            return Row(target.pk, version=version)
        marks = {pk: mark for pk, mark in typed.marks(self.lines).items() if mark is not None}
        if post.get("locked") == key:
            return Row(target.pk, marks, excused=typed.reason or LOCKED, version=version)
        photos = {line.pk: found for line in self.lines if (found := self.request.FILES.get(f"p{key}-{line.pk}"))}
        return Row(target.pk, marks, reason=typed.reason, version=version, photos=photos)

    def again(self, typed: dict[int, Typed], errors: dict[Any, str]) -> HttpResponseBase:
        """The page once more with what was typed; nothing was stored."""
        names = {target.pk: self.name_of(target) for target in self.targets}
        listed = [
            (f"r{target}" if target in names else "", f"{names[target]}：{words}" if target in names else words)
            for (target, _), words in errors.items()
        ]
        changed = {pk: one for pk, one in typed.items() if one.changed or any(key[0] == pk for key in errors)}
        return self.render(rows=self.rows(changed, errors), errors=listed, status=200)


@dataclass
class Typed:
    """What a form without script brought for one row."""

    texts: dict[int, str]
    reason: str
    before: str  # as the page showed it

    @classmethod
    def of(cls, request: HttpRequest, target: Target, lines: list[Line]) -> Typed:
        post = request.POST
        texts = {line.pk: clean_text(post.get(f"c{target.pk}-{line.pk}", "")).strip()[:20] for line in lines}
        reason = " ".join(clean_text(post.get(f"w{target.pk}", "")).split())[:200]
        return cls({pk: text for pk, text in texts.items() if text}, reason, post.get(f"o{target.pk}", ""))

    @property
    def version(self) -> int | None:
        text = self.before.partition("|")[0]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    @property
    def changed(self) -> bool:
        """Is anything different from what the page showed?"""
        return packed(self.texts, self.reason) != self.before.partition("|")[2]

    def marks(self, lines: list[Line]) -> dict[int, Any]:
        return {
            line.pk: (True if line.kind == "check" else number(self.texts[line.pk]))
            for line in lines
            if line.pk in self.texts
        }


def shown(result: Result) -> str:
    """A cell as it is typed: its number; a check that failed is a tick in its box."""
    return plain(result.value) if result.value is not None else "1" if result.failed else ""


def packed(texts: dict[int, str], reason: str) -> str:
    """What a row says, in one short text that the form carries along."""
    return ",".join(f"{pk}:{text}" for pk, text in sorted(texts.items()) if text) + f"|{reason}"


def seen(target: Target, results: Iterable[Result]) -> str:
    return f"{target.version}|{packed({r.line_id: shown(r) for r in results}, target.reason)}"


# ---------- cell by cell ----------


class Cells(Page):
    """/checks/JC202611-0042/cells/: where script sends cells, a batch a time; asked with GET it says who is signed in."""

    def gate(self) -> HttpResponseBase | None:
        """Script must not be led to a login page: it is told, keeps its cells, and asks its user."""
        if not self.request.user.is_authenticated:
            return JsonResponse({"login": True}, status=401)
        return super().gate()

    def refusal(self) -> str | None:
        if not areas(self.request.user, "inspect"):
            return "您没有检查的权限，不能记结果。需要的话，请联系后勤处。"
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not Round.objects.visible_to(request.user).filter(number=kwargs["number"]).exists():
            raise Http404("没有找到这次检查，或者您不能查看。")
        user = self.actor()
        return JsonResponse({"user": user.pk, "name": user.name, "token": get_token(request)})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.content_type == "application/json":
                given, photo = json.loads(request.body), None
            else:
                given, photo = json.loads(request.POST.get("data", "")), request.FILES.get("photo")
            cells = [_cell(one) for one in given["cells"]]
            sender = int(given["user"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return JsonResponse({"words": "收到的内容不完整，没有保存。请刷新页面再录。"}, status=400)
        if sender != request.user.pk:
            words = f"现在登录的是{self.actor().name}，这些格是另一位记的，没有保存。请那位登录后再存。"
            return JsonResponse({"login": True, "words": words}, status=409)
        if photo is not None and len(cells) != 1 or len(cells) > BATCH:
            return JsonResponse({"words": f"一次最多存 {BATCH} 格，带照片的一次一格。"}, status=400)
        try:
            if photo is not None:
                cells[0].photo = files.check_photo(photo)
            outcomes = entering.enter(kwargs["number"], cells, by=self.actor())
        except ValidationError as error:
            outcomes = [
                Outcome(cells[0].id, "refused", "；".join(error.messages), target=cells[0].target, line=cells[0].line)
            ]
        except RuleBroken as broken:
            return JsonResponse({"words": "；".join(broken.reasons)}, status=409)
        return JsonResponse({"outcomes": [_told(one) for one in outcomes]})


def _cell(given: dict[str, Any]) -> Cell:
    """A cell as script sends it: t target, l line, id, v value, f failed, n note, r reason of the row, p previous, m mark."""
    line = given.get("l")
    reason = given.get("r")
    target = int(given["t"])
    if not 0 <= target < 2**63 or (line is not None and not 0 <= int(line) < 2**63):
        raise ValueError("no such key")
    return Cell(
        target=target, line=None if line is None else int(line), id=str(given["id"]), value=number(str(given.get("v") or "")),
        failed=given.get("f") is True, note=str(given.get("n") or ""), reason=None if reason is None else str(reason),
        prev=str(given.get("p") or "")[:4000], mark=str(given.get("m") or ""),
    )  # fmt: skip


def _told(one: Outcome) -> dict[str, Any]:
    return {
        "id": one.id, "status": one.status, "words": one.words, "score": None if one.score is None else plain(one.score),
        "failures": one.failures, "done": one.done, "excused": one.excused, "ticket": one.ticket_number, "url": one.ticket_url,
        "joined": one.joined, "t": one.target, "l": one.line, "theirs": one.theirs,
    }  # fmt: skip
