"""Outside jobs that are over: the usual road and every way back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from campus.models import Delegation
from config.demo.road import Days, Desk, Road, accepted, class_room, ticket
from core import clock
from finance import services
from finance.models import Contract
from repairs.outside import services as outside
from repairs.outside.models import OutsideJob


def pump(d: Desk) -> Days:
    """One line cut, one refused, one raised; a year later the retention is due."""
    rows = (("立式离心泵 5.5 kW", "台", 1, (6800, 7200, 7050)), ("闸阀 DN80", "个", 4, (420, 390, 450)), ("软接头 DN80", "个", 2, (90, 120, 95)),
            ("旧泵拆除外运", "项", 1, (600, 750, 800)))  # fmt: skip
    job = Road(d, "更换供水泵及阀门", "水泵房", "电机烧毁，没有备件，需带压作业", rows, "hengda sanyou chengnan")
    yield from job.to_work()
    yield from job.to_accepted(words="试运行两小时，压力正常")
    yield from job.to_settled({
        "闸阀 DN80": (360, "市场价 355 至 365 元"), "旧泵拆除外运": (0, "旧泵由学校自行入库，没有外运"), "软接头 DN80": (110, "按样品改用不锈钢件，已核实"),
    })  # fmt: skip


def facade(d: Desk) -> Days:
    """代 approval, a firm that does not come, extra work behind the wall, a failed first acceptance."""
    rows = (("外墙瓷砖铲除", "平方米", 46, (35, 38, 40)), ("界面处理和粉刷", "平方米", 46, (88, 92, 95)), ("外墙涂料两遍", "平方米", 46, (42, 45, 44)),
            ("脚手架", "项", 1, (2600, 2800, 3000)))  # fmt: skip
    job = Road(d, "北立面瓷砖脱落修补", "明德楼", "高处作业，学校没有资质和脚手架", rows, "jiejing chengnan dingsheng", months=12,
               signers=(d.keeper(d.world.place("明德楼")), d.people["director"]), fault="墙面/瓷砖脱落")  # fmt: skip
    yield from job.quotes()
    job.submit(promised_on=job.ahead(6))
    principal, today = d.people["principal"], clock.today()
    Delegation.objects.create(
        absent=principal,
        delegate=d.people["viceprincipal"],
        starts_on=today,
        ends_on=today + dt.timedelta(days=4),
        basis="校长外出学习，校发通知",
    )
    yield 1
    job.approve(by="viceprincipal", words="校长外出，代为审批，同意")
    yield 9
    job.job = outside.fail(job.job, by=d.people["clerk"], words="约定进场两次都没有来，电话不接")
    yield 1
    job.submit(single_source="首选单位违约，其余两家中取低价")
    yield 6
    job.approve()
    yield 4
    lines = [{"item": "空鼓砂浆层凿除重做", "unit": "平方米", "quantity": 12, "unit_price": 96}]
    job.job = outside.extra(job.job, by=job.by, words="铲砖后发现砂浆层空鼓，不处理会再脱落", lines=lines)
    yield 2
    job.approve(words="同意增项")
    yield 6
    job.done()
    yield 1
    job.accept(words="窗台下口还有两处空鼓", passed=False)
    yield 4
    job.done("两处空鼓已重做")
    yield 1
    job.accept(words="敲击检查没有空鼓，颜色一致")
    yield 2
    job.check({"外墙涂料两遍": (40, "信息价 38 至 41 元"), "脚手架": (2500, "按实际搭设 6 天核定")})
    yield 3
    job.job = outside.contest(job.job, by=d.people["clerk"], words="单位提出脚手架因返工多搭一周")
    yield 2
    job.check({"外墙涂料两遍": (40, "信息价 38 至 41 元"), "脚手架": (2500, "返工是单位自身原因，不另计")})
    yield 1
    job.job = outside.decide_words(
        job.job, by=d.people["clerk"], words="三方当面核对：返工多搭的脚手架由单位承担，其余按核定价，单位无其他异议"
    )
    yield 3
    invoice = job.invoice()
    yield 2
    job.rest(invoice)


def small(d: Desk) -> Days:
    """Below 1,000 yuan: one quote, the director."""
    job = Road(
        d,
        "会议室空调加氟检修",
        "行政楼 2层 203 会议室",
        "加氟要专用设备",
        (("检漏、加氟 R410A", "台", 2, (380,)),),
        "chengxin",
        rate=0,
        months=3,
    )
    yield from job.to_work()
    yield from job.to_accepted()
    yield from job.to_settled()


def hot_water(d: Desk) -> Days:
    """Settled, the retention paid when the warranty was over."""
    rows = (("热水循环泵检修", "台", 2, (850, 900)), ("更换止回阀", "个", 4, (160, 150)))
    job = Road(d, "热水系统秋季检修", "5号楼", "没有热水系统检修资质", rows, "sanyou hengda", months=6)
    yield from job.to_work()
    yield from job.to_accepted(words="六楼水温 52 度，正常")
    yield from job.to_settled({"热水循环泵检修": (820, "其中一台不用换轴承")})
    services.mark(
        job.job.party,
        "praise",
        by=d.people["clerk"],
        words="主动加装了排气阀，没有另收费",
        url=job.job.get_absolute_url(),
    )
    yield 190
    outside.pay_retention(job.fresh(), by=d.people["finance"], on=clock.today(), voucher="记-质保")


def exhaust(d: Desk) -> Days:
    """The canteen's own book."""
    rows = (("排烟罩及管道清洗", "米", 42, (48, 45)), ("风机拆洗", "台", 2, (260, 300)))
    job = Road(
        d, "食堂排烟管道清洗", "食堂", "高温油垢，要专业清洗", rows, "jiejing hengda", book="canteen", rate=0, months=0
    )
    yield from job.to_work()
    yield from job.to_accepted(counted={"排烟罩及管道清洗": 40})
    yield from job.to_settled(whys={"排烟罩及管道清洗": "现场量得 40 米"})


