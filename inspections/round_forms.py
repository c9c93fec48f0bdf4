"""Input for rounds and schedules: where, which places or equipment, when, who."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from campus.forms import PlaceField, room_types
from campus.models import Place
from core import clock
from core.forms import Datalist, Form, PeopleField
from inspections.checklist_forms import WhenMixin
from inspections.models import SLOTS, Checklist, Round, Schedule
from inspections.services import schedules
from inspections.services.rounds import inspectors, targets_for

PICKS = {
    "room": "每个房间", "corridor": "每条走廊", "stairwell": "每个楼梯间", "floor": "每一层", "building": "每一栋楼",
    "face": "每面外墙", "window": "每个窗口", "gate": "每个校门", "ground": "每处室外场地", "asset": "每台设备（资产卡片）",
    "": "只查这一处",
}  # fmt: skip
WEEKDAYS = {"1": "周一", "2": "周二", "3": "周三", "4": "周四", "5": "周五", "6": "周六", "7": "周日"}
NTH = {"1": "第一个", "2": "第二个", "3": "第三个", "4": "第四个", "5": "最后一个"}


class TargetsForm(WhenMixin, Form):
    """What starting a round and planning one have in common: the places and the people."""

    place = PlaceField(label="范围", help_text="写校区、楼或楼层，如 3号楼、3号楼3层；只查一处就写那一处。")
    pick = forms.ChoiceField(label="查哪些", choices=PICKS.items(), required=False, initial="room")
    room_type = forms.CharField(
        label="房间类型", max_length=30, required=False, widget=Datalist(suggestions=room_types), help_text="不写就是全部房间。"
    )  # fmt: skip
    category = forms.CharField(
        label="设备名称", max_length=40, required=False, help_text="资产卡片名称里的字，如 饮水机。"
    )
    people = PeopleField(label="检查人", required=False, help_text="可写几位，用顿号隔开；不写就是谁有检查权限谁查。")

    when = {"room_type": "pick:room", "category": "pick:asset"}
    must = ("pick", "slot", "category")

    def __init__(self, *args: Any, checklist: Checklist, **kwargs: Any) -> None:
        self.checklist = checklist
        self.pairs: list[Any] = []
        super().__init__(*args, **kwargs)
        people: Any = self.fields["people"]
        people.queryset = inspectors(checklist.area)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        place, pick = data.get("place"), data.get("pick") or ""
        if pick == "asset" and not data.get("category"):
            self.add_error("category", "请写是哪种设备，如 饮水机。")
        elif isinstance(place, Place):
            self.pairs = targets_for(place, pick, data.get("room_type") or "", data.get("category") or "")
            if not self.pairs:
                kind = f"“{data['category']}”" if pick == "asset" else Place.KINDS.get(pick, "在用的地点")
                self.add_error("place", f"{place}里没有{data.get('room_type') or kind}，请换一个范围或换一种。")
        return data


class RoundForm(TargetsForm):
    """A round by hand."""

    widths = {
        "place": 6, "pick": 6, "on": 4, "due_on": 4, "slot": 4, "people": 6, "title": 6,
    }  # fmt: skip
    on = forms.DateField(label="日期")
    due_on = forms.DateField(label="最后一天", required=False, help_text="几天里查完；当天查完就空着。")
    slot = forms.ChoiceField(label="时段", choices=SLOTS.items(), required=False)
    title = forms.CharField(label="名称", max_length=80, required=False, help_text="不写就是检查表名加地点。")
    sweep = forms.BooleanField(
        label="这是有期限的排查，看每天进度",
        required=False,
        help_text="如开学前排查：检查页上多一张还剩多少没查的进度图。",
    )
    field_order = (
        "place", "pick", "room_type", "category", "on", "due_on", "slot", "people", "title", "sweep",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = clock.today

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("on"), data.get("due_on")
        if first and last and last < first:
            self.add_error("due_on", "最后一天不能早于检查日期，请改正。")
        if first and not 2000 <= first.year <= 2100:
            self.add_error("on", "年份不对，请改日期。")
        return data

    def again(self) -> list[Round]:
        """Rounds of the same list, day and time over some of the same places."""
        data = self.cleaned_data
        found = Round.objects.filter(sheet__checklist=self.checklist, on=data["on"], slot=data["slot"])
        found = found.exclude(state="cancelled").filter(targets__place__in=[place.pk for place, _ in self.pairs[:900]])
        return list(found.distinct()[:3])


class ScheduleForm(TargetsForm):
    """When a checklist is walked again and again."""

    widths = {
        "title": 6, "every": 6, "nth": 4, "day": 4, "weeks": 6, "place": 6, "pick": 6, "slot": 6,
        "days": 6, "people": 12, "starts_on": 6, "ends_on": 6,
    }  # fmt: skip
    when = TargetsForm.when | {
        "weekdays": "every:weekly,nth,weeks", "nth": "every:nth", "day": "every:monthly,term", "weeks": "every:weeks",
    }  # fmt: skip
    must = (*TargetsForm.must, "weekdays", "nth", "day", "weeks")
    title = forms.CharField(label="名称", max_length=60, help_text="如 3号楼每日卫生。")
    every = forms.ChoiceField(label="多久一次", choices=Schedule.EVERY.items())
    weekdays = forms.MultipleChoiceField(
        label="星期几", choices=WEEKDAYS.items(), required=False, widget=forms.CheckboxSelectMultiple
    )
    nth = forms.TypedChoiceField(label="第几个", choices=NTH.items(), coerce=int, required=False, empty_value=None)
    day = forms.IntegerField(
        label="几号", min_value=1, max_value=31, required=False, help_text="每月几号；每学期一次就写开学第几天。"
    )
    weeks = forms.CharField(label="教学周", max_length=60, required=False, help_text="如 1-8,10。")
    slot = forms.ChoiceField(label="时段", choices=SLOTS.items(), required=False)
    days = forms.IntegerField(label="几天内查完", min_value=1, max_value=60, initial=1)
    starts_on = forms.DateField(label="从")
    ends_on = forms.DateField(label="到", required=False, help_text="空着就一直查下去。")
    field_order = (
        "title", "every", "weekdays", "nth", "day", "weeks", "place", "pick", "room_type", "category", "slot", "days",
        "starts_on", "ends_on", "people",
    )  # fmt: skip

    def __init__(self, *args: Any, schedule: Schedule, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"starts_on": clock.today(), "title": schedule.checklist.name}
        if schedule.pk:
            initial = {name: getattr(schedule, name) for name in schedules.FIELDS}
            initial["weekdays"] = [one for one in schedule.weekdays.split(",") if one]
            initial["people"] = list(schedule.people.all())
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, checklist=schedule.checklist, **kwargs)
        if schedule.pk:
            self.version = schedule.version

    def clean_weekdays(self) -> str:
        return ",".join(self.cleaned_data["weekdays"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in ("starts_on", "ends_on"):
            day = data.get(name)
            if isinstance(day, dt.date) and not 2000 <= day.year <= 2100:
                self.add_error(name, "年份不对，请改日期。")
        tidied = schedules.tidy({name: data.get(name) for name in schedules.FIELDS})
        for name, words in schedules.problems(tidied).items():
            if name not in self.errors:
                self.add_error(name, words)
        return data

    def planned(self) -> Schedule:
        """The schedule as the form says, not stored: for the preview."""
        fields = schedules.tidy({name: self.cleaned_data.get(name) for name in schedules.FIELDS})
        return Schedule(checklist=self.checklist, **fields)


class ChangeForm(Form):
    """Name, last day and inspectors of an open round."""

    widths = {"title": 6, "due_on": 6}
    title = forms.CharField(label="名称", max_length=80)
    due_on = forms.DateField(label="最后一天")
    people = PeopleField(label="检查人", required=False, help_text="可写几位，用顿号隔开。")

    def __init__(self, *args: Any, record: Round, **kwargs: Any) -> None:
        people = list(record.people.all())
        kwargs["initial"] = {"title": record.title, "due_on": record.due_on, "people": people}
        super().__init__(*args, **kwargs)
        self.fields["people"].queryset = inspectors(record.area)


class AddTargetsForm(TargetsForm):
    """More places for an open round."""

    widths = {"place": 6, "pick": 6, "room_type": 6, "category": 6}

    def __init__(self, *args: Any, record: Round, **kwargs: Any) -> None:
        super().__init__(*args, checklist=record.sheet.checklist, **kwargs)
        del self.fields["people"]
        self.fields["pick"].initial = ""
