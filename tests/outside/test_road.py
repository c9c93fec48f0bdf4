"""The road of an outside job from the reason to the last yuan, and every way back of flows.md §2."""

import datetime as dt
from decimal import Decimal

import pytest

from core import clock
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from finance.models import Expense, PartyMark, Payment
from repairs.models import OutsideJob, Ticket
from repairs.outside import rules, services
from repairs.outside.audit import audit
from tests import make

pytestmark = pytest.mark.django_db

D = Decimal


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def refused(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as found:
        call(*args, **kwargs)
    return found.value.reasons


def test_the_whole_road():
    job = make.outside_job(
        "settled", prices={"闸阀 DN80": (360, "市场价 355—365 元"), "旧泵拆除外运": (0, "旧泵自行入库")}
    )

    assert job.state == "settled"
    assert (job.quoted_amount, job.approved_amount, job.checked_amount) == (D("9080.00"), D("9080.00"), D("8240.00"))
    assert (job.saved_amount, job.retention_amount, job.retention_left) == (D("840.00"), D("412.00"), D("412.00"))
    assert rules.paid_so_far(job) == D("7828.00")
    assert job.warranty_until == dt.date(2028, 11, 22) == job.retention_due_on
    assert [getattr(job, name).name for name in ("ordered_by", "approved_by", "acceptor_1", "acceptor_2", "checked_by")] == [
        "李老师", "秦校长", "赵老师", "王师傅", "郑会计",
    ]  # fmt: skip
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.completed_by.name, ticket.outside_by.name) == ("done", "赵老师", "李老师")
    assert [entry.verb for entry in LogEntry.objects.of(job).order_by("pk")] == [
        "propose", "join", "ask_quotes", "quote", "quote", "quote", "submit", "approve", "done", "record", "cosign",
        "check_prices", "agree", "invoice", "pay", "settle",
    ]  # fmt: skip
    assert PartyMark.objects.get().kind == "price_cut"


def test_quotes_by_band_or_a_reason():
    job = make.outside_job("quoting", firms=2)
    quote = job.quotes.get(party__name="恒达机电")

    assert refused(services.submit, job, by=make.someone("clerk"), quote=quote) == [
        "9,080.00 元按规定要有 3 家报价，现在有 2 家；请补报价，或写单一来源的理由。"
    ]
    assert Expense.objects.count() == 0

    job = services.submit(job, by=make.someone("clerk"), quote=quote, single_source="原厂水泵，只此一家维保")

    assert (job.state, job.single_source) == ("approving", "原厂水泵，只此一家维保")
    assert (job.expense.state, job.expense.requested_amount, job.expense.approver_role) == (
        "waiting",
        D("9080.00"),
        "principal",
    )
    assert job.lines.first().unit_price == 6800


def test_a_dearer_quote_needs_a_reason_and_an_expired_one_does_not_count():
    job = make.outside_job("quoting")
    clerk, dear = make.someone("clerk"), job.quotes.get(party__name="三友水暖")

    assert refused(services.submit, job, by=clerk, quote=dear) == ["最低报价是 9,080.00 元，选用更高的要写理由。"]
    first = job.quotes.get(party__name="恒达机电")
    first.on, first.valid_until = dt.date(2026, 11, 1), dt.date(2026, 11, 20)
    first.save()

    assert refused(services.submit, job, by=clerk, quote=first) == [
        "选用的报价不完整、已过期或已不再采用，请重新询价。"
    ]
    assert refused(services.submit, job, by=clerk, quote=dear)[0].startswith(
        "9,510.00 元按规定要有 3 家报价，现在有 2 家"
    )