def fume_hood(d: Desk) -> Days:
    """The contractor did not mend under the warranty: a part of the retention is kept."""
    rows = (("通风柜风机更换", "台", 4, (1650, 1720, 1800)), ("风管密封", "处", 8, (80, 75, 90)))
    job = Road(
        d, "化学实验室通风柜检修", "实验楼 2层", "涉及有害气体，要有资质的单位", rows, "hengda xunjie sanyou", months=6
    )
    yield from job.to_work()
    yield from job.to_accepted()
    yield from job.to_settled()
    yield 150
    outside.forfeit(
        job.fresh(), by=d.people["director"], words="质保期内两次通知不来，另请人修理花去 200 元", amount=200
    )
    yield 60
    outside.pay_retention(job.fresh(), by=d.people["finance"], on=clock.today())


def fire_panel(d: Desk) -> Days:
    """Single source, with the reason; the wrong invoice is void, a payment booked wrongly is corrected."""
    job = Road(
        d,
        "消防主机回路板更换",
        "行政楼 4层 403 监控室",
        "原厂协议，其他单位不能调试",
        (("回路板及调试", "块", 2, (1250,)),),
        "antai",
    )
    yield from job.quotes()
    job.submit(single_source="原厂通信协议不开放，只有维保单位能调试")
    yield 1
    job.approve()
    yield from job.to_accepted(words="模拟火警试验正常")
    yield 2
    job.check()
    yield 1
    job.agree()
    wrong = job.invoice(2400)
    yield 1
    services.void_invoice(wrong, by=d.people["finance"], reason="金额开错，退回重开")
    yield 2
    invoice = job.invoice()
    paid = job.pay(1000, "final", invoice)
    yield 1
    services.correct(paid, on=clock.today(), by=d.people["finance"], words="付到了旧账户，银行退回，冲正重付")
    yield 1
    job.rest(invoice)


def roof(d: Desk) -> Days:
    """Refused, asked for anew, approved."""
    rows = (("SBS 防水卷材", "平方米", 120, (62, 58, 65)), ("落水口处理", "处", 6, (120, 130, 110)))
    job = Road(d, "屋面防水翻修", "至善楼", "屋面渗漏面积大，要热熔施工", rows, "dingsheng chengnan sanyou", months=24)
    yield from job.quotes()
    job.submit(firm="dingsheng", choice_words="防水专业资质高，报价只高 480 元")
    yield 2
    job.job = outside.refuse(job.job, by=job.approver(), words="防水材料请统一品牌再比一次价")
    yield 4
    job.rows = [("SBS 防水卷材", "平方米", 120, (56, 58, 65)), ("落水口处理", "处", 6, (120, 130, 110))]
    job.quote(0)
    yield 1
    job.submit()
    yield 1
    job.approve()
    yield from job.to_accepted(words="蓄水试验 24 小时不漏")
    yield from job.to_settled({"落水口处理": (100, "现场有两处原有落水口可用，均摊核减")})


