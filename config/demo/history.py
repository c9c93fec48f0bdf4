"""Three months of repairs played through the services with a moved clock, one event after another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import F

from assets import services as assets
from assets.models import ScrapProposal
from campus import calendar
from campus.models import User
from config.demo import goods, pool, rounds, words
from config.demo.scenes import Scenes
from config.demo.timeline import Case, Timeline
from config.demo.world import World
from core import clock, tick
from core.models import Notice, TaskRun
from core.plan import Month
from core.workflow import RuleBroken
from repairs import daily, priority, rules, services
from repairs.models import Category, Ticket
from repairs.rules import Guest
from stores import services as stores_services
from stores.models import PurchaseRequest
from workplan import services as workplan
from workplan.models import PlanLine

ASSETS = {  # kind of fault -> the name of the card it may stand on
    "一体机/投影": "交互一体机", "空调": "空调", "热水器/淋浴": "电热水器", "吊扇/壁扇不转": "吊扇", "饮水机故障": "饮水机", "冷藏/冷冻柜": "冷藏柜",
    "蒸饭柜/灶具": "蒸饭柜", "消毒柜/洗碗机": "消毒柜", "双层床/护栏/爬梯": "双层床", "黑板": "推拉黑板",
}  # fmt: skip
WORN = ("课桌", "椅/凳", "储物柜", "洗衣机")  # what may be beyond repair
# (weight by hour) of filing on an ordinary day; Monday is steeper before ten and at half past twelve
HOURS = {7: 5, 8: 14, 9: 13, 10: 9, 11: 6, 12: 9, 13: 5, 14: 9, 15: 8, 16: 8, 17: 5, 18: 4, 19: 4, 20: 3, 21: 3}
MONDAY = HOURS | {8: 26, 9: 22, 12: 18}
SUNDAY = {15: 3, 16: 4, 17: 8, 18: 12, 19: 12, 20: 8, 21: 5}
WEEK = (1.9, 1.1, 1.0, 1.0, 0.9, 0.25, 0.6)


class Story(Timeline):
    """Three months of repairs."""

    # ---- everyday ------------------------------------------------------------------------------------------------

    def plan_everyday(self) -> None:
        """Throw the dice for every month: when and where something breaks."""
        it, end = self.world.profile, self.day(2, "11:00")
        month = Month.of(self.world.since)
        while month.first <= self.world.today:
            days = [month.first + dt.timedelta(n) for n in range((month.last - month.first).days + 1)]
            weights = [self._weight(day) for day in days]
            number = it.tickets * it.index[month.month]
            if month == Month.of(self.world.today):
                past = sum(w for day, w in zip(days, weights, strict=True) if day <= end.date())
                number = max(8, number * past / sum(weights) - min(45, number / 3))
                days, weights = zip(
                    *[(d, w) for d, w in zip(days, weights, strict=True) if d <= end.date()] or [(days[0], 1)],
                    strict=True,
                )
            for day in self.rng.choices(days, weights, k=round(number)):
                when = self._time(day)
                if when < end:
                    self.at(when, self.happen, when >= self.quick_since)
            month = month.next

    def _weight(self, day: dt.date) -> float:
        """Mondays are busy, holidays nearly empty, the first half of September overflows."""
        working = calendar.is_working(day)
        weight = WEEK[day.weekday()] if working or day.weekday() >= 5 else 0.12
        if working and day.weekday() >= 5:
            weight = 1.0
        if (day.month, day.day) >= (8, 26) and (day.month, day.day) <= (9, 15):
            weight *= 1.7
        return weight

    def _time(self, day: dt.date) -> dt.datetime:
        table = {0: MONDAY, 6: SUNDAY}.get(day.weekday(), HOURS)
        hour = self.rng.choices(list(table), list(table.values()))[0]
        return clock.moment(day.year, day.month, day.day, hour, self.rng.randrange(60), self.rng.randrange(60))

    def case(self, quick: bool, stop: str = "") -> Case:
        """A fault by the mixes of the profile."""
        while True:
            use = self.rng.choices([use for use, _ in words.LOCATIONS], [weight for _, weight in words.LOCATIONS])[0]
            name = self.kind_for(use, clock.today().month)
            kind, place = self.kinds[name], self.spot_for(use, name)
            if (place.pk, kind.pk) not in self.taken and not (stop and kind.workdays < 2):
                return Case(place, kind, words.FAULTS[name], quick, stop=stop)

    def happen(self, quick: bool, stop: str = "") -> None:
        """Something breaks and somebody files it."""
        case = self.case(quick, stop)
        if not stop:
            case.fate = self._fate(case)
        self.file(case)

    def _fate(self, case: Case) -> str:
        """What will be special about it; most is not."""
        dice = self.rng.random() * 100
        steps = [
            ("ask", 3.5),
            ("merge", 3),
            ("withdraw", 1.6),
            ("decline", 1.8),
            ("beyond", 6 if case.kind.name in WORN else 0),
        ]
        if not case.quick:
            steps += [("hold", 7), ("back", 4), ("reopen", 1), ("hand_back", 1.5), ("reassign", 1.5), ("slow", 6)]
        for name, share in steps:
            if dice < share:
                return name
            dice -= share
        return ""

    def file(self, case: Case) -> None:
        """Report it, by whoever would report it there."""
        quantity = 1
        if case.fault.most > 1 and self.chance(45):
            quantity = self.rng.randint(2, case.fault.most)
        facts: dict[str, Any] = {
            "place": case.place, "category": case.kind, "words": self.said(case), "quantity": quantity,
            "detail": self.rng.choice(words.fitting(case.fault.details, case.place.use)), "preferred": self.rng.choice(words.PREFERRED),
            "photos": [self.world.photo] if self.chance(9) else [],
        }  # fmt: skip
        if case.kind.name in ASSETS and self.chance(50):
            facts["asset"] = self.cards.get((case.place.pk, ASSETS[case.kind.name]))
        facts |= self._reporter(case)
        if case.kind.hazard and self.chance(60):
            facts["protection"] = self.rng.choice(words.PROTECT)
        case.ticket, _ = services.open_ticket(**facts)
        if self.chance(6) and case.fate in ("", "slow", "hold"):
            self.shortly(20, 600, self.join, case)
        self.triage_soon(case)

    def said(self, case: Case) -> str:
        return self.rng.choice(words.fitting(case.fault.said, case.place.use))

    def _reporter(self, case: Case) -> dict[str, Any]:
        """Who tells, and by which way."""
        use, place, people = case.place.use, case.place, self.world.people
        dice = self.rng.random() * 100
        if use == "dormitory":
            warden = self.world.wardens[place.building_id or 0]
            if dice < 20:
                return self._guest()
            if dice < 66:
                return {"by": warden}
            if dice < 86:
                return {"by": self.teacher()}
            return {"by": people["clerk"], "channel": "phone", "reporter": warden}
        if use == "teaching":
            if dice < 5:
                return self._guest()
            if dice < 13:
                return {
                    "by": people["clerk"],
                    "channel": "phone",
                    "reporter": self.home.get(place.pk) or self.teacher(),
                }
            return {"by": self.home.get(place.pk) if dice < 75 and place.pk in self.home else self.teacher()}
        if use == "canteen":
            if dice < 80:
                return {"by": people["steward"]}
            return self._caller(words.CALLERS[3])
        if use == "office":
            return {"by": place.custodian if dice < 45 and place.custodian else self.teacher()}
        if dice < 20:
            return {"by": people["clerk"], "channel": "inspection"}
        if dice < 30:
            late = clock.now() - dt.timedelta(hours=self.rng.randint(2, 9))
            caller = self._caller(self.rng.choice(words.CALLERS))
            return caller | {"channel": "late", "reported_at": late}
        if dice < 75:
            return self._caller(self.rng.choice(words.CALLERS))
        return {"by": self.teacher()}

    def _guest(self) -> dict[str, Any]:
        self.devices += 1
        return {"by": None, "channel": "qr", "device": f"{self.devices:064x}"}

    def _caller(self, caller: tuple[str, str]) -> dict[str, Any]:
        return {
            "by": self.world.people["clerk"], "channel": "phone", "reporter_name": caller[0], "reporter_phone": caller[1],
        }  # fmt: skip

    def triage_soon(self, case: Case) -> None:
        """The office looks at it: danger at once, the rest in working time."""
        if case.fate == "withdraw" and case.ticket.reporter and not case.ticket.hazard:
            self.shortly(10, 25, self.withdraw, case)
        elif case.ticket.priority == 1:
            self.shortly(4, 28, self.triage, case)
        elif case.quick or case.stop:
            self.after(6, 50, self.triage, case)
        elif case.fate == "slow":
            self.after(400, 900, self.triage, case)
        else:
            self.after(10, 240, self.triage, case)

    def join(self, case: Case) -> None:
        """Somebody else has the same trouble."""
        ticket = self.fresh(case)
        if not ticket.is_open:
            return
        if case.place.use == "dormitory" and self.chance(50):
            self.devices += 1
            services.join(ticket, device=f"{self.devices:064x}")
        else:
            services.join(ticket, by=self.teacher())

    def withdraw(self, case: Case) -> None:
        self.step(case, services.withdraw, by=case.ticket.reporter, reason=self.rng.choice(words.WITHDRAW))

    def fresh(self, case: Case) -> Ticket:
        return Ticket.objects.select_related("place", "category", "lead", "reporter", "place__custodian").get(
            pk=case.ticket.pk
        )

    def step(self, case: Case, service: Callable[..., Any], **facts: Any) -> bool:
        """Take a step; False when the ticket went another way meanwhile."""
        try:
            case.ticket = service(case.ticket, **facts)
        except RuleBroken:
            return False
        return True

    def triage(self, case: Case) -> None:
        """Ask, decline, merge, or accept and dispatch."""
        by = self.rng.choice(self.office)
        ticket, fate = case.ticket, case.fate
        if ticket.priority == 1:
            if ticket.hazard and ticket.opened_at is None:
                self.step(case, services.mark_seen, by=by)
            if ticket.hazard and self.chance(60):
                self.step(case, services.mark_phoned, by=by, said="已电话通知值班师傅")
            if ticket.hazard and not ticket.protection and self.chance(80):
                self.step(case, services.protect, by=by, protection=self.rng.choice(words.PROTECT))
        elif fate == "ask" and (ticket.reporter_id or ticket.reporter_phone):
            question, answer = self.rng.choice(words.ASK)
            if self.step(case, services.ask, by=by, words=question):
                if self.chance(85):
                    self.after(20, 300, self.answer, case, answer)
                return
        elif fate == "decline" and not ticket.hazard:
            reason, whom = self.rng.choice(words.DECLINE)
            self.step(case, services.decline, by=by, reason=reason, whom=whom)
            return
        elif fate == "merge":
            self.double(case)
        if self.chance(25) and ticket.priority > 1 and not case.stop:
            self.step(case, services.accept, by=by)
            self.after(10, 60 if case.quick else 200, self.dispatch, case)
        elif case.stop == "accepted":
            self.step(case, services.accept, by=by)
        else:
            self.dispatch(case)

    def answer(self, case: Case, text: str) -> None:
        by = case.ticket.reporter or self.world.people["clerk"]
        if self.step(case, services.answer, by=by, words=text):
            self.after(5, 60, self.dispatch, case)

    def double(self, case: Case) -> None:
        """The same thing comes in once more and is merged into the first."""
        other = Case(case.place, case.kind, case.fault, case.quick)
        facts: dict[str, Any] = {
            "place": case.place,
            "category": case.kind,
            "words": self.said(case),
            "by": self.teacher(),
        }
        other.ticket, _ = services.open_ticket(**facts, hazard=case.ticket.hazard)
        self.shortly(3, 30, self.merge, other, case)

    def merge(self, other: Case, case: Case) -> None:
        if not self.step(other, services.merge, by=self.rng.choice(self.office), into=self.fresh(case)):
            other.quick = True
            self.triage(other)

    def worker(self, kind: Category, *, spare: bool = False) -> User:
        """Whose trade it is; with `spare` the first of the list is left his own jobs of today."""
        people = self.world.repairers[1:] if spare else self.world.repairers
        return self.rng.choice([person for person in people if kind.topic and kind.topic in person.trade] or people)

    def dispatch(self, case: Case) -> None:
        by, lead = self.rng.choice(self.office), self.worker(case.kind, spare=bool(case.stop))
        helpers = [other for other in self.world.repairers if other != lead]
        helpers = [self.rng.choice(helpers)] if self.chance(8) else []
        if not self.step(case, services.dispatch, by=by, lead=lead, helpers=helpers):
            return
        if case.stop == "dispatched":
            return
        if case.fate == "reassign":
            self.after(60, 300, self.reassign, case)
        elif case.ticket.priority == 1:
            self.shortly(8, 40, self.start, case)
        elif case.quick or case.stop:
            self.after(20, 110, self.start, case)
        elif case.fate == "slow":
            self.after(500, 1300, self.start, case)
            if case.ticket.reporter:
                self.after(300, 480, self.chase, case)
        else:
            self.after(25, 560, self.start, case)

    def chase(self, case: Case) -> None:
        self.step(case, services.chase, by=case.ticket.reporter, words=self.rng.choice(words.CHASE))

    def reassign(self, case: Case) -> None:
        others = [person for person in self.world.repairers if person != case.ticket.lead]
        by = self.rng.choice(self.office)
        if self.step(
            case, services.reassign, by=by, lead=self.rng.choice(others), reason=self.rng.choice(words.REASSIGN)
        ):
            self.after(20, 300, self.start, case)

    def start(self, case: Case) -> None:
        lead = case.ticket.lead
        if case.fate == "hand_back":
            case.fate = ""
            if self.step(case, services.hand_back, by=lead, reason=self.rng.choice(words.HAND_BACK)):
                self.after(20, 120, self.dispatch, case)
            return
        if not self.step(case, services.start, by=lead):
            return
        if self.chance(5):
            services.say(case.ticket, by=lead, words=self.rng.choice(words.NOTES))
        low, high = case.fault.minutes
        if case.stop == "doing":
            return
        if case.fate == "hold" and case.ticket.priority > 1:
            self.after(5, 30, self.hold, case)
        elif case.ticket.priority == 1:
            self.shortly(low, high, self.finish, case)
        else:
            self.after(low, high, self.finish, case)

    def hold(self, case: Case) -> None:
        key = self.rng.choices(["parts", "outside", "entry", "other"], [6, 1.5, 1.5, 1])[0]
        until = calendar.add_working_days(clock.today(), self.rng.randint(2, 6))
        facts: dict[str, Any] = {"reason": self.reasons[key], "until": until, "words": self.rng.choice(words.HOLD[key])}
        needed = next((parts for _, _, parts in case.fault.fixed if parts), ())
        if key == "parts" and needed and self.chance(60):
            shelf = self.world.stock[needed[0][0]]
            facts |= {"item": shelf.item, "quantity": Decimal(needed[0][1])}
        elif key == "parts":
            thing = (
                str(self.world.stock[needed[0][0]].item)
                if needed
                else f"{ASSETS.get(case.kind.name, case.kind.name)}配件"
            )
            facts |= {"purchase": thing, "quantity": Decimal(1)}
        if not self.step(case, services.hold, by=case.ticket.lead, **facts):
            return
        if case.ticket.purchase_id:
            self.after(480, 1300, self.buy, case.ticket.purchase)
        due = clock.moment(until.year, until.month, until.day, self.rng.randint(8, 16), self.rng.randrange(60))
        self.at(due, self.resume, case)

    def buy(self, request: PurchaseRequest) -> None:
        """The storekeeper has bought what was asked for."""
        stores_services.answer_purchase(
            request, by=self.world.people["storekeeper"], answer="bought", words="已到货，请来领"
        )

    def scrap(self, proposal: ScrapProposal) -> None:
        assets.answer_scrap(proposal, by=self.world.people["assetkeeper"], answer="agreed", words="同意，列入年底报废")

    def resume(self, case: Case) -> None:
        if self.step(case, services.resume, by=case.ticket.lead):
            low, high = case.fault.minutes
            self.after(low, high, self.finish, case)

    def materials(self, parts: words.Materials, pieces: int) -> list[tuple[Any, Decimal]] | None:
        """What is taken from the shelves, or None when there is not enough."""
        taken = []
        for name, count in parts:
            shelf = self.world.stock[name]
            if shelf.left - count * pieces < 1:
                return None
            taken.append((shelf, Decimal(count * pieces)))
        for shelf, quantity in taken:
            shelf.left -= quantity
        return [(shelf.item, quantity) for shelf, quantity in taken]

    def finish(self, case: Case) -> None:
        """Report the work as done, with materials, minutes and, where it is asked for, a photo."""
        ticket = case.ticket
        done = ticket.quantity
        if ticket.quantity > 2 and self.chance(22) and not ticket.hazard:
            done = self.rng.randint(1, ticket.quantity - 1)
        facts: dict[str, Any] = {
            "minutes": self.rng.randint(*case.fault.minutes) // 5 * 5 or 5, "done": done, "cause": self.rng.choice(case.fault.causes),
            "photos": [self.world.photo] if case.kind.after_photo or self.chance(6) else [],
        }  # fmt: skip
        if case.fate == "beyond" and not ticket.hazard:
            facts |= {
                "outcome": "beyond", "words": "损坏严重，修不如换", "next_step": "scrap", "replace": "purchase" if self.chance(50) else "",
                "done": ticket.quantity,
            }  # fmt: skip
        else:
            outcome, text, parts = self.rng.choice(case.fault.fixed)
            taken = self.materials(parts, done)
            if taken is None:
                outcome, text, taken = "repaired", "现场调整修好，配件下次来换", []
            facts |= {"outcome": outcome, "words": text, "materials": taken}
        by = ticket.lead if not self.chance(4) else self.world.people["clerk"]
        if not self.step(case, services.finish, by=by, **facts):
            return
        if case.ticket.scrap_id and self.chance(70):
            self.after(400, 2000, self.scrap, case.ticket.scrap)
        if case.ticket.purchase_id and case.ticket.outcome == "beyond" and self.chance(70):
            self.after(900, 2600, self.buy, case.ticket.purchase)
        if facts["done"] < ticket.quantity:
            rest = Case(case.place, case.kind, case.fault, case.quick)
            rest.ticket = case.ticket.splits.select_related("place", "category", "lead", "reporter").latest("pk")
            self.after(60, 400, self.start, rest)
        self.after_finish(case)

    def after_finish(self, case: Case) -> None:
        """Somebody looks at it, or nobody answers and the day accepts it."""
        if case.stop == "checking":
            return
        if case.ticket.hazard:
            self.after(20, 200, self.clear, case)
        elif case.fate == "back" and case.tries == 0:
            self.after(60, 500, self.send_back, case)
        elif case.quick:
            self.after(30, 240, self.accept_work, case)
        elif self.chance(64):
            self.after(30, 760, self.accept_work, case)

    def judge(self, case: Case) -> Any:
        """Who accepts: the reporter, the custodian, the guest with his address, the office for those who cannot."""
        ticket = self.fresh(case)
        wanted = [ticket.reporter, ticket.place.custodian, *self.office]
        if ticket.reporter is None and ticket.channel == "qr" and self.chance(50):
            wanted = [Guest(ticket.pk), *wanted]
        return next((by for by in wanted if by is not None and rules.accepter(ticket, by) is None), None)

    def clear(self, case: Case) -> None:
        """Somebody who did not work on it goes there, looks, takes a photo."""
        ticket = self.fresh(case)
        wanted = [*([ticket.place.custodian] if ticket.place.custodian and self.chance(60) else []), *self.office]
        by = next((person for person in wanted if rules.clearer(ticket, person) is None), None)
        if by and self.step(case, services.clear, by=by, photo=self.world.photo, words=self.rng.choice(words.CLEAR)):
            self.after(10, 120, self.accept_work, case)

    def send_back(self, case: Case) -> None:
        by = self.judge(case)
        case.tries += 1
        if by and self.step(case, services.send_back, by=by, reason=self.rng.choice(words.SEND_BACK)):
            case.fate = ""
            low, high = case.fault.minutes
            self.after(low + 60, high + 400, self.finish, case)

    def accept_work(self, case: Case) -> None:
        by = self.judge(case)
        if by is None:
            return
        facts: dict[str, Any] = {}
        if self.chance(55):
            stars = self.rng.choices([5, 4, 3, 2], [62, 28, 8, 2])[0]
            facts = {"rating": stars, "words": self.rng.choice(words.PRAISE[stars])}
        if self.step(case, services.accept_work, by=by, **facts) and case.fate == "reopen":
            case.fate = ""
            self.after(500, 1400, self.reopen, case)

    def reopen(self, case: Case) -> None:
        by = self.judge(case) or self.world.people["clerk"]
        if self.step(case, services.reopen, by=by, reason=self.rng.choice(words.REOPEN)):
            low, high = case.fault.minutes
            self.after(low + 60, high + 400, self.finish, case)

    # ---- the house -----------------------------------------------------------------------------------------------

    def plan_house(self) -> None:
        """The daily round, the first of the month, purchases and issues over the counter."""
        day = self.world.since.date()
        while day <= self.world.today:
            start = clock.moment(day.year, day.month, day.day)
            self.at(start + dt.timedelta(minutes=5), self.round, day)
            if day.day == 1 and day > self.world.since.date():
                self.at(start + dt.timedelta(minutes=10), workplan.daily, day)
                self.at(start + dt.timedelta(hours=9, minutes=15), self.write_plan, Month.of(day))
            if day.day == 6:
                recent = (self.world.today - day).days < 31
                self.at(start + dt.timedelta(hours=10), goods.restock, self.world, *([goods.LOW] if recent else []))
            if calendar.is_working(day) and day.weekday() in (0, 3):
                self.at(start + dt.timedelta(hours=8, minutes=40), self.counter)
            day += dt.timedelta(days=1)
        for days, name, share in (
            (9, "洗手液", 0.9),
            (7, "粉笔 彩色 无尘", 0.85),
            (5, "水泥", 0.9),
            (4, "加热管", 1),
            (4, "吊扇电容", 0.95),
        ):
            self.at(self.day(days, "15:20"), self.run_low, name, share)

    def round(self, day: dt.date) -> None:
        daily.run(day)

    def counter(self) -> None:
        """Goods that people fetch for their class or office."""
        for name in self.rng.sample(
            ["粉笔 白 无尘", "扫把", "拖把", "垃圾袋", "黑板擦", "电池", "消毒液", "粉笔 彩色 无尘"], 3
        ):
            self.issue(name, Decimal(self.rng.randint(2, 8)), "班级领用")

    def run_low(self, name: str, share: float) -> None:
        """Much of it goes out at once, so that it stands below the minimum today."""
        shelf = self.world.stock[name]
        self.issue(name, Decimal(int(shelf.left * Decimal(str(share)))), "集中领用")

    def issue(self, name: str, quantity: Decimal, reason: str) -> None:
        shelf = self.world.stock[name]
        quantity = min(quantity, shelf.left - 1)
        if quantity > 0:
            shelf.left -= quantity
            stores_services.issue(
                shelf.item, self.world.stock.warehouse, quantity, by=self.world.people["storekeeper"], taker=self.teacher(),
                reason=reason,
            )  # fmt: skip

    def write_plan(self, month: Month) -> None:
        """The director's words for a month that has just begun."""
        director, last = self.world.people["director"], month.previous
        filed = Ticket.objects.during(last)
        done = filed.filter(state="done").count()
        season = {12: "winter", 1: "winter", 2: "winter", 11: "winter", 3: "spring", 4: "spring", 5: "summer", 6: "summer", 7: "summer",
                  8: "summer"}.get(month.month, "autumn")  # fmt: skip
        hazards = Ticket.objects.filter(hazard=True, cleared_at__gte=last.start, cleared_at__lt=last.end).count()
        total = filed.count()
        review = (
            f"{last.month}月受理报修 {total} 件，已办结 {done} 件，办结率 {round(100 * done / total) if total else 100}%；"
            f"安全隐患销号 {hazards} 处。没有办完的主要是等材料和等假期施工的，逐项列在下面，本月接着办。"
        )
        texts = {
            "aim": words.AIM[season], "review": review, "focus": words.FOCUS, "routine": words.ROUTINE, "schedule": words.SCHEDULE,
            "coordination": words.COORDINATION,
        }  # fmt: skip
        plan = workplan.plan_of(month)
        workplan.write_prose(plan, texts, by=director)
        made = [
            workplan.add_line(
                month,
                PlanLine(section=section, title=title, owner=owner, reason=reason, due=month.first + dt.timedelta(days=9 + 4 * number)),
                by=director,
            )
            for number, (section, title, owner, reason) in enumerate(words.MANUAL)
        ]  # fmt: skip
        for number, line in enumerate(made):
            if line.due and (number < 3 or month < Month.of(self.world.today)):
                when = clock.moment(line.due.year, line.due.month, line.due.day, 16, 30)
                self.at(when, self.tick_line, line)

    def tick_line(self, line: PlanLine) -> None:
        workplan.tick(line, by=self.world.people["director"])


def play(world: World) -> Story:
    """Everything that happened until the demo's moment."""
    story = Story(world)
    story.plan_house()
    story.plan_everyday()
    Scenes(story).plan()
    pool.plan(story)
    rounds.plan(story)
    story.run()
    settle(world)
    return story


def settle(world: World) -> None:
    """Old notices are read, the daily tasks are up to date."""
    Notice.objects.filter(at__lt=world.now - dt.timedelta(days=2), read_at=None).update(read_at=F("at"))
    with clock.at(world.now):
        priority.refresh_all()
    TaskRun.objects.bulk_create(
        TaskRun(name=name, day=world.today if world.now.hour or world.now.minute > 10 else world.today - dt.timedelta(days=1),
                at=world.now, result="完成")
        for name, _ in tick.tasks()
    )  # fmt: skip
