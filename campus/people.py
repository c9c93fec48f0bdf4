"""People: roles, first passwords, resets, leaving; who may do it to whom is said here once."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.utils.module_loading import import_string

from campus.models import Department, LoginGuard, User
from core import clock, log, personal
from core.pinyin import full
from core.rights import can, roles
from core.workflow import RuleBroken

ADMIN = "admin"
OFFICE_RESETS = frozenset({"teacher", "homeroom", "repairer", "warden"})  # the office resets these and nobody else
ALSO = {
    "老师": "teacher",
    "水电工": "repairer",
    "木工": "repairer",
    "主任": "director",
    "会计": "finance",
    "生活老师": "warden",
}
READABLE = "abcdefghjkmnpqrstuvwxyz"  # without i l o, and digits without 0 1: read from paper, typed on a phone
DIGITS = "23456789"
FIRST_LENGTH = 8
BLANK_NAME = "已注销用户"

DEMO_PASSWORD = "houqin-demo"  # noqa: S105 - printed on the login page of a demo school, which holds no real data
DEMO_LOGINS = {
    "teacher": "教师", "teacher2": "教师", "banzhuren": "班主任", "repairer": "维修工", "repairer2": "维修工",
    "clerk": "后勤职员", "director": "后勤主任", "warden": "宿管", "steward": "司务长", "storekeeper": "仓库保管员",
    "assetkeeper": "资产管理员", "finance": "财务", "viceprincipal": "分管副校长", "principal": "校长",
    "admin": "系统管理员",
}  # fmt: skip


@cache
def role_names() -> dict[str, str]:
    """The roles in the order of the role table, with their Chinese names."""
    return import_string(settings.ROLE_TABLE.rpartition(".")[0] + ".NAMES")


def role_labels(user: User) -> list[str]:
    """The user's roles in Chinese, in the table's order."""
    held = roles(user) if user.is_active else frozenset(user.groups.values_list("name", flat=True))
    return [label for name, label in role_names().items() if name in held]


# --- Who may ---------------------------------------------------------------------------------------------------------


def reset_refused(user: User, by: Any) -> str | None:
    """Why `by` may not give `user` a new password, or None if he may."""
    if not can(by, "campus.reset_passwords") and not can(by, "campus.manage_people"):
        return "重设密码由后勤处或系统管理员办理。"
    if user.pk == by.pk:
        return "自己的密码请在“我的账号”里修改。"
    if not user.is_active:
        return f"{user.name}的账号已停用，先恢复使用才能重设密码。"
    if can(by, "campus.manage_people"):
        return None
    held = frozenset(user.groups.values_list("name", flat=True))
    if user.is_superuser or not held <= OFFICE_RESETS:
        return f"后勤处只能为教师、维修工、宿管重设密码。{user.name}的密码请找系统管理员重设。"
    return None


def roles_refused(wanted: Iterable[str], user: User | None, by: Any) -> str | None:
    """Why `by` may not give exactly these roles to `user` (None: somebody new), or None if he may."""
    chosen = frozenset(wanted)
    if not can(by, "campus.manage_people"):
        return "角色只能由系统管理员分配。"
    if not chosen <= role_names().keys():
        return "没有这个角色，请从列出的角色里选。"
    if user is not None and user.pk == by.pk:
        if chosen != frozenset(user.groups.values_list("name", flat=True)):
            return "不能改自己的角色，请另一位系统管理员来改。"
        return None
    if ADMIN in chosen and len(chosen) > 1:
        return "系统管理员不兼业务角色，免得自己给自己开权限。请只留一边，或另开一个账号。"
    if user is not None and ADMIN not in chosen and last_admin(user):
        return f"{user.name}是唯一的系统管理员。先指定另一位，再改他的角色。"
    return None


def deactivate_refused(user: User, by: Any) -> str | None:
    """Why `by` may not close the account of `user`, or None if he may."""
    if not can(by, "campus.manage_people"):
        return "停用账号由系统管理员办理。"
    if user.pk == by.pk:
        return "不能停用自己的账号，请另一位系统管理员来办。"
    if last_admin(user):
        return f"{user.name}是唯一的系统管理员。先指定另一位，再停用。"
    return None


def last_admin(user: User) -> bool:
    """Is he the only active administrator?"""
    admins = User.objects.filter(is_active=True, groups__name=ADMIN)
    return admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists()


# --- Verbs -----------------------------------------------------------------------------------------------------------


def sort_name(name: str) -> str:
    """The pinyin by which people are sorted and found."""
    return full(name)


def write_roles(user: User, wanted: Iterable[str]) -> None:
    """Set the groups and what hangs on them, unchecked and unlogged: for seeds; pages call `set_roles`."""
    names = sorted(set(wanted))
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in names])
    user.is_staff = ADMIN in names
    user.save(update_fields=["is_staff"])
    for remembered in ("_roles", "_permissions"):
        user.__dict__.pop(remembered, None)


@transaction.atomic
def set_roles(user: User, wanted: Iterable[str], *, by: Any, new: bool = False) -> bool:
    """Give `user` exactly these roles; True if anything changed."""
    chosen = frozenset(wanted)
    refused = roles_refused(chosen, None if new else user, by)
    if refused:
        raise RuleBroken(refused)
    before = role_labels(user)
    if chosen == frozenset(user.groups.values_list("name", flat=True)):
        return False
    write_roles(user, chosen)
    log.write(
        user, "roles", by=by, text="分配角色",
        changes={"角色": ["、".join(before), "、".join(role_labels(user))]},
    )  # fmt: skip
    return True


def random_password() -> str:
    """Eight characters that cannot be confused on paper, always with a digit and a letter."""
    while True:
        found = "".join(secrets.choice(READABLE + DIGITS) for _ in range(FIRST_LENGTH))
        if any(char in DIGITS for char in found) and any(char in READABLE for char in found):
            return found


def without_password(users: models.QuerySet[User]) -> models.QuerySet[User]:
    """Those of `users` for whom no slip was ever printed."""
    return users.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)


@dataclass(frozen=True)
class Slip:
    """A password to hand over on paper; kept nowhere."""

    user: User
    password: str


def waiting_for_slips(by: Any) -> models.QuerySet[User]:
    """Accounts that nobody has used yet and whose first password `by` may print."""
    found = User.objects.filter(is_active=True, must_change_password=True, last_login=None).exclude(pk=by.pk)
    if not can(by, "campus.manage_people"):
        found = found.exclude(groups__in=Group.objects.exclude(name__in=OFFICE_RESETS)).exclude(is_superuser=True)
    return found.select_related("department").order_by("department__order", "department_id", "sort_name", "pk")


def first_passwords(users: Iterable[User], *, by: Any) -> list[Slip]:
    """Give new first passwords to people who have never logged in; earlier slips of theirs become void."""
    chosen = list(users)
    for user in chosen:
        refused = reset_refused(user, by) or (_used(user) if user.last_login else None)
        if refused:
            raise RuleBroken(refused)
    passwords = [random_password() for _ in chosen]
    # A hash takes a good part of a second by design: worked out before the transaction, so that nobody waits for it.
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        hashes = list(pool.map(make_password, passwords))
    slips = []
    with transaction.atomic():
        for user, password, hashed in zip(chosen, passwords, hashes, strict=True):
            unused = User.objects.filter(pk=user.pk, last_login=None, is_active=True)
            if not unused.update(password=hashed, must_change_password=True, reset_note=""):
                raise RuleBroken(_used(user))
            LoginGuard.objects.filter(user=user).update(fails=0, rounds=0, until=None)
            log.write(user, "first_password", by=by, text="印发首次密码")
            slips.append(Slip(user, password))
    return slips


def _used(user: User) -> str:
    return f"{user.name}已经登录过，请用“重设密码”。"


@transaction.atomic
def reset_password(user: User, *, by: Any) -> Slip:
    """A new random password; the person is told at the next login who did it and when, all his sessions end."""
    if user.last_login is None and user.must_change_password:
        return first_passwords([user], by=by)[0]
    refused = reset_refused(user, by)
    if refused:
        raise RuleBroken(refused)
    password, when = random_password(), clock.local(clock.now())
    user.set_password(password)
    user.must_change_password = True
    user.reset_note = f"{by.name}于{when.month}月{when.day}日 {when:%H:%M}重设了您的密码。"[:120]
    user.save(update_fields=["password", "must_change_password", "reset_note"])
    LoginGuard.objects.filter(user=user).update(fails=0, rounds=0, until=None)  # whoever holds the slip need not wait
    log.write(user, "reset_password", by=by, text="重设密码")
    return Slip(user, password)


def change_password(user: User, password: str) -> None:
    """The user's own choice: it ends the duty to change and what he was told about it."""
    user.set_password(password)
    user.must_change_password = False
    user.reset_note = ""
    user.save(update_fields=["password", "must_change_password", "reset_note"])
    log.write(user, "change_password", by=user, text="修改密码")


