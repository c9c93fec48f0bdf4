"""Fields that several forms of outside jobs use: lines in a table of boxes, tickets, choices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from campus.models import Place
from core import clock
from core.forms import clean_text, plain_number
from core.templatetags.houqin import qty
from finance.models import BudgetLine, Party, Project
from repairs.models import Category, Ticket
from repairs.outside.models import OutsideJob
from repairs.rules import FLOW as TICKET_FLOW

ROWS = 60  # lines that one job may have
SPARE = 5  # empty rows under those that are there
CANDIDATES = 20


def text(label: str, *, rows: int = 2, limit: int = 200, required: bool = True, help_text: str = "") -> forms.CharField:
    """A sentence or two."""
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=limit, required=required, help_text=help_text, widget=area)


def amount(label: str, *, required: bool = True, **over: Any) -> forms.DecimalField:
    """Yuan with two decimals."""
    options: dict[str, Any] = {"min_value": Decimal(0), "max_digits": 12, "decimal_places": 2} | over
    return forms.DecimalField(label=label, required=required, **options)


def today_field(label: str, *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, required=required, initial=clock.today)


# ---- lines in a table of boxes --------------------------------------------------------------------------------------


class LinesInput(forms.Widget):
    """Rows of boxes: item, unit, quantity, and the unit price where `priced`."""

    draws_itself = True
    priced = False

    def columns(self) -> tuple[tuple[str, str], ...]:
        found = (("item", "项目"), ("unit", "单位"), ("quantity", "数量"))
        return (*found, ("price", "单价（元）")) if self.priced else found

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        found = []
        for number in range(ROWS):
            row = {
                key: str(data.get(f"{name}-{number}-{key}", "")) for key in ("pk", "item", "unit", "quantity", "price")
            }
            if any(value.strip() for key, value in row.items() if key != "pk"):
                found.append(row | {"row": str(number + 1)})
        return found

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = [dict(row) for row in value or ()]
        rows += [{}] * max(0, min(SPARE, ROWS - len(rows)))
        heads = format_html_join("", '<th scope="col">{}</th>', ((label,) for _, label in self.columns()))
        body = format_html_join("", "<tr>{}</tr>", ((self._row(name, number, row),) for number, row in enumerate(rows)))
        return format_html(
            '<div class="scroll-x" tabindex="0" role="region" aria-labelledby="{0}_label"><table class="listing listing-inputs cards-inputs" id="{0}">'
            "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>",
            (attrs or {}).get("id", f"id_{name}"), heads, body,
        )  # fmt: skip

    def _row(self, name: str, number: int, row: dict[str, Any]) -> SafeString:
        hidden = format_html('<input type="hidden" name="{}-{}-pk" value="{}">', name, number, row.get("pk") or "")
        return format_html_join(
            "", '<td>{}<input class="form-control{}" name="{}-{}-{}" value="{}" aria-label="第 {} 行 {}" placeholder="{}" inputmode="{}"></td>',
            (
                (
                    hidden if key == "item" else "", " form-money" if key in ("quantity", "price") else "", name, number, key, row.get(key) or "",
                    number + 1, label, label, "decimal" if key in ("quantity", "price") else "text",
                )
                for key, label in self.columns()
            ),
        )  # fmt: skip


class LinesField(forms.Field):
    """The lines of a job; cleans to dicts of pk, item, unit, quantity (and unit_price where `priced`)."""

    widget = LinesInput

    def __init__(self, *, priced: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("label", "项目")
        kwargs.setdefault("help_text", "一行写一项，空行不算。行不够时先保存，再修改补加。")
        super().__init__(**kwargs)
        self.priced = self.widget.priced = priced

    def __deepcopy__(self, memo: dict[int, Any]) -> LinesField:
        found: LinesField = super().__deepcopy__(memo)  # type: ignore[misc]
        found.widget.priced = self.priced
        return found

    def clean(self, value: Any) -> list[dict[str, Any]]:
        found, wrong = [], []
        for row in value or ():
            item, unit = clean_text(row["item"]).strip()[:80], clean_text(row["unit"]).strip()[:10] or "项"
            line: dict[str, Any] = {
                "pk": int(row["pk"]) if row["pk"].isdecimal() and len(row["pk"]) < 18 else None,
                "item": item,
                "unit": unit,
            }
            try:
                line["quantity"] = _number(row["quantity"])
                if self.priced:
                    line["unit_price"] = _number(row["price"])
            except ValidationError as error:
                wrong.append(f"第 {row['row']} 行：{error.messages[0]}")
                continue
            if not item or line["quantity"] <= 0:
                wrong.append(f"第 {row['row']} 行：要写项目，数量要大于 0。")
            found.append(line)
        if wrong:
            raise ValidationError(wrong)
        if self.required and not found:
            raise ValidationError("请至少写一项。", code="required")
        return found


def _number(raw: str) -> Decimal:
    try:
        number = Decimal(plain_number(raw))
    except InvalidOperation as wrong:
        raise ValidationError("数量和单价只填数字，如 2 或 360.50。") from wrong
    if not number.is_finite() or abs(number) >= 10**8 or number < 0 or number != round(number, 2):
        raise ValidationError("数字要在 0 到一亿之间，小数最多 2 位。")
    return number


def line_rows(job: OutsideJob, *, priced: bool = False) -> list[dict[str, Any]]:
    """A job's own lines (not those of extra work) as the boxes show them."""
    return [
        {"pk": line.pk, "item": line.item, "unit": line.unit, "quantity": qty(line.quantity).replace(",", ""),
         "price": "" if line.unit_price is None else str(line.unit_price)}
        for line in job.lines.filter(variation=None)
    ]  # fmt: skip


