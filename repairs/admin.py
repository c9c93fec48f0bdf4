"""Look-ups of repairs in Django's admin: kinds, tiles, hold reasons, dispatch rules; nothing with a state."""

from typing import Any

from django.contrib import admin

from campus import cache
from repairs.models import Category, DispatchRule, HoldReason, Tile


class Lookup(admin.ModelAdmin):
    """A look-up; the caches hear of a change. Rows in use are switched off, not deleted."""

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        cache.bump()

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(Lookup):
    list_display = ("name", "parent", "tile", "priority", "workdays", "hazard", "after_photo", "season", "topic", "active")
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
    filter_horizontal = ("people",)
