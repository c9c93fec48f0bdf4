"""Departments, accounts and duties: fifteen demo logins, the teachers, the repairers, the wardens."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from campus.models import Department, Duty, User
from campus.people import DEMO_LOGINS, DEMO_PASSWORD
from config.demo.world import World
from core import clock, log
from core.pinyin import full

DEPARTMENTS = (
    "校长室", "后勤处", "教务处", "政教处", "财务室", "初一年级组", "初二年级组", "初三年级组", "理化生组", "艺体信息组", "宿管组",
    "食堂", "校办公室",
)  # fmt: skip

# login -> name, department, roles, trade, telephone
LOGINS = {
    "teacher": ("林晓梅", "初二年级组", ("teacher",), "", "13900001001"),
    "teacher2": ("周文斌", "初一年级组", ("teacher",), "", "13900001002"),
    "banzhuren": ("许静", "初二年级组", ("homeroom",), "", "13900001003"),
    "repairer": ("王建国", "后勤处", ("repairer",), "水电", "13900001004"),
    "repairer2": ("何志强", "后勤处", ("repairer",), "综合、安全", "13900001005"),
    "clerk": ("刘敏", "后勤处", ("clerk",), "", "13900001006"),
    "director": ("陈国栋", "后勤处", ("director",), "", "13900001007"),
    "warden": ("黄秀兰", "宿管组", ("warden",), "", "13900001008"),
    "steward": ("马德胜", "食堂", ("steward",), "", "13900001009"),
    "storekeeper": ("郑玉珍", "后勤处", ("storekeeper",), "", "13900001010"),
    "assetkeeper": ("吴海燕", "后勤处", ("assetkeeper",), "", "13900001011"),
    "finance": ("赵丽华", "财务室", ("finance",), "", "13900001012"),
    "viceprincipal": ("周明远", "校长室", ("viceprincipal",), "", "13900001013"),
    "principal": ("孙志远", "校长室", ("principal",), "", "13900001014"),
    "admin": ("徐伟", "校办公室", ("admin",), "", "13900001015"),
}  # fmt: skip

REPAIRERS = (
    ("赵铁柱", "木工、土建"), ("孙宝山", "水电"), ("李长林", "木工"), ("韩磊", "电器、信息"), ("唐勇", "信息"),
    ("冯大海", "食堂设备、绿化"),
)  # fmt: skip
WARDENS = ("胡桂英", "谢春花", "邓爱萍", "罗红霞", "彭素珍")

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = (
    "雅琴", "志刚", "丽娟", "海涛", "敏", "婷婷", "建军", "春燕", "文博", "雪梅", "俊杰", "玉兰", "晨曦", "国强", "慧玲", "立新",
    "佳琪", "永刚", "红梅", "思远", "淑芬", "明辉", "倩", "宏伟", "素芳", "嘉怡", "振华", "艳", "一鸣", "美玲", "少华", "晓东",
    "秀云", "浩然", "月华", "启航", "静怡", "德明", "梦洁", "学军", "翠萍", "云峰", "若兰", "正阳", "兰英", "子涵", "卫东", "巧云",
    "瑞", "芳", "凯", "颖", "磊", "娜", "斌", "洁", "鹏", "琳", "勇", "雯",
)  # fmt: skip

# topic -> responsible, deputy (names); 后勤 topics of the category table and of the areas
DUTIES = (
    ("水电", "王建国", "孙宝山"), ("木工", "赵铁柱", "李长林"), ("土建", "赵铁柱", "何志强"), ("信息", "唐勇", "韩磊"),
    ("电器", "韩磊", "王建国"), ("食堂设备", "冯大海", "韩磊"), ("安全", "何志强", "陈国栋"), ("体育", "李长林", "何志强"),
    ("绿化", "冯大海", None), ("综合", "何志强", "孙宝山"),
)  # fmt: skip


def make(world: World) -> None:
    """Everybody who has an account."""
    world.say("正在建立部门和人员 …")
    departments = Department.objects.bulk_create(
        Department(name=name, order=order) for order, name in enumerate(DEPARTMENTS)
    )
    by_name = {department.name: department for department in departments}
    hired = world.since - dt.timedelta(days=60)
    usable, unusable = make_password(DEMO_PASSWORD), make_password(None)
    users: list[User] = []
    roles: list[tuple[str, ...]] = []
    taken: set[str] = set()

    def add(
        name: str, department: str, role: tuple[str, ...], *, login: str = "", trade: str = "", phone: str = ""
    ) -> User:
        number = f"{len(users) + 1:04d}"
        user = User(
            username=login or f"t{number}", name=name, sort_name=full(name), staff_number=f"G{number}",
            phone=phone or f"1390000{2000 + len(users):04d}", department=by_name[department], trade=trade,
            is_staff="admin" in role, must_change_password=False, password=usable if login else unusable, date_joined=hired,
        )  # fmt: skip
        users.append(user)
        roles.append(role)
        taken.add(name)
        return user

    for login in DEMO_LOGINS:
        name, department, role, trade, phone = LOGINS[login]
        world.people[login] = add(name, department, role, login=login, trade=trade, phone=phone)
    small = world.profile.classes < 20
    world.repairers = [world.people["repairer"], world.people["repairer2"]]
    world.repairers += [
        add(name, "后勤处", ("repairer",), trade=trade) for name, trade in REPAIRERS[: 4 if small else 6]
    ]
    for name in WARDENS[: 1 if small else 3 if world.profile.classes < 50 else 5]:
        add(name, "宿管组", ("warden",))
    first = len(users)
    grades = ("初一年级组", "初二年级组", "初三年级组", "理化生组", "艺体信息组", "教务处", "政教处")
    while len(users) - first < world.profile.teachers - 3:  # the three teachers among the demo logins
        name = world.rng.choice(SURNAMES) + world.rng.choice(GIVEN)
        if name in taken:
            continue
        place = grades[(len(users) - first) % len(grades)]
        homeroom = len(users) - first < world.profile.classes - 1
        add(name, place, ("homeroom",) if homeroom else ("teacher",))
    made = User.objects.bulk_create(users)
    groups = {group.name: group.pk for group in Group.objects.all()}
    through = User.groups.through
    through.objects.bulk_create(
        through(user_id=user.pk, group_id=groups[role]) for user, held in zip(made, roles, strict=True) for role in held
    )
    world.teachers = [world.people["teacher"], world.people["teacher2"], *made[first:]]
    with clock.at(hired):
        log.write(None, "people", by=world.people["admin"], text=f"导入教职工 {len(made)} 人")


def duties(world: World) -> None:
    """Who is responsible for what; a dormitory by its own warden."""
    known = {user.name: user for user in [*world.repairers, *world.people.values()]}
    rows = []
    for topic, person, deputy in DUTIES:
        one = known.get(person, world.people["repairer2"])
        other = known.get(deputy) if deputy else None
        rows.append(Duty(topic=topic, person=one, deputy=other if other != one else None))
    for building in world.rooms("dormitory", kind="building"):
        warden = world.wardens[building.pk]
        rows.append(Duty(topic="宿舍", place=building, person=warden))
    canteen = world.place("食堂")
    rows.append(Duty(topic="食堂", place=canteen, person=world.people["steward"], deputy=world.people["clerk"]))
    Duty.objects.bulk_create(rows)
