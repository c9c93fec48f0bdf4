"""What the site withstands, tried from outside: foreign records, fields that no form shows, odd text, files, two clicks."""
# ruff: noqa: F811 (fixtures are imported by name and asked for by name)

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from assets.models import Card
from campus.models import User
from core.models import Attachment, LogEntry
from repairs.models import Category, Ticket
from stores.models import Item, Move
from tests import make
from tests.site_fixtures import _monday, _quiet, clients, media, world, world_files  # noqa: F401  (fixtures)
from tests.site_table import ALL, SEES_TICKET, TABLE
from tests.test_site import LISTS, ROWS, address
from tests.world import SECRET, World

pytestmark = pytest.mark.django_db
STRANGERS = sorted(ALL - SEES_TICKET)
LONG = "9" * 40


def kind(name: str = "灯不亮") -> Category:
    return Category.objects.get(name=name, parent__isnull=False)


def report(client: Client, world: World, **over: Any) -> Any:
    """Open the form of the room and send it back filled."""
    url = f"/repairs/new/?place={world.rows['shop'].pk}"
    body = {
        "tile": kind().tile_id, "kind": kind().pk, "words": "灯管一闪一闪", "quantity": "1",
        "submit_token": client.get(url).context["form"].submit_token,
    } | over  # fmt: skip
    return client.post(url, {name: value for name, value in body.items() if value is not None})


# ---- hosts and ways out -------------------------------------------------------------------------------------------


def test_a_foreign_host_is_refused_without_repeating_it(world: World, clients: dict[str, Client]) -> None:
    for path in ("/", "/login/", "/repairs/"):
        answer = clients["director"].get(path, headers={"host": "evil.example"})
        assert (answer.status_code, b"evil.example" in answer.content) == (400, False)
        assert 'lang="zh' in answer.content.decode()


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "\x00//evil.example",
        " //evil.example",
    ],
)
def test_next_leads_only_inside_the_site(world: World, target: str) -> None:
    client = Client()
    body = {"username": "teacher", "password": make.PASSWORD, "next": target}
    assert client.post("/login/", body).headers["Location"] == "/"
    assert client.get("/login/", {"next": target}).headers["Location"] == "/"


def test_the_admin_has_no_second_door(world: World) -> None:
    """Its own login page would know nothing of waiting after wrong passwords."""
    client = Client()
    for answer in (
        client.get("/admin/login/?next=/admin/"),
        client.post("/admin/login/", {"username": "admin", "password": make.PASSWORD}),
    ):
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
    assert "_auth_user_id" not in client.session


def test_no_post_counts_without_the_token_of_the_page(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["homeroom"])
    answer = client.post(address(world, "repairs:ticket-accept-work"), {"rating": 5})
    assert (answer.status_code, Ticket.objects.get(pk=world.rows["ticket"].pk).state) == (403, "checking")
    assert client.post("/logout/").status_code == 403 and "_auth_user_id" in client.session


# ---- other people's records ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", STRANGERS)
def test_a_strangers_ticket_shows_nowhere(world: World, clients: dict[str, Client], role: str) -> None:
    """Not on any page, in any sheet, search or file that this role can open."""
    ticket, leaks = world.rows["ticket"], []
    for name, row in ROWS.items():
        if row.args in ("sent", "guest"):  # keys, given to the reporter only
            continue
        for query in ("", "?export=xlsx") if name in LISTS else ("",):
            answer = clients[role].get(address(world, name) + query)
            if answer.status_code != 200:
                continue
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if query:
                sheets = CalamineWorkbook.from_filelike(io.BytesIO(content))
                content = str([sheets.get_sheet_by_name(one).to_python() for one in sheets.sheet_names]).encode()
            text = content.decode("utf-8", "replace")
            leaks += [f"{name}{query}: {word}" for word in (SECRET, ticket.number, ticket.follow_token) if word in text]
    for query in (SECRET[:4], ticket.number, "312"):
        for path in ("/search/?q=", "/repairs/?q=", "/repairs/mine/?q="):
            text = clients[role].get(path + query).content.decode()
            leaks += [f"{path}{query}"] if SECRET in text or f"/{ticket.number}/" in text else []
    assert leaks == []


def test_a_teacher_prints_and_joins_only_what_is_there(world: World, clients: dict[str, Client]) -> None:
    number = world.rows["ticket"].number
    assert clients["teacher"].get(f"/repairs/{number}/paper/").status_code == 404
    assert clients["teacher"].get(f"/repairs/slips/?pick={number}").status_code == 403
    shown = clients["teacher"].get(f"/repairs/new/?place={world.rows['room'].pk}").content.decode()
    assert "灯不亮" in shown and SECRET not in shown and world.people["other"].name not in shown


