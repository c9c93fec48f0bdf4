"""Login, log out, account page, password change, confirming the password."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from campus import accounts, people
from campus.models import SchoolProfile
from core.models import LogEntry
from tests import make_people
from tests.make_people import PASSWORD

NEW = "desk-lamp-41"


def enter(user: Any, password: str = PASSWORD, **extra: str) -> Any:
    """A browser in which `user` has logged in by the page, and the response."""
    client = Client()
    client.get("/login/")
    response = client.post("/login/", {"username": user.username, "password": password} | extra)
    return client, response


def test_login_leads_home_under_a_new_session_and_is_logged(teacher: Any) -> None:
    client = Client()
    client.get("/login/")
    session = client.session
    session["before"] = "kept"
    session.save()
    client.cookies["sessionid"] = session.session_key
    response = client.post("/login/", {"username": "teacher", "password": PASSWORD})
    assert (response.status_code, response.url) == (302, "/")
    assert client.session.session_key != session.session_key
    entry = LogEntry.objects.get(verb="login")
    assert (entry.by, entry.text) == (teacher, "登录（127.0.0.1）")


def test_device_cookie_is_closed_to_scripts(teacher: Any) -> None:
    client = Client()
    cookie = client.get("/login/").cookies["dev"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "dev" not in client.get("/login/").cookies


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/repairs/?page=2", "/repairs/?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver/desk/", "http://testserver/desk/"),
        ("/login/?next=/x", "/"),
        ("/logout/", "/"),
        ("", "/"),
    ],
)
def test_next_leads_only_inside(teacher: Any, target: str, expected: str) -> None:
    assert enter(teacher, next=target)[1].url == expected
    client, _ = enter(teacher)
    assert client.get(f"/login/?next={quote(target)}").url == expected


def test_wrong_password_keeps_the_name_not_the_password(teacher: Any) -> None:
    response = enter(teacher, "lamp-tube-89")[1]
    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="teacher"' in page
    assert "lamp-tube-89" not in page
    assert "账号或密码不对。再错 4 次" in page


@pytest.mark.parametrize(
    ("sent", "field", "text"),
    [
        ({}, "username", "请填写账号。"),
        ({"username": "teacher"}, "password", "请填写密码。"),
        ({"username": "x" * 151, "password": "x"}, "username", "账号没有这么长，请核对。"),
        ({"username": "teacher", "password": "x" * 201}, "password", "密码最多 200 个字符。"),
    ],
)
def test_bad_input_gets_a_message(db: Any, sent: dict[str, str], field: str, text: str) -> None:
    response = Client().post("/login/", sent)
    assert response.status_code == 200
    assert response.context["form"].errors[field] == [text]


def test_post_without_csrf_token_is_refused(teacher: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/login/", {"username": "teacher", "password": PASSWORD}).status_code == 403


def test_logout_by_get_does_nothing(teacher: Any) -> None:
    client, _ = enter(teacher)
    assert client.get("/logout/").status_code == 405
    assert "_auth_user_id" in client.session


def test_logout_ends_the_session_on_the_server(teacher: Any) -> None:
    client, _ = enter(teacher)
    key = client.session.session_key
    assert client.post("/logout/").url == "/login/"
    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get("/account/").url == "/login/?next=/account/"
    assert list(LogEntry.objects.values_list("verb", flat=True).order_by("pk")) == ["login", "logout"]


def test_demo_logins_stand_only_on_a_demo_schools_page(teacher: Any, clerk: Any) -> None:
    from campus import cache

    assert Client().get("/login/").context["demo"] == []
    SchoolProfile.objects.create(name="示范中学", is_demo=True)
    cache.clear()
    response = Client().get("/login/")
    assert response.context["demo"] == [("teacher", "教师"), ("clerk", "后勤职员")]
    assert "houqin-demo" in response.content.decode()
    cache.clear()


def test_password_change_ends_other_sessions_and_keeps_this_one(teacher: Any) -> None:
    here, _ = enter(teacher)
    there, _ = enter(teacher)
    response = here.post("/account/password/", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert response.status_code == 302
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").url == "/login/?next=/account/"
    teacher.refresh_from_db()
    assert teacher.check_password(NEW)
    assert LogEntry.objects.filter(verb="change_password", by=teacher).count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"old": "nonsense", "new": NEW, "again": NEW}, "old"),
        ({"old": PASSWORD, "new": "short1", "again": "short1"}, "new"),
        ({"old": PASSWORD, "new": "password", "again": "password"}, "new"),
        ({"old": PASSWORD, "new": "8402715936", "again": "8402715936"}, "new"),
        ({"old": PASSWORD, "new": "teacher1", "again": "teacher1"}, "new"),
        ({"old": PASSWORD, "new": "zhaolaoshi", "again": "zhaolaoshi"}, "new"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "new"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "again"),
        ({"old": PASSWORD, "new": NEW}, "again"),
    ],
)
def test_password_change_refused(teacher: Any, sent: dict[str, str], field: str) -> None:
    client, _ = enter(teacher)
    response = client.post("/account/password/", sent)
    assert list(response.context["form"].errors) == [field]
    teacher.refresh_from_db()
    assert teacher.check_password(PASSWORD)


def test_a_short_password_is_refused_in_chinese(teacher: Any) -> None:
    here = Client()
    here.force_login(teacher)

    page = here.post("/account/password/", {"old": PASSWORD, "new": "kP3vz", "again": "kP3vz"})

    assert page.context["form"].errors["new"] == ["密码太短，至少要 8 个字符。"]


def test_guessing_the_old_password_makes_wait(teacher: Any) -> None:
    client, _ = enter(teacher)
    for _ in range(5):
        client.post("/account/password/", {"old": "guess", "new": NEW, "again": NEW})
    client.post("/account/password/", {"old": PASSWORD, "new": NEW, "again": NEW})
    teacher.refresh_from_db()
    assert teacher.check_password(PASSWORD)


def test_first_login_must_change_and_sees_who_reset(teacher: Any, clerk: Any) -> None:
    slip = people.reset_password(teacher, by=clerk)
    client, response = enter(teacher, slip.password, next="/account/")
    assert response.url == "/account/password/?next=%2Faccount%2F"
    assert client.get("/account/").url == "/account/password/"
    page = client.get("/account/password/")
    assert list(page.context["form"].fields) == ["new", "again"]
    assert "李老师于" in page.content.decode()
    assert client.post("/account/password/", {"new": NEW, "again": NEW, "next": "/account/"}).url == "/account/"
    teacher.refresh_from_db()
    assert (teacher.must_change_password, teacher.reset_note) == (False, "")
    assert client.get("/account/").status_code == 200


def test_first_password_cannot_be_kept(teacher: Any, clerk: Any) -> None:
    slip = people.reset_password(teacher, by=clerk)
    client, _ = enter(teacher, slip.password)
    response = client.post("/account/password/", {"new": slip.password, "again": slip.password})
    assert response.context["form"].errors == {"new": ["新密码和现在的一样，请换一个。"]}


def test_forced_change_does_not_bar_the_way_out(teacher: Any) -> None:
    teacher.must_change_password = True
    teacher.save()
    client, _ = enter(teacher)
    assert client.post("/logout/").url == "/login/"


def test_account_page_edits_the_phone_without_its_digits_in_the_log(teacher: Any) -> None:
    client, _ = enter(teacher)
    assert client.post("/account/", {"phone": "138 0000 1111"}).url == "/account/"
    teacher.refresh_from_db()
    assert teacher.phone == "138 0000 1111"
    assert LogEntry.objects.get(verb="edit").changes == {"电话": ["", "已修改"]}


def test_account_page_takes_nothing_but_the_phone(teacher: Any) -> None:
    client, _ = enter(teacher)
    client.post("/account/", {"phone": "13800001111", "name": "校长", "is_staff": "on", "username": "x", "groups": "1"})
    teacher.refresh_from_db()
    assert (teacher.name, teacher.username, teacher.is_staff) == ("赵老师", "teacher", False)


def test_account_page_refuses_a_phone_in_words(teacher: Any) -> None:
    client, _ = enter(teacher)
    response = client.post("/account/", {"phone": "<b>call me</b>"})
    assert list(response.context["form"].errors) == ["phone"]
    assert LogEntry.objects.filter(verb="edit").count() == 0


@pytest.mark.parametrize("path", ["/account/", "/account/password/", "/account/confirm/"])
def test_account_pages_ask_for_login(db: Any, path: str) -> None:
    assert Client().get(path).url == f"/login/?next={path}"


def test_texts_outside_are_logged_plain() -> None:
    assert accounts.readable("a\nb\tc‮d" + "x" * 50) == "a b c d" + "x" * 33


def test_admin_site_opens_for_administrators_only(admin: Any, director: Any, principal: Any) -> None:
    for user, status in ((admin, 200), (director, 302), (principal, 302)):
        client = Client()
        client.force_login(user)
        assert client.get("/admin/").status_code == status
    people.write_roles(director, ["teacher"])
    people.write_roles(principal, ["admin"])
    assert (director.is_staff, principal.is_staff) == (False, True)


def test_password_hash_is_worked_out_for_unknown_names_too(db: Any, monkeypatch: Any) -> None:
    from django.contrib.auth import hashers

    made = []
    original = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda *args: made.append(1) or original(*args))
    Client().post("/login/", {"username": "nobody", "password": "x"})
    unknown = len(made)
    make_people.teacher()
    made.clear()
    Client().post("/login/", {"username": "teacher", "password": "x"})
    assert (unknown, len(made)) == (1, 1)
