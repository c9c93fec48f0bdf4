"""Classrooms and offices: the tickets of their places."""

from repairs.areas import AreaPage


class Home(AreaPage):
    """`/classrooms/`."""

    title = "教室与办公楼"
    permission = "areas.view:classrooms"
    uses = ("teaching", "office")
