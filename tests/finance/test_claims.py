"""Claims (损坏赔偿): cost only, judged and waived by another, paid in parts; a pupil's name stands on the claim alone."""

import datetime as dt
from decimal import Decimal

import pytest

from core import personal
from core.models import LogEntry, Notice
from core.workflow import RuleBroken, Stale
from finance import claims, services
from finance.audit import audit
from finance.models import Claim, Payment
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
TODAY = dt.date(2026, 11, 23)


def refused(call, *args, **kwargs):
    """The reasons of a refusal."""
    with pytest.raises(RuleBroken) as found:
        call(*args, **kwargs)
    return found.value.reasons


def fresh(claim):
    return Claim.objects.get(pk=claim.pk)


def test_a_claim_is_proposed_judged_and_paid_in_parts(assetkeeper, clerk, finance):
    claim = make.claim(by=assetkeeper, source="ticket", source_number="BX202611-0042", place_words="3号楼 312")
    assert (claim.number, claim.state, claim.amount) == ("PC202611-0001", "to_judge", Decimal(120))

    claims.judge(claim, by=clerk, amount=Decimal(100), due_on=dt.date(2026, 11, 30), words="旧玻璃折价")
    first = claims.receive(claim, amount=Decimal(40), on=TODAY, by=finance, voucher="收-1")
    assert (fresh(claim).state, fresh(claim).left) == ("due", Decimal(60))
    assert refused(claims.receive, claim, amount=Decimal("60.01"), on=TODAY, by=finance) == [
        "PC202611-0001 还应缴 60.00 元，收不了 60.01 元。请减少金额。"
    ]
    claims.receive(claim, amount=Decimal(60), on=TODAY, by=finance)

    assert (fresh(claim).state, fresh(claim).received) == ("paid", Decimal(100))
    assert (first.amount, first.kind, first.basis) == (
        Decimal(-40), "income", "损坏赔偿 PC202611-0001：维修费，玻璃店单据 120 元",
    )  # fmt: skip
    assert refused(claims.receive, claim, amount=Decimal(1), on=TODAY, by=finance) == ["现在是“已缴”，不能登记缴款。"]
    assert list(audit()) == []


def test_cost_only(assetkeeper, clerk):
    facts = {
        "what": "课桌面",
        "cost_words": "原值 180 元，用了 3 年",
        "by": assetkeeper,
        "cost": Decimal(72),
        "cost_kind": "net",
    }

    assert refused(claims.propose, **facts, amount=Decimal(144)) == [
        "应赔 144.00 元超过成本 72.00 元。赔偿只按成本，不加倍，请改正。"
    ]
    claim = claims.propose(**facts)
    assert refused(claims.judge, claim, by=clerk, amount=Decimal(73)) == [
        "应赔 73.00 元超过成本 72.00 元。赔偿只按成本，不加倍，请改正。"
    ]
    assert refused(claims.propose, **facts | {"what": "", "cost_words": " ", "cost_kind": "double", "source": "x"}) == [
        "请写明损坏了什么。", "请写明计价依据，如维修费单据或原值和使用年限。", "请选计价方式：维修费、购置价或净值。", "请选来源。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "role", ["teacher", "repairer", "warden", "steward", "storekeeper", "viceprincipal", "principal", "admin"]
)
def test_who_handles_no_claims(role):
    person, claim = make.user(role, is_superuser=True), make.claim()
    words = "赔偿由资产管理员、后勤或财务办理，您没有这项权限。"

    assert refused(claims.propose, what="窗", cost=Decimal(1), cost_words="单据", by=person) == [words]
    assert refused(claims.judge, claim, by=person) == [words]
    assert refused(claims.withdraw, claim, by=person, reason="错") == [words]
    assert refused(claims.receive, make.claim("due"), amount=Decimal(1), on=TODAY, by=person) == [
        "收付款由财务登记，您没有这项权限。"
    ]


def test_nobody_judges_or_waives_what_he_proposed(director, clerk):
    claim = make.claim(by=director)

    assert refused(claims.judge, claim, by=director) == ["这张赔偿单是您提出的，要由别人认定。"]
    assert refused(claims.waive, claim, by=director, reason="困难") == ["这张赔偿单是您提出的，要由别人批准减免。"]
    assert refused(claims.waive, claim, by=clerk, reason="困难") == ["减免由后勤主任、分管副校长或校长批准。"]


def test_the_rest_is_waived_with_a_reason(director, finance):
    claim = make.claim("due")
    claims.receive(claim, amount=Decimal(20), on=TODAY, by=finance)

    assert refused(claims.waive, claim, by=director, reason=" ") == ["请写明原因。"]
    done = claims.waive(claim, by=director, reason="家庭困难")

    assert (done.state, done.waived_by, done.received, done.end_words) == ("waived", director, Decimal(20), "家庭困难")
    assert list(audit()) == []


def test_withdrawing_is_refused_once_money_is_in(assetkeeper, finance):
    claim = make.claim("due")
    claims.receive(claim, amount=Decimal(20), on=TODAY, by=finance)

    assert refused(claims.withdraw, claim, by=assetkeeper, reason="自然损坏") == [
        "已缴 20.00 元，不能撤销。请先退款或冲正。"
    ]
    assert claims.withdraw(make.claim("due"), by=assetkeeper, reason="自然损坏").state == "withdrawn"


