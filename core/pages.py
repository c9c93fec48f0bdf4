"""Pages: the five kinds of view that every app declares, so that no view decides a business question itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.forms import BaseModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from core import clock, files, forms, log, rights, sheets
from core import listing as lists
from core.models import LogEntry, SavedFilter, SpentToken
from core.saving import AlreadyDone, changes_of, news_of, posted_version, remember, spend, values_of
from core.workflow import Flow, RuleBroken, Stale

SAVED_FILTERS = 20  # a user may keep so many for one list
Crumbs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Action:
    """A button in the head of a page; `post` ones stand in a small form of their own."""

    label: str
    url: str
    icon: str = ""
    style: str = "plain"  # plain | primary | accent | danger
    method: str = "get"
    desk_only: bool = False


class Page(View):
    """A page: who may open it, and what its head says."""

    permission: ClassVar[str | tuple[str, ...]] = ""  # several: any of them is enough
    public: ClassVar[bool] = False
    denied: ClassVar[str] = "这个页面不在您的职责范围内。需要使用的话，请联系管理员。"
    template_name: str = ""
    title: str = ""
    crumbs: Crumbs = ()
    actions: Sequence[Action] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refused = self.gate()
        return refused if refused is not None else super().dispatch(request, *args, **kwargs)

    def gate(self) -> HttpResponseBase | None:
        """Send guests to the login page; refuse with a reason who lacks the permission."""
        if not self.public and not self.request.user.is_authenticated:
            return redirect_to_login(self.request.get_full_path())
        reason = self.refusal()
        if reason:
            raise PermissionDenied(reason)
        return None

    def refusal(self) -> str | None:
        """Why this user may not open the page, or None."""
        wanted = (self.permission,) if isinstance(self.permission, str) else self.permission
        wanted = tuple(filter(None, wanted))
        if wanted and not any(rights.can(self.request.user, one) for one in wanted):
            return self.denied
        return None

    def actor(self) -> Any:
        """In whose name things are done."""
        return self.request.user

    def get_title(self) -> str:
        return self.title

    def get_crumbs(self) -> Crumbs:
        return self.crumbs

    def get_actions(self) -> Iterable[Action]:
        return self.actions

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """What the template gets; subclasses add to it."""
        return {
            "page": self, "title": self.get_title(), "crumbs": list(self.get_crumbs()),
            "actions": list(self.get_actions()), **extra,
        }  # fmt: skip

    def render(self, *, status: int = 200, template: str = "", **extra: Any) -> HttpResponse:
        return render(self.request, template or self.template_name, self.get_context(**extra), status=status)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render()


# ---------- lists ----------


class ListPage(Page):
    """A list: filters, sorting, paging by key, saved filters, bulk actions, Excel; all from one Listing."""

    listing: ClassVar[type[lists.Listing]]
    template_name = "core/list.html"
    tabs: Sequence[tuple[str, str]] = ()  # (label, query string); "" is the whole list
    bulk: tuple[lists.Bulk, ...] = ()
    bulk_url: str = ""
    export: ClassVar[bool] = True
    saving: ClassVar[bool] = True  # may users keep filters of their own

    def get_listing_class(self) -> type[lists.Listing]:
        return self.listing

    def get_queryset(self) -> models.QuerySet[Any]:
        """The rows before filtering."""
        return self.rows.base()

    def get_tabs(self) -> Iterable[tuple[str, str]]:
        return self.tabs

    def get_bulk_url(self) -> str:
        return self.bulk_url

    def get_title(self) -> str:
        return self.title or self.rows.title

    @cached_property
    def rows(self) -> lists.Listing:
        """The listing, for this request."""
        return self.get_listing_class()(self.request.user, self.request.GET, self.request)

    @cached_property
    def filters(self) -> lists.FilterSet | None:
        kind = self.rows.filterset
        return kind(self.request.GET, self.get_queryset(), request=self.request) if kind else None

    @cached_property
    def filtered(self) -> models.QuerySet[Any]:
        """The rows that the filters leave: the same on the screen and in the sheet."""
        return self.rows.queryset(self.filters.qs if self.filters is not None else self.get_queryset())

    @property
    def key(self) -> str:
        """The name under which saved filters are kept."""
        match = self.request.resolver_match
        return (match.view_name if match else type(self).__name__)[:60]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.export and request.GET.get("export") == "xlsx":
            return sheets.sheet_response(self.rows, self.filtered, request)
        return self.render()

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows, bulk = self.rows, lists.allowed_bulk(self.bulk, self.request.user)
        found = rows.rows(self.filtered)
        alone = not found.after and not found.before
        if alone:
            count = f"{len(found.records)} {rows.measure}"
        elif self.filters is not None and self.filters.searching:
            count = ""
        else:
            count = self.count_words()
        return super().get_context(
            listing=rows, found=found, records=found.records, count=count, bulk=bulk, bulk_url=self.get_bulk_url(),
            heads=rows.heads(), body=rows.body(found.records, pick=bool(bulk)), filters=self.filters,
            totals=rows.totals(self.filtered) if found.records else None,
            tabs=self.tab_links(), query=lists.query_of(self.request.GET),
            next_url=rows.address(after=found.after) if found.after else "",
            previous_url=rows.address(before=found.before) if found.before else "",
            export_url=rows.address(export="xlsx") if self.export else "", **extra,
        )  # fmt: skip

    def count_words(self) -> str:
        """How many rows the filters leave, in words."""
        return lists.count_words(self.filtered, self.rows.measure)

    def tab_links(self) -> list[dict[str, Any]]:
        """The page's own tabs and the user's saved filters; `current` marks the one that is shown."""
        asked = lists.query_of(self.request.GET)
        found = [
            {"label": label, "url": f"?{query}", "current": lists.same_query(query, asked)}
            for label, query in self.get_tabs()
        ]
        if self.saving and self.rows.filterset and self.request.user.is_authenticated:
            own = SavedFilter.objects.filter(user=self.request.user, page=self.key).order_by("pk")[:SAVED_FILTERS]
            found += [
                {"label": f"{one.name}（我存的）", "url": f"?{one.query}", "current": lists.same_query(one.query, asked), "pk": one.pk}
                for one in own
            ]  # fmt: skip
        return found

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep or drop a saved filter; a list has nothing else to post to itself."""
        if not self.saving or not request.user.is_authenticated:
            raise Http404
        own = SavedFilter.objects.filter(user=request.user, page=self.key)
        if "delete_filter" in request.POST:
            text = request.POST["delete_filter"]
            gone = own.filter(pk=int(text)).delete()[0] if text.isascii() and text.isdigit() and len(text) < 19 else 0
            if gone:
                messages.success(request, "已删除这个常用条件。")
            else:
                messages.warning(request, "这个常用条件已经不在了。")
            return HttpResponseRedirect(request.path)
        name = " ".join(forms.clean_text(request.POST.get("save_filter", "")).split())
        query = lists.query_of(request.GET)
        back = HttpResponseRedirect(request.path + (f"?{query}" if query else ""))
        if not name or len(name) > 20:
            messages.error(request, "没有存成：给这组条件起个名字，最多 20 个字。")
        elif not query or len(query) > 500:
            messages.error(
                request, "没有存成：先选好条件、点“筛选”，再存。" if not query else "没有存成：条件太长，请减少几个。"
            )
        elif not own.filter(name=name).exists() and own.count() >= SAVED_FILTERS:
            messages.error(request, f"没有存成：每个列表最多存 {SAVED_FILTERS} 组，请先删去不用的。")
        else:
            own.update_or_create(user=request.user, page=self.key, name=name, defaults={"query": query})
            messages.success(request, f"已存为“{name}”。")
        return back


