"""Home by role, the scan landing, search over records, the whole menu."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from assets.models import Card
from campus import calendar
from campus import services as places
from campus.models import Place, User
from core import clock, tick
from core.pages import Action, Page
from core.panels import PanelRow
from core.rights import can
from repairs.models import Ticket

OWN_PAGES = (("repairs.manage", "repairs:desk"), ("repairs.work", "repairs:jobs"))
LEADERS = {"principal", "viceprincipal"}


class Home(Page):
    """/: everybody's first page; the office's, the repairers' and the leaders' are pages of their own."""

    template_name = "config/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        for permission, name in OWN_PAGES:
            if can(request.user, permission):
                return HttpResponseRedirect(reverse(name))
        if LEADERS & request.user.roles:
            return HttpResponseRedirect(reverse("workplan:current"))
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        hour = clock.local(clock.now()).hour
        greeting = "早上好" if hour < 11 else "中午好" if hour < 14 else "下午好" if hour < 18 else "晚上好"
        return f"{self.request.user.name}，{greeting}"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            today=calendar.today_words(), may_report=can(self.request.user, "repairs.report"), **extra
        )


class Scan(Page):
    """/r/<token>/: the label on a door. Reporters go straight to the form, others to the place's page."""

    public = True

    def get(self, request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = Place.objects.select_related("successor").filter(token=token[:16]).first()
        if found is None:
            raise Http404("这张标签对不上任何地点，请告诉后勤。")
        place = places.followed(found)
        user = request.user
        if any(can(user, p) for p in ("repairs.view_all", "campus.manage_places", "repairs.clear_hazard")):
            return HttpResponseRedirect(reverse("campus:place", args=[place.pk]))
        return HttpResponseRedirect(f"{reverse('repairs:new')}?at={place.token}")


class Search(Page):
    """/search/: one box over tickets, places, cards, people; each only as far as the user may see it."""

    template_name = "config/search.html"
    title = "搜索"
    LIMIT = 10

    def get_context(self, **extra: Any) -> dict[str, Any]:
        words = " ".join(self.request.GET.get("q", "").split())[:40]
        groups = [group for group in self.groups(words) if group[1]] if len(words) >= 2 else []
        return super().get_context(words=words, groups=groups, too_short=bool(words) and len(words) < 2, **extra)

    def groups(self, words: str) -> Iterable[tuple[str, list[PanelRow], str]]:
        user = self.request.user
        exact, near = places.find(words)  # 3号楼312 is no part of “3号楼 3层 312 寝室”, and yet that room is meant
        inside = Place.objects.filter(full_name__icontains=words).values("pk")
        tickets = Ticket.objects.visible_to(user).select_related("place", "category")
        found = (
            tickets.filter(number__icontains=words)
            | tickets.filter(words__icontains=words)
            | tickets.filter(place__in=inside)
            | tickets.filter(category__name__icontains=words)
            | tickets.filter(place=exact)
        ).order_by("-pk")[: self.LIMIT]
        yield (
            "报修单",
            [
                PanelRow(f"{t.where}：{t.fault}", t.get_absolute_url(), note=t.number, value=t.word, state=t.css_state)
                for t in found
            ],
            f"{reverse('repairs:list')}?q={words}" if can(user, "repairs.view_all") else "",
        )
        hits = ([exact] if exact else []) + list(near)
        more = Place.objects.active().filter(full_name__icontains=words).order_by("path")[: self.LIMIT]
        rows = {p.pk: p for p in [*hits, *more]}
        yield (
            "地点",
            [PanelRow(p.full_name, reverse("campus:place", args=[p.pk])) for p in list(rows.values())[: self.LIMIT]],
            "",
        )
        if can(user, "assets.view"):
            cards = Card.objects.filter(name__icontains=words) | Card.objects.filter(number__icontains=words)
            yield (
                "资产",
                [
                    PanelRow(c.name, reverse("assets:card", args=[c.number]), note=c.number)
                    for c in cards.order_by("pk")[: self.LIMIT]
                ],
                "",
            )
        if can(user, "campus.manage_people") or can(user, "campus.reset_passwords"):
            people = User.objects.filter(Q(name__icontains=words) | Q(staff_number=words) | Q(phone=words))
            yield (
                "人员",
                [
                    PanelRow(p.name, reverse("campus:person", args=[p.pk]), note=str(p.department or ""))
                    for p in people[: self.LIMIT]
                ],
                "",
            )


class More(Page):
    """更多: the whole menu on one page."""

    template_name = "config/more.html"
    title = "更多"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        last = tick.last() if can(self.request.user, "core.view_log") else None
        return super().get_context(last_tick=last, **extra)

    def get_actions(self) -> Iterable[Action]:
        if self.request.user.is_staff:
            yield Action("管理后台", reverse("admin:index"), "settings")
