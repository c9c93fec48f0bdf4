"""The canteen: the tickets of its places."""

from repairs.areas import AreaPage


class Home(AreaPage):
    """`/canteen/`."""

    title = "食堂"
    permission = "areas.view:canteen"
    uses = ("canteen",)
