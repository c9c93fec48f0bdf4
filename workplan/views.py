"""Pages of the monthly plan: the month as a document, what is behind a line, lines by hand, prose."""

from __future__ import annotations

import io
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from campus import profile
from campus.calendar import teaching_week
from core import clock, log, rights, sheets
from core.pages import Action, ActionPage, FormPage, Page, RecordPage, changes_of, values_of
from core.plan import Month
from core.templatetags.houqin import day
from workplan import forms, reading, services
from workplan.models import MonthlyPlan, PlanLine
from workplan.sections import HEADINGS, SECTIONS

PER_PAGE = 100


class Plan:
    """What pages about a month share: the month of the address, and the way back to it."""

    kwargs: dict[str, Any]

    @cached_property
    def month(self) -> Month:
        return reading.month_or_404(self.kwargs["month"])

    @property
    def month_url(self) -> str:
        return reverse("workplan:month", args=[str(self.month)])

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("月计划", reverse("workplan:current")), (self.month.words, self.month_url)]


class Current(Page):
    """`/plan/`: the running month, or the one that the box asked for."""

    permission = "workplan.view"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "month" in request.GET:
            month = reading.month_or_404(request.GET["month"])
            return HttpResponseRedirect(reverse("workplan:month", args=[str(month)]))
        return MonthPage.as_view()(request, month=str(Month.current()))


class MonthPage(Plan, Page):
    """One month's plan."""

    permission = "workplan.view"
    template_name = "workplan/plan.html"

    @cached_property
    def shown(self) -> reading.Page:
        return reading.page(self.month, services.opened(self.month))

    @property
    def may_edit(self) -> bool:
        return rights.can(self.request.user, "workplan.edit") and not self.shown.never

    def get_title(self) -> str:
        return (
            f"{self.month.month}月工作计划" if self.month.year == clock.today().year else f"{self.month.words}工作计划"
        )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("月计划", reverse("workplan:current")), (self.month.words, "")]

    def get_actions(self) -> list[Action]:
        found = []
        if self.may_edit:
            found += [
                Action("写一条", reverse("workplan:line-new", args=[str(self.month)]), icon="plus"),
                Action("改正文", reverse("workplan:prose", args=[str(self.month)]), icon="square-pen"),
            ]
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") == "xlsx":
            return self.export()
        return self.render()

    def get_context(self, **extra: Any) -> dict[str, Any]:
        shown, school = self.shown, profile.current()
        chapters = shown.chapters()
        week = teaching_week(self.month.first)
        return super().get_context(
            month=self.month, plan=shown.plan, shown=shown, chapters=chapters, weeks=shown.weeks(), school=school,
            may_edit=self.may_edit, figures=self.figures(), previous=self.month.previous, next=self.month.next,
            has_next=self.month < Month.current().plus(reading.AHEAD), first_week=week,
            has_previous=self.month > Month.current() or self.month.previous >= self.first_month,
            running=self.month == Month.current(), **extra,
        )  # fmt: skip

    @cached_property
    def first_month(self) -> Month:
        return reading.first_month(self.shown.plan)

    def figures(self) -> list[dict[str, Any]]:
        """The head: dangers, lateness, what has come, what was done; each leads to its records."""
        shown, now = self.shown, self.shown.standing
        tickets = reverse("repairs:list")
        late = f"{now['late_hazards']} 处超期" if now["late_hazards"] else "都没有超期"
        open_ones = f"{now['unprotected']} 处还没有临时防护" if now["unprotected"] else "都有临时防护"
        today = "" if self.month == Month.current() else "现在"  # on another month's page these two are still today's
        found = [
            {
                "label": f"{today}未销号隐患", "value": now["hazards"], "unit": "处", "danger": now["hazards"] > 0,
                "more": f"{late}，{open_ones}" if now["hazards"] else "没有未销号的隐患", "url": f"{tickets}?hazard=1",
            },
            {
                "label": f"{today}超期报修", "value": now["late"], "unit": "张", "danger": now["late"] > 0,
                "more": "过了期限还没修好" if now["late"] else "都在期限内", "url": f"{tickets}?late=1",
            },
        ]  # fmt: skip
        if shown.stored:
            share = shown.share
            carried = sum(line.carry > 0 for line in shown.lines)
            more = f"结转 {carried} 项" if carried else "没有结转的事项"
            found.append({
                "label": f"{self.month.month}月完成率", "value": f"{share.percent}%", "unit": f"{share.done}/{share.count} 件",
                "more": more, "url": f"{self.month_url}#plan",
            })  # fmt: skip
        if shown.previous.count:
            before = self.month.previous
            found.append({
                "label": f"{before.month}月完成率", "value": f"{shown.previous.percent}%",
                "unit": f"{shown.previous.done}/{shown.previous.count} 件", "more": "按计划里各事项的明细计",
                "url": reverse("workplan:month", args=[str(before)]),
            })  # fmt: skip
        if self.month == Month.current() and shown.stored:
            found.append({
                "label": "本月新增", "value": sum(line.count for line in shown.new), "unit": "件", "more": "汇集以后新来、还没办结的",
                "url": f"{self.month_url}#new",
            })  # fmt: skip
        return found

    def export(self) -> HttpResponseBase:
        """The lines as Excel, in the order of the page."""
        shown = self.shown
        lines = [(chapter, part, line) for chapter in shown.chapters() for part in chapter.parts for line in part.lines]
        rows = [
            [
                number, chapter.heading.label if chapter.plain else f"{chapter.heading.label}·{part.section.label}", line.title,
                line.reason, line.owner, line.due, line.count or None, line.done if line.count else None,
                "已完成" if line.finished else line.done_words, line.carry or None, line.origin,
            ]
            for number, (chapter, part, line) in enumerate(lines, 1)
        ]  # fmt: skip
        rows += [
            [
                number, f"本月新增·{SECTIONS[line.section].label}", line.title, line.reason, line.owner, line.due, line.count, 0, "",
                None, line.origin,
            ]
            for number, line in enumerate(shown.new, len(rows) + 1)
        ]  # fmt: skip
        columns = [
            ("序号", "int"), ("栏目", "text"), ("工作内容", "text", 46), ("依据", "text", 36), ("责任人", "text"), ("完成时限", "date"),
            ("件数", "int"), ("已办结", "int"), ("完成情况", "text"), ("结转次数", "int"), ("来源", "text"),
        ]  # fmt: skip
        title = f"{profile.current().name}{profile.current().office}{self.month.words}工作计划"
        file = io.BytesIO()
        sheets.write_workbook([sheets.Sheet("月工作计划", columns, rows, heading=title, totals=False)], file)
        file.seek(0)
        log.write(shown.plan, "export", by=self.request.user, text=f"导出{self.month.words}工作计划：{len(rows)} 行")
        return sheets.file_response(file, f"月工作计划_{self.month.words}.xlsx")


