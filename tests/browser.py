"""What every browser test asks of a page once it has settled: accessible, and no wider than the screen."""

from __future__ import annotations

from typing import Any


def faults(page: Any) -> list[str]:
    """What axe finds on the page (rule and how it reads), and whether it scrolls sideways.

    A click returns as soon as the next page has begun; axe needs a whole document, so the page is awaited first.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_load_state("load")
    found = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in Axe().run(page).response["violations"]]
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if wide > screen:
        found.append(f"{wide} px wide on a screen of {screen} px")
    return found
