"""Every builder of test rows under one name: `from tests import make`, then `make.user(role="clerk")`."""

from tests.make_people import (
    PASSWORD,
    admin,
    assetkeeper,
    clerk,
    department,
    director,
    finance,
    homeroom,
    other_teacher,
    principal,
    repairer,
    repairer2,
    steward,
    storekeeper,
    teacher,
    user,
    viceprincipal,
    warden,
)

from tests.make_campus import (  # isort: skip
    building,
    campus,
    class_group,
    delegation,
    duty,
    figure,
    floor,
    place,
    profile,
    school_day,
    term,
)
from tests.make_core import book, photo, posted, upload  # isort: skip
from tests.make_finance import band, bands, budget_line, claim, contract, expense, invoice, party, payment, project  # isort: skip
from tests.make_stores import item, purchase, stock, warehouse  # isort: skip
from tests.make_assets import card, holding, room, scrap  # isort: skip
from tests.make_outside import accepted, contractor, outside_job, settled, someone  # isort: skip
from tests.make_repairs import category, follower, hold_reason, rule, ticket  # isort: skip
from tests.make_inspections import (
    checklist,
    finding,
    fixture_lines,
    lines,
    rooms,
    round,
    schedule,
    sheet,
    targets,
    walked,
)  # isort: skip  # noqa: A004

__all__ = [
    "PASSWORD", "accepted", "admin", "assetkeeper", "band", "bands", "book", "budget_line", "building", "campus", "card", "category", "checklist", "claim",
    "class_group", "clerk", "contract", "contractor", "delegation",
    "department", "director", "duty", "expense", "figure", "finance", "finding", "fixture_lines", "floor", "follower", "hold_reason", "holding", "homeroom",
    "invoice", "item", "lines", "other_teacher", "outside_job", "party", "payment", "photo", "place", "posted", "principal", "profile", "project", "purchase", "repairer", "repairer2", "room", "rooms", "round", "rule", "schedule",
    "school_day", "scrap", "settled", "sheet", "someone", "steward", "stock", "storekeeper", "targets", "teacher", "term", "ticket", "upload", "user", "viceprincipal",
    "walked", "warden", "warehouse",
]  # fmt: skip
