"""An ordinary Monday on which finance works."""

import pytest

from core import clock


@pytest.fixture
def monday():
    """2026-11-23, nine o'clock."""
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield
