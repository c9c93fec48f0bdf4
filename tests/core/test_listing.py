"""Lists: sorting, paging by key, filters, saved filters, bulk, statement counts, hostile addresses."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import django_filters
import pytest
from django.http import QueryDict

from core.listing import Column, Listing, SearchFilter, query_of, same_query
from core.models import SavedFilter
from core.paging import Rows, sort_keys
from stores.models import Item
from tests import make_people
from tests.core.site import ItemFilters

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]


@pytest.fixture
def keeper(client: Any, db: Any) -> Any:
    user = make_people.storekeeper()
    client.force_login(user)
    return user


def items(*names: str, **over: Any) -> list[Item]:
    return [Item.objects.create(name=name, unit="个", **over) for name in names]


def names(response: Any) -> list[str]:
    return [one.name for one in response.context["records"]]


def walk(client: Any, url: str, key: str = "next_url") -> list[list[str]]:
    pages, response = [], client.get(url)
    while True:
        pages.append(names(response))
        if not response.context[key]:
            return pages
        response = client.get("/items/" + response.context[key])


def test_pages_follow_each_other_without_gap_or_double(client: Any, keeper: Any) -> None:
    items(*"abcdefgh")

    pages = walk(client, "/items/")

    assert pages == [["a", "b", "c"], ["d", "e", "f"], ["g", "h"]]


def test_the_way_back_shows_the_same_pages(client: Any, keeper: Any) -> None:
    items(*"abcdefgh")
    second = client.get("/items/" + client.get("/items/").context["next_url"])
    last = client.get("/items/" + second.context["next_url"])

    back = client.get("/items/" + last.context["previous_url"])
    first = client.get("/items/" + back.context["previous_url"])

    assert names(back) == ["d", "e", "f"]
    assert names(first) == ["a", "b", "c"]
    assert first.context["previous_url"] == ""


def test_header_sorts_down_and_ties_are_parted_by_key(client: Any, keeper: Any) -> None:
    for name, category in zip("abcdefg", "xyxyxyx", strict=True):
        items(name, category=category)

    pages = walk(client, "/items/?sort=-category")

    assert pages == [["f", "d", "b"], ["g", "e", "c"], ["a"]]


def test_empty_values_stand_last_both_ways_and_back() -> None:
    from assets.models import Card

    for number, day in (("1", "2020-01-01"), ("2", None), ("3", "2021-01-01"), ("4", None), ("5", None)):
        Card.objects.create(number=number, name="椅", acquired_on=day)
    found: dict[str, list[list[str]]] = {}
    for order in ("acquired_on", "-acquired_on"):
        params, pages = QueryDict(), []
        while True:
            rows = Rows(Card.objects.all(), sort_keys(Card, order), 2, params)
            pages.append([card.number for card in rows.records])
            if not rows.after:
                break
            params = QueryDict(mutable=True)
            params["after"] = rows.after
        params = QueryDict(mutable=True)
        params["before"] = rows.before
        pages.append([card.number for card in Rows(Card.objects.all(), sort_keys(Card, order), 2, params).records])
        found[order] = pages

    assert found == {
        "acquired_on": [["1", "3"], ["2", "4"], ["5"], ["2", "4"]],
        "-acquired_on": [["3", "1"], ["5", "4"], ["2"], ["5", "4"]],
    }


@pytest.mark.parametrize(
    "query",
    ["page=abc", "page=-1", "after=rubbish", "after=WyJ4Il0:1:x", "before=%00", "sort=password", "sort=-", "sort=name__x",
     "category=%E6%97%A0", "minimum=NaN", "minimum=" + "9" * 40, "minimum=abc", "q=%00", "q=" + "长" * 300, "q=%FF%FE",
     "export=pdf", "after=" + "x" * 5000, "q=%25_%5C'\"", "after=a&before=b"],
)  # fmt: skip
def test_odd_addresses_give_a_page(client: Any, keeper: Any, query: str) -> None:
    items("灯管")

    response = client.get("/items/?" + query)

    assert response.status_code == 200


def test_a_key_of_another_sort_is_ignored(client: Any, keeper: Any) -> None:
    items(*"abcdefgh")
    after = client.get("/items/").context["found"].after

    response = client.get(f"/items/?sort=-name&after={after}")

    assert names(response) == ["h", "g", "f"]


def test_what_a_filter_cannot_read_is_said(client: Any, keeper: Any) -> None:
    items("灯管")

    response = client.get("/items/?minimum=abc")

    assert "“最低库存”填的内容看不懂" in response.content.decode()


def test_search_finds_substrings_and_both_spellings(client: Any, keeper: Any) -> None:
    items("蚊帐", "账本", "灯管")

    found = [names(client.get("/items/", {"q": text})) for text in ("帐", "账本", "  灯 ", "帐本")]

    assert found == [["蚊帐", "账本"], ["账本"], ["灯管"], ["账本"]]


def test_search_goes_through_a_key_by_subquery() -> None:
    found = SearchFilter(fields=("item__name",)).filter(Item._meta.get_field("moves").related_model.objects.all(), "灯")

    assert "IN (SELECT" in str(found.query)


def test_filters_come_from_one_form_and_are_named(client: Any, keeper: Any) -> None:
    items("灯管", category="灯具")
    items("合页", category="五金")

    response = client.get("/items/?category=灯具&q=管")
    page = response.content.decode()

    assert names(response) == ["灯管"]
    assert response.context["filters"].described == "管 · 灯具"
    assert '<option value="">全部类别</option>' in page
    assert '<option value="灯具" selected>灯具</option>' in page
    assert '<label class="visually-hidden" for="id_category">类别</label>' in page


def test_nothing_found_names_the_conditions(client: Any, keeper: Any) -> None:
    items("灯管")

    page = client.get("/items/?category=五金").content.decode()

    assert "没有符合条件的物品" in page
    assert "条件：五金。" in page


def test_counting_stops_at_a_thousand(client: Any, keeper: Any) -> None:
    Item.objects.bulk_create(Item(name=f"n{number}", unit="个") for number in range(1001))

    found = client.get("/items/").context["count"], client.get("/items/?q=n").context["count"]

    assert found == ("1000+ 种", "")


def test_cells_are_escaped_and_formed_by_kind(client: Any, keeper: Any) -> None:
    item = items("<b>灯</b>", minimum=Decimal("1234.5"), active=False, category='"x"')[0]

    body = str(client.get("/items/").context["body"])

    assert body == (
        f'<tr class="is-late"><td class="pick"><label><input class="form-check-input m-0" type="checkbox" name="pick" '
        f'value="{item.pk}" aria-label="选择 {item.pk}"></label></td>'
        f'<th scope="row" class="first"><a href="/items/{item.pk}/">&lt;b&gt;灯&lt;/b&gt;</a></th>'
        '<td class="cards-hide"></td><td data-label="类别">&quot;x&quot;</td><td class="num">1,234.50</td><td>每个</td></tr>'
    )


def test_totals_are_those_of_all_rows(client: Any, keeper: Any) -> None:
    items(*"abcde", minimum=Decimal("10.10"))

    totals = client.get("/items/").context["totals"]

    assert totals == [("cards-hide", ""), ("", ""), ("num", "¥50.50"), ("", "")]


@pytest.mark.parametrize("rows", [1, 3])
def test_statements_do_not_grow_with_rows(client: Any, keeper: Any, rows: int, django_assert_num_queries: Any) -> None:
    items(*[f"n{number}" for number in range(rows)])
    client.get("/items/")

    # session, user, roles, rows, totals, saved filters, unread notices with the settings' version
    with django_assert_num_queries(6):
        client.get("/items/")


def test_bulk_needs_its_permission(client: Any, keeper: Any) -> None:
    items("灯管")
    with_right = client.get("/items/").content.decode()
    client.force_login(make_people.repairer())

    without = client.get("/items/")

    assert 'action="/items/bulk/"' in with_right
    assert 'name="do" value="stop"' in with_right
    assert without.status_code == 403 or 'name="do"' not in without.content.decode()


def test_a_list_needs_its_permission(client: Any) -> None:
    client.force_login(make_people.user(""))

    response = client.get("/items/")

    assert response.status_code == 403


def test_guests_go_to_the_login_page(client: Any, db: Any) -> None:
    response = client.get("/items/?q=x")

    assert (response.status_code, response.url) == (302, "/login/?next=/items/%3Fq%3Dx")


def test_filters_are_saved_shown_as_tabs_and_dropped(client: Any, keeper: Any) -> None:
    items("灯管", category="灯具")
    client.post("/items/?category=五金&after=x", {"save_filter": " 我的五金 "})
    tabs = client.get("/items/?category=五金").context["tabs"]
    own = SavedFilter.objects.get()
    saved = (own.name, own.query, own.user)

    client.post("/items/", {"delete_filter": own.pk})

    assert saved == ("我的五金", "category=%E4%BA%94%E9%87%91", keeper)
    assert [(tab["label"], tab["current"]) for tab in tabs] == [
        ("全部", False),
        ("灯具", False),
        ("我的五金（我存的）", True),
    ]
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("", "空", "先选好条件"),
        ("?q=x", "", "最多 20 个字"),
        ("?q=x", "长" * 21, "最多 20 个字"),
        ("?q=" + "x" * 600, "长", "条件太长"),
    ],
)
def test_filters_that_cannot_be_saved(client: Any, keeper: Any, query: str, name: str, words: str) -> None:
    response = client.post("/items/" + query, {"save_filter": name}, follow=True)

    assert words in str(next(iter(response.context["messages"])))
    assert SavedFilter.objects.count() == 0


def test_a_foreign_saved_filter_stays(client: Any, keeper: Any) -> None:
    theirs = SavedFilter.objects.create(user=make_people.clerk(), page="items", name="x", query="q=1")

    for key in (theirs.pk, "abc", "9" * 40):
        client.post("/items/", {"delete_filter": key})

    assert SavedFilter.objects.get() == theirs


def test_queries_compare_in_any_order() -> None:
    params = QueryDict("b=2&a=1&after=x&sort=-name&c=")

    assert query_of(params) == "a=1&b=2"
    assert same_query("?a=1&b=2", params)
    assert not same_query("a=1", params)


def test_headers_say_how_the_list_is_sorted(client: Any, keeper: Any) -> None:
    items("a")

    heads = client.get("/items/?sort=-category&category=").context["heads"]

    assert [(head.label, head.sort, head.url) for head in heads if head.url] == [
        ("品名", "", "?sort=name&category="), ("类别", "descending", "?sort=category&category="),
        ("最低库存", "", "?sort=-minimum&category="),
    ]  # fmt: skip


def test_an_empty_list_says_what_to_do(client: Any, keeper: Any) -> None:
    page = client.get("/items/").content.decode()

    assert "还没有物品" in page
    assert not re.search(r"<table", page)


def test_a_select_with_too_many_options_is_found_out() -> None:
    class Long(ItemFilters):
        unit = django_filters.ChoiceFilter(label="单位", choices=[(str(n), str(n)) for n in range(61)])

        class Meta:
            model = Item
            fields: list[str] = []

    assert Long(QueryDict()).too_long == ["unit"]
    assert ItemFilters(QueryDict()).too_long == []


def test_a_list_without_a_link_is_named_by_its_first_column(rf: Any) -> None:
    class Plain(Listing):
        model = Item
        columns = (Column("name", "品名"), Column("active", "在用", kind="bool"), Column("unit", "单位", phone="label"))

    html = Plain().row(Item(name="灯", unit=""))

    assert html == '<tr><th scope="row" class="first">灯</th><td>是</td><td class="cards-hide"></td></tr>'


def test_states_are_drawn_and_exported_as_words() -> None:
    from assets.models import Card

    class Cards(Listing):
        model = Card
        columns = (
            Column("number", "编号"),
            Column("state", "状态", kind="state"),
            Column("kind", "类", value="get_state_display"),
        )

    card = Card(number="A1", name="椅", state="leaving")
    listing = Cards()

    assert '<span class="state state-accepted">待处置</span>' in listing.row(card)
    assert [column.reader(Card)(card) for column in listing.sheet_columns()] == ["A1", "待处置", "待处置"]
