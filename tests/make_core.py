"""Builders for the mechanisms: what a browser would post back, photos, uploads, workbooks."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import CheckboxInput
from openpyxl import Workbook
from PIL import Image


def posted(response: Any, **over: Any) -> dict[str, Any]:
    """What the form on the page would post as it stands, hidden inputs too, with `over` typed into it."""
    form = response.context["form"]
    data: dict[str, Any] = {"submit_token": form.submit_token}
    if form.version is not None:
        data["version"] = form.version
    for bound in form:
        value = bound.field.prepare_value(bound.value()) if not form.is_bound else bound.value()
        if isinstance(bound.field.widget, CheckboxInput):
            data |= {bound.html_name: "on"} if value else {}
            continue
        value = bound.field.widget.format_value(value) if hasattr(bound.field.widget, "format_value") else value
        if isinstance(value, list) and not getattr(bound.field.widget, "allow_multiple_selected", False):
            value = value[0] if value else ""
        if value not in (None, False) and not bound.field.widget.needs_multipart_form:
            data[bound.html_name] = value
    return {name: value for name, value in (data | over).items() if value is not None}


def photo(
    width: int = 400, height: int = 300, *, name: str = "fan.jpg", kind: str = "JPEG", exif: Any = None
) -> SimpleUploadedFile:
    """An uploaded photo."""
    out = io.BytesIO()
    options = {"exif": exif} if exif is not None else {}
    Image.new("RGB", (width, height), (180, 120, 60)).save(out, kind, **options)
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def upload(content: bytes, name: str = "file.bin") -> SimpleUploadedFile:
    """An uploaded file with this content."""
    return SimpleUploadedFile(name, content)


def book(*sheets: tuple[str, list[list[Any]]], name: str = "table.xlsx") -> SimpleUploadedFile:
    """An uploaded workbook of (sheet name, rows)."""
    out, made = io.BytesIO(), Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        page = made.create_sheet(title)
        for row in rows:
            page.append(row)
    made.save(out)
    return SimpleUploadedFile(name, out.getvalue())
