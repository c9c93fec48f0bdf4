"""The pages of the stores that write: who may, what changes, what is refused and kept."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from core.models import LogEntry
from stores import services
from stores.models import Item, Move
from tests import make

pytestmark = pytest.mark.django_db


def messages(response):
    return [str(message) for message in response.context["messages"]]


def errors(response):
    return {name: list(texts) for name, texts in response.context["form"].errors.items()}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("item-new", {"storekeeper", "director"}), ("item-edit", {"storekeeper", "director"}),
        ("receive", {"storekeeper", "director"}), ("count", {"storekeeper", "director"}),
        ("issue", {"storekeeper", "director", "clerk", "repairer"}),
        ("return", {"storekeeper", "director", "clerk", "repairer"}), ("reverse", {"storekeeper", "director"}),
    ],
)  # fmt: skip
def test_only_the_right_roles_write(client, name, allowed):
    item = make.stock(5).item
    taken = services.issue(item, make.warehouse(), 1, by=make.user())
    key = {"item-edit": item.pk, "count": item.pk, "return": taken.pk, "reverse": taken.pk}.get(name)
    url = reverse(f"stores:{name}", args=[key] if key else [])
    refused = set()
    for role in ("storekeeper", "director", "clerk", "repairer", "teacher", "principal", "admin"):
        client.force_login(make.user(role=role))
        if client.post(url, {}).status_code == 403:
            refused.add(role)

    assert refused == {"storekeeper", "director", "clerk", "repairer", "teacher", "principal", "admin"} - allowed
    assert Move.objects.count() == 2


def test_item_is_made_and_changed(client):
    client.force_login(make.user(role="storekeeper"))
    fields = {"name": "日光灯管", "spec": "30W", "unit": "支", "category": "电工", "minimum": "10"}

    client.post(reverse("stores:item-new"), fields)
    item = Item.objects.get()
    client.post(reverse("stores:item-edit", args=[item.pk]), fields | {"minimum": "20", "active": "on", "version": "1"})
    item.refresh_from_db()
    stale = client.post(reverse("stores:item-edit", args=[item.pk]), fields | {"active": "on", "version": "1"})

    assert (item.name, item.minimum, item.pinyin, item.version) == ("日光灯管", D("20.00"), "rgdg", 2)
    assert [entry.verb for entry in LogEntry.objects.of(item)] == ["edit", "create"]
    assert stale.status_code == 409


def test_same_item_twice_is_refused(client):
    client.force_login(make.user(role="storekeeper"))
    make.item(name="灯管", spec="30W")
    fields = {"name": "灯管", "spec": "30W", "unit": "支", "minimum": "-1"}

    response = client.post(reverse("stores:item-new"), fields)

    assert errors(response)["minimum"] == ["不能小于 0。"]
    assert errors(client.post(reverse("stores:item-new"), fields | {"minimum": "0"})) == {
        "__all__": ["已有同名同规格的物品。"]
    }
    assert Item.objects.count() == 1


def test_receive(client):
    keeper = make.user(role="storekeeper")
    client.force_login(keeper)
    item = make.item(name="灯管", spec="30W")
    fields = {
        "item": "灯管 30W",
        "warehouse": make.warehouse().pk,
        "quantity": "20",
        "value": "1,160.00元",
        "reason": "送货单 12",
    }

    response = client.post(reverse("stores:receive"), fields, follow=True)

    move = Move.objects.get()
    assert (move.item, move.kind, move.quantity, move.value, move.by, move.reason) == (
        item, "receipt", D("20.00"), D("1160.00"), keeper, "送货单 12",
    )  # fmt: skip
    assert response.redirect_chain == [(reverse("stores:item", args=[item.pk]), 302)]
    assert messages(response) == [f"已入库 20 支灯管 30W，单号 {move.number}。"]


def test_double_click_makes_one_receipt(client):
    client.force_login(make.user(role="storekeeper"))
    make.item(name="灯管")
    token = client.get(reverse("stores:receive")).context["form"].submit_token
    fields = {
        "item": "灯管", "warehouse": make.warehouse().pk, "quantity": "20", "value": "100", "submit_token": token,
    }  # fmt: skip

    codes = [client.post(reverse("stores:receive"), fields).status_code for _ in range(2)]

    assert codes == [302, 302]
    assert Move.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("没有的东西", "仓库里没有“没有的东西”这种物品，请从提示里选，或先新建物品。"),
        ("灯", "“灯”有几种可能，请写全：灯座、灯管。"),
    ],
)
def test_item_that_is_not_clear_is_asked_for(client, typed, said):
    client.force_login(make.user(role="storekeeper"))
    make.item(name="灯座")
    make.item(name="灯管")
    fields = {"item": typed, "warehouse": make.warehouse().pk, "quantity": "1", "value": "1"}

    response = client.post(reverse("stores:receive"), fields)

    assert errors(response)["item"][0].startswith(said.split("：")[0])
    assert {"item": typed} == {k: response.context["form"].data[k] for k in ("item",)}
    assert Move.objects.count() == 0


@pytest.mark.parametrize("typed", ["灯管 30W", "灯管", "dg", "DG"])
def test_item_is_found_by_name_part_and_initials(client, typed):
    client.force_login(make.user(role="repairer"))
    item = make.stock(5, item=make.item(name="灯管", spec="30W")).item
    make.stock(5, item=make.item(name="合页"))

    client.post(
        reverse("stores:issue"), {"item": typed, "warehouse": make.warehouse().pk, "quantity": "1", "reason": "换灯"}
    )

    assert Move.objects.filter(kind="issue").get().item == item


def test_repairer_draws_for_himself_only(client):
    fixer, other = make.user(role="repairer"), make.user(role="repairer", name="何师傅")
    client.force_login(fixer)
    make.stock(5, item=make.item(name="灯管"))
    fields = {"item": "灯管", "warehouse": make.warehouse().pk, "quantity": "2", "taker": other.name, "reason": "换灯"}

    response = client.post(reverse("stores:issue"), fields, follow=True)

    move = Move.objects.get(kind="issue")
    assert (move.taker, move.by) == (fixer, fixer)
    assert messages(response) == [f"已领用 2 支灯管，还剩 3 支，单号 {move.number}。"]


def test_storekeeper_issues_to_a_person(client):
    client.force_login(make.user(role="storekeeper"))
    taker = make.user(role="teacher", name="赵老师")
    make.stock(5, item=make.item(name="灯管"))
    fields = {"item": "灯管", "warehouse": make.warehouse().pk, "quantity": "2", "taker": "赵老师", "reason": "教室"}

    client.post(reverse("stores:issue"), fields)

    assert Move.objects.get(kind="issue").taker == taker


def test_issue_beyond_the_stock_is_told_and_keeps_what_was_typed(client):
    client.force_login(make.user(role="repairer"))
    make.stock(5, item=make.item(name="灯管"))
    fields = {"item": "灯管", "warehouse": make.warehouse().pk, "quantity": "6", "reason": "换灯"}

    response = client.post(reverse("stores:issue"), fields)

    assert response.status_code == 409
    assert errors(response) == {"__all__": ["总务仓库里灯管只剩 5 支，领不出 6 支。请减少数量，或先入库、提交申购。"]}
    assert 'value="6"' in response.content.decode()
    assert Move.objects.count() == 1


def test_return_and_who_may_return_what(client):
    fixer = make.user(role="repairer")
    item = make.stock(5).item
    own = services.issue(item, make.warehouse(), 2, by=fixer)
    other = services.issue(item, make.warehouse(), 2, by=make.user(role="repairer"))
    client.force_login(fixer)

    taken = client.post(reverse("stores:return", args=[own.pk]), {"quantity": "1", "reason": "没用完"})
    foreign = client.post(reverse("stores:return", args=[other.pk]), {"quantity": "1"})
    toomuch = client.post(reverse("stores:return", args=[own.pk]), {"quantity": "2"})

    assert (taken.status_code, foreign.status_code, toomuch.status_code) == (302, 404, 409)
    assert [(m.quantity, m.returns) for m in Move.objects.filter(kind="return")] == [(D("1.00"), own)]
    assert LogEntry.objects.of(own).first().verb == "refused"


def test_reverse_asks_and_then_reverses_once(client):
    client.force_login(make.user(role="storekeeper"))
    wrong = make.stock(5)
    url = reverse("stores:reverse", args=[wrong.pk])

    page = client.get(url).content.decode()
    codes = [client.post(url, {"reason": "重复登记"}).status_code for _ in range(2)]

    assert f"整笔冲正 {wrong.number}" in page
    assert codes == [302, 409]
    assert Move.objects.filter(kind="reverse").count() == 1


def test_count_difference(client):
    client.force_login(make.user(role="storekeeper"))
    item = make.stock(5, item=make.item(name="灯管")).item
    url = reverse("stores:count", args=[item.pk])
    fields = {"warehouse": make.warehouse().pk, "counted": "3", "reason": "破损"}

    response = client.post(url, fields, follow=True)
    same = client.post(url, fields)

    move = Move.objects.get(kind="loss")
    assert (move.quantity, move.balance_after) == (D("-2.00"), D("3.00"))
    assert messages(response) == [f"已登记盘亏 2 支，单号 {move.number}。"]
    assert errors(same) == {"__all__": ["账面也是 3 支，没有差异，不用登记。"]}


def test_item_page_shows_stock_moves_and_the_next_steps(client):
    client.force_login(make.user(role="storekeeper"))
    item = make.stock(5, 50, item=make.item(name="灯管", minimum=9)).item
    make.stock(3, 30, item=item, warehouse=make.warehouse(name="食堂仓库", book="canteen"))
    taken = services.issue(item, make.warehouse(), 2, by=make.user())

    response = client.get(reverse("stores:item", args=[item.pk]))
    page = response.content.decode()

    assert [(last.warehouse.name, last.balance_after) for last in response.context["latest"]] == [
        ("总务仓库", D("3.00")), ("食堂仓库", D("3.00")),
    ]  # fmt: skip
    assert (response.context["object"].stock, response.context["object"].stock_value) == (D("6.00"), D("60.00"))
    assert "6 支 · 要补货" in page
    assert reverse("stores:return", args=[taken.pk]) in page
    assert reverse("stores:reverse", args=[taken.pk]) in page


def test_item_page_offers_a_reader_nothing_to_do(client):
    client.force_login(make.user(role="principal"))
    item = make.stock(5).item

    response = client.get(reverse("stores:item", args=[item.pk]))

    assert response.context["actions"] == []
    assert "冲正" not in response.content.decode()
