"""Every address against every role: who gets the page, what a page must be, and that nobody else changes anything."""
# ruff: noqa: F811 (fixtures are imported by name and asked for by name)

from __future__ import annotations

import io
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from python_calamine import CalamineWorkbook

from core.models import LogEntry, SpentToken
from core.pages import ListPage
from tests.site_fixtures import _monday, _quiet, clients, media, world, world_files  # noqa: F401  (fixtures)
from tests.site_table import ALL, ELSE, TABLE, Row
from tests.world import ROLES, World, digest

pytestmark = pytest.mark.django_db
OUR_APPS = (
    "config", "workplan", "dormitory", "classrooms", "canteen", "repairs", "assets", "stores", "finance", "campus", "core",
)  # fmt: skip
MODELS = [kind for kind in apps.get_models() if kind._meta.app_label in OUR_APPS]
WITHOUT_LOG = [kind for kind in MODELS if kind not in (LogEntry, SpentToken)]
OWN = ("repairs:mine", "assets:mine", "core:inbox", "classrooms:home")  # empty for whoever opens them here
ODD = "page=abc&after=xx&before=%00&sort=zz&month=2026-13&building=9999999999999999999999&category=%00&state=zz&export=pdf"
LISTS_BY = ("director", "admin", "repairer", "assetkeeper")  # one of them may open each list


