"""The checklists of safety that every school starts with, by how often they are walked; areas bring their own."""

from __future__ import annotations

from typing import Any

from inspections.services.checklists import install

AREA = "safety"

# section, column, what is so when it is in order, kind of fault ("" = put right without a ticket), hazard
_DAILY = (
    ("消防", "疏散通道", "疏散通道、安全出口畅通且未上锁", "", True),
    ("消防", "防火门", "常闭式防火门关闭", "门扇/合页", False),
    ("消防", "宿舍夜巡", "宿舍夜间巡查到位、有记录", "", False),
    ("宿舍", "点名值班", "点名和夜间值班记录齐全", "", False),
    ("食堂", "燃气", "燃气阀门、软管、报警器完好", "排烟/燃气", True),
    ("门卫", "来访登记", "外来人员登记、佩戴访客证", "", False),
    ("监控", "监控录像", "重点部位监控在线、录像保存", "监控", False),
)
_WEEKLY = (
    ("用电", "私拉乱接", "无私拉乱接、无违章电器", "", True),
    ("用电", "插座线路", "插座开关完好、线路不裸露", "线路裸露", True),
    ("实验室", "危化品", "危化品双人双锁、台账相符", "", True),
    ("饮水", "饮水卫生", "直饮水、水箱卫生，加锁", "饮水机故障", False),
    ("门卫", "安防器械", "防暴盾、钢叉、对讲机齐全好用", "", False),
)
_MONTHLY = (
    ("消防", "灭火器", "灭火器压力、铅封、有效期正常", "灭火器", False),
    ("消防", "消火栓", "室内消火栓水带、水枪、水压正常", "消火栓", False),
    ("消防", "应急灯", "应急照明、疏散指示灯正常", "疏散指示/应急照明", False),
    ("消防", "烟感喷淋", "烟感、自动报警、喷淋正常", "烟感/报警", True),
    ("消防", "逃生窗", "宿舍门窗未设影响逃生的栏杆", "", True),
    ("消防", "疏散演练", "本月做过疏散演练", "", False),
    ("用电", "配电箱", "配电箱完好、有标识、无杂物", "插座/开关损坏", False),
    ("校舍", "外墙", "外墙瓷砖、粉刷层无脱落", "墙面/瓷砖脱落", True),
    ("校舍", "裂缝渗漏", "墙体无裂缝、屋面无渗漏", "屋面/墙体渗漏", False),
    ("校舍", "栏杆扶手", "栏杆扶手牢固、高度够", "栏杆/扶手松动", True),
    ("校舍", "吊扇吊顶", "吊扇、灯具、吊顶牢固", "吊顶", True),
    ("校舍", "门窗玻璃", "门窗、玻璃牢固", "玻璃破碎", False),
    ("校舍", "楼梯地面", "楼梯、地面防滑、无破损", "地面破损", False),
    ("校舍", "落水口", "排水、屋面落水口通畅", "下水/便池堵塞", False),
    ("体育", "体育器械", "篮球架、单双杠、器械固定", "篮球架/器械", True),
    ("宿舍", "床架护栏", "床架、护栏、爬梯牢固", "双层床/护栏/爬梯", True),
    ("门卫", "校门报警", "校门硬隔离、一键报警好用", "门禁/道闸/围墙", False),
    ("道路", "井盖路面", "井盖齐全、路面平整", "路面/井盖", True),
)
_YEARLY = (
    ("消防", "电气检测", "电气线路检测在有效期内", "", False),
    ("食堂", "压力设备", "蒸汽、压力设备年检在有效期内", "", True),
    ("特种设备", "电梯锅炉", "电梯、锅炉检验合格标志在有效期内", "", True),
    ("树木", "枯枝倾斜", "无枯枝、无倾斜树木（每季再看）", "树木倾倒/枯枝", True),
)
LISTS = (
    ("safety-daily", "安全日查", _DAILY, "每天查一遍；不合格的当天整改。", 0),
    ("safety-weekly", "安全周查", _WEEKLY, "每周查一遍。", 3),
    ("safety-monthly", "安全月查", _MONTHLY, "每月查一遍，校舍、消防、设施都走到。", 7),
    ("safety-yearly", "安全年检", _YEARLY, "每年核对一次检测和检验；树木每季看一次。", 30),
)


def _lines(rows: Any, days: int) -> list[dict[str, Any]]:
    return [
        {
            "section": section, "name": name, "words": words, "kind": "check", "hazard": hazard, "days": 0 if hazard else days,
            "remedy": "ticket" if category else "finding", "category": category or None, "photo_needed": hazard,
        }
        for section, name, words, category, hazard in rows
    ]  # fmt: skip


def ensure(by: Any = None) -> None:
    """Add the lists that are missing; what the school changed stays as it is."""
    for key, name, rows, about, days in LISTS:
        install(key, name, AREA, "pass", _lines(rows, days), about=about, by=by)
