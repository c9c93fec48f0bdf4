"""Inspections: checklists, rounds over places and equipment, findings and their strike-off, zones, recurring work."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = "检查"
