"""How long a session lives: idle limits by role, the forced first password change, asking the password again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from core import clock, log, rights

MINUTE, HOUR, DAY = 60, 3600, 86400
DEFAULT_IDLE = 30 * DAY
IDLE = {
    "clerk": 12 * HOUR, "director": 12 * HOUR,
    "finance": 60 * MINUTE, "viceprincipal": 60 * MINUTE, "principal": 60 * MINUTE, "admin": 60 * MINUTE,
}  # fmt: skip
TOUCH = 5 * MINUTE  # last activity is written at most this often
CONFIRMED_FOR = 15 * MINUTE


def idle_limit(user: Any) -> int:
    """Seconds without activity after which the user is logged out: the strictest of his roles decides."""
    return min((IDLE.get(role, DEFAULT_IDLE) for role in rights.roles(user)), default=DEFAULT_IDLE)


def stamp() -> int:
    """The current moment as sessions keep it."""
    return int(clock.now().timestamp())


def started(request: HttpRequest) -> None:
    """Note a fresh login: activity and confirmation begin now."""
    request.session["seen"] = request.session["confirmed"] = stamp()


def safe_next(request: HttpRequest, target: str | None) -> str:
    """`target` if it stays inside the site, else empty."""
    if target and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return ""


def page_of(request: HttpRequest) -> str:
    """The page to return to: the address itself, for a post the page on which its form stood."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    parts = urlsplit(safe_next(request, request.META.get("HTTP_REFERER")))
    return (parts.path + (f"?{parts.query}" if parts.query else "")) or "/"


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect that htmx follows as a whole page too."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def words(seconds: int) -> str:
    """A limit in words: 60 分钟, 12 小时, 30 天."""
    if seconds >= DAY:
        return f"{seconds // DAY} 天"
    return f"{seconds // HOUR} 小时" if seconds > HOUR else f"{seconds // MINUTE} 分钟"


class SessionLimits:
    """Middleware after AuthenticationMiddleware and MessageMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            answer = self.expired(request) or self.must_change(request)
            if answer is not None:
                return answer
        return self.get_response(request)

    def expired(self, request: HttpRequest) -> HttpResponse | None:
        """Log out who was away too long; no role shorter than TOUCH, so a busy session costs no query here."""
        now = stamp()
        idle = now - request.session.get("seen", 0)
        if 0 <= idle < TOUCH:
            return None
        if "seen" in request.session and idle >= TOUCH and request.user.is_authenticated:
            limit = idle_limit(request.user)
            if idle > limit:
                return self.end(request, limit)
        request.session["seen"] = now
        return None

    def end(self, request: HttpRequest, limit: int) -> HttpResponse:
        back = page_of(request)
        user: Any = request.user
        log.write(user, "logout", by=user, text=f"超过 {words(limit)}没有操作，自动退出")
        logout(request)
        messages.info(request, f"您超过 {words(limit)}没有操作，已自动退出。请重新登录，登录后回到刚才的页面。")
        return redirect_to(request, reverse("login") + "?" + urlencode({"next": back}))

    def must_change(self, request: HttpRequest) -> HttpResponse | None:
        """A first password opens nothing but the page that changes it."""
        if not getattr(request.user, "must_change_password", False):
            return None
        open_paths = (reverse("campus:password"), reverse("logout"), "/static/", "/healthz")
        if request.path.startswith(open_paths):
            return None
        return redirect_to(request, reverse("campus:password"))


def recently_confirmed(request: HttpRequest) -> bool:
    """Did this session type its password within the last 15 minutes?"""
    return 0 <= stamp() - request.session.get("confirmed", 0) <= CONFIRMED_FOR


def confirm_password(request: HttpRequest) -> HttpResponse | None:
    """For approvals: None if the password was typed lately, else the way to the page that asks for it again."""
    if recently_confirmed(request):
        return None
    return redirect_to(request, reverse("campus:confirm-password") + "?" + urlencode({"next": page_of(request)}))


class ConfirmedMixin:
    """A page mixin: nothing happens here without a password typed within the last 15 minutes.

    Who may not do it anyway is told so first (404, 403 with the reasons), and types no password for that.
    """

    request: HttpRequest

    def gate(self) -> HttpResponseBase | None:
        refused: HttpResponseBase | None = super().gate()  # type: ignore[misc]
        if refused is not None or recently_confirmed(self.request):
            return refused
        if any(self.blockers(self.object)):  # type: ignore[attr-defined]
            return None  # the page itself refuses
        return confirm_password(self.request)
