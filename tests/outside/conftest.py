"""An ordinary Monday for every test of outside jobs, and an empty settings cache."""

import pytest

from campus import cache
from core import clock

MONDAY = (2026, 11, 23, 9, 0)


@pytest.fixture(autouse=True)
def _monday():
    cache.clear()
    with clock.at(clock.moment(*MONDAY)):
        yield
    cache.clear()
