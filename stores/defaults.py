"""What a store needs before its first day: the school's own warehouse."""

from __future__ import annotations

from stores.models import Warehouse


def ensure() -> Warehouse:
    """Make 总务仓库 unless it is there; called at set-up and by the demo."""
    warehouse, _ = Warehouse.objects.get_or_create(name="总务仓库", defaults={"book": "school"})
    return warehouse
