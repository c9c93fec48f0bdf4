"""The headings of a month's plan, in the order of the form that schools hand in, and the sections under them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A place for lines; sources name it by its key."""

    key: str
    label: str


@dataclass(frozen=True)
class Heading:
    """A heading with its prose and the sections whose lines stand under it."""

    key: str
    label: str
    short: str  # in the table of contents on phones
    help: str
    sections: tuple[Section, ...] = ()


HEADINGS = (
    Heading("aim", "指导思想", "思想", "一段话：围绕什么，保障什么。"),
    Heading(
        "review",
        "上月工作回顾及遗留问题",
        "遗留",
        "上月做了什么，还剩什么；遗留事项由系统列在下面。",
        (Section("carried", "上月遗留"),),
    ),
    Heading(
        "focus",
        "本月工作重点",
        "重点",
        "本月先办的几件事；隐患、超期和应季的事项由系统列在下面。",
        (Section("focus", "本月重点"),),
    ),
    Heading(
        "routine",
        "常规工作",
        "常规",
        "按区域的日常安排；各处报修由系统列在下面。",
        (
            Section("routine-dormitory", "宿舍"),
            Section("routine-teaching", "教室及办公楼"),
            Section("routine-canteen", "食堂"),
            Section("routine-property", "校产与仓库"),
            Section("routine-repairs", "公共部位与室外维修"),
            Section("routine-finance", "财务"),
            Section("routine-green", "绿化卫生"),
            Section("routine-safety", "安全"),
            Section("routine-team", "队伍建设"),
        ),
    ),
    Heading(
        "schedule",
        "具体安排",
        "安排",
        "表前的说明，可以不写；表由系统按各事项的完成时限排。",
        (Section("schedule", "具体安排"),),
    ),
    Heading(
        "coordination",
        "需学校协调解决的问题",
        "协调",
        "要学校定的事、要的经费；待经费和待答复的事项由系统列在下面。",
        (Section("coordination", "需学校协调"),),
    ),
)
SECTIONS = {section.key: section for heading in HEADINGS for section in heading.sections}
NUMERALS = "一二三四五六七八九十"
