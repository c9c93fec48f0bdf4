"""Reporting: where, what, one sentence; with an account or from a QR label without one; and the follow address."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from assets.models import Card
from campus import cache, lockout, profile
from campus import services as places
from campus.models import Place
from core import clock, files
from core.models import LogEntry
from core.pages import AlreadyDone, Page, spend
from core.rights import can
from core.workflow import RuleBroken
from repairs import services
from repairs.forms import ReportForm
from repairs.models import Category, Follower, Ticket, Tile
from repairs.outside.warranty import covered_at, unnamed, warranty_of
from repairs.rules import FLOW, Guest
from repairs.views import moves
from repairs.views.tickets import RELATED, guest_moves, progress


def device_hash(request: HttpRequest) -> str:
    """The phone's cookie as a ticket keeps it: enough to count by, not to find the phone again."""
    found = lockout.device(request)
    return hashlib.sha256(found.encode()).hexdigest() if found else ""


def choices_for(place: Place) -> tuple[list[Tile], list[Category]]:
    """The tiles that make sense at a place, and their kinds."""

    def load() -> tuple[list[Tile], list[Category]]:
        return list(Tile.objects.all()), list(
            Category.objects.filter(active=True, parent__isnull=False, tile__isnull=False)
        )

    tiles, kinds = cache.cached("tiles and kinds", load)
    fitting = [tile for tile in tiles if not tile.uses or not place.use or place.use in tile.uses.split(",")]
    shown = {tile.pk for tile in fitting}
    return fitting, [kind for kind in kinds if kind.tile_id in shown]


