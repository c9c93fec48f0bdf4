"""What the stories of money share: the firms, the queue of what happens, and an outside job on its way."""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections.abc import Generator, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import F

from campus.models import Place, User
from config.demo.world import World
from core import clock, files, log
from core.models import Notice
from finance import defaults, services
from finance.models import BudgetLine, Contract, Party, Payment
from repairs import services as repairs
from repairs.models import Category, Ticket
from repairs.outside import services as outside
from repairs.outside.models import OutsideJob

Days = Generator[float, None, None]  # each yield: so many days pass
Row = tuple[str, str, float, tuple[float, ...]]  # item, unit, quantity, what each firm asks

FIRST = 452  # days before today on which the oldest job began
CLOSE_ON = 6  # day of the month on which finance closes the month before
OPEN_MONTHS = 1  # full months that are not closed yet

FIRMS = {  # key -> name, kinds, person, telephone
    "hengda": ("恒达机电安装", "contractor", "孙卫民", "13800003001"), "sanyou": ("三友水暖工程", "contractor", "钱友根", "13800003002"),
    "chengnan": ("城南建筑装饰", "contractor", "李宝成", "13800003003"), "dingsheng": ("鼎盛防水", "contractor", "郑国防", "13800003004"),
    "chengxin": ("诚信电器维修", "contractor", "周信", "13800003005"), "antai": ("安泰消防技术", "contractor", "吴安平", "13800003006"),
    "lvyuan": ("绿源园林养护", "contractor", "林春生", "13800003007"), "xunjie": ("迅捷弱电工程", "contractor", "何捷", "13800003008"),
    "hongtu": ("宏图体育设施", "contractor", "马宏图", "13800003009"), "jiejing": ("洁净管道疏通", "contractor", "朱大江", "13800003010"),
    "guangming": ("光明五金批发", "supplier", "叶光明", "13800003011"), "wenhua": ("文华教学设备", "supplier", "苏文华", "13800003012"),
    "lantian": ("蓝天办公家具", "supplier", "蓝天宇", "13800003013"), "kangyuan": ("康源食品配送", "caterer", "康宁", "13800003014"),
    "works": ("第二建筑工程", "contractor", "高建设", "13800003016"), "jiuyou": ("旧友装修队", "contractor", "旧友明", "13800003015"),
}  # fmt: skip
PLANNED = {
    "30201": 60000, "30205": 180000, "30206": 420000, "30209": 120000, "30213": 260000, "30218": 90000, "31002": 80000,
    "31003": 150000, "31006": 400000,
}  # fmt: skip
CONTRACTS = (  # number, firm, title, amount, days from today on which it ends
    ("HT-LH-01", "lvyuan", "校园绿化养护", 18000, 38), ("HT-XF-01", "antai", "消防设施维保", 16800, 20), ("HT-RD-01", "xunjie", "监控系统维保", 9600, 160),
    ("HT-SC-01", "kangyuan", "食堂蔬菜配送", 360000, 220), ("HT-GD-01", "jiejing", "化粪池清掏", 7200, -15),
)  # fmt: skip


