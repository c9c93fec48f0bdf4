"""What the pages of outside jobs leave out: columns without a word, tasks of others, a place named twice."""

import re

import pytest

from repairs.outside.listings import WAITING
from tests import make
from tests.outside.test_pages import enter, text_of

pytestmark = pytest.mark.django_db
COLUMNS = ("实做", "单价", "报价金额", "核定单价", "核定金额", "理由")


def columns_of(job, who="clerk"):
    """The heads of the job's own lines that are there."""
    page = enter(who).get(job.get_absolute_url()).content.decode()
    part = page.split('aria-labelledby="lines"')[1].split("</thead>")[0]
    return [word for word in COLUMNS if f">{word}</th>" in part]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("quoting", []),
        ("working", ["单价", "报价金额"]),
        ("pricing", ["实做", "单价", "报价金额"]),
        ("settled", list(COLUMNS)),
    ],
)
def test_a_column_stands_there_when_it_has_something_to_say(state, expected):
    assert columns_of(make.outside_job(state)) == expected


def test_who_handles_no_money_reads_no_prices_and_no_tasks_of_others():
    job = make.outside_job("settled")
    assert columns_of(job, "teacher") == ["实做"]
    labels = re.compile(r'class="label">([^<]+)')
    shown = {who: enter(who).get("/outside/").content.decode() for who in ("teacher", "finance")}
    assert labels.findall(shown["teacher"]) == ["等报价", "待验收"]
    assert labels.findall(shown["finance"]) == [label for _, label, _ in WAITING]
    assert {who: "紧急先行未批" in page for who, page in shown.items()} == {"teacher": False, "finance": True}


def test_a_place_is_named_once_in_the_head():
    job = make.outside_job("proposed")
    assert f"<h1>{job.place}：{job.title}" in enter("clerk").get(job.get_absolute_url()).content.decode()
    job = make.outside_job("proposed", title=f"{job.place}：下水管漏", place=job.place)
    assert f"<h1>{job.title}" in enter("clerk").get(job.get_absolute_url()).content.decode()


def test_nothing_was_paid_where_nothing_was_approved():
    make.outside_job("quoting")
    assert "0.00" not in text_of(enter("clerk").get("/outside/"))
    make.outside_job("working")
    assert "0.00" in text_of(enter("clerk").get("/outside/"))
