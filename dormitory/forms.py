"""Input of the dormitories."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campus.imports import Known
from campus.models import ClassGroup, Place
from campus.places import squeeze
from campus.ranges import tidy
from core.forms import DATALIST_LIMIT, Datalist, DateInput, Form, PeopleField, adapt
from core.imports import unknown
from dormitory.checklists import AREA, SWEEP
from dormitory.services.rooms import TYPES
from inspections.models import Checklist, Version

LINES = 4  # classes that may share a room


def plain_class(name: str) -> str:
    """初二(4)班, 初二4班 and 初二（4）班 are the same class."""
    return squeeze(name).removesuffix("班")


class ClassField(forms.CharField):
    """One class in a text box with suggestions, however its brackets are written."""

    widget = Datalist

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(**kwargs)
        self._bind_suggestions()

    def __deepcopy__(self, memo: dict[int, Any]) -> ClassField:
        found: ClassField = super().__deepcopy__(memo)  # type: ignore[misc]
        found._bind_suggestions()
        return found

    def _bind_suggestions(self) -> None:
        self.widget.suggestions = lambda: ClassGroup.objects.values_list("name", flat=True)[:DATALIST_LIMIT]  # type: ignore[attr-defined]

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, ClassGroup) else value

    def clean(self, value: Any) -> ClassGroup | None:
        words = str(super().clean(value) or "").strip()
        if not words:
            return None
        found = ClassGroup.objects.filter(name=words).first()
        if found is None:
            typed = plain_class(words)
            found = next((one for one in ClassGroup.objects.all() if plain_class(one.name) == typed), None)
        if found is None:
            raise ValidationError(f"没有“{words}”这个班，请从提示里选，或先在“设置”里建班级。", code="unknown_class")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class _Pupils(forms.IntegerField):
    """How many of a class sleep here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": 60} | kwargs)


class RoomForm(Form):
    """Beds, chief, and which classes sleep there with how many."""

    beds = forms.IntegerField(label="床位", min_value=0, max_value=60)
    chief = forms.CharField(label="室长", required=False, max_length=30, help_text="可以不填。")
    class0 = ClassField(label="班级", required=False)
    pupils0 = _Pupils(label="人数", required=False)
    class1 = ClassField(label="班级（合住的）", required=False)
    pupils1 = _Pupils(label="人数", required=False)
    class2 = ClassField(label="班级（合住的第三个）", required=False)
    pupils2 = _Pupils(label="人数", required=False)
    class3 = ClassField(label="班级（合住的第四个）", required=False)
    pupils3 = _Pupils(label="人数", required=False)
    widths = {"beds": 6, "chief": 6} | {f"{name}{n}": 6 for n in range(4) for name in ("class", "pupils")}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        found: list[tuple[ClassGroup, int]] = []
        for number in range(LINES):
            group, pupils = data.pop(f"class{number}", None), data.pop(f"pupils{number}", None)
            if group is not None and not pupils:
                self.add_error(f"pupils{number}", "请填这个班在这里住几人。")
            elif pupils and group is None and f"class{number}" not in self.errors:
                self.add_error(f"class{number}", "请填是哪个班。")
            elif group is not None and pupils:
                found.append((group, pupils))
        data["occupants"] = found
        return data


