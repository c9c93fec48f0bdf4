"""One's own account: log in, log out, change the password, confirm it before an approval."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator, validate_password
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from campus import lockout, people, profile, sessions
from campus.models import User
from core import log
from core.forms import Form, ModelForm

phone_number = RegexValidator(r"^\+?[0-9][0-9 \-]{4,18}$", "电话只能有数字、空格和短横，如 138 0000 0000 或 8021-6。")


def waiting_text(minutes: int) -> str:
    """What somebody is told who has to wait; the same for known and unknown names."""
    return f"这台设备输错次数过多，请等 {minutes} 分钟再试，在这之前密码对了也不能登录。着急的话，请后勤处解除等待。"


def wrong_text(attempt: lockout.Attempt, what: str = "账号或密码不对") -> str:
    """What somebody is told who was wrong."""
    if attempt.waits:
        return f"{what}。{waiting_text(attempt.waits)}"
    return f"{what}。再错 {attempt.left} 次，要等 {lockout.FIRST_WAIT} 分钟以上才能再试。"


def readable(text: str, length: int = 40) -> str:
    """Text from outside as the log keeps it: short, without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)[:length]


def log_failure(attempt: lockout.Attempt, what: str = "登录失败") -> None:
    """One entry for a wrong password, one more when the waiting begins."""
    said = f"{readable(attempt.username)}（{attempt.address}）"
    if attempt.refused:
        log.write(attempt.user, "login_refused", text=f"{what}，等待中：{said}，还须等 {attempt.refused} 分钟")
        return
    log.write(attempt.user, "login_failed", text=f"{what}：{said}")
    if attempt.waits:
        log.write(attempt.user, "lockout", text=f"输错次数过多：{said}，须等 {attempt.waits} 分钟")


def own_password_error(request: HttpRequest, typed: str) -> str:
    """Check the password of the user who is logged in, under the same counting as the login; "" if it is right."""
    user = request.user
    attempt = lockout.begin(request, user.get_username())
    if attempt.refused:
        log_failure(attempt, "核对密码失败")
        return waiting_text(attempt.refused)
    if user.check_password(typed):  # type: ignore[union-attr]
        lockout.succeeded(attempt, user, attempt.device)  # type: ignore[arg-type]
        return ""
    log_failure(attempt, "核对密码失败")
    return wrong_text(attempt, "密码不对")


def next_or_home(request: HttpRequest) -> str:
    """Where to go afterwards: `next` inside the site, but not back to the login; else home."""
    target = sessions.safe_next(request, request.POST.get("next") or request.GET.get("next"))
    if not target or target.startswith((reverse("login"), reverse("logout"))):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return target


def password_field(label: str, autocomplete: str, hint: str = "") -> forms.CharField:
    """A password input; what was typed never comes back in the page."""
    return forms.CharField(
        label=label, max_length=200, strip=False, help_text=hint,
        error_messages={"required": f"请填写{label}。", "max_length": "密码最多 200 个字符。"},
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )  # fmt: skip


class LoginForm(Form):
    username = forms.CharField(
        label="账号", max_length=150, help_text="工号，或后勤给您的账号。",
        error_messages={"required": "请填写账号。", "max_length": "账号没有这么长，请核对。"},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )  # fmt: skip
    password = password_field("密码", "current-password")


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class Login(View):
    """The login page; a device without id gets one here."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return HttpResponseRedirect(next_or_home(request))
        return self.page(request, LoginForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LoginForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        attempt = lockout.begin(request, form.cleaned_data["username"])
        if attempt.refused:
            log_failure(attempt)
            return self.page(request, form, waiting_text(attempt.refused), 429)
        # For an unknown name Django's backend hashes all the same, so that the time tells nothing.
        name = attempt.user.username if attempt.user else lockout.plain_name(attempt.username)
        user = authenticate(request, username=name, password=form.cleaned_data["password"])
        if user is None:
            log_failure(attempt)
            return self.page(request, form, wrong_text(attempt), 429 if attempt.waits else 200)
        login(request, user)
        sessions.started(request)
        log.write(user, "login", by=user, text=f"登录（{attempt.address}）")
        target = next_or_home(request)
        if user.must_change_password:  # type: ignore[attr-defined]
            target = reverse("campus:password") + "?" + urlencode({"next": target})
        response = HttpResponseRedirect(target)
        lockout.succeeded(attempt, user, lockout.give_device(request, response))  # type: ignore[arg-type]
        return response

    def page(self, request: HttpRequest, form: LoginForm, error: str = "", status: int = 200) -> HttpResponse:
        school = profile.current()
        demo: list[tuple[str, str]] = []
        if school.is_demo:
            active = User.objects.filter(username__in=people.DEMO_LOGINS, is_active=True)
            there = set(active.values_list("username", flat=True))
            demo = [(name, label) for name, label in people.DEMO_LOGINS.items() if name in there]
        context = {
            "title": "登录", "form": form, "error": error, "school": school, "demo": demo,
            "demo_password": people.DEMO_PASSWORD,
            "next": sessions.safe_next(request, request.POST.get("next") or request.GET.get("next")),
        }  # fmt: skip
        response = render(request, "campus/login.html", context, status=status)
        lockout.give_device(request, response)
        return response


class Logout(View):
    """Ends the session on the server; by POST only, so that no link can do it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            log.write(request.user, "logout", by=request.user, text="退出登录")  # type: ignore[arg-type]
        logout(request)
        messages.info(request, "您已退出登录。")
        return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


