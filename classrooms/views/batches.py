"""Pages of repair batches: many broken pieces picked, repaired together, put back into the pool or given up."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.http import Http404
from django.urls import reverse

from campus import profile
from classrooms import forms, rules, services
from classrooms.listings import BatchListing
from classrooms.models import Batch, Pool
from classrooms.views.pools import BATCHES, LOOK, crumb_home
from core.models import LogEntry
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.rights import can
from finance.tables import Table

RELATED = ("pool__place", "pool__workshop", "by", "worker", "done_by")


class BatchList(ListPage):
    """/classrooms/batches/."""

    permission = LOOK
    listing = BatchListing
    tabs = (("全部", ""), ("维修中", "state=open"), ("已完成", "state=done"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*crumb_home(self.request.user), ("周转库", reverse("classrooms:pools"))]


class BatchNew(FormPage):
    """/classrooms/pools/3/batch/: every broken piece that waits, prefilled; take away what does not go."""

    permission = BATCHES
    model = Batch
    creates = True
    form_class = forms.BatchForm
    template_name = "classrooms/batch_form.html"
    submit_label = "开批"

    @cached_property
    def pool(self) -> Pool:
        found = Pool.objects.active().select_related("place", "workshop").filter(pk=self.kwargs["pool"]).first()
        if found is None:
            raise Http404("没有这个周转库，或者它已停用。")
        return found

    def get_title(self) -> str:
        return f"开一批维修：{self.pool.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("周转库", reverse("classrooms:pools")), (self.pool.name, self.pool.get_absolute_url())]

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"pool": self.pool}

    def save(self, form: Any) -> Batch:
        return services.open_batch(self.pool, by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Batch) -> str:
        return f"已开批 {record.number}，可以打印批次单。"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(pool=self.pool, **extra)


class BatchPage(DetailPage):
    """A page about one batch."""

    permission: Any = LOOK
    model = Batch
    slug_field = "number"
    related = RELATED

    def get_crumbs(self) -> list[tuple[str, str]]:
        pool = self.object.pool
        return [("周转库", reverse("classrooms:pools")), (pool.name, pool.get_absolute_url())]

    def lines(self) -> list[Any]:
        return list(self.object.lines.select_related("card", "scrap").order_by("pk"))


class BatchDetail(BatchPage):
    """/classrooms/batches/PX202611-0003/."""

    template_name = "classrooms/batch_detail.html"

    def get_title(self) -> str:
        return f"集中维修 {self.object.number}"

    def get_actions(self) -> Iterable[Action]:
        yield Action(
            "打印批次单", reverse("classrooms:batch-paper", args=[self.object.number]), "printer", desk_only=True
        )

    def facts(self) -> Iterable[tuple[str, Any]]:
        batch = self.object
        yield "周转库", batch.pool
        yield "日期", f"{batch.on:%Y-%m-%d}"
        yield "开批人", batch.by
        yield "维修人", batch.worker
        if batch.state == "done":
            yield "登记人", batch.done_by
            yield "工时", f"{batch.minutes} 分钟"
        yield "说明", batch.words

    def moves(self) -> list[dict[str, Any]]:
        """What this user may do next."""
        batch, user = self.object, self.request.user
        found = []
        for step, reasons in rules.BATCH.open_to(batch, user):
            if step.name == "give_back" and not self.parts:
                continue
            url = reverse(f"classrooms:batch-{step.name.replace('_', '-')}", args=[batch.number])
            style = "primary" if step.name == "finish" else "plain"
            found.append({"label": step.label, "url": url, "style": style, "reasons": reasons, "method": "get"})
        return found

    @cached_property
    def parts(self) -> list[Any]:
        return list(self.object.parts.select_related("move__item", "move__warehouse", "move__taker").order_by("pk"))

    def pieces(self, lines: list[Any]) -> Table:
        books = can(self.request.user, "assets.view")
        rows, urls, done = [], [], self.object.state == "done"
        for line in lines:
            scrap = f"{line.scrap.number} {line.scrap.get_answer_display()}" if line.scrap else ""
            came = (line.repaired, line.scrapped, line.quantity - line.repaired - line.scrapped) if done else ()
            rows.append((line.card.name, line.card.number, line.quantity, *came, *([scrap] if done else [])))
            urls.append(
                ({1: line.card.get_absolute_url()} if books else {})
                | ({6: line.scrap.get_absolute_url()} if line.scrap and books else {})
            )
        ends = (("修好", "int+"), ("报废", "int+"), ("没修", "int"), ("报废建议", "text")) if done else ()
        return Table(
            "坏件", (("物品", "text"), ("资产编号", "text"), ("件数", "int+"), *ends), rows, urls, key="pieces"
        )

    def used(self) -> Table:
        rows = [
            (str(part.move.item), part.move.get_kind_display(), -part.move.quantity, part.move.item.unit, -part.move.value, part.move.number)
            for part in self.parts
        ]  # fmt: skip
        columns = (
            ("材料", "text"), ("类型", "text"), ("数量", "decimal"), ("单位", "text"), ("金额（元）", "money+"), ("单号", "text"),
        )  # fmt: skip
        return Table("用料", columns, rows, empty="还没有领料。", key="parts")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        lines = self.lines()
        return super().get_context(
            moves=self.moves(),
            tables=[self.pieces(lines), self.used()],
            total=sum(line.quantity for line in lines),
            **extra,
        )


class BatchPaper(BatchPage):
    """集中维修单: what is repaired, with room for what came of it and the parts, A4."""

    template_name = "classrooms/batch_paper.html"

    def get_title(self) -> str:
        return f"集中维修单 {self.object.number}"

    def timeline(self) -> list[LogEntry]:
        return []

    def get_context(self, **extra: Any) -> dict[str, Any]:
        lines = self.lines()
        parts = list(self.object.parts.select_related("move__item").order_by("pk"))
        total = {
            "quantity": sum(line.quantity for line in lines), "repaired": sum(line.repaired for line in lines),
            "scrapped": sum(line.scrapped for line in lines), "cost": -sum((part.move.value for part in parts), start=0),
        }  # fmt: skip
        return super().get_context(
            school=profile.current(), name="集中维修单", lines=lines, parts=parts, total=total, blanks=range(max(0, 4 - len(parts))), **extra
        )  # fmt: skip


class BatchStep(ActionPage):
    """One step on a batch."""

    permission: Any = (BATCHES,)
    model = Batch
    slug_field = "number"
    related = RELATED
    flow = rules.BATCH

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("集中维修", reverse("classrooms:batches")), (self.object.number, self.object.get_absolute_url())]


class FinishBatch(BatchStep):
    step = "finish"
    form_class = forms.FinishForm
    service = staticmethod(services.finish)
    template_name = "classrooms/batch_finish.html"
    title = "登记集中维修结果"
    submit_label = "登记结果"
    success = "已登记：修好的进了周转库，报废的等答复。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"batch": self.object}


class DrawParts(BatchStep):
    step = "draw"
    form_class = forms.DrawForm
    service = staticmethod(services.draw)
    title = "领料"
    submit_label = "领料"
    success = "已领料。"


class GiveBackParts(BatchStep):
    step = "give_back"
    form_class = forms.GiveBackForm
    service = staticmethod(services.give_back)
    title = "退料"
    submit_label = "退料"
    success = "已退料。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"batch": self.object}


class VoidBatch(BatchStep):
    step = "void"
    form_class = forms.VoidForm
    service = staticmethod(services.void)
    title = "作废这一批"
    submit_label = "作废"
    words = "坏件回到待修，可以再开一批；批次号不再使用。"
    success = "已作废，坏件回到待修。"
