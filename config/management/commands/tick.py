"""`manage.py tick`: bring the daily tasks up to today."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import tick


class Command(BaseCommand):
    """Run the daily tasks that are due; safe at any time and as often as you like."""

    help = "补做并完成到今天为止的每日任务，可重复运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", type=dt.date.fromisoformat, help="做到哪一天（YYYY-MM-DD），默认今天")

    def handle(self, *args: Any, **options: Any) -> None:
        results = tick.run(options["day"])
        for name, result in results.items():
            self.stdout.write(f"{name}：{result}")
        if any(result.startswith("失败") for result in results.values()):
            raise CommandError("有任务失败，原因见日志；下次会再试。")
