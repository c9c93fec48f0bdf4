"""Settings pages: who may, what changes, what is refused."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campus import calendar, defaults, figures, profile
from campus.models import ClassGroup, Delegation, Department, Duty, Figure, SchoolDay, SchoolProfile, Term
from core.models import LogEntry
from tests import make_campus as make
from tests.make_people import department, user

pytestmark = pytest.mark.django_db

LISTS = ["terms", "school-days", "figures", "duties", "delegations", "departments", "classes"]
NEWS = ["term-new", "school-days-set", "duty-new", "delegation-new", "department-new", "class-new", "profile"]


@pytest.fixture
def office(client):
    client.force_login(user("director"))
    return client


@pytest.fixture
def admin(client):
    client.force_login(user("admin"))
    return client


def errors(answer):
    return {name: list(found) for name, found in answer.context["form"].errors.items()}


@pytest.mark.parametrize("name", [*LISTS, *NEWS, "settings"])
def test_teachers_see_no_settings(client, name):
    client.force_login(user("teacher"))

    assert client.get(reverse(f"campus:{name}")).status_code == 403


@pytest.mark.parametrize("name", [*LISTS, *NEWS, "settings"])
def test_every_settings_page_opens_for_the_administrator(admin, name):
    defaults.ensure()

    assert admin.get(reverse(f"campus:{name}")).status_code == 200


def test_settings_offer_what_the_user_may_change(office):
    answer = office.get(reverse("campus:settings"))

    assert [topic["title"] for topic in answer.context["topics"]] == [
        "学校信息", "学期", "校历", "指标与期限", "责任分工", "委托代理", "地点", "班级",
    ]  # fmt: skip


def test_profile_is_made_and_changed(office):
    data = {
        "name": "示范中学", "office": "后勤处", "duty_phone": "0571-88886666", "public_url": "http://houqin.school.cn/",
        "work_spans": "08：00-11：30，13：30-17：00",
    }  # fmt: skip

    answer = office.post(reverse("campus:profile"), data)

    assert answer.status_code == 302, errors(answer)
    row = profile.current()
    assert (row.name, row.public_url, row.work_spans) == (
        "示范中学", "http://houqin.school.cn", "08:00-11:30,13:30-17:00",
    )  # fmt: skip
    office.post(reverse("campus:profile"), data | {"name": "示范学校"})
    assert SchoolProfile.objects.get().name == "示范学校"
    assert LogEntry.objects.filter(verb="edit").first().changes == {"学校名称": ["示范中学", "示范学校"]}


def test_profile_with_wrong_hours(office):
    answer = office.post(reverse("campus:profile"), {"name": "示范中学", "office": "后勤处", "work_spans": "8点到12点"})

    assert errors(answer)["work_spans"] == ["“8点到12点”不是一段时间，请写成 08:00-12:00，几段之间用逗号隔开。"]


def test_a_new_address_warns_of_the_labels_that_are_out(office):
    make.profile(public_url="http://old.cn", labels_url="http://old.cn", labels_out=176)
    data = {"name": "示范中学", "office": "后勤处", "public_url": "http://new.cn", "work_spans": "08:00-12:00"}

    refused = office.post(reverse("campus:profile"), data)

    assert errors(refused) == {"reprint": ["已经印了 176 张标签，换了网址它们就扫不开了。确定要换，请勾选这一项。"]}
    assert profile.current().public_url == "http://old.cn"

    office.post(reverse("campus:profile"), data | {"reprint": "on"})

    assert profile.current().public_url == "http://new.cn"
    assert office.post(reverse("campus:profile"), data | {"office": "总务处"}).status_code == 302  # asked once only
    assert "176 张标签上是旧网址 http://old.cn" in office.get(reverse("campus:settings")).content.decode()


def test_term(office):
    data = {"name": "2026-2027学年第一学期", "starts_on": "2026-09-01", "ends_on": "2027-01-22"}

    office.post(reverse("campus:term-new"), data)

    assert calendar.teaching_week(dt.date(2026, 11, 22)) == 12


@pytest.mark.parametrize(
    ("first", "last", "field", "message"),
    [
        ("2026-09-01", "2026-09-01", "ends_on", "放假日期要在开学日期之后。"),
        ("2026-09-01", "2028-09-01", "ends_on", "一个学期最长一年，请核对日期。"),
        ("2026-02-30", "2026-09-01", "starts_on", "2月没有30日，请改日期。"),
        ("2027-01-22", "2027-07-01", "starts_on", "与“旧”（2026-09-01 到 2027-01-22）重叠，请改日期。"),
    ],
)
def test_wrong_terms(office, first, last, field, message):
    make.term("旧")

    answer = office.post(reverse("campus:term-new"), {"name": "新", "starts_on": first, "ends_on": last})

    assert errors(answer)[field] == [message]
    assert Term.objects.count() == 1


def test_a_term_keeps_its_dates_when_saved_unchanged(office):
    term = make.term()
    url = reverse("campus:term-edit", args=[term.pk])

    page = office.get(url).content.decode()
    office.post(url, {"name": term.name, "starts_on": "2026-09-01", "ends_on": "2027-01-22"})

    assert 'value="2026-09-01"' in page
    assert not LogEntry.objects.of(term).exists()


def test_school_days_off_on_and_back_to_the_rule(office):
    url = reverse("campus:school-days-set")

    office.post(url, {"first": "2026-11-23", "last": "2026-11-25", "kind": "off", "note": "校运会"})
    assert [calendar.is_working(dt.date(2026, 11, d)) for d in (23, 24, 25, 26)] == [False, False, False, True]

    office.post(url, {"first": "2026-11-24", "last": "", "kind": "rule"})
    assert calendar.is_working(dt.date(2026, 11, 24))

    office.post(url, {"first": "2026-11-28", "last": "", "kind": "on", "note": "补课"})
    assert calendar.is_working(dt.date(2026, 11, 28))
    assert SchoolDay.objects.count() == 3
    assert (
        LogEntry.objects.filter(verb="school_days").order_by("pk").first().text
        == "校历：2026-11-23 到 2026-11-25 休息 校运会"
    )


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"first": "", "kind": "off"}, "first"),
        ({"first": "2026-11-25", "last": "2026-11-23", "kind": "off"}, "last"),
        ({"first": "2026-01-01", "last": "2026-12-31", "kind": "off"}, "last"),
        ({"first": "2026-11-25", "kind": "holiday"}, "kind"),
        ({"first": "0001-01-01", "kind": "off"}, "first"),
        ({"first": "９９９９-12-31", "kind": "off"}, "first"),
    ],
)
def test_wrong_school_days(office, data, field):
    answer = office.post(reverse("campus:school-days-set"), data)

    assert list(errors(answer)) == [field]
    assert not SchoolDay.objects.exists()


@pytest.mark.parametrize(
    "query", [{"year": "abc"}, {"working": "9"}, {"year": "1e9"}, {"after": "x"}, {"sort": "nope"}]
)
def test_odd_query_strings(office, query):
    assert office.get(reverse("campus:school-days"), query).status_code == 200


def test_figure_with_its_basis(office):
    defaults.ensure()
    row = Figure.objects.get(key="repairs.due_days_plain")

    office.post(
        reverse("campus:figure-edit", args=[row.pk]), {"value": "5", "basis": "校务会 2026 年第 9 次", "verified": "on"}
    )

    assert figures.figure("repairs.due_days_plain") == Decimal("5")
    assert LogEntry.objects.of(row).get().changes == {
        "数值": ["3.00", "5"], "依据": ["学校自定", "校务会 2026 年第 9 次"], "已核实": [False, True],
    }  # fmt: skip


@pytest.mark.parametrize("value", ["-1", "NaN", "1e400", "abc", "", "9" * 40, "366"])
def test_wrong_figures(office, value):
    defaults.ensure()
    row = Figure.objects.get(key="repairs.due_days_plain")

    answer = office.post(reverse("campus:figure-edit", args=[row.pk]), {"value": value, "basis": "x"})

    assert list(errors(answer)) == ["value"]
    assert Figure.objects.get(pk=row.pk).value == 3


def test_a_figure_that_others_are_divided_by_is_never_zero(office):
    defaults.ensure()
    row = Figure.objects.get(key="repairs.weight_step")

    answer = office.post(reverse("campus:figure-edit", args=[row.pk]), {"value": "0", "basis": "x"})

    assert errors(answer) == {"value": ["不能小于 1。"]}


def test_duty(office):
    room = make.place("312")
    person, deputy = user("repairer", name="王师傅"), user("repairer", name="何师傅")

    office.post(reverse("campus:duty-new"), {"topic": "水电", "place": "3号楼", "person": "王师傅", "deputy": "何师傅"})

    row = Duty.objects.get()
    assert (row.topic, row.place, row.person, row.deputy) == ("水电", room.building, person, deputy)
    removed = office.post(reverse("campus:duty-remove", args=[row.pk]))
    assert (removed.url, Duty.objects.count()) == (reverse("campus:duties"), 0)


def test_duty_refusals(office):
    person = user("repairer", name="王师傅")
    make.duty("水电", person)

    same = office.post(reverse("campus:duty-new"), {"topic": "水电", "place": "", "person": "王师傅", "deputy": ""})
    own = office.post(
        reverse("campus:duty-new"), {"topic": "木工", "place": "", "person": "王师傅", "deputy": "王师傅"}
    )

    assert errors(same) == {"topic": ["这个事项和范围已经归王师傅，请直接修改那一条。"]}
    assert errors(own)["deputy"] == ["代理人不能是责任人本人，请另写一位或空着。"]


def test_delegation(office):
    user("principal", name="秦校长")
    user("viceprincipal", name="方副校长")
    data = {
        "absent": "秦校长",
        "delegate": "方副校长",
        "starts_on": "2026-11-22",
        "ends_on": "2026-11-25",
        "basis": "出差",
    }

    office.post(reverse("campus:delegation-new"), data)
    own = office.post(reverse("campus:delegation-new"), data | {"delegate": "秦校长"})
    late = office.post(reverse("campus:delegation-new"), data | {"ends_on": "2026-11-21"})

    assert [str(d) for d in Delegation.objects.all()] == ["方副校长 代 秦校长"]
    assert errors(own)["delegate"] == ["不能委托给本人，请另写一位。"]
    assert errors(late)["ends_on"] == ["结束日期不能早于开始日期。"]


def test_departments_are_the_administrators(admin):
    admin.post(reverse("campus:department-new"), {"name": "语文组", "order": "1"})
    used = department("数学组")
    user("teacher", department=used)

    kept = admin.post(reverse("campus:department-remove", args=[used.pk]))
    admin.post(reverse("campus:department-remove", args=[Department.objects.get(name="语文组").pk]))

    assert kept.status_code == 409
    assert "还有别的记录用着“数学组”" in kept.content.decode()
    assert [d.name for d in Department.objects.all()] == ["数学组"]


def test_the_office_does_not_make_departments(office):
    assert office.post(reverse("campus:department-new"), {"name": "语文组", "order": "1"}).status_code == 403


def test_class(office):
    room = make.place("204", building_name="明德楼", floor_name="2层", use="teaching")
    teacher = user("homeroom", name="林老师")

    office.post(
        reverse("campus:class-new"),
        {"grade": "初二", "name": "初二（4）班", "pupils": "48", "teacher": "林老师", "room": "明德楼204"},
    )

    row = ClassGroup.objects.get()
    assert (row.teacher, row.room, row.pupils) == (teacher, room, 48)
