"""Places from Excel: preview, errors by row, all or nothing, unknown names matched once."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campus import services
from campus.audit import audit
from campus.models import Alias, Place
from core.models import ImportRun
from tests import make_campus as make
from tests.make_people import user

pytestmark = pytest.mark.django_db

HEAD = ["楼", "层", "房间", "用途", "类型", "人数", "保管人", "别名"]


@pytest.fixture
def office(client):
    client.force_login(user("clerk"))
    return client


def book(*rows, head=HEAD):
    made = openpyxl.Workbook()
    made.active.append(head)
    for row in rows:
        made.active.append(row)
    stream = io.BytesIO()
    made.save(stream)
    return SimpleUploadedFile("地点.xlsx", stream.getvalue())


def upload(client, *rows, **over):
    return client.post(reverse("campus:place-import"), {"file": book(*rows, **over)})


def errors():
    return [row["e"] for row in ImportRun.objects.latest("pk").rows if row["e"]]


def names():
    return sorted(Place.objects.filter(active=True).values_list("full_name", flat=True))


def test_a_table_becomes_a_tree(office):
    keeper = user("warden", name="赵宿管")

    answer = upload(
        office,
        ["3号楼", 3, 312, "宿舍", "学生宿舍居室", 8, "赵宿管", "女生部312、老312"],
        ["3号楼", "3层", "东楼梯", "", "", "", "", ""],
        ["3号楼", "", "传达室", "", "", 2, "", ""],
    )
    assert Place.objects.count() == 0
    done = office.post(answer.url, {"do": "apply"})

    assert done.url == reverse("campus:places")
    assert names() == ["3号楼", "3号楼 3层", "3号楼 3层 312 寝室", "3号楼 3层 东楼梯", "3号楼 传达室", "校本部"]
    room = Place.objects.get(name="312")
    assert (room.use, room.people, room.custodian, room.kind) == ("dormitory", 8, keeper, "room")
    assert Place.objects.get(name="东楼梯").kind == "stairwell"
    assert services.find("老312") == (room, [])
    assert list(audit()) == []


def test_rows_that_are_there_are_updated_and_empty_cells_change_nothing(office):
    room = make.place("312", people=8)

    answer = upload(
        office, ["3号楼", "三层", "312", "", "普通教室", 6, "", ""], ["3号楼", "3层", "313", "", "", "", "", ""]
    )
    office.post(answer.url, {"do": "apply"})

    room.refresh_from_db()
    assert (room.people, room.room_type, room.use, room.full_name) == (6, "普通教室", "dormitory", "3号楼 3层 312 教室")
    assert Place.objects.filter(name="313").get().parent == room.parent
    assert ImportRun.objects.get().counts == {"all": 2, "bad": 0, "new": 1, "update": 1, "skip": 0}


def test_the_same_file_makes_no_second_set(office):
    first = upload(office, ["3号楼", "3层", "312", "", "", "", "", ""])
    office.post(first.url, {"do": "apply"})
    count = Place.objects.count()

    again = upload(office, ["3号楼", "3层", "312", "", "", "", "", ""])
    if again.status_code == 302:  # saved anew by the spreadsheet: other bytes, the same rooms
        office.post(again.url, {"do": "apply"})

    assert Place.objects.count() == count


def test_one_bad_row_stops_all_until_it_is_set_aside(office):
    answer = upload(office, ["3号楼", "3层", "312", "", "", "", "", ""], ["3号楼", "3层", "313", "", "", -1, "", ""])

    refused = office.post(answer.url, {"do": "apply"})
    assert (refused.status_code, Place.objects.count()) == (409, 0)
    office.post(answer.url, {"do": "apply-rest"})

    assert names() == ["3号楼", "3号楼 3层", "3号楼 3层 312", "校本部"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["", "3层", "312", "", "", "", "", ""], {"building": "请填写这一项。"}),
        (["3号楼", "3层", "", "", "", "", "", ""], {"room": "请填写这一项。"}),
        (
            ["3号楼", "3层", "312", "睡觉", "", "", "", ""],
            {"use": "没有“睡觉”这种用途，请填：教学、办公、宿舍、食堂、附属用房、室外。"},
        ),
        (["3号楼", "3层", "312", "", "", "很多", "", ""], {"people": "只填整数，如 12。"}),
        (["3号楼", "3层", "312", "", "", "", "没有这人", ""], {"custodian": "没有找到“没有这人”，请写姓名或工号。"}),
        (["3号楼", "3层", "312", "", "", "", "", "占用"], {"aliases": "“占用”已经是别处的叫法，请换一个或去掉。"}),
    ],
)
def test_errors_by_column(office, row, expected):
    services.add_alias(make.place("101", building_name="5号楼"), "占用")

    upload(office, row)

    assert errors() == [expected]


def test_a_room_twice_in_the_file(office):
    upload(office, ["3号楼", "3层", "312", "", "", "", "", ""], ["3号楼", "3层", "３１２", "", "", "", "", ""])

    assert errors() == [{"room": "与第 2 行重复，每个只能有一行。"}]


def test_a_misspelt_building_is_asked_for_once_and_remembered(office):
    building = make.building("明德教学楼")

    answer = upload(
        office, ["明徳教学楼", "2层", "204", "", "", "", "", ""], ["明徳教学楼", "2层", "205", "", "", "", "", ""]
    )
    page = office.get(answer.url)
    assert [m["text"] for m in page.context["matches"]] == ["明徳教学楼"]
    office.post(answer.url, {"match:building:明徳教学楼": "明德教学楼"})
    office.post(answer.url, {"do": "apply"})

    assert [p.full_name for p in Place.objects.filter(building=building, kind="room").order_by("name")] == [
        "明德教学楼 2层 204", "明德教学楼 2层 205",
    ]  # fmt: skip
    assert Alias.objects.get().name == "明徳教学楼"


def test_a_building_of_its_own_is_made_when_told_so(office):
    make.building("明德教学楼")

    answer = upload(office, ["明理教学楼", "2层", "204", "", "", "", "", ""])
    office.post(answer.url, {"match:building:明理教学楼": "新建：明理教学楼"})
    office.post(answer.url, {"do": "apply"})

    assert sorted(services.buildings().values_list("name", flat=True)) == ["明德教学楼", "明理教学楼"]


def test_many_rooms_take_few_statements(office, django_assert_max_num_queries):
    rows = [["3号楼", f"{n // 30 + 1}层", f"{n // 30 + 1}{n % 30 + 1:02}", "宿舍", "", 8, "", ""] for n in range(180)]
    answer = upload(office, *rows)

    with django_assert_max_num_queries(160):
        office.post(answer.url, {"do": "apply"})

    assert Place.objects.filter(kind="room").count() == 180
    assert list(audit()) == []


def test_two_campuses_in_one_file(office):
    head = ["校区", *HEAD]
    answer = upload(
        office,
        ["东校区", "1号楼", "1层", "101", "", "", "", "", ""],
        ["西校区", "1号楼", "1层", "101", "", "", "", "", ""],
        head=head,
    )
    office.post(answer.url, {"do": "apply"})

    assert sorted(Place.objects.filter(kind="room").values_list("full_name", flat=True)) == [
        "东校区 1号楼 1层 101", "西校区 1号楼 1层 101",
    ]  # fmt: skip
    assert list(audit()) == []


def test_teachers_import_nothing(client):
    client.force_login(user("teacher"))

    assert client.get(reverse("campus:place-import")).status_code == 403
    assert upload(client, ["3号楼", "3层", "312", "", "", "", "", ""]).status_code == 403