def patterns(resolver: Any = None, spaces: tuple[str, ...] = (), prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """(name, path, view) of every address of ours; of Django's admin only the index."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            inner = (*spaces, one.namespace) if one.namespace else spaces
            yield from patterns(one, inner, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            name = ":".join((*spaces, one.name or "?"))
            if not name.startswith("admin:") or name == "admin:index":
                yield name, prefix + str(one.pattern), one.callback


FOUND = {name: view for name, _, view in patterns()}
ROWS = {name: row for name, row in TABLE.items() if name in FOUND}
VIEWS = {name: getattr(view, "view_class", None) for name, view in FOUND.items()}
LISTS = [name for name, kind in VIEWS.items() if kind is not None and issubclass(kind, ListPage)]


def address(world: World, name: str) -> str:
    """Where the row's page is in this world."""
    row = TABLE[name]
    return reverse(name, kwargs=world.args[row.args]) + row.query.format(number=world.rows["ticket"].number)


def expected(name: str, row: Row, role: str) -> tuple[int, str]:
    """The status, and the beginning of the address to which it leads."""
    if role in ("guest", "gone"):
        if row.guest == "login":
            return 302, "/login/?next="
        return int(row.guest), row.leads.get("guest", "/admin/login/" if name == "admin:index" else "")
    if role not in row.who:
        return ELSE.get(name, {}).get(role, row.others), ""
    leads = row.leads.get(role, row.leads.get("*", ""))
    return (302, leads) if leads else (200, "")


# ---- what a page must be ------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Reads a page and notes what no page may hold."""

    VOID = frozenset(
        (
            "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "path", "circle",
            "rect", "line", "polyline",
        )
    )  # fmt: skip

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.headings, self.title, self.lang, self.options = 0, "", "", 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if len(found) < len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        for name in ("for", "aria-labelledby", "aria-describedby", "list", "form"):
            self.refers += [(f"{tag} {name}", value) for value in found.get(name, "").split()]
        self.wrong += [f"<{tag} {name}>" for name in found if name.startswith("on") or name == "style"]
        if tag == "script" and "src" not in found:
            self.wrong.append("inline script")
        if any(found.get(name, "").startswith(("http:", "https:", "//", "javascript:")) for name in ("src", "action")):
            self.wrong.append(f"<{tag}> leads out of the site")
        if tag == "html":
            self.lang = found.get("lang", "")
        elif tag == "h1":
            self.headings += 1
        elif tag == "select":
            self.options = 0
        elif tag == "option":
            self.options += 1
        elif tag == "form" and self.open.count("form") > 1:
            self.wrong.append("form inside a form")
        elif tag == "img" and "alt" not in found:
            self.wrong.append("<img> without alt")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if tag == "select" and self.options > 60:
            self.wrong.append(f"a select of {self.options} options")
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:] or 'nothing'} in line {self.getpos()[0]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["title"] and "svg" not in self.open:
            self.title += data

    @property
    def problems(self) -> list[str]:
        found = list(self.wrong)
        found += [f"id {one} twice" for one in sorted({one for one in self.ids if self.ids.count(one) > 1})]
        found += [f"{what} leads to no id {one}" for what, one in self.refers if one not in self.ids]
        if self.headings != 1:
            found.append(f"{self.headings} h1")
        if not self.title.strip():
            found.append("no title")
        if self.lang != "zh-Hans" and self.lang.lower() not in ("zh-cn", "zh-hans"):
            found.append(f"lang {self.lang!r}")
        if self.open:
            found.append(f"never closed: {self.open}")
        return found


def page_problems(answer: Any) -> list[str]:
    """What is wrong with a page that was shown."""
    found = Page(answer.content.decode()).problems
    headers = answer.headers
    if headers["Content-Type"] != "text/html; charset=utf-8":
        found.append(headers["Content-Type"])
    if (
        "default-src 'self'" not in headers.get("Content-Security-Policy", "")
        or "unsafe" in headers["Content-Security-Policy"]
    ):
        found.append("no policy against foreign scripts")
    if headers.get("X-Content-Type-Options") != "nosniff" or headers.get("X-Frame-Options") != "DENY":
        found.append("no nosniff or frame header")
    return found


# ---- tests --------------------------------------------------------------------------------------------------------


def test_every_address_has_its_row_and_every_row_its_address() -> None:
    spaces = {name.partition(":")[0] for name in FOUND}
    assert set(FOUND) == {name for name in TABLE if name.partition(":")[0] in spaces}
    assert len(FOUND) == len([name for name, _, _ in patterns()]), "a name is used twice"


@pytest.mark.parametrize("role", [*ROLES, "guest", "gone"])
def test_each_role_gets_its_pages_and_looking_changes_nothing(
    world: World, clients: dict[str, Client], role: str
) -> None:
    before, after = digest(*MODELS), None
    wrong = []
    for name, row in sorted(ROWS.items(), key=lambda pair: pair[1].noted):
        if row.noted and after is None:
            after = digest(*MODELS)
        answer = clients[role].get(address(world, name))
        status, leads = expected(name, row, role)
        said = answer.headers.get("Location", "")
        if answer.status_code != status or not said.startswith(leads):
            wrong.append(f"{name}: {answer.status_code} {said} instead of {status} {leads}")
        elif not row.plain and (
            status == 200 or (status in (403, 404) and name in ("config:setup", "campus:people", "repairs:ticket"))
        ):
            wrong += [f"{name} ({status}): {problem}" for problem in page_problems(answer)]
    assert wrong == []
    assert changed(before, after or digest(*MODELS)) == []


def test_who_has_no_role_gets_no_more_than_a_teacher(world: World, clients: dict[str, Client]) -> None:
    """Superuser rights give no business page either."""
    opened = {
        name for name in ROWS if name != "healthz" and clients["nobody"].get(address(world, name)).status_code == 200
    }  # fmt: skip
    own = {"config:home", "config:search", "config:more", "core:inbox", "repairs:list", "assets:list", "assets:mine"}
    account = {"campus:account", "config:my-data", "campus:password", "campus:confirm-password", "admin:index"}
    keys = {name for name, row in ROWS.items() if row.args in ("guest", "sent")}
    assert opened - own - account - keys == set()


BODY = {
    "reason": "理由", "words": "说明", "name": "改名", "title": "改名", "quantity": "1", "counted": "1", "value": "1", "answer": "agreed",
    "school": "改名", "lines": "3号楼312 灯不亮", "what": "灯管", "why": "坏了", "label": "改名", "state": "done", "number": "BX202611-9999",
    "pick": "BX202611-0001", "do": "hold", "go": "1", "text": "改名", "priority": "1", "category": "灯不亮", "place": "3号楼312",
    "unit": "个", "section": "focus", "password": "lamp-tube-99", "username": "neu", "starts_on": "2026-09-01", "ends_on": "2027-01-01",
    "day": "2026-12-01", "role": "director", "roles": "director", "protection": "拉线", "whom": "总务", "until": "2026-12-01",
    "rating": "5", "outcome": "repaired", "alias": "三一三", "confirm": "on", "tile": "1", "is_staff": "on", "is_superuser": "on",
}  # fmt: skip


def refused(world: World, name: str, role: str) -> bool:
    """Must a post of this role be refused?"""
    row = TABLE[name]
    if role in ("guest", "gone"):
        return row.guest == "login" or name == "config:setup"
    if row.plain or name in ("login", "logout"):
        return False
    return role not in (row.who if row.does is None else row.does)


@pytest.mark.parametrize("role", [*ROLES, "guest", "gone"])
def test_a_direct_post_of_who_may_not_is_refused_and_changes_nothing(
    world: World, clients: dict[str, Client], role: str
) -> None:
    before, wrong = digest(*WITHOUT_LOG), []
    for name in ROWS:
        if not refused(world, name, role):
            continue
        entries = LogEntry.objects.count()
        answer = clients[role].post(address(world, name), BODY)
        login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
        if answer.status_code not in (403, 404, 405) and not login:
            wrong.append(f"{name}: {answer.status_code} {answer.headers.get('Location', '')}")
        step = getattr(VIEWS[name], "step", "")
        if step and answer.status_code == 403 and role in TABLE[name].who:  # sees the ticket, may not take the step
            latest = LogEntry.objects.order_by("-pk").first()
            if LogEntry.objects.count() != entries + 1 or latest is None or latest.verb != "refused":
                wrong.append(f"{name}: the refusal is not in the log")
            if 'class="refusal"' not in answer.content.decode() and not answer.context.get("reasons"):
                wrong.append(f"{name}: refused without reasons")
    assert wrong == []
    assert changed(before, digest(*WITHOUT_LOG)) == []


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    """The rows that differ."""
    found = []
    for label in before:
        old, new = before[label], after[label]
        if old != new:
            found += [(label, row) for row in new if row not in old] or [(label, "gone")]
    return found


def reader(world: World, clients: dict[str, Client], name: str) -> Client:
    """Somebody who may open the list."""
    return clients[next(role for role in LISTS_BY if role in TABLE[name].who)]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_understands_odd_addresses(world: World, clients: dict[str, Client], name: str) -> None:
    client, url = reader(world, clients, name), address(world, name)
    for query in (
        ODD,
        ODD.replace("month=2026-13", "month=2026-11"),
        "q=%00%F0%9F%98%80'\";--&place=-1&lead=x&asset=%FF",
        "before=1&after=2&sort=-pk&sort=pk",
    ):
        answer = client.get(f"{url}?{query}")
        assert answer.status_code in (200, 404), f"{name}?{query}"
        assert page_problems(answer) == []


@pytest.mark.parametrize("name", [name for name in ROWS if name not in LISTS and not TABLE[name].plain])
def test_a_page_understands_odd_addresses(world: World, clients: dict[str, Client], name: str) -> None:
    role = next((role for role in LISTS_BY if role in TABLE[name].who), "guest")
    answer = clients[role].get(
        f"{reverse(name, kwargs=world.args[TABLE[name].args])}?{ODD}&at=%00&asset=%00&place=9e99&q=%00&pick=%00&next=%00"
    )
    assert answer.status_code < 500


@pytest.mark.parametrize("name", LISTS)
def test_a_list_gives_its_rows_as_excel(world: World, clients: dict[str, Client], name: str) -> None:
    answer = reader(world, clients, name).get(address(world, name), {"export": "xlsx"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = book.get_sheet_by_index(0).to_python()
    assert len(sheet) >= (1 if name in OWN else 2) and sheet[0][0] != ""
    assert LogEntry.objects.order_by("-pk").first().verb == "export"


def test_odd_keys_in_the_address_lead_to_no_page(world: World, clients: dict[str, Client]) -> None:
    odd = (
        "/repairs/BX202611-9999999/", "/repairs/BX202611-99999999/", "/repairs/%00/", "/assets/%00/", "/assets/" + "x" * 300 + "/",
        "/stores/items/99999999999999999999999/", "/people/99999999999999999999999/", "/places/0/", "/plan/2026-13/", "/plan/9999-12/",
        "/plan/2026-11/99999999999999999999/", "/plan/2026-11/live/zz/%00/", "/r/%00/", "/r/" + "x" * 500 + "/", "/files/%00/",
        "/repairs/follow/%00/", "/repairs/sent/%00/", "/stores/purchases/%00/", "/inbox/99999999999999999999999/open/", "/nichts/",
    )  # fmt: skip
    statuses = {path: clients["director"].get(path).status_code for path in odd}
    assert {path: status for path, status in statuses.items() if status != 404} == {
        "/inbox/99999999999999999999999/open/": 302  # opened by posting only
    }


@pytest.mark.parametrize(
    "kind", sorted(admin.site._registry, key=lambda kind: kind._meta.label), ids=lambda kind: kind._meta.label
)
def test_the_admin_holds_look_ups_for_the_administrator_only(
    world: World, clients: dict[str, Client], kind: type[models.Model]
) -> None:
    url = reverse(f"admin:{kind._meta.app_label}_{kind._meta.model_name}_changelist")
    ours = kind._meta.app_label in OUR_APPS
    assert clients["admin"].get(url).status_code == (200 if ours else 403)
    assert clients["admin"].get(url + "add/").status_code == (200 if ours else 403)
    assert {clients[role].get(url).status_code for role in ("guest", "director", "nobody", "principal")} <= {302, 403}
    assert not {"state", "version"} & {field.name for field in kind._meta.fields} or not ours


def test_the_table_names_roles_that_exist() -> None:
    assert set(ROLES) == ALL
    assert {role for row in TABLE.values() for role in row.who} <= ALL
