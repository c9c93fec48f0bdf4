"""Pages of outside jobs: the whole road by posts, who sees and may what, figures that agree with their list, the papers."""

import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from campus import sessions
from campus.models import Delegation
from core import clock
from core.models import LogEntry
from finance.models import Payment
from repairs.models import OutsideJob, Ticket
from repairs.outside import services
from repairs.outside.listings import WAITING
from repairs.outside.models import ServiceTask
from repairs.outside.rules import FLOW, paid_so_far
from repairs.outside.views.moves import MOVES
from tests import make
from tests.make_core import photo
from tests.make_outside import ORDER

pytestmark = pytest.mark.django_db

D = Decimal
CAST = (
    "teacher", "homeroom", "repairer", "clerk", "director", "warden", "steward", "storekeeper", "assetkeeper", "finance", "viceprincipal",
    "principal", "admin",
)  # fmt: skip


def enter(name):
    """A browser in which one of the cast has just logged in."""
    browser = Client()
    browser.force_login(make.someone(name) if isinstance(name, str) else name)
    session = browser.session
    session["confirmed"] = session["seen"] = sessions.stamp()
    session.save()
    return browser


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def fresh(job):
    return OutsideJob.objects.get(pk=job.pk)


def move(who, job, step, **data):
    """Post one step as somebody; the response must lead back to the job."""
    answer = enter(who).post(reverse(f"outside:job-{step}", args=[job.number]), data)
    assert answer.status_code == 302, text_of(answer)
    return fresh(job)


def rows(*lines, priced=False):
    """Boxes of lines as a browser posts them."""
    names = ("item", "unit", "quantity", "price")[: 4 if priced else 3]
    return {
        f"lines-{number}-{name}": value
        for number, line in enumerate(lines)
        for name, value in zip(names, line, strict=True)
    }


