"""Each test starts with an empty settings cache: rolled-back rows must not be remembered."""

import pytest

from campus import cache


@pytest.fixture(autouse=True)
def _no_settings_cache():
    cache.clear()
    yield
    cache.clear()