class PhoneForm(ModelForm):
    """What one may change about oneself."""

    class Meta:
        model = User
        fields = ["phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].validators.append(phone_number)
        self.fields["phone"].widget.attrs |= {"autocomplete": "tel", "inputmode": "tel"}


class Account(LoginRequiredMixin, View):
    """Who I am here, and what I may change about it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, PhoneForm(instance=User.objects.get(pk=request.user.pk)))

    def post(self, request: HttpRequest) -> HttpResponse:
        # A copy, so that a refused number does not show as the user's own elsewhere on the page.
        me = User.objects.get(pk=request.user.pk)
        form = PhoneForm(request.POST, instance=me)
        before = {"phone": me.phone}
        if not form.is_valid():
            return self.page(request, form)
        if form.has_changed():
            me.save(update_fields=["phone"])
            log.write(me, "edit", by=me, text="修改电话", changes=log.differences(before, me, ["phone"]))
        messages.success(request, "电话已保存。")
        return HttpResponseRedirect(reverse("campus:account"))

    def page(self, request: HttpRequest, form: PhoneForm) -> HttpResponse:
        limit = sessions.words(sessions.idle_limit(request.user))
        labels = people.role_labels(request.user)  # type: ignore[arg-type]
        context = {"title": "我的账号", "form": form, "role_labels": labels, "idle": limit}
        return render(request, "campus/account.html", context)


def check_password_rules(typed: str, user: User | None = None) -> None:
    """Django's rules; its Chinese lacks the sentence about the length, which is said here."""
    try:
        validate_password(typed, user)
    except forms.ValidationError as error:
        short = forms.ValidationError("密码太短，至少要 8 个字符。", code="password_too_short")
        raise forms.ValidationError([short if e.code == short.code else e for e in error.error_list]) from None


class PasswordForm(Form):
    """A new password twice, and the old one unless it was typed a moment ago."""

    old = password_field("现在的密码", "current-password")
    new = password_field("新密码", "new-password", "至少 8 个字符，不要只用数字，不要用账号、姓名拼音或常见的密码。")
    again = password_field("再输入一次新密码", "new-password")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User = request.user  # type: ignore[assignment]
        if self.user.must_change_password and sessions.recently_confirmed(request):
            del self.fields["old"]

    def clean_old(self) -> str:
        typed = self.cleaned_data["old"]
        error = own_password_error(self.request, typed)
        if error:
            raise forms.ValidationError(error)
        return typed

    def clean_new(self) -> str:
        typed = self.cleaned_data["new"]
        check_password_rules(typed, self.user)
        similar = UserAttributeSimilarityValidator(user_attributes=("sort_name", "staff_number", "phone"))
        similar.validate(typed, self.user)
        if self.user.check_password(typed):
            raise forms.ValidationError("新密码和现在的一样，请换一个。")
        return typed

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("new") and found.get("again") and found["new"] != found["again"]:
            self.add_error("again", "两次输入的新密码不一样，请重新输入。")
        return found


@method_decorator([never_cache, sensitive_post_parameters("old", "new", "again")], name="dispatch")
class ChangePassword(LoginRequiredMixin, View):
    """A new password; every other session of the account ends with it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, PasswordForm(request=request))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordForm(request.POST, request=request)
        if not form.is_valid():
            return self.page(request, form)
        people.change_password(form.user, form.cleaned_data["new"])
        update_session_auth_hash(request, form.user)
        sessions.started(request)
        messages.success(request, "密码已修改。其他设备上的登录已全部退出。")
        return HttpResponseRedirect(next_or_home(request))

    def page(self, request: HttpRequest, form: PasswordForm) -> HttpResponse:
        first = form.user.must_change_password
        context = {
            "title": "设置新密码" if first else "修改密码", "form": form, "first": first, "note": form.user.reset_note,
            "next": sessions.safe_next(request, request.POST.get("next") or request.GET.get("next")),
        }  # fmt: skip
        return render(request, "campus/password.html", context)


class ConfirmForm(Form):
    password = password_field("密码", "current-password")


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class ConfirmPassword(LoginRequiredMixin, View):
    """Asks for the password again before an approval; then back to where the user was."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, ConfirmForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(request.POST)
        if form.is_valid():
            error = own_password_error(request, form.cleaned_data["password"])
            if not error:
                request.session["confirmed"] = sessions.stamp()
                return HttpResponseRedirect(next_or_home(request))
            form.add_error("password", error)
        return self.page(request, form)

    def page(self, request: HttpRequest, form: ConfirmForm) -> HttpResponse:
        context = {
            "title": "再输入一次密码", "form": form,
            "next": sessions.safe_next(request, request.POST.get("next") or request.GET.get("next")),
        }  # fmt: skip
        return render(request, "campus/password_confirm.html", context)