def test_a_quote_names_every_line_and_its_firm_is_a_contractor():
    job = services.ask_quotes(make.outside_job(), by=make.someone("clerk"))
    keys = list(job.lines.values_list("pk", flat=True))
    firm, shop = make.contractor(), make.contractor("五金店", contractor=False, supplier=True)
    clerk = make.someone("clerk")

    assert refused(services.add_quote, job, by=clerk, party=firm, prices={keys[0]: 1}) == [
        "每个项目都要填单价；不做的项目填 0。"
    ]
    assert refused(services.add_quote, job, by=clerk, party=shop, prices=dict.fromkeys(keys, 1)) == [
        "五金店不是在用的外修单位，请先在往来单位里登记。"
    ]
    services.add_quote(job, by=clerk, party=firm, prices=dict.fromkeys(keys, 1))
    services.add_quote(job, by=clerk, party=firm, prices=dict.fromkeys(keys, 2))

    assert [quote.total for quote in job.quotes.all()] == [D("12.00")]


def test_refused_goes_back_to_quoting():
    job = make.outside_job("approving")

    job = services.refuse(job, by=make.someone("principal"), words="再谈谈价格")

    assert (job.state, job.party, job.ordered_by, job.expense.state) == ("quoting", None, None, "returned")
    job = services.submit(job, by=make.someone("clerk"), quote=job.quotes.first())
    assert (job.state, Expense.objects.count()) == ("approving", 2)


def test_recalled_to_change_the_quotes():
    job = make.outside_job("approving")

    job = services.recall(job, by=make.someone("clerk"), words="漏了一项")

    assert (job.state, job.expense.state) == ("quoting", "void")


def test_the_approver_sees_what_he_approves():
    job = make.outside_job("approving")
    job_as_seen = job.version
    job = services.recall(job, by=make.someone("clerk"), words="改报价")
    keys = list(job.lines.values_list("pk", flat=True))
    quote = services.add_quote(job, by=make.someone("clerk"), party=make.contractor(), prices=dict.fromkeys(keys, 100))
    job = services.submit(fresh(job), by=make.someone("clerk"), quote=quote)

    with pytest.raises(Stale):
        services.approve(job, by=make.someone("principal"), version=job_as_seen)

    assert fresh(job).state == "approving"


def test_above_the_limit_minutes_are_needed():
    job = make.outside_job("approving", lines=[("外墙", "m2", 100, (400, 410, 420))])

    assert refused(services.approve, job, by=make.someone("principal")) == [
        "这个金额须经会议决定：请填会议纪要编号、会议日期，并上传纪要照片。"
    ]
    assert (fresh(job).state, fresh(job.expense).state) == ("approving", "waiting")


def test_cancelled_before_the_start_only():
    job = make.outside_job("approving")
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.hold_reason.key, ticket.hold_until) == ("held", "outside", job.promised_on)

    job = services.cancel(job, by=make.someone("clerk"), reason="厂家免费换了")

    assert (job.state, job.end_words, job.expense.state) == ("cancelled", "厂家免费换了", "void")
    ticket = fresh(ticket)
    assert (ticket.state, ticket.hold_reason, ticket.hold_until, ticket.state_before) == ("accepted", None, None, "")
    assert refused(services.cancel, make.outside_job("working"), by=make.someone("clerk"), reason="算了") == [
        "现在是“施工中”，不能取消外修。"
    ]


def test_emergency_starts_on_the_directors_word():
    director, finance = make.director(), make.someone("finance")
    job = make.outside_job(lines=[])

    assert refused(
        services.emergency, job, by=make.someone("clerk"), reason="水漫", party=make.contractor(), amount=3000
    ) == ["这一步由后勤主任决定。"]
    job = services.emergency(job, by=director, reason="水漫到配电室", party=make.contractor(), amount=3000)

    assert (job.state, job.emergency_by, job.ordered_by, job.expense.state) == (
        "working",
        director,
        director,
        "waiting",
    )
    assert list(OutsideJob.objects.unapproved_emergencies()) == [job]
    assert refused(services.pay, job, by=finance, amount=100, on=clock.today(), kind="prepay") == [
        "紧急先行还没有审批，先请审批人批准这笔支出。"
    ]
    job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])
    job = make.accepted(job)
    assert refused(services.check_prices, job, by=finance, prices={}) == [
        "紧急先行还没有审批，先请审批人批准这笔支出。"
    ]
    assert refused(services.approve_late, job, by=director)[0].startswith("您已经经办了这张单")

    job = services.approve_late(job, by=make.viceprincipal())

    assert (job.state, job.approved_by.name, job.approved_amount) == ("pricing", "方副校长", D(3000))
    assert services.check_prices(job, by=finance, prices={}).state == "settling"