class Desk:
    """Who takes part, the firms, and the queue of what happens."""

    def __init__(self, world: World) -> None:
        self.world, self.people = world, world.people
        self.rng = random.Random(f"money-{world.now:%F}")  # noqa: S311  (dice, no secret)
        self.queue: list[tuple[dt.datetime, int, Days]] = []
        self.invoices = 0
        self.firms: dict[str, Party] = {}
        self.kinds = {kind.name: kind for kind in Category.objects.filter(parent__isnull=False)}

    # ---- time --------------------------------------------------------------------------------------------------------

    def day(self, ago: float) -> dt.datetime:
        """Nine o'clock so many days before today."""
        date = self.world.today - dt.timedelta(days=ago)
        return clock.moment(date.year, date.month, date.day, 9)

    def start(self, when: dt.datetime | float, story: Days) -> None:
        """Let a story begin; what lies after the demo's moment never happens."""
        moment = when if isinstance(when, dt.datetime) else self.day(when)
        if moment <= self.world.now:
            heapq.heappush(self.queue, (moment, len(self.queue) + self.rng.getrandbits(40), story))

    def later(self, now: dt.datetime, days: float) -> dt.datetime:
        """So many days on, at some minute of the working day; a Saturday's work is done on Friday, a Sunday's on Monday."""
        if days < 1:
            return now + dt.timedelta(minutes=max(10, int(days * 600)))
        then = now + dt.timedelta(days=days)
        then += dt.timedelta(days={5: -1, 6: 1}.get(then.weekday(), 0))
        then = clock.moment(then.year, then.month, then.day, self.rng.randint(8, 16), self.rng.randint(0, 59))
        return max(then, now + dt.timedelta(minutes=30))

    def late(self, months: int, minutes: int) -> dt.datetime:
        """Eleven at night on the last day of a month: `months` 1 is the last one that is over for some weeks, 2 the one before."""
        end = (self.world.today - dt.timedelta(days=16)).replace(day=1) - dt.timedelta(days=1)
        for _ in range(months - 1):
            end = end.replace(day=1) - dt.timedelta(days=1)
        end = max(end, (self.world.since.date() + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1))
        return clock.moment(end.year, end.month, end.day, 23, minutes)

    def run(self, stories: Iterable[tuple[float | dt.datetime, Days]]) -> None:
        """Play everything in order."""
        with clock.at(self.day(FIRST)):
            self.ground()
        for ago, story in stories:
            self.start(ago, story)
        month = (self.world.today - dt.timedelta(days=FIRST)).replace(day=1)
        self.start(clock.moment(month.year, month.month, CLOSE_ON, 17), self.closing(month))
        while self.queue:
            when, _, story = heapq.heappop(self.queue)
            with clock.at(when):
                days = next(story, None)
            if days is not None:
                self.start(self.later(when, days), story)
        Notice.objects.filter(at__lt=self.world.now - dt.timedelta(days=2), read_at=None).update(read_at=F("at"))

    # ---- what stands before anything happens ---------------------------------------------------------------------------

    def ground(self) -> None:
        """Firms, budget, contracts."""
        clerk, today = self.people["clerk"], self.world.today
        for number, (key, (name, kind, person, phone)) in enumerate(FIRMS.items(), 1):
            self.firms[key] = Party.objects.create(
                name=name, **{kind: True}, contact=person, phone=phone, account=f"示范农商银行 6210 0000 {number:04d}",
                licence=f"91330100MA{number:08d}", active=key != "jiuyou",
            )  # fmt: skip
            log.write(self.firms[key], "create", by=clerk, text="登记往来单位")
        for year in range(clock.today().year, today.year + 1):
            for code, name in defaults.LINES:
                facts = {"name": name, "planned": PLANNED.get(code, 0)}
                BudgetLine.objects.update_or_create(year=year, code=code, book="school", defaults=facts)
            BudgetLine.objects.update_or_create(
                year=year, code="30213", book="canteen", defaults={"name": "维修（护）费", "planned": 60000}
            )
        for number, firm, title, amount, ends in CONTRACTS:
            ends_on = today + dt.timedelta(days=ends)
            contract = Contract.objects.create(
                number=number, party=self.firms[firm], title=title, amount=amount, ends_on=ends_on,
                starts_on=ends_on - dt.timedelta(days=364), signed_on=ends_on - dt.timedelta(days=370),
            )  # fmt: skip
            log.write(contract, "create", by=clerk, text="登记合同")

    def line(self, code: str = "30213", book: str = "school") -> BudgetLine:
        return BudgetLine.objects.get(year=clock.today().year, code=code, book=book)

    def closing(self, month: dt.date) -> Days:
        """On the sixth finance closes the month before; the last one stays open."""
        last = self.world.today.replace(day=1)
        for _ in range(OPEN_MONTHS):
            last = (last - dt.timedelta(days=1)).replace(day=1)
        while True:
            before = (clock.today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
            if before >= last:
                return
            services.close_month(before, self.people["finance"])
            following = (clock.today().replace(day=1) + dt.timedelta(days=32)).replace(day=CLOSE_ON)
            yield (following - clock.today()).days

    def keeper(self, place: Place) -> User:
        """Who accepts for the users of a place: warden, steward, a class teacher who keeps a room there, else a repairer."""
        if place.use == "dormitory":
            return self.people["warden"]
        if place.use == "canteen":
            return self.people["steward"]
        others = [user.pk for login, user in self.people.items() if login not in ("teacher", "teacher2", "banzhuren")]
        rooms = Place.objects.active().within(place).exclude(custodian=None).exclude(custodian__in=others)
        mine = rooms.filter(custodian=self.people["banzhuren"]).exists()
        room = None if mine else rooms.order_by("pk").select_related("custodian").first()
        if mine:
            return self.people["banzhuren"]
        return room.custodian if room is not None else self.people["repairer2"]


class Road:
    """One outside job on its way; each verb is taken at the clock's moment by whom the rules allow."""

    def __init__(
        self, desk: Desk, title: str, place: str, reason: str, rows: Iterable[Row], firms: str, *, kind: str = "repair", by: str = "clerk",
        months: int = 12, rate: int = 5, code: str = "30213", book: str = "school", signers: tuple[Any, Any] | None = None,
        fault: str = "", tickets: Iterable[Ticket] = (), **more: Any,
    ) -> None:  # fmt: skip
        self.desk, self.people = desk, desk.people
        self.rows, self.firms, self.by = list(rows), firms.split(), self.people[by]
        self.months, self.rate, self.code, self.book = months, Decimal(rate), code, book
        spot = desk.world.place(place)
        self.signers = signers or (desk.keeper(spot), self.people["repairer"])
        self.finance = self.people["finance"]
        lines = [
            {"item": item, "unit": unit, "quantity": Decimal(str(quantity))} for item, unit, quantity, _ in self.rows
        ]
        self.job = outside.propose(
            by=self.people["clerk"], title=title, place=spot, reason=reason, kind=kind, lines=lines, tickets=tickets,
            category=desk.kinds[fault] if fault else None, promised_on=more.pop("promised_on", self.ahead(20)), **more,
        )  # fmt: skip

    @staticmethod
    def ahead(days: int) -> dt.date:
        return clock.today() + dt.timedelta(days=days)

    def fresh(self) -> OutsideJob:
        self.job = OutsideJob.objects.get(pk=self.job.pk)
        return self.job

    def ask(self) -> None:
        self.job = outside.ask_quotes(self.job, by=self.people["clerk"])

    def quote(self, number: int) -> None:
        """What the firm of this number asks."""
        keys = list(self.job.lines.filter(variation=None).order_by("order").values_list("pk", flat=True))
        prices = {key: Decimal(str(row[3][number])) for key, row in zip(keys, self.rows, strict=True)}
        outside.add_quote(
            self.fresh(), by=self.people["clerk"], party=self.desk.firms[self.firms[number]], prices=prices, days=7 + 3 * number,
            warranty_months=self.months, valid_until=self.ahead(90),
        )  # fmt: skip
        self.fresh()

    def submit(self, firm: str = "", **words: Any) -> None:
        """The cheapest standing quote, or the one that is named."""
        standing = outside.standing_quotes(self.job)
        wanted = [one for one in standing if not firm or one.party == self.desk.firms[firm]]
        quote = min(wanted, key=lambda one: (one.total, one.pk))
        facts = {
            "promised_on": self.ahead(12),
            "retention_rate": self.rate,
            "budget_line": self.desk.line(self.code, self.book),
        } | words
        self.job = outside.submit(self.job, by=self.by, quote=quote, **facts)

    def minutes(self) -> dict[str, Any]:
        expense = self.job.expense
        if expense is None or not expense.minutes_needed:
            return {}
        scan = files.attach(
            self.job, self.desk.world.photo, by=self.people["clerk"], role="minutes", caption="会议纪要"
        )
        today = clock.today()
        return {
            "minutes_number": f"校长办公会〔{today.year}〕{today.month:02d}号",
            "minutes_on": today,
            "minutes_scan": scan,
        }

    def approver(self) -> User:
        expense = self.job.expense
        role = expense.approver_role if expense is not None else "principal"
        return self.people["viceprincipal" if role == "director" and self.by == self.people["director"] else role]

    def approve(self, by: str = "", words: str = "同意") -> None:
        self.job = outside.approve(
            self.job, by=self.people[by] if by else self.approver(), words=words, **self.minutes()
        )

    def done(self, words: str = "已按约定做完", **more: Any) -> None:
        self.job = outside.done(self.job, by=self.people["clerk"], words=words, photos=[self.desk.world.photo], **more)

    def record(
        self,
        *,
        words: str = "",
        failed: Iterable[int] = (),
        counted: dict[str, float] | None = None,
        passed: bool = True,
    ) -> None:
        """The first signature; `failed` are ticket keys, `counted` quantities by item."""
        live = list(self.job.tickets.filter(live=True).values_list("ticket_id", flat=True))
        items = dict(self.job.lines.values_list("item", "pk"))
        self.job = outside.record(
            self.job, by=self.signers[0], verdicts={key: "failed" if key in set(failed) else "passed" for key in live}, passed=passed,
            words=words, quantities={items[item]: Decimal(str(number)) for item, number in (counted or {}).items()},
        )  # fmt: skip

    def cosign(self) -> None:
        self.job = outside.cosign(self.job, by=self.signers[1])

    def accept(self, **found: Any) -> None:
        self.record(**found)
        self.cosign()

    def check(
        self,
        prices: dict[str, tuple[float, str]] | None = None,
        submitted: Any = None,
        whys: dict[str, str] | None = None,
    ) -> None:
        """`prices`: item -> (checked price, reason); `whys`: only the reason, where the quantity differs."""
        items = dict(self.job.lines.values_list("item", "pk"))
        self.job = outside.check_prices(
            self.job, by=self.finance, prices={items[item]: Decimal(str(price)) for item, (price, _) in (prices or {}).items()},
            reasons={items[item]: why for item, (_, why) in (prices or {}).items()} | {items[item]: why for item, why in (whys or {}).items()},
            submitted_amount=submitted,
        )  # fmt: skip

    def agree(self) -> None:
        contact = self.job.party.contact if self.job.party else ""
        self.job = outside.agree(self.job, by=self.people["clerk"], on=clock.today(), name=contact)

    def invoice(self, amount: Any = None) -> Any:
        self.desk.invoices += 1
        number = f"2633{self.desk.invoices:08d}"
        found = outside.add_invoice(
            self.fresh(),
            by=self.people["clerk"],
            number=number,
            amount=self.job.checked_amount if amount is None else amount,
            on=clock.today(),
        )
        self.fresh()
        return found

    def pay(self, amount: Any, kind: str = "final", invoice: Any = None) -> Payment:
        found = outside.pay(
            self.fresh(), by=self.finance, amount=amount, on=clock.today(), kind=kind, invoice=invoice,
            voucher=f"记-{clock.today():%m}{self.job.pk:03d}",
        )  # fmt: skip
        self.fresh()
        return found

    def rest(self, invoice: Any) -> None:
        """Everything but the retention is paid; the job is settled."""
        paid = Payment.objects.filter(expense__source_number=self.job.number).net()
        due = (self.job.checked_amount or Decimal(0)) - self.job.retention_amount - paid
        if due > 0:
            self.pay(due, "final", invoice)
        self.job = outside.settle(self.fresh(), by=self.finance)

    # ---- stretches of the usual road -----------------------------------------------------------------------------------

    def quotes(self, numbers: Iterable[int] | None = None) -> Days:
        yield 1
        self.ask()
        for number in range(len(self.firms)) if numbers is None else numbers:
            yield 1
            self.quote(number)
        yield 1

    def to_work(self, **words: Any) -> Days:
        """Quotes, choice, approval."""
        yield from self.quotes()
        self.submit(**words)
        yield 1
        self.approve()

    def to_accepted(self, **found: Any) -> Days:
        yield 6
        self.done()
        yield 1
        self.accept(**found)

    def to_settled(self, prices: dict[str, tuple[float, str]] | None = None, **more: Any) -> Days:
        """Price check, agreement, invoice, payment."""
        yield 2
        self.check(prices, **more)
        yield 2
        self.agree()
        yield 3
        invoice = self.invoice()
        yield 2
        self.rest(invoice)


def ticket(d: Desk, place: Place, fault: str, by: str, words: str) -> Ticket:
    """A fault that is reported; numbers follow the hours, so it is filed when nobody else files any more (`Desk.late`)."""
    return repairs.open_ticket(place=place, category=d.kinds[fault], by=d.people[by], words=words)[0]


def accepted(d: Desk, made: Ticket) -> Ticket:
    """The next morning the office takes it in."""
    fresh = Ticket.objects.get(pk=made.pk)
    return repairs.accept(fresh, by=d.people["clerk"]) if fresh.state == "new" else fresh


def class_room(d: Desk) -> Place:
    """The room of 许静's class, or of the first class where the school has no such one."""
    own = [row.room for row in d.world.classes if row.teacher == d.people["banzhuren"]]
    return own[0] if own else d.world.classes[-1].room
