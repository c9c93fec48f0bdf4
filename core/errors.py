"""The pages for what went wrong: each says what is so and what to do, and shows the number under which it is logged."""

from __future__ import annotations

import errno
import logging
import re
import sqlite3
import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from core import middleware

logger = logging.getLogger("houqin.errors")

RETRY_AFTER = 10  # seconds; a restarted database is back sooner, a person has not given up yet
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# SQLite raises one class for everything, faulty SQL too: only these are the state of the machine.
_SQLITE_OUTAGE = re.compile(r"locked|busy|full|unable to open|readonly|disk i/o|out of memory", re.IGNORECASE)
_FULL = re.compile(r"disk is full|no space left|could not extend|disk full", re.IGNORECASE)
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


def _page(request: HttpRequest, template: str, status: int, bare: bool, **context: Any) -> HttpResponse:
    """Render an error page. `bare`: without the user's menu, which would ask the session and the database."""
    context["reference"] = middleware.reference() or getattr(request, "reference", "")
    found = loader.get_template(template)
    if not bare:
        try:
            return HttpResponse(found.render(context, request), status=status)
        except (OperationalError, InterfaceError):
            logger.warning("error page %s rendered without its menu: no database", template, exc_info=True)
    return HttpResponse(found.render({**context, "bare": True}), status=status)


def _words(exception: BaseException | None) -> list[str]:
    """The reasons an exception carries, if they are ours (Chinese); English ones are for the log only."""
    found: list[str] = []
    for part in getattr(exception, "args", ()):
        lines = part if isinstance(part, list | tuple) else [part]
        found += [line for line in lines if isinstance(line, str) and _CHINESE.search(line)]
    return found


@requires_csrf_token
def handler400(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """A request that makes no sense: a foreign host, too large, too many fields."""
    size = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return _page(request, "400.html", 400, bare=True, too_large=size, reasons=_words(exception))


@requires_csrf_token
def handler403(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """A page or step that is not this user's; the reasons come with the exception."""
    return _page(request, "403.html", 403, bare=False, reasons=_words(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: nearly always a page that lay open over a new login."""
    return _page(request, "403_csrf.html", 403, bare=False)


@requires_csrf_token
def handler404(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """No such page, or none that this user may see: the two must look alike."""
    return _page(request, "404.html", 404, bare=False, reasons=_words(exception))


@requires_csrf_token
def handler500(request: HttpRequest) -> HttpResponse:
    """A fault of ours; or, from within a middleware, a database that is away."""
    cause = sys.exc_info()[1]
    if cause is not None and is_outage(cause):
        return unavailable(request, cause)
    return _page(request, "500.html", 500, bare=True)


def is_outage(cause: BaseException) -> bool:
    """Is this the machine's state (database away, locked, disk full) and not a fault in the program?"""
    if isinstance(cause, OperationalError | InterfaceError):
        if isinstance(cause.__cause__, sqlite3.Error):
            return bool(_SQLITE_OUTAGE.search(str(cause)))
        return True
    return isinstance(cause, OSError) and cause.errno in _NO_SPACE


def unavailable(request: HttpRequest, cause: BaseException) -> HttpResponse:
    """The 503 page: nothing was saved, come again in a moment."""
    full = (isinstance(cause, OSError) and cause.errno in _NO_SPACE) or bool(_FULL.search(str(cause)))
    logger.error("unavailable: %s", request.path, exc_info=cause, extra={"request": request, "status_code": 503})
    reading = request.method in ("GET", "HEAD")
    again = request.get_full_path() if reading else ""
    response = _page(request, "503.html", 503, bare=True, full=full, changing=not reading, again=again)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response._has_been_logged = True  # type: ignore[attr-defined]  # with its cause, above
    return response
