"""How long sessions live, and when the password is asked for again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory

from campus import people, sessions
from core import clock
from core.models import LogEntry
from tests import make_people
from tests.make_people import PASSWORD

START = clock.moment(2026, 11, 23, 8, 0)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def enter(user: Any, when: dt.datetime = START) -> Client:
    client = Client()
    with clock.at(when):
        client.post("/login/", {"username": user.username, "password": PASSWORD})
    return client


LIMITS = {
    "teacher": 30 * DAY, "homeroom": 30 * DAY, "repairer": 30 * DAY, "warden": 30 * DAY, "steward": 30 * DAY,
    "storekeeper": 30 * DAY, "assetkeeper": 30 * DAY, "clerk": 12 * HOUR, "director": 12 * HOUR, "finance": HOUR,
    "viceprincipal": HOUR, "principal": HOUR, "admin": HOUR,
}  # fmt: skip


def test_every_role_has_its_limit(db: Any) -> None:
    assert set(LIMITS) == set(people.role_names())


@pytest.mark.parametrize(("role", "limit"), LIMITS.items())
def test_idle_limit_by_role(db: Any, role: str, limit: dt.timedelta) -> None:
    user = make_people.user(role)
    with clock.at(START + limit):
        assert enter(user).get("/account/").status_code == 200
    with clock.at(START + limit + dt.timedelta(seconds=1)):
        assert enter(user).get("/account/").url == "/login/?next=%2Faccount%2F"


def test_strictest_of_several_roles_decides(db: Any) -> None:
    user = make_people.user(roles=("teacher", "finance"))
    with clock.at(START + 61 * MINUTE):
        assert enter(user).get("/account/").status_code == 302


def test_activity_prolongs(principal: Any) -> None:
    client = enter(principal)
    for minutes in (50, 100, 150):
        with clock.at(START + minutes * MINUTE):
            assert client.get("/account/").status_code == 200


def test_expired_session_is_gone_told_and_logged(principal: Any) -> None:
    client = enter(principal)
    key = client.session.session_key
    with clock.at(START + 2 * HOUR):
        response = client.get("/account/?tab=a", follow=True)
    assert response.redirect_chain == [("/login/?next=%2Faccount%2F%3Ftab%3Da", 302)]
    assert "您超过 60 分钟没有操作" in response.content.decode()
    assert not Session.objects.filter(session_key=key).exists()
    assert LogEntry.objects.get(verb="logout").text == "超过 60 分钟没有操作，自动退出"


def test_expired_post_changes_nothing_and_returns_to_its_page(principal: Any) -> None:
    client = enter(principal)
    with clock.at(START + 2 * HOUR):
        response = client.post("/account/", {"phone": "13800001111"}, HTTP_REFERER="http://testserver/account/?a=1")
    assert response.url == "/login/?next=%2Faccount%2F%3Fa%3D1"
    principal.refresh_from_db()
    assert principal.phone == ""


def test_expired_htmx_request_moves_the_whole_page(principal: Any) -> None:
    client = enter(principal)
    with clock.at(START + 2 * HOUR):
        response = client.get("/account/", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/login/?next=%2Faccount%2F")


def test_activity_is_written_at_most_every_five_minutes(teacher: Any, django_assert_num_queries: Any) -> None:
    client = enter(teacher)
    with (
        clock.at(START + 4 * MINUTE),
        django_assert_num_queries(2),
    ):  # session and user, nothing else: who is logged in is led home
        client.get("/login/")
    with clock.at(START + 6 * MINUTE):
        client.get("/login/")
        assert client.session["seen"] == int((START + 6 * MINUTE).timestamp())
    with clock.at(START + 7 * MINUTE), django_assert_num_queries(2):
        client.get("/login/")


def test_clock_set_back_does_not_lock_out(principal: Any) -> None:
    client = enter(principal)
    with clock.at(START - HOUR):
        assert client.get("/account/").status_code == 200


def test_guests_get_no_session(db: Any) -> None:
    client = Client()
    client.get("/login/")
    assert "sessionid" not in client.cookies
    assert Session.objects.count() == 0


def test_closed_account_ends_its_session(teacher: Any, admin: Any) -> None:
    client = enter(teacher)
    people.deactivate(teacher, by=admin)
    with clock.at(START + MINUTE):
        assert client.get("/account/").status_code == 302


def test_reset_ends_all_sessions(teacher: Any, clerk: Any) -> None:
    client = enter(teacher)
    people.reset_password(teacher, by=clerk)
    with clock.at(START + MINUTE):
        assert client.get("/account/").url == "/login/?next=/account/"


def request_of(client: Client, path: str = "/plan/", method: str = "get") -> Any:
    request = getattr(RequestFactory(), method)(path)
    request.session = client.session
    return request


def test_confirmation_lasts_fifteen_minutes(principal: Any) -> None:
    client = enter(principal)
    with clock.at(START + 15 * MINUTE):
        assert sessions.recently_confirmed(request_of(client)) is True
        assert sessions.confirm_password(request_of(client)) is None
    with clock.at(START + 16 * MINUTE):
        assert sessions.recently_confirmed(request_of(client)) is False
        assert sessions.confirm_password(request_of(client)).url == "/account/confirm/?next=%2Fplan%2F"


def test_typing_the_password_confirms(principal: Any) -> None:
    client = enter(principal)
    with clock.at(START + 20 * MINUTE):
        response = client.post("/account/confirm/", {"password": "wrong", "next": "/plan/"})
        assert response.context["form"].errors["password"] == ["密码不对。再错 4 次，要等 5 分钟以上才能再试。"]
        assert sessions.recently_confirmed(request_of(client)) is False
        assert client.post("/account/confirm/", {"password": PASSWORD, "next": "/plan/"}).url == "/plan/"
        assert sessions.recently_confirmed(request_of(client)) is True


def test_confirmation_is_guessed_no_more_often_than_the_login(principal: Any) -> None:
    client = enter(principal)
    with clock.at(START + 20 * MINUTE):
        for _ in range(5):
            client.post("/account/confirm/", {"password": "wrong"})
        client.post("/account/confirm/", {"password": PASSWORD})
        assert sessions.recently_confirmed(request_of(client)) is False
