"""Recurring work: the list, one with its next dates and history, its form, and noting down what was done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from assets.models import Card
from campus.models import Place
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.rights import can
from inspections.models import AREAS, Upkeep
from inspections.models.checklists import areas
from inspections.services import upkeep as services
from inspections.upkeep_forms import DoneForm, UpkeepForm
from inspections.upkeep_listings import UpkeepList
from inspections.views.findings import AreaGate, home_crumb
from repairs.models import Ticket

RELATED = ("place", "card", "category", "ticket", "owner")


class UpkeepPages(AreaGate):
    def get_crumbs(self) -> Any:
        return (home_crumb(), ("定期维护", reverse("inspections:upkeeps")))


class Upkeeps(AreaGate, ListPage):
    """/checks/upkeep/."""

    listing = UpkeepList
    tabs = (("全部", ""), ("到期、超期", "state=due"), ("已派单", "state=going"), ("已停用", "state=off"))

    def get_crumbs(self) -> Any:
        return (home_crumb(),)

    def get_actions(self) -> Iterable[Action]:
        if areas(self.request.user, "manage"):
            yield Action("新建定期维护", reverse("inspections:upkeep-new"), "plus", "primary")


class UpkeepEdit(UpkeepPages, FormPage):
    """/checks/upkeep/new/ and /checks/upkeep/<pk>/edit/."""

    verbs = ("manage",)
    model = Upkeep
    form_class = UpkeepForm
    related = RELATED

    def refusal(self) -> str | None:
        return super().refusal() if self.creating else None  # what is not his to manage is not found

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(area__in=areas(self.request.user, "manage"))

    def get_initial(self) -> dict[str, Any]:
        """From a card's page or a place's."""
        found: dict[str, Any] = {}
        number, key = self.request.GET.get("card", "")[:30], self.request.GET.get("place", "")
        if number and Card.objects.filter(number=number).exists():
            found["card"] = number
        if key.isascii() and key.isdigit() and len(key) < 18:
            found["place"] = Place.objects.filter(pk=int(key)).first()
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"areas": areas(self.request.user, "manage")}

    def get_success(self, record: Any) -> str:
        return (
            f"已保存，{record.makes_on.month}月{record.makes_on.day}日派单。" if record.active else "已保存，不再派单。"
        )


class UpkeepPage(UpkeepPages, DetailPage):
    """/checks/upkeep/<pk>/."""

    model = Upkeep
    related = RELATED
    template_name = "inspections/upkeep_detail.html"

    def refusal(self) -> None:
        return None  # who sees no area gets 404

    def get_actions(self) -> Iterable[Action]:
        one = self.object
        if not can(self.request.user, f"inspections.manage:{one.area}"):
            return
        if one.ticket is None and one.active:
            yield Action("登记已做", reverse("inspections:upkeep-done", args=[one.pk]), "circle-check", "primary")
            yield Action("现在派单", reverse("inspections:upkeep-make", args=[one.pk]), "clipboard-list")
        yield Action("修改", reverse("inspections:upkeep-edit", args=[one.pk]), "pencil")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        one, user = self.object, self.request.user
        sees = one.ticket is not None and Ticket.objects.visible_to(user).filter(pk=one.ticket_id).exists()
        return super().get_context(
            area=AREAS.get(one.area, one.area),
            dates=services.preview(one) if one.active else [],
            sees_ticket=sees,
            **extra,
        )


class UpkeepAct(UpkeepPages, ActionPage):
    """A step by hand."""

    model = Upkeep
    related = RELATED

    def refusal(self) -> None:
        return None  # what is not his to manage is not found

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(area__in=areas(self.request.user, "manage"))

    def get_words(self) -> str:
        return str(self.object)


class UpkeepDone(UpkeepAct):
    title, submit_label = "登记已做", "登记"
    form_class = DoneForm
    service = staticmethod(services.record_done)

    def get_success(self, record: Any) -> str:
        return f"已登记，下次 {record.due_on.month}月{record.due_on.day}日。"


class UpkeepMake(UpkeepAct):
    title = "现在派单"
    service = staticmethod(services.make_now)

    def get_success(self, record: Any) -> str:
        return f"已派出 {record.ticket.number}。"
