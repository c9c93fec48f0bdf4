"""Beds and occupancy: people follow into the places, too many are refused, and a file says the whole of a room."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campus.places import people_in
from core import imports, sheets
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from dormitory import services
from dormitory.imports import OccupancyImport
from dormitory.models import Occupancy, Room
from tests import make, make_dormitory

pytestmark = pytest.mark.django_db
HEADS = ["楼", "寝室", "床位", "班级", "人数", "室长"]


def upload(rows: list[list[Any]]) -> Any:
    stream = io.BytesIO()
    sheets.write_workbook([sheets.Sheet("入住", [(head, "text") for head in HEADS], rows, totals=False)], stream)
    return make.upload(stream.getvalue(), "入住.xlsx")


def test_rooms_are_made_for_dormitory_rooms_only() -> None:
    make.place("301"), make.place("302", people=10)
    make.place("值班室", room_type="宿管值班室"), make.place("101", building_name="明德楼", use="teaching")
    assert services.ensure_rooms() == "补建寝室 2 间"
    assert dict(Room.objects.values_list("place__name", "beds")) == {"301": 8, "302": 10}
    assert services.ensure_rooms() == "补建寝室 0 间"


def test_settling_writes_the_places_people_and_corridors_count_them() -> None:
    room = make_dormitory.occupied()
    corridor = make.place("走廊", kind="corridor")
    made = services.settle(
        room,
        beds=8,
        chief="小王",
        occupants=[(make.class_group("初二（4）班"), 3), (make.class_group("初二（5）班"), 2)],
        by=make.warden(),
    )
    room.place.refresh_from_db()
    assert (room.place.people, people_in(corridor), made.version) == (5, 5, 2)
    entry = LogEntry.objects.of(made).get()
    assert entry.changes == {"室长": ["", "已修改"], "入住": ["初二（4）班 8 人", "初二（4）班 3 人、初二（5）班 2 人"]}


def test_more_pupils_than_beds_or_a_class_twice_or_a_stale_page_is_refused() -> None:
    room, group = make_dormitory.occupied(), make.class_group("初二（4）班")
    with pytest.raises(RuleBroken, match="床位 8 个，填了 9 人"):
        services.settle(room, beds=8, occupants=[(group, 9)])
    with pytest.raises(RuleBroken, match="同一个班写了两次"):
        services.settle(room, beds=8, occupants=[(group, 2), (group, 3)])
    with pytest.raises(Stale):
        services.settle(room, beds=8, occupants=[], version=9)
    assert Occupancy.objects.get().pupils == 8


def test_constraints_hold_past_the_service() -> None:
    room = make_dormitory.occupied()
    for fields in ({"pupils": 0}, {"pupils": 3}):
        with pytest.raises(IntegrityError), transaction.atomic():
            if fields["pupils"]:
                Occupancy.objects.create(room=room, class_group=make.class_group("初二（4）班"), **fields)
            else:
                Occupancy.objects.update(**fields)


def test_a_file_says_the_whole_of_its_rooms_and_nothing_of_others() -> None:
    by = make.warden()
    old, new = make_dormitory.occupied(), make.place("313")
    other = make_dormitory.occupied(make.place("314"))
    make.class_group("初二（5）班")
    run = imports.begin(
        OccupancyImport(by),
        upload([["3号楼", "312", "8", "初二(5)班", "4", "小李"], ["3号楼", "312", "", "初二4班", "2", ""], ["3号楼", "313", "6", "初二（4）班", "6", ""]]),
    )  # fmt: skip
    assert run.counts["bad"] == 0
    imports.confirm(OccupancyImport(by), run, by=by)
    rows = Occupancy.objects.order_by("room__place__name", "class_group__name")
    assert list(rows.values_list("room__place__name", "class_group__name", "pupils")) == [
        ("312", "初二（4）班", 2), ("312", "初二（5）班", 4), ("313", "初二（4）班", 6), ("314", "初二（4）班", 8),
    ]  # fmt: skip
    old.refresh_from_db(), old.place.refresh_from_db(), new.refresh_from_db(), other.place.refresh_from_db()
    assert (old.chief, old.place.people, new.people, new.dormitory_room.beds, other.place.people) == (
        "小李",
        6,
        6,
        6,
        8,
    )


def test_every_mistake_of_a_file_is_named_by_row_and_nothing_goes_in() -> None:
    by = make.warden()
    make_dormitory.occupied()
    run = imports.begin(OccupancyImport(by), upload([
        ["9号楼", "312", "", "", "", ""], ["3号楼", "999", "", "初二（4）班", "4", ""], ["3号楼", "312", "", "初九（1）班", "4", ""],
        ["3号楼", "312", "", "初二（4）班", "", ""], ["3号楼", "312", "6", "初二（4）班", "7", ""], ["3号楼", "312", "", "初二（4）班", "四", ""],
    ]))  # fmt: skip
    errors = [list(row["e"].values()) for row in run.rows]
    assert errors == [
        ["没有“9号楼”这栋宿舍楼。"], ["3号楼没有“999”这间寝室，请先在“地点”里建好，或核对房号。"], ["没有“初九（1）班”这个班。"],
        ["写了班级，也要写人数。"], ["床位 6 个，几行加起来 7 人。"], ["只填整数，如 12。"],
    ]  # fmt: skip
    with pytest.raises(RuleBroken, match="一行都没有导入"):
        imports.confirm(OccupancyImport(by), run, by=by)
    assert Occupancy.objects.get().pupils == 8
