"""What all tests share: the database switch, two browsers that watch for errors, and no silent skips in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import faults

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop lives in the thread of the tests

CI = os.environ.get("HOUQIN_CI") == "1"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

pytest_plugins = ["tests.cast"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI a test that skips because a tool is absent has failed: write such reasons as `absent: what`."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail") and "absent:" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {report.longrepr}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever opens a browser carries the mark, so that `-m "not browser"` leaves it out."""
    for item in items:
        if {"chromium", "desktop", "phone"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the temporary `var` that settings made for this run."""
    folder = Path(os.environ.get("HOUQIN_VAR", ""))
    if not hasattr(config, "workerinput") and folder.name.startswith("houqin-test-"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Each test stores its files in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def fresh_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a rolled-back test stored must not be believed by the next one; within a test time changes no count."""
    from campus import cache

    monkeypatch.setattr(cache, "LIFETIME", 3600.0)
    cache.clear()
    yield
    cache.clear()


class Watch:
    """What a browser complained about: console errors, failed scripts, requests to other hosts."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.allowed: list[str] = []

    def allow(self, part: str) -> None:
        """Expect complaints that contain `part`, such as `status of 403` when a story meets a refusal."""
        self.allowed.append(part)

    def follow(self, page: Any, home: str) -> None:
        """Listen to one page of the site at `home`."""

        def request(sent: Any) -> None:
            if not sent.url.startswith((home, "data:", "blob:", "about:")):
                self.problems.append(f"outside request: {sent.url}")

        def console(line: Any) -> None:
            source = line.location.get("url", "")
            if line.type == "error" and not source.endswith("/favicon.ico"):  # asked for by browsers on bare pages
                self.problems.append(f"console: {line.text} at {page.url} ({source})")

        page.on("request", request)
        page.on("console", console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error} at {page.url}"))

    @property
    def unexpected(self) -> list[str]:
        return [line for line in self.problems if not any(part in line for part in self.allowed)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Collect the complaints of all pages of a test and fail if one was not expected."""
    found = Watch()
    yield found
    assert found.unexpected == []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The system's Chromium, one process for the run."""
    path = os.environ.get("HOUQIN_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("absent: Chromium")
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Any, live_server: Any, watch: Watch) -> Iterator[Callable[..., Any]]:
    """`visitor(width, height, **context)` opens a page of somebody new; several make several people."""
    contexts = []

    def enter(width: int, height: int, **options: Any) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, base_url=live_server.url, locale="zh-CN",
            timezone_id="Asia/Shanghai", reduced_motion="reduce", **options,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        contexts.append(context)
        context.on("page", lambda page: watch.follow(page, live_server.url))
        return context.new_page()

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def desktop(visitor: Callable[..., Any]) -> Any:
    """A page on a desktop screen."""
    return visitor(1280, 800)


@pytest.fixture
def phone(visitor: Callable[..., Any]) -> Any:
    """A page on a phone of 390 x 844."""
    return visitor(390, 844, has_touch=True, is_mobile=True, device_scale_factor=2)


@pytest.fixture
def sign_in(live_server: Any, settings: Any) -> Callable[[Any, Any], None]:
    """`sign_in(page, user)` logs the page's visitor in without typing."""

    def enter(page: Any, user: Any) -> None:
        from django.test import Client

        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])

    return enter


@pytest.fixture
def check_page() -> Callable[[Any], None]:
    """`check_page(page)`: no accessibility violation, nothing wider than the screen."""

    def check(page: Any) -> None:
        assert faults(page) == [], page.url

    return check
