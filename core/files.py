"""Files: photos checked by content and drawn anew, stored under random names, served to who may see their record."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString
from PIL import Image, ImageOps, UnidentifiedImageError

from core import clock
from core.models import Attachment

logger = logging.getLogger(__name__)

PHOTO_LIMIT = 10 * 1024 * 1024
PIXEL_LIMIT = 60_000_000  # a phone of today makes 50 million at most
LONG_SIDE, THUMB_SIDE, QUALITY = 1600, 320, 82
EXPORT_DAYS = 7  # a sheet made in the background waits so long for its download
FORMATS = ("JPEG", "PNG")

# The files stored inside a block of `undone_on_error`; a rolled-back transaction takes its rows, not its files.
_stored: ContextVar[list[str] | None] = ContextVar("stored_files", default=None)


@dataclass(frozen=True)
class Photo:
    """A photo that was checked and drawn anew: nothing of the upload's own bytes is left."""

    name: str
    full: bytes
    thumb: bytes


def check_photo(upload: Any) -> Photo:
    """Check an upload by content and draw it anew as JPEG, without EXIF and place; ValidationError names the file."""
    if isinstance(upload, Photo):
        return upload
    name = _short(str(getattr(upload, "name", "") or "照片"))
    size = upload.size
    if size == 0:
        raise ValidationError(f"“{name}”是空文件（0 字节），请换一张。", code="empty")
    if size > PHOTO_LIMIT:
        raise ValidationError(
            f"“{name}”有 {size / 1024 / 1024:.0f} MB，每张最多 {PHOTO_LIMIT // 1024 // 1024} MB。请换一张小的。",
            code="too_big",
        )
    upload.seek(0)
    try:
        with Image.open(upload, formats=FORMATS) as image:
            if image.width * image.height > PIXEL_LIMIT:
                raise ValidationError(
                    f"“{name}”的尺寸 {image.width}×{image.height} 太大，请缩小后再传。", code="pixels"
                )
            image.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a large JPEG is decoded at the size that is needed
            full = _flat(ImageOps.exif_transpose(image))
    except ValidationError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, EOFError) as error:
        raise ValidationError(f"“{name}”不是照片，或者坏了。请传 JPG 或 PNG 照片。", code="not_a_photo") from error
    full.thumbnail((LONG_SIDE, LONG_SIDE))
    small = full.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return Photo(name, _jpeg(full), _jpeg(small))


def _short(name: str) -> str:
    """A file's name as messages show it: the end tells more than the middle."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if char.isprintable()) or "照片"
    return name if len(name) <= 30 else f"{name[:18]}…{name[-10:]}"


def _flat(image: Image.Image) -> Image.Image:
    """The picture in RGB; what was transparent becomes white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image.convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.info.clear()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


# ---------- keeping ----------


@contextlib.contextmanager
def undone_on_error() -> Iterator[None]:
    """Remove the files that were stored inside the block if it fails. Put it round the transaction.

    What a killed process leaves behind, `sweep` takes away.
    """
    token = _stored.set([])
    try:
        yield
    except BaseException:
        for name in _stored.get() or ():
            _remove(name)
        raise
    finally:
        _stored.reset(token)


def _remove(name: str) -> None:
    try:
        default_storage.delete(name)
    except OSError:
        logger.warning("file %s could not be removed", name, exc_info=True)


