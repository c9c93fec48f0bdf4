"""Verbs of checklists: make, draft, edit line by line, publish, retire; a published version is never touched again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from core import clock, log
from core.workflow import RuleBroken, Stale
from inspections.models import AREAS, Checklist, Line, Version
from inspections.round_rules import manages, refuse
from repairs.models import Category

FIELDS = (
    "section", "name", "words", "kind", "points", "low", "high", "unit", "reason_needed", "photo_needed", "remedy",
    "category", "hazard", "days",
)  # fmt: skip
MOST_LINES = 60
HUNDRED = Decimal(100)


# ---- reading -------------------------------------------------------------------------------------------------------


def published(checklist: Checklist) -> Version | None:
    """The version that new rounds take."""
    return checklist.versions.published().order_by("-number").first()


def draft(checklist: Checklist) -> Version | None:
    """The version that is being edited, if there is one."""
    return checklist.versions.filter(state="draft").first()


def points_sum(lines: Sequence[Line]) -> Decimal:
    """How much the lines can take away together."""
    return sum((line.points or Decimal(0) for line in lines), Decimal(0))


# ---- a line --------------------------------------------------------------------------------------------------------


def tidy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A line's fields as they are kept: what its kind does not use is emptied."""
    found = {name: fields[name] for name in FIELDS if name in fields}
    for name in ("section", "name", "words", "unit"):
        if name in found:
            found[name] = " ".join((found[name] or "").split())
    kind = found.get("kind", "points")
    if kind != "points":
        found["points"] = None
    if kind != "value":
        found["low"] = found["high"] = None
    if found.get("remedy", "none") != "ticket":
        found["category"] = None
    if found.get("remedy", "none") == "none":
        found["hazard"] = False
    return found


def line_problems(fields: Mapping[str, Any], scoring: str = "points") -> dict[str, str]:
    """What is wrong with a line, by field."""
    kind, found = fields.get("kind", "points"), {}
    if not fields.get("name"):
        found["name"] = "请写简称，填表时它是这一列的标题。"
    if kind not in Line.KINDS:
        found["kind"] = "请选一种记法。"
    if kind == "points":
        points = fields.get("points")
        if scoring != "points":
            found["kind"] = "这张表按合格、不合格计，不扣分。请选“合格／不合格”“坏了几处”或“测量值”。"
        elif points is None or points <= 0:
            found["points"] = "请写最多扣几分，要大于 0。"
    low, high = fields.get("low"), fields.get("high")
    if kind == "value" and low is None and high is None:
        found["low"] = "测量值至少写一个限值：不低于多少，或不高于多少。"
    if kind == "value" and low is not None and high is not None and high < low:
        found["high"] = "上限不能小于下限，请改正。"
    if fields.get("remedy") == "ticket" and fields.get("category") is None:
        found["category"] = "选了“列入整改并报修”，请再选报修类别。"
    return found


def check_line(sheet: Version, fields: Mapping[str, Any], apart: Line | None = None) -> dict[str, str]:
    """`line_problems`, and whether the name is free on its version."""
    found = line_problems(fields, sheet.scoring)
    others = sheet.lines.exclude(pk=apart.pk) if apart is not None else sheet.lines.all()
    if fields.get("name") and others.filter(name=fields["name"]).exists():
        found["name"] = f"这张表里已经有“{fields['name']}”，请换一个简称。"
    return found


# ---- making --------------------------------------------------------------------------------------------------------


