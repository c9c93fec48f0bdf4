"""Sweeps of fixtures: start one in two taps, see what is left per floor and how it burns down."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.db.models import Count, F, Q
from django.urls import reverse

from campus.models import Place
from core import charts, clock
from core.pages import Action, ActionPage, DetailPage, ListPage
from core.rights import can
from dormitory import services
from dormitory.checklists import AREA
from dormitory.forms import SweepForm
from dormitory.listings import SweepList, houses
from dormitory.views.rooms import crumbs
from inspections.models import Finding, Result, Round

DAYS = 7  # that a sweep is given unless somebody says otherwise


class Sweeps(ListPage):
    """/dormitory/sweeps/: a button for each building, and the sweeps so far."""

    permission = "areas.view:dormitory"
    listing = SweepList
    template_name = "dormitory/sweeps.html"
    title = "设施排查"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user)

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(area=AREA, sweep=True)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        manages = can(self.request.user, f"inspections.manage:{AREA}")
        return super().get_context(houses=houses() if manages else [], **extra)


class StartSweep(ActionPage):
    """/dormitory/sweeps/new/<building>/: the deadline is proposed; the second tap starts it."""

    permission = "inspections.manage:dormitory"
    model = Place
    form_class = SweepForm
    service = staticmethod(services.start_sweep)
    submit_label = "开始排查"
    success = "已开始，可以一层一层查了。"
    words = "这栋楼的全部寝室列入排查。查到坏的当场报修，已有报修单的自动并入。"

    def get_queryset(self) -> Any:
        return Place.objects.active().filter(kind="building", use="dormitory")

    def get_title(self) -> str:
        return f"排查 {self.object}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("设施排查", "dormitory:sweeps"))

    def back_url(self) -> str:
        return reverse("dormitory:sweeps")

    def get_initial(self) -> dict[str, Any]:
        return {"due_on": clock.today() + dt.timedelta(days=DAYS)}

    def get_success_url(self, record: Any) -> str:
        return reverse("dormitory:sweep", args=[record.number])


class SweepPage(DetailPage):
    """One sweep: how far each floor is, what was found, how it burns down."""

    permission = "areas.view:dormitory"
    model = Round
    slug_field = "number"
    related = ("place", "sheet__checklist", "by")
    template_name = "dormitory/sweep.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(area=AREA, sweep=True)

    def get_title(self) -> str:
        return self.object.title

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request.user, ("设施排查", "dormitory:sweeps"))

    def get_actions(self) -> list[Action]:
        it, found = self.object, [Action("全部结果", self.object.get_absolute_url())]
        if it.state == "open" and can(self.request.user, f"inspections.inspect:{AREA}"):
            label = "接着查" if it.done else "开始查"
            found.append(Action(label, reverse("inspections:grid", args=[it.number]), "", "primary"))
        return found

    def floors(self) -> list[dict[str, Any]]:
        """Rooms walked and left, faults found and left, of each floor."""
        rows = (
            self.object.targets.order_by()
            .values(pk_=F("place__parent"), name=F("place__parent__name"), place_order=F("place__parent__order"))
            .annotate(total=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
        )
        faults = {
            row["floor"]: row
            for row in self.findings().values(floor=F("place__parent")).annotate(
                found=Count("pk"), left=Count("pk", filter=Q(stage__in=("open", "fixing")))
            )
        }  # fmt: skip
        grid = reverse("inspections:grid", args=[self.object.number])
        walks = self.object.state == "open" and can(self.request.user, f"inspections.inspect:{AREA}")
        return [
            {
                **row, "left": row["total"] - row["done"], "share": 100 * row["done"] // row["total"],
                "found": faults.get(row["pk_"], {}).get("found", 0), "faults": faults.get(row["pk_"], {}).get("left", 0),
                "url": f"{grid}?floor={row['pk_']}" if walks else "",
            }
            for row in sorted(rows, key=lambda row: (row["place_order"] or "", row["pk_"] or 0))
        ]  # fmt: skip

    def findings(self) -> Any:
        """What was found, with how it stands; what was noted by mistake left out."""
        found = Finding.objects.filter(result__target__round=self.object).exclude(state="void")
        return found.with_stage().order_by()

    def kinds(self) -> list[tuple[str, int]]:
        """Pieces broken of each line, the most first."""
        rows = Result.objects.filter(target__round=self.object, failed=True).values_list(
            "line__name", "line__kind", "value"
        )
        found: Counter[str] = Counter()
        for name, kind, value in rows:
            found[name] += int(value or 1) if kind == "count" else 1
        return found.most_common()

    def burn_down(self) -> charts.Chart:
        """Rooms not walked yet at the end of each day, up to today or the day the last was walked."""
        it = self.object
        days = Counter(
            clock.local(at).date() for at in it.targets.filter(done_at__isnull=False).values_list("done_at", flat=True)
        )
        last = max(it.on, min(clock.today(), it.due_on if it.state == "open" else max(days, default=it.on)), *days)
        left, points = it.total, []
        for step in range((last - it.on).days + 1):
            left -= days.get(it.on + dt.timedelta(step), 0)
            points.append((it.on + dt.timedelta(step), left))
        return charts.burn_down(points, total=it.total, starts=it.on, due=it.due_on, title="还剩多少没查", unit="间")

    def mending(self) -> charts.Chart | None:
        """Faults that are found and not mended yet, day by day: what the office watches after the rooms are walked."""
        rows = self.findings().values_list("found_at", "cleared_at", "fixed_at", "ticket__finished_at", "stage")
        opened: Counter[dt.date] = Counter()
        for found, cleared, fixed, finished, stage in rows:
            opened[clock.local(found).date()] += 1
            ended = finished or fixed or cleared
            if stage not in ("open", "fixing") and ended:
                opened[clock.local(max(ended, found)).date()] -= 1
        if not opened:
            return None
        first, last = min(opened), max(clock.today() if self.object.state == "open" else max(opened), *opened)
        left, labels, values = 0, [], []
        for step in range((last - first).days + 1):
            left += opened.get(first + dt.timedelta(step), 0)
            labels.append(charts.short(first + dt.timedelta(step)))
            values.append(left)
        return charts.lines(labels, {"还没修好": values}, title="还剩多少没修好", key="mending", first_head="日期")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        it, floors = self.object, self.floors()
        faults = sum(row["found"] for row in floors)
        left = sum(row["faults"] for row in floors)
        late = it.state == "open" and it.due_on < clock.today()
        figures = [
            {"label": "已查", "value": f"{it.done}/{it.total}", "unit": "间", "share": 100 * it.done // it.total if it.total else 100,
             "more": f"截止 {it.due_on.month}月{it.due_on.day}日" + ("，已超期" if late else ""), "danger": late, "url": it.get_absolute_url()},
            {"label": "发现", "value": faults, "unit": "处", "more": "都已报修或并入", "url": f"{reverse('inspections:findings')}?round={it.number}"},
            {"label": "还没修好", "value": left, "unit": "处", "more": f"已修好 {faults - left} 处", "url": f"{reverse('inspections:findings')}?round={it.number}"},
        ]  # fmt: skip
        return super().get_context(
            floors=floors, figures=figures, kinds=charts.bars(self.kinds(), title="坏了什么", head="设施") if faults else None,
            burn=self.burn_down(), mending=self.mending(), **extra,
        )  # fmt: skip
