"""The menu: every entry once, then which of them each role has in its bar and on its phone.

An entry without a page yet, or without one of its permissions, is left out by itself (`core.context`).
"""

from core.context import Entry, Menu

ENTRIES = {
    "home": Entry("首页", "config:home", "", "house"),
    "desk": Entry("工作台", "repairs:desk", "repairs.manage", "layout-dashboard"),
    "report": Entry("报修", "repairs:new", "repairs.report", "plus"),
    "mine": Entry("我的报修", "repairs:mine", "repairs.report", "clipboard-list"),
    "jobs": Entry("我的活", "repairs:jobs", "repairs.work", "hammer"),
    "tickets": Entry("报修", "repairs:list", "repairs.view_all repairs.view_in", "clipboard-list"),
    "find": Entry("查报修", "repairs:list", "repairs.view_all repairs.view_in", "search"),
    # On the page 更多 the form and the list stand side by side: there they need two names.
    "file": Entry("我要报修", "repairs:new", "repairs.report", "plus"),
    "all": Entry("报修单", "repairs:list", "repairs.view_all repairs.view_in", "list"),
    "plan": Entry("月计划", "workplan:current", "workplan.view", "file-text"),
    "dormitory": Entry("宿舍", "dormitory:home", "areas.view:dormitory", "bed"),
    "boards": Entry("寝室评比", "dormitory:boards", "dormitory.view_boards", "trophy"),
    "classrooms": Entry("教室", "classrooms:home", "areas.view:classrooms", "school"),
    "canteen": Entry("食堂", "canteen:home", "areas.view:canteen", "utensils"),
    "checks": Entry("检查", "inspections:home", "inspections.view inspections.inspect", "clipboard-check"),
    "assets": Entry("资产", "assets:list", "assets.view", "armchair"),
    "kept": Entry("我保管的", "assets:mine", "repairs.report", "archive"),
    "stores": Entry("仓库", "stores:list", "stores.view", "warehouse"),
    "items": Entry("领料", "stores:items", "stores.draw", "package"),
    "outside": Entry("外修", "outside:list", "repairs.outside finance.view", "hard-hat"),
    "approvals": Entry("审批", "finance:approvals", "finance.decide", "badge-check"),
    "claims": Entry("赔偿", "finance:claims", "finance.claims finance.view", "receipt"),
    "finance": Entry("财务", "finance:home", "finance.view_sheets", "wallet"),
    "places": Entry("地点", "campus:places", "campus.manage_places", "map-pin"),
    "people": Entry("人员", "campus:people", "campus.manage_people campus.reset_passwords", "users"),
    "settings": Entry(
        "设置", "campus:settings", "campus.manage_profile campus.manage_calendar campus.manage_duty", "settings"
    ),
    "inbox": Entry("消息", "core:inbox", "", "bell"),
    "account": Entry("我的账户", "campus:account", "", "user"),
    "more": Entry("更多", "config:more", "", "menu"),
}

GROUPS = (
    ("报修", ("desk", "jobs", "file", "mine", "all")),
    ("各处", ("checks", "dormitory", "boards", "classrooms", "canteen")),
    ("物资", ("assets", "kept", "stores", "items")),
    ("计划与经费", ("plan", "outside", "approvals", "finance", "claims")),
    ("学校", ("places", "people", "settings")),
    ("我", ("home", "inbox", "account")),
)

# Whoever holds several roles is met as the first of these.
ROLES = (
    "director", "clerk", "principal", "viceprincipal", "repairer", "finance", "assetkeeper", "storekeeper", "warden",
    "steward", "homeroom", "teacher", "admin",
)  # fmt: skip

OFFICE = (
    "desk", "tickets", "checks", "dormitory", "classrooms", "canteen", "assets", "stores", "outside", "finance", "plan", "places",
    "people", "settings",
)  # fmt: skip
LEADERS = (
    "plan",
    "approvals",
    "tickets",
    "checks",
    "dormitory",
    "classrooms",
    "canteen",
    "assets",
    "stores",
    "outside",
    "finance",
)
TEACHER = ("home", "report", "mine", "kept")

BARS = {
    "director": (*OFFICE[: OFFICE.index("finance")], "approvals", *OFFICE[OFFICE.index("finance") :]),
    "clerk": OFFICE,
    "principal": LEADERS,
    "viceprincipal": LEADERS,
    "repairer": ("jobs", "find", "checks", "items"),
    "finance": ("home", "outside", "finance", "plan", "tickets", "assets", "stores"),
    "assetkeeper": ("home", "assets", "claims", "all", "classrooms", "report", "mine"),
    "storekeeper": ("home", "stores", "report", "mine"),
    "warden": ("home", "dormitory", "checks", "report", "mine", "kept"),
    "steward": ("home", "canteen", "checks", "report", "mine", "kept"),
    "homeroom": TEACHER,
    "teacher": TEACHER,
    "admin": ("home", "people", "places", "settings"),
}

TABS = {
    "director": ("desk", "tickets", "plan"),
    "clerk": ("desk", "tickets", "plan"),
    "principal": ("plan", "approvals", "tickets"),
    "viceprincipal": ("plan", "approvals", "tickets"),
    "repairer": ("jobs", "find", "items"),
    "finance": ("home", "finance", "tickets"),
    "assetkeeper": ("home", "assets", "report"),
    "storekeeper": ("home", "stores", "report"),
    "warden": ("home", "dormitory", "report"),
    "steward": ("home", "canteen", "report"),
    "homeroom": ("home", "report", "mine"),
    "teacher": ("home", "report", "mine"),
    "admin": ("home", "people", "places"),
}

MENU = Menu(ENTRIES, GROUPS, ROLES, BARS, TABS, default="teacher")
