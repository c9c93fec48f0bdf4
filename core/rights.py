"""Rights: what a user's roles allow, read from the one role table that settings name.

A role is a Django group of the same name. The table says role -> set of permissions; a permission is either a plain
`app.verb_noun` of ours or Django's own `app.change_model` for the look-ups in the admin. Superuser rights give no
business step: `can` never asks `is_superuser`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db.models import F
from django.utils.module_loading import import_string


@cache
def table() -> dict[str, frozenset[str]]:
    """The role table {role: permissions}, by the dotted path in settings.ROLE_TABLE."""
    return import_string(settings.ROLE_TABLE)


def roles(user: Any) -> frozenset[str]:
    """The names of the user's roles; one query a user object, empty for guests and inactive accounts."""
    if user is None or not getattr(user, "is_authenticated", False) or not user.is_active:
        return frozenset()
    found = getattr(user, "_roles", None)
    if found is None:
        found = user._roles = frozenset(user.groups.values_list("name", flat=True))
    return found


def permissions(user: Any) -> frozenset[str]:
    """Everything the user's roles allow together."""
    found = getattr(user, "_permissions", None)
    if found is None:
        known = table()
        found = frozenset().union(*(known.get(role, frozenset()) for role in roles(user)))
        if user is not None and getattr(user, "is_authenticated", False):
            user._permissions = found
    return found


def can(user: Any, permission: str) -> bool:
    """May `user` do this by role? Objects are a matter of `visible_to` and of the rules."""
    return permission in permissions(user)


def scopes(user: Any, permission: str) -> list[str]:
    """The parts after the colon: `repairs.view_in:dormitory` gives `dormitory` for `repairs.view_in`."""
    head = permission + ":"
    return sorted(p[len(head) :] for p in permissions(user) if p.startswith(head))


def holders(permission: str) -> list[str]:
    """The roles that hold a permission."""
    return sorted(role for role, held in table().items() if permission in held)


class RoleBackend(ModelBackend):
    """Django's `has_perm` answered from the same table, so that the admin obeys it too."""

    def get_user(self, user_id: Any) -> Any:
        """The user of a session; his roles come in the same statement, for every page asks for both."""
        found = get_user_model()._default_manager.filter(pk=user_id).annotate(role_name=F("groups__name"))
        rows: list[Any] = list(found)
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        rows[0]._roles = frozenset(row.role_name for row in rows if row.role_name)
        return rows[0]

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return bool(user_obj.is_active and can(user_obj, perm))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(p.startswith(app_label + ".") for p in permissions(user_obj))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set(permissions(user_obj))
