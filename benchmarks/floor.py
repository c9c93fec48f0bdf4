"""The floor of every ratio: bare views that fetch and render the same rows and columns, and raw openpyxl.

No middleware, no login, no base template, no filters, no escaping but Django's own: what is left cannot be left out.
"""

from __future__ import annotations

import datetime as dt
from typing import IO, Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from repairs.models import Ticket

ROWS = engines["django"].from_string(
    """<table><tr><th>地点与故障</th><th>优先级与依据</th><th>状态</th><th>负责人</th><th>期限</th><th>单号</th></tr>
{% for t in tickets %}<tr><th><a href="/repairs/{{ t.number }}/">{{ t.where }}：{{ t.fault }}</a></th>
<td>{{ t.get_priority_display }} {{ t.priority_words }}</td><td>{{ t.word }}</td><td>{{ t.lead.name }}</td>
<td>{{ t.due_at|date:"n月j日 H:i" }}</td><td>{{ t.number }}</td></tr>
{% endfor %}</table>"""
)


def tickets(request: HttpRequest) -> HttpResponse:
    """The newest 50 tickets with what the columns name, as a view of four lines fetches them."""
    rows = Ticket.objects.select_related("place", "category", "lead", "reporter", "hold_reason").order_by("-pk")[:50]
    return HttpResponse(ROWS.render({"tickets": rows}))


urlpatterns = [path("", tickets)]


# ---- Excel --------------------------------------------------------------------------------------------------------

DAY = dt.datetime(2026, 11, 2, 9, 40)
VALUES: tuple[Any, ...] = (
    "BX202611-0042", DAY, "3号楼", "3号楼 3层 312 寝室", "门窗", "门锁打不开", "门锁打不开，钥匙插不进去", 2, "普通", "影响 8 人", "已完成",
    "王明华", "李伟强", DAY, DAY,
)  # fmt: skip


def workbook(stream: IO[bytes], rows: int) -> None:
    """15 columns of what a ticket's row holds, by openpyxl's write-only mode as its documentation shows it."""
    book = Workbook(write_only=True)
    page = book.create_sheet("报修单")
    for number in range(rows):
        row: list[Any] = [f"{VALUES[0]}{number}"]
        for value in VALUES[1:]:
            if isinstance(value, dt.datetime):
                cell = WriteOnlyCell(page, value + dt.timedelta(minutes=number))
                cell.number_format = "yyyy-mm-dd hh:mm"
                row.append(cell)
            elif isinstance(value, int):
                cell = WriteOnlyCell(page, value)
                cell.number_format = "0"
                row.append(cell)
            else:
                row.append(value)
        page.append(row)
    book.save(stream)
