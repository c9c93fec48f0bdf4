"""Which app adds what to which page: one table, read by `core.panels`."""

PANELS: dict[str, tuple[str, ...]] = {
    "home": (
        "finance.panels.approvals",
        "repairs.panels.to_answer",
        "repairs.panels.area",
        "repairs.panels.money",
        "stores.panels.low",
        "stores.panels.purchases",
        "finance.panels.claims",
        "assets.panels.scraps",
        "assets.panels.broken",
        "repairs.panels.mine",
        "config.home_panels.administration",
    ),
    "place": ("repairs.panels.of_place", "repairs.outside.panels.of_place"),
    "card": ("repairs.panels.of_card",),
    "person": ("repairs.panels.of_person",),
    "ticket": ("repairs.outside.panels.of_ticket", "finance.panels.of_ticket"),
    "finance": ("repairs.outside.sheets.front", "finance.panels.sheets", "finance.panels.registers"),
    "party": ("repairs.outside.panels.of_party", "repairs.outside.sheets.of_party"),
    "contract": ("repairs.outside.sheets.of_contract",),
    "project": ("repairs.outside.sheets.of_project",),
}