def test_a_paid_claim_is_given_back_whole(finance, clerk):
    claim = make.claim("paid")

    assert refused(claims.give_back, claim, on=TODAY, by=clerk, reason="错") == ["收付款由财务登记，您没有这项权限。"]
    back = claims.give_back(claim, on=TODAY, by=finance, reason="查明不是本人")

    found = fresh(claim)
    assert (back.amount, back.kind, found.state, found.received) == (Decimal(120), "refund", "refunded", 0)
    assert refused(services.correct, back, on=TODAY, by=finance, words="错") == [
        f"{back.number} 是退款，不能冲正。赔偿单已经结束，请另开一张。"
    ]
    assert list(audit()) == []


def test_a_wrongly_booked_part_is_taken_back(finance):
    claim = make.claim("paid")
    paid = claim.payments.get()

    found = services.correct(paid, on=TODAY, by=finance, words="记到别人名下")

    assert (found.amount, found.corrects, fresh(claim).state, fresh(claim).received) == (Decimal(120), paid, "due", 0)
    assert refused(services.correct, paid, on=TODAY, by=finance, words="再来") == [
        f"{paid.number} 已由 {found.number} 冲正。"
    ]
    assert list(audit()) == []


def test_an_objection_is_answered_before_it_goes_on(assetkeeper, clerk, finance):
    claim = make.claim(by=assetkeeper)

    assert refused(claims.object_to, claim, by=clerk, words="") == ["请写明异议的内容。"]
    claims.object_to(claim, by=clerk, words="张三说不是他打的")
    assert refused(claims.judge, claim, by=clerk) == ["有异议还没有答复，请先答复。"]
    assert refused(claims.answer, claim, by=assetkeeper, words="看了监控") == ["这张赔偿单是您提出的，要由别人认定。"]
    done = claims.answer(claim, by=clerk, words="看了监控，是两人一起", amount=Decimal(60))
    assert (done.amount, done.objected_on, done.answered_by) == (Decimal(60), TODAY, clerk)
    assert refused(claims.answer, claim, by=clerk, words="再答") == ["没有等答复的异议。"]

    claims.judge(claim, by=clerk)
    claims.receive(claim, amount=Decimal(50), on=TODAY, by=finance)
    claims.object_to(claim, by=clerk, words="还是太多")
    assert refused(claims.answer, claim, by=clerk, words="加", amount=Decimal(61)) == [
        "答复异议只能减少金额，现在是 60.00 元。"
    ]
    assert refused(claims.answer, claim, by=clerk, words="减", amount=Decimal(49)) == [
        "已缴 50.00 元，不能减到 49.00 元。请先冲正多缴的部分。"
    ]
    assert claims.answer(claim, by=clerk, words="减到已缴", amount=Decimal(50)).state == "paid"


def test_an_older_reading_is_refused(clerk):
    claim = make.claim()
    claims.object_to(claim, by=clerk, words="不是")

    with pytest.raises(Stale):
        claims.answer(claim, by=clerk, words="是", version=1)


def test_a_pupils_name_stands_on_the_claim_alone(clerk, finance):
    claim = make.claim(person_name="张小明")
    claims.object_to(claim, by=clerk, words="张小明说不是他")
    claims.answer(claim, by=clerk, words="张小明承认了")
    claims.judge(claim, by=clerk)
    claims.receive(claim, amount=Decimal(120), on=TODAY, by=finance)

    told = [*LogEntry.objects.values_list("text", flat=True), *LogEntry.objects.values_list("said", flat=True)]
    told += [*Payment.objects.values_list("words", flat=True), *Payment.objects.values_list("basis", flat=True)]
    told += [*Notice.objects.values_list("text", flat=True)]
    assert [words for words in told if "张小明" in words] == []
    claim = fresh(claim)
    assert personal.blank_fields(claim, by=clerk) is True
    claim = fresh(claim)
    assert (claim.person_name, claim.objection, claim.objection_answer, claim.state) == ("", "", "", "paid")


def test_who_sees_a_claim_and_who_sees_the_name(assetkeeper, finance, clerk, principal, homeroom, teacher, admin):
    group = make.class_group(teacher=homeroom)
    claim, other = make.claim(person_name="张小明", class_group=group), make.claim()
    sees = {
        one.username: (set(Claim.objects.all().visible_to(one)) & {claim, other}, claim.may_see_name(one))
        for one in (assetkeeper, finance, clerk, principal, homeroom, teacher, admin)
    }

    both = {claim, other}
    assert sees == {
        "assetkeeper": (both, True), "finance": (both, True), "clerk": (both, True), "principal": (both, False),
        "banzhuren": ({claim}, True), "teacher": (set(), False), "admin": (set(), False),
    }  # fmt: skip


def test_the_class_teacher_objects_himself(homeroom, teacher):
    claim = make.claim(class_group=make.class_group(teacher=homeroom))

    assert refused(claims.object_to, claim, by=teacher, words="不是") == [
        "异议由班主任提出，或由资产管理员、后勤、财务代录。"
    ]
    assert claims.object_to(claim, by=homeroom, words="不是").objection == "不是"
