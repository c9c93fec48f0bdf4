"""Pages of what patrols found: facade and stairs, water machines, what is broken in each room, chairs by class."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import groupby
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from campus.figures import whole
from classrooms import watching
from classrooms.checklists import AREA
from classrooms.listings import FacadeListing, MachineListing
from classrooms.views.pools import crumb_home
from core import charts, clock
from core.models import Attachment
from core.pages import Action, ListPage, Page
from core.plan import Month
from core.rights import can
from core.templatetags.houqin import day
from finance.monthly import workbook
from finance.tables import Table
from inspections.models import Finding

LOOK = ("areas.view:classrooms", "inspections.view:classrooms")
MONTHS = 6


def checks(name: str) -> str:
    """A page of the engine, narrowed to this area."""
    return f"{reverse(f'inspections:{name}')}?area={AREA}"


def rounds_url() -> str:
    """The list of rounds of this area."""
    return checks("home")


class Facade(ListPage):
    """/classrooms/facade/: loose tiles, cracks, lamps' surroundings; a hazard without a fence is counted in red."""

    permission = LOOK
    listing = FacadeListing
    template_name = "areas/home.html"
    tabs = (("未销号", ""), ("隐患", "hazard=1"), ("超期", "late=1"), ("待复查", "stage=recheck"), ("全部", "all=1"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumb_home(self.request.user)

    def get_actions(self) -> Iterable[Action]:
        yield Action("巡查记录", rounds_url(), "clipboard-check")
        if can(self.request.user, f"inspections.inspect:{AREA}"):
            yield Action("登记问题", checks("finding-new"), "plus", "primary")

    def whole(self) -> Any:
        return watching.facade(self.request.user)

    def get_queryset(self) -> Any:
        """Open ones, unless the address asks for a state, for words or for all."""
        asked, found = self.request.GET, self.whole()
        if not (asked.get("all") or asked.get("stage") or asked.get("q")):
            found = found.open()
        kind = ContentType.objects.get_for_model(Finding)
        photo = Attachment.objects.filter(kind=kind, object_id=OuterRef("pk")).order_by("pk").values("token")
        return found.annotate(photo=Subquery(photo[:1]))

    def get_context(self, **extra: Any) -> dict[str, Any]:
        waits = Q(state="open")
        found = self.whole().order_by().aggregate(
            open=Count("pk", filter=waits), hazards=Count("pk", filter=waits & Q(hazard=True)),
            bare=Count("pk", filter=waits & Q(hazard=True, protection="")),
            recheck=Count("pk", filter=Q(stage="recheck")),
            late=Count("pk", filter=waits & Q(due_on__lt=clock.today())),
        )  # fmt: skip
        figures = [
            {"label": "未销号", "value": found["open"], "unit": "处", "more": f"其中 {found['late']} 处超期", "url": "?"},
            {"label": "隐患", "value": found["hazards"], "unit": "处", "danger": bool(found["hazards"]), "url": "?hazard=1",
             "more": "危险没有排除"},
            {"label": "还没围挡的隐患", "value": found["bare"], "unit": "处", "danger": bool(found["bare"]), "url": "?bare=1",
             "more": "先拉警戒线，记临时防护"},
            {"label": "待复查", "value": found["recheck"], "unit": "处", "more": "由没参加维修的人到现场", "url": "?stage=recheck"},
        ]  # fmt: skip
        return super().get_context(figures=figures, **extra)


class Water(ListPage):
    """/classrooms/water/: each machine with its last test, its filter, its next check."""

    permission = LOOK
    listing = MachineListing
    template_name = "areas/home.html"
    tabs = (("全部", ""), ("维护到期", "due=1"), ("不合格或在修", "bad=1"), ("没查过", "never=1"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumb_home(self.request.user)

    def get_actions(self) -> Iterable[Action]:
        yield Action("检查记录", rounds_url(), "clipboard-check")
        yield Action("定期维护", checks("upkeeps"), "repeat")

    def get_queryset(self) -> Any:
        return watching.machines()

    def get_context(self, **extra: Any) -> dict[str, Any]:
        found = watching.machines().order_by().aggregate(
            all=Count("pk"), due=Count("pk", filter=Q(care_due__lte=clock.today())),
            bad=Count("pk", filter=Q(failures__gt=0) | Q(broken=True)), never=Count("pk", filter=Q(checked_on=None)),
        )  # fmt: skip
        figures = [
            {"label": "饮水机", "value": found["all"], "unit": "台", "more": "按存放处", "url": "?"},
            {"label": "维护到期", "value": found["due"], "unit": "台", "danger": bool(found["due"]), "more": "滤芯、消毒等", "url": "?due=1"},
            {"label": "不合格或在修", "value": found["bad"], "unit": "台", "danger": bool(found["bad"]), "more": "上次检查", "url": "?bad=1"},
            {"label": "没查过", "value": found["never"], "unit": "台", "more": "还没有检查记录", "url": "?never=1"},
        ]  # fmt: skip
        return super().get_context(figures=figures, **extra)


class TablesPage(Page):
    """A page of computed tables with their Excel."""

    permission = LOOK
    template_name = "classrooms/tables.html"
    rule = ""

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumb_home(self.request.user)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.export() if request.GET.get("export") == "xlsx" else self.render()

    def export(self) -> HttpResponseBase:
        raise NotImplementedError

    def export_url(self) -> str:
        params = self.request.GET.copy()
        params["export"] = "xlsx"
        return f"?{params.urlencode()}"


class Tallies(TablesPage):
    """/classrooms/tallies/: what is broken in each room by its last count, with a sum for each building."""

    title = "各室设施清点"
    rule = "每间房按最近一次清点，只列有坏的项目；报修修好后，下次清点才更新。"

    def get_actions(self) -> Iterable[Action]:
        return [Action("清点记录", rounds_url(), "clipboard-check")]

    @cached_property
    def rooms(self) -> list[watching.Counted]:
        found = watching.tallies()
        return [one for one in found if one.total] if self.request.GET.get("broken") else found

    @cached_property
    def names(self) -> list[str]:
        """The columns: of what is counted that of which something is broken, and whatever else an older count found."""
        known = [line.name for line in watching.counted_lines()]
        broken = {name for one in self.rooms for name in one.broken}
        return [name for name in known if name in broken] + sorted(broken - set(known))

    def row(self, one: watching.Counted) -> tuple[Any, ...]:
        return (*(one.broken.get(name, 0) or None for name in self.names), one.total)

    def tables(self) -> list[Table]:
        columns = [("房间", "text"), ("清点日期", "text"), *((name, "int+") for name in self.names), ("合计", "int+")]
        found = []
        for building, rooms in groupby(self.rooms, key=lambda one: one.target.place.building):
            rows, urls = [], []
            for one in rooms:
                place = one.target.place
                short = place.full_name.removeprefix(f"{building.full_name} ") if building else place.full_name
                rows.append((short, day(one.target.on), *self.row(one)))
                urls.append({0: place.get_absolute_url(), 1: one.target.round.get_absolute_url()})
            found.append(
                Table(
                    building.full_name if building else "其他",
                    columns,
                    rows,
                    urls,
                    key=f"b{building.pk if building else 0}",
                )
            )
        return found

    def export(self) -> HttpResponseBase:
        columns = [
            ("楼", "text"),
            ("房间", "text"),
            ("清点日期", "date"),
            *((name, "int+") for name in self.names),
            ("合计", "int+"),
        ]
        rows = [
            (str(one.target.place.building or ""), one.target.place.full_name, one.target.on, *self.row(one))
            for one in self.rooms
        ]
        table = Table("各室设施清点", columns, rows, note=self.rule)
        return workbook(self.request, [table.sheet()], f"各室设施清点_{clock.today():%Y%m%d}", "最近一次清点")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        only = bool(self.request.GET.get("broken"))
        return super().get_context(
            tables=self.tables(), rule=self.rule, export_url=self.export_url() if self.rooms else "",
            tabs=[{"label": "全部房间", "url": "?", "current": not only}, {"label": "只看有坏的", "url": "?broken=1", "current": only}],
            empty=("还没有清点过", "在“清点记录”里发起一次教室设施清点，结果会汇总到这里。"), **extra,
        )  # fmt: skip


class Chairs(TablesPage):
    """/classrooms/chairs/: pieces broken by class and month, and whom to talk with about sitting straight."""

    title = "各班坏桌椅"

    @cached_property
    def month(self) -> Month:
        try:
            asked = Month.parse(self.request.GET.get("month", ""))
        except ValueError:
            return Month.current()
        return min(asked, Month.current())

    @cached_property
    def kinds(self) -> list[Any]:
        return watching.furniture()

    @cached_property
    def kind(self) -> Any:
        asked = self.request.GET.get("kind", "")
        return next((one for one in self.kinds if str(one.pk) == asked), self.kinds[0] if self.kinds else None)

    @cached_property
    def months(self) -> list[Month]:
        return [self.month.plus(number) for number in range(1 - MONTHS, 1)]

    @cached_property
    def rows(self) -> list[watching.ClassRow]:
        return watching.by_class(self.kind, self.months) if self.kind is not None else []

    def table(self) -> Table:
        columns = [
            ("班级", "text"), ("班主任", "text"), *((f"{month.month}月", "int+") for month in self.months), ("合计", "int+"),
        ]  # fmt: skip
        rows = [
            (one.group.name, str(one.group.teacher or ""), *(one.of(month) or None for month in self.months), one.total)
            for one in self.rows if one.total
        ]  # fmt: skip
        seen = can(self.request.user, "repairs.view_all")
        urls = [
            {0: f"{reverse('repairs:list')}?place={one.group.room_id}"} if seen else {}
            for one in self.rows if one.total
        ]  # fmt: skip
        title = f"{self.kind}：{self.months[0].words}至{self.month.words}" if self.kind else "没有桌椅类别"
        return Table(title, columns, rows, urls, empty="这几个月没有班级报修。", key="classes")

    def export(self) -> HttpResponseBase:
        return workbook(self.request, [self.table().sheet()], f"各班坏桌椅_{self.month.words}", f"month={self.month}")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        talk = watching.to_talk(self.rows, self.month)
        query = f"&kind={self.kind.pk}" if self.kind else ""
        return super().get_context(
            tables=[self.table()], export_url=self.export_url(), month=self.month, talk=talk, limit=whole("classrooms.talk_pieces"),
            talk_words="、".join(f"{one.group.name} {one.of(self.month)} 件" for one in talk), chart=self.chart(),
            previous_url=f"?month={self.month.previous}{query}",
            next_url=f"?month={self.month.next}{query}" if self.month < Month.current() else "",
            tabs=[
                {"label": one.name, "url": f"?month={self.month}&kind={one.pk}", "current": one == self.kind} for one in self.kinds
            ] if len(self.kinds) > 1 else [],
            rule=f"按报修月份、按件数算，不予受理、重复和撤销的不算。一个月坏 {whole('classrooms.talk_pieces')} 件以上的班提醒班主任。", **extra,
        )  # fmt: skip

    def chart(self) -> Any:
        """The classes of these months as bars, worst first."""
        pairs = [(one.group.name, one.total) for one in self.rows if one.total]
        title = f"{len(self.months)} 个月里哪些班坏得多" if self.kind else ""
        return charts.bars(pairs, title=title, key="classes-chart", head="班级", unit="件") if pairs else None
