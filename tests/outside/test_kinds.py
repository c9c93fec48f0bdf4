"""Service jobs with their monthly tasks, summer works with hidden work, accounts and leftover defects; who sees a job."""

import datetime as dt
from decimal import Decimal

import pytest

from core import clock, files
from core.workflow import RuleBroken
from repairs.models import OutsideJob
from repairs.outside import rules, services
from tests import make

pytestmark = pytest.mark.django_db

D = Decimal
GREEN = [("绿化养护", "月", 3, (1500, 1600, 1700))]
WORKS = [("外墙面砖修补", "m2", 1000, (380, 390, 400)), ("防水", "m2", 100, (200, 210, 220))]


def refused(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as found:
        call(*args, **kwargs)
    return found.value.reasons


def test_a_service_job_is_accepted_month_by_month():
    job = make.outside_job("working", kind="service", tickets=[], lines=GREEN, title="绿化养护", place=make.place())
    clerk, warden, finance = make.someone("clerk"), make.someone("warden"), make.someone("finance")
    tasks = services.add_tasks(job, by=clerk, month=dt.date(2026, 11, 9), tasks=["修剪", " ", "除草"])
    assert [(task.month, task.words) for task in tasks] == [
        (dt.date(2026, 11, 1), "修剪"),
        (dt.date(2026, 11, 1), "除草"),
    ]

    assert refused(services.pay, job, by=finance, amount=1500, on=clock.today(), kind="progress") == [
        "到这个月为止还有服务事项没有验收，先验收再付。"
    ]
    assert refused(services.done, job, by=clerk) == ["还有 2 项服务没有验收，先逐月验收。"]
    assert refused(services.accept_task, tasks[0], by=warden) == ["这项还没有登记完成，或已经验收过。"]
    for task in tasks:
        services.task_done(task, by=clerk)
    assert refused(services.accept_task, tasks[0], by=clerk) == ["您已经经办了这张单，不能再验收；请换一个人。"]
    done = [services.accept_task(task, by=warden) for task in tasks]

    assert [task.accepted_by for task in done] == [warden, warden]
    services.pay(OutsideJob.objects.get(), by=finance, amount=1500, on=clock.today(), kind="progress")
    job = make.accepted(services.done(OutsideJob.objects.get(), by=clerk), second=make.someone("repairer"))
    assert (job.state, rules.payable(job)) == ("pricing", D("2775.00"))


def test_tasks_are_for_service_jobs():
    job = make.outside_job()

    assert refused(services.add_tasks, job, by=make.someone("clerk"), month=clock.today(), tasks=["修剪"]) == [
        "只有服务类外修才有每月事项。"
    ]


def works(state, **over):
    facts = {"kind": "works", "tickets": [], "lines": WORKS, "title": "暑假外墙工程", "hidden_work": True} | over
    return make.outside_job(state, **facts)


def test_summer_works_from_hidden_work_to_retention():
    job = works("working")
    clerk, finance, warden = make.someone("clerk"), make.someone("finance"), make.someone("warden")
    assert job.approved_amount == D(400000) and job.expense.minutes_number
    services.pay(job, by=finance, amount=120000, on=clock.today(), kind="progress")

    assert refused(services.done, job, by=clerk, photos=[make.photo(40, 30)]) == [
        "有隐蔽工程，要有覆盖前的照片；没有照片的部分应开挖复查。"
    ]
    services.add_photos(job, by=clerk, photos=[make.photo(40, 30)], role="hidden")
    job = services.done(OutsideJob.objects.get(), by=clerk, photos=[make.photo(40, 30)])
    assert files.photos(job, "hidden").count() == 1
    assert refused(services.add_photos, job, by=clerk, photos=[make.photo(40, 30)], role="hidden") == [
        "隐蔽工程的照片要在施工中、覆盖前拍。"
    ]
    job = services.record(job, by=warden)
    services.sign(job, by=make.director())
    defect = services.leave_defect(job, by=warden, words="窗台滴水线缺 2 处", due_on=dt.date(2026, 12, 10))
    job = services.cosign(OutsideJob.objects.get(), by=make.someone("repairer"))
    assert [sign.user.name for sign in job.signs.all()] == ["林老师", "陈主任", "王师傅"]

    line = job.lines.first()
    assert refused(services.check_prices, job, by=finance, prices={}) == ["工程要填送审价。"]
    assert refused(services.check_prices, job, by=finance, prices={}, submitted_amount=390000) == [
        "审定价 400,000.00 元高于送审价 390,000.00 元，请改正。"
    ]
    job = services.check_prices(
        job, by=finance, prices={line.pk: 370}, reasons={line.pk: "按审定单价"}, submitted_amount=400000
    )
    assert (job.submitted_amount, job.audited_amount, job.saved_amount, job.retention_amount) == (
        D(400000), D(390000), D(10000), D(19500),
    )  # fmt: skip
    job = services.agree(job, by=clerk, on=clock.today(), name="孙经理", scan=make.photo(40, 30))
    invoice = services.add_invoice(job, by=clerk, number="88", amount=390000, on=clock.today())
    assert refused(services.pay, job, by=finance, amount=D("250500.01"), on=clock.today(), invoice=invoice) != []
    services.pay(job, by=finance, amount=250500, on=clock.today(), invoice=invoice)
    job = services.settle(OutsideJob.objects.get(), by=finance)

    with clock.at(clock.moment(2028, 12, 1, 9, 0)):
        assert refused(services.pay_retention, job, by=finance, on=clock.today()) == [
            "还有 1 项遗留问题没有整改，先整改再付质保金。"
        ]
        assert refused(services.mend_defect, defect, by=clerk) == ["您已经经办了这张单，不能再验收；请换一个人。"]
        services.mend_defect(defect, by=warden)
        services.pay_retention(OutsideJob.objects.get(), by=finance, on=clock.today())
    assert rules.paid_so_far(job) == D(390000)


def test_the_contract_is_the_contractors():
    job = works("working")
    other = make.contract(party=make.contractor("三友水暖"))
    right = make.contract(party=job.party)

    assert refused(services.set_contract, job, by=make.someone("clerk"), contract=other) == [
        "合同是与三友水暖签的，不是恒达机电。"
    ]
    assert services.set_contract(job, by=make.someone("clerk"), contract=right).contract == right


@pytest.mark.parametrize("on", [dt.date(2026, 11, 22), dt.date(2026, 11, 24)])
def test_the_day_of_completion(on):
    job = make.outside_job("working")

    assert len(refused(services.done, job, by=make.someone("clerk"), on=on, photos=[make.photo(40, 30)])) == 1


def test_completion_needs_a_photo_of_now():
    job = make.outside_job("working")

    assert refused(services.done, job, by=make.someone("clerk")) == ["完工要有照片，请先上传。"]


def test_who_sees_a_job():
    job = make.outside_job("pricing")
    delegate = make.user("teacher")
    make.delegation(make.someone("principal"), delegate)
    seen = {
        name: OutsideJob.objects.visible_to(person).exists()
        for name, person in {
            "clerk": make.someone("clerk"), "finance": make.someone("finance"), "principal": make.someone("principal"),
            "reporter": make.someone("teacher"), "warden": make.someone("warden"), "delegate": delegate,
            "other_teacher": make.other_teacher(), "steward": make.steward(), "admin": make.admin(),
        }.items()
    }  # fmt: skip

    assert {name for name, sees in seen.items() if sees} == {
        "clerk",
        "finance",
        "principal",
        "reporter",
        "warden",
        "delegate",
    }
    assert job.get_absolute_url() == f"/outside/{job.number}/"


def test_lines_and_facts_are_changed_before_the_approval_only():
    job = make.outside_job("quoting")
    clerk, first = make.someone("clerk"), job.lines.first()

    job = services.edit(
        job, by=clerk, title="换泵", lines=[{"pk": first.pk, "item": first.item, "unit": "台", "quantity": 2}, {"item": "垫片", "quantity": 4}],
    )  # fmt: skip

    assert (job.title, [(line.item, line.quantity) for line in job.lines.all()]) == (
        "换泵",
        [(first.item, D(2)), ("垫片", D(4))],
    )
    assert services.standing_quotes(job) == []  # the new line has no price yet
    assert refused(services.edit, make.outside_job("approving"), by=clerk, title="x") == ["现在是“待审批”，不能修改。"]
    assert refused(services.edit, job, by=clerk, state="settled") == ["有不认识的内容，请重新填写。"]


def test_an_emergency_is_billed_while_it_runs():
    job = services.emergency(
        make.outside_job(lines=[]), by=make.director(), reason="水漫", party=make.contractor(), amount=3000
    )
    line = job.lines.get()

    job = services.bill(
        job, by=make.someone("clerk"),
        lines=[{"pk": line.pk, "item": "抽水", "unit": "台班", "quantity": 2, "unit_price": 500}, {"item": "水泵", "quantity": 1, "unit_price": 1800}],
    )  # fmt: skip

    assert job.quoted_amount == D(2800)
    assert refused(services.bill, make.outside_job("working", tickets=[]), by=make.someone("clerk"), lines=[]) == [
        "只有紧急先行的单可以施工中补列项目；其他的请办增项。"
    ]


def test_a_job_split_under_a_band_is_named_not_refused():
    from finance.services import split_suspects

    lines = [("配电箱", "个", 1, (4900, 5000, 5100))]
    jobs = [make.outside_job("approving", lines=lines, firms=2) for _ in range(2)]

    assert [job.expense.approver_role for job in jobs] == ["viceprincipal", "viceprincipal"]
    assert len(split_suspects()) == 1
