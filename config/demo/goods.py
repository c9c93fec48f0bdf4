"""What the school has: the ledger's cards with their holdings, and the goods in the stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from assets import services as assets
from assets.models import Card, ClassCode, Holding, HoldingMove
from campus.models import Department, Place
from config.demo.world import World
from core import clock, log
from core.models import Sequence
from core.pinyin import initials
from stores import services as stores_services
from stores.models import Item, Move, Warehouse

# category, name, spec, unit, minimum, price, first receipt
ITEMS = (
    ("灯具", "LED灯管", "T8 1.2 m 18 W", "支", 30, "14.50", 160),
    ("灯具", "LED灯管", "T8 0.6 m 9 W", "支", 20, "9.80", 60),
    ("灯具", "LED灯泡", "E27 12 W", "个", 20, "8.50", 80),
    ("灯具", "吸顶灯", "24 W 圆形", "个", 10, "46.00", 40),
    ("灯具", "应急灯", "双头 3 W", "个", 8, "58.00", 24),
    ("灯具", "疏散指示牌", "安全出口 单面", "块", 6, "42.00", 16),
    ("灯具", "声控灯头", "E27 螺口", "个", 10, "12.00", 40),
    ("电料", "墙壁开关", "86型 单开", "个", 20, "7.50", 80),
    ("电料", "墙壁开关", "86型 双开", "个", 15, "9.80", 50),
    ("电料", "五孔插座", "86型 10 A", "个", 20, "11.50", 90),
    ("电料", "空气开关", "2P 32 A", "个", 6, "36.00", 20),
    ("电料", "漏电保护器", "2P 40 A", "个", 4, "68.00", 10),
    ("电料", "铜芯线", "BV 2.5 mm²", "米", 100, "2.60", 400),
    ("电料", "绝缘胶布", "黑 18 mm", "卷", 10, "3.20", 40),
    ("电料", "吊扇电容", "2.5 μF", "个", 20, "6.50", 30),
    ("电料", "吊扇调速器", "86型", "个", 10, "22.00", 24),
    ("电料", "电池", "5号", "节", 40, "1.80", 200),
    ("水暖", "水龙头", "DN15 快开 铜芯", "个", 15, "28.00", 60),
    ("水暖", "水龙头", "DN20 长颈", "个", 8, "36.00", 20),
    ("水暖", "角阀", "DN15", "个", 10, "18.00", 40),
    ("水暖", "进水软管", "60 cm", "根", 10, "12.50", 50),
    ("水暖", "密封圈", "DN15", "个", 50, "1.50", 300),
    ("水暖", "生料带", "20 m", "卷", 20, "2.00", 80),
    ("水暖", "脚踏冲水阀", "DN25", "个", 8, "65.00", 24),
    ("水暖", "冲水阀芯", "DN25", "个", 10, "16.00", 30),
    ("水暖", "花洒软管", "1.5 m", "根", 12, "15.00", 40),
    ("水暖", "花洒", "手持", "个", 12, "22.00", 30),
    ("水暖", "加热管", "2 kW", "支", 6, "68.00", 9),
    ("水暖", "温控器", "热水器通用", "个", 4, "45.00", 6),
    ("水暖", "下水软管", "40 mm", "根", 10, "9.50", 30),
    ("水暖", "PVC管", "50 mm", "米", 20, "8.20", 60),
    ("水暖", "饮水机滤芯", "10寸 PP棉", "支", 20, "18.00", 44),
    ("水暖", "饮水机进水阀", "4分", "个", 4, "32.00", 8),
    ("水暖", "止回阀", "DN20", "个", 4, "26.00", 8),
    ("门窗", "球形锁", "不锈钢 通用", "把", 10, "38.00", 40),
    ("门窗", "锁芯", "70 mm 铜", "个", 12, "26.00", 50),
    ("门窗", "挂锁", "40 mm", "把", 10, "15.00", 30),
    ("门窗", "钥匙坯", "通用", "把", 50, "1.20", 200),
    ("门窗", "合页", "4寸 不锈钢", "副", 20, "9.50", 80),
    ("门窗", "闭门器", "45–65 kg", "个", 4, "75.00", 8),
    ("门窗", "窗户滑轮", "塑钢", "个", 20, "4.50", 80),
    ("门窗", "窗户月牙锁", "塑钢", "个", 15, "8.00", 50),
    ("门窗", "纱窗", "成品 1.2×0.6 m", "扇", 6, "35.00", 16),
    ("门窗", "玻璃", "5 mm 白玻", "平方米", 4, "62.00", 14),
    ("门窗", "窗帘轨", "铝合金", "米", 10, "14.00", 30),
    ("门窗", "窗帘挂钩", "塑料", "个", 50, "0.30", 400),
    ("五金", "自攻螺丝", "4×30", "盒", 10, "8.00", 40),
    ("五金", "膨胀螺栓", "M8×80", "个", 50, "1.10", 300),
    ("五金", "床梯螺栓", "M8×60 带帽", "套", 40, "1.60", 240),
    ("五金", "角码", "40 mm", "个", 40, "0.80", 300),
    ("五金", "课桌椅铆钉", "6×40", "个", 100, "0.25", 800),
    ("五金", "椅面板", "课椅通用", "块", 30, "18.00", 70),
    ("五金", "课桌面板", "60×40 cm", "块", 20, "32.00", 45),
    ("五金", "白乳胶", "1 kg", "瓶", 6, "16.00", 15),
    ("五金", "玻璃胶", "300 mL", "支", 12, "11.00", 40),
    ("五金", "储物柜锁", "转舌锁", "把", 30, "6.50", 120),
    ("土建", "水泥", "42.5 25 kg", "袋", 10, "15.00", 24),
    ("土建", "瓷砖胶", "20 kg", "袋", 5, "28.00", 12),
    ("土建", "防水涂料", "10 kg", "桶", 3, "135.00", 7),
    ("土建", "内墙腻子", "20 kg", "袋", 5, "22.00", 14),
    ("信息", "HDMI线", "10 m", "根", 6, "48.00", 15),
    ("信息", "网线", "超五类", "米", 100, "1.80", 300),
    ("信息", "水晶头", "超五类", "个", 50, "0.60", 300),
    ("教学", "粉笔", "白 无尘", "盒", 60, "4.20", 280),
    ("教学", "粉笔", "彩色 无尘", "盒", 40, "5.50", 120),
    ("教学", "黑板擦", "磁性", "个", 20, "6.00", 60),
    ("清洁", "扫把", "高粱", "把", 30, "12.00", 110),
    ("清洁", "拖把", "棉纱", "把", 30, "15.00", 90),
    ("清洁", "垃圾袋", "90×100 cm", "包", 40, "9.00", 160),
    ("清洁", "洗手液", "500 mL", "瓶", 40, "8.50", 60),
    ("清洁", "消毒液", "84 5 L", "桶", 10, "26.00", 30),
)  # fmt: skip
LOW = (("水暖", "加热管"), ("电料", "吊扇电容"), ("灯具", "应急灯"))  # run short in the last month
CLASSES = {"家": "家具和用具", "设": "设备", "图": "图书和档案"}
# Words of a name -> class code of GB/T 14885-2022; the first that fits, else the class as a whole.
CODES = (
    ("课椅", "A05010304"), ("课桌", "A05010203"), ("实验桌", "A05010203"), ("学习桌", "A05010203"), ("双层床", "A05010103"),
    ("方凳", "A05010304"), ("办公桌", "A05010201"), ("办公椅", "A05010301"), ("文件柜", "A05010502"), ("储物柜", "A05010503"),
    ("书架", "A05010600"), ("架", "A05010600"), ("柜", "A02060000"), ("笔记本电脑", "A02010108"), ("电脑桌", "A05010200"),
    ("电脑", "A02010105"), ("打印机", "A02021000"), ("复印机", "A02020100"), ("一体机", "A02020800"), ("展台", "A02020200"),
    ("空调", "A02061804"), ("热水器", "A02061808"), ("吊扇", "A02061803"), ("电视机", "A02091001"), ("音箱", "A02090000"),
    ("桌", "A05010200"), ("窗帘", "A05020000"), ("泵", "A02050000"), ("道闸", "A02050000"), ("琴", "A02450000"),
    ("单双杠", "A02460000"), ("显微镜", "A02100000"), ("示波器", "A02100000"), ("天平", "A02120000"), ("照相机", "A02020000"),
)  # fmt: skip
WHOLE = {"家": "A05010000", "设": "A02000000"}


# ---- the ledger ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A card to be made: what it is, and how many of it stand where."""

    name: str
    model: str
    category: str
    unit: str
    price: str
    year: int
    held: tuple[tuple[Place, int], ...]
    condition: str = "in_use"


