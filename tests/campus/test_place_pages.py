"""Pages of places: who may, what changes, what is refused."""

import io

import openpyxl
import pytest
from django.urls import reverse

from campus import services
from campus.models import Alias, Place, SchoolProfile
from core.models import LogEntry
from tests import make_campus as make
from tests.make_people import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(user("clerk"))
    return client


@pytest.fixture
def teacher(client):
    client.force_login(user("teacher"))
    return client


def text(answer):
    return answer.content.decode()


def form_token(answer):
    return answer.context["form"].submit_token


def test_guests_are_sent_to_login(client):
    answer = client.get(reverse("campus:places"))

    assert (answer.status_code, answer.url) == (302, "/login/?next=/places/")


def test_tree_shows_buildings_with_their_counts(teacher):
    make.place("311")
    make.place("312")
    services.add_place(make.campus(), "gate", "东门")

    answer = teacher.get(reverse("campus:places"))

    assert answer.status_code == 200
    row = answer.context["campuses"][0]["buildings"][0]
    assert (row["place"].name, row["rooms"], row["people"]) == ("3号楼", 2, 16)
    assert [g["place"].name for g in answer.context["campuses"][0]["grounds"]] == ["东门"]
    assert "新建校区" not in text(answer)


def test_search_finds_rooms(teacher):
    room = make.place("312")
    make.place("313")

    answer = teacher.get(reverse("campus:places"), {"q": "312"})

    assert list(answer.context["records"]) == [room]


def test_export_holds_every_place_in_use(office):
    room = make.place("312", custodian=user("warden", name="赵宿管"))
    services.retire(make.place("313"))

    answer = office.get(reverse("campus:places"), {"export": "xlsx"})

    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    rows = [list(row) for row in book.active.iter_rows(values_only=True)]
    assert [row for row in rows if row[0] == room.full_name] == [
        ["3号楼 3层 312 寝室", "3号楼", "312", "房间", "宿舍", "学生宿舍居室", 8, "赵宿管", "在用", None, room.token]
    ]
    assert not any(row[0] == "3号楼 3层 313 寝室" for row in rows)


@pytest.mark.parametrize("rows", [1, 30])
def test_place_page_takes_constant_statements(teacher, rows, django_assert_max_num_queries):
    floor = make.floor()
    services.add_range(floor, f"301-{300 + rows} 寝室 8人" if rows > 1 else "301 寝室 8人")
    teacher.get(floor.get_absolute_url())

    with django_assert_max_num_queries(16):
        teacher.get(floor.building.get_absolute_url())


def test_building_page_lists_floors_with_rooms(teacher):
    room = make.place("312")
    stairs = services.add_place(room.building, "stairwell", "东楼梯")

    answer = teacher.get(room.building.get_absolute_url())

    assert [(g["head"], g["places"]) for g in answer.context["groups"]] == [(room.parent, [room]), (None, [stairs])]
    assert "成批加地点" not in text(answer)


def test_unknown_place_is_404(teacher):
    assert teacher.get("/places/999999/").status_code == 404
    assert teacher.get("/places/99999999999999999999999999/").status_code == 404


@pytest.mark.parametrize(
    "name", ["place-edit", "place-add", "place-range", "place-alias", "place-move", "place-retire", "place-labels"]
)
def test_teachers_change_nothing(teacher, name):
    room = make.floor()

    answers = [
        teacher.get(reverse(f"campus:{name}", args=[room.pk])),
        teacher.post(reverse(f"campus:{name}", args=[room.pk])),
    ]

    assert [a.status_code for a in answers] == [403, 403]


def test_add_range(office):
    floor = make.floor()
    url = reverse("campus:place-range", args=[floor.pk])

    answer = office.post(url, {"text": "301-303 寝室 8人\n东楼梯"})

    assert (answer.status_code, answer.url) == (302, floor.get_absolute_url())
    assert [p.name for p in services.rooms(floor)] == ["301", "302", "303", "东楼梯"]


