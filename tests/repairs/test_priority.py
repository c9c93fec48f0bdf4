"""Suggested priority: ten worked tickets with their order and their words, and what moves them."""

import pytest

from core import clock
from core.clock import moment
from repairs import priority, services
from repairs.models import Ticket
from repairs.priority import Facts, months, suggest
from tests import make

pytestmark = pytest.mark.django_db

JUNE = moment(2026, 6, 8, 9)  # a Monday
NOVEMBER = moment(2026, 11, 23, 9)


@pytest.fixture
def june():
    with clock.at(JUNE):
        yield


@pytest.fixture
def november():
    with clock.at(NOVEMBER):
        yield


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def test_fourteen_fans_of_one_building_in_june(june):
    fan = make.category("吊扇/壁扇不转")
    teacher = make.teacher()
    for number in range(14):
        make.ticket(place=make.place(f"3{number:02}"), category=fan, by=teacher)

    found = set(Ticket.objects.values_list("priority_words", "priority"))

    assert found == {("夏季风扇 · 14 处 · 影响 112 人", 2)}


def test_ten_worked_tickets_stand_in_this_order(june):
    """From what cannot wait to what can; each with the words that the desk shows beside it."""
    teacher, clerk, lead = make.teacher(), make.clerk(), make.repairer()
    classroom = {"building_name": "教学楼", "use": "teaching", "people": 45}

    def room(name, **over):
        return make.place(name, **{"building_name": "5号楼"} | over)

    with clock.at(moment(2026, 6, 1, 9)):  # a week ago
        late = make.ticket(place=room("201"), category=make.category("灯不亮"), by=teacher)  # due 3 June
        desks = make.ticket(
            place=room("202", people=0), category=make.category("储物柜"), by=teacher
        )  # due 8 June, 09:00
    glass = make.ticket(place=room("203"), category=make.category("玻璃破碎"), by=teacher)
    fenced = make.ticket(
        place=room("204"), category=make.category("栏杆/扶手松动"), by=teacher, protection="已拉警戒线"
    )
    burst = make.ticket(place=room("205", people=0), category=make.category("水管爆裂"), by=teacher)
    fans = [
        make.ticket(place=room(f"3{n:02}"), category=make.category("吊扇/壁扇不转"), by=teacher) for n in range(14)
    ][0]
    projector = make.ticket(place=room("301", **classroom), category=make.category("一体机/投影"), by=teacher)
    chased = services.chase(
        make.ticket(place=room("207", people=0), category=make.category("门扇/合页"), by=teacher), by=teacher
    )
    paint = make.ticket(place=room("208", people=0), category=make.category("粉刷"), by=teacher)
    raised = services.prioritise(
        make.ticket(place=room("209", people=0), category=make.category("课桌"), by=teacher), by=clerk, priority=2,
        reason="明天考场要用",
    )  # fmt: skip
    again = make.ticket("checking", place=room("210"), category=make.category("水龙头漏水"), by=teacher, lead=lead)
    services.send_back(again, by=teacher, reason="还在滴")
    priority.refresh_all()

    ten = {
        "glass": glass, "fenced": fenced, "burst": burst, "fans": fans, "projector": projector, "raised": raised,
        "late": late, "again": again, "chased": chased, "paint": paint,
    }  # fmt: skip
    order = [t.pk for t in Ticket.objects.order_by("priority", "-score", "-id")]
    ranked = sorted(ten, key=lambda name: order.index(ten[name].pk))

    assert [(name, fresh(ten[name]).get_priority_display(), fresh(ten[name]).priority_words) for name in ranked] == [
        ("glass", "特急", "安全隐患 · 还没有围挡 · 影响 8 人"),
        ("fenced", "特急", "安全隐患 · 已围挡 · 影响 8 人"),
        ("burst", "特急", ""),
        ("fans", "紧急", "夏季风扇 · 14 处 · 影响 112 人"),
        ("projector", "紧急", "影响 45 人"),
        ("raised", "紧急", ""),
        ("late", "普通", "影响 8 人 · 超期 5 天"),
        ("again", "普通", "影响 8 人 · 返修 1 次"),
        ("chased", "普通", "已催办 1 次"),
        ("paint", "计划", ""),
    ]
    assert fresh(desks).priority_words == ""  # due this very minute: not late yet


def test_out_of_season_many_do_not_make_it_more_urgent(november):
    for number in range(13):
        make.ticket(place=make.place(f"3{number:02}"), category=make.category("吊扇/壁扇不转"))
    ticket = make.ticket(place=make.place("320"), category=make.category("吊扇/壁扇不转"))

    assert (ticket.priority, ticket.priority_words) == (3, "不在旺季 · 14 处 · 影响 112 人")


def test_a_season_that_begins_is_told_the_next_day(june):
    heater = make.category("热水器/淋浴")
    ticket = make.ticket(category=heater)
    before = ticket.priority_words
    with clock.at(NOVEMBER):
        priority.refresh_all()

    assert before == "不在旺季 · 影响 8 人"
    assert fresh(ticket).priority_words.startswith("冬季热水 · 影响 8 人")


