"""Look-ups of repairs in Django's admin: kinds, tiles, hold reasons, dispatch rules; nothing with a state."""

from typing import Any

from django.contrib import admin

from campus import cache
from campus.admin import LookupAdmin
from repairs.models import Category, DispatchRule, HoldReason, Tile


class Lookup(LookupAdmin):
    """A look-up whose rows pages keep in a cache."""

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        cache.bump()


@admin.register(Category)
class CategoryAdmin(Lookup):
    list_display = (
        "name",
        "parent",
        "tile",
        "priority",
        "workdays",
        "hazard",
        "after_photo",
        "season",
        "topic",
        "active",
    )
    list_filter = ("parent", "active")
    search_fields = ("name",)


@admin.register(Tile)
class TileAdmin(Lookup):
    list_display = ("name", "icon", "order", "uses")


@admin.register(HoldReason)
class HoldReasonAdmin(Lookup):
    list_display = ("name", "key", "stops_clock", "order", "active")


@admin.register(DispatchRule)
class DispatchRuleAdmin(Lookup):
    list_display = ("category", "building", "mode", "active")
    autocomplete_fields = ("category",)
    raw_id_fields = ("building",)
    filter_horizontal = ("people",)
