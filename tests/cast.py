"""The cast as fixtures: each test names whom it needs, and only they exist."""

from __future__ import annotations

from typing import Any

import pytest


def member(name: str) -> Any:
    """One of the cast; imported late, because this plugin is loaded before the apps."""
    from tests import make_people

    return getattr(make_people, name)()


@pytest.fixture
def principal(db: Any) -> Any:
    return member("principal")


@pytest.fixture
def viceprincipal(db: Any) -> Any:
    return member("viceprincipal")


@pytest.fixture
def director(db: Any) -> Any:
    return member("director")


@pytest.fixture
def clerk(db: Any) -> Any:
    return member("clerk")


@pytest.fixture
def repairer(db: Any) -> Any:
    return member("repairer")


@pytest.fixture
def repairer2(db: Any) -> Any:
    return member("repairer2")


@pytest.fixture
def storekeeper(db: Any) -> Any:
    return member("storekeeper")


@pytest.fixture
def assetkeeper(db: Any) -> Any:
    return member("assetkeeper")


@pytest.fixture
def finance(db: Any) -> Any:
    return member("finance")


@pytest.fixture
def warden(db: Any) -> Any:
    return member("warden")


@pytest.fixture
def steward(db: Any) -> Any:
    return member("steward")


@pytest.fixture
def teacher(db: Any) -> Any:
    return member("teacher")


@pytest.fixture
def other_teacher(db: Any) -> Any:
    return member("other_teacher")


@pytest.fixture
def homeroom(db: Any) -> Any:
    return member("homeroom")


@pytest.fixture
def admin(db: Any) -> Any:
    return member("admin")
