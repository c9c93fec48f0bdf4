"""Each test starts with an empty settings cache: rolled-back rows must not be remembered."""

from collections.abc import Iterator

import pytest

from campus import cache


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
