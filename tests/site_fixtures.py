"""The fixtures of the tests about the whole site: one world a module, the clock on its Monday, files in its folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from campus import cache, sessions
from core import clock
from tests import world as site


@pytest.fixture(scope="module")
def world_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the world's photos."""
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any, world_files: Path) -> Iterator[site.World]:
    """The world, made once: each test's own changes are rolled back to it, and itself at the end."""
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=world_files):
        cache.clear()
        with transaction.atomic():
            with clock.at(clock.moment(*site.MONDAY)):
                made = site.build()
            yield made
            transaction.set_rollback(True)
        cache.clear()


@pytest.fixture(autouse=True)
def media(settings: Any, world_files: Path) -> Path:
    """The files of these tests lie with the world's."""
    settings.MEDIA_ROOT = world_files
    return world_files


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of refusals are expected here: their tracebacks would be most of the work."""
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    """It is Monday, 23 November 2026, 09:00, and no settings are remembered."""
    cache.clear()
    with clock.at(clock.moment(*site.MONDAY)):
        yield
    cache.clear()


@pytest.fixture(scope="module")
def clients(world: site.World) -> dict[str, Client]:
    """A browser of each person, logged in, and of a guest."""
    found = {"guest": Client()}
    with clock.at(clock.moment(*site.MONDAY)):
        for name, user in world.people.items():
            found[name] = Client()
            found[name].force_login(user)
            session = found[name].session
            session["confirmed"] = sessions.stamp()  # what asks for the password again shows who may, not the question
            session.save()
    return found