def track(d: Desk) -> Days:
    """Refused, and given up."""
    rows = (("跑道面层修补", "平方米", 85, (150, 165, 170)), ("划线", "项", 1, (1200, 1000, 1500)))
    job = Road(d, "跑道面层局部修补", "操场", "没有摊铺设备", rows, "hongtu chengnan hengda")
    yield from job.quotes()
    job.submit()
    yield 2
    job.job = outside.refuse(job.job, by=job.approver(), words="暑假有跑道整体翻新计划，不做局部修补")
    yield 2
    job.job = outside.cancel(job.job, by=d.people["clerk"], reason="并入暑假跑道翻新，不再单独做")


def shed(d: Desk) -> Days:
    """Finance doubts the quantities; two people look again."""
    rows = (("LED 防水灯", "盏", 18, (78, 82)), ("电缆敷设", "米", 130, (14, 13)))
    job = Road(
        d,
        "车棚照明改造",
        "车棚",
        "登高布线，工期紧",
        rows,
        "chengxin hengda",
        signers=(d.people["repairer2"], d.people["assetkeeper"]),
    )
    yield from job.to_work()
    yield from job.to_accepted()
    yield 2
    job.job = outside.dispute(job.job, by=d.people["finance"], words="电缆长度与车棚尺寸对不上，请再量一次")
    yield 2
    job.accept(counted={"电缆敷设": 112}, words="重新测量，电缆实为 112 米")
    yield from job.to_settled(whys={"电缆敷设": "复量 112 米"})


def cameras(d: Desk) -> Days:
    """The contractor objects twice; settled in words."""
    rows = (("网络摄像机更换", "台", 8, (460, 480)), ("交换机", "台", 1, (680, 650)))
    job = Road(d, "校门监控更换", "南门", "接入公安平台，要备案单位施工", rows, "xunjie chengxin",
               signers=(d.people["repairer"], d.people["assetkeeper"]), months=24)  # fmt: skip
    yield from job.to_work()
    yield from job.to_accepted(words="画面清楚，录像保存 30 天")
    yield 2
    job.check({"网络摄像机更换": (420, "同型号网上公开价 420 元")})
    yield 2
    job.job = outside.contest(job.job, by=d.people["clerk"], words="单位说公开价不含支架和调试")
    yield 2
    job.check({"网络摄像机更换": (440, "另计支架 20 元，调试含在单价里")})
    yield 1
    job.job = outside.decide_words(job.job, by=d.people["clerk"], words="按 440 元一台结算，单位保留意见，同意先付款")
    yield 3
    invoice = job.invoice()
    yield 1
    job.rest(invoice)


def road_surface(d: Desk) -> Days:
    """Failed twice; the director accepts a part, with a deduction."""
    rows = (("路面切割破碎", "平方米", 60, (45, 48, 50)), ("混凝土浇筑 C30", "平方米", 60, (118, 120, 125)))
    job = Road(d, "校园主路破损修补", "校园主路", "要切割机和商品混凝土", rows, "chengnan dingsheng hengda")
    yield from job.to_work()
    for words in ("东段两处起砂，伸缩缝没有切", "起砂还有一处没有处理到"):
        yield 5
        job.done()
        yield 1
        job.accept(words=words, passed=False)
    yield 1
    job.job = outside.decide(
        job.job, by=d.people["director"], choice="part", words="不影响通行，开学在即，扣除一处起砂的费用", deduction=620
    )
    yield from job.to_settled()


def hoops(d: Desk) -> Days:
    """Failed twice, the advance came back, another firm did it."""
    rows = (("篮板更换", "块", 6, (520, 560, 600)), ("立柱除锈油漆", "根", 6, (180, 190, 175)))
    job = Road(
        d,
        "篮球架翻新",
        "篮球场",
        "要吊装",
        rows,
        "chengnan hongtu hengda",
        signers=(d.people["repairer2"], d.people["assetkeeper"]),
    )
    yield from job.quotes()
    job.submit()
    yield 1
    job.approve()
    yield 1
    job.pay(800, "prepay")
    for words in ("两块篮板螺栓没有防松，立柱漏刷", "立柱漆面起泡"):
        yield 5
        job.done()
        yield 1
        job.accept(words=words, passed=False)
    yield 1
    outside.refund(
        job.fresh(), by=d.people["finance"], amount=800, on=clock.today(), words="两次返工不合格，退回预付款"
    )
    job.job = outside.decide(job.fresh(), by=d.people["director"], choice="other", words="两次不合格，换专业单位")
    yield 2
    job.submit(firm="hongtu", single_source="原单位不合格，其余两家已有报价", choice_words="体育设施专业单位")
    yield 1
    job.approve()
    yield from job.to_accepted()
    yield from job.to_settled()


