"""Charts: the figures of drawing and table are the same, and nothing falls outside the drawing."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.template.loader import render_to_string

from core import charts

DAY = dt.date(2026, 8, 20)


def days(*left):
    return [(DAY + dt.timedelta(days=number), value) for number, value in enumerate(left)]


def burn(*left, total=100, due=10):
    return charts.burn_down(days(*left), total=total, starts=DAY, due=DAY + dt.timedelta(days=due))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 50, 100]), (0, 37, [0, 10, 20, 30, 40]), (85, 97, [85, 90, 95, 100]), (0, 1, [0, 0.5, 1]), (0, 4, [0, 1, 2, 3, 4]),
        (0, 1936, [0, 500, 1000, 1500, 2000]),
    ],
)  # fmt: skip
def test_ticks_are_round(low, high, expected):
    assert charts.ticks(low, high) == expected


def test_burn_down():
    chart = burn(100, 70, 60)

    assert chart.heads == ("日期", "还剩（处）", "按计划应剩")
    assert chart.rows == (("8/20", "100", "100"), ("8/21", "70", "90"), ("8/22", "60", "80"))
    assert chart.desc == "共 100 处，8/30 前完成；到 8/22 还剩 60 处，比计划快 20 处。"
    ideal = next(line for line in chart.lines if line.css == "ideal")
    assert ideal.points == "34.0,10.0 348.0,178.0"  # from all at the start to nothing at the deadline


def test_burn_down_past_its_deadline_marks_it():
    chart = burn(100, 90, 80, due=1)

    assert [line.css for line in chart.lines if line.css in ("limit", "ideal")] == ["ideal", "limit"]
    assert chart.desc == "共 100 处，8/21 前完成；到 8/22 还剩 80 处，比计划慢 80 处。"


@pytest.mark.parametrize("left", [(), (0,), (5,)])
def test_burn_down_of_little(left):
    chart = charts.burn_down(days(*left), total=0, starts=DAY, due=DAY)

    assert len(chart.rows) == 1


def test_lines_have_gaps_where_nothing_was_measured():
    chart = charts.lines(
        ["第1周", "第2周", "第3周", "第4周"], {"3号楼": [90, None, 95, 94], "5号楼": [88, 89, 90, 91]}, title="均分"
    )

    assert chart.rows[1] == ("第2周", "", "89")
    assert [line.css for line in chart.lines if line.css.startswith("s")] == ["s1", "s2"]
    assert [dot.css for dot in chart.dots] == ["s1"] * 3 + ["s2"] * 4
    assert chart.legend == (("s1", "1 3号楼"), ("s2", "2 5号楼"))


def test_lines_beyond_six_stand_in_the_table_only():
    chart = charts.lines(["第1周", "第2周"], {f"{n}号楼": [90 + n, 91] for n in range(8)}, title="均分")

    assert (len(chart.heads), len(chart.legend)) == (9, 6)


def test_nothing_to_draw_says_so():
    assert not charts.lines(["第1周"], {"均分": [None]}, title="均分")
    assert not charts.bars([], title="问题")
    assert "还没有数据" in render_to_string("parts/_chart.html", {"chart": charts.bars([], title="问题")})


def test_bars_are_pareto():
    chart = charts.bars([("灯 · 3号楼", 10), ("风扇 · 3号楼", 37), ("风扇 · 5号楼", 22)], title="问题")

    assert chart.rows == (
        ("风扇 · 3号楼", "37", "54%", "54%"), ("风扇 · 5号楼", "22", "32%", "86%"), ("灯 · 3号楼", "10", "14%", "100%"),
    )  # fmt: skip
    assert chart.desc == "共 69 处，前 2 项占 86%。"


def test_a_long_tail_is_one_bar():
    chart = charts.bars([(f"第{n}种", n) for n in range(1, 31)], title="问题")

    assert len(chart.rows) == 12
    assert chart.rows[-1] == ("其余 19 项", "190", "41%", "100%")


@pytest.mark.parametrize(
    "chart",
    [
        burn(100, 70, 60), burn(100, 110, 60, due=1), charts.lines([f"第{n}周" for n in range(1, 21)], {"均分": [95.5] * 20}, title="均分", limit=60),
        charts.lines(["第1周"], {"均分": [95]}, title="均分"), charts.bars([("风扇 · 3号楼", 3700), ("灯", 1)], title="问题"),
    ],
)  # fmt: skip
def test_everything_is_inside_the_drawing(chart):
    spots = [tuple(map(float, pair.split(","))) for line in chart.lines for pair in line.points.split()]
    spots += [(dot.x, dot.y) for dot in chart.dots] + [(box.x + box.width, box.y + box.height) for box in chart.boxes]
    spots += [(text.x, text.y) for text in chart.texts]

    assert [(x, y) for x, y in spots if not (0 <= x <= chart.width and 0 <= y <= chart.height)] == []


def test_the_page_holds_the_same_figures_and_no_style():
    chart = charts.bars([("灯 <3号楼>", 10), ("风扇", 37)], title="问题")

    html = render_to_string("parts/_chart.html", {"chart": chart})

    assert "style=" not in html
    assert "&lt;3号楼&gt;" in html
    assert re.findall(r'<td class="num">(.*?)</td>', html) == ["37", "79%", "79%", "10", "21%", "100%"]
    assert 'role="img" aria-labelledby="bars-t bars-d"' in html


def test_labels_below_do_not_crowd():
    chart = charts.lines([f"第{n}周" for n in range(1, 21)], {"均分": [95] * 20}, title="均分")
    below = [text for text in chart.texts if text.words.startswith("第")]

    assert 2 <= len(below) <= 6
    assert (below[0].words, below[-1].words) == ("第1周", "第20周")