def test_a_refused_emergency_is_settled_as_the_principal_says():
    director, principal = make.director(), make.someone("principal")
    job = services.emergency(
        make.outside_job(lines=[]), by=director, reason="水漫", party=make.contractor(), amount=3000
    )
    assert refused(services.rule, job, by=principal, amount=1000, words="按实") == ["没有被退回的紧急先行。"]

    job = services.refuse_late(job, by=make.viceprincipal(), words="不属紧急")
    assert (job.state, job.emergency_refused, job.approved_by) == ("working", True, None)
    job = make.accepted(services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)]))
    assert refused(services.check_prices, job, by=make.someone("finance"), prices={}) == [
        "紧急先行没有获批，先由校长决定如何结算。"
    ]
    assert refused(services.rule, job, by=make.someone("viceprincipal"), amount=1000, words="按实") == [
        "紧急先行没有获批，由校长决定如何结算。"
    ]
    job = services.rule(job, by=principal, amount=1800, words="按实际完成付")

    assert (job.approved_by, job.approved_amount) == (principal, D(1800))
    line = job.lines.get()
    assert refused(services.check_prices, job, by=make.someone("finance"), prices={})[0].startswith(
        "核定金额 3,000.00 元超过批准金额 1,800.00 元"
    )
    job = services.check_prices(
        job, by=make.someone("finance"), prices={line.pk: 1700}, reasons={line.pk: "只换了电机"}
    )
    assert (job.state, job.checked_amount) == ("settling", D(1700))


def test_extra_work_needs_its_own_approval():
    job = make.outside_job("working")
    clerk, first = make.someone("clerk"), job.expense
    services.pay(job, by=make.someone("finance"), amount=2000, on=clock.today(), kind="prepay")

    job = services.extra(
        fresh(job),
        by=clerk,
        words="墙内管道锈穿",
        lines=[{"item": "镀锌管", "unit": "米", "quantity": 10, "unit_price": 60}],
    )
    assert (job.state, job.expense.requested_amount, job.approved_amount) == ("approving", D("9680.00"), D("9080.00"))
    assert refused(services.cancel, job, by=clerk, reason="算了") == ["这是增项的审批，不能取消整张单；可先撤回增项。"]
    job = services.approve(job, by=make.someone("principal"))

    assert (job.state, job.approved_amount, job.quoted_amount) == ("working", D("9680.00"), D("9680.00"))
    assert (job.variations.get().state, fresh(first).state) == ("approved", "void")
    assert (rules.paid_so_far(job), rules.payable(job)) == (D(2000), D("7196.00"))


@pytest.mark.parametrize("how", ["refuse", "recall"])
def test_refused_extra_work_leaves_the_job_as_it_was(how):
    job = make.outside_job("working")
    first = job.expense
    job = services.extra(
        job, by=make.someone("clerk"), words="再加一台", lines=[{"item": "泵", "quantity": 1, "unit_price": 900}]
    )

    job = getattr(services, how)(job, by=make.someone("principal" if how == "refuse" else "clerk"), words="不加")

    assert (job.state, job.expense, job.lines.count(), job.approved_amount) == ("working", first, 3, D("9080.00"))
    assert job.variations.get().state == {"refuse": "refused", "recall": "recalled"}[how]
    services.pay(job, by=make.someone("finance"), amount=100, on=clock.today(), kind="prepay")


