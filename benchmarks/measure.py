"""What one process measures on the database it is given: pages against the floor, sizes, and the long sheet.

`run.py` starts it once for each size of database, so that no figure leans on what another run left in memory.
"""

from __future__ import annotations

import gc
import gzip
import json
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.http import HttpResponseBase
from django.test import RequestFactory, override_settings

from benchmarks import checks, data, floor
from campus import cache, sessions
from campus.models import Place, User
from core import sheets
from core.plan import Month
from inspections.models import Round
from repairs.listings import TicketList
from repairs.models import Category, Ticket

ROUNDS = 40
STATIC = re.compile(r'(?:href|src)="/static/([^"#?]+)')
FIELD = re.compile(r'name="(csrfmiddlewaretoken|submit_token)" value="([^"]*)"')


@dataclass
class Figure:
    """One line of the table."""

    page: str
    statements: int = 0
    ratio: float = 0.0  # CPU time, in floors
    cpu: float = 0.0  # ms
    wall: float = 0.0  # ms
    html: int = 0  # bytes, compressed
    first: int = 0  # bytes of a first visit, with every file it names


class Browser:
    """A logged-in user's requests, through the whole of the handler and its middleware but without a socket."""

    def __init__(self, username: str) -> None:
        self.handler, self.csrf = BaseHandler(), ""
        self.handler.load_middleware()
        self.factory = RequestFactory(SERVER_NAME="localhost")
        user = User.objects.get(username=username)
        session = SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY], session["seen"] = user.get_session_auth_hash(), sessions.stamp()
        session.save()
        self.factory.cookies[settings.SESSION_COOKIE_NAME] = session.session_key

    def _answer(self, request: Any, expected: int) -> HttpResponseBase:
        response = self.handler.get_response(request)
        if response.status_code != expected:
            raise RuntimeError(f"{request.get_full_path()}: {response.status_code} instead of {expected}")
        self.factory.cookies.update(response.cookies)
        return response

    def get(self, url: str) -> bytes:
        return self._answer(self.factory.get(url), 200).content  # type: ignore[attr-defined]

    def post(self, url: str, fields: dict[str, Any]) -> None:
        self._answer(self.factory.post(url, fields), 302)

    def send(self, cells: checks.Cells) -> None:
        """The next cell as the grid's script sends it; it must be taken."""
        body = json.dumps(cells.next())
        request = self.factory.post(
            cells.url, body, content_type="application/json", headers={"X-CSRFToken": self.token(cells)}
        )
        answer = json.loads(self._answer(request, 200).content)  # type: ignore[attr-defined]
        if answer["outcomes"][0]["status"] != "saved":
            raise RuntimeError(f"{cells.url}: {answer}")

    def token(self, cells: checks.Cells) -> str:
        if not self.csrf:
            self.csrf = json.loads(self.get(cells.url))["token"]
        return self.csrf


def statements(act: Callable[[], Any]) -> int:
    """How many statements it takes, with the one that looks whether settings have changed."""
    found = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            found.append(sql)
        return execute(sql, *rest)

    cache._state["checked"] = -cache.LIFETIME
    with connection.execute_wrapper(note):
        act()
    return len(found)


def compare(
    acts: dict[str, Callable[[], Any]], base: Callable[[], Any], rounds: int
) -> dict[str, tuple[float, float, float]]:
    """{name: (ratio, CPU ms, wall ms)}; the floor runs beside each of them, so that both see the same machine.

    CPU times are medians; of the wall the best is taken, because whatever else the machine does only adds to it.
    """
    found = {}
    for name, act in acts.items():
        for _ in range(3):
            base()
            act()
        floors, cpus, walls = [], [], []
        for _ in range(rounds):
            start = time.process_time()
            base()
            middle, wall = time.process_time(), time.perf_counter()
            act()
            floors.append(middle - start)
            cpus.append(time.process_time() - middle)
            walls.append(time.perf_counter() - wall)
        cpu = statistics.median(cpus)
        found[name] = (cpu / statistics.median(floors), cpu * 1000, min(walls) * 1000)
    return found


