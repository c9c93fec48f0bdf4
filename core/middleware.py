"""Middleware: a reference number for each request, and a quiet page while the database cannot answer."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_reference() -> str:
    """A number short enough to be read out on the telephone: 7F3A-21."""
    digits = secrets.token_hex(3).upper()
    return f"{digits[:4]}-{digits[4:]}"


def reference() -> str:
    """The reference number of the request that is being answered; empty outside of one."""
    return request_id.get()


def without_nul(request: HttpRequest) -> None:
    """Drop NUL from the address: PostgreSQL takes it in no string, and no address of ours holds it."""
    if "\0" in request.path_info:
        request.path_info, request.path = request.path_info.replace("\0", ""), request.path.replace("\0", "")
    query = request.META.get("QUERY_STRING", "")
    if "%00" in query or "\0" in query:
        request.META["QUERY_STRING"] = query.replace("%00", "").replace("\0", "")


class RequestId:
    """Give every request its reference number: in the context, on the request, in a response header. Stands first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = new_reference()
        request.reference = number  # type: ignore[attr-defined]
        without_nul(request)
        token = request_id.set(number)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-Id"] = number
        return response


class RequestIdFilter(logging.Filter):
    """Put the reference number on each log record as `request_id`, so that a page's number leads to its cause."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs some answers after the middleware is done; then the number is still on the request.
        record.request_id = reference() or getattr(getattr(record, "request", None), "reference", "") or "-"
        return True


class DatabaseDown:
    """Answer 503 with Retry-After when a view fails for lack of the database or of disk space.

    What fails in another middleware reaches `core.errors.handler500`, which looks at the same causes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        from core import errors

        return errors.unavailable(request, exception) if errors.is_outage(exception) else None
