"""Making the demo from end to end, in one transaction: either the whole school stands, or nothing does."""

from __future__ import annotations

import datetime as dt
import io
import random
import time
from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from PIL import Image, ImageDraw

from campus import cache
from campus.models import SchoolProfile, User
from config import serve, setup
from config.demo import bulk, goods, history, money, people, school
from config.demo.world import Profile, World
from core import clock, files
from core.models import Attachment

MONTHS = 2  # full months of history before the running one


def refusal(*, force: bool) -> str | None:
    """Why the demo may not be made here, or None."""
    demo = SchoolProfile.objects.filter(is_demo=True).exists()
    if not demo and (User.objects.exists() or SchoolProfile.objects.exists()):
        return "这里是正式数据库，已经有用户，演示数据不会放进去；请用 HOUQIN_VAR 或 DATABASE_URL 指定一个新的数据库。"
    if demo and not force:
        return "这里已经是演示库；要清空重建，请加 --force。"
    return None


def moment_of(today: dt.date | None) -> dt.datetime:
    """The moment that the demo shows: this hour, or 17:00 of the day that was asked for."""
    hour = clock.local(clock.now()).replace(minute=0, second=0, microsecond=0)
    if today is None:
        return hour
    asked = clock.moment(today.year, today.month, today.day, 17)
    return min(hour, asked) if today == hour.date() else asked


def run(
    *, profile: Profile, seed: int, today: dt.date | None, scale: int, force: bool, say: Callable[[str], None]
) -> None:
    """Make the school. Same profile, seed and day: the same rows."""
    began = time.monotonic()
    if force:
        _empty()
    now = moment_of(today)
    first = now.date().replace(day=1)
    for _ in range(MONTHS):
        first = (first - dt.timedelta(days=1)).replace(day=1)
    world = World(
        profile=profile, rng=random.Random(f"{seed}-{now:%F}"), now=now,  # noqa: S311  (dice, no secret)
        since=clock.moment(first.year, first.month, first.day), say=say, photo=picture(),
    )  # fmt: skip
    with files.undone_on_error(), transaction.atomic():
        with clock.at(now):
            setup.basics()
        with clock.at(world.since - dt.timedelta(days=30)):
            setup.checklists()
            school.profile()
            school.terms(world)
            people.make(world)
            school.places(world)
            school.classes(world)
            people.duties(world)
        goods.ledger(world)
        goods.stores(world)
        if scale:
            bulk.reserve(scale)
        story = history.play(world)
        money.play(world)
        if scale:
            bulk.closed_tickets(story, scale)
        SchoolProfile.objects.filter(pk=1).update(demo_stamp=serve.migrations_digest())
    cache.clear()
    say(f"演示学校建好了，用时 {time.monotonic() - began:.0f} 秒。")


def picture() -> files.Photo:
    """A small picture that stands for every photo of the demo."""
    image = Image.new("RGB", (480, 360), "#d9dee3")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 250, 480, 360), fill="#b7bec6")
    draw.rectangle((150, 70, 330, 270), fill="#8796a5", outline="#5d6b79", width=4)
    draw.ellipse((215, 140, 265, 190), fill="#f0f2f4", outline="#5d6b79", width=4)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return files.check_photo(SimpleUploadedFile("现场.jpg", out.getvalue(), "image/jpeg"))


def _empty() -> None:
    """Take an earlier demo away, with its files."""
    for row in Attachment.objects.iterator():
        row.file.delete(save=False)
        if row.thumb:
            row.thumb.delete(save=False)
    call_command("flush", interactive=False, verbosity=0)
    cache.clear()