def test_a_contractor_that_does_not_come():
    job = make.outside_job("working")
    expense, party, clerk = job.expense, job.party, make.someone("clerk")

    job = services.fail(job, by=clerk, words="约了两次没来")

    assert (job.state, job.party, job.approved_by, job.approved_amount, job.expense) == (
        "quoting",
        None,
        None,
        None,
        None,
    )
    assert (fresh(expense).state, PartyMark.objects.get(party=party).kind) == ("void", "no_show")
    assert Ticket.objects.get().state == "held"
    assert refused(services.submit, job, by=clerk, quote=job.quotes.get(party=party))[0].startswith("选用的报价")
    job = services.submit(
        job, by=clerk, quote=job.quotes.get(party__name="三友水暖"), single_source="第一家违约，其余两家中选低"
    )
    job = services.approve(job, by=make.someone("principal"))
    assert (job.state, job.party.name, job.approved_amount) == ("working", "三友水暖", D("9510.00"))


def test_prepaid_money_comes_back_before_another_contractor():
    job = make.outside_job("working")
    finance = make.someone("finance")
    services.pay(job, by=finance, amount=1000, on=clock.today(), kind="prepay")

    assert refused(services.fail, job, by=make.someone("clerk"), words="没来") == [
        "已付 1,000.00 元，先办理退款再换单位。"
    ]
    services.refund(job, by=finance, amount=1000, on=clock.today(), words="单位违约退回")

    assert services.fail(job, by=make.someone("clerk"), words="没来").state == "quoting"


def test_first_acceptance_fails_for_one_of_three():
    teacher, place = make.someone("teacher"), make.place()
    tickets = [
        make.ticket("accepted", by=teacher, place=place, category=make.category(name))
        for name in ("下水管漏", "灯不亮", "门锁坏")
    ]
    job = make.outside_job("checking", tickets=tickets)
    verdicts = {tickets[0].pk: "passed", tickets[1].pk: "passed", tickets[2].pk: "failed"}

    assert refused(services.record, job, by=teacher, verdicts={tickets[0].pk: "passed"})[0].startswith(
        "每张报修单都要写合格或不合格"
    )
    job = make.accepted(job, verdicts=verdicts, words="门锁打不开")

    assert (job.state, job.rework_count, job.round, job.acceptor_1) == ("working", 1, 2, None)
    assert [fresh(t).state for t in tickets] == ["done", "done", "held"]
    assert PartyMark.objects.get(kind="rework").party == job.party
    job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])
    job = services.record(job, by=teacher, verdicts={tickets[2].pk: "passed"})
    job = services.cosign(job, by=make.someone("repairer"))
    assert (job.state, fresh(tickets[2]).state) == ("pricing", "done")
    assert job.signs.count() == 4


def failed_twice():
    job = make.outside_job("checking")
    for _ in range(2):
        verdicts = {row.ticket_id: "failed" for row in job.tickets.filter(live=True)}
        job = make.accepted(job, verdicts=verdicts, words="还漏水")
        if job.state == "working":
            job = services.done(job, by=make.someone("clerk"), photos=[make.photo(40, 30)])
    return job


def test_the_second_time_the_director_decides_again():
    job = failed_twice()
    assert (job.state, job.undecided, job.rework_count) == ("checking", True, 2)
    assert refused(services.record, job, by=make.someone("teacher"), verdicts={}) == [
        "已 2 次验收不合格，先由后勤主任决定：再返工、换单位，或部分验收扣款。"
    ]
    director = make.director()
    assert refused(services.decide, job, by=make.someone("clerk"), choice="again", words="再来") == [
        "这一步由后勤主任决定。"
    ]

    job = services.decide(job, by=director, choice="again", words="限三天")

    assert (job.state, job.acceptor_1, job.verdict) == ("working", None, "")


def test_or_another_contractor():
    job = services.decide(failed_twice(), by=make.director(), choice="other", words="换一家")

    assert (job.state, job.party, job.ordered_by) == ("quoting", None, None)
    assert Ticket.objects.get().state == "held"


