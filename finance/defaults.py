"""What a new school starts with: approval bands and the lines of this year's budget; what stands there stays."""

from __future__ import annotations

from django.db import transaction

from core import clock
from finance.models import Band, BudgetLine

BANDS = (
    (0, "director", 1, False),
    (1000, "viceprincipal", 2, False),
    (5000, "principal", 3, False),
    (20000, "principal", 3, True),
)
LINES = (  # economic classes that logistics spends under; the sums are the school's own
    ("30201", "办公费"), ("30205", "水费"), ("30206", "电费"), ("30209", "物业管理费"), ("30213", "维修（护）费"),
    ("30218", "专用材料费"), ("31002", "办公设备购置"), ("31003", "专用设备购置"), ("31006", "大型修缮"),
)  # fmt: skip


def ensure() -> None:
    """Add bands where there are none, and budget lines where the year has none."""
    year = clock.today().year
    with transaction.atomic():
        if not Band.objects.exists():
            Band.objects.bulk_create(
                Band(from_amount=start, approver=role, quotes=quotes, minutes=minutes)
                for start, role, quotes, minutes in BANDS
            )
        if not BudgetLine.objects.filter(year=year).exists():
            BudgetLine.objects.bulk_create(BudgetLine(year=year, code=code, name=name) for code, name in LINES)