def tidy_username(username: str, staff_number: str) -> str:
    """The account's name: as typed, else the staff number; always in small letters."""
    return (username or staff_number).strip().lower()


@transaction.atomic
def make_person(*, by: Any, wanted_roles: Iterable[str] = (), **fields: Any) -> User:
    """A new account without a usable password; the first one comes with its printed slip."""
    user = User(must_change_password=True, **fields)
    user.sort_name = user.sort_name or sort_name(user.name)
    user.username = tidy_username(user.username, user.staff_number)
    user.set_unusable_password()
    user.save()
    log.write(user, "create", by=by, text="新建账号")
    set_roles(user, wanted_roles, by=by, new=True)
    return user


@transaction.atomic
def deactivate(user: User, *, by: Any) -> User:
    """Close the account: its sessions end with the next request, its records keep the name."""
    refused = deactivate_refused(user, by)
    if refused:
        raise RuleBroken(refused)
    user.is_active = False
    user.save(update_fields=["is_active"])
    log.write(user, "deactivate", by=by, text="停用账号")
    return user


def reactivate_refused(user: User, by: Any) -> str | None:
    """Why `by` may not open the account of `user` again, or None if he may."""
    if not can(by, "campus.manage_people"):
        return "恢复账号由系统管理员办理。"
    if user.name == BLANK_NAME:
        return "这个账号已注销，个人信息已清空，不能恢复。请新建账号。"
    return None