def class_of(name: str, category: str, codes: dict[str, ClassCode]) -> ClassCode:
    """The class of a thing by its name."""
    return codes[next((code for words, code in CODES if words in name), WHOLE[category])]


def ledger(world: World) -> None:
    """Cards up to the number of the profile: rooms first, then laboratories and offices by the piece."""
    world.say("正在建立资产卡片 …")
    pieces: list[Piece] = []
    for source in (_shared(world), _dormitories(world), _class_rooms(world), _others(world)):
        pieces += source
    rest = world.profile.asset_cards - 4 - len(pieces)  # four come through the services
    pieces += [piece for _, piece in zip(range(max(0, rest)), _singles(world), strict=False)]
    keeper = world.people["assetkeeper"]
    last: dict[int, int] = {}
    codes = {one.code: one for one in ClassCode.objects.filter(edition=2022)}
    affairs = Department.objects.filter(name="后勤处").first()
    cards, holdings, moves = [], [], []
    entered = world.since - dt.timedelta(days=20)
    for piece in pieces[: world.profile.asset_cards - 4]:
        last[piece.year] = last.get(piece.year, 0) + 1
        quantity = sum(count for _, count in piece.held)
        day = dt.date(piece.year, 8 if piece.year < world.since.year else 1, 15)
        card = Card(
            number=f"ZC{piece.year}-{last[piece.year]:04d}", name=piece.name, model=piece.model, unit=piece.unit,
            category=CLASSES[piece.category], quantity=quantity, cost=Decimal(piece.price) * quantity,
            acquired_on=day, posted_on=day + dt.timedelta(days=9), registered_on=day, pinyin=initials(piece.name),
            voucher=f"记-{day:%Y%m}-{last[piece.year] % 90 + 1:03d}", fund="special" if piece.category == "设" else "fiscal",
            class_code=class_of(piece.name, piece.category, codes), department=affairs,
            warranty_on=day.replace(year=piece.year + 3) if piece.category == "设" else None,
        )  # fmt: skip
        cards.append(card)
    made = Card.objects.bulk_create(cards, batch_size=500)
    for card, piece in zip(made, pieces, strict=False):
        for place, count in piece.held:
            holdings.append(Holding(card=card, place=place, condition=piece.condition, quantity=count))
            moves.append(
                HoldingMove(
                    card=card,
                    kind="register",
                    quantity=count,
                    to_place=place,
                    to_condition=piece.condition,
                    by=keeper,
                    at=entered,
                    reason="期初入账",
                )  # fmt: skip
            )
    Holding.objects.bulk_create(holdings, batch_size=500)
    HoldingMove.objects.bulk_create(moves, batch_size=500)
    Sequence.objects.bulk_create(Sequence(key=f"ZC{year}", last=number) for year, number in sorted(last.items()))
    with clock.at(entered):
        log.write(None, "assets", by=keeper, text=f"期初资产卡片 {len(made)} 张入账")
    with clock.at(world.since - dt.timedelta(days=12)):
        _through_services(world)


