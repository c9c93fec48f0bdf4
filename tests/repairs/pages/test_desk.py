"""The desk: what waits for the office, in bulk, and filing for callers."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock, files
from repairs.listings import due_words
from repairs.models import Ticket
from repairs.plan import standing
from repairs.priority import refresh
from tests import make

pytestmark = pytest.mark.django_db
DESK = "/desk/"


@pytest.fixture
def office(client, clerk):
    client.force_login(clerk)
    return client


def bulk(office, do, tickets, **data):
    return office.post(reverse("repairs:desk-bulk"), {"do": do, "pick": [t.number for t in tickets]} | data)


def test_others_have_no_desk(client, teacher):
    client.force_login(teacher)

    assert client.get(DESK).status_code == 403


def test_the_desk_starts_with_what_waits(office, repairer):
    waiting = make.ticket()
    running = make.ticket("doing", lead=repairer)
    over = make.ticket("dispatched", lead=repairer, due_at=clock.now() - dt.timedelta(days=2))

    page = office.get(DESK).content.decode()

    assert waiting.number in page and over.number in page
    assert running.number not in page
    assert running.number in office.get(DESK, {"open": "1"}).content.decode()


def test_figures_agree_with_the_lists_behind_them(office, repairer):
    make.ticket()
    make.ticket(hazard=True)
    make.ticket("checking", lead=repairer)
    make.ticket("dispatched", lead=repairer, due_at=clock.now() - dt.timedelta(days=2))

    page = office.get(DESK)

    figures = {f["label"]: (f["value"], f["url"]) for f in page.context["figures"]}
    for label, (value, url) in figures.items():
        shown = office.get(DESK + url).context["records"]
        assert len(shown) == value, label
    assert {label: value for label, (value, _) in figures.items()} == {
        "待受理": 2, "安全隐患": 1, "超期": 1, "挂起已到期": 0, "待验收": 1,
    }  # fmt: skip


def test_an_unseen_hazard_stands_on_top_until_somebody_looked(office, clerk):
    hazard = make.ticket(hazard=True)
    assert "还没有人看" in office.get(DESK).content.decode()

    office.post(reverse("repairs:ticket-open", args=[hazard.number]))

    assert "还没有人看" not in office.get(DESK).content.decode()


def test_the_unseen_hazard_is_one_click_away_among_those_that_were_seen(office, clerk):
    seen, unseen = make.ticket(hazard=True, opened_at=clock.now()), make.ticket(hazard=True)

    assert '<a href="?unseen=1">马上看</a>' in office.get(DESK).content.decode()
    assert [t.number for t in office.get(DESK, {"unseen": "1"}).context["records"]] == [unseen.number] != [seen.number]


def test_a_cleared_hazard_is_a_danger_no_longer(office, repairer):
    cleared = make.ticket("checking", lead=repairer, hazard=True)
    before = office.get(DESK)
    by = make.user(role="warden")
    photo = files.attach(cleared, make.photo(), by=by, role="cleared")
    Ticket.objects.filter(pk=cleared.pk).update(cleared_at=clock.now(), cleared_by=by, cleared_photo=photo)

    page = office.get(DESK)

    assert [p.context["figures"][1]["value"] for p in (before, page)] == [1, 0]
    assert list(office.get(DESK, {"hazard": "1"}).context["records"]) == []
    assert [p.context["tabs"][0]["label"] for p in (before, page)] == ["要我处理 1", "要我处理 0"]
    assert "note-bad" not in office.get(cleared.get_absolute_url()).content.decode()
    assert standing()["hazards"] == 0


def test_late_is_counted_in_one_way(office, repairer):
    """By dates, in the list, in the reasons and in the head, also half an hour after midnight."""
    with clock.at(clock.moment(2026, 6, 5, 0, 30)):
        over = make.ticket("dispatched", lead=repairer, due_at=clock.moment(2026, 6, 3, 17))
        early = make.ticket("dispatched", lead=repairer, due_at=clock.moment(2026, 6, 5, 0, 10))
        refresh([over, early])
        over.refresh_from_db()
        early.refresh_from_db()
        said = [(due_words(t)[0], t.priority_words.split(" · ")[-1]) for t in (over, early)]
        figure = office.get(DESK).context["figures"][2]

    assert said == [("超期 2 天", "超期 2 天"), ("超期 1 小时", "超期不到 1 天")]
    assert (figure["value"], figure["more"][:7]) == (2, "最久 2 天，")


def test_every_tab_says_how_many(office):
    make.ticket()
    make.ticket("accepted")

    assert [tab["label"] for tab in office.get(DESK).context["tabs"]][:4] == [
        "要我处理 2",
        "待受理 1",
        "待派工 2",
        "未完成 2",
    ]


def test_five_are_dispatched_in_one_action(office, repairer):
    tickets = [make.ticket() for _ in range(5)]

    asked = bulk(office, "dispatch", tickets)
    assert "一起派工 5 张" in asked.content.decode()
    bulk(office, "dispatch", tickets, go="1", lead=repairer.pk, helpers="")

    assert set(Ticket.objects.values_list("state", "lead")) == {("dispatched", repairer.pk)}


def test_bulk_dispatch_is_all_or_none_and_names_what_stands_in_the_way(office, repairer):
    free, taken = make.ticket(), make.ticket("doing", lead=repairer)

    answer = bulk(office, "dispatch", [free, taken], go="1", lead=repairer.pk, helpers="")

    free.refresh_from_db()
    assert (answer.status_code, free.state) == (409, "new")
    assert taken.number in answer.content.decode() and "一张都没有派出" in answer.content.decode()


def test_merging_in_bulk_keeps_the_oldest(office):
    place = make.place()
    first, second = make.ticket(place=place), make.ticket(place=place)

    bulk(office, "merge", [first, second], go="1", into=first.number)

    second.refresh_from_db()
    assert (second.state, second.head) == ("duplicate", first)


def test_nothing_picked_is_said(office):
    answer = office.post(reverse("repairs:desk-bulk"), {"do": "dispatch"}, follow=True)

    assert "请先勾选" in answer.content.decode()


def test_callers_are_filed_a_line_each(office, clerk):
    place = make.place()
    make.category("灯不亮"), make.category("椅/凳"), make.category("其他")

    office.post(
        reverse("repairs:desk-file"),
        {
            "lines": f"{place.full_name} 灯不亮 2 盏\n{place.full_name} 椅子松动",
            "reporter_name": "王阿姨",
            "reporter_phone": "13800001234",
        },
    )

    rows = Ticket.objects.order_by("pk").values_list(
        "category__name", "quantity", "channel", "reporter_name", "filed_by"
    )
    assert list(rows) == [("灯不亮", 2, "phone", "王阿姨", clerk.pk), ("椅/凳", 1, "phone", "王阿姨", clerk.pk)]


def test_a_line_without_a_known_place_stops_all_and_says_which(office):
    place = make.place()
    make.category("其他")

    answer = office.post(
        reverse("repairs:desk-file"), {"lines": f"{place.full_name} 灯坏\n火星基地 灯坏", "reporter_name": "王"}
    )

    assert Ticket.objects.count() == 0
    assert "第 2 行" in answer.content.decode() and "火星基地" in answer.content.decode()


def test_a_late_entry_counts_from_when_it_was_reported(office):
    place = make.place()
    make.category("灯不亮"), make.category("其他")
    when = clock.local(clock.now() - dt.timedelta(days=3)).replace(second=0, microsecond=0)

    office.post(
        reverse("repairs:desk-file"),
        {"lines": f"{place.full_name} 灯不亮", "reporter_name": "王", "reported_at": when.strftime("%Y-%m-%dT%H:%M")},
    )

    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.reported_at) == ("late", when)


def test_all_of_one_go_to_another(office, repairer, repairer2):
    make.ticket("dispatched", lead=repairer)
    make.ticket("doing", lead=repairer)

    office.post(reverse("repairs:desk-reassign"), {"of": repairer.name, "lead": repairer2.name, "reason": "请假"})

    assert set(Ticket.objects.values_list("state", "lead")) == {("dispatched", repairer2.pk)}


def test_the_desk_exports_what_it_shows(office):
    from io import BytesIO

    from python_calamine import CalamineWorkbook

    ticket = make.ticket(words="=1+1")

    answer = office.get(DESK, {"export": "xlsx"})

    rows = CalamineWorkbook.from_filelike(BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()
    flat = [str(cell) for row in rows for cell in row]
    assert ticket.number in flat and "=1+1" in flat
