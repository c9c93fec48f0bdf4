"""The daily tasks that `tick` does, in this order: (name, dotted path of a function that takes the day)."""

TASKS: tuple[tuple[str, str], ...] = (
    ("报修日常", "repairs.daily.run"),
    ("检查", "inspections.services.rounds.daily"),
    ("问题超期", "inspections.services.findings.tell_overdue"),
    ("定期维护", "inspections.services.upkeep.daily"),
    ("补建寝室", "dormitory.services.ensure_rooms"),
    ("周评比", "dormitory.services.publish_due"),
    ("月计划", "workplan.services.daily"),
    ("清理文件", "core.files.sweep"),
    ("清理未确认的导入", "core.imports.sweep"),
    ("清理登录计数", "campus.lockout.prune"),
)
