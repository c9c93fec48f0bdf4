"""The checklists that classrooms and offices start with, as data for the engine; a school edits them in the browser."""

from __future__ import annotations

from typing import Any

from inspections.services import checklists

AREA = "classrooms"
FIXTURES, FACADE, LAMPS = "classrooms-fixtures", "classrooms-facade", "classrooms-lamps"
WATER, OFFICE = "classrooms-water", "classrooms-office"
MACHINE = "饮水机"  # stands in the name of the cards of drinking-water machines

_FIXTURES = (  # name, what is looked at, kind of fault, unit; furniture first, it wears fastest
    ("课桌", "桌面、桌腿、桌斗完好，高低一致", "课桌", "张"),
    ("课椅", "椅面、椅背、椅腿完好，不晃", "椅/凳", "把"),
    ("门", "门扇、合页完好，开关顺", "门扇/合页", "扇"),
    ("门锁", "门锁好开好锁", "门锁/锁芯", "把"),
    ("窗", "窗扇、滑轮、纱窗完好", "窗扇/纱窗", "扇"),
    ("灯", "灯具全亮，不闪", "灯不亮", "盏"),
    ("风扇", "转动正常，不晃不响", "吊扇/壁扇不转", "台"),
    ("插座开关", "面板不松、不裂", "插座/开关损坏", "个"),
    ("讲台", "讲台、柜门完好", "讲台/办公桌椅", "张"),
    ("黑板", "推拉顺，板面平", "黑板", "块"),
    ("一体机", "开机、触控、投影正常", "一体机/投影", "台"),
    ("窗帘", "窗帘、滑轨完好", "窗帘", "副"),
)
_OFFICE = (
    ("桌椅", "办公桌椅稳固", "讲台/办公桌椅", "件"),
    ("门锁", "门锁好开好锁", "门锁/锁芯", "把"),
    ("窗", "窗扇、纱窗完好", "窗扇/纱窗", "扇"),
    ("灯", "灯具全亮", "灯不亮", "盏"),
    ("插座开关", "面板不松、不裂", "插座/开关损坏", "个"),
    ("空调", "制冷制热正常", "空调", "台"),
    ("网络", "网络通畅", "网络", "处"),
)


def _counted(rows: Any) -> list[dict[str, Any]]:
    """Lines of which the broken pieces are counted; each count is filed, or joins what is open."""
    return [
        {
            "name": name, "words": words, "kind": "count", "category": category, "unit": unit, "remedy": "ticket",
            "reason_needed": False,
        }
        for name, words, category, unit in rows
    ]  # fmt: skip


def _facade() -> list[dict[str, Any]]:
    """Danger first: a photo, a ticket at once, a day to make it safe."""
    danger = {
        "kind": "check", "remedy": "ticket", "hazard": True, "photo_needed": True, "reason_needed": True, "days": 1,
        "section": "危险",
    }  # fmt: skip
    watched = {"kind": "check", "remedy": "finding", "photo_needed": True, "reason_needed": True, "days": 14}
    return [
        {"name": "墙面瓷砖", "words": "瓷砖、抹灰、石材无空鼓、无松动、无脱落", "category": "墙面/瓷砖脱落", **danger},
        {"name": "高空附着物", "words": "空调架、招牌、落水管、窗台花盆牢固", "category": "墙面/瓷砖脱落", **danger},
        {"name": "栏杆扶手", "words": "栏杆、扶手牢固，间距无破坏", "category": "栏杆/扶手松动", **danger},
        {"name": "窗扇", "words": "外开窗扇、玻璃牢固，无坠落可能", "category": "玻璃破碎", **danger},
        {"name": "裂缝", "words": "墙体无新裂缝；有裂缝的量宽度、拍照对比", "section": "观察", **watched},
        {"name": "渗水", "words": "外墙、窗框、顶板无渗水", "section": "观察", **watched},
        {"name": "通道", "words": "楼道、楼梯畅通，无堆放", "section": "观察", **watched | {"days": 1}},
    ]


def _lamps() -> list[dict[str, Any]]:
    rows = (
        ("走廊灯", "逐盏看，不亮的有几盏", "楼道/应急灯", "盏"), ("楼梯灯", "逐盏看，声控拍一下", "楼道/应急灯", "盏"),
        ("应急灯", "应急照明、疏散标志逐个按一下", "疏散指示/应急照明", "个"), ("开关", "开关面板完好", "插座/开关损坏", "个"),
    )  # fmt: skip
    return _counted(rows)


def _water() -> list[dict[str, Any]]:
    machine = {"kind": "check", "reason_needed": True}
    return [
        {"name": "滤芯", "words": "滤芯在有效期内，更换记录贴在机身", "remedy": "finding", "days": 3, **machine},
        {"name": "消毒", "words": "本月已清洗消毒，有记录", "remedy": "finding", "days": 3, **machine},
        {
            "name": "TDS", "words": "出水 TDS；超过说明滤芯该换（限值学校自定）", "kind": "value", "high": 100, "unit": "mg/L",
            "remedy": "ticket", "category": "饮水机故障", "reason_needed": False, "days": 2,
        },
        {
            "name": "出水温度", "words": "学生取水口温度，过高易烫伤（限值学校自定）", "kind": "value", "low": 0, "high": 60, "unit": "℃",
            "remedy": "ticket", "category": "饮水机故障", "reason_needed": False, "days": 2,
        },
        {"name": "漏水漏电", "words": "无滴漏，插头、接地、漏电保护正常", "remedy": "ticket", "category": "饮水机故障", "hazard": True,
         "days": 1, **machine},
        {"name": "卫生", "words": "接水盘、龙头、机身干净", "remedy": "none", **machine},
    ]  # fmt: skip


def ensure(by: Any = None) -> None:
    """Install those that are not there yet; what a school has changed stays as it is."""
    about = "逐间清点，坏几件记几件，自动报修或并入已有的报修单。"
    checklists.install(FIXTURES, "教室设施清点", AREA, "pass", _counted(_FIXTURES), about, by)
    about = "按楼的立面、楼层走廊和楼梯间巡查；有危险先围挡、拍照，自动按隐患报修，由别人复查后销号。"
    checklists.install(FACADE, "外墙与楼道巡查", AREA, "pass", _facade(), about, by)
    checklists.install(LAMPS, "楼道灯检查", AREA, "pass", _lamps(), "走廊和楼梯逐盏看。", by)
    checklists.install(
        WATER, "饮水机检查", AREA, "pass", _water(), "对象是名称带“饮水机”的资产；测试值超限自动报修。", by
    )
    checklists.install(OFFICE, "办公室检查", AREA, "pass", _counted(_OFFICE), "逐间看，坏几件记几件。", by)