def _shared(world: World) -> Iterator[Piece]:
    """One card for many rooms: what was bought for a whole building at once; and the pool of spare chairs and desks."""
    for number, building in enumerate(world.rooms("dormitory", kind="building")):
        rooms = [p for p in world.rooms("dormitory", "学生宿舍居室") if p.building_id == building.pk]
        year = (2019, 2021, 2022, 2023)[number % 4]
        yield Piece("吊扇", "1.2 m 56吋", "设", "台", "138", year, tuple((room, 1) for room in rooms))
        yield Piece("电热水器", "60 L 2 kW", "设", "台", "1180", year + 1, tuple((room, 1) for room in rooms))
        yield Piece("窗帘", "遮光布", "家", "幅", "75", year + 1, tuple((room, 1) for room in rooms))
    pool = world.place("后勤楼 1层 周转库")
    yield Piece("课椅", "升降式", "家", "把", "86", 2020, ((pool, 34),), "idle")
    yield Piece("课桌", "升降式 单人", "家", "张", "128", 2020, ((pool, 12),), "idle")
    workshop = world.place("后勤楼 1层 维修间")
    yield Piece("课椅", "升降式", "家", "把", "86", 2018, ((workshop, 26),), "broken")


def _dormitories(world: World) -> Iterator[Piece]:
    """Seven cards a room."""
    kit = (
        ("双层床", "钢制 2.0×0.9 m", "家", "张", "620", 4), ("储物柜", "八门 铁皮", "家", "组", "560", 1),
        ("学习桌", "1.2 m", "家", "张", "240", 2), ("方凳", "钢木", "家", "个", "38", 8), ("空调", "1.5匹 挂机", "设", "台", "2380", 1),
        ("鞋架", "五层", "家", "个", "65", 2), ("脸盆架", "八位", "家", "个", "85", 1),
    )  # fmt: skip
    for room in world.rooms("dormitory", "学生宿舍居室"):
        year = 2016 + int(room.name) % 5
        for name, model, category, unit, price, count in kit:
            yield Piece(name, model, category, unit, price, year + (category == "设") * 3, ((room, count),))


