"""Forms: Chinese messages, clean text, fast widgets, hidden version and submit token, people by datalist."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.contrib.auth import get_user_model
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

SELECT_LIMIT = 60  # options; above this a page takes a datalist or two steps
DATALIST_LIMIT = 200
INTEGER_LIMIT = 999_999_999
TOKEN_BYTES = 24

# C0 and C1 controls but tab and newline, lone surrogates, bidi overrides (they turn the text round), non-characters.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

MESSAGES: dict[type[forms.Field], dict[str, str]] = {
    forms.Field: {"required": "请填写这一项。"},
    forms.CharField: {
        "max_length": "最多 %(limit_value)d 个字，现在是 %(show_value)d 个，请缩短。",
        "min_length": "至少 %(limit_value)d 个字，现在是 %(show_value)d 个。",
        "null_characters_not_allowed": "里面有看不见的控制字符，请删去后重填。",
    },
    forms.IntegerField: {
        "invalid": "只填整数，如 12。",
        "max_value": "不能大于 %(limit_value)s。",
        "min_value": "不能小于 %(limit_value)s。",
        "step_size": "须是 %(limit_value)s 的倍数。",
    },
    forms.DecimalField: {
        "invalid": "只填数字，如 1234.50。",
        "max_value": "不能大于 %(limit_value)s。",
        "min_value": "不能小于 %(limit_value)s。",
        "max_digits": "数字太长，总共最多 %(max)s 位。",
        "max_decimal_places": "小数最多 %(max)s 位。",
        "max_whole_digits": "数字太大，整数部分最多 %(max)s 位。",
    },
    forms.FloatField: {"invalid": "只填数字，如 12.5。"},
    forms.DateField: {"invalid": "日期看不懂，请写成 2026-11-22。"},
    forms.TimeField: {"invalid": "时间看不懂，请写成 08:30。"},
    forms.DateTimeField: {"invalid": "时间看不懂，请写成 2026-11-22 08:30。"},
    forms.EmailField: {"invalid": "邮箱地址不对，如 name@school.cn。"},
    forms.URLField: {"invalid": "网址不对，如 http://houqin.school.cn。"},
    forms.RegexField: {"invalid": "格式不对，请核对后重填。"},
    forms.FileField: {
        "required": "请选一个文件。",
        "invalid": "没有收到文件，请重新选择。",
        "missing": "没有收到文件，请重新选择。",
        "empty": "文件是空的（0 字节），请换一个。",
        "max_length": "文件名最多 %(max)d 个字，现在是 %(length)d 个，请改短。",
        "contradiction": "不能同时换文件和清除文件，请选一样。",
    },
    forms.ChoiceField: {"required": "请选一项。", "invalid_choice": "选的这一项现在没有，请重新选。"},
    forms.TypedChoiceField: {"required": "请选一项。", "invalid_choice": "选的这一项现在没有，请重新选。"},
    forms.MultipleChoiceField: {
        "required": "请至少选一项。",
        "invalid_choice": "选的“%(value)s”现在没有，请重新选。",
        "invalid_list": "请从列出的几项里选。",
    },
    forms.ModelChoiceField: {"required": "请选一项。", "invalid_choice": "选的这一项现在没有，请重新选。"},
    forms.ModelMultipleChoiceField: {
        "required": "请至少选一项。",
        "invalid_choice": "选的“%(value)s”现在没有，请重新选。",
        "invalid_list": "请从列出的几项里选。",
        "invalid_pk_value": "选的“%(pk)s”现在没有，请重新选。",
    },
    forms.JSONField: {"invalid": "内容格式不对。"},
    forms.UUIDField: {"invalid": "编号格式不对。"},
}


def clean_text(value: Any, *, lines: bool = False) -> Any:
    """Text without control characters; in a single line tabs and line ends become spaces."""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if not lines:
        value = value.replace("\n", " ").replace("\t", " ")
    return _CONTROLS.sub("", value)


def plain_number(value: Any) -> Any:
    """A number as people type it: full-width digits, commas, ¥ and 元 are taken away."""
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value).strip()
    return value.replace(",", "").replace("、", "").lstrip("¥￥").removesuffix("元").strip()


_DATE_PARTS = re.compile(r"^\s*(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?\s*$")


def plain_date(value: Any) -> Any:
    """A date as people type it (2003.04.18, 2012/12/25, 2026年11月22日, full-width) in ISO form."""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value)
    found = _DATE_PARTS.match(text)
    return "{}-{:0>2}-{:0>2}".format(*found.groups()) if found else text.strip()


def date_problem(raw: Any) -> str:
    """What is wrong with a typed date, as exactly as can be told."""
    found = _DATE_PARTS.match(unicodedata.normalize("NFKC", str(raw)))
    if found:
        month, day = int(found[2]), int(found[3])
        if not 1 <= month <= 12:
            return f"没有 {month} 月，请改日期。"
        return f"{month}月没有{day}日，请改日期。" if int(found[1]) else "年份不对，请改日期。"
    return "日期看不懂，请写成 2026-11-22。"


# ---------- widgets ----------


class Select(forms.Select):
    """Django's select, rendered without a template for each option: a list page has several of them."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = {str(v) for v in self.format_value(value)}
        found = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        parts = []
        for key, label in self.choices:
            if isinstance(label, list | tuple):
                inner = format_html_join("", '<option value="{}"{}>{}</option>', self._options(label, chosen))
                parts.append(format_html('<optgroup label="{}">{}</optgroup>', key, inner))
            else:
                parts.append(
                    format_html_join("", '<option value="{}"{}>{}</option>', self._options([(key, label)], chosen))
                )
        return format_html("<select{}>{}</select>", _flat(found), SafeString("".join(parts)))

    def _options(self, pairs: Iterable[tuple[Any, Any]], chosen: set[str]) -> Iterable[tuple[str, SafeString, str]]:
        for key, label in pairs:
            text = "" if key is None else str(key)
            yield text, SafeString(" selected") if text in chosen else SafeString(""), label


