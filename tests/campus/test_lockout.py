"""Waiting after wrong passwords: who waits, how long, and whom it leaves alone."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from campus import lockout
from campus.models import LoginGuard
from core import clock
from core.models import LogEntry
from tests import make_people
from tests.make_people import PASSWORD

START = clock.moment(2026, 11, 23, 8, 0)
ADDRESS = "10.1.0.7"


def device(address: str = ADDRESS) -> Client:
    """A browser that has opened the login page and so carries a device id."""
    client = Client(REMOTE_ADDR=address)
    client.get("/login/")
    return client


def post(client: Client, username: str, password: str = "wrong-guess") -> Any:
    return client.post("/login/", {"username": username, "password": password})


def inside(client: Client) -> bool:
    return "_auth_user_id" in client.session


def fail(client: Client, username: str, times: int = lockout.TRIES) -> Any:
    for _ in range(times):
        response = post(client, username)
    return response


def test_five_wrong_passwords_refuse_the_right_one_for_five_minutes(teacher: Any) -> None:
    client = device()
    with clock.at(START):
        fail(client, "teacher")
        assert post(client, "teacher", PASSWORD).status_code == 429
    with clock.at(START + dt.timedelta(minutes=4, seconds=59)):
        refused = post(client, "teacher", PASSWORD)
        assert "请等 1 分钟再试" in refused.content.decode()
        assert not inside(client)
    with clock.at(START + dt.timedelta(minutes=5)):
        assert post(client, "teacher", PASSWORD).status_code == 302
        assert inside(client)


def test_four_wrong_passwords_do_not_lock(teacher: Any) -> None:
    client = device()
    fail(client, "teacher", 4)
    assert post(client, "teacher", PASSWORD).status_code == 302


def test_success_starts_the_count_anew(teacher: Any) -> None:
    client = device()
    for _ in range(3):
        fail(client, "teacher", 4)
        assert post(client, "teacher", PASSWORD).status_code == 302
        client.post("/logout/")


@pytest.mark.parametrize(("round_", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 30), (5, 30)])
def test_waiting_doubles_up_to_thirty_minutes(teacher: Any, round_: int, minutes: int) -> None:
    client, now = device(), START
    for _ in range(round_):
        with clock.at(now):
            last = fail(client, "teacher")
        now += dt.timedelta(minutes=31)
    assert f"请等 {minutes} 分钟再试" in last.content.decode()


def test_a_quiet_day_forgets(teacher: Any) -> None:
    client = device()
    with clock.at(START):
        fail(client, "teacher")
    with clock.at(START + dt.timedelta(hours=25)):
        assert "请等 5 分钟再试" in fail(client, "teacher").content.decode()


def test_owners_known_device_is_left_alone(teacher: Any) -> None:
    own, pupil = device(), device()
    post(own, "teacher", PASSWORD)
    own.post("/logout/")
    fail(pupil, "teacher", 30)
    assert post(pupil, "teacher", PASSWORD).status_code == 429
    assert post(own, "teacher", PASSWORD).status_code == 302


def test_known_device_stays_known_at_another_address(teacher: Any) -> None:
    own, pupil = device(), device("10.9.9.9")
    post(own, "teacher", PASSWORD)
    own.post("/logout/")
    fail(pupil, "teacher", 30)
    own.defaults["REMOTE_ADDR"] = "10.9.9.9"
    assert post(own, "teacher", PASSWORD).status_code == 302


def test_known_device_waits_too_when_it_guesses(teacher: Any) -> None:
    own = device()
    post(own, "teacher", PASSWORD)
    own.post("/logout/")
    assert fail(own, "teacher").status_code == 429
    assert post(own, "teacher", PASSWORD).status_code == 429


def test_device_known_for_one_user_is_strange_for_another(teacher: Any, other_teacher: Any) -> None:
    own, pupil = device(), device()
    post(own, "teacher", PASSWORD)
    own.post("/logout/")
    for _ in range(lockout.TRIES_TOGETHER):
        fresh = device()
        post(fresh, "teacher2")
    assert post(own, "teacher2", PASSWORD).status_code == 429
    assert post(pupil, "teacher", PASSWORD).status_code == 302


def test_another_device_of_the_address_counts_apart(teacher: Any) -> None:
    one, other = device(), device()
    fail(one, "teacher")
    assert post(other, "teacher", PASSWORD).status_code == 302


def test_fresh_cookies_do_not_help_a_guesser(teacher: Any) -> None:
    for _ in range(lockout.TRIES_TOGETHER):
        post(device(), "teacher")
    assert post(device(), "teacher", PASSWORD).status_code == 429


def test_without_cookie_name_and_address_count(teacher: Any) -> None:
    for _ in range(lockout.TRIES):
        post(Client(REMOTE_ADDR=ADDRESS), "teacher")
    assert post(Client(REMOTE_ADDR=ADDRESS), "teacher", PASSWORD).status_code == 429
    assert post(Client(REMOTE_ADDR="10.1.0.8"), "teacher", PASSWORD).status_code == 302


def test_forged_cookie_is_no_cookie(teacher: Any) -> None:
    for number in range(lockout.TRIES):
        client = Client(REMOTE_ADDR=ADDRESS)
        client.cookies[lockout.COOKIE] = f"device-{number}"
        post(client, "teacher")
    assert post(Client(REMOTE_ADDR=ADDRESS), "teacher", PASSWORD).status_code == 429


def test_another_account_is_not_touched(teacher: Any, other_teacher: Any) -> None:
    client = device()
    fail(client, "teacher")
    assert post(client, "teacher2", PASSWORD).status_code == 302


def test_spelling_of_the_name_makes_no_new_count(teacher: Any) -> None:
    client = device()
    for name in ("teacher", "Teacher", " TEACHER ", "ｔｅａｃｈｅｒ", "tEACHER"):
        post(client, name)
    assert post(client, "teacher", PASSWORD).status_code == 429


def test_unknown_name_is_told_the_same(teacher: Any) -> None:
    known, unknown = device(), device()

    def words(client: Client, name: str) -> list[tuple[int, str]]:
        answers = [post(client, name) for _ in range(7)]
        return [(answer.status_code, answer.context["error"]) for answer in answers]

    with clock.at(START):
        assert words(known, "teacher") == words(unknown, "nobody")


def test_closed_account_is_told_the_same(teacher: Any) -> None:
    teacher.is_active = False
    teacher.save()
    response = post(device(), "teacher", PASSWORD)
    assert response.context["error"] == "账号或密码不对。再错 4 次，要等 5 分钟以上才能再试。"


def test_office_lifts_the_waiting(teacher: Any, clerk: Any) -> None:
    client = device()
    fail(client, "teacher")
    assert lockout.waiting_until(teacher) is not None
    lockout.lift(teacher, by=clerk)
    assert lockout.waiting_until(teacher) is None
    assert post(client, "teacher", PASSWORD).status_code == 302
    assert LogEntry.objects.filter(verb="lift_lockout", by=clerk).count() == 1


def test_log_has_failures_and_lockouts_but_no_password(teacher: Any) -> None:
    client = device()
    with clock.at(START):
        fail(client, "teacher", 6)
    verbs = list(LogEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["login_failed"] * 5 + ["lockout", "login_refused"]
    assert not LogEntry.objects.filter(text__contains="wrong-guess").exists()
    assert LogEntry.objects.first().text == f"登录失败：teacher（{ADDRESS}）"
    assert LogEntry.objects.exclude(by=None).count() == 0


def test_log_keeps_no_more_than_forty_characters_of_a_name(db: Any) -> None:
    post(device(), "x" * 60 + "\x1b[2J")
    assert LogEntry.objects.get().text == f"登录失败：{'x' * 40}（{ADDRESS}）"


def test_wrong_guess_is_counted_before_the_password_is_checked(teacher: Any) -> None:
    request = RequestFactory().post("/login/", REMOTE_ADDR=ADDRESS)
    attempts = [lockout.begin(request, "teacher") for _ in range(6)]  # six at once, none of them answered yet
    assert [bool(attempt.refused) for attempt in attempts] == [False] * 5 + [True]


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_all_counted() -> None:
    make_people.teacher()

    def guess(_: int) -> bool:
        try:
            return not lockout.begin(RequestFactory().post("/login/", REMOTE_ADDR=ADDRESS), "teacher").refused
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        looked_at = sum(pool.map(guess, range(12)))
    assert looked_at == lockout.TRIES


@pytest.mark.parametrize(
    ("hops", "forwarded", "peer", "expected"),
    [
        (0, "1.2.3.4", "10.0.0.1", "10.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.2", "10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (0, "", "::ffff:10.0.0.9", "10.0.0.9"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "unknown", "10.0.0.1", "unknown"),
    ],
)
def test_client_address(settings: Any, hops: int, forwarded: str, peer: str, expected: str) -> None:
    settings.PROXY_HOPS = hops
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert lockout.client_address(request) == expected


def test_prune_forgets_strangers_but_not_known_devices(teacher: Any) -> None:
    with clock.at(START):
        client = device()
        fail(client, "nobody", 1)
        post(client, "teacher", PASSWORD)
    with clock.at(START + dt.timedelta(days=3)):
        lockout.prune(clock.today())
    assert [(guard.user, guard.known) for guard in LoginGuard.objects.all()] == [(teacher, True)]
