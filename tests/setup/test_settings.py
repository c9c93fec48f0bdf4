"""Settings refuse what would be unsafe in production and hold what the databases need."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from config import bootstrap

KEY = "k9Xw2-Pq7_vB4nTz8LmC3dRfY6hJs1GaUeEoQiWtZbVx5NcKp0"
POSTGRES = "postgres://app@/db?host=/nowhere"


def load(tmp_path, *words, **variables):
    """Load the settings in a process of their own, with these variables and no others of ours."""
    env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "SYSTEMROOT")}
    env |= {"HOUQIN_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUTF8": "1"} | variables
    command = words or ("-c", "from django.conf import settings; print(settings.SECRET_KEY)")
    return subprocess.run(
        [sys.executable, *command], cwd=bootstrap.ROOT, env=env, capture_output=True, text=True, encoding="utf-8",
        timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"DATABASE_URL": POSTGRES}, "SECRET_KEY"),
        ({"DATABASE_URL": POSTGRES, "SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"DATABASE_URL": POSTGRES, "SECRET_KEY": "django-insecure-" + KEY}, "SECRET_KEY"),
        ({"DATABASE_URL": POSTGRES, "SECRET_KEY": "a" * 60}, "SECRET_KEY"),
        ({"HOUQIN_HTTPS": "1"}, "SECRET_KEY"),
        ({"DATABASE_URL": POSTGRES, "SECRET_KEY": KEY, "DEBUG": "1"}, "DEBUG"),
        ({"HOUQIN_PRODUCTION": "1", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
    ],
)
def test_production_refuses(tmp_path, variables, told):
    done = load(tmp_path, **variables)

    assert done.returncode == 1
    assert "ImproperlyConfigured: " in done.stderr
    assert told in done.stderr.splitlines()[-1]


def test_one_machine_makes_its_key_once(tmp_path):
    first, second = load(tmp_path), load(tmp_path)

    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_folder_without_write_permission_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()

    done = load(tmp_path / "file", "manage.py", "check")

    assert (done.returncode, done.stderr) == (1, "")
    assert "no write permission" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_an_unreachable_database_is_one_clear_line(tmp_path):
    done = load(
        tmp_path, "manage.py", "start", "--port", "58123", DATABASE_URL=POSTGRES, SECRET_KEY=KEY, ALLOWED_HOSTS="x"
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("✗ 数据库连接不上")
    assert len(done.stdout.splitlines()) == 1


def test_https_follows_one_switch_and_is_clean(tmp_path):
    done = load(
        tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        HOUQIN_HTTPS="1", SECRET_KEY=KEY, ALLOWED_HOSTS="houqin.example",
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (2 silenced).\n")


@pytest.mark.parametrize(("https", "expected"), [("0", "False 0 None"), ("1", "True 31536000 same-origin")])
def test_cookies_and_redirect_follow_the_switch(tmp_path, https, expected):
    names = ("SESSION_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SECURE_CROSS_ORIGIN_OPENER_POLICY")
    code = f"from django.conf import settings as s; print(*(getattr(s, n) for n in {names}))"

    done = load(tmp_path, "-c", code, HOUQIN_HTTPS=https, SECRET_KEY=KEY)

    assert done.stdout.strip() == expected


@pytest.mark.django_db
def test_sqlite_is_safe_and_patient(settings):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    options = settings.DATABASES["default"]["OPTIONS"]

    with connection.cursor() as cursor:
        values = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "foreign_keys")}

    assert values == {"journal_mode": "wal", "foreign_keys": 1}
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)


def test_sqlite_waits_for_the_disk_outside_tests(tmp_path):
    code = (
        "import django; django.setup()\nfrom django.db import connection\n"
        "print(connection.cursor().execute('PRAGMA synchronous').fetchone()[0])"
    )

    assert load(tmp_path, "-c", code).stdout.strip() == "2"  # FULL


@pytest.mark.django_db
def test_a_foreign_host_is_refused(client):
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.django_db
def test_answers_carry_the_strict_policy(client):
    policy = client.get("/healthz").headers["Content-Security-Policy"]

    assert sorted(policy.split("; ")) == [
        "base-uri 'none'", "default-src 'self'", "form-action 'self'", "frame-ancestors 'none'",
        "img-src 'self' data: blob:", "object-src 'none'",
    ]  # fmt: skip