# ---------- one record ----------


class RecordPage(Page):
    """A page about one record, which the user must be able to see: else 404."""

    model: ClassVar[type[models.Model]]
    slug_field: ClassVar[str] = "pk"
    related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self) -> models.QuerySet[Any]:
        found = self.model._default_manager.all()
        found = found.visible_to(self.request.user) if hasattr(found, "visible_to") else found
        return found.select_related(*self.related) if self.related else found

    @cached_property
    def object(self) -> Any:
        """The record."""
        return self.get_object()

    def get_object(self) -> Any:
        value = self.kwargs.get("slug", self.kwargs.get("pk", self.kwargs.get(self.slug_field)))
        try:
            found = self.get_queryset().filter(**{self.slug_field: value}).first()
        except (ValueError, TypeError, ValidationError, OverflowError):
            found = None
        if found is None:
            raise Http404("没有找到这条记录，或者您不能查看。")
        return found


class DetailPage(RecordPage):
    """A record's page. Without a template of its own it shows `facts` and the timeline."""

    template_name = "core/detail.html"

    def get_title(self) -> str:
        return self.title or str(self.object)

    def facts(self) -> Iterable[tuple[str, Any]]:
        """Pairs of word and value for the plain page."""
        return ()

    def timeline(self) -> Iterable[LogEntry]:
        """What happened, newest first."""
        return LogEntry.objects.of(self.object).select_related("acting_for")[:50]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(object=self.object, facts=self.facts(), timeline=self.timeline(), **extra)


