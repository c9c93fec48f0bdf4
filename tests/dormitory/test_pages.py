"""Pages: what a warden, a class teacher and everybody read; answers by form; statements that do not grow with rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from core.plan import Month
from dormitory import plan, services
from dormitory.models import Appeal
from tests import make, make_dormitory

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 11, 16)
FRIDAY = clock.moment(2026, 11, 20, 9)
BAD = {"被子": 15, "地面": 10}


def page(client: Any, user: Any, address: str) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def statements(client: Any, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_the_home_leads_to_rounds_and_tasks(client) -> None:
    place, by = make.place(), make.warden()
    make_dormitory.week_of_scores({place: [BAD, BAD]}, MONDAY)
    with clock.at(FRIDAY):
        open_one = make.round(make_dormitory.hygiene(), places=[place], on=dt.date(2026, 11, 20), by=by)
        html = page(client, by, "/dormitory/")
    assert f'href="{reverse("inspections:grid", args=[open_one.number])}"' in html and "0/1 处" in html
    assert html.count('class="danger"') == 1  # one room failed twice


def test_a_class_teacher_objects_and_the_other_warden_answers_on_the_page(client) -> None:
    teacher, other = make.homeroom(), make.user("warden")
    room = make_dormitory.occupied(teacher=teacher)
    target = make_dormitory.scored(room.place, dt.date(2026, 11, 19), {"被子": 10})
    address = reverse("dormitory:appeal-new", args=[target.pk])
    with clock.at(FRIDAY):
        assert f'href="{address}"' in page(client, teacher, room.get_absolute_url())
        assert client.post(address, {"words": "叠好了", "submit_token": "a" * 20}).status_code == 302
        made = Appeal.objects.get()
        assert f'href="{address}"' not in page(client, teacher, room.get_absolute_url())
        line = target.results.get().line_id
        client.force_login(other)
        url = reverse("dormitory:appeal-answer", args=[made.pk])
        body = {"verdict": "change", "answer": "属实", "version": made.version, "submit_token": "b" * 20}
        refused = client.post(url, {**body, f"line{line}": "16"})
        assert refused.status_code == 200 and "不能大于 15" in refused.content.decode()
        assert client.post(url, {**body, f"line{line}": "4"}).status_code == 302
    target.refresh_from_db()
    made.refresh_from_db()
    assert (target.score, made.state) == (Decimal("96.0"), "changed")


def test_a_room_is_a_secret_to_other_class_teachers(client) -> None:
    room = make_dormitory.occupied(teacher=make.homeroom())
    client.force_login(make.user("homeroom"))
    assert client.get(room.get_absolute_url()).status_code == 404


def test_everybody_reads_the_board_and_its_notice(client) -> None:
    make.profile()
    place = make.place()
    make_dormitory.week_of_scores({place: [{}] * 3}, MONDAY)
    with clock.at(clock.moment(2026, 11, 23, 6)):
        board = services.publish(MONDAY)
    for address in (board.get_absolute_url(), reverse("dormitory:board-print", args=[MONDAY.isoformat()])):
        assert "312" in page(client, make.user("teacher"), address)


def test_the_plan_names_rooms_that_failed_twice_until_they_pass() -> None:
    place = make.place()
    make_dormitory.week_of_scores({place: [BAD, BAD]}, MONDAY)
    month = Month(2026, 11)
    with clock.at(FRIDAY):
        (line,) = plan.plan_lines(month)
        assert (line.section, line.title, line.count) == ("routine-dormitory", "3号楼卫生连续两次不合格 1 间：312", 1)
        members = plan.members(month, line.key)
        assert members == [("dormitory", str(place.pk), MONDAY)]
        kind = plan.KINDS["dormitory"]
        assert list(kind.open().values_list("plan_key", flat=True)) == [str(place.pk)]
        assert kind.show(kind.records(None).get(pk=place.pk)).closed is False
    make_dormitory.scored(place, dt.date(2026, 11, 19))
    with clock.at(FRIDAY):
        assert plan.plan_lines(month) == []
        assert kind.show(kind.records(None).get(pk=place.pk)).closed is True


def test_statements_stay_the_same_with_more_rooms(client) -> None:
    make.term()
    client.force_login(make.clerk())
    counts: list[list[int]] = []
    for number in range(2):
        places = [make.place(f"{number}{room:02}", floor_name=f"{number + 3}层") for room in range(1, 5)]
        for place in places:
            make_dormitory.occupied(place)
        make_dormitory.week_of_scores({place: [BAD, BAD, BAD] for place in places}, MONDAY - dt.timedelta(7 * number))
        with clock.at(FRIDAY):
            counts.append([
                statements(client, address)
                for address in ("/dormitory/", "/dormitory/scores/", "/dormitory/rooms/", "/dormitory/twice/", reverse("dormitory:room", args=[places[0].pk]))
            ])  # fmt: skip
    assert counts[0] == counts[1]
    assert counts[0][1] <= 12, counts
    assert counts[0][0] <= 22, counts
