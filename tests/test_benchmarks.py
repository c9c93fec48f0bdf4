"""The benchmarks run: a tiny database, every page, the sheet; times are for people to judge, on a quiet machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import run


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """60 tickets in a database of their own, two rounds."""
    folder: Path = tmp_path_factory.mktemp("bench")
    ((_, env),) = list(run.databases(folder, "", [60]))
    return {
        "pages": run.child("pages", "2", env=env),
        "excel": run.child("excel", "40", env=env),
        "raw": run.child("raw", "40", env=env),
    }


def test_every_page_with_a_bar_is_measured(figures: dict[str, Any]) -> None:
    assert [one["page"] for one in figures["pages"]] == ["floor", *run.BARS]


def test_every_page_costs_something(figures: dict[str, Any]) -> None:
    assert [one["page"] for one in figures["pages"] if not (one["ratio"] > 0 and one["statements"] > 0)] == []


def test_no_page_is_over_its_statements_or_its_size(figures: dict[str, Any]) -> None:
    report = run.Report()
    report.pages(figures["pages"])
    assert [line for line in report.broken if "ratio" not in line and " ms" not in line] == []


def test_the_sheet_and_its_floor_have_as_many_rows(figures: dict[str, Any]) -> None:
    assert (figures["excel"]["rows"], figures["raw"]["rows"]) == (40, 40)


def test_a_value_over_its_bar_is_named() -> None:
    report = run.Report()
    words = [report.hold("slow", 3.5, 3), report.hold("fast", 2, 3), report.hold("speed", 0.5, 0.6, least=True)]
    assert (words, report.broken) == (["!3.5/3", "2/3", "!0.5/0.6"], ["slow: 3.5, bar 3", "speed: 0.5, bar 0.6"])
