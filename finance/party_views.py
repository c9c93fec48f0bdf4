"""Pages of parties, contracts, projects and their milestones."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html

from core.money import plain
from core.pages import Action, ActionPage, FormPage, ListPage
from core.rights import can
from finance import forms, listings, services
from finance.models import Contract, Expense, Milestone, Party, Project
from finance.tables import Table
from finance.views import VIEW, Crumbed, RecordDetail

EDIT = "finance.edit_parties"


def _new(user: Any, label: str, name: str) -> list[Action]:
    return [Action(label, reverse(name), "plus", "primary")] if can(user, EDIT) else []


def telephone(number: str) -> Any:
    """A number that a phone dials when it is tapped."""
    return number and format_html('<a href="tel:{}">{}</a>', "".join(number.split()), number)


def _contracts(rows: Any) -> Table:
    found = list(rows)
    return Table(
        "合同", (("合同编号", "text"), ("名称", "text"), ("金额（元）", "money+"), ("到期", "date")),
        [(c.number, c.title, c.amount, c.ends_on) for c in found], [{0: c.get_absolute_url()} for c in found], empty="没有合同。",
    )  # fmt: skip


class PartyList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.PartyListing
    tabs = (("全部", ""), ("外修承包方", "kind=contractor"), ("供应商", "kind=supplier"))

    def get_actions(self) -> list[Action]:
        return _new(self.request.user, "新建往来单位", "finance:party-new")


class PartyDetail(RecordDetail):
    """A party with its record: its jobs and what they came to in panels, then marks, contracts, expenses."""

    permission = VIEW
    model = Party
    under = ("往来单位", "finance:parties")

    def get_queryset(self) -> Any:
        return super().get_queryset().with_record()

    def get_actions(self) -> list[Action]:
        if not can(self.request.user, EDIT):
            return []
        pk = self.object.pk
        return [
            Action("记一笔", reverse("finance:party-mark", args=[pk]), "plus"),
            Action("修改", reverse("finance:party-edit", args=[pk])),
        ]

    def facts(self) -> list[tuple[str, Any]]:
        one = self.object
        return [
            ("类别", one.kinds), ("状态", "在用" if one.active else "已停用"), ("联系人", one.contact), ("电话", telephone(one.phone)),
            ("收款账户", one.account), ("信用代码", one.licence), ("爽约", f"{one.no_shows} 次"), ("返工", f"{one.reworks} 次"),
            ("核减", f"{one.price_cuts} 次"), ("表扬", f"{one.praises} 次"),
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        marks = list(self.object.marks.select_related("by")[:30])
        record = Table(
            "记录", (("日期", "date"), ("类型", "text"), ("说明", "text"), ("记录人", "text")),
            [(m.on, m.get_kind_display(), m.words, m.by.name) for m in marks], [{2: m.url} if m.url else {} for m in marks],
            empty="还没有爽约、返工、核减或表扬的记录。",
        )  # fmt: skip
        rows = list(Expense.objects.filter(party=self.object).order_by("-pk")[:20])
        expenses = Table(
            "支出审批", (("单号", "text"), ("事由", "text"), ("批准金额（元）", "money"), ("状态", "text")),
            [(e.number, e.what, e.approved_amount, e.get_state_display()) for e in rows],
            [{0: reverse("finance:expense", args=[e.number])} for e in rows], empty="没有支出。",
        )  # fmt: skip
        tables = [record, expenses, _contracts(self.object.contracts.all()[:20])]
        return super().get_context(tables=tables, panel_page="party", panels_first=True, **extra)


class PartyEdit(Crumbed, FormPage):
    permission = EDIT
    model = Party
    form_class = forms.PartyForm
    under = ("往来单位", "finance:parties")


class PartyMarkNew(Crumbed, ActionPage):
    permission = EDIT
    model = Party
    form_class = forms.MarkForm
    title = "记一笔"
    submit_label = "记下"
    success = "已记下。"
    under = ("往来单位", "finance:parties")

    @staticmethod
    def service(party: Party, *, by: Any, kind: str, words: str, on: Any) -> Any:
        return services.mark(party, kind, by=by, words=words, on=on)

    def get_success_url(self, record: Any) -> str:
        return self.object.get_absolute_url()

    def get_words(self) -> str:
        return str(self.object)


class ContractList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.ContractListing
    tabs = (("全部", ""), ("即将到期", "expiring=1"), ("已到期", "expiring=0"))

    def get_actions(self) -> list[Action]:
        return _new(self.request.user, "新建合同", "finance:contract-new")


class ContractDetail(RecordDetail):
    permission = VIEW
    model = Contract
    related = ("party",)
    under = ("合同", "finance:contracts")

    def get_actions(self) -> list[Action]:
        return (
            [Action("修改", reverse("finance:contract-edit", args=[self.object.pk]))]
            if can(self.request.user, EDIT)
            else []
        )

    def facts(self) -> list[tuple[str, Any]]:
        one = self.object
        return [
            ("合同编号", one.number), ("往来单位", str(one.party)), ("金额", f"{plain(one.amount)} 元"), ("签订日期", one.signed_on),
            ("开始", one.starts_on), ("到期", one.ends_on),
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows = list(self.object.projects.all())
        table = Table(
            "项目", (("项目", "text"), ("预算（元）", "money+")), [(p.name, p.budget) for p in rows],
            [{0: p.get_absolute_url()} for p in rows], empty="没有项目。",
        )  # fmt: skip
        return super().get_context(tables=[table], panel_page="contract", **extra)


class ContractEdit(Crumbed, FormPage):
    permission = EDIT
    model = Contract
    form_class = forms.ContractForm
    under = ("合同", "finance:contracts")


class ProjectList(Crumbed, ListPage):
    permission = VIEW
    listing = listings.ProjectListing
    saving = False

    def get_actions(self) -> list[Action]:
        return _new(self.request.user, "新建项目", "finance:project-new")


class ProjectDetail(RecordDetail):
    permission = VIEW
    model = Project
    related = ("contract",)
    under = ("项目", "finance:projects")

    def get_actions(self) -> list[Action]:
        if not can(self.request.user, EDIT):
            return []
        pk = self.object.pk
        return [
            Action("加节点", reverse("finance:milestone-new", args=[pk]), "plus"),
            Action("修改", reverse("finance:project-edit", args=[pk])),
        ]

    def facts(self) -> list[tuple[str, Any]]:
        one = self.object
        return [
            ("预算", f"{plain(one.budget)} 元"), ("资金来源", one.funding), ("批复文号", one.approval_number), ("开始", one.starts_on),
            ("结束", one.ends_on), ("合同", str(one.contract or "")),
        ]  # fmt: skip

    def get_context(self, **extra: Any) -> dict[str, Any]:
        rows, edits = list(self.object.milestones.all()), can(self.request.user, EDIT)
        table = Table(
            "节点", (("节点", "text"), ("计划日期", "date"), ("完成日期", "date")), [(m.name, m.due_on, m.done_on) for m in rows],
            [{0: reverse("finance:milestone-edit", args=[self.object.pk, m.pk])} for m in rows] if edits else [],
            empty="还没有节点，先写明几个关键日期。",
        )  # fmt: skip
        return super().get_context(tables=[table], panel_page="project", **extra)


class ProjectEdit(Crumbed, FormPage):
    permission = EDIT
    model = Project
    form_class = forms.ProjectForm
    under = ("项目", "finance:projects")


class MilestoneEdit(Crumbed, FormPage):
    """A date of the project that the address names."""

    permission = EDIT
    model = Milestone
    form_class = forms.MilestoneForm

    @cached_property
    def project(self) -> Project:
        found = Project.objects.visible_to(self.request.user).filter(pk=self.kwargs["project"]).first()
        if found is None:
            raise Http404("没有这个项目。")
        return found

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(project=self.project)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            *super().get_crumbs(),
            ("项目", reverse("finance:projects")),
            (self.project.name, self.project.get_absolute_url()),
        ]

    def get_form(self) -> Any:
        form = super().get_form()
        form.instance.project = self.project
        return form

    def get_success_url(self, record: Any) -> str:
        return self.project.get_absolute_url()
