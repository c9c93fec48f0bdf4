"""The browsers of the suite work, and they see what they shall see."""

import pytest


def test_desktop_and_phone_reach_the_server(desktop, phone):
    for page in (desktop, phone):
        answer = page.goto("/healthz")

        assert answer.status == 200
        assert page.locator("body").inner_text() == "ok"


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.error('x')", "console: x"),
        ("new Image().src = 'http://127.0.0.2:9/x.png'", "outside request: http://127.0.0.2:9/x.png"),
        ("setTimeout(() => { throw new Error('y') })", "script: y"),
    ],
)
def test_complaints_are_recorded(desktop, watch, script, complaint):
    desktop.goto("/healthz")

    desktop.evaluate(script)
    desktop.wait_for_timeout(200)

    assert any(line.startswith(complaint) for line in watch.problems)
    watch.allow("")
