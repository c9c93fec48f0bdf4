"""The school: places, people, calendar, figures."""

from typing import Any

from django.apps import AppConfig


class CampusConfig(AppConfig):
    name = "campus"
    verbose_name = "学校"

    def ready(self) -> None:
        """Any save of a settings row, from whatever page, empties the settings cache."""
        from django.db.models.signals import post_delete, post_save

        for model in ("SchoolProfile", "Term", "SchoolDay", "Figure"):
            post_save.connect(_changed, sender=self.get_model(model), dispatch_uid=f"{model}-saved")
            post_delete.connect(_changed, sender=self.get_model(model), dispatch_uid=f"{model}-deleted")


def _changed(**kwargs: Any) -> None:
    from campus import cache

    if not kwargs.get("raw"):
        cache.bump()
