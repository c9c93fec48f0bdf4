"""Audit of inspections: counted again, what no single row can show; each broken one named."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from inspections.models import Checklist, Finding, Result, Round, Target, Upkeep

NOTHING = Decimal("0.0")


def audit() -> Iterator[str]:
    """Yield one sentence for every round, result, score, finding and checklist that disagrees with its rows."""
    yield from _checklists()
    yield from _rounds()
    yield from _results()
    yield from _scores()
    yield from _findings()
    yield from _upkeep()


def _checklists() -> Iterator[str]:
    bare = Checklist.objects.annotate(
        bare=Count("versions", filter=Q(versions__state="published", versions__lines=None))
    )
    for one in bare.filter(bare__gt=0):
        yield f"检查表“{one}”：有已发布的版次没有检查项。"
    for one in Round.objects.exclude(area=F("sheet__checklist__area")).order_by("pk"):
        yield f"{one.number}：归属和检查表不一致。"
    for one in Round.objects.filter(sheet__state="draft").order_by("pk"):
        yield f"{one.number}：用了还没有发布的检查表。"


def _rounds() -> Iterator[str]:
    """Total and done of a round are its targets', which have its day."""
    counted = Round.objects.annotate(
        rows=Count("targets"), walked=Count("targets", filter=Q(targets__done_at__isnull=False))
    )
    for one in counted.exclude(rows=F("total"), walked=F("done")).order_by("pk"):
        yield f"{one.number}：应查 {one.total}、已查 {one.done}，明细是 {one.rows}、{one.walked}。"
    for number in Target.objects.exclude(on=F("round__on")).values_list("round__number", flat=True).distinct():
        yield f"{number}：有检查对象的日期和检查不一致。"


def _results() -> Iterator[str]:
    """A result belongs to the version its round was started with, and to a row that was walked."""
    for pk, number in Result.objects.exclude(line__sheet=F("target__round__sheet")).values_list(
        "pk", "target__round__number"
    ):
        yield f"{number}：结果 {pk} 的检查项不属于这次检查的版次。"
    for pk, number in Result.objects.filter(target__done_at=None).values_list("pk", "target__round__number"):
        yield f"{number}：结果 {pk} 所在的一行没有检查时间。"
    over = Result.objects.filter(line__kind="points").filter(Q(value__gt=F("line__points")) | Q(value__lt=0))
    for pk, number in over.values_list("pk", "target__round__number"):
        yield f"{number}：结果 {pk} 的扣分超过分值。"


def _scores() -> Iterator[str]:
    """A walked row's score is the full score less what was taken, its failures the failed cells."""
    rows = Target.objects.filter(done_at__isnull=False, excused="")
    rows = rows.annotate(
        taken=Sum("results__value", filter=Q(results__line__kind="points")), wrong=Count("results", filter=Q(results__failed=True))
    )  # fmt: skip
    found = rows.values_list("round__number", "place__full_name", "score", "failures", "taken", "wrong",
                             "round__sheet__scoring", "round__sheet__base")  # fmt: skip
    for number, place, score, failures, taken, wrong, scoring, base in found.iterator(chunk_size=5000):
        if failures != wrong:
            yield f"{number} {place}：不合格项写 {failures}，明细是 {wrong}。"
        expected = max(base - (taken or 0), NOTHING).quantize(NOTHING) if scoring == "points" else None
        if score != expected:
            yield f"{number} {place}：得分写 {score}，按明细是 {expected}。"


def _findings() -> Iterator[str]:
    """A finding stands where its result was found; it is struck off by another person (two accounts count as two)."""
    apart = Finding.objects.filter(result__isnull=False).exclude(place=F("result__target__place"))
    for number in apart.values_list("number", flat=True):
        yield f"{number}：地点和检查结果的地点不一致。"
    early = Finding.objects.filter(state="closed", cleared_at__lt=F("found_at"))
    for number in early.values_list("number", flat=True):
        yield f"{number}：销号时间早于发现时间。"


def _upkeep() -> Iterator[str]:
    for one in Upkeep.objects.exclude(ticket=None).filter(ticket__state__in=("declined", "withdrawn", "duplicate")):
        yield f"定期维护“{one}”：还挂着已经结束的报修单。"
