"""Look-ups of the school in Django's admin; nothing with a state is changed there, and it has no login of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from campus import accounts
from campus.forms import PlaceField
from campus.models import ClassGroup, Department, Figure, SchoolDay, Term
from core import log
from core.forms import PersonField
from core.pages import changes_of, values_of


def login(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The site's own login page, which counts wrong passwords; the admin's would not."""
    if request.user.is_authenticated:
        raise PermissionDenied("管理后台只给系统管理员维护基础数据用。您要办的事，请从首页的菜单进。")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def password_change(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The account page's form, which logs."""
    return HttpResponseRedirect(reverse("campus:password"))


for _name, _view in (("login", login), ("logout", accounts.Logout.as_view()), ("password_change", password_change)):
    setattr(admin.site, _name, _view)


class LookupAdmin(admin.ModelAdmin):
    """A look-up table: its changes go to our one log instead of the admin's, and nothing is deleted here."""

    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        names = [name for name in form.fields if hasattr(type(obj), name)]
        before = values_of(type(obj)._default_manager.get(pk=obj.pk), names) if change else {}
        super().save_model(request, obj, form, change)
        if not change:
            log.write(obj, "create", by=request.user, text=f"新建{obj._meta.verbose_name}：{obj}")
            return
        changes = changes_of(before, obj)
        if changes:
            log.write(obj, "edit", by=request.user, text=f"修改{obj._meta.verbose_name}：{obj}", changes=changes)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Written in `save_model`."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Written in `save_model`."""


class ClassGroupForm(forms.ModelForm):
    """People and rooms are typed: a select of all of them would be the whole school."""

    teacher = PersonField(label="班主任", required=False, help_text="姓名或工号。")
    room = PlaceField(label="教室", required=False, help_text="如 明德楼204。")

    class Meta:
        model = ClassGroup
        fields = ["name", "grade", "pupils", "teacher", "room"]


@admin.register(Department)
class DepartmentAdmin(LookupAdmin):
    list_display = ("name", "order")


@admin.register(Term)
class TermAdmin(LookupAdmin):
    list_display = ("name", "starts_on", "ends_on")


@admin.register(SchoolDay)
class SchoolDayAdmin(LookupAdmin):
    list_display = ("day", "working", "note")
    date_hierarchy = "day"


@admin.register(Figure)
class FigureAdmin(LookupAdmin):
    list_display = ("label", "value", "unit", "basis", "verified")
    search_fields = ("label", "key", "basis")


@admin.register(ClassGroup)
class ClassGroupAdmin(LookupAdmin):
    list_display = ("name", "grade", "pupils", "teacher", "room")
    form = ClassGroupForm
    list_select_related = ("teacher", "room")
