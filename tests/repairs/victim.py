"""A process that files a report with a photo and is killed (SIGKILL) at a named point: `python -m tests.repairs.victim POINT`.

Points: `prepare` makes the tables and the people; `file` dies when the photo is on the disk and its row is not;
`row` dies when the row is written and the transaction not yet confirmed; `whole` is not killed.
"""

from __future__ import annotations

import os
import signal
import sys

from tests.repairs.racer import prepare


def die(*args: object, **kwargs: object) -> None:
    """As a power cut: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def report(point: str) -> None:
    """File one report, through the service that the page calls, in one transaction as the page does."""
    from django.db import transaction

    from campus.models import User
    from core import files
    from core.models import Attachment
    from repairs import dispatching, services
    from tests import make

    if point == "file":
        Attachment.save = die  # type: ignore[method-assign, assignment]  # both files are stored by then
    if point == "row":
        dispatching.apply = die  # type: ignore[assignment]  # the last thing that filing does
    with files.undone_on_error(), transaction.atomic():
        services.open_ticket(
            place=make.place("303", building_name="303号楼"), category=make.category(), by=User.objects.get(username="teacher"),
            words="灯不亮", photos=[make.photo()],
        )  # fmt: skip


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    prepare() if sys.argv[1] == "prepare" else report(sys.argv[1])
