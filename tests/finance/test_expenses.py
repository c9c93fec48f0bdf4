"""An expense is decided once, by its band's approver, a higher one or a delegate, never by who asked for it."""

import datetime as dt
from decimal import Decimal

import pytest

from core.models import LogEntry, Notice
from core.workflow import RuleBroken, Stale
from finance import services
from finance.models import Band, Expense
from tests import make
from tests.make_finance import scan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def refused(call, *args, **kwargs):
    """The reasons of a refusal."""
    with pytest.raises(RuleBroken) as found:
        call(*args, **kwargs)
    return found.value.reasons


@pytest.mark.parametrize(
    ("amount", "role", "quotes", "minutes"),
    [
        ("0.01", "director", 1, False), ("999.99", "director", 1, False), ("1000", "viceprincipal", 2, False),
        ("4999.99", "viceprincipal", 2, False), ("5000", "principal", 3, False), ("19999.99", "principal", 3, False),
        ("20000", "principal", 3, True), ("400000", "principal", 3, True),
    ],
)  # fmt: skip
def test_the_band_is_copied_at_the_request(clerk, amount, role, quotes, minutes):
    expense = make.expense(amount=amount, by=clerk)
    above = {"director": 1000, "viceprincipal": 5000, "principal": None if minutes else 20000}[role]

    assert (expense.approver_role, expense.quotes_needed, expense.minutes_needed) == (role, quotes, minutes)
    assert expense.next_band == above
    assert (expense.state, expense.number, expense.requested_amount) == ("waiting", "FY202611-0001", Decimal(amount))


def test_a_changed_band_acts_on_later_requests_only(clerk, director, principal):
    earlier = make.expense(amount=900, by=clerk)
    Band.objects.filter(from_amount=0).update(approver="principal", quotes=3)

    later = make.expense(amount=900, by=clerk)

    assert (earlier.approver_role, later.approver_role, later.quotes_needed) == ("director", "principal", 3)
    assert services.approve(earlier, by=director).state == "approved"
    assert refused(services.approve, later, by=director) == ["这笔 900.00 元由校长审批，您没有这项权限。"]


def test_without_a_band_nothing_can_be_asked_for(clerk):
    assert refused(services.request, what="锁", amount=Decimal(10), by=clerk) == [
        "还没有设置适用于 10.00 元的审批额度，请财务先在“审批额度”里设置。"
    ]
    make.band(100)
    assert services.band_of(Decimal(100)).from_amount == 100
    assert refused(services.band_of, Decimal("99.99"))[0].startswith("还没有设置")


def test_what_a_request_must_say(clerk):
    make.bands()
    line = make.budget_line(book="canteen", code="30213", name="维修费")
    gone = make.party("老张装修", active=False)

    assert refused(services.request, what=" ", amount=Decimal(0), by=clerk, party=gone, budget_line=line) == [
        "请写明这笔钱用来做什么。", "金额要大于 0，请改正。", "老张装修已停用，请换一家，或先在往来单位里恢复使用。",
        "2026 30213 维修费不属于学校账，请换一个预算科目。",
    ]  # fmt: skip
    assert refused(services.request, what="锁", amount=Decimal(10**11), by=clerk)[0].startswith(
        "金额 100,000,000,000.00 太大"
    )
    assert Expense.objects.count() == 0


def test_the_approver_is_told_and_the_answer_comes_back(clerk, director, principal):
    expense = make.expense(by=clerk, source_url="/outside/WX-1/")

    services.approve(expense, by=director, words="同意")

    assert list(Notice.objects.values_list("user", "text", "url")) == [
        (director.pk, f"请审批 {expense.number}：外墙修补，800.00 元", "/outside/WX-1/"),
        (clerk.pk, f"{expense.number} 已批准：外墙修补", "/outside/WX-1/"),
    ]


def test_a_school_without_the_role_asks_the_next_higher(clerk, principal):
    expense = make.expense(amount=2000, by=clerk)

    assert services.deciders(expense) == [principal]


DECIDES = {  # role -> the bands it decides
    "director": {"director"}, "viceprincipal": {"director", "viceprincipal"},
    "principal": {"director", "viceprincipal", "principal"},
}  # fmt: skip
AMOUNTS = {"director": 500, "viceprincipal": 2000, "principal": 6000}
ALL = (
    "teacher", "homeroom", "repairer", "clerk", "director", "warden", "steward", "storekeeper", "assetkeeper", "finance",
    "viceprincipal", "principal", "admin",
)  # fmt: skip


@pytest.mark.parametrize("role", ALL)
@pytest.mark.parametrize("wanted", AMOUNTS)
def test_who_decides_what(role, wanted):
    expense = make.expense(amount=AMOUNTS[wanted], by=make.user("clerk"))
    person = make.user(role)

    assert (services.may_decide(expense, person)[0] is None) == (wanted in DECIDES.get(role, set()))
    assert list(Expense.objects.all().to_decide_by(person)) == ([expense] if wanted in DECIDES.get(role, set()) else [])


