"""What stands open on the demo's day, told ticket by ticket: the desk, the jobs and each login have something to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assets.models import Holding
from campus import calendar
from campus.models import Place
from config.demo.goods import receive
from core import clock
from repairs import services
from repairs.models import Ticket

if TYPE_CHECKING:
    from config.demo.history import Story

Step = tuple[dt.datetime, Callable[..., Any], dict[str, Any]]
HOT = "热水器/淋浴"
FAN = "吊扇/壁扇不转"


class Scenes:
    """Plans every scene into the story's queue."""

    def __init__(self, story: Story) -> None:
        self.story, self.world = story, story.world
        self.people = story.world.people
        self.day, self.lately = story.day, story.lately
        self.tickets: dict[str, int] = {}

    # ---- tools ---------------------------------------------------------------------------------------------------

    def scene(
        self,
        name: str,
        when: dt.datetime,
        place: Place,
        kind: str,
        said: str,
        *steps: Step,
        by: Any = "teacher",
        **facts: Any,
    ) -> None:
        """A ticket filed at `when`, and what was done with it after that."""
        facts |= {"place": place, "category": self.story.kinds[kind], "words": said}
        facts["by"] = self.people[by] if isinstance(by, str) else by
        self.story.taken.add((place.pk, facts["category"].pk))
        self.story.at(when, self._file, name, facts)
        for moment, service, given in steps:
            self.story.at(moment, self._step, name, service, given)

    def _file(self, name: str, facts: dict[str, Any]) -> None:
        self.tickets[name] = services.open_ticket(**facts)[0].pk

    def ticket(self, name: str) -> Any:
        rows = Ticket.objects.select_related("place", "place__custodian", "category", "lead", "reporter")
        return rows.get(pk=self.tickets[name])

    def _step(self, name: str, service: Callable[..., Any], given: dict[str, Any]) -> None:
        facts = {key: value() if callable(value) else value for key, value in given.items()}
        service(self.ticket(name), **facts)

    def sent(self, when: dt.datetime, lead: Any, *helpers: Any, by: str = "clerk") -> Step:
        """Dispatched."""
        return when, services.dispatch, {"by": self.people[by], "lead": lead, "helpers": list(helpers)}

    def begun(self, when: dt.datetime, lead: Any) -> Step:
        return when, services.start, {"by": lead}

    def held(self, when: dt.datetime, by: Any, key: str, until: dt.date, text: str, **facts: Any) -> Step:
        """On hold."""
        return when, services.hold, {"by": by, "reason": self.story.reasons[key], "until": until, "words": text} | facts

    def ready(
        self, when: dt.datetime, lead: Any, text: str, *, outcome: str = "repaired", parts: Any = (), **facts: Any
    ) -> Step:
        """Finished; `parts` come from the shelves."""
        given = {"by": lead, "outcome": outcome, "words": text, "minutes": 35} | facts
        if parts:
            given["materials"] = lambda: self.story.materials(parts, 1) or []
        return when, services.finish, given

    def guest(self) -> dict[str, Any]:
        """Filed from the label on the door, without login."""
        return self.story._guest()

    def soon(self, days: int) -> dt.date:
        return calendar.add_working_days(self.world.today, days)

    def place(self, name: str) -> Place:
        """The place of this full name; every size of the school has those that are named here."""
        return self.world.place(name)

    def class_room(self, grade: str, number: int) -> Place:
        """The room of a class; where there are fewer classes, of the last one."""
        rows = [row for row in self.world.classes if row.grade == grade]
        room: Any = rows[min(number, len(rows)) - 1].room
        return room

    def plan(self) -> None:
        """All of them."""
        self.fans()
        self.teacher_and_class()
        self.fresh()
        self.dangers()
        self.late()
        self.waiting()
        self.jobs()
        self.to_accept()
        self.under_way()

    # ---- the scenes ----------------------------------------------------------------------------------------------

    def holiday(self) -> dt.date:
        """Some days into the next holiday."""
        ends = [term.ends_on for term in calendar.current().terms if term.ends_on >= self.world.today]
        return min(ends) + dt.timedelta(days=3)

    def fans(self) -> None:
        """Broken in the hot weeks, left for the holiday: fifteen on one ticket, twenty-two room by room."""
        until, king = self.holiday(), self.people["repairer"]
        start = self.world.since + dt.timedelta(days=2)
        big = self.world.profile.dorm_rooms > 100
        text = (
            "已过季，放假集中更换，比零修省钱"
            if self.world.today.month not in range(5, 10)
            else "需整批更换，放假停用时做"
        )
        three = self.place("3号楼")
        when = self._work(start, 0, "09:10")
        self.scene(
            "fans3", when, three, FAN, "全楼排查，吊扇不转或转速很慢的共 15 处" if big else "全楼排查，吊扇不转的共 6 处",
            self.sent(self._work(start, 0, "15:30"), king), self.held(self._work(start, 9, "10:20"), king, "holiday", until, text),
            by=self.world.wardens[three.pk], quantity=15 if big else 6,
        )  # fmt: skip
        five = self.place("5号楼")
        rooms = [room for room in self.world.rooms("dormitory", "学生宿舍居室") if room.building_id == five.pk]
        chosen = rooms[:: max(1, len(rooms) // 22)][: 22 if big else 4]
        for number, room in enumerate(chosen):
            when = self._work(start, 1 + number % 7, f"{8 + number % 9:02d}:{7 * number % 60:02d}")
            facts = self.guest() if number % 5 == 4 else {"by": self.world.wardens[five.pk]}
            self.scene(
                f"fan{number}", when, room, FAN, self.story.rng.choice(self.story.rng.choice(((
                    "吊扇不转，天热睡不着", "吊扇只有嗡嗡声，不转"), ("吊扇转得很慢，开最大也没风", "吊扇晃，不敢开")))),
                (self._work(start, 2 + number % 7, "17:10"), services.accept, {"by": self.people["clerk"]}),
                self.held(self._work(start, 11, "16:40"), self.people["director"], "holiday", until, text), **facts,
            )  # fmt: skip

    def _work(self, start: dt.datetime, days: int, time: str) -> dt.datetime:
        """A time on the so-manieth working day from a day on."""
        date = calendar.add_working_days(start.date() - dt.timedelta(days=1), days + 1)
        hour, minute = map(int, time.split(":"))
        return clock.moment(date.year, date.month, date.day, hour, minute)

    def teacher_and_class(self) -> None:
        """林晓梅 has one to accept, one to answer, one on hold, one done; 许静 has her own room."""
        king, clerk = self.people["repairer"], self.people["clerk"]
        room, own = self.world.dorm("312"), self.class_room("初二", 4)
        self.scene(
            "hot312", self.day(2, "19:02"), room, HOT, "昨晚起两个喷头都只有凉水，热水器面板灯亮但不升温",
            (self.day(2, "19:05"), services.say, {"by": self.people["teacher"], "words": "晚自习后学生要洗澡，麻烦尽快。"}),
            self.sent(self.day(2, "19:20"), king, self.people["repairer2"], by="director"),
            (self.day(2, "21:30"), services.join, {"device": "a312".rjust(64, "0")}),
            (self.day(2, "21:41"), services.join, {"by": self.world.teachers[9]}),
            self.begun(self.day(1, "08:50"), king),
            (self.day(1, "09:10"), services.draw, {"by": king, "item": lambda: self.world.stock["密封圈"].item, "quantity": Decimal(2)}),
            self.held(self.day(1, "09:40"), king, "parts", self.soon(3), "加热管烧断，仓库不够，已申购",
                      item=lambda: self.world.stock["加热管"].item, quantity=Decimal(2), purchase="加热管 2 kW"),
            (self.lately(1.2), services.chase, {"by": self.people["teacher"], "words": "请问今晚能修好吗"}),
            asset=self.story.cards.get((room.pk, "电热水器")), photos=[self.world.photo], detail="卫生间",
        )  # fmt: skip
        self.scene(
            "screen", self.day(1, "10:12"), own, "一体机/投影", "一体机无信号，黑屏，指示灯一直亮",
            (self.day(1, "10:40"), services.ask, {"by": self.people["director"], "words": "指示灯是红色还是蓝色？"}),
            asset=self.story.cards.get((own.pk, "交互一体机")),
        )  # fmt: skip
        water = self.place("行政楼 3层 306 办公室")
        self.scene(
            "water", self.day(2, "11:05"), water, "饮水机故障", "饮水机漏水，地上湿了一片",
            self.sent(self.day(2, "14:20"), king), self.begun(self.day(1, "09:55"), king),
            self.ready(self.day(1, "10:20"), king, "换进水阀 1 个，不再漏水", outcome="replaced", parts=(("饮水机进水阀", 1),)),
        )  # fmt: skip
        self.scene(
            "chairs", self.day(4, "08:25"), own, "椅/凳", "椅子松动 3 把，坐上去往一边歪",
            self.sent(self.day(4, "10:00"), self.carpenter), self.begun(self.day(3, "12:35"), self.carpenter),
            self.ready(self.day(3, "13:20"), self.carpenter, "三把都铆紧了", parts=(("课桌椅铆钉", 12),)),
            (self.day(2, "08:10"), services.accept_work, {"by": self.people["teacher"], "rating": 5, "words": "修得很牢，谢谢师傅"}),
            quantity=3,
        )  # fmt: skip
        self.scene(
            "curtain", self.day(3, "16:20"), own, "窗帘", "靠讲台一幅窗帘掉了一头，一体机反光",
            self.sent(self.day(2, "09:10"), self.carpenter), self.begun(self.day(1, "12:40"), self.carpenter),
            self.ready(self.day(1, "13:15"), self.carpenter, "轨道重新固定，补挂钩 12 个", parts=(("窗帘挂钩", 12),)), by="banzhuren",
        )  # fmt: skip
        self.scene(
            "desks", self.day(1, "15:30"), own, "课桌", "后排两张课桌面板翘起来了", self.sent(self.day(1, "16:10"), self.carpenter),
            by="banzhuren", quantity=2, detail="后排",
        )  # fmt: skip
        self.scene(
            "mouse", self.day(3, "09:20"), self.place("行政楼 2层 204 办公室"), "电脑/打印机", "打印机卡纸，取出来还报错",
            (self.day(3, "10:30"), services.ask, {"by": clerk, "words": "是哪一台，靠窗还是靠门？"}), by="teacher2",
        )  # fmt: skip

    @property
    def carpenter(self) -> Any:
        return self.world.repairers[2]

    @property
    def plumber(self) -> Any:
        return self.world.repairers[3]

    @property
    def electrician(self) -> Any:
        """Machines and networks; a small school has one for all."""
        return self.world.repairers[min(5, len(self.world.repairers) - 1)]

    def fresh(self) -> None:
        """Came in within hours; nobody has looked yet."""
        zhi = self.class_room("初一", 2)
        self.scene("new-hot", self.lately(2.6), self.world.dorm("305"), HOT, "淋浴只出凉水，昨晚开始的", **self.guest())
        self.scene("new-door", self.lately(2.1), self.world.dorm("411", "5号楼"), "门扇/合页", "卫生间门下沉，关不上",
                   by=self.world.wardens[self.place("5号楼").pk])  # fmt: skip
        self.scene(
            "new-desk",
            self.lately(1.8),
            zhi,
            "课桌",
            "第三组四张课桌晃，写字摇",
            by=self.story.home[zhi.pk],
            quantity=4,
        )
        self.scene("new-print", self.lately(1.4), self.place("行政楼 1层 102 财务室"), "电脑/打印机", "打印有黑道子，月底报表要用",
                   by="finance")  # fmt: skip
        self.scene("new-steam", self.lately(1.1), self.place("食堂 1层 洗消间"), "消毒柜/洗碗机", "1号消毒柜不加热，餐具先用备用柜",
                   by="steward", asset=self.story.cards.get((self.place("食堂 1层 洗消间").pk, "消毒柜")))  # fmt: skip
        self.scene(
            "new-touch",
            self.lately(0.7),
            self.class_room("初三", 3),
            "一体机/投影",
            "触摸没反应，只能用鼠标",
            by="teacher2",
        )

    def dangers(self) -> None:
        """Open hazards: two with, one without protection; one that is done and waits to be cleared."""
        wall = self.place("明德楼 北立面")
        self.scene(
            "wall", self.lately(3.2), wall, "墙面/瓷砖脱落", "3–4 层外墙瓷砖脱落，约 2 m²，下面是学生通道",
            (self.lately(3.0), services.mark_seen, {"by": self.people["director"]}),
            (self.lately(2.9), services.protect, {"by": self.people["director"], "protection": "楼下通道已围挡改道"}),
            (self.lately(2.8), services.mark_phoned, {"by": self.people["director"], "said": "已电话通知赵师傅到场"}),
            by="banzhuren", photos=[self.world.photo],
        )  # fmt: skip
        stairs = self.place("5号楼 3层 西楼梯")
        self.scene("rail", self.lately(0.6), stairs, "栏杆/扶手松动", "扶手立杆松了，一推就晃，学生上下都走这里",
                   by=self.world.wardens[self.place("5号楼").pk])  # fmt: skip
        bed = self.world.dorm("207", "5号楼")
        self.scene(
            "bed", self.day(2, "07:50"), bed, "双层床/护栏/爬梯", "2号床上铺护栏松了，学生先睡空床位",
            self.sent(self.day(2, "08:10"), self.carpenter, by="director"), self.begun(self.day(2, "09:30"), self.carpenter),
            self.ready(self.day(2, "10:25"), self.carpenter, "床架螺栓全部换新拧紧", parts=(("床梯螺栓", 8),), photos=[self.world.photo]),
            by=self.world.wardens[self.place("5号楼").pk], protection="已让学生换到空床位", detail="2号床",
        )  # fmt: skip

    def late(self) -> None:
        """Overdue: six of them, one chased twice, one work sent back."""
        king, he = self.people["repairer"], self.people["repairer2"]
        warden5 = self.world.wardens[self.place("5号楼").pk]
        self.scene("late-lamp", self.day(3, "19:30"), self.place("5号楼 2层 东楼梯"), "楼道/应急灯", "应急灯不亮 2 盏，按测试没反应",
                   self.sent(self.day(2, "08:40"), he, king), by=warden5, quantity=2)  # fmt: skip
        lock = self.world.dorm("408", "5号楼")
        self.scene(
            "late-lock", self.day(5, "20:10"), lock, "门锁/锁芯", "门锁打不开，学生借住 406", self.sent(self.day(4, "08:30"), he),
            self.begun(self.day(4, "15:00"), he), (self.day(3, "08:05"), services.chase, {"by": warden5, "words": "学生东西都在里面"}),
            (self.day(2, "08:15"), services.chase, {"by": warden5, "words": "今天能换锁吗"}), by=warden5,
        )  # fmt: skip
        self.scene("late-tap", self.day(6, "07:40"), self.place("3号楼 1层 盥洗室"), "水龙头漏水", "第二个龙头关不紧，一直滴水",
                   (self.day(5, "09:00"), services.accept, {"by": self.people["clerk"]}),
                   by=self.world.wardens[self.place("3号楼").pk])  # fmt: skip
        self.scene("late-locker", self.day(8, "16:05"), self.world.dorm("218"), "储物柜", "3号柜和7号柜锁打不开",
                   self.sent(self.day(7, "10:15"), self.carpenter), **self.guest(), quantity=2)  # fmt: skip
        self.scene(
            "late-flush", self.day(5, "10:35"), self.place("明德楼 2层 男厕"), "冲水阀损坏", "最里面一个冲水停不下来",
            self.sent(self.day(5, "14:10"), king), self.begun(self.day(4, "10:00"), king), by=self.world.teachers[14],
        )  # fmt: skip
        chairs = self.class_room("初一", 2)
        self.scene(
            "rework", self.day(2, "09:15"), chairs, "椅/凳", "椅子松动 12 把，期中考试前想修好", self.sent(self.day(2, "10:20"), self.carpenter),
            self.begun(self.day(1, "08:30"), self.carpenter),
            self.ready(self.day(1, "10:10"), self.carpenter, "先修好 7 把，其余 5 把等周转椅", done=7, parts=(("课桌椅铆钉", 28),)),
            (self.day(1, "11:30"), services.send_back, {"by": self.story.home[chairs.pk], "reason": "有两把坐上去还是晃"}),
            by=self.story.home[chairs.pk], quantity=12,
        )  # fmt: skip

    def waiting(self) -> None:
        """Held past the date (two of them 料已到), held for money, for a free room, for the maker."""
        king, today = self.people["repairer"], self.world.today
        yesterday = today - dt.timedelta(days=1)
        stock = self.world.stock
        self.scene(
            "past-valve", self.day(9, "09:05"), self.place("明德楼 1层 男厕"), "冲水阀损坏", "第一蹲位冲水阀漏水，声音很大",
            self.sent(self.day(9, "10:30"), king), self.begun(self.day(8, "09:00"), king),
            self.held(self.day(8, "09:30"), king, "parts", yesterday, "脚踏阀没有这个口径，已申购",
                      item=lambda: stock["脚踏冲水阀"].item, quantity=Decimal(1), purchase="脚踏冲水阀 DN25"),
            by=self.world.teachers[17],
        )  # fmt: skip
        self.story.at(self.day(3, "10:30"), self._bought, "past-valve")
        self.scene(
            "past-rail", self.day(8, "13:20"), self.place("实验楼 3层 302 计算机教室"), "窗帘", "窗帘轨断了一截，投影看不清",
            self.sent(self.day(8, "15:00"), self.carpenter), self.begun(self.day(7, "12:40"), self.carpenter),
            self.held(self.day(7, "13:00"), self.carpenter, "parts", self.soon(-2), "轨道要 4 米一整根，等到货",
                      item=lambda: stock["窗帘轨"].item, quantity=Decimal(4)),
            by=self.world.teachers[20],
        )  # fmt: skip
        pump = self.place("水泵房")
        self.scene(
            "past-pump", self.day(12, "08:10"), pump, "其他", "2号生活水泵噪声大，轴承像是坏了",
            self.sent(self.day(12, "08:40"), self.plumber), self.begun(self.day(12, "09:30"), self.plumber),
            self.held(self.day(12, "10:10"), self.plumber, "outside", self.soon(-3), "已联系水泵厂家来换轴承，先用 1 号泵"),
            by="clerk", channel="inspection", asset=self.story.cards.get((pump.pk, "生活水泵")),
        )  # fmt: skip
        cold = self.class_room("初三", 5)
        self.scene(
            "money", self.day(15, "14:20"), cold, "空调", "靠窗一台空调压缩机不启动，维修工看过说要换机",
            self.sent(self.day(15, "15:30"), self.electrician), self.begun(self.day(14, "09:00"), self.electrician),
            self.held(self.day(14, "09:40"), self.electrician, "money", self.soon(9), "维保报价 3,200.00 元，超过零修额度，等批复"),
            by=self.story.home[cold.pk], asset=self.story.cards.get((cold.pk, "空调")),
        )  # fmt: skip
        self.scene(
            "track", self.day(30, "10:00"), self.place("操场"), "跑道/场地", "跑道弯道塑胶起泡，面积约 6 m²",
            (self.day(29, "09:00"), services.accept, {"by": self.people["clerk"]}),
            self.held(self.day(28, "09:30"), self.people["director"], "holiday", self.holiday(), "大面积施工，放假做"),
            **self.story._caller(("体育组熊老师", "13900003008")),
        )  # fmt: skip
        lab = self.place("实验楼 2层 201 化学实验室")
        self.scene(
            "entry", self.day(2, "11:20"), lab, "水龙头漏水", "两个实验台龙头关不紧，实验课后积水",
            self.sent(self.day(2, "14:30"), self.plumber),
            self.held(self.day(1, "09:00"), self.plumber, "entry", self.soon(1), "白天都有实验课，约好没课的时间进场"),
            by=self.world.teachers[23],
        )  # fmt: skip
        self.scene(
            "gate", self.day(7, "07:30"), self.place("北门"), "门禁/道闸/围墙", "道闸抬到一半停住，校车进不来",
            self.sent(self.day(7, "08:00"), self.people["repairer2"]), self.begun(self.day(7, "08:30"), self.people["repairer2"]),
            self.held(self.day(7, "09:20"), self.people["repairer2"], "outside", self.soon(4), "主板坏，厂家寄新板来换；先手动"),
            **self.story._caller(("门卫雷师傅", "13900003007")),
        )  # fmt: skip

    def _bought(self, name: str) -> None:
        """What was asked for has come: the ticket rises as 料已到."""
        self.story.buy(self.ticket(name).purchase)
        shelf = self.world.stock["脚踏冲水阀"]
        receive(self.world, shelf.item, 4, shelf.price, "申购到货")
        shelf.left += 4

    def jobs(self) -> None:
        """王建国 has a cold store that does not cool, three showers on one floor, a lamp in hand."""
        king, steward = self.people["repairer"], self.people["steward"]
        store = self.place("食堂 1层 冷库")
        self.scene(
            "cold", self.lately(2.4), store, "冷藏/冷冻柜", "冷藏柜不制冷，现在 8 ℃，食材已转移到副柜",
            self.sent(self.lately(2.2), king, by="director"), by=steward, asset=self.story.cards.get((store.pk, "冷藏柜")),
            photos=[self.world.photo],
        )  # fmt: skip
        warden = self.world.wardens[self.place("3号楼").pk]
        for number, time in (("315", "20:15"), ("320", "20:40")):
            self.scene(f"hot{number}", self.day(1, time), self.world.dorm(number), HOT, "淋浴没有热水，面板显示故障",
                       self.sent(self.day(1, "21:00"), king), by=warden)  # fmt: skip
        self.scene("lamp308", self.day(1, "18:40"), self.world.dorm("308"), "灯不亮", "靠窗灯管不亮",
                   self.sent(self.day(1, "19:00"), king), self.begun(self.day(1, "19:30"), king),
                   (self.day(1, "19:35"), services.draw, {
                       "by": king, "item": lambda: self.world.stock["LED灯管"].item, "quantity": Decimal(1)}),
                   by=warden)  # fmt: skip
        self.scene("tap", self.day(1, "14:35"), self.place("行政楼 1层 男厕"), "水龙头漏水", "左边第二个龙头把手松了，根部渗水",
                   self.sent(self.day(1, "17:20"), king), by="clerk")  # fmt: skip
        for number, device in (("302", "b302"), ("318", "b318")):
            self.scene(
                f"hot{number}", self.day(1, "21:10"), self.world.dorm(number), HOT, "热水忽冷忽热，洗到一半没热水",
                (self.day(1, "21:30"), services.accept, {"by": self.people["director"]}), by=None, channel="qr",
                device=device.rjust(64, "0"),
            )  # fmt: skip

    def to_accept(self) -> None:
        """Finished, waiting for somebody to look; two that the day will accept by itself."""
        rows = (
            ("a1", 4, "3号楼 2层 盥洗室", "下水/便池堵塞", "拖把池堵住了", self.plumber, 2, "09:20", "疏通机打通"),
            ("a2", 4, "明德楼 2层 女厕", "冲水阀损坏", "踩下去弹不回来", self.plumber, 2, "10:40", "换阀芯"),
            ("a3", 3, "实验楼 4层 401 音乐教室", "灯不亮", "中间一排灯不亮", self.people["repairer2"], 1, "09:10", "灯座重新压紧"),
            ("a4", 3, "行政楼 2层 201 教务处", "门锁/锁芯", "门把手掉了", self.carpenter, 1, "11:20", "紧固把手，调锁舌"),
            ("a5", 2, "食堂 1层 烹饪间", "蒸饭柜/灶具", "2号蒸饭柜不上汽", self.electrician, 1, "15:10", "清水垢，上汽正常"),
            ("a6", 2, "5号楼 1层 走廊", "疏散指示/应急照明", "安全出口指示牌不亮", self.people["repairer2"], 1, "16:20", "接线重做，指示正常"),
        )  # fmt: skip
        for number, (name, ago, where, kind, said, lead, done, time, text) in enumerate(rows):
            place = self.place(where)
            by = place.custodian or self.world.teachers[25 + number]
            self.scene(
                name, self.day(ago, "08:30"), place, kind, said, self.sent(self.day(ago, "11:00"), lead),
                self.begun(self.day(done, "08:40"), lead), self.ready(self.day(done, time), lead, text), by=by,
            )  # fmt: skip

    def under_way(self) -> None:
        """Accepted, dispatched and in hand since yesterday; and a chair swapped from the pool."""
        for number in range(9 if self.world.profile.classes > 20 else 4):
            stop = ("dispatched", "doing", "dispatched", "accepted")[number % 4]
            self.story.at(self.day(1, f"{8 + number % 8:02d}:{11 * number % 60:02d}"), self.story.happen, True, stop)
        room = self.class_room("初三", 2)
        card = self.story.cards.get((room.pk, "课椅"))
        if card is None:
            return
        pool = self.place("后勤楼 1层 周转库")
        if not Holding.objects.filter(place=pool, card__name="课椅").exists():
            return
        self.scene(
            "swap", self.day(12, "08:40"), room, "椅/凳", "两把椅子腿断了，没法坐", self.sent(self.day(12, "10:00"), self.carpenter),
            self.begun(self.day(11, "12:30"), self.carpenter),
            self.ready(self.day(11, "13:00"), self.carpenter, "椅腿断裂，焊不牢", outcome="beyond", next_step="scrap", replace="pool",
                       spare_place=pool),
            (self.day(10, "08:20"), services.accept_work, {"by": self.story.home[room.pk], "rating": 4, "words": "当场换了两把好的"}),
            by=self.story.home[room.pk], quantity=2, asset=card,
        )  # fmt: skip
