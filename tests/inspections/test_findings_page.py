"""Pages of findings: the list with its filters and Excel, one with its next step, forms, panels."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from inspections.models import Finding, Upkeep
from tests import make
from tests.make_upkeep import upkeep

pytestmark = pytest.mark.django_db
LIST = "/checks/findings/"


@pytest.fixture
def warden():
    return make.warden()


@pytest.fixture
def office(client):
    client.force_login(make.clerk())
    return client


def waiting(**over):
    return make.finding(fixed_by=make.user("warden"), fixed_at=clock.now(), fixed_words="挂好了", **over)


def shown(client, query=""):
    return [record.number for record in client.get(LIST + query).context["records"]]


def test_filters(office):
    late = make.finding(due_on=clock.today() - dt.timedelta(days=1))
    hazard = make.finding(hazard=True, area="safety", place=make.place("501", building_name="5号楼"))
    recheck = waiting()
    fixing = make.finding(ticket=make.ticket("doing"))
    void = make.finding(state="void", voided_by=make.user(), end_words="错")
    every = [void.number, fixing.number, recheck.number, hazard.number, late.number]

    assert shown(office) == every
    assert shown(office, "?stage=live") == every[1:]
    assert shown(office, "?stage=recheck") == [recheck.number]
    assert shown(office, "?stage=fixing") == [fixing.number]
    assert shown(office, "?overdue=1") == shown(office, "?late=1") == [late.number]
    assert shown(office, "?hazard=true") == [hazard.number]
    assert shown(office, "?area=safety") == [hazard.number]
    assert shown(office, f"?building={hazard.place.building_id}") == [hazard.number]


def test_the_lists_statements_do_not_grow(office):
    for number in range(3):
        make.finding(ticket=make.ticket("doing"), owner=make.user(), place=make.place(f"30{number}"))
    office.get(LIST)
    with CaptureQueriesContext(connection) as few:
        office.get(LIST)
    for number in range(5):
        make.finding(ticket=make.ticket("doing"), owner=make.user(), place=make.place(f"31{number}"))
    with CaptureQueriesContext(connection) as many:
        office.get(LIST)

    assert len(few) == len(many) <= 8


def test_a_warden_sees_his_area_an_owner_his_own(client, warden):
    make.finding(area="safety")
    own = make.finding(area="dormitory")
    client.force_login(warden)
    assert shown(client) == [own.number]

    owner = make.teacher()
    Finding.objects.filter(pk=own.pk).update(owner=owner)
    client.force_login(owner)
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{own.number}/").status_code == 200


def test_next_step_for_finder_and_rechecker(client, warden):
    finding = waiting(found_by=warden)
    client.force_login(warden)
    page = client.get(f"{LIST}{finding.number}/")
    assert page.context["moves"] == []

    client.force_login(make.clerk())
    page = client.get(f"{LIST}{finding.number}/")
    assert [(move.label, move.style) for move in page.context["moves"]] == [
        ("复查合格，销号", "primary"),
        ("复查不合格", "plain"),
    ]


def test_passed_and_failed_on_the_page(office):
    one, two = waiting(), waiting(hazard=True)

    assert office.post(f"{LIST}{one.number}/pass/", {"version": one.version, "words": "好"}).status_code == 302
    assert office.post(f"{LIST}{two.number}/pass/", {"version": two.version}).status_code == 200  # a photo is asked for
    assert office.post(f"{LIST}{two.number}/fail/", {"version": two.version, "reason": "没固定"}).status_code == 302

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state, two.recheck_failed, two.fixed_by) == ("closed", "open", 1, None)


def test_a_post_by_the_finder_is_refused(client, warden):
    finding = waiting(found_by=warden)
    client.force_login(warden)

    answer = client.post(f"{LIST}{finding.number}/pass/", {"version": finding.version})

    assert (answer.status_code, answer.context["reasons"]) == (403, ["这个问题是您发现的，要由另一个人到现场复查。"])


def test_noted_on_a_phone(client, warden):
    place, category = make.place(), make.category("吊扇/壁扇不转")
    client.force_login(warden)
    form = client.get(f"{LIST}new/?at={place.token}")
    assert form.context["form"]["place"].value() == place.full_name

    answer = client.post(
        f"{LIST}new/", {"place": place.full_name, "words": "风扇不转", "category": category.name, "hazard": "on", "protection": "断电", "photos": make.photo()}, follow=True,
    )  # fmt: skip

    finding = Finding.objects.get()
    assert answer.redirect_chain == [(f"{LIST}{finding.number}/", 302)]
    assert f"已登记 {finding.number}，并已报修 {finding.ticket.number}。" in answer.content.decode()
    assert (finding.area, finding.ticket.hazard) == ("dormitory", True)


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"words": ""}, "请填写这一项。"), ({"place": "火星"}, "没有找到“火星”"), ({"protection": "拉线"}, "请同时勾选“有危险”"),
        ({"category": "没有的"}, "没有“没有的”这一类故障"), ({"due_on": "2020-01-01"}, "整改期限已经过了"),
    ],
)  # fmt: skip
def test_bad_input_keeps_what_was_typed(client, warden, over, words):
    client.force_login(warden)

    answer = client.post(f"{LIST}new/", {"place": make.place().full_name, "words": "风扇不转"} | over)

    assert words in answer.content.decode()
    assert Finding.objects.count() == 0


def test_panels_of_place_ticket_and_home(client, warden):
    ticket = make.ticket("doing")
    finding = make.finding(ticket=ticket, place=ticket.place)
    late = waiting(due_on=clock.today() - dt.timedelta(days=1), words="窗扣坏")
    work = upkeep(place=ticket.place)
    client.force_login(warden)

    for url, numbers in (
        (ticket.place.get_absolute_url(), [finding.number, work.title]), (ticket.get_absolute_url(), [finding.number]), ("/", [late.number]),
    ):  # fmt: skip
        page = client.get(url, follow=True).content.decode()
        assert [number for number in numbers if number not in page] == []


def test_upkeep_is_made_and_shown(client, warden):
    place = make.place()
    client.force_login(warden)
    data = {
        "area": "dormitory", "title": "换滤芯", "place": place.full_name, "category": make.category("饮水机").name, "every_days": "90",
        "counts_from": "done", "lead_days": "7", "due_on": (clock.today() + dt.timedelta(days=20)).isoformat(), "active": "on",
    }  # fmt: skip

    assert client.post("/checks/upkeep/new/", data | {"lead_days": "90"}).status_code == 200
    assert client.post("/checks/upkeep/new/", data | {"place": ""}).status_code == 200
    assert client.post("/checks/upkeep/new/", data | {"every_days": "0"}).status_code == 200
    assert Upkeep.objects.count() == 0
    assert client.post("/checks/upkeep/new/", data).status_code == 302

    work = Upkeep.objects.get()
    assert (work.makes_on, work.place) == (clock.today() + dt.timedelta(days=13), place)
    page = client.get(work.get_absolute_url())
    assert len(page.context["dates"]) == 6
    assert client.get("/checks/upkeep/?state=due").context["records"] == []


def test_the_front_page_leads_to_all_of_it(office):
    page = office.get("/checks/").content.decode()

    for path in ("findings", "upkeep", "zones", "trends"):
        assert f'href="/checks/{path}/"' in page


def test_excel(office):
    finding = waiting()

    answer = office.get(f"{LIST}?export=xlsx")

    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [cell.value for cell in sheet[1]][:4] == ["问题", "状态", "期限", "责任人"]
    assert [cell.value for cell in sheet[2]][1] == "待复查"
    assert finding.number in [cell.value for cell in sheet[2]]