def test_two_tickets_of_one_room_affect_its_people_once(november):
    tap = make.category("水龙头漏水")
    for number in range(2):
        ticket = make.ticket(category=tap, detail=f"第{number + 1}个")

    assert ticket.priority_words == "2 处 · 影响 8 人"


def test_quantities_count_as_spots(november):
    ticket = make.ticket(quantity=3)

    assert ticket.priority_words == "3 处 · 影响 8 人"


def test_other_buildings_and_kinds_do_not_weigh(november):
    tap = make.category("水龙头漏水")
    make.ticket(category=tap, place=make.place("101", building_name="4号楼"))
    make.ticket(category=make.category("灯不亮"))
    ticket = make.ticket(category=tap)

    assert ticket.priority_words == "影响 8 人"


def test_what_ended_weighs_no_more(november):
    tap, clerk = make.category("水龙头漏水"), make.clerk()
    first = make.ticket(category=tap, place=make.place("301"))
    second = make.ticket(category=tap, place=make.place("302"))
    assert fresh(first).priority_words == "2 处 · 影响 16 人"

    services.decline(second, by=clerk, reason="不归学校修")

    assert fresh(first).priority_words == "影响 8 人"

    services.restore(second, by=clerk)

    assert fresh(first).priority_words == "2 处 · 影响 16 人"


def test_reports_count_each_account_and_each_device_once(november):
    ticket = make.ticket(place=make.place("大厅", people=0))
    teacher = make.user()
    for _ in range(2):
        services.join(ticket, by=teacher)
        services.join(ticket, device="phone-1")

    assert fresh(ticket).priority_words == "3 人报修"


def test_overruled_priority_stays_and_can_be_given_back(november):
    clerk = make.clerk()
    ticket = services.prioritise(make.ticket(), by=clerk, priority=4, reason="暑假一起做")
    services.join(ticket, by=make.user())
    overruled = fresh(ticket)

    given_back = services.prioritise(overruled, by=clerk, priority=0)

    assert (overruled.priority, overruled.priority_fixed, overruled.score // 1000) == (4, True, 1)
    assert (given_back.priority, given_back.priority_fixed) == (3, False)


def test_hazard_cannot_be_overruled(november):
    ticket = make.ticket(hazard=True)
    with pytest.raises(services.filing.RuleBroken, match="安全隐患总是特急；确已不危险时先解除隐患。"):
        services.prioritise(ticket, by=make.clerk(), priority=3)

    assert fresh(ticket).priority == 1


def test_weights_are_settings_of_the_school():
    make.figure("repairs.weight_people_step", 4)
    make.figure("repairs.weight_step", 2)

    assert suggest(Facts(floor=3, people=8)).level == 2


@pytest.mark.parametrize(("facts", "level"), [
    (Facts(floor=3), 3),
    (Facts(floor=1), 1),
    (Facts(floor=4, hazard=True), 1),
    (Facts(floor=2, places=40, people=900, reports=9, late_days=30, chased=9, reworked=4), 2),  # 特急 is for danger only
    (Facts(floor=4, places=2, people=60), 4),
    (Facts(floor=4, season_word="夏季风扇", places=4), 3),
    (Facts(floor=3, late_days=3, chased=1), 2),
    (Facts(floor=3, reports=9), 3),  # at most three more reports count
])  # fmt: skip
def test_levels(facts, level):
    assert suggest(facts).level == level


def test_words_stand_in_a_fixed_order():
    facts = Facts(floor=3, season_word="夏季风扇", places=37, people=296, reports=4, chased=2, reworked=1, late_days=3)

    assert suggest(facts).words == "夏季风扇 · 37 处 · 影响 296 人 · 4 人报修 · 已催办 2 次 · 返修 1 次 · 超期 3 天"
    assert suggest(Facts(floor=3, season_word="夏季风扇", places=37, people=296, late_days=3)).words == (
        "夏季风扇 · 37 处 · 影响 296 人 · 超期 3 天"
    )


def test_months():
    assert months("5-9") == {5, 6, 7, 8, 9}
    assert months("6-9,12-2") == {6, 7, 8, 9, 12, 1, 2}
    assert months("3") == {3}
    assert months("") == set()


def test_refreshing_a_group_costs_the_same_however_large_it_is(november, django_assert_max_num_queries):
    for number in range(5):
        ticket = make.ticket(place=make.place(f"3{number:02}"))
    Ticket.objects.update(priority_words="")

    with django_assert_max_num_queries(5):  # savepoint and release among them
        priority.refresh([ticket])

    assert set(Ticket.objects.values_list("priority_words", flat=True)) == {"5 处 · 影响 40 人"}


def test_a_corridor_counts_the_people_around_it_and_nobody_twice():
    for name in ("301", "302"):
        make.place(name, people=8)
    corridor = make.place("走廊", kind="corridor")
    lamp = make.category("楼道/应急灯")

    make.ticket(place=corridor, category=lamp)
    make.ticket(place=make.place("301"), category=lamp)

    assert {t.priority_words for t in Ticket.objects.all()} == {"2 处 · 影响 16 人"}
