"""A class's broken chair: swapped from the spare pool within the hour with one tap, repaired later in a batch of thirty."""

from __future__ import annotations

import pytest
from django.urls import reverse

from assets.models import Holding, ScrapProposal
from classrooms import services
from classrooms.models import Batch, Pool, Swap
from repairs.models import Ticket
from tests import make
from tests.make_classrooms import CHAIR, pool, store_room
from tests.stories.stage import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def held(place, condition):
    rows = Holding.objects.filter(place=place, condition=condition, card__name="课椅")
    return sum(rows.values_list("quantity", flat=True))


def test_swapped_within_the_hour_and_repaired_in_a_batch_of_thirty(school, seat, hands):
    people, room = school.people, school.rooms["204"]
    people["homeroom"] = make.homeroom()
    room.custodian = people["homeroom"]
    room.save()
    made = pool(sound=6, broken=29, target=12)
    shop = store_room("维修间")
    make.card(name="课椅", unit="把", quantity=48, place=room)
    rivets = make.stock(200, item=make.item(name="课桌椅铆钉", unit="个"))

    # The class teacher reports on the phone; the office sends the carpenter.
    teacher, bench = seat("homeroom", PHONE), seat("repairer", PHONE)
    teacher.open(reverse("repairs:new") + f"?at={room.token}")
    teacher.tile("桌椅")
    teacher.tile(CHAIR)
    teacher.fill("说一句情况", "椅腿断了，没法坐")
    teacher.press("提交报修")
    ticket = Ticket.objects.get()
    desk = seat("clerk")
    desk.open(ticket.get_absolute_url())
    desk.press("派工")
    desk.page.get_by_role("radio", name="王师傅").check()
    desk.press("派工", within=desk.page.locator("main form"))

    # One tap on the ticket: the broken one to the workshop, a sound one to the class, the ticket reported as done.
    hands.forward(minutes=25)
    bench.open(ticket.get_absolute_url())
    bench.shot("swap-ticket")
    bench.press("开始维修")
    bench.taps = 0
    bench.press("换一把")
    assert bench.taps == 1
    assert bench.reads("已换好，台账已更新，这张单已按“更换”报完工，等报修人验收。")
    bench.shot("swap-done")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome, Swap.objects.get().quantity) == ("checking", "replaced", 1)
    assert (ticket.finished_at - ticket.reported_at).total_seconds() < 3600
    assert (held(room, "in_use"), held(made.place, "in_use"), held(shop, "broken")) == (48, 5, 30)

    # The class has its chair.
    teacher.open(ticket.get_absolute_url())
    assert teacher.reads("从课椅周转换用课椅 1 把")

    # Thirty broken ones: one batch, its paper, parts from the store, what came of it.
    hands.forward(days=3)
    bench = seat("repairer", PHONE)
    bench.open(made.get_absolute_url())
    bench.shot("swap-pool")
    bench.press("开一批维修")
    bench.fill("说明", "每月集中修")
    bench.press("开批", within=bench.page.locator("main form"))
    batch = Batch.objects.get()
    assert sum(batch.lines.values_list("quantity", flat=True)) == 30
    assert services.waiting(made) == {}
    office = seat("clerk")
    office.open(reverse("classrooms:batch-paper", args=[batch.number]))
    assert office.reads("集中维修单")
    office.shot("swap-paper")
    bench.press("领料")
    bench.fill("材料", "课桌椅铆钉")
    bench.fill("数量", "60")
    bench.press("领料", within=bench.page.locator("main form"))
    bench.press("登记结果")
    lost = batch.lines.order_by("-quantity").first()
    bench.page.locator(f"[name=fine_{lost.pk}]").fill(str(lost.quantity - 2))
    bench.page.locator(f"[name=gone_{lost.pk}]").fill("2")
    bench.fill("用时", "240")
    bench.shot("swap-finish")
    bench.press("登记结果", within=bench.page.locator("main form"))
    assert bench.reads("修好 28，报废 2，用时 240 分钟")

    # Room, pool and ledger agree (the audit of the stage looks too), and the pool is full again.
    batch.refresh_from_db()
    assert (batch.state, services.parts_cost(batch), ScrapProposal.objects.get().quantity) == ("done", 600, 2)
    assert (held(room, "in_use"), held(made.place, "in_use"), held(shop, "broken")) == (48, 33, 2)
    assert Pool.objects.with_level().get().level == 33
    assert rivets.item.moves.count() == 2
