"""The one role table: role -> what it may do. Which objects, `visible_to` decides; whether now, the rules decide."""

NAMES = {
    "teacher": "教师", "homeroom": "班主任", "repairer": "维修工", "clerk": "后勤职员", "director": "后勤主任",
    "warden": "宿管", "steward": "司务长", "storekeeper": "仓库保管员", "assetkeeper": "资产管理员", "finance": "财务",
    "viceprincipal": "分管副校长", "principal": "校长", "admin": "系统管理员",
}  # fmt: skip

CHECKED = ("dormitory", "classrooms", "canteen", "grounds", "safety")  # `inspections.AREAS`


def checks(verbs: str, *areas: str) -> set[str]:
    """The inspection rights view, inspect, recheck, manage in some areas."""
    return {f"inspections.{verb}:{area}" for verb in verbs.split() for area in areas or CHECKED}


EVERYONE = {"repairs.report", "campus.view_places", "dormitory.view_boards"}
READER = EVERYONE | {
    "repairs.view_all", "assets.view", "stores.view", "workplan.view", "areas.view:dormitory", "areas.view:classrooms",
    "areas.view:canteen",
} | checks("view")  # fmt: skip
OFFICE = READER | {
    "repairs.manage", "repairs.clear_hazard", "campus.manage_places", "campus.reset_passwords", "campus.manage_calendar",
    "campus.manage_profile", "campus.manage_duty", "stores.draw", "stores.request_purchase", "stores.answer_purchase",
    "assets.answer_scrap", "workplan.edit", "finance.view_sheets", "core.view_log", "finance.view", "finance.edit_parties",
    "finance.claims", "repairs.outside", "dormitory.manage_rooms", "dormitory.publish_boards", "dormitory.answer_appeals",
    "classrooms.swap", "classrooms.manage_pools", "classrooms.repair_batches",
} | checks("inspect recheck manage")  # fmt: skip
MONEY = READER | {"finance.view_sheets", "finance.view"}
LOOKUPS = {
    f"{app}.{verb}_{model}"
    for app, models in {
        "campus": ("department", "term", "schoolday", "figure", "classgroup"),
        "repairs": ("category", "tile", "holdreason", "dispatchrule"),
    }.items()
    for model in models
    for verb in ("view", "add", "change")
}

ROLES: dict[str, frozenset[str]] = {
    "teacher": frozenset(EVERYONE),
    "homeroom": frozenset(EVERYONE | {"dormitory.appeal"}),
    "repairer": frozenset(
        EVERYONE | {"repairs.work", "repairs.view_all", "assets.view", "stores.view", "stores.draw", "stores.request_purchase",
         "classrooms.swap", "classrooms.repair_batches"} | checks("view inspect", "classrooms", "grounds", "safety")
    ),
    "clerk": frozenset(OFFICE),
    "director": frozenset(OFFICE | {"stores.manage", "assets.manage", "finance.decide:director"}),
    "warden": frozenset(
        EVERYONE
        | {"repairs.view_in:dormitory", "repairs.clear_hazard", "areas.view:dormitory", "dormitory.manage_rooms", "dormitory.publish_boards", "dormitory.answer_appeals"}
        | checks("view inspect recheck manage", "dormitory")
    ),
    "steward": frozenset(
        EVERYONE
        | {"repairs.view_in:canteen", "repairs.clear_hazard", "areas.view:canteen"}
        | checks("view inspect recheck manage", "canteen")
    ),
    "storekeeper": frozenset(
        EVERYONE | {"stores.view", "stores.manage", "stores.request_purchase", "stores.answer_purchase"}
    ),
    "assetkeeper": frozenset(
        EVERYONE | {"assets.view", "assets.manage", "assets.answer_scrap", "areas.view:classrooms", "repairs.view_all", "finance.claims",
         "classrooms.swap", "classrooms.manage_pools", "classrooms.repair_batches"} | checks("view inspect", "classrooms")
    ),
    "finance": frozenset(
        MONEY | {"finance.check_prices", "finance.pay", "finance.manage", "finance.edit_parties", "finance.claims"}
    ),
    "viceprincipal": frozenset(MONEY | {"finance.decide:director", "finance.decide:viceprincipal"}),
    "principal": frozenset(
        MONEY | {"finance.decide:director", "finance.decide:viceprincipal", "finance.decide:principal", "finance.reopen"}
    ),
    "admin": frozenset(
        LOOKUPS
        | {
            "campus.manage_places", "campus.view_places", "campus.manage_people", "campus.reset_passwords",
            "campus.manage_calendar", "campus.manage_profile", "campus.manage_duty", "core.view_log",
        }
    ),
}  # fmt: skip
