"""The pages about people: list, person, new and edit, passwords on paper, closing and blanking."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campus import accounts, lockout, people
from campus.models import Department, User
from campus.people_forms import PersonRow
from core.models import LogEntry
from core.workflow import RuleBroken
from tests import make_people
from tests.make_people import PASSWORD


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fresh(user: Any) -> Any:
    return User.objects.get(pk=user.pk)


def person(**over: Any) -> dict[str, Any]:
    return {
        "name": "刘老师", "staff_number": "T9001", "username": "", "phone": "", "department": "", "trade": "",
        "sort_name": "", "roles": ["teacher"],
    } | over  # fmt: skip


# --- The list --------------------------------------------------------------------------------------------------------


def test_list_is_for_office_and_administrator(db: Any) -> None:
    for role in people.role_names():
        client = as_(make_people.user(role))
        assert client.get("/people/").status_code == (200 if role in {"admin", "clerk", "director"} else 403), role


@pytest.mark.parametrize("words", ["王师", "wangshi", "T7001", "1380000", "repairer"])
def test_search_finds_by_name_pinyin_number_phone_account(clerk: Any, words: str) -> None:
    wanted = make_people.repairer(staff_number="T7001", phone="13800001234")
    make_people.teacher()
    response = as_(clerk).get("/people/", {"q": words})
    assert response.context["records"] == [wanted]


def test_role_and_state_filters(clerk: Any, teacher: Any, repairer: Any) -> None:
    new = make_people.user("teacher", must_change_password=True)
    get = as_(clerk).get
    assert get("/people/", {"role": "repairer"}).context["records"] == [repairer]
    assert get("/people/", {"state": "new"}).context["records"] == [new]
    assert get("/people/", {"role": "nonsense", "state": "x"}).status_code == 200


def test_list_sorts_by_pinyin(clerk: Any) -> None:
    for name in ("赵一", "安二", "马三"):
        make_people.user("teacher", name=name)
    records = as_(clerk).get("/people/", {"role": "teacher"}).context["records"]
    assert [user.name for user in records] == ["安二", "马三", "赵一"]


def test_list_costs_the_same_with_more_people(clerk: Any) -> None:
    client, counts = as_(clerk), []
    client.get("/people/")
    for number in (1, 3):
        for _ in range(number):
            make_people.user("teacher", department=make_people.department())
        with CaptureQueriesContext(connection) as queries:
            client.get("/people/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_list_goes_to_excel(clerk: Any, teacher: Any) -> None:
    response = as_(clerk).get("/people/?export=xlsx")
    assert response.status_code == 200
    assert "spreadsheetml" in response.headers["Content-Type"]


# --- New and edit ----------------------------------------------------------------------------------------------------


def test_new_account_takes_the_staff_number_as_its_name(admin: Any) -> None:
    response = as_(admin).post("/people/new/", person())
    made = User.objects.get(staff_number="T9001")
    assert response.url == f"/people/{made.pk}/"
    assert (made.username, made.sort_name, made.roles) == ("t9001", "liulaoshi", {"teacher"})
    assert (made.has_usable_password(), made.must_change_password) == (False, True)
    assert list(LogEntry.objects.of(made).values_list("verb", flat=True)) == ["roles", "create"]


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "长" * 31}, "name"),
        ({"staff_number": "", "username": ""}, "username"),
        ({"username": "two words"}, "username"),
        ({"username": "ADMIN"}, "username"),
        ({"phone": "call me"}, "phone"),
        ({"department": "999"}, "department"),
        ({"roles": ["god"]}, "roles"),
        ({"roles": ["admin", "clerk"]}, "roles"),
    ],
)
def test_new_account_refused(admin: Any, over: dict[str, Any], field: str) -> None:
    response = as_(admin).post("/people/new/", person(**over))
    assert field in response.context["form"].errors
    assert User.objects.count() == 1


def test_staff_number_is_used_once(admin: Any) -> None:
    make_people.user("teacher", staff_number="T9001")
    response = as_(admin).post("/people/new/", person(username="other"))
    assert "这个工号已经有人用了。" in response.content.decode()


def test_posted_flags_set_nothing(admin: Any) -> None:
    as_(admin).post("/people/new/", person(is_staff="on", is_superuser="on", password="x", must_change_password=""))
    made = User.objects.get(staff_number="T9001")
    assert (made.is_staff, made.is_superuser, made.has_usable_password(), made.must_change_password) == (
        False,
        False,
        False,
        True,
    )


def test_edit_changes_roles_and_logs_no_phone(admin: Any, teacher: Any) -> None:
    sent = person(
        name="赵老师", staff_number=teacher.staff_number, username="teacher", phone="13800001111",
        sort_name=teacher.sort_name, roles=["teacher", "repairer"], version=teacher.version,
    )  # fmt: skip
    assert as_(admin).post(f"/people/{teacher.pk}/edit/", sent).url == f"/people/{teacher.pk}/"
    assert fresh(teacher).roles == {"teacher", "repairer"}
    assert LogEntry.objects.of(teacher).get(verb="edit").changes == {"电话": ["", "已修改"]}


def test_office_edits_no_account(clerk: Any, teacher: Any) -> None:
    client = as_(clerk)
    sent = person(username="teacher", roles=["principal"], version=1)
    assert client.post(f"/people/{teacher.pk}/edit/", sent).status_code == 403
    assert client.get("/people/new/").status_code == 403
    assert fresh(teacher).roles == {"teacher"}


def test_own_roles_cannot_be_posted(admin: Any) -> None:
    sent = person(name=admin.name, staff_number=admin.staff_number, username="admin", roles=["principal"], version=1)
    as_(admin).post(f"/people/{admin.pk}/edit/", sent)
    assert fresh(admin).roles == {"admin"}


def test_stale_edit_is_told(admin: Any, teacher: Any) -> None:
    sent = person(name="赵老师", staff_number=teacher.staff_number, username="teacher", trade="水电", version=1)
    client = as_(admin)
    assert client.post(f"/people/{teacher.pk}/edit/", sent).status_code == 302
    assert client.post(f"/people/{teacher.pk}/edit/", sent | {"trade": "木工"}).status_code == 409
    assert fresh(teacher).trade == "水电"


def test_renaming_sorts_anew_and_a_corrected_surname_stays(admin: Any, teacher: Any) -> None:
    client = as_(admin)
    base = person(staff_number=teacher.staff_number, username="teacher")
    client.post(f"/people/{teacher.pk}/edit/", base | {"name": "单老师", "sort_name": teacher.sort_name, "version": 1})
    assert fresh(teacher).sort_name == "danlaoshi"
    client.post(f"/people/{teacher.pk}/edit/", base | {"name": "单老师", "sort_name": "shanlaoshi", "version": 2})
    assert fresh(teacher).sort_name == "shanlaoshi"
    client.post(
        f"/people/{teacher.pk}/edit/",
        base | {"name": "单老师", "sort_name": "shanlaoshi", "trade": "木工", "version": 3},
    )
    assert fresh(teacher).sort_name == "shanlaoshi"


# --- Passwords on paper ----------------------------------------------------------------------------------------------


def test_random_passwords_read_well() -> None:
    found = {people.random_password() for _ in range(300)}
    assert len(found) == 300
    assert {len(one) for one in found} == {8}
    assert not set("".join(found)) & set("0o1lIi")
    assert all(any(c.isdigit() for c in one) and any(c.isalpha() for c in one) for one in found)


def test_slips_for_all_who_never_logged_in(admin: Any, teacher: Any) -> None:
    new = [make_people.user("teacher", must_change_password=True, password=None) for _ in range(26)]
    client = as_(admin)
    assert client.get("/people/slips/").context["count"] == 26
    response = client.post("/people/slips/", {"all": "1"})
    assert [len(sheet) for sheet in response.context["sheets"]] == [24, 2]
    assert "no-store" in response.headers["Cache-Control"]
    slips = {slip.user.pk: slip.password for sheet in response.context["sheets"] for slip in sheet}
    assert set(slips) == {user.pk for user in new}
    assert all(fresh(user).check_password(slips[user.pk]) for user in new)
    assert fresh(teacher).check_password(PASSWORD)
    assert LogEntry.objects.filter(verb="first_password").count() == 26
    page = client.get("/people/slips/")
    assert (page.context["count"], page.context["printed"]) == (0, 26)
    assert not any(password in entry.text for entry in LogEntry.objects.all() for password in slips.values())


def test_slips_for_the_picked_leave_out_who_logged_in(clerk: Any, teacher: Any) -> None:
    new = make_people.user("teacher", must_change_password=True)
    leader = make_people.user("principal", must_change_password=True)
    response = as_(clerk).post("/people/slips/", {"pick": [new.pk, teacher.pk, leader.pk, "x", "9" * 30]})
    assert [slip.user for sheet in response.context["sheets"] for slip in sheet] == [new]


def test_slips_of_nobody(clerk: Any, teacher: Any) -> None:
    client = as_(clerk)
    assert client.get("/people/slips/").context["count"] == 0
    assert client.post("/people/slips/").url == "/people/"
    assert client.post("/people/slips/", {"all": "1"}).url == "/people/"
    assert client.post("/people/slips/", {"pick": [teacher.pk]}).url == "/people/"
    assert LogEntry.objects.count() == 0


def test_slip_is_refused_once_the_person_has_logged_in(clerk: Any) -> None:
    new = make_people.user("teacher", must_change_password=True)
    User.objects.filter(pk=new.pk).update(last_login="2026-11-01T00:00Z")  # after the list was read
    with pytest.raises(RuleBroken, match="已经登录过"):
        people.first_passwords([new], by=clerk)
    assert fresh(new).check_password(PASSWORD)


def test_first_login_with_a_slip(clerk: Any) -> None:
    new = make_people.user("teacher", must_change_password=True)
    slip = as_(clerk).post(f"/people/{new.pk}/reset/").context["sheets"][0][0]
    client = Client()
    response = client.post("/login/", {"username": new.username, "password": slip.password})
    assert response.url == "/account/password/?next=%2F"


def test_reset_shows_the_password_once(clerk: Any, teacher: Any) -> None:
    User.objects.filter(pk=teacher.pk).update(last_login="2026-11-01T00:00Z")
    client = as_(clerk)
    token = client.get(f"/people/{teacher.pk}/reset/").context["form"].submit_token
    first = client.post(f"/people/{teacher.pk}/reset/", {"submit_token": token})
    password = first.context["sheets"][0][0].password
    assert password in first.content.decode()
    again = client.post(f"/people/{teacher.pk}/reset/", {"submit_token": token})
    assert again.url == f"/people/{teacher.pk}/"
    assert fresh(teacher).check_password(password)
    assert fresh(teacher).reset_note.startswith("李老师于")
    assert LogEntry.objects.of(teacher).filter(verb="reset_password").count() == 1


def test_reset_of_a_leader_by_the_office_is_refused_and_logged(clerk: Any, principal: Any) -> None:
    client = as_(clerk)
    page = client.get(f"/people/{principal.pk}/reset/")
    assert page.context["reasons"] == ["后勤处只能为教师、维修工、宿管重设密码。秦校长的密码请找系统管理员重设。"]
    assert client.post(f"/people/{principal.pk}/reset/").status_code == 403
    assert fresh(principal).check_password(PASSWORD)
    assert LogEntry.objects.of(principal).get().verb == "refused"


def test_reset_ends_the_waiting(clerk: Any, teacher: Any) -> None:
    client = Client()
    client.get("/login/")
    for _ in range(5):
        client.post("/login/", {"username": "teacher", "password": "wrong"})
    assert lockout.waiting_until(teacher) is not None
    slip = people.reset_password(teacher, by=clerk)
    assert client.post("/login/", {"username": "teacher", "password": slip.password}).status_code == 302


# --- One person ------------------------------------------------------------------------------------------------------


def test_person_page_offers_what_the_office_may(clerk: Any, teacher: Any, principal: Any) -> None:
    client = as_(clerk)
    moves = {move["label"]: move["reasons"] for move in client.get(f"/people/{teacher.pk}/").context["moves"]}
    assert moves == {"重设密码": []}
    moves = client.get(f"/people/{principal.pk}/").context["moves"]
    assert [(move["label"], bool(move["reasons"])) for move in moves] == [("重设密码", True)]


def test_office_lifts_a_lockout_on_the_persons_page(clerk: Any, teacher: Any) -> None:
    for _ in range(5):
        Client().post("/login/", {"username": "teacher", "password": "wrong"})
    client = as_(clerk)
    labels = [move["label"] for move in client.get(f"/people/{teacher.pk}/").context["moves"]]
    assert labels == ["重设密码", "解除登录等待"]
    assert client.get(f"/people/{teacher.pk}/lift/").status_code == 200
    assert lockout.waiting_until(teacher) is not None
    assert client.post(f"/people/{teacher.pk}/lift/").url == f"/people/{teacher.pk}/"
    assert lockout.waiting_until(teacher) is None


def test_closing_and_opening_an_account(admin: Any, teacher: Any) -> None:
    client = as_(admin)
    client.post(f"/people/{teacher.pk}/deactivate/")
    assert fresh(teacher).is_active is False
    assert Client().post("/login/", {"username": "teacher", "password": PASSWORD}).status_code == 200
    client.post(f"/people/{teacher.pk}/reactivate/")
    assert (fresh(teacher).is_active, fresh(teacher).has_usable_password()) == (True, False)
    verbs = LogEntry.objects.of(teacher).values_list("verb", flat=True)
    assert [verb for verb in verbs if verb != "login_failed"] == ["reactivate", "deactivate"]


@pytest.mark.parametrize("step", ["edit", "deactivate", "reactivate", "blank"])
def test_steps_of_the_administrator_are_closed_to_others(clerk: Any, teacher: Any, step: str) -> None:
    assert as_(clerk).post(f"/people/{teacher.pk}/{step}/").status_code == 403
    assert as_(teacher).post(f"/people/{teacher.pk}/{step}/").status_code == 403
    assert fresh(teacher).is_active is True


def test_nobody_closes_himself(admin: Any) -> None:
    assert as_(admin).post(f"/people/{admin.pk}/deactivate/").status_code == 403
    assert fresh(admin).is_active is True


def test_blanking_takes_the_person_out_and_keeps_what_was_done(admin: Any, teacher: Any) -> None:
    teacher.phone = "13800001111"
    teacher.save()
    Client().post("/login/", {"username": "teacher", "password": "wrong"})
    Client().post("/login/", {"username": "teacher", "password": PASSWORD})
    client = as_(admin)
    assert client.post(f"/people/{teacher.pk}/blank/").status_code == 403
    client.post(f"/people/{teacher.pk}/deactivate/")
    assert client.post(f"/people/{teacher.pk}/blank/").status_code == 302
    gone = fresh(teacher)
    assert (gone.name, gone.username, gone.staff_number, gone.phone) == ("已注销用户", f"gone-{gone.pk}", "", "")
    assert LogEntry.objects.get(verb="login").by_name == "已注销用户"
    everything = " ".join(f"{e.by_name} {e.text} {e.said} {e.changes}" for e in LogEntry.objects.all())
    assert "赵老师" not in everything
    assert "teacher" not in everything
    assert client.post(f"/people/{teacher.pk}/reactivate/").status_code == 403


def test_foreign_keys_of_people_are_404(admin: Any) -> None:
    client = as_(admin)
    for path in ("/people/999/", "/people/999/edit/", "/people/999/reset/", f"/people/{'9' * 30}/"):
        assert client.get(path).status_code == 404, path


def test_phone_pattern() -> None:
    for good in ("13800001111", "138 0000 1111", "0571-8888 6666", "+86 13800001111", "8021-6"):
        accounts.phone_number(good)
    for bad in ("abc", "1", "<b>", "1380000111x"):
        with pytest.raises(Exception, match="电话"):
            accounts.phone_number(bad)


# --- Many at once ----------------------------------------------------------------------------------------------------


def row(by: Any, **over: Any) -> PersonRow:
    sent = {
        "name": "刘老师",
        "staff_number": "A100",
        "phone": "",
        "department": "语文组",
        "roles": "",
        "trade": "",
    } | over
    return PersonRow(sent, by=by)


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("", ["teacher"]),
        ("教师", ["teacher"]),
        ("教师、班主任", ["teacher", "homeroom"]),
        ("维修工，老师", ["repairer", "teacher"]),
        ("系统管理员", ["admin"]),
    ],
)
def test_row_reads_roles_in_words(admin: Any, words: str, roles: list[str]) -> None:
    form = row(admin, roles=words)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["roles"] == roles


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"name": " "}, "name"),
        ({"staff_number": ""}, "staff_number"),
        ({"staff_number": "A 1"}, "staff_number"),
        ({"staff_number": "t0099"}, "staff_number"),
        ({"staff_number": "TAKEN"}, "staff_number"),
        ({"phone": "无"}, "phone"),
        ({"roles": "厨师"}, "roles"),
        ({"roles": "系统管理员、财务"}, "roles"),
    ],
)
def test_row_refused(admin: Any, over: dict[str, str], field: str) -> None:
    make_people.user("teacher", staff_number="T0099", username="taken")
    assert list(row(admin, **over).errors) == [field]


def test_many_accounts_cost_few_statements_and_wait_for_slips(admin: Any, django_assert_max_num_queries: Any) -> None:
    rows = [row(admin, staff_number=f"A{number}", roles="教师、维修工") for number in range(60)]
    assert all(form.is_valid() for form in rows)
    with django_assert_max_num_queries(12):
        made = people.make_people([form.cleaned_data for form in rows], by=admin)
    assert [fresh(made[-1]).username, fresh(made[-1]).roles] == ["a59", {"teacher", "repairer"}]
    assert people.without_password(people.waiting_for_slips(admin)).count() == 60
    assert Department.objects.get().name == "语文组"


def test_many_accounts_by_the_office_are_refused(clerk: Any, admin: Any) -> None:
    form = row(admin)
    assert form.is_valid()
    with pytest.raises(RuleBroken):
        people.make_people([form.cleaned_data], by=clerk)
    assert User.objects.count() == 2


def sheet(*rows: tuple[str, ...]) -> SimpleUploadedFile:
    """A staff list as CSV."""
    lines = [("姓名", "职工号", "手机", "部门", "角色", "工种"), *rows]
    return SimpleUploadedFile("名单.csv", "\n".join(",".join(line) for line in lines).encode())


def test_staff_list_comes_in_whole_and_leads_to_the_slips(admin: Any) -> None:
    make_people.user("teacher", name="赵老师", staff_number="J001")
    client = as_(admin)
    rows = [("赵老师", "J001", "", "", "", ""), ("王建国", "W012", "13800000000", "后勤处", "维修工", "水电"),
            ("赵敏", "J105", "", "语文组", "教师、班主任", "")]  # fmt: skip
    preview = client.post("/people/import/", {"file": sheet(*rows)})
    assert User.objects.count() == 2
    assert client.post(preview.url, {"do": "apply"}).url == "/people/slips/"
    assert sorted(User.objects.values_list("username", "name").filter(last_login=None, must_change_password=True)) == [
        ("j105", "赵敏"), ("w012", "王建国"),
    ]  # fmt: skip
    assert User.objects.get(username="j105").roles == {"teacher", "homeroom"}
    entry = LogEntry.objects.get(verb="import")
    assert entry.text == "导入人员“名单.csv”：新增 2，已有、跳过 1"
    again = client.post("/people/import/", {"file": sheet(*rows)})
    assert again.status_code == 200
    assert User.objects.count() == 4


def test_staff_list_with_errors_brings_in_nobody(admin: Any) -> None:
    make_people.user("teacher", name="赵老师", staff_number="J001")
    client = as_(admin)
    rows = [("钱某", "J001", "", "", "", ""), ("孙某", "K1", "没有", "", "", ""), ("李某", "K2", "", "", "", ""),
            ("周某", "k2", "", "", "", ""), ("吴某", "K3", "", "", "系统管理员、财务", "")]  # fmt: skip
    preview = client.post("/people/import/", {"file": sheet(*rows)})
    problems = [line["problem"] for line in client.get(preview.url).context["lines"]]
    assert problems == [
        "工号 J001 已经是赵老师的，请核对。",
        "电话只能有数字、空格和短横，如 138 0000 0000 或 8021-6。",
        "与第 4 行重复，每个只能有一行。",
        "系统管理员不兼业务角色，免得自己给自己开权限。请只留一边，或另开一个账号。",
    ]
    assert client.post(preview.url, {"do": "apply"}).status_code == 409
    assert User.objects.count() == 2


def test_unknown_role_is_asked_for_once(admin: Any) -> None:
    client = as_(admin)
    preview = client.post(
        "/people/import/", {"file": sheet(("陈一", "C1", "", "", "电工", ""), ("陈二", "C2", "", "", "电工", ""))}
    )
    page = client.get(preview.url)
    assert [match["text"] for match in page.context["matches"]] == ["电工"]
    client.post(preview.url, {"match:roles:电工": "维修工"})
    client.post(preview.url, {"do": "apply"})
    assert {user.username: user.roles for user in User.objects.filter(username__startswith="c")} == {
        "c1": {"repairer"}, "c2": {"repairer"},
    }  # fmt: skip


def test_staff_list_is_for_the_administrator(clerk: Any) -> None:
    client = as_(clerk)
    assert client.get("/people/import/").status_code == 403
    assert client.post("/people/import/", {"file": sheet(("陈一", "C1", "", "", "", ""))}).status_code == 403


# --- The admin's look-ups --------------------------------------------------------------------------------------------


def test_admin_has_no_login_of_its_own(clerk: Any) -> None:
    assert Client().get("/admin/login/").url == "/login/?next=/admin/"
    assert Client().post("/admin/login/", {"username": "clerk", "password": PASSWORD}).url == "/login/?next=/admin/"
    assert as_(clerk).get("/admin/", follow=True).status_code == 403


def test_lookups_are_edited_and_logged_and_never_deleted(admin: Any) -> None:
    client = as_(admin)
    client.post("/admin/campus/department/add/", {"name": "语文组", "order": "1"})
    made = Department.objects.get()
    client.post(f"/admin/campus/department/{made.pk}/change/", {"name": "语文教研组", "order": "1"})
    entries = LogEntry.objects.of(made).values_list("verb", "by")
    assert list(entries) == [("edit", admin.pk), ("create", admin.pk)]
    assert client.post(f"/admin/campus/department/{made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_class_is_edited_by_words(admin: Any, teacher: Any) -> None:
    client = as_(admin)
    sent = {"name": "初二（4）班", "grade": "初二", "pupils": "48", "teacher": "赵老师", "room": ""}
    response = client.post("/admin/campus/classgroup/add/", sent)
    assert response.status_code == 302
    assert teacher.classes.get().name == "初二（4）班"
