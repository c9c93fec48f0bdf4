"""The pages of a card: looking, making, changing, moving, swapping."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from assets import defaults, services
from assets.forms import key_of
from assets.models import Card, ClassCode, Holding, HoldingMove
from core import clock
from core.models import LogEntry
from repairs.models import Material
from stores import services as stores
from tests import make

pytestmark = pytest.mark.django_db


def url(name, card):
    return reverse(f"assets:{name}", args=[card.number])


def errors(response):
    return {name: list(texts) for name, texts in response.context["form"].errors.items()}


def held(card):
    rows = Holding.objects.filter(card=card).select_related("place", "custodian")
    return {(h.place, h.custodian, h.condition): h.quantity for h in rows}


@pytest.mark.parametrize("name", ["card-new", "card-edit", "card-move", "card-mark", "card-swap"])
def test_only_asset_keeper_and_director_write(client, name):
    teacher = make.user(role="teacher")
    card = make.card(custodian=teacher)
    address = reverse("assets:card-new") if name == "card-new" else url(name, card)
    codes = {}
    for role in ("assetkeeper", "director", "clerk", "repairer", "principal"):
        client.force_login(make.user(role=role))
        codes[role] = client.post(address, {}).status_code
    client.force_login(teacher)
    codes["teacher"] = client.post(address, {}).status_code

    wrong = 409 if name == "card-edit" else 200  # an edit without the version that it was made from is an old one
    assert codes == {
        "assetkeeper": wrong,
        "director": wrong,
        "clerk": 403,
        "repairer": 403,
        "principal": 403,
        "teacher": 403,
    }
    assert HoldingMove.objects.count() == 1


def test_foreign_card_is_not_found(client):
    card = make.card()
    client.force_login(make.user(role="teacher"))

    assert client.get(url("card", card)).status_code == 404


def test_card_page_shows_where_everything_stands(client):
    keeper, teacher = make.user(role="assetkeeper"), make.user(role="teacher", name="赵老师")
    client.force_login(keeper)
    room = make.room(custodian=teacher)
    card = make.card(name="壁扇", number="A-1", quantity=3, place=room, cost=360)
    services.mark(card.holdings.get(), "broken", by=keeper, quantity=1, reason="扇叶裂")

    response = client.get(url("card", card))
    page = response.content.decode()

    assert [(row["holding"].condition, row["holding"].quantity, row["keeper"]) for row in response.context["rows"]] == [
        ("in_use", 2, teacher), ("broken", 1, teacher),
    ]  # fmt: skip
    assert f"状况变化 1 台：{room}，在用改为待修" in page
    assert "¥360.00" in page
    assert [row["report"] for row in response.context["rows"]] == [f"asset=A-1&place={room.pk}"] * 2


def test_keeper_of_a_room_sees_its_pieces_only(client):
    teacher = make.user(role="teacher")
    card = make.card(quantity=3, custodian=teacher, cost=360)
    services.move(card, 2, source=card.holdings.get(), to_place=make.room(), to_custodian=None, by=make.user())
    client.force_login(teacher)

    response = client.get(url("card", card))

    assert [(row["holding"].quantity, row["keeper"]) for row in response.context["rows"]] == [(1, teacher)]
    assert response.context["actions"] == []
    assert "原值" not in response.content.decode()


def test_batch_of_many_places_is_searched_by_place(client, monkeypatch):
    monkeypatch.setattr("assets.views.HOLDINGS_SHOWN", 2)
    client.force_login(make.user(role="assetkeeper"))
    card = make.card(quantity=4)
    rooms = [make.room(name) for name in ("271", "272", "273")]
    for room in rooms:
        services.move(card, 1, source=card.holdings.order_by("pk").first(), to_place=room, by=make.user())

    full = client.get(url("card", card))
    found = client.get(url("card", card) + "?where=273")

    assert (len(full.context["rows"]), full.context["more"]) == (2, True)
    assert [row["holding"].place for row in found.context["rows"]] == [rooms[2]]


def test_new_card(client):
    keeper, teacher = make.user(role="assetkeeper"), make.user(role="teacher", name="赵老师")
    client.force_login(keeper)
    room = make.room("288")
    fields = {
        "number": "", "name": "课桌", "quantity": "48", "unit": "张", "cost": "9,600", "acquired_on": "2024-08-20",
        "place": room.full_name, "custodian": "赵老师", "condition": "in_use",
    }  # fmt: skip

    response = client.post(reverse("assets:card-new"), fields)

    card = Card.objects.get()
    assert response.url == card.get_absolute_url()
    assert (card.name, card.quantity, card.cost, str(card.acquired_on)) == ("课桌", 48, D("9600.00"), "2024-08-20")
    assert held(card) == {(room, teacher, "in_use"): 48}


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("number", "A-1", "资产编号 A-1 已经有了，请换一个，或留空由系统编号。"),
        ("number", "A/1", "资产编号只用字母、数字、汉字、横线、点和括号，最多 30 个字，请改正。"),
        ("number", "mine", "资产编号只用字母、数字、汉字、横线、点和括号，最多 30 个字，请改正。"),
        ("quantity", "0", "不能小于 1。"),
        ("cost", "-5", "不能小于 0。"),
    ],
)
def test_new_card_with_bad_input_changes_nothing(client, field, typed, said):
    client.force_login(make.user(role="assetkeeper"))
    room = make.room()
    make.card(number="A-1", place=room)
    fields = {
        "number": "A-2", "name": "课桌", "quantity": "1", "unit": "张", "cost": "1", "place": room.full_name,
        "condition": "in_use",
    } | {field: typed}  # fmt: skip

    response = client.post(reverse("assets:card-new"), fields)

    assert said in [text for texts in errors(response).values() for text in texts]
    assert response.context["form"].data["name"] == "课桌"
    assert Card.objects.count() == 1


def test_edit_changes_words_not_quantity(client):
    client.force_login(make.user(role="assetkeeper"))
    card = make.card(name="壁扇", quantity=2)
    fields = {"name": "挂壁风扇", "unit": "台", "cost": "0", "quantity": "9", "version": "1"}

    first = client.post(url("card-edit", card), fields)
    second = client.post(url("card-edit", card), fields | {"name": "吊扇"})

    card.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 409)
    assert (card.name, card.quantity, card.pinyin, card.version) == ("挂壁风扇", 2, "gbfs", 2)
    assert LogEntry.objects.of(card).first().changes == {"名称": ["壁扇", "挂壁风扇"]}


def test_move_to_another_room(client):
    client.force_login(make.user(role="assetkeeper"))
    card, other = make.card(quantity=3), make.room()
    source = card.holdings.get()
    fields = {"source": key_of(source), "quantity": "2", "to_place": other.full_name, "reason": "新开一个班"}

    response = client.post(url("card-move", card), fields)

    assert response.url == url("card", card)
    assert held(card) == {(source.place, None, "in_use"): 1, (other, None, "in_use"): 2}


def test_second_mover_is_told_and_nothing_moves(client):
    client.force_login(make.user(role="assetkeeper"))
    holding = make.holding()
    key, other = key_of(holding), make.room()
    services.move(holding.card, 1, source=holding, to_place=other, by=make.user())

    response = client.post(
        url("card-move", holding.card), {"source": key, "quantity": "1", "to_place": make.room().full_name}
    )

    assert response.status_code == 409
    assert errors(response) == {
        "__all__": [f"{holding.place}现在没有{holding.card}，可能刚被别人移走。请看过最新情况再操作。"]
    }
    assert held(holding.card) == {(other, None, "in_use"): 1}
    assert LogEntry.objects.of(holding.card).first().verb == "refused"


@pytest.mark.parametrize("source", ["", "x", "1-2-3", "999999-0-in_use", "1-0-stolen", "9" * 40 + "-0-in_use"])
def test_made_up_sources_are_field_errors(client, source):
    client.force_login(make.user(role="assetkeeper"))
    card = make.card()

    response = client.post(url("card-mark", card), {"source": source, "quantity": "1", "condition": "broken"})

    assert list(errors(response)) == ["source"]
    assert HoldingMove.objects.count() == 1


def test_mark_as_broken(client):
    client.force_login(make.user(role="assetkeeper"))
    holding = make.holding(quantity=2)

    page = client.get(f"{url('card-mark', holding.card)}?from={key_of(holding)}").content.decode()
    client.post(
        url("card-mark", holding.card),
        {"source": key_of(holding), "quantity": "1", "condition": "broken", "reason": "裂"},
    )

    assert f'<option value="{key_of(holding)}" selected>' in page
    assert held(holding.card) == {(holding.place, None, "in_use"): 1, (holding.place, None, "broken"): 1}


def test_swap(client):
    client.force_login(make.user(role="assetkeeper"))
    pool, workshop = make.room(), make.room()
    broken, spare = make.holding(name="壁扇"), make.card(name="壁扇", place=pool)
    fields = {
        "source": key_of(broken), "quantity": "1", "spare_place": pool.full_name, "workshop": workshop.full_name,
    }  # fmt: skip

    response = client.post(url("card-swap", broken.card), fields)
    empty = client.post(url("card-swap", spare), fields | {"source": key_of(spare.holdings.get())})

    assert response.url == url("card", broken.card)
    assert held(broken.card) == {(workshop, None, "broken"): 1}
    assert held(spare) == {(broken.place, None, "in_use"): 1}
    assert errors(empty) == {"__all__": [f"{pool}没有 1 台完好的壁扇可换。请换一个备用地点，或先报修、申购。"]}


def test_card_that_is_leaving_offers_no_moves(client):
    client.force_login(make.user(role="assetkeeper"))
    card = make.card()
    Card.objects.update(state="leaving")

    response = client.post(url("card-move", card), {})

    assert response.status_code == 403
    assert response.context["reasons"] == [f"{card.number} 现在是“待处置”，不能再变动。"]
    assert url("card-move", card) not in client.get(url("card", card)).content.decode()


def test_the_card_says_what_it_is_worth_and_its_paper_has_both_sides(client):
    defaults.ensure()
    client.force_login(make.user(role="assetkeeper"))
    code = ClassCode.objects.get(edition=2022, code="A02010105")
    card = make.card(
        name="台式电脑", cost=4800, class_code=code, acquired_on=clock.today(), used_by="王老师", serial="SN-7"
    )

    page = client.get(url("card", card)).content.decode()
    paper = client.get(url("card-paper", card)).content.decode()

    assert [words in page for words in ("¥4,733.33", "已提 1 / 72 个月", "SN-7", "王老师用")] == [True] * 4
    assert [words in paper for words in ("A02010105 台式计算机", "4,733.33", "平均年限法", "王老师", "SN-7")] == [
        True
    ] * 5


def test_a_class_is_found_by_name_code_or_initials_and_a_vague_one_is_refused(client):
    defaults.ensure()
    client.force_login(make.user(role="assetkeeper"))
    card = make.card(name="课桌")
    fields = {"name": "课桌", "unit": "张", "cost": "0"}

    vague = client.post(url("card-edit", card), fields | {"class_code": "桌", "version": "1"})
    unknown = client.post(url("card-edit", card), fields | {"class_code": "飞碟", "version": "1"})
    for number, words in enumerate(("教学、实验用桌", "a05010203", "A05010203 教学、实验用桌", "jxsyyz"), 1):
        Card.objects.filter(pk=card.pk).update(class_code=None)
        client.post(url("card-edit", card), fields | {"class_code": words, "version": str(number)})
        assert Card.objects.get(pk=card.pk).class_code.code == "A05010203", words

    assert "有几种可能，请选一个" in errors(vague)["class_code"][0]
    assert errors(unknown)["class_code"] == ["没有找到分类“飞碟”，请写代码或名称，从提示里选。"]


def test_what_was_posted_before_it_was_bought_is_pointed_out(client):
    client.force_login(make.user(role="assetkeeper"))
    card = make.card()
    fields = {
        "name": "壁扇",
        "unit": "台",
        "cost": "9",
        "version": "1",
        "acquired_on": "2026-11-05",
        "posted_on": "2026-11-01",
    }
    assert errors(client.post(url("card-edit", card), fields)) == {"posted_on": ["入账日期早于取得日期，请核对。"]}


def test_the_keeper_sets_the_number_format_and_the_next_card_follows_it(client):
    client.force_login(make.user(role="assetkeeper"))
    page = reverse("assets:numbers")
    wrong = client.post(page, {"pattern": "{流水4}X", "version": "1"})
    right = client.post(page, {"pattern": "HQ{年2}{流水5}", "version": "1"})

    assert errors(wrong) == {"pattern": ["格式要以流水号结尾，如 ZC{年}-{流水4}。"]}
    assert right.status_code == 302
    assert make.card(number="").number == f"HQ{clock.today():%y}00001"


def test_repairs_are_held_against_what_the_thing_is_worth(client):
    client.force_login(make.user(role="assetkeeper"))
    card = make.card(cost=30)
    made = make.stock(50, 500)
    keeper = make.user(role="storekeeper")
    move = stores.issue(made.item, made.warehouse, 20, by=keeper, taker=keeper)
    Material.objects.create(ticket=make.ticket("doing", asset=card), move=move)
    text = client.get(url("card", card)).content.decode()
    assert "维修材料合计" in text and "修理已超过净值，再坏请先考虑更换" in text
