"""The look of the mechanisms' pages in a real browser: no axe violation, no sideways scrolling, the form keeps its words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import notices
from stores.models import Item, Warehouse
from tests import make_people
from tests.browser import faults
from tests.make_core import book

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.core.site")]


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_the_pages_of_the_mechanisms(
    screen: str, request: pytest.FixtureRequest, sign_in: Any, tmp_path: Path, watch: Any
) -> None:
    page, keeper = request.getfixturevalue(screen), make_people.storekeeper()
    sign_in(page, keeper)
    watch.allow("status of 409")
    for number in range(7):
        Item.objects.create(name=f"灯管{number}", spec="T8 36W", unit="支", category="灯具", minimum=Decimal("1234.5"))
    Warehouse.objects.create(name="总务仓库")
    notices.tell(keeper, "3号楼 312 淋浴没有热水，已派给您。", "/items/", urgent=True)
    table = tmp_path / "table.xlsx"
    table.write_bytes(book(("库房", [["品名", "单位", "最低库存", "仓库"], ["灯", "个", "abc", "总务库"]])).read())
    item, send = Item.objects.earliest("pk"), "main form button[type=submit]"
    found: dict[str, list[str]] = {}

    for address in (
        "/items/",
        "/items/?category=灯具&sort=-minimum",
        "/items/?q=没有",
        f"/items/{item.pk}/",
        "/inbox/",
    ):
        page.goto(address)
        found[address] = faults(page)
    page.goto("/items/new/")
    page.fill("#id_minimum", "一千二")
    page.click(send)
    found["form with errors"] = faults(page)
    kept = page.input_value("#id_minimum")
    page.goto(f"/items/{item.pk}/edit/")
    Item.objects.filter(pk=item.pk).update(version=2)
    page.click(send)
    found["stale form"] = faults(page)
    page.goto(f"/items/{item.pk}/rename/")
    found["action with photos"] = faults(page)
    page.goto("/items/import/")
    found["upload"] = faults(page)
    page.set_input_files("#import-file", str(table))
    page.click(send)
    found["preview"] = faults(page)

    assert found == {name: [] for name in found}
    assert kept == "一千二"