def test_superuser_rights_give_no_decision():
    expense = make.expense(by=make.user("clerk"))
    root = make.user("", is_superuser=True)

    assert refused(services.approve, expense, by=root) == ["这笔 800.00 元由后勤主任审批，您没有这项权限。"]
    assert refused(services.refuse, expense, by=root, words="不") == ["这笔 800.00 元由后勤主任审批，您没有这项权限。"]
    assert refused(services.void, expense, by=root, words="不") == ["作废由申请人或后勤、财务操作。"]


@pytest.mark.parametrize("role", ["director", "viceprincipal", "principal"])
def test_nobody_decides_his_own(role):
    person = make.user(role)
    expense = make.expense(by=person)

    for call in (services.approve, services.refuse):
        assert refused(call, expense, by=person, words="同意") == ["这是您自己提出的申请，要由别人审批。"]
    assert list(Expense.objects.all().to_decide_by(person)) == []


def test_two_accounts_of_one_person_are_one_person(principal):
    expense = make.expense(by=make.user("clerk", phone="13800001111"))
    second = make.user("director", phone="13800001111")

    assert refused(services.approve, expense, by=second) == ["这是您自己提出的申请，要由别人审批。"]


def test_the_delegate_acts_for_the_absent_one_and_both_names_are_kept(clerk, viceprincipal, principal):
    make.delegation(principal, viceprincipal)
    expense = make.expense(amount=8000, by=clerk)
    assert set(services.deciders(expense)) == {principal, viceprincipal}
    assert list(Expense.objects.all().to_decide_by(viceprincipal)) == [expense]

    done = services.approve(expense, by=viceprincipal)

    assert (done.decided_by, done.acting_for, done.approved_by) == (viceprincipal, principal, "方副校长（代秦校长）")
    entry = LogEntry.objects.of(done).first()
    assert (entry.verb, entry.by, entry.acting_for) == ("approve", viceprincipal, principal)


def test_a_delegation_ends_by_itself(clerk, viceprincipal, principal):
    make.delegation(principal, viceprincipal, "2026-11-01", "2026-11-22")
    expense = make.expense(amount=8000, by=clerk)

    assert refused(services.approve, expense, by=viceprincipal) == ["这笔 8,000.00 元由校长审批，您没有这项权限。"]
    assert list(Expense.objects.all().to_decide_by(viceprincipal)) == []


def test_nobody_acts_for_somebody_on_his_own_paper(viceprincipal, principal):
    make.delegation(principal, viceprincipal)
    expense = make.expense(amount=8000, by=principal)

    assert refused(services.approve, expense, by=viceprincipal) == [
        "这是秦校长自己提出的申请，您代秦校长时不能审批；请由上一级审批。"
    ]
    assert list(Expense.objects.all().to_decide_by(viceprincipal)) == []


def test_a_delegate_does_not_decide_what_he_asked_for_himself(viceprincipal, principal):
    make.delegation(principal, viceprincipal)
    expense = make.expense(amount=8000, by=viceprincipal)

    assert refused(services.approve, expense, by=viceprincipal) == ["这是您自己提出的申请，要由别人审批。"]


def test_an_account_out_of_use_decides_nothing(clerk, director):
    expense = make.expense(by=clerk)
    director.is_active = False
    director.save()

    assert refused(services.approve, expense, by=director) == ["请用在用的账号登录后再审批。"]


def test_above_the_schools_limit_the_minutes_are_asked_for(clerk, principal):
    expense = make.expense(amount=30000, by=clerk)
    wanted = ["这个金额须经会议决定：请填会议纪要编号、会议日期，并上传纪要照片。"]
    day, photo = dt.date(2026, 11, 20), scan(expense)

    assert refused(services.approve, expense, by=principal) == wanted
    assert refused(services.approve, expense, by=principal, minutes_number="2026-18", minutes_on=day) == wanted
    assert (
        refused(services.approve, expense, by=principal, minutes_number=" ", minutes_on=day, minutes_scan=photo)
        == wanted
    )
    assert refused(
        services.approve, expense, by=principal, minutes_number="2026-18", minutes_on=dt.date(2026, 11, 24), minutes_scan=photo
    ) == ["会议日期还没有到，请改正。"]  # fmt: skip
    done = services.approve(expense, by=principal, minutes_number="2026-18", minutes_on=day, minutes_scan=photo)

    assert (done.state, done.approved_amount, done.minutes_scan) == ("approved", Decimal(30000), photo)


