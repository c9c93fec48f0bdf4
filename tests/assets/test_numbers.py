"""The school's own number format."""

from __future__ import annotations

import datetime as dt

import pytest

from assets import defaults, numbers
from assets.models import Card, ClassCode, NumberFormat
from tests import make

pytestmark = pytest.mark.django_db


def use(pattern: str) -> None:
    NumberFormat.objects.all().delete()
    NumberFormat.objects.create(pattern=pattern)


@pytest.mark.parametrize(
    "text", ["", "ZC", "{流水4}ZC", "ZC{年}{流水4}{流水4}", "资产{流水4}", "ZC{天}{流水4}", "A" * 28 + "{流水4}"]
)
def test_what_is_no_format_says_why(text: str) -> None:
    assert numbers.wrong(text) is not None


def test_a_format_of_class_year_month_and_serial() -> None:
    assert numbers.wrong("{分类4}-{年2}{月}-{流水5}") is None


def test_numbers_count_up_within_class_and_year() -> None:
    defaults.ensure()
    desk, chair = (ClassCode.objects.get(edition=2022, code=code) for code in ("A05010203", "A02010105"))
    use("{分类4}-{流水3}")
    assert [numbers.next_number(code) for code in (desk, desk, chair, None)] == [
        "A050-001",
        "A050-002",
        "A020-001",
        "0000-001",
    ]


def test_a_number_typed_by_hand_is_passed_over_and_none_comes_twice() -> None:
    use("X{流水3}")
    make.card(number="X002")
    assert [numbers.next_number() for _ in range(2)] == ["X001", "X003"]


def test_the_codes_come_once_and_stay_as_the_school_changed_them() -> None:
    defaults.ensure()
    count = ClassCode.objects.count()
    ClassCode.objects.filter(code="A05010203").update(months=96)
    defaults.ensure()
    assert (ClassCode.objects.count(), ClassCode.objects.get(code="A05010203").months) == (count, 96)


def test_codes_are_found_by_beginning_by_name_and_by_initials() -> None:
    defaults.ensure()
    found = [
        list(ClassCode.objects.filter(edition=2022).search(words).values_list("code", flat=True))
        for words in ("A0501020", "实验用桌", "jxsyyz")
    ]
    assert found[1] == ["A05010203"] and "A05010203" in found[0] and "A05010203" in found[2]


def test_a_card_gets_its_number_from_the_format_of_the_day() -> None:
    defaults.ensure()
    use("ZC{年}-{流水4}")
    card = make.card(number="")
    assert (
        card.number == f"ZC{card.registered_on:%Y}-0001"
        and isinstance(card.registered_on, dt.date)
        and isinstance(card, Card)
    )
