"""Who may give roles, reset passwords and close accounts."""

from __future__ import annotations

from typing import Any

import pytest

from campus import people
from campus.models import User
from core import rights
from core.models import LogEntry
from core.workflow import RuleBroken
from tests import make_people


def fresh(user: Any) -> Any:
    return User.objects.get(pk=user.pk)


ROLES = (
    "teacher", "homeroom", "repairer", "clerk", "director", "warden", "steward", "storekeeper", "assetkeeper", "finance",
    "viceprincipal", "principal", "admin",
)  # fmt: skip
OFFICE = {"clerk", "director"}
OFFICE_RESETS = {"teacher", "homeroom", "repairer", "warden"}


@pytest.mark.parametrize("by", ROLES)
def test_who_may_reset_whom(db: Any, by: str) -> None:
    actor = make_people.user(by)
    targets = {role: make_people.user(role) for role in ROLES}
    allowed = {role for role, target in targets.items() if people.reset_refused(target, actor) is None}
    expected = set(ROLES) if by == "admin" else OFFICE_RESETS if by in OFFICE else set()
    assert allowed == expected


def test_one_leading_role_is_enough_to_keep_the_office_out(clerk: Any) -> None:
    both = make_people.user(roles=("teacher", "finance"))
    assert (
        people.reset_refused(both, clerk)
        == f"后勤处只能为教师、维修工、宿管重设密码。{both.name}的密码请找系统管理员重设。"
    )


def test_nobody_resets_himself(admin: Any) -> None:
    assert people.reset_refused(admin, admin) == "自己的密码请在“我的账号”里修改。"


def test_reset_is_refused_by_the_service_too(teacher: Any, other_teacher: Any) -> None:
    before = teacher.password
    with pytest.raises(RuleBroken):
        people.reset_password(teacher, by=other_teacher)
    assert fresh(teacher).password == before


@pytest.mark.parametrize("by", [role for role in ROLES if role != "admin"])
def test_only_the_administrator_grants_roles(db: Any, by: str) -> None:
    actor, target = make_people.user(by), make_people.teacher()
    with pytest.raises(RuleBroken, match="角色只能由系统管理员分配"):
        people.set_roles(target, ["principal"], by=actor)
    assert fresh(target).roles == {"teacher"}


def test_nobody_raises_his_own_roles(admin: Any) -> None:
    make_people.user("admin")
    with pytest.raises(RuleBroken, match="不能改自己的角色"):
        people.set_roles(admin, ["principal"], by=admin)
    assert fresh(admin).roles == {"admin"}


@pytest.mark.parametrize("other", [role for role in ROLES if role != "admin"])
def test_administrator_holds_no_business_role(admin: Any, teacher: Any, other: str) -> None:
    with pytest.raises(RuleBroken, match="系统管理员不兼业务角色"):
        people.set_roles(teacher, ["admin", other], by=admin)


def test_administrator_may_work_no_ticket_and_see_no_money(admin: Any) -> None:
    assert [
        p for p in rights.permissions(admin) if p.startswith(("finance.", "repairs.manage", "repairs.report"))
    ] == []


def test_unknown_role_is_refused(admin: Any, teacher: Any) -> None:
    with pytest.raises(RuleBroken, match="没有这个角色"):
        people.set_roles(teacher, ["god"], by=admin)


def test_granting_is_logged_and_works_at_once(admin: Any, teacher: Any) -> None:
    assert people.set_roles(teacher, ["teacher", "repairer"], by=admin) is True
    assert rights.can(teacher, "repairs.work") is True
    entry = LogEntry.objects.of(teacher).get(verb="roles")
    assert (entry.by, entry.changes) == (admin, {"角色": ["教师", "教师、维修工"]})
    assert people.set_roles(teacher, ["repairer", "teacher"], by=admin) is False


def test_last_administrator_stays(admin: Any) -> None:
    # A second one signed in elsewhere and is being closed at the same time.
    other = make_people.user("admin")
    people.deactivate(other, by=admin)
    assert people.roles_refused([], admin, other) is not None
    assert people.deactivate_refused(admin, admin) == "不能停用自己的账号，请另一位系统管理员来办。"
    assert people.last_admin(admin) is True


def test_closed_account_has_no_rights(admin: Any, clerk: Any) -> None:
    people.deactivate(clerk, by=admin)
    assert rights.permissions(fresh(clerk)) == frozenset()


def test_staff_flag_follows_the_role(admin: Any, teacher: Any) -> None:
    people.set_roles(teacher, ["admin"], by=admin)
    assert fresh(teacher).is_staff is True
    people.set_roles(teacher, ["teacher"], by=admin)
    assert fresh(teacher).is_staff is False


def test_first_administrator_only_in_an_empty_school(db: Any) -> None:
    made = people.make_first_admin(name="管理员", username="Admin", password="desk-lamp-41")
    assert (made.username, made.roles, made.is_staff, made.must_change_password) == ("admin", {"admin"}, True, False)
    with pytest.raises(RuleBroken, match="已经有账号了"):
        people.make_first_admin(name="另一位", username="other", password="desk-lamp-41")
