"""What every app shares: the log, attachments, numbers, one-use tokens, notices, import runs, saved filters."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

from core import clock

if TYPE_CHECKING:
    from campus.models import User


class AppendOnly(models.Model):
    """A row that is written once: neither saved again nor deleted through the ORM."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None and not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is append-only")


class LogQuerySet(models.QuerySet["LogEntry"]):
    """Reads of the log; writing goes through `core.log`."""

    def of(self, obj: models.Model) -> LogQuerySet:
        """Return the entries of one record, newest first."""
        kind = ContentType.objects.get_for_model(obj, for_concrete_model=True)
        return self.filter(kind=kind, object_id=obj.pk).order_by("-at", "-pk")

    def update(self, **kwargs: Any) -> int:
        raise TypeError("LogEntry is append-only")

    def delete(self) -> Any:
        raise TypeError("LogEntry is append-only")


class LogEntry(AppendOnly):
    """One row of the one audit trail, which is the timeline of its record as well."""

    at = models.DateTimeField("时间", default=clock.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="操作人")
    by_name = models.CharField("姓名", max_length=60, blank=True)
    acting_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="代"
    )
    verb = models.CharField("动作", max_length=40)
    text = models.CharField("经过", max_length=500, blank=True)
    said = models.TextField("原话", blank=True)
    before = models.CharField("原状态", max_length=20, blank=True)
    after = models.CharField("新状态", max_length=20, blank=True)
    changes = models.JSONField("改动", default=dict, blank=True)
    kind = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    object_id = models.BigIntegerField(null=True)
    record = GenericForeignKey("kind", "object_id")

    objects = LogQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "日志"
        indexes = [
            models.Index(fields=["kind", "object_id", "at"], name="log_record"),
            models.Index(fields=["at"], name="log_at"),
            models.Index(fields=["by", "at"], name="log_by"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.by_name} {self.text or self.verb}"


def _token() -> str:
    """An unguessable name for a file's address."""
    return secrets.token_urlsafe(16)


def _photo_name(instance: Attachment, filename: str) -> str:
    """A random name: what the user called his file is no part of any path."""
    return f"{clock.today():%Y/%m}/{secrets.token_hex(16)}.{filename.rsplit('.', 1)[-1].lower()}"


class Attachment(models.Model):
    """A file that belongs to one record; who may see the record may see the file."""

    kind = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    record = GenericForeignKey("kind", "object_id")
    token = models.CharField(max_length=32, unique=True, default=_token)
    file = models.FileField(upload_to=_photo_name)
    thumb = models.FileField(upload_to=_photo_name, blank=True)
    role = models.CharField("用途", max_length=20, blank=True)  # before, after, cleared, ... named by the owner
    caption = models.CharField("说明", max_length=100, blank=True)
    size = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    unseen = models.BooleanField("未受理前仅后勤可见", default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        indexes = [models.Index(fields=["kind", "object_id"], name="attachment_record")]

    def __str__(self) -> str:
        return self.caption or str(self.file.name)


class Sequence(models.Model):
    """The last number given out for a key such as `BX202611`; numbers are never reused."""

    key = models.CharField(max_length=30, unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}-{self.last}"


class SpentToken(models.Model):
    """A form's submit token after its first use; where it led is remembered for the second click."""

    token = models.CharField(max_length=43, primary_key=True)
    url = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.token


class Notice(models.Model):
    """One line in a user's inbox."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    at = models.DateTimeField(default=clock.now)
    text = models.CharField("内容", max_length=300)
    url = models.CharField(max_length=300, blank=True)
    urgent = models.BooleanField(default=False)
    read_at = models.DateTimeField("已读", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        indexes = [models.Index(fields=["user", "read_at", "-at"], name="notice_inbox")]

    def __str__(self) -> str:
        return self.text


class SavedFilter(models.Model):
    """A list's filter that one user keeps under a name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=60)
    name = models.CharField("名称", max_length=20)
    query = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="saved_filter_once")]

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One uploaded file: what was read, what was wrong, what was confirmed."""

    kind = models.CharField(max_length=40)
    filename = models.CharField("文件名", max_length=200)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)
    mapping = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "digest"], condition=models.Q(applied_at__isnull=False), name="import_file_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.filename} {self.at:%F}"


class TaskRun(models.Model):
    """The last run of a daily task: `tick` does each task once for each school day."""

    name = models.CharField(max_length=60, unique=True)
    day = models.DateField("做到哪一天")
    at = models.DateTimeField(default=clock.now)
    result = models.CharField("结果", max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.day}"


class Stamp(models.Model):
    """A version per cached thing: whoever changes settings bumps it, every process sees it at its next request."""

    name = models.CharField(max_length=30, primary_key=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def actor_name(user: User | None) -> str:
    """The name that the log keeps for `user`."""
    return user.name if user is not None else ""