def test_an_expense_is_decided_once(clerk, director, principal):
    expense = make.expense(by=clerk)
    services.approve(expense, by=director)

    assert refused(services.approve, expense, by=principal) == ["现在是“已批准”，不能批准。"]
    assert refused(services.refuse, expense, by=principal, words="不行") == ["现在是“已批准”，不能退回。"]
    assert LogEntry.objects.of(expense).filter(verb="approve").count() == 1


def test_approving_an_older_reading_is_refused(clerk, director):
    expense = make.expense(by=clerk)
    Expense.objects.filter(pk=expense.pk).update(version=2)

    with pytest.raises(Stale):
        services.approve(expense, by=director, version=1)
    assert Expense.objects.get().state == "waiting"


def test_refusing_needs_words_and_ends_it(clerk, director):
    expense = make.expense(by=clerk)

    assert refused(services.refuse, expense, by=director, words=" ") == ["退回要写明原因，请补上。"]
    done = services.refuse(expense, by=director, words="先问三家")

    assert (done.state, done.decision_words, done.approved_amount) == ("returned", "先问三家", None)
    assert refused(services.approve, expense, by=director) == ["现在是“退回”，不能批准。"]
    assert refused(services.void, expense, by=clerk, words="不做了") == ["现在是“退回”，不能作废。"]


def test_voiding_is_refused_while_money_is_out(clerk, director, finance):
    expense = make.expense("approved", by=clerk)
    make.payment(300, expense=expense, kind="prepay")

    assert refused(services.void, expense, by=clerk, words="换一家") == [
        "已付 300.00 元，不能作废。请先登记对方退款，或冲正付款。"
    ]
    services.refund(expense=expense, amount=Decimal(300), on=dt.date(2026, 11, 23), by=finance, words="没有来")
    assert refused(services.void, expense, by=clerk, words=" ") == ["作废要写明原因，请补上。"]
    done = services.void(expense, by=clerk, words="施工单位没有来")

    assert (done.state, done.voided_by, done.void_words) == ("void", clerk, "施工单位没有来")


def test_who_voids(clerk, teacher):
    expense = make.expense(by=clerk)

    assert refused(services.void, expense, by=teacher, words="不") == ["作废由申请人或后勤、财务操作。"]
    assert services.void(expense, by=make.user("finance"), words="重复").state == "void"


def test_extra_work_is_approved_with_the_new_total(clerk, director, viceprincipal, finance):
    first = make.expense("approved", 800, by=clerk)
    make.payment(300, expense=first, kind="prepay")

    extra = make.expense(amount=1500, by=clerk, party=first.party, replaces=first)
    assert (extra.approver_role, Expense.objects.get(pk=first.pk).state) == ("viceprincipal", "approved")
    assert refused(services.approve, extra, by=director) == ["这笔 1,500.00 元由分管副校长审批，您没有这项权限。"]
    done = services.approve(extra, by=viceprincipal)

    first.refresh_from_db()
    assert (first.state, first.void_words) == ("void", f"由 {done.number} 代替")
    assert services.paid(done) == Decimal(300)
    assert refused(services.void, done, by=clerk, words="不做了")[0].startswith("已付 300.00 元")
    with pytest.raises(RuleBroken, match="最多还能付 1,200.00 元"):
        make.payment(1300, expense=done)
    make.payment(1200, expense=done)
    assert services.paid(done) == Decimal(1500)


def test_extra_work_that_is_refused_leaves_the_first_approval(clerk, viceprincipal, director):
    first = make.expense("approved", 800, by=clerk)
    extra = make.expense(amount=1500, by=clerk, party=first.party, replaces=first)
    again = {"what": "增项", "amount": Decimal(1600), "by": clerk, "party": first.party, "replaces": first}

    assert refused(services.request, **again) == [f"{first.number} 已由 {extra.number} 代替，请在那一张上办理。"]
    services.refuse(extra, by=viceprincipal, words="不必")
    first.refresh_from_db()

    assert first.state == "approved"
    assert refused(services.request, **again | {"party": make.party()}) == ["追加只能给原来的单位，换单位请重新申请。"]
    assert services.request(**again).replaces == first


def test_who_sees_expenses(clerk, teacher, finance, other_teacher):
    theirs, own = make.expense(by=clerk), make.expense(by=teacher)

    assert set(Expense.objects.all().visible_to(finance)) == {theirs, own}
    assert list(Expense.objects.all().visible_to(teacher)) == [own]
    assert list(Expense.objects.all().visible_to(other_teacher)) == []


def test_the_state_is_set_by_the_flow_alone():
    import ast

    from tests.test_architecture import modules

    for path in modules("finance"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
            if isinstance(node, ast.Assign | ast.AugAssign):
                assert not any(isinstance(one, ast.Attribute) and one.attr == "state" for one in flat), path
