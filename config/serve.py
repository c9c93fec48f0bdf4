"""`manage.py start` inside the environment: database, demo, static files, then pages and the worker until SIGTERM."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.bootstrap import ROOT, Refused, check_port, say

DEMO_PASSWORD = "houqin-demo"  # public: shown on the demo's own login page
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def start(options: Namespace) -> int:
    """Bring everything up, serve until told to end, and end the worker too."""
    began = time.monotonic()
    prepare_settings()
    from django.db import Error as DatabaseTrouble

    check_port(options.host, options.port)
    try:
        prepare(options)
    except DatabaseTrouble as error:
        raise Refused(f"数据库连接不上或不能写入：{reason(error)} (the database cannot be reached)") from error
    except PermissionError as error:
        raise Refused(f"没有权限写入 {error.filename}。(no write permission)") from error
    return serve(options, began)


def reason(error: Exception) -> str:
    """The first line of an error, enough for a person who can set an address right."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def prepare_settings() -> None:
    """Load the settings and see that `var` can be written."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        var = Path(settings.VAR)
        var.mkdir(parents=True, exist_ok=True)
        probe = var / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        django.setup()
    except ImproperlyConfigured as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Refused(
            f"没有权限写入 {error.filename or settings.VAR}：{error.strerror} (no write permission)"
        ) from error


def prepare(options: Namespace) -> None:
    """Migrations, demo or set-up address, static files: each only where something is to be done."""
    from django.conf import settings

    fresh = settings.SQLITE and clear_the_way(options)
    if not settings.SQLITE and options.demo:
        raise Refused("演示数据只能放进新的 SQLite 数据库。(the demo goes into a new SQLite database only)")
    wants_demo = fresh and not options.no_demo
    if wants_demo and options.host not in LOOPBACK and not options.demo:
        raise refuse_open_demo()
    if wants_demo:
        with new_file():
            migrate()
            make_demo()
    else:
        migrate()
    if is_demo() and options.host not in LOOPBACK and not options.demo:
        raise refuse_open_demo()
    collect_static()


def refuse_open_demo() -> Refused:
    """The demo's passwords are public: it stays on this machine unless somebody says otherwise."""
    return Refused(
        "演示账号的密码是公开的，默认只在本机使用；确要让别的机器访问演示，请加 --demo，正式使用请加 --no-demo。"
        "(demo accounts exist: add --demo to open them to other machines, or start with --no-demo)"
    )


# --- Database -------------------------------------------------------------------------------------------------------


def sqlite_file() -> Path:
    """The file of the SQLite database."""
    from django.conf import settings

    return Path(settings.DATABASES["default"]["NAME"])


@contextmanager
def new_file() -> Iterator[None]:
    """Let Django write into a file beside the database, which takes its place only when all went well.

    Until then nothing waits for the disk: a torn file is thrown away anyway.
    """
    from django.db import connection

    final = sqlite_file()
    building = final.with_name(final.name + ".building")
    remove(building)
    connection.close()
    connection.settings_dict["NAME"] = str(building)
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(final)
    remove(final)
    building.replace(final)


def remove(path: Path) -> None:
    """Delete a database of ours with SQLite's files beside it."""
    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)


def migrations_digest() -> str:
    """A hash over the names and texts of our migrations."""
    found = hashlib.sha256()
    for path in sorted(Path(ROOT).glob("*/migrations/*.py")):
        found.update(path.relative_to(ROOT).as_posix().encode())
        found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def clear_the_way(options: Namespace) -> bool:
    """Look at the SQLite file without Django (its tables may be old); True if a demo may take its place."""
    path = sqlite_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    kind, stamp = look(path)
    if kind == "new":
        return True
    if kind == "demo" and options.no_demo:
        raise Refused(
            f"{path} 是演示库；正式使用请先移走这个文件，或用 DATABASE_URL 指定另一个数据库。"
            "(this database is a demo: move it away first, or name another one in DATABASE_URL)"
        )
    if kind == "school" and options.demo:
        raise Refused(f"{path} 是正式数据，演示数据不会放进去。(this is a real database, the demo stays out of it)")
    if kind == "demo" and stamp != migrations_digest():
        say("▸ 演示库由旧版本建立，重新建立… / the demo was made by an older version, building it anew")
        return True
    return False


def look(path: Path) -> tuple[str, str]:
    """What an SQLite file is: `new`, `demo` (with its stamp) or `school`."""
    if not path.exists() or path.stat().st_size == 0:
        return "new", ""
    connection = sqlite3.connect(path, timeout=20)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "campus_schoolprofile" not in tables:
            return ("school" if tables else "new"), ""
        row = connection.execute("SELECT is_demo, demo_stamp FROM campus_schoolprofile LIMIT 1").fetchone()
        if row is None:
            used = connection.execute("SELECT 1 FROM campus_user LIMIT 1").fetchone()
            return ("school" if used or setup_file().exists() else "new"), ""
        return ("demo", row[1]) if row[0] else ("school", "")
    except sqlite3.DatabaseError as error:
        raise Refused(f"{path} 打不开：{error} (this file is no readable database)") from error
    finally:
        connection.close()


def migrate() -> None:
    """Apply migrations if one is missing."""
    from django.core.management import call_command
    from django.db import connection

    from core import health

    connection.ensure_connection()
    if not health.migrated():
        say("▸ 准备数据库… / preparing the database")
        call_command("migrate", interactive=False, verbosity=0)


