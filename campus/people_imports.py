"""The staff list from Excel: new people get accounts, people who are there already are passed over."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.urls import reverse

from campus import people
from campus.people_forms import Known, PersonRow
from core import forms
from core.imports import Importer, ImportPage, Row


class PeopleImporter(Importer):
    """One row a person; the staff number says who it is."""

    key = "campus.people"
    title = "人员"
    measure = "人"
    form_class = PersonRow
    natural_key = ("staff_number",)
    on_existing = "skip"
    synonyms = {
        "name": ("教师姓名", "教职工姓名", "职工姓名"),
        "staff_number": ("职工号", "教工号", "教师编号", "编号", "账号"),
        "phone": ("手机", "手机号", "手机号码", "联系电话", "电话号码"),
        "department": ("科室", "处室", "年级组", "教研组", "所属部门"),
        "roles": ("职务", "岗位", "身份"),
    }
    examples = (
        {
            "name": "王建国",
            "staff_number": "W012",
            "phone": "13800000000",
            "department": "后勤处",
            "roles": "维修工",
            "trade": "水电",
        },
        {
            "name": "赵敏",
            "staff_number": "J105",
            "phone": "",
            "department": "语文组",
            "roles": "教师、班主任",
            "trade": "",
        },
    )
    note = "工号就是登录账号。已有的工号会跳过，不改动。导入后请到“印发首次密码”打印纸条。"

    @cached_property
    def known(self) -> Known:
        return Known()

    def get_form(self, data: dict[str, str]) -> forms.Form:
        return PersonRow(data, by=self.by, known=self.known)

    def key_of(self, cleaned: dict[str, Any]) -> tuple[str, ...]:
        return (cleaned["staff_number"].lower(),)

    def existing(self, keys: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        return {key for key in keys if key[0] in self.known.numbers}

    def choices(self, name: str, text: str) -> list[tuple[str, str]]:
        return [(label, label) for label in people.role_names().values()] if name == "roles" else []

    def apply(self, rows: list[Row], by: Any) -> dict[str, int] | None:
        return {"new": len(people.make_people([row.cleaned for row in rows], by=by))}


class ImportPeople(ImportPage):
    """Upload, preview, confirm."""

    permission = "campus.manage_people"
    importer = PeopleImporter

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("人员", reverse("campus:people"))]

    def get_back(self) -> str:
        return reverse("campus:people-slips")