def test_the_outcome_of_the_issue_by_posts():
    """The facade: three quotes, 代, no show, extra work, rework, price check, objection, payment, retention."""
    for name in CAST:
        make.someone(name)
    make.bands(), make.hold_reason("outside")
    place = make.place()
    tickets = [
        make.ticket("accepted", by=make.someone("teacher"), place=place, category=make.category("下水管漏"))
        for _ in range(3)
    ]
    firms = [make.contractor(name) for name in ("恒达机电", "三友水暖", "城南工程队")]
    absent = make.someone("principal")
    make_delegation(absent, make.someone("viceprincipal"))

    answer = enter("clerk").post(
        reverse("outside:send", args=[tickets[0].number]),
        {"into": "new", "promised_on": "2026-11-30", "reason": "高空作业，没有资质", "others": [tickets[1].pk, tickets[2].pk]}
        | rows(("外墙修补", "平方米", "40"), ("脚手架", "项", "1"), ("垃圾外运", "项", "1")),
    )  # fmt: skip
    job = OutsideJob.objects.get()
    assert (answer.status_code, answer["Location"], job.tickets.count()) == (302, job.get_absolute_url(), 3)
    job = move("clerk", job, "ask-quotes")
    keys = list(job.lines.values_list("pk", flat=True))
    for firm, prices in zip(firms, ((120, 800, 300), (125, 900, 300), (130, 700, 350)), strict=True):
        job = move(
            "clerk",
            job,
            "quote",
            party=firm.pk,
            on="2026-11-23",
            warranty_months=24,
            **{f"price_{key}": price for key, price in zip(keys, prices, strict=True)},
        )
    job = move("clerk", job, "submit", quote=job.quotes.get(party=firms[0]).pk, retention_rate="5")
    assert job.expense.approver_role == "principal"
    job = move("viceprincipal", job, "approve", words="同意")
    assert (job.state, job.approved_by.name, job.approved_for.name) == ("working", "方副校长", "秦校长")

    job = move("clerk", job, "fail", kind="no_show", words="约好三次都没来")
    assert (job.state, job.approved_by, firms[0].marks.get().kind) == ("quoting", None, "no_show")
    job = move(
        "clerk",
        job,
        "quote",
        party=make.contractor("北郊建筑").pk,
        on="2026-11-23",
        warranty_months=12,
        **dict.fromkeys((f"price_{key}" for key in keys), 2000),
    )
    job = move("clerk", job, "submit", quote=job.quotes.get(party=firms[1]).pk, retention_rate="5")
    job = move("viceprincipal", job, "approve")
    assert job.approved_amount == D("6200.00")

    job = move(
        "clerk", job, "extra", words="墙后渗水，要做防水", **rows(("墙后防水", "平方米", "10", "80"), priced=True)
    )
    assert job.state == "approving"
    job = move("viceprincipal", job, "approve")
    assert (job.state, job.approved_amount) == ("working", D("7000.00"))

    job = move("clerk", job, "done", on="2026-11-23", photos=[photo(40, 30)])
    verdicts = {f"ticket_{ticket.pk}": "passed" for ticket in tickets}
    job = move("teacher", job, "record", **verdicts | {f"ticket_{tickets[2].pk}": "failed", "words": "第三处还在掉"})
    job = move("repairer", job, "cosign")
    assert (
        job.state,
        job.rework_count,
        Ticket.objects.get(pk=tickets[0].pk).state,
        Ticket.objects.get(pk=tickets[2].pk).state,
    ) == ("working", 1, "done", "held")
    job = move("clerk", job, "done", on="2026-11-23")
    job = move("teacher", job, "record", **{f"ticket_{tickets[2].pk}": "passed"})
    job = move("repairer", job, "cosign")
    assert job.state == "pricing"

    lines = list(job.lines.all())
    prices = {f"price_{line.pk}": line.unit_price for line in lines}
    cut = {
        f"price_{lines[0].pk}": "118",
        f"why_{lines[0].pk}": "市场价 118",
        f"price_{lines[2].pk}": "0",
        f"why_{lines[2].pk}": "由学校自运",
    }
    job = move("finance", job, "check-prices", **prices | cut)
    assert job.checked_amount == D("6420.00")
    job = move("clerk", job, "contest", words="脚手架少算了")
    job = move("finance", job, "check-prices", **prices | cut | {f"why_{lines[1].pk}": "按合同不变"})
    job = move("clerk", job, "decide-words", words="双方商定按核定金额结算")
    job = move("clerk", job, "invoice", number="25320001", amount="6420", on="2026-11-23")
    job = move(
        "finance", job, "pay", amount="6099", on="2026-11-23", kind="final", invoice=job.invoices.get().invoice_id
    )
    job = move("finance", job, "settle")
    assert (job.state, job.retention_left, paid_so_far(job)) == ("settled", D("321.00"), D("6099.00"))

    # the same four figures: quoted, checked, cut, paid
    four = [job.quoted_amount, job.checked_amount, job.saved_amount, paid_so_far(job)]
    assert four == [D("7000.00"), D("6420.00"), D("580.00"), D("6099.00")]
    page, paper = (
        enter("finance").get(url) for url in (job.get_absolute_url(), f"{job.get_absolute_url()}print/check/")
    )
    for words in ("7,000.00", "6,420.00", "580.00", "6,099.00"):
        assert words in text_of(page)
        assert words in text_of(paper)
    assert "人民币陆仟肆佰贰拾元整" in text_of(paper)
    sheet = load_workbook(io.BytesIO(b"".join(enter("finance").get("/outside/?export=xlsx")))).active
    cells = [list(row) for row in sheet.iter_rows(values_only=True)]
    head = next(row for row in cells if row and "报价合计" in row)
    mine = next(row for row in cells if row and job.number in row)
    assert [
        D(str(mine[head.index(name)])).quantize(D("0.01")) for name in ("报价合计", "核定金额", "核减", "已付")
    ] == four

    with clock.at(clock.moment(2028, 11, 22, 9)):  # the warranty of the second firm has ended
        assert "质保金到期 1 张" in text_of(enter("finance").get("/outside/"))
        job = move("finance", job, "pay-retention", amount="321", on="2028-11-22")
    assert (job.retention_left, paid_so_far(job)) == (D("0.00"), D("6420.00"))


