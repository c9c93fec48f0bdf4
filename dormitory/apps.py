"""Dormitories: the tickets of their places."""

from django.apps import AppConfig


class DormitoryConfig(AppConfig):
    name = "dormitory"
    verbose_name = "宿舍"
