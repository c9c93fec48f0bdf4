"""Pages of the settings: school, terms, school days, figures, duty, delegation, departments, classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.urls import reverse

from campus import labels, profile, school
from campus.forms import (
    ClassGroupForm,
    DaysForm,
    DelegationForm,
    DepartmentForm,
    DutyForm,
    FigureForm,
    ProfileForm,
    TermForm,
)
from campus.listings import (
    ClassList,
    DelegationList,
    DepartmentList,
    DutyList,
    FigureList,
    SchoolDayList,
    TermList,
)
from campus.models import ClassGroup, Delegation, Department, Duty, Figure, SchoolDay, SchoolProfile, Term
from core.pages import Action, ActionPage, FormPage, ListPage, Page
from core.rights import can

PROFILE, CALENDAR, DUTY = "campus.manage_profile", "campus.manage_calendar", "campus.manage_duty"
PEOPLE, PLACES = "campus.manage_people", "campus.manage_places"

# What the settings page offers: (permission, address, icon, title, what it is for).
TOPICS = (
    (PROFILE, "campus:profile", "school", "学校信息", "名称、值班电话、系统网址、工作时间"),
    (CALENDAR, "campus:terms", "calendar", "学期", "开学和放假日期，决定第几周"),
    (CALENDAR, "campus:school-days", "calendar-days", "校历", "节假日、调休、寒暑假，期限按它计算"),
    (PROFILE, "campus:figures", "scale", "指标与期限", "维修期限、上限、权重，各有依据"),
    (DUTY, "campus:duties", "users", "责任分工", "水电、木工等各归谁，谁代理"),
    (DUTY, "campus:delegations", "user-check", "委托代理", "外出时由谁代办到哪一天"),
    (PLACES, "campus:places", "map-pin", "地点", "校区、楼、层、房间，二维码标签"),
    (PLACES, "campus:classes", "graduation-cap", "班级", "班主任和教室"),
    (PEOPLE, "campus:departments", "building-2", "部门", "部门和年级组"),
)


class SettingsPage(Page):
    """All settings that the user may change, each with one line of meaning."""

    permission = (PROFILE, CALENDAR, DUTY, PEOPLE, PLACES)
    title = "设置"
    template_name = "campus/settings.html"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        topics = [
            {"url": reverse(url), "icon": icon, "title": title, "text": text}
            for permission, url, icon, title, text in TOPICS
            if can(self.request.user, permission)
        ]
        return super().get_context(topics=topics, outdated=labels.outdated(), profile=profile.current(), **extra)


def crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way from the settings page."""
    return [("设置", reverse("campus:settings")), *more]


class SettingsList(ListPage):
    """A list below the settings, with a button for one more row."""

    new: str = ""
    new_label: str = ""
    saving = False

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs()

    def get_actions(self) -> Iterable[Action]:
        if self.new:
            yield Action(self.new_label, reverse(self.new), "plus", "primary")


class SettingsForm(FormPage):
    """A row's form; afterwards comes the list again."""

    list_url: str = ""
    list_title: str = ""
    remove_url: str = ""

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs((self.list_title, reverse(self.list_url)))

    def get_actions(self) -> Iterable[Action]:
        if self.remove_url and not self.creating:
            yield Action("删除", reverse(self.remove_url, args=[self.object.pk]), "trash-2")

    def back_url(self) -> str:
        return reverse(self.list_url)

    def get_success_url(self, record: models.Model) -> str:
        return reverse(self.list_url)


class SettingsRemove(ActionPage):
    """Deleting a row that nothing refers to."""

    list_url: str = ""
    list_title: str = ""
    service = staticmethod(school.remove)
    danger = True
    submit_label = "删除"
    back_label = "不删除，返回"
    success = "已删除。"
    words = "删除后不能恢复；日志里留有记录。"

    def get_title(self) -> str:
        return f"删除{self.model._meta.verbose_name}“{self.object}”？"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs((self.list_title, reverse(self.list_url)))

    def get_success_url(self, record: models.Model) -> str:
        return reverse(self.list_url)


