"""The school's own format of card numbers: read, shown with an example, and counted up, never reused."""

from __future__ import annotations

import re

from assets.models import Card, ClassCode, NumberFormat
from core import clock
from core.numbering import next_serial

TOKEN = re.compile(r"\{(年|年2|月|分类[1-9]|流水[3-8])\}")
PLAIN = re.compile(r"[0-9A-Za-z.\-]*")
LONGEST = 30
EXAMPLE_CODE = "A05010304"
HELP = "可用 {年} {年2} {月} {分类4}（分类代码前 4 位） {流水4}（4 位流水号，必须在最后）；其余写字母、数字、- 或 . 。"


def pattern() -> str:
    """The format in force."""
    found = NumberFormat.objects.values_list("pattern", flat=True).first()
    return found or NumberFormat._meta.get_field("pattern").default


def wrong(text: str) -> str | None:
    """Why the text is no format, or None."""
    tokens = TOKEN.findall(text)
    if not PLAIN.fullmatch(TOKEN.sub("", text)):
        return "格式里有不认识的写法。" + HELP
    if not tokens or not tokens[-1].startswith("流水") or not text.endswith("}"):
        return "格式要以流水号结尾，如 ZC{年}-{流水4}。"
    if sum(token.startswith("流水") for token in tokens) > 1:
        return "流水号只能有一个。"
    if len(example(text)) > LONGEST:
        return f"这样编出来的号超过 {LONGEST} 个字符，请改短。"
    return None


def example(text: str, code: str = EXAMPLE_CODE) -> str:
    """What the first number of today would look like."""
    head, width = _head(text, code)
    return f"{head}{1:0{width}d}"


def next_number(code: ClassCode | None = None) -> str:
    """The next free number; one that was typed by hand may stand in the way. Call inside the storing transaction."""
    head, width = _head(pattern(), code.code if code else "0")
    key = head.rstrip("-") or "card"
    while True:
        number = f"{head}{next_serial(key):0{width}d}"
        if not Card.objects.filter(number=number).exists():
            return number


def _head(text: str, code: str) -> tuple[str, int]:
    """What stands before the serial, and how many digits the serial has."""
    today = clock.today()
    width = 4

    def fill(found: re.Match[str]) -> str:
        nonlocal width
        token = found[1]
        if token.startswith("流水"):
            width = int(token[2:])
            return ""
        if token.startswith("分类"):
            return code[: int(token[2:])].ljust(int(token[2:]), "0")
        return {"年": f"{today:%Y}", "年2": f"{today:%y}", "月": f"{today:%m}"}[token]

    return TOKEN.sub(fill, text), width