def test_or_part_acceptance_with_a_deduction():
    job = services.decide(failed_twice(), by=make.director(), choice="part", words="阀门没换好", deduction=500)

    assert (job.state, job.verdict, job.deduction) == ("pricing", "partial", D(500))
    assert Ticket.objects.get().state == "accepted"
    job = services.check_prices(job, by=make.someone("finance"), prices={})
    assert job.checked_amount == D("8580.00")


def test_a_small_school_without_director_and_vice_principal():
    principal = make.someone("principal")

    job = services.decide(failed_twice(), by=principal, choice="again", words="再来")

    assert job.state == "working"


def test_the_acceptance_needs_two_and_one_of_the_users():
    job = make.outside_job("checking")
    verdicts = {row.ticket_id: "passed" for row in job.tickets.all()}
    repairer = make.someone("repairer")

    assert refused(services.cosign, job, by=repairer) == ["还没有人填验收结果，请先填每张单的结论和数量。"]
    job = services.record(job, by=repairer, verdicts=verdicts)
    assert refused(services.cosign, job, by=repairer) == [
        "验收要两个人签字，您已经签过；请另一位验收人用自己的账号签。"
    ]
    assert refused(services.cosign, job, by=make.repairer2()) == [
        "验收人里至少要有一位报修人、保管人，或这个区域的宿管、司务长。"
    ]
    assert refused(services.cosign, job, by=make.other_teacher()) == [
        "由报修人、保管人、宿管或司务长，以及后勤人员验收。"
    ]

    assert services.cosign(job, by=make.warden()).state == "pricing"
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.outside_by.name) == ("checking", "李老师")  # neither reporter nor custodian was there


def test_two_accounts_of_one_person_are_one():
    teacher = make.teacher(phone="13800000001")
    job = make.outside_job("checking")
    twin = make.warden(phone="13800000001")
    job = services.record(job, by=teacher, verdicts={row.ticket_id: "passed" for row in job.tickets.all()})

    assert refused(services.cosign, job, by=twin) == ["验收要两个人签字，您已经签过；请另一位验收人用自己的账号签。"]


def test_who_records_it_again_replaces_the_first():
    job = make.outside_job("checking")
    teacher, warden = make.someone("teacher"), make.warden()
    pk = Ticket.objects.get().pk
    job = services.record(job, by=teacher, verdicts={pk: "passed"})
    seen = job.version

    job = services.record(job, by=warden, verdicts={pk: "failed"}, words="还在滴水")

    assert (job.acceptor_1, job.verdict, job.signs.count()) == (warden, "failed", 1)
    with pytest.raises(Stale):
        services.cosign(job, by=teacher, version=seen)


def test_disputed_quantities_go_back_to_the_acceptance():
    job = make.outside_job("pricing")

    job = services.dispute(job, by=make.someone("finance"), words="闸阀只见到 3 个")

    assert (job.state, job.acceptor_1, job.round) == ("checking", None, 2)
    line = job.lines.get(item="闸阀 DN80")
    assert refused(services.record, job, by=make.someone("teacher"), quantities={line.pk: 5})[0].startswith(
        "“闸阀 DN80”的验收数量要在 0 到 4 之间"
    )
    job = services.record(job, by=make.someone("teacher"), quantities={line.pk: 3})
    job = services.cosign(job, by=make.someone("repairer"))
    assert refused(services.check_prices, job, by=make.someone("finance"), prices={}) == [
        "“闸阀 DN80”的单价或数量与报价不同，请写理由。"
    ]
    job = services.check_prices(job, by=make.someone("finance"), prices={}, reasons={line.pk: "实收 3 个"})
    assert job.checked_amount == D("8660.00")


def test_one_cut_one_refused_one_raised():
    prices = {
        "立式离心泵 5.5 kW": (6300, "市场价 6,200—6,400 元"), "闸阀 DN80": (430, "到货涨价，有凭据"), "旧泵拆除外运": (0, "旧泵入库，不付"),
    }  # fmt: skip
    job = make.outside_job("settling", prices=prices)

    assert [line.checked_amount for line in job.lines.all()] == [D(6300), D(1720), D(0)]
    assert (job.quoted_amount, job.checked_amount, job.saved_amount, job.retention_amount) == (
        D(9080),
        D(8020),
        D(1060),
        D(401),
    )


