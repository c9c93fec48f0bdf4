"""Which app adds what to which page: one table, read by `core.panels`."""

PANELS: dict[str, tuple[str, ...]] = {
    "home": (
        "repairs.panels.to_answer",
        "repairs.panels.area",
        "repairs.panels.money",
        "stores.panels.low",
        "stores.panels.purchases",
        "assets.panels.scraps",
        "assets.panels.broken",
        "repairs.panels.mine",
        "config.home_panels.administration",
    ),
    "place": ("repairs.panels.of_place",),
    "card": ("repairs.panels.of_card",),
    "person": ("repairs.panels.of_person",),
    "ticket": (),
}
