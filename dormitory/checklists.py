"""The checklists that dormitories start with, as data for the engine; a school edits them in the browser."""

from __future__ import annotations

from typing import Any

from inspections.services import checklists

AREA = "dormitory"
HYGIENE, FIXTURES, SWEEP = "dorm-hygiene", "dorm-fixtures", "dorm-sweep"
PATROL, ROLL_CALL, CORRIDOR = "dorm-patrol", "dorm-roll-call", "dorm-corridor"
PASS = 80  # points: a room below it has failed
SAFETY = "安全"  # a section that begins so: a deduction there costs the week's 文明寝室

PERSONAL, COMMON, DISCIPLINE = "个人内务", "公共卫生", "安全纪律"
_HYGIENE = (  # the sixteen items of the usual scheme in eight columns of together 100 points
    (PERSONAL, "被子", 15, "被子叠放整齐、方向一致（15）"),
    (PERSONAL, "床面", 10, "床单平整、枕头摆放统一（5）；床上床头无杂物、床架不挂物（5）"),
    (PERSONAL, "桌柜", 10, "桌面柜面整洁、书籍有序（5）；毛巾、口杯、牙具统一（5）"),
    (PERSONAL, "鞋盆", 15, "鞋子、脸盆、水桶成线摆放（10）；衣物晾挂在指定处（5）"),
    (COMMON, "地面", 15, "地面干净、无积水、无垃圾（10）；阳台、门口走廊无堆放（5）"),
    (COMMON, "卫生间", 15, "便池、洗手台洁净无异味（10）；开窗通风、无异味（5）"),
    (COMMON, "垃圾", 10, "垃圾已倒、桶内清洁（5）；门窗玻璃洁净、墙角无蛛网、无乱贴（5）"),
    (DISCIPLINE, "用电", 10, "无违章电器、无私拉电线（5）；无刀具、火种、烟酒（3）；人走灯灭、风扇关、门窗锁（2）"),
)
_FIXTURES = (  # name, what is looked at, pieces or yes/no, kind of fault, unit; the most used first
    ("风扇", "风扇转动正常、不晃不响", "count", "吊扇/壁扇不转", "台"),
    ("灯", "灯具全亮", "count", "灯不亮", "盏"),
    ("床", "双层床稳固，护栏、爬梯完好", "count", "双层床/护栏/爬梯", "张"),
    ("门", "门扇、合页完好", "count", "门扇/合页", "扇"),
    ("窗", "窗扇、纱窗、玻璃完好", "count", "窗扇/纱窗", "扇"),
    ("门锁", "门锁好开好锁", "count", "门锁/锁芯", "把"),
    ("插座开关", "开关、插座完好，面板不松", "count", "插座/开关损坏", "个"),
    ("水龙头", "水龙头不漏水", "count", "水龙头漏水", "个"),
    ("便池", "便池冲水正常、不堵", "count", "下水/便池堵塞", "处"),
    ("淋浴", "淋浴和热水正常", "count", "热水器/淋浴", "处"),
    ("储物柜", "柜门、锁扣完好", "count", "储物柜", "个"),
    ("桌凳", "桌凳稳固", "count", "椅/凳", "件"),
    ("空调", "空调制冷制热正常", "count", "空调", "台"),
    ("窗帘", "窗帘、滑轨完好", "count", "窗帘", "副"),
    ("地漏", "地漏排水通畅", "count", "下水/便池堵塞", "处"),
    ("墙面", "墙面、天花无脱落、无渗水", "check", "墙面/瓷砖脱落", ""),
    ("地面", "地面无破损", "check", "地面破损", ""),
    ("栏杆", "阳台栏杆牢固", "check", "栏杆/扶手松动", ""),
    ("应急灯", "应急照明、疏散标志正常", "count", "疏散指示/应急照明", "个"),
    ("烟感", "烟感完好、未遮挡", "count", "烟感/报警", "个"),
)
QUICK = 5  # fixtures that every sweep looks at: fan, lamp, bed, door, window


def _hygiene() -> list[dict[str, Any]]:
    return [
        {"section": section, "name": name, "points": points, "words": words, "kind": "points", "reason_needed": True}
        for section, name, points, words in _HYGIENE
    ]


def _fixtures(most: int | None = None) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "words": words, "kind": kind, "category": category, "unit": unit, "remedy": "ticket",
            "reason_needed": False,
        }
        for name, words, kind, category, unit in _FIXTURES[:most]
    ]  # fmt: skip


def _check(name: str, words: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "words": words, "kind": "check", "remedy": "none", "reason_needed": True, **more}


def _patrol() -> list[dict[str, Any]]:
    return [
        _check("就寝纪律", "按时就寝，无喧哗、无串寝"),
        _check("熄灯", "按时熄灯"),
        _check("用电", "无违章电器、无私拉电线", section="安全", remedy="finding", days=1),
        _check("通道", "走廊、楼梯畅通，无堆放", section="安全", remedy="finding", days=1, hazard=True),
        _check("门禁", "楼门按时关闭，应急能打开", section="安全", remedy="finding", days=1),
    ]


def _roll_call() -> list[dict[str, Any]]:
    return [
        {"name": "实到", "words": "查寝时在寝的人数", "kind": "value", "low": 0, "unit": "人", "remedy": "none", "reason_needed": False},
        {"name": "未归", "words": "应在而不在、没有请假的人数，写明怎么联系的", "kind": "count", "unit": "人", "remedy": "none", "reason_needed": True},
    ]  # fmt: skip


def _corridor() -> list[dict[str, Any]]:
    common = {"kind": "count", "remedy": "ticket", "reason_needed": False}
    return [
        {"name": "走廊灯", "words": "逐盏看，不亮的有几盏", "category": "楼道/应急灯", "unit": "盏", **common},
        {
            "name": "应急灯",
            "words": "应急照明、疏散标志逐个按一下",
            "category": "疏散指示/应急照明",
            "unit": "个",
            **common,
        },
        {"name": "开关", "words": "声控、开关面板完好", "category": "插座/开关损坏", "unit": "个", **common},
    ]


def ensure(by: Any = None) -> None:
    """Install those that are not there yet; what a school has changed stays as it is."""
    about = "满分 100，扣分须写原因；“安全纪律”组扣了分的寝室当周不评文明寝室。"
    checklists.install(HYGIENE, "内务卫生评分", AREA, "points", _hygiene(), about, by, pass_score=PASS)
    about = "风扇、灯、床、门、窗，坏几处记几处，自动报修或并入已有的报修单。"
    checklists.install(SWEEP, "寝室五样排查", AREA, "pass", _fixtures(QUICK), about, by)
    checklists.install(FIXTURES, "寝室设施检查", AREA, "pass", _fixtures(), "开学前、放假前逐间看全部二十样设施。", by)
    checklists.install(PATROL, "夜间巡查", AREA, "pass", _patrol(), "熄灯后逐层走一遍。", by)
    checklists.install(ROLL_CALL, "晚点名", AREA, "pass", _roll_call(), "只记人数，不记姓名。", by)
    checklists.install(CORRIDOR, "走廊灯检查", AREA, "pass", _corridor(), "走廊和楼梯逐盏看。", by)
