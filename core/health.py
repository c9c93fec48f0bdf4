"""`/healthz`: can pages be served, that is, does the database answer and does it fit the code?"""

from __future__ import annotations

from django.db import Error as DatabaseTrouble
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

_fits: bool = False  # migrations do not come undone while a process lives: once seen applied, not asked again


def migrated() -> bool:
    """Are all migrations of the code applied to the database?"""
    global _fits
    if not _fits:
        executor = MigrationExecutor(connection)
        _fits = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _fits


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 `ok`, or 503 with the reason in one word."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        state = "ok" if migrated() else "migrations"
    except DatabaseTrouble:
        state = "database"
    return HttpResponse(state, content_type="text/plain", status=200 if state == "ok" else 503)
