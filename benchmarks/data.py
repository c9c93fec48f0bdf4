"""A small school with any number of tickets, made in bulk: the same each time, and sound by every constraint."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType

from campus.models import Place, SchoolProfile, User
from core import clock
from core.models import LogEntry, Sequence
from repairs import defaults
from repairs.models import OUTCOMES, Category, Follower, HoldReason, Ticket

OPEN = 2_000  # open tickets among all, fewer in a small set
BATCH = 2_000
PRESENT, ABSENT = "漏水", "彗星"  # two-character words: one in many tickets, one in none
YEARS = 5
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙", "明华芳伟敏静丽强磊军洋勇艳杰娟涛超秀"
WORDS = ("灯管一直在闪", "水龙头关不紧", "风扇转得很慢，有异响", "门锁打不开，钥匙插不进去", "窗户把手掉了", "插座没有电",
         "天花板渗水", "空调不制冷", "课桌桌面翘起", "下水道堵了，水退不下去", "热水一直不热", "洗手池下面漏水，地上都是水")  # fmt: skip
BUILDINGS = (
    *((f"{number}号楼", "dormitory", "学生宿舍居室", "寝室", 8) for number in range(1, 7)),
    *((name, "teaching", "普通教室", "教室", 48) for name in ("明德楼", "博学楼", "求真楼", "实验楼")),
    ("行政楼", "office", "办公室", "办公室", 4),
    ("食堂", "canteen", "食堂", "间", 0),
)
FLOORS, ROOMS = 5, 12
STAFF = {
    "teacher": 120, "repairer": 8, "clerk": 3, "director": 1, "warden": 4, "storekeeper": 1, "finance": 1,
    "viceprincipal": 1, "principal": 1,
}  # fmt: skip
OPEN_STATES = (
    ("new",) * 3
    + ("accepted",) * 2
    + ("dispatched",) * 5
    + ("doing",) * 4
    + ("checking",) * 3
    + ("held",) * 2
    + ("asked",)
)


def fill(count: int) -> None:
    """Make the school and `count` tickets in an empty, migrated database."""
    defaults.ensure()
    SchoolProfile.objects.create(name="示范中学", duty_phone="0571-88886666", public_url="http://houqin.test")
    _people()
    _places()
    _tickets(count)


def _people() -> None:
    rng = random.Random("people")
    for role, number in STAFF.items():
        group, _ = Group.objects.get_or_create(name=role)
        User.objects.bulk_create(
            User(
                username=f"{role}{index}", name=rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2)), password="!",
                phone=f"138{rng.randrange(10**8):08}", sort_name=f"{role}{index:04}",
            )
            for index in range(number)
        )  # fmt: skip
        people = User.objects.filter(username__startswith=role)
        User.groups.through.objects.bulk_create(
            User.groups.through(user_id=pk, group_id=group.pk) for pk in people.values_list("pk", flat=True)
        )


def _places() -> None:
    """Campus, buildings, floors, rooms; a level at a time, because a path is made of keys."""
    campus = _level([(None, "campus", "校本部", "校本部", {})])[0]
    buildings = _level([(campus, "building", name, name, {"use": use}) for name, use, *_ in BUILDINGS])
    facts = dict(zip((one.pk for one in buildings), BUILDINGS, strict=True))
    floors = _level(
        (above, "floor", f"{number}层", f"{above.name} {number}层", {"use": above.use})
        for above in buildings for number in range(1, FLOORS + 1)
    )  # fmt: skip
    rooms = []
    for floor in floors:
        _, use, kind, word, people = facts[floor.parent_id]
        for number in range(1, ROOMS + 1):
            name = f"{floor.name[0]}{number:02}"
            rooms.append(
                (
                    floor,
                    "room",
                    name,
                    f"{floor.full_name} {name} {word}",
                    {"use": use, "room_type": kind, "people": people},
                )
            )
    _level(rooms)
    teachers = list(User.objects.filter(username__startswith="teacher").order_by("pk"))
    rooms = list(Place.objects.filter(kind="room", use="teaching").order_by("pk"))
    for index, room in enumerate(rooms):
        room.custodian = teachers[index % len(teachers)]
    Place.objects.bulk_update(rooms, ["custodian"], batch_size=200)


def _level(rows: Any) -> list[Place]:
    made = []
    for number, (parent, kind, name, full_name, facts) in enumerate(rows):
        building = None if parent is None else parent.building_id or (parent.pk if parent.kind == "building" else None)
        made.append(
            Place(
                parent=parent, building_id=building, kind=kind, name=name, full_name=full_name, path=f"?{kind}{number}",
                order=f"{number:06}", token=f"bench{kind[:2]}{number:06}", **facts,
            )
        )  # fmt: skip
    made = Place.objects.bulk_create(made, batch_size=500)
    for one in made:
        one.path = f"{one.parent.path if one.parent else ''}{one.pk}/"
    Place.objects.bulk_update(made, ["path"], batch_size=200)
    return made


# ---- tickets ------------------------------------------------------------------------------------------------------


def _open_ones(count: int) -> set[int]:
    """Which tickets are open: most of them young, some left over from long ago."""
    rng = random.Random("open")
    number = min(OPEN, count // 5 or 1)
    young = range(max(0, count - number * 3 // 2), count)
    found = set(rng.sample(young, number * 4 // 5))
    rest = [index for index in rng.sample(range(count), min(count, number)) if index not in found]
    return found | set(rest[: number - len(found)])


def _tickets(count: int) -> None:
    made = _made(count)
    kind = ContentType.objects.get_for_model(Ticket)
    teachers = list(User.objects.filter(username__startswith="teacher").order_by("pk"))
    rng = random.Random("log")
    while rows := list(islice(made, BATCH)):
        rows = Ticket.objects.bulk_create(rows, batch_size=500)
        LogEntry.objects.bulk_create((entry for ticket in rows for entry in _entries(ticket, kind)), batch_size=1000)
        Follower.objects.bulk_create(
            Follower(ticket=ticket, user=person)
            for ticket in rows if ticket.pk % 4 == 0
            for person in rng.sample(teachers, rng.choice((1, 1, 2, 3)))
            if person.pk != ticket.reporter_id
        )  # fmt: skip


def _made(count: int) -> Iterator[Ticket]:
    rng = random.Random("tickets")
    now, open_ones, numbers = clock.now().replace(microsecond=0), _open_ones(count), Counter[str]()
    staff = {role: list(User.objects.filter(username__startswith=role).order_by("pk")) for role in STAFF}
    rooms = list(Place.objects.filter(kind="room").order_by("pk"))
    kinds = list(Category.objects.filter(parent__isnull=False, hazard=False).order_by("pk"))
    holds = list(HoldReason.objects.order_by("pk"))
    step = dt.timedelta(days=365 * YEARS) / count
    for index in range(count):
        moment = now - step * (count - index) + dt.timedelta(seconds=rng.randrange(60))
        month = f"{clock.local(moment):%Y%m}"
        numbers[month] += 1
        category, lead = rng.choice(kinds), rng.choice(staff["repairer"])
        ticket = Ticket(
            number=f"BX{month}-{numbers[month]:04}", follow_token=f"bench-{index:09}", place=rng.choice(rooms), category=category,
            words=rng.choice(WORDS), quantity=rng.choice((1, 1, 1, 1, 2, 3)), reporter=rng.choice(staff["teacher"]),
            reported_at=moment, created_at=moment, priority=min(4, category.priority + rng.choice((0, 0, 0, 1))),
            priority_words=rng.choice(("", "影响 8 人", "夏季风扇 · 14 处 · 影响 112 人", "影响 48 人 · 超期 2 天")),
            score=rng.randrange(400), due_at=moment + dt.timedelta(days=category.workdays, hours=rng.randrange(8)),
        )  # fmt: skip
        if index in open_ones:
            _keep_open(ticket, rng.choice(OPEN_STATES), lead, staff["clerk"][0], rng.choice(holds), now, rng)
        else:
            _close(ticket, lead, staff["clerk"][0], min(now, moment + dt.timedelta(hours=rng.randrange(3, 120))), rng)
        yield ticket
    Sequence.objects.bulk_create(Sequence(key=f"BX{month}", last=last) for month, last in numbers.items())


def _close(ticket: Ticket, lead: User, clerk: User, end: dt.datetime, rng: random.Random) -> None:
    ticket.state, ticket.ended_at = "done", end
    if rng.random() < 0.05:
        ticket.state, ticket.end_words = "withdrawn", "自己修好了"
        return
    ticket.lead, ticket.dispatched_by, ticket.outcome = lead, clerk, rng.choice(tuple(OUTCOMES)[:3])
    ticket.accepted_at = ticket.opened_at = ticket.dispatched_at = ticket.started_at = ticket.reported_at
    ticket.finished_at = ticket.completed_at = end
    ticket.done_quantity, ticket.labour_minutes = ticket.quantity, rng.randrange(10, 120)
    ticket.completed_by, ticket.rating = ticket.reporter, rng.choice((None, 4, 5))


def _keep_open(
    ticket: Ticket, state: str, lead: User, clerk: User, reason: HoldReason, now: dt.datetime, rng: random.Random
) -> None:
    ticket.state, moment = state, ticket.reported_at
    if rng.random() < 0.01 and state in ("new", "dispatched", "doing"):
        ticket.hazard, ticket.priority, ticket.protection = True, 1, rng.choice(("", "已拉警戒线"))
    if state == "asked":
        ticket.ask_words, ticket.asked_at, ticket.state_before, ticket.clock_stopped_at = (
            "是哪一盏",
            moment,
            "new",
            moment,
        )
    if state in ("new", "asked"):
        return
    ticket.accepted_at = ticket.opened_at = moment
    if state == "accepted":
        return
    ticket.lead, ticket.dispatched_by, ticket.dispatched_at = lead, clerk, moment
    if state == "held":
        ticket.state_before, ticket.hold_reason = "doing", reason
        ticket.hold_until = clock.local(now).date() + dt.timedelta(days=rng.randrange(-10, 20))
        ticket.clock_stopped_at = moment if reason.stops_clock else None
    if state in ("doing", "held", "checking"):
        ticket.started_at = moment
    if state == "checking":
        ticket.finished_at, ticket.outcome, ticket.done_quantity = moment, "repaired", ticket.quantity
        ticket.clock_stopped_at = moment


def _entries(ticket: Ticket, kind: ContentType) -> Iterator[LogEntry]:
    """What the log says of the ticket: the steps that its facts tell of."""
    steps = (
        ("file", "报修", ticket.reporter, ticket.reported_at, "new"),
        ("accept", "受理", ticket.dispatched_by, ticket.accepted_at, "accepted"),
        ("dispatch", "派工", ticket.dispatched_by, ticket.dispatched_at, "dispatched"),
        ("start", "开始维修", ticket.lead, ticket.started_at, "doing"),
        ("finish", "完工", ticket.lead, ticket.finished_at, "checking"),
        ("accept_work", "验收通过", ticket.completed_by, ticket.completed_at, "done"),
    )
    for verb, text, person, moment, state in steps:
        if moment is not None:
            yield LogEntry(
                at=moment, by=person, by_name=person.name if person else "", verb=verb, text=text, after=state, kind=kind,
                object_id=ticket.pk,
            )  # fmt: skip


def long_ticket(entries: int = 40) -> Ticket:
    """An open ticket in work with a long history: what the bar for a ticket's page is measured on."""
    ticket = Ticket.objects.filter(state="doing").latest("pk")
    kind, person = ContentType.objects.get_for_model(Ticket), ticket.lead
    missing = entries - LogEntry.objects.of(ticket).count()
    LogEntry.objects.bulk_create(
        LogEntry(
            at=ticket.reported_at + dt.timedelta(minutes=number), by=person, by_name=person.name, verb="say", text="留言",
            said=f"第 {number} 次看过，等配件到了再换。", kind=kind, object_id=ticket.pk,
        )
        for number in range(missing)
    )  # fmt: skip
    return ticket
