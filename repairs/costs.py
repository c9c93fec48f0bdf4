"""What repairs cost in a month: materials drawn, by the date of the stock move, and what was paid for outside repairs.

What comes back is taken off in both. Services (greening, cleaning) and works (a capital outlay) are no repairs, unless
they settled a ticket.
A move belongs to a ticket when it was drawn on it or brought back from it, and when it returns or reverses such a move.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from campus.models import Place
from core.money import cents
from core.plan import Month
from core.templatetags.houqin import qty
from finance.models import Payment
from repairs.models import Category, Material, Ticket
from repairs.outside.models import JobTicket, OutsideJob
from stores.models import Move

MONEY: DecimalField = DecimalField(max_digits=14, decimal_places=2)
CENT, ZERO = Decimal("0.01"), Decimal("0.00")
RULE = (
    "维修费用＝当月领用的维修材料（按出库日期和出库金额，退库和冲正相减）＋当月付给外修单位的维修款（按付款日期，退款和冲正相减）；"
    "维修款是维修类外修单的付款，服务类、工程类只算并入过报修单的；采购入库不算维修费用。"
)
NO_KIND = "外修（未分故障类别）"
# Ways from a ticket's material to a move that counts for it; the last part says which of them have no material of
# their own and so are not counted already by the first way.
WAYS = ("move", "move__reversed_by", "move__returned_by", "move__returned_by__reversed_by")


def _of_month(way: str, month: Month) -> Q:
    found = Q(**{f"{way}__on__gte": month.first, f"{way}__on__lt": month.next.first})
    if way == "move":
        return found
    # A move that stands on a ticket itself is counted by the first way.
    return (
        found
        & Q(**{f"{way}__material__isnull": True})
        & (Q(move__returned_by__material__isnull=True) if way == WAYS[3] else Q())
    )


def _sum(way: str, month: Month) -> Any:
    """The value of a ticket's moves by one way; out of the store is negative there."""
    rows = Material.objects.filter(_of_month(way, month), ticket=OuterRef("pk")).order_by().values("ticket")
    return Coalesce(Subquery(rows.annotate(worth=Sum(f"{way}__value")).values("worth")), Decimal(0), output_field=MONEY)


def completed(month: Month) -> Q:
    """Accepted in the month."""
    return Q(state="done", completed_at__gte=month.start, completed_at__lt=month.end)


def reported(month: Month) -> Q:
    """Filed in the month."""
    return Q(reported_at__gte=month.start, reported_at__lt=month.end)


def with_costs(tickets: QuerySet[Ticket], month: Month) -> QuerySet[Ticket]:
    """Annotate `amount` (materials of the month) and `minutes` (labour, in the month of acceptance)."""
    total = _sum(WAYS[0], month)
    for way in WAYS[1:]:
        total = total + _sum(way, month)
    return tickets.annotate(
        amount=Value(Decimal(0), output_field=MONEY) - total,
        minutes=Case(When(completed(month), then=F("labour_minutes")), default=Value(0)),
    )


def _drawn_on(month: Month) -> QuerySet:
    """Keys of the tickets for which something moved in the month."""
    any_way = Q()
    for way in WAYS:
        any_way |= _of_month(way, month)
    return Material.objects.filter(any_way).order_by().values("ticket")


def tickets(month: Month, user: Any) -> QuerySet[Ticket]:
    """The rows of 维修明细: accepted in the month, or with materials of the month."""
    of_month = Ticket.objects.filter(completed(month)).order_by().values("pk").union(_drawn_on(month))
    return with_costs(Ticket.objects.visible_to(user).filter(pk__in=of_month), month)


@dataclass(frozen=True)
class Paid:
    """What was paid for one outside job in a month, net."""

    job: OutsideJob
    amount: Decimal
    repair: bool  # else a service or works


def paid_outside(month: Month, user: Any) -> list[Paid]:
    """The outside repairs for which money moved in the month."""
    return [paid for paid in paid_jobs(month, user) if paid.repair]


def paid_jobs(month: Month, user: Any) -> list[Paid]:
    """All outside jobs for which money moved in the month; two statements."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    rows = Payment.objects.during(month).filter(expense__isnull=False).exclude(expense__source_number="").order_by()
    for number, total in rows.values_list("expense__source_number").annotate(net=Sum("amount")):
        sums[number] += cents(total)
    settles = JobTicket.objects.filter(Q(live=True) | ~Q(verdict=""), job=OuterRef("pk"))  # not those taken off again
    jobs = (
        OutsideJob.objects.visible_to(user)
        .filter(number__in=list(sums))
        .order_by("pk")
        .annotate(settles=Exists(settles))
    )
    return [
        Paid(job, sums[job.number], job.kind == "repair" or job.settles)
        for job in jobs.select_related("place__building", "category__parent", "party")
    ]


def totals(month: Month, user: Any, outside: list[Paid] | None = None) -> dict[str, Any]:
    """The month in figures: filed, accepted, materials, paid for outside repairs, both together, labour minutes."""
    return total_of(summary(month, user, outside))


def total_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The sums over rows of the summary."""
    found: dict[str, Any] = {name: sum(row[name] for row in rows) for name in ("reported", "completed", "minutes")}
    return found | {name: sum((row[name] for row in rows), ZERO) for name in ("amount", "outside", "cost")}


