"""Filing a fault: by account, by QR without login, for a caller, by an inspection; or joining the one already there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from campus.figures import figure
from campus.models import Place, User
from campus.services import followed
from core import clock, files, log
from core.numbering import next_number
from core.workflow import RuleBroken
from repairs import deadlines, dispatching, priority
from repairs.models import Category, Follower, Ticket
from repairs.outside.warranty import under_warranty
from repairs.services.base import move, office_users, reweigh, tell


class LimitReached(RuleBroken):
    """Too many reports without login from one device or at one place."""


def same_faults(place: Place, category: Category | None = None) -> QuerySet[Ticket]:
    """Open tickets of the place (and kind), newest first, with how many followers: kind, state and age may be shown."""
    found = Ticket.objects.open().filter(place=place).select_related("category", "hold_reason", "place")
    if category is not None:
        found = found.filter(category=category)
    return found.annotate(followed=Count("followers")).order_by("-pk")


def other() -> Category:
    """The kind for what nobody could name; the office corrects it."""
    return Category.objects.filter(parent__isnull=False, active=True, name="其他").earliest("pk")


@transaction.atomic
def open_ticket(
    *,
    place: Place,
    category: Category | None = None,
    by: User | None = None,
    channel: str = "web",
    words: str = "",
    detail: str = "",
    asset: Any = None,
    quantity: int = 1,
    hazard: bool = False,
    protection: str = "",
    photos: Iterable[Any] = (),
    reporter: User | None = None,
    reporter_name: str = "",
    reporter_phone: str = "",
    device: str = "",
    preferred: str = "",
    reported_at: dt.datetime | None = None,
    join_open: bool = False,
    follow_token: str = "",
) -> tuple[Ticket, bool]:
    """File a fault and return (ticket, joined).

    `by` is who files (None: by QR without login, then `device` is the hash of the phone's cookie); `reporter`,
    `reporter_name`, `reporter_phone` name the caller when the office files for somebody. `reported_at` lies in the
    past for 补录; `follow_token` is given by who had to know it before. With `join_open` an open ticket of the same place and kind is joined instead of doubled (that is how
    inspections file). Raises LimitReached, RuleBroken.
    """
    place = followed(place)
    if category is None and not words.strip():
        raise RuleBroken("请选一下什么坏了，或写一句情况。")
    if not place.active:
        raise RuleBroken(f"{place.full_name} 已停用，请选现在用的地点。")
    if quantity < 1:
        raise RuleBroken("数量至少是 1。")
    category = category or other()
    if join_open:
        hold_places([place.pk])
        if there := same_faults(place, category).first():
            return join(there, by=by, device=device), True
    if by is None and channel != "routine":
        _check_limits(place, device)
    moment = clock.now()
    if reported_at is not None and reported_at > moment:
        raise RuleBroken("报修时间还没有到，请改成已经发生的时间。")
    caller = bool(reporter or reporter_name or reporter_phone)
    ticket = Ticket(
        number=next_number("BX"), place=place, detail=detail, category=category, words=words.strip(), asset=asset,
        quantity=quantity, hazard=hazard or category.hazard, protection=protection, channel=channel, preferred=preferred,
        reporter=reporter if caller else by, reporter_name=reporter_name, reporter_phone=reporter_phone,
        filed_by=by if caller else None, device=device, reported_at=reported_at or moment, created_at=moment,
        priority=category.priority, again=_before(place, category, moment),
    )  # fmt: skip
    if ticket.hazard:
        ticket.priority = 1
    if follow_token:
        ticket.follow_token = follow_token
    ticket.due_at = deadlines.due(ticket)
    priority.refresh([ticket])
    ticket.save()
    log.write(
        ticket,
        "file",
        by=by,
        text=_how(ticket, ticked=hazard),
        said=ticket.words,
        after=ticket.state,
        anonymous=by is None and channel != "routine",
    )
    for photo in photos:
        files.attach(ticket, photo, by=by, role="before", caption="维修前", unseen=by is None)
    if ticket.hazard:
        tell(office_users(), ticket, "安全隐患", but=by, urgent=True)
    return dispatching.apply(ticket) or ticket, False


def hold_places(keys: Iterable[int]) -> None:
    """Let nobody else file or join at these places until this transaction ends, so that two rounds that meet the same
    fault at the same moment make one ticket. Several are held in one order: who files many at once holds them first."""
    list(Place.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def recount(ticket: Ticket, *, by: User, quantity: int, **kwargs: Any) -> Ticket:
    """更正数量 by who filed it, as long as it is new and nobody else stands behind it."""

    def effect(fresh: Ticket, data: dict[str, Any]) -> None:
        fresh.quantity = quantity

    if quantity < 1:
        raise RuleBroken("数量至少是 1。")
    with transaction.atomic():
        text = f"更正数量：{ticket.quantity} → {quantity}"
        move(ticket, "recount", by=by, text=text, then=effect, **kwargs)
        return reweigh(ticket)


def join(ticket: Ticket, *, by: User | None = None, device: str = "") -> Ticket:
    """“我也遇到”: follow the ticket (or the head it was merged into); a second time changes nothing."""
    head = ticket.head or ticket
    device = "" if by else device
    if (by.pk == head.reporter_id) if by else device in ("", head.device):  # who reported it does not follow himself
        return head
    with transaction.atomic():
        try:
            with transaction.atomic():
                Follower.objects.create(ticket=head, user=by, device=device)
        except IntegrityError:
            return head
        move(head, "join", by=by, text="“我也遇到” 1 人", anonymous=True)
        return reweigh(head)


@transaction.atomic
def file_line(lines: list[dict[str, Any]], *, by: User) -> list[Ticket]:
    """The office files what a caller reported: several lines at once, all or none."""
    return [open_ticket(**{"by": by, "channel": "phone", **line})[0] for line in lines]


def _check_limits(place: Place, device: str) -> None:
    """5 an hour per device cookie, 20 a day per place (both settings), counted over what was filed without login."""
    if device:
        hour = clock.now() - dt.timedelta(hours=1)
        if Ticket.objects.filter(device=device, created_at__gt=hour).count() >= int(figure("repairs.per_device_hour")):
            raise LimitReached("这台手机一小时内已报了几件，请过一会儿再报；着急请打值班电话。")
    today = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    anonymous = Ticket.objects.filter(place=place, channel="qr", reporter=None, created_at__gte=today)
    if anonymous.count() >= int(figure("repairs.per_place_day")):
        raise LimitReached("这个地点今天扫码报修已经很多，后勤会来查看；着急请打值班电话，或登录后再报。")


def _before(place: Place, category: Category, moment: dt.datetime) -> Ticket | None:
    """The same fault repaired here within 90 days: this one is 同一故障再次报修."""
    return (
        Ticket.objects.filter(
            place=place, category=category, state="done", completed_at__gt=moment - dt.timedelta(days=90)
        )
        .exclude(category__name="其他")
        .order_by("-completed_at")
        .first()
    )


def _how(ticket: Ticket, *, ticked: bool) -> str:
    text = {
        "web": "报修", "qr": "报修（扫码）", "phone": "电话代报", "late": "补录", "inspection": "检查发现，报修",
        "routine": "定期维护，到期派出",
    }[ticket.channel]  # fmt: skip
    danger = "，勾选了有危险" if ticked else "，属安全隐患" if ticket.hazard else ""
    again = "，同一故障再次报修" if ticket.again else ""
    return text + danger + again + under_warranty(ticket)