def test_a_guest_sees_no_locks_at_a_door(world: World) -> None:
    lock, light = world.rows["guest"], world.rows["ticket"]
    shown = Client().get(f"/repairs/new/?at={world.rows['room'].token}").content.decode()
    assert light.category.name in shown
    assert SECRET not in shown and lock.number not in shown and lock.follow_token not in shown


def test_a_repairer_gets_slips_of_his_own_work_only(world: World) -> None:
    client = Client()
    client.force_login(make.repairer2())
    assert client.get(f"/repairs/slips/?pick={world.rows['ticket'].number}").status_code == 404


# ---- fields that no form shows ------------------------------------------------------------------------------------


def test_a_report_takes_only_what_its_form_asks(world: World, clients: dict[str, Client]) -> None:
    over = {
        "state": "done", "number": "BX202611-7777", "reporter": world.people["director"].pk, "priority": "1", "is_staff": "on",
        "reported_at": "2020-01-01", "created_at": "2020-01-01", "lead": world.people["repairer"].pk, "channel": "phone",
        "filed_by": world.people["clerk"].pk, "completed_at": "2026-11-01", "score": "9999", "reporter_name": "别人", "version": "7",
        "due_at": "2030-01-01", "priority_fixed": "on", "name": "别人", "phone": "110",
    }  # fmt: skip
    assert report(clients["teacher"], world, **over).status_code == 302
    made = Ticket.objects.latest("pk")
    assert (made.state, made.reporter, made.lead, made.channel, made.filed_by) == (
        "new",
        world.people["teacher"],
        None,
        "web",
        None,
    )
    assert made.number != "BX202611-7777" and made.priority != 1 and made.reporter_name == "" and made.version == 1
    assert made.reported_at.year == made.created_at.year == 2026 and made.completed_at is None


def test_nobody_raises_himself_on_his_account_page(world: World, clients: dict[str, Client]) -> None:
    user = world.people["teacher"]
    shown = clients["teacher"].get("/account/")
    clients["teacher"].post(
        "/account/",
        {"phone": "13800001234", "is_staff": "on", "is_superuser": "on", "roles": "admin", "groups": "1", "username": "root", "is_active": "",
         "submit_token": shown.context["form"].submit_token, "version": getattr(shown.context["form"], "version", "") or ""},
    )  # fmt: skip
    fresh = User.objects.get(pk=user.pk)
    assert (fresh.is_staff, fresh.is_superuser, fresh.username, fresh.is_active, fresh.roles) == (
        False,
        False,
        "teacher",
        True,
        {"teacher"},
    )


def test_a_correction_changes_only_its_fields(world: World, clients: dict[str, Client]) -> None:
    ticket = world.rows["own"]
    url = ticket.get_absolute_url() + "correct/"
    body = make.posted(
        clients["clerk"].get(url),
        quantity="3",
        state="done",
        reporter=world.people["director"].pk,
        number="BX202611-8888",
    )
    assert clients["clerk"].post(url, body).status_code == 302
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.quantity, fresh.state, fresh.reporter_id, fresh.number) == (
        3,
        ticket.state,
        ticket.reporter_id,
        ticket.number,
    )


# ---- odd text -----------------------------------------------------------------------------------------------------


def answered(answer: Any, *, field: str = "") -> str:
    """The page that came back, with a message (at `field`, if one is named)."""
    assert answer.status_code in (200, 409), answer.status_code
    form = answer.context["form"]
    assert form.errors, "no message"
    if field:
        assert field in form.errors, dict(form.errors)
    for messages in form.errors.values():
        for message in messages:
            assert any("\u4e00" <= char <= "\u9fff" for char in message), message
    return answer.content.decode()


@pytest.mark.parametrize("quantity", [LONG, "NaN", "-1", "0", "1.5", "Infinity", "\x00", "1e3"])
def test_a_report_with_an_odd_quantity(world: World, clients: dict[str, Client], quantity: str) -> None:
    before = Ticket.objects.count()
    shown = answered(report(clients["teacher"], world, quantity=quantity, words="灯管一闪一闪的那间"), field="quantity")
    assert "灯管一闪一闪的那间" in shown
    assert Ticket.objects.count() == before


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("灯坏了😀", "灯坏了😀"),
        ("灯\x00坏\x07了", "灯坏了"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\u202eb\ufffe灯", None),
    ],
)
def test_a_report_keeps_words_as_text(world: World, clients: dict[str, Client], typed: str, kept: str | None) -> None:
    answer = report(clients["teacher"], world, words=typed)
    assert answer.status_code == 302
    made = Ticket.objects.latest("pk")
    assert "\x00" not in made.words and "\x07" not in made.words
    if kept is not None:
        assert made.words == kept
    for path in (made.get_absolute_url(), "/repairs/mine/", answer.headers["Location"]):
        assert b"<script>alert" not in clients["teacher"].get(path).content


