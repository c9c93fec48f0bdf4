"""Separation of duties by real requests: one person posts two steps of one job, as himself, as delegate, as superuser."""

import re
from itertools import combinations

import pytest
from django.test import Client
from django.urls import reverse

from campus import sessions
from core import clock
from core.models import LogEntry
from finance.models import Expense, Payment
from repairs.models import OutsideJob
from repairs.outside import services
from tests import make

pytestmark = pytest.mark.django_db

STEPS = ("order", "approve", "accept_1", "accept_2", "check", "pay")
HOLDER = {
    "order": "clerk", "approve": "principal", "accept_1": "teacher", "accept_2": "repairer", "check": "finance", "pay": "finance",
}  # fmt: skip
PAGES = {
    "order": "submit", "approve": "approve", "accept_1": "record", "accept_2": "cosign", "check": "check-prices", "pay": "pay",
}  # fmt: skip
ALL_ROLES = ("clerk", "director", "principal", "viceprincipal", "finance", "repairer", "warden", "teacher", "admin")
PAIRS = [pair for pair in combinations(STEPS, 2) if pair != ("check", "pay")]  # who pays may have checked the price
REASONS = re.compile("您已经|您自己|您代理的|由您|您审批|您申请")


def enter(user):
    browser = Client()
    browser.force_login(user)
    session = browser.session
    session["confirmed"] = session["seen"] = sessions.stamp()
    session.save()
    return browser


def typed(step, job):
    """What the form of a step gets."""
    if step == "order":
        return {"quote": job.quotes.get(party__name="恒达机电").pk, "retention_rate": "5"}
    if step == "accept_1":
        return {f"ticket_{row.ticket_id}": "passed" for row in job.tickets.filter(live=True)}
    if step == "check":
        return {f"price_{line.pk}": line.unit_price for line in job.lines.all()}
    return {"amount": "100", "on": f"{clock.today()}", "kind": "progress"} if step == "pay" else {}


def post(step, job, user):
    job = OutsideJob.objects.get(pk=job.pk)
    data = typed(step, job) | {"version": job.version}
    return enter(user).post(reverse(f"outside:job-{PAGES[step]}", args=[job.number]), data)


def carry(upto, people):
    """Every step before `upto`, posted by whom `people` names."""
    job = make.outside_job("quoting")
    for step in STEPS[: STEPS.index(upto)]:
        if step == "accept_1":
            services.done(OutsideJob.objects.get(pk=job.pk), by=make.someone("clerk"), photos=[make.photo(40, 30)])
        assert post(step, job, people[step]).status_code == 302, step
    if upto == "accept_1":
        services.done(OutsideJob.objects.get(pk=job.pk), by=make.someone("clerk"), photos=[make.photo(40, 30)])
    return OutsideJob.objects.get(pk=job.pk)


def facts(job):
    """All that a refused request could have changed."""
    row = OutsideJob.objects.filter(pk=job.pk).values().get()
    return row, list(Expense.objects.order_by("pk").values()), Payment.objects.count(), list(job.signs.values())


def refused(step, job, person):
    """The request is refused in words, logged, and nothing is half done."""
    before, told = facts(job), LogEntry.objects.of(job).filter(verb="refused", by=person).count()
    answer = post(step, job, person)
    assert (answer.status_code in (403, 409), facts(job)) == (True, before)
    assert REASONS.search(answer.content.decode())
    assert LogEntry.objects.of(job).filter(verb="refused", by=person).count() == told + 1


def cast():
    return {step: make.someone(name) for step, name in HOLDER.items()}


