"""The one-time page of a new school: its name, its first administrator."""

from __future__ import annotations

import hmac
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from assets import defaults as assets_defaults
from campus import cache
from campus import defaults as campus_defaults
from campus.accounts import check_password_rules
from campus.models import SchoolProfile, User
from classrooms import checklists as classroom_checklists
from config import serve
from core import log
from core.forms import Form
from core.pages import Page
from dormitory import defaults as dormitory_defaults
from finance import defaults as finance_defaults
from inspections import defaults as inspections_defaults
from repairs import defaults as repairs_defaults
from stores import defaults as stores_defaults


class SetupForm(Form):
    """School and first administrator."""

    school = forms.CharField(label="学校名称", max_length=40)
    duty_phone = forms.CharField(
        label="后勤值班电话", max_length=20, required=False, help_text="报修有危险时，页面上给出这个电话。"
    )
    name = forms.CharField(label="管理员姓名", max_length=30)
    username = forms.CharField(label="管理员账号", max_length=40, initial="admin")
    password = forms.CharField(label="密码", widget=forms.PasswordInput, help_text="至少 8 位，不要全是数字。")
    again = forms.CharField(label="再输一次密码", widget=forms.PasswordInput)
    widths = {"school": 8, "duty_phone": 4, "name": 6, "username": 6, "password": 6, "again": 6}

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password_rules(password)
        return password

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", ValidationError("两次输入的密码不一样。"))
        return data


def seed() -> None:
    """What every school starts with."""
    basics()
    checklists()


def basics() -> None:
    """Roles, figures, school days, class codes, approval bands, kinds of fault, a warehouse."""
    campus_defaults.ensure()
    assets_defaults.ensure()
    finance_defaults.ensure()
    repairs_defaults.ensure()
    stores_defaults.ensure()


def checklists() -> None:
    """The default checklists; after the kinds of fault, which their lines name."""
    inspections_defaults.ensure()
    dormitory_defaults.ensure()
    classroom_checklists.ensure()


class Setup(Page):
    """/setup/<token>/: open while there is no user, to whoever holds the address that `start` printed."""

    public = True
    template_name = "core/form.html"
    title = "开始使用后勤台"

    def gate(self) -> HttpResponseBase | None:
        expected = serve.setup_token()
        given = self.kwargs["token"]
        if User.objects.exists() or not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Http404("设置已经完成，请直接登录。")
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.show(SetupForm())

    def show(self, form: SetupForm) -> HttpResponseBase:
        return self.render(form=form, submit_label="建立学校", back_url=reverse("login"), back_label="去登录")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = SetupForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        data = form.cleaned_data
        with transaction.atomic():
            seed()
            SchoolProfile.objects.update_or_create(
                pk=1, defaults={"name": data["school"], "duty_phone": data["duty_phone"]}
            )
            user = User.objects.create_user(data["username"], data["password"], name=data["name"], is_staff=True)
            user.groups.add(Group.objects.get(name="admin"))
            log.write(user, "setup", by=user, text=f"建立{data['school']}，第一位管理员{user.name}")
        cache.clear()
        serve.setup_done()
        login(request, user)
        messages.success(
            request,
            "学校已建立。接下来在“地点”里按楼层成批录入或导入 Excel，在“人员”里导入老师和师傅，再印二维码标签。",
        )
        return HttpResponseRedirect(reverse("campus:settings"))
