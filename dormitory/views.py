"""Dormitories: the tickets of their places."""

from repairs.areas import AreaPage


class Home(AreaPage):
    """`/dormitory/`."""

    title = "宿舍"
    permission = "areas.view:dormitory"
    uses = ("dormitory",)