def summary(month: Month, user: Any, outside: list[Paid] | None = None) -> list[dict[str, Any]]:
    """维修汇总: one row for each building and kind: tickets in one statement, payments of outside repairs in two more.

    `outside`: those payments, where the caller has read them already.
    """
    of_month = (
        Ticket.objects.filter(completed(month)).order_by().values("pk")
        .union(_drawn_on(month), Ticket.objects.filter(reported(month)).order_by().values("pk"))
    )  # fmt: skip
    found = (
        with_costs(Ticket.objects.visible_to(user).filter(pk__in=of_month), month)
        .annotate(spot=Coalesce("place__building", "place"), spot_name=Coalesce("place__building__full_name", "place__full_name"))
        .order_by()
        .values(
            "spot", "spot_name", "category", "category__name", "category__parent__name", "category__order", "category__parent__order"
        )
        .annotate(
            reported=Count("pk", filter=reported(month)), completed=Count("pk", filter=completed(month)),
            worth=Sum("amount"), labour=Sum("minutes"),
        )
    )  # fmt: skip
    rows: dict[tuple[int, int | None], dict[str, Any]] = {}
    for row in found:
        rows[row["spot"], row["category"]] = {
            "spot": row["spot"], "building": row["spot_name"], "category": row["category"],
            "group": row["category__parent__name"] or "", "kind": row["category__name"], "reported": row["reported"],
            "completed": row["completed"], "amount": Decimal(row["worth"] or 0).quantize(CENT), "outside": ZERO,
            "minutes": row["labour"] or 0,
            "rank": (row["spot_name"], row["spot"], row["category__parent__order"] or 0, row["category__order"], row["category"]),
        }  # fmt: skip
    for paid in paid_outside(month, user) if outside is None else outside:
        spot, kind = paid.job.place.building or paid.job.place, paid.job.category
        row = rows.setdefault((spot.pk, kind.pk if kind else None), _outside_row(spot, kind))
        row["outside"] += paid.amount
    ordered = sorted(rows.values(), key=lambda row: row.pop("rank"))
    return [row | {"cost": row["amount"] + row["outside"]} for row in ordered]


def _outside_row(spot: Place, kind: Category | None) -> dict[str, Any]:
    """A row of the summary without a ticket in the month; jobs without a kind of fault stand last."""
    rank = (kind.parent.order if kind.parent else 0, kind.order, kind.pk) if kind else (10**6, 0, 0)
    return {
        "spot": spot.pk, "building": spot.full_name, "category": kind.pk if kind else None,
        "group": kind.parent.name if kind and kind.parent else "", "kind": kind.name if kind else NO_KIND, "reported": 0,
        "completed": 0, "amount": ZERO, "outside": ZERO, "minutes": 0, "rank": (spot.full_name, spot.pk, *rank),
    }  # fmt: skip


def materials_in(ticket: Ticket, month: Month) -> str:
    """吊扇电容 2 个、合页 -1 个: what moved on the ticket in the month."""
    used: dict[Any, Decimal] = {}
    for material in ticket.materials.all():
        move: Move = material.move
        if month.first <= move.on <= month.last:
            used[move.item] = used.get(move.item, Decimal(0)) - move.quantity
    return "、".join(f"{item} {qty(quantity)} {item.unit}" for item, quantity in used.items() if quantity)


def audit() -> Any:
    """The month's cost by tickets against the month's cost by stock moves, for every month that has moves."""
    days = Move.objects.filter(material__isnull=False).dates("on", "month")
    for day in days:
        month = Month.of(day)
        by_ticket = (
            with_costs(Ticket.objects.filter(pk__in=_drawn_on(month)), month).aggregate(worth=Sum("amount"))["worth"]
            or 0
        )
        on_ticket = (
            Q(material__isnull=False) | Q(reverses__material__isnull=False) | Q(returns__material__isnull=False)
            | Q(reverses__returns__material__isnull=False)
        )  # fmt: skip
        moves = Move.objects.filter(on_ticket, on__gte=month.first, on__lt=month.next.first).order_by("pk")
        by_move = -sum((move.value for move in moves.distinct()), Decimal(0))
        if Decimal(by_ticket).quantize(CENT) != by_move.quantize(CENT):
            yield f"{month.words}维修费用：按报修单合计 {by_ticket}，按出库记录合计 {by_move}。"