# ---- tickets --------------------------------------------------------------------------------------------------------


class TicketsField(forms.CharField):
    """Tickets by number, parted by 、 or a blank; only such as the user sees and as may go outside."""

    user: Any = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "报修单")
        kwargs.setdefault("help_text", "写单号，几张之间空一格，如 BX202611-0006 BX202611-0009。")
        super().__init__(max_length=600, **kwargs)

    def clean(self, value: Any) -> list[Ticket]:
        words = str(super().clean(value) or "")
        for mark in "、,，;；\n":
            words = words.replace(mark, " ")
        numbers = list(dict.fromkeys(words.upper().split()))
        if len(numbers) > CANDIDATES:
            raise ValidationError(f"一次最多写 {CANDIDATES} 张。")
        known = {
            t.number: t
            for t in Ticket.objects.visible_to(self.user).filter(number__in=numbers).select_related("place", "category")
        }
        wrong = [f"没有找到 {number}，请核对单号。" for number in numbers if number not in known]
        for ticket in known.values():
            wrong += [f"{ticket.number}：{reason}" for reason in TICKET_FLOW.blockers(ticket, "outside", self.user)]
        if wrong:
            raise ValidationError(wrong)
        return [known[number] for number in numbers]


def candidates(user: Any, place: Place, but: Ticket | None = None) -> list[Ticket]:
    """Open tickets of the place, of what stands above it up to the building, and of what is in it, that may go outside too."""
    around = place.building or place
    found = Ticket.objects.visible_to(user).filter(
        place__in=Place.objects.within(around).values("pk"), state__in=TICKET_FLOW["outside"].sources
    )
    rows = found.exclude(outside__live=True).exclude(pk=but.pk if but else 0)
    return list(rows.select_related("place", "category").order_by("-pk")[:CANDIDATES])


def ticket_label(ticket: Ticket) -> str:
    return f"{ticket.number} {ticket.where}：{ticket.fault}（{ticket.word}）"


class PickedTickets(forms.MultipleChoiceField):
    """Boxes of tickets; cleans to tickets."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, tickets: list[Ticket]) -> None:
        self.known = {str(one.pk): one for one in tickets}
        self.choices = [(key, ticket_label(one)) for key, one in self.known.items()]

    def clean(self, value: Any) -> list[Ticket]:
        return [self.known[key] for key in super().clean(value)]


# ---- choices --------------------------------------------------------------------------------------------------------


def kinds_of_fault() -> Any:
    return Category.objects.filter(parent__isnull=True, active=True)


def budget_lines() -> Any:
    return BudgetLine.objects.filter(year=clock.today().year).order_by("book", "code")


def year_ago() -> dt.date:
    return clock.today() - dt.timedelta(days=365)


def projects() -> Any:
    """Projects that run, or ended within the last year."""
    return Project.objects.filter(ends_on__gte=year_ago())


def contractors() -> Any:
    return Party.objects.contractors()


def choice_of(
    label: str, rows: Any, *, required: bool = True, empty: str = "请选择", **over: Any
) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(label=label, queryset=rows, required=required, empty_label=empty, **over)
