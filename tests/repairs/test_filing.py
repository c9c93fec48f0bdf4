"""Filing: the same faults first, joining, limits, callers and 补录, danger, photos of unknown people, all or none."""

import pytest

from campus.services import retire
from core import clock, files
from core.clock import moment
from core.models import LogEntry, Notice
from core.workflow import RuleBroken
from repairs import services
from repairs.models import Follower, Ticket
from repairs.services import LimitReached, file_line, join, open_ticket, same_faults
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def texts(ticket):
    return list(LogEntry.objects.of(ticket).order_by("pk").values_list("text", flat=True))


# ---- by account ---------------------------------------------------------------------------------------------------


def test_report_by_account(monday):
    teacher, place, fan = make.teacher(), make.place(), make.category("吊扇/壁扇不转")

    ticket, joined = open_ticket(
        place=place, category=fan, by=teacher, words=" 开关没反应 ", detail="靠门", preferred="下午"
    )

    assert joined is False
    assert (ticket.number, ticket.state, ticket.place, ticket.category) == ("BX202611-0001", "new", place, fan)
    assert (ticket.reporter, ticket.filed_by, ticket.channel, ticket.device) == (teacher, None, "web", "")
    assert (ticket.words, ticket.detail, ticket.preferred) == ("开关没反应", "靠门", "下午")
    assert (ticket.reported_at, ticket.created_at, ticket.due_at) == (monday, monday, moment(2026, 11, 26, 9))
    entry = LogEntry.objects.of(ticket).get()
    assert (entry.verb, entry.text, entry.said, entry.by, entry.by_name, entry.after) == (
        "file", "报修", "开关没反应", teacher, "赵老师", "new",
    )  # fmt: skip


def test_numbers_follow_each_other_and_begin_anew_each_month():
    numbers = [make.ticket().number for _ in range(3)]
    with clock.at(moment(2026, 12, 1, 0, 5)):
        numbers.append(make.ticket().number)

    assert numbers == ["BX202611-0001", "BX202611-0002", "BX202611-0003", "BX202612-0001"]


def test_words_without_a_kind_are_other():
    other = make.category("其他")
    ticket, _ = open_ticket(place=make.place(), by=make.teacher(), words="阳台门关不上")

    assert ticket.category == other
    assert ticket.fault == "其他，阳台门关不上"


@pytest.mark.parametrize(("facts", "refusal"), [
    ({"words": "  "}, "请选一下什么坏了，或写一句情况。"),
    ({"words": "坏了", "quantity": 0}, "数量至少是 1。"),
    ({"words": "坏了", "reported_at": moment(2026, 11, 23, 9, 1)}, "报修时间还没有到，请改成已经发生的时间。"),
])  # fmt: skip
def test_what_is_refused(facts, refusal):
    make.category("其他")
    with pytest.raises(RuleBroken) as broken:
        open_ticket(place=make.place(), by=make.teacher(), **facts)

    assert broken.value.reasons == [refusal]
    assert Ticket.objects.count() == LogEntry.objects.filter(verb="file").count() == 0


def test_retired_place_leads_to_its_successor():
    old, new = make.place("312"), make.place("313")
    retire(old, new)

    ticket, _ = open_ticket(place=type(old).objects.get(pk=old.pk), category=make.category(), by=make.teacher())

    assert ticket.place == new


def test_retired_place_without_successor_is_refused():
    old = make.place("312")
    retire(old)

    with pytest.raises(RuleBroken, match="3号楼 3层 312 寝室 已停用，请选现在用的地点。"):
        open_ticket(place=type(old).objects.get(pk=old.pk), category=make.category(), by=make.teacher())


# ---- the same fault ------------------------------------------------------------------------------------------------


def test_same_faults_are_the_open_ones_of_place_and_kind():
    lamp, tap, here, there = make.category("灯不亮"), make.category("水龙头漏水"), make.place("312"), make.place("313")
    first = make.ticket(place=here, category=lamp, followers=[make.user()])
    second = make.ticket("doing", place=here, category=tap)
    make.ticket("done", place=here, category=lamp)
    make.ticket("withdrawn", place=here, category=lamp)
    make.ticket(place=there, category=lamp)

    assert [(t, t.followed) for t in same_faults(here)] == [(second, 0), (first, 1)]
    assert list(same_faults(here, lamp)) == [first]


def test_joining_once_by_account():
    ticket, teacher = make.ticket(), make.other_teacher()

    for _ in range(2):
        found = join(ticket, by=teacher)

    assert found.pk == ticket.pk
    assert list(ticket.followers.values_list("user", "device")) == [(teacher.pk, "")]
    assert texts(ticket) == ["报修", "“我也遇到” 1 人"]


