"""QR labels for doors: what is printed, and how many with which address are out."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import segno
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe

from campus import profile
from campus.models import Place, PlaceQuerySet, SchoolProfile
from core import log
from core.workflow import RuleBroken

PER_PAGE = 24  # A4, three by eight
MOST = 360
UNLABELLED = ("campus", "building", "floor")  # nobody reports "the third floor": its corridor carries the label


@dataclass(frozen=True)
class Label:
    """One label: the drawing, the name, the address in words."""

    place: Place
    drawing: SafeString
    address: str


def address(place: Place, base: str) -> str:
    """What the QR code says."""
    return f"{base.rstrip('/')}/r/{place.token}/"


def drawing(text: str) -> SafeString:
    """A QR code as inline SVG without a style attribute; `text` is encoded into modules, never into markup."""
    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=True, border=2)
    return mark_safe(out.getvalue().decode().strip())  # noqa: S308


def under(place: Place) -> PlaceQuerySet:
    """The places at or below `place` that carry a label, in order of the tree."""
    found = Place.objects.active().filter(path__startswith=place.path).exclude(kind__in=UNLABELLED)
    return found.order_by("parent__order", "parent_id", "order", "name")


def sheet(place: Place) -> list[Label]:
    """The labels of a building, a floor or one place."""
    base = profile.current().public_url
    return [Label(one, drawing(address(one, base)), address(one, base)) for one in under(place)[:MOST]]


def outdated() -> int:
    """How many labels are out with another address than the present one."""
    row = profile.current()
    return row.labels_out if row.labels_out and row.labels_url != row.public_url else 0


def count_out(place: Place, *, by: Any) -> int:
    """Note that the labels below `place` are being printed with the present address; returns how many."""
    with transaction.atomic():
        row = SchoolProfile.objects.select_for_update().order_by("pk").first()
        if row is None or not row.public_url:
            raise RuleBroken("还没有填系统网址，标签印出来也扫不开。请先到“设置 - 学校信息”填写。")
        number = under(place).count()
        if not number:
            raise RuleBroken(f"{place.full_name} 里没有要贴标签的地点。")
        if number > MOST:
            raise RuleBroken(f"{place.full_name} 里有 {number} 个地点，一次最多印 {MOST} 张。请按楼或按层分开印。")
        row.labels_out = number + (row.labels_out if row.labels_url == row.public_url else 0)
        row.labels_url = row.public_url
        row.save(update_fields=["labels_out", "labels_url"])
        log.write(place, "labels", by=by, text=f"生成二维码标签 {number} 张，网址 {row.public_url}")
    return number
