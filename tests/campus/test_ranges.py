"""Ranges as an administrator types them."""

import pytest

from campus.ranges import PlaceSpec, kind_of, parse_range
from core.workflow import RuleBroken


def names(text):
    return [spec.name for spec in parse_range(text)]


def test_a_range_with_type_and_people():
    specs = parse_range("301-322 寝室 8人")

    assert specs[0] == PlaceSpec("room", "301", "寝室", 8)
    assert specs[-1] == PlaceSpec("room", "322", "寝室", 8)
    assert len(specs) == 22


@pytest.mark.parametrize(
    "text",
    [
        "301-305,307 寝室 8人", "301～305，307 寝室 8人", "３０１－３０５，３０７　寝室　８人", "301—305、307 8 人 寝室",
        "301 - 305, 307 寝室 8人", "301至305,307 寝室 8人", "301-305 307 寝室 8人", "301到305；307\t寝室 8人",
    ],
)  # fmt: skip
def test_one_meaning_however_it_is_typed(text):
    assert parse_range(text) == [PlaceSpec("room", n, "寝室", 8) for n in ("301", "302", "303", "304", "305", "307")]


def test_names_tell_their_kind():
    assert parse_range("东楼梯 西楼梯 走廊 水房") == [
        PlaceSpec("stairwell", "东楼梯"), PlaceSpec("stairwell", "西楼梯"), PlaceSpec("corridor", "走廊"),
        PlaceSpec("room", "水房"),
    ]  # fmt: skip


def test_letters_and_leading_zeros_are_kept():
    assert names("A101-A103") == ["A101", "A102", "A103"]
    assert names("A101-103") == ["A101", "A102", "A103"]
    assert names("008-011") == ["008", "009", "010", "011"]


def test_a_line_is_a_batch():
    specs = parse_range("301-302 寝室 8人\n\n303 活动室\n东楼梯")

    assert specs == [
        PlaceSpec("room", "301", "寝室", 8), PlaceSpec("room", "302", "寝室", 8), PlaceSpec("room", "303", "活动室"),
        PlaceSpec("stairwell", "东楼梯"),
    ]  # fmt: skip


def test_numbers_with_a_stairwell_on_one_line():
    assert parse_range("301-302 寝室 8人 东楼梯")[-1] == PlaceSpec("stairwell", "东楼梯")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "没有写地点"), (" \n ", "没有写地点"), ("8人", "没有地点的名称"), ("322-301 寝室", "后面的号比前面的小"),
        ("301-22", "后面的号比前面的小"), ("1-9999", "一次最多"), ("A101-B103", "字母不一样"), ("301,301", "写了两次"),
        ("301-302 寝室 教室", "两种房间类型"), ("这个名字" * 10, "太长了"), ("1-150\n1001-1100", "一次最多"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_explained(text, reason):
    with pytest.raises(RuleBroken, match=reason):
        parse_range(text)


def test_control_characters_are_dropped():
    assert names("30\x001-302") == ["301", "302"]


def test_kind_of():
    assert [kind_of(name) for name in ("东楼梯", "3层走廊", "2号窗口", "南立面", "312")] == [
        "stairwell", "corridor", "window", "face", "room",
    ]  # fmt: skip
