"""The school itself: profile, terms, buildings and rooms, classes, custodians, other names of places."""

from __future__ import annotations

import datetime as dt

from campus import cache, services
from campus.models import Alias, ClassGroup, Place, SchoolProfile, Term, User
from campus.ranges import PlaceSpec
from config.demo.world import World

GRADES = ("初一", "初二", "初三")
PUBLIC_URL = "http://127.0.0.1:8000"
NUMERALS = "〇一二三四五六七八九十"


def profile() -> None:
    """The one row about the school; whoever starts the demo stamps it."""
    SchoolProfile.objects.update_or_create(
        pk=1,
        defaults={
            "name": "示范中学", "office": "后勤处", "duty_phone": "0571-8888 6110", "public_url": PUBLIC_URL, "is_demo": True,
        },
    )  # fmt: skip
    cache.bump()


def terms(world: World) -> None:
    """Terms round the day: autumn from 1 September, spring from 1 March, over three school years."""
    start = world.today.year - (world.today.month < 8)
    for year in (start - 1, start, start + 1):
        name = f"{year}-{year + 1}学年"
        Term.objects.create(name=f"{name}第一学期", starts_on=dt.date(year, 9, 1), ends_on=dt.date(year + 1, 1, 22))
        Term.objects.create(name=f"{name}第二学期", starts_on=dt.date(year + 1, 3, 1), ends_on=dt.date(year + 1, 7, 3))
    cache.bump()


def places(world: World) -> None:
    """The tree of places."""
    world.say("正在建立地点 …")
    campus = services.add_place(None, "campus", "校本部")
    size = world.profile.classes
    _dormitories(world, campus)
    _teaching(campus, size)
    _offices(campus)
    _laboratories(campus, size)
    _canteen(campus, size)
    _service(campus)
    _outdoor(campus)
    refresh(world)


def refresh(world: World) -> None:
    """Read the places as they are now."""
    world.places = list(Place.objects.order_by("pk").select_related("building"))
    world.by_name = {place.full_name: place for place in world.places}


def _floor(building: Place, name: str, rooms: list[PlaceSpec]) -> None:
    floor = services.add_place(building, "floor", name)
    services.add_places(floor, rooms)


def _around(*, toilets: bool = True) -> list[PlaceSpec]:
    """What every floor has beside its rooms."""
    found = [PlaceSpec("corridor", "走廊"), PlaceSpec("stairwell", "东楼梯"), PlaceSpec("stairwell", "西楼梯")]
    if toilets:
        found += [PlaceSpec("room", "男厕", "厕所"), PlaceSpec("room", "女厕", "厕所")]
    return found


def _room(number: int, room_type: str, people: int = 0) -> PlaceSpec:
    return PlaceSpec("room", str(number), room_type, people)


