"""Words, columns and the reading right that the tables of finance share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from core.rights import can

MONEY = models.DecimalField(max_digits=12, decimal_places=2)
BOOKS = {"school": "学校", "canteen": "食堂"}
APPROVERS = {"director": "后勤主任", "viceprincipal": "分管副校长", "principal": "校长"}
EXPENSE_STATES = {"waiting": "待审批", "approved": "已批准", "returned": "退回", "void": "作废"}
MARKS = {"no_show": "爽约", "rework": "返工", "price_cut": "核减", "praise": "表扬"}
OUT_KINDS = {"prepay": "预付", "progress": "进度", "final": "结算", "retention": "质保金"}
PAYMENT_KINDS = OUT_KINDS | {"refund": "退款", "income": "收入"}
CLAIM_STATES = {
    "to_judge": "待认定", "due": "待缴", "paid": "已缴", "waived": "已免", "withdrawn": "已撤销", "refunded": "已退",
}  # fmt: skip
CLAIM_OPEN = ("to_judge", "due")
CLAIM_SOURCES = {"ticket": "报修单", "count": "盘点", "books": "教科书回收", "card": "资产卡片", "other": "其他"}
COST_KINDS = {"repair": "维修费", "replace": "购置价", "net": "净值"}


def money(label: str, **options: Any) -> models.DecimalField:
    """A column of money."""
    return models.DecimalField(label, max_digits=12, decimal_places=2, **options)


def person(label: str, null: bool = False) -> models.ForeignKey:
    """A column that names a user, without a way back."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=null, blank=null, related_name="+", verbose_name=label
    )  # fmt: skip


class FinanceQuerySet(models.QuerySet[Any]):
    """What only those see who look after money."""

    def visible_to(self, user: Any) -> FinanceQuerySet:
        return self if can(user, "finance.view") else self.none()
