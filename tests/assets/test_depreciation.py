"""Straight-line depreciation by month, past and future, worked by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from assets.depreciation import Written, at, ends_on, life_of
from assets.models import Card, ClassCode
from core.plan import Month

DESK = ClassCode(pk=1, edition=2022, code="A05010203", name="教学、实验用桌", level=4, months=60, six="furniture")
RELIC = ClassCode(pk=2, edition=2022, code="A03000000", name="文物和陈列品", level=1, depreciates=False, six="relics")


def card(**over: object) -> Card:
    """A computer of 4,799.00 yuan, bought 2024-03-15, to be written off in six years."""
    facts: dict[str, object] = {
        "number": "ZC1", "name": "台式计算机", "cost": Decimal("4799.00"), "acquired_on": dt.date(2024, 3, 15), "life_months": 72,
    }  # fmt: skip
    return Card(**(facts | over))  # type: ignore[arg-type]


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(one) for one in amounts)


@pytest.mark.parametrize(
    ("month", "this", "accumulated", "net", "months"),
    [
        ("2024-02", "0.00", "0.00", "0.00", 0),  # not here yet: no cost either
        ("2024-03", "66.65", "66.65", "4732.35", 1),  # the month it came counts
        ("2024-04", "66.66", "133.31", "4665.69", 2),  # 2/72 = 133.305…, what rounding left comes later
        ("2026-11", "66.65", "2199.54", "2599.46", 33),
        ("2030-02", "66.65", "4799.00", "0.00", 72),  # the last month takes the rest
        ("2030-03", "0.00", "4799.00", "0.00", 72),  # in use still, written off
    ],
)
def test_a_computer_month_by_month(month: str, this: str, accumulated: str, net: str, months: int) -> None:
    found = at(card(), Month.parse(month))
    assert (found.month, found.accumulated, found.net, found.months) == (*money(this, accumulated, net), months)


def test_the_months_add_up_to_the_cost_exactly() -> None:
    month, total = Month(2024, 3), Decimal(0)
    for _ in range(72):
        total += at(card(), month).month
        month = month.next
    assert total == Decimal("4799.00")


def test_what_left_is_not_charged_in_the_month_it_left_and_carries_nothing_after() -> None:
    gone = card(state="gone", gone_on=dt.date(2026, 11, 3))
    assert at(gone, Month(2026, 10)).months == 32
    assert at(gone, Month(2026, 11)) == Written(*money("0.00", "0.00", "0.00", "0.00"), months=32, life=72)


def test_relics_nominal_amounts_and_cards_without_a_life_are_not_written_off() -> None:
    relic = card(class_code=RELIC, life_months=None)
    nominal = card(cost=Decimal("1.00"), nominal=True)
    unknown = card(life_months=None)
    assert [life_of(one) for one in (relic, nominal, unknown)] == [0, 0, 0]
    assert at(relic, Month(2026, 11)).net == Decimal("4799.00")


def test_a_card_takes_the_life_of_its_class_unless_it_has_its_own() -> None:
    assert life_of(card(class_code=DESK, life_months=None)) == 60
    assert life_of(card(class_code=DESK)) == 72


def test_the_last_charge_is_at_the_end_of_the_last_month() -> None:
    assert ends_on(card()) == dt.date(2030, 2, 28)


def test_a_card_of_the_29th_of_february_and_of_the_31st() -> None:
    leap = card(acquired_on=dt.date(2024, 2, 29), life_months=12)
    last = card(acquired_on=dt.date(2024, 12, 31), life_months=12)
    assert (ends_on(leap), ends_on(last)) == (dt.date(2025, 1, 31), dt.date(2025, 11, 30))


def test_what_finance_posted_late_brings_its_missed_months() -> None:
    late = card(acquired_on=dt.date(2024, 3, 15), posted_on=dt.date(2024, 6, 2))
    assert at(late, Month(2024, 5)).cost == 0
    assert (at(late, Month(2024, 6)).month, at(late, Month(2024, 7)).months) == (Decimal("266.61"), 5)