def store_door(d: Desk) -> Days:
    """Failed twice; once more, and then it passed."""
    job = Road(d, "器材室卷帘门更换", "操场 体育器材室", "定制卷帘门，要厂家安装", (("电动卷帘门", "樘", 1, (2350, 2480)),), "hengda chengnan",
               signers=(d.people["repairer2"], d.people["assetkeeper"]))  # fmt: skip
    yield from job.to_work()
    for words in ("下到一半卡住", "遥控时灵时不灵"):
        yield 4
        job.done()
        yield 1
        job.accept(words=words, passed=False)
    yield 1
    job.job = outside.decide(
        job.job, by=d.people["director"], choice="again", words="厂家答应换电机，再给一次", promised_on=job.ahead(7)
    )
    yield from job.to_accepted(words="连续开关二十次正常")
    yield from job.to_settled()


def cable(d: Desk) -> Days:
    """Emergency first, approved while the work ran."""
    job = Road(
        d,
        "配电房进线电缆抢修",
        "配电房",
        "全校停电，带电作业要有资质",
        (),
        "",
        signers=(d.people["clerk"], d.people["repairer"]),
    )
    yield 0.1
    job.job = outside.emergency(
        job.job, by=d.people["director"], reason="进线电缆烧断，全校停电，等不到审批", party=d.firms["hengda"], amount=Decimal(6200),
        promised_on=job.ahead(2), warranty_months=12, budget_line=d.line(),
    )  # fmt: skip
    job.by = d.people["director"]
    yield 1
    lines = [{"item": "铜芯电缆 4×70", "unit": "米", "quantity": 30, "unit_price": 146}, {"item": "电缆头制作", "unit": "套", "quantity": 2, "unit_price": 560},
             {"item": "夜间抢修人工", "unit": "项", "quantity": 1, "unit_price": 700}]  # fmt: skip
    job.job = outside.bill(job.job, by=d.people["clerk"], lines=lines)
    yield 1
    job.job = outside.approve_late(job.job, by=d.people["principal"], words="情况属实，补批", **job.minutes())
    yield from job.to_accepted(words="已送电，绝缘测试合格")
    yield from job.to_settled({"夜间抢修人工": (600, "按 4 人 4 小时核定")})


def burst_pipe(d: Desk) -> Days:
    """Emergency first, refused; the principal says what is paid for what was done."""
    job = Road(
        d,
        "室外水管漏水抢修",
        "中心花坛",
        "怀疑主管破裂，没有探漏仪",
        (),
        "",
        signers=(d.people["clerk"], d.people["repairer"]),
    )
    yield 0.1
    job.job = outside.emergency(
        job.job,
        by=d.people["director"],
        reason="花坛冒水，担心主管破裂",
        party=d.firms["jiejing"],
        amount=Decimal(3600),
        promised_on=job.ahead(2),
    )
    yield 2
    job.job = outside.refuse_late(job.job, by=d.people["viceprincipal"], words="是喷淋支管漏水，关阀即可，不属于紧急")
    yield 1
    job.done("已探漏、换支管两米")
    yield 1
    job.accept(words="按实际完成验收")
    yield 1
    job.job = outside.rule(
        job.job,
        by=d.people["principal"],
        amount=Decimal(1500),
        words="单位已进场施工，按实际工作量付，最高 1500 元；今后先关阀再报",
    )
    yield from job.to_settled({"室外水管漏水抢修": (1350, "只做探漏和换管两米")})


def flagpole(d: Desk) -> Days:
    """Recalled to change the quotes, then cancelled before anybody started."""
    job = Road(
        d, "旗杆绳索和滑轮更换", "旗台广场", "要登高车", (("钢丝绳、滑轮更换", "套", 1, (1150, 1280)),), "hongtu hengda"
    )
    yield from job.quotes()
    job.submit()
    yield 0.5
    job.job = outside.recall(job.job, by=d.people["clerk"], words="漏写登高车费用，改报价后再送")
    yield 2
    job.job = outside.cancel(job.job, by=d.people["clerk"], reason="厂家答应免费更换")


