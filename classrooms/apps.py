"""Classrooms and offices: the tickets of their places."""

from typing import Any

from django.apps import AppConfig


class ClassroomsConfig(AppConfig):
    name = "classrooms"
    verbose_name = "教室"

    def ready(self) -> None:
        """Which kinds of fault have a pool is kept with the settings: a pool that is saved empties that cache."""
        from django.db.models.signals import post_delete, post_save

        post_save.connect(_changed, sender=self.get_model("Pool"), dispatch_uid="Pool-saved")
        post_delete.connect(_changed, sender=self.get_model("Pool"), dispatch_uid="Pool-deleted")


def _changed(**kwargs: Any) -> None:
    from campus import cache

    if not kwargs.get("raw"):
        cache.bump()
