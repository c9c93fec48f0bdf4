"""The audit of places and terms."""

import datetime as dt

import pytest

from campus import services
from campus.audit import audit
from campus.models import Place, Term
from tests import make_campus as make

pytestmark = pytest.mark.django_db


def test_silent_on_a_sound_tree():
    room = make.place("312")
    services.retire(make.place("313"), room)
    services.rename(room.building, "明德楼")
    services.move(room.parent, make.building("5号楼"))
    make.term()

    assert list(audit()) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"path": "9/9/"}, "路径是"), ({"full_name": "别处"}, "全称是“别处”，应为“3号楼 3层 312 寝室”。"),
        ({"order": "x"}, "排序号是 x，应为 0312。"), ({"building": None}, "所属的楼是 None"),
    ],
)  # fmt: skip
def test_names_what_disagrees(fields, said):
    room = make.place("312")
    Place.objects.filter(pk=room.pk).update(**fields)

    found = list(audit())

    assert len(found) == 1
    assert said in found[0]


def test_names_loops_of_successors():
    one, two = make.place("311"), make.place("312")
    Place.objects.filter(pk=one.pk).update(active=False, successor=two)
    Place.objects.filter(pk=two.pk).update(active=False, successor=one)

    assert [line.partition("：")[2] for line in audit()] == ["改用的地点绕成了圈。"] * 2


def test_names_active_places_below_retired_ones_and_terms_that_overlap():
    room = make.place("312")
    Place.objects.filter(pk=room.parent_id).update(active=False)
    make.term("一", "2026-09-01", "2027-01-22")
    Term.objects.create(name="二", starts_on=dt.date(2027, 1, 22), ends_on=dt.date(2027, 7, 1))

    assert [line[-12:] for line in audit()] == [
        line[-12:]
        for line in (
            f"地点 {room.pk} {room} 在用，上级 3号楼 3层 却已停用。",
            "学期 一 与 二 的日期重叠。",
        )
    ]
