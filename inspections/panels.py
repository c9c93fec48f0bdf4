"""What inspections add to other pages: findings of a place, a ticket, an area; recurring work of a place or a card."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse

from core import clock
from core.pages import Action
from core.panels import Panel, PanelRow
from core.rights import can
from core.templatetags.houqin import day
from inspections.finding_listings import SIGNS, due_words
from inspections.models import Finding, Round, Target, Upkeep, Zone
from inspections.models.checklists import areas
from inspections.models.findings import STATES
from inspections.rules import stage_of
from inspections.upkeep_listings import zone_person

ROWS = 8
RELATED = ("place",)


def _row(finding: Any, *, placed: bool = True) -> PanelRow:
    stage = getattr(finding, "stage", None) or stage_of(finding)
    late, rest = due_words(finding)
    where = f"{finding.place.full_name}：" if placed else ""
    return PanelRow(
        f"{where}{finding.words}", finding.get_absolute_url(), note=f"{finding.number} {late or rest}".strip(),
        value=STATES[stage], state=SIGNS[stage], late=bool(late),
    )  # fmt: skip


def of_place(user: Any, place: Any) -> Panel | None:
    """Open findings of a place, and the way to note another."""
    rows = list(
        Finding.objects.visible_to(user).open().filter(place=place).with_stage().select_related(*RELATED).order_by("-pk")[:ROWS]
    )  # fmt: skip
    actions = []
    if areas(user, "inspect") and place.active:
        actions.append(Action("登记问题", f"{reverse('inspections:finding-new')}?place={place.pk}", "plus"))
    if not rows and not actions:
        return None
    return Panel(
        "检查问题", [_row(one, placed=False) for one in rows], actions, empty="没有未销号的问题。", key="findings",
        more=("全部", f"{reverse('inspections:findings')}?place={place.pk}") if rows and areas(user, "view", "inspect") else None,
    )  # fmt: skip


def of_ticket(user: Any, ticket: Any) -> Panel | None:
    """The finding that the ticket came from."""
    rows = list(
        Finding.objects.visible_to(user)
        .filter(Q(ticket=ticket) | Q(ticket__head=ticket))
        .with_stage()
        .select_related(*RELATED)
        .order_by("-pk")[:ROWS]
    )
    return Panel("检查问题", [_row(one) for one in rows], key="findings") if rows else None


def checks_of_card(user: Any, card: Any) -> Panel | None:
    """What checks found on a piece of equipment, the newest first: its history beside the repairs."""
    if not areas(user, "view", "inspect", "recheck", "manage"):
        return None
    rounds = Round.objects.visible_to(user).exclude(state="cancelled")
    rows = list(
        Target.objects.filter(card=card, done_at__isnull=False, round__in=rounds).select_related("round", "done_by")
        .prefetch_related("results__line").order_by("-on", "-pk")[:ROWS]
    )  # fmt: skip
    if not rows:
        return None
    return Panel("检查记录", [_check_row(one) for one in rows], key="checks")


def _check_row(target: Target) -> PanelRow:
    """When, by whom, and what deviated or was measured."""
    said = [f"{r.line.name} {r.value.normalize():f}{r.line.unit}" if r.value is not None else r.line.name
            for r in sorted(target.results.all(), key=lambda r: (r.line.order, r.line_id)) if r.failed or r.value is not None]  # fmt: skip
    word = target.excused or (f"{target.failures} 项不合格" if target.failures else "正常")
    who = target.done_by.name if target.done_by is not None else ""
    return PanelRow(
        f"{day(target.on)} {target.round.title}", target.round.get_absolute_url(), note="，".join(filter(None, [who, "、".join(said)])),
        value=word, late=bool(target.failures),
    )  # fmt: skip


def upkeep_of_card(user: Any, card: Any) -> Panel | None:
    """Recurring work on a piece of equipment, with when it was last done."""
    return _upkeep(user, Q(card=card), f"card={card.number}")


def upkeep_of_place(user: Any, place: Any) -> Panel | None:
    return _upkeep(user, Q(place=place), f"place={place.pk}")


def _upkeep(user: Any, which: Q, query: str) -> Panel | None:
    if not (areas(user, "view", "inspect", "recheck", "manage")):
        return None
    found = list(
        Upkeep.objects.visible_to(user).active().filter(which).select_related("place", "card").order_by("due_on")[:ROWS]
    )
    actions = []
    if areas(user, "manage") and (found or query.startswith("card")):
        actions.append(Action("新建定期维护", f"{reverse('inspections:upkeep-new')}?{query}", "plus"))
    if not found and not actions:
        return None
    today = clock.today()
    rows = [
        PanelRow(
            one.title, one.get_absolute_url(), note=f"上次 {day(one.done_on)}，共 {one.times} 次" if one.done_on else "还没有做过",
            value="已派单" if one.ticket_id else f"{one.due_on.month}月{one.due_on.day}日到期", late=one.due_on < today and not one.ticket_id,
        )
        for one in found
    ]  # fmt: skip
    return Panel("定期维护", rows, actions, empty="没有定期维护。", key="upkeep")


def home(user: Any, obj: Any = None) -> Panel | None:
    """Home: what is late, what waits for a re-check that this user may do, his own findings."""
    recheck = areas(user, "recheck")
    mine = Q(owner=user) & Q(ticket=None)
    if not recheck and not Finding.objects.open().filter(mine).exists():
        return None
    found = Finding.objects.open().with_stage().select_related(*RELATED)
    waits = Q(area__in=recheck, stage="recheck") & ~Q(found_by=user) & ~Q(ticket__lead=user)
    waits &= Q(fixed_by=None) | ~Q(fixed_by=user)
    late = Q(area__in=areas(user, "manage"), due_on__lt=clock.today())
    rows = list(found.filter(waits | late | (mine & Q(stage="open"))).order_by("due_on", "pk")[: ROWS + 1])
    if not rows:
        return None
    more = ("全部", f"{reverse('inspections:findings')}?stage=live") if recheck else None
    return Panel("待复查、超期的问题", [_row(one) for one in rows[:ROWS]], more=more, key="recheck")


def rounds(user: Any, obj: Any = None) -> Panel | None:
    """Home: the rounds that this user is to walk."""
    if not areas(user, "inspect"):
        return None
    today = clock.today()
    found = Round.objects.visible_to(user).open().filter(on__lte=today).filter(Q(people=user) | Q(people=None))
    rows = [
        PanelRow(
            one.title, one.get_absolute_url(), note=f"{one.number} 已查 {one.done}／{one.total}",
            value="过了最后一天" if one.due_on < today else f"{one.due_on.month}月{one.due_on.day}日前", late=one.due_on < today,
        )
        for one in found.distinct().order_by("due_on", "pk")[:ROWS]
    ]  # fmt: skip
    if not rows:
        return None
    return Panel("要走的检查", rows, more=("全部", reverse("inspections:home")), key="rounds")


def my_zones(user: Any, obj: Any = None) -> Panel | None:
    """Home: the zones that I answer for."""
    found = list(Zone.objects.active().filter(person=user).select_related("person").order_by("name")[:ROWS])
    if not found:
        return None
    rows = [PanelRow(zone.name, zone.get_absolute_url(), note=zone.standard[:60]) for zone in found]
    return Panel("我的包干区", rows, more=("本月结果", reverse("inspections:zones")), key="zones")


def zones_of_place(user: Any, place: Any) -> Panel | None:
    """Who answers for a place."""
    if not can(user, "campus.view_places"):
        return None
    found = list(Zone.objects.visible_to(user).active().filter(places=place).select_related("person")[:ROWS])
    if not found:
        return None
    return Panel("包干区", [PanelRow(z.name, z.get_absolute_url(), value=zone_person(z)) for z in found], key="zones")


def sections(user: Any, obj: Any = None) -> Panel | None:
    """The front page of checks: the ways to what stands beside rounds."""
    links = (
        ("问题台账", "findings", "整改、复查、销号"), ("定期维护", "upkeeps", "换滤芯、保养，到期自动派单"),
        ("包干区", "zones", "每月考核结果"), ("趋势", "trends", "按周、检查项、地点、检查人"),
    )  # fmt: skip
    rows = [PanelRow(label, reverse(f"inspections:{name}"), note=note) for label, name, note in links]
    return Panel("台账与统计", rows, key="sections")
