"""The month's statements of the ledger: changes, depreciation, and the four figures that must agree."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest

from assets import defaults, statements
from assets.depreciation import at
from assets.models import Card, ClassCode, GeneralLedger, Holding
from core.plan import Month
from tests import make

pytestmark = pytest.mark.django_db
NOV = Month(2026, 11)


def code(text: str) -> ClassCode:
    return ClassCode.objects.get(edition=2022, code=text)


@pytest.fixture
def books() -> dict[str, Card]:
    """Desks since 2024, a projector bought in November, a computer that left in November, a fan without a class."""
    defaults.ensure()
    desk = {"class_code": code("A05010203"), "quantity": 50, "cost": 6000, "acquired_on": dt.date(2024, 9, 1)}
    found = {
        "desks": make.card(name="课桌", **desk),
        "projector": make.card(
            name="投影仪", class_code=code("A02020200"), cost=3600, acquired_on=dt.date(2026, 11, 5)
        ),
        "computer": make.card(name="台式机", class_code=code("A02010105"), cost=4800, acquired_on=dt.date(2020, 11, 1)),
        "fan": make.card(name="壁扇", cost=100, acquired_on=dt.date(2026, 1, 1)),
    }
    Card.objects.filter(pk=found["computer"].pk).update(state="gone", gone_on=dt.date(2026, 11, 20))
    return found


def line(label: str, month: Month = NOV) -> statements.Line:
    return next(one for one in statements.of_month(month) if one.label == label)


def test_changes_of_the_month_by_class(books: dict[str, Card]) -> None:
    equipment, furniture, none = line("设备"), line("家具和用具"), line("未分类")
    assert (equipment.before, equipment.added, equipment.removed, equipment.after) == (
        [1, 480000], [1, 360000], [1, 480000], [1, 360000],
    )  # fmt: skip
    assert (furniture.before, furniture.added, furniture.removed, furniture.after) == (
        [50, 600000],
        [0, 0],
        [0, 0],
        [50, 600000],
    )
    assert none.after == [1, 10000]


def test_opening_plus_added_less_removed_is_closing_in_any_month(books: dict[str, Card]) -> None:
    for month in (Month(2024, 8), Month(2024, 9), Month(2026, 10), NOV, NOV.next):
        for one in statements.of_month(month):
            assert [a + b - c for a, b, c in zip(one.before, one.added, one.removed, strict=True)] == one.after


def test_class_figures_are_the_sums_of_the_register(books: dict[str, Card]) -> None:
    dice = random.Random(7)
    for number in range(60):
        facts = {"cost": Decimal(dice.randrange(1, 900_000)) / 100, "life_months": dice.randrange(1, 200)}
        day = dt.date(dice.randrange(2010, 2027), dice.randrange(1, 13), dice.randrange(1, 29))
        make.card(name=f"设备{number}", class_code=code("A02010105"), acquired_on=day, **facts)
    cards = list(Card.objects.select_related("class_code").filter(class_code__six="equipment"))
    for month in (Month(2019, 2), Month(2026, 10), NOV, Month(2031, 1)):
        of_cards = [at(card, month) for card in cards]
        found = line("设备", month)
        assert [statements.yuan(v) for v in (found.after[1], found.month, found.accumulated, found.net)] == [
            sum(w.cost for w in of_cards), sum(w.month for w in of_cards), sum(w.accumulated for w in of_cards),
            sum(w.net for w in of_cards),
        ]  # fmt: skip


def test_the_figures_cost_one_statement(books: dict[str, Card], django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        statements.of_month(NOV)


def test_four_figures_agree_and_a_planted_difference_is_named(books: dict[str, Card], finance: object) -> None:
    month = Month.current()
    for six, amount in (("equipment", "3600.00"), ("furniture", "6000.50")):
        GeneralLedger.objects.create(month=month.first, six=six, amount=Decimal(amount), by=finance)  # type: ignore[misc]
    found = {one.label: one for one in statements.four(month)}
    assert found["设备"].differences == []
    assert found["家具和用具"].differences == ["总账比卡片多 0.50 元"]

    Holding.objects.filter(card=books["desks"]).update(quantity=47)

    found = {one.label: one for one in statements.four(month)}
    assert found["家具和用具"].differences == ["分室账比卡片少 360.00 元", "总账比卡片多 0.50 元"]
    assert statements.odd_cards() == [books["desks"]]
