"""Outside jobs that stand open on the demo's day: one in each state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from config.demo.road import Days, Desk, Road, accepted, class_room, ticket
from repairs.outside import services as outside


def proposed_now(d: Desk) -> Days:
    Road(d, "室外消火栓井盖更换", "校园主路", "要消防单位出具检测", (("球墨铸铁井盖", "套", 5, (0,)),), "antai")
    return
    yield


def quoting_now(d: Desk) -> Days:
    """Two quotes of three so far; a ticket waits for it."""
    fault = ticket(d, class_room(d), "地面破损", "banzhuren", "后门口地砖空了三块，走路会绊")
    yield 1
    fault = accepted(d, fault)
    rows = (("地砖铲除重铺", "平方米", 86, (78, 82)), ("踢脚修补", "米", 30, (22, 20)))
    job = Road(
        d,
        "教室地砖空鼓重铺",
        fault.place.full_name,
        "面积大，要周末两天做完",
        rows,
        "chengnan dingsheng",
        tickets=[fault],
        promised_on=d.world.today + dt.timedelta(days=20),
    )
    yield from job.quotes()


def approving_now(d: Desk) -> Days:
    """Waits for the principal, with minutes."""
    rows = (("外墙真石漆", "平方米", 260, (92, 96, 99)), ("脚手架", "项", 1, (4200, 4500, 4600)))
    job = Road(
        d,
        "南立面外墙翻新",
        "至善楼 南立面",
        "高处作业",
        rows,
        "chengnan dingsheng hengda",
        code="31006",
        promised_on=Road.ahead(90),
    )
    yield 10
    yield from job.quotes()
    job.submit(promised_on=job.ahead(60))


def small_approving(d: Desk) -> Days:
    """Waits for the vice-principal."""
    job = Road(
        d,
        "洗消间下水改造",
        "食堂 1层 洗消间",
        "要切地面",
        (("地沟改造", "米", 14, (165, 170)),),
        "sanyou jiejing",
        book="canteen",
        promised_on=Road.ahead(60),
    )
    yield 15
    yield from job.quotes()
    job.submit(promised_on=job.ahead(30))


def extra_waiting(d: Desk) -> Days:
    """The extra work of a running job waits."""
    rows = (("屋面落水管更换", "米", 48, (56, 60)),)
    job = Road(d, "落水管更换", "实验楼", "登高作业", rows, "sanyou chengnan", promised_on=Road.ahead(80))
    yield from job.quotes()
    job.submit(promised_on=job.ahead(60))
    yield 2
    job.approve()
    yield 14
    lines = [{"item": "墙面渗水处粉刷", "unit": "平方米", "quantity": 18, "unit_price": 32}]
    job.job = outside.extra(job.job, by=job.by, words="拆管后发现墙面渗水发霉", lines=lines)


def working_now(d: Desk) -> Days:
    """Under way, an advance is paid, a ticket waits for it."""
    room = next(p for p in d.world.rooms("dormitory", "盥洗室") if p.full_name.startswith("5号楼"))
    fault = ticket(d, room, "水龙头漏水", "warden", "一排龙头都滴水，阀门锈死")
    yield 1
    fault = accepted(d, fault)
    rows = (("感应龙头", "个", 24, (118, 125)), ("角阀更换", "个", 24, (35, 32)))
    job = Road(
        d,
        "盥洗室龙头整体更换",
        room.full_name,
        "要停水整体施工",
        rows,
        "sanyou hengda",
        tickets=[fault],
        promised_on=d.world.today + dt.timedelta(days=20),
    )
    yield from job.quotes()
    job.submit(promised_on=d.world.today + dt.timedelta(days=14))
    yield 1
    job.approve()
    yield 2
    job.pay(1000, "prepay")


def checking_now(d: Desk) -> Days:
    """One has signed, the second is awaited."""
    rows = (("防火门闭门器", "个", 16, (85, 92)),)
    job = Road(
        d, "防火门闭门器更换", "3号楼", "要消防认证件", rows, "antai hengda", months=24, promised_on=Road.ahead(60)
    )
    yield 8
    yield from job.to_work(promised_on=job.ahead(60))
    yield 8
    job.done()
    yield 1
    job.record(words="逐扇试过，能自动关上")


def undecided_now(d: Desk) -> Days:
    """Failed twice: the director is to say how it goes on."""
    rows = (("塑胶面层修补", "平方米", 40, (95, 99)),)
    job = Road(d, "篮球场地面修补", "篮球场", "没有材料和设备", rows, "hongtu chengnan", promised_on=Road.ahead(80),
               signers=(d.people["repairer2"], d.people["assetkeeper"]))  # fmt: skip
    yield 10
    yield from job.to_work(promised_on=job.ahead(60))
    for words in ("接缝处高出地面", "接缝还有两处不平"):
        yield 6
        job.done()
        yield 1
        job.accept(words=words, passed=False)


def pricing_now(d: Desk) -> Days:
    """Accepted, finance is to check the lines; fewer were done than quoted."""
    rows = (("防盗窗拆除", "扇", 12, (60, 65)), ("隐形防护网", "平方米", 36, (75, 78)))
    job = Road(
        d, "宿舍防盗窗改造", "5号楼", "要满足逃生要求，定制安装", rows, "chengnan hengda", promised_on=Road.ahead(60)
    )
    yield 8
    yield from job.to_work(promised_on=job.ahead(60))
    yield from job.to_accepted(counted={"隐形防护网": 34.5}, words="有一扇尺寸小，少 1.5 平方米")


def settling_now(d: Desk) -> Days:
    """Agreed and invoiced, a part is paid."""
    rows = (("分体空调移机", "台", 6, (260, 280)), ("铜管加长", "米", 30, (65, 68)))
    job = Road(d, "教师办公室空调移机", "明德楼", "要制冷工证", rows, "chengxin hengda", promised_on=Road.ahead(60))
    yield 8
    yield from job.to_work(promised_on=job.ahead(60))
    yield from job.to_accepted()
    yield 2
    job.check({"铜管加长": (60, "市场价 58 至 62 元")})
    yield 3
    job.agree()
    invoice = job.invoice()
    yield 2
    job.pay(1500, "progress", invoice)


def contested_now(d: Desk) -> Days:
    """Checked; the firm has not said yes."""
    rows = (("电动伸缩门轨道更换", "米", 14, (130, 145)), ("机头检修", "台", 1, (650, 600)))
    job = Road(
        d,
        "北门伸缩门检修",
        "北门",
        "厂家配件",
        rows,
        "hengda xunjie",
        promised_on=Road.ahead(60),
        signers=(d.people["repairer2"], d.people["assetkeeper"]),
    )
    yield 8
    yield from job.to_work(promised_on=job.ahead(60))
    yield from job.to_accepted()
    yield 3
    job.check({"机头检修": (450, "没有换电机，只换行程开关")})


def emergency_now(d: Desk) -> Days:
    """Begun on the director's word, not approved yet."""
    job = Road(d, "冷库压缩机抢修", "食堂 1层 冷库", "压缩机停机，食材要坏", (), "", promised_on=Road.ahead(6))
    yield 1
    outside.emergency(
        job.job, by=d.people["director"], reason="冷库温度升到 4 度，等不到审批", party=d.firms["chengxin"], amount=Decimal(3800),
        promised_on=job.ahead(10), budget_line=d.line(book="canteen"),
    )  # fmt: skip


def cancelled(d: Desk) -> Days:
    """Given up while quotes were asked for."""
    job = Road(d, "传达室吊顶更换", "南门传达室", "没有材料", (("矿棉板吊顶", "平方米", 14, (68,)),), "chengnan")
    yield 1
    job.ask()
    yield 3
    outside.cancel(job.job, by=d.people["clerk"], reason="维修组领到材料，改为自修")
