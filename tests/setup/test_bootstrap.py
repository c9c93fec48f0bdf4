"""What people meet before anything runs: one clear line each, and locks that work from any index."""

import ast
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config import bootstrap

ROOT = Path(bootstrap.ROOT)


@pytest.fixture
def bare(tmp_path):
    """A copy of what runs before the environment is there."""
    (tmp_path / "config").mkdir()
    for name in ("manage.py", "config/__init__.py", "config/bootstrap.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def manage(folder, *words):
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize("verb", ["migrate", "audit", "demo"])
def test_other_verbs_ask_for_start_first(bare, verb):
    done = manage(bare, verb)

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "✗ 还没有运行环境，请先运行一次 python3 manage.py start。(run `python3 manage.py start` first)"
    ]
    assert done.stderr == ""
    assert not (bare / ".venv").exists()


def test_a_taken_port_is_told_before_anything_is_installed(bare):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = manage(bare, "start", "--port", str(port))

    assert done.returncode == 1
    assert done.stdout == f"✗ 端口 {port} 已被占用，请用 --port {port + 1} 换一个。(port {port} is taken)\n"
    assert not (bare / ".venv").exists()


def test_an_address_of_another_machine_is_told(bare):
    done = manage(bare, "start", "--host", "192.0.2.1")

    assert done.returncode == 1
    assert done.stdout == "✗ 本机没有地址 192.0.2.1。(this machine has no address 192.0.2.1)\n"


@pytest.mark.parametrize("words", [["--port", "0"], ["--port", "70000"], ["--demo", "--no-demo"]])
def test_senseless_options_are_refused(words):
    with pytest.raises(bootstrap.Refused):
        bootstrap.start_options(words)


def test_an_old_python_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/python3.12" if name == "python3.12" else None)

    with pytest.raises(bootstrap.Refused) as told:
        bootstrap.check_python((3, 8, 10))

    assert str(told.value) == (
        "需要 Python 3.11 或更新版本，当前是 3.8，本机可用 python3.12。(Python 3.11+ is needed, use python3.12)"
    )


def test_a_new_enough_python_passes():
    assert bootstrap.check_python((3, 11, 0)) is None


@pytest.mark.parametrize("name", ["manage.py", "config/__init__.py", "config/bootstrap.py"])
def test_old_pythons_can_read_what_tells_them(name):
    text = (ROOT / name).read_text(encoding="utf-8")

    ast.parse(text, feature_version=(3, 6))
    assert "from __future__" not in text


def test_the_bootstrap_needs_the_standard_library_only():
    tree = ast.parse((ROOT / "config/bootstrap.py").read_text(encoding="utf-8"))

    imported = {name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}

    assert imported <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("lock", ["base", "dev", "lint"])
def test_locks_name_no_host_and_hash_everything(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")

    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host|/home/|/root/|/tmp/", text)
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if "==" in entry.split("\n")[0]]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_locks_agree_where_they_overlap():
    versions = {}
    for lock in ("base", "dev", "lint"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE):
            versions.setdefault(name, set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("lock", ["base", "dev", "lint"])
def test_locks_hold_what_is_asked_for(lock):
    def names(text):
        return {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)", text, re.MULTILINE)}

    folder = ROOT / "requirements"

    asked = names((folder / f"{lock}.in").read_text(encoding="utf-8"))

    assert asked - names((folder / f"{lock}.txt").read_text(encoding="utf-8")) == set()


def test_checkers_stay_out_of_the_runtime_and_test_locks():
    text = "".join((ROOT / "requirements" / name).read_text(encoding="utf-8") for name in ("base.txt", "dev.txt"))

    assert re.findall(r"^(?:mypy|django-stubs|ruff|djlint)==", text, re.MULTILINE) == []


def test_a_known_lock_installs_nothing(monkeypatch, tmp_path):
    stamp = tmp_path / "stamp.json"
    monkeypatch.setattr(bootstrap, "STAMP", str(stamp))
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", sys.executable)
    monkeypatch.setattr(bootstrap, "inside", lambda: True)
    calls = []
    monkeypatch.setattr(bootstrap, "pip", lambda python, locks: calls.append(locks))

    bootstrap.install("base", "dev")
    bootstrap.install("base", "dev")
    bootstrap.install("base", "lint")

    assert calls == [["base", "dev"], ["lint"]]


def test_a_wheelhouse_takes_the_place_of_the_network(monkeypatch, bare):
    commands = []

    class Done:
        stdout = [b"Collecting django==5.2 (from -r base.txt)", b"Installing collected packages: django"]

        def __init__(self, command, **options):
            commands.append(command)

        def wait(self):
            return 0

    (bare / "wheelhouse").mkdir()
    monkeypatch.setattr(bootstrap, "ROOT", str(bare))
    monkeypatch.setattr(subprocess, "Popen", Done)

    bootstrap.pip("python", ["base"])

    assert "--no-index" in commands[0]
    assert commands[0][commands[0].index("--find-links") + 1] == str(bare / "wheelhouse")
    assert "--require-hashes" in commands[0]


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ([], True),
        (["--postgres", "-m", "not browser"], True),
        (["-q"], True),
        (["tests/setup"], False),
        (["tests/setup/test_jobs.py::test_x"], False),
        (["-n", "0"], False),
        (["--pdb"], False),
    ],
)
def test_only_the_whole_suite_is_spread_over_cores(words, spread):
    assert bootstrap.spread(words) == (["-n", "auto", "--maxprocesses", "4"] if spread else [])
