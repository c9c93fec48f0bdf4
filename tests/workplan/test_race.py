"""Two people open the month's page in the same moment: its lines are stored once."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection

from core import clock
from core.models import LogEntry
from core.plan import Month
from tests import make
from workplan import services
from workplan.audit import audit
from workplan.models import MonthlyPlan, PlanLine, PlanMember

NOON = clock.moment(2026, 11, 20, 12, 0)


@pytest.mark.django_db(transaction=True)
def test_two_first_openings_store_the_month_once() -> None:
    with clock.at(NOON):
        for _ in range(5):
            make.ticket()
    begin, trouble = Barrier(4), []

    def look() -> None:
        try:
            with clock.at(NOON):
                begin.wait(timeout=10)
                services.opened(Month(2026, 11))
        except Exception as error:  # noqa: BLE001  (handed to the test)
            trouble.append(error)
        finally:
            connection.close()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert trouble == []
    counts = (MonthlyPlan.objects.count(), PlanLine.objects.count(), PlanMember.objects.count())
    assert counts == (1, 1, 5)
    assert LogEntry.objects.filter(verb="store").count() == 1
    assert list(audit()) == []
