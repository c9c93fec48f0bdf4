"""Error pages: Chinese, with the number under which the cause is logged; the database away is 503, not 500."""

from __future__ import annotations

import errno
import logging
import re
import sqlite3
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import path

from core import errors, middleware

handler400 = "core.errors.handler400"
handler403 = "core.errors.handler403"
handler404 = "core.errors.handler404"
handler500 = "core.errors.handler500"

RAISED: dict[str, BaseException] = {}


def outage(text: str) -> OperationalError:
    """What Django makes of SQLite's own error."""
    error = OperationalError(text)
    error.__cause__ = sqlite3.OperationalError(text)
    return error


def fail(request: HttpRequest) -> HttpResponse:
    raise RAISED["now"]


def fail_late(request: HttpRequest) -> TemplateResponse:
    """Fails while its template is rendered."""

    def late() -> str:
        raise RAISED["now"]

    return TemplateResponse(request, engines["django"].from_string("{{ late }}"), {"late": late})


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse(middleware.reference())


class FailsInside:
    """A middleware that meets the error before the view."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raise RAISED["now"]


urlpatterns = [path("fail/", fail), path("late/", fail_late), path("fine/", fine)]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def frame_settings(settings: Any) -> None:
    settings.MENU, settings.SCHOOL, settings.TODAY_WORDS = "config.menu.MENU", "", ""
    if "core.middleware.DatabaseDown" not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [settings.MIDDLEWARE[0], "core.middleware.DatabaseDown", *settings.MIDDLEWARE[1:]]


@pytest.fixture
def visitor() -> Client:
    """A client that gets the page instead of the exception."""
    return Client(raise_request_exception=False)


def heading(response: Any) -> str:
    return re.search(r"<h1>(.*?)</h1>", response.content.decode())[1]


def shown_reference(response: Any) -> str:
    return re.search(r"编号 <strong[^>]*>(.*?)</strong>", response.content.decode())[1]


@pytest.mark.parametrize(
    ("cause", "status", "words"),
    [
        (SuspiciousOperation("odd"), 400, "看不懂这个地址或内容"),
        (RequestDataTooBig("big"), 400, "内容太大，没有保存"),
        (PermissionDenied(), 403, "您的账户不能使用这一页"),
        (PermissionDenied("这张单已由何师傅开始。"), 403, "现在不能这样做"),
        (Http404("No Ticket matches the given query."), 404, "没有这个页面"),
        (Http404("没有找到这条记录，或者您不能查看。"), 404, "没有找到"),
        (ValueError("secret detail"), 500, "系统出了点问题"),
        (outage("no such table: x"), 500, "系统出了点问题"),
        (outage("database is locked"), 503, "系统正忙"),
        (InterfaceError("connection already closed"), 503, "系统正忙"),
        (OperationalError("server closed the connection unexpectedly"), 503, "系统正忙"),
        (outage("database or disk is full"), 503, "存储空间满了，没有保存"),
        (OSError(errno.ENOSPC, "No space left on device"), 503, "存储空间满了，没有保存"),
    ],
)
def test_page_and_number(visitor: Client, cause: BaseException, status: int, words: str) -> None:
    RAISED["now"] = cause
    response = visitor.get("/fail/")
    assert (response.status_code, heading(response)) == (status, words)
    assert shown_reference(response) == response["X-Request-Id"]
    assert "secret detail" not in response.content.decode()
    assert "No Ticket" not in response.content.decode()
    assert response.has_header("Retry-After") == (status == 503)


def test_post_during_an_outage_says_that_nothing_was_saved(visitor: Client) -> None:
    RAISED["now"] = outage("database is locked")
    assert heading(visitor.post("/fail/")) == "系统正忙，没有保存"


def test_outage_while_the_template_is_rendered(visitor: Client) -> None:
    RAISED["now"] = outage("database is locked")
    assert visitor.get("/late/").status_code == 503


def test_outage_in_a_middleware(visitor: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.FailsInside"]
    RAISED["now"] = OperationalError("server closed the connection unexpectedly")
    response = visitor.get("/fine/")
    assert (response.status_code, response["Retry-After"]) == (503, "10")


def test_reasons_of_a_refusal_are_shown_escaped(visitor: Client) -> None:
    RAISED["now"] = PermissionDenied(["挂起中<b>", "没有维修后照片。"])
    html = visitor.get("/fail/").content.decode()
    assert "<li>挂起中&lt;b&gt;</li><li>没有维修后照片。</li>" in html


def test_form_without_a_token(settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = "core.errors.csrf_failure"
    response = Client(enforce_csrf_checks=True).post("/fine/")
    assert (response.status_code, heading(response)) == (403, "这一页放得太久，没有保存")


def test_page_stands_without_a_database(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 404 whose menu cannot be read is shown without its menu."""

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("core.context.Frame.signed_in", property(away))
    response = visitor.get("/nowhere/")
    assert (response.status_code, heading(response)) == (404, "没有这个页面")


def test_number_leads_to_the_cause_in_the_log(visitor: Client) -> None:
    seen: list[logging.LogRecord] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    keeper = Keeper()
    keeper.addFilter(middleware.RequestIdFilter())
    watched = [logging.getLogger("django.request"), logging.getLogger("houqin.errors")]
    for logger in watched:
        logger.addHandler(keeper)
    try:
        causes = [ValueError("the cause"), outage("database is locked"), PermissionDenied()]
        numbers = []
        for cause in causes:
            RAISED["now"] = cause
            numbers.append(shown_reference(visitor.get("/fail/")))
    finally:
        for logger in watched:
            logger.removeHandler(keeper)
    assert [record.request_id for record in seen] == numbers
    assert [record.exc_info[1] for record in seen[:2]] == causes[:2]


def test_number_is_readable_and_gone_after_the_request(client: Client) -> None:
    response = client.get("/fine/")
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{2}", response["X-Request-Id"])
    assert response.content.decode() == response["X-Request-Id"]
    assert middleware.reference() == ""


def test_what_counts_as_an_outage() -> None:
    assert errors.is_outage(OperationalError("could not connect to server"))
    assert not errors.is_outage(outage('near "FROM": syntax error'))
    assert not errors.is_outage(OSError(errno.ENOENT, "No such file"))
