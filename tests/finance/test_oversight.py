"""What finance looks for: split requests, invoice numbers that stand twice, budget against use, and the audit."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import models
from django.urls import reverse

from core import clock
from core.models import LogEntry
from finance import defaults, services
from finance.audit import audit
from finance.models import Band, BudgetLine, Claim, Expense, Invoice, Party, Payment, Period
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def on(day, amount, party, where="综合楼 外墙", **over):
    """A request of a day in November or later."""
    with clock.at(clock.moment(2026, *day, 9, 0)):
        return make.expense(amount=amount, party=party, place_words=where, **over)


def suspects():
    return [([one.number for one in found.expenses], found.total) for found in services.split_suspects()]


def test_two_requests_that_together_reach_a_higher_band_are_named():
    party = make.party("宏达装饰")
    first, second = on((11, 2), 900, party), on((11, 23), 700, party, " 综合楼  外墙 ")

    found = services.split_suspects()

    assert [(found[0].expenses, found[0].total)] == [((first, second), Decimal(1600))]
    assert found[0].words == (
        f"宏达装饰 综合楼 外墙：{first.number}、{second.number} 在 30 天内提出，合计 1,600.00 元，超过单笔的审批额度（1,000.00 元起）。"
    )
    assert (first.state, second.state) == ("waiting", "waiting")  # named, not refused


def test_a_changed_band_judges_later_requests_only():
    """What lay in its band on its day stays sound, and what was split stays named, whatever the bands are today."""
    sound, split = make.party("宏达装饰"), make.party("城北维修")
    on((11, 2), 400, sound), on((11, 3), 500, sound)
    on((11, 2), 900, split), on((11, 3), 700, split)
    named = suspects()
    assert [total for _, total in named] == [Decimal(1600)]

    Band.objects.filter(from_amount=1000).update(from_amount=600)
    assert suspects() == named

    Band.objects.filter(from_amount=600).update(from_amount=3000)
    assert suspects() == named
    on((11, 20), 2000, make.party("三友水暖")), on((11, 21), 900, make.party("三友水暖"))  # 2,900 lie below 3,000
    assert suspects() == named
    on((11, 22), 200, make.party("三友水暖"))
    assert [total for _, total in suspects()] == [Decimal(1600), Decimal(3100)]


def test_one_request_that_was_decided_higher_up_covers_the_sum():
    party = make.party("宏达装饰")
    on((11, 2), 1200, party), on((11, 3), 900, party)

    assert suspects() == []  # the vice-principal decided on one, and the sum is his too


def test_what_is_no_split():
    party, other = make.party("宏达装饰"), make.party("城北维修")
    on((10, 1), 900, party)
    on((11, 1), 900, party)  # 31 days later
    on((11, 2), 900, other)  # another party
    on((11, 2), 900, party, "食堂")  # another place
    on((11, 2), 900, party, "")
    on((11, 3), 90, party)  # together still in the band
    assert suspects() == []

    third = on((11, 20), 20, party)
    fourth = on((11, 21), 80, party)
    assert [total for _, total in suspects()] == [Decimal(1090)]
    services.void(fourth, by=fourth.requested_by, words="不做了")
    services.refuse(third, by=make.user("director"), words="不做")
    assert suspects() == []


def test_the_days_are_the_schools_own_and_a_span_can_be_asked_for():
    party = make.party()
    on((9, 1), 900, party)
    on((10, 10), 900, party)
    assert suspects() == []

    make.figure("finance.split_days", 60)
    assert len(services.split_suspects()) == 1
    assert len(services.split_suspects(since=dt.date(2026, 10, 10), until=dt.date(2026, 10, 31))) == 1
    assert services.split_suspects(since=dt.date(2026, 10, 11)) == []
    assert services.split_suspects(until=dt.date(2026, 10, 9)) == []


def test_three_within_the_days_are_one_suspicion():
    party = make.party()
    found = [on((11, day), 450, party) for day in (1, 10, 20)]

    assert suspects() == [([one.number for one in found], Decimal(1350))]


def test_extra_work_is_no_split():
    party = make.party()
    first = make.expense("approved", 900, party=party, place_words="综合楼 外墙")
    make.expense(amount=1800, party=party, place_words="综合楼 外墙", replaces=first)

    assert suspects() == []


def test_the_same_number_from_another_party_is_named():
    one, other, third = make.party("甲公司"), make.party("乙公司"), make.party("丙公司")
    first = make.invoice(party=one, number="25320001")
    second = make.invoice(party=other, number="25320001")
    make.invoice(party=one, number="25320002")
    services.void_invoice(make.invoice(party=third, number="25320002"), by=make.user("finance"), reason="开错")

    assert services.same_invoice_numbers() == [("25320001", [first, second])]


def test_budget_use(django_assert_num_queries):
    line, other = (
        make.budget_line(planned=5000, code="30213"),
        make.budget_line(planned=0, code="30214", book="canteen"),
    )
    party = make.party()
    paid = make.expense("approved", 2000, budget_line=line, party=party)
    make.expense("approved", 900, budget_line=line)
    make.expense(amount=400, budget_line=line)
    make.expense("void", 700, budget_line=line)
    make.payment(1500, expense=paid, kind="progress")
    services.refund(expense=paid, amount=Decimal(100), on=clock.today(), by=make.user("finance"), words="少做")

    defaults_there = BudgetLine.objects.exclude(pk__in=[line.pk, other.pk]).count()
    with django_assert_num_queries(4):
        found = {use.line.code: use for use in services.budget_use(2026)}
    use = found["30213"]
    assert (use.committed, use.paid, use.waiting, use.left, use.percent) == (
        Decimal(2900), Decimal(1400), Decimal(400), Decimal(2100), 58,
    )  # fmt: skip
    assert found["30214"].percent is None
    assert len(found) == defaults_there + 2
    assert [use.line for use in services.budget_use(2026, "canteen")] == [other]
    assert services.budget_use(2025) == []


def test_extra_work_counts_once_in_the_budget(viceprincipal):
    line = make.budget_line(planned=5000, code="30213")
    first = make.expense("approved", 800, budget_line=line)
    make.payment(300, expense=first, kind="prepay")
    extra = make.expense(amount=1500, party=first.party, replaces=first, budget_line=line)
    services.approve(extra, by=viceprincipal)

    use = next(one for one in services.budget_use(2026) if one.line == line)

    assert (use.committed, use.paid, use.waiting) == (Decimal(1500), Decimal(300), Decimal(0))


def test_a_new_school_starts_with_bands_and_lines_and_keeps_its_own():
    defaults.ensure()
    Band.objects.filter(from_amount=1000).update(from_amount=2000)
    BudgetLine.objects.filter(code="30213").update(planned=9)
    defaults.ensure()

    assert list(Band.objects.values_list("from_amount", "approver", "quotes", "minutes")) == [
        (0, "director", 1, False), (2000, "viceprincipal", 2, False), (5000, "principal", 3, False), (20000, "principal", 3, True),
    ]  # fmt: skip
    assert BudgetLine.objects.filter(year=2026).count() == 9
    assert BudgetLine.objects.get(code="30213").planned == 9


def test_finance_changes_a_band_on_its_page_and_it_is_logged(client, finance):
    make.bands()
    client.force_login(finance)
    band = Band.objects.get(from_amount=1000)
    url = reverse("finance:band-edit", args=[band.pk])
    form = {"from_amount": "1500", "approver": "principal", "quotes": "3", "active": "on"}

    answer = client.post(url, form)

    assert answer.status_code == 302
    entry = LogEntry.objects.of(band).get()
    assert entry.changes == {"起点金额": ["1000.00", "1500"], "审批人": ["分管副校长", "校长"], "至少几家报价": [2, 3]}


def test_the_administrator_changes_no_band_and_reads_no_money(client, admin):
    """Who decides about money is no look-up: /admin/ has neither bands nor budget nor payments, not for him either."""
    make.bands()
    admin.is_staff = True
    admin.save()
    client.force_login(admin)
    band = Band.objects.get(from_amount=1000)
    form = {"from_amount": "1", "approver": "director", "quotes": "1", "active": "on"}

    assert client.post(reverse("finance:band-edit", args=[band.pk]), form).status_code == 403
    for kind in ("band", "budgetline", "expense", "payment", "invoice", "claim", "period", "party"):
        assert client.get(f"/admin/finance/{kind}/").status_code == 404, kind
    band.refresh_from_db()
    assert (band.from_amount, band.approver, band.quotes) == (Decimal(1000), "viceprincipal", 2)


def broken(kind, pk, **over):
    """Write past every service."""
    models.QuerySet(kind).filter(pk=pk).update(**over)
    return list(audit())


def test_the_audit_names_what_no_row_shows():
    paid = make.payment(800, invoice=None)
    expense = paid.expense
    invoice = make.invoice(party=expense.party)
    other, line = make.party("别家"), make.budget_line(book="canteen")
    claim = make.claim("paid")
    assert list(audit()) == []

    assert broken(Expense, expense.pk, approved_amount=700) == [
        f"支出审批 {expense.number}（已批准）：已付 800.00 元，超过批准的 700.00 元。"
    ]
    broken(Expense, expense.pk, approved_amount=800)
    assert broken(Expense, expense.pk, decided_at=clock.now() - dt.timedelta(days=1)) == [
        f"支出审批 {expense.number}：审批早于申请。"
    ]
    broken(Expense, expense.pk, decided_at=clock.now())
    assert broken(Expense, expense.pk, budget_line=line) == [f"支出审批 {expense.number}：预算科目属于另一个账套。"]
    broken(Expense, expense.pk, budget_line=None)
    broken(Payment, paid.pk, invoice=invoice)
    assert broken(Invoice, invoice.pk, amount=700) == [f"发票 {invoice}：金额 700.00 元，已付 800.00 元。"]
    assert broken(Invoice, invoice.pk, amount=800, voided=True, void_reason="错") == [
        f"发票 {invoice.number}：已作废，却付着 800.00 元。"
    ]
    broken(Invoice, invoice.pk, voided=False, void_reason="")
    assert broken(Payment, paid.pk, party=other) == [
        f"收付款 {paid.number}：收款单位不是支出审批上的单位。", f"收付款 {paid.number}：发票是另一个单位开的。",
    ]  # fmt: skip
    broken(Payment, paid.pk, party=expense.party)
    assert broken(Payment, paid.pk, book="canteen") == [f"收付款 {paid.number}：账套与支出审批不同。"]
    broken(Payment, paid.pk, book="school")
    Period.objects.create(
        month=dt.date(2026, 10, 1), closed_at=clock.now() - dt.timedelta(days=5), closed_by=make.user("finance")
    )
    assert broken(Payment, paid.pk, on=dt.date(2026, 10, 31)) == [
        f"收付款 {paid.number}：记在已经结账的2026年10月，登记时间晚于结账。"
    ]
    broken(Payment, paid.pk, on=clock.today())
    assert broken(Claim, claim.pk, state="due", received=20) == [
        f"赔偿单 {claim.number}（待缴）：写着已缴 20.00 元，账上是 120.00 元。"
    ]


def test_party_names_are_one_however_they_are_spaced():
    party = Party.objects.create(name=" 宏达  装饰 ", supplier=True, contractor=True)

    assert (party.name, party.kinds) == ("宏达 装饰", "供应商、外修承包方")
    assert list(Party.objects.suppliers()) == list(Party.objects.contractors()) == [party]
    assert list(Party.objects.caterers()) == []
