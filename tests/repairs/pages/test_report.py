"""The report: where, what, one sentence; with an account, from a label without one, and what it says when it is filed."""

import re

import pytest
from django.urls import reverse

from repairs import defaults
from repairs.models import Follower, Ticket, Tile
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def room():
    defaults.ensure()
    return make.place()


def tile(name):
    return Tile.objects.get(name=name)


def posted(**over):
    fan = make.category("吊扇/壁扇不转")
    return {"tile": fan.tile_id, "kind": fan.pk, "words": "不转", "quantity": "1"} | over


def report_url(place):
    return f"{reverse('repairs:new')}?place={place.pk}"


def label_url(place):
    return f"{reverse('repairs:new')}?at={place.token}"


def test_a_teacher_files_and_reads_the_number(client, room, teacher):
    client.force_login(teacher)

    answer = client.post(report_url(room), posted(), follow=True)

    ticket = Ticket.objects.get()
    assert (ticket.place, ticket.category.name, ticket.words, ticket.reporter) == (
        room,
        "吊扇/壁扇不转",
        "不转",
        teacher,
    )
    assert f"已收到，单号 {ticket.number}" in answer.content.decode()


def test_without_a_place_the_page_asks_where(client, room, teacher):
    client.force_login(teacher)

    page = client.get(reverse("repairs:new")).content.decode()

    assert "哪里坏了" in page
    assert f"?building={room.building_id}" in page


def test_building_floor_and_room_are_links(client, room, teacher):
    client.force_login(teacher)

    page = client.get(reverse("repairs:new"), {"building": room.building_id}).content.decode()

    assert f'href="?place={room.pk}"' in page


def test_searching_a_room_leads_to_the_form(client, room, teacher):
    client.force_login(teacher)

    answer = client.get(reverse("repairs:new"), {"q": room.full_name})

    assert answer["Location"] == report_url(room)


def test_a_tile_without_its_kind_asks_once_more_and_keeps_what_was_typed(client, room, teacher):
    client.force_login(teacher)

    answer = client.post(report_url(room), posted(kind="", words="进门右边"))
    page = answer.content.decode()

    assert Ticket.objects.count() == 0
    assert "再点一下“风扇空调”是哪一种" in page
    assert "进门右边" in page
    assert re.search(
        rf'<fieldset data-kinds-of="{tile("风扇空调").pk}">', page
    )  # shown, so that it works without script


def test_words_alone_are_enough(client, room, teacher):
    client.force_login(teacher)

    client.post(report_url(room), {"words": "有怪声"})

    assert Ticket.objects.get().category.name == "其他"


def test_nothing_at_all_is_refused_in_words(client, room, teacher):
    client.force_login(teacher)

    answer = client.post(report_url(room), {"words": "  "})

    assert "请点一下什么坏了，或写一句情况" in answer.content.decode()
    assert Ticket.objects.count() == 0


def test_the_kind_of_another_tile_counts_as_none(client, room, teacher):
    client.force_login(teacher)

    client.post(report_url(room), posted(kind=make.category("灯不亮").pk))

    assert Ticket.objects.count() == 0


def test_a_guest_files_by_the_label_and_follows_by_a_private_address(client, room):
    answer = client.get(reverse("config:scan", args=[room.token]))
    assert answer["Location"] == label_url(room)
    client.get(label_url(room))

    sent = client.post(label_url(room), posted(name="小张", phone="13800001234"), follow=True).content.decode()

    ticket = Ticket.objects.get()
    assert (ticket.reporter, ticket.channel, ticket.reporter_phone) == (None, "qr", "13800001234")
    assert len(ticket.device) == 64
    assert reverse("repairs:follow", args=[ticket.follow_token]) in sent


@pytest.mark.parametrize(("demo", "address"), [(True, "http://testserver/"), (False, "http://houqin.example/")])
def test_a_school_gives_its_own_address_and_a_demo_the_one_it_is_served_at(client, room, demo, address):
    make.profile(public_url="http://houqin.example", is_demo=demo)

    sent = client.post(label_url(room), posted(), follow=True).content.decode()

    assert f"{address}{reverse('repairs:follow', args=[Ticket.objects.get().follow_token])[1:]}" in sent


