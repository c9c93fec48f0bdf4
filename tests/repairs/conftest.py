"""The day on which the tickets of these tests are filed."""

import pytest

from core import clock

MONDAY = (2026, 11, 23, 9, 0)  # an ordinary Monday morning


@pytest.fixture
def monday():
    """It is Monday, 23 November 2026, 09:00."""
    with clock.at(clock.moment(*MONDAY)):
        yield clock.moment(*MONDAY)