def is_demo() -> bool:
    """Do demo accounts exist here?"""
    from campus.models import SchoolProfile

    return SchoolProfile.objects.filter(is_demo=True).exists()


def make_demo() -> None:
    """Fill a new database with the demo school and note which migrations it fits."""
    from django.core.management import call_command, get_commands

    from campus.models import SchoolProfile

    if "demo" not in get_commands():
        say("  这个版本没有演示数据。/ this version brings no demo data")
        return
    say("▸ 建立演示学校（示范中学），约需一分钟… / filling the demo school")
    call_command("demo", profile="default")
    SchoolProfile.objects.filter(is_demo=True).update(demo_stamp=migrations_digest())


# --- The first administrator of a real school -----------------------------------------------------------------------


def setup_file() -> Path:
    """Where the one-time token of the set-up page is kept."""
    from django.conf import settings

    return Path(settings.VAR) / "setup_token"


def setup_token() -> str | None:
    """The token in the address of the set-up page, or None when there is nothing to set up."""
    try:
        return setup_file().read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None


def setup_done() -> None:
    """The school has its first administrator: the address is worth nothing from now on."""
    setup_file().unlink(missing_ok=True)


def offer_setup() -> str | None:
    """Make the token if nobody can log in yet; a stale one goes."""
    from campus.models import User

    if User.objects.exists():
        setup_done()
        return None
    if setup_token() is None:
        with open(os.open(setup_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24))
    return setup_token()


# --- Static files ---------------------------------------------------------------------------------------------------


def static_digest() -> str:
    """A hash over what `collectstatic` reads: our files by name, size and time, packages by their lock."""
    from django.conf import settings

    found = hashlib.sha256(Path(ROOT, "requirements", "base.txt").read_bytes())
    apps = (path for path in Path(ROOT).glob("*/static") if (path.parent / "apps.py").exists())
    for folder in (*settings.STATICFILES_DIRS, *apps):
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                stat = path.stat()
                found.update(f"{path.relative_to(ROOT).as_posix()} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return found.hexdigest()


def collect_static() -> None:
    """Gather static files under hashed names when one changed."""
    from django.conf import settings
    from django.core.management import call_command

    stamp, wanted = Path(settings.VAR) / "static.stamp", static_digest()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    say("▸ 整理页面文件… / collecting static files")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(wanted, encoding="ascii")


# --- Serving --------------------------------------------------------------------------------------------------------


def own_names() -> list[str]:
    """The names and addresses by which other machines of the network may call this one."""
    name = socket.gethostname()
    found = {name.lower(), socket.getfqdn().lower()}
    try:
        found.update(info[4][0] for info in socket.getaddrinfo(name, None, socket.AF_INET))
    except OSError:  # a machine that does not know its own name
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks the system which of its addresses looks outwards
            found.add(probe.getsockname()[0])
        except OSError:  # no network at all
            pass
    return sorted(found)


def serve(options: Namespace, began: float) -> int:
    """Listen, say where, run the worker beside, and end both together."""
    from django.conf import settings
    from waitress import create_server

    from config.wsgi import application

    if options.host not in LOOPBACK:
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, options.host, *own_names()]
    try:
        server: Any = create_server(
            application, host=options.host, port=options.port, threads=8, ident=None, channel_timeout=120,
            max_request_body_size=settings.REQUEST_LIMIT, clear_untrusted_proxy_headers=not settings.PROXY_HOPS,
        )  # fmt: skip
    except OSError as error:
        raise Refused(f"端口 {options.port} 打不开：{error.strerror} (cannot listen on the port)") from error
    signal.signal(signal.SIGTERM, end)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, end)
    announce(options, began)
    worker = start_worker()
    threading.Thread(target=watch, args=(worker,), daemon=True).start()
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):  # arrived before the loop, which handles them itself
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop(worker)
        server.close()
    say("✓ 已停止 / stopped")
    return 0


def end(number: int, frame: Any) -> None:
    """Leave the server's loop; requests under way are finished first."""
    raise SystemExit(0)


def announce(options: Namespace, began: float) -> None:
    """Say that pages can be opened, and how to get in."""
    host = own_names()[-1] if options.host in ("0.0.0.0", "::") else options.host
    base = f"http://{f'[{host}]' if ':' in host else host}:{options.port}"
    say(f"✓ 后勤台已启动（{time.monotonic() - began:.1f} 秒） {base}")
    if is_demo():
        say(
            f"  演示账号 / demo logins: teacher repairer clerk director principal admin …  密码 / password: {DEMO_PASSWORD}"
        )
    else:
        token = offer_setup()
        if token:
            say(f"  首次设置（一次有效）/ one-time set-up: {base}/setup/{token}/")
    say("  Ctrl+C 停止 / stop")


def start_worker() -> subprocess.Popen[bytes]:
    """The process for jobs and the hourly tick; it ends with us even if we are killed."""
    command = [sys.executable, os.path.join(ROOT, "manage.py"), "worker", "--parent", str(os.getpid())]
    return subprocess.Popen(command, cwd=ROOT)


def watch(worker: subprocess.Popen[bytes]) -> None:
    """Say so when the worker ends by itself: pages still work, jobs and the tick do not."""
    code = worker.wait()
    if code > 0:
        say(f"✗ 后台任务进程已退出（{code}），请重新启动。/ the worker has ended, restart")


def stop(worker: subprocess.Popen[bytes]) -> None:
    """End the worker: gently, then not."""
    if worker.poll() is None:
        worker.terminate()
    try:
        worker.wait(15)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
