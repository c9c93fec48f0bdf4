"""Input for recurring work and for zones."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from assets.models import Card
from campus import services as places
from campus.forms import PlaceField
from campus.models import Place
from core import clock
from core.forms import Form, ModelForm, PersonField, adapt
from inspections.finding_forms import KindField, sentence
from inspections.models import AREAS, Checklist, Upkeep, Zone
from inspections.services.upkeep import lead

PLACES = 300  # of a zone


def area_field(areas: list[str]) -> forms.ChoiceField:
    """Those areas that are the user's."""
    field = forms.ChoiceField(label="归属", choices=[(key, AREAS[key]) for key in areas])
    adapt(field)
    return field


class UpkeepForm(ModelForm):
    """定期维护: what, where, how often, how the next date is counted."""

    place = PlaceField(label="地点", required=False, help_text="填了设备的，可以不填。")
    card = forms.CharField(label="设备（资产编号）", max_length=30, required=False)
    category = KindField(label="报修类别", help_text="到期时按这一类派单。")
    owner = PersonField(label="责任人", required=False, help_text="做完由他验收。")
    widths = {
        "area": 4, "title": 8, "place": 6, "card": 6, "category": 6, "owner": 6, "every_days": 4, "counts_from": 4,
        "lead_days": 4, "due_on": 4,
    }  # fmt: skip

    class Meta:
        model = Upkeep
        fields = [
            "area", "title", "place", "card", "category", "words", "every_days", "counts_from", "lead_days", "due_on",
            "owner", "active",
        ]  # fmt: skip
        help_texts = {
            "counts_from": "滤芯按完成日算，季度保养按计划日算。",
            "words": "如：换 PP 棉和活性炭，换后冲洗。",
        }

    def __init__(self, *args: Any, areas: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"] = area_field(areas)
        if self.instance.pk is not None and self.instance.card is not None:
            self.initial["card"] = self.instance.card.number

    def clean_card(self) -> Card | None:
        number = str(self.cleaned_data["card"]).strip()
        if not number:
            return None
        found = Card.objects.filter(number=number).first()
        if found is None:
            raise ValidationError(f"没有编号为“{number}”的资产卡片。")
        return found

    def clean_every_days(self) -> int:
        days = int(self.cleaned_data["every_days"])
        if not 1 <= days <= 3650:
            raise ValidationError("间隔填 1 到 3650 天。")
        return days

    def clean_lead_days(self) -> int:
        days = int(self.cleaned_data["lead_days"])
        if days > 365:
            raise ValidationError("最多提前 365 天。")
        return days

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        card = data.get("card")
        if data.get("place") is None and "place" not in self.errors:
            holding = card.holdings.select_related("place").order_by("pk").first() if card is not None else None
            if holding is None:
                self.add_error("place", "请写地点，或填在册设备的资产编号。")
            else:
                data["place"] = holding.place
        if data.get("every_days") and data.get("lead_days", 0) >= data["every_days"]:
            self.add_error("lead_days", "提前的天数要少于间隔。")
        day = data.get("due_on")
        if day is not None and self.instance.pk is None and day < clock.today():
            self.add_error("due_on", "下次到期的日子已经过了，请选今天或以后。")
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.instance.due_on is not None and self.instance.lead_days is not None:
            lead(self.instance)


class DoneForm(Form):
    on = forms.DateField(label="哪天做的", initial=clock.today)
    words = sentence("做了什么", required=False)


class ZoneForm(ModelForm):
    """包干区: its places as words, who answers for it, to what standard."""

    places_text = forms.CharField(
        label="地点",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="一行一处，如 3号楼 3层、后勤楼 东楼梯。",
    )
    person = PersonField(label="责任人", required=False)
    checklist = forms.ModelChoiceField(
        label="按哪张表打分", queryset=Checklist.objects.none(), required=False, empty_label="这一片的各种检查"
    )
    widths = {"area": 4, "name": 8, "person": 6, "worker": 6}

    class Meta:
        model = Zone
        fields = ["area", "name", "person", "worker", "standard", "checklist", "active"]

    def __init__(self, *args: Any, areas: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checklist"].queryset = Checklist.objects.filter(area__in=areas, active=True)[:60]
        self.fields["area"] = area_field(areas)
        if self.instance.pk is not None:
            self.initial["places_text"] = "\n".join(self.instance.places.values_list("full_name", flat=True))
        self.order_fields(["area", "name", "places_text", "person", "worker", "standard", "checklist", "active"])

    def clean_places_text(self) -> list[Place]:
        found: dict[int, Place] = {}
        wrong = []
        for text in re.split(r"[\n;；]", self.cleaned_data["places_text"]):
            if not text.strip():
                continue
            place, near = places.find(text.strip())
            if place is None:
                hint = f"，是不是 {'、'.join(one.full_name for one in near[:3])}" if near else ""
                wrong.append(f"没有找到“{text.strip()[:40]}”{hint}。")
            else:
                found[place.pk] = place
        if wrong:
            raise ValidationError(wrong[:5])
        if len(found) > PLACES:
            raise ValidationError(f"一个包干区最多 {PLACES} 处，请分成几个。")
        return list(found.values())

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("person") and not data.get("worker"):
            self.add_error("person", "请写责任人；没有账号的，写在“责任人姓名”里。")
        return data

    def save(self, commit: bool = True) -> Zone:
        zone: Zone = super().save(commit)
        zone.places.set(self.cleaned_data["places_text"])
        return zone
