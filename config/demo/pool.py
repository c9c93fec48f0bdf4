"""Classrooms and offices: spare pools with swaps and batches, patrols of facade and lamps, water machines, counted rooms."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Q

from assets import services as assets
from assets.models import Card
from campus import calendar
from campus.models import Place, User
from classrooms import checklists, services
from classrooms.models import Batch, Pool
from config.demo.timeline import Timeline
from core import clock, log
from inspections.models import Checklist, Finding, Line, Round, Schedule, Target, Upkeep
from inspections.services import findings, rounds
from inspections.services.entering import Row, enter_sheet
from inspections.services.schedules import FIELDS, save_schedule
from repairs import services as repairs
from repairs.models import Category, Ticket

FACES = ("明德楼", "至善楼", "行政楼")
FILTER_DAYS = 180
SAID = ("椅腿断了一根", "椅面裂开，夹人", "靠背掉了", "椅腿弯了，坐不稳")


def plan(timeline: Timeline) -> None:
    """Let everything about classrooms beyond their tickets happen among the rest, so that numbers follow the hours."""
    Story(timeline).plan()


class Story:
    """What happens, in order of time."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline, world = timeline, timeline.world
        self.world, self.people = world, world.people
        self.rng = random.Random(f"pool-{world.now:%F}")  # noqa: S311  (dice, no secret)
        self.kinds = {kind.name: kind for kind in Category.objects.filter(parent__isnull=False)}
        self.lists = {one.key: one for one in Checklist.objects.filter(area=checklists.AREA)}
        self.carpenter = (
            User.objects.with_role("repairer").filter(trade__startswith="木工").first() or self.people["repairer2"]
        )
        self.walker: User = self.people["repairer2"]
        self.clerk: User = self.people["clerk"]
        self.chairs: Any = None

    # ---- time -------------------------------------------------------------------------------------------------------

    def at(self, ago: int, hour: int, minute: int = 0) -> dt.datetime:
        """So many days ago, or the working day before."""
        date = self.world.today - dt.timedelta(days=ago)
        while not calendar.is_working(date):
            date -= dt.timedelta(days=1)
        return clock.moment(date.year, date.month, date.day, hour, minute)

    def next_day(self, moment: dt.datetime, hour: int, minute: int = 0) -> dt.datetime:
        date = calendar.next_working(moment.date())
        return clock.moment(date.year, date.month, date.day, hour, minute)

    def plan(self) -> None:
        """Each at its moment; what lies after the demo's moment never happens."""
        for moment, what in self.events():
            if self.world.since < moment:
                self.timeline.at(moment, what)

    def later(self, days: int, what: Callable[[], Any]) -> None:
        self.timeline.at(clock.now() + dt.timedelta(days=days), what)

    def events(self) -> Iterable[tuple[dt.datetime, Callable[[], None]]]:
        yield self.world.since + dt.timedelta(days=2, hours=9), self.pools
        yield self.world.since + dt.timedelta(days=2, hours=10), self.schedules
        for number, ago in enumerate((52, 47, 43, 40, 36, 33, 30, 26, 22, 19, 13, 8, 5, 2)):
            yield from self.broken_chair(self.at(ago, 10 + number % 4, 12 + number), number)
        yield self.at(44, 9), lambda: self.open_batch(8, "第一批：9月换下的", parts=(("椅面板", 6), ("课桌椅铆钉", 40)))
        yield self.at(41, 16, 30), lambda: self.close_batch(fine=7, gone=1, minutes=210)
        yield self.at(38, 10), self.answer_scrap
        yield self.at(20, 9), lambda: self.open_batch(5, "期中前修一批", parts=(("课桌椅铆钉", 24),))
        yield self.at(18, 16), lambda: self.close_batch(fine=5, gone=0, minutes=130)
        yield self.at(16, 9), lambda: self.open_batch(3, "")
        yield self.at(16, 11), self.void_batch
        yield self.at(2, 9), lambda: self.open_batch(30, "本月集中修", parts=(("课桌椅铆钉", 30), ("椅面板", 4)))
        for ago, hour, what in (
            (42, 10, self.water_first), (35, 15, self.count_rooms), (24, 15, self.facade_crack), (17, 15, self.facade_tile),
            (15, 10, self.lamps), (9, 10, self.water_second), (3, 15, self.facade_window), (0, 8, self.facade_today),
        ):  # fmt: skip
            yield self.at(ago, hour), what
        yield self.world.now - dt.timedelta(minutes=30), self.chair_now

    # ---- pools and swaps ----------------------------------------------------------------------------------------------

    def pools(self) -> None:
        place, shop = self.world.place("后勤楼 1层 周转库"), self.world.place("后勤楼 1层 维修间")
        for name, thing, kind, target in (("课椅周转", "课椅", "椅/凳", 40), ("课桌周转", "课桌", "课桌", 10)):
            made = Pool.objects.create(
                name=name, thing=thing, category=self.kinds[kind], place=place, workshop=shop, target=target
            )
            log.write(made, "create", by=self.people["assetkeeper"], text="新建周转库")
            self.chairs = self.chairs or made

    def broken_chair(self, filed: dt.datetime, number: int) -> Iterable[tuple[dt.datetime, Callable[[], None]]]:
        """Reported, sent, swapped within the hour, accepted by the class teacher the next day."""
        row = self.world.classes[(number * 5) % len(self.world.classes)]
        made: list[Ticket] = []

        def file() -> None:
            teacher = row.teacher or self.people["banzhuren"]
            made.append(repairs.open_ticket(
                place=row.room, category=self.kinds["椅/凳"], by=teacher, words=SAID[number % len(SAID)], quantity=1 + number % 2
            )[0])  # fmt: skip

        def send() -> None:
            fresh = Ticket.objects.get(pk=made[0].pk)
            if fresh.state in ("new", "accepted"):
                repairs.dispatch(fresh, by=self.clerk, lead=self.carpenter)

        def swap() -> None:
            fresh = Ticket.objects.select_related("lead").get(pk=made[0].pk)
            services.swap(fresh, pool=self.chairs, by=fresh.lead or self.carpenter, quantity=fresh.quantity)

        def accept() -> None:
            fresh = Ticket.objects.select_related("reporter").get(pk=made[0].pk)
            if fresh.state == "checking":
                repairs.accept_work(fresh, by=fresh.reporter, rating=5, words="上课前就换好了")

        yield filed, file
        yield filed + dt.timedelta(minutes=12), send
        yield filed + dt.timedelta(minutes=48), swap
        yield self.next_day(filed, 16, number), accept

    def chair_now(self) -> None:
        """One that waits for its chair: try the button."""
        row = self.world.classes[-1]
        teacher = row.teacher or self.people["banzhuren"]
        made, _ = repairs.open_ticket(
            place=row.room, category=self.kinds["椅/凳"], by=teacher, words="椅背掉了，靠不住", quantity=1
        )
        if made.state in ("new", "accepted"):
            made = repairs.dispatch(made, by=self.clerk, lead=self.carpenter)
        repairs.start(made, by=made.lead)

    # ---- batches ------------------------------------------------------------------------------------------------------

    def open_batch(self, most: int, words: str, parts: Iterable[tuple[str, int]] = ()) -> None:
        pieces, left = {}, most
        for card, count in sorted(services.waiting(self.chairs).items()):
            if left:
                pieces[card] = min(count, left)
                left -= pieces[card]
        if not pieces:
            return
        batch = services.open_batch(self.chairs, by=self.clerk, pieces=pieces, worker=self.carpenter, words=words)
        for name, quantity in parts:
            shelf = self.world.stock[name]
            if shelf.left > quantity:
                batch = services.draw(
                    batch,
                    by=self.carpenter,
                    item=shelf.item,
                    quantity=Decimal(quantity),
                    warehouse=self.world.stock.warehouse,
                )
                shelf.left -= quantity  # the rest of the history counts on it

    def close_batch(self, *, fine: int, gone: int, minutes: int) -> None:
        batch = Batch.objects.open().order_by("-pk").first()
        if batch is None:
            return
        results = {}
        for line in batch.lines.order_by("pk"):
            mended = min(line.quantity, fine)
            lost = min(line.quantity - mended, gone)
            results[line.pk], fine, gone = (mended, lost), fine - mended, gone - lost
        services.finish(batch, by=self.carpenter, results=results, minutes=minutes)

    def answer_scrap(self) -> None:
        for line in Batch.objects.order_by("pk")[0].lines.exclude(scrap=None).select_related("scrap"):
            assets.answer_scrap(line.scrap, by=self.people["director"], answer="agreed", words="椅腿断裂，同意报废")

    def void_batch(self) -> None:
        batch = Batch.objects.open().order_by("-pk").first()
        if batch is not None:
            services.void(batch, by=self.clerk, reason="木工请假，改到月末一起修")

    # ---- rounds -------------------------------------------------------------------------------------------------------

    def schedules(self) -> None:
        """What is walked again and again from now on."""
        campus = Place.objects.get(parent=None)
        rows = (
            (checklists.FACADE, "外墙每周巡查", {"every": "weekly", "weekdays": "1", "pick": "face", "place": self.world.place("明德楼"), "days": 2}),
            (checklists.WATER, "饮水机每月检查", {"every": "monthly", "day": 5, "pick": "asset", "category": "饮水机", "place": campus, "days": 5}),
            (checklists.FIXTURES, "教室设施学期清点", {"every": "term", "day": 3, "pick": "room", "room_type": "普通教室", "place": campus, "days": 10}),
        )  # fmt: skip
        for key, title, facts in rows:
            fields = dict.fromkeys(FIELDS) | {
                "title": title, "slot": "", "weekdays": "", "weeks": "", "room_type": "", "category": "", "days": 1,
                "starts_on": self.world.today + dt.timedelta(days=1), "ends_on": None,
            } | facts  # fmt: skip
            save_schedule(Schedule(checklist=self.lists[key]), fields, by=self.clerk, people=[self.walker])

    def walk(
        self,
        key: str,
        title: str,
        pairs: Any,
        marks: dict[int, dict[str, Any]],
        *,
        words: str = "",
        upto: int | None = None,
        days: int = 0,
    ) -> Round:
        """A round walked by the repairer on duty: `marks` says for some targets, by their position, what deviates."""
        made = rounds.start_round(
            self.lists[key], on=clock.today(), due_on=clock.today() + dt.timedelta(days=days), targets=pairs, title=title, by=self.clerk,
            people=[self.walker],
        )  # fmt: skip
        lines = {line.name: line for line in Line.objects.filter(sheet=made.sheet)}
        rows = []
        for number, target in enumerate(Target.objects.filter(round=made).order_by("order")[:upto]):
            found = marks.get(number, {})
            given = {lines[name].pk: value if value is True else Decimal(value) for name, value in found.items()}
            photos = {
                lines[name].pk: self.world.photo
                for name, value in found.items()
                if value is True and lines[name].photo_needed
            }
            failed = any(value is True for value in found.values())
            rows.append(Row(target.pk, marks=given, reason=words if failed else "", photos=photos))
        enter_sheet(made, rows, by=self.walker)
        if upto is None:
            rounds.close_round(Round.objects.get(pk=made.pk), by=self.clerk)
        return made

    def mended(self, made: Round, lead: User | None = None) -> None:
        """What a round filed is repaired and looked at again, all at its moment."""
        for finding in Finding.objects.filter(result__target__round=made).select_related("ticket").order_by("pk"):
            ticket = finding.ticket
            if ticket is not None and ticket.reporter_id != self.walker.pk:
                continue  # joined: somebody else's, who sees to it
            if ticket is not None and ticket.state in ("new", "accepted"):
                ticket = repairs.dispatch(ticket, by=self.clerk, lead=lead or self.carpenter)
            if ticket is not None and ticket.state == "dispatched":
                repairs.start(ticket, by=ticket.lead)
                photos = [self.world.photo] if ticket.category.after_photo or ticket.hazard else []
                repairs.finish(
                    Ticket.objects.get(pk=ticket.pk), by=ticket.lead, outcome="repaired", minutes=20, photos=photos
                )

    def struck_off(self, made: Round) -> None:
        """Somebody else looks, and strikes off what is mended."""
        rows = Finding.objects.filter(result__target__round=made).with_stage().filter(stage="recheck")
        for finding in (
            rows.filter(Q(ticket=None) | Q(ticket__reporter=self.walker)).select_related("ticket").order_by("pk")
        ):
            findings.pass_recheck(finding, by=self.clerk, words="现场看过，已修好", photo=self.world.photo)
            ticket = finding.ticket and Ticket.objects.select_related("reporter").get(pk=finding.ticket.pk)
            if ticket is not None and ticket.state == "checking" and ticket.reporter_id == self.walker.pk:
                repairs.accept_work(ticket, by=self.walker, rating=5)

    def faces(self) -> Any:
        found = []
        for name in FACES:
            building = self.world.place(name)
            found += rounds.targets_for(building, "face") + rounds.targets_for(building, "stairwell")
        return found

    def facade_crack(self) -> None:
        """A crack that is watched; mended without a ticket, looked at again and struck off."""
        made = self.walk(
            checklists.FACADE,
            "外墙与楼道巡查（第一次）",
            self.faces(),
            {1: {"裂缝": True}},
            words="窗角斜裂缝，宽约 1 毫米，已拍照对比",
        )
        finding = Finding.objects.get(result__target__round=made)
        self.later(
            5,
            lambda: findings.fixed(
                finding, by=self.carpenter, words="已贴石膏饼观察，两周未开裂", photos=[self.world.photo]
            ),
        )
        self.later(6, lambda: self.struck_off(made))

    def facade_tile(self) -> None:
        """A loose tile: cordoned, photographed, filed as a hazard; struck off after somebody else looked again."""
        made = self.walk(
            checklists.FACADE,
            "外墙与楼道巡查（第二次）",
            self.faces(),
            {0: {"墙面瓷砖": True}},
            words="二层窗下瓷砖空鼓松动约一平方米",
        )
        finding = Finding.objects.get(result__target__round=made)
        findings.protect(finding, by=self.walker, protection="拉警戒线三米，树立绕行牌", photos=[self.world.photo])
        repairs.protect(finding.ticket, by=self.clerk, protection="拉警戒线三米，树立绕行牌")
        self.later(1, lambda: self.mended(made))
        self.later(2, lambda: self.struck_off(made))

    def facade_window(self) -> None:
        """A window that might fall: cordoned, repaired, waits for the re-check; and water that nobody has stopped yet."""
        faces = self.faces()
        made = self.walk(
            checklists.FACADE, "外墙与楼道巡查（第三次）", faces, {2: {"渗水": True}, len(faces) - 1: {"渗水": True}}, words="雨后窗框下有水渍",
        )  # fmt: skip
        first = Finding.objects.filter(result__target__round=made).order_by("pk")[0]
        self.later(1, lambda: findings.fixed(first, by=self.carpenter, words="窗框打胶", photos=[self.world.photo]))

    def facade_today(self) -> None:
        """Half walked."""
        faces = self.faces()
        self.walk(checklists.FACADE, "外墙与楼道巡查（本周）", faces, {}, upto=len(faces) // 2, days=4)

    def lamps(self) -> None:
        building = self.world.place("明德楼")
        pairs = rounds.targets_for(building, "corridor") + rounds.targets_for(building, "stairwell")
        made = self.walk(checklists.LAMPS, "楼道灯检查 明德楼", pairs, {1: {"走廊灯": 2}})
        self.later(1, lambda: self.mended(made, self.people["repairer"]))
        self.later(2, lambda: self.struck_off(made))

    def count_rooms(self) -> None:
        """Every class room counted; what was broken is repaired within days."""
        pairs = [(row.room, None) for row in self.world.classes]
        marks: dict[int, dict[str, Any]] = {
            number: {("课椅", "窗", "灯")[number % 3]: 1 + number % 2} for number in range(2, len(pairs), 6)
        }
        made = self.walk(checklists.FIXTURES, "教室设施清点", pairs, marks)
        self.later(3, lambda: self.mended(made))
        self.later(4, lambda: self.struck_off(made))

    # ---- water machines -----------------------------------------------------------------------------------------------

    def machines(self) -> list[tuple[Place, Card]]:
        cards = Card.objects.filter(name="饮水机").order_by("number").prefetch_related("holdings__place")
        return [(one.holdings.all()[0].place, one) for one in cards]

    def tds(self, count: int, high: dict[int, int]) -> dict[int, dict[str, Any]]:
        return {
            number: {"TDS": high.get(number, self.rng.randint(18, 64)), "出水温度": self.rng.randint(38, 48)}
            for number in range(count)
        }

    def water_first(self) -> None:
        """The first test of the term: one filter is worn out; recurring work is set up for every machine."""
        pairs = self.machines()
        made = self.walk(checklists.WATER, "饮水机检查", pairs, self.tds(len(pairs), {4: 128}))
        self.later(1, lambda: self.mended(made, self.people["repairer"]))
        self.later(2, lambda: self.struck_off(made))
        rows = []
        for number, (place, card) in enumerate(pairs):
            due = self.world.today + dt.timedelta(days=(number * 7) % FILTER_DAYS + 3)
            rows.append(Upkeep(
                area=checklists.AREA, title="更换滤芯", place=place, card=card, category=self.kinds["饮水机故障"], words="换 PP 棉和活性炭，冲洗后测 TDS",
                every_days=FILTER_DAYS, lead_days=3, due_on=due, makes_on=due - dt.timedelta(days=3), owner=self.walker,
                done_on=due - dt.timedelta(days=FILTER_DAYS),
            ))  # fmt: skip
        Upkeep.objects.bulk_create(rows)
        log.write(None, "upkeep", by=self.clerk, text=f"登记饮水机滤芯定期更换 {len(rows)} 台")

    def water_second(self) -> None:
        """The second one: a dirty machine, and two that were not looked at yet."""
        pairs = self.machines()
        marks = self.tds(len(pairs), {})
        marks[1]["卫生"] = True
        self.walk(checklists.WATER, "饮水机检查", pairs, marks, words="接水盘有水垢")
