"""The summer works, claims for damage, and what else came in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from config.demo.road import Days, Desk, Road
from core import clock, log
from finance import claims, services
from finance.models import Contract, Milestone, Payment, Project
from repairs.outside import services as outside


def summer(d: Desk, year: int) -> Days:
    """暑假工程 of 400,000 yuan: project, contract, instalments, a variation, hidden work, audit, retention, defects."""
    rows = (
        ("原门窗拆除外运", "平方米", 420, (38, 42, 45)), ("断桥铝合金窗", "平方米", 420, (560, 575, 590)),
        ("外墙保温及涂料", "平方米", 760, (118, 122, 126)), ("电气线路改造（隐蔽）", "项", 1, (26800, 27500, 29000)),
    )  # fmt: skip
    clerk, finance = d.people["clerk"], d.people["finance"]
    project = Project.objects.create(
        name=f"{year}年暑假实验楼门窗和外墙改造", budget=400000, funding="教育局校舍维修专项", approval_number=f"示教财〔{year}〕18号",
        starts_on=dt.date(year, 7, 6), ends_on=dt.date(year, 8, 25),
    )  # fmt: skip
    dates = (
        ("招标完成", (5, 20)),
        ("合同签订", (6, 5)),
        ("进场", (7, 6)),
        ("隐蔽工程验收", (7, 25)),
        ("完工", (8, 18)),
        ("竣工验收", (8, 24)),
    )
    stones = {
        name: Milestone.objects.create(project=project, name=name, due_on=dt.date(year, *when)) for name, when in dates
    }
    log.write(project, "create", by=clerk, text="登记立项")

    def reached(*names: str) -> None:
        for name in names:
            stones[name].done_on = clock.today()
            stones[name].save(update_fields=["done_on"])

    job = Road(
        d, "实验楼门窗和外墙改造", "实验楼", "建筑施工，要有资质的单位", rows, "works chengnan dingsheng", kind="works", code="31006", months=24,
        rate=3, hidden_work=True, project=project, promised_on=dt.date(year, 8, 20),
        signers=(d.keeper(d.world.place("实验楼")), d.people["repairer"]),
    )  # fmt: skip
    yield 14
    yield from job.quotes()
    job.submit(promised_on=dt.date(year, 8, 20))
    reached("招标完成")
    yield 8
    job.approve(words="校长办公会通过，同意")
    yield 9
    amount = job.job.approved_amount
    contract = Contract.objects.create(
        number=f"HT-GC-{year}", party=job.job.party, title=project.name, amount=amount, signed_on=clock.today(), starts_on=project.starts_on,
        ends_on=project.ends_on,
    )  # fmt: skip
    project.contract = contract
    project.save()
    log.write(contract, "create", by=clerk, text="登记合同")
    job.job = outside.set_contract(job.job, by=clerk, contract=contract, project=project)
    reached("合同签订")
    yield (dt.date(year, 7, 6) - clock.today()).days
    reached("进场")
    job.pay(110000, "prepay")
    yield 17
    job.job = outside.add_photos(job.fresh(), by=clerk, photos=[d.world.photo] * 2, role="hidden")
    reached("隐蔽工程验收")
    yield 2
    lines = [{"item": "窗台板更换", "unit": "米", "quantity": 140, "unit_price": 95}]
    job.job = outside.extra(job.fresh(), by=clerk, words="拆窗后发现窗台板断裂", lines=lines)
    yield 3
    job.approve(words="同意增项，不超立项预算")
    yield 4
    job.pay(90000, "progress")
    yield 14
    job.done("施工完毕，已清场")
    reached("完工")
    yield 4
    job.record(words="门窗开关灵活，涂料色泽均匀", counted={"外墙保温及涂料": 742})
    job.job = outside.sign(job.fresh(), by=d.people["assetkeeper"], words="资产接收，同意验收")
    job.cosign()
    reached("竣工验收")
    mended = outside.leave_defect(
        job.fresh(), by=d.people["repairer"], words="三层两扇窗密封条脱落", due_on=job.ahead(15)
    )
    outside.leave_defect(job.fresh(), by=d.people["repairer"], words="北侧落水管固定件少两处", due_on=job.ahead(240))
    job.fresh()
    yield 9
    submitted = job.job.approved_amount
    job.check(
        {"原门窗拆除外运": (35, "旧铝料由单位回收，抵扣部分费用")}, submitted=submitted,
        whys={"外墙保温及涂料": "审计现场复量 742 平方米"},
    )  # fmt: skip
    yield 3
    job.agree()
    yield 2
    outside.mend_defect(mended, by=d.people["repairer"])
    invoice = job.invoice()
    yield 4
    paid = Payment.objects.filter(expense__source_number=job.job.number).net()
    job.pay((job.job.checked_amount - job.job.retention_amount - paid) / 2, "progress", invoice)
    yield 6
    job.rest(invoice)
    services.mark(job.job.party, "praise", by=finance, words="开学前完工，资料齐全", url=job.job.get_absolute_url())


def claims_of_last_year(d: Desk) -> Days:
    """Paid in two parts, let go, taken back, given back."""
    keeper, clerk, finance, rows = d.people["assetkeeper"], d.people["clerk"], d.people["finance"], d.world.classes

    def propose(what: str, cost: int, words: str, row: int, person: str, **more: Any) -> Any:
        group = rows[row % len(rows)]
        return claims.propose(
            what=what, cost=Decimal(cost), cost_words=words, by=keeper, class_group=group, person_name=person, place_words=group.room.full_name,
            **more,
        )  # fmt: skip

    paid = propose("课桌一张", 168, "采购价 168 元，发票在资产卡", 1, "学生甲", cost_kind="replace")
    waived = propose("窗玻璃一块", 120, "玻璃店单据 120 元", 2, "学生乙")
    withdrawn = propose("黑板边框", 60, "维修单 60 元", 3, "学生丙")
    refunded = propose("饮水机龙头", 45, "配件单据 45 元", 0, "学生丁")
    yield 2
    paid = claims.judge(paid, by=clerk, words="课间推搡压断桌腿，家长认可", due_on=Road.ahead(14))
    waived = claims.judge(waived, by=clerk, words="打球打碎")
    refunded = claims.judge(refunded, by=clerk, words="掰断")
    yield 1
    claims.withdraw(withdrawn, by=clerk, reason="查看后是自然老化")
    claims.waive(waived, by=d.people["viceprincipal"], reason="家庭经济困难，已作说明")
    yield 3
    claims.receive(paid, amount=Decimal(100), on=clock.today(), by=finance)
    claims.receive(refunded, amount=Decimal(45), on=clock.today(), by=finance)
    yield 7
    paid.refresh_from_db()
    claims.receive(paid, amount=Decimal(68), on=clock.today(), by=finance)
    refunded.refresh_from_db()
    claims.give_back(refunded, on=clock.today(), by=finance, reason="查监控不是本人，退还")


def claims_of_this_term(d: Desk) -> Days:
    """To be judged, with an objection answered, and due."""
    keeper, clerk, rows = d.people["assetkeeper"], d.people["clerk"], d.world.classes
    facts = {"by": keeper, "class_group": rows[0], "place_words": rows[0].room.full_name}
    due = claims.propose(
        what="一体机触控框", cost=Decimal(480), cost_words="厂家维修报价 480 元", person_name="学生戊", **facts
    )
    yield 2
    due = claims.judge(due, by=clerk, words="用硬物敲击，有值日记录", due_on=Road.ahead(60))
    yield 3
    due = claims.object_to(due, by=clerk, words="家长认为使用多年，应当折旧")
    yield 3
    claims.answer(due, by=clerk, words="按已用三年折旧，减为 300 元", amount=Decimal(300))
    yield 20
    claims.propose(what="寝室门锁一把", cost=Decimal(85), cost_words="锁具采购价 85 元", person_name="学生己", **facts)


def other_income(d: Desk) -> Days:
    """What else came in, with its basis."""
    services.income(
        amount=Decimal(860),
        on=clock.today(),
        by=d.people["finance"],
        basis="废旧物资处置审批表",
        words="暑假前清理废旧桌椅，回收站过磅单",
        voucher="收-0012",
    )
    return
    yield
