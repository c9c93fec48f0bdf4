"""Verbs of the dormitories, by subject: beds, boards, appeals, sweeps."""

from dormitory.services.appeals import appeal, change, keep
from dormitory.services.boards import publish, publish_due, reissue
from dormitory.services.rooms import ensure_rooms, settle, settle_many
from dormitory.services.sweeps import start_sweep

__all__ = [
    "appeal", "change", "ensure_rooms", "keep", "publish", "publish_due", "reissue", "settle", "settle_many", "start_sweep",
]  # fmt: skip