class OccupancyRow(Form):
    """One row of the file: a class in a room."""

    building = forms.CharField(label="楼", max_length=40, help_text="如 3号楼")
    room = forms.CharField(label="寝室", max_length=40, help_text="如 312")
    beds = forms.IntegerField(label="床位", required=False, min_value=0, max_value=60, help_text="不填就不改")
    class_group = forms.CharField(label="班级", required=False, max_length=20, help_text="空着表示没有人住")
    pupils = forms.IntegerField(label="人数", required=False, min_value=0, max_value=60)
    chief = forms.CharField(label="室长", required=False, max_length=30, help_text="可不填")

    def __init__(self, *args: Any, known: KnownRooms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known

    def clean_building(self) -> str:
        text = tidy(self.cleaned_data["building"])
        found = self.known.buildings.get(squeeze(text))
        if found is None:
            raise unknown(f"没有“{text}”这栋宿舍楼。")
        return found

    def clean_class_group(self) -> ClassGroup | None:
        text = tidy(self.cleaned_data["class_group"])
        if not text:
            return None
        found = self.known.classes.get(plain_class(text))
        if found is None:
            raise unknown(f"没有“{text}”这个班。")
        return found

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        building, name = data.get("building"), tidy(data.get("room") or "")
        if building and name:
            place = self.known.rooms.get((building, squeeze(name)))
            if place is None:
                self.add_error("room", f"{building}没有“{name}”这间寝室，请先在“地点”里建好，或核对房号。")
            data["place"] = place
        if data.get("class_group") and not data.get("pupils") and "pupils" not in self.errors:
            self.add_error("pupils", "写了班级，也要写人数。")
        if data.get("pupils") and not data.get("class_group") and "class_group" not in self.errors:
            self.add_error("class_group", "写了人数，也要写是哪个班。")
        return data


class KnownRooms:
    """What rows are held against, read once for a whole file."""

    @cached_property
    def buildings(self) -> dict[str, str]:
        """Dormitory buildings by name and alias."""
        there = set(Place.objects.active().filter(kind="building", use="dormitory").values_list("name", flat=True))
        return {key: name for key, name in Known().buildings.items() if name in there}

    @cached_property
    def rooms(self) -> dict[tuple[str, str], Place]:
        rows = (
            Place.objects.active().filter(use="dormitory", kind="room", room_type__in=TYPES).select_related("building")
        )
        return {(place.building.name, squeeze(place.name)): place for place in rows if place.building}

    @cached_property
    def classes(self) -> dict[str, ClassGroup]:
        return {plain_class(one.name): one for one in ClassGroup.objects.all()}


class AppealForm(Form):
    """Why the score is not right."""

    words = forms.CharField(
        label="理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="哪一项扣得不对，当时是什么情况。",
    )


class AnswerForm(Form):
    """Keep the score, or say of each line how many points remain taken."""

    verdict = forms.ChoiceField(
        label="结果", choices=[("keep", "维持原分"), ("change", "改分")], widget=forms.RadioSelect
    )
    answer = forms.CharField(label="答复", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, results: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.results = results
        for result in results:
            self.fields[f"line{result.line_id}"] = forms.DecimalField(
                label=f"{result.line.name}扣几分（最多 {result.line.points:g}）", min_value=0, max_value=result.line.points, decimal_places=1,
                max_digits=5, initial=f"{result.value:g}", help_text="改分时填；0 是不扣。", required=False,
            )  # fmt: skip
            adapt(self.fields[f"line{result.line_id}"])
        self.widths = {f"line{result.line_id}": 6 for result in results}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        taken = {}
        for result in self.results:
            value = data.pop(f"line{result.line_id}", None)
            taken[result.line_id] = Decimal(0) if value is None else value
        data["taken"] = taken
        return data


class SweepForm(Form):
    """Which fixtures, until when, by whom."""

    checklist = forms.ModelChoiceField(label="检查表", queryset=Checklist.objects.none(), empty_label=None)
    due_on = forms.DateField(label="哪天查完", widget=DateInput())
    people = PeopleField(label="谁来查", required=False, help_text="可以不填：有权检查的人都能查。")
    widths = {"checklist": 6, "due_on": 6}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        published = Version.objects.published().filter(scoring="pass").values("checklist")
        lists = Checklist.objects.active().filter(area=AREA, pk__in=published)
        self.fields["checklist"].queryset = lists  # type: ignore[attr-defined]
        self.fields["checklist"].initial = lists.filter(key=SWEEP).first() or lists.first()


class ReissueForm(Form):
    """Why a week is published anew."""

    words = forms.CharField(label="更正说明", max_length=200, help_text="和名次一起公布。")
