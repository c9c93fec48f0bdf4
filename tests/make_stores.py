"""Builders of the stores: warehouse, item, stock, purchase request."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from stores import services
from stores.models import Item, Move, PurchaseRequest, Warehouse
from tests import make

_count = itertools.count(1)


def warehouse(**over: Any) -> Warehouse:
    """A store room of the school; the same one for the same name."""
    return Warehouse.objects.get_or_create(name=over.pop("name", "总务仓库"), defaults=over)[0]


def item(**over: Any) -> Item:
    """A kind of goods, nothing of it in stock."""
    facts = {"name": f"灯管{next(_count)}", "unit": "支", "category": "电工"} | over
    return Item.objects.create(**facts)


def stock(quantity: Any = 10, value: Any = None, **over: Any) -> Move:
    """A receipt: `quantity` of an item (default: a new one) at 10.00 each, unless `value` says otherwise."""
    facts: dict[str, Any] = {"item": None, "warehouse": None, "by": None} | over
    return services.receive(
        facts.pop("item") or item(),
        facts.pop("warehouse") or warehouse(),
        Decimal(quantity),
        Decimal(quantity) * 10 if value is None else Decimal(value),
        by=facts.pop("by") or make.user(role="storekeeper"),
        **facts,
    )


def purchase(**over: Any) -> PurchaseRequest:
    """An open purchase request of a repairer."""
    facts: dict[str, Any] = {"what": "合页 100mm", "quantity": 4, "unit": "个", "why": "寝室门修理"} | over
    return services.request_purchase(by=facts.pop("by", None) or make.user(role="repairer"), **facts)
