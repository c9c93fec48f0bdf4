"""Repairs: the one ticket and everything that happens to it."""

from django.apps import AppConfig


class RepairsConfig(AppConfig):
    name = "repairs"
    verbose_name = "报修"