@pytest.mark.parametrize("words", ["长" * 501, " \t ", "\x00"])
def test_a_report_with_too_much_or_nothing(world: World, clients: dict[str, Client], words: str) -> None:
    shown = answered(report(clients["teacher"], world, words=words, tile=None, kind=None))
    assert words.strip("\x00 \t") in shown


@pytest.mark.parametrize(("tile", "kind_"), [(LONG, LONG), ("x", "y"), ("0", "0"), ("-1", "\x00"), ("１", "２")])
def test_a_report_with_unknown_choices(world: World, clients: dict[str, Client], tile: str, kind_: str) -> None:
    answered(report(clients["teacher"], world, tile=tile, kind=kind_, words=""))


HOLD = {"words": "等配件到货再装"}


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"until": "2026-02-30"}, "until"), ({"until": "2026-13-01"}, "until"), ({"until": "今天"}, "until"), ({"until": LONG}, "until"),
        ({"until": "0000-00-00"}, "until"), ({"until": "99999-01-01"}, "until"), ({"until": "2020-01-01"}, "until"),
        ({"quantity": "NaN"}, "quantity"), ({"quantity": LONG}, "quantity"), ({"quantity": "-1"}, "quantity"),
        ({"reason": LONG}, "reason"), ({"reason": "\x00"}, "reason"), ({"item": "\x00没有这种"}, "item"), ({"purchase": "长" * 81}, "purchase"),
    ],
)  # fmt: skip
def test_holding_with_odd_input(world: World, clients: dict[str, Client], over: dict[str, str], field: str) -> None:
    ticket = make.ticket("dispatched", place=world.rows["shop"], lead=world.people["repairer"])
    url = ticket.get_absolute_url() + "hold/"
    body = make.posted(
        clients["repairer"].get(url), **{"reason": make.hold_reason("other").pk, "until": "2026-12-01"} | HOLD | over
    )
    assert "等配件到货再装" in answered(clients["repairer"].post(url, body), field=field)
    assert Ticket.objects.get(pk=ticket.pk).state == "dispatched"


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"place": "\x00哪里也不是"}, "place"),
        ({"place": LONG}, "place"),
        ({"category": "没有这类"}, "category"),
        ({"category": "\x00"}, "category"),
        ({"asset": "没有这件"}, "asset"),
        ({"quantity": LONG}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"detail": "长" * 61}, "detail"),
    ],
)
def test_correcting_with_odd_input(world: World, clients: dict[str, Client], over: dict[str, str], field: str) -> None:
    ticket = world.rows["own"]
    url = ticket.get_absolute_url() + "correct/"
    body = make.posted(clients["clerk"].get(url), **{"detail": "靠窗第二排"} | over)
    shown = answered(clients["clerk"].post(url, body), field=field)
    assert ("靠窗第二排" in shown) == (field != "detail")
    assert Ticket.objects.get(pk=ticket.pk).detail == ticket.detail


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"quantity": "NaN"}, "quantity"), ({"quantity": "sNaN"}, "quantity"), ({"quantity": "Infinity"}, "quantity"), ({"quantity": LONG}, "quantity"),
        ({"quantity": "1e400"}, "quantity"), ({"quantity": "0.001"}, "quantity"), ({"quantity": "-1"}, "quantity"), ({"quantity": ""}, "quantity"),
        ({"value": "NaN"}, "value"), ({"value": LONG}, "value"), ({"value": "-0.01"}, "value"), ({"on": "2026-02-30"}, "on"),
        ({"warehouse": LONG}, "warehouse"), ({"warehouse": "\x00"}, "warehouse"), ({"item": "\x00"}, "item"), ({"item": "长" * 131}, "item"),
    ],
)  # fmt: skip
def test_a_receipt_with_odd_input(world: World, clients: dict[str, Client], over: dict[str, str], field: str) -> None:
    before = Move.objects.count()
    item = world.rows["item"]
    shown = clients["storekeeper"].get("/stores/receive/")
    body = make.posted(
        shown, **{"item": str(item), "quantity": "2", "value": "20.00", "reason": "光明灯具送货单"} | over
    )
    assert "光明灯具送货单" in answered(clients["storekeeper"].post("/stores/receive/", body), field=field)
    assert Move.objects.count() == before