@transaction.atomic
def reactivate(user: User, *, by: Any) -> User:
    """Open a closed account again; the old password is gone, a new one comes by slip."""
    refused = reactivate_refused(user, by)
    if refused:
        raise RuleBroken(refused)
    user.is_active = True
    user.set_unusable_password()
    user.must_change_password = True
    user.save(update_fields=["is_active", "password", "must_change_password"])
    log.write(user, "reactivate", by=by, text="恢复账号")
    return user


def blank_refused(user: User, by: Any) -> str | None:
    """Why `by` may not take the person out of the account, or None if he may."""
    if not can(by, "campus.manage_people"):
        return "注销由系统管理员办理。"
    if user.is_active:
        return f"{user.name}的账号还在用，先停用再注销。"
    if user.name == BLANK_NAME:
        return "这个账号已经注销。"
    return None


@transaction.atomic
def blank_person(user: User, *, by: Any) -> User:
    """Take the person out of a closed account and out of the log; what was done stays, without a name."""
    refused = blank_refused(user, by)
    if refused:
        raise RuleBroken(refused)
    words = [part for part in (user.username, user.name) if part]
    user.name = user.sort_name = BLANK_NAME
    user.username = f"gone-{user.pk}"
    user.staff_number = user.phone = user.trade = user.reset_note = ""
    user.department = None
    user.set_unusable_password()
    user.save()
    LoginGuard.objects.filter(user=user).delete()
    personal.blank_log(user, words, BLANK_NAME)
    log.write(user, "blank_person", by=by, text="注销账号，清空个人信息")
    return user


def read_roles(text: str) -> tuple[list[str], list[str]]:
    """Roles typed in words, as ([role, ...], [word that is none, ...])."""
    by_word = {label: name for name, label in role_names().items()} | ALSO
    words = [word.strip() for word in re.split(r"[、,，;；/\s]+", text) if word.strip()]
    found = dict.fromkeys(by_word[word] for word in words if word in by_word)
    return list(found), [word for word in words if word not in by_word]


@transaction.atomic
def make_people(rows: Iterable[dict[str, Any]], *, by: Any) -> list[User]:
    """Many accounts at once, from checked rows: name, staff_number, phone, department (its name), roles, trade.

    The caller logs the file; first passwords come with the slips.
    """
    wanted = list(rows)
    for row in wanted:
        refused = roles_refused(row.get("roles", ()), None, by)
        if refused:
            raise RuleBroken(f"{row['name']}：{refused}")
    names = dict.fromkeys(row["department"] for row in wanted if row.get("department"))
    departments = {one.name: one for one in Department.objects.filter(name__in=names)}
    for name in names:
        if name not in departments:
            departments[name] = Department.objects.create(name=name)
    groups = {one.name: one for one in Group.objects.all()}
    for name in {role for row in wanted for role in row.get("roles", ())} - groups.keys():
        groups[name] = Group.objects.create(name=name)
    made = User.objects.bulk_create(
        User(
            username=tidy_username(row.get("username", ""), row["staff_number"]), name=row["name"],
            sort_name=sort_name(row["name"]), staff_number=row["staff_number"], phone=row.get("phone", ""),
            trade=row.get("trade", ""), department=departments.get(row.get("department", "")),
            password=make_password(None), must_change_password=True, is_staff=ADMIN in row.get("roles", ()),
        )
        for row in wanted
    )  # fmt: skip
    held = User.groups.through
    held.objects.bulk_create(
        held(user_id=user.pk, group_id=groups[role].pk)
        for user, row in zip(made, wanted, strict=True)
        for role in dict.fromkeys(row.get("roles", ()))
    )
    return made


@transaction.atomic
def make_first_admin(*, name: str, username: str, password: str) -> User:
    """The account that opens an empty school; refused as soon as anybody is there."""
    if User.objects.exists():
        raise RuleBroken("已经有账号了，请用系统管理员的账号登录后再建别的账号。")
    user = User.objects.create_user(
        tidy_username(username, ""), password, name=name.strip(), sort_name=sort_name(name.strip())
    )
    write_roles(user, [ADMIN])
    log.write(user, "create", by=user, text="新建第一个系统管理员")
    return user