def test_add_range_keeps_what_was_typed(office):
    floor = make.floor()

    answer = office.post(reverse("campus:place-range", args=[floor.pk]), {"text": "322-301 寝室"})

    assert answer.status_code == 200
    assert answer.context["form"].errors["text"] == ["“322-301”后面的号比前面的小，请写全，如 301-322。"]
    assert "322-301 寝室" in text(answer)
    assert not Place.objects.filter(parent=floor).exists()


def test_add_range_refused_for_taken_names_is_explained(office):
    room = make.place("302")

    answer = office.post(reverse("campus:place-range", args=[room.parent_id]), {"text": "301-303 寝室"})

    assert answer.status_code == 409
    assert "3号楼 3层已经有 302" in text(answer)
    assert Place.objects.filter(parent=room.parent).count() == 1


def test_a_double_click_adds_once(office):
    floor = make.floor()
    url = reverse("campus:place-range", args=[floor.pk])
    token = form_token(office.get(url))

    first = office.post(url, {"text": "301-303", "submit_token": token})
    second = office.post(url, {"text": "301-303", "submit_token": token})

    assert (first.url, second.url) == (floor.get_absolute_url(), floor.get_absolute_url())
    assert Place.objects.filter(parent=floor).count() == 3


def test_new_place(office):
    floor = make.floor()

    answer = office.post(
        reverse("campus:place-add", args=[floor.pk]), {"kind": "room", "name": "水房", "use": "", "people": "0"}
    )

    made = Place.objects.get(name="水房")
    assert (answer.status_code, answer.url) == (302, made.get_absolute_url())
    assert (made.full_name, made.use) == ("3号楼 3层 水房", "dormitory")


def test_new_place_of_a_kind_that_does_not_fit(office):
    floor = make.floor()

    answer = office.post(
        reverse("campus:place-add", args=[floor.pk]), {"kind": "building", "name": "4号楼", "people": "0"}
    )

    assert answer.context["form"].errors["kind"] == ["选的这一项现在没有，请重新选。"]


def test_first_campus(office):
    answer = office.post(reverse("campus:place-new"), {"kind": "campus", "name": "校本部", "people": "0"})

    assert answer.url == Place.objects.get(kind="campus").get_absolute_url()


def test_edit_unchanged_changes_nothing(office):
    room = make.place("312")
    url = reverse("campus:place-edit", args=[room.pk])
    form = office.get(url).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"version": form.version}

    office.post(url, data)

    room.refresh_from_db()
    assert (room.version, LogEntry.objects.of(room).filter(verb="edit").count()) == (1, 0)


def test_edit(office):
    room = make.place("312")
    keeper = user("warden", name="赵宿管")
    data = {
        "name": "312",
        "use": "dormitory",
        "room_type": "学生宿舍居室",
        "people": "６",
        "custodian": "赵宿管",
        "version": 1,
    }

    answer = office.post(reverse("campus:place-edit", args=[room.pk]), data)

    room.refresh_from_db()
    assert answer.url == room.get_absolute_url()
    assert (room.people, room.custodian) == (6, keeper)
    assert LogEntry.objects.of(room).first().changes == {"人数": [8, 6], "保管人": [None, "赵宿管"]}


def test_a_stale_edit_is_told_and_keeps_what_was_typed(office):
    room = make.place("312")
    services.change(
        room, name="312", use="dormitory", room_type="学生宿舍居室", people=4, by=user("director", name="陈主任")
    )

    answer = office.post(
        reverse("campus:place-edit", args=[room.pk]),
        {"name": "312甲", "use": "dormitory", "room_type": "学生宿舍居室", "people": "8", "version": 1},
    )

    room.refresh_from_db()
    assert (answer.status_code, room.people) == (409, 4)
    assert "陈主任" in text(answer) and "312甲" in text(answer)