@pytest.mark.parametrize(("quantity", "counts"), [("NaN", 0), (LONG, 0), ("0", 0), ("19", 0), ("18", 1)])
def test_an_issue_never_takes_more_than_there_is(
    world: World, clients: dict[str, Client], quantity: str, counts: int
) -> None:
    """Of twenty, two were drawn already."""
    item, before = world.rows["item"], Move.objects.count()
    body = make.posted(
        clients["repairer"].get("/stores/issue/"), item=str(item), quantity=quantity, reason="换走廊的灯"
    )
    answer = clients["repairer"].post("/stores/issue/", body)
    if not counts:
        assert "换走廊的灯" in answered(answer)
    assert Move.objects.count() - before == counts
    assert Move.objects.filter(item=item).order_by("-seq")[0].balance_after == Decimal(18 - 18 * counts)


@pytest.mark.parametrize(
    "over",
    [
        {"quantity": "NaN"}, {"quantity": LONG}, {"quantity": "0"}, {"quantity": "-3"}, {"cost": "NaN"}, {"cost": LONG}, {"cost": "-1"},
        {"cost": "1.001"}, {"acquired_on": "2026-02-30"}, {"place": "\x00"}, {"place": "哪里也不是"}, {"number": "x" * 31}, {"number": "a/b\x00"},
        {"custodian": "没有这个人"},
    ],
)  # fmt: skip
def test_a_card_with_odd_input(world: World, clients: dict[str, Client], over: dict[str, str]) -> None:
    before = Card.objects.count()
    shown = clients["assetkeeper"].get("/assets/new/")
    body = make.posted(
        shown,
        **{
            "number": "K-1",
            "name": "落地电风扇",
            "place": "3号楼312",
            "quantity": "1",
            "cost": "0",
            "condition": "in_use",
        }
        | over,
    )
    assert "落地电风扇" in answered(clients["assetkeeper"].post("/assets/new/", body), field=next(iter(over)))
    assert Card.objects.count() == before


# ---- live formulas ------------------------------------------------------------------------------------------------

EVIL = "=cmd|' /C calc'!A0"


def test_a_title_that_looks_like_a_formula_stays_text_in_every_sheet(world: World, clients: dict[str, Client]) -> None:
    place = world.rows["shop"]
    tickets = [
        make.ticket("done", place=place, by=world.people["teacher"], words=words, detail=words[:60])
        for words in (EVIL, "+1+1", "-2", "@SUM(A1)", "\tx", "好\ufffe了\x01")
    ]
    Item.objects.filter(pk=world.rows["item"].pk).update(name=EVIL)
    Card.objects.filter(pk=world.rows["card"].pk).update(name=EVIL)
    User.objects.filter(pk=world.people["teacher"].pk).update(name=EVIL)
    found = 0
    for name in LISTS:
        role = next(role for role in ("director", "admin", "repairer") if role in TABLE[name].who)
        answer = clients[role].get(address(world, name), {"export": "xlsx"})
        book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert [cell.value for cell in cells if cell.data_type == "f"] == [], name
        found += sum(cell.value == EVIL and cell.data_type == "s" for cell in cells)
    assert found >= 4
    assert Ticket.objects.filter(pk__in=[one.pk for one in tickets]).count() == 6


# ---- two clicks ---------------------------------------------------------------------------------------------------


def test_a_double_click_files_one_ticket(world: World, clients: dict[str, Client]) -> None:
    client, url = clients["teacher"], f"/repairs/new/?place={world.rows['shop'].pk}"
    body = {
        "tile": kind().tile_id,
        "kind": kind().pk,
        "words": "点了两次",
        "submit_token": client.get(url).context["form"].submit_token,
    }
    first, second = client.post(url, body), client.post(url, body)
    assert Ticket.objects.filter(words="点了两次").count() == 1
    assert (first.status_code, second.headers["Location"]) == (302, first.headers["Location"])


@pytest.mark.parametrize(
    ("role", "url", "body", "kind_"),
    [
        ("storekeeper", "/stores/receive/", {"quantity": "2", "value": "20"}, Move),
        ("repairer", "/stores/issue/", {"quantity": "2", "reason": "用"}, Move),
        (
            "assetkeeper",
            "/assets/new/",
            {"number": "K-2", "name": "扇", "place": "3号楼312", "quantity": "1", "cost": "0", "condition": "in_use"},
            Card,
        ),
    ],
)
def test_a_double_click_books_once(
    world: World, clients: dict[str, Client], role: str, url: str, body: dict[str, str], kind_: Any
) -> None:
    before = kind_.objects.count()
    over = body | ({"item": str(world.rows["item"])} if url.startswith("/stores") else {})
    filled = make.posted(clients[role].get(url), **over)
    first, second = clients[role].post(url, filled), clients[role].post(url, filled)
    assert (first.status_code, second.status_code) == (302, 302), first.context and first.context["form"].errors
    assert kind_.objects.count() == before + 1


