"""The demo's timeline: what happens when, one event after another with a moved clock, and the dice that decide."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assets.models import Card, Holding
from campus import calendar, worktime
from campus.models import Place, User
from config.demo import words
from config.demo.world import World
from core import clock
from repairs.models import Category, HoldReason

AWAKE = (dt.time(6, 30), dt.time(22, 0))
QUICK = 8  # working days: what was filed since then is brought to its end without detours


@dataclass
class Case:
    """A fault on its way: what is wrong, where, and what will become of it."""

    place: Place
    kind: Category
    fault: words.Fault
    quick: bool
    fate: str = ""
    stop: str = ""  # the state in which it stays until today
    ticket: Any = None
    accepter: Any = None
    tries: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


class Timeline:
    """The queue of what happens, in order of time; and the dice."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng
        self.queue: list[tuple[dt.datetime, int, Callable[..., Any], tuple[Any, ...]]] = []
        self.count = 0
        self.devices = 0
        self.kinds = {
            kind.name: kind for kind in Category.objects.filter(parent__isnull=False).select_related("parent")
        }
        self.reasons = {reason.key: reason for reason in HoldReason.objects.all()}
        self.cards: dict[tuple[int, str], Card] = {}
        for holding in Holding.objects.filter(condition="in_use").select_related("card").order_by("pk"):
            self.cards.setdefault((holding.place_id, holding.card.name), holding.card)
        self.spots = self._spots()
        self.fits: dict[tuple[str, str], list[Place]] = {}
        self.taken: set[tuple[int, int]] = set()  # place and kind of what is told ticket by ticket
        self.home = {row.room_id: row.teacher for row in world.classes}
        self.office = [world.people["clerk"], world.people["clerk"], world.people["director"]]
        self.quick_since = clock.moment(*calendar.add_working_days(world.today, -QUICK).timetuple()[:3])

    # ---- time ----------------------------------------------------------------------------------------------------

    def at(self, when: dt.datetime, act: Callable[..., Any], *args: Any) -> None:
        """Let something happen; what lies after the demo's moment never does, and what must be over by then is hurried."""
        if when > self.world.now and args and isinstance(args[0], Case) and args[0].quick and not args[0].stop:
            when = clock.now() + (self.world.now - clock.now()) * self.rng.uniform(0.1, 0.5)
        if when <= self.world.now:
            self.count += 1
            heapq.heappush(self.queue, (when, self.count, act, args))

    def run(self) -> None:
        """Play everything in order."""
        month = None
        while self.queue:
            when, _, act, args = heapq.heappop(self.queue)
            if (when.year, when.month) != month:
                month = (when.year, when.month)
                self.world.say(f"正在经历 {when.year}年{when.month}月 …")
            with clock.at(when):
                act(*args)

    def after(self, low: int, high: int, act: Callable[..., Any], *args: Any) -> None:
        """So many minutes of working time from now."""
        when = worktime.add_working_time(clock.now(), self.rng.randint(low, high))
        self.at(when + dt.timedelta(minutes=self.rng.randint(1, 9), seconds=self.rng.randint(0, 59)), act, *args)

    def shortly(self, low: int, high: int, act: Callable[..., Any], *args: Any) -> None:
        """So many minutes from now by the wall clock: danger does not wait."""
        self.at(
            clock.now() + dt.timedelta(minutes=self.rng.randint(low, high), seconds=self.rng.randint(0, 59)), act, *args
        )

    def day(self, ago: int, time: str = "09:00") -> dt.datetime:
        """The moment `time` on the working day so many working days before today."""
        date = calendar.add_working_days(self.world.today, -ago)
        hour, minute = map(int, time.split(":"))
        return clock.moment(date.year, date.month, date.day, hour, minute)

    def lately(self, hours: float) -> dt.datetime:
        """So many waking hours ago."""
        moment, left = self.world.now, dt.timedelta(hours=hours)
        while True:
            start = moment.replace(hour=AWAKE[0].hour, minute=AWAKE[0].minute, second=0, microsecond=0)
            end = moment.replace(hour=AWAKE[1].hour, minute=0, second=0, microsecond=0)
            moment = min(moment, end)
            if moment > start and moment - start >= left:
                return moment - left
            left -= max(moment - start, dt.timedelta())
            moment = end - dt.timedelta(days=1)

    # ---- dice ----------------------------------------------------------------------------------------------------

    def chance(self, percent: float) -> bool:
        return self.rng.random() * 100 < percent

    def _spots(self) -> dict[str, list[Place]]:
        """The places of each use in which things break; halls and fronts rarely."""
        found: dict[str, list[Place]] = {}
        for place in self.world.places:
            if place.kind in ("room", "corridor", "stairwell", "ground", "gate", "window") and place.use:
                found.setdefault(place.use, []).append(place)
        return found

    def teacher(self) -> User:
        """Any teacher; those of the demo logins have their own stories at the end."""
        return self.rng.choice(self.world.teachers[2:])

    def kind_for(self, use: str, month: int) -> str:
        names, weights = [], []
        for name, fault in words.FAULTS.items():
            weight = fault.where.get(use, 0)
            if weight:
                factor = words.SEASONS.get(name, {}).get(month, words.OFF_SEASON.get(name, 1))
                names.append(name)
                weights.append(weight * factor)
        return self.rng.choices(names, weights)[0]

    def spot_for(self, use: str, name: str) -> Place:
        """A place of the use in which this kind of fault makes sense."""
        if (use, name) not in self.fits:
            self.fits[use, name] = self._fitting(use, name) or self.spots[use]
        return self.rng.choice(self.fits[use, name])

    def _fitting(self, use: str, name: str) -> list[Place]:
        wanted = {
            "楼道/应急灯": ("stairwell", "corridor"), "疏散指示/应急照明": ("corridor", "stairwell"), "灭火器": ("corridor",),
            "地面破损": ("corridor", "room"), "消火栓": ("corridor", "ground"), "门禁/道闸/围墙": ("gate",), "篮球架/器械": ("ground",),
            "树木倾倒/枯枝": ("ground",), "路面/井盖": ("ground", "gate"), "监控": ("gate", "ground", "corridor"),
            "灯不亮": ("room", "ground", "gate"), "广播/音响": ("room", "ground"),
        }.get(name, ("room",) if use != "outdoor" else ("ground", "gate"))  # fmt: skip
        wet = name in ("冲水阀损坏", "下水/便池堵塞") and use == "teaching"
        lesson = name in ("课桌", "一体机/投影", "黑板", "窗帘", "储物柜", "讲台/办公桌椅") and use == "teaching"
        fine = []
        for place in self.spots[use]:
            if place.kind not in wanted or (wet and place.room_type != "厕所"):
                continue
            if lesson and place.pk not in self.home:
                continue
            if not wet and place.room_type == "厕所" and name not in ("水龙头漏水", "灯不亮", "门扇/合页"):
                continue
            if name == "饮水机故障" and use == "teaching" and place.room_type != "开水房" and place.pk not in self.home:
                continue
            if name == "篮球架/器械" and place.name not in ("操场", "篮球场"):
                continue
            fine.append(place)
        return fine
