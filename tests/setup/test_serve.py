"""Which database gets a demo, which is rebuilt, which is never touched; and the address of the first set-up."""

import sqlite3
from argparse import Namespace
from contextlib import closing, suppress

import pytest

from config import serve
from config.bootstrap import Refused


class SimpleConnection:
    """As much of Django's connection as a database in the making needs."""

    def __init__(self, name):
        self.settings_dict = {"NAME": name}

    def cursor(self):
        return closing(sqlite3.connect(self.settings_dict["NAME"]))

    def close(self):
        pass


def options(**over):
    return Namespace(**{"host": "127.0.0.1", "port": 8000, "demo": False, "no_demo": False} | over)


@pytest.fixture
def database(tmp_path, monkeypatch, settings):
    """The path of an SQLite file that is not there yet; nothing of the test's own database is touched."""
    path = tmp_path / "houqin.sqlite3"
    settings.VAR = tmp_path
    monkeypatch.setattr(serve, "sqlite_file", lambda: path)
    monkeypatch.setattr(serve, "migrations_digest", lambda: "these")
    return path


def fill(path, *, demo, stamp="", users=1, profile=True):
    """Write the two tables that tell what a database is."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE campus_schoolprofile (is_demo bool, demo_stamp text)")
        connection.execute("CREATE TABLE campus_user (id integer)")
        if profile:
            connection.execute("INSERT INTO campus_schoolprofile VALUES (?, ?)", (demo, stamp))
        connection.executemany("INSERT INTO campus_user VALUES (?)", [(n,) for n in range(users)])
    connection.close()


def test_a_missing_file_is_new(database):
    assert serve.clear_the_way(options()) is True


def test_a_demo_of_these_migrations_is_kept(database):
    fill(database, demo=True, stamp="these")

    assert serve.clear_the_way(options()) is False
    assert database.exists()


def test_a_demo_of_older_migrations_is_rebuilt(database):
    fill(database, demo=True, stamp="older")

    assert serve.clear_the_way(options()) is True


@pytest.mark.parametrize("fails", [True, False])
def test_a_demo_takes_its_place_only_when_it_is_whole(database, monkeypatch, fails):
    wrapper = SimpleConnection(str(database))
    monkeypatch.setattr("django.db.connection", wrapper)
    fill(database, demo=True, stamp="older")
    (database.parent / "houqin.sqlite3.building").write_text("left by a build that was killed", encoding="ascii")

    with suppress(ZeroDivisionError), serve.new_file():
        with sqlite3.connect(wrapper.settings_dict["NAME"]) as connection:
            connection.execute("CREATE TABLE whole (id integer)")
        if fails:
            raise ZeroDivisionError

    assert serve.look(database) == (("demo", "older") if fails else ("school", ""))
    assert wrapper.settings_dict["NAME"] == str(database)


@pytest.mark.parametrize("profile", [True, False])
def test_a_real_school_is_never_deleted(database, profile):
    fill(database, demo=False, stamp="older", profile=profile)

    assert serve.clear_the_way(options()) is False
    assert database.exists()


def test_a_school_whose_setup_waits_gets_no_demo(database):
    fill(database, demo=False, users=0, profile=False)
    serve.setup_file().write_text("token", encoding="ascii")

    assert serve.clear_the_way(options()) is False


def test_a_demo_is_no_place_for_a_real_school(database):
    fill(database, demo=True, stamp="these")

    with pytest.raises(Refused, match="是演示库"):
        serve.clear_the_way(options(no_demo=True))


def test_a_real_school_is_no_place_for_a_demo(database):
    fill(database, demo=False)

    with pytest.raises(Refused, match="是正式数据"):
        serve.clear_the_way(options(demo=True))


def test_a_file_that_is_no_database_is_told(database):
    database.write_bytes(b"not a database, however long it may be" * 50)

    with pytest.raises(Refused, match="打不开"):
        serve.clear_the_way(options())

    assert database.exists()


def test_a_new_demo_is_not_opened_to_other_machines(database, settings, monkeypatch):
    settings.SQLITE = True
    monkeypatch.setattr(serve, "migrate", lambda: pytest.fail("nothing is made before the refusal"))

    with pytest.raises(Refused, match="--no-demo"):
        serve.prepare(options(host="0.0.0.0"))

    assert not database.exists()


@pytest.mark.django_db
def test_an_existing_demo_is_not_opened_to_other_machines(database, settings, monkeypatch):
    settings.SQLITE = True
    fill(database, demo=True, stamp="these")
    monkeypatch.setattr(serve, "migrate", lambda: None)
    monkeypatch.setattr(serve, "collect_static", lambda: None)
    monkeypatch.setattr(serve, "is_demo", lambda: True)

    with pytest.raises(Refused):
        serve.prepare(options(host="0.0.0.0"))
    serve.prepare(options(host="0.0.0.0", demo=True))
    serve.prepare(options(host="127.0.0.1"))


@pytest.mark.django_db
def test_the_setup_address_lives_until_there_is_a_user(database, django_user_model):
    token = serve.offer_setup()

    assert token == serve.setup_token() == serve.offer_setup()
    assert len(token) >= 32
    assert serve.setup_file().stat().st_mode & 0o077 == 0
    django_user_model.objects.create_user("admin", "correct horse", name="管理员")
    assert serve.offer_setup() is None
    assert serve.setup_token() is None


def test_static_files_are_collected_only_when_changed(tmp_path, settings, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a{}", encoding="ascii")
    settings.VAR, settings.STATIC_ROOT, settings.STATICFILES_DIRS = tmp_path, tmp_path / "static", [source]
    calls = []

    def collect(name, **words):
        calls.append(name)
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        (settings.STATIC_ROOT / "staticfiles.json").touch()

    monkeypatch.setattr("django.core.management.call_command", collect)
    monkeypatch.setattr(serve, "ROOT", str(tmp_path))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").touch()

    serve.collect_static()
    serve.collect_static()
    (source / "a.css").write_text("a{color:red}", encoding="ascii")
    serve.collect_static()

    assert calls == ["collectstatic", "collectstatic"]


def test_the_stamp_follows_the_texts_of_migrations(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "ROOT", str(tmp_path))
    (tmp_path / "campus" / "migrations").mkdir(parents=True)
    migration = tmp_path / "campus" / "migrations" / "0001_initial.py"
    migration.write_bytes(b"a = 1\n")
    first = serve.migrations_digest()

    migration.write_bytes(b"a = 1\r\n")
    assert serve.migrations_digest() == first  # a checkout on Windows
    migration.write_bytes(b"a = 2\n")
    assert serve.migrations_digest() != first
