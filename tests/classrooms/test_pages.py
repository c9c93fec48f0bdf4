"""Pages of the spare pools and of repair batches, by real requests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import HoldingMove
from classrooms import panels, services
from classrooms.models import Batch, Pool, Swap
from core.models import LogEntry
from repairs.models import Ticket
from tests import make
from tests.make_classrooms import batch, chair_ticket, class_room, pool, store_room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def monday():
    from core import clock

    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield


def get(client: Any, user: Any, name: str, *args: Any, query: str = "", status: int = 200) -> str:
    client.force_login(user)
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def post(client: Any, user: Any, address: str, *args: Any, **data: Any) -> Any:
    client.force_login(user)
    return client.post(reverse(address, args=args), data)


def button(page: str) -> dict[str, str]:
    """What the panel's button posts."""
    panel = page[page.index('id="panel-swap"') :]
    form = panel[panel.index("<form") : panel.index("</form>")]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) | {"url": re.search(r'action="([^"]+)"', form)[1]}


# ---- the ticket ---------------------------------------------------------------------------------------------------


def test_one_tap_on_the_ticket_swaps_and_finishes(client):
    pool(sound=6), (ticket := chair_ticket())
    page = get(client, ticket.lead, "repairs:ticket", ticket.number)
    sent = button(page)
    assert "换一把" in page and sent["quantity"] == "1"

    answer = client.post(sent.pop("url"), sent, follow=True)

    assert answer.redirect_chain == [(ticket.get_absolute_url(), 302)]
    shown = answer.content.decode()
    assert "已换好，台账已更新，这张单已按“更换”报完工，等报修人验收。" in shown
    assert "从课椅周转换用课椅 1 把" in shown
    assert Ticket.objects.get().state == "checking"


def test_a_double_click_is_led_where_the_first_one_went(client):
    pool(sound=6), (ticket := chair_ticket())
    sent = button(get(client, ticket.lead, "repairs:ticket", ticket.number))
    url = sent.pop("url")
    client.post(url, sent)

    again = client.post(url, sent)

    assert (again.status_code, again.url) == (302, ticket.get_absolute_url())
    assert (Swap.objects.count(), HoldingMove.objects.filter(kind="swap").count()) == (1, 2)


def test_a_second_window_is_told_and_nothing_moves(client):
    pool(sound=6), (ticket := chair_ticket())
    first = button(get(client, ticket.lead, "repairs:ticket", ticket.number))
    second = button(get(client, ticket.lead, "repairs:ticket", ticket.number))
    client.post(first.pop("url"), first)

    answer = client.post(second.pop("url"), second)

    assert answer.status_code == 403
    assert "已经报完工，不用再换" in answer.content.decode()
    assert Swap.objects.count() == 1


def test_several_are_offered_at_once_or_by_number(client):
    made, ticket = pool(sound=6), chair_ticket(quantity=3)
    page = get(client, ticket.lead, "repairs:ticket", ticket.number)
    assert button(page)["quantity"] == "3" and "换别的数量" in page

    asked = get(client, ticket.lead, "classrooms:swap", made.pk, ticket.number)
    answer = post(client, ticket.lead, "classrooms:swap", made.pk, ticket.number, quantity="2")

    assert 'value="3"' in asked and "送后勤楼 1层 维修间待修" in asked
    assert answer.status_code == 302
    assert sorted(Ticket.objects.values_list("state", "quantity")) == [("checking", 2), ("dispatched", 1)]


def test_an_empty_pool_says_so_and_what_to_do(client):
    pool(sound=0, broken=8), (ticket := chair_ticket())

    page = get(client, ticket.lead, "repairs:ticket", ticket.number)

    panel = page[page.index('id="panel-swap"') :]
    assert "没有好的课椅了" in panel and "8 把坏件开一批集中维修" in panel
    assert "<button" not in panel[: panel.index("</section>")]


def test_a_place_without_the_thing_says_so(client):
    pool(sound=6), (ticket := chair_ticket(place=class_room(chairs=0)))

    page = get(client, ticket.lead, "repairs:ticket", ticket.number)

    assert "账上明德楼 2层 204 教室没有课椅，换不了。" in page


def test_a_typed_number_that_cannot_be_comes_back_with_its_reason(client):
    made, ticket = pool(sound=2), chair_ticket(quantity=3)

    answer = post(client, ticket.lead, "classrooms:swap", made.pk, ticket.number, quantity="3")

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "课椅周转只剩 2 把，先换 2 把" in page and 'value="3"' in page
    assert LogEntry.objects.of(ticket).first().verb == "refused"


