"""Listing: one declaration gives a list its table, phone cards, sorting, paging by key, filters and Excel columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db import models
from django.db.models import Q, Sum
from django.http import QueryDict
from django.template import Context
from django.template.loader import get_template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from core import rights
from core.forms import SELECT_LIMIT, adapt, clean_text
from core.paging import Key, Rows, resolve, sort_keys
from core.templatetags.houqin import day, moment, money, qty, state_class

COUNT_LIMIT = 1000
CENT = Decimal("0.01")
OWN_PARAMETERS = ("after", "before", "sort", "export", "page")  # of the list itself: no part of a filter

NUMBERS = frozenset({"int", "decimal", "money"})
UNBROKEN = frozenset({"date", "datetime", "state"})


@dataclass(frozen=True)
class Column:
    """One column, on the screen and in the sheet."""

    name: str
    label: str
    value: str | Callable[[Any], Any] = ""  # dotted path or function; the RAW value, which goes to Excel
    kind: str = "text"  # text int decimal money date datetime state bool
    cell: str | Callable[[Any, Any], Any] = ""  # template, or function(record, value) -> text or safe HTML
    order: str = ""  # model field, indexed, by which the header sorts
    link: bool = False
    phone: str = ""  # "" | hide | label | wide
    where: str = "both"  # both | screen | sheet
    total: bool | str = False  # summed; a string names the ORM path that the screen's total sums
    width: int = 0  # of the sheet's column, in characters; 0: by its contents

    def raw(self, record: Any) -> Any:
        """The value as it is in the record."""
        if callable(self.value):
            return self.value(record)
        found = record
        for part in (self.value or self.name).split("."):
            if found is None:
                return None
            found = getattr(found, part)
        return found() if callable(found) and not isinstance(found, models.Model | models.Manager) else found

    def words(self, record: Any, value: Any) -> Any:
        """The value as it is read: the word of a choice instead of its key."""
        if callable(self.value) or not isinstance(value, str):
            return value
        *path, last = (self.value or self.name).split(".")
        owner = record
        for part in path:
            owner = getattr(owner, part)
        display = getattr(owner, f"get_{last}_display", None)
        return str(display()) if display is not None else value

    def sheet_value(self, record: Any) -> Any:
        """What the Excel cell holds."""
        return self.words(record, self.raw(record))

    def reader(self, model: type[models.Model]) -> Callable[[Any], Any]:
        """`sheet_value` for a hundred thousand rows: how to read is worked out once."""
        if callable(self.value):
            return self.value
        path = self.value or self.name
        field, _ = resolve(model, path.replace(".", "__"))
        if field is None or not isinstance(field, models.Field):
            return self.sheet_value
        read, words = attrgetter(path), dict(field.flatchoices)

        def value(record: Any) -> Any:
            try:
                found = read(record)
            except AttributeError:  # nothing stands on the way
                return self.sheet_value(record)
            return words.get(found, found) if words else found

        return value

    @property
    def css(self) -> str:
        """The classes of the column's cells."""
        found = []
        if self.kind in NUMBERS:
            found.append("num")
        if self.kind in UNBROKEN:
            found.append("nowrap")
        if self.phone == "hide":
            found.append("cards-hide")
        if self.phone == "wide":
            found.append("cell-wide")
        return " ".join(found)


def shown(kind: str, value: Any) -> str:
    """A value as plain text on the screen."""
    if value is None or value == "":
        return ""
    if kind == "money":
        return money(value)
    if kind == "decimal":
        return qty(value)
    if kind == "int":
        return f"{value:,}" if isinstance(value, int) else str(value)
    if kind == "date":
        return day(value)
    if kind == "datetime":
        return moment(value)
    if kind == "bool":
        return "是" if value else "否"
    return str(value)


# ---------- filters ----------


