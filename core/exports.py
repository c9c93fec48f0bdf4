"""Exports in the background: a long list is written by the worker, its link comes to the inbox."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve, reverse

from core import files, jobs, notices, sheets


def later(request: HttpRequest) -> None:
    """Leave the list at the request's address to the worker."""
    jobs.enqueue(export, request.path_info, request.GET.urlencode(), request.user.pk)


def _page(path: str, query: str, user: Any) -> Any:
    """The list page at an address, as `user` would open it now."""
    request = HttpRequest()
    request.method, request.path, request.path_info, request.user = "GET", path, path, user
    request.GET = QueryDict(query)  # type: ignore[assignment]
    match = request.resolver_match = resolve(path)
    view: Any = match.func
    page = view.view_class(**getattr(match.func, "view_initkwargs", {}))
    page.setup(request, *match.args, **match.kwargs)
    return page


@jobs.task
def export(path: str, query: str, user_pk: int) -> str:
    """Write the list at `path` as this user sees it now, and tell him where it is."""
    user = get_user_model()._default_manager.filter(pk=user_pk, is_active=True).first()
    if user is None:
        return "账号已停用"
    try:
        page = _page(path, query, user)
        if page.gate() is not None:
            return "没有权限"
    except (PermissionDenied, Resolver404):
        return "没有权限"
    file, name, count = sheets.write_listing(page.rows, page.filtered)
    with file, files.undone_on_error(), transaction.atomic():
        row = files.keep_sheet(user, name, file.read())
        sheets.log_export(page.rows, count, by=user, conditions=page.request.GET.urlencode()[:200])
        notices.tell(
            user,
            f"{name} 做好了：{count:,} 行，点开下载（保留 {files.EXPORT_DAYS} 天）。",
            reverse("core:file", args=[row.token]),
        )
    return f"{name} {count} 行"
