"""The monthly work plan: what is open, collected."""

from django.apps import AppConfig


class WorkplanConfig(AppConfig):
    name = "workplan"
    verbose_name = "月计划"
