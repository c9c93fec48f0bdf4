"""What the stories are played with: a clock for the whole process, a school, and seats at browsers."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campus.models import Place, User
from core import clock
from repairs import services
from repairs.models import Ticket

SHOTS = os.environ.get("HOUQIN_SHOTS", "")  # a folder: stories leave screenshots of their main pages there
DESKTOP, PHONE = (1366, 768), (390, 844)


class Hands:
    """What `core.clock` reads instead of Django's clock: the whole process, the server's threads too, runs on from it."""

    def __init__(self) -> None:
        self.shift = dt.timedelta()

    def set(self, *parts: int) -> None:
        """It is (year, month, day, hour, minute) now."""
        self.shift = clock.moment(*parts) - timezone.now()

    def forward(self, **span: int) -> None:
        """Some time later: forward(hours=2)."""
        self.shift += dt.timedelta(**span)

    def now(self) -> dt.datetime:
        return timezone.now() + self.shift

    def __getattr__(self, name: str) -> Any:
        return getattr(timezone, name)


@dataclass
class School:
    """Who and what stands in the stories' school."""

    people: dict[str, User] = field(default_factory=dict)
    rooms: dict[str, Place] = field(default_factory=dict)


class Seat:
    """Somebody at a browser. Every page that he opens, and every page that a press leads to, is checked."""

    def __init__(self, page: Any, check: Callable[[Any], None], *, plain: bool = False) -> None:
        self.page, self.plain = page, plain  # plain: no script, so no checker either
        self._check = check
        self.taps = 0

    def open(self, path: str, *, status: int = 200) -> Any:
        """Type an address."""
        answer = self.page.goto(path)
        assert answer.status == status, f"{path}: {answer.status}"
        self.look()
        return self.page

    def look(self) -> None:
        self.page.wait_for_load_state()
        if not self.plain:
            self._check(self.page)

    def find(self, name: str, *, within: Any = None) -> Any:
        """The button or link of that name."""
        place = within or self.page
        return (
            place.get_by_role("button", name=name, exact=True)
            .or_(place.get_by_role("link", name=name, exact=True))
            .first
        )

    def press(self, name: str, *, within: Any = None) -> Any:
        """Press a button or link that leads to another page."""
        with self.page.expect_navigation():
            self.tap(self.find(name, within=within))
        self.look()
        return self.page

    def tap(self, what: Any) -> None:
        """One tap, counted."""
        self.taps += 1
        what.click()

    def tile(self, name: str) -> None:
        """Tap a tile or an answer."""
        self.tap(self.page.locator("label:visible").filter(has_text=name).first)

    def fill(self, label: str, words: str) -> None:
        self.page.get_by_label(label, exact=False).first.fill(words)

    def reads(self, words: str) -> bool:
        """Is this on the page?"""
        return words in self.page.locator("body").inner_text()

    def shot(self, name: str) -> None:
        """A picture of the page for whoever judges the look."""
        if SHOTS:
            size = "phone" if self.page.viewport_size["width"] < 600 else "desk"
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}-{size}.png"), full_page=True)


def carried(ticket: Ticket, to: str, *, office: User, lead: User | None = None) -> Ticket:
    """The ticket in a later state, by the moves that lead there: accepted, dispatched, doing, checking."""
    road = ("accepted", "dispatched", "doing", "checking")
    moves: tuple[Callable[[Ticket], Ticket], ...] = (
        lambda t: services.accept(t, by=office),
        lambda t: services.dispatch(t, by=office, lead=lead),
        lambda t: services.start(t, by=lead),
        lambda t: services.finish(t, by=lead, outcome="repaired", words="修好了"),
    )
    for move in moves[: road.index(to) + 1]:
        ticket = move(ticket)
    return ticket


def label(place: Place) -> str:
    """What the code on a door leads to."""
    return reverse("config:scan", args=[place.token])
