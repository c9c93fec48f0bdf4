"""What the stores give to the monthly plan: goods below their minimum, purchase requests without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, condense, fresh
from stores.models import Item, PurchaseRequest

NAMED = 5  # so many names stand in a line, the rest is a number
TITLE = 190


def _keyed(items: QuerySet[Item]) -> QuerySet[Item]:
    return items.annotate(plan_key=Cast("pk", CharField()))


def _amount(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _show_item(item: Any) -> Record:
    low = item.active and item.minimum > 0 and item.stock < item.minimum
    return Record(
        key=item.plan_key, title=str(item), url=item.get_absolute_url(),
        where=f"库存 {_amount(item.stock)} {item.unit}，最低 {_amount(item.minimum)} {item.unit}",
        state="低于最低库存" if low else "已补足", css="new" if low else "done", owner="仓库", opened=clock.today(),
        closed=not low,
    )  # fmt: skip


def _show_purchase(request: PurchaseRequest) -> Record:
    return Record(
        key=request.number, title=f"{request.what} {_amount(request.quantity)} {request.unit}".strip(),
        url=request.get_absolute_url(), where=request.number, state=request.get_answer_display(),
        css={"": "new", "bought": "done"}.get(request.answer, "declined"), owner=request.by.name,
        opened=clock.local(request.at).date(), closed=request.answer != "",
    )  # fmt: skip


KINDS = {
    "item": Kind(
        label="低于最低库存",
        key="plan_key",
        open=lambda: _keyed(Item.objects.low()),
        records=lambda user: _keyed(Item.objects.visible_to(user).with_stock()),
        show=_show_item,
    ),
    "purchase": Kind(
        label="申购",
        key="number",
        open=lambda: PurchaseRequest.objects.open(),
        records=lambda user: PurchaseRequest.objects.visible_to(user).select_related("by"),
        show=_show_purchase,
    ),
}


def _named(names: list[str], measure: str) -> str:
    more = f"等 {len(names)} {measure}" if len(names) > NAMED else ""
    return "、".join(names[:NAMED]) + more


def _low(without: Without | None) -> Iterable[SourceLine]:
    items = list(fresh("item", KINDS["item"], without).order_by("category", "name", "spec"))
    if items:
        words = [f"{item}（还有 {_amount(item.stock)} {item.unit}）" for item in items]
        yield SourceLine(
            key="low", section="routine-property", title=f"补足库存 {len(items)} 种：{_named(words, '种')}"[:TITLE],
            count=len(items), quantity=len(items), reason="低于最低库存", owner="仓库", url=reverse("stores:items"), rank=(2,),
        )  # fmt: skip


def _asked(without: Without | None) -> Iterable[SourceLine]:
    """Purchase requests wait for a decision: the school's to settle."""
    found = list(
        fresh("purchase", KINDS["purchase"], without).order_by("at", "pk").values_list("what", "quantity", "unit", "at")
    )
    if found:
        words = [f"{what} {_amount(quantity)} {unit}".strip() for what, quantity, unit, _ in found]
        oldest = clock.local(found[0][3]).date()
        days = (clock.today() - oldest).days
        yield SourceLine(
            key="purchase", section="coordination", title=f"待答复的申购 {len(found)} 件：{_named(words, '件')}"[:TITLE],
            count=len(found), quantity=len(found), oldest=oldest, owner="后勤主任",
            reason=f"最早的一件已等 {days} 天" if days else "今天提出", url=reverse("stores:purchases"), rank=(1,),
        )  # fmt: skip


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """Two lines at most."""
    return condense([*_asked(without), *_low(without)], lambda section, lines: lines[0])


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The items or requests behind a line."""
    if key == "low":
        found = fresh("item", KINDS["item"], without).order_by("pk")
        return [("item", plan_key, clock.today()) for plan_key in found.values_list("plan_key", flat=True)]
    if key == "purchase":
        rows = fresh("purchase", KINDS["purchase"], without).order_by("pk").values_list("number", "at")
        return [("purchase", number, clock.local(at).date()) for number, at in rows]
    return []


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The records behind each of the lines."""
    return {key: members(month, key, without) for key in keys}