def _keep(row: Attachment, column: str, name: str, content: bytes) -> None:
    """Store one file, on the disk and not in a cache, before its row is confirmed."""
    file = getattr(row, column)
    file.save(name, ContentFile(content), save=False)
    stored = _stored.get()
    if stored is not None:
        stored.append(file.name)
    with contextlib.suppress(NotImplementedError, OSError):  # a storage without paths looks after itself
        handle = os.open(file.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def attach(
    record: models.Model, upload: Any, *, by: Any, role: str = "", caption: str = "", unseen: bool = False
) -> Attachment:
    """Attach a photo (an upload, or what PhotosField cleaned) to a record, inside the caller's transaction."""
    photo = check_photo(upload)
    row = _row(record, by=by, role=role, caption=caption, unseen=unseen, content=photo.full)
    _keep(row, "file", "photo.jpg", photo.full)
    _keep(row, "thumb", "thumb.jpg", photo.thumb)
    row.save()
    return row


def keep_sheet(owner: Any, name: str, content: bytes) -> Attachment:
    """Keep an Excel file for one user to fetch; `sweep` removes it after some days."""
    row = _row(owner, by=owner, role="export", caption=name[:100], unseen=False, content=content)
    _keep(row, "file", "sheet.xlsx", content)
    row.save()
    return row


def _row(record: models.Model, *, by: Any, role: str, caption: str, unseen: bool, content: bytes) -> Attachment:
    return Attachment(
        kind=ContentType.objects.get_for_model(record), object_id=record.pk, role=role, caption=caption[:100],
        unseen=unseen, by=by if getattr(by, "pk", None) else None, size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def photos(record: models.Model, role: str | None = None) -> models.QuerySet[Attachment]:
    """The photos of a record, oldest first."""
    kind = ContentType.objects.get_for_model(record)
    found = Attachment.objects.filter(kind=kind, object_id=record.pk).order_by("pk")
    return found if role is None else found.filter(role=role)


def visible_photos(record: models.Model, user: Any, role: str | None = None) -> list[Attachment]:
    """The photos of a record that this reader may look at (those of unknown people wait for the office)."""
    found = list(photos(record, role))
    return (
        found
        if not any(one.unseen for one in found) or _sees_unseen(record, user)
        else [one for one in found if not one.unseen]
    )


def show(record: models.Model) -> int:
    """Let everybody who sees the record see its photos too: the office has looked at them."""
    return photos(record).filter(unseen=True).update(unseen=False)


# ---------- who may look ----------


def _sees_unseen(record: Any, user: Any) -> bool:
    asked = getattr(record, "may_see_unseen", None)
    return bool(asked is not None and asked(user))


def may_see(request: Any, attachment: Attachment) -> bool:
    """May this request have the file? As its record; photos from unknown people only if the record says so.

    A record class takes part by `objects.visible_to(user)`; it may add `may_see_unseen(user)` and, for readers
    without login, the class method `guest_may_see(request, record)`.
    """
    kind = attachment.kind.model_class()
    if kind is None:
        return False
    user = request.user
    if kind is get_user_model():
        return bool(user.is_authenticated and user.pk == attachment.object_id)
    record = kind._base_manager.filter(pk=attachment.object_id).first()
    if record is None:
        return False
    guest = getattr(kind, "guest_may_see", None)
    if guest is not None and guest(request, record):
        return not attachment.unseen or bool(attachment.by_id is None)
    rows = kind._default_manager.all()
    if not user.is_authenticated or not hasattr(rows, "visible_to"):
        return False
    if not rows.visible_to(user).filter(pk=record.pk).exists():
        return False
    return not attachment.unseen or _sees_unseen(record, user)


# ---------- the field ----------


class PhotosInput(forms.ClearableFileInput):
    """The photo button of the look: camera or gallery, several at once."""

    allow_multiple_selected = True
    draws_itself = True

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        from core.templatetags.houqin import icon

        found = self.build_attrs(self.attrs, attrs)
        found = {key: part for key, part in found.items() if key != "class"}
        found["aria-describedby"] = " ".join(filter(None, [f"{found.get('id')}_label", found.get("aria-describedby")]))
        found |= {"type": "file", "name": name, "accept": "image/jpeg,image/png", "multiple": True}
        return format_html(
            '<label class="photo-add">{}{}<input{}></label>', icon("camera"), "拍照或选照片", flatatt(found)
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return files.getlist(name) if hasattr(files, "getlist") else list(filter(None, [files.get(name)]))


class PhotosField(forms.FileField):
    """Up to `max_files` photos; cleans to a list of `Photo`, each ready for `attach`."""

    widget = PhotosInput

    def __init__(self, *, max_files: int = 4, **kwargs: Any) -> None:
        kwargs.setdefault("label", "照片")
        self.max_files = max_files
        kwargs.setdefault("help_text", f"最多 {max_files} 张，每张不超过 {PHOTO_LIMIT // 1024 // 1024} MB。")
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Photo]:  # type: ignore[override]
        uploads = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if not uploads:
            if self.required:
                raise ValidationError("请拍一张照片。", code="required")
            return []
        if len(uploads) > self.max_files:
            raise ValidationError(f"最多 {self.max_files} 张，您选了 {len(uploads)} 张。请去掉几张。", code="too_many")
        found, errors = [], []
        for upload in uploads:
            try:
                found.append(check_photo(upload))
            except ValidationError as error:
                errors.append(error)
        if errors:
            raise ValidationError(errors)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


# ---------- sweeping ----------


def sweep(day: dt.date | None = None) -> str:
    """Remove what belongs to nothing: files without a row, rows without a record, fetched sheets; say how much.

    A file younger than a day may belong to a transaction that is not confirmed yet.
    """
    rows = _orphan_rows() + list(
        Attachment.objects.filter(role="export", at__lt=clock.now() - dt.timedelta(days=EXPORT_DAYS))
    )
    for row in rows:
        row.delete()
        for file in (row.file, row.thumb):
            if file and file.name:
                _remove(file.name)
    count = 0
    root = Path(default_storage.location)  # type: ignore[attr-defined]
    limit = clock.now().timestamp() - 24 * 3600
    for folder in sorted(root.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]")):
        start = f"{folder.relative_to(root).as_posix()}/"
        named = set(Attachment.objects.filter(file__startswith=start).values_list("file", flat=True))
        named |= set(Attachment.objects.filter(thumb__startswith=start).values_list("thumb", flat=True))
        for path in folder.iterdir():
            if start + path.name not in named and path.is_file() and path.stat().st_mtime < limit:
                _remove(start + path.name)
                count += 1
    return f"清理文件 {count} 个、附件 {len(rows)} 条"


def _orphan_rows() -> list[Attachment]:
    found: list[Attachment] = []
    kinds: Sequence[int] = list(Attachment.objects.order_by().values_list("kind", flat=True).distinct())
    for pk in kinds:
        model = ContentType.objects.get_for_id(pk).model_class()
        rows = Attachment.objects.filter(kind_id=pk)
        found += list(rows if model is None else rows.exclude(object_id__in=model._base_manager.values("pk")))
    return found
