"""The tree of places: adding, renaming, moving, retiring, aliases."""

import pytest
from django.db import IntegrityError, transaction

from campus import services
from campus.models import Alias, Place
from campus.places import order_key
from core.models import LogEntry
from core.workflow import RuleBroken, Stale
from tests import make_campus as make

pytestmark = pytest.mark.django_db


def test_a_place_knows_its_path_building_and_full_name():
    room = make.place("312")

    floor = room.parent
    building = floor.parent
    assert room.path == f"{building.parent_id}/{building.pk}/{floor.pk}/{room.pk}/"
    assert (room.building, building.building, building.parent.building) == (building, building, None)
    assert (room.full_name, floor.full_name, building.full_name) == ("3号楼 3层 312 寝室", "3号楼 3层", "3号楼")
    assert (room.use, floor.use) == ("dormitory", "dormitory")
    assert LogEntry.objects.of(room).get().text == "新建地点：3号楼 3层 312 寝室"


@pytest.mark.parametrize(
    ("name", "room_type", "expected"),
    [
        ("204", "普通教室", "204 教室"), ("化学实验室", "化学实验室", "化学实验室"), ("101", "图书室/阅览室", "101 图书室"),
        ("105", "", "105"), ("A12", "卫生室(保健室)", "A12 卫生室"),
    ],
)  # fmt: skip
def test_room_type_follows_a_bare_number_only(name, room_type, expected):
    assert make.place(name, use="teaching", room_type=room_type).full_name == f"3号楼 3层 {expected}"


def test_the_campus_is_named_once_there_are_two():
    room = make.place("312")

    services.add_place(None, "campus", "东校区")

    room.refresh_from_db()
    assert room.full_name == "校本部 3号楼 3层 312 寝室"
    assert Place.objects.get(name="东校区").full_name == "东校区"


def test_children_sort_as_people_count():
    building = make.building()
    for name in ("10层", "2层", "地下1层", "1层", "屋顶"):
        services.add_place(building, "floor", name)

    assert [f.name for f in services.floors(building)] == ["地下1层", "1层", "2层", "10层", "屋顶"]


def test_order_key_reads_chinese_numbers():
    assert [order_key(n) for n in ("三层", "十二层", "二十层", "3层")] == ["0003层", "0012层", "0020层", "0003层"]


def test_wrong_kind_below_a_parent_is_refused():
    with pytest.raises(RuleBroken, match="下面不能放“楼”"):
        services.add_place(make.floor(), "building", "4号楼")
    with pytest.raises(RuleBroken, match="最上面一级下面不能放“房间”"):
        services.add_place(None, "room", "312")


def test_a_second_place_of_that_name_is_refused():
    room = make.place("312")

    with pytest.raises(RuleBroken, match="3号楼 3层已经有 312"):
        services.add_place(room.parent, "room", "３１２")
    assert Place.objects.filter(name="312").count() == 1


def test_add_range_makes_all_or_none():
    floor = make.floor()
    make.place("305")

    with pytest.raises(RuleBroken, match="已经有 305"):
        services.add_range(floor, "301-322 寝室 8人")
    assert Place.objects.filter(parent=floor).count() == 1

    made = services.add_range(floor, "306-322 寝室 8人\n东楼梯 西楼梯")

    assert [p.full_name for p in made[:2]] == ["3号楼 3层 306 寝室", "3号楼 3层 307 寝室"]
    assert (made[-1].kind, made[-1].people, made[0].people) == ("stairwell", 0, 8)
    assert [p.name for p in services.rooms(floor)] == ["305", *map(str, range(306, 323)), "东楼梯", "西楼梯"]


def test_add_range_takes_few_statements(django_assert_max_num_queries):
    floor = make.floor()
    floor.refresh_from_db()

    with django_assert_max_num_queries(10):
        services.add_range(floor, "301-360 寝室 8人")


def test_rename_runs_through_the_subtree_and_keeps_the_old_name_findable():
    room = make.place("312")
    building = room.building

    services.rename(building, "明德楼")

    room.refresh_from_db()
    assert room.full_name == "明德楼 3层 312 寝室"
    assert services.find("3号楼") == (building, [])
    assert services.find("3号楼312") == (room, [])


def test_a_present_name_beats_a_former_one():
    old = make.building("3号楼")
    services.rename(old, "明德楼")
    new = make.building("3号楼")

    assert services.find("3号楼") == (new, [])
    assert services.find("3号楼 312")[0] is None
    room = make.place("312")
    assert services.find("3号楼 312") == (room, [])


def test_nothing_is_added_below_a_retired_place():
    floor = make.floor()
    services.retire(floor)

    with pytest.raises(RuleBroken, match="已经停用，不能再加地点"):
        services.add_range(floor, "301-302")


def test_change_of_use_reaches_what_had_inherited_it():
    room = make.place("312")
    hall = make.place("301", room_type="")
    services.change(hall, name="301", use="office")

    services.change(room.building, name="3号楼", use="teaching")

    room.refresh_from_db()
    hall.refresh_from_db()
    assert (room.use, hall.use) == ("teaching", "office")


def test_change_is_logged_with_its_difference():
    room = make.place("312")

    services.change(room, name="312", use="dormitory", room_type="学生宿舍居室", people=6)

    assert LogEntry.objects.of(room).first().changes == {"人数": [8, 6]}


def test_a_stale_change_is_refused():
    room = make.place("312")
    services.change(room, name="312", use="dormitory", room_type="学生宿舍居室", people=6)

    with pytest.raises(Stale, match="刚被别人改过"):
        services.change(room, name="313", version=room.version)


