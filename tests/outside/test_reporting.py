"""A running warranty on the report form and after filing: with firm for colleagues, without for guests, in one statement."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from repairs import defaults
from repairs.models import Category, Ticket
from repairs.outside.warranty import covered_at
from tests import make

pytestmark = pytest.mark.django_db

FIRM = "恒达机电"


@pytest.fixture
def settled():
    """The drain of 312 was mended by a firm; the warranty runs for two years."""
    defaults.ensure()
    return make.outside_job("settled")


def text_of(answer):
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", answer.content.decode()))


def enter(user):
    browser = Client()
    browser.force_login(user)
    return browser


def report(place):
    return f"{reverse('repairs:new')}?place={place.pk}"


def label(place):
    return f"{reverse('repairs:new')}?at={place.token}"


def test_the_form_names_what_is_under_warranty_here(settled):
    place = settled.tickets.get().ticket.place

    page = text_of(enter(make.someone("other_teacher")).get(report(place)))

    assert "下水管漏（恒达机电，至2028-11-22）修过，还在质保期内。又坏了请照常报修，由原来的单位免费返修。" in page
    assert "9,080" not in page


def test_a_guest_reads_the_kind_and_neither_firm_nor_price(settled):
    place = settled.tickets.get().ticket.place

    page = text_of(Client().get(label(place)))

    assert "下水管漏修过，还在质保期内。" in page
    assert (FIRM in page, "9,080" in page, settled.number in page) == (False, False, False)


def test_no_news_of_guarded_kinds_for_guests(settled):
    place = settled.tickets.get().ticket.place
    Category.objects.filter(name="下水管漏").update(guarded=True)

    assert "质保期内" not in text_of(Client().get(label(place)))
    assert "质保期内" in text_of(enter(make.someone("other_teacher")).get(report(place)))


def test_after_its_end_and_elsewhere_nothing_is_said(settled):
    place, teacher = settled.tickets.get().ticket.place, make.someone("other_teacher")

    assert "质保期内" not in text_of(enter(teacher).get(report(make.place("399"))))
    with clock.at(clock.moment(2028, 11, 23, 9, 0)):
        assert "质保期内" not in text_of(enter(teacher).get(report(place)))


def test_each_kind_once_with_its_longest_warranty_and_groups_from_above(settled):
    place = settled.tickets.get().ticket.place
    group = make.category("灯不亮").parent
    make.outside_job("pricing", warranty_months=36)
    make.outside_job("pricing", kind="works", tickets=[], place=place.building, category=group, warranty_months=12)
    make.outside_job(
        "settled", tickets=[make.ticket("accepted", place=make.place("399"), category=make.category("门锁/锁芯"))]
    )

    found = {one.kind: (f"{one.until:%Y-%m-%d}", one.firm) for one in covered_at(place)}

    assert found == {"下水管漏": ("2029-11-22", FIRM), group.name: ("2027-11-22", FIRM)}


def test_it_costs_one_statement_however_many(settled):
    place = settled.tickets.get().ticket.place
    make.outside_job("pricing")
    make.outside_job("pricing", kind="works", tickets=[], place=place.building, category=make.category("灯不亮").parent)

    with CaptureQueriesContext(connection) as found:
        covered_at(place)

    assert len(found.captured_queries) == 1


def test_who_filed_is_told_what_happens_now(settled):
    done = settled.tickets.get().ticket
    body = {"tile": done.category.tile_id, "kind": done.category_id, "words": "又漏了"}

    page = text_of(enter(make.someone("other_teacher")).post(report(done.place), body, follow=True))
    assert "这个故障修过，还在质保期内（恒达机电，至2028-11-22），后勤会先找原来的单位免费返修。" in page

    browser = Client()
    page = text_of(browser.post(label(done.place), body, follow=True))
    assert "这个故障修过，还在质保期内，后勤会先找原来的单位免费返修。" in page
    ticket = Ticket.objects.latest("pk")
    follow = text_of(browser.get(reverse("repairs:follow", args=[ticket.follow_token])))
    assert "在质保期内" in follow
    assert (FIRM in page + follow, settled.number in page + follow) == (False, False)


def test_the_follow_address_names_no_firm_after_outside_work(settled):
    ticket = settled.tickets.get().ticket

    page = text_of(Client().get(reverse("repairs:follow", args=[ticket.follow_token])))

    assert (FIRM in page, "修复：外修" in page) == (False, True)
