"""What every page's frame shows: school, today, the user's menu, unread notices; worked out when a template asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.module_loading import import_string

from core import clock, rights
from core.models import Notice

WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Entry:
    """One line of the menu: shown to those with any of the permissions (space between; "" = everyone)."""

    label: str
    url: str
    permission: str = ""
    icon: str = "chevron-right"


@dataclass(frozen=True)
class Menu:
    """The whole menu: entries by key, headed groups for the page 更多, and each role's own bar and tabs."""

    entries: dict[str, Entry]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    roles: tuple[str, ...]  # who has several roles gets the bar of the first of these
    bars: dict[str, tuple[str, ...]]
    tabs: dict[str, tuple[str, ...]]  # three; the fourth is 更多, or 消息 where nothing is left for 更多
    default: str  # the role whose bar serves users without a known role


@dataclass
class Link:
    """A menu entry that this user may open, with its address; `current` is the value of aria-current."""

    label: str
    url: str
    icon: str
    current: str = ""


@dataclass
class Group:
    """A headed group of links on the page 更多."""

    title: str
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class School:
    """What the frame shows of a school whose profile is not there yet."""

    name: str = ""
    office: str = "后勤处"
    duty_phone: str = ""
    is_demo: bool = False


@cache
def _address(name: str, urlconf: str | None, prefix: str) -> str | None:
    """The address of a URL name; None while no page of that name exists."""
    try:
        return reverse(name, urlconf=urlconf)
    except NoReverseMatch:
        return None


def address(name: str) -> str | None:
    """The address of a URL name without arguments, or None; remembered for each URL configuration."""
    return _address(name, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@cache
def _menu() -> Menu | None:
    """The menu by the dotted path in settings.MENU; a project without one has no menu."""
    path = getattr(settings, "MENU", "")
    return import_string(path) if path else None


def _permitted(user: Any, entry: Entry) -> bool:
    """May the user open the entry? A permission with scopes (`view_in:x`) counts with any of them."""
    return not entry.permission or any(
        rights.can(user, name) or rights.scopes(user, name) for name in entry.permission.split()
    )


def plain_today() -> str:
    """Today's date in words, without the teaching week that only the calendar knows."""
    day = clock.today()
    return f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}"


class Frame:
    """The frame of one request; each property costs nothing until a template reads it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user = getattr(request, "user", None)

    @cached_property
    def signed_in(self) -> bool:
        return bool(self.user is not None and self.user.is_authenticated)

    @cached_property
    def unread(self) -> int:
        """How many notices wait: the frame's one statement beside session, user and roles."""
        return Notice.objects.filter(user=self.user, read_at=None).count() if self.signed_in else 0

    @property
    def unread_words(self) -> str:
        """The count in the bar; beyond 99 the figure helps nobody."""
        return "99+" if self.unread > 99 else str(self.unread)

    @cached_property
    def school(self) -> Any:
        """The school's profile from settings.SCHOOL, which keeps it in the process and sees its changes."""
        path = getattr(settings, "SCHOOL", "")
        return (import_string(path)() if path else None) or School()

    @cached_property
    def today(self) -> str:
        """Today in words, with the teaching week if settings.TODAY_WORDS names who knows it."""
        path = getattr(settings, "TODAY_WORDS", "")
        return import_string(path)() if path else plain_today()

    @cached_property
    def home(self) -> str:
        return address("config:home") or get_script_prefix()

    @property
    def inbox(self) -> str | None:
        return address("core:inbox")

    @property
    def account(self) -> str | None:
        return address("campus:account")

    @property
    def search(self) -> str | None:
        return address("config:search")

    @property
    def login(self) -> str | None:
        return address("login")

    @cached_property
    def role(self) -> str:
        """The role whose bar the user gets."""
        menu = _menu()
        if menu is None:
            return ""
        held = rights.roles(self.user)
        return next((role for role in menu.roles if role in held), menu.default)

    def _link(self, key: str) -> Link | None:
        menu = _menu()
        entry = menu.entries[key] if menu else None
        if entry is None or not _permitted(self.user, entry):
            return None
        url = address(entry.url)
        return Link(entry.label, url, entry.icon) if url else None

    def _links(self, keys: tuple[str, ...]) -> list[Link]:
        """The links behind the keys that exist and are permitted, each address once, the current one marked."""
        links: dict[str, Link] = {}
        for key in keys:
            link = self._link(key)
            if link is not None:
                links.setdefault(link.url, link)
        found = list(links.values())
        self._mark(found)
        return found

    def _mark(self, links: list[Link]) -> None:
        """Mark the page itself, or else the list it lies under: the longest address that the path begins with."""
        path = self.request.path
        under = [link for link in links if path == link.url or (link.url != self.home and path.startswith(link.url))]
        if under:
            best = max(under, key=lambda link: len(link.url))
            best.current = "page" if path == best.url else "true"

    def _bar(self, keys: tuple[str, ...], instead: str = "") -> list[Link]:
        """The links of a bar, then 更多 if it leaves out a page that the user may open, else `instead`."""
        links = self._links(keys)
        # Home, inbox and account have their place in the bar on top, on every screen.
        placed = {link.url for link in links} | {self.home, self.inbox, self.account}
        rest = any(link.url not in placed for group in self.everything for link in group.links)
        last = "more" if rest else instead
        return self._links((*keys, last)) if last else links

    @cached_property
    def menu(self) -> list[Link]:
        """The bar on desktops."""
        menu = _menu()
        return self._bar(menu.bars.get(self.role, ())) if menu and self.signed_in else []

    @cached_property
    def tabs(self) -> list[Link]:
        """The four of the phone's bar."""
        menu = _menu()
        return self._bar(menu.tabs.get(self.role, ()), "inbox") if menu and self.signed_in else []

    @cached_property
    def everything(self) -> list[Group]:
        """All that the user may open, under headings."""
        menu = _menu()
        if menu is None or not self.signed_in:
            return []
        groups = [Group(title, self._links(keys)) for title, keys in menu.groups]
        return [group for group in groups if group.links]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame`, one object a request however many templates are rendered."""
    found = getattr(request, "_frame", None)
    if found is None:
        found = request._frame = Frame(request)  # type: ignore[attr-defined]
    return {"frame": found}