def _class_rooms(world: World) -> Iterator[Piece]:
    """Twelve cards a class room."""
    for number, row in enumerate(world.classes):
        room: Any = row.room
        seats = max(row.pupils, 30)
        year = 2017 + number % 6
        kit = (
            ("课桌", "升降式 单人", "家", "张", "128", seats), ("课椅", "升降式", "家", "把", "86", seats),
            ("讲台", "钢木", "家", "张", "680", 1), ("推拉黑板", "4.0×1.3 m", "家", "块", "1650", 1),
            ("交互一体机", "86吋", "设", "台", "12800", 1), ("实物展台", "壁挂", "设", "台", "980", 1),
            ("吊扇", "1.2 m 56吋", "设", "台", "138", 4), ("空调", "3匹 柜机", "设", "台", "5680", 2), ("音箱", "壁挂 30 W", "设", "对", "460", 1),
            ("储物柜", "五十门", "家", "组", "2100", 1), ("窗帘", "遮光布", "家", "幅", "90", 4), ("饮水机", "步进式", "设", "台", "1450", 1),
        )  # fmt: skip
        for name, model, category, unit, price, count in kit:
            yield Piece(name, model, category, unit, price, year, ((room, count),))


def _others(world: World) -> Iterator[Piece]:
    """Canteen, grounds, gates."""
    kit = {
        "食堂 1层 烹饪间": (("双眼炒灶", "燃气", "台", "4800", 4), ("蒸饭柜", "24盘 电热", "台", "5600", 3), ("排烟罩", "不锈钢", "套", "9800", 1)),
        "食堂 1层 冷库": (("冷藏柜", "四门", "台", "6200", 2), ("冷冻柜", "六门", "台", "7800", 1)),
        "食堂 1层 洗消间": (("消毒柜", "双门 热风", "台", "3600", 3), ("洗碗机", "通道式", "台", "26800", 1)),
        "食堂 1层 学生餐厅": (("餐桌椅", "八人连体", "套", "1280", 120), ("电视机", "55吋", "台", "2600", 2)),
        "食堂 1层 留样柜": (("留样冰箱", "双温", "台", "2200", 1),),
        "操场": (("单双杠", "标准", "副", "1600", 6),),
        "篮球场": (("篮球架", "固定式", "副", "5200", 6),),
        "水泵房": (("生活水泵", "7.5 kW", "台", "8600", 2),),
        "配电房": (("低压配电柜", "GGD", "面", "18600", 4),),
        "南门": (("车辆道闸", "直杆", "套", "6800", 1),),
    }  # fmt: skip
    for where, things in kit.items():
        for name, model, unit, price, count in things:
            yield Piece(
                name, model, "设" if name != "餐桌椅" else "家", unit, price, 2019, ((world.place(where), count),)
            )


def _singles(world: World) -> Iterator[Piece]:
    """One card a piece: computers, instruments, office furniture, round and round until the number is full."""
    rooms = [
        p
        for p in world.places
        if p.kind == "room" and p.use in ("office", "teaching") and p.custodian_id and not p.people > 20
    ]
    desks = (("办公桌", "1.4 m", "家", "张", "760"), ("办公椅", "网布", "家", "把", "320"), ("台式电脑", "i5 8G", "设", "台", "4200"),
             ("文件柜", "铁皮 双节", "家", "个", "560"), ("打印机", "激光 A4", "设", "台", "1350"), ("笔记本电脑", "14吋", "设", "台", "4980"))  # fmt: skip
    special = {
        "物理实验室": (("学生电源", "J1202"), ("示波器", "20 MHz"), ("物理实验桌", "双人")),
        "化学实验室": (("化学实验桌", "四人"), ("电子天平", "0.01 g"), ("通风柜", "1.5 m")),
        "生物实验室": (("生物显微镜", "1600倍"), ("生物实验桌", "四人")),
        "计算机教室": (("学生电脑", "一体机 21.5吋"), ("电脑桌", "双人")),
        "图书室/阅览室": (("书架", "六层 双面"), ("阅览桌", "六人")),
        "音乐教室": (("电钢琴", "88键"), ("合唱台阶", "三层")),
    }
    turn = 0
    while rooms:
        for room in rooms:
            if room.room_type in special:
                things = special[room.room_type]
                name, model = things[turn % len(things)]
                yield Piece(
                    name,
                    model,
                    "家" if name[-1] in "桌架阶" else "设",
                    "件",
                    str(360 + 90 * (turn % 7)),
                    2015 + turn % 10,
                    ((room, 1),),
                )
            else:
                name, model, category, unit, price = desks[turn % len(desks)]
                yield Piece(name, model, category, unit, price, 2014 + (turn + room.pk) % 11, ((room, 1),))
        turn += 1