class SearchFilter(django_filters.CharFilter):
    """Every word, each a plain substring of any of the fields; a field of another table is looked up there first, by subquery."""

    LIMIT = 60
    WORDS = 4  # what stands after the fourth blank belongs to the fourth word

    def __init__(self, *args: Any, fields: Sequence[str], placeholder: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("label", "搜索")
        self.search_fields = tuple(fields)
        attrs = {"type": "search", "placeholder": placeholder or "搜索", "maxlength": str(self.LIMIT)}
        super().__init__(*args, widget=forms.TextInput(attrs=attrs), max_length=self.LIMIT, **kwargs)

    @staticmethod
    def spellings(text: str) -> list[str]:
        """The text, and itself with 账 for 帐: half of all people write the one, half the other."""
        text = " ".join(clean_text(text).split())
        return list(dict.fromkeys([text, text.replace("帐", "账"), text.replace("账", "帐")]))

    def filter(self, qs: Any, value: Any) -> Any:
        if not value or not str(value).strip():
            return qs
        for word in str(value).split(maxsplit=self.WORDS - 1):
            found = Q()
            for text in self.spellings(word):
                for name in self.search_fields:
                    found |= self._contains(qs.model, name, text)
            qs = qs.filter(found)
        return qs

    def _contains(self, model: type[models.Model], name: str, text: str) -> Q:
        head, _, rest = name.partition("__")
        if not rest:
            return Q(**{f"{head}__icontains": text})
        field: Any = model._meta.get_field(head)
        if field.many_to_one or field.one_to_one:
            inner = field.related_model._default_manager.filter(**{f"{rest}__icontains": text})
            return Q(**{f"{head}__in": inner.order_by().values("pk")})
        return Q(**{f"{name}__icontains": text})


class FilterSet(django_filters.FilterSet):
    """A list's filters; anything that cannot be read is left out, never an error page.

    Declare `SearchFilter` first. The first word of an empty choice is 全部 with the label.
    """

    def __init__(self, data: Any = None, queryset: Any = None, *, request: Any = None, prefix: Any = None) -> None:
        super().__init__(data if data is not None else QueryDict(), queryset, request=request, prefix=prefix)

    @property
    def user(self) -> Any:
        """Who looks."""
        return getattr(self.request, "user", None)

    @cached_property
    def form(self) -> Any:
        form = super().form
        for field in form.fields.values():
            adapt(field)
            field.required = False
            label = f"全部{field.label}"
            if getattr(field.widget, "input_type", "") in ("text", "search"):  # its label is for screen readers only
                field.widget.attrs.setdefault("placeholder", str(field.label))
            if isinstance(field.widget, django_filters.widgets.BooleanWidget):
                field.widget.choices = [("", label), ("true", f"{field.label}：是"), ("false", f"{field.label}：否")]
            elif isinstance(field, forms.MultipleChoiceField):
                continue
            elif hasattr(field, "empty_label"):
                field.empty_label = label
                field.widget.choices = field.choices
            elif isinstance(field, forms.ChoiceField):
                choices: Any = field.choices
                field.choices = [("", label), *((key, text) for key, text in choices if key not in ("", None))]
        return form

    @property
    def searching(self) -> bool:
        """Is a search word in use? Then nothing is counted: the count would read every row."""
        data = self.form.cleaned_data if self.form.is_valid() or hasattr(self.form, "cleaned_data") else {}
        return any(isinstance(found, SearchFilter) and data.get(name) for name, found in self.filters.items())

    @property
    def used(self) -> list[str]:
        """The names of the filters in use."""
        self.form.is_valid()
        empty: tuple[Any, ...] = (None, "", [], ())
        return [
            name for name, value in getattr(self.form, "cleaned_data", {}).items()
            if not (isinstance(value, models.QuerySet) and not value) and value not in empty
        ]  # fmt: skip

    @property
    def folded_in_use(self) -> bool:
        """Is one of those in use that fold away on a phone (all but the first)?"""
        return bool(set(self.used) - set(list(self.filters)[:1]))

    @property
    def described(self) -> str:
        """The conditions in words: 3号楼 · 特急."""
        words = []
        for name in self.used:
            bound, value = self.form[name], self.form.cleaned_data[name]
            choices = dict(getattr(bound.field, "choices", ()) or ()) if not isinstance(value, models.Model) else {}
            if isinstance(value, slice):
                value = "–".join(str(part or "") for part in (value.start, value.stop))
            elif isinstance(value, list | tuple | models.QuerySet):
                value = "、".join(str(choices.get(one, one)) for one in value)
            words.append(
                str(choices.get(value, value))
                if not isinstance(value, bool)
                else f"{bound.label}：{'是' if value else '否'}"
            )
        return " · ".join(words)

    @property
    def unread(self) -> list[str]:
        """Labels of filters whose value made no sense and was left out."""
        self.form.is_valid()
        return [str(self.form.fields[name].label) for name in self.form.errors if name in self.form.fields]

    @property
    def too_long(self) -> list[str]:
        """Filters with a select of more options than a page may carry."""
        return [
            bound.name for bound in self.form.visible_fields()
            if isinstance(bound.field.widget, forms.Select) and len(list(bound.field.choices)) > SELECT_LIMIT + 1
        ]  # fmt: skip


# ---------- the declaration ----------


@dataclass(frozen=True)
class Bulk:
    """One action on the picked rows."""

    name: str
    label: str
    icon: str = ""
    primary: bool = False
    permission: str = ""


@dataclass(frozen=True)
class Head:
    """One header cell."""

    label: str
    css: str
    url: str = ""
    sort: str = ""  # "" | ascending | descending


class Listing:
    """Subclass and declare; an object of it serves one request."""

    model: ClassVar[type[models.Model]]
    columns: ClassVar[tuple[Column, ...]] = ()
    order: ClassVar[str | tuple[str, ...]] = "-pk"
    related: ClassVar[tuple[str, ...]] = ()
    sheet_tables: ClassVar[
        dict[str, tuple[str, ...]]
    ] = {}  # {foreign key: its related}: small tables, read once a sheet
    only: ClassVar[tuple[str, ...]] = ()  # the fields that columns and cells read; () = all of them
    prefetch: ClassVar[tuple[Any, ...]] = ()
    per_page: ClassVar[int] = 50
    title: ClassVar[str] = ""
    filename: ClassVar[str] = ""
    heading: ClassVar[str] = ""  # a line above the sheet's header
    empty: ClassVar[tuple[str, str]] = ("还没有记录", "")
    empty_icon: ClassVar[str] = "clipboard-list"
    measure: ClassVar[str] = "条"
    filterset: ClassVar[type[FilterSet] | None] = None
    show_totals: ClassVar[bool] = False

    def __init__(self, user: Any = None, params: Any = None, request: Any = None) -> None:
        self.user, self.request = user, request
        self.params = params if params is not None else QueryDict()

    # -- what subclasses may change --

    def base(self) -> Any:
        """Every row that the user may see."""
        manager = self.model._default_manager
        found = manager.all()
        return found.visible_to(self.user) if hasattr(found, "visible_to") else found

    def get_columns(self) -> Sequence[Column]:
        """The columns for this user."""
        return self.columns

    def row_class(self, record: Any) -> str:
        """A CSS class for the row, such as is-late."""
        return ""

    def pick_value(self, record: Any) -> str:
        """What the row's checkbox posts."""
        return str(record.pk)

    def url(self, record: Any) -> str:
        """Where a row's first cell leads; "" for nowhere."""
        return record.get_absolute_url() if hasattr(record, "get_absolute_url") else ""

    def sheet_heading(self) -> str:
        """The line above the sheet's header."""
        return self.heading

    # -- rows --

    def queryset(self, base: Any = None) -> Any:
        """The rows with everything that the columns read."""
        found = self.base() if base is None else base
        if self.related:
            found = found.select_related(*self.related)
        if self.only:
            found = found.only(*self.only)
        return found.prefetch_related(*self.prefetch) if self.prefetch else found

    @cached_property
    def sorting(self) -> tuple[Column | None, bool]:
        """The column that the address asks for, and whether downwards; an unknown one counts as none."""
        asked = self.params.get("sort", "")
        name, down = asked.removeprefix("-"), asked.startswith("-")
        column = next((c for c in self.get_columns() if c.order and c.name == name), None)
        return column, down

    @cached_property
    def keys(self) -> list[Key]:
        column, down = self.sorting
        if column is None:
            return sort_keys(self.model, self.order)
        path = column.order.removeprefix("-")
        return sort_keys(self.model, f"-{path}" if down else path)

    def ordered(self, queryset: Any) -> Any:
        """The whole of the rows in the order that the screen shows."""
        return queryset.order_by(*(key.ordering(False) for key in self.keys))

    def rows(self, queryset: Any) -> Rows:
        """The page of the rows that the address asks for."""
        computed = bool(queryset.query.annotations)  # columns may show what only this queryset knows
        return Rows(queryset, self.keys, self.per_page, self.params, None if computed else self._whole)

    def _whole(self, keys: Any) -> Any:
        return self.queryset(self.model._default_manager.filter(pk__in=keys))

    def address(self, **over: Any) -> str:
        """This list's address with other parameters; paging starts anew."""
        params = self.params.copy()
        for name in ("after", "before", "page", "export"):
            params.pop(name, None)
        for name, value in over.items():
            if value in (None, ""):
                params.pop(name, None)
            else:
                params[name] = value
        return "?" + params.urlencode()

    # -- HTML --

    def heads(self) -> list[Head]:
        """The header of the table."""
        column, down = self.sorting
        found = []
        default = self.order if isinstance(self.order, str) else self.order[0]
        for one in self.get_columns():
            if one.where == "sheet":
                continue
            css = "num" if one.kind in NUMBERS else ""
            if not one.order:
                found.append(Head(one.label, css))
                continue
            path = one.order.removeprefix("-")
            current = one is column or (column is None and default.removeprefix("-") == path)
            downwards = down if one is column else default.startswith("-")
            # A first press sorts dates and numbers downwards, names upwards; the next one turns round.
            first = one.kind in NUMBERS | {"date", "datetime"}
            turn = (not downwards) if current else first
            url = self.address(sort=("-" if turn else "") + one.name)
            found.append(Head(one.label, css, url, ("descending" if downwards else "ascending") if current else ""))
        return found

    @cached_property
    def _cells(self) -> list[tuple[Column, Callable[[Any, Any], Any], str]]:
        return [(one, self._renderer(one), one.css) for one in self.get_columns() if one.where != "sheet"]

    @cached_property
    def _heading(self) -> Column | None:
        """The column that names the row: the linked one, else the first."""
        columns = [column for column, _, _ in self._cells]
        return next((one for one in columns if one.link), columns[0] if columns else None)

    def _renderer(self, column: Column) -> Callable[[Any, Any], Any]:
        if callable(column.cell):
            return column.cell
        if column.cell:
            backend: Any = get_template(column.cell)
            template = backend.template

            def from_template(record: Any, value: Any) -> Any:
                context = Context(
                    {"record": record, "value": value, "column": column, "listing": self, "user": self.user}
                )
                return template.render(context)

            return from_template
        if column.kind == "state":

            def as_state(record: Any, value: Any) -> Any:
                if value in (None, ""):
                    return ""
                return format_html('<span class="{}">{}</span>', state_class(value), column.words(record, value))

            return as_state
        return lambda record, value: shown(column.kind, column.words(record, value))

    def row(self, record: Any, *, pick: bool = False) -> SafeString:
        """One row of the table: every value is escaped here, but what a cell template has rendered."""
        css = self.row_class(record)
        parts = [f'<tr class="{conditional_escape(css)}">' if css else "<tr>"]
        if pick:
            value = conditional_escape(self.pick_value(record))
            parts.append(
                '<td class="pick"><label><input class="form-check-input m-0" type="checkbox" name="pick" '
                f'value="{value}" aria-label="选择 {value}"></label></td>'
            )
        for column, render, classes in self._cells:
            value = column.raw(record)
            text = conditional_escape(render(record, value))
            if column is self._heading:
                url = conditional_escape(self.url(record)) if column.link else ""
                text = f'<a href="{url}">{text or "—"}</a>' if url else text
                parts.append(f'<th scope="row" class="{("first " + classes).strip()}">{text}</th>')
                continue
            css, label = classes, ""
            if column.phone == "label":
                if text.strip():
                    label = f' data-label="{conditional_escape(column.label)}"'
                else:
                    css = f"{classes} cards-hide".strip()
            marked = f' class="{css}"' if css else ""
            parts.append(f"<td{marked}{label}>{text}</td>")
        parts.append("</tr>")
        return SafeString("".join(parts))

    def body(self, records: Iterable[Any], *, pick: bool = False) -> SafeString:
        """The rows of the table."""
        return SafeString("\n".join(self.row(record, pick=pick) for record in records))

    def totals(self, queryset: Any) -> list[tuple[str, str]] | None:
        """The total row over all rows: (class, text) of each cell after the first; None if nothing is summed."""
        columns = [one for one in self.get_columns() if one.where != "sheet"]
        sums = {one.name: self._total_path(one) for one in columns if one.total}
        if not self.show_totals or not sums:
            return None
        asked = {f"sum_{name}": Sum(path) for name, path in sums.items()}
        found = queryset.order_by().aggregate(**asked)
        cells = []
        for one in columns[1:]:
            value = found.get(f"sum_{one.name}")
            text = shown(one.kind, value or 0) if one.name in sums else ""
            cells.append((one.css, f"¥{text}" if one.kind == "money" and text else text))
        return cells

    @staticmethod
    def _total_path(column: Column) -> str:
        if isinstance(column.total, str):
            return column.total
        if callable(column.value):
            raise TypeError(f"column {column.name}: a computed value needs total='<orm path>' to be summed")
        return (column.value or column.name).replace(".", "__")

    # -- sheet --

    def sheet_columns(self) -> list[Column]:
        """The columns of the Excel sheet."""
        return [one for one in self.get_columns() if one.where != "screen"]

    def sheet_rows(self, queryset: Any) -> Iterable[list[Any]]:
        """The values of all rows, read from the database piece by piece."""
        readers = [column.reader(self.model) for column in self.sheet_columns()]
        tables = [(field, field.attname, table) for field, table in self._tables()]
        if tables:
            others = [name for name in self.related if name.split("__")[0] not in self.sheet_tables]
            queryset = (
                queryset.select_related(None).select_related(*others) if others else queryset.select_related(None)
            )
        for record in self.ordered(queryset).iterator(chunk_size=2000):
            for field, key, table in tables:
                if (found := table.get(getattr(record, key))) is not None:
                    field.set_cached_value(record, found)
            yield [read(record) for read in readers]

    def _tables(self) -> Iterable[tuple[Any, dict[Any, Any]]]:
        """The small tables by key: a hundred thousand rows share their few hundred places and people."""
        for name, related in self.sheet_tables.items():
            field: Any = self.model._meta.get_field(name)
            rows = field.related_model._base_manager.all()
            yield field, (rows.select_related(*related) if related else rows).in_bulk()


def count_words(queryset: Any, measure: str) -> str:
    """How many rows: never counted beyond a thousand."""
    return number_words(queryset.order_by()[: COUNT_LIMIT + 1].count(), measure)


def number_words(number: int, measure: str) -> str:
    """A number of rows that is known; beyond a thousand nobody reads it exactly."""
    return f"{COUNT_LIMIT}+ {measure}" if number > COUNT_LIMIT else f"{number} {measure}"


def query_of(params: Any) -> str:
    """The filter part of an address, in one spelling: what a saved filter keeps and a tab compares."""
    pairs = sorted(
        (name, value) for name, values in params.lists() for value in values if value and name not in OWN_PARAMETERS
    )
    return urlencode(pairs)


def same_query(text: str, asked: Any) -> bool:
    """Does the query string `text` ask for the same rows as `asked`: parameters, or what `query_of` made of them?"""
    return _plain_query(text) == (asked if isinstance(asked, str) else query_of(asked))


@lru_cache(maxsize=512)
def _plain_query(text: str) -> str:
    return query_of(QueryDict(text.lstrip("?")))


def picked(request: Any, limit: int = 200) -> list[str]:
    """The values of the rows that were picked for a bulk action."""
    return [value for value in dict.fromkeys(request.POST.getlist("pick")) if re.fullmatch(r"[\w.-]{1,60}", value)][
        :limit
    ]


def allowed_bulk(bulk: Iterable[Bulk], user: Any) -> list[Bulk]:
    """The bulk actions that the user's role allows."""
    return [one for one in bulk if not one.permission or rights.can(user, one.permission)]