def test_checked_never_above_approved():
    job = make.outside_job("pricing")
    line = job.lines.first()

    assert refused(
        services.check_prices, job, by=make.someone("finance"), prices={line.pk: 6801}, reasons={line.pk: "涨价"}
    ) == ["核定金额 9,081.00 元超过批准金额 9,080.00 元；请核减，多做的部分要另办审批。"]
    assert fresh(job).state == "pricing" and fresh(line).checked_price is None


def test_the_contractor_objects_and_it_is_settled_in_words():
    job = make.outside_job("settling", prices={"旧泵拆除外运": (0, "旧泵入库，不付")})
    clerk, finance = make.someone("clerk"), make.someone("finance")

    assert rules.FLOW.blockers(job, "settle", finance) == [
        "施工单位还没有确认核定金额；请登记确认日期和姓名，有分歧的写明处理意见。", "还没有登记发票。", "还有 8,056.00 元没有付（质保金除外）。",
    ]  # fmt: skip
    job = services.contest(job, by=clerk, words="拆除费应付一半")
    assert (job.state, job.checked_by, job.checked_amount, job.retention_amount) == ("pricing", None, None, D(0))
    line = job.lines.get(item="旧泵拆除外运")
    job = services.check_prices(job, by=finance, prices={line.pk: 300}, reasons={line.pk: "双方各半"})
    job = services.decide_words(job, by=clerk, words="拆除费按一半付，双方电话确认")
    wrong = services.add_invoice(job, by=clerk, number="1001", amount=9080, on=clock.today())
    assert (
        refused(services.settle, job, by=finance)[0]
        == "发票合计 9,080.00 元，核定金额 8,780.00 元，两者不符；请退回核价或更换发票。"
    )
    from finance.services import void_invoice

    void_invoice(wrong, by=finance, reason="金额不符")
    invoice = services.add_invoice(job, by=clerk, number="1002", amount=8780, on=clock.today())
    assert refused(services.pay, job, by=finance, amount=8780, on=clock.today(), invoice=invoice)[0].startswith("FY")
    services.pay(job, by=finance, amount=8341, on=clock.today(), invoice=invoice)

    job = services.settle(fresh(job), by=finance)

    assert (job.state, job.decision_words, rules.paid_so_far(job), job.retention_left) == (
        "settled", "拆除费按一半付，双方电话确认", D(8341), D(439),
    )  # fmt: skip


def test_the_same_invoice_twice_is_refused():
    job = make.outside_job("settling")
    services.add_invoice(job, by=make.someone("clerk"), number="1001", amount=100, on=clock.today())

    assert (
        "1001 已经登记过"
        in refused(services.add_invoice, job, by=make.someone("clerk"), number="1001", amount=100, on=clock.today())[0]
    )
    assert job.invoices.count() == 1


def test_retention_is_paid_when_it_is_due():
    job, finance = make.outside_job("settled"), make.someone("finance")
    assert list(OutsideJob.objects.retention_open()) == [job]
    assert refused(services.pay_retention, job, by=finance, on=clock.today()) == ["质保金到2028年11月22日才应付。"]

    with clock.at(clock.moment(2028, 11, 23, 9, 0)):
        paid = services.pay_retention(job, by=finance, on=clock.today())

    job = fresh(job)
    assert (paid.kind, paid.amount, job.retention_left, rules.paid_so_far(job)) == ("retention", D(454), D(0), D(9080))
    assert not OutsideJob.objects.retention_open().exists()
    assert refused(services.pay_retention, job, by=finance, on=clock.today()) == ["没有未结的质保金。"]


