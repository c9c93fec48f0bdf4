"""The dormitories' term: beds, daily scores, night rounds, two sweeps with what came of them, boards, appeals, zones."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from campus import cache, calendar
from campus.models import Figure, Place, Term, User
from config.demo.timeline import Timeline
from core import clock
from core.workflow import RuleBroken
from dormitory import checklists, services
from dormitory.models import Room
from dormitory.services import boards
from inspections.models import Checklist, Finding, Round, Schedule, Target, Upkeep, Zone
from inspections.rules import stage_of
from inspections.services import findings, rounds
from inspections.services.entering import Row, enter_sheet
from inspections.services.upkeep import lead
from repairs import services as repairs
from repairs.models import Category, Ticket

NIGHTS = 7  # of patrols and roll calls before today
WRONG = {  # line -> (how often of a hundred in an ordinary room, points, why)
    "被子": (17, (3, 5), "被子没叠"), "床面": (15, (2, 4), "床上有杂物"), "桌柜": (14, (2, 4), "桌面凌乱"), "鞋盆": (18, (3, 5), "鞋盆未成线"),
    "地面": (17, (3, 6), "地面有水"), "卫生间": (12, (3, 6), "便池未冲洗"), "垃圾": (15, (3, 4), "垃圾未倒"), "用电": (2, (5, 5), "人走未关风扇"),
}  # fmt: skip
TERRIBLE = {"被子": 10, "地面": 8, "垃圾": 6}
FAULTS = {"风扇": 12, "灯": 7, "床": 2, "门": 4, "窗": 4}  # of a hundred rooms
TRADES = {"风扇": "水电", "灯": "水电", "床": "木工", "门": "木工", "窗": "木工"}
FINE = Decimal(0)


class Story:
    """What happens in the dormitories, among the rest of the timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self.at, self.world = timeline.at, timeline.world
        world = self.world
        self.rng = random.Random(f"rounds-{world.now:%F}")  # noqa: S311  (dice, no secret)
        self.objected: set[int] = set()
        self.houses = world.rooms("dormitory", kind="building")
        self.lists = {one.key: one for one in Checklist.objects.exclude(key="")}
        self.wardens = list(User.objects.filter(groups__name="warden").order_by("pk"))
        term = Term.objects.filter(starts_on__lte=world.today).order_by("-starts_on").first()
        self.first = term.starts_on if term else world.since.date()
        self.last = min(world.today, term.ends_on) if term else world.today
        self.bedrooms = [p for p in world.rooms("dormitory") if p.room_type == "学生宿舍居室"]
        self.habits = {p.pk: self.rng.choice((0.4, 0.7, 1, 1.2, 1.5, 1.8, 2.4)) for p in self.bedrooms}
        self.trouble = {p.pk for p in self.rng.sample(self.bedrooms, 3)}
        self.lines: dict[int, dict[str, Any]] = {}

    # ---- time ----

    def moment(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        return clock.moment(day.year, day.month, day.day, hour, minute)

    def school_days(self) -> list[dt.date]:
        span = (self.last - self.first).days + 1
        days = (self.first + dt.timedelta(n) for n in range(span))
        return [day for day in days if calendar.current().is_working(day)]

    def lines_of(self, one: Round) -> dict[str, Any]:
        if one.sheet_id not in self.lines:
            self.lines[one.sheet_id] = {line.name: line for line in one.sheet.lines.all()}
        return self.lines[one.sheet_id]

    def warden(self, house: Place) -> User:
        return self.world.wardens[house.pk]

    def another(self, user: User) -> User:
        return next(one for one in self.wardens if one.pk != user.pk)

    # ---- beds ----

    def beds(self) -> None:
        """Every class has its boys in one building and its girls in the other; what is left over shares a room."""
        it, told = self.world.profile, []
        services.ensure_rooms()
        there = {room.place_id: room for room in Room.objects.select_related("place")}
        for house in self.houses:
            rooms = [p for p in self.bedrooms if p.building_id == house.pk]
            left = [[group, 0] for group in self.world.classes]
            total = sum(p.people for p in rooms)
            for number, pair in enumerate(left):
                pair[1] = total * (number + 1) // len(left) - total * number // len(left)
            for place in rooms:
                free, occupants = place.people, []
                while free and left:
                    took = min(free, left[0][1])
                    if took:
                        occupants.append((left[0][0], took))
                    free, left[0][1] = free - took, left[0][1] - took
                    if not left[0][1]:
                        left.pop(0)
                told.append((there[place.pk], it.beds // it.dorm_rooms, "", occupants))
        services.settle_many(told)

    # ---- scores ----

    def schedules(self) -> None:
        """What repeats itself: scores on school days, patrol and roll call every night, corridor lamps once a month."""
        known = (
            ("score", checklists.HYGIENE, "weekdays", "am", "room", "学生宿舍居室", "内务评分"), ("patrol", checklists.PATROL, "daily", "night", "floor", "", "夜间巡查"),
            ("call", checklists.ROLL_CALL, "daily", "night", "floor", "", "晚点名"), ("lamps", checklists.CORRIDOR, "monthly", "", "corridor", "", "走廊灯"),
        )  # fmt: skip
        self.plans: dict[tuple[str, int], Schedule] = {}
        for house in self.houses:
            for name, key, every, slot, pick, kind, words in known:
                made = Schedule.objects.create(
                    checklist=self.lists[key], title=f"{house.name}{words}", every=every, slot=slot, pick=pick, room_type=kind, place=house,
                    day=5 if every == "monthly" else None, starts_on=self.first,
                )  # fmt: skip
                made.people.set([self.warden(house)])
                self.plans[name, house.pk] = made

    def score(self, house: Place, day: dt.date, unhappy: bool, part: bool) -> None:
        one = rounds.start_scheduled(self.plans["score", house.pk], day)
        if one is None:  # today's is there since the morning
            one = Round.objects.get(schedule=self.plans["score", house.pk], on=day)
        lines, rows = self.lines_of(one), []
        targets = list(one.targets.values_list("pk", "place"))
        for pk, place in targets[: len(targets) // 2 if part else None]:
            if unhappy and place in self.trouble:
                rows.append(
                    Row(pk, {lines[name].pk: Decimal(p) for name, p in TERRIBLE.items()}, reason="多次提醒未整理")
                )
            elif self.rng.random() < 0.006:
                rows.append(Row(pk, excused="锁门未查"))
            else:
                rows.append(self.scored(pk, place, lines))
        by = self.warden(house)
        enter_sheet(one, rows, by=by, at=clock.now())
        if not part:
            rounds.close_round(one, by=by)

    def begin(self, plan: Schedule) -> None:
        rounds.start_scheduled(plan, self.world.today)

    def scored(self, pk: int, place: int, lines: dict[str, Any]) -> Row:
        marks, why = {}, []
        for name, (often, points, words) in WRONG.items():
            if self.rng.random() * 100 < often * self.habits[place]:
                marks[lines[name].pk] = Decimal(self.rng.choice(points))
                why.append(words)
        return Row(pk, marks, reason="，".join(why))

    def night(self, name: str, house: Place, day: dt.date, odd: bool) -> None:
        """A patrol or a roll call over the floors."""
        one = rounds.start_scheduled(self.plans[name, house.pk], day)
        if one is None:
            return
        lines, by = self.lines_of(one), self.warden(house)
        rows = []
        for number, (pk, place) in enumerate(one.targets.values_list("pk", "place")):
            if name == "call":
                people = sum(p.people for p in self.bedrooms if p.parent_id == place)
                away = int(odd and number == 1)
                marks = {lines["实到"].pk: Decimal(people - away)} | ({lines["未归"].pk: Decimal(1)} if away else {})
                rows.append(Row(pk, marks, reason="已联系家长，请假回家" if away else ""))
            else:
                marks = {lines["通道"].pk: True} if odd and number == 2 else {}
                rows.append(Row(pk, marks, reason="楼梯口堆放纸箱" if marks else ""))
        enter_sheet(one, rows, by=by, at=clock.now())
        rounds.close_round(one, by=by)

    # ---- sweeps ----

    def sweep(self, house: Place, days: int, title: str) -> None:
        self.swept = services.start_sweep(
            house, checklist=self.lists[checklists.SWEEP], due_on=clock.today() + dt.timedelta(days), by=self.world.people["clerk"],
            people=[self.warden(house)], title=title,
        )  # fmt: skip

    def walk(self, floors: list[int], most: int, half: bool = False) -> None:
        """The warden walks some floors: so many faults at most."""
        one, by = Round.objects.get(pk=self.swept.pk), self.warden(self.swept.place)
        lines, rows, found = self.lines_of(one), [], 0
        targets = [pair for pair in one.targets.values_list("pk", "place__parent__name") if int(pair[1][0]) in floors]
        for pk, _ in targets[: len(targets) // 2 if half else None]:
            marks = {}
            for name, often in FAULTS.items():
                if found < most and self.rng.random() * 100 < often:
                    marks[lines[name].pk] = Decimal(self.rng.choice((1, 1, 1, 2)) if name != "门" else 1)
                    found += 1
            rows.append(Row(pk, marks))
        enter_sheet(one, rows, by=by, at=clock.now())

    def end_sweep(self) -> None:
        one = Round.objects.get(pk=self.swept.pk)
        rounds.close_round(one, by=self.warden(one.place), words="全部查完")

    def mend(self, sweep: Round, share: float, stop: str = "") -> None:
        """So many of the faults of a sweep are dispatched, and mended unless it stops at 派工 or 维修中."""
        rows = (
            Finding.objects.filter(result__target__round=sweep, state="open")
            .select_related("ticket__category", "line")
            .order_by("pk")
        )
        for finding in list(rows)[: max(1, round(len(rows) * share))]:
            ticket = finding.ticket
            if (
                ticket is None
                or ticket.channel != "inspection"
                or ticket.state not in ("new", "accepted", "dispatched", "doing")
            ):
                continue  # another story may have it in hand
            trade = TRADES.get(finding.line.name, "水电") if finding.line else "水电"
            man = next((one for one in self.world.repairers if trade in one.trade), self.world.repairers[0])
            self.repair(ticket, man, stop)

    def repair(self, ticket: Ticket, man: User, stop: str) -> None:
        if ticket.state in ("new", "accepted"):
            ticket = repairs.dispatch(ticket, by=self.world.people["clerk"], lead=man)
        if stop == "dispatched":
            return
        if ticket.state == "dispatched":
            ticket = repairs.start(ticket, by=ticket.lead)
        if stop == "doing":
            return
        repairs.finish(
            ticket,
            by=ticket.lead,
            outcome="repaired",
            done=ticket.quantity,
            words="已修好",
            minutes=self.rng.randrange(15, 60, 5),
            photos=[self.world.photo],
        )

    def recheck(self, sweep: Round, most: int | None = None) -> None:
        """Another warden looks again and strikes off; the first one of a whole sweep fails once."""
        rows = Finding.objects.filter(result__target__round=sweep, state="open").select_related("ticket").order_by("pk")
        by = self.another(self.warden(sweep.place))
        waiting = [one for one in rows if stage_of(one) == "recheck"]
        for number, finding in enumerate(waiting[:most]):
            try:
                if most is None and not number and not finding.recheck_failed:
                    findings.fail_recheck(finding, by=by, reason="还是不转，响声大")
                else:
                    findings.pass_recheck(finding, by=by, words="复查正常", photo=self.world.photo)
            except RuleBroken:
                continue

    def void_one(self, sweep: Round) -> None:
        one = Finding.objects.filter(state="open", ticket=None, result__line__name="通道").order_by("pk").first()
        if one is not None:
            findings.void(one, by=self.another(self.warden(self.houses[0])), reason="纸箱当晚已搬走，误记")

    # ---- boards, appeals ----

    def publish(self, monday: dt.date, by: User | None) -> None:
        try:
            boards.publish(monday, by=by)
        except RuleBroken:  # a week of holidays
            return

    def deducted(self, day: dt.date, taken: set[int]) -> Target | None:
        """A score of the class teacher's class on a day, in the last building where there is one."""
        teacher = self.world.people["banzhuren"]
        rows = Target.objects.filter(
            on=day,
            score__lt=100,
            score__gte=80,
            failures__gte=1,
            place__dormitory_room__occupants__class_group__teacher=teacher,
        ).exclude(place__in=Target.objects.filter(pk__in=taken).values("place"))
        return rows.order_by("-place__building", "pk").first()

    def object(self, day: dt.date, words: str, answer: str, change: bool, after: dt.datetime | None) -> None:
        target = self.deducted(day, self.objected)
        if target is None:
            return
        self.objected.add(target.pk)
        made = services.appeal(target, words=words, by=self.world.people["banzhuren"])
        if after is not None:
            self.at(after, self.answer, made, answer, change)

    def answer(self, made: Any, answer: str, change: bool) -> None:
        made.refresh_from_db()
        by = self.another(made.scored_by)
        if not change:
            services.keep(made, answer=answer, by=by)
            return
        taken = dict.fromkeys(made.target.results.filter(failed=True).values_list("line", flat=True), FINE)
        services.change(made, answer=answer, taken=taken, by=by)

    # ---- zones, upkeep ----

    def around(self) -> None:
        """Who answers for stairs and corridors of each building; filters in the boiled-water rooms."""
        filters = Category.objects.filter(name="饮水机故障").first()
        for house in self.houses:
            zone = Zone.objects.create(
                area="dormitory", name=f"{house.name}公共区", person=self.warden(house), standard="每天早晚各扫一遍，无积水、无堆放，灯有不亮的当天报修。",
            )  # fmt: skip
            zone.places.set(
                p for p in self.world.places if p.building_id == house.pk and p.kind in ("corridor", "stairwell")
            )
            for number, place in enumerate(
                p for p in self.world.places if p.building_id == house.pk and p.room_type == "开水房" and filters
            ):
                lead(Upkeep(
                    area="dormitory", title="开水器滤芯更换", place=place, category=filters, words="换前置和活性炭滤芯，冲洗三分钟", every_days=180,
                    counts_from="done", due_on=self.world.today + dt.timedelta(20 + 15 * number), owner=self.warden(house),
                    done_on=self.world.today - dt.timedelta(160 - 15 * number), times=1,
                )).save()  # fmt: skip


def plan(timeline: Timeline) -> None:
    """Let everything of the dormitories happen among the rest, so that numbers follow the hours."""
    it, world = Story(timeline), timeline.world
    world.say("正在安排寝室入住、卫生评分和排查 …")
    Figure.objects.filter(key="dormitory.honour_score").update(
        value=98
    )  # this school's bar: some 30 of 176 rooms a week
    cache.bump()
    with clock.at(max(world.since - dt.timedelta(days=20), it.moment(it.first, 6) - dt.timedelta(days=30))):
        it.beds()
        it.schedules()
        it.around()
    days = it.school_days()
    late = set(days[-2:]) if world.today not in days else set(days[-3:])
    for day in days:
        for number, house in enumerate(it.houses):
            part = day == world.today
            it.at(it.moment(day, 7, 40 + 10 * number), it.score, house, day, day in late, part)
    monday = boards.week_of(it.first)[0]
    weeks = 0
    while monday + dt.timedelta(7) <= world.today:
        by = world.people["warden"] if weeks % 4 == 1 else None
        it.at(it.moment(monday + dt.timedelta(7), 8 if by else 6, 30), it.publish, monday, by)
        monday, weeks = monday + dt.timedelta(7), weeks + 1
    for back in range(NIGHTS, 0, -1):
        night = world.today - dt.timedelta(back)
        if night >= it.first:
            for number, house in enumerate(it.houses):
                it.at(it.moment(night, 21, 50), it.night, "call", house, night, back == 3 and not number)
                it.at(it.moment(night, 22, 20), it.night, "patrol", house, night, back in (2, 5) and not number)
    for house in it.houses:  # today's are there in the morning
        for name in ("score", "call", "patrol"):
            if name != "score" or world.today in days:
                it.at(it.moment(world.today, 0), it.begin, it.plans[name, house.pk])
    _sweeps(it)
    if len(days) > 20:
        kept, changed, waiting = days[-16], days[-9], days[-1] if world.today not in days else days[-2]
        it.at(
            it.moment(kept, 16),
            it.object,
            kept,
            "检查前已经倒过垃圾，是别的班后来扔的。",
            "当时垃圾桶已满，维持原分。",
            False,
            it.moment(kept, 20),
        )
        monday = boards.week_of(changed)[0] + dt.timedelta(7)
        it.at(
            it.moment(changed, 16),
            it.object,
            changed,
            "这间当天有学生生病在床，值日已经向宿管说明。",
            "情况属实，这次不扣分。",
            True,
            it.moment(monday, 10),
        )
        it.at(it.moment(waiting, 15), it.object, waiting, "当天停水，卫生间无法冲洗，请核实。", "", False, None)


def _sweeps(it: Story) -> None:
    """One at the start of what is told, ended; one of these days, half done."""
    world = it.world
    first = calendar.current().next_working(max(it.first, world.since.date()))
    one, other = it.houses[0], it.houses[-1]

    def later(count: int) -> dt.date:
        return calendar.add_working_days(first, count)

    old: dict[str, Round] = {}

    def begin() -> None:
        it.sweep(one, 6, f"{one.name}开学设施排查")
        old["round"] = it.swept

    it.at(it.moment(first, 8, 5), begin)
    for number in range(1, 5):
        it.at(it.moment(later((number + 1) // 2), 9 + 6 * (number % 2)), it.walk, [number], 4)
    it.at(it.moment(later(3), 17), it.end_sweep)
    for count, act in ((3, "mend"), (5, "recheck"), (7, "mend"), (8, "check")):
        it.at(it.moment(later(count), 16, 30), lambda act=act: {
            "mend": lambda: it.mend(old["round"], 1), "recheck": lambda: it.recheck(old["round"]), "check": lambda: it.recheck(old["round"], 99),
        }[act]())  # fmt: skip

    start = calendar.add_working_days(world.today, -3)
    if start <= later(9):
        return

    def now() -> dt.date:
        return calendar.add_working_days(start, 1)

    it.at(it.moment(start, 8, 20), it.sweep, other, 8, f"{other.name}冬季设施排查")
    it.at(it.moment(start, 15), it.walk, [1], 6)
    it.at(it.moment(now(), 15), it.walk, [2], 6)
    it.at(it.moment(calendar.add_working_days(start, 2), 11), it.walk, [3], 5, True)
    last = calendar.add_working_days(start, 2)
    it.at(it.moment(now(), 17), lambda: it.mend(it.swept, 0.6))
    it.at(it.moment(last, 9, 30), lambda: it.recheck(it.swept, 3))
    it.at(it.moment(last, 14), lambda: it.mend(it.swept, 0.75, "doing"))
    it.at(it.moment(last, 16), lambda: it.mend(it.swept, 0.85, "dispatched"))
    it.at(it.moment(last, 16, 30), lambda: it.void_one(it.swept))
