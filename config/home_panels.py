"""What only the roof can tell: the administrator's panel on the home page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from campus.models import Place, User
from core import tick
from core.panels import Panel, PanelRow
from core.rights import can
from core.templatetags.houqin import moment


def administration(user: Any, obj: Any = None) -> Panel | None:
    """People, places, settings, and when the daily work last ran."""
    if not can(user, "campus.manage_people"):
        return None
    last = tick.last()
    rows = [
        PanelRow("人员", reverse("campus:people"), value=f"{User.objects.filter(is_active=True).count()} 人在用"),
        PanelRow("地点", reverse("campus:places"), value=f"{Place.objects.active().count()} 处"),
        PanelRow("学校信息、校历、指标、分工", reverse("campus:settings")),
        PanelRow("基础数据（故障类别、派工规则等）", reverse("admin:index")),
        PanelRow("每日自动处理", value=f"上次 {moment(last)}" if last else "还没有运行", late=last is None),
    ]
    return Panel("管理", rows, key="administration")
