"""The bars: how many statements a page takes, the same for one row and for three, and how many bytes it sends."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campus import cache
from campus import defaults as campus_defaults
from campus.models import Place, User
from core import clock
from core.models import LogEntry
from core.plan import Month
from repairs import defaults as repairs_defaults
from repairs.models import Category, Ticket
from tests import make
from workplan import services as planning
from workplan.sources import SOURCES

pytestmark = pytest.mark.django_db
LIST = SEARCH = 8
TICKET, REPORT, DESK, PLAN = 16, 20, 14, 8 + 2 * len(SOURCES)
FRAME = 4  # session, user, roles, unread notices
KB = 1024


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    cache.clear()
    with clock.at(clock.moment(2026, 11, 23, 9, 0)):
        yield
    cache.clear()


@pytest.fixture
def school() -> None:
    """Roles, figures and kinds of fault, as every school has them."""
    campus_defaults.ensure()
    repairs_defaults.ensure()
    make.profile()


def enter(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def statements(client: Client, url: str, data: dict[str, Any] | None = None) -> list[str]:
    """What one request asks the database, after a first one has filled what the process remembers."""
    client.get("/more/")
    with CaptureQueriesContext(connection) as found:
        answer = client.get(url) if data is None else client.post(url, data)
    assert answer.status_code in (200, 302), (url, answer.status_code)
    return [one["sql"] for one in found.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def told(found: list[str]) -> str:
    return "\n" + "\n".join(f"{number}. {sql[:180]}" for number, sql in enumerate(found, 1))


def tickets(count: int, **over: Any) -> list[Ticket]:
    """Tickets in rooms of their own, each of another reporter and repairer."""
    made = []
    for number in range(count):
        facts = {
            "place": make.place(f"4{Place.objects.count():02}{number}", floor_name="4层"),
            "lead": make.user("repairer"),
        } | over
        made.append(make.ticket(facts.pop("state", "dispatched"), **facts))
    return made


def same(client: Client, url: str, grow: Callable[[int], Any], bar: int) -> None:
    """One row, then three: as many statements, and no more than the bar."""
    grow(1)
    client.get(url)
    one = statements(client, url)
    grow(2)
    three = statements(client, url)
    assert len(three) <= bar, f"{url} takes {len(three)}, the bar is {bar}{told(three)}"
    assert len(one) == len(three), (
        f"{url} takes {len(one)} with one row{told(one)}\n\nand {len(three)} with three{told(three)}"
    )


# ---- statements ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["teacher", "clerk", "warden", "admin", "principal"])
def test_the_frame_of_a_page(school: None, role: str) -> None:
    found = statements(enter(make.user(role)), "/more/")
    assert len(found) <= FRAME + (role in ("clerk", "admin")), told(found)  # they see when `tick` last ran


def test_ticket_list(school: None, director: User) -> None:
    same(enter(director), "/repairs/?state=open&sort=-reported_at", tickets, LIST)


def test_ticket_list_of_who_sees_a_part(school: None, warden: User) -> None:
    same(enter(warden), "/repairs/", tickets, LIST)


@pytest.mark.parametrize("words", ["灯不", "没有这个词"])
def test_search_in_the_list(school: None, director: User, words: str) -> None:
    same(enter(director), f"/repairs/?q={words}", tickets, SEARCH)


def test_a_page_in_the_middle(school: None, director: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from repairs.listings import TicketList

    monkeypatch.setattr(TicketList, "per_page", 2)
    tickets(7)
    client = enter(director)
    second = client.get("/repairs/").context["next_url"]
    answer = client.get("/repairs/" + second)
    assert len(answer.context["records"]) == 2 and answer.context["next_url"] and answer.context["previous_url"]
    found = statements(client, "/repairs/" + second)
    assert len(found) <= LIST, told(found)


def test_a_ticket_with_its_history(school: None, director: User) -> None:
    reporter, helper = make.teacher(), make.user("repairer")
    made = make.ticket(
        "doing", reporter=reporter, by=reporter, helpers=[helper], followers=[make.user()], photos=[make.photo(40, 30)]
    )
    client, url = enter(director), made.get_absolute_url()
    client.get(url)
    few = statements(client, url)
    for number in range(8):
        LogEntry.objects.create(
            kind=LogEntry.objects.of(made)[0].kind,
            object_id=made.pk,
            verb="say",
            by=helper,
            by_name=helper.name,
            text=f"说{number}",
        )
    make.follower(made)
    many = statements(client, url)
    assert len(many) <= TICKET, told(many)
    assert len(few) == len(many), told(few) + told(many)


def test_a_ticket_as_its_reporter_sees_it(school: None, teacher: User) -> None:
    made = make.ticket("checking", reporter=teacher, by=teacher)
    found = statements(enter(teacher), made.get_absolute_url())
    assert len(found) <= TICKET, told(found)


def test_report_a_fault(school: None, teacher: User) -> None:
    """Form and post together, with an open ticket and a running warranty to point out."""
    client, room = enter(teacher), make.place()
    make.outside_job("settled", place=room)
    make.ticket(place=room, category=make.category("门锁/锁芯"))
    kind = Category.objects.filter(parent__isnull=False, tile__isnull=False, hazard=False, name="灯不亮").get()
    url = f"/repairs/new/?place={room.pk}"
    client.get(url)
    form = statements(client, url)
    body = {
        "tile": kind.tile_id,
        "kind": kind.pk,
        "words": "进门右边那盏",
        "submit_token": client.get(url).context["form"].submit_token,
    }
    post = statements(client, url, body)
    assert Ticket.objects.filter(reporter=teacher, category=kind).count() == 1
    assert len(form) + len(post) <= REPORT, f"{len(form)} + {len(post)}{told(form)}{told(post)}"


def test_desk(school: None, clerk: User) -> None:
    def grow(count: int) -> None:
        tickets(count, state="new", lead=None)
        tickets(count, state="held")
        tickets(count, state="new", lead=None, hazard=True)

    same(enter(clerk), "/desk/", grow, DESK)


def test_jobs(school: None, repairer: User) -> None:
    def grow(count: int) -> None:
        tickets(count, lead=repairer)
        tickets(count, lead=repairer, state="held")
        tickets(count, helpers=[repairer])

    same(enter(repairer), "/jobs/", grow, 14)


def test_my_tickets(school: None, teacher: User) -> None:
    same(enter(teacher), "/repairs/mine/", lambda count: tickets(count, by=teacher, reporter=teacher), LIST)


@pytest.mark.parametrize(
    "role", ["teacher", "homeroom", "warden", "steward", "storekeeper", "assetkeeper", "finance", "admin"]
)
def test_homes(school: None, role: str) -> None:
    user = make.user(role)
    same(enter(user), "/", lambda count: tickets(count, by=user, reporter=user, state="checking"), 16)


def test_plan(school: None, principal: User) -> None:
    """A running month with what is new under it: as many statements however many records there are."""
    tickets(1)
    client = enter(principal)
    client.get("/plan/2026-11/")
    client.get("/plan/2026-11/")
    few = statements(client, "/plan/2026-11/")
    tickets(4)
    make.stock(1)
    make.purchase()
    make.scrap()
    many = statements(client, "/plan/2026-11/")
    assert len(many) <= PLAN, told(many)
    assert len(many) - len(few) <= 1, told(few) + told(many)


def test_places(school: None, clerk: User) -> None:
    same(enter(clerk), "/places/?building=" + str(make.building().pk), tickets, LIST)


def test_stores(school: None, storekeeper: User) -> None:
    client = enter(storekeeper)
    same(client, "/stores/", lambda count: [make.stock(5) for _ in range(count)], 10)
    same(client, "/stores/items/", lambda count: [make.stock(5) for _ in range(count)], LIST)
    same(client, "/stores/purchases/", lambda count: [make.purchase() for _ in range(count)], LIST)


def test_ledger(school: None, assetkeeper: User) -> None:
    client = enter(assetkeeper)
    same(client, "/assets/", lambda count: [make.card() for _ in range(count)], 11)  # with its tasks and its total
    same(client, "/assets/scraps/", lambda count: [make.scrap() for _ in range(count)], LIST)


def test_people(school: None, admin: User) -> None:
    same(
        enter(admin),
        "/people/",
        lambda count: [make.user("teacher", department=make.department(f"组{count}")) for _ in range(count)],
        LIST + 2,
    )


def test_finance(school: None, finance: User) -> None:
    client = enter(finance)
    same(client, "/finance/repairs/", lambda count: tickets(count, state="done"), 10)
    same(client, "/finance/repairs/summary/", lambda count: tickets(count, state="done"), 10)


def test_areas(school: None, director: User) -> None:
    client = enter(director)
    same(client, "/dormitory/", tickets, 22)  # the day's rounds and tasks stand above the tickets


@pytest.mark.parametrize("url", ["/repairs/", "/stores/", "/assets/", "/finance/repairs/", "/desk/"])
def test_sheets(school: None, director: User, url: str) -> None:
    """Excel takes as many statements for three rows as for one."""

    def grow(count: int) -> None:
        tickets(count, state="done" if url.startswith("/finance") else "new")
        for _ in range(count):
            make.stock(3)
            make.card()

    client, found = enter(director), []
    b"".join(client.get(url, {"export": "xlsx"}).streaming_content)
    for count in (1, 2):
        grow(count)
        with CaptureQueriesContext(connection) as asked:
            b"".join(client.get(url, {"export": "xlsx"}).streaming_content)
        found.append([one["sql"] for one in asked.captured_queries])
    assert len(found[0]) == len(found[1]), told(found[0]) + told(found[1])


# ---- bytes --------------------------------------------------------------------------------------------------------


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


@pytest.fixture
def fifty(school: None) -> None:
    """Fifty tickets with words of their own."""
    kinds = list(Category.objects.filter(parent__isnull=False, hazard=False)[:10])
    made = tickets(50, state="new", lead=None)
    for number, one in enumerate(made):
        Ticket.objects.filter(pk=one.pk).update(
            words=f"第 {number} 间靠窗那盏灯一闪一闪，晚自习前请来看看", category=kinds[number % 10]
        )


def test_pages_are_small(fifty: None, director: User) -> None:
    client = enter(director)
    sizes = {
        url: packed(client.get(url).content)
        for url in ("/repairs/", "/desk/", "/repairs/new/", "/plan/", "/places/", "/stores/", "/assets/")
    }
    assert len(client.get("/repairs/").context["records"]) == 50
    bars = {url: (25 if url == "/plan/" else 15) * KB for url in sizes}
    assert {url: size for url, size in sizes.items() if size > bars[url]} == {}


def test_a_first_visit_is_small(fifty: None, director: User) -> None:
    html = enter(director).get("/repairs/").content
    names = re.findall(r'(?:src|href)="/static/([^"?]+)', html.decode())
    assert {name.rsplit(".", 1)[-1] for name in names} == {"css", "js", "svg"}
    total = packed(html) + sum(packed(Path(str(finders.find(name))).read_bytes()) for name in set(names))
    assert total <= 75 * KB, total


def test_the_month_is_stored_with_few_statements(school: None) -> None:
    tickets(6)
    with CaptureQueriesContext(connection) as found:
        planning.store(Month(2026, 11))
    assert len(found) <= 60
