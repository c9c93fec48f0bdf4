"""The grid page: what it shows, the form without script, the cells of script, and what all of it costs."""

from __future__ import annotations

import gzip
import itertools
import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from inspections.models import Result, Round, Target
from repairs.models import Ticket
from tests import make

pytestmark = pytest.mark.django_db
_ids = itertools.count(1)


@pytest.fixture
def warden():
    return make.warden()


@pytest.fixture
def hygiene():
    return make.round(places=3)


def enter(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(one: Round, name: str = "grid") -> str:
    return reverse(f"inspections:{name}", args=[one.number])


def lines(one: Round) -> dict[str, int]:
    return {line.name: line.pk for line in one.sheet.lines.all()}


def send(client, one, user, *cells, **over):
    body = {"user": user.pk, "cells": list(cells)} | over
    return client.post(url(one, "cells"), json.dumps(body), content_type="application/json")


def cell(target, line=None, value="", **over):
    return {"t": target.pk, "l": line, "id": f"edit-{next(_ids):06}", "v": value} | over


def shown(page) -> dict[str, str]:
    """What the form would post as it stands."""
    import re

    html = page.content.decode()
    found = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="file"' not in tag and ('type="checkbox"' not in tag or "checked" in tag):
            found[name[1]] = value[1] if value else ""
    return {name: value for name, value in found.items() if name[0] in "cwo" and name != "csrfmiddlewaretoken"}


# ---- the page --------------------------------------------------------------------------------------------------------


def test_the_page_shows_rooms_lines_and_what_stands_there(hygiene, warden):
    client, (first, *_), by_name = enter(warden), make.targets(hygiene), lines(hygiene)
    send(client, hygiene, warden, cell(first, by_name["床铺"], "4", r="没叠"))
    page = client.get(url(hygiene))

    rows = page.context["rows"]
    assert [(row.name, row.sum, row.css) for row in rows] == [
        ("301", "96", "deducted"), ("302", "—", "unseen"), ("303", "—", "unseen"),
    ]  # fmt: skip
    assert [line.name for line, _ in page.context["lines"]] == ["床铺", "地面", "卫生间", "物品"]
    assert (rows[0].reason, rows[0].spots[0].value, page.context["done"]) == ("没叠", "4", 1)
    assert page.context["tabs"] == []


def test_a_round_of_several_floors_has_tabs_and_opens_where_work_is_left(warden):
    places = [make.place(f"{floor}{n:02}", floor_name=f"{floor}层") for floor in (1, 2) for n in range(1, 25)]
    one = make.round(places=places)
    client = enter(warden)
    page = client.get(url(one))
    assert [(label, done, count, current) for label, _, done, count, current in page.context["tabs"]] == [
        ("1层", 0, 24, True), ("2层", 0, 24, False),
    ]  # fmt: skip
    assert [row.name for row in page.context["rows"]][:2] == ["101", "102"]
    Target.objects.filter(place__name__startswith="1").update(done_at=clock.now(), done_by=warden)
    page = client.get(url(one))
    assert [row.name for row in page.context["rows"]][:2] == ["201", "202"]
    page = client.get(page.context["tabs"][0][1])
    assert (page.context["floor"].label, page.context["next_label"]) == ("1层", "2层")


def test_a_closed_round_and_a_reader_see_why_nothing_can_be_entered(hygiene, warden):
    Round.objects.update(state="closed", closed_at=clock.now())
    page = enter(warden).get(url(hygiene))
    assert page.context["closed"] == f"{hygiene.number} 已经结束，不再收结果。记错了的，请在结果页上点“更正”。"
    assert "data-grid" not in page.content.decode()
    assert enter(make.teacher()).get(url(hygiene)).status_code == 403
    assert enter(make.principal()).get(url(hygiene)).status_code == 403


# ---- without script --------------------------------------------------------------------------------------------------


def test_the_form_saves_a_floor(hygiene, warden):
    client, targets, by_name = enter(warden), make.targets(hygiene), lines(hygiene)
    form = shown(client.get(url(hygiene)))
    form |= {f"c{targets[0].pk}-{by_name['床铺']}": "４", f"w{targets[0].pk}": "没叠", "full": str(targets[1].pk)}
    answer = client.post(url(hygiene), form)

    assert (answer.status_code, answer.url) == (302, url(hygiene))
    assert [(t.score, t.reason) for t in make.targets(hygiene)] == [
        (Decimal("96.0"), "没叠"), (Decimal("100.0"), ""), (None, ""),
    ]  # fmt: skip
    form = shown(client.get(url(hygiene)))
    client.post(url(hygiene), form | {"locked": str(targets[2].pk)})
    assert make.targets(hygiene)[2].excused == "锁门未查"
    client.post(url(hygiene), shown(client.get(url(hygiene))))
    assert [t.version for t in make.targets(hygiene)] == [2, 2, 2]


def test_the_rest_in_one_press(hygiene, warden):
    client = enter(warden)
    client.post(url(hygiene), shown(client.get(url(hygiene))) | {"rest": "1"})
    assert [t.score for t in make.targets(hygiene)] == [Decimal("100.0")] * 3
    assert Round.objects.get().done == 3


def test_mistakes_come_back_by_the_cell_with_everything_that_was_typed(hygiene, warden):
    client, targets, by_name = enter(warden), make.targets(hygiene), lines(hygiene)
    form = shown(client.get(url(hygiene)))
    form |= {
        f"c{targets[0].pk}-{by_name['床铺']}": "25", f"w{targets[0].pk}": "没叠",
        f"c{targets[1].pk}-{by_name['地面']}": "3", f"c{targets[2].pk}-{by_name['地面']}": "脏",
    }  # fmt: skip
    page = client.post(url(hygiene), form)

    assert page.status_code == 200
    assert page.context["errors"] == [
        (f"r{targets[0].pk}", "301：床铺最多扣 10 分，填了 25。请改成不超过 10。"),
        (f"r{targets[1].pk}", "302：地面扣了分，请写一句原因。"),
        (f"r{targets[2].pk}", "303：地面：请填数字。"),
    ]
    again = shown(page)
    assert again == form
    assert Result.objects.count() == 0


def test_a_form_over_somebody_elses_row_is_told_and_leaves_other_rows_alone(hygiene, warden):
    client, targets, by_name = enter(warden), make.targets(hygiene), lines(hygiene)
    form = shown(client.get(url(hygiene)))
    other = make.user("warden", name="苏老师")
    send(enter(other), hygiene, other, cell(targets[0], by_name["床铺"], "4", r="没叠"))
    client.post(url(hygiene), form | {"full": str(targets[1].pk)})
    assert [t.failures for t in make.targets(hygiene)] == [1, 0, 0]

    page = client.post(url(hygiene), form | {f"c{targets[0].pk}-{by_name['床铺']}": "6", f"w{targets[0].pk}": "乱"})
    assert "苏老师" in page.context["errors"][0][1]
    assert Result.objects.get().value == 4
    client.post(url(hygiene), shown(page))
    assert Result.objects.get().value == 6


# ---- cells of script -------------------------------------------------------------------------------------------------


def test_cells_are_saved_and_answered(hygiene, warden):
    client, targets, by_name = enter(warden), make.targets(hygiene), lines(hygiene)
    one = cell(targets[0], by_name["床铺"], "4", r="没叠")
    answer = send(client, hygiene, warden, one, cell(targets[1], m="full"), cell(targets[2], by_name["床铺"], "x"))

    assert answer.status_code == 200
    assert [(o["status"], o["score"], o["done"]) for o in answer.json()["outcomes"]] == [
        ("saved", "96", True), ("saved", "100", True), ("refused", None, False),
    ]  # fmt: skip
    assert send(client, hygiene, warden, one).json()["outcomes"][0]["status"] == "same"
    assert Result.objects.count() == 1


def test_a_guest_is_told_to_log_in_and_somebody_else_is_not_taken_for_the_sender(hygiene, warden):
    target = make.targets(hygiene)[0]
    answer = send(Client(), hygiene, warden, cell(target, m="full"))
    assert (answer.status_code, answer.json()) == (401, {"login": True})
    other = make.user("warden", name="苏老师")
    answer = send(enter(other), hygiene, warden, cell(target, m="full"))
    assert (answer.status_code, answer.json()["words"]) == (
        409, "现在登录的是苏老师，这些格是另一位记的，没有保存。请那位登录后再存。",
    )  # fmt: skip
    assert Target.objects.filter(done_at__isnull=False).count() == 0
    assert enter(other).get(url(hygiene, "cells")).json()["user"] == other.pk


def test_a_stale_token_is_refused_and_a_fresh_one_is_had_for_the_asking(hygiene, warden):
    client = Client(enforce_csrf_checks=True)
    client.force_login(warden)
    target = make.targets(hygiene)[0]
    assert send(client, hygiene, warden, cell(target, m="full")).status_code == 403
    token = client.get(url(hygiene, "cells")).json()["token"]
    body = json.dumps({"user": warden.pk, "cells": [cell(target, m="full")]})
    answer = client.post(url(hygiene, "cells"), body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.json()["outcomes"][0]["status"] == "saved"


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"user": 1}', '{"user": "x", "cells": []}', '{"user": 1, "cells": [{}]}',
     '{"user": 1, "cells": [{"t": 99999999999999999999, "id": "abcdefgh"}]}', '{"user": 1, "cells": 7}'],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_words(hygiene, warden, body):
    answer = enter(warden).post(url(hygiene, "cells"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["words"]) == (400, "收到的内容不完整，没有保存。请刷新页面再录。")


def test_a_teachers_cells_are_refused(hygiene):
    teacher = make.teacher()
    assert send(enter(teacher), hygiene, teacher, cell(make.targets(hygiene)[0], m="full")).status_code == 403


def test_a_cell_goes_up_with_its_photo(warden):
    line = {"name": "墙砖", "kind": "check", "remedy": "finding", "photo_needed": True, "reason_needed": False}
    one = make.round(make.checklist([line], scoring="pass"), places=1)
    target, by_name = make.targets(one)[0], lines(one)
    body = {"user": warden.pk, "cells": [cell(target, by_name["墙砖"], f=True)]}
    client = enter(warden)

    bad = client.post(url(one, "cells"), {"data": json.dumps(body), "photo": make.upload(b"no photo", "a.jpg")})
    assert bad.json()["outcomes"][0]["status"] == "refused"
    good = client.post(url(one, "cells"), {"data": json.dumps(body), "photo": make.photo()})
    assert good.json()["outcomes"][0]["status"] == "saved"


# ---- bars ------------------------------------------------------------------------------------------------------------


def counted(client, call) -> list[str]:
    client.get("/more/")
    with CaptureQueriesContext(connection) as found:
        assert call().status_code == 200
    return [one["sql"] for one in found.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def told(found: list[str]) -> str:
    return "\n" + "\n".join(f"{number}. {sql[:200]}" for number, sql in enumerate(found, 1))


def test_the_grid_of_22_rooms_and_8_lines_keeps_its_bars(warden):
    eight = make.lines("被子", "床面", "桌柜", "鞋盆", "地面", "卫生间", "垃圾", "用电")
    one = make.round(make.checklist(eight), places=22)
    client, by_name = enter(warden), lines(one)
    for target in make.targets(one)[:10]:
        send(client, one, warden, cell(target, by_name["垃圾"], "4", r="垃圾未倒"), cell(target, by_name["被子"], "3"))
    client.get(url(one))
    found = counted(client, lambda: client.get(url(one)))
    assert len(found) <= 12, told(found)
    size = len(gzip.compress(client.get(url(one)).content, 6))
    assert size <= 25 * 1024, size


def test_saving_one_score_keeps_its_bar(hygiene, warden):
    client, targets, by_name = enter(warden), make.targets(hygiene), lines(hygiene)
    send(client, hygiene, warden, cell(targets[0], by_name["床铺"], "4", r="没叠"))
    found = counted(client, lambda: send(client, hygiene, warden, cell(targets[0], by_name["地面"], "3")))
    assert len(found) <= 6, told(found)
    found = counted(client, lambda: send(client, hygiene, warden, cell(targets[1], by_name["床铺"], "4", r="没叠")))
    assert len(found) <= 6, told(found)


def test_a_cell_that_files_or_joins_a_ticket_keeps_its_bar(warden):
    fixtures = make.checklist(make.fixture_lines(), scoring="pass")
    one = make.round(fixtures, places=3)
    client, targets, by_name = enter(warden), make.targets(one), lines(one)
    send(client, one, warden, cell(targets[0], by_name["风扇"], "1"))
    filed = counted(client, lambda: send(client, one, warden, cell(targets[1], by_name["风扇"], "1")))
    assert Ticket.objects.count() == 2
    again = make.round(fixtures, places=3)
    other = make.user("warden")
    client = enter(other)
    joined = counted(client, lambda: send(client, again, other, cell(make.targets(again)[1], by_name["风扇"], "1")))
    assert Ticket.objects.count() == 2
    assert (len(filed) <= 20, len(joined) <= 20) == (True, True), told(filed) + told(joined)