def test_a_guest_cannot_choose_a_place_by_its_number(client, room):
    page = client.get(report_url(room)).content.decode()

    assert "请扫门上的二维码" in page


def test_a_label_of_nothing_is_404(client, room):
    assert client.get(reverse("repairs:new"), {"at": "nosuchtoken"}).status_code == 404


def test_the_label_of_a_retired_place_leads_to_its_successor(client, room, teacher):
    other = make.place(name="313")
    room.active, room.successor = False, other
    room.save()
    client.force_login(teacher)

    client.post(label_url(room), posted())

    assert Ticket.objects.get().place == other


def test_what_is_reported_here_is_shown_without_names_and_words(client, room, teacher, other_teacher):
    ticket = make.ticket(place=room, by=other_teacher, words="很秘密的话", category=make.category("灯不亮"))
    client.force_login(teacher)

    page = client.get(report_url(room)).content.decode()

    assert "这里已有人报修" in page and "灯不亮" in page and f'value="{ticket.number}"' in page
    assert "很秘密的话" not in page and other_teacher.name not in page


def test_me_too_adds_a_follower_instead_of_a_ticket(client, room, teacher, other_teacher):
    ticket = make.ticket(place=room, by=other_teacher)
    client.force_login(teacher)

    client.post(report_url(room), {"join": ticket.number})
    client.post(report_url(room), {"join": ticket.number})

    assert Ticket.objects.count() == 1
    assert Follower.objects.get().user == teacher


def test_me_too_as_a_guest_gives_a_follow_address(client, room, other_teacher):
    ticket = make.ticket(place=room, by=other_teacher)
    client.get(label_url(room))

    answer = client.post(label_url(room), {"join": ticket.number})

    follower = Follower.objects.get()
    assert answer["Location"] == reverse("repairs:follow", args=[follower.token])


def test_a_double_click_makes_one_ticket(client, room, teacher):
    client.force_login(teacher)
    token = re.search(r'name="submit_token" value="([^"]+)"', client.get(report_url(room)).content.decode())[1]

    first = client.post(report_url(room), posted(submit_token=token))
    second = client.post(report_url(room), posted(submit_token=token))

    assert Ticket.objects.count() == 1
    assert first["Location"] == second["Location"]


def test_the_sixth_report_of_one_phone_within_an_hour_is_refused_in_words(client, room):
    client.get(label_url(room))
    for n in range(5):
        client.post(label_url(room), posted(words=f"第{n}件"))

    answer = client.post(label_url(room), posted(words="第6件"))

    assert answer.status_code == 409
    assert "一小时内已报了几件" in answer.content.decode()
    assert Ticket.objects.count() == 5


def test_a_photo_that_is_none_is_a_field_error_and_the_rest_is_kept(client, room, teacher):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(teacher)
    fake = SimpleUploadedFile("a.jpg", b"<html><script>alert(1)</script>", "image/jpeg")

    page = client.post(report_url(room), posted(photos=fake, words="还在这里")).content.decode()

    assert Ticket.objects.count() == 0
    assert "还在这里" in page and "id_photos_error" in page


def test_danger_shows_the_duty_telephone_before_and_after(client, room, teacher):
    make.profile(duty_phone="0755-1234567")
    client.force_login(teacher)
    before = client.get(report_url(room)).content.decode()

    after = client.post(report_url(room), posted(hazard="on"), follow=True).content.decode()

    assert 'href="tel:0755-1234567"' in before and 'href="tel:0755-1234567"' in after
    assert Ticket.objects.get().hazard is True


def test_tiles_fit_the_place(client, room, teacher):
    client.force_login(teacher)

    page = client.get(report_url(room)).content.decode()

    assert "床铺" in page and "厨房设备" not in page
    assert page.count('name="tile"') <= 12


def test_accounts_that_do_not_report_are_told_so(client, room, finance):
    client.force_login(finance)

    answer = client.get(report_url(room))

    assert answer.status_code in (200, 403)
    if answer.status_code == 403:
        assert "不办报修" in answer.content.decode()
