"""Stores: items, warehouses, moves."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    name = "stores"
    verbose_name = "仓库"
