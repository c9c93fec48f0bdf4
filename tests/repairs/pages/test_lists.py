"""Lists of tickets and the search over everything, as people meet them."""

import datetime as dt

import pytest

from core import clock
from core.templatetags.houqin import sentence
from tests import make

pytestmark = pytest.mark.django_db


def numbers(page):
    return [ticket.number for ticket in page.context["records"]]


def test_what_is_entered_afterwards_stands_where_it_happened(client, clerk):
    client.force_login(clerk)
    today = make.ticket()
    late = make.ticket(reported_at=clock.now() - dt.timedelta(days=60))
    newest = make.ticket()

    assert numbers(client.get("/repairs/")) == [newest.number, today.number, late.number]


def test_what_has_ended_without_a_repairer_does_not_wait_for_one(client, clerk):
    client.force_login(clerk)
    make.ticket("declined")
    assert "未派" not in client.get("/repairs/", {"state": "declined"}).content.decode().partition("<tbody")[2]

    make.ticket("accepted")
    assert "未派" in client.get("/repairs/", {"state": "accepted"}).content.decode().partition("<tbody")[2]


def test_the_search_finds_the_tickets_of_a_room_as_people_call_it(client, clerk):
    client.force_login(clerk)
    room = make.place("312")
    ticket, other = make.ticket(place=room), make.ticket(place=make.place("315"))

    page = client.get("/search/", {"q": "3号楼312"}).content.decode()

    assert (ticket.number in page, other.number in page) == (True, False)


def test_the_office_finds_a_caller_by_telephone(client, clerk):
    client.force_login(clerk)
    caller = make.user("teacher", name="来电老师", phone="13900001234")

    assert caller.name in client.get("/search/", {"q": "13900001234"}).content.decode()


def test_a_deadline_at_home_says_that_it_is_one(client, teacher):
    client.force_login(teacher)
    make.ticket(by=teacher)

    assert "前修好</small>" in client.get("/").content.decode()


def test_material_that_is_not_found_is_said_once(client, clerk, repairer):
    client.force_login(repairer)
    ticket = make.ticket("doing", lead=repairer)

    page = client.post(
        f"/repairs/{ticket.number}/finish/",
        {"outcome": "repaired", "done": "1", "item_1": "没有这种料", "quantity_1": "1"},
    )

    assert page.context["form"].errors["item_1"] == ["仓库里没有“没有这种料”这种物品，请从提示里选，或先新建物品。"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", ""),
        (None, ""),
        ("已围挡", "已围挡。"),
        ("已围挡。", "已围挡。"),
        ("等料，", "等料。"),
        ("好了吗？ ", "好了吗？"),
    ],
)
def test_a_sentence_ends_once(typed, said):
    assert sentence(typed) == said


def test_one_click_after_a_refusal_sends_the_rest(client, clerk, repairer):
    client.force_login(clerk)
    free, taken = make.ticket(), make.ticket("dispatched", lead=repairer)

    data = {"do": "dispatch", "pick": [free.number, taken.number], "go": "1", "lead": repairer.pk, "helpers": ""}
    page = client.post("/desk/bulk/", data).content.decode()

    assert f'value="{free.number}" checked' in page
    assert f'value="{taken.number}">' in page
    assert "一起派工 1 张" in page