def middle(listing: TicketList) -> str:
    """The key of the row in the middle of all, as the list writes it into the address."""
    pk = Ticket.objects.order_by("pk").values_list("pk", flat=True)[Ticket.objects.count() // 2]
    rows = listing.rows(listing.queryset().filter(pk__gte=pk))
    return rows._write(Ticket.objects.get(pk=pk))


def pages(rounds: int) -> list[Figure]:
    """Every page that has a bar."""
    office, teacher, worker, head = (Browser(f"{role}0") for role in ("clerk", "teacher", "repairer", "principal"))
    ticket = data.long_ticket()
    middle_url = "/repairs/?after=" + middle(TicketList(User.objects.get(username="clerk0")))
    month = Month.current()
    rooms = list(Place.objects.filter(kind="room").order_by("pk").values_list("pk", flat=True))
    kind = Category.objects.filter(parent__isnull=False, tile__isnull=False, hazard=False).order_by("pk")[0]
    turn = iter(range(10**9))

    def report_form() -> bytes:
        return teacher.get(f"/repairs/new/?place={rooms[next(turn) % len(rooms)]}")

    def report_post() -> None:
        url = f"/repairs/new/?place={rooms[next(turn) % len(rooms)]}"
        hidden = dict(FIELD.findall(forms.pop()))
        teacher.post(url, {**hidden, "tile": kind.tile_id, "kind": kind.pk, "words": "灯不亮"})

    def search(word: str) -> Callable[[], bytes]:
        return lambda: office.get("/repairs/?" + urlencode({"q": word}))

    walkers = [Browser("warden0"), Browser("warden1")]
    grid, *swept = Round.objects.filter(state="open").order_by("pk")
    sheets_ = [checks.Cells(one, one.by, "没有整理") for one in (grid, *swept)]

    def send(who: int, sheet: int) -> Callable[[], None]:
        return lambda: walkers[who].send(sheets_[sheet])

    with override_settings(MIDDLEWARE=[], ROOT_URLCONF="benchmarks.floor"):
        bare = BaseHandler()
        bare.load_middleware()
    asked = RequestFactory(SERVER_NAME="localhost").get("/")

    def base() -> bytes:
        asked.urlconf = "benchmarks.floor"  # type: ignore[attr-defined]
        response = bare.get_response(asked)
        if response.status_code != 200:
            raise RuntimeError("the floor is broken")
        return response.content  # type: ignore[attr-defined]

    acts: dict[str, Callable[[], Any]] = {
        "list": lambda: office.get("/repairs/"),
        "list, middle": lambda: office.get(middle_url),
        "list, open by due date": lambda: office.get("/repairs/?open=1&sort=due"),
        "search, present": search(data.PRESENT),
        "search, absent": search(data.ABSENT),
        "ticket": lambda: office.get(f"/repairs/{ticket.number}/"),
        "report, form": report_form,
        "report, post": report_post,
        "desk": lambda: office.get("/desk/"),
        "jobs": lambda: worker.get("/jobs/"),
        "mine": lambda: teacher.get("/repairs/mine/"),
        "plan, this month": lambda: head.get("/plan/"),
        "plan, next month": lambda: head.get(f"/plan/{month.next}/"),
        "grid, 22 rooms": lambda: walkers[0].get(f"/checks/rounds/{grid.number}/grid/"),
        "cell, a score": send(0, 0),
        "cell, files": send(0, 1),
        "cell, joins": send(1, 2),
        "ranks of a term": lambda: walkers[0].get("/dormitory/scores/"),
    }
    forms = [report_form().decode() for _ in range(rounds + 5)]
    for who, sheet in ((0, 0), (0, 1), (1, 2)):  # the first cell of a day asks for more: lines, the month's number
        send(who, sheet)()
    head.get("/plan/")  # the first reader of a month stores its lines
    times = compare(acts, base, rounds)
    found = [Figure("floor", statements(base), 1.0, times["list"][1] / times["list"][0])]
    for name, act in acts.items():
        ratio, cpu, wall = times[name]
        figure = Figure(name, statements(act), ratio, cpu, wall)
        if name != "report, post" and not name.startswith("cell"):
            html = act()
            figure.html = len(gzip.compress(html, 6))
            figure.first = figure.html + static_size(html.decode())
        found.append(figure)
    return found


def static_size(html: str) -> int:
    """The compressed size of every file that a page names, as the server sends it."""
    found = 0
    for name in set(STATIC.findall(html)):
        path = Path(settings.STATIC_ROOT) / name
        packed = path.with_name(path.name + ".gz")
        found += (packed if packed.exists() else path).stat().st_size
    return found


# ---- the long sheet -----------------------------------------------------------------------------------------------


def peak() -> float:
    """The most memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(write: Callable[[], Any]) -> dict[str, float]:
    gc.collect()
    before, start = peak(), time.process_time()
    write()
    return {"cpu": time.process_time() - start, "grown": peak() - before}


def excel(rows: int) -> dict[str, float]:
    """Our list as a sheet, read from the database."""
    listing = TicketList(User.objects.get(username="clerk0"))

    def write() -> None:
        file, _, _ = sheets.write_listing(listing, listing.queryset(Ticket.objects.filter(pk__lte=last)))
        file.close()

    last = Ticket.objects.order_by("pk").values_list("pk", flat=True)[rows - 1]
    return {**timed(write), "columns": len(listing.sheet_columns()), "rows": rows}


def raw_excel(rows: int) -> dict[str, float]:
    """openpyxl alone, from values that are in memory."""
    with tempfile.TemporaryFile() as file:
        return {**timed(lambda: floor.workbook(file, rows)), "columns": len(floor.VALUES), "rows": rows}


def measured(verb: str, number: int) -> Any:
    """`fill N`, `pages ROUNDS`, `excel ROWS` or `raw ROWS`, as something that JSON can hold."""
    if verb == "fill":
        data.fill(number)
        checks.fill(min(checks.SCORES, number * 12))
        return Ticket.objects.count()
    if verb == "pages":
        return [asdict(one) for one in pages(number)]
    return {"excel": excel, "raw": raw_excel}[verb](number)
