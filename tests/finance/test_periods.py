"""A closed month stays as it is: money and stock refuse it, corrections go into the next with a reference."""

import datetime as dt
from decimal import Decimal

import pytest

from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken
from finance import claims, services
from finance.audit import audit
from finance.models import Payment, Period
from stores import services as stores
from stores.models import Move
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
TODAY = dt.date(2026, 11, 23)
OCTOBER = dt.date(2026, 10, 1)
CLOSED = "2026年10月已经结账，不能再记账。请记在没有结账的月份，并在说明里写明是哪一笔；确需改动时由校长反结账。"


def refused(call, *args, **kwargs):
    """The reasons of a refusal."""
    with pytest.raises(RuleBroken) as found:
        call(*args, **kwargs)
    return found.value.reasons


@pytest.fixture
def october(finance):
    """A payment of October, which is then closed."""
    with clock.at(clock.moment(2026, 10, 20, 9, 0)):
        paid = make.payment(500, expense=make.expense("approved", 800), by=finance)
    services.close_month(OCTOBER, finance)
    return paid


def test_check_open(october):
    assert services.check_open(dt.date(2026, 10, 31)) == CLOSED
    assert services.check_open(dt.date(2026, 11, 1)) is None
    assert services.check_open(dt.date(2026, 9, 30)) is None


def test_every_write_of_money_refuses_a_closed_month(october, finance):
    expense, last = october.expense, dt.date(2026, 10, 31)
    claim, paid = make.claim("due"), make.claim("paid")
    writes = [
        lambda: services.pay(
            expense=expense, amount=Decimal(100), on=last, by=finance, kind="final", limit=Decimal(800)
        ),
        lambda: services.refund(expense=expense, amount=Decimal(100), on=last, by=finance, words="多付"),
        lambda: services.income(amount=Decimal(100), on=last, by=finance, basis="废品"),
        lambda: services.correct(october, on=last, by=finance, words="记错"),
        lambda: claims.receive(claim, amount=Decimal(20), on=last, by=finance),
        lambda: claims.give_back(paid, on=last, by=finance, reason="查明不是本人"),
        lambda: services.correct(paid.payments.get(), on=last, by=finance, words="记错"),
    ]
    before = Payment.objects.count()

    assert [refused(write) for write in writes[:6]] == [[CLOSED]] * 6
    assert refused(writes[6]) == ["冲正的日期不能早于原来那一笔，请改正。"]
    claim.refresh_from_db()
    paid.refresh_from_db()
    assert (Payment.objects.count(), claim.received, paid.state) == (before, 0, "paid")  # nothing half done


def test_a_correction_books_into_the_next_month_with_a_reference(october, finance):
    found = services.correct(october, on=TODAY, by=finance, words="金额打错")

    assert (found.on, found.amount, found.words) == (
        TODAY,
        Decimal(-500),
        f"冲正 {october.number}（2026-10-20）：金额打错",
    )
    assert list(audit()) == []


def test_stock_refuses_a_closed_month(storekeeper, finance):
    first = make.stock(10)
    Period.objects.filter(month=dt.date(2026, 11, 1)).update(closed_at=clock.now(), closed_by=finance)
    item, warehouse, words = first.item, first.warehouse, [CLOSED.replace("10月", "11月")]
    writes = [
        lambda: stores.receive(item, warehouse, 1, 10, by=storekeeper),
        lambda: stores.issue(item, warehouse, 1, by=storekeeper),
        lambda: stores.issue(item, warehouse, 1, by=storekeeper, number="CK202611-0001"),
        lambda: stores.count_difference(item, warehouse, 9, by=storekeeper, reason="少了"),
        lambda: stores.reverse(first, by=storekeeper, reason="记错"),
    ]

    assert [refused(write) for write in writes] == [words] * 5
    assert Move.objects.count() == 1


def test_who_closes_and_when(october, clerk, principal, finance):
    assert refused(services.close_month, OCTOBER, clerk) == ["结账由财务操作，您没有这项权限。"]
    assert refused(services.close_month, OCTOBER, finance) == ["2026年10月已经结账。"]
    assert refused(services.close_month, TODAY, finance) == ["2026年11月还没有过完，月底以后才能结账。"]
    services.pay(expense=october.expense, amount=Decimal(100), on=TODAY, by=finance, kind="final", limit=Decimal(800))
    with clock.at(clock.moment(2027, 1, 5, 9, 0)):
        assert refused(services.close_month, dt.date(2026, 12, 1), finance) == [
            "2026年11月还没有结账，请按月份先后结账。"
        ]
        services.close_month(TODAY, finance)
        found = services.close_month(dt.date(2026, 12, 31), finance)

    assert (str(found), found.closed_by) == ("2026年12月", finance)


def test_the_principal_reopens_with_a_reason(october, finance, principal, viceprincipal):
    assert refused(services.reopen_month, OCTOBER, finance, "漏记") == ["反结账由校长操作，您没有这项权限。"]
    assert refused(services.reopen_month, OCTOBER, viceprincipal, "漏记") == ["反结账由校长操作，您没有这项权限。"]
    assert refused(services.reopen_month, OCTOBER, principal, " ") == ["反结账要写明原因，请补上。"]
    assert refused(services.reopen_month, dt.date(2026, 9, 1), principal, "漏记") == ["2026年9月没有结账，不用反结账。"]

    row = services.reopen_month(OCTOBER, principal, "漏记一笔退款")

    entry = LogEntry.objects.of(row).first()
    assert (entry.verb, entry.by, entry.said) == ("reopen", principal, "漏记一笔退款")
    assert services.check_open(OCTOBER) is None
    services.pay(
        expense=october.expense, amount=Decimal(100), on=dt.date(2026, 10, 30), by=finance, kind="final", limit=Decimal(800)
    )  # fmt: skip


def test_who_closed_does_not_reopen_himself(october):
    both = make.user(roles=("finance", "principal"))
    services.close_month(dt.date(2026, 9, 1), both)

    assert refused(services.reopen_month, dt.date(2026, 9, 1), both, "漏记") == ["这个月是您结的账，要由别人反结账。"]


def test_superuser_rights_close_and_open_nothing(october):
    root = make.user("", is_superuser=True)

    assert refused(services.close_month, dt.date(2026, 9, 1), root) == ["结账由财务操作，您没有这项权限。"]
    assert refused(services.reopen_month, OCTOBER, root, "x") == ["反结账由校长操作，您没有这项权限。"]
