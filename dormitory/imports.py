"""Beds and occupancy from Excel: a row is a class in a room, and what the file says of a room is the whole of it."""

from __future__ import annotations

import difflib
from typing import Any

from django.urls import reverse

from core.forms import Form
from core.imports import Importer, ImportPage, Row
from dormitory.forms import KnownRooms, OccupancyRow
from dormitory.models import Room
from dormitory.services import rooms


class OccupancyImport(Importer):
    """A term's beds in one file."""

    key = "dormitory.rooms"
    title = "寝室入住"
    measure = "行"
    form_class = OccupancyRow
    natural_key = ("building", "room", "class_group")
    on_existing = "update"
    synonyms = {
        "building": ("楼栋", "宿舍楼", "楼号", "栋"),
        "room": ("房号", "寝室号", "宿舍号", "房间"),
        "beds": ("床位数", "铺位"),
        "class_group": ("所在班级", "班"),
        "pupils": ("入住人数", "住宿人数", "实住人数"),
        "chief": ("寝室长", "舍长"),
    }
    examples = (
        {"building": "3号楼", "room": "312", "beds": "8", "class_group": "初二（4）班", "pupils": "5", "chief": ""},
        {"building": "3号楼", "room": "312", "beds": "8", "class_group": "初二（5）班", "pupils": "3", "chief": ""},
    )
    note = "一行一个班：两个班合住的寝室写两行。文件里有的寝室，入住情况以文件为准；没有的不动。不用写学生姓名。"

    def __init__(self, by: Any) -> None:
        super().__init__(by)
        self.known = KnownRooms()

    def get_form(self, data: dict[str, str]) -> Form:
        return OccupancyRow(data, known=self.known)

    def key_of(self, cleaned: dict[str, Any]) -> tuple[str, ...]:
        return (cleaned["building"], cleaned["room"], str(cleaned["class_group"] or ""))

    def existing(self, keys: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        there = set(Room.objects.values_list("place__building__name", "place__name"))
        return {key for key in keys if key[:2] in there}

    def choices(self, name: str, text: str) -> list[tuple[str, str]]:
        if name == "building":
            return [(found, f"是“{found}”") for found in sorted(set(self.known.buildings.values()))]
        names = [one.name for one in self.known.classes.values()]
        near = difflib.get_close_matches(text, names, n=5, cutoff=0.3) or names[:30]
        return [(found, f"是{found}") for found in near]

    def check(self, rows: list[Row]) -> None:
        """No more pupils than beds; the rows of a room agree about its beds; an empty room has one row."""
        beds = dict(Room.objects.values_list("place", "beds"))
        for group in self.by_room(rows).values():
            said = {row.cleaned["beds"] for row in group if row.cleaned["beds"] is not None}
            if len(said) > 1:
                group[-1].errors["beds"] = f"同一间寝室的床位写得不一样（{'、'.join(map(str, sorted(said)))}）。"
                continue
            most = next(iter(said), beds.get(group[0].cleaned["place"].pk, rooms.BEDS))
            total = sum(row.cleaned["pupils"] or 0 for row in group)
            if total > most:
                group[-1].errors["pupils"] = f"床位 {most} 个，几行加起来 {total} 人。"
            if len(group) > 1 and any(row.cleaned["class_group"] is None for row in group):
                group[-1].errors["class_group"] = "这间寝室既写了班级，又有一行空着，请删去一行。"

    @staticmethod
    def by_room(rows: list[Row]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in rows:
            if not row.errors and row.cleaned.get("place"):
                found.setdefault(row.cleaned["place"].pk, []).append(row)
        return found

    def apply(self, rows: list[Row], by: Any) -> dict[str, int]:
        rooms.ensure_rooms(by=by)
        groups = self.by_room(rows)
        there = {
            room.place_id: room
            for room in Room.objects.select_for_update(of=("self",))
            .select_related("place")
            .filter(place__in=list(groups))
        }
        told = []
        for pk, group in groups.items():
            room = there[pk]
            beds = next((row.cleaned["beds"] for row in group if row.cleaned["beds"] is not None), room.beds)
            chief = next((row.cleaned["chief"] for row in group if row.cleaned["chief"]), room.chief)
            occupants = [
                (row.cleaned["class_group"], row.cleaned["pupils"]) for row in group if row.cleaned["class_group"]
            ]
            told.append((room, beds, chief, occupants))
        rooms.settle_many(told, by=by)
        fresh = sum(row.fate == "new" for row in rows)
        return {"new": fresh, "update": len(rows) - fresh}


class ImportRooms(ImportPage):
    """Upload, preview, confirm."""

    permission = "dormitory.manage_rooms"
    importer = OccupancyImport

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("宿舍", reverse("dormitory:home")), ("寝室", reverse("dormitory:rooms"))]

    def get_back(self) -> str:
        return reverse("dormitory:rooms")
