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
from tests.make_stores import item, purchase, stock, warehouse  # isort: skip
from tests.make_assets import card, holding, room, scrap  # isort: skip
from tests.make_repairs import category, follower, hold_reason, rule, ticket  # isort: skip

__all__ = [
    "PASSWORD", "admin", "assetkeeper", "book", "building", "campus", "card", "category", "class_group", "clerk", "delegation",
    "department", "director", "duty", "figure", "finance", "floor", "follower", "hold_reason", "holding", "homeroom",
    "item", "other_teacher", "photo", "place", "posted", "principal", "profile", "purchase", "repairer", "repairer2", "room", "rule",
    "school_day", "scrap", "steward", "stock", "storekeeper", "teacher", "term", "ticket", "upload", "user", "viceprincipal",
    "warden", "warehouse",
]  # fmt: skip
