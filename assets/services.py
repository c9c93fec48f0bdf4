"""Verbs of the ledger: a card comes on the books, its pieces move between holdings, something is proposed for scrap."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, Value, When

from assets import numbers, rules
from assets.models import CONDITIONS, Card, Holding, HoldingMove, ScrapProposal
from campus.models import Place
from core import clock, log
from core.notices import tell
from core.numbering import next_number
from core.workflow import RuleBroken

if TYPE_CHECKING:
    from campus.models import User


class Keep:
    """The custodian stays who he is; `None` would mean that nobody keeps it."""


KEEP = Keep()
Key = tuple[int, int | None, str]  # place, custodian, condition: what tells one holding of a card from another


def register(
    number: str,
    name: str,
    *,
    place: Place,
    by: Any,
    custodian: User | None = None,
    quantity: int = 1,
    condition: str = "in_use",
    model: str = "",
    category: str = "",
    unit: str = "台",
    cost: Decimal | int = 0,
    acquired_on: dt.date | None = None,
    used_by: str = "",
    **facts: Any,
) -> Card:
    """Put a card on the books with its first holding; an empty `number` takes the next of the school's format.

    `facts` are further columns of the card: class_code, serial, fund, voucher ...
    """
    number = number.strip()
    _refuse(
        rules.numbered(number),
        rules.positive(quantity),
        None if name.strip() else "名称还没有写，请补上。",
        None if Decimal(cost) >= 0 else "原值不能小于 0，请改正。",
    )
    try:
        with transaction.atomic():
            card = Card.objects.create(
                number=number or numbers.next_number(facts.get("class_code")), name=name.strip(), model=model, category=category, unit=unit,
                quantity=quantity, cost=Decimal(cost).quantize(Decimal("0.01")), acquired_on=acquired_on,
                registered_on=clock.today(), **facts,
            )  # fmt: skip
            key = (place.pk, custodian.pk if custodian else None, condition)
            _add(card, key, quantity, used_by=used_by)
            _record(card, "register", quantity, None, key, by=by, reason="")
            log.write(card, "register", by=by, text=f"入账 {quantity} {unit}，放在{place}")
    except IntegrityError:
        if not Card.objects.filter(number=number).exists():
            raise
        raise RuleBroken(f"资产编号 {number} 已经有了，请换一个，或留空由系统编号。") from None
    return card


def move(
    card: Card,
    quantity: int,
    *,
    source: Holding,
    by: Any,
    to_place: Place | None = None,
    to_custodian: User | Keep | None = KEEP,
    to_condition: str = "",
    reason: str = "",
    kind: str = "",
) -> Holding:
    """Move so many of a card from one holding to another; what is not named stays as it is."""
    with transaction.atomic():
        fresh = _locked(card)[0]
        old = _key(source)
        new = (
            to_place.pk if to_place else old[0],
            old[1] if isinstance(to_custodian, Keep) else (to_custodian.pk if to_custodian else None),
            to_condition or old[2],
        )
        return _shift(fresh, quantity, old, new, by=by, reason=reason, kind=kind or _kind(old, new))


def mark(holding: Holding, condition: str, *, by: Any, quantity: int | None = None, reason: str = "") -> Holding:
    """So many of a holding (default: all) are now in another condition: broken, idle, in use again."""
    if condition not in CONDITIONS:
        raise RuleBroken("请从在用、待修、闲置、借出里选一种状况。")
    return move(
        holding.card, holding.quantity if quantity is None else quantity, source=holding, to_condition=condition,
        by=by, reason=reason,
    )  # fmt: skip


def swap(
    broken: Holding,
    spare_place: Place,
    *,
    by: Any,
    quantity: int = 1,
    workshop: Place | None = None,
    reason: str = "",
) -> Holding:
    """The broken piece leaves as 待修, a sound one of its kind comes from the spare place; returns what now serves.

    The broken one goes to `workshop`, or to the spare place when none is named.
    """
    with transaction.atomic():
        spare = _spare(broken, spare_place, quantity)
        cards = {card.pk: card for card in _locked(broken.card, spare.card)}
        gone, come = cards[broken.card_id], cards[spare.card_id]
        _refuse(rules.swappable(broken))
        at = workshop or spare_place
        words = reason or f"{broken.place}坏件换下"
        _shift(gone, quantity, _key(broken), (at.pk, at.custodian_id, "broken"), by=by, reason=words, kind="swap")
        return _shift(
            come, quantity, _key(spare), (broken.place_id, broken.custodian_id, "in_use"), by=by, reason=words,
            kind="swap",
        )  # fmt: skip


def carry(
    card: Card,
    *,
    source: Holding,
    quantity: int,
    by: Any,
    to_place: Place | None = None,
    to_custodian: User | None = None,
    reason: str = "",
) -> Holding:
    """`move` as the page asks for it: an empty custodian leaves the pieces to the custodian of the place."""
    return move(
        card, quantity, source=source, to_place=to_place, to_custodian=to_custodian, by=by, reason=reason
    )  # fmt: skip


def mark_some(card: Card, *, source: Holding, quantity: int, condition: str, by: Any, reason: str = "") -> Holding:
    """`mark` as the page asks for it: `source` names a holding of the card."""
    return mark(source, condition, by=by, quantity=quantity, reason=reason)


def swap_some(
    card: Card,
    *,
    source: Holding,
    quantity: int,
    spare_place: Place,
    by: Any,
    workshop: Place | None = None,
    reason: str = "",
) -> Holding:
    """`swap` as the page asks for it: `source` names a holding of the card."""
    return swap(source, spare_place, by=by, quantity=quantity, workshop=workshop, reason=reason)


def propose_scrap(
    *, by: Any, why: str, card: Card | None = None, what: str = "", quantity: int = 1, place: Place | None = None
) -> ScrapProposal:
    """Propose that something leave the books: a card, or anything named in words."""
    what = what.strip() or (str(card) if card else "")
    _refuse(
        None if what else "要报废什么还没有写，请填物品。",
        rules.positive(quantity),
        None if why.strip() else "原因还没有写，请补上。",
        _no_more_than(card, quantity),
    )
    with transaction.atomic():
        proposal = ScrapProposal.objects.create(
            number=next_number("BF"), card=card, what=what[:80], quantity=quantity, why=why.strip()[:200], place=place,
            by=by,
        )  # fmt: skip
        log.write(proposal, "propose", by=by, text=f"建议报废{proposal.what}，数量 {quantity}")
    return proposal


def answer_scrap(
    proposal: ScrapProposal, *, by: Any, answer: str, words: str = "", version: int | None = None
) -> ScrapProposal:
    """Answer an open proposal: `agreed` or `refused`; a refusal says why."""
    if answer not in ("agreed", "refused"):
        raise RuleBroken("请选择同意报废或不同意。")

    def then(fresh: ScrapProposal, data: dict[str, Any]) -> None:
        fresh.answered_by, fresh.answered_at, fresh.answer_words = by, clock.now(), words.strip()[:200]

    reasoned = None if answer == "agreed" or words.strip() else "不同意要写明原因，请补上。"
    with transaction.atomic():
        done = rules.SCRAP.run(
            proposal, "answer", by=by, text=f"答复：{ScrapProposal.ANSWERS[answer]}", said=words.strip(), then=then,
            data={"answer": answer}, checks=[lambda fresh: reasoned], version=version,
        )  # fmt: skip
        tell(
            done.by,
            f"报废建议 {done.number}（{done.what}）已答复：{done.get_answer_display()}",
            done.get_absolute_url(),
        )
    return done


def _locked(*cards: Card) -> list[Card]:
    """The cards, fresh and locked, always in the same order, so that two swaps cannot wait for each other."""
    rows = Card.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(pk__in={card.pk for card in cards}).order_by("pk"))


def _key(holding: Holding) -> Key:
    """What names the holding beside its card; it may be gone by the time we look, its key is not."""
    return holding.place_id, holding.custodian_id, holding.condition


def _kind(old: Key, new: Key) -> str:
    """What the move is called: by what changed."""
    if new[2] == "lent" != old[2]:
        return "loan"
    if old[2] == "lent" != new[2]:
        return "back"
    return "condition" if old[:2] == new[:2] else "transfer"


def _find(card: Card, key: Key) -> Holding | None:
    """The holding of this key, as it is now."""
    return Holding.objects.filter(card=card, place=key[0], custodian=key[1], condition=key[2]).first()


def _add(card: Card, key: Key, quantity: int, *, used_by: str = "") -> Holding:
    """Put so many of the locked card under a key."""
    holding = _find(card, key)
    if holding is None:
        return Holding.objects.create(
            card=card, place_id=key[0], custodian_id=key[1], condition=key[2], quantity=quantity, used_by=used_by
        )
    holding.quantity += quantity
    holding.save(update_fields=["quantity"])
    return holding


def _shift(card: Card, quantity: int, old: Key, new: Key, *, by: Any, reason: str, kind: str) -> Holding:
    """Take from one key of the locked card and put under another; the one place that changes holdings."""
    source = _find(card, old)
    where = source.place if source else Place.objects.get(pk=old[0])
    _refuse(
        rules.on_books(card),
        rules.positive(quantity) or rules.there(card, source.quantity if source else 0, quantity, str(where)),
        "新的地点、保管人和状况与原来一样，没有变动。" if old == new else None,
    )
    assert source is not None  # noqa: S101  (the rule above has refused)
    if source.quantity == quantity:
        source.delete()
    else:
        source.quantity -= quantity
        source.save(update_fields=["quantity"])
    target = _add(card, new, quantity)
    row = _record(card, kind, quantity, old, new, by=by, reason=reason)
    log.write(card, kind, by=by, text=f"{row.get_kind_display()} {quantity} {card.unit}：{_told(row)}", said=reason)
    return target


def _record(card: Card, kind: str, quantity: int, old: Key | None, new: Key, *, by: Any, reason: str) -> HoldingMove:
    """Write the move down."""
    return HoldingMove.objects.create(
        card=card, kind=kind, quantity=quantity, by=by, reason=reason.strip()[:120],
        from_place_id=old[0] if old else None, from_custodian_id=old[1] if old else None,
        from_condition=old[2] if old else "", to_place_id=new[0], to_custodian_id=new[1], to_condition=new[2],
    )  # fmt: skip


def _told(row: HoldingMove) -> str:
    """What changed, in words, for the log."""
    if row.from_place_id != row.to_place_id:
        return f"{row.from_place} 到 {row.to_place}"
    if row.from_condition != row.to_condition:
        return f"{row.to_place}，{CONDITIONS[row.from_condition]}改为{CONDITIONS[row.to_condition]}"
    return f"{row.to_place}，保管人改为{row.to_custodian or '未定'}"


def _spare(broken: Holding, spare_place: Place, quantity: int) -> Holding:
    """A sound piece of the same kind at or below the spare place: same card before same model before same name."""
    pool = Holding.objects.filter(
        place__in=Place.objects.within(spare_place), condition__in=["in_use", "idle"], card__name=broken.card.name,
        card__state="on_books", quantity__gte=quantity,
    ).exclude(place=broken.place_id)  # fmt: skip
    nearest = Case(
        When(card=broken.card_id, then=Value(0)), When(card__model=broken.card.model, then=Value(1)),
        default=Value(2), output_field=IntegerField(),
    )  # fmt: skip
    found = pool.select_related("card", "place").order_by(nearest, "pk").first()
    if found is None:
        raise RuleBroken(
            f"{spare_place}没有 {quantity} {broken.card.unit}完好的{broken.card.name}可换。"
            "请换一个备用地点，或先报修、申购。"
        )
    return found


def _no_more_than(card: Card | None, quantity: int) -> str | None:
    """Nobody scraps more than there are."""
    if card is None or quantity <= card.quantity:
        return None
    return f"{card}共 {card.quantity} {card.unit}，报废不了 {quantity} {card.unit}。请减少数量。"


def _refuse(*reasons: str | None) -> None:
    """Raise with every reason that there is."""
    given = [reason for reason in reasons if reason]
    if given:
        raise RuleBroken(*given)