def test_move_takes_the_subtree_along():
    room = make.place("312")
    target = make.building("5号楼")

    services.move(room.parent, target)

    room.refresh_from_db()
    assert room.full_name == "5号楼 3层 312 寝室"
    assert room.building == target
    assert room.path == f"{target.path}{room.parent_id}/{room.pk}/"


def test_move_into_itself_is_refused():
    room = make.place("312")

    with pytest.raises(RuleBroken, match="移到它自己里面"):
        services.move(room.building, room.parent)


def test_move_onto_a_taken_name_is_refused():
    make.place("312", building_name="5号楼")
    room = make.place("312")

    with pytest.raises(RuleBroken, match="已经有 3层"):
        services.move(room.parent, Place.objects.get(name="5号楼"))


def test_retire_is_refused_while_something_stands_below():
    room = make.place("312")

    with pytest.raises(RuleBroken, match="还有 1 个在用的地点"):
        services.retire(room.parent)


def test_retire_leads_to_the_successor():
    old, new, newest = make.place("312"), make.place("313"), make.place("314")

    services.retire(old, new)
    services.retire(new, newest)

    old.refresh_from_db()
    assert not old.active
    assert services.followed(old) == newest
    assert services.find("3号楼312") == (newest, [])
    assert services.find("3号楼 3层 312 寝室") == (newest, [])


def test_a_new_place_of_an_old_name_comes_before_the_successor():
    old = make.place("312")
    services.retire(old, make.place("314"))
    new = make.place("312")

    assert services.find("3号楼312") == (new, [])


def test_retire_without_successor_is_found_no_more():
    old = make.place("312")

    services.retire(old)

    assert services.find("3号楼312")[0] is None


def test_punctuation_of_a_name_is_kept():
    room = make.place("仓库、工具间（东）", room_type="")

    assert room.full_name == "3号楼 3层 仓库、工具间（东）"
    assert [services.find(t)[0] for t in (room.full_name, "3号楼 3层 仓库,工具间(东)", "3号楼仓库工具间东")] == [
        room
    ] * 3


@pytest.mark.parametrize("again", ["itself", "retired"])
def test_a_successor_must_be_another_living_place(again):
    old, dead = make.place("312"), make.place("313")
    services.retire(dead)

    with pytest.raises(RuleBroken, match="请另选"):
        services.retire(old, old if again == "itself" else dead)


def test_the_database_holds_that_nothing_succeeds_itself():
    room = make.place("312")

    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.filter(pk=room.pk).update(active=False, successor=room.pk)


def test_revive_asks_whether_the_name_is_still_free():
    old = make.place("312")
    services.retire(old)
    make.place("312")

    with pytest.raises(RuleBroken, match="已经有 312"):
        services.revive(old)


def test_revive():
    old = make.place("312")
    services.retire(old)

    services.revive(old)

    assert services.find("3号楼312") == (old, [])


def test_alias():
    room = make.place("312")

    services.add_alias(room, "女生部 312")

    assert services.find("女生部　３１２") == (room, [])
    with pytest.raises(RuleBroken, match="已经是 3号楼 3层 312 寝室 的叫法"):
        services.add_alias(make.place("313"), "女生部 312")
    assert services.add_alias(room, "女生部 312").pk == Alias.objects.get().pk


def test_alias_may_not_be_another_places_name():
    make.place("312")

    with pytest.raises(RuleBroken, match="另一个地点的名称"):
        services.add_alias(make.place("313"), "3号楼 3层 312 寝室")


@pytest.mark.parametrize(
    "text",
    [
        "3号楼 3层 312 寝室", "3号楼312", "3-312", "３号楼３１２", "3号楼312寝室", "3号楼 312", "3号楼3层312", "3栋-312",
        "3#-312", " 3号楼  3层 312 寝室 ", "312", "3号楼-312", "3-3-312",
    ],
)  # fmt: skip
def test_find(text):
    room = make.place("312")
    make.place("112", floor_name="1层")
    make.place("204", building_name="13号楼")

    assert services.find(text) == (room, [])


def test_find_with_two_candidates_suggests_both():
    first = make.place("312")
    second = make.place("312", building_name="5号楼")

    assert services.find("312") == (None, [first, second])


def test_find_in_the_right_building_suggests_near_names():
    make.place("312", building_name="5号楼")
    room = make.place("312")

    found, near = services.find("3号楼 3l2")

    assert (found, near) == (None, [room])


def test_find_takes_the_longest_building_name():
    make.place("112", building_name="1号楼")
    room = make.place("112", building_name="11号楼")

    assert services.find("11号楼112") == (room, [])


@pytest.mark.parametrize("text", ["", "  ", "没有这个地方", "\x00", "%", "3号楼 999 教室室室", "9" * 500, "((((", "--"])
def test_find_nothing(text):
    make.place("312")

    assert services.find(text)[0] is None


def test_find_takes_few_statements(django_assert_max_num_queries):
    for number in range(301, 320):
        make.place(str(number))

    with django_assert_max_num_queries(6):
        services.find("3号楼 398")


def test_people_of_room_floor_and_corridor():
    make.place("311")
    room = make.place("312", people=6)
    make.place("411", floor_name="4层")
    corridor = make.place("走廊", kind="corridor")
    stairs = services.add_place(room.building, "stairwell", "东楼梯")

    found = [services.people_in(p) for p in (room, room.parent, corridor, room.building, stairs)]

    assert found == [6, 14, 14, 22, 22]


def test_picker_shows_what_is_in_use():
    room = make.place("312")
    gate = services.add_place(make.campus(), "gate", "东门")
    dead = make.place("313")
    services.retire(dead)

    assert [p.name for p in services.buildings()] == ["3号楼"]
    assert list(services.floors(room.building)) == [room.parent]
    assert list(services.rooms(room.parent)) == [room]
    assert list(services.grounds()) == [gate]
