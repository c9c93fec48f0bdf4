"""Equipment is walked like rooms and has a history of its checks; the night's rounds count people and doors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from dormitory import checklists
from inspections import panels
from inspections.models import Checklist, Finding
from inspections.services import rounds
from inspections.services.entering import Row, enter_sheet
from repairs.models import Ticket
from tests import make

pytestmark = pytest.mark.django_db

WATER = [
    {
        "name": "出水温度",
        "kind": "value",
        "low": 90,
        "high": 100,
        "unit": "℃",
        "remedy": "finding",
        "reason_needed": False,
    },
    {"name": "滤芯", "kind": "check", "remedy": "none", "reason_needed": False},
]


def walked(card, hall, on, value, *, worn=False, by=None):
    """The machine measured on a day."""
    with clock.at(clock.moment(on.year, on.month, on.day, 9)):
        one = make.round(
            make.checklist(WATER, scoring="pass", area="classrooms"), targets=[(hall, card)], title="饮水机检查"
        )
        lines = {line.name: line.pk for line in one.sheet.lines.all()}
        marks = {lines["出水温度"]: Decimal(value)} | ({lines["滤芯"]: True} if worn else {})
        enter_sheet(one, [Row(make.targets(one)[0].pk, marks)], by=by or make.clerk())
    return one


def test_a_machine_has_the_history_of_its_checks(client):
    hall, clerk = make.place("开水间", kind="room"), make.user("clerk", name="陈职员")
    machine = make.card(name="饮水机", place=hall)
    walked(machine, hall, dt.date(2026, 11, 9), "95.5", by=clerk)
    last = walked(machine, hall, dt.date(2026, 11, 16), "82", worn=True, by=clerk)

    panel = panels.checks_of_card(clerk, machine)

    assert panel is not None
    assert [(row.text, row.note, row.value, row.late) for row in panel.rows] == [
        ("11月16日 周一 饮水机检查", "陈职员，出水温度 82℃、滤芯", "2 项不合格", True),
        ("11月9日 周一 饮水机检查", "陈职员，出水温度 95.5℃", "正常", False),
    ]
    finding = Finding.objects.get()
    assert (finding.card, finding.place, finding.words) == (machine, hall, "出水温度 82℃（应在 90–100）")
    client.force_login(clerk)
    assert last.title in client.get(machine.get_absolute_url()).content.decode()


def test_who_reads_no_checks_sees_no_history_and_it_takes_three_statements():
    hall, clerk = make.place("开水间", kind="room"), make.clerk()
    machine = make.card(name="饮水机", place=hall)
    for number in range(3):
        walked(machine, hall, dt.date(2026, 11, 9 + number), "95", by=clerk)

    assert panels.checks_of_card(make.teacher(), machine) is None
    panels.checks_of_card(clerk, machine)
    with CaptureQueriesContext(connection) as found:
        panels.checks_of_card(clerk, machine)
    assert len(found) == 3


def test_the_nights_rounds_of_a_dormitory():
    checklists.ensure()
    warden, clerk, floors = make.warden(), make.clerk(), [make.floor()]
    made = {}
    for key in (checklists.PATROL, checklists.ROLL_CALL):
        one = rounds.start_round(
            Checklist.objects.get(key=key),
            on=clock.today(),
            slot="night",
            targets=[(f, None) for f in floors],
            by=clerk,
        )
        made[key] = one, {line.name: line.pk for line in one.sheet.lines.all()}, make.targets(one)[0]
    call, names, target = made[checklists.ROLL_CALL]
    enter_sheet(
        call,
        [Row(target.pk, {names["实到"]: Decimal(47), names["未归"]: Decimal(1)}, reason="已联系家长，请假回家")],
        by=warden,
    )
    patrol, lines, row = made[checklists.PATROL]
    enter_sheet(patrol, [Row(row.pk, {lines["通道"]: True}, reason="楼梯口堆放纸箱")], by=warden)

    target.refresh_from_db()
    assert (target.failures, target.score, target.reason) == (1, None, "已联系家长，请假回家")
    finding = Finding.objects.get()
    assert (finding.hazard, finding.ticket, finding.words) == (True, None, "通道不合格：楼梯口堆放纸箱")
    assert finding.due_on == clock.today() + dt.timedelta(days=1)


LAMP = "楼道/应急灯"


def test_corridor_lamps_are_counted_one_by_one():
    make.category(LAMP)
    checklists.ensure()
    warden = make.warden()
    corridor = make.place("3层走廊", kind="corridor")
    one = rounds.start_round(
        Checklist.objects.get(key=checklists.CORRIDOR), on=clock.today(), targets=[(corridor, None)], by=make.clerk()
    )
    lamp = one.sheet.lines.get(name="走廊灯")
    enter_sheet(one, [Row(make.targets(one)[0].pk, {lamp.pk: Decimal(3)})], by=warden)

    ticket = Ticket.objects.get()
    assert (ticket.category.name, ticket.quantity, ticket.place) == (LAMP, 3, corridor)