def test_or_forfeited_in_part():
    job, director = make.outside_job("settled"), make.director()

    assert refused(services.forfeit, job, by=make.someone("clerk"), words="不来修") == ["这一步由后勤主任决定。"]
    job = services.forfeit(job, by=director, words="保修期内不来修", amount=200)

    assert (job.retention_left, job.retention_forfeited, job.forfeit_words) == (D(254), D(200), "保修期内不来修")
    with clock.at(clock.moment(2028, 11, 23, 9, 0)):
        services.pay_retention(job, by=make.someone("finance"), on=clock.today())
    assert rules.paid_so_far(job) == D(8880)
    assert fresh(job).retention_left == 0


def test_a_closed_month_takes_no_payment():
    from finance.services import close_month

    with clock.at(clock.moment(2026, 10, 12, 9, 0)):
        job = make.outside_job("working")
    finance = make.someone("finance")
    close_month(dt.date(2026, 10, 1), by=finance)
    facts = {"by": finance, "amount": 100, "kind": "progress"}

    assert refused(services.pay, job, on=dt.date(2026, 10, 30), **facts) == [
        "2026年10月已经结账，不能再记账。请记在没有结账的月份，并在说明里写明是哪一笔；确需改动时由校长反结账。"
    ]
    assert (Payment.objects.count(), fresh(job).version) == (0, job.version)
    assert services.pay(job, on=dt.date(2026, 11, 2), **facts).amount == D(100)


def test_a_changed_band_acts_on_later_requests_only():
    from finance.models import Band

    job = make.outside_job("approving")
    Band.objects.filter(from_amount=5000).update(approver="viceprincipal")

    assert refused(services.approve, job, by=make.viceprincipal())[0].endswith("由校长审批，您没有这项权限。")
    assert services.approve(job, by=make.someone("principal")).state == "working"


def test_a_wrong_entry_is_taken_back_after_the_settlement_and_paid_again():
    """Nothing is stuck: what the correction took out of the books may be booked once more, and not a cent above."""
    from finance.services import correct

    job, finance = make.outside_job("settled"), make.someone("finance")
    invoice = job.invoices.get().invoice
    facts = {"by": finance, "on": clock.today(), "invoice": invoice}
    assert refused(services.pay, job, amount=1, **facts) == ["已经结清，没有要再付的款；质保金到期后另付。"]

    correct(Payment.objects.get(), on=clock.today(), by=finance, words="账号写错")
    assert list(audit()) == [f"外修单 {job.number}：已结算，已付 0.00，应付 8626.00。"]
    assert "最多还能付 8,626.00 元" in refused(services.pay, job, amount=8627, **facts)[0]
    services.pay(job, amount=8626, **facts)

    assert list(audit()) == []
    assert refused(services.pay, fresh(job), amount=1, **facts) == ["已经结清，没有要再付的款；质保金到期后另付。"]


def test_a_retention_that_was_booked_wrongly_is_paid_again():
    from finance.services import correct

    job, finance = make.outside_job("settled"), make.someone("finance")
    with clock.at(clock.moment(2028, 11, 23, 9, 0)):
        wrong = services.pay_retention(job, by=finance, on=clock.today())
        correct(wrong, on=clock.today(), by=finance, words="账号写错")
        invoice = job.invoices.get().invoice
        services.pay(fresh(job), by=finance, amount=454, on=clock.today(), invoice=invoice)

    assert (rules.paid_so_far(job), fresh(job).retention_left, list(audit())) == (D(9080), D(0), [])


def test_money_given_back_after_the_settlement_is_not_paid_out_again():
    job, finance = make.outside_job("settled"), make.someone("finance")

    with clock.at(clock.moment(2026, 11, 24, 9, 0)):
        services.refund(job, by=finance, amount=100, on=clock.today(), words="质量扣款")
        reasons = refused(
            services.pay, fresh(job), by=finance, amount=100, on=clock.today(), invoice=job.invoices.get().invoice
        )

    assert reasons == ["已经结清，没有要再付的款；质保金到期后另付。"]
    assert (rules.paid_so_far(job), list(audit())) == (D(8526), [])
