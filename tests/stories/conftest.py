"""The stage of the stories: a small school in June, seats at browsers, and an audit of all rows at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from campus import cache
from campus import defaults as campus_defaults
from config import audit
from core import clock
from repairs import defaults as repairs_defaults
from stores import defaults as stores_defaults
from tests import make
from tests.stories.stage import DESKTOP, PHONE, Hands, School, Seat


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """It is Monday, 8 June 2026, 9:00."""
    found = Hands()
    found.set(2026, 6, 8, 9, 0)
    monkeypatch.setattr(clock, "timezone", found)
    return found


@pytest.fixture
def school(transactional_db: None, hands: Hands) -> Iterator[School]:
    """示范中学: 3号楼 with rooms 301-314 of 8 people each, classroom 204, and its people."""
    cache.clear()
    for part in (campus_defaults, repairs_defaults, stores_defaults):
        part.ensure()
    make.profile()
    cache.clear()
    names = ("teacher", "other_teacher", "repairer", "repairer2", "clerk", "director", "warden", "finance", "principal")
    found = School({name: getattr(make, name)() for name in names})
    found.rooms = {str(number): make.place(str(number)) for number in range(301, 315)}
    found.rooms["204"] = make.place("204", building_name="明德楼", floor_name="2层", use="teaching", people=48)
    yield found
    cache.clear()


@pytest.fixture(autouse=True)
def audited(school: School) -> Iterator[None]:
    """Whatever a story did, the rows agree with one another afterwards."""
    yield
    assert list(audit.run()) == []


@pytest.fixture
def seat(
    school: School, visitor: Callable[..., Any], sign_in: Callable[[Any, Any], None], check_page: Callable[[Any], None]
) -> Callable[..., Seat]:
    """`seat("clerk")` on a desktop, `seat("teacher", PHONE)` on a phone, `seat()` without login."""

    def take(who: str = "", size: tuple[int, int] = DESKTOP, *, script: bool = True) -> Seat:
        options: dict[str, Any] = {} if script else {"java_script_enabled": False}
        if size == PHONE:
            options |= {"has_touch": True, "is_mobile": True}
        page = visitor(*size, **options)
        if who:
            sign_in(page, school.people[who])
        return Seat(page, check_page, plain=not script)

    return take


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A photo on the phone of whoever attaches it."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(make.photo(800, 600).read())
    return str(path)
