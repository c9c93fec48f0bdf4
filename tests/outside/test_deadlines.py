"""What is late: approvals after an emergency start, promised dates, retention."""

import datetime as dt

import pytest

from core import clock
from repairs.outside import deadlines, services
from tests import make

pytestmark = pytest.mark.django_db


def test_an_emergency_is_late_after_three_working_days():
    job = services.emergency(
        make.outside_job(lines=[]), by=make.director(), reason="水漫", party=make.contractor(), amount=3000
    )

    assert deadlines.approval_due(job) == dt.date(2026, 11, 26)
    assert list(deadlines.late_emergencies()) == []
    with clock.at(clock.moment(2026, 11, 27, 8, 0)):
        assert list(deadlines.late_emergencies()) == [job]
        services.approve_late(job, by=make.viceprincipal())
        assert list(deadlines.late_emergencies()) == []
    assert deadlines.approval_due(make.outside_job("working")) is None


def test_late_work_and_retention_that_is_due():
    working, settled = make.outside_job("working"), make.outside_job("settled", tickets=[])

    assert (list(deadlines.late_jobs()), list(deadlines.retention_due())) == ([], [])
    with clock.at(clock.moment(2026, 11, 29, 8, 0)):
        assert list(deadlines.late_jobs()) == [working]
    with clock.at(clock.moment(2028, 11, 22, 8, 0)):
        assert list(deadlines.retention_due()) == [settled]