def install(
    key: str,
    name: str,
    area: str,
    scoring: str,
    lines: Sequence[Mapping[str, Any]],
    about: str = "",
    by: Any = None,
    *,
    base: Any = HUNDRED,
    pass_score: Any = Decimal(60),
    good_score: Any = Decimal(90),
) -> Checklist:
    """A default list as version 1, once: what the school made of it afterwards stays.

    A line's `category` may be the name of a kind of fault; where the school has none of that name, the failure is
    put down for mending without a ticket.
    """
    found = Checklist.objects.filter(key=key).first()
    if found is not None:
        return found
    if Checklist.objects.filter(name=name).exists():
        name = f"{name}（预设）"[:40]
    named = {row["category"] for row in lines if isinstance(row.get("category"), str)}
    kinds = {one.name: one for one in Category.objects.filter(name__in=named, parent__isnull=False)}
    rows = []
    for row in lines:
        fields = dict(row)
        if isinstance(fields.get("category"), str):
            fields["category"] = kinds.get(fields["category"])
        if fields.get("remedy") == "ticket" and fields.get("category") is None:
            fields["remedy"] = "finding"
        for number in ("points", "low", "high"):
            if fields.get(number) is not None:
                fields[number] = Decimal(str(fields[number]))
        fields = tidy(fields)
        refuse(*(f"{name} · {fields.get('name')}：{words}" for words in line_problems(fields, scoring).values()))
        rows.append(fields)
    with transaction.atomic():
        found = Checklist.objects.create(name=name, area=area, about=about, key=key)
        sheet = Version.objects.create(
            checklist=found, scoring=scoring, base=Decimal(base), pass_score=Decimal(pass_score),
            good_score=Decimal(good_score), state="published", published_at=clock.now(), published_by=by,
        )  # fmt: skip
        Line.objects.bulk_create(Line(sheet=sheet, order=order, **row) for order, row in enumerate(rows, 1))
        log.write(found, "install", by=by, text=f"预设检查表，{len(rows)} 项")
    return found


def new_checklist(
    *,
    name: str,
    area: str,
    by: Any,
    scoring: str = "points",
    about: str = "",
    like: Version | None = None,
    base: Decimal = HUNDRED,
    pass_score: Decimal = Decimal(60),
    good_score: Decimal = Decimal(90),
) -> Checklist:
    """A checklist of the school's own with an empty first draft, or with the lines of another version."""
    name = " ".join(name.split())
    refuse(
        manages(area, by) if area in AREAS else "请选这张表归哪一块。",
        None if name else "请写检查表的名称。",
        "已经有同名的检查表，请换一个名称。" if name and Checklist.objects.filter(name=name).exists() else None,
    )
    if like is not None:
        scoring, base, pass_score, good_score = like.scoring, like.base, like.pass_score, like.good_score
    with transaction.atomic():
        checklist = Checklist.objects.create(name=name[:40], area=area, about=about.strip()[:200])
        sheet = Version.objects.create(
            checklist=checklist, scoring=scoring, base=base, pass_score=pass_score, good_score=good_score
        )
        if like is not None:
            _copy_lines(like, sheet)
        log.write(checklist, "create", by=by, text=f"新建检查表，照{like}" if like is not None else "新建检查表")
    return checklist


def _copy_lines(source: Version, target: Version) -> None:
    copies = list(source.lines.all())
    for line in copies:
        line.pk, line._state.adding, line.sheet = None, True, target
    Line.objects.bulk_create(copies)


def draft_of(checklist: Checklist, by: Any) -> Version:
    """The draft: the one that is there, else a copy of the last published version."""
    with transaction.atomic():
        fresh = _held(checklist, by)
        found = draft(fresh)
        if found is not None:
            return found
        last = published(fresh)
        found = Version.objects.create(
            checklist=fresh, number=last.number + 1 if last else 1, scoring=last.scoring if last else "points",
            base=last.base if last else HUNDRED, pass_score=last.pass_score if last else Decimal(60),
            good_score=last.good_score if last else Decimal(90),
        )  # fmt: skip
        if last is not None:
            _copy_lines(last, found)
        log.write(fresh, "draft", by=by, text=f"开始修改，草稿第{found.number}版")
    return found


def _held(checklist: Checklist, by: Any) -> Checklist:
    """The checklist as it is now, locked; refused to whoever does not manage its area."""
    fresh = Checklist.objects.select_for_update().get(pk=checklist.pk)
    refuse(manages(fresh.area, by))
    return fresh


