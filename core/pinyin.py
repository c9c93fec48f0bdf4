"""Pinyin of Chinese words: the initials people type when they search ("rgd" for 日光灯), and the whole for sorting."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def initials(text: str, length: int = 60) -> str:
    """The first letters, lower case, blanks and punctuation left out: "T8 日光灯" gives "t8rgd"."""
    return _plain(text, short=True)[:length]


@lru_cache(maxsize=4096)
def full(text: str, length: int = 60) -> str:
    """All letters, lower case, for sorting names: "何师傅" gives "heshifu"."""
    return _plain(text, short=False)[:length]


def _plain(text: str, *, short: bool) -> str:
    """`text` by syllables or their first letters, letters and digits only; what is not Chinese stays as it is."""
    import pypinyin  # tables of some megabytes: loaded when the first word is asked for

    style = pypinyin.Style.FIRST_LETTER if short else pypinyin.Style.NORMAL
    parts = pypinyin.lazy_pinyin(text, style=style)
    return "".join(char for part in parts for char in part if char.isalnum()).lower()
