"""A process killed in the middle of a report: the report is there whole or not at all, and no file stays behind."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """An SQLite file with tables and people, and the folder of its files."""
    folder = tmp_path_factory.mktemp("killed")
    assert run(folder, "prepare").returncode == 0
    return folder


def run(folder, point):
    env = {
        **os.environ, "DATABASE_URL": f"sqlite:///{folder}/school.sqlite3", "HOUQIN_VAR": str(folder), "HOUQIN_TESTING": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.repairs.victim", point]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60, check=False)


def kept(folder):
    """(tickets, attachments, numbers given out) as the database holds them, (files) as the disk does."""
    database = sqlite3.connect(folder / "school.sqlite3")
    try:
        counts = [
            database.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608  (names of ours)
            for table in ("repairs_ticket", "core_attachment", "core_logentry")
        ]
    finally:
        database.close()
    return counts, sorted(path.name for path in (folder / "media").rglob("*.jpg"))


@pytest.mark.parametrize("point", ["file", "row"])
def test_killed_between_row_and_file_nothing_is_half_there(school, point):
    before, files_before = kept(school)

    ended = run(school, point)

    assert ended.returncode == -signal.SIGKILL
    after, files_after = kept(school)
    assert after == before  # no ticket, no photo, no log
    orphans = set(files_after) - set(files_before)
    assert len(orphans) == 2  # the photo and its thumbnail lie there until the sweep

    sweep(school, orphans)

    assert kept(school)[1] == files_before


def test_the_next_report_after_the_kill_is_whole(school):
    before, files_before = kept(school)

    assert run(school, "whole").returncode == 0

    after, files_after = kept(school)
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]
    assert len(files_after) == len(files_before) + 2


def sweep(folder, orphans):
    """Let a day pass for the files and run the daily sweep in a process of its own."""
    for path in (folder / "media").rglob("*.jpg"):
        if path.name in orphans:
            os.utime(path, (time.time() - 2 * 86400,) * 2)
    env = {
        **os.environ, "DATABASE_URL": f"sqlite:///{folder}/school.sqlite3", "HOUQIN_VAR": str(folder), "HOUQIN_TESTING": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    code = "import django; django.setup(); from core import files; files.sweep()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, timeout=60)