def _held_draft(sheet: Version, by: Any, version: int | None) -> Version:
    """The draft, locked; a published version is refused, so is one that somebody else has changed meanwhile."""
    fresh = Version.objects.select_for_update(of=("self",)).select_related("checklist").filter(pk=sheet.pk).first()
    if fresh is None:
        raise Stale("这份草稿已经被别人放弃了，请回到检查表页看最新情况。")
    refuse(
        manages(fresh.checklist.area, by),
        None
        if fresh.state == "draft"
        else f"第{fresh.number}版已经发布，检查项不能再改。要改请点“修改检查表”，在新的草稿里改。",
    )
    if version is not None and version != fresh.version:
        raise Stale("别人刚改过这份草稿，请看过最新的检查项再操作。")
    return fresh


def _touch(sheet: Version) -> None:
    sheet.version += 1
    sheet.save(update_fields=["version"])


# ---- editing the draft ---------------------------------------------------------------------------------------------


def save_draft(
    sheet: Version, *, by: Any, scoring: str, base: Decimal, pass_score: Decimal, good_score: Decimal,
    version: int | None = None,
) -> Version:  # fmt: skip
    """How the draft counts: by points taken from a full score, or passed and failed."""
    with transaction.atomic():
        fresh = _held_draft(sheet, by, version)
        refuse(
            None if scoring in Version.SCORINGS else "请选怎么计分。",
            None if base > 0 else "满分要大于 0。",
            None if 0 <= pass_score <= good_score <= base else "合格线、优秀线、满分要从小到大，请改正。",
            "表里还有扣分的检查项，请先改掉它们的记法，再改成合格／不合格。"
            if scoring == "pass" and fresh.lines.filter(kind="points").exists()
            else None,
        )
        fresh.scoring, fresh.base, fresh.pass_score, fresh.good_score = scoring, base, pass_score, good_score
        fresh.version += 1
        fresh.save()
    return fresh


def save_line(sheet: Version, *, by: Any, line: Line | None = None, version: int | None = None, **fields: Any) -> Line:
    """Add a line to the draft at the end, or change one."""
    with transaction.atomic():
        fresh = _held_draft(sheet, by, version)
        if line is not None:
            line = fresh.lines.filter(pk=line.pk).first()
            if line is None:
                raise Stale("这一项刚被别人删去了，请看过最新的检查项再操作。")
        given = tidy({name: getattr(line, name) for name in FIELDS} | fields if line is not None else fields)
        refuse(*check_line(fresh, given, line).values())
        if line is None:
            last = fresh.lines.order_by("-order").values_list("order", flat=True).first() or 0
            refuse(None if fresh.lines.count() < MOST_LINES else f"一张检查表最多 {MOST_LINES} 项，请分成两张表。")
            line = Line(sheet=fresh, order=last + 1)
        for name, value in given.items():
            setattr(line, name, value)
        line.save()
        _touch(fresh)
    return line


def remove_line(line: Line, *, by: Any, version: int | None = None) -> None:
    """Take a line off the draft."""
    with transaction.atomic():
        fresh = _held_draft(line.sheet, by, version)
        fresh.lines.filter(pk=line.pk).delete()
        _touch(fresh)


def move_line(line: Line, *, up: bool, by: Any, version: int | None = None) -> None:
    """Let a line and its neighbour change places; the first stays first, the last last."""
    with transaction.atomic():
        fresh = _held_draft(line.sheet, by, version)
        rows = list(fresh.lines.all())
        at = next((index for index, row in enumerate(rows) if row.pk == line.pk), None)
        other = None if at is None else at - 1 if up else at + 1
        if at is None or other is None or not 0 <= other < len(rows):
            return
        rows[at], rows[other] = rows[other], rows[at]
        for order, row in enumerate(rows, 1):
            row.order = order
        Line.objects.bulk_update(rows, ["order"])
        _touch(fresh)


