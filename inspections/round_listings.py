"""Lists of rounds, of a round's targets, of checklists and schedules."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, Max, Q, QuerySet
from django.utils.html import format_html

from core import clock
from core.forms import DateInput
from core.listing import Column, FilterSet, Listing, SearchFilter
from core.templatetags.houqin import day, state_class
from inspections.models import AREAS, Checklist, Round, Schedule, Target

SIGNS = {"open": "doing", "closed": "done", "cancelled": "withdrawn", "missed": "rework"}
STATES = {"today": "今天要查", "open": "进行中", "missed": "没按时查完", "closed": "已结束", "cancelled": "已取消"}
PEOPLE_SHOWN = 3


def missed(record: Round) -> bool:
    """Open past its last day."""
    return record.state == "open" and record.due_on < clock.today()


def word(record: Round) -> str:
    """The state as people read it."""
    if missed(record):
        return "没按时查" if not record.done else "没查完"
    if record.state == "closed" and record.done < record.total:
        return "已结束，有漏查"
    return record.get_state_display()


def sign(record: Round, value: Any = None) -> Any:
    key = "missed" if missed(record) else record.state
    return format_html('<span class="{}">{}</span>', state_class(SIGNS[key]), word(record))


def dates(record: Round) -> str:
    """One day, or from when to when."""
    first = day(record.on)
    return first if record.due_on == record.on else f"{first} 至 {day(record.due_on)}"


def names(record: Any) -> str:
    """Who walks it; read from a prefetch."""
    found = [one.name for one in record.people.all()]
    return "、".join(found[:PEOPLE_SHOWN]) + (f"等 {len(found)} 人" if len(found) > PEOPLE_SHOWN else "")


# ---- rounds --------------------------------------------------------------------------------------------------------


class RoundFilter(FilterSet):
    """Rounds by words, area, state, checklist, dates."""

    q = SearchFilter(fields=("number", "title"), placeholder="编号、名称")
    area = django_filters.ChoiceFilter(label="归属", choices=list(AREAS.items()))
    state = django_filters.ChoiceFilter(label="状态", choices=list(STATES.items()), method="by_state")
    checklist = django_filters.ModelChoiceFilter(
        label="检查表", queryset=lambda request: Checklist.objects.visible_to(request.user), field_name="sheet__checklist"
    )  # fmt: skip
    first = django_filters.DateFilter(label="日期从", field_name="on", lookup_expr="gte", widget=DateInput)
    last = django_filters.DateFilter(label="到", field_name="on", lookup_expr="lte", widget=DateInput)

    class Meta:
        model = Round
        fields = ("q", "area", "state", "checklist", "first", "last")

    def by_state(self, rows: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        today = clock.today()
        if value == "today":
            return rows.filter(state="open", on__lte=today, due_on__gte=today)
        if value == "missed":
            return rows.filter(state="open", due_on__lt=today)
        return rows.filter(state=value)


class RoundListing(Listing):
    """Rounds, the newest first."""

    model = Round
    title = "检查"
    filename = "检查"
    measure = "次"
    empty = ("还没有检查", "有检查表以后，点“发起检查”，或做一个检查安排，到日子自动发起。")
    order = ("-on", "-id")
    related = ("sheet", "sheet__checklist", "place")
    prefetch = ("people",)
    filterset = RoundFilter
    columns = (
        Column("title", "检查", link=True),
        Column("number", "编号", phone="hide"),
        Column("area", "归属", value=lambda r: AREAS.get(r.area, r.area), phone="hide"),
        Column("on", "日期", kind="date", order="on", where="sheet"),
        Column("due_on", "最后一天", kind="date", where="sheet"),
        Column("when", "日期", value=dates, order="on", where="screen"),
        Column("sheet", "检查表", value=lambda r: str(r.sheet), phone="hide", where="sheet"),
        Column("done", "已查", kind="int", total=True, where="sheet"),
        Column("total", "应查", kind="int", total=True, where="sheet"),
        Column("progress", "已查／应查", value=lambda r: f"{r.done}／{r.total}", phone="label", where="screen"),
        Column("people", "检查人", value=names, phone="label"),
        Column("state", "状态", value=word, cell=sign),
    )

    def row_class(self, record: Round) -> str:
        return "is-late" if missed(record) else ""


# ---- targets of a round --------------------------------------------------------------------------------------------


TARGET_STATES = {"todo": "没查", "failed": "有问题", "fine": "没问题", "excused": "未查有原因"}


class TargetFilter(FilterSet):
    """Targets by words and by what became of them."""

    q = SearchFilter(fields=("place__full_name", "card__name"), placeholder="房号、设备")
    state = django_filters.ChoiceFilter(label="结果", choices=list(TARGET_STATES.items()), method="by_state")

    class Meta:
        model = Target
        fields = ("q", "state")

    def by_state(self, rows: QuerySet[Target], name: str, value: str) -> QuerySet[Target]:
        conditions = {
            "todo": Q(done_at=None), "failed": Q(failures__gt=0), "excused": ~Q(excused=""),
            "fine": Q(done_at__isnull=False, failures=0, excused=""),
        }  # fmt: skip
        return rows.filter(conditions[value])


def outcome(row: Target) -> str:
    """What became of a row, in words."""
    if row.excused:
        return f"未查：{row.excused}"
    if row.done_at is None:
        return "没查" if row.place.active else "没查，地点已停用"
    if row.failures:
        return f"{row.failures} 项有问题" + (f"，{row.score.normalize():f} 分" if row.score is not None else "")
    return "没问题" if row.score is None else f"{row.score.normalize():f} 分"


class TargetListing(Listing):
    """The rows of a round, as people walk them."""

    model = Target
    title = "检查对象"
    filename = "检查对象"
    measure = "处"
    order = "order"
    related = ("place", "card", "done_by")
    filterset = TargetFilter
    empty = ("没有检查对象", "")
    columns = (
        Column("place", "地点", value="place.full_name", link=True),
        Column("card", "设备", value=lambda t: str(t.card) if t.card else "", phone="label"),
        Column("outcome", "结果", value=outcome),
        Column("reason", "扣分原因", phone="label"),
        Column("done_by", "检查人", value=lambda t: t.done_by.name if t.done_by else "", phone="label"),
        Column("done_at", "时间", kind="datetime", phone="label"),
    )

    def url(self, record: Target) -> str:
        return record.card.get_absolute_url() if record.card else record.place.get_absolute_url()

    def row_class(self, record: Target) -> str:
        return "is-late" if record.failures else ""


# ---- checklists ----------------------------------------------------------------------------------------------------


class ChecklistFilter(FilterSet):
    """Checklists by words and area."""

    q = SearchFilter(fields=("name", "about"), placeholder="名称")
    area = django_filters.ChoiceFilter(label="归属", choices=list(AREAS.items()))
    active = django_filters.ChoiceFilter(label="在用", choices=[("1", "在用"), ("0", "停用")], method="by_active")

    class Meta:
        model = Checklist
        fields = ("q", "area", "active")

    def by_active(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(active=value == "1")


def stage(record: Any) -> str:
    """Which version new rounds take, and whether one is being edited."""
    if not record.active:
        return "已停用"
    found = [f"第{record.published}版"] if record.published else ["还没有发布"]
    return "，".join(found + ["有草稿"] * bool(record.drafts))


class ChecklistListing(Listing):
    """Checklists with their version in use and the last round."""

    model = Checklist
    title = "检查表"
    filename = "检查表"
    measure = "张"
    order = "name"
    filterset = ChecklistFilter
    empty = ("还没有检查表", "点“新建检查表”，一项一项加上要查的内容，发布后就能用。")
    columns = (
        Column("name", "检查表", link=True),
        Column("area", "归属"),
        Column("stage", "版次", value=stage),
        Column("last_on", "最近一次", kind="date", phone="label"),
        Column("about", "说明", phone="wide"),
    )

    def base(self) -> QuerySet[Any]:
        published = Max("versions__number", filter=Q(versions__state="published"))
        drafts = Count("versions", filter=Q(versions__state="draft"), distinct=True)
        found = super().base().annotate(published=published, drafts=drafts)
        return found.annotate(last_on=Max("versions__rounds__on", filter=~Q(versions__rounds__state="cancelled")))


# ---- schedules -----------------------------------------------------------------------------------------------------

WEEKDAY_WORDS = "一二三四五六日"


def rhythm(one: Schedule) -> str:
    """How often, in words: 每周一、三、五 · 夜间."""
    days = "、".join(WEEKDAY_WORDS[int(n) - 1] for n in one.weekdays.split(",") if n.isdigit() and 1 <= int(n) <= 7)
    nth = "最后一个" if one.nth == 5 else f"第{'一二三四'[one.nth - 1]}个" if one.nth else ""
    words = {
        "daily": "每天", "weekdays": "每个上课日", "weekly": f"每周{days}", "nth": f"每月{nth}星期{days}",
        "monthly": f"每月 {one.day} 号", "term": f"每学期开学第 {one.day} 天", "weeks": f"第 {one.weeks} 周的星期{days}",
    }[one.every]  # fmt: skip
    return words + (f" · {one.get_slot_display()}" if one.slot else "")


class ScheduleFilter(FilterSet):
    """Schedules by words, area, and whether they run."""

    q = SearchFilter(fields=("title", "checklist__name", "place__full_name"), placeholder="名称、地点")
    area = django_filters.ChoiceFilter(label="归属", choices=list(AREAS.items()), field_name="checklist__area")
    active = django_filters.ChoiceFilter(label="启用", choices=[("1", "启用"), ("0", "停用")], method="by_active")

    class Meta:
        model = Schedule
        fields = ("q", "area", "active")

    def by_active(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(active=value == "1")


class ScheduleListing(Listing):
    """Schedules."""

    model = Schedule
    title = "检查安排"
    filename = "检查安排"
    measure = "个"
    order = "title"
    related = ("checklist", "place")
    prefetch = ("people",)
    filterset = ScheduleFilter
    empty = ("还没有检查安排", "打开一张检查表，点“安排定期检查”，到日子就自动发起。")
    columns = (
        Column("title", "检查安排", link=True),
        Column("checklist", "检查表", value="checklist.name", phone="label"),
        Column("rhythm", "多久一次", value=rhythm),
        Column("place", "范围", value="place.full_name", phone="label"),
        Column("people", "检查人", value=names, phone="label"),
        Column("active", "启用", kind="bool", cell=lambda r, v: "启用" if v else "已停用"),
    )

    def base(self) -> QuerySet[Any]:
        return Schedule.objects.filter(checklist__in=Checklist.objects.visible_to(self.user))
