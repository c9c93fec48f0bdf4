"""Builders of people: `user(role="clerk", **over)` and the named cast."""

from __future__ import annotations

from itertools import count
from typing import Any

from campus import people
from campus.models import Department, User

PASSWORD = "lamp-tube-88"
_numbers = count(1)


def department(name: str = "后勤处") -> Department:
    """The department of that name."""
    return Department.objects.get_or_create(name=name)[0]


def user(role: str = "teacher", *, roles: tuple[str, ...] | None = None, **over: Any) -> User:
    """A user with one role, or with `roles`; `role=""` gives none. The password is PASSWORD unless given."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "username": f"u{number}", "name": f"{people.role_names().get(role, '来客')}{number}", "staff_number": f"T{number:04}",
        "password": PASSWORD,
    } | over  # fmt: skip
    fields.setdefault("sort_name", people.sort_name(fields["name"]))
    made = User.objects.create_user(**fields)
    wanted = roles if roles is not None else ((role,) if role else ())
    if wanted:
        people.write_roles(made, wanted)
    return made


def principal(**over: Any) -> User:
    return user("principal", **{"username": "principal", "name": "秦校长"} | over)


def viceprincipal(**over: Any) -> User:
    return user("viceprincipal", **{"username": "viceprincipal", "name": "方副校长"} | over)


def director(**over: Any) -> User:
    return user("director", **{"username": "director", "name": "陈主任"} | over)


def clerk(**over: Any) -> User:
    return user("clerk", **{"username": "clerk", "name": "李老师"} | over)


def repairer(**over: Any) -> User:
    return user("repairer", **{"username": "repairer", "name": "王师傅", "trade": "水电"} | over)


def repairer2(**over: Any) -> User:
    return user("repairer", **{"username": "repairer2", "name": "何师傅", "trade": "木工"} | over)


def storekeeper(**over: Any) -> User:
    return user("storekeeper", **{"username": "storekeeper", "name": "周保管"} | over)


def assetkeeper(**over: Any) -> User:
    return user("assetkeeper", **{"username": "assetkeeper", "name": "吴老师"} | over)


def finance(**over: Any) -> User:
    return user("finance", **{"username": "finance", "name": "郑会计"} | over)


def warden(**over: Any) -> User:
    return user("warden", **{"username": "warden", "name": "林老师"} | over)


def steward(**over: Any) -> User:
    return user("steward", **{"username": "steward", "name": "孙司务长"} | over)


def teacher(**over: Any) -> User:
    return user("teacher", **{"username": "teacher", "name": "赵老师"} | over)


def other_teacher(**over: Any) -> User:
    return user("teacher", **{"username": "teacher2", "name": "钱老师"} | over)


def homeroom(**over: Any) -> User:
    return user(roles=("teacher", "homeroom"), **{"username": "banzhuren", "name": "冯老师"} | over)


def admin(**over: Any) -> User:
    return user("admin", **{"username": "admin", "name": "管理员"} | over)
