"""The day on which the tickets of these tests are filed, and an empty settings cache for each of them."""

import pytest

from campus import cache
from core import clock

MONDAY = (2026, 11, 23, 9, 0)  # an ordinary Monday morning


@pytest.fixture(autouse=True)
def _no_settings_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def monday():
    """It is Monday, 23 November 2026, 09:00."""
    with clock.at(clock.moment(*MONDAY)):
        yield clock.moment(*MONDAY)