# ---- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("照片.jpg", b"<html><script>alert(1)</script></html>"),
        ("照片.jpg", b""),
        ("照片.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("照片.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50),
        ("照片.jpg", b"GIF89a" + b"\x00" * 100),
        ("big.jpg", b"\xff\xd8\xff" + b"\x00" * (40 * 1024 * 1024)),
    ],
    ids=["html", "empty", "svg", "broken", "gif", "40MB"],
)
def test_what_is_no_photo_is_refused_at_its_field_and_the_rest_kept(
    world: World, clients: dict[str, Client], name: str, content: bytes
) -> None:
    tickets, files = Ticket.objects.count(), Attachment.objects.count()
    answer = report(
        clients["teacher"], world, words="照片请看附件", photos=SimpleUploadedFile(name, content, "image/jpeg")
    )
    assert "照片请看附件" in answered(answer, field="photos")
    assert (Ticket.objects.count(), Attachment.objects.count()) == (tickets, files)


def test_a_photo_is_handed_out_as_a_picture_and_nothing_else(world: World, clients: dict[str, Client]) -> None:
    answer = clients["director"].get(address(world, "core:file"))
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "public" not in answer.headers["Cache-Control"]
    assert (
        world.rows["photo"].file.name not in str(answer.headers)
        and world.rows["photo"].token not in world.rows["photo"].file.name
    )


# ---- sessions and the log -----------------------------------------------------------------------------------------


def test_a_session_ends_on_the_server_and_begins_with_a_new_key(world: World) -> None:
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": "teacher", "password": make.PASSWORD})
    key = client.cookies["sessionid"].value
    assert client.cookies["sessionid"]["httponly"] and client.cookies["sessionid"]["samesite"] == "Lax"
    client.post("/logout/")
    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get("/account/").status_code == 302


def test_a_deactivated_person_is_out_at_once(world: World) -> None:
    client, user = Client(), make.user("director")
    client.force_login(user)
    assert client.get("/desk/").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/desk/").headers["Location"].startswith("/login/")


def test_taking_a_role_away_counts_at_once(world: World) -> None:
    client, user = Client(), make.user("director")
    client.force_login(user)
    client.get("/desk/")
    user.groups.clear()
    assert client.get("/desk/").status_code == 403


def test_a_refused_step_stands_in_the_log_of_the_ticket(world: World, clients: dict[str, Client]) -> None:
    ticket = world.rows["ticket"]
    answer = clients["repairer"].post(ticket.get_absolute_url() + "accept-work/", {"rating": 5})
    assert answer.status_code == 403 and "您参加了维修，不能验收自己的活" in answer.content.decode()
    entry = LogEntry.objects.of(ticket).first()
    assert (entry.verb, entry.by) == ("refused", world.people["repairer"])
    assert entry.text not in clients["other"].get(ticket.get_absolute_url()).content.decode()


def test_the_log_cannot_be_changed(world: World) -> None:
    entry = LogEntry.objects.first()
    for act in (entry.delete, LogEntry.objects.all().delete, lambda: LogEntry.objects.update(text="x"), entry.save):
        with pytest.raises(TypeError):
            act()


@pytest.mark.parametrize("name", LISTS)
def test_every_export_is_logged_with_who_and_what(world: World, clients: dict[str, Client], name: str) -> None:
    role = next(role for role in ("director", "admin", "repairer") if role in TABLE[name].who)
    b"".join(clients[role].get(address(world, name), {"export": "xlsx", "q": "灯"}).streaming_content)
    entry = LogEntry.objects.filter(verb="export").order_by("-pk").first()
    assert entry is not None and entry.by == world.people[role] and "行" in entry.text


def test_a_fault_of_ours_shows_no_program(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from repairs.views.tickets import TicketPage

    def broken(self: Any, **extra: Any) -> None:
        raise ValueError("geheim 秘密")

    monkeypatch.setattr(TicketPage, "get_context", broken)
    client = Client(raise_request_exception=False)
    client.force_login(world.people["director"])
    answer = client.get(reverse("repairs:ticket", args=[world.rows["ticket"].number]))
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "秘密" not in text and "Traceback" not in text and "编号" in text