def test_only_who_may_swap_sees_the_panel(client):
    room = class_room(custodian=(teacher := make.homeroom()))
    pool(), (ticket := chair_ticket(place=room))

    assert "panel-swap" not in get(client, teacher, "repairs:ticket", ticket.number)
    assert "panel-swap" not in get(client, make.principal(), "repairs:ticket", ticket.number)
    assert "panel-swap" in get(client, make.assetkeeper(), "repairs:ticket", ticket.number)


def test_another_kind_of_fault_has_no_panel(client):
    pool(), (ticket := make.ticket("doing"))

    assert "panel-swap" not in get(client, ticket.lead, "repairs:ticket", ticket.number)


def test_what_was_swapped_stands_on_the_ticket(client):
    made, ticket = pool(), chair_ticket("accepted")
    clerk = make.clerk()
    services.swap(ticket, pool=made, by=clerk)

    page = get(client, clerk, "repairs:ticket", ticket.number)

    assert "已换 1 处" in page and "派工后按“更换”报完工" in page


# ---- pools --------------------------------------------------------------------------------------------------------


def test_the_list_shows_levels_and_what_is_missing(client):
    pool(sound=6, broken=3)

    page = get(client, make.repairer(), "classrooms:pools")

    assert "6（少 4）" in page and "课椅周转" in page
    assert get(client, make.teacher(), "classrooms:pools", status=403)


def test_a_pool_is_made_and_changed_with_a_log(client):
    spot, shop = store_room("周转库"), store_room("维修间")
    make.card(name="课椅", unit="把", quantity=5, place=spot)
    kind = make.category("椅/凳")
    keeper = make.assetkeeper()
    facts = {
        "name": "课椅", "thing": "课椅", "category": kind.pk, "place": spot.full_name, "workshop": shop.full_name, "target": "8",
    }  # fmt: skip

    made = post(client, keeper, "classrooms:pool-new", **facts)
    found = Pool.objects.get()
    changed = post(
        client, keeper, "classrooms:pool-edit", found.pk, **facts | {"target": "12", "active": "on", "version": "1"}
    )

    assert (made.status_code, changed.status_code) == (302, 302)
    found.refresh_from_db()
    assert (found.target, found.active, found.version) == (12, True, 2)
    assert [entry.verb for entry in LogEntry.objects.of(found)] == ["edit", "create"]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"thing": "龙椅"}, "资产卡片里没有“龙椅”"),
        ({"workshop": "周转库"}, "坏件要送到存放处以外的地方"),
        ({"place": "天上"}, "没有找到“天上”"),
    ],
)
def test_a_pool_that_cannot_be(client, over, words):
    spot = store_room("周转库")
    make.card(name="课椅", unit="把", quantity=5, place=spot)
    facts = {
        "name": "课椅", "thing": "课椅", "category": make.category("椅/凳").pk, "place": spot.full_name,
        "workshop": store_room("维修间").full_name, "target": "8",
    }  # fmt: skip
    if over.get("workshop"):
        over = {"workshop": spot.full_name}

    answer = post(client, make.director(), "classrooms:pool-new", **facts | over)

    assert words in answer.content.decode()
    assert not Pool.objects.exists()


def test_a_pools_page_shows_pieces_moves_and_batches(client):
    made = pool(sound=6, broken=4)
    ticket = chair_ticket()
    services.swap(ticket, pool=made, by=ticket.lead)
    found = services.open_batch(made, by=ticket.lead, pieces=services.waiting(made))

    page = get(client, make.repairer(), "classrooms:pool", made.pk)

    assert "应备 10，少 5" in page and found.number in page
    assert f"{ticket.number} 明德楼 2层 204 教室 换用" in page
    assert "维修间共 5 把待修" in page


# ---- batches ------------------------------------------------------------------------------------------------------


def test_a_batch_from_picking_to_paper(client):
    made = pool(sound=2, broken=5)
    worker = make.repairer()
    card = next(iter(services.waiting(made)))
    form = get(client, worker, "classrooms:batch-new", made.pk)
    assert f'name="card_{card}" value="5"' in form

    answer = post(client, worker, "classrooms:batch-new", made.pk, **{f"card_{card}": "4", "words": "月末"})

    found = Batch.objects.get()
    assert answer.url == found.get_absolute_url()
    page = get(client, worker, "classrooms:batch", found.number)
    assert all(words in page for words in ("登记结果", "领料", "作废", "打印批次单"))
    paper = get(client, worker, "classrooms:batch-paper", found.number)
    assert "集中维修单" in paper and found.number in paper


