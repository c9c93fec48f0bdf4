"""Pages: who may open them, version check, one-use token, refusals with reasons, logs."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from assets.models import Card
from core.models import Attachment, LogEntry, SpentToken
from stores.models import Item
from tests import make_people
from tests.make_core import photo, posted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]


@pytest.fixture
def keeper(client: Any, db: Any) -> Any:
    user = make_people.storekeeper()
    client.force_login(user)
    return user


@pytest.fixture
def item(db: Any) -> Item:
    return Item.objects.create(name="灯管", unit="支", minimum=5)


def entries(record: Any) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(one.verb, one.by_name, one.text, one.changes) for one in LogEntry.objects.of(record)]


# ---------- FormPage ----------


def test_a_form_makes_a_record_and_logs_it(client: Any, keeper: Any) -> None:
    data = posted(client.get("/items/new/"), name=" 合页\x00 ", unit="只", minimum="1,200.50")

    response = client.post("/items/new/", data)

    made = Item.objects.get()
    assert (response.status_code, response.url) == (302, f"/items/{made.pk}/")
    assert (made.name, str(made.minimum), made.version) == ("合页", "1200.50", 1)
    assert entries(made) == [("create", "周保管", "新建物品", {})]


def test_a_second_click_makes_no_second_record(client: Any, keeper: Any) -> None:
    data = posted(client.get("/items/new/"), name="合页", unit="只")
    first = client.post("/items/new/", data)

    second = client.post("/items/new/", data)

    assert Item.objects.count() == 1
    assert second.url == first.url


def test_a_token_is_not_spent_by_a_form_with_errors(client: Any, keeper: Any) -> None:
    data = posted(client.get("/items/new/"), name="", unit="只")
    response = client.post("/items/new/", data)

    again = client.post("/items/new/", posted(response, name="合页"))

    assert response.status_code == 200
    assert again.status_code == 302
    assert SpentToken.objects.values_list("token", flat=True)[0] == data["submit_token"]


def test_an_edit_logs_what_changed(client: Any, keeper: Any, item: Item) -> None:
    data = posted(client.get(f"/items/{item.pk}/edit/"), spec="T8 36W", minimum="8")

    response = client.post(f"/items/{item.pk}/edit/", data)

    item.refresh_from_db()
    assert response.status_code == 302
    assert (item.spec, item.version) == ("T8 36W", 2)
    assert entries(item) == [
        ("edit", "周保管", "修改规格、最低库存", {"规格": ["", "T8 36W"], "最低库存": ["5.00", "8"]})
    ]


def test_an_edit_saved_unchanged_changes_nothing(client: Any, keeper: Any, item: Item) -> None:
    data = posted(client.get(f"/items/{item.pk}/edit/"))

    client.post(f"/items/{item.pk}/edit/", data)

    item.refresh_from_db()
    assert (item.version, entries(item)) == (1, [])


def test_a_stale_save_is_told_and_keeps_what_was_typed(client: Any, keeper: Any, item: Item) -> None:
    mine = posted(client.get(f"/items/{item.pk}/edit/"), minimum="7")
    other = Client()
    other.force_login(make_people.director())
    other.post(f"/items/{item.pk}/edit/", posted(other.get(f"/items/{item.pk}/edit/"), spec="T5"))

    response = client.post(f"/items/{item.pk}/edit/", mine)

    page = response.content.decode()
    item.refresh_from_db()
    assert response.status_code == 409
    assert (item.spec, item.minimum) == ("T5", 5)
    assert "您填写期间，陈主任 今天" in page
    assert "规格：<strong>T5</strong>" in page
    assert 'value="7"' in page
    assert '<input type="hidden" name="version" value="2">' in page


def test_after_the_news_the_save_goes_through(client: Any, keeper: Any, item: Item) -> None:
    mine = posted(client.get(f"/items/{item.pk}/edit/"), minimum="7")
    Item.objects.filter(pk=item.pk).update(version=2)
    told = client.post(f"/items/{item.pk}/edit/", mine)

    response = client.post(f"/items/{item.pk}/edit/", posted(told))

    item.refresh_from_db()
    assert (response.status_code, item.minimum, item.version) == (302, 7, 3)


@pytest.mark.parametrize("version", [None, "", "x", "-1", "9" * 30, "²"])
def test_an_edit_without_its_version_counts_as_old(client: Any, keeper: Any, item: Item, version: Any) -> None:
    data = posted(client.get(f"/items/{item.pk}/edit/"), minimum="7", version=version)

    response = client.post(f"/items/{item.pk}/edit/", data)

    item.refresh_from_db()
    assert (response.status_code, item.minimum) == (409, 5)


def test_fields_that_the_form_does_not_show_cannot_be_set(client: Any, keeper: Any, item: Item) -> None:
    data = posted(client.get(f"/items/{item.pk}/edit/"), spec="T8", pinyin="hacked", id="99")

    client.post(f"/items/{item.pk}/edit/", data)

    item.refresh_from_db()
    assert (item.spec, item.pinyin == "hacked") == ("T8", False)


def test_a_double_by_another_is_an_error_of_the_form(client: Any, keeper: Any, item: Item) -> None:
    data = posted(client.get("/items/new/"), name="灯管", unit="支")

    response = client.post("/items/new/", data)

    assert response.status_code == 200
    assert response.context["form"].problems == [("", "", "已有同名同规格的物品。")]


def test_the_summary_leads_to_the_fields(client: Any, keeper: Any) -> None:
    response = client.post("/items/new/", {"name": "", "unit": "很长很长很长的单位名称", "minimum": "NaN"})

    page = response.content.decode()
    assert "有 3 处要改，还没有保存" in page
    assert '<a href="#id_name">品名：请填写这一项。</a>' in page
    assert '<a href="#id_unit">单位：最多 10 个字，现在是 11 个，请缩短。</a>' in page
    assert '<a href="#id_minimum">最低库存：只填数字，如 1234.50。</a>' in page
    assert 'aria-describedby="id_unit_error"' in page
    assert '<div class="invalid-feedback d-block" id="id_unit_error">' in page
    assert '规格 <span class="quiet fw-normal">（可不填）</span>' in page


def test_pages_without_the_permission_are_refused_with_a_reason(client: Any, item: Item) -> None:
    client.force_login(make_people.teacher())

    response = client.post(f"/items/{item.pk}/edit/", {"name": "x"})

    assert response.status_code == 403


@pytest.mark.parametrize(
    "address", ["/items/999/edit/", "/items/999/", "/items/999/rename/", "/cards/%00/leave/", "/cards/x/leave/"]
)
def test_what_is_not_there_is_404(client: Any, keeper: Any, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_record_has_a_plain_page_with_its_timeline(client: Any, keeper: Any, item: Item) -> None:
    client.post(f"/items/{item.pk}/edit/", posted(client.get(f"/items/{item.pk}/edit/"), spec="T8"))

    response = client.get(f"/items/{item.pk}/")

    assert response.context["title"] == "灯管 T8"
    assert [entry.text for entry in response.context["timeline"]] == ["修改规格"]


# ---------- ActionPage ----------


def test_an_action_runs_its_service_with_files(client: Any, keeper: Any, item: Item) -> None:
    data = posted(client.get(f"/items/{item.pk}/rename/"), name="灯带")

    response = client.post(f"/items/{item.pk}/rename/", data | {"photos": [photo(), photo()]}, follow=True)

    item.refresh_from_db()
    assert item.name == "灯带"
    assert Attachment.objects.count() == 2
    assert [str(message) for message in response.context["messages"]] == ["已改名。"]


def test_a_rule_that_breaks_takes_everything_back(client: Any, keeper: Any, item: Item, media: Path) -> None:
    data = posted(client.get(f"/items/{item.pk}/rename/"), name="坏名")

    response = client.post(f"/items/{item.pk}/rename/", data | {"photos": photo()})

    item.refresh_from_db()
    assert response.status_code == 409
    assert item.name == "灯管"
    assert response.context["form"].problems == [("", "", "这个名称不能用，请换一个。")]
    assert [entry[:3] for entry in entries(item)] == [("refused", "周保管", "改名被拒：这个名称不能用，请换一个。")]
    assert (Attachment.objects.count(), [path for path in media.rglob("*") if path.is_file()]) == (0, [])
    assert SpentToken.objects.count() == 0


def test_a_second_click_on_an_action_leads_where_the_first_led(client: Any, keeper: Any, item: Item) -> None:
    data = posted(client.get(f"/items/{item.pk}/rename/"), name="灯带")
    first = client.post(f"/items/{item.pk}/rename/", data)

    second = client.post(f"/items/{item.pk}/rename/", data)

    assert (first.url, second.url) == (f"/items/{item.pk}/", f"/items/{item.pk}/")
    assert SpentToken.objects.count() == 1


@pytest.fixture
def card(db: Any) -> Card:
    return Card.objects.create(number="A1", name="椅", cost=100)


def test_a_step_asks_first_and_then_moves(client: Any, card: Card) -> None:
    client.force_login(make_people.assetkeeper())
    asked = client.get("/cards/A1/leave/")

    client.post("/cards/A1/leave/", posted(asked))

    card.refresh_from_db()
    page = asked.content.decode()
    assert "处置后不再计入台账。" in page
    assert '<button class="btn btn-danger" type="submit">提请处置</button>' in page
    assert (card.state, card.version) == ("leaving", 2)


@pytest.mark.parametrize(
    ("who", "over", "reason"),
    [("director", {}, "只有资产管理员能处置。"), ("assetkeeper", {"cost": 0}, "先填原值。"),
     ("assetkeeper", {"state": "gone", "gone_on": dt.date(2026, 11, 1)}, "已经处置了。"), ("assetkeeper", {"state": "leaving"}, "现在是“待处置”，不能提请处置。")],
)  # fmt: skip
def test_a_blocked_step_shows_its_reasons_and_changes_nothing(
    client: Any, card: Card, who: str, over: dict[str, Any], reason: str
) -> None:
    Card.objects.filter(pk=card.pk).update(**over)
    user = getattr(make_people, who)()
    client.force_login(user)

    shown = client.get("/cards/A1/leave/")
    sent = client.post("/cards/A1/leave/", {"version": "1"})

    card.refresh_from_db()
    assert (shown.status_code, shown.context["reasons"]) == (200, [reason])
    assert (sent.status_code, sent.context["reasons"]) == (403, [reason])
    assert (card.state, card.version) == (over.get("state", "on_books"), 1)
    assert entries(card) == [("refused", user.name, f"提请处置被拒：{reason}", {})]


def test_a_step_on_an_old_page_is_told(client: Any, card: Card) -> None:
    client.force_login(make_people.assetkeeper())
    data = posted(client.get("/cards/A1/leave/"))
    Card.objects.filter(pk=card.pk).update(version=2)

    response = client.post("/cards/A1/leave/", data)

    card.refresh_from_db()
    assert (response.status_code, card.state) == (409, "on_books")
    assert response.context["reasons"] == ["别人刚改过这张单，请看过最新情况再操作。"]


def test_posting_needs_the_csrf_token(card: Card) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_people.assetkeeper())

    response = strict.post("/cards/A1/leave/", {"version": "1"})

    card.refresh_from_db()
    assert (response.status_code, card.state) == (403, "on_books")


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "head"])
def test_other_methods_change_nothing(client: Any, card: Card, method: str) -> None:
    client.force_login(make_people.assetkeeper())

    response = getattr(client, method)("/cards/A1/leave/")

    card.refresh_from_db()
    assert (response.status_code < 500, card.state) == (True, "on_books")


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_record() -> None:
    user = make_people.storekeeper()
    client = Client()
    client.force_login(user)
    data = posted(client.get("/items/new/"), name="合页", unit="只")
    barrier, urls = threading.Barrier(4), []

    def click() -> None:
        one = Client()
        one.cookies = client.cookies
        try:
            barrier.wait()
            urls.append(one.post("/items/new/", data).url)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Item.objects.count() == 1
    assert urls == [f"/items/{Item.objects.get().pk}/"] * 4