# ---------- school ----------


class ProfilePage(FormPage):
    """The one row about the school."""

    permission = PROFILE
    model = SchoolProfile
    form_class = ProfileForm
    title = "学校信息"

    @property
    def creating(self) -> bool:
        return self.object is None

    def get_object(self) -> SchoolProfile | None:
        return profile.row()

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs()

    def back_url(self) -> str:
        return reverse("campus:settings")

    def get_success_url(self, record: models.Model) -> str:
        return self.back_url()


# ---------- calendar ----------


class Terms(SettingsList):
    permission = CALENDAR
    listing = TermList
    new, new_label = "campus:term-new", "登记学期"


class EditTerm(SettingsForm):
    permission = CALENDAR
    model = Term
    form_class = TermForm
    list_url, list_title, remove_url = "campus:terms", "学期", "campus:term-remove"


class RemoveTerm(SettingsRemove):
    permission = CALENDAR
    model = Term
    list_url, list_title = "campus:terms", "学期"


class SchoolDays(SettingsList):
    permission = CALENDAR
    listing = SchoolDayList
    new, new_label = "campus:school-days-set", "登记日子"


class SetSchoolDays(FormPage):
    """Some days at once: off, working, or back to the rule."""

    permission = CALENDAR
    model = SchoolDay
    form_class = DaysForm
    creates = True
    title = "登记节假日、调休、寒暑假"
    success = "已登记，期限从现在起按新的校历计算。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(("校历", reverse("campus:school-days")))

    def get_success_url(self, record: Any) -> str:
        return reverse("campus:school-days")

    def save(self, form: Any) -> None:
        working = {"on": True, "off": False, "rule": None}[form.cleaned_data["kind"]]
        school.set_days(form.days, working, form.cleaned_data["note"], by=self.actor())


# ---------- figures ----------


class Figures(SettingsList):
    permission = PROFILE
    listing = FigureList


class EditFigure(SettingsForm):
    permission = PROFILE
    model = Figure
    form_class = FigureForm
    list_url, list_title = "campus:figures", "指标与期限"

    def get_title(self) -> str:
        return self.object.label


# ---------- duty and delegation ----------


class Duties(SettingsList):
    permission = DUTY
    listing = DutyList
    new, new_label = "campus:duty-new", "写明一项分工"


class EditDuty(SettingsForm):
    permission = DUTY
    model = Duty
    form_class = DutyForm
    list_url, list_title, remove_url = "campus:duties", "责任分工", "campus:duty-remove"


class RemoveDuty(SettingsRemove):
    permission = DUTY
    model = Duty
    list_url, list_title = "campus:duties", "责任分工"


class Delegations(SettingsList):
    permission = DUTY
    listing = DelegationList
    new, new_label = "campus:delegation-new", "登记委托"


class EditDelegation(SettingsForm):
    permission = DUTY
    model = Delegation
    form_class = DelegationForm
    list_url, list_title = "campus:delegations", "委托代理"


# ---------- departments and classes ----------


class Departments(SettingsList):
    permission = PEOPLE
    listing = DepartmentList
    new, new_label = "campus:department-new", "新建部门"


class EditDepartment(SettingsForm):
    permission = PEOPLE
    model = Department
    form_class = DepartmentForm
    list_url, list_title, remove_url = "campus:departments", "部门", "campus:department-remove"


class RemoveDepartment(SettingsRemove):
    permission = PEOPLE
    model = Department
    list_url, list_title = "campus:departments", "部门"


class Classes(SettingsList):
    permission = PLACES
    listing = ClassList
    new, new_label = "campus:class-new", "新建班级"


class EditClass(SettingsForm):
    permission = PLACES
    model = ClassGroup
    form_class = ClassGroupForm
    list_url, list_title, remove_url = "campus:classes", "班级", "campus:class-remove"


class RemoveClass(SettingsRemove):
    permission = PLACES
    model = ClassGroup
    list_url, list_title = "campus:classes", "班级"
