"""Forms: Chinese messages for every kind of bad input, clean text, people by datalist, selects, tokens."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django import forms as django_forms
from django.test.html import parse_html

from campus.models import User
from core import forms
from stores.models import Item
from tests import make_people


class Sample(forms.Form):
    text = django_forms.CharField(label="文字", max_length=5, required=False)
    words = django_forms.CharField(label="说明", widget=django_forms.Textarea, required=False)
    count = django_forms.IntegerField(label="数量", min_value=1, required=False)
    money = django_forms.DecimalField(label="金额", max_digits=8, decimal_places=2, min_value=0, required=False)
    loose = django_forms.DecimalField(label="数", required=False)
    ratio = django_forms.FloatField(label="比例", required=False)
    day = django_forms.DateField(label="日期", required=False)
    at = django_forms.DateTimeField(label="时间", required=False)
    mail = django_forms.EmailField(label="邮箱", required=False)
    one = django_forms.ChoiceField(label="一项", choices=[("a", "甲"), ("b", "乙")], required=False)
    many = django_forms.MultipleChoiceField(label="几项", choices=[("a", "甲")], required=False)
    item = django_forms.ModelChoiceField(Item.objects.all(), label="物品", required=False)
    items = django_forms.ModelMultipleChoiceField(Item.objects.all(), label="多种物品", required=False)
    file = django_forms.FileField(label="文件", required=False, max_length=20)


BAD = [
    ("text", "一二三四五六", "最多 5 个字，现在是 6 个，请缩短。"),
    ("count", "1.5", "只填整数，如 12。"),
    ("count", "abc", "只填整数，如 12。"),
    ("count", "0", "不能小于 1。"),
    ("count", "-3", "不能小于 1。"),
    ("count", "9" * 40, "不能大于 999999999。"),
    ("count", "9" * 6000, "只填整数，如 12。"),
    ("money", "NaN", "只填数字，如 1234.50。"),
    ("money", "Infinity", "只填数字，如 1234.50。"),
    ("money", "一千二", "只填数字，如 1234.50。"),
    ("money", "-1", "不能小于 0。"),
    ("money", "1.234", "小数最多 2 位。"),
    ("money", "1234567", "数字太大，整数部分最多 6 位。"),
    ("money", "9" * 40, "数字太长，总共最多 8 位。"),
    ("loose", "1E+400000", "数字太长，总共最多 14 位。"),
    ("ratio", "inf", "只填数字，如 12.5。"),
    ("day", "2026-02-30", "2月没有30日，请改日期。"),
    ("day", "2026-13-01", "没有 13 月，请改日期。"),
    ("day", "0000-01-01", "年份不对，请改日期。"),
    ("day", "昨天", "日期看不懂，请写成 2026-11-22。"),
    ("at", "2026-11-22 25:00", "时间看不懂，请写成 2026-11-22 08:30。"),
    ("mail", "x@", "邮箱地址不对，如 name@school.cn。"),
    ("one", "z", "选的这一项现在没有，请重新选。"),
    ("many", ["z"], "选的“z”现在没有，请重新选。"),
    ("item", "99", "选的这一项现在没有，请重新选。"),
    ("item", "abc", "选的这一项现在没有，请重新选。"),
    ("item", "9" * 40, "选的这一项现在没有，请重新选。"),
    ("items", ["99"], "选的“99”现在没有，请重新选。"),
    ("items", ["x"], "选的“x”现在没有，请重新选。"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_input_gets_a_chinese_message(name: str, value: Any, message: str) -> None:
    form = Sample({name: value})

    assert dict(form.errors) == {name: [message]}
    assert form.problems == [(f"id_{name}", form[name].label, message)]


@pytest.mark.django_db
def test_required_fields_say_so() -> None:
    class Needed(Sample):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            for field in self.fields.values():
                field.required = True

    found = {name: errors[0] for name, errors in Needed({"text": " \u3000\t", "words": "\x00"}).errors.items()}

    assert {found.pop(name) for name in ("one", "item")} == {"请选一项。"}
    assert {found.pop(name) for name in ("many", "items")} == {"请至少选一项。"}
    assert found.pop("file") == "请选一个文件。"
    assert set(found.values()) == {"请填写这一项。"}


@pytest.mark.parametrize(
    ("name", "value", "clean"),
    [
        ("text", " a\x00b\x07\u202e\ufeff\ufffe ", "ab"),
        ("text", "a\tb\nc", "a b c"),
        ("words", "一\r\n二\x0b", "一\n二"),
        ("text", "😀灯", "😀灯"),
        ("text", "=1+1", "=1+1"),
        ("count", " １２ ", 12),
        ("count", "1,200", 1200),
        ("money", "￥1,234.5元", Decimal("1234.5")),
        ("day", "2003.04.18", dt.date(2003, 4, 18)),
        ("day", "2012/12/5", dt.date(2012, 12, 5)),
        ("day", "２０２６年１１月２２日", dt.date(2026, 11, 22)),
        ("day", "2026-11-22", dt.date(2026, 11, 22)),
    ],
)
def test_typed_values_are_understood(name: str, value: Any, clean: Any) -> None:
    form = Sample({name: value})

    assert form.fields[name].clean(form.fields[name].widget.value_from_datadict(form.data, {}, name)) == clean


def test_own_messages_of_a_form_stay() -> None:
    class Own(forms.Form):
        name = django_forms.CharField(error_messages={"required": "写上姓名。"})

    assert Own({}).errors["name"] == ["写上姓名。"]


def test_dates_in_boxes_are_iso_and_survive_unchanged() -> None:
    form = Sample(initial={"day": dt.date(2026, 11, 22), "at": dt.datetime(2026, 11, 22, 8, 30)})

    assert 'type="date"' in str(form["day"])
    assert 'value="2026-11-22"' in str(form["day"])
    assert 'value="2026-11-22T08:30"' in str(form["at"])


def test_numbers_stand_in_text_boxes_that_keep_what_was_typed() -> None:
    html = str(Sample({"money": "一千二"})["money"])

    assert 'type="text"' in html
    assert 'value="一千二"' in html
    assert 'inputmode="decimal"' in html
    assert 'class="form-control is-invalid"' in html
    assert 'aria-invalid="true" aria-describedby="id_money_error"' in html


def test_the_select_draws_what_djangos_own_draws() -> None:
    choices = [("", "请选"), ("a", "<甲>"), ("组", [("b", "乙"), ("c", "丙")])]
    theirs, ours = (
        django_forms.Select(attrs={"class": "x"}, choices=choices),
        forms.Select(attrs={"class": "x"}, choices=choices),
    )

    found = [parse_html(widget.render("n", "b", {"id": "i"})) for widget in (theirs, ours)]

    assert found[0] == found[1]


def test_a_form_has_a_fresh_token_and_keeps_a_posted_one() -> None:
    first, second = Sample().submit_token, Sample().submit_token
    kept = Sample({"submit_token": first}).submit_token
    strange = Sample({"submit_token": "<script>" * 9}).submit_token

    assert first != second
    assert kept == first
    assert strange not in ("<script>" * 9, first)


# ---------- people ----------


class Persons(forms.Form):
    one = forms.PersonField(label="负责人", required=False)
    more = forms.PeopleField(label="协助", required=False)


@pytest.fixture
def people(db: Any) -> dict[str, User]:
    return {
        "wang": make_people.user("repairer", name="王伟", staff_number="1001", username="wangwei"),
        "other": make_people.user(
            "repairer", name="王伟", staff_number="1002", department=make_people.department("教务处")
        ),
        "he": make_people.user("repairer", name="何平", staff_number=""),
        "gone": make_people.user("repairer", name="老李", is_active=False),
    }


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("王伟 1001", "wang"),
        ("王伟　1002", "other"),
        ("1002", "other"),
        ("wangwei", "wang"),
        ("何平", "he"),
        (" 何平 ", "he"),
    ],
)
def test_a_person_is_found_by_name_number_or_account(people: dict[str, User], typed: str, who: str) -> None:
    form = Persons({"one": typed})

    assert form.is_valid()
    assert form.cleaned_data["one"] == people[who]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("王伟", "叫“王伟”的不止一位：王伟 1001、王伟 1002（教务处）。请写上工号。"),
        ("老李", "没有找到“老李”，请从提示里选，或写姓名加工号。"),
        ("何平 9", "没有找到“何平 9”，请从提示里选，或写姓名加工号。"),
        ("\x00x", "没有找到“x”，请从提示里选，或写姓名加工号。"),
    ],
)
def test_a_person_who_is_not_clear_is_an_error(people: dict[str, User], typed: str, message: str) -> None:
    assert Persons({"one": typed}).errors["one"] == [message]


def test_the_box_offers_the_people_and_keeps_what_was_typed(people: dict[str, User]) -> None:
    empty, chosen, typed = (
        str(Persons()["one"]),
        str(Persons(initial={"one": people["he"].pk})["one"]),
        str(Persons({"one": "<x>"})["one"]),
    )

    assert empty.count("<option") == 3
    assert 'list="id_one_list"' in empty
    assert '<datalist id="id_one_list">' in empty
    assert '<option value="王伟 1001"></option>' in empty
    assert 'value="何平"' in chosen
    assert 'value="&lt;x&gt;"' in typed


def test_several_people_in_one_box(people: dict[str, User]) -> None:
    form = Persons({"more": "何平、王伟 1001, 何平"})

    assert form.is_valid()
    assert form.cleaned_data["more"] == [people["he"], people["wang"]]


def test_a_limited_queryset_limits_the_people(people: dict[str, User]) -> None:
    class Limited(forms.Form):
        one = forms.PersonField(queryset=lambda: User.objects.filter(staff_number="1001"))

    found = Limited({"one": "王伟"})

    assert found.is_valid()
    assert found.cleaned_data["one"] == people["wang"]
    assert Limited({"one": "何平"}).errors["one"] == ["没有找到“何平”，请从提示里选，或写姓名加工号。"]
