"""Money: two decimals, as figures and in the capitals (大写) that vouchers are written in."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def cents(number: Decimal | int | float | str) -> Decimal:
    """`number` with two decimals, halves up, as money is kept."""
    return Decimal(number).quantize(CENT, ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """An amount as sentences write it: 1,234.50."""
    return f"{cents(amount):,.2f}"


def capital(amount: Decimal | int | str) -> str:
    """The amount in capitals: 1234.50 gives 人民币壹仟贰佰叁拾肆元伍角整."""
    value = cents(amount)
    whole, rest = divmod(abs(int(value * 100)), 100)
    if whole >= 10**16:
        raise ValueError("an amount of more than 16 digits before the point")
    jiao, fen = divmod(rest, 10)
    words = f"{_whole(whole)}元" if whole else ""
    if jiao:
        words += f"{DIGITS[jiao]}角"
    elif fen and whole:
        words += "零"
    words += f"{DIGITS[fen]}分" if fen else "整"
    return f"人民币{'负' if value < 0 else ''}{words if whole or rest else '零元整'}"


def _whole(number: int) -> str:
    """The yuan, in groups of four digits; a gap of zeros is said once."""
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    words, gap = "", False
    for power in range(len(groups) - 1, -1, -1):
        group = groups[power]
        if group == 0:
            gap = True
            continue
        if words and (gap or group < 1000):
            words += "零"
        # 万亿 is said as 万 where 亿 follows with digits of its own: 壹万贰仟亿 needs the 亿 once only.
        words += _group(group) + ("万" if power == 3 and groups[2] else GROUPS[power])
        gap = False
    return words


def _group(group: int) -> str:
    """Four digits: 1001 gives 壹仟零壹."""
    words, gap = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit == 0:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + DIGITS[digit] + PLACES[place]
        gap = False
    return words
