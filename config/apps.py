"""The roof: settings, URLs, roles, menu, panels, home."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "后勤台"
