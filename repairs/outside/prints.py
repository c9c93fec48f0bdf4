"""Paper of outside jobs: 询价比价表, 外修验收单, 核价单, 工程验收结算单, as they are signed and filed."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from campus import profile
from core.models import LogEntry
from core.money import capital
from core.pages import DetailPage
from repairs.outside.comparing import compare
from repairs.outside.listings import may_see_money
from repairs.outside.models import ACCEPTED, OutsideJob
from repairs.outside.rules import paid_so_far
from repairs.outside.views.moves import RELATED


class JobPaper(DetailPage):
    """A sheet about one job; amounts only for who may see them."""

    model = OutsideJob
    slug_field = "number"
    related = RELATED
    name = ""
    needs_money = True
    states: tuple[str, ...] = ()

    def get_title(self) -> str:
        return f"{self.name} {self.object.number}"

    def timeline(self) -> list[LogEntry]:
        return []

    def refusal(self) -> str | None:
        """Who may see the job but no amounts is told so; the job itself is asked for first."""
        if (
            self.needs_money
            and self.request.user.is_authenticated
            and self.object
            and not may_see_money(self.request.user)
        ):
            return "这张表上有金额，只给后勤处和财务、校领导看。"
        return super().refusal()

    def there(self) -> bool:
        return self.object.state in self.states

    def get_context(self, **extra: Any) -> dict[str, Any]:
        job = self.object
        if not self.there():
            raise Http404(f"现在是“{job.word}”，还没有{self.name}。")
        signs = list(job.signs.filter(round=job.round).select_related("user"))
        names = list(dict.fromkeys(one.user.name for one in signs)) if job.acceptor_1_id else []
        return super().get_context(
            school=profile.current(), name=self.name, lines=list(job.lines.select_related("variation")), shows_money=may_see_money(self.request.user),
            rows=list(job.tickets.select_related("ticket__place", "ticket__category").order_by("ticket_id")), acceptors=names, **extra,
        )  # fmt: skip


class QuotesPaper(JobPaper):
    """询价比价表."""

    template_name = "outside/print_quotes.html"
    name = "询价比价表"

    def there(self) -> bool:
        return bool(self.object.quotes.exists())

    def get_context(self, **extra: Any) -> dict[str, Any]:
        comparison = compare(self.object)
        span = max(1, 2 * len(comparison.quotes)) if comparison else 1  # each firm has two columns
        return super().get_context(comparison=comparison, span=span, **extra)


class AcceptancePaper(JobPaper):
    """外修验收单."""

    template_name = "outside/print_acceptance.html"
    name = "外修验收单"
    needs_money = False
    states = ("checking", *ACCEPTED)


class CheckPaper(JobPaper):
    """核价单, with the amount in capitals."""

    template_name = "outside/print_check.html"
    name = "核价单"

    def there(self) -> bool:
        return self.object.checked_amount is not None

    def get_context(self, **extra: Any) -> dict[str, Any]:
        job = self.object
        figures = (
            {"capital": capital(job.checked_amount), "paid": paid_so_far(job)} if job.checked_amount is not None else {}
        )
        return super().get_context(**figures, **extra)


class SettlementPaper(CheckPaper):
    """工程验收结算单."""

    template_name = "outside/print_settlement.html"
    name = "工程验收结算单"

    def there(self) -> bool:
        return bool(self.object.kind == "works" and super().there())

    def get_context(self, **extra: Any) -> dict[str, Any]:
        job = self.object
        due = (job.checked_amount or 0) - paid_so_far(job) - job.retention_forfeited
        return super().get_context(
            due=due, variations=list(job.variations.filter(state="approved")), defects=list(job.defects.all()), **extra
        )
