"""`manage.py audit`: recompute what can be recomputed and name every row that does not agree."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config import audit


class Command(BaseCommand):
    """Print each broken row; exit code 1 if there is one."""

    help = "核对全部数据：逐条列出对不上的记录；没有则一行说明。"

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for sentence in audit.run():
            broken += 1
            self.stdout.write(sentence)
        if broken:
            self.stderr.write(f"核对发现 {broken} 处问题，见上。")
            sys.exit(1)
        self.stdout.write(f"核对无误：{audit.looked_at()} 项。")
