"""Places and settings in a real browser: accessible, nothing wider than the screen, one story by hand and keyboard."""

import pytest
from django.urls import reverse

from campus import defaults, services
from campus.models import Place
from tests import make_campus as make
from tests.make_people import user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def school():
    """A small school with a bit of everything."""
    defaults.ensure()
    make.profile(labels_out=24, labels_url="http://old.test")
    make.term()
    room = make.place("312")
    services.add_range(room.parent, "301-311,313-322 寝室 8人\n走廊 水房 东楼梯 西楼梯")
    services.add_alias(room, "女生部 312")
    services.retire(make.place("323"), room)
    services.add_place(make.campus(), "gate", "东门")
    services.add_place(room.building, "face", "南立面")
    make.duty("水电", user("repairer", name="王师傅"), where=room.building)
    make.delegation(user("principal", name="秦校长"), user("viceprincipal", name="方副校长"))
    make.class_group(room=make.place("204", building_name="明德楼", floor_name="2层", use="teaching"))
    return room


def addresses(room):
    """Every page of places and settings."""
    names = [
        "places", "place-new", "place-import", "labels", "settings", "profile", "terms", "term-new", "school-days", "school-days-set",
        "figures", "duties", "duty-new", "delegations", "delegation-new", "departments", "department-new", "classes",
        "class-new",
    ]  # fmt: skip
    of_floor = ["place", "place-edit", "place-add", "place-range", "place-alias", "place-move", "place-retire"]
    found = [reverse(f"campus:{name}") for name in names]
    found += [reverse(f"campus:{name}", args=[room.parent_id]) for name in [*of_floor, "place-labels", "label-sheet"]]
    found += [room.get_absolute_url(), room.building.get_absolute_url(), room.building.parent.get_absolute_url()]
    return [*found, reverse("campus:places") + "?q=31", Place.objects.get(name="323").get_absolute_url()]


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_every_page_is_sound(request, device, school, sign_in, check_page):
    page = request.getfixturevalue(device)
    sign_in(page, user(roles=("director", "admin")))

    for address in addresses(school):
        answer = page.goto(address)
        assert answer.status == 200, address
        check_page(page)


def test_rooms_are_added_by_keyboard(desktop, school, sign_in, check_page):
    floor = services.add_place(school.building, "floor", "4层")
    sign_in(desktop, user("clerk"))
    desktop.goto(floor.get_absolute_url())

    desktop.get_by_label("一行一批").fill("401-403 寝室 8人")
    desktop.keyboard.press("Tab")
    desktop.keyboard.press("Enter")

    desktop.get_by_text("已加 3 个地点：401 到 403。").wait_for()
    assert [p.name for p in services.rooms(floor)] == ["401", "402", "403"]
    check_page(desktop)
