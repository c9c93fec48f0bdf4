"""`/dormitory/`: today's rounds with one tap into the grid, what waits, then the tickets of the dormitories."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from core import clock
from core.pages import Action
from core.rights import can
from dormitory import scores
from dormitory.checklists import AREA
from dormitory.models import Appeal
from dormitory.services import boards
from inspections.models import Finding, Round
from repairs.areas import AreaPage

ROUNDS = 8  # on the page; the rest by the link


def today_rounds(user: Any) -> list[Round]:
    """Open rounds that have begun: those with this user on them first, then what is due first."""
    people = Round.people.through.objects.filter(round=OuterRef("pk"))
    found = (
        Round.objects.open()
        .filter(area=AREA, on__lte=clock.today())
        .annotate(mine=Exists(people.filter(user=user)), given=Exists(people))
        .order_by("-mine", "given", "due_on", "-pk")
    )
    return list(found[:ROUNDS])


def round_words(one: Round) -> str:
    """How far it is, and until when."""
    today = clock.today()
    if one.due_on < today:
        return f"应在 {one.due_on.month}月{one.due_on.day}日查完"
    if one.due_on == today:
        return "今天查完"
    return f"{one.due_on.month}月{one.due_on.day}日前查完"


def shown_rounds(user: Any) -> list[dict[str, Any]]:
    """Today's rounds as the page draws them; who may not walk them is led to the round's page."""
    walks = can(user, f"inspections.inspect:{AREA}")
    return [
        {
            "title": one.title, "done": one.done, "total": one.total, "share": 100 * one.done // one.total if one.total else 100,
            "words": round_words(one), "late": one.due_on < clock.today(), "mine": one.mine,  # type: ignore[attr-defined]
            "url": reverse("inspections:grid", args=[one.number]) if walks else one.get_absolute_url(),
            "page": reverse("dormitory:sweep", args=[one.number]) if one.sweep else one.get_absolute_url(),
            "label": "接着查" if one.done else "开始查", "full": one.done == one.total, "walks": walks,
        }
        for one in today_rounds(user)
    ]  # fmt: skip


class Home(AreaPage):
    """What a warden needs today."""

    title = "宿舍"
    permission = "areas.view:dormitory"
    uses = ("dormitory",)
    template_name = "dormitory/home.html"

    def get_actions(self) -> list[Action]:
        found = super().get_actions()
        if can(self.request.user, f"inspections.manage:{AREA}"):
            found.insert(0, Action("排查设施", reverse("dormitory:sweeps"), "clipboard-list"))
        return found

    def tasks(self) -> list[dict[str, Any]]:
        """What waits for somebody, each figure leading to its rows."""
        user = self.request.user
        appeals = Appeal.objects.open().visible_to(user).count()
        recheck = Finding.objects.open().with_stage().filter(area=AREA, stage="recheck").count()
        twice = len(scores.twice_failed())
        found = [
            {"label": "待答复申诉", "value": appeals, "unit": "件", "more": "班主任对评分的申诉", "url": f"{reverse('dormitory:appeals')}?state=open"},
            {"label": "待复查", "value": recheck, "unit": "处", "more": "修好了，等人复查销号", "url": f"{reverse('inspections:findings')}?area={AREA}&stage=recheck"},
            {"label": "连续不合格", "value": twice, "unit": "间", "more": "最近两次评分都不合格", "url": reverse("dormitory:twice"), "danger": twice > 0},
        ]  # fmt: skip
        if can(user, "dormitory.publish_boards") and (first := boards.waiting()):
            found.append({
                "label": "上周评比", "value": "待公布", "unit": "", "more": f"{first.month}月{first.day}日那一周，系统也会自动公布",
                "url": reverse("dormitory:board-publish"),
            })  # fmt: skip
        return found

    def links(self) -> list[tuple[str, str]]:
        """The other pages of the dormitories."""
        return [
            ("名次", reverse("dormitory:scores")), ("周评比", reverse("dormitory:boards")), ("寝室", reverse("dormitory:rooms")),
            ("申诉", reverse("dormitory:appeals")), ("设施排查", reverse("dormitory:sweeps")),
            ("全部检查", f"{reverse('inspections:home')}?area={AREA}"),
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            rounds=shown_rounds(self.request.user), tasks=self.tasks(), links=self.links(),
            calm=not any(self.request.GET.values()), **extra,
        )  # fmt: skip
