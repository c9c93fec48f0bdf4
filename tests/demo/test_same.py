"""The same dice make the same school; history in bulk stands before what was played."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

from assets.models import Card
from campus.models import User
from config import audit
from config.demo import build
from config.demo.world import Profile
from core.models import LogEntry
from finance.models import Payment
from repairs.models import OutsideJob, Ticket

TODAY = dt.date(2026, 11, 22)
TINY = replace(
    Profile.load("small"), asset_cards=420, tickets=2, classes=6, students=240, boarders=150, dorm_rooms=16, beds=160
)
BULK = 40


def digest() -> str:
    """Everything that the dice decide: numbers, words, times, people, places, log."""
    found = hashlib.sha256()
    for rows in (
        Ticket.objects.order_by("pk").values_list(
            "number", "state", "words", "place__full_name", "reported_at", "lead__name", "rating"
        ),
        LogEntry.objects.order_by("pk").values_list("at", "verb", "by_name", "text", "said"),
        User.objects.order_by("pk").values_list("username", "name", "trade"),
        OutsideJob.objects.order_by("pk").values_list(
            "number", "state", "title", "checked_amount", "party__name", "settled_at"
        ),
        Payment.objects.order_by("pk").values_list("number", "amount", "on", "party__name"),
        Card.objects.order_by("pk").values_list("number", "name", "quantity"),
    ):
        for row in rows:
            found.update(repr(row).encode())
    return found.hexdigest()


def _keys_begin_anew() -> None:
    """PostgreSQL does not give keys back with a rollback; a new database begins with 1."""
    for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_the_same_dice_make_the_same_school() -> None:
    digests = []
    for _ in range(2):
        with transaction.atomic():
            build.run(profile=TINY, seed=3, today=TODAY, scale=BULK, force=False, say=lambda line: None)
            digests.append(digest())
            assert list(audit.run()) == []
            old = Ticket.objects.filter(pk__lte=BULK)
            assert set(old.values_list("state", flat=True)) == {"done"}
            assert (
                old.latest("reported_at").reported_at
                < Ticket.objects.filter(pk__gt=BULK).earliest("reported_at").reported_at
            )
            transaction.set_rollback(True)
        _keys_begin_anew()
    assert digests[0] == digests[1]