def _dormitories(world: World, campus: Place) -> None:
    """So many rooms of eight; a few beds are free. The room numbers of a floor run on from its first."""
    it = world.profile
    names = ["3号楼", "5号楼"] + (["6号楼", "8号楼"] if it.dorm_rooms > 300 else [])
    floors = 4 if it.dorm_rooms <= 300 else 5
    each = -(-it.dorm_rooms // (len(names) * floors))
    left, beds = it.dorm_rooms, it.beds // it.dorm_rooms
    total = it.boarders
    for name in names:
        building = services.add_place(campus, "building", name, use="dormitory")
        for number in range(1, floors + 1):
            rooms = []
            for room in range(number * 100 + 1, number * 100 + 1 + min(each, left)):
                people = min(beds, -(-total // left))  # what is left is shared evenly by what is left
                rooms.append(_room(room, "学生宿舍居室", people))
                left, total = left - 1, total - people
            extra = [PlaceSpec("room", "值班室", "宿管值班室", 1)] if number == 1 else []
            wash = [PlaceSpec("room", "盥洗室", "盥洗室"), PlaceSpec("room", "开水间", "开水房")]
            _floor(building, f"{number}层", [*rooms, *extra, *wash, *_around(toilets=False)])
        services.add_places(building, [PlaceSpec("face", "南立面"), PlaceSpec("face", "北立面")])


def _teaching(campus: Place, classes: int) -> None:
    """明德楼 for 初二 and 初三, 至善楼 for 初一."""
    each = classes // 3
    wide = each // 2 if each > 4 else each
    ming = services.add_place(campus, "building", "明德楼", use="teaching")
    for number in range(1, (5 if each > 4 else 3)):
        rooms = [_room(number * 100 + n, "普通教室") for n in range(1, wide + 1)]
        rooms += [_room(number * 100 + wide + 1, "教师办公室", 8), _room(number * 100 + wide + 2, "开水房")]
        _floor(ming, f"{number}层", rooms + _around())
    services.add_places(ming, [PlaceSpec("face", name) for name in ("北立面", "南立面", "东立面")])
    zhi = services.add_place(campus, "building", "至善楼", use="teaching")
    for number in range(1, 1 + max(1, each // 4)):
        rooms = [
            _room(number * 100 + 1, "教师办公室", 9),
            _room(number * 100 + 2, "心理辅导室" if number == 1 else "会议室"),
        ]
        rooms += [_room(number * 100 + 3, "开水房")] + [_room(number * 100 + n, "普通教室") for n in range(4, 8)]
        _floor(zhi, f"{number}层", rooms + _around())
    services.add_places(zhi, [PlaceSpec("face", name) for name in ("北立面", "南立面")])


def _offices(campus: Place) -> None:
    building = services.add_place(campus, "building", "行政楼", use="office")
    plan = {
        1: [("101", "总务处/后勤处", 6), ("102", "财务室", 4), ("103", "文印室", 2), ("104", "卫生室(保健室)", 2), ("105", "档案室", 1)],
        2: [("201", "教务处", 7), ("202", "政教处/德育处", 6), ("203", "会议室", 0), ("204", "教师办公室", 10), ("205", "广播室", 1)],
        3: [("301", "校长室", 1), ("302", "副校长室", 2), ("303", "会议室", 0), ("306", "教师办公室", 9), ("307", "教师办公室", 9)],
        4: [("401", "多功能厅/报告厅", 0), ("402", "网络中心机房", 2), ("403", "监控室/消防控制室", 3), ("404", "教师办公室", 10)],
    }  # fmt: skip
    for number, rooms in plan.items():
        _floor(building, f"{number}层", [PlaceSpec("room", *room) for room in rooms] + _around())
    services.add_places(building, [PlaceSpec("face", "南立面")])


def _laboratories(campus: Place, classes: int) -> None:
    building = services.add_place(campus, "building", "实验楼", use="teaching")
    plan = {
        1: ["物理实验室", "物理实验室", "实验准备室/仪器室", "危化品储存室"],
        2: ["化学实验室", "化学实验室", "生物实验室", "实验准备室/仪器室"],
        3: ["计算机教室"] * (4 if classes > 20 else 2),
        4: ["音乐教室", "美术/书法教室", "图书室/阅览室", "录播教室", "劳动/技术教室"],
    }
    for number, types in plan.items():
        _floor(building, f"{number}层", [_room(number * 100 + n, kind) for n, kind in enumerate(types, 1)] + _around())


def _canteen(campus: Place, classes: int) -> None:
    building = services.add_place(campus, "building", "食堂", use="canteen")
    rooms = [
        PlaceSpec("room", "学生餐厅", "食堂餐厅"), PlaceSpec("room", "烹饪间", "烹饪间", 12), PlaceSpec("room", "切配间", "加工间/切配间", 8),
        PlaceSpec("room", "主食库", "食品库房"), PlaceSpec("room", "冷库", "食品库房"), PlaceSpec("room", "洗消间", "餐具洗消间", 4),
        PlaceSpec("room", "备餐间", "备餐间(售饭窗口)", 6), PlaceSpec("room", "留样柜", "留样柜位置"),
    ]  # fmt: skip
    windows = [PlaceSpec("window", f"{n}号窗口") for n in range(1, 4 if classes <= 36 else 7)]
    _floor(building, "1层", rooms + windows + [PlaceSpec("corridor", "走廊"), PlaceSpec("stairwell", "东楼梯")])
    upper = [
        PlaceSpec("room", "教工餐厅", "食堂餐厅"),
        PlaceSpec("room", "更衣室"),
        PlaceSpec("room", "食堂办公室", "", 3),
    ]
    _floor(building, "2层", upper + [PlaceSpec("corridor", "走廊"), PlaceSpec("stairwell", "东楼梯")])


def _service(campus: Place) -> None:
    building = services.add_place(campus, "building", "后勤楼", use="service")
    rooms = [
        PlaceSpec("room", "总务仓库", "仓库(总务/体育/教材)", 1), PlaceSpec("room", "维修间", "维修间", 8),
        PlaceSpec("room", "周转库", "仓库(总务/体育/教材)"), PlaceSpec("room", "教材库", "仓库(总务/体育/教材)"),
    ]  # fmt: skip
    _floor(building, "1层", [*rooms, PlaceSpec("corridor", "走廊")])
    for name, kind in (("配电房", "配电房"), ("水泵房", "水泵房/水箱"), ("垃圾房", "垃圾房"), ("南门传达室", "门卫室/传达室"),
                       ("北门传达室", "门卫室/传达室"), ("车棚", "车棚")):  # fmt: skip
        services.add_place(campus, "room", name, use="service", room_type=kind)


def _outdoor(campus: Place) -> None:
    for name in ("南门", "北门"):
        services.add_place(campus, "gate", name, use="outdoor")
    for name in ("操场", "篮球场", "校园主路", "中心花坛", "旗台广场"):
        services.add_place(campus, "ground", name, use="outdoor")
    services.add_place(
        Place.objects.get(name="操场", kind="ground"), "room", "体育器材室", use="service", room_type="体育器材室"
    )


# ---- classes and custodians ---------------------------------------------------------------------------------------


def classes(world: World) -> None:
    """Each class has its room, its class teacher and its pupils; 初二（4）班 is 许静's."""
    world.say("正在建立班级和保管人 …")
    it, each = world.profile, world.profile.classes // 3
    ordinary = world.rooms("teaching", "普通教室")
    ming = [p for p in ordinary if p.building and p.building.name == "明德楼"]
    homes = {"初一": [p for p in ordinary if p.building and p.building.name == "至善楼"]}
    if each > 4:
        wide = each // 2
        floors = [ming[n * wide : (n + 1) * wide] for n in range(4)]
        homes |= {"初二": floors[1] + floors[2], "初三": floors[0] + floors[3]}
    else:
        homes |= {"初二": ming[each:], "初三": ming[:each]}
    teachers = iter([t for t in world.teachers if t not in world.people.values()])
    rows, left, count = [], it.students, it.classes
    for grade in GRADES:
        for number in range(1, each + 1):
            pupils = -(-left // count)
            left, count = left - pupils, count - 1
            name = f"{grade}（{number}）班"
            teacher = world.people["banzhuren"] if name == "初二（4）班" else next(teachers)
            rows.append(
                ClassGroup(name=name, grade=grade, pupils=pupils, teacher=teacher, room=homes[grade][number - 1])
            )
    world.classes = ClassGroup.objects.bulk_create(rows)
    _custodians(world)
    _aliases(world)


def _custodians(world: World) -> None:
    """Class teachers keep their rooms, wardens their buildings, the rest by who works there."""
    wardens = list(User.objects.filter(groups__name="warden").order_by("pk"))
    for number, building in enumerate(world.rooms("dormitory", kind="building")):
        world.wardens[building.pk] = wardens[number % len(wardens)]
    by_class = {row.room_id: row for row in world.classes}
    spare = [t for t in world.teachers if t not in {row.teacher for row in world.classes}]
    people = world.people
    offices = {
        "101": "clerk", "102": "finance", "103": "clerk", "203": "clerk", "301": "principal", "302": "viceprincipal", "303": "clerk",
    }  # fmt: skip
    changed = []
    for number, place in enumerate(world.places):
        keeper = None
        if place.pk in by_class:
            row = by_class[place.pk]
            keeper, place.people = row.teacher, row.pupils
        elif place.kind != "room" or place.room_type == "厕所":
            continue
        elif place.use == "dormitory" and place.building_id:
            keeper = world.wardens[place.building_id]
        elif place.use == "canteen":
            keeper = people["steward"]
        elif place.use == "service":
            keeper = people["storekeeper"] if place.room_type.startswith("仓库") else None
        elif place.building and place.building.name == "行政楼":
            keeper = people[offices[place.name]] if place.name in offices else spare[number % len(spare)]
        else:
            keeper = spare[number % len(spare)]
        if keeper is not None:
            place.custodian = keeper
            changed.append(place)
    Place.objects.bulk_update(changed, ["custodian", "people"], batch_size=200)


def _aliases(world: World) -> None:
    """What people call places: 初二4班, 三号楼, 男生宿舍."""
    rows = []
    for row in world.classes:
        number = row.name[3:-2]
        rows += [
            Alias(place=row.room, name=name)
            for name in (row.name, f"{row.grade}{number}班", f"{row.grade}({number})班")
        ]
    told = {
        "三号楼": "3号楼", "五号楼": "5号楼", "男生宿舍": "3号楼", "女生宿舍": "5号楼", "教学楼": "明德楼", "办公楼": "行政楼",
        "饭堂": "食堂", "后勤仓库": "后勤楼 1层 总务仓库", "木工房": "后勤楼 1层 维修间", "总务处": "行政楼 1层 101 总务处",
        "运动场": "操场", "大门": "南门",
    }  # fmt: skip
    rows += [Alias(place=world.place(name), name=alias) for alias, name in told.items()]
    Alias.objects.bulk_create(rows)
