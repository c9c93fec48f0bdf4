"""`/healthz` says 200 only when pages can be served."""

import pytest
from django.db import OperationalError, connection

from core import health


@pytest.fixture(autouse=True)
def unknown(monkeypatch):
    monkeypatch.setattr(health, "_fits", False)


@pytest.mark.django_db
def test_ok(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_missing_migrations(client, monkeypatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: [("campus", "0002")])

    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (503, b"migrations")


@pytest.mark.django_db
def test_no_database(client, monkeypatch):
    def gone():
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", gone)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (503, b"database")
