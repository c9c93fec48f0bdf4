"""Input about people: one account, and one row of the staff list."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms

from campus import people
from campus.accounts import phone_number
from campus.models import User
from core.forms import Form, ModelForm
from core.imports import unknown

USERNAME_HELP = "登录用的名字。不填就用工号，一律小写。"


class PersonForm(ModelForm):
    """One account with its roles; who may give which role is asked of `people`."""

    roles = forms.MultipleChoiceField(
        label="角色", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="一个人可以有几个角色。系统管理员不兼别的角色。",
    )  # fmt: skip
    widths = {"name": 6, "staff_number": 6, "username": 6, "phone": 6, "department": 6, "trade": 6, "sort_name": 6}

    class Meta:
        model = User
        fields = ["name", "staff_number", "username", "phone", "department", "trade", "sort_name"]

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.new = self.instance.pk is None
        self.held = [] if self.new else list(self.instance.groups.values_list("name", flat=True))
        roles = self.fields["roles"]
        roles.choices = list(people.role_names().items())  # type: ignore[attr-defined]
        roles.initial = self.held
        if self.instance.pk == by.pk:
            roles.disabled = True
            roles.help_text = "自己的角色请另一位系统管理员来改。"
        self.fields["username"].required = False
        self.fields["username"].help_text = USERNAME_HELP
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "autocomplete": "off"}
        self.fields["phone"].validators.append(phone_number)
        self.fields["department"].empty_label = "未定"  # type: ignore[attr-defined]
        self.fields["trade"].help_text = "维修工填，如 水电、木工。"
        self.fields["sort_name"].help_text = "用来排序和查找。不填自动生成；多音字姓氏不对可以改，如 单 shan。"

    def clean_username(self) -> str:
        number = self.cleaned_data.get("staff_number") or ""
        found = people.tidy_username(self.cleaned_data.get("username") or "", number)
        if not found:
            raise forms.ValidationError("账号和工号至少填一个。")
        if not found.isprintable() or any(char.isspace() for char in found):
            raise forms.ValidationError("账号里不能有空格。")
        return found

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "roles" in found:
            refused = people.roles_refused(found["roles"], None if self.new else self.instance, self.by)
            if refused:
                self.add_error("roles", refused)
        renamed = "name" in self.changed_data and "sort_name" not in self.changed_data
        if found.get("name") and (renamed or not found.get("sort_name")):
            found["sort_name"] = people.sort_name(found["name"])
        return found


class Known:
    """Which staff numbers and account names are taken, read once for a whole file."""

    @cached_property
    def numbers(self) -> dict[str, str]:
        numbered = User.objects.exclude(staff_number="").values_list("staff_number", "name")
        return {number.lower(): name for number, name in numbered}

    @cached_property
    def usernames(self) -> set[str]:
        return set(User.objects.values_list("username", flat=True))


class PersonRow(Form):
    """One row of the staff list; the same checks as the page."""

    name = forms.CharField(label="姓名", max_length=30)
    staff_number = forms.CharField(label="工号", max_length=20, help_text="也是登录账号，不能重复。")
    phone = forms.CharField(label="电话", max_length=20, required=False, validators=[phone_number])
    department = forms.CharField(label="部门", max_length=40, required=False, help_text="没有的部门会新建。")
    roles = forms.CharField(label="角色", max_length=60, required=False, help_text="几个角色用顿号隔开，空着算教师。")
    trade = forms.CharField(label="工种", max_length=20, required=False, help_text="维修工填，如 水电。")

    def __init__(self, *args: Any, by: Any = None, known: Known | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.known = by, known or Known()

    def clean_staff_number(self) -> str:
        found: str = self.cleaned_data["staff_number"]
        if not found.isprintable() or any(char.isspace() for char in found):
            raise forms.ValidationError("工号里不能有空格。")
        there, name = self.known.numbers.get(found.lower()), self.cleaned_data.get("name")
        if there is not None and name and there != name:
            raise forms.ValidationError(f"工号 {found} 已经是{there}的，请核对。")
        if there is None and found.lower() in self.known.usernames:
            raise forms.ValidationError(f"账号 {found.lower()} 已经有人用了。请换一个工号，或到人员页面单独新建。")
        return found

    def clean_roles(self) -> list[str]:
        found, strange = people.read_roles(self.cleaned_data["roles"])
        if strange:
            names = "、".join(people.role_names().values())
            raise unknown(f"没有“{strange[0]}”这个角色，可以填：{names}。")
        chosen = found or ["teacher"]
        refused = people.roles_refused(chosen, None, self.by) if self.by is not None else None
        if refused:
            raise forms.ValidationError(refused)
        return chosen