def test_retire_with_a_successor_typed_as_words(office):
    old, new = make.place("312"), make.place("313")

    answer = office.post(reverse("campus:place-retire", args=[old.pk]), {"successor": "3-313", "said": "合并"})

    old.refresh_from_db()
    assert answer.status_code == 302
    assert (old.active, old.successor) == (False, new)
    page = office.get(old.get_absolute_url())
    assert page.context["target"] == new


def test_retire_is_refused_with_the_reason(office):
    room = make.place("312")

    answer = office.post(reverse("campus:place-retire", args=[room.parent_id]), {"successor": "", "said": ""})

    room.parent.refresh_from_db()
    assert (answer.status_code, room.parent.active) == (409, True)
    assert "还有 1 个在用的地点" in text(answer)
    assert LogEntry.objects.of(room.parent).first().verb == "refused"


def test_successor_not_found_offers_suggestions(office):
    old = make.place("312")
    make.place("313", building_name="5号楼")
    make.place("313", building_name="6号楼")

    answer = office.post(reverse("campus:place-retire", args=[old.pk]), {"successor": "313"})

    assert answer.context["form"].errors["successor"] == [
        "“313”有几种可能：5号楼 3层 313 寝室、6号楼 3层 313 寝室。请写全其中一个。"
    ]


def test_revive(office):
    room = make.place("312")
    services.retire(room)

    office.post(reverse("campus:place-revive", args=[room.pk]))

    room.refresh_from_db()
    assert room.active


def test_move(office):
    room = make.place("312")
    target = make.floor("2层", building_name="5号楼")

    answer = office.post(reverse("campus:place-move", args=[room.pk]), {"parent": "5号楼 2层"})

    room.refresh_from_db()
    assert answer.url == room.get_absolute_url()
    assert (room.parent, room.full_name) == (target, "5号楼 2层 312 寝室")


def test_alias_added_and_dropped(office):
    room = make.place("312")

    added = office.post(reverse("campus:place-alias", args=[room.pk]), {"name": "女生部312"})
    alias = Alias.objects.get()
    dropped = office.post(reverse("campus:alias-drop", args=[alias.pk]))

    assert (added.url, dropped.url) == (room.get_absolute_url(), room.get_absolute_url())
    assert not Alias.objects.exists()
    assert [e.text for e in LogEntry.objects.of(room).filter(verb="alias")] == [
        "去掉叫法：女生部312",
        "新增叫法：女生部312",
    ]


def test_labels_are_counted_once_and_printed_with_the_address(office):
    make.profile(public_url="http://houqin.school.cn")
    room = make.place("312")
    make.place("313")
    url = reverse("campus:place-labels", args=[room.building_id])
    assert SchoolProfile.objects.get().labels_out == 0

    answer = office.post(url)
    sheet = office.get(answer.url)
    office.get(answer.url)

    row = SchoolProfile.objects.get()
    assert (row.labels_out, row.labels_url) == (2, "http://houqin.school.cn")
    labels = sheet.context["pages"][0]
    assert [label.address for label in labels] == [
        f"http://houqin.school.cn/r/{p.token}/" for p in Place.objects.filter(kind="room").order_by("order")
    ]
    assert text(sheet).count('class="qr"') == 2
    assert "style=" not in text(sheet)


def test_labels_without_an_address_are_refused(office):
    make.profile(public_url="")
    room = make.place("312")

    answer = office.post(reverse("campus:place-labels", args=[room.pk]))

    assert answer.status_code == 403
    assert SchoolProfile.objects.get().labels_out == 0
    assert office.get(reverse("campus:label-sheet", args=[room.pk])).status_code == 404


def test_typed_names_are_shown_as_text(office):
    room = make.place("<b>312</b>")

    assert "&lt;b&gt;312&lt;/b&gt;" in text(office.get(room.get_absolute_url()))
    assert "<b>312" not in text(office.get(room.parent.get_absolute_url()))
