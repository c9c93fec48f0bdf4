"""Pages of the ledger: cards, moves of their pieces, what one keeps, scrap proposals."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import cached_property

from assets import forms, listings, numbers, rules, services
from assets.depreciation import at, life_of
from assets.models import Card, Holding, HoldingMove, NumberFormat, ScrapProposal
from core import clock
from core.models import LogEntry
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage, RecordPage
from core.plan import Month
from core.rights import can

LOOK = "assets.view"
MANAGE = "assets.manage"
PROPOSE = ("assets.manage", "assets.answer_scrap", "repairs.work", "repairs.manage")
SCRAPS = ("assets.view", "assets.answer_scrap", "repairs.work")
HOLDINGS_SHOWN = 60
MOVES_SHOWN = 50
PAPER_MOVES = 20  # what fits on one sheet


def crumb_home(user: Any) -> tuple[str, str]:
    """The way back: the ledger for those who see it, else what one keeps oneself."""
    return ("资产", reverse("assets:list")) if can(user, LOOK) else ("我保管的", reverse("assets:mine"))


class CardList(ListPage):
    """All cards for the ledger's people; whoever else comes here finds what he keeps."""

    listing = listings.CardListing
    template_name = "assets/card_list.html"

    def get_actions(self) -> list[Action]:
        user, found = self.request.user, [Action("我保管的", reverse("assets:mine"), "archive")]
        if any(can(user, one) for one in SCRAPS):
            found.append(Action("报废建议", reverse("assets:scraps"), "clipboard-list"))
        if can(user, MANAGE):
            found.append(Action("编号格式", reverse("assets:numbers"), "settings", desk_only=True))
            found.append(Action("新建卡片", reverse("assets:card-new"), "plus", "primary"))
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """Above the cards: what waits for somebody."""
        user, tasks = self.request.user, []
        if can(user, LOOK):
            broken = Holding.objects.broken().count()
            waiting = ScrapProposal.objects.open().count()
            tasks = [
                {"label": "待修", "value": broken, "unit": "处", "more": "记为待修、还没有修好或换下",
                 "url": f"{reverse('assets:list')}?condition=broken", "danger": broken > 0},
                {"label": "报废建议", "value": waiting, "unit": "条", "more": "提出后还没有答复",
                 "url": f"{reverse('assets:scraps')}?answer=open", "danger": False},
            ]  # fmt: skip
        return super().get_context(figures=tasks, **extra)


class Mine(ListPage):
    """What the user keeps."""

    listing = listings.KeptListing


class CardPage(RecordPage):
    """A page about one card."""

    model = Card
    slug_field = "number"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user)]


class CardDetail(CardPage, DetailPage):
    template_name = "assets/card_detail.html"

    def get_title(self) -> str:
        return f"{self.object.name} {self.object.number}"

    @cached_property
    def holdings(self) -> list[Holding]:
        """The card's holdings that the user may see; a batch's are looked for by place."""
        found = Holding.objects.visible_to(self.request.user).filter(card=self.object)
        words = self.request.GET.get("where", "")[:60]
        if words.strip():
            found = found.filter(listings.standing(words))
        found = found.select_related("place", "custodian", "place__custodian").order_by("place__path", "pk")
        return list(found[: HOLDINGS_SHOWN + 1])

    def get_actions(self) -> list[Action]:
        user, number = self.request.user, self.object.number
        found = [Action("建议报废", f"{reverse('assets:scrap-new')}?{urlencode({'card': number})}")] if any(
            can(user, one) for one in PROPOSE
        ) else []  # fmt: skip
        if can(user, LOOK):
            found.insert(0, Action("打印卡片", reverse("assets:card-paper", args=[number]), "printer", desk_only=True))
        if can(user, MANAGE):
            found.insert(0, Action("修改", reverse("assets:card-edit", args=[number])))
            if self.object.state == "on_books":
                found.append(Action("移动", reverse("assets:card-move", args=[number]), "repeat", "primary"))
        return found

    def timeline(self) -> Any:
        """What happened to the card itself; where its pieces went stands in its moves."""
        return LogEntry.objects.of(self.object).exclude(verb__in=HoldingMove.KINDS).select_related("acting_for")[:50]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        user = self.request.user
        rows = [
            {"holding": one, "key": forms.key_of(one), "keeper": one.custodian or one.place.custodian,
             "report": urlencode({"asset": self.object.number, "place": one.place_id})}
            for one in self.holdings[:HOLDINGS_SHOWN]
        ]  # fmt: skip
        moves = self.object.moves.select_related("from_place", "to_place", "from_custodian", "to_custodian", "by")
        return super().get_context(
            rows=rows, more=len(self.holdings) > HOLDINGS_SHOWN, looking=self.request.GET.get("where", "")[:60],
            searchable=len(self.holdings) > HOLDINGS_SHOWN or "where" in self.request.GET,
            moves=moves.order_by("-at", "-pk")[:MOVES_SHOWN] if can(user, LOOK) else (),
            manages=can(user, MANAGE) and self.object.state == "on_books", books=can(user, LOOK),
            worth=at(self.object, Month.current()),
            past_warranty=bool(self.object.warranty_on and self.object.warranty_on < clock.today()), **extra,
        )  # fmt: skip


class CardNew(FormPage):
    permission = MANAGE
    model = Card
    creates = True
    form_class = forms.RegisterForm
    title = "新建资产卡片"
    submit_label = "新建卡片"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user)]

    def save(self, form: Any) -> Card:
        return services.register(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Card) -> str:
        return f"已入账，编号 {record.number}。"