def drop_draft(sheet: Version, *, by: Any, version: int | None = None) -> Checklist:
    """Throw the draft away; what was published stays as it is."""
    with transaction.atomic():
        fresh = _held_draft(sheet, by, version)
        checklist = fresh.checklist
        refuse(None if published(checklist) else "这张表还没有发布过，草稿不能放弃。不用了可以停用整张表。")
        number = fresh.number
        fresh.lines.all().delete()
        fresh.delete()
        log.write(checklist, "drop-draft", by=by, text=f"放弃草稿第{number}版")
    return checklist


# ---- publishing ----------------------------------------------------------------------------------------------------


def publish_problems(sheet: Version) -> list[str]:
    """Why a draft cannot be published yet."""
    lines = list(sheet.lines.all())
    found = [] if lines else ["还没有检查项，请先加几项。"]
    for line in lines:
        fields = {name: getattr(line, name) for name in FIELDS}
        found += [f"“{line.name}”：{words}" for words in line_problems(fields, sheet.scoring).values()]
    last = published(sheet.checklist)
    if lines and last is not None and shape(last) == shape(sheet):
        found.append(f"和第{last.number}版没有差别，不用发布。可以放弃这份草稿。")
    return found


def shape(sheet: Version) -> Any:
    """All that makes up a version, to be compared."""
    head = (sheet.scoring, sheet.base, sheet.pass_score, sheet.good_score)
    return head, [tuple(getattr(line, f"{name}_id" if name == "category" else name) for name in FIELDS) for line in sheet.lines.all()]  # fmt: skip


def changes(old: Version, new: Version) -> dict[str, list[str]]:
    """What a draft changes against a version, by the lines' names: added, removed, changed."""
    before = {line.name: line for line in old.lines.all()}
    after = {line.name: line for line in new.lines.all()}

    def facts(line: Line) -> Any:
        return tuple(getattr(line, "category_id" if name == "category" else name) for name in FIELDS)

    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name, line in after.items() if name in before and facts(line) != facts(before[name])],
    }


def publish(sheet: Version, *, by: Any, version: int | None = None) -> Version:
    """Fix the draft: rounds that start from now on take it, those under way keep theirs."""
    with transaction.atomic():
        fresh = _held_draft(sheet, by, version)
        refuse(*publish_problems(fresh))
        fresh.state, fresh.published_at, fresh.published_by = "published", clock.now(), by
        fresh.version += 1
        fresh.save()
        log.write(
            fresh.checklist, "publish", by=by, text=f"发布第{fresh.number}版，{fresh.lines.count()} 项",
            before="draft", after="published",
        )  # fmt: skip
    return fresh


def retire(checklist: Checklist, *, by: Any, version: int | None = None) -> Checklist:
    """Take a checklist out of use, with its schedules; rounds under way are walked to their end."""
    with transaction.atomic():
        fresh = _held(checklist, by)
        if version is not None and version != fresh.version:
            raise Stale("别人刚改过这张检查表，请看过最新情况再操作。")
        if not fresh.active:
            raise RuleBroken("这张检查表已经停用了。")
        stopped = fresh.schedules.filter(active=True).update(active=False)
        fresh.active, fresh.version = False, fresh.version + 1
        fresh.save()
        log.write(fresh, "retire", by=by, text="停用" + (f"，同时停用检查安排 {stopped} 个" if stopped else ""))
    return fresh


def revive(checklist: Checklist, *, by: Any, version: int | None = None) -> Checklist:
    """Put a checklist back in use; its schedules are switched on one by one."""
    with transaction.atomic():
        fresh = _held(checklist, by)
        if fresh.active:
            raise RuleBroken("这张检查表本来就在用。")
        fresh.active, fresh.version = True, fresh.version + 1
        fresh.save()
        log.write(fresh, "revive", by=by, text="恢复使用")
    return fresh
