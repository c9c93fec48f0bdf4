"""The daily tasks that `tick` does, in this order: (name, dotted path of a function that takes the day)."""

TASKS: tuple[tuple[str, str], ...] = (
    ("报修日常", "repairs.daily.run"),
    ("清理文件", "core.files.sweep"),
)