def test_the_log_does_not_name_who_joined():
    ticket = make.ticket()
    join(ticket, by=make.other_teacher())

    entry = LogEntry.objects.of(ticket).get(verb="join")
    assert (entry.by, entry.by_name) == (None, "")


def test_joining_once_by_device():
    ticket = make.ticket()

    for device in ("phone-1", "phone-1", "phone-2", ""):
        join(ticket, device=device)

    assert list(ticket.followers.order_by("pk").values_list("user", "device")) == [(None, "phone-1"), (None, "phone-2")]


def test_who_reported_it_does_not_follow_himself():
    mine = make.ticket(by=make.teacher())
    phoned = make.ticket(channel="qr", by=None, device="phone-1")

    join(mine, by=mine.reporter)
    join(phoned, device="phone-1")

    assert Follower.objects.count() == 0


def test_joining_what_was_merged_joins_the_head():
    head = make.ticket()
    merged = make.ticket("duplicate", head=head)
    teacher = make.other_teacher()

    assert join(merged, by=teacher).pk == head.pk
    assert list(head.followers.values_list("user", flat=True)) == [teacher.pk]


def test_what_ended_is_not_joined():
    ticket = make.ticket("done")

    with pytest.raises(RuleBroken, match="现在是“已完成”，不能我也遇到。"):
        join(ticket, by=make.other_teacher())

    assert Follower.objects.count() == 0


def test_inspection_joins_what_is_open():
    ticket, warden = make.ticket(), make.warden()

    found, joined = open_ticket(
        place=ticket.place, category=ticket.category, by=warden, channel="inspection", join_open=True
    )

    assert (found.pk, joined) == (ticket.pk, True)
    assert Ticket.objects.count() == 1
    assert list(ticket.followers.values_list("user", flat=True)) == [warden.pk]


def test_inspection_files_what_is_not_open():
    warden = make.warden()

    ticket, joined = open_ticket(
        place=make.place(), category=make.category(), by=warden, channel="inspection", join_open=True
    )

    assert (joined, ticket.channel, texts(ticket)) == (False, "inspection", ["检查发现，报修"])


def test_the_same_fault_again_is_linked():
    before = make.ticket("done")
    with clock.at(moment(2027, 2, 20, 9)):  # 89 days later
        again = make.ticket(place=before.place, category=before.category)
    with clock.at(moment(2027, 2, 22, 9)):
        later = make.ticket(place=before.place, category=before.category)
    elsewhere = make.ticket(place=make.place("313"), category=before.category)

    assert again.again == before
    assert texts(again) == ["报修，同一故障再次报修"]
    assert (later.again, elsewhere.again) == (None, None)


# ---- by QR, without login ------------------------------------------------------------------------------------------


def scan(**over):
    facts = {"place": make.place(), "category": make.category(), "channel": "qr", "device": "phone-1"} | over
    return open_ticket(**facts)[0]


def test_report_without_login_names_nobody():
    ticket = scan(reporter_name="小王", reporter_phone="13800000000")

    assert (ticket.reporter, ticket.filed_by, ticket.device) == (None, None, "phone-1")
    assert (ticket.reporter_name, ticket.reporter_phone) == ("小王", "13800000000")
    assert len(ticket.follow_token) == 22
    entry = LogEntry.objects.of(ticket).get()
    assert (entry.by, entry.by_name, entry.text) == (None, "", "报修（扫码）")


def test_five_an_hour_from_one_device():
    for number in range(5):
        scan(place=make.place(f"30{number}"))

    with pytest.raises(LimitReached, match="这台手机一小时内已报了几件，请过一会儿再报；着急请打值班电话。"):
        scan(place=make.place("306"))
    other = scan(place=make.place("306"), device="phone-2")
    with clock.at(moment(2026, 11, 23, 10, 0)):
        later = scan(place=make.place("307"))

    assert [other.number, later.number] == ["BX202611-0006", "BX202611-0007"]


def test_twenty_a_day_at_one_place():
    for number in range(20):
        scan(device=f"phone-{number}")

    with pytest.raises(
        LimitReached, match="这个地点今天扫码报修已经很多，后勤会来查看；着急请打值班电话，或登录后再报。"
    ):
        scan(device="phone-20")
    by_account = make.ticket()
    next_door = scan(place=make.place("313"), device="phone-20")
    with clock.at(moment(2026, 11, 24, 0, 1)):
        tomorrow = scan(device="phone-20")

    assert [by_account.number, next_door.number, tomorrow.number] == [f"BX202611-00{n}" for n in (21, 22, 23)]


