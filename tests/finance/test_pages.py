"""Pages of finance: who opens them, what they say, every step by real requests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from core import clock
from core.models import LogEntry
from finance.models import (
    Band,
    BudgetLine,
    Claim,
    Contract,
    Expense,
    Invoice,
    Milestone,
    Party,
    Payment,
    Period,
    Project,
)
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
LISTS = (
    "home",
    "expenses",
    "invoices",
    "budget",
    "budget-lines",
    "bands",
    "periods",
    "claims",
    "claim-income",
    "parties",
    "contracts",
    "projects",
)


def get(client: Any, user: Any, address: str, status: int = 200) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def post(client: Any, user: Any, address: str, **data: Any) -> Any:
    client.force_login(user)
    return client.post(address, data)


# ---- lists and the front page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", ["finance", "clerk", "principal"])
def test_who_looks_after_money_opens_every_list_empty_and_full(client: Any, name: str, role: str) -> None:
    user = make.user(role)
    get(client, user, reverse(f"finance:{name}"))
    make.payment(), make.claim("paid"), make.contract(), make.project(), make.invoice(), make.budget_line()
    get(client, user, reverse(f"finance:{name}"))


@pytest.mark.parametrize("name", [*LISTS, "approvals", "outside", "contractors", "exceptions"])
def test_a_teacher_opens_none(client: Any, teacher: Any, name: str) -> None:
    get(client, teacher, reverse(f"finance:{name}"), 403)


def test_the_front_page_lists_payments_with_totals_tasks_and_sheets(client: Any, finance: Any) -> None:
    first, second = make.payment(800), make.payment("1200.50")
    make.claim("paid", 120), make.claim("due", 60)
    html = get(client, finance, "/finance/?month=2026-11")
    assert first.number in html and second.number in html
    assert "¥2,000.50" in html and "¥120.00" in html
    for name in ("repairs", "summary", "outside", "claim-income", "exceptions"):
        assert f'href="{reverse(f"finance:{name}")}?month=2026-11"' in html
    for name in ("budget", "contractors"):
        assert f'href="{reverse(f"finance:{name}")}?year=2026"' in html
    assert ">待核价" in html and ">缺发票" in html
    assert first.number not in get(client, finance, "/finance/?month=2026-10")


@pytest.mark.parametrize(
    "page", ["?month=rubbish", "budget/?year=99999", "budget/?year=x", "exceptions/?month=2026-13"]
)
def test_a_period_that_is_none_is_not_found(client: Any, finance: Any, page: str) -> None:
    get(client, finance, f"/finance/{page}", 404)


# ---- approvals ------------------------------------------------------------------------------------------------------


def test_the_inbox_lists_what_waits_and_leads_to_the_owner(client: Any, principal: Any, clerk: Any) -> None:
    own = make.expense("waiting", 6000, what="外墙修补", by=clerk)
    job = make.outside_job("approving")
    html = get(client, principal, "/approvals/")
    assert f'href="/finance/expenses/{own.number}/"' in html and "¥6,000.00" in html
    assert f'href="{job.expense.source_url}"' in html
    assert get(client, principal, "/plan/").count('href="/approvals/"') > 0


def test_the_inbox_says_for_whom_one_stands_in(client: Any, principal: Any, viceprincipal: Any, clerk: Any) -> None:
    expense = make.expense("waiting", 6000, by=clerk)
    assert expense.number not in get(client, viceprincipal, "/approvals/")
    make.delegation(principal, viceprincipal)
    html = get(client, viceprincipal, "/approvals/")
    assert f"代{principal.name}审批" in html and expense.number in html
    answer = post(
        client, viceprincipal, f"/finance/expenses/{expense.number}/approve/", words="同意", version=expense.version
    )
    assert answer.status_code == 302
    expense.refresh_from_db()
    assert (expense.state, expense.decided_by, expense.acting_for) == ("approved", viceprincipal, principal)
    assert f"{viceprincipal.name}（代{principal.name}）" in get(
        client, principal, f"/finance/expenses/{expense.number}/"
    )


def test_a_clerk_who_stands_in_opens_the_inbox_but_not_his_own_paper(client: Any, director: Any, clerk: Any) -> None:
    get(client, clerk, "/approvals/", 403)
    make.delegation(director, clerk)
    mine, other = make.expense("waiting", 500, by=clerk), make.expense("waiting", 600, by=make.user("clerk"))
    html = get(client, clerk, "/approvals/")
    before, after = html.split("您提出的")
    assert other.number in before and mine.number not in before and mine.number in after
    answer = post(client, clerk, f"/finance/expenses/{mine.number}/approve/", version=mine.version)
    assert answer.status_code == 403 and "要由别人审批" in answer.content.decode()
    mine.refresh_from_db()
    assert mine.state == "waiting"


def test_what_another_paper_owns_is_not_decided_here(client: Any, principal: Any) -> None:
    job = make.outside_job("approving")
    html = get(client, principal, f"/finance/expenses/{job.expense.number}/")
    assert f'href="{job.expense.source_url}"' in html and "/approve/" not in html
    assert post(client, principal, f"/finance/expenses/{job.expense.number}/approve/").status_code == 404


def test_above_the_limit_only_with_the_minutes(client: Any, principal: Any) -> None:
    expense = make.expense("waiting", 25000)
    address = f"/finance/expenses/{expense.number}/approve/"
    answer = post(client, principal, address, words="同意", version=expense.version)
    assert answer.status_code == 409 and "会议纪要" in answer.content.decode()
    answer = post(
        client,
        principal,
        address,
        version=expense.version,
        minutes_number="2026-18",
        minutes_on="2026-11-20",
        scan=make.photo(),
    )
    assert answer.status_code == 302
    expense.refresh_from_db()
    assert (expense.state, expense.minutes_number, expense.minutes_scan_id is not None) == ("approved", "2026-18", True)


def test_ask_refuse_and_void(client: Any, clerk: Any, director: Any) -> None:
    make.bands(), make.party("宏达装饰")
    answer = post(client, clerk, "/finance/expenses/new/", what="购置梯子", amount="480", party="宏达", book="school")
    expense = Expense.objects.get()
    assert answer.headers["Location"] == f"/finance/expenses/{expense.number}/"
    assert (expense.requested_amount, expense.party.name, expense.approver_role) == (
        Decimal(480),
        "宏达装饰",
        "director",
    )
    address = f"/finance/expenses/{expense.number}/"
    assert post(client, director, f"{address}refuse/", words="", version=expense.version).status_code == 200
    assert post(client, director, f"{address}refuse/", words="再问一家", version=expense.version).status_code == 302
    expense.refresh_from_db()
    assert (expense.state, expense.decision_words) == ("returned", "再问一家")
    assert post(client, clerk, f"{address}void/", words="不做了", version=expense.version).status_code == 403


def test_an_expense_that_was_changed_meanwhile_is_not_approved(client: Any, director: Any) -> None:
    expense = make.expense("waiting", 500)
    answer = post(client, director, f"/finance/expenses/{expense.number}/approve/", version=expense.version + 1)
    assert answer.status_code == 409
    expense.refresh_from_db()
    assert expense.state == "waiting"


# ---- payments, invoices, months -------------------------------------------------------------------------------------


def test_pay_refund_and_correct(client: Any, finance: Any) -> None:
    expense = make.expense("approved", 800)
    address = f"/finance/expenses/{expense.number}/"
    facts = {"amount": "900", "on": "2026-11-23", "kind": "final", "version": expense.version}
    answer = post(client, finance, f"{address}pay/", **facts)
    assert answer.status_code == 409 and "最多还能付 800.00 元" in answer.content.decode()
    assert post(client, finance, f"{address}pay/", **facts | {"amount": "800"}).status_code == 302
    payment = Payment.objects.get()
    assert post(client, finance, f"{address}refund/", amount="50", on="2026-11-23", words="多付").status_code == 302
    html = get(client, finance, f"/finance/payments/{payment.number}/")
    assert "捌佰元整" in html
    wrong = Payment.objects.get(kind="refund")
    assert (
        post(client, finance, f"/finance/payments/{wrong.number}/correct/", on="2026-11-23", words="录错").status_code
        == 302
    )
    assert Payment.objects.get(corrects=wrong).amount == Decimal(50)
    assert (
        post(client, finance, f"/finance/payments/{wrong.number}/correct/", on="2026-11-23", words="又").status_code
        == 403
    )


@pytest.mark.parametrize("role", ["clerk", "director", "principal", "teacher"])
def test_only_finance_pays(client: Any, role: str) -> None:
    expense = make.expense("approved", 800)
    answer = post(
        client, make.user(role), f"/finance/expenses/{expense.number}/pay/", amount="800", on="2026-11-23", kind="final"
    )
    assert answer.status_code == 403
    assert Payment.objects.count() == 0


def test_income_names_its_basis(client: Any, finance: Any) -> None:
    facts = {"amount": "300", "on": "2026-11-20", "book": "school"}
    assert post(client, finance, "/finance/income/new/", **facts).status_code == 200
    assert post(client, finance, "/finance/income/new/", **facts, basis="场地出租 价费〔2026〕3号").status_code == 302
    assert Payment.objects.get().amount == Decimal(-300)


def test_an_invoice_is_registered_once_and_voided_with_a_reason(client: Any, clerk: Any) -> None:
    party = make.party()
    facts = {"party": party.name, "number": "2532 0001", "amount": "800", "on": "2026-11-20"}
    assert post(client, clerk, "/finance/invoices/new/", **facts).status_code == 302
    answer = post(client, clerk, "/finance/invoices/new/", **facts)
    assert answer.status_code == 409 and "不能登记两次" in answer.content.decode()
    invoice = Invoice.objects.get()
    assert post(client, clerk, f"/finance/invoices/{invoice.pk}/void/", reason="开错").status_code == 302
    invoice.refresh_from_db()
    assert invoice.voided and get(client, clerk, f"/finance/invoices/{invoice.pk}/").count("已作废：开错") == 1


def test_finance_closes_and_the_principal_opens_again_with_a_reason(
    client: Any, finance: Any, principal: Any, clerk: Any
) -> None:
    assert post(client, clerk, "/finance/periods/2026-10/close/").status_code == 403
    assert post(client, finance, "/finance/periods/2026-11/close/").status_code == 403
    assert post(client, finance, "/finance/periods/2026-10/close/").status_code == 302
    assert Period.objects.get(month=dt.date(2026, 10, 1)).closed_by == finance
    answer = post(client, finance, "/finance/income/new/", amount="300", on="2026-10-20", book="school", basis="依据")
    assert answer.status_code == 409 and "已经结账" in answer.content.decode()
    assert post(client, finance, "/finance/periods/2026-10/reopen/", reason="漏记").status_code == 403
    assert post(client, principal, "/finance/periods/2026-10/reopen/", reason="").status_code == 200
    assert post(client, principal, "/finance/periods/2026-10/reopen/", reason="漏记一笔").status_code == 302
    assert Period.objects.get(month=dt.date(2026, 10, 1)).closed_at is None
    assert LogEntry.objects.filter(verb="reopen", said="漏记一笔").count() == 1


# ---- parties, look-ups ----------------------------------------------------------------------------------------------


def test_a_party_is_made_changed_and_marked(client: Any, clerk: Any) -> None:
    answer = post(client, clerk, "/finance/parties/new/", name="恒达机电", phone="138")
    assert "请至少勾选一项" in answer.content.decode()
    post(client, clerk, "/finance/parties/new/", name="恒达机电", contractor="on", phone="138")
    party = Party.objects.get()
    post(client, clerk, f"/finance/parties/{party.pk}/mark/", kind="no_show", on="2026-11-20", words="约好没来")
    html = get(client, clerk, f"/finance/parties/{party.pk}/")
    assert "约好没来" in html and "<dt>爽约</dt><dd>1 次</dd>" in html
    facts = {"name": "恒达机电", "contractor": "on", "phone": "139", "active": "on"}
    assert post(client, clerk, f"/finance/parties/{party.pk}/edit/", **facts, version=party.version).status_code == 302
    assert (
        post(
            client, clerk, f"/finance/parties/{party.pk}/edit/", **facts | {"phone": "1"}, version=party.version
        ).status_code
        == 409
    )


def test_the_page_of_a_contractor_shows_his_jobs(client: Any, clerk: Any) -> None:
    job = make.outside_job("settled")
    html = get(client, clerk, job.party.get_absolute_url())
    assert job.number in html and job.expense.number in html


def test_contract_project_and_milestone(client: Any, clerk: Any) -> None:
    make.party("绿园园林")
    facts = {"number": "HT-9", "party": "绿园", "title": "绿化养护", "amount": "36000", "signed_on": "2026-01-01"}
    answer = post(client, clerk, "/finance/contracts/new/", **facts, starts_on="2026-02-01", ends_on="2026-01-01")
    assert "到期日早于开始日" in answer.content.decode()
    post(client, clerk, "/finance/contracts/new/", **facts, starts_on="2026-01-01", ends_on="2026-12-20")
    contract = Contract.objects.get()
    assert "还有 27 天" in get(client, clerk, "/finance/contracts/?expiring=1")
    post(
        client,
        clerk,
        "/finance/projects/new/",
        name="外墙整修",
        budget="400000",
        starts_on="2026-07-01",
        ends_on="2026-08-25",
        contract="HT-9",
    )
    project = Project.objects.get()
    assert project.contract == contract
    post(client, clerk, f"/finance/projects/{project.pk}/milestones/new/", name="进场", due_on="2026-07-05")
    milestone = Milestone.objects.get()
    answer = post(
        client,
        clerk,
        f"/finance/projects/{project.pk}/milestones/{milestone.pk}/",
        name="进场",
        due_on="2026-07-05",
        done_on="2027-01-01",
    )
    assert "还没有到" in answer.content.decode()
    post(
        client,
        clerk,
        f"/finance/projects/{project.pk}/milestones/{milestone.pk}/",
        name="进场",
        due_on="2026-07-05",
        done_on="2026-07-06",
    )
    assert "7月6日" in get(client, clerk, f"/finance/projects/{project.pk}/")
    assert "1/1" in get(client, clerk, "/finance/projects/")


def test_bands_and_budget_lines_are_for_finance(client: Any, finance: Any, clerk: Any) -> None:
    make.bands()
    facts = {"from_amount": "3000", "approver": "principal", "quotes": "2", "active": "on"}
    assert post(client, clerk, "/finance/bands/new/", **facts).status_code == 403
    waiting = make.expense("waiting", 4000)
    assert post(client, finance, "/finance/bands/new/", **facts).status_code == 302
    assert Band.objects.filter(from_amount=3000).count() == 1
    waiting.refresh_from_db()
    assert waiting.approver_role == "viceprincipal"
    assert make.expense("waiting", 4000).approver_role == "principal"
    line = {"year": "2026", "code": "30299", "name": "其他", "book": "school", "planned": "5000"}
    assert post(client, finance, "/finance/budget/lines/new/", **line).status_code == 302
    assert BudgetLine.objects.get(code="30299").planned == Decimal(5000)


# ---- claims ---------------------------------------------------------------------------------------------------------


def test_a_claim_from_a_ticket_to_its_payment(client: Any, assetkeeper: Any, clerk: Any, finance: Any) -> None:
    ticket = make.ticket(reporter=make.teacher())
    html = get(client, clerk, ticket.get_absolute_url())
    assert f"/finance/claims/new/?ticket={ticket.number}" in html
    group = make.class_group()
    answer = post(
        client, assetkeeper, f"/finance/claims/new/?ticket={ticket.number}&what=x", what="窗玻璃", quantity="1", cost_kind="repair",
        cost="120", cost_words="玻璃店单据", class_group=group.name, person_name="王小明", place_words="312",
    )  # fmt: skip
    claim = Claim.objects.get()
    assert answer.headers["Location"] == f"/finance/claims/{claim.number}/"
    assert (claim.source, claim.source_number, claim.source_url) == ("ticket", ticket.number, ticket.get_absolute_url())
    address = f"/finance/claims/{claim.number}/"
    assert post(client, assetkeeper, f"{address}judge/", version=claim.version).status_code == 403
    assert post(client, clerk, f"{address}judge/", amount="200", version=claim.version).status_code == 409
    assert post(client, clerk, f"{address}judge/", due_on="2026-12-01", version=claim.version).status_code == 302
    claim.refresh_from_db()
    assert (
        post(client, finance, f"{address}receive/", amount="50", on="2026-11-23", version=claim.version).status_code
        == 302
    )
    claim.refresh_from_db()
    assert (
        post(client, finance, f"{address}receive/", amount="80", on="2026-11-23", version=claim.version).status_code
        == 409
    )
    assert (
        post(client, finance, f"{address}receive/", amount="70", on="2026-11-23", version=claim.version).status_code
        == 302
    )
    claim.refresh_from_db()
    assert (claim.state, claim.received) == ("paid", Decimal(120))
    assert claim.number in get(client, clerk, ticket.get_absolute_url())
    paper = get(client, clerk, f"{address}paper/")
    assert "壹佰贰拾元整" in paper and "王小明" in paper
    assert (
        post(
            client, finance, f"{address}give-back/", on="2026-11-23", reason="查明不是本人", version=claim.version
        ).status_code
        == 302
    )


def test_an_objection_is_answered_and_waiving_is_for_another(
    client: Any, homeroom: Any, clerk: Any, viceprincipal: Any
) -> None:
    group = make.class_group(teacher=homeroom)
    claim = make.claim("due", 120, class_group=group, person_name="王小明")
    address = f"/finance/claims/{claim.number}/"
    assert "王小明" in get(client, homeroom, address)
    assert post(client, homeroom, f"{address}object/", words="不是他打的", version=claim.version).status_code == 302
    claim.refresh_from_db()
    assert (
        post(client, clerk, f"{address}answer/", words="核对过监控", amount="60", version=claim.version).status_code
        == 302
    )
    claim.refresh_from_db()
    assert (claim.amount, claim.objection_answer) == (Decimal(60), "核对过监控")
    assert post(client, clerk, f"{address}waive/", reason="困难", version=claim.version).status_code == 403
    assert post(client, viceprincipal, f"{address}waive/", reason="家庭困难", version=claim.version).status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.waived_by) == ("waived", viceprincipal)


def test_names_are_for_those_who_may(
    client: Any, principal: Any, teacher: Any, homeroom: Any, clerk: Any, finance: Any
) -> None:
    group = make.class_group(teacher=homeroom)
    claim = make.claim("paid", 120, class_group=group, person_name="王小明")
    for page in ("/finance/claims/", f"/finance/claims/{claim.number}/", f"/finance/claims/{claim.number}/paper/"):
        assert "王小明" not in get(client, principal, page)
        assert "王小明" in get(client, clerk, page)
    get(client, teacher, f"/finance/claims/{claim.number}/", 404)
    for page in ("/finance/", "/finance/claims/income/", f"/finance/payments/{Payment.objects.get().number}/"):
        assert "王小明" not in get(client, finance, page)
    assert "王小明" not in "".join(f"{one.text}{one.said}{one.changes}" for one in LogEntry.objects.all())
    make.claim("due", 50, class_group=group)
    assert "损坏赔偿" in get(client, homeroom, "/")


def test_a_withdrawn_claim(client: Any, clerk: Any) -> None:
    claim = make.claim("due")
    assert (
        post(client, clerk, f"/finance/claims/{claim.number}/withdraw/", reason="", version=claim.version).status_code
        == 200
    )
    assert (
        post(
            client, clerk, f"/finance/claims/{claim.number}/withdraw/", reason="自然损坏", version=claim.version
        ).status_code
        == 302
    )
    claim.refresh_from_db()
    assert claim.state == "withdrawn"
    assert clock.today() == dt.date(2026, 11, 23)
