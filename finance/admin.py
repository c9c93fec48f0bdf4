"""Look-ups of finance in Django's admin: approval bands and budget lines; nothing with a state, no movement of money."""

from django.contrib import admin

from campus.admin import LookupAdmin
from finance.models import Band, BudgetLine


@admin.register(Band)
class BandAdmin(LookupAdmin):
    list_display = ("from_amount", "approver", "quotes", "minutes", "active")


@admin.register(BudgetLine)
class BudgetLineAdmin(LookupAdmin):
    list_display = ("code", "name", "year", "book", "planned")
    list_filter = ("year", "book")
    search_fields = ("code", "name")