class DateInput(forms.DateInput):
    """A date box; its value is ISO under every locale, as browsers want it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """A date and time box, ISO as well."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class MonthInput(forms.TextInput):
    """A month box (2026-11); plain text where the browser has none."""

    input_type = "month"


class Datalist(forms.TextInput):
    """A text box with suggestions."""

    def __init__(self, attrs: dict[str, Any] | None = None, suggestions: Callable[[], Iterable[str]] = tuple) -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        given = {**(attrs or {}), "autocomplete": "off"}
        given["list"] = f"{given.get('id') or name}_list"
        found = self.build_attrs(self.attrs, {**given, "type": "text", "name": name})
        shown = self.format_value(value)
        if shown is not None:
            found["value"] = shown
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.suggestions()))
        return format_html('<input{}><datalist id="{}">{}</datalist>', _flat(found), given["list"], options)


def _flat(attrs: dict[str, Any]) -> SafeString:
    """Attributes of a tag, escaped."""
    return SafeString(
        "".join(
            f" {key}" if value is True else f' {key}="{conditional_escape(value)}"'
            for key, value in attrs.items()
            if value is not None and value is not False
        )
    )


# ---------- people ----------


def person_label(user: Any) -> str:
    """How a person is named in a datalist: the name, and the staff number if there is one."""
    return f"{user.name} {user.staff_number}".strip()


class PersonField(forms.Field):
    """One person: a text box with a datalist; takes a name, a staff number, an account, or "name number".

    `queryset` may be a queryset or a function that returns one; without it all active users.
    """

    widget = Datalist

    def __init__(self, *, queryset: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._queryset = queryset
        self._bind_suggestions()

    def __deepcopy__(self, memo: dict[int, Any]) -> PersonField:
        found: PersonField = super().__deepcopy__(memo)  # type: ignore[misc]
        found._bind_suggestions()
        return found

    def _bind_suggestions(self) -> None:
        if isinstance(self.widget, Datalist):
            self.widget.suggestions = self.labels

    @property
    def queryset(self) -> models.QuerySet[Any]:
        found = self._queryset() if callable(self._queryset) else self._queryset
        return get_user_model()._default_manager.filter(is_active=True) if found is None else found.all()

    @queryset.setter
    def queryset(self, value: Any) -> None:
        self._queryset = value

    def labels(self) -> list[str]:
        """The suggestions."""
        return [person_label(user) for user in self.queryset[:DATALIST_LIMIT]]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, models.Model):
            return person_label(value)
        if isinstance(value, int):
            user = get_user_model()._default_manager.filter(pk=value).first()
            return person_label(user) if user else ""
        return value

    def find(self, text: str) -> Any:
        """The one person meant by `text`; ValidationError names the choices or says that there is nobody."""
        text = " ".join(clean_text(unicodedata.normalize("NFKC", text)).split())[:60]
        name, _, number = text.rpartition(" ")
        matches = (
            models.Q(name=text) | models.Q(username=text) | (models.Q(staff_number=text) & ~models.Q(staff_number=""))
        )
        if name and number:
            matches |= models.Q(name=name, staff_number=number)
        found = list(self.queryset.filter(matches).distinct()[:6])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(f"没有找到“{text}”，请从提示里选，或写姓名加工号。", code="unknown_person")
        choices = "、".join(
            person_label(user) + (f"（{user.department}）" if getattr(user, "department", None) else "")
            for user in found[:5]
        )
        raise ValidationError(f"叫“{text}”的不止一位：{choices}。请写上工号。", code="ambiguous_person")

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, models.Model):
            return value or None
        text = str(value).strip()
        return self.find(text) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "").strip()