def make_delegation(absent, deputy):
    """The principal is away, the vice-principal acts for him."""
    Delegation.objects.create(
        absent=absent,
        delegate=deputy,
        starts_on=dt.date(2026, 11, 20),
        ends_on=dt.date(2026, 11, 30),
        basis="校长外出培训",
    )


STATES = (*ORDER, "cancelled")


@pytest.mark.parametrize("state", STATES)
def test_every_page_and_paper_of_a_job_in_every_state(state):
    job = make.outside_job(state)
    for name in ("clerk", "director", "finance", "principal", "repairer", "teacher"):
        browser = enter(name)
        page = browser.get(job.get_absolute_url())
        assert (page.status_code, job.number in text_of(page)) == (200, True), name
        for step in (*MOVES, "drop-quote") if name in ("clerk", "finance") else ("record", "approve", "pay"):
            answer = browser.get(f"{job.get_absolute_url()}{step.replace('_', '-')}/")
            assert answer.status_code == 200, (name, step)
    browser = enter("clerk")
    expected = {
        "quotes": state not in ("proposed", "cancelled"), "acceptance": state in ("checking", "pricing", "settling", "settled"),
        "check": state in ("settling", "settled"), "settlement": False,
    }  # fmt: skip
    for paper, there in expected.items():
        assert browser.get(f"{job.get_absolute_url()}print/{paper}/").status_code == (200 if there else 404), paper


@pytest.mark.parametrize("state", STATES)
def test_a_bare_post_of_every_step_by_every_role_changes_nothing_it_may_not(state):
    """Whoever posts without being asked: a wrong state or a wrong person leaves the job as it was, and is refused."""
    job = make.outside_job(state)
    pressed = {"ask_quotes", "begin_warranty", "cosign", "settle", "sign", "approve", "approve_late", "done"}
    for name in CAST:
        browser = enter(name)
        user = make.someone(name)
        seen = OutsideJob.objects.visible_to(user).filter(pk=job.pk).exists()
        for step, view in list(MOVES.items()) if seen else [("cancel", MOVES["cancel"]), ("pay", MOVES["pay"])]:
            before = (fresh(job).state, fresh(job).version)
            blocked = FLOW.blockers(fresh(job), view.step, user)
            if not blocked and step in pressed:
                continue  # his to press
            answer = browser.post(f"{job.get_absolute_url()}{step.replace('_', '-')}/", {})
            if not seen:
                assert answer.status_code == 404, (name, step)
            elif blocked:
                assert answer.status_code == 403, (name, step)
            assert (fresh(job).state, fresh(job).version) == before, (name, step)


def test_who_sees_no_job_and_no_money():
    job = make.outside_job("settling")

    assert enter("homeroom").get(job.get_absolute_url()).status_code == 404
    assert Client().get(job.get_absolute_url()).status_code == 302
    teacher = text_of(enter("teacher").get(job.get_absolute_url()))
    assert "¥" not in teacher
    assert "9,080.00" not in teacher
    assert enter("teacher").get(f"{job.get_absolute_url()}print/check/").status_code == 403
    paper = text_of(enter("teacher").get(f"{job.get_absolute_url()}print/acceptance/"))
    assert "9,080.00" not in paper


