"""The area's own page: what is to be done today above the tickets of its places."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse

from classrooms import watching
from classrooms.checklists import AREA
from classrooms.models import Batch, Pool
from classrooms.views.watch import rounds_url
from core import clock
from core.pages import Action
from core.panels import Panel, PanelRow
from inspections.models import Round
from repairs.areas import AreaPage

SHOWN, MOST = 6, 100
PAGES = (  # (address, label, icon)
    ("pools", "周转库", "repeat"), ("batches", "集中维修", "hammer"), ("facade", "外墙楼道", "brick-wall"),
    ("water", "饮水机", "droplets"), ("tallies", "设施清点", "list-checks"), ("chairs", "各班坏桌椅", "armchair"),
)  # fmt: skip


class Home(AreaPage):
    """`/classrooms/`."""

    title = "教室与办公楼"
    permission = "areas.view:classrooms"
    uses = ("teaching", "office")
    template_name = "classrooms/home.html"

    def get_actions(self) -> list[Action]:
        return [Action("巡查记录", rounds_url(), "clipboard-check"), *super().get_actions()]

    @cached_property
    def open_rounds(self) -> list[Round]:
        """Rounds that are being walked, or should have been; the soonest due first."""
        rows = Round.objects.visible_to(self.request.user).open().filter(area=AREA, on__lte=clock.today())
        return list(rows.order_by("due_on", "pk")[:MOST])

    def today(self) -> list[dict[str, Any]]:
        """Today's rounds, pools, batches, machines: one statement each."""
        today = clock.today()
        now = sum(one.due_on >= today for one in self.open_rounds)
        missed = len(self.open_rounds) - now
        low = list(Pool.objects.below().order_by("name"))
        batches = Batch.objects.open().aggregate(n=Count("pk", distinct=True), pieces=Sum("lines__quantity"))
        due = watching.machines_due(today).count()
        return [
            {"label": "今天的巡查", "value": now, "unit": "次", "url": rounds_url(),
             "more": f"另有 {missed} 次过期没查完" if missed else "没有过期的", "danger": bool(missed)},
            {"label": "周转库不足", "value": len(low), "unit": "个", "url": reverse("classrooms:pools"), "danger": bool(low),
             "more": "、".join(f"{pool.name}差 {pool.target - pool.level}" for pool in low[:2]) or "都够用"},
            {"label": "正在集中维修", "value": batches["n"], "unit": "批", "url": f"{reverse('classrooms:batches')}?state=open",
             "more": f"{batches['pieces'] or 0} 件在修"},
            {"label": "饮水机维护到期", "value": due, "unit": "项", "url": f"{reverse('classrooms:water')}?due=1", "danger": bool(due),
             "more": "滤芯、消毒等"},
        ]  # fmt: skip

    def rounds(self) -> Panel | None:
        """What is being walked, or should have been."""
        found = [
            PanelRow(
                one.title, one.get_absolute_url(), note=f"{one.number} 已查 {one.done}/{one.total}",
                value=f"{one.due_on.month}月{one.due_on.day}日前" if one.due_on >= clock.today() else "过期", late=one.due_on < clock.today(),
            )
            for one in self.open_rounds[:SHOWN]
        ]  # fmt: skip
        return Panel("巡查", found, more=("全部", rounds_url()), key="rounds") if found else None

    def pages(self) -> Iterable[Action]:
        return [Action(label, reverse(f"classrooms:{name}"), icon) for name, label, icon in PAGES]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(today=self.today(), rounds=self.rounds(), pages=self.pages(), **extra)
