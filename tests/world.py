"""One small school for the tests about the whole site: everybody, and a row of everything that has a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models

from assets import defaults as assets_defaults
from campus import defaults as campus_defaults
from campus import services
from campus.models import Figure, SchoolDay, User
from classrooms import services as pools
from core import clock, files, notices
from core.models import Notice
from core.plan import Month
from finance import defaults as finance_defaults
from finance.models import Band, Milestone
from inspections.services import checklists
from repairs import defaults as repairs_defaults
from repairs.models import Material
from stores import defaults as stores_defaults
from stores import services as stores_services
from tests import make, make_classrooms, make_dormitory, make_outside, make_upkeep
from workplan import services as planning
from workplan.models import PlanLine
from workplan.sources import SOURCES

MONDAY = (2026, 11, 23, 9, 0)  # an ordinary Monday morning
ROLES = (
    "teacher", "homeroom", "repairer", "clerk", "director", "warden", "steward", "storekeeper", "assetkeeper", "finance",
    "viceprincipal", "principal", "admin",
)  # fmt: skip
PUPIL = "王小明"  # stands on a claim, for those who handle it and the class teacher
SECRET = "门锁坏了不要告诉别人"  # words of a ticket that only those may read who may see it


@dataclass
class World:
    """The rows that the addresses of the table point to."""

    people: dict[str, User] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    args: dict[str, dict[str, Any]] = field(default_factory=dict)


def build() -> World:
    """Build it; the caller holds the transaction and the clock."""
    campus_defaults.ensure()
    assets_defaults.ensure()
    finance_defaults.ensure()
    repairs_defaults.ensure()
    stores_defaults.ensure()
    make.profile()
    found = World()
    people = found.people
    for role in ROLES:
        people[role] = getattr(make, role)(**({"is_staff": True} if role == "admin" else {}))
    people["other"] = make.other_teacher()
    people["nobody"] = make.user(role="", username="nobody", is_superuser=True)
    people["gone"] = make.user(role="director", username="gone", is_active=False)

    room = make.place(custodian=people["homeroom"])
    alias = services.add_alias(room, "三一二")
    shop = make.place("食堂一层", building_name="食堂", floor_name="1层", use="canteen", room_type="", people=0)
    ticket = make.ticket(
        "checking", place=room, reporter=people["other"], by=people["other"], words=SECRET, lead=people["repairer"],
        photos=[make.photo(60, 40)], quantity=2,
    )  # fmt: skip
    hazard = make.ticket(place=shop, category=make.category("漏电"), by=people["other"], hazard=True)
    own = make.ticket(place=shop, by=people["teacher"])
    guest = make.ticket(place=room, category=make.category("门锁/锁芯"), channel="qr", device="d" * 20)
    stock = make.stock(20, by=people["storekeeper"])
    issue = stores_services.issue(stock.item, stock.warehouse, 2, by=people["repairer"], reason="换灯管")
    Material.objects.create(ticket=ticket, move=issue)
    card = make.card(place=room, custodian=people["homeroom"], by=people["assetkeeper"])
    scrap = make.scrap(by=people["repairer"])
    purchase = make.purchase(by=people["repairer"])
    notices.tell([people["teacher"]], "请到办公室领钥匙", url="/plan/")
    month = Month(2026, 11)
    plan = planning.store(month)
    line = planning.add_line(
        month, PlanLine(section="focus", title="检查水箱", reason="每月一次"), by=people["director"]
    )
    coming = SOURCES[0].plan_lines(Month(2026, 12), None)[0]
    term, day = make.term(), SchoolDay.objects.first()
    duty, delegation = make.duty("water", people["repairer"]), make.delegation(people["director"], people["clerk"])
    group = make.class_group()
    office = make.department()
    photo = files.photos(ticket).first()
    expense = make.expense("waiting", 500, by=people["clerk"])
    payment = make.payment(300, expense=make.expense("approved", 300, by=people["clerk"]), by=people["finance"])
    invoice = make.invoice(200, by=people["clerk"])
    claim = make.claim(
        "due",
        120,
        by=people["assetkeeper"],
        class_group=make.class_group("九年级 2 班", teacher=people["homeroom"]),
        person_name=PUPIL,
    )
    contract, project, line_of_budget = make.contract(), make.project(), make.budget_line()
    milestone = Milestone.objects.create(project=project, name="进场", due_on=project.starts_on)
    drain = make.ticket("accepted", place=room, category=make.category("下水管漏"), by=people["other"])
    job = make_outside.outside_job("checking", tickets=[drain])
    works = make_outside.outside_job(
        "settling", kind="works", place=room, title="改造卫生间"
    )  # checked, its sheets are there
    finding = make.finding(
        place=room, found_by=people["warden"], fixed_by=people["homeroom"], fixed_at=clock.now(), fixed_words="挂好了"
    )
    upkeep = make_upkeep.upkeep(place=room)
    zone = make_upkeep.zone(places=[room], person=people["teacher"])
    walk = make.round(make.checklist(name="寝室小查"), places=[room], by=people["clerk"], people=[people["warden"]])
    plan_of_checks = make.schedule(walk.sheet.checklist, place=room.parent, starts_on=clock.today())
    draft = checklists.draft_of(walk.sheet.checklist, people["clerk"])
    first = checklists.save_line(draft, by=people["clerk"], name="阳台", kind="check")
    face = services.add_place(make.building("明德楼", use="teaching"), "face", "北立面")
    make.finding(area="classrooms", place=face, words="瓷砖松动", found_by=people["repairer"])
    make.card(name="饮水机", place=face, by=people["assetkeeper"])
    pool = make_classrooms.pool(sound=6, broken=4)
    batch = make_classrooms.batch(pool=pool, take=3, by=people["repairer"])
    part = make.stock(5, by=people["storekeeper"])
    pools.draw(batch, by=people["repairer"], item=part.item, quantity=Decimal(2), warehouse=part.warehouse)
    sleeping = make_dormitory.world(room, people)
    found.rows = {
        "ticket": ticket, "hazard": hazard, "own": own, "guest": guest, "room": room, "shop": shop, "card": card, "item": stock.item,
        "move": stock, "issue": issue, "scrap": scrap, "purchase": purchase, "line": line, "photo": photo, "day": day, "job": job,
    }  # fmt: skip
    found.args = {
        "": {},
        "label": {"token": room.token},
        "setup": {"token": "not-the-token"},
        "notice": {"pk": Notice.objects.filter(user=people["teacher"], url="/plan/").get().pk},
        "file": {"token": photo.token},
        "person": {"pk": people["other"].pk},
        "place": {"pk": room.pk},
        "alias": {"pk": alias.pk},
        "term": {"pk": term.pk},
        "figure": {"pk": Figure.objects.first().pk},
        "duty": {"pk": duty.pk},
        "delegation": {"pk": delegation.pk},
        "department": {"pk": office.pk},
        "class": {"pk": group.pk},
        "ticket": {"number": ticket.number},
        "sent": {"token": ticket.follow_token},
        "guest": {"token": guest.follow_token},
        "scrap": {"number": scrap.number},
        "card": {"number": card.number},
        "item": {"pk": stock.item.pk},
        "move": {"pk": issue.pk},
        "purchase": {"number": purchase.number},
        "month": {"month": "2026-11"},
        "expense": {"number": expense.number},
        "payment": {"number": payment.number},
        "invoice": {"pk": invoice.pk},
        "claim": {"number": claim.number},
        "party": {"pk": expense.party_id},
        "contract": {"pk": contract.pk},
        "project": {"pk": project.pk},
        "milestones": {"project": project.pk},
        "milestone": {"project": project.pk, "pk": milestone.pk},
        "budget": {"pk": line_of_budget.pk},
        "band": {"pk": Band.objects.first().pk},
        "job": {"number": job.number},
        "works": {"number": works.number},
        "finding": {"number": finding.number},
        "round": {"number": walk.number},
        "checklist": {"pk": walk.sheet.checklist_id},
        "of_checklist": {"checklist": walk.sheet.checklist_id},
        "check_line": {"pk": walk.sheet.checklist_id, "line": first.pk},
        "check_step": {"pk": walk.sheet.checklist_id, "line": first.pk, "step": "up"},
        "schedule": {"pk": plan_of_checks.pk},
        "upkeep": {"pk": upkeep.pk},
        "zone": {"pk": zone.pk},
        "pool": {"pk": pool.pk},
        "batch_pool": {"pool": pool.pk},
        "swap": {"pool": pool.pk, "number": ticket.number},
        "batch": {"number": batch.number},
        **sleeping,
        "line": {"month": "2026-11", "pk": plan.lines.collected().first().pk},
        "hand": {"month": "2026-11", "pk": line.pk},
        "live": {"month": "2026-12", "source": "repairs", "key": coming.key},
    }
    return found


def digest(*kinds: type[models.Model]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these models, to compare before and after."""
    return {kind._meta.label: list(kind._base_manager.order_by("pk").values_list()) for kind in kinds}
