"""People: the list, one person, new and edit, passwords on paper, closing and blanking an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import django_filters
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from campus import lockout, people, profile
from campus.models import User
from campus.people_forms import PersonForm
from core import log
from core.listing import Bulk, Column, FilterSet, Listing, SearchFilter, picked
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage, Page, changes_of, values_of
from core.rights import can

EITHER = ("campus.manage_people", "campus.reset_passwords")
SHEET = 24  # slips on one A4 page, 3 x 8
SLIPS_AT_ONCE = 3 * SHEET  # each takes a good part of a second


def crumbs_of(*more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way from the list of people to here."""
    return [("人员", reverse("campus:people")), *more]


def state_word(user: User) -> str:
    """How far an account is in use."""
    if not user.is_active:
        return "停用"
    return "在用" if user.last_login or not user.must_change_password else "未登录过"


class PeopleFilter(FilterSet):
    """Search by name, pinyin, number, account or telephone; by role; by state."""

    q = SearchFilter(
        fields=("name", "sort_name", "staff_number", "username", "phone"), placeholder="姓名、拼音、工号、电话"
    )
    role = django_filters.ChoiceFilter(
        label="角色", choices=lambda: list(people.role_names().items()), method="of_role"
    )
    state = django_filters.ChoiceFilter(
        label="状态", choices=[("active", "在用"), ("new", "未登录过"), ("closed", "停用")], method="in_state"
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def of_role(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(groups__name=value)

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        if value == "closed":
            return queryset.filter(is_active=False)
        if value == "new":
            return queryset.filter(is_active=True, last_login=None, must_change_password=True)
        return queryset.filter(is_active=True)


def listed_roles(user: User) -> str:
    """The roles in words, from the prefetched groups."""
    held = {group.name for group in user.groups.all()}
    return "、".join(label for name, label in people.role_names().items() if name in held)


class PeopleListing(Listing):
    """Everybody with an account."""

    model = User
    title = filename = "人员"
    measure = "人"
    order = ("sort_name", "pk")
    related = ("department",)
    prefetch = ("groups",)
    filterset = PeopleFilter
    empty = ("没有符合条件的人", "换个条件，或新建一个账号。")
    empty_icon = "users"
    columns = (
        Column("name", "姓名", link=True, order="sort_name"),
        Column("staff_number", "工号"),
        Column("username", "账号", phone="hide"),
        Column("department", "部门", value=lambda user: user.department.name if user.department else ""),
        Column("roles", "角色", value=listed_roles, phone="wide"),
        Column("trade", "工种", phone="hide"),
        Column("phone", "电话", phone="hide"),
        Column("state", "状态", value=state_word),
        Column("last_login", "最近登录", kind="datetime", phone="hide"),
    )


class PeopleList(ListPage):
    """The list of people; first passwords are printed from here."""

    permission = EITHER
    listing = PeopleListing
    tabs = (("全部", ""), ("在用", "state=active"), ("未登录过", "state=new"), ("停用", "state=closed"))
    bulk = (Bulk("slips", "印发首次密码", "printer"),)

    def get_bulk_url(self) -> str:
        return reverse("campus:people-slips")

    def get_actions(self) -> Iterable[Action]:
        actions = [Action("印发首次密码", reverse("campus:people-slips"), "printer")]
        if can(self.request.user, "campus.manage_people"):
            actions.append(Action("从 Excel 导入", reverse("campus:people-import"), "upload", desk_only=True))
            actions.append(Action("新建账号", reverse("campus:person-new"), "plus", "primary"))
        return actions


class PersonPage(DetailPage):
    """One person: who, which roles, what can be done about the account, what happened to it."""

    permission = EITHER
    model = User
    related = ("department",)
    template_name = "campus/people_person.html"

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return crumbs_of()

    def facts(self) -> Iterable[tuple[str, Any]]:
        user = self.object
        return [
            ("账号", user.username), ("工号", user.staff_number), ("部门", user.department or ""),
            ("角色", "、".join(people.role_labels(user)) or "没有角色"), ("工种", user.trade), ("电话", user.phone),
            ("状态", state_word(user)),
        ]  # fmt: skip

    def moves(self) -> list[dict[str, Any]]:
        """What can be done, with the reasons against what cannot."""
        user, by = self.object, self.request.user
        found: list[dict[str, Any]] = []

        def offer(label: str, name: str, icon: str, reason: str | None = None) -> None:
            url = reverse(f"campus:{name}", args=[user.pk])
            reasons = [reason] if reason else []
            found.append(
                {"label": label, "url": url, "icon": icon, "style": "plain", "reasons": reasons, "method": "get"}
            )

        manages = can(by, "campus.manage_people")
        if user.is_active:
            if manages:
                offer("修改", "person-edit", "pencil")
            label = "印发首次密码" if user.last_login is None and user.must_change_password else "重设密码"
            offer(label, "person-reset", "key-round", people.reset_refused(user, by))
            if self.waiting:
                offer("解除登录等待", "person-lift", "lock-open")
            if manages:
                offer("停用账号", "person-deactivate", "user-x", people.deactivate_refused(user, by))
        elif manages and user.name != people.BLANK_NAME:
            offer("恢复账号", "person-reactivate", "rotate-ccw", people.reactivate_refused(user, by))
            offer("注销，清空个人信息", "person-blank", "eraser", people.blank_refused(user, by))
        return found

    @property
    def waiting(self) -> Any:
        return lockout.waiting_until(self.object)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(moves=self.moves(), waiting=self.waiting, **extra)


class PersonEdit(FormPage):
    """A new account, or an edited one; roles are granted by the administrator only."""

    permission = "campus.manage_people"
    denied = "账号和角色由系统管理员管理。后勤处可以在人员列表里为教师、维修工、宿管重设密码。"
    model = User
    form_class = PersonForm

    def get_title(self) -> str:
        return "新建账号" if self.creating else f"修改账号：{self.object}"

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return crumbs_of() if self.creating else crumbs_of((self.object.name, self.object.get_absolute_url()))

    def get_success(self, record: Any) -> str:
        return (
            f"已建{record.name}的账号，账号名 {record.username}。接着请印发首次密码。" if self.creating else "已保存。"
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"by": self.actor()}

    def save(self, form: Any) -> Any:
        data = dict(form.cleaned_data)
        roles = data.pop("roles")
        if self.creating:
            return people.make_person(by=self.actor(), wanted_roles=roles, **data)
        names = list(form.Meta.fields)
        before = values_of(User.objects.get(pk=form.instance.pk), names)
        if form.has_changed():
            form.instance.version += 1
        record = form.save()
        changes = changes_of(before, record)
        if changes:
            log.write(record, "edit", by=self.actor(), text=f"修改{'、'.join(changes)}", changes=changes)
        people.set_roles(record, roles, by=self.actor())
        return record


# --- Passwords on paper ----------------------------------------------------------------------------------------------


class SlipsMixin:
    """Shows slips in the answer itself: passwords are kept nowhere, so there is no page to come back to."""

    request: HttpRequest

    def slips(self, slips: list[people.Slip], back: str) -> HttpResponse:
        sheets = [slips[start : start + SHEET] for start in range(0, len(slips), SHEET)]
        return self.render(  # type: ignore[attr-defined,no-any-return]
            template="campus/slips.html", sheets=sheets, count=len(slips), school=profile.current(), back=back,
        )  # fmt: skip


class PersonAction(ActionPage):
    """One step on one account."""

    permission: Any = "campus.manage_people"
    model = User

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return crumbs_of((self.object.name, self.object.get_absolute_url()))

    def refused(self, user: User) -> str | None:
        """Why not, or None."""
        return None

    def blockers(self, record: Any) -> list[str]:
        reason = self.refused(record)
        return [reason] if reason else []


@method_decorator(never_cache, name="dispatch")
class ResetPassword(SlipsMixin, PersonAction):
    """A new random password, shown once to print."""

    permission = EITHER

    def get_title(self) -> str:
        first = self.object.last_login is None and self.object.must_change_password
        return f"印发首次密码：{self.object.name}" if first else f"重设密码：{self.object.name}"

    def get_words(self) -> str:
        return (
            "会生成一个新的随机密码，只显示这一次，请打印后交给本人。旧密码马上作废，各处的登录都会退出；"
            "本人下次登录会看到是谁重设的，并要自己另设密码。"
        )

    submit_label = "生成新密码"

    def refused(self, user: User) -> str | None:
        return people.reset_refused(user, self.actor())

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        self.slip = people.reset_password(record, by=self.actor())
        return record

    def done(self, url: str, record: Any) -> HttpResponseBase:
        return self.slips([self.slip], url)


class LiftLockout(PersonAction):
    """Ends the waiting after wrong passwords."""

    permission = EITHER
    submit_label = "解除等待"
    success = "已解除，本人现在就可以登录。"

    def get_title(self) -> str:
        return f"解除登录等待：{self.object.name}"

    def get_words(self) -> str:
        return "有设备输错密码次数过多，正在等待。请先问清是不是本人；不是本人，就让它等着，需要时重设密码。"

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        lockout.lift(record, by=self.actor())
        return record


class Deactivate(PersonAction):
    """Closes an account."""

    danger = True
    submit_label = "停用账号"
    success = "账号已停用，各处的登录已退出。"
    words = "停用后本人不能登录，他经手的记录都保留。以后可以恢复。"

    def get_title(self) -> str:
        return f"停用账号：{self.object.name}"

    def refused(self, user: User) -> str | None:
        return people.deactivate_refused(user, self.actor())

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return people.deactivate(record, by=self.actor())


class Reactivate(PersonAction):
    """Opens a closed account again."""

    submit_label = "恢复账号"
    success = "账号已恢复。接着请重设密码，打印后交给本人。"
    words = "恢复后角色照旧，旧密码作废，要重新印发密码。"

    def get_title(self) -> str:
        return f"恢复账号：{self.object.name}"

    def refused(self, user: User) -> str | None:
        return people.reactivate_refused(user, self.actor())

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return people.reactivate(record, by=self.actor())


class Blank(PersonAction):
    """Takes the person out of a closed account."""

    danger = True
    submit_label = "注销，清空个人信息"
    success = "已注销，姓名、电话、工号已清空。"
    words = "姓名、账号、工号、电话、部门会从账号和日志里清空，办过的事保留，经办人写作“已注销用户”。不能恢复。"

    def get_title(self) -> str:
        return f"注销：{self.object.name}"

    def refused(self, user: User) -> str | None:
        return people.blank_refused(user, self.actor())

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        return people.blank_person(record, by=self.actor())


@method_decorator(never_cache, name="dispatch")
class FirstPasswords(SlipsMixin, Page):
    """First passwords for everybody who has not logged in yet, or for those picked on the list."""

    permission = EITHER
    title = "印发首次密码"
    template_name = "campus/people_slips.html"

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return crumbs_of()

    def waiting(self) -> models.QuerySet[User]:
        return people.waiting_for_slips(self.request.user)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = self.waiting()
        count = people.without_password(found).count()
        return self.render(count=count, printed=found.count() - count, limit=SLIPS_AT_ONCE)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        chosen = [int(value) for value in picked(request) if value.isascii() and value.isdigit() and len(value) < 19]
        if "pick" not in request.POST and request.POST.get("all") != "1":
            return self.back("没有印：还没有选人。请在列表里勾选，或到“印发首次密码”里一次印全部。")
        found = self.waiting()
        picks = "pick" in request.POST
        users = list((found.filter(pk__in=chosen) if picks else people.without_password(found))[:SLIPS_AT_ONCE])
        if not users:
            return self.back("没有可印的：这些人都登录过或已有纸条，或不归您重设。登录过的人，请在他的页面上重设密码。")
        skipped = len(chosen) - len(users)
        if skipped > 0:
            messages.warning(request, f"{skipped} 人没有印：已登录过，或不归您重设，或超过一次 {SLIPS_AT_ONCE} 人。")
        return self.slips(people.first_passwords(users, by=request.user), reverse("campus:people"))

    def back(self, text: str) -> HttpResponseBase:
        messages.error(self.request, text)
        return HttpResponseRedirect(reverse("campus:people"))
