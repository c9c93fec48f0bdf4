"""What an administrator types for a floor: "301-322 寝室 8人" becomes one specification per place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.workflow import RuleBroken

MOST = 200  # places in one go: more is a slip of the finger

_DASHES = re.compile(r"[‐‑‒–—―−－~～〜至到]")
_COMMAS = re.compile(r"[，、;；]")
_NUMBERS = re.compile(r"[A-Za-z]{0,3}\d{1,6}(-[A-Za-z]{0,3}\d{1,6})?(,[A-Za-z]{0,3}\d{1,6}(-[A-Za-z]{0,3}\d{1,6})?)*")
_PEOPLE = re.compile(r"(\d{1,5})人")
_NUMBER = re.compile(r"([A-Za-z]*)(\d+)")

# A name that ends in one of these tells what kind of place it is.
ENDINGS = {
    "楼梯": "stairwell", "楼梯间": "stairwell", "走廊": "corridor", "过道": "corridor", "连廊": "corridor",
    "窗口": "window", "立面": "face", "外墙": "face", "校门": "gate", "大门": "gate",
}  # fmt: skip


@dataclass(frozen=True)
class PlaceSpec:
    """One place to be made."""

    kind: str
    name: str
    room_type: str = ""
    people: int = 0


def kind_of(name: str) -> str:
    """Guess the kind of a place on a floor from its name."""
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), "room")


def tidy(name: str) -> str:
    """A name as it is kept: half-width letters and digits, single spaces, its punctuation as it was typed."""
    half = (unicodedata.normalize("NFKC", c) if "０" <= c <= "ｚ" and c.isalnum() else c for c in name)
    return " ".join("".join(c for c in half if unicodedata.category(c) not in ("Cc", "Cf") or c in "\n\t").split())


def plain(text: str) -> str:
    """What numbers are read from: half-width signs, one kind of dash and comma, single spaces."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cc" or c in "\n\t")
    text = _COMMAS.sub(",", "".join(" " if unicodedata.category(c) == "Zs" else c for c in kept))
    text = re.sub(rf"(?<=\d)\s*(?:{_DASHES.pattern}|-)\s*(?=[A-Za-z]{{0,3}}\d)", "-", text)
    text = re.sub(r"[ \t]*,[ \t]*", ",", text)
    return re.sub(r"(?<=\d)[ \t]+人", "人", text)


def parse_range(text: str) -> list[PlaceSpec]:
    """Read one or more lines; RuleBroken says in Chinese which line could not be read and why."""
    specs: list[PlaceSpec] = []
    for line in plain(text).splitlines():
        if line.strip():
            specs += _line(line)
    if not specs:
        raise RuleBroken("没有写地点。请写成“301-322 寝室 8人”或“东楼梯 西楼梯”，一行一批。")
    if len(specs) > MOST:
        raise RuleBroken(f"一次最多加 {MOST} 个地点，这里有 {len(specs)} 个。请分几次加。")
    seen: set[str] = set()
    for spec in specs:
        if spec.name in seen:
            raise RuleBroken(f"“{spec.name}”写了两次，请去掉一个。")
        seen.add(spec.name)
    return specs


def _line(line: str) -> list[PlaceSpec]:
    numbers: list[str] = []
    names: list[str] = []
    people = 0
    for word in line.split():
        if match := _PEOPLE.fullmatch(word):
            people = int(match[1])
        elif _NUMBERS.fullmatch(word):
            numbers += _expand(word)
        else:
            names += [part for part in word.split(",") if part]
    for name in names:
        if len(name) > 30:
            raise RuleBroken(f"“{name[:12]}……”太长了，名称最多 30 个字。")
    if not numbers:
        if not names:
            raise RuleBroken(f"“{line.strip()}”里没有地点的名称，请写房号或名称。")
        return [PlaceSpec(kind_of(name), name, people=people) for name in names]
    types = [name for name in names if kind_of(name) == "room"]
    if len(types) > 1:
        raise RuleBroken(f"“{line.strip()}”里有两种房间类型：{'、'.join(types)}。请把它们写成两行。")
    rooms = [PlaceSpec("room", name, "".join(types), people) for name in numbers]
    return rooms + [PlaceSpec(kind_of(name), name) for name in names if name not in types]


def _expand(word: str) -> list[str]:
    """301-305,307 -> 301 302 303 304 305 307; the width of the first number is kept (001-010)."""
    found: list[str] = []
    for part in word.split(","):
        first, _, last = part.partition("-")
        if not last:
            found.append(first)
            continue
        head, low = _NUMBER.fullmatch(first).groups()  # type: ignore[union-attr]
        tail, high = _NUMBER.fullmatch(last).groups()  # type: ignore[union-attr]
        if tail not in ("", head):
            raise RuleBroken(f"“{part}”前后的字母不一样，请写成 {head}{low}-{head}{high}。")
        if int(high) < int(low):
            raise RuleBroken(f"“{part}”后面的号比前面的小，请写全，如 301-322。")
        if int(high) - int(low) >= MOST:
            raise RuleBroken(f"“{part}”有 {int(high) - int(low) + 1} 个号，一次最多 {MOST} 个，请分几次加。")
        found += [f"{head}{number:0{len(low)}d}" for number in range(int(low), int(high) + 1)]
    return found
