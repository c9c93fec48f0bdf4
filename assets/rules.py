"""Rules of the ledger: guards that answer with a reason in Chinese or None, and the flow of a scrap proposal."""

from __future__ import annotations

import re
from typing import Any

from assets.models import CONDITIONS, Card, Holding, ScrapProposal
from core.rights import can
from core.workflow import Flow, Step

RESERVED = {"new", "mine", "scraps"}  # words of our own addresses


def numbered(number: str) -> str | None:
    """A card's number stands in its address, so it holds no slash, blank or sign that has a meaning there."""
    if not number or (re.fullmatch(r"[\w.()（）-]{1,30}", number) and number.lower() not in RESERVED):
        return None
    return "资产编号只用字母、数字、汉字、横线、点和括号，最多 30 个字，请改正。"


def positive(quantity: int) -> str | None:
    """A move moves something."""
    return None if quantity > 0 else "数量要大于 0，请改正。"


def on_books(card: Card) -> str | None:
    """What left the books moves no more."""
    return None if card.state == "on_books" else f"{card.number} 现在是“{card.get_state_display()}”，不能再变动。"


def there(card: Card, held: int, quantity: int, where: str) -> str | None:
    """Only what stands there can go from there. `held`: how many stand there now."""
    if held == 0:
        return f"{where}现在没有{card}，可能刚被别人移走。请看过最新情况再操作。"
    if quantity > held:
        return f"{where}只有 {held} {card.unit}{card.name}，移不走 {quantity} {card.unit}。请减少数量。"
    return None


def swappable(broken: Holding) -> str | None:
    """What is swapped out stands in use or waits for repair; what is lent or idle serves nobody in the room."""
    if broken.condition in ("in_use", "broken"):
        return None
    return f"{broken.card}现在是“{CONDITIONS[broken.condition]}”，不用换。"


def _answers(proposal: ScrapProposal, by: Any) -> str | None:
    """Who answers: by the role table, and nobody his own."""
    if by is None:
        return None
    if proposal.by_id == by.pk:
        return "这是您自己提出的报废建议，要由别人答复。"
    return None if can(by, "assets.answer_scrap") else "报废建议由后勤处答复，您没有这项权限。"


SCRAP = Flow(
    [
        Step(
            "answer", "答复", ("",), lambda proposal, data: data["answer"], _answers,
            hints={"agreed": "这条报废建议已经答复：同意报废。", "refused": "这条报废建议已经答复：不同意。"},
        ),
    ],
    ScrapProposal.ANSWERS,
    field="answer",
)  # fmt: skip