@pytest.mark.parametrize("superuser", [False, True], ids=["plain", "superuser"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_one_person_with_every_role_posts_both(first, second, superuser):
    person = make.user(roles=ALL_ROLES, username="all", name="全能", is_superuser=superuser, is_staff=superuser)
    people = cast()
    job = carry(second, people | {first: person})

    refused(second, job, person)

    assert post(second, job, people[second]).status_code == 302  # the right one can


DELEGATED = [pair for pair in PAIRS if pair[1] in ("approve", "check", "pay")]


@pytest.mark.parametrize(("first", "second"), DELEGATED)
def test_a_delegate_posts_what_he_may_not_do_himself(first, second):
    """Who took the first step stands in for the holder of the second."""
    people = cast()
    make.delegation(people[second], people[first])

    refused(second, carry(second, people), people[first])


@pytest.mark.parametrize(("first", "second"), DELEGATED)
def test_a_delegate_posts_for_whom_took_part(first, second):
    """Somebody who took no step stands in for who took the first: nobody acts for somebody on his own paper."""
    holder, delegate = make.user(roles=ALL_ROLES, username="all", name="全能"), make.director(name="代办人")
    make.delegation(holder, delegate)
    job = carry(second, cast() | {first: holder})
    if second == "approve":  # a director may approve by himself only what lies in his band
        assert job.expense.approver_role == "principal"

    before = facts(job)
    answer = post(second, job, delegate)

    assert (answer.status_code, facts(job)) == (403, before)


@pytest.mark.parametrize("second", ["accept_1", "accept_2", "check", "pay"])
def test_for_whom_was_approved_takes_no_later_step(second):
    """The vice-principal approved for the principal, who comes back: the approval is his as well."""
    absent = make.user(roles=("principal", "finance", "warden"), username="away", name="外出校长")
    deputy = make.viceprincipal()
    make.delegation(absent, deputy)
    people = cast() | {"approve": deputy}
    job = carry(second, people)
    assert job.approved_for == absent

    refused(second, job, absent)

    assert post(second, job, people[second]).status_code == 302


@pytest.mark.parametrize("who", ["admin", "superuser"])
@pytest.mark.parametrize("step", STEPS)
def test_administrators_and_superusers_post_nothing(step, who):
    person = make.admin() if who == "admin" else make.user("", is_superuser=True, is_staff=True)
    job = carry(step, cast())
    before = facts(job)

    assert (post(step, job, person).status_code, facts(job)) == (404, before)


def test_a_payment_posted_twice_is_one():
    """A double click, a reload, and a second window with the same figures."""
    job = make.outside_job("settling")
    finance = enter(make.someone("finance"))
    services.add_invoice(job, by=make.someone("clerk"), number="1", amount=9080, on=clock.today())
    url = reverse("outside:job-pay", args=[job.number])
    page = finance.get(url)
    data = {
        "amount": "8626", "on": f"{clock.today()}", "kind": "final", "invoice": job.invoices.get().invoice_id,
        "submit_token": page.context["form"].submit_token, "version": page.context["form"].version,
    }  # fmt: skip
    other = finance.get(url).context["form"].submit_token

    first, again = finance.post(url, data), finance.post(url, data)
    second_window = finance.post(url, data | {"submit_token": other})
    without_version = finance.post(url, data | {"submit_token": "", "version": ""})

    assert [answer.status_code for answer in (first, again, second_window, without_version)] == [302, 302, 409, 409]
    assert again["Location"] == first["Location"]
    assert [payment.amount for payment in Payment.objects.all()] == [8626]
    assert LogEntry.objects.of(job).filter(verb="pay").count() == 1


def test_a_quote_is_edited_while_it_waits_for_approval():
    """What the approver reads does not change under his hand: it is recalled first, and his page is then stale."""
    job = make.outside_job("approving")
    clerk, principal = enter(make.someone("clerk")), enter(make.someone("principal"))
    url = job.get_absolute_url()
    shown = principal.get(f"{url}approve/").context["form"].version
    prices = {f"price_{line.pk}": "1" for line in job.lines.all()}
    quote = {"party": job.party_id, "on": f"{clock.today()}", "warranty_months": 0} | prices
    before = facts(job)

    assert clerk.post(f"{url}quote/", quote).status_code == 403
    assert clerk.post(f"{url}edit/", {"title": "别的"}).status_code == 403
    assert facts(job) == before

    assert clerk.post(f"{url}recall/", {"words": "改报价", "version": shown}).status_code == 302
    assert clerk.post(f"{url}quote/", quote).status_code == 302
    assert principal.post(f"{url}approve/", {"version": shown}).status_code == 403  # nothing waits
    chosen = job.quotes.get(party=job.party_id).pk
    assert clerk.post(f"{url}submit/", {"quote": chosen, "retention_rate": "5"}).status_code == 302
    assert principal.post(f"{url}approve/", {"version": shown}).status_code == 409  # waits again, for another sum
    job = OutsideJob.objects.get(pk=job.pk)
    assert (job.state, job.approved_by, job.expense.requested_amount) == ("approving", None, 6)


def test_a_payment_into_a_closed_month_is_refused_by_the_page():
    import datetime as dt

    from finance.services import close_month

    with clock.at(clock.moment(2026, 10, 12, 9, 0)):
        job = make.outside_job("working")
    close_month(dt.date(2026, 10, 1), by=make.someone("finance"))
    before = facts(job)

    answer = enter(make.someone("finance")).post(
        reverse("outside:job-pay", args=[job.number]), {"amount": "100", "on": "2026-10-30", "kind": "progress"}
    )

    assert (answer.status_code, facts(job)) == (409, before)
    assert "2026年10月已经结账" in answer.content.decode()