class PeopleField(PersonField):
    """Several people in one box, parted by 、 or a comma; cleans to a list without doubles."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list | tuple | models.QuerySet):
            return "、".join(str(super(PeopleField, self).prepare_value(one)) for one in value)
        return super().prepare_value(value)

    def to_python(self, value: Any) -> list[Any]:
        if value in self.empty_values:
            return []
        if isinstance(value, list | tuple):
            return list(value)
        names = [part.strip() for part in re.split(r"[、,，;；\n]", str(value)) if part.strip()]
        if len(names) > 20:
            raise ValidationError("一次最多写 20 个人。", code="too_many")
        return list({user.pk: user for user in (self.find(name) for name in names)}.values())


# ---------- forms ----------


class Bound(BoundField):
    """A field on a page: marked when it is wrong, and told apart when it may stay empty."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        if self.errors and not widget.is_hidden:
            found["class"] = " ".join(filter(None, [found.get("class") or widget.attrs.get("class", ""), "is-invalid"]))
        return found

    @property
    def kind(self) -> str:
        """How the field stands on the page: input, check, group (radios, boxes) or own (no box: its label is a heading)."""
        widget = self.field.widget
        if getattr(widget, "draws_itself", False):
            return "own"
        if isinstance(widget, forms.CheckboxInput):
            return "check"
        return "group" if widget.use_fieldset else "input"

    @property
    def optional(self) -> bool:
        return not self.field.required and not isinstance(self.field.widget, forms.CheckboxInput)


_SWAPS: dict[type[forms.Widget], type[forms.Widget]] = {
    forms.Select: Select, forms.DateInput: DateInput, forms.DateTimeInput: DateTimeInput,
}  # fmt: skip
_KNOWN = {text for table in MESSAGES.values() for text in table.values()}


def adapt(field: forms.Field) -> None:
    """Give one field of a form our messages, widget, CSS class and cleaning."""
    _messages(field)
    widget = field.widget
    if type(widget) in _SWAPS:
        fresh: Any = _SWAPS[type(widget)]()
        fresh.attrs, fresh.is_required, fresh.is_localized = widget.attrs, widget.is_required, False
        if hasattr(widget, "choices"):
            fresh.choices = widget.choices
        field.widget = widget = fresh
    if isinstance(field, forms.DateField | forms.DateTimeField):
        field.localize = False
    css = widget.attrs.get("class", "")
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        added = "form-check-input"
    elif isinstance(widget, forms.Select):
        added = "form-select"
    else:
        added = "" if widget.is_hidden else "form-control"
    if added and added not in css.split():
        widget.attrs["class"] = f"{css} {added}".strip()
    if type(field) is forms.CharField and isinstance(widget, forms.Textarea):
        widget.attrs.setdefault("rows", 3)
        if str(widget.attrs.get("rows")) == "10":  # Django's own default fills half a phone
            widget.attrs["rows"] = 3
        widget.attrs.pop("cols", None)
    _cleaning(field, widget)


def _messages(field: forms.Field) -> None:
    """Replace Django's default messages; a message the form gave itself stays."""
    family = tuple(reversed(type(field).__mro__))
    defaults: dict[str, Any] = {}
    for kind in family:
        defaults.update(getattr(kind, "default_error_messages", {}))
    for kind in family:
        for code, text in MESSAGES.get(kind, {}).items():
            given = field.error_messages.get(code)
            if given is None or given == defaults.get(code) or given in _KNOWN:
                field.error_messages[code] = text


def _cleaning(field: forms.Field, widget: forms.Widget) -> None:
    """Clean what was typed before the field looks at it."""
    original = field.to_python
    if isinstance(field, forms.DecimalField | forms.IntegerField | forms.FloatField):
        field.to_python = lambda value: original(plain_number(value))  # type: ignore[method-assign]
        if isinstance(field, forms.DecimalField):
            if field.max_digits is None:
                field.max_digits, field.decimal_places = 14, field.decimal_places or 2
                field.validators.append(validators.DecimalValidator(field.max_digits, field.decimal_places))
        elif field.max_value is None and type(field) is forms.IntegerField:
            field.max_value = INTEGER_LIMIT
            field.validators.append(validators.MaxValueValidator(INTEGER_LIMIT))
        if isinstance(widget, forms.NumberInput):
            # A text box gives back what was typed (一千二), a number box loses it; the telephone shows digits for both.
            widget.input_type = "text"
            for name in ("step", "min", "max"):
                widget.attrs.pop(name, None)
            widget.attrs.setdefault("inputmode", "decimal" if isinstance(field, forms.DecimalField) else "numeric")
    elif isinstance(field, forms.DateField):
        field.to_python = lambda value: original(plain_date(value))  # type: ignore[method-assign]
    elif isinstance(field, forms.CharField) and not isinstance(widget, forms.PasswordInput):
        lines = isinstance(widget, forms.Textarea)
        field.to_python = lambda value: original(clean_text(value, lines=lines))  # type: ignore[method-assign]


