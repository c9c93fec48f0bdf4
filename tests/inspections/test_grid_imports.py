"""Paper results typed up: the template of a round, every mistake by row, and what goes in."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from campus.models import Alias
from core.imports import Row, begin, confirm
from core.workflow import RuleBroken
from inspections.imports import ResultImporter
from inspections.models import Result, Round, Target
from tests import make

pytestmark = pytest.mark.django_db
HEAD = ["房间", "床铺", "地面", "卫生间", "物品", "扣分原因", "查过"]


@pytest.fixture
def warden():
    return make.warden()


@pytest.fixture
def hygiene():
    return make.round(places=4)


def read(one: Round, by, *rows, head=HEAD, merge=()):
    """The rows of an upload as the preview shows them."""
    out, book = io.BytesIO(), Workbook()
    page = book.active
    for row in [head, *rows]:
        page.append(row)
    for area in merge:
        page.merge_cells(area)
    book.save(out)
    importer = ResultImporter(by, one)
    return importer, begin(importer, make.upload(out.getvalue(), "结果.xlsx"))


def problems(run) -> dict[int, dict[str, str]]:
    return {row.number: row.errors for row in (Row.of(kept) for kept in run.rows) if row.errors}


def line(one: Round, name: str) -> str:
    return f"l{one.sheet.lines.get(name=name).pk}"


def test_filled_rows_go_in(hygiene, warden):
    importer, run = read(
        hygiene, warden, ["3号楼 3层 301 寝室", 4, None, None, None, "没叠", "是"], ["302", None, None, None, None, None, "是"],
        ["303", None, None, None, None, None, "锁门未查"], ["304", None, None, None, None, None, None],
    )  # fmt: skip
    assert problems(run) == {}
    assert run.counts == {"all": 4, "bad": 0, "new": 3, "update": 0, "skip": 1}
    confirm(importer, run, by=warden)
    assert [(t.score, t.reason, t.excused, t.done_at is None) for t in make.targets(hygiene)] == [
        (Decimal("96.0"), "没叠", "", False), (Decimal("100.0"), "", "", False), (None, "", "锁门未查", False), (None, "", "", True),
    ]  # fmt: skip


def test_every_mistake_is_told_by_row_and_nothing_is_saved(hygiene, warden):
    importer, run = read(
        hygiene, warden, ["999", 4, None, None, None, "没叠", "是"], ["301", "很乱", None, None, None, "乱", "是"],
        ["302", 40, None, None, None, "乱", "是"], ["302", None, None, None, None, None, "是"],
        ["303", 3, None, None, None, None, "是"], [None, 3, None, None, None, "乱", "是"], ["304", 2, None, None, None, "乱", "锁门"],
    )  # fmt: skip
    bed = line(hygiene, "床铺")
    assert problems(run) == {
        2: {"place": "这次检查里没有“999”。请核对房间，或先在检查页上加上。"},
        3: {bed: "床铺：请填数字。"},
        4: {bed: "床铺最多扣 10 分，填了 40。请改成不超过 10。"},
        5: {"place": "与第 4 行重复，每个只能有一行。"},
        6: {"reason": "床铺扣了分，请写一句原因。"},
        7: {"place": "没有写房间。合并的单元格只有第一格有内容，请取消合并、每行写全。"},
        8: {"walked": "“锁门”是没查成的原因，可是这一行又有结果。请留一样。"},
    }
    with pytest.raises(RuleBroken, match="还有 7 行有错"):
        confirm(importer, run, by=warden)
    assert (Result.objects.count(), Target.objects.filter(done_at__isnull=False).count()) == (0, 0)


def test_merged_cells_are_told(hygiene, warden):
    _, run = read(
        hygiene, warden, ["301", 4, None, None, None, "没叠", "是"], ["302", None, None, None, None, None, "是"],
        ["303", None, None, None, None, None, "是"], merge=["B2:B3"],
    )  # fmt: skip
    words = "这一行有合并的单元格，看不出每格是多少。请取消合并、每格写全。"
    assert problems(run) == {2: {"": words}, 3: {"": words}}


def test_a_misspelt_room_is_offered_its_likely_meaning(hygiene, warden):
    Alias.objects.create(place=make.place("302"), name="小302")
    importer, run = read(hygiene, warden, ["3号楼 3层 301室", 4, None, None, None, "没叠", "是"], ["小302", None, None, None, None, None, "是"])  # fmt: skip
    assert list(problems(run)) in ([], [2])
    assert ("3号楼 3层 301 寝室", "3号楼 3层 301 寝室") in importer.choices("place", "3号楼 3层 301号寝室")


def test_rows_that_somebody_walked_meanwhile_are_not_written_over(hygiene, warden):
    make.walked(make.targets(hygiene)[0], make.user("warden", name="苏老师"), failed={"地面": 2})
    _, run = read(hygiene, warden, ["301", 4, None, None, None, "没叠", "是"])
    assert "苏老师" in problems(run)[2][""]


def test_a_round_that_has_ended_says_so(hygiene, warden):
    from core import clock

    Round.objects.update(state="closed", closed_at=clock.now())
    hygiene.refresh_from_db()
    _, run = read(hygiene, warden, ["301", 4, None, None, None, "没叠", "是"])
    assert "已经结束" in str(problems(run))


def test_the_template_holds_the_rooms_and_comes_back_in(hygiene, warden):
    client = Client()
    client.force_login(warden)
    url = reverse("inspections:import", args=[hygiene.number])
    book = load_workbook(io.BytesIO(b"".join(client.get(url + "?template=1").streaming_content)))
    page = book["检查结果"]
    assert [cell.value for cell in page[1]] == HEAD
    assert [row[0].value for row in page.iter_rows(min_row=2)] == [f"3号楼 3层 {n} 寝室" for n in range(301, 305)]
    page["B2"], page["F2"] = 4, "没叠"
    out = io.BytesIO()
    book.save(out)
    shown = client.post(url, {"file": make.upload(out.getvalue(), "录入.xlsx")}, follow=True)
    assert shown.context["lines"] == []
    done = client.post(shown.redirect_chain[-1][0], {"do": "apply"})
    assert (done.status_code, done.url) == (302, hygiene.get_absolute_url())
    assert [t.score for t in make.targets(hygiene)] == [Decimal("96.0"), *[Decimal("100.0")] * 3]


def test_checks_counts_and_measures(warden):
    lines = [
        {"name": "门", "kind": "check", "reason_needed": False}, {"name": "灯", "kind": "count", "reason_needed": False},
        {"name": "水温", "kind": "value", "low": 40, "unit": "℃", "reason_needed": False},
    ]  # fmt: skip
    one = make.round(make.checklist(lines, scoring="pass"), places=3)
    head = ["房间", "门", "灯", "水温", "说明", "查过"]
    importer, run = read(one, warden, ["301", "坏", 2, 38.5, None, "是"], ["302", "✓", None, 55, None, "是"], ["303", "?", None, None, None, "是"], head=head)  # fmt: skip
    assert problems(run) == {4: {line(one, "门"): "门：填“坏”或空着。"}}
    confirm(importer, run, by=warden, without_bad=True)
    found = Result.objects.order_by("target__order", "line__order").values_list("line__name", "value", "failed")
    assert list(found) == [
        ("门", None, True), ("灯", Decimal(2), True), ("水温", Decimal("38.5"), True), ("水温", Decimal(55), False),
    ]  # fmt: skip
