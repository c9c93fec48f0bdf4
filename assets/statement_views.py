"""Finance pages of the ledger: 增减变动, 折旧计提, 账账相符, and the accountant's figures typed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from assets import depreciation, statements
from assets.forms import LedgerForm
from assets.listings import CardFilter
from assets.models import SIX, Card, GeneralLedger
from core import sheets
from core.listing import Column
from core.pages import Action, Page
from core.plan import Month
from core.rights import can
from finance.book_views import TablePage
from finance.monthly import MonthListing, MonthListPage, Monthly
from finance.tables import Table


class Statement(Monthly, TablePage):
    """Tables of one month."""

    def period_words(self) -> str:
        return self.month.words

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(**self.picker(), export_url=f"?month={self.month}&export=xlsx", **extra)


class Changes(Statement):
    """固定资产增减变动表: 期初 + 本期增加 - 本期减少 = 期末, by the six classes, pieces and yuan."""

    stem = "固定资产增减变动表"
    note = statements.RULE

    def get_title(self) -> str:
        return f"固定资产增减变动：{self.month.words}"

    def tables(self) -> list[Table]:
        columns = [("类别", "text")]
        for words in ("期初", "本期增加", "本期减少", "期末"):
            columns += [(f"{words}数量", "int+"), (f"{words}（元）", "money+")]
        rows = []
        for line in statements.of_month(self.month):
            cells: list[Any] = [line.label]
            for pieces, cost in (line.before, line.added, line.removed, line.after):
                cells += [pieces, statements.yuan(cost)]
            rows.append(cells)
        return [Table("固定资产增减变动表", columns, rows, note=self.note)]


class Agreement(Statement):
    """账账相符: cards, class accounts, rooms and the accountant's general ledger side by side."""

    stem = "固定资产账账核对"
    note = (
        "卡片＝在册卡片原值合计；分类账＝期初＋增加－减少；分室账＝各处存放数量按卡片单价折算（只看当前月份）；"
        "总账由财务按月填报。"
    )

    def get_title(self) -> str:
        return f"固定资产账账核对：{self.month.words}"

    def get_actions(self) -> list[Action]:
        if not can(self.request.user, "finance.manage"):
            return []
        return [Action("填报总账余额", f"{reverse('finance:asset-ledger')}?month={self.month}", "pencil", "primary")]

    def tables(self) -> list[Table]:
        columns = (
            ("类别", "text"), ("卡片（元）", "money+"), ("分类账（元）", "money+"), ("分室账（元）", "money+"), ("总账（元）", "money+"),
            ("核对", "text"),
        )  # fmt: skip
        found = statements.four(self.month)
        rows = [
            (one.label, one.cards, one.account, one.rooms, one.ledger,
             "；".join(one.differences) or ("相符" if one.ledger is not None else "总账未填报"))
            for one in found
        ]  # fmt: skip
        tables = [Table("四账核对", columns, rows, note=self.note)]
        odd = statements.odd_cards() if self.month == Month.current() else []
        if odd:
            cells = [(card.name, card.number, card.quantity, card.held) for card in odd]  # type: ignore[attr-defined]
            urls = [{0: card.get_absolute_url()} for card in odd]
            heads = (("名称", "text"), ("资产编号", "text"), ("卡片数量", "int"), ("各处合计", "int"))
            tables.append(Table("卡片和存放对不上的", heads, cells, urls))
        return tables


class RegisterListing(MonthListing):
    """折旧计提表: every card on the books at the end of the month."""

    model = Card
    title = filename = "折旧计提表"
    measure = "张卡片"
    order = "number"
    related = ("class_code",)
    filterset = CardFilter
    empty = ("这个月没有在册的资产", "建立资产卡片后，这里按月算出折旧。")
    empty_icon = "armchair"

    def get_columns(self) -> tuple[Column, ...]:
        def of(name: str) -> Callable[[Card], Any]:
            return lambda card: getattr(self.written(card), name)

        return (
            Column("number", "资产编号", link=True, order="number"),
            Column("name", "名称", order="name", phone="wide"),
            Column("six", "类别", value=six, phone="hide"),
            Column("acquired_on", "取得日期", kind="date", phone="hide"),
            Column("life", "年限（月）", kind="int", value=lambda card: of("life")(card) or None, phone="hide"),
            Column("months", "已提月数", kind="int", value=lambda card: of("months")(card) or None, phone="hide"),
            *(
                Column(name, label, kind="money", value=of(name), total=True, phone="label")
                for name, label in (("cost", "原值（元）"), ("month", "本月折旧（元）"), ("accumulated", "累计折旧（元）"), ("net", "净值（元）"))
            ),
        )  # fmt: skip

    def written(self, card: Card) -> depreciation.Written:
        """The card's figures, worked out once for all its columns."""
        found = getattr(card, "written", None)
        if found is None:
            found = card.written = depreciation.at(card, self.month)  # type: ignore[attr-defined]
        return found

    def of_month(self) -> Any:
        return Card.objects.carried(self.month)

    def totals(self, queryset: Any) -> list[tuple[str, str]] | None:
        """Summed in whole 分 over the rows that the filters leave, without making records of them."""
        sums = statements.sums(queryset, self.month)
        shown = [one for one in self.get_columns() if one.where != "sheet"][1:]
        return [(one.css, f"¥{statements.yuan(sums[one.name]):,.2f}" if one.name in sums else "") for one in shown]


def six(card: Card) -> str:
    return SIX.get(card.class_code.six, "") if card.class_code else ""


class Depreciation(MonthListPage):
    """The register, page by page; the workbook has the six classes on a sheet of their own."""

    listing = RegisterListing
    note = statements.RULE

    def more_sheets(self) -> list[sheets.Sheet]:
        columns = (
            ("类别", "text"), ("卡片", "int+"), ("原值（元）", "money+"), ("本月折旧（元）", "money+"), ("累计折旧（元）", "money+"), ("净值（元）", "money+"),
        )  # fmt: skip
        rows = [
            (one.label, one.cards, *map(statements.yuan, (one.after[1], one.month, one.accumulated, one.net)))
            for one in statements.of_month(self.month)
        ]
        return [Table("按类别汇总", columns, rows).sheet(f"{self.month.words}折旧汇总")]


class EnterLedger(Monthly, Page):
    """The accountant's balances of one month, one box for each of the six classes; an empty box takes its figure away."""

    permission = "finance.manage"
    template_name = "core/form.html"

    def get_title(self) -> str:
        return f"填报总账余额：{self.month.words}"

    def back(self) -> str:
        return f"{reverse('finance:asset-agreement')}?month={self.month}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), ("账账核对", self.back())]

    def form(self, data: Any = None) -> LedgerForm:
        there = {row.six: row.amount for row in GeneralLedger.objects.filter(month=self.month.first)}
        return LedgerForm(data, initial=there)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.show(self.form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        statements.enter(self.month, form.cleaned_data, by=self.actor())
        messages.success(request, f"{self.month.words}的总账余额已记下。")
        return HttpResponseRedirect(self.back())

    def show(self, form: LedgerForm, status: int = 200) -> HttpResponseBase:
        return self.render(form=form, submit_label="保存", back_url=self.back(), status=status)