def test_limits_are_settings():
    make.figure("repairs.per_device_hour", 1)
    scan()

    with pytest.raises(LimitReached):
        scan()


def test_photos_without_login_wait_for_the_office():
    clerk, teacher = make.clerk(), make.teacher()
    ticket = scan(photos=[make.photo(40, 30)])
    photo = files.photos(ticket).get()
    assert (photo.role, photo.caption, photo.unseen, photo.by) == ("before", "维修前", True, None)
    assert files.visible_photos(ticket, teacher) == []
    assert files.visible_photos(ticket, clerk) == [photo]

    services.accept(ticket, by=clerk)

    assert files.photos(ticket).get().unseen is False
    assert files.visible_photos(ticket, teacher) == [photo]


def test_photos_by_account_are_seen_at_once():
    ticket = make.ticket(photos=[make.photo(40, 30)])

    assert [(p.unseen, p.by) for p in files.photos(ticket)] == [(False, ticket.reporter)]


def test_photos_wait_also_when_danger_is_dispatched_straight():
    ticket = scan(hazard=True, photos=[make.photo(40, 30)])

    services.dispatch(ticket, by=make.clerk(), lead=make.repairer())

    assert files.photos(ticket).get().unseen is False


# ---- for a caller --------------------------------------------------------------------------------------------------


def test_office_files_for_a_caller():
    clerk, teacher = make.clerk(), make.teacher()

    with_account, _ = open_ticket(
        place=make.place(), category=make.category(), by=clerk, channel="phone", reporter=teacher
    )
    without, _ = open_ticket(
        place=make.place(),
        category=make.category(),
        by=clerk,
        channel="phone",
        reporter_name="门卫老张",
        reporter_phone="8801",
    )

    assert (with_account.reporter, with_account.filed_by) == (teacher, clerk)
    assert (without.reporter, without.reporter_name, without.filed_by) == (None, "门卫老张", clerk)
    assert texts(without) == ["电话代报"]
    assert LogEntry.objects.of(without).get().by == clerk


def test_late_entry_keeps_the_past_date(monday):
    past = moment(2026, 11, 20, 15)
    ticket, _ = open_ticket(
        place=make.place(),
        category=make.category(),
        by=make.clerk(),
        channel="late",
        reporter_name="门卫",
        reported_at=past,
    )

    assert (ticket.reported_at, ticket.created_at, ticket.due_at) == (past, monday, moment(2026, 11, 24, 15))
    assert texts(ticket) == ["补录"]


def test_several_lines_at_once():
    clerk, lamp = make.clerk(), make.category()
    lines = [
        {"place": make.place("301"), "category": lamp, "reporter_name": "门卫"},
        {"place": make.place("302"), "category": lamp, "reporter_name": "门卫", "channel": "late",
         "reported_at": moment(2026, 11, 20, 9)},
    ]  # fmt: skip

    found = file_line(lines, by=clerk)

    assert [(t.place.name, t.channel, t.filed_by) for t in found] == [("301", "phone", clerk), ("302", "late", clerk)]
    assert "channel" in lines[1]  # the caller's data stays as it was


def test_several_lines_all_or_none():
    clerk, lamp = make.clerk(), make.category()
    good = {"place": make.place("301"), "category": lamp, "reporter_name": "门卫"}

    with pytest.raises(RuleBroken, match="请选一下什么坏了，或写一句情况。"):
        file_line([good, {"place": make.place("302"), "words": " "}], by=clerk)

    assert Ticket.objects.count() == 0


# ---- danger --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "ticked"), [("玻璃破碎", False), ("灯不亮", True)])
def test_danger_by_kind_or_by_word(kind, ticked):
    clerk = make.clerk()
    ticket = make.ticket(category=make.category(kind), hazard=ticked)

    assert (ticket.hazard, ticket.priority, ticket.due_at) == (True, 1, moment(2026, 11, 23, 21))
    assert texts(ticket) == ["报修，勾选了有危险" if ticked else "报修，属安全隐患"]
    assert list(Notice.objects.values_list("user", "text", "urgent")) == [
        (clerk.pk, f"安全隐患：3号楼 3层 312 寝室，{kind}", True)
    ]


def test_plain_report_disturbs_nobody():
    make.clerk()
    make.ticket()

    assert Notice.objects.count() == 0


# ---- dispatch rules (test_dispatching has the rest) ----------------------------------------------------------------


def test_filing_applies_the_rules():
    lead = make.repairer()
    make.rule("assign", lead)

    ticket, _ = open_ticket(place=make.place(), category=make.category(), by=make.teacher())

    assert (ticket.state, ticket.lead) == ("dispatched", lead)
