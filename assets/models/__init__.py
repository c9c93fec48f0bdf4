"""What the ledger remembers: class codes, cards with their holdings and moves, scrap proposals."""

from assets.models.cards import CONDITIONS, Card, Holding, HoldingMove
from assets.models.codes import SIX, ClassCode, GeneralLedger, NumberFormat
from assets.models.scrap import ScrapProposal

__all__ = [
    "CONDITIONS", "SIX", "Card", "ClassCode", "GeneralLedger", "Holding", "HoldingMove", "NumberFormat", "ScrapProposal",
]  # fmt: skip