# ---------- writing ----------


class WritingPage(RecordPage):
    """What FormPage and ActionPage share: the form, the token, the transaction."""

    form_class: ClassVar[type[Any] | None] = None
    submit_label: str = ""
    submit_style: str = ""
    back_label: str = "取消"
    success: str = ""  # the message afterwards

    def get_form_class(self) -> type[Any] | None:
        return self.form_class

    def get_initial(self) -> dict[str, Any]:
        return {}

    def get_form_kwargs(self) -> dict[str, Any]:
        """What the form is made with; forms that must know the user take it from here."""
        found: dict[str, Any] = {"initial": self.get_initial()}
        if self.request.method == "POST":
            found |= {"data": self.request.POST, "files": self.request.FILES}
        return found

    def get_form(self) -> Any:
        kind = self.get_form_class() or forms.Form
        return kind(**self.get_form_kwargs())

    def get_submit_label(self) -> str:
        return self.submit_label or "保存"

    def get_submit_style(self) -> str:
        return self.submit_style or "primary"

    def back_url(self) -> str:
        """Where the way back leads."""
        crumbs = [url for _, url in self.get_crumbs() if url]
        return crumbs[-1] if crumbs else "/"

    def get_success_url(self, record: Any) -> str:
        if hasattr(record, "get_absolute_url"):
            return record.get_absolute_url()
        return self.back_url()

    def get_success(self, record: Any) -> str:
        """The message afterwards, or ""."""
        return self.success

    def done(self, url: str, record: Any) -> HttpResponseBase:
        text = self.get_success(record)
        if text:
            messages.success(self.request, text)
        return HttpResponseRedirect(url)

    def token(self) -> str:
        """The posted submit token; "" without one."""
        text = self.request.POST.get("submit_token", "")
        return text if re.fullmatch(r"[A-Za-z0-9_-]{16,43}", text) else ""

    def led_to(self) -> str | None:
        """Where the first use of this form's token led; None if it was not used yet."""
        token = self.token()
        return SpentToken.objects.filter(pk=token).values_list("url", flat=True).first() if token else None

    def again(self, done: AlreadyDone) -> HttpResponseBase:
        """A second click: lead where the first one led, make nothing."""
        url = done.url if url_has_allowed_host_and_scheme(done.url, None) else self.back_url()
        return HttpResponseRedirect(url)

    def show(self, form: Any, *, status: int = 200, **extra: Any) -> HttpResponse:
        return self.render(
            status=status, form=form, submit_label=self.get_submit_label(), submit_style=self.get_submit_style(),
            back_label=self.back_label, back_url=self.back_url(), **extra,
        )  # fmt: skip


