"""Objections to a score: filed by the class teacher, answered by somebody else than he and the scorer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from campus.models import User
from core import clock, log, notices
from core.workflow import RuleBroken
from dormitory import rules
from dormitory.models import Appeal, Board
from dormitory.services import boards
from inspections.models import Target
from inspections.services import entering


def where(target: Target) -> str:
    return f"{target.place} {target.on.month}月{target.on.day}日"


@transaction.atomic
def appeal(target: Target, *, words: str, by: Any) -> Appeal:
    """Object to a score."""
    fresh = Target.objects.select_for_update(of=("self",)).select_related("round__sheet", "place").get(pk=target.pk)
    if reason := rules.no_appeal(fresh, by):
        raise RuleBroken(reason)
    try:
        with transaction.atomic():
            made = Appeal.objects.create(
                target=fresh, words=words.strip(), by=by, at=clock.now(), old_score=fresh.score, scored_by=fresh.done_by
            )
    except IntegrityError as error:
        raise RuleBroken("已经申诉过，正等答复。") from error
    log.write(made, "appeal", by=by, text=f"对{where(fresh)} {fresh.score:f} 分提出申诉", said=made.words, after="open")
    notices.tell(answerers(made), f"{by.name}对{where(fresh)}的评分申诉，请答复", made.get_absolute_url())
    return made


def answerers(made: Appeal) -> list[Any]:
    """Wardens who may answer; where there is none, the office."""
    for roles in (("warden",), ("clerk", "director")):
        found = [user for user in User.objects.with_role(*roles) if rules.may_answer(made, user) is None]
        if found:
            return found
    return []


def _answered(by: Any, words: str, score: Decimal | None) -> Any:
    def then(fresh: Appeal, data: dict[str, Any]) -> None:
        fresh.answer, fresh.answered_by, fresh.answered_at, fresh.new_score = words.strip(), by, clock.now(), score

    return then


@transaction.atomic
def keep(made: Appeal, *, answer: str, by: Any, version: int | None = None) -> Appeal:
    """The score stays."""
    target = Target.objects.select_related("place").get(pk=made.target_id)
    fresh = rules.FLOW.run(
        made,
        "keep",
        by=by,
        text=f"维持 {made.old_score:f} 分",
        said=answer,
        version=version,
        then=_answered(by, answer, None),
    )
    notices.tell(fresh.by, f"{where(target)}的申诉：维持原分", fresh.get_absolute_url())
    return fresh


@transaction.atomic
def change(made: Appeal, *, answer: str, taken: dict[int, Decimal], by: Any, version: int | None = None) -> Appeal:
    """Correct the score: `taken` says for each line (by its key) how many points remain taken; the week is issued anew."""
    if reasons := rules.FLOW.blockers(made, "change", by):
        raise RuleBroken(*reasons)
    target = Target.objects.select_related("round__sheet", "place").get(pk=made.target_id)
    before = dict(target.results.values_list("line", "value"))
    cells = {line: points for line, points in taken.items() if before.get(line, Decimal(0)) != points}
    if not cells:
        raise RuleBroken("每一项都和原来一样。要改分请改扣分数，否则请选“维持原分”。")
    entering.correct(target, cells=cells, by=by, reason=f"申诉改分：{answer}"[:200])
    target.refresh_from_db()
    fresh = rules.FLOW.run(
        made, "change", by=by, text=f"{made.old_score:f} 分改为 {target.score:f} 分", said=answer, version=version,
        then=_answered(by, answer, target.score),
    )  # fmt: skip
    board = Board.objects.filter(first_on__lte=target.on, last_on__gte=target.on).first()
    if board is not None:
        words = f"{where(target)}经申诉，{made.old_score:f} 分改为 {target.score:f} 分。"
        boards.reissue(board, words=words, by=by)
    notices.tell(fresh.by, f"{where(target)}的申诉：改为 {target.score:f} 分", fresh.get_absolute_url())
    return fresh
