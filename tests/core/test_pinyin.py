"""Pinyin as people type it."""

import pytest

from core.pinyin import full, initials


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("日光灯", "rgd", "riguangdeng"), ("T8 日光灯（30W）", "t8rgd30w", "t8riguangdeng30w"), ("何师傅", "hsf", "heshifu"),
        ("LED", "led", "led"), ("重庆", "cq", "chongqing"), ("", "", ""),
    ],
)  # fmt: skip
def test_initials_and_full(text, short, long):
    assert (initials(text), full(text)) == (short, long)


def test_long_names_fit_the_column():
    assert (len(initials("灯" * 80)), len(full("灯" * 80))) == (60, 60)
