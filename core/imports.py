"""Imports: an Excel file is read and checked first, shown with every error, and goes in whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect

from core import clock, forms, log, sheets
from core.models import ImportRun
from core.pages import Page
from core.workflow import RuleBroken

SHOWN_ERRORS = 200  # lines on the page; the error file has them all
SHOWN_MATCHES = 50
KEPT_DAYS = 7  # an upload that nobody confirmed


@dataclass
class Row:
    """One row of the file: where it stands, what it says, what is wrong with it, what its form made of it."""

    sheet: str
    number: int
    data: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)  # fields whose text is an unknown name
    fate: str = "new"  # new | update | skip
    cleaned: dict[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As it is kept in the ImportRun."""
        return {"s": self.sheet, "n": self.number, "d": self.data, "e": self.errors, "u": self.unknown, "k": self.fate}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Row:
        return cls(kept["s"], kept["n"], kept["d"], kept["e"], kept["u"], kept["k"])


def unknown(message: str) -> ValidationError:
    """What a form raises for a name that nobody knows: such names are asked for once, in one list."""
    return ValidationError(message, code="unknown")


def plain_head(text: str) -> str:
    """A column's title without what varies: spaces, width, units in brackets, stars."""
    text = re.sub(r"[\s*:：]+", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"\(.*?\)", "", text).lower()