def new_token() -> str:
    """A fresh submit token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class FormMixin:
    """What `Form` and `ModelForm` share.

    `widths` gives fields a width of 1-12 columns on a desktop ({"name": 6}); others take the whole row.
    `version` and `submit_token` are no fields: pages put them on the form, the helper renders them as hidden inputs,
    and a template that draws its own fields writes `{{ form.safeguards }}` once inside its form tag.
    """

    bound_field_class = Bound
    widths: ClassVar[dict[str, int]] = {}
    version: int | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # type: ignore[attr-defined]
            adapt(field)
        token = str(self.data.get("submit_token", "")) if self.is_bound else ""  # type: ignore[attr-defined]
        self.submit_token = token if re.fullmatch(r"[A-Za-z0-9_-]{16,43}", token) else new_token()

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]
        for name, errors in self._errors.items():  # type: ignore[attr-defined]
            field = self.fields.get(name)  # type: ignore[attr-defined]
            if isinstance(field, forms.DateField):
                for error in errors.data:
                    if error.code == "invalid":
                        error.message = date_problem(self[name].data)  # type: ignore[index]

    @property
    def safeguards(self) -> SafeString:
        """The hidden inputs: the submit token, and the version of what is edited."""
        parts = [format_html('<input type="hidden" name="submit_token" value="{}">', self.submit_token)]
        if self.version is not None:
            parts.append(format_html('<input type="hidden" name="version" value="{}">', self.version))
        return SafeString("".join(parts))

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True  # the page's own form tag carries it
        helper.template_pack = "bootstrap5"
        helper.field_template = "parts/_field.html"
        helper.form_show_errors = False  # the summary on top of the page names them all
        helper.layout = Layout(
            HTML("{{ form.safeguards }}"), *self._hidden(), Div(*self._visible(), css_class="row g-3")
        )
        return helper

    def _hidden(self) -> list[Any]:
        return [bound.name for bound in self.hidden_fields()]  # type: ignore[attr-defined]

    def _visible(self) -> list[Any]:
        return [
            Div(bound.name, css_class=f"col-md-{width}" if (width := self.widths.get(bound.name)) else "col-12")
            for bound in self.visible_fields()  # type: ignore[attr-defined]
        ]

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """For the summary on top: (where to jump, label, message) of each error; no address for the form's own."""
        found: list[tuple[str, str, str]] = []
        for name, errors in self.errors.items():  # type: ignore[attr-defined]
            for message in errors:
                if name in self.fields:  # type: ignore[attr-defined]
                    bound = self[name]  # type: ignore[index]
                    found.append((bound.auto_id, str(bound.label), message))
                else:
                    found.append(("", "", message))
        return found


class Form(FormMixin, forms.Form):
    """A form that is no record's."""


class ModelForm(FormMixin, forms.ModelForm):
    """A record's form; its version is the record's as it was read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.version = getattr(self.instance, "version", None)

    def _update_errors(self, errors: ValidationError) -> None:
        """Put our words in the place of those that model validation brings."""
        if hasattr(errors, "error_dict"):
            for name, found in errors.error_dict.items():
                for error in found:
                    self._reword(name, error)
        super()._update_errors(errors)

    def _reword(self, name: str, error: ValidationError) -> None:
        if error.code == "unique" and str(error.message).startswith("具有"):
            error.message = "已有一条记录用了同样的内容，请换一个。"
            error.params = None
        elif error.code == "unique_together":
            error.message, error.params = "已有一条同样的记录，不能重复。", None
        field = self.fields.get(name)
        if field is not None and error.code in (
            "max_length",
            "min_value",
            "max_value",
            "blank",
            "null",
            "invalid_choice",
        ):
            code = {"blank": "required", "null": "required"}.get(error.code, error.code)
            words = field.error_messages.get(code) or {
                "min_value": "不能小于 %(limit_value)s。", "max_value": "不能大于 %(limit_value)s。"
            }.get(code)  # fmt: skip
            if words:
                error.message = words