def loudspeakers(d: Desk) -> Days:
    """Two years' warranty: what broke again in this term goes back to the same firm."""
    rows = (("吸顶音箱更换", "只", 24, (96, 92)), ("功放检修", "台", 1, (420, 460)))
    job = Road(
        d, "教室广播音箱更换", "明德楼", "线路走顶内，要专业单位", rows, "xunjie chengxin", months=24, fault="广播/音响"
    )
    yield from job.to_work()
    yield from job.to_accepted(words="逐间试听，声音清楚")
    yield from job.to_settled()


def extra_refused(d: Desk) -> Days:
    """Extra work that was not allowed; the rest goes on as approved."""
    rows = (("会议室墙面粉刷", "平方米", 180, (16, 18)),)
    job = Road(d, "会议室墙面粉刷", "行政楼 3层 303 会议室", "学期中人手不够", rows, "chengnan dingsheng", months=12)
    yield from job.to_work()
    yield 2
    lines = [{"item": "木质踢脚线更换", "unit": "米", "quantity": 46, "unit_price": 38}]
    job.job = outside.extra(job.job, by=job.by, words="踢脚线已旧，建议一起换", lines=lines)
    yield 1
    job.job = outside.refuse(job.job, by=job.approver(), words="踢脚线还能用，不换")
    yield from job.to_accepted()
    yield from job.to_settled()


def greening(d: Desk) -> Days:
    """A service with a list of tasks for each month, paid as it goes."""
    rows = (("绿化养护", "月", 12, (1500, 1580, 1650)),)
    job = Road(d, "校园绿化养护", "中心花坛", "没有园艺工和机械", rows, "lvyuan chengnan dingsheng", kind="service", code="30209", rate=0, months=0,
               signers=(d.people["repairer2"], d.people["assetkeeper"]))  # fmt: skip
    yield from job.to_work()
    job.job = outside.set_contract(job.job, by=d.people["clerk"], contract=Contract.objects.get(number="HT-LH-01"))
    while True:
        month = clock.today().replace(day=1)
        tasks = outside.add_tasks(
            job.fresh(), by=d.people["clerk"], month=month, tasks=("草坪修剪两次", "绿篱整形", "病虫害防治一次")
        )
        yield 12
        for task in tasks:
            outside.task_done(task, by=d.people["clerk"])
        yield 2
        for task in tasks:
            outside.accept_task(task, by=d.people["repairer2"])
        yield 2
        job.pay(1500, "progress")
        yield 16


def drains(d: Desk) -> Days:
    """Three tickets on one job: the first acceptance fails for one of them."""
    rooms = [p for p in d.world.rooms("dormitory", "学生宿舍居室") if p.full_name.startswith("3号楼")]
    tickets = [ticket(d, place, "下水/便池堵塞", "warden", "下水慢，一冲就返上来") for place in rooms[1:4]]
    yield 1
    tickets = [accepted(d, one) for one in tickets]
    rows = (("主管道高压疏通", "处", 3, (380, 420)), ("更换存水弯", "个", 3, (65, 60)))
    job = Road(
        d,
        "3号楼下水管疏通改造",
        "3号楼",
        "主管道堵，要高压设备",
        rows,
        "jiejing sanyou",
        tickets=tickets,
        fault="下水/便池堵塞",
    )
    yield from job.to_work()
    yield 5
    job.done()
    yield 1
    job.accept(words="第三间放水还是慢", failed=[tickets[2].pk])
    yield 3
    job.done("第三间存水弯重装")
    yield 1
    job.accept(words="三间都通畅")
    yield from job.to_settled({"更换存水弯": (55, "五金店同款 52 元，另计人工")})


def warranty_return(d: Desk) -> Days:
    """质保返修: the same firm, nothing to pay."""
    place = class_room(d)
    fault = ticket(d, place, "广播/音响", "banzhuren", "广播没有声音，别的教室有")
    yield 1
    fault = accepted(d, fault)
    first = OutsideJob.objects.get(title="教室广播音箱更换")
    job = outside.send_back_under_warranty([fault], by=d.people["clerk"], job=first, promised_on=Road.ahead(5))
    yield 3
    job = outside.done(job, by=d.people["clerk"], words="换音箱一只，没有收费", photos=[d.world.photo])
    yield 1
    job = outside.record(job, by=d.people["banzhuren"], verdicts={fault.pk: "passed"}, words="声音正常")
    outside.cosign(job, by=d.people["repairer2"])
