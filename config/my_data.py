"""我的数据: what the product keeps about one person, as one Excel file for that person."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase

from assets.models import Holding
from campus.models import User
from config.roles import NAMES
from core import log, sheets
from core.models import LogEntry, Notice
from core.pages import Page
from core.sheets import Sheet
from repairs.models import Ticket


def kept_about(user: User) -> Iterable[Sheet]:
    """The sheets: account, what he reported or follows, what he keeps, what was told to him, what he did."""
    yield Sheet(
        "账号", [("项目", "text"), ("内容", "text", 40)],
        [
            ("账号", user.username), ("姓名", user.name), ("工号", user.staff_number), ("电话", user.phone),
            ("部门", str(user.department or "")), ("角色", "、".join(NAMES.get(role, role) for role in sorted(user.roles))),
        ],
    )  # fmt: skip
    tickets = (
        Ticket.objects.filter(Q(reporter=user) | Q(followers__user=user)).distinct().select_related("place", "category")
    )
    yield Sheet(
        "我的报修", [("单号", "text"), ("报修时间", "datetime"), ("地点", "text", 30), ("故障", "text"), ("描述", "text", 40), ("状态", "text")],
        ((t.number, t.reported_at, t.where, t.category.name, t.words, t.word) for t in tickets.order_by("pk").iterator()),
    )  # fmt: skip
    holdings = Holding.objects.filter(custodian=user).select_related("card", "place")
    yield Sheet(
        "我保管的",
        [("资产编号", "text"), ("名称", "text"), ("地点", "text", 30), ("数量", "int"), ("状况", "text")],
        ((h.card.number, h.card.name, str(h.place), h.quantity, h.get_condition_display()) for h in holdings),
    )
    yield Sheet(
        "消息",
        [("时间", "datetime"), ("内容", "text", 60)],
        Notice.objects.filter(user=user).order_by("pk").values_list("at", "text").iterator(),
    )
    yield Sheet(
        "我的操作",
        [("时间", "datetime"), ("经过", "text", 50), ("原话", "text", 40)],
        LogEntry.objects.filter(by=user).order_by("pk").values_list("at", "text", "said").iterator(),
    )


class MyData(Page):
    """/account/data/: the file; logged like every export."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        stream = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
        sheets.write_workbook(kept_about(request.user), stream)
        stream.seek(0)
        log.write(request.user, "export", by=request.user, text="下载我的数据")
        return sheets.file_response(stream, sheets.filename("我的数据"))