class Report(Page):
    """/repairs/new/: the place first (from the label, or in two steps), then what is wrong."""

    public = True
    title = "报修"
    template_name = "repairs/report.html"

    def refusal(self) -> str | None:
        user = self.request.user
        if user.is_authenticated and not can(user, "repairs.report"):
            return "您的账号不办报修。要报修，请换教师等账号登录，或扫门上的二维码。"
        return None

    def place(self) -> Place | None:
        """The place in the address; from a label by token, which is all that guests may use."""
        token, key, asset = (self.request.GET.get(name, "") for name in ("at", "place", "asset"))
        found = None
        if token:
            found = Place.objects.select_related("building", "successor").filter(token=token[:16]).first()
            if found is None:
                raise Http404("这张标签对不上任何地点，请告诉后勤。")
        elif self.request.user.is_authenticated and key.isascii() and key.isdigit() and len(key) < 18:
            found = Place.objects.select_related("building", "successor").filter(pk=int(key)).first()
        elif self.request.user.is_authenticated and asset and (card := self.card()):
            holding = card.holdings.select_related("place__building").first()
            found = holding.place if holding else None
        return places.followed(found) if found else None

    def card(self) -> Card | None:
        number = self.request.GET.get("asset", "")[:30]
        return Card.objects.filter(number=number).first() if number and self.request.user.is_authenticated else None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        place = self.place()
        if place is None:
            return self.choose_place()
        return self.with_device(self.show(place, self.form(place)))

    def form(self, place: Place) -> ReportForm:
        tiles, kinds = choices_for(place)
        posted = self.request.method == "POST"
        return ReportForm(
            self.request.POST if posted else None, self.request.FILES if posted else None, tiles=tiles, kinds=kinds,
            guest=not self.request.user.is_authenticated,
        )  # fmt: skip

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        place = self.place()
        if place is None:
            return self.choose_place()
        if "join" in request.POST:
            return self.join(place)
        form = self.form(place)
        if not form.is_valid():
            return self.with_device(self.show(place, form))
        data, user = form.cleaned_data, request.user
        guest = not user.is_authenticated
        try:
            with files.undone_on_error(), transaction.atomic():
                token = Ticket().follow_token  # known before the ticket is, so that the spent token is written once
                url = reverse("repairs:sent", args=[token])
                spend(form.submit_token if request.POST.get("submit_token") else "", url)
                services.open_ticket(
                    place=place, category=form.kind, by=None if guest else user,
                    channel="qr" if request.GET.get("at") else "web", words=data["words"], detail=data["detail"],
                    asset=self.card(), quantity=data["quantity"], hazard=data["hazard"], photos=data["photos"],
                    preferred=data["preferred"], device=device_hash(request) if guest else "",
                    reporter_name=data.get("name", ""), reporter_phone=data.get("phone", ""), follow_token=token,
                )  # fmt: skip
        except AlreadyDone as done:
            return HttpResponseRedirect(done.url or reverse("repairs:mine"))
        except RuleBroken as broken:
            for reason in broken.reasons:
                form.add_error(None, reason)
            return self.with_device(self.show(place, form, status=409))
        return self.with_device(HttpResponseRedirect(url))

    def join(self, place: Place) -> HttpResponseBase:
        """我也遇到, from the form itself."""
        key, user = self.request.POST["join"], self.request.user
        ticket = services.same_faults(place).filter(number=key[:20]).first()
        if ticket is None:
            messages.warning(self.request, "那件刚刚办完或改了地点；还坏着，请直接报修。")
            return HttpResponseRedirect(self.request.get_full_path())
        if user.is_authenticated:
            head = services.join(ticket, by=user)
            messages.success(self.request, f"已记下您也遇到，单号 {head.number}，修好会告诉您。")
            return HttpResponseRedirect(reverse("repairs:mine"))
        device = device_hash(self.request)
        if not device:
            return self.with_device(HttpResponseRedirect(self.request.get_full_path()))
        head = services.join(ticket, device=device)
        follower = Follower.objects.filter(ticket=head, device=device).first()
        token = follower.token if follower else ""
        if not token:  # the same phone had filed it
            token = head.follow_token if head.device == device else ""
        return HttpResponseRedirect(reverse("repairs:follow", args=[token]) if token else self.request.get_full_path())

    def with_device(self, response: HttpResponse) -> HttpResponse:
        """Guests get the cookie by which reports are counted."""
        if not self.request.user.is_authenticated:
            lockout.give_device(self.request, response)
        return response

    def show(self, place: Place, form: ReportForm, *, status: int = 200) -> HttpResponse:
        same, covered, guest = services.same_faults(place), covered_at(place), not self.request.user.is_authenticated
        if guest:  # no news for whoever walks by
            same, covered = same.filter(category__guarded=False), [one for one in covered if not one.guarded]
        return self.render(
            status=status, place=place, form=form, same=list(same[:5]), covered=covered, card=self.card(),
            school=profile.current(), guest=guest, people=places.people_in(place), now=clock.now(),
            picked_tile=form.tile.pk if form.is_bound and form.tile else None,
            picked_kind=form.kind.pk if form.is_bound and form.kind else None,
        )  # fmt: skip

    def choose_place(self) -> HttpResponse:
        """Building -> floor -> room as plain links, a search, and the places reported from before."""
        if not self.request.user.is_authenticated:
            return self.render(template="repairs/report_scan.html", school=profile.current())
        params = self.request.GET
        words = params.get("q", "").strip()[:40]
        found, near = places.find(words) if words else (None, [])
        if found is not None:
            return HttpResponseRedirect(self.address(place=found.pk))  # type: ignore[return-value]
        building = self.pick(params.get("building", ""), {"building", "ground", "gate"})
        floors = list(places.floors(building)) if building else []
        floor = self.pick(params.get("floor", ""), {"floor"}) or (floors[0] if floors else None)
        rooms = list(places.rooms(floor)) if floor else []
        beside = (
            list(Place.objects.filter(parent=building, active=True).exclude(kind="floor").order_by("order"))
            if building
            else []
        )
        recent = Ticket.objects.filter(reporter=self.request.user).order_by("-pk").values_list("place", flat=True)[:20]
        return self.render(
            template="repairs/report_place.html", words=words, near=near[:12], building=building, floors=floors, floor=floor,
            rooms=rooms, beside=beside, buildings=[] if building else list(places.buildings()),
            grounds=[] if building else list(places.grounds()),
            recent=Place.objects.filter(pk__in=list(dict.fromkeys(recent))[:4], active=True),
            kept=list(self.request.user.rooms.filter(active=True)[:4]),
        )  # fmt: skip

    def pick(self, key: str, kinds: set[str]) -> Place | None:
        if not (key.isascii() and key.isdigit() and len(key) < 18):
            return None
        return Place.objects.filter(pk=int(key), kind__in=kinds, active=True).first()

    def address(self, **params: Any) -> str:
        return reverse("repairs:new") + "?" + urlencode(params)


