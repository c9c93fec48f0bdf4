"""Classrooms and offices: the tickets of their places."""

from django.apps import AppConfig


class ClassroomsConfig(AppConfig):
    name = "classrooms"
    verbose_name = "教室"
