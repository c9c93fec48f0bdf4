"""`python -m benchmarks.run`: hold every page against its bar, in floors, on databases made for the purpose."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SMALL = 10_000  # what the list is compared with, to see that it stays flat
MILLION = 1_000_000
FLAT = 1.25  # the list at full size, in lists of the small one
HTML, PLAN_HTML, FIRST = 15_000, 25_000, 75_000  # bytes, compressed
LOOK = 1  # the statement that looks, every five seconds, whether settings have changed
SOURCES = 9  # of the plan
SHEET_SPEED, SHEET_MEMORY, SHEET_ROWS = 0.6, 60, 100_000  # of raw openpyxl; MiB


@dataclass(frozen=True)
class Bar:
    """What a page may cost: statements, CPU time in floors or in ticket lists, seconds on the wall; 0 is no bar."""

    statements: int
    ratio: float = 0
    wall: float = 0
    html: int = HTML
    lists: float = 0


BARS = {
    "list": Bar(8, 2.3),
    "list, middle": Bar(8, 2.3),
    "list, open by due date": Bar(8),
    "search, present": Bar(8, wall=0.3),
    "search, absent": Bar(8, wall=0.3),
    "ticket": Bar(16, 3),
    "report, form": Bar(20, 5),
    "report, post": Bar(20, 5),
    "desk": Bar(14, 3),
    "jobs": Bar(0),
    "mine": Bar(8),
    "plan, this month": Bar(8 + 2 * SOURCES, 3, html=PLAN_HTML),
    "plan, next month": Bar(8 + 2 * SOURCES, 3, html=PLAN_HTML),
    "grid, 22 rooms": Bar(12, html=PLAN_HTML),
    "cell, a score": Bar(6 + LOOK),
    "cell, files": Bar(20),
    "cell, joins": Bar(20),
    "ranks of a term": Bar(0, lists=2),
}
HEAD = f"{'page':24}{'statements':>12}{'ratio':>14}{'CPU ms':>9}{'wall ms':>9}{'HTML kB':>9}{'first kB':>10}"


class Report:
    """Prints line by line and remembers what is over."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def hold(self, name: str, value: float, bar: float, *, least: bool = False) -> str:
        """A value and its bar as words; noted when it is over (or under a least one)."""
        over = bar > 0 and (value < bar if least else value > bar)
        if over:
            self.broken.append(f"{name}: {value:g}, bar {bar:g}")
        words = f"{value:.2f}".rstrip("0").rstrip(".")
        return f"{'!' if over else ''}{words}/{bar:g}" if bar else words

    def pages(self, figures: list[dict[str, Any]]) -> None:
        print(HEAD)
        plain = next((one["ratio"] for one in figures if one["page"] == "list"), 0)
        for one in figures:
            name = one["page"]
            bar = BARS.get(name, Bar(0, html=0))
            cells = [
                self.hold(f"{name}, statements", one["statements"], bar.statements),
                self.hold(f"{name}, ratio", round(one["ratio"], 2), bar.ratio or round(bar.lists * plain, 2)),
                f"{one['cpu']:.1f}",
                ("!" if bar.wall and one["wall"] > bar.wall * 1000 else "") + f"{one['wall']:.1f}",
                self.hold(f"{name}, HTML kB", round(one["html"] / 1000, 1), bar.html / 1000) if one["html"] else "",
                self.hold(f"{name}, first visit kB", round(one["first"] / 1000, 1), FIRST / 1000)
                if one["first"]
                else "",
            ]
            if bar.wall and one["wall"] > bar.wall * 1000:
                self.broken.append(f"{name}: {one['wall']:.0f} ms, bar {bar.wall * 1000:.0f}")
            widths = (12, 14, 9, 9, 9, 10)
            print(f"{name:24}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))


def child(*words: str, env: dict[str, str]) -> Any:
    """Run one measurement in a process of its own; its last line is the result."""
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "--child", *words], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    return json.loads(found.stdout.splitlines()[-1])


