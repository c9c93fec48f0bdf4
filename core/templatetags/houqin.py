"""Template tags and filters of the house: icons, dates and amounts in words, states, priorities, panels."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import lucide
from django import template
from django.template.loader import get_template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from core import clock
from core.context import WEEKDAYS

register = template.Library()

STATES = {
    "new", "accepted", "dispatched", "doing", "checking", "done", "asked", "held", "declined", "duplicate", "withdrawn",
    "rework",
}  # fmt: skip
PRIORITIES = {"now": "特急", "soon": "紧急", "plain": "普通", "planned": "计划"}
FAR = dt.timedelta(days=180)  # further away than this, a date without its year may be misread


# ---------- icons ----------

_BETWEEN_TAGS = re.compile(r">\s+<")


@cache
def _svg(name: str) -> SafeString:
    """The package's own SVG; its text comes from the installed wheel, never from a user."""
    drawn = lucide._render_icon(name, None, **{"class": "icon", "aria-hidden": "true"})
    return mark_safe(_BETWEEN_TAGS.sub("><", drawn))  # noqa: S308


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "fan" %}`: an inline drawing that screen readers pass over."""
    return _svg(name)


# ---------- dates ----------


def _local(value: Any) -> dt.date | dt.datetime | None:
    """A date, or a datetime by the school's clock; None for anything else."""
    if isinstance(value, dt.datetime):
        return clock.local(value) if value.tzinfo else value
    return value if isinstance(value, dt.date) else None


def _date(value: dt.date | dt.datetime) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


@register.filter
def day(value: Any) -> str:
    """11月22日 周日; with the year where it may be misread."""
    when = _local(value)
    if when is None:
        return ""
    date = _date(when)
    year = f"{date.year}年" if abs(date - clock.today()) > FAR else ""
    return f"{year}{date.month}月{date.day}日 周{WEEKDAYS[date.weekday()]}"


@register.filter
def moment(value: Any) -> str:
    """今天 12:00, 昨天 19:05, 明天 12:00, else 11月21日 周六 21:30; a date has no time."""
    when = _local(value)
    if when is None:
        return ""
    near = {-1: "昨天", 0: "今天", 1: "明天"}.get((_date(when) - clock.today()).days)
    words = near or day(when)
    return f"{words} {when:%H:%M}" if isinstance(when, dt.datetime) else words


@register.filter
def short_day(value: Any) -> str:
    """11-21, for narrow places such as the steps."""
    when = _local(value)
    return f"{when:%m-%d}" if when else ""


@register.filter
def wait(value: Any) -> str:
    """How long: 5 分钟, 2 小时, 3 天; of a timedelta, or since a moment in the past."""
    if isinstance(value, dt.datetime):
        value = clock.now() - value
    elif isinstance(value, dt.date):
        value = clock.today() - value
    if not isinstance(value, dt.timedelta):
        return ""
    minutes = max(0, int(value.total_seconds() // 60))
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    if minutes < 24 * 60:
        return f"{minutes // 60} 小时"
    return f"{minutes // (24 * 60)} 天"


@register.filter
def sentence(value: Any) -> str:
    """What somebody typed, closed with one full stop; nothing stays nothing."""
    text = str(value or "").rstrip().rstrip("，、；,;")
    return text if not text or unicodedata.category(text[-1]) == "Po" else f"{text}。"


# ---------- amounts ----------


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@register.filter
def money(value: Any) -> str:
    """1,234.00; empty for nothing."""
    number = _decimal(value)
    return "" if number is None else f"{number.quantize(Decimal('0.01')):,}"


@register.filter
def qty(value: Any) -> str:
    """A quantity without the zeros of its column: 2, 1.5, 1,200."""
    number = _decimal(value)
    if number is None:
        return ""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# ---------- states and priorities ----------


@register.filter
def state_class(value: Any) -> str:
    """The classes of a state's sign; a state that the look does not know gets the plain ring."""
    return f"state state-{value}" if value in STATES else "state state-accepted"


@register.simple_tag
def state(value: Any, label: str = "") -> SafeString:
    """`{% state "held" "挂起" %}`, or `{% state ticket %}`: the state with its sign."""
    if hasattr(value, "get_state_display"):
        value, label = value.state, label or value.get_state_display()
    return format_html('<span class="{}">{}</span>', state_class(value), label or value)


@register.simple_tag
def prio(level: Any) -> SafeString:
    """`{% prio "soon" %}`: the priority in its frame."""
    css = level if level in PRIORITIES else "plain"
    return format_html('<span class="prio prio-{}">{}</span>', css, PRIORITIES[css])


# ---------- panels ----------


@register.simple_tag(takes_context=True)
def panels(context: template.Context, page: str, record: Any = None) -> SafeString:
    """`{% panels "ticket" ticket %}`: what the apps to the right add to a page (config/panels.py)."""
    from core.panels import panels_for

    request = context["request"]
    shown = []
    for panel in panels_for(page, request.user, record):
        found = get_template(getattr(panel, "template", "") or "parts/_panel.html")
        shown.append((found.render({"panel": panel, "record": record}, request),))
    return format_html_join("", "{}", shown)