def test_parts_results_and_end(client):
    found, stock = batch(), make.stock(20)
    line = found.lines.get()
    worker = make.repairer()

    post(
        client,
        worker,
        "classrooms:batch-draw",
        found.number,
        item=str(stock.item),
        quantity="6",
        warehouse=stock.warehouse.pk,
    )
    post(client, worker, "classrooms:batch-give-back", found.number, part=found.parts.get().pk, quantity="2")
    answer = post(
        client, worker, "classrooms:batch-finish", found.number,
        **{f"fine_{line.pk}": "5", f"gone_{line.pk}": "1", "minutes": "80"},
    )  # fmt: skip

    assert answer.status_code == 302
    found.refresh_from_db()
    assert (found.state, found.minutes) == ("done", 80)
    page = get(client, worker, "classrooms:batch", found.number)
    assert "¥40.00" in page and "待办" in page
    assert post(client, worker, "classrooms:batch-finish", found.number).status_code == 403


def test_results_that_do_not_add_up_keep_what_was_typed(client):
    found = batch()
    line = found.lines.get()

    answer = post(
        client,
        make.repairer(),
        "classrooms:batch-finish",
        found.number,
        **{f"fine_{line.pk}": "6", f"gone_{line.pk}": "3"},
    )

    page = answer.content.decode()
    assert "修好 6、报废 3 加起来多了" in page and 'value="6"' in page
    assert Batch.objects.get().state == "open"


def test_pieces_taken_by_another_batch_meanwhile(client):
    made = pool(sound=0, broken=3)
    card = next(iter(services.waiting(made)))
    services.open_batch(made, by=make.user(role="repairer"), pieces={card: 3})

    answer = post(client, make.repairer(), "classrooms:batch-new", made.pk, **{f"card_{card}": "3"})

    assert answer.status_code == 409
    assert "没有可修的坏件了，可能刚被别的批次选走" in answer.content.decode()


def test_given_up_with_a_reason(client):
    found, worker = batch(), make.repairer()

    assert "请填写这一项" in post(client, worker, "classrooms:batch-void", found.number, reason="").content.decode()
    assert post(client, worker, "classrooms:batch-void", found.number, reason="改期").status_code == 302
    assert Batch.objects.get().state == "void"


def test_the_lists_go_to_excel(client):
    batch()
    client.force_login(make.clerk())

    for name in ("classrooms:pools", "classrooms:batches"):
        answer = client.get(reverse(name) + "?export=xlsx")
        assert answer["Content-Type"].endswith("sheet")


def test_home_panel_tells_of_a_low_pool(client):
    pool(sound=3, broken=4)

    assert "课椅周转：完好 3 件，应备 10 件" in get(client, make.assetkeeper(), "config:home")


# ---- statements ---------------------------------------------------------------------------------------------------


def counted(client: Any, user: Any, url: str) -> int:
    client.force_login(user)
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_pages_take_the_same_statements_however_many_rows(client):
    keeper, made = make.assetkeeper(), pool(sound=3, broken=6)
    card = next(iter(services.waiting(made)))
    first = services.open_batch(made, by=make.user(role="repairer"), pieces={card: 1})
    urls = [reverse("classrooms:pools"), reverse("classrooms:batches"), made.get_absolute_url(), first.get_absolute_url(),
            reverse("classrooms:home")]  # fmt: skip
    before = [counted(client, keeper, url) for url in urls]

    for number in range(3):
        pool(sound=1, name=f"库{number}", place=store_room(f"库{number}"), workshop=store_room(f"修{number}"))
        make.card(name="课椅", unit="把", quantity=1, place=made.workshop, condition="broken")
        services.open_batch(made, by=make.user(role="repairer"), pieces={card: 1})

    assert [counted(client, keeper, url) for url in urls] == before
    assert max(before) <= 17, before


def test_the_home_takes_ten_and_a_ticket_with_its_pool_no_more_than_any(client):
    made, ticket = pool(sound=3, broken=6), chair_ticket()
    boss = make.director()

    assert counted(client, boss, reverse("classrooms:home")) <= 10
    assert counted(client, boss, ticket.get_absolute_url()) <= 16
    assert counted(client, boss, made.get_absolute_url()) <= 14


def test_the_swap_takes_a_bounded_number_of_statements():
    made, ticket = pool(sound=9), chair_ticket()

    with CaptureQueriesContext(connection) as found:
        services.swap(ticket, pool=made, by=ticket.lead)

    assert len(found) <= 62, len(found)


def test_a_new_pool_is_offered_at_once_and_other_kinds_ask_for_none(client):
    ticket = make.ticket(category=make.category("椅/凳"))
    clerk = make.clerk()
    assert panels.of_ticket(clerk, ticket) is None

    pool()
    assert panels.of_ticket(clerk, ticket) is not None
    lamp = make.ticket(category=make.category("灯不亮"))
    with CaptureQueriesContext(connection) as found:
        assert panels.of_ticket(clerk, lamp) is None
    assert len(found) == 0