class Sent(Page):
    """What was filed: the number, what happens now, whom to ring; the follow address for guests."""

    public = True
    template_name = "repairs/report_sent.html"
    title = "已报修"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        ticket = Ticket.objects.select_related(*RELATED).filter(follow_token=self.kwargs["token"][:32]).first()
        if ticket is None:
            raise Http404("没有这张报修单。")
        school = profile.current()
        follow = reverse("repairs:follow", args=[ticket.follow_token])
        # A demo is served on any port; a real school's address is what it says it is, whatever the request claims.
        known = "" if school.is_demo else school.public_url.rstrip("/")
        return super().get_context(
            ticket=ticket, school=school, guest=not self.request.user.is_authenticated, follow=follow,
            warranty=warranty_of(ticket.place, ticket.category),
            follow_full=known + follow if known else self.request.build_absolute_uri(follow), **extra,
        )  # fmt: skip


INTERNAL = ("refused", "say", "open", "phone", "correct", "prioritise", "draw", "give_back")
SPOKEN = {
    "file",
    "ask",
    "answer",
    "decline",
    "hold",
    "redate",
    "finish",
    "accept_work",
    "send_back",
    "reopen",
    "rate",
    "chase",
    "withdraw",
}
NAMING = {"dispatch", "auto_dispatch", "reassign", "take", "hand_back", "merge"}  # their words name colleagues


def for_guests(entry: LogEntry) -> LogEntry:
    """An entry as the follow address shows it: no names, no firms, and of what was said only what was said to the reporter."""
    entry.text = unnamed(entry.text)
    if entry.verb in NAMING:
        entry.text = FLOW[entry.verb].label
    if entry.verb not in SPOKEN:
        entry.said = ""
    return entry


class ByToken:
    """Finds the ticket and the guest by the follow address."""

    request: HttpRequest
    kwargs: dict[str, Any]
    public = True

    def get_object(self) -> Ticket:
        token = self.kwargs["token"][:32]
        rows = Ticket.objects.select_related(*RELATED).prefetch_related("helpers", "followers")
        ticket = rows.filter(follow_token=token).first()
        self.guest = Guest(ticket.pk, name=ticket.reporter_name or "报修人") if ticket else None
        if ticket is None:
            follower = Follower.objects.filter(token=token).first()
            if follower is None:
                raise Http404("没有这张报修单，地址可能不完整。")
            ticket = rows.get(pk=follower.ticket_id)
            self.guest = Guest(ticket.pk, follower.pk, "也遇到的人")
        return ticket

    def actor(self) -> Any:
        """The guest; who is logged in acts in his own name on the ticket's page."""
        _ = self.object  # type: ignore[attr-defined]
        return self.guest


class FollowPage(ByToken, moves.Move):
    """/repairs/follow/<token>/: state, history without names, what the reporter can do."""

    template_name = "repairs/follow.html"
    step = ""
    flow = None

    def get_title(self) -> str:
        return f"{self.object.where}：{self.object.fault}"

    def get_crumbs(self) -> Any:
        return ()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        ticket = self.object
        if ticket.outside_by_id:
            ticket.outcome_words = "外修"  # which firm is nothing for whoever has the address
        entries = [for_guests(e) for e in LogEntry.objects.of(ticket).exclude(verb__in=INTERNAL)[:40]]
        return self.render(
            ticket=ticket, moves=guest_moves(ticket, self.guest), steps=progress(ticket), entries=entries, form=None,
            school=profile.current(), head_url="",
        )  # fmt: skip

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(request.path)


class GuestMove(ByToken):
    """A move by follow address: the same page, another way in, and back to the follow page."""

    def get_crumbs(self) -> Any:
        return ()

    def back_url(self) -> str:
        return reverse("repairs:follow", args=[self.kwargs["token"]])  # type: ignore[attr-defined]

    def get_success_url(self, record: Any) -> str:
        return self.back_url()


class GuestAnswer(GuestMove, moves.AnswerQuestion):
    pass


class GuestAccept(GuestMove, moves.AcceptWork):
    pass


class GuestSendBack(GuestMove, moves.SendBack):
    pass


class GuestChase(GuestMove, moves.ChaseTicket):
    pass


class GuestWithdraw(GuestMove, moves.WithdrawTicket):
    def get_success_url(self, record: Any) -> str:
        return self.back_url() if record.follow_token == self.kwargs["token"] else "/login/"


class GuestReopen(GuestMove, moves.ReopenTicket):
    pass


class GuestRate(GuestMove, moves.RateTicket):
    pass


class GuestClaim(GuestMove, moves.ClaimTicket):
    pass