class FormPage(WritingPage):
    """A form for a record: with a key in the address it edits, without it creates.

    An edit that comes on top of somebody else's is not saved: the form comes back with what was typed, and above it
    who changed what. Field differences go to the log.
    """

    template_name = "core/form.html"
    creates: ClassVar[bool | None] = None  # None: by the address

    @property
    def creating(self) -> bool:
        if self.creates is not None:
            return self.creates
        return not {"pk", "slug", self.slug_field} & set(self.kwargs)

    def get_object(self) -> Any:
        return None if self.creating else super().get_object()

    def get_title(self) -> str:
        if self.title:
            return self.title
        name = self.model._meta.verbose_name
        return f"新建{name}" if self.creating else f"修改{name}：{self.object}"

    def get_success(self, record: Any) -> str:
        return self.success or "已保存。"

    def back_url(self) -> str:
        if not self.creating and hasattr(self.object, "get_absolute_url"):
            return self.object.get_absolute_url()
        return super().back_url()

    def get_form_kwargs(self) -> dict[str, Any]:
        found = super().get_form_kwargs()
        if not self.creating and issubclass(self.get_form_class() or forms.Form, BaseModelForm):
            found["instance"] = self.object
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.show(self.get_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = self.attempt(posted_version(request))
        if response.status_code < 300 or response.status_code == 409:
            # Not saved. Was it because this very form came a moment before? Then its first click has the answer.
            led = self.led_to()
            if led is not None:
                return self.again(AlreadyDone(led))
        return response

    def attempt(self, version: int | None) -> HttpResponseBase:
        """Save, or show the form again with what is wrong."""
        form = self.get_form()
        if not form.is_valid():
            return self.show_stale(form, version) if self.stale(self.object, version) else self.show(form)
        try:
            with files.undone_on_error(), transaction.atomic():
                spent = spend(self.token())
                if not self.creating and self.stale(self.lock(), version):
                    raise Stale("别人刚改过这条记录。")
                record = self.save(form)
                url = self.get_success_url(record)
                remember(spent, url)
        except AlreadyDone as done:
            return self.again(done)
        except Stale:
            return self.show_stale(form, version)
        except RuleBroken as broken:
            for reason in broken.reasons:
                form.add_error(None, reason)
            return self.show(form, status=409)
        except IntegrityError:
            form.add_error(None, "没有保存：刚刚已有一条同样的记录，请核对后再保存。")
            return self.show(form, status=409)
        return self.done(url, record)

    def lock(self) -> Any:
        """The record as it is now, held until the end of the transaction."""
        return self.model._base_manager.select_for_update(of=("self",)).get(pk=self.object.pk)

    def stale(self, record: Any, version: int | None) -> bool:
        """Has somebody saved since the form was shown? A form without its version counts as old."""
        return record is not None and hasattr(record, "version") and record.version != version

    def save(self, form: Any) -> Any:
        """Save the form and log what changed; override for what belongs to the same save."""
        names = [name for name in form.fields if self._is_field(name)]
        if self.creating:
            record = form.save()
            log.write(record, "create", by=self.actor(), text=f"新建{self.model._meta.verbose_name}")
            return record
        before = values_of(self.model._base_manager.get(pk=form.instance.pk), names)
        if hasattr(form.instance, "version") and form.has_changed():
            form.instance.version += 1
        record = form.save() if form.has_changed() else form.instance
        changes = changes_of(before, record)
        if changes:
            text = f"修改{'、'.join(changes)}"
            log.write(record, "edit", by=self.actor(), text=text, changes=changes)
        return record

    def _is_field(self, name: str) -> bool:
        return any(field.name == name for field in (*self.model._meta.fields, *self.model._meta.many_to_many))

    def show_stale(self, form: Any, version: int | None) -> HttpResponse:
        """The form once more, with what was typed, under the news of what others changed meanwhile."""
        fresh: Any = self.model._base_manager.get(pk=self.object.pk)
        missed = max(1, fresh.version - version) if version is not None else 1
        form.version = fresh.version
        news = [
            {"by": entry.by_name or "系统", "at": entry.at, "text": entry.text, "changes": list(news_of(entry.changes))}
            for entry in LogEntry.objects.of(fresh)[: min(missed, 10)]
        ]
        return self.show(
            form, status=409, stale=news or [{"by": "别人", "at": clock.now(), "text": "改过这条记录", "changes": []}]
        )


class ActionPage(WritingPage):
    """One step on a record: GET asks, POST runs `service(record, by=actor, **form data)`.

    What a rule refuses is shown with its reasons, logged as "refused", and changes nothing.
    """

    template_name = "core/action.html"
    service: ClassVar[Any] = None
    flow: ClassVar[Flow | None] = None
    step: ClassVar[str] = ""
    danger: ClassVar[bool] = False
    words: str = ""  # what will happen, above the form
    back_label = "返回"

    def get_title(self) -> str:
        return self.title or (self.flow[self.step].label if self.flow and self.step else "")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        extra.setdefault("danger", self.is_danger)
        extra.setdefault("words", self.get_words())
        return super().get_context(object=self.object, **extra)

    @property
    def is_danger(self) -> bool:
        return self.danger or bool(self.flow and self.step and self.flow[self.step].danger)

    def get_words(self) -> str:
        return self.words

    def get_submit_label(self) -> str:
        return self.submit_label or self.get_title()

    def get_submit_style(self) -> str:
        return self.submit_style or ("danger" if self.is_danger else "primary")

    def back_url(self) -> str:
        return self.object.get_absolute_url() if hasattr(self.object, "get_absolute_url") else super().back_url()

    def blockers(self, record: Any) -> list[str]:
        """Why the step cannot be taken now; empty: it can."""
        return self.flow.blockers(record, self.step, self.actor()) if self.flow and self.step else []

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        """Call the service; the version that the page showed goes along if the service asks for it."""
        service = inspect.getattr_static(self, "service")
        call: Callable[..., Any] = service.__func__ if isinstance(service, staticmethod) else service
        takes = inspect.signature(call).parameters.values()
        if "version" not in data and any(p.name == "version" or p.kind is p.VAR_KEYWORD for p in takes):
            data = {**data, "version": posted_version(self.request)}
        return call(record, by=self.actor(), **data)

    def get_form(self) -> Any:
        form = super().get_form()
        if getattr(form, "version", None) is None:
            form.version = getattr(self.object, "version", None)
        return form

    def show(self, form: Any, *, status: int = 200, **extra: Any) -> HttpResponse:
        extra.setdefault("reasons", [])
        return super().show(form, status=status, **extra)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.show(self.get_form(), reasons=self.blockers(self.object))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        led = self.led_to()
        if led is not None:  # the first click has moved the record on: its guards would only confuse
            return self.again(AlreadyDone(led))
        form = self.get_form()
        reasons = self.blockers(self.object)
        if reasons:
            return self.refuse(form, reasons, 403)
        if not form.is_valid():
            return self.show(form)
        try:
            with files.undone_on_error(), transaction.atomic():
                spent = spend(self.token())
                record = self.perform(self.object, dict(form.cleaned_data))
                record = record if isinstance(record, models.Model) else self.object
                url = self.get_success_url(record)
                remember(spent, url)
        except AlreadyDone as done:
            return self.again(done)
        except Stale as stale:
            return self.refuse(form, stale.reasons, 409)
        except RuleBroken as broken:
            fresh = self.model._base_manager.filter(pk=self.object.pk).first()
            if fresh is None or self.blockers(fresh):  # somebody else was first
                return self.refuse(form, broken.reasons, 409)
            self.log_refusal(broken.reasons)
            for reason in broken.reasons:
                form.add_error(None, reason)
            return self.show(form, status=409)
        return self.done(url, record)

    def refuse(self, form: Any, reasons: list[str], status: int) -> HttpResponse:
        """Show why not; the attempt is logged, outside of the transaction that was rolled back."""
        self.log_refusal(reasons)
        return self.show(form, status=status, reasons=reasons, refused=True)

    def log_refusal(self, reasons: list[str]) -> None:
        log.write(self.object, "refused", by=self.actor(), text=f"{self.get_title()}被拒：{'；'.join(reasons)}")
