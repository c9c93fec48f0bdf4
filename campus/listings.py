"""The lists of the school: places, departments, classes, terms, school days, figures, duty, delegation."""

from __future__ import annotations

from typing import Any

import django_filters

from campus.models import ClassGroup, Delegation, Department, Duty, Figure, Place, SchoolDay, Term
from core import clock
from core.listing import Column, FilterSet, Listing, SearchFilter


class PlaceFilter(FilterSet):
    """Which places."""

    q = SearchFilter(fields=("full_name",), placeholder="楼名、房号、名称")
    building = django_filters.ModelChoiceFilter(
        label="楼", queryset=lambda request: Place.objects.active().filter(kind="building").order_by("order", "name")
    )
    use = django_filters.ChoiceFilter(label="用途", choices=list(Place.USES.items()))
    kind = django_filters.ChoiceFilter(label="种类", choices=list(Place.KINDS.items()))
    active = django_filters.ChoiceFilter(label="状态", choices=(("1", "在用"), ("0", "已停用")))


class PlaceList(Listing):
    """Every place in one table."""

    model = Place
    title = "地点清单"
    filename = "地点"
    measure = "处"
    order = "path"
    related = ("custodian", "building", "successor")
    filterset = PlaceFilter
    empty = ("还没有地点", "先建校区和楼，再按层成批加房间。")
    empty_icon = "map-pin"
    columns = (
        Column("full_name", "地点", link=True, order="full_name", width=28),
        Column("building", "楼", value=lambda p: p.building.name if p.building else "", where="sheet"),
        Column("name", "名称", where="sheet"),
        Column("kind", "种类", phone="label"),
        Column("use", "用途", phone="label"),
        Column("room_type", "房间类型", phone="label"),
        Column("people", "人数", kind="int", phone="label", total=True),
        Column("custodian", "保管人", value=lambda p: p.custodian.name if p.custodian else "", phone="label"),
        Column("active", "状态", value=lambda p: "在用" if p.active else "已停用", phone="label"),
        Column("successor", "改用", value=lambda p: p.successor.full_name if p.successor else "", where="sheet"),
        Column("token", "二维码", where="sheet"),
    )


class DepartmentList(Listing):
    """Departments."""

    model = Department
    title = "部门"
    measure = "个"
    order = "order"
    empty = ("还没有部门", "新建部门后，人员可以归到部门。")
    columns = (Column("name", "部门", link=True), Column("order", "次序", kind="int", phone="label"))


class ClassList(Listing):
    """Classes."""

    model = ClassGroup
    title = "班级"
    measure = "个"
    order = ("grade", "name")
    related = ("teacher", "room")
    empty = ("还没有班级", "新建班级，写上班主任和教室。")
    columns = (
        Column("name", "班级", link=True),
        Column("grade", "年级", phone="label"),
        Column("pupils", "人数", kind="int", phone="label", total=True),
        Column("teacher", "班主任", value=lambda c: c.teacher.name if c.teacher else "", phone="label"),
        Column("room", "教室", value=lambda c: c.room.full_name if c.room else "", phone="label"),
    )
    show_totals = True


class TermList(Listing):
    """Terms."""

    model = Term
    title = "学期"
    measure = "个"
    order = "-starts_on"
    empty = ("还没有学期", "登记开学和放假日期，页面上就会显示第几周。")
    empty_icon = "calendar"
    columns = (
        Column("name", "学期", link=True),
        Column("starts_on", "开学", kind="date", phone="label"),
        Column("ends_on", "放假", kind="date", phone="label"),
    )


class SchoolDayFilter(FilterSet):
    """Which days."""

    working = django_filters.ChoiceFilter(label="类别", choices=(("1", "上班"), ("0", "休息")))
    year = django_filters.NumberFilter(
        label="年份", field_name="day", lookup_expr="year", min_value=2000, max_value=2100
    )


class SchoolDayList(Listing):
    """Days that differ from Monday-to-Friday."""

    model = SchoolDay
    title = "校历"
    measure = "天"
    order = "-day"
    per_page = 100
    filterset = SchoolDayFilter
    empty = ("没有登记特殊的日子", "没登记的日子：周一到周五上班，周末休息。")
    empty_icon = "calendar"
    columns = (
        Column("day", "日期", kind="date", order="day"),
        Column("working", "上班或休息", value=lambda d: "上班" if d.working else "休息", phone="label"),
        Column("note", "说明", phone="label"),
    )


class FigureList(Listing):
    """Figures with their basis."""

    model = Figure
    title = "指标与期限"
    measure = "项"
    order = "key"
    per_page = 100
    empty = ("还没有指标", "请系统管理员运行初始化。")
    columns = (
        Column("label", "名称", link=True),
        Column("value", "数值", kind="decimal", phone="label"),
        Column("unit", "单位", phone="label"),
        Column("basis", "依据", phone="label"),
        Column("verified", "已核实", kind="bool", phone="label"),
    )


class DutyList(Listing):
    """Who is responsible."""

    model = Duty
    title = "责任分工"
    measure = "条"
    order = ("topic", "pk")
    related = ("place", "person", "deputy")
    empty = ("还没有责任分工", "写明水电、木工等各归谁，派工时会先推荐他。")
    empty_icon = "users"
    columns = (
        Column("topic", "事项", link=True),
        Column("place", "范围", value=lambda d: d.place.full_name if d.place else "全校", phone="label"),
        Column("person", "责任人", value="person.name", phone="label"),
        Column("deputy", "代理人", value=lambda d: d.deputy.name if d.deputy else "", phone="label"),
    )


def _standing(row: Any) -> str:
    day = clock.today()
    return "未开始" if day < row.starts_on else "已结束" if day > row.ends_on else "生效中"


class DelegationList(Listing):
    """Who acts for whom."""

    model = Delegation
    title = "委托代理"
    measure = "条"
    order = ("-starts_on", "-pk")
    related = ("absent", "delegate")
    empty = ("没有委托", "领导或经办人外出时，登记由谁代理到哪一天。")
    empty_icon = "users"
    columns = (
        Column("delegate", "代理人", value="delegate.name", link=True),
        Column("absent", "委托人", value="absent.name", phone="label"),
        Column("starts_on", "开始", kind="date", phone="label"),
        Column("ends_on", "结束", kind="date", phone="label"),
        Column("basis", "依据", phone="label"),
        Column("standing", "状态", value=_standing, phone="label"),
    )
