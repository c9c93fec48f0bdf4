"""A private PostgreSQL for one test run: `--postgres` or HOUQIN_TEST_DB=postgres, no server and no rights needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl: HOUQIN_PG_BIN, the PATH, or the newest of Debian's folders."""
    named = os.environ.get("HOUQIN_PG_BIN")
    if named:
        return Path(named)
    found = shutil.which("initdb")
    if found and shutil.which("pg_ctl"):
        return Path(found).parent
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    return max(debian, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, default=None)


class Cluster:
    """One cluster in a temporary folder, reached by socket only; gone with `stop`."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder
        self.home = Path(tempfile.mkdtemp(prefix="hqpg", dir="/tmp"))  # short: socket paths end at some 107 characters
        self.account: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            person = next(p for p in map(self._account, ("postgres", "nobody")) if p)
            os.chown(self.home, person.pw_uid, person.pw_gid)
            self.account = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}

    @staticmethod
    def _account(name: str) -> Any:
        import pwd  # not on Windows, where this file is imported too

        try:
            return pwd.getpwnam(name)
        except KeyError:
            return None

    def _run(self, *words: str) -> None:
        # Output goes to a file: the server would inherit a pipe and hold it open for ever.
        with open(self.home / "log", "ab") as log:
            subprocess.run(words, check=True, stdout=log, stderr=log, cwd=self.home, timeout=120, **self.account)

    @property
    def url(self) -> str:
        return f"postgres://app@/postgres?host={self.home}"

    def start(self) -> None:
        data = str(self.home / "data")
        (self.home / "log").touch()
        self._run(
            str(self.bin / "initdb"), "-D", data, "-U", "app", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        options = f"-k {self.home} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"
        self._run(str(self.bin / "pg_ctl"), "-D", data, "-w", "-t", "60", "-o", options, "start")

    def stop(self) -> None:
        subprocess.run(
            [str(self.bin / "pg_ctl"), "-D", str(self.home / "data"), "-m", "immediate", "stop"],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=60, **self.account,
        )  # fmt: skip
        shutil.rmtree(self.home, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run the suite on a private PostgreSQL cluster")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start the cluster before pytest-django reads the settings; the workers of xdist inherit its address."""
    wanted = early_config.known_args_namespace.postgres or os.environ.get("HOUQIN_TEST_DB") == "postgres"
    cluster = None
    if wanted and "PYTEST_XDIST_WORKER" not in os.environ and not os.environ.get("DATABASE_URL", "").startswith("post"):
        folder = binaries()
        if folder is None:
            raise pytest.UsageError("PostgreSQL is not installed here: apt install postgresql, or set HOUQIN_PG_BIN")
        cluster = Cluster(folder)
        early_config.add_cleanup(cluster.stop)
        cluster.start()
        os.environ["DATABASE_URL"] = cluster.url
    return (yield)
