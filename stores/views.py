"""Pages of the stores: moves, items, receipts, issues, returns, counts, purchase requests."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage
from core.rights import can
from stores import forms, listings, rules, services
from stores.models import Item, Move, PurchaseRequest

LOOK = ("stores.view", "stores.draw")
MANAGE = "stores.manage"
DRAW = ("stores.draw", "stores.manage")
REQUEST = ("stores.request_purchase", "stores.manage")
MOVES_SHOWN = 50


def crumb_home(user: Any) -> tuple[str, str]:
    """The way back: the moves for those who see them, else the items."""
    return ("仓库", reverse("stores:list")) if can(user, "stores.view") else ("物品与库存", reverse("stores:items"))


class Crumbed:
    """Pages below the list of moves."""

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user)]  # type: ignore[attr-defined]


class MoveList(ListPage):
    permission = "stores.view"
    listing = listings.MoveListing
    template_name = "stores/move_list.html"
    title = "仓库"

    def get_actions(self) -> list[Action]:
        user = self.request.user
        found = [
            Action("物品与库存", reverse("stores:items"), "package"),
            Action("申购", reverse("stores:purchases"), "clipboard-list"),
        ]
        if can(user, MANAGE):
            found.append(Action("登记入库", reverse("stores:receive"), "plus"))
        if any(can(user, one) for one in DRAW):
            found.append(Action("领用", reverse("stores:issue"), "", "primary"))
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """Above the moves: what waits for somebody."""
        low, waiting = Item.objects.low().count(), PurchaseRequest.objects.open().visible_to(self.request.user).count()
        tasks = [
            {"label": "要补货", "value": low, "unit": "种", "more": "库存低于最低数",
             "url": f"{reverse('stores:items')}?low=1", "danger": low > 0},
            {"label": "待办申购", "value": waiting, "unit": "张", "more": "提出后还没有答复",
             "url": f"{reverse('stores:purchases')}?answer=open", "danger": False},
        ]  # fmt: skip
        return super().get_context(figures=tasks, **extra)


class ItemList(Crumbed, ListPage):
    permission = LOOK
    listing = listings.ItemListing
    tabs = (("全部", ""), ("要补货", "low=1"))

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user)] if can(self.request.user, "stores.view") else []

    def get_actions(self) -> list[Action]:
        user, found = self.request.user, []
        if can(user, MANAGE):
            found.append(Action("新建物品", reverse("stores:item-new"), "plus"))
        if any(can(user, one) for one in DRAW):
            found.append(Action("领用", reverse("stores:issue"), "", "primary"))
        return found


class ItemDetail(Crumbed, DetailPage):
    permission = LOOK
    model = Item
    template_name = "stores/item_detail.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        items = ("物品与库存", reverse("stores:items"))
        return [crumb_home(self.request.user), items] if can(self.request.user, "stores.view") else [items]

    def get_queryset(self) -> Any:
        return super().get_queryset().with_stock()

    def get_actions(self) -> list[Action]:
        user, pk, found = self.request.user, self.object.pk, []
        if can(user, MANAGE):
            found += [
                Action("修改", reverse("stores:item-edit", args=[pk])),
                Action("登记盘点差异", reverse("stores:count", args=[pk])),
                Action("登记入库", f"{reverse('stores:receive')}?item={pk}"),
            ]
        if any(can(user, one) for one in REQUEST):
            found.append(Action("申购", f"{reverse('stores:purchase-new')}?item={pk}"))
        if any(can(user, one) for one in DRAW):
            found.append(Action("领用", f"{reverse('stores:issue')}?item={pk}", "", "primary"))
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        user = self.request.user
        latest = Move.objects.latest().filter(item=self.object).select_related("warehouse").order_by("warehouse")
        moves = Move.objects.filter(item=self.object).select_related("warehouse", "taker", "by", "reversed_by")
        return super().get_context(
            latest=latest, moves=moves.order_by("-pk")[:MOVES_SHOWN], books=can(user, "stores.view"),
            manages=can(user, MANAGE), draws=any(can(user, one) for one in DRAW), **extra,
        )  # fmt: skip


class ItemEdit(Crumbed, FormPage):
    """Makes an item, or changes one."""

    permission = MANAGE
    model = Item
    form_class = forms.ItemForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user), ("物品与库存", reverse("stores:items"))]


class MovePage(Crumbed, FormPage):
    """A form that adds one move of a chosen item."""

    model = Move
    creates = True

    def get_initial(self) -> dict[str, Any]:
        """The item that the address names, if there is one."""
        text = self.request.GET.get("item", "")
        known = text.isascii() and text.isdigit() and len(text) < 19
        item = Item.objects.visible_to(self.request.user).filter(pk=int(text)).first() if known else None
        return {"item": item} if item else {}


class Receive(MovePage):
    permission = MANAGE
    form_class = forms.ReceiveForm
    title = "登记入库"
    submit_label = "登记入库"

    def save(self, form: Any) -> Move:
        return services.receive(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Move) -> str:
        return f"已入库 {rules.plain(record.quantity)} {record.item.unit}{record.item}，单号 {record.number}。"


class Issue(MovePage):
    permission = DRAW
    form_class = forms.IssueForm
    title = "领用"
    submit_label = "领用"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def save(self, form: Any) -> Move:
        return services.issue(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: Move) -> str:
        left = f"还剩 {rules.plain(record.balance_after)} {record.item.unit}"
        return f"已领用 {rules.plain(-record.quantity)} {record.item.unit}{record.item}，{left}，单号 {record.number}。"


class MoveStep(Crumbed, ActionPage):
    """A step on one move of the chain."""

    model = Move
    related = ("item", "warehouse")

    def get_queryset(self) -> Any:
        """Whoever may look at the items sees their moves; who draws for himself returns only what he took."""
        found = Move.objects.select_related("item", "warehouse")
        user = self.request.user
        return found if can(user, MANAGE) else found.filter(taker=user)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user), (str(self.object.item), self.object.get_absolute_url())]


class GiveBack(MoveStep):
    permission = DRAW
    form_class = forms.ReturnForm
    service = staticmethod(services.give_back)
    title = "退库"
    submit_label = "退库"
    success = "已退库。"

    def get_words(self) -> str:
        move = self.object
        return f"{move.number}：{move.on:%Y-%m-%d} 领用{move.item} {rules.plain(abs(move.quantity))} {move.item.unit}。"


class Reverse(MoveStep):
    permission = MANAGE
    form_class = forms.ReverseForm
    service = staticmethod(services.reverse)
    title = "冲正"
    submit_label = "冲正这一笔"
    danger = True
    back_label = "不冲正，返回"
    success = "已冲正。两笔都留在账上。"

    def get_words(self) -> str:
        move = self.object
        kind = move.get_kind_display()
        return f"整笔冲正 {move.number}：{kind}{move.item} {rules.plain(abs(move.quantity))} {move.item.unit}。"


class Count(Crumbed, ActionPage):
    permission = MANAGE
    model = Item
    form_class = forms.CountForm
    service = staticmethod(services.count_difference)
    title = "登记盘点差异"
    submit_label = "登记差异"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [crumb_home(self.request.user), (str(self.object), self.object.get_absolute_url())]

    def get_words(self) -> str:
        return f"{self.object}：账面合计 {rules.plain(services.balance(self.object))} {self.object.unit}。"

    def get_success(self, record: Move) -> str:
        kind = record.get_kind_display()
        return f"已登记{kind} {rules.plain(abs(record.quantity))} {record.item.unit}，单号 {record.number}。"


class PurchaseList(Crumbed, ListPage):
    """Whoever has asked for something sees his own; the office and the storekeeper see all."""

    permission = ("stores.view", "stores.request_purchase", "stores.answer_purchase")
    listing = listings.PurchaseListing
    tabs = (("全部", ""), ("待办", "answer=open"))

    def get_actions(self) -> list[Action]:
        if any(can(self.request.user, one) for one in REQUEST):
            return [Action("申购", reverse("stores:purchase-new"), "plus", "primary")]
        return []


class Purchase(DetailPage):
    model = PurchaseRequest
    slug_field = "number"
    related = ("by", "answered_by", "place", "item")
    template_name = "stores/purchaserequest_detail.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        may_list = any(can(self.request.user, one) for one in PurchaseList.permission)
        return [("申购", reverse("stores:purchases"))] if may_list else []

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """The answer is offered to whom it may concern, and says why it is not open to him."""
        request, user = self.object, self.request.user
        moves = []
        if can(user, "stores.answer_purchase") and not request.answer:
            moves.append({
                "label": "答复", "url": reverse("stores:purchase-answer", args=[request.number]), "style": "primary",
                "reasons": rules.PURCHASE.blockers(request, "answer", user),
            })  # fmt: skip
        stock = services.balance(request.item) if request.item else None
        return super().get_context(moves=moves, stock=stock, **extra)


class PurchaseNew(FormPage):
    permission = REQUEST
    model = PurchaseRequest
    creates = True
    form_class = forms.PurchaseForm
    title = "申购"
    submit_label = "提交申购"

    get_initial = MovePage.get_initial

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("申购", reverse("stores:purchases"))]

    def save(self, form: Any) -> PurchaseRequest:
        return services.request_purchase(by=self.actor(), **form.cleaned_data)

    def get_success(self, record: PurchaseRequest) -> str:
        return f"已提交申购 {record.number}，等后勤处答复。"


class PurchaseAnswer(ActionPage):
    permission = "stores.answer_purchase"
    model = PurchaseRequest
    slug_field = "number"
    form_class = forms.PurchaseAnswerForm
    flow = rules.PURCHASE
    step = "answer"
    service = staticmethod(services.answer_purchase)
    title = "答复申购"
    submit_label = "答复"
    success = "已答复。"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("申购", reverse("stores:purchases")), (self.object.number, self.object.get_absolute_url())]

    def get_words(self) -> str:
        request = self.object
        return f"{request.by}申购{request.what} {rules.plain(request.quantity)} {request.unit}：{request.why}"