class Importer:
    """Subclass and declare. One row = one form; its labels are the titles of the columns.

    The form finds what a name means and raises `unknown(...)` for one that it does not know; `choices` then offers
    what it could mean, as (text that the form knows, label), and `remember` keeps the answer when the file goes in.
    """

    key: ClassVar[str]  # the ImportRun's kind
    title: ClassVar[str]
    measure: ClassVar[str] = "行"
    form_class: ClassVar[type[forms.Form]]
    synonyms: ClassVar[dict[str, tuple[str, ...]]] = {}
    natural_key: ClassVar[tuple[str, ...]] = ()
    on_existing: ClassVar[str] = "error"  # error | update | skip
    examples: ClassVar[Sequence[dict[str, Any]]] = ()  # rows that the template shows on a sheet of its own
    note: ClassVar[str] = ""  # above the upload

    def __init__(self, by: Any) -> None:
        self.by = by

    # -- what subclasses fill in --

    def get_form(self, data: dict[str, str]) -> forms.Form:
        """The form of a row; override to hand it what it looks names up in."""
        return self.form_class(data)

    def existing(self, keys: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        """Which of the natural keys are there already."""
        return set()

    def choices(self, name: str, text: str) -> list[tuple[str, str]]:
        """What an unknown text of the field could mean: (text that the form knows, label), likeliest first."""
        return []

    def remember(self, name: str, text: str, meaning: str) -> None:
        """Keep that `text` means `meaning`, inside the transaction of the import."""

    def check(self, rows: list[Row]) -> None:
        """Checks across rows; adds to their `errors`."""

    def apply(self, rows: list[Row], by: Any) -> dict[str, int] | None:
        """Write the rows (`cleaned`, `fate` new or update); one transaction is open. May return counts."""
        raise NotImplementedError

    # -- columns --

    @cached_property
    def fields(self) -> dict[str, django_forms.Field]:
        return self.get_form({}).fields

    def label(self, name: str) -> str:
        found = self.fields.get(name)
        return str(found.label or name) if found is not None else "整行"

    @cached_property
    def heads(self) -> dict[str, str]:
        """{plain title: field} of all titles that are understood."""
        found: dict[str, str] = {}
        for name in self.fields:
            for text in (self.label(name), name, *self.synonyms.get(name, ())):
                found.setdefault(plain_head(text), name)
        return found

    # -- reading --

    def read(self, upload: Any) -> tuple[list[Row], dict[str, Any]]:
        """The rows of an upload and how its columns were understood; ValidationError if it makes no sense."""
        rows: list[Row] = []
        mapping: dict[str, Any] = {"columns": {}, "ignored": [], "skipped": []}
        for sheet in sheets.read_rows(upload):
            at = sheets.header_at(sheet.rows, lambda text: plain_head(text) in self.heads)
            if at is None:
                mapping["skipped"].append(sheet.title)
                continue
            columns = self._columns(sheet, at, mapping)
            for number, texts in sheets.iterate(sheet.rows, at):
                data = {name: texts[index] if index < len(texts) else "" for name, index in columns.items()}
                if any(data.values()):
                    rows.append(Row(sheet.title, number, data))
        if not mapping["columns"]:
            names = "、".join(self.label(name) for name in self.fields)
            raise ValidationError(f"没有找到表头。第一行要有这些列：{names}。可以下载模板，照着填。", code="header")
        if not rows:
            raise ValidationError("表头下面没有内容。请填好再传。", code="nothing")
        if len(rows) > sheets.ROW_LIMIT:
            raise ValidationError(
                f"共 {len(rows):,} 行，一次最多导入 {sheets.ROW_LIMIT:,} 行。请分成几个文件。", code="rows"
            )
        return rows, mapping

    def _columns(self, sheet: sheets.SheetRows, at: int, mapping: dict[str, Any]) -> dict[str, int]:
        columns: dict[str, int] = {}
        for index, value in enumerate(sheet.rows[at]):
            text = sheets.cell_text(value)
            name = self.heads.get(plain_head(text)) if text else None
            if name is None:
                if text and text not in mapping["ignored"]:
                    mapping["ignored"].append(text[:40])
                continue
            if name in columns:
                raise ValidationError(f"“{sheet.title}”有两列都是“{self.label(name)}”，请删去一列。", code="header")
            columns[name] = index
            mapping["columns"][name] = text[:40]
        missing = [self.label(name) for name, one in self.fields.items() if one.required and name not in columns]
        if missing:
            raise ValidationError(f"“{sheet.title}”缺少这些列：{'、'.join(missing)}。请补上再传。", code="header")
        return columns

    # -- checking --

    def checked(self, rows: list[Row], matches: dict[str, dict[str, str]]) -> list[Row]:
        """Hold every row against its form, the natural keys, and `check`; errors are on the rows afterwards."""
        form = self.get_form({})
        seen: dict[tuple[str, ...], Row] = {}
        keys: dict[int, tuple[str, ...]] = {}
        for index, row in enumerate(rows):
            row.errors, row.unknown, row.fate = {}, [], "new"
            self._validate(form, row, matches)
            if self.natural_key and not row.errors:
                key = self.key_of(row.cleaned)
                first = seen.setdefault(key, row)
                keys[index] = key
                if first is not row:
                    there = (
                        f"第 {first.number} 行" if first.sheet == row.sheet else f"“{first.sheet}”第 {first.number} 行"
                    )
                    row.errors[self.natural_key[-1]] = f"与{there}重复，每个只能有一行。"
        there = self.existing(set(seen)) if seen else set()
        for index, key in keys.items():
            row = rows[index]
            if key in there and not row.errors:
                if self.on_existing == "error":
                    row.errors[self.natural_key[-1]] = "系统里已经有了，不能再导一次。"
                row.fate = self.on_existing if self.on_existing != "error" else "new"
        self.check(rows)
        return rows

    def key_of(self, cleaned: dict[str, Any]) -> tuple[str, ...]:
        """The natural key of a row."""
        return tuple(str(cleaned.get(name) if cleaned.get(name) is not None else "") for name in self.natural_key)

    def _validate(self, form: Any, row: Row, matches: dict[str, dict[str, str]]) -> None:
        # One form serves all rows: copying its fields for each row would take most of the time.
        form.data = {name: matches.get(name, {}).get(text, text) for name, text in row.data.items()}
        form.is_bound, form._errors, form.cleaned_data, form._bound_fields_cache = True, None, {}, {}
        form.full_clean()
        for name, errors in form._errors.items():
            row.errors["" if name == "__all__" else name] = "；".join(errors)
            if any(str(error.code or "").startswith("unknown") for error in errors.as_data()):
                row.unknown.append(name)
        row.cleaned = dict(form.cleaned_data)


# ---------- the run ----------


def begin(importer: Importer, upload: Any) -> ImportRun:
    """Read and check an upload outside of any transaction, and keep what was found."""
    upload.seek(0)
    digest = hashlib.sha256(upload.read()).hexdigest()
    refuse_second(importer, digest)
    rows, mapping = importer.read(upload)
    importer.checked(rows, {})
    run = ImportRun(
        kind=importer.key, filename=_name(upload), digest=digest, by=importer.by, mapping=mapping | {"matches": {}}
    )
    return _kept(run, rows)


def refuse_second(importer: Importer, digest: str) -> None:
    """The same file goes in once."""
    done = (
        ImportRun.objects.filter(kind=importer.key, digest=digest, applied_at__isnull=False)
        .select_related("by")
        .first()
    )
    if done is not None and done.applied_at is not None:
        when = clock.local(done.applied_at)
        raise ValidationError(
            f"这个文件 {when.month}月{when.day}日 {when:%H:%M} 已由{done.by}导入过，没有再导。内容改过的话，请另存后再传。",
            code="again",
        )


def _name(upload: Any) -> str:
    return forms.clean_text(str(upload.name or "表格"))[-200:]


def _kept(run: ImportRun, rows: list[Row]) -> ImportRun:
    bad = sum(bool(row.errors) for row in rows)
    good = [row for row in rows if not row.errors]
    run.counts = {
        "all": len(rows), "bad": bad, "new": sum(row.fate == "new" for row in good),
        "update": sum(row.fate == "update" for row in good), "skip": sum(row.fate == "skip" for row in good),
    }  # fmt: skip
    run.rows = [row.kept() for row in rows]
    run.save()
    return run


def recheck(importer: Importer, run: ImportRun) -> list[Row]:
    """Check the rows of a run again, with the matches chosen so far."""
    rows = importer.checked([Row.of(kept) for kept in run.rows], run.mapping.get("matches", {}))
    _kept(run, rows)
    return rows


def confirm(importer: Importer, run: ImportRun, *, by: Any, without_bad: bool = False) -> dict[str, int]:
    """Bring the rows in, all or nothing; RuleBroken says why not. `without_bad` sets the bad rows aside."""
    rows = recheck(importer, run)
    bad = [row for row in rows if row.errors]
    good = [row for row in rows if not row.errors and row.fate != "skip"]
    if bad and not without_bad:
        raise RuleBroken(f"还有 {len(bad)} 行有错，一行都没有导入。")
    if not good:
        raise RuleBroken("没有可以导入的行，一行都没有导入。")
    try:
        with transaction.atomic():
            fresh = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
            if fresh.applied_at is not None:
                raise RuleBroken("这个文件刚才已经导入了。")
            for name, texts in run.mapping.get("matches", {}).items():
                for text, meaning in texts.items():
                    importer.remember(name, text, meaning)
            counts = importer.apply(good, by) or {
                "new": sum(row.fate == "new" for row in good), "update": sum(row.fate == "update" for row in good)
            }  # fmt: skip
            run.applied_at = clock.now()
            run.counts = run.counts | counts | {"bad": len(bad)}
            run.rows = [row.kept() for row in bad]  # what went in needs no copy; what did not can still be fetched
            run.save()
            log.write(
                None, "import", by=by, changes={"文件指纹": run.digest, "行数": run.counts},
                text=f"导入{importer.title}“{run.filename[:80]}”：{count_words(run.counts)}",
            )  # fmt: skip
    except IntegrityError as error:
        raise RuleBroken("一行都没有导入：刚刚有人存了同样的内容，或者导入了同一个文件。请重新检查后再导。") from error
    return run.counts


def count_words(counts: dict[str, int]) -> str:
    """新增 4,180，更新 30，出错 3."""
    words = {"new": "新增", "update": "更新", "skip": "已有、跳过", "bad": "出错"}
    return "，".join(f"{word} {counts[name]:,}" for name, word in words.items() if counts.get(name) or name == "new")


def sweep(day: dt.date | None = None) -> str:
    """Forget uploads that nobody confirmed for some days: they may hold people's data."""
    old = clock.now() - dt.timedelta(days=KEPT_DAYS)
    count = ImportRun.objects.filter(applied_at=None, at__lt=old).delete()[0]
    return f"清理未确认的导入 {count} 个"


# ---------- files ----------


def template_sheets(importer: Importer) -> Iterable[sheets.Sheet]:
    """The empty table to fill in, and beside it what each column takes."""
    columns = [(importer.label(name), "text", max(12, 2 * len(importer.label(name)) + 4)) for name in importer.fields]
    yield sheets.Sheet(importer.title, columns, [], totals=False)
    notes = [
        [importer.label(name), "必填" if one.required else "可不填", _takes(one)]
        for name, one in importer.fields.items()
    ]
    yield sheets.Sheet(
        "填写说明", [("列", "text", 16), ("要求", "text", 10), ("怎么填", "text", 60)], notes, totals=False
    )
    if importer.examples:
        rows = [[example.get(name, "") for name in importer.fields] for example in importer.examples]
        yield sheets.Sheet("例子", columns, rows, totals=False, note="这张表只是例子，请填在第一张表里。")


def _takes(one: django_forms.Field) -> str:
    found = [str(one.help_text)] if one.help_text else []
    choices = [str(label) for key, label in getattr(one, "choices", ()) if key not in ("", None)]
    if choices:
        found.append("、".join(choices[:30]))
    if isinstance(one, django_forms.DateField):
        found.append("日期，如 2026-11-22")
    elif isinstance(one, django_forms.DecimalField | django_forms.IntegerField):
        found.append("数字")
    return "；".join(found)


def error_sheet(importer: Importer, rows: Sequence[Row]) -> sheets.Sheet:
    """The bad rows as they were, with what is wrong: to be put right and sent again."""
    names = [name for name in importer.fields if any(name in row.data for row in rows)]
    columns = [*[(importer.label(name), "text") for name in names], ("问题", "text", 50), ("原来的位置", "text", 20)]
    lines = (
        [*[row.data.get(name, "") for name in names], problem_words(importer, row), f"{row.sheet} 第 {row.number} 行"]
        for row in rows
        if row.errors
    )
    return sheets.Sheet("出错的行", columns, lines, totals=False)


def problem_words(importer: Importer, row: Row) -> str:
    """Everything that is wrong with a row, in one line."""
    return "；".join(f"{importer.label(name)}：{text}" for name, text in _in_order(importer, row))


def _in_order(importer: Importer, row: Row) -> list[tuple[str, str]]:
    """A row's errors in the order of the columns: PostgreSQL keeps JSON objects in an order of its own."""
    names = list(importer.fields)
    return sorted(row.errors.items(), key=lambda pair: names.index(pair[0]) if pair[0] in names else -1)


# ---------- the page ----------


class ImportPage(Page):
    """Upload, preview with every error, confirm: one address, `?run=` names the upload."""

    importer: ClassVar[type[Importer]]
    template_name = "core/import.html"
    back: str = "/"  # where it leads afterwards

    def get_title(self) -> str:
        return self.title or f"导入{self.importer.title}"

    def get_back(self) -> str:
        return self.back

    @cached_property
    def it(self) -> Importer:
        return self.importer(self.actor())

    def run(self) -> ImportRun | None:
        """The upload that the address names: one of the user's own."""
        text = self.request.GET.get("run", "")
        if not text:
            return None
        found = None
        if text.isascii() and text.isdigit() and len(text) < 19:
            found = ImportRun.objects.filter(pk=int(text), kind=self.importer.key, by=self.request.user).first()
        if found is None:
            raise Http404("没有找到这次导入。")
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("template"):
            return self._file(list(template_sheets(self.it)), f"{self.importer.title}导入模板.xlsx")
        run = self.run()
        if run is not None and request.GET.get("errors"):
            return self._file(
                [error_sheet(self.it, [Row.of(kept) for kept in run.rows])], f"{self.importer.title}出错的行.xlsx"
            )
        return self.show(run)

    @staticmethod
    def _file(given: list[sheets.Sheet], name: str) -> HttpResponseBase:
        stream = io.BytesIO()
        sheets.write_workbook(given, stream)
        stream.seek(0)
        return sheets.file_response(stream, name)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        run = self.run()
        if run is None:
            return self.upload()
        if run.applied_at is not None:
            messages.info(request, "这个文件已经导入了，没有再导。")
            return HttpResponseRedirect(self.get_back())
        if request.POST.get("do") in ("apply", "apply-rest"):
            return self.apply(run)
        self.match(run)
        recheck(self.it, run)
        return HttpResponseRedirect(f"{request.path}?run={run.pk}")

    def upload(self) -> HttpResponseBase:
        given = self.request.FILES.get("file")
        try:
            if given is None:
                raise ValidationError("请先选一个文件。", code="required")
            run = begin(self.it, given)
        except ValidationError as error:
            return self.show(None, problems=error.messages)
        return HttpResponseRedirect(f"{self.request.path}?run={run.pk}")

    def match(self, run: ImportRun) -> None:
        """Take over what the user chose for unknown names; only what was offered counts."""
        matches = run.mapping.setdefault("matches", {})
        for name, text in self.unknowns([Row.of(kept) for kept in run.rows]):
            chosen = self.request.POST.get(f"match:{name}:{text}", "")
            if chosen and chosen in dict(self.it.choices(name, text)):
                matches.setdefault(name, {})[text] = chosen

    @staticmethod
    def unknowns(rows: Iterable[Row]) -> list[tuple[str, str]]:
        """Each unknown name once: (field, text)."""
        found: dict[tuple[str, str], None] = {}
        for row in rows:
            for name in row.unknown:
                if row.data.get(name):
                    found[(name, row.data[name])] = None
        return list(found)

    def apply(self, run: ImportRun) -> HttpResponseBase:
        try:
            counts = confirm(self.it, run, by=self.actor(), without_bad=self.request.POST["do"] == "apply-rest")
        except RuleBroken as broken:
            return self.show(ImportRun.objects.get(pk=run.pk), problems=broken.reasons, status=409)
        messages.success(self.request, f"已导入：{count_words(counts)}。")
        if counts.get("bad"):
            return HttpResponseRedirect(f"{self.request.path}?run={run.pk}")
        return HttpResponseRedirect(self.get_back())

    def show(self, run: ImportRun | None, *, problems: Sequence[str] = (), status: int = 200) -> HttpResponseBase:
        rows = [Row.of(kept) for kept in run.rows] if run is not None else []
        bad = [row for row in rows if row.errors]
        unknowns = self.unknowns(bad)
        matches = [
            {
                "name": f"match:{name}:{text}", "label": self.it.label(name), "text": text,
                "choices": self.it.choices(name, text)[: forms.SELECT_LIMIT],
            }
            for name, text in unknowns[:SHOWN_MATCHES]
        ]  # fmt: skip
        lines = [
            {"where": f"{row.sheet} · 第 {row.number} 行 · {self.it.label(name)}", "text": row.data.get(name, ""), "problem": text}
            for row in bad[:SHOWN_ERRORS] for name, text in _in_order(self.it, row)
        ]  # fmt: skip
        counts = run.counts if run is not None else {}
        return self.render(
            status=status, importer=self.it, run=run, problems=problems, lines=lines, bad=len(bad), matches=matches,
            more_matches=len(unknowns) - len(matches), hidden=max(0, len(bad) - SHOWN_ERRORS), counts=counts,
            count_words=count_words(counts) if counts else "", good=counts.get("new", 0) + counts.get("update", 0),
            columns=[self.it.label(name) for name in self.it.fields], back=self.get_back(),
        )  # fmt: skip
