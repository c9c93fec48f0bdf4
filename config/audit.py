"""The audit as a whole: what each app checks of its own, and what lies under all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection, models

import assets.audit
import campus.audit
import classrooms.audit
import dormitory.audit
import finance.audit
import inspections.audit
import repairs.audit
import stores.audit
import workplan.audit
from core.models import Attachment, Sequence

NUMBERED = (  # model, column, prefix of its numbers
    ("repairs.Ticket", "number", "BX"), ("stores.PurchaseRequest", "number", "SG"), ("assets.ScrapProposal", "number", "BF"),
    ("repairs.OutsideJob", "number", "WX"), ("finance.Expense", "number", "FY"), ("finance.Payment", "number", "FK"), ("finance.Claim", "number", "PC"),
    ("inspections.Round", "number", "JC"), ("inspections.Finding", "number", "WT"),
    ("classrooms.Batch", "number", "PX"), ("assets.Card", "number", "ZC"), *(("stores.Move", "number", prefix) for prefix in ("RK", "CK", "TK", "PD", "CZ")),
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One app's audit, and the tables whose rows it looks at."""

    name: str
    run: Callable[[], Iterable[str]]
    tables: tuple[str, ...]


def numbers() -> Iterator[str]:
    """No number is higher than what its sequence has given out."""
    given = dict(Sequence.objects.values_list("key", "last"))
    highest: dict[str, tuple[int, str]] = {}
    for label, column, prefix in NUMBERED:
        found = apps.get_model(label).objects.filter(**{f"{column}__startswith": prefix}).order_by()
        for number in found.values_list(column, flat=True).distinct().iterator(chunk_size=5000):
            key, _, serial = number.rpartition("-")
            if serial.isdigit() and int(serial) > highest.get(key, (0, ""))[0]:
                highest[key] = (int(serial), number)
    for key, (serial, number) in sorted(highest.items()):
        # A card's number may be typed by hand; what the system counts itself must never run behind its own numbers.
        if serial > given.get(key, 0) and (key in given or not key.startswith("ZC")):
            yield f"编号 {key}：最大的是 {number}，号段只发到 {given.get(key, 0)}。"


def attachments() -> Iterator[str]:
    """Every attachment has its record and its files."""
    there: dict[int, set[int]] = {}
    for row in Attachment.objects.order_by("pk").select_related("kind").iterator(chunk_size=2000):
        for file in filter(None, (row.file.name, row.thumb.name if row.thumb else "")):
            if not default_storage.exists(file):
                yield f"附件 {row.pk}：文件 {file} 不在。"
        owner = row.kind.model_class()
        if owner is None:
            yield f"附件 {row.pk}：所属的种类 {row.kind} 已不存在。"
            continue
        if row.kind_id not in there:
            there[row.kind_id] = set(owner._default_manager.values_list("pk", flat=True))
        if row.object_id not in there[row.kind_id]:
            yield f"附件 {row.pk}：所属的{owner._meta.verbose_name} {row.object_id} 不在。"


def integrity() -> Iterator[str]:
    """Every foreign key leads somewhere (SQLite checks only what it writes)."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for table, row, other, _ in cursor.execute("PRAGMA foreign_key_check").fetchall():
            yield f"{table} 第 {row} 行：指向的 {other} 不在。"


CHECKS = (
    Check("数据库", integrity, ()),
    Check("编号", numbers, ("core.Sequence",)),
    Check("附件", attachments, ("core.Attachment",)),
    Check("学校", campus.audit.audit, ("campus.Place", "campus.Term", "campus.Duty")),
    Check("财务", finance.audit.audit, ("finance.Expense", "finance.Invoice", "finance.Payment", "finance.Claim")),
    Check("仓库", stores.audit.audit, ("stores.Move",)),
    Check("资产", assets.audit.audit, ("assets.Card", "assets.Holding", "assets.HoldingMove")),
    Check("报修", repairs.audit.audit, ("repairs.Ticket", "repairs.Material", "core.LogEntry")),
    Check(
        "检查",
        inspections.audit.audit,
        ("inspections.Round", "inspections.Target", "inspections.Result", "inspections.Finding"),
    ),
    Check("周转库", classrooms.audit.audit, ("classrooms.Swap", "classrooms.Batch")),
    Check(
        "宿舍", dormitory.audit.audit, ("dormitory.Room", "dormitory.Board", "dormitory.BoardRow", "dormitory.Appeal")
    ),
    Check("月计划", workplan.audit.audit, ("workplan.PlanLine", "workplan.PlanMember")),
)


def run() -> Iterator[str]:
    """Every broken row of every app, in words."""
    for check in CHECKS:
        for sentence in check.run():
            yield f"{check.name}：{sentence}"


def looked_at() -> int:
    """How many rows that was."""
    tables: set[type[models.Model]] = {apps.get_model(label) for check in CHECKS for label in check.tables}
    return sum(table._default_manager.count() for table in tables)
