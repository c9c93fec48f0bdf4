"""One ticket's page: who sees it, what it offers to whom, and moves by direct POST."""

import pytest
from django.urls import reverse

from core.models import LogEntry
from repairs.models import Ticket
from tests import make

pytestmark = pytest.mark.django_db


def page_of(client, user, ticket):
    client.force_login(user)
    return client.get(ticket.get_absolute_url())


def move(client, ticket, step, **data):
    return client.post(reverse(f"repairs:ticket-{step}", args=[ticket.number]), data)


def test_a_foreign_ticket_is_404(client, other_teacher, teacher):
    ticket = make.ticket(by=teacher)

    assert page_of(client, other_teacher, ticket).status_code == 404


def test_the_reporter_sees_what_is_so_and_what_comes_next(client, teacher):
    ticket = make.ticket("checking", by=teacher)

    page = page_of(client, teacher, ticket).content.decode()

    assert "修好了，验收" in page and "没修好，退回" in page
    assert page.count("<h1") == 1


def test_the_office_may_dispatch_an_ordinary_new_ticket_in_one_go(client, clerk, repairer):
    ticket = make.ticket()
    client.force_login(clerk)

    answer = move(client, ticket, "dispatch", lead=repairer.pk, helpers="")

    ticket.refresh_from_db()
    assert (answer.status_code, ticket.state, ticket.lead) == (302, "dispatched", repairer)
    assert list(LogEntry.objects.of(ticket).values_list("verb", flat=True))[:3] == ["dispatch", "accept", "file"]


def test_a_move_of_the_wrong_role_is_refused_with_the_reason_and_logged(client, teacher):
    ticket = make.ticket(by=teacher)
    client.force_login(teacher)

    answer = move(client, ticket, "accept")

    ticket.refresh_from_db()
    assert (answer.status_code, ticket.state) == (403, "new")
    assert "这一步由后勤处理" in answer.content.decode()
    assert LogEntry.objects.of(ticket).first().verb == "refused"


def test_a_move_of_the_wrong_state_says_what_is_so(client, clerk):
    ticket = make.ticket("done")
    client.force_login(clerk)

    answer = move(client, ticket, "accept")

    assert answer.status_code == 403
    assert "现在是“已完成”，不能受理" in answer.content.decode()


def test_blocked_steps_stand_disabled_with_their_reasons(client, clerk, repairer):
    ticket = make.ticket("checking", hazard=True, lead=repairer, reporter=None, channel="qr")

    page = page_of(client, clerk, ticket).content.decode()

    assert "disabled" in page and "安全隐患要先销号" in page


def test_the_repairer_finishes_with_material_and_minutes(client, repairer):
    ticket = make.ticket("doing", lead=repairer)
    tube = make.item(name="灯管", spec="T8")
    make.stock(10, item=tube)
    client.force_login(repairer)

    answer = move(
        client,
        ticket,
        "finish",
        outcome="replaced",
        done=1,
        minutes=30,
        words="换灯管",
        item_1="灯管 T8",
        quantity_1="2",
    )

    ticket.refresh_from_db()
    assert (answer.status_code, ticket.state, ticket.labour_minutes) == (302, "checking", 30)
    assert [m.out for m in ticket.materials.all()] == [2]


def test_finishing_with_more_than_the_store_has_changes_nothing(client, repairer):
    ticket = make.ticket("doing", lead=repairer)
    tube = make.item(name="灯管", spec="T8")
    make.stock(1, item=tube)
    client.force_login(repairer)

    answer = move(
        client, ticket, "finish", outcome="replaced", done=1, words="换灯管", item_1="灯管 T8", quantity_1="2"
    )

    ticket.refresh_from_db()
    assert (answer.status_code, ticket.state, ticket.materials.count()) == (409, "doing", 0)
    assert "换灯管" in answer.content.decode()


def test_holding_for_parts_asks_which(client, repairer):
    ticket = make.ticket("doing", lead=repairer)
    reason = make.hold_reason("parts")
    client.force_login(repairer)

    answer = move(client, ticket, "hold", reason=reason.pk, until="2099-01-01")

    assert "待料要写清等什么" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.state == "doing"


def test_a_date_that_does_not_exist_is_told_and_kept(client, repairer):
    ticket = make.ticket("doing", lead=repairer)
    client.force_login(repairer)

    page = move(client, ticket, "hold", reason=make.hold_reason("other").pk, until="2026-02-30").content.decode()

    assert "2月没有30日" in page


def test_an_old_page_loses_against_a_fresh_one(client, clerk, repairer, repairer2):
    ticket = make.ticket("accepted")
    seen = ticket.version
    client.force_login(clerk)
    move(client, ticket, "prioritise", priority=2, reason="急", version=seen)

    answer = move(client, ticket, "prioritise", priority=4, reason="不急", version=seen)

    ticket.refresh_from_db()
    assert (answer.status_code, ticket.priority) == (409, 2)


def test_a_word_left_on_a_ticket_is_told_to_the_others(client, teacher, repairer):
    ticket = make.ticket("dispatched", by=teacher, lead=repairer)
    client.force_login(teacher)

    move(client, ticket, "say", words="下午有人在")

    assert LogEntry.objects.of(ticket).first().said == "下午有人在"
    assert repairer.notices.count() >= 1


def test_telephone_numbers_are_for_those_who_must_ring(client, teacher, principal, clerk):
    ticket = make.ticket(by=clerk, reporter_name="王阿姨", reporter_phone="13911112222")

    assert "13911112222" in page_of(client, clerk, ticket).content.decode()
    assert "13911112222" not in page_of(client, principal, ticket).content.decode()


def test_withdrawing_with_followers_hands_it_on(client, teacher, other_teacher):
    ticket = make.ticket(by=teacher, followers=[other_teacher])
    client.force_login(teacher)

    move(client, ticket, "withdraw", reason="我调走了")

    ticket.refresh_from_db()
    assert (ticket.state, ticket.reporter) == ("new", other_teacher)


def test_correcting_names_what_changed(client, clerk):
    ticket = make.ticket()
    other = make.category("水龙头漏水")
    client.force_login(clerk)

    move(client, ticket, "correct", place=ticket.place.full_name, category=other.name, quantity=2)

    ticket.refresh_from_db()
    assert (ticket.category, ticket.quantity) == (other, 2)
    assert "故障" in LogEntry.objects.of(ticket).first().changes


def test_numbers_of_other_shapes_are_no_page(client, clerk):
    client.force_login(clerk)

    assert client.get("/repairs/BX20261-1/").status_code == 404
    assert client.get("/repairs/%00/").status_code == 404
    assert Ticket.objects.count() == 0