# ---- behind a line ------------------------------------------------------------------------------------------------


class Behind(Plan, Page):
    """The records behind a line, with their state now, as far as the reader may see them."""

    permission = "workplan.view"
    template_name = "workplan/line.html"

    def line(self) -> Any:
        """What stands in the head, and the members."""
        raise NotImplementedError

    @cached_property
    def found(self) -> tuple[Any, list[tuple[str, str]]]:
        return self.line()

    def get_title(self) -> str:
        return self.found[0].title

    def get_context(self, **extra: Any) -> dict[str, Any]:
        line, pairs = self.found
        pages = Paginator(pairs, PER_PAGE)
        here = pages.get_page(self.request.GET.get("page"))
        records = reading.records(list(here.object_list), self.request.user)
        hidden = len(here.object_list) - len(records)
        return super().get_context(
            line=line, records=records, here=here, count=len(pairs), hidden=hidden, month=self.month,
            section=SECTIONS.get(line.section), month_url=self.month_url, **extra,
        )  # fmt: skip


class LinePage(Behind):
    """Behind a stored line; a line by hand has nothing behind it."""

    def line(self) -> Any:
        line = (
            PlanLine.objects.visible_to(self.request.user)
            .select_related("plan")
            .filter(pk=self.kwargs["pk"], plan__month=self.month.first, withdrawn=False)
            .first()
        )
        if line is None:
            raise Http404("没有这一条，或者已经作废。")
        return line, reading.behind(line)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.found[0].source:
            return HttpResponseRedirect(self.month_url)
        return super().get(request, *args, **kwargs)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        line = self.found[0]
        return super().get_context(share=reading.shares([line])[line.pk], stored=True, **extra)


class LivePage(Behind):
    """Behind a line that is not stored."""

    def line(self) -> Any:
        plan = MonthlyPlan.objects.filter(month=self.month.first).first()
        return reading.behind_live(self.month, self.kwargs["source"], self.kwargs["key"], plan)


# ---- prose --------------------------------------------------------------------------------------------------------


class Writable(Plan):
    """A month that may be written on: not one that is over and was never stored."""

    def gate(self) -> HttpResponseBase | None:
        refused = super().gate()  # type: ignore[misc]
        if refused is None and self.month < Month.current():
            plan = MonthlyPlan.objects.filter(month=self.month.first).first()
            if plan is None or plan.stored_at is None:
                raise Http404(f"{self.month.words}没有存下计划，不能补写。")
        return refused