def test_each_figure_agrees_with_its_list():
    for state in ("quoting", "approving", "checking", "pricing", "settling"):
        make.outside_job(state)
    browser = enter("clerk")
    page = browser.get("/outside/")

    for figure, (key, label, _) in zip(page.context["figures"], WAITING, strict=True):
        rows_there = browser.get(figure["url"]).context["records"]
        assert (figure["label"], figure["value"]) == (label, len(rows_there)), key
    assert [figure["value"] for figure in page.context["figures"]] == [1, 1, 1, 1, 1, 0]


def test_the_approver_types_his_password_again_after_a_quarter_of_an_hour():
    job = make.outside_job("approving")
    browser = enter("principal")

    with clock.at(clock.moment(2026, 11, 23, 9, 20)):
        answer = browser.post(f"{job.get_absolute_url()}approve/", {})

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("campus:confirm-password"))
    assert fresh(job).state == "approving"


@pytest.mark.parametrize(("name", "status"), [("clerk", 403), ("finance", 403), ("admin", 404), ("homeroom", 404)])
def test_who_may_not_approve_is_told_so_before_any_password(name, status):
    """Rights first: nobody types his password only to be refused after it."""
    job = make.outside_job("approving")
    browser = enter(name)

    with clock.at(clock.moment(2026, 11, 23, 9, 20)):
        posted = browser.post(f"{job.get_absolute_url()}approve/", {})
        opened = browser.get(f"{job.get_absolute_url()}approve/")

    assert (posted.status_code, opened.status_code) == (status, {403: 200, 404: 404}[status])
    assert fresh(job).state == "approving"
    assert LogEntry.objects.of(job).filter(verb="refused").count() == (status == 403)


def test_a_guest_logs_in_before_he_types_a_password_again():
    answer = Client().post(f"{make.outside_job('approving').get_absolute_url()}approve/", {})

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("login"))


def test_a_stale_page_approves_nothing():
    job = make.outside_job("approving")
    shown = job.version
    services.recall(job, by=make.someone("clerk"), words="改报价")
    changed = services.submit(fresh(job), by=make.someone("clerk"), quote=job.quotes.get(party__name="恒达机电"))

    answer = enter("principal").post(f"{job.get_absolute_url()}approve/", {"version": shown})

    assert (answer.status_code, fresh(job).state, fresh(job).version) == (409, "approving", changed.version)


def test_a_price_check_without_a_reason_says_which_line():
    job = make.outside_job("pricing")
    lines = list(job.lines.all())
    data = {f"price_{line.pk}": line.unit_price for line in lines} | {f"price_{lines[1].pk}": "360"}

    answer = enter("finance").post(f"{job.get_absolute_url()}check-prices/", data)

    assert "单价或数量与报价不同，请写理由。" in text_of(answer)
    assert fresh(job).state == "pricing"


def test_a_ticket_offers_to_go_outside_and_shows_its_job():
    make.hold_reason("outside")
    ticket = make.ticket("accepted", by=make.someone("teacher"), place=make.place(), category=make.category("下水管漏"))

    assert (
        reverse("outside:send", args=[ticket.number]) in enter("clerk").get(ticket.get_absolute_url()).content.decode()
    )
    assert (
        reverse("outside:send", args=[ticket.number])
        not in enter("teacher").get(ticket.get_absolute_url()).content.decode()
    )

    answer = enter("clerk").post(reverse("outside:send", args=[ticket.number]), {"into": "new"})
    assert "请写明为什么不能自修。" in text_of(answer)
    enter("clerk").post(
        reverse("outside:send", args=[ticket.number]),
        {"into": "new", "promised_on": "2026-11-30", "reason": "没有备件"},
    )
    job = OutsideJob.objects.get()

    assert job.number in text_of(enter("teacher").get(ticket.get_absolute_url()))
    other = make.ticket("accepted", by=make.someone("teacher"), place=ticket.place, category=ticket.category)
    enter("clerk").post(reverse("outside:send", args=[other.number]), {"into": str(job.pk)})
    assert job.tickets.count() == 2


