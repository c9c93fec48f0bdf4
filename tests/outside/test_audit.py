"""The audit finds nothing on what the services made, in every state, and names what was changed past them."""

import pytest

from repairs.models import JobTicket, OutsideJob, Ticket
from repairs.outside import services
from repairs.outside.audit import audit
from repairs.outside.models import STATES
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", STATES)
def test_sound_in_every_state(state):
    make.outside_job(state)

    assert list(audit()) == []


def test_sound_after_extra_work_another_contractor_and_a_dispute():
    clerk, principal, finance = make.someone("clerk"), make.someone("principal"), make.someone("finance")
    job = services.fail(make.outside_job("working"), by=clerk, words="没来")
    job = services.submit(
        job, by=clerk, quote=job.quotes.get(party__name="三友水暖"), single_source="第一家违约", retention_rate=5
    )
    job = services.approve(job, by=principal)
    job = services.extra(job, by=clerk, words="加", lines=[{"item": "泵", "quantity": 1, "unit_price": 90}])
    job = services.done(services.approve(job, by=principal), by=clerk, photos=[make.photo(40, 30)])
    job = make.accepted(services.dispute(make.accepted(job), by=finance, words="再数"))
    make.settled(services.check_prices(job, by=finance, prices={}))

    assert list(audit()) == []


@pytest.mark.parametrize(
    ("state", "rows", "over", "said"),
    [
        ("settled", OutsideJob, {"state": "settling"}, "现在是“待结算”，按日志应为“已结算”。"),
        ("settled", OutsideJob, {"checked_amount": 9000}, "逐项核定合计 9080.00，核定金额却是 9000.00。"),
        ("settled", OutsideJob, {"retention_paid": 4}, "已结算，已付 8626.00，应付 8630.00。"),
        ("working", OutsideJob, {"approved_amount": 1}, "批准金额或审批人与支出"),
        ("working", OutsideJob, {"promised_on": "2027-01-01"}, "的预计日期与承诺完工日期不同。"),
        ("working", JobTicket, {"live": False}, "挂起待外修，却不在任何外修单上。"),
        ("pricing", JobTicket, {"live": True}, "已过验收或结束"),
        ("working", Ticket, {"state": "accepted", "hold_reason": None}, "在单上等施工，却没有挂起待外修。"),
    ],
)
def test_what_was_changed_past_the_services_is_named(state, rows, over, said):
    make.outside_job(state)

    rows.objects.update(**over)

    assert any(said in line for line in audit())