class CardPaper(CardPage, DetailPage):
    """固定资产卡片, both sides on one A4 sheet."""

    permission = LOOK
    template_name = "assets/card_paper.html"

    def get_title(self) -> str:
        return f"固定资产卡片 {self.object.number}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (str(self.object), self.object.get_absolute_url())]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        card = self.object
        moves = card.moves.select_related("from_place", "to_place", "to_custodian", "by").order_by("at", "pk")
        holdings = card.holdings.select_related("place__custodian", "custodian").order_by("place__path", "pk")
        return super().get_context(
            on=clock.today(), worth=at(card, Month.current()), life=life_of(card), moves=moves[:PAPER_MOVES],
            holdings=holdings[:HOLDINGS_SHOWN], unit_price=card.cost / card.quantity if card.quantity else None, **extra,
        )  # fmt: skip


class NumberFormatPage(FormPage):
    """/assets/numbers/: how cards are numbered; numbers given out stay as they are."""

    permission = MANAGE
    model = NumberFormat
    form_class = forms.FormatForm
    title = "资产编号格式"
    creates = False

    def get_object(self) -> NumberFormat:
        return NumberFormat.objects.get_or_create()[0]

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user)]

    def get_success_url(self, record: Any) -> str:
        return reverse("assets:list")

    def get_success(self, record: NumberFormat) -> str:
        return f"已保存。下一张卡片的编号像 {numbers.example(record.pattern)} 这样，已有的编号不变。"


class CardEdit(CardPage, FormPage):
    permission = MANAGE
    form_class = forms.CardForm


class PiecesPage(CardPage, ActionPage):
    """A step on some pieces of a card; `?from=` names the holding."""

    permission = MANAGE

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user), (str(self.object), self.object.get_absolute_url())]

    def get_initial(self) -> dict[str, Any]:
        named = self.request.GET.get("from", "")[:60]
        return {"source": named} if named else {}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"card": self.object}

    def blockers(self, record: Card) -> list[str]:
        reason = rules.on_books(record)
        return [reason] if reason else []

    def get_success_url(self, record: Any) -> str:
        return self.object.get_absolute_url()


class CardMove(PiecesPage):
    form_class = forms.MoveForm
    service = staticmethod(services.carry)
    title = "移动"
    submit_label = "移动"
    success = "已移动。"


class CardMark(PiecesPage):
    form_class = forms.MarkForm
    service = staticmethod(services.mark_some)
    title = "改状况"
    submit_label = "改状况"
    success = "状况已改。"


class CardSwap(PiecesPage):
    form_class = forms.SwapForm
    service = staticmethod(services.swap_some)
    title = "以好换坏"
    submit_label = "换用"
    success = "已换用：坏件记为待修，好件已到位。"


class ScrapList(ListPage):
    """Whoever has proposed something sees his own; the ledger's people see all."""

    permission = SCRAPS
    listing = listings.ScrapListing
    tabs = (("全部", ""), ("待办", "answer=open"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user)]

    def get_actions(self) -> list[Action]:
        if any(can(self.request.user, one) for one in PROPOSE):
            return [Action("建议报废", reverse("assets:scrap-new"), "plus", "primary")]
        return []


class Scrap(DetailPage):
    model = ScrapProposal
    slug_field = "number"
    related = ("by", "answered_by", "place", "card")
    template_name = "assets/scrapproposal_detail.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("报废建议", reverse("assets:scraps"))] if any(can(self.request.user, one) for one in SCRAPS) else []

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """The answer is offered to whom it may concern, and says why it is not open to him."""
        proposal, user, moves = self.object, self.request.user, []
        if can(user, "assets.answer_scrap") and not proposal.answer:
            moves.append({
                "label": "答复", "url": reverse("assets:scrap-answer", args=[proposal.number]), "style": "primary",
                "reasons": rules.SCRAP.blockers(proposal, "answer", user),
            })  # fmt: skip
        return super().get_context(moves=moves, **extra)


class ScrapNew(FormPage):
    permission = PROPOSE
    model = ScrapProposal
    creates = True
    form_class = forms.ScrapForm
    title = "建议报废"
    submit_label = "提交报废建议"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("报废建议", reverse("assets:scraps"))]

    def get_initial(self) -> dict[str, Any]:
        """The card that the address names, if the user may see it."""
        number = self.request.GET.get("card", "")[:30]
        found = Card.objects.visible_to(self.request.user).filter(number=number).first() if number else None
        return {"card": found} if found else {}

    def save(self, form: Any) -> ScrapProposal:
        return services.propose_scrap(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: ScrapProposal) -> str:
        return f"已提交报废建议 {record.number}，等答复。"


class ScrapAnswer(ActionPage):
    permission = "assets.answer_scrap"
    model = ScrapProposal
    slug_field = "number"
    form_class = forms.ScrapAnswerForm
    flow = rules.SCRAP
    step = "answer"
    service = staticmethod(services.answer_scrap)
    title = "答复报废建议"
    submit_label = "答复"
    success = "已答复。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("报废建议", reverse("assets:scraps")), (self.object.number, self.object.get_absolute_url())]

    def get_words(self) -> str:
        proposal = self.object
        return f"{proposal.by}建议报废{proposal.what}，数量 {proposal.quantity}：{proposal.why}"
