"""`manage.py demo`: fill a new database with 示范中学, or a demo's database anew."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.demo import build
from config.demo.world import PROFILES, Profile


class Command(BaseCommand):
    """Make the demo school; refuses where real people have accounts."""

    help = "建立演示学校（示范中学）。已有用户的正式数据库一律拒绝。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--profile", choices=list(PROFILES), default="default", help="规模：small、default 或 large"
        )
        parser.add_argument("--seed", type=int, default=1, help="随机种子：种子和日期相同，数据就相同")
        parser.add_argument("--today", type=dt.date.fromisoformat, help="以哪一天为今天（YYYY-MM-DD），默认今天")
        parser.add_argument("--scale", type=int, default=0, help="另外批量加多少张早先办结的报修单，供压力测试用")
        parser.add_argument("--force", action="store_true", help="已是演示库时，清空后重新建立")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = build.refusal(force=options["force"])
        if reason:
            raise CommandError(reason)
        build.run(
            profile=Profile.load(options["profile"]), seed=options["seed"], today=options["today"], scale=options["scale"],
            force=options["force"], say=self.stdout.write,
        )  # fmt: skip
