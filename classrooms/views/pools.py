"""Pages of the spare pools: the list, one pool, its form, and the swap of a ticket's broken pieces."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Q, Sum
from django.http import Http404
from django.urls import reverse

from assets.models import CONDITIONS, HoldingMove
from classrooms import forms, services
from classrooms.listings import SIGNS, PoolListing
from classrooms.models import Pool
from classrooms.panels import words_of
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.panels import Panel, PanelRow
from core.rights import can
from core.templatetags.houqin import moment
from finance.tables import Table
from repairs.models import Ticket

LOOK = ("areas.view:classrooms", "classrooms.swap")
MANAGE = "classrooms.manage_pools"
BATCHES = "classrooms.repair_batches"
MOVES, ROWS = 30, 10


def crumb_home(user: Any) -> list[tuple[str, str]]:
    return [("教室与办公楼", reverse("classrooms:home"))] if can(user, "areas.view:classrooms") else []


class PoolList(ListPage):
    """/classrooms/pools/."""

    permission = LOOK
    listing = PoolListing

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumb_home(self.request.user)

    def get_actions(self) -> Iterable[Action]:
        yield Action("集中维修", reverse("classrooms:batches"), "hammer")
        if can(self.request.user, MANAGE):
            yield Action("新建周转库", reverse("classrooms:pool-new"), "plus", "primary")


class PoolNew(FormPage):
    permission = MANAGE
    model = Pool
    creates = True
    form_class = forms.PoolForm
    title = "新建周转库"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*crumb_home(self.request.user), ("周转库", reverse("classrooms:pools"))]


class PoolEdit(FormPage):
    permission = MANAGE
    model = Pool
    form_class = forms.PoolForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("周转库", reverse("classrooms:pools")), (self.object.name, self.object.get_absolute_url())]


class PoolDetail(DetailPage):
    """/classrooms/pools/3/: how many there are, what came and went, what waits for repair."""

    permission = LOOK
    model = Pool
    related = ("place", "workshop", "category")
    template_name = "classrooms/pool_detail.html"

    def get_queryset(self) -> Any:
        return Pool.objects.with_level().select_related(*self.related)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*crumb_home(self.request.user), ("周转库", reverse("classrooms:pools"))]

    def get_actions(self) -> Iterable[Action]:
        user, pool = self.request.user, self.object
        if can(user, MANAGE):
            yield Action("修改", reverse("classrooms:pool-edit", args=[pool.pk]), "pencil")
        if can(user, BATCHES) and pool.active:
            yield Action("开一批维修", reverse("classrooms:batch-new", args=[pool.pk]), "hammer", "primary")

    def facts(self) -> Iterable[tuple[str, Any]]:
        pool = self.object
        yield "物品", pool.thing
        yield "存放处", pool.place
        yield "坏件送到", pool.workshop
        yield "报修类别", pool.category or "没有指定，报修单上不出现换用"
        yield "在用", "是" if pool.active else "已停用"

    @cached_property
    def waiting(self) -> int:
        return sum(services.waiting(self.object).values())

    def figures(self) -> list[dict[str, Any]]:
        pool, unit = self.object, self.object.unit or "件"
        short = max(0, pool.target - pool.level)
        # Above the fold: what there is, what waits, what is being repaired; each leads to its rows.
        return [
            {"label": "完好", "value": pool.level, "unit": unit, "danger": bool(short), "url": "#pieces",
             "more": f"应备 {pool.target}，少 {short}" if short else f"应备 {pool.target}，够用"},
            {"label": "可开批的坏件", "value": self.waiting, "unit": unit, "url": "#pieces",
             "more": f"维修间共 {pool.broken} {unit}待修"},
            {"label": "正在集中维修", "value": len(self.open_batches), "unit": "批", "url": "#panel-batches",
             "more": f"{sum(batch.pieces or 0 for batch in self.open_batches)} {unit}在修"},
        ]  # fmt: skip

    @cached_property
    def batches(self) -> list[Any]:
        rows = self.object.batches.annotate(pieces=Sum("lines__quantity"), fine=Sum("lines__repaired"))
        return list(rows.select_related("worker").order_by("-pk")[:ROWS])

    @cached_property
    def open_batches(self) -> list[Any]:
        return [batch for batch in self.batches if batch.state == "open"]

    def batch_panel(self) -> Panel:
        rows = [
            PanelRow(
                f"{batch.number}  {batch.pieces} 件", batch.get_absolute_url(),
                note=f"{batch.on:%Y-%m-%d} {batch.worker or ''} {f'修好 {batch.fine} 件' if batch.state == 'done' else ''}".strip(),
                value=batch.get_state_display(), state=SIGNS[batch.state],
            )
            for batch in self.batches
        ]  # fmt: skip
        more = ("全部", f"{reverse('classrooms:batches')}?q={self.object.name}")
        return Panel("集中维修", rows, more=more, empty="还没有开过集中维修。", key="batches")

    def pieces(self) -> Table:
        """Where the pieces stand, by card."""
        pool = self.object
        rows = services.sound(pool) | services.Holding.objects.filter(
            place=pool.workshop, condition="broken", card__name=pool.thing, card__state="on_books"
        )
        found = list(rows.select_related("card", "place").order_by("place__path", "condition", "-quantity", "pk")[:100])
        books = can(self.request.user, "assets.view")
        return Table(
            "存放", (("资产编号", "text"), ("地点", "text"), ("状况", "text"), ("件数", "int+")),
            [(one.card.number, one.place.full_name, CONDITIONS[one.condition], one.quantity) for one in found],
            [{0: one.card.get_absolute_url()} if books else {} for one in found],
            empty="账上没有，请资产管理员登记，或从别处移过来。", key="pieces",
        )  # fmt: skip

    def moves(self) -> Table:
        """What came and went last."""
        pool = self.object
        spots = (pool.place_id, pool.workshop_id)
        rows = HoldingMove.objects.filter(Q(from_place__in=spots) | Q(to_place__in=spots), card__name=pool.thing)
        found = rows.select_related("from_place", "to_place", "by").order_by("-at", "-pk")[:MOVES]
        return Table(
            "最近的变动", (("时间", "text"), ("变动", "text"), ("件数", "int"), ("从", "text"), ("到", "text"), ("原因", "text"), ("经手人", "text")),
            [
                (moment(one.at), one.get_kind_display(), one.quantity, str(one.from_place or ""), str(one.to_place or ""), one.reason, one.by.name)
                for one in found
            ],
            empty="还没有变动。", key="moves",
        )  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            figures=self.figures(), batch_panel=self.batch_panel(), tables=[self.pieces(), self.moves()], **extra
        )


class SwapTicket(ActionPage):
    """/classrooms/pools/3/swap/BX202611-0042/: one tap from the ticket, or a number typed here."""

    permission = "classrooms.swap"
    model = Ticket
    slug_field = "number"
    related = ("place", "category", "lead")
    form_class = forms.SwapForm
    service = staticmethod(services.swap)
    title = "从周转库换用"
    submit_label = "换用"

    @cached_property
    def pool(self) -> Any:
        found = (
            Pool.objects.with_level()
            .select_related("place", "workshop", "category")
            .filter(pk=self.kwargs["pool"])
            .first()
        )
        if found is None:
            raise Http404("没有这个周转库。")
        return found

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [(self.object.number, self.object.get_absolute_url())]

    def get_initial(self) -> dict[str, Any]:
        return {"quantity": max(1, min(self.object.quantity - services.swapped(self.object), self.pool.level))}

    def get_words(self) -> str:
        return (
            f"{self.object.where}的坏{self.pool.thing}送{self.pool.workshop}待修，"
            f"{self.pool.name}（现有 {self.pool.level} {self.pool.unit or '件'}）的好件送过去，资产台账同时更新。"
        )

    def blockers(self, record: Ticket) -> list[str]:
        return [
            reason for reason in (services.rules.swaps_for(record), services.rules.fits(self.pool, record)) if reason
        ]

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return services.swap(record, pool=self.pool, by=self.actor(), quantity=data["quantity"])

    def get_success(self, record: Ticket) -> str:
        return words_of(record)