def test_a_fault_that_comes_back_is_offered_to_the_firm_without_pay():
    old = make.outside_job("settled")
    done = old.tickets.get().ticket
    again = make.ticket("accepted", by=make.someone("teacher"), place=done.place, category=done.category)

    page = text_of(enter("clerk").get(again.get_absolute_url()))
    assert "在质保期内（恒达机电，至 2028-11-22" in page
    enter("clerk").post(reverse("outside:send", args=[again.number]), {"into": "warranty", "promised_on": "2026-11-30"})
    job = OutsideJob.objects.exclude(pk=old.pk).get()

    assert (job.state, job.warranty_for, job.party.name) == ("working", old, "恒达机电")
    assert Payment.objects.filter(expense__source_number=job.number).count() == 0


def test_a_service_with_its_monthly_tasks():
    make.bands(), make.contractor()
    clerk = enter("clerk")
    answer = clerk.post(
        reverse("outside:new"),
        {"kind": "service", "title": "绿化养护", "place": make.place().full_name, "reason": "没有园艺工"}
        | rows(("养护", "月", "3")),
    )
    job = OutsideJob.objects.get()
    assert (answer.status_code, job.kind, job.lines.get().quantity) == (302, "service", 3)

    job = move("clerk", job, "task", month="2026-11", tasks="修剪\n除虫")

    assert [task.words for task in ServiceTask.objects.filter(job=job)] == ["修剪", "除虫"]


def test_works_with_contract_hidden_work_and_settlement_paper():
    project = make.project(approval_number="教基建〔2026〕8号")
    job = make.outside_job("working", kind="works", project=project, hidden_work=True)
    contract = make.contract(party=job.party, number="HT-88", amount=D("9080"))
    job = move("clerk", job, "contract", contract=contract.pk, project=project.pk)

    answer = enter("clerk").post(f"{job.get_absolute_url()}done/", {"on": "2026-11-23", "photos": [photo(40, 30)]})
    assert "隐蔽工程" in text_of(answer)
    job = move("clerk", job, "photo", role="hidden", photos=[photo(40, 30)])
    job = move("clerk", job, "done", on="2026-11-23", photos=[photo(41, 30)])
    job = move("assetkeeper", job, "record", passed="passed")
    job = move("repairer", job, "cosign")
    job = move("repairer", job, "leave-defect", words="墙角返碱", due_on="2027-03-01")
    job = move(
        "finance",
        job,
        "check-prices",
        submitted_amount="9500",
        **{f"price_{line.pk}": line.unit_price for line in job.lines.all()},
    )

    paper = text_of(enter("finance").get(f"{job.get_absolute_url()}print/settlement/"))
    for words in ("教基建〔2026〕8号", "HT-88", "9,500.00", "9,080.00", "420.00", "墙角返碱", "454.00"):
        assert words in paper


def test_the_record_of_a_contractor():
    make.outside_job("settled", prices={"闸阀 DN80": (400, "市场价")})
    job = make.outside_job("working")
    job = services.fail(job, by=make.someone("clerk"), words="没来")
    party = make.contractor("恒达机电")

    page = text_of(enter("finance").get(party.get_absolute_url()))
    assert "爽约 1 次" in page
    sums = "外修单 1 张 验收合格 1 张 报价（已核价的） ¥9,080.00 核定 ¥9,000.00 核减 ¥80.00 已付 ¥8,550.00"
    assert f"外修情况 {sums}" in page
    listed = enter("clerk").get(reverse("outside:contractors"))
    assert f'href="{party.get_absolute_url()}">恒达机电' in listed.content.decode()
    assert enter("teacher").get(reverse("outside:contractors")).status_code == 403


def test_a_refusal_is_logged():
    job = make.outside_job("approving")

    answer = enter("finance").post(f"{job.get_absolute_url()}approve/", {})

    assert answer.status_code == 403
    assert LogEntry.objects.of(job).filter(verb="refused", by=make.someone("finance")).count() == 1