def answer(verb: str, number: int) -> None:
    """The child's part: with Django up, measure and print."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from benchmarks import measure

    print(json.dumps(measure.measured(verb, number), ensure_ascii=False))


def databases(folder: Path, url: str, sizes: list[int]) -> Iterator[tuple[int, dict[str, str]]]:
    """Make what is not there yet: (tickets, environment) of each size.

    With `url` (a server's address with {} for the name of a database, which must be there and empty) PostgreSQL is
    measured, else SQLite files in the folder.
    """
    for size in sizes:
        home = folder / str(size)
        env = {name: value for name, value in os.environ.items() if name != "HOUQIN_TESTING"}
        # Empty ones too, so that nothing of a developer's .env gets in.
        env |= {
            "HOUQIN_VAR": str(home),
            "HOUQIN_PRODUCTION": "0",
            "HOUQIN_HTTPS": "0",
            "DEBUG": "0",
            "DATABASE_URL": "",
        }
        if url:
            env["DATABASE_URL"] = url.format(f"bench{size}")
        if not (home / "filled").exists():
            home.mkdir(parents=True, exist_ok=True)
            print(f"filling a database with {size:,} tickets", flush=True)
            for verb in ("migrate", "collectstatic --noinput"):
                subprocess.run(
                    [sys.executable, "manage.py", *verb.split(), "--verbosity=0"], cwd=ROOT, env=env, check=True
                )
            child("fill", str(size), env=env)
            (home / "filled").touch()
        yield size, env


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--million", action="store_true", help="1,000,000 tickets as well (takes minutes, 3 GB)")
    parser.add_argument("--excel", action="store_true", help="the sheet of 100,000 rows too")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="keep the databases here and use them again")
    parser.add_argument("--url", default="", help="PostgreSQL, as postgres://app@/{}?host=/run/postgresql")
    parser.add_argument("--report-only", action="store_true", help="exit 0 whatever is over its bar")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.child:
        answer(asked.child[0], int(asked.child[1]))
        return 0
    report = Report()
    with tempfile.TemporaryDirectory(prefix="houqin-bench-") as temporary:
        sizes = sorted({min(SMALL, asked.tickets), asked.tickets} | ({MILLION} if asked.million else set()))
        lists: dict[int, float] = {}
        for size, env in databases(asked.folder or Path(temporary), asked.url, sizes):
            figures = child("pages", str(asked.rounds), env=env)
            print(f"\n{size:,} tickets")
            report.pages(figures)
            lists[size] = next(one["ratio"] for one in figures if one["page"] == "list")
            if asked.excel and size == asked.tickets:
                sheet(report, min(SHEET_ROWS, size), env)
        if len(lists) > 1:
            flat = lists[asked.tickets] / lists[min(lists)]
            words_ = report.hold("list against the small one", round(flat, 2), FLAT)
            print(f"\nlist at {asked.tickets:,} against {min(lists):,}: {words_}")
    print("\n" + ("over the bar:\n  " + "\n  ".join(report.broken) if report.broken else "every bar holds"))
    return 1 if report.broken and not asked.report_only else 0


def sheet(report: Report, rows: int, env: dict[str, str]) -> None:
    """Our sheet against raw openpyxl, cell for cell, each in a fresh process."""
    ours, raw = child("excel", str(rows), env=env), child("raw", str(rows), env=env)
    speed = (raw["cpu"] / raw["columns"]) / (ours["cpu"] / ours["columns"])
    print(
        f"\nExcel, {ours['columns']:.0f} columns x {rows:,} rows: {ours['cpu']:.1f} s, raw openpyxl {raw['cpu']:.1f} s "
        f"with {raw['columns']:.0f} columns; speed {report.hold('Excel, speed', round(speed, 2), SHEET_SPEED, least=True)}, "
        f"memory grown {report.hold('Excel, MiB', round(ours['grown'], 1), SHEET_MEMORY)} MiB"
    )


if __name__ == "__main__":
    sys.exit(main())
