"""Pages of the mechanisms: the inbox, and files handed to those who may see their record."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from core import files, notices, sheets
from core.listing import Column, Listing
from core.models import Attachment, Notice
from core.pages import ListPage, Page


class NoticeListing(Listing):
    """A user's notices."""

    model = Notice
    title, filename, measure = "消息", "消息", "条"
    empty = ("没有消息", "有新的报修、派工、催办或答复，会在这里告诉您。")
    empty_icon = "bell"
    columns = (
        Column("at", "时间", kind="datetime"),
        Column("text", "内容"),
        Column("urgent", "急", kind="bool"),
        Column("read_at", "已读", kind="datetime"),
    )

    def base(self) -> Any:
        return Notice.objects.filter(user=self.user)


class Inbox(ListPage):
    """The inbox, newest first."""

    listing = NoticeListing
    template_name = "core/inbox.html"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(unread=notices.unread(self.request.user).exists(), **extra)


class ReadAll(Page):
    """Mark everything as read."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("core:inbox"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        count = notices.mark_read(notices.unread(request.user))
        messages.success(request, f"{count} 条消息标为已读。" if count else "没有未读的消息。")
        return HttpResponseRedirect(reverse("core:inbox"))


class OpenNotice(Page):
    """Open a notice: mark it as read, then go where it leads. A POST, because it changes something."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("core:inbox"))

    def post(self, request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        notice = Notice.objects.filter(user=request.user, pk=pk).first()
        if notice is None:
            raise Http404("没有找到这条消息。")
        notices.mark_read(Notice.objects.filter(pk=notice.pk))
        inside = notice.url and url_has_allowed_host_and_scheme(notice.url, None)
        return HttpResponseRedirect(notice.url if inside else reverse("core:inbox"))


class File(Page):
    """An attachment. The token alone opens nothing: who asks must be allowed to see the record."""

    public = True  # readers with a follow address have no login; `files.may_see` decides
    small = False

    def get(self, request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        row = (
            Attachment.objects.select_related("kind").filter(token=token).first()
            if re.fullmatch(r"[A-Za-z0-9_-]{1,32}", token)
            else None
        )
        if row is None or not files.may_see(request, row):
            raise Http404("没有这个文件，或者您不能查看。")
        stored = row.thumb if self.small and row.thumb else row.file
        try:
            handle = stored.open("rb")
        except FileNotFoundError as error:
            raise Http404("这个文件已经不在了。") from error
        if row.role == "export":
            return sheets.file_response(handle, row.caption)
        response = FileResponse(handle, content_type="image/jpeg")
        response.headers["Content-Disposition"] = f'inline; filename="{row.token}.jpg"'
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response
