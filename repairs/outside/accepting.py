"""Work done and accepted: done, photos, two signatures, rework, the director's word; monthly tasks and leftover defects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction

from campus.models import User
from core import clock, files
from core.money import cents
from core.workflow import RuleBroken
from finance.rules import same_person
from repairs.outside.approving import start_over
from repairs.outside.asking import release
from repairs.outside.base import (
    add_months,
    amount_of,
    finance_users,
    forget_acceptance,
    live_rows,
    mark,
    not_ahead,
    office_users,
    take,
    tell,
    written,
)
from repairs.outside.models import AcceptanceSign, Defect, OutsideJob, ServiceTask
from repairs.outside.people import anybody_on_user_side, user_side
from repairs.outside.rules import direction, nothing_paid
from repairs.services.outside import outside_failed, outside_passed

PHOTO_ROLES = {"before": "施工前", "hidden": "隐蔽工程", "after": "完工", "site": "验收现场"}


def add_photos(job: OutsideJob, *, by: User, photos: Iterable[Any], role: str = "after", **kwargs: Any) -> OutsideJob:
    """Photos of the work; 隐蔽工程 before it is covered."""
    photos = list(photos)

    def fits(j: OutsideJob) -> str | None:
        if role not in PHOTO_ROLES or not photos:
            return "请选照片和用途。"
        return "隐蔽工程的照片要在施工中、覆盖前拍。" if role == "hidden" and j.state != "working" else None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        for photo in photos:
            files.attach(j, photo, by=by, role=role, caption=PHOTO_ROLES[role])

    text = f"{PHOTO_ROLES.get(role, '')}照片 {len(photos)} 张"
    return take(job, "photo", by=by, text=text, then=effect, checks=[fits], **kwargs)


def done(
    job: OutsideJob,
    *,
    by: User,
    on: dt.date | None = None,
    words: str = "",
    old_parts: str = "",
    photos: Iterable[Any] = (),
    **kwargs: Any,
) -> OutsideJob:
    """施工中 -> 待验收, with the date and photos; hidden work needs the photos that were taken before covering."""
    photos, on = list(photos), on or clock.today()

    def fits(j: OutsideJob) -> str | None:
        if j.started_on and on < j.started_on:
            return f"完工日期早于开工日期（{j.started_on:%Y-%m-%d}），请改正。"
        if j.lines.filter(unit_price=None).exists() or not j.lines.exists():
            return "还有项目没有单价，请先补列项目和价格。"
        if j.kind != "service" and not photos and not files.photos(j, "after").exists():
            return "完工要有照片，请先上传。"
        if j.hidden_work and not files.photos(j, "hidden").exists():
            return "有隐蔽工程，要有覆盖前的照片；没有照片的部分应开挖复查。"
        return None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        for photo in photos:
            files.attach(j, photo, by=by, role="after", caption=PHOTO_ROLES["after"])
        j.done_on, j.done_words, j.old_parts = on, words.strip(), old_parts.strip() or j.old_parts

    checks = [not_ahead(on, "完工日期"), fits]
    fresh = take(job, "done", by=by, said=words, text=f"{job.party}报完工", then=effect, checks=checks, **kwargs)
    rows = live_rows(fresh)
    people = (
        [row.ticket.reporter for row in rows] + [row.ticket.place.custodian for row in rows] + [fresh.place.custodian]
    )
    tell([*people, *office_users()], fresh, "外修完工，请到现场验收", but=by)
    return fresh


# ---- acceptance by two --------------------------------------------------------------------------------------------


def record(
    job: OutsideJob,
    *,
    by: User,
    verdicts: dict[int, str] | None = None,
    quantities: dict[int, Any] | None = None,
    passed: bool = True,
    words: str = "",
    ticket_words: dict[int, str] | None = None,
    photos: Iterable[Any] = (),
    **kwargs: Any,
) -> OutsideJob:
    """The first signature: what was found on site, a verdict for each ticket ({ticket.pk: "passed" | "failed"}) and the
    quantity of each line ({line.pk: number}; a line not named was done in full). Whoever records it again replaces it.

    `passed` is the verdict of a job without tickets.
    """
    verdicts, said = dict(verdicts or {}), dict(ticket_words or {})
    counted = {int(pk): cents(number) for pk, number in (quantities or {}).items() if number not in (None, "")}

    def fits(j: OutsideJob) -> str | None:
        waiting = {row.ticket_id: row.ticket.number for row in live_rows(j)}
        if set(verdicts) != set(waiting) or not set(verdicts.values()) <= {"passed", "failed"}:
            return f"每张报修单都要写合格或不合格：{'、'.join(waiting.values()) or '这张外修单没有等着验收的报修单'}。"
        for line in j.lines.all():
            number = counted.get(line.pk, line.quantity)
            if not 0 <= number <= line.quantity:
                return f"“{line.item}”的验收数量要在 0 到 {line.quantity.normalize():f} 之间；多做的部分要先办增项。"
        failed = not passed or "failed" in verdicts.values()
        return "不合格要写明哪里不合格。" if failed and not words.strip() and not any(said.values()) else None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        for row in live_rows(j):
            row.verdict, row.words = verdicts[row.ticket_id], said.get(row.ticket_id, "")[:200]
            row.save(update_fields=["verdict", "words"])
        for line in j.lines.all():
            line.accepted_quantity = counted.get(line.pk, line.quantity)
            line.checked_price, line.check_reason = None, ""
            line.save()
        failed = not passed or "failed" in verdicts.values()
        j.verdict, j.verdict_words = "failed" if failed else "passed", words.strip()[:300]
        j.acceptor_1, j.acceptor_2, j.accepted_at = by, None, None
        j.signs.filter(round=j.round).delete()
        AcceptanceSign.objects.create(job=j, round=j.round, user=by, words=words.strip()[:200])
        for photo in photos:
            files.attach(j, photo, by=by, role="site", caption=PHOTO_ROLES["site"])

    failed = not passed or "failed" in verdicts.values()
    text = f"现场验收：{'不合格' if failed else '合格'}，待另一人签字"
    return take(job, "record", by=by, said=words, text=text, then=effect, checks=[fits], **kwargs)


def sign(job: OutsideJob, *, by: User, words: str = "", **kwargs: Any) -> OutsideJob:
    """A further member of the acceptance signs too, before the second of the two closes it."""

    def once(j: OutsideJob) -> str | None:
        signed = [one.user for one in j.signs.filter(round=j.round).select_related("user")]
        return "您已经在这次验收上签过字。" if any(same_person(by, one) for one in signed) else None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        AcceptanceSign.objects.create(job=j, round=j.round, user=by, words=words.strip()[:200])

    return take(job, "sign", by=by, said=words, text="参加验收，签字", then=effect, checks=[once], **kwargs)


def cosign(job: OutsideJob, *, by: User, words: str = "", **kwargs: Any) -> OutsideJob:
    """The second signature closes the acceptance: passed tickets move on, the job to the price check or back to rework."""

    def another(j: OutsideJob) -> str | None:
        if same_person(by, j.acceptor_1):
            return "验收要两个人签字，您已经签过；请另一位验收人用自己的账号签。"
        if user_side(j, by) or user_side(j, j.acceptor_1):
            return None
        signed = [one.user for one in j.signs.filter(round=j.round).select_related("user")]
        if any(user_side(j, one) for one in signed) or not anybody_on_user_side(j):
            return None
        return "验收人里至少要有一位报修人、保管人，或这个区域的宿管、司务长。"

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        AcceptanceSign.objects.get_or_create(job=j, round=j.round, user=by, defaults={"words": words.strip()[:200]})
        j.acceptor_2, j.accepted_at = by, clock.now()
        if j.verdict == "failed":
            j.rework_count += 1
            mark(j, "rework", j.verdict_words or "验收不合格", by=by)
            if j.state == "working":
                forget_acceptance(j)
            return
        _start_warranty(j)

    acceptors: list[User] = []
    with transaction.atomic():
        fresh = take(job, "cosign", by=by, said=words, text=_verdict_text(job), then=effect, checks=[another], **kwargs)
        signed = fresh.round - (fresh.state == "working")
        acceptors = [one.user for one in fresh.signs.filter(round=signed).select_related("user")]
        _carry_verdicts(fresh, acceptors, by=by)
    if fresh.state == "pricing":
        tell(finance_users(), fresh, "验收合格，请核价", but=by)
    elif fresh.undecided:
        tell(User.objects.with_role("director"), fresh, f"已 {fresh.rework_count} 次不合格，请决定怎么办", but=by)
    else:
        tell([fresh.ordered_by], fresh, "外修验收" + ("不合格，返工" if fresh.state == "working" else "合格"), but=by)
    return fresh


def _verdict_text(job: OutsideJob) -> str:
    return "验收签字：不合格" if job.verdict == "failed" else "验收签字：合格"


def _start_warranty(job: OutsideJob) -> None:
    """The warranty runs from the acceptance; a 质保返修 has nothing to settle."""
    if job.warranty_months:
        job.warranty_until = add_months(clock.today(), job.warranty_months) - dt.timedelta(days=1)
    if job.warranty_for_id:
        job.settled_at = job.ended_at = clock.now()


def _carry_verdicts(job: OutsideJob, acceptors: list[User], *, by: Any) -> None:
    """What was found takes effect on the tickets: passed ones move on, failed ones wait for the rework."""
    for row in live_rows(job):
        if row.verdict == "passed":
            outside_passed(row.ticket, by=by, job=job, acceptors=acceptors, words=row.words)
            row.live = False
            row.save(update_fields=["live"])
        elif row.verdict == "failed":
            outside_failed(row.ticket, by=by, job=job, words=row.words)


def decide(
    job: OutsideJob,
    *,
    by: User,
    choice: str,
    words: str,
    deduction: Decimal | int = 0,
    promised_on: dt.date | None = None,
    **kwargs: Any,
) -> OutsideJob:
    """Failed a second time: the director decides `again`, `other` contractor, or `part` acceptance with a deduction."""
    deduction = amount_of(deduction)
    names = {"again": "再返工一次", "other": "换施工单位", "part": "部分验收，扣款结算"}

    def fits(j: OutsideJob) -> str | None:
        if choice not in names:
            return "请选：再返工、换施工单位，或部分验收扣款。"
        if choice == "other":
            if j.warranty_for_id:
                return "质保返修不能换单位；请结束这张单，另开外修单询价。"
            return nothing_paid(j, by)
        if choice == "part" and not 0 <= deduction <= (
            j.approved_amount if j.approved_amount is not None else deduction
        ):
            return "扣款要在 0 到批准金额之间。"
        return None

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        if choice == "again":
            j.promised_on = promised_on or j.promised_on
            forget_acceptance(j)
        elif choice == "other":
            start_over(j, by=by, words=f"返工不合格，换单位：{words}"[:200])
        else:
            j.verdict = "partial"
            j.deduction, j.deduction_words = deduction, (words if deduction else "")[:200]
            _start_warranty(j)

    acting_for = direction(job, by)[1]
    text = f"决定：{names.get(choice, '')}" + (f"，扣 {deduction:,.2f} 元" if choice == "part" and deduction else "")
    checks = [written(words, "请写决定的理由。"), fits]
    with transaction.atomic():
        fresh = take(
            job, "decide", by=by, said=words, text=text, then=effect, checks=checks, data={"choice": choice},
            acting_for=acting_for, **kwargs,
        )  # fmt: skip
        if choice == "part":
            release(fresh, by=by, reason=f"部分验收，这件没做好：{words}"[:200])
    tell([fresh.ordered_by, *office_users()], fresh, text, but=by)
    return fresh


# ---- service jobs: a list of tasks for each month -----------------------------------------------------------------


def add_tasks(job: OutsideJob, *, by: User, month: dt.date, tasks: Iterable[str], **kwargs: Any) -> list[ServiceTask]:
    """The tasks of a month (greening, lift)."""
    words = [one.strip() for one in tasks if one.strip()]
    made: list[ServiceTask] = []

    def fits(j: OutsideJob) -> str | None:
        if j.kind != "service":
            return "只有服务类外修才有每月事项。"
        return None if words else "请写这个月要做的事项。"

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        made.extend(ServiceTask.objects.create(job=j, month=month.replace(day=1), words=one[:200]) for one in words)

    text = f"{month.year}年{month.month}月服务事项 {len(words)} 项"
    take(job, "task", by=by, text=text, then=effect, checks=[fits], **kwargs)
    return made


def task_done(task: ServiceTask, *, by: User, on: dt.date | None = None) -> ServiceTask:
    """A task of the month was done."""
    on = on or clock.today()

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        if not ServiceTask.objects.filter(pk=task.pk, job=j, done=False).update(done=True, done_on=on):
            raise RuleBroken("这项已经登记完成。")

    take(task.job, "task_done", by=by, text=f"服务完成：{task.words}", then=effect, checks=[not_ahead(on, "完成日期")])
    return ServiceTask.objects.get(pk=task.pk)


def accept_task(task: ServiceTask, *, by: User) -> ServiceTask:
    """A task of the month is accepted by somebody who neither ordered nor approved the job."""

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        waiting = ServiceTask.objects.filter(pk=task.pk, job=j, done=True, accepted_by=None)
        if not waiting.update(accepted_by=by, accepted_at=clock.now()):
            raise RuleBroken("这项还没有登记完成，或已经验收过。")

    take(task.job, "accept_task", by=by, text=f"服务验收：{task.words}", then=effect)
    return ServiceTask.objects.get(pk=task.pk)


# ---- works: what is left to be mended -----------------------------------------------------------------------------


def leave_defect(job: OutsideJob, *, by: User, words: str, due_on: dt.date, **kwargs: Any) -> Defect:
    """A leftover defect with its date; until it is mended the retention is not paid."""
    made: list[Defect] = []

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        made.append(Defect.objects.create(job=j, words=words.strip()[:200], due_on=due_on))

    text = f"遗留问题，{due_on:%Y-%m-%d} 前整改"
    checks = [written(words, "请写遗留的是什么问题。")]
    take(job, "leave_defect", by=by, said=words, text=text, then=effect, checks=checks, **kwargs)
    return made[0]


def mend_defect(defect: Defect, *, by: User, on: dt.date | None = None) -> Defect:
    """Somebody who did not order the job saw that the defect is mended."""
    on = on or clock.today()

    def effect(j: OutsideJob, data: dict[str, Any]) -> None:
        if not Defect.objects.filter(pk=defect.pk, job=j, done_on=None).update(done_on=on, done_by=by):
            raise RuleBroken("这项已经登记整改完成。")

    text = f"遗留问题已整改：{defect.words}"
    take(defect.job, "mend_defect", by=by, text=text, then=effect, checks=[not_ahead(on, "整改日期")])
    return Defect.objects.get(pk=defect.pk)