class ProsePage(Writable, FormPage):
    """The text under the headings, if wanted copied from another month first."""

    permission = "workplan.edit"
    model = MonthlyPlan
    form_class = forms.ProseForm
    creates = False
    template_name = "workplan/prose.html"
    success = "正文已保存。"
    submit_label = "保存正文"

    def get_object(self) -> MonthlyPlan:
        if self.request.method == "POST":
            return services.plan_of(self.month)
        return MonthlyPlan.objects.filter(month=self.month.first).first() or MonthlyPlan(month=self.month.first)

    def get_title(self) -> str:
        return f"{self.month.words}计划正文"

    def back_url(self) -> str:
        return self.month_url

    def get_success_url(self, record: Any) -> str:
        return self.month_url

    @property
    def copied_from(self) -> Month | None:
        """The month whose text is laid into the form; nothing is saved by that."""
        text = self.request.GET.get("from", "")
        return next((month for month, _ in self.copies if str(month) == text), None)

    @cached_property
    def copies(self) -> list[tuple[Month, str]]:
        """Last month and last year's same month, as far as they have a text."""
        wanted = {self.month.previous: "上月", self.month.plus(-12): "去年同月"}
        rows = MonthlyPlan.objects.filter(month__in=[month.first for month in wanted])
        having = {Month.of(row.month) for row in rows if any(row.prose.values())}
        return [(month, label) for month, label in wanted.items() if month in having]

    def get_initial(self) -> dict[str, Any]:
        if self.copied_from is None:
            return {}
        return MonthlyPlan.objects.get(month=self.copied_from.first).prose

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(copies=self.copies, copied_from=self.copied_from, **extra)

    def save(self, form: Any) -> Any:
        texts = {heading.key: form.cleaned_data[heading.key] for heading in HEADINGS}
        return services.write_prose(self.object, texts, by=self.actor())


# ---- lines by hand ------------------------------------------------------------------------------------------------


class LineNew(Writable, FormPage):
    """A line by hand."""

    permission = "workplan.edit"
    model = PlanLine
    form_class = forms.LineForm
    creates = True
    title = "写一条"
    submit_label = "写进计划"

    def get_initial(self) -> dict[str, Any]:
        section = self.request.GET.get("section", "")
        return {"section": section if section in SECTIONS else "focus"}

    def get_success_url(self, record: Any) -> str:
        return self.month_url

    def get_success(self, record: Any) -> str:
        return f"已写进{self.month.words}计划。"

    def save(self, form: Any) -> Any:
        return services.add_line(self.month, form.save(commit=False), by=self.actor())


class ByHand(Writable, RecordPage):
    """A line by hand of this month."""

    permission = "workplan.edit"
    model = PlanLine

    def get_object(self) -> PlanLine:
        found = (
            PlanLine.objects.visible_to(self.request.user)
            .manual()
            .select_related("plan")
            .filter(pk=self.kwargs["pk"], plan__month=self.month.first, withdrawn=False)
            .first()
        )
        if found is None:
            raise Http404("没有这一条手写事项，或者已经作废。系统汇集的事项不能改。")
        return found

    def back_url(self) -> str:
        return self.month_url

    def get_success_url(self, record: Any) -> str:
        return self.month_url


class LineEdit(ByHand, FormPage):
    """Change a line by hand."""

    form_class = forms.LineForm
    creates = False
    title = "修改事项"

    def save(self, form: Any) -> Any:
        before = values_of(PlanLine.objects.get(pk=form.instance.pk), list(form.fields))
        if not form.has_changed():
            return form.instance
        form.instance.version += 1
        record = form.save()
        services.edited(record, changes_of(before, record), by=self.actor())
        return record


class LineStep(ByHand, ActionPage):
    """One step with a line by hand."""

    def get_words(self) -> str:
        line = self.object
        due = f"，{day(line.due)}前" if line.due else ""
        return f"{line.title}（{line.owner or '未定责任人'}{due}）"


class LineDone(LineStep):
    title = submit_label = "标为已完成"
    service = services.tick
    success = "已标为完成。"


class LineUndone(LineStep):
    title = submit_label = "改回未完成"
    success = "已改回未完成。"

    @staticmethod
    def service(line: PlanLine, *, by: Any) -> PlanLine:
        return services.tick(line, by=by, done=False)


class LineWithdraw(LineStep):
    title = submit_label = "作废这一条"
    danger = True
    service = services.withdraw
    success = "已作废，记录里还查得到。"