def _through_services(world: World) -> None:
    """A few as people enter them: one by one, one moved, one lent, one broken."""
    keeper, people = world.people["assetkeeper"], world.people
    year = world.since.year
    office = world.place("行政楼 1层 101 总务处")
    machine = assets.register(
        "", "彩色复印机", place=world.place("行政楼 1层 103 文印室"), by=keeper, model="A3 多功能", category="设备", cost=Decimal("18600"),
        acquired_on=dt.date(year, 3, 12),
    )  # fmt: skip
    laptop = assets.register("", "笔记本电脑", place=office, by=keeper, custodian=people["clerk"], model="14吋", category="设备",
                             cost=Decimal("5280"), acquired_on=dt.date(year, 3, 12))  # fmt: skip
    camera = assets.register("", "照相机", place=office, by=keeper, model="微单", category="设备", cost=Decimal("6480"),
                             acquired_on=dt.date(year, 4, 2))  # fmt: skip
    ladder = assets.register("", "铝合金升降梯", place=world.place("后勤楼 1层 维修间"), by=keeper, model="6 m", category="设备",
                             quantity=2, unit="架", cost=Decimal("2960"), acquired_on=dt.date(year, 4, 2))  # fmt: skip
    assets.move(laptop, 1, source=laptop.holdings.get(), by=keeper, to_custodian=people["director"], reason="岗位调整")
    assets.move(camera, 1, source=camera.holdings.get(), by=keeper, to_custodian=people["teacher2"], to_condition="lent",
                reason="开学典礼拍摄借用")  # fmt: skip
    assets.mark(ladder.holdings.get(), "broken", by=keeper, quantity=1, reason="一架插销损坏")
    assets.move(machine, 1, source=machine.holdings.get(), by=keeper, to_place=office, reason="文印室粉刷，暂放")


# ---- the stores ---------------------------------------------------------------------------------------------------


@dataclass
class Shelf:
    """What the history knows of an item without asking the database for each ticket."""

    item: Item
    left: Decimal
    price: Decimal
    minimum: int
    lot: int


class Stock:
    """The shelves of the general store."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.shelves: dict[str, Shelf] = {}

    def __getitem__(self, name: str) -> Shelf:
        """By name and spec, or by name alone (the first of it)."""
        return self.shelves[name]


def stores(world: World) -> None:
    """The items, with the receipt that began the book."""
    world.say("正在建立仓库和材料 …")
    keeper = world.people["storekeeper"]
    warehouse = Warehouse.objects.get(name="总务仓库")
    warehouse.place, warehouse.keeper = world.place("后勤楼 1层 总务仓库"), keeper
    warehouse.save()
    Warehouse.objects.create(
        name="食堂库房", book="canteen", place=world.place("食堂 1层 主食库"), keeper=world.people["steward"]
    )
    world.stock = Stock(warehouse)
    big = max(1, round(world.profile.tickets / 190))
    items = Item.objects.bulk_create(
        Item(name=name, spec=spec, unit=unit, category=category, minimum=minimum, pinyin=initials(name))
        for category, name, spec, unit, minimum, _, _ in ITEMS
    )
    with clock.at(world.since + dt.timedelta(hours=8, minutes=20)):
        for item, (_, name, _, _, minimum, price, first) in zip(items, ITEMS, strict=True):
            lot = first * big
            receive(world, item, lot, Decimal(price), "期初结存")
            shelf = Shelf(item, Decimal(lot), Decimal(price), minimum, lot)
            world.stock.shelves[str(item)] = shelf
            world.stock.shelves.setdefault(name, shelf)


def receive(world: World, item: Item, quantity: int, price: Decimal, reason: str) -> Move:
    """A receipt into the general store."""
    return stores_services.receive(
        item, world.stock.warehouse, quantity, price * quantity, by=world.people["storekeeper"], reason=reason
    )


def restock(world: World, skip: tuple[tuple[str, str], ...] = ()) -> None:
    """Fill up what has run low, as after the monthly purchase; `skip` was not to be had."""
    names = {name for _, name in skip}
    for key, shelf in world.stock.shelves.items():
        if key != str(shelf.item) or shelf.item.name in names or shelf.left > shelf.lot * Decimal("0.4"):
            continue
        count = int(shelf.lot - shelf.left)
        receive(world, shelf.item, count, shelf.price, "月度采购")
        shelf.left += count
