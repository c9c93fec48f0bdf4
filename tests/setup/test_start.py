"""`start` as people run it: up, served, ended with its worker; in processes of their own, on SQLite and PostgreSQL."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from config import bootstrap

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and process groups of POSIX")


def alive(pid):
    """Does the process run? A zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def wait(until, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = until()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} seconds in vain")


class School:
    """One `start --no-demo` with a `var` of its own."""

    def __init__(self, var):
        self.var, self.processes = var, []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.env |= {"HOUQIN_VAR": str(var), "PYTHONUTF8": "1"}

    def start(self, *words):
        command = [sys.executable, "manage.py", "start", "--no-demo", "--port", str(self.port), *words]
        with open(self.var / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command, cwd=bootstrap.ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(self.process)
        wait(lambda: self.process.poll() is not None or "Ctrl+C" in self.said())
        assert self.process.poll() is None, self.said()
        self.worker = wait(lambda: children(self.process.pid))[0]

    def said(self):
        return (self.var / "log").read_text(encoding="utf-8")

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def school(tmp_path):
    found = School(tmp_path)
    yield found
    for process in found.processes:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_start_serves_and_sigterm_ends_both(school):
    school.start()

    assert school.get("/healthz") == 200
    token = (school.var / "setup_token").read_text(encoding="ascii")
    assert f"http://127.0.0.1:{school.port}/setup/{token}/" in school.said()
    assert (school.var / "static" / "staticfiles.json").exists()

    school.process.send_signal(signal.SIGTERM)

    assert school.process.wait(30) == 0
    assert not alive(school.worker)

    began = time.monotonic()
    school.start()
    assert school.get("/healthz") == 200
    assert time.monotonic() - began < 15  # some 1.5 s on a quiet machine: nothing is installed, migrated or collected
    assert "▸" not in school.said()


def test_the_worker_does_not_outlive_a_killed_server(school):
    school.start()

    school.process.kill()
    school.process.wait()

    wait(lambda: not alive(school.worker), 30)


def test_a_second_start_on_the_port_is_told(school):
    school.start()

    second = subprocess.run(
        [sys.executable, "manage.py", "start", "--port", str(school.port)],
        cwd=bootstrap.ROOT, env=school.env, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip

    assert (second.returncode, second.stderr) == (1, "")
    assert "已被占用" in second.stdout
