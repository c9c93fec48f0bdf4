"""Input for findings: noting one down on the way, and a form for each step."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campus.forms import PlaceField
from core.files import PhotosField
from core.forms import Datalist, Form, PersonField, adapt
from inspections.models import AREAS, Finding
from repairs.models import Category


def sentence(label: str, *, required: bool = True, help_text: str = "", rows: int = 2) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=200, required=required, help_text=help_text, widget=area)


class KindField(forms.CharField):
    """A kind of fault by name, with suggestions."""

    widget = Datalist

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=30, **kwargs)
        self._bind()

    def __deepcopy__(self, memo: dict[int, Any]) -> KindField:
        found: KindField = super().__deepcopy__(memo)
        found._bind()
        return found

    def _bind(self) -> None:
        if isinstance(self.widget, Datalist):
            self.widget.suggestions = self.names

    @staticmethod
    def names() -> list[str]:
        kinds = Category.objects.filter(parent__isnull=False, active=True)
        return list(kinds.order_by("parent__order", "order").values_list("name", flat=True)[:200])

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return Category.objects.filter(pk=value).values_list("name", flat=True).first() or ""
        return value.name if isinstance(value, Category) else value

    def clean(self, value: Any) -> Category | None:
        name = str(super().clean(value) or "").strip()
        if not name:
            return None
        found = Category.objects.filter(parent__isnull=False, active=True, name=name).first()
        if found is None:
            raise ValidationError(f"没有“{name}”这一类故障，请从提示里选。")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "").strip()


class ReportForm(Form):
    """随手查: place, words, photo first; danger and dates below."""

    fields: dict[str, Any]

    place = PlaceField(help_text="如 3号楼312、教学楼A 东立面。")
    words = sentence("什么问题", help_text="如：三层窗台外瓷砖松动，约一平方米。")
    photos = PhotosField(required=False)
    hazard = forms.BooleanField(label="有危险（安全隐患）", required=False)
    protection = forms.CharField(
        label="临时防护", max_length=200, required=False, help_text="有危险时写设了什么防护，如：拉警戒线，绕行。"
    )
    category = KindField(label="报修类别", required=False, help_text="填了就同时报修；不填只列入整改。")
    due_on = forms.DateField(label="哪天前整改好", required=False, help_text="不填按默认期限。")
    owner = PersonField(label="责任人", required=False)
    widths = {"category": 6, "due_on": 6, "owner": 6, "area": 6}

    def __init__(self, *args: Any, areas: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(areas) > 1:
            field = forms.ChoiceField(label="归属", choices=[(key, AREAS[key]) for key in areas])
            adapt(field)
            self.fields["area"] = field
        else:
            self.only_area = areas[0] if areas else ""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data.setdefault("area", getattr(self, "only_area", ""))
        if data.get("protection") and not data.get("hazard"):
            self.add_error("hazard", "写了临时防护的，请同时勾选“有危险”。")
        return data


class FixForm(Form):
    words = sentence("怎么整改的", help_text="如：重新固定，已清理。")
    photos = PhotosField(required=False, label="整改后照片")


class PassForm(Form):
    """复查合格; the photo is asked for where there is danger."""

    fields: dict[str, Any]

    words = sentence("复查情况", required=False)
    photo = PhotosField(max_files=1, required=False, label="现场照片", help_text="不超过 10 MB。")

    def __init__(self, *args: Any, photo_needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if photo_needed:
            self.fields["photo"].required = True
            self.fields["photo"].help_text = "安全隐患销号要有现场复查的照片。"

    def clean_photo(self) -> Any:
        found = self.cleaned_data["photo"]
        return found[0] if found else None


class FailForm(Form):
    reason = sentence("哪里还不合格")
    due_on = forms.DateField(label="新的期限", required=False, help_text="不填：期限不变。")
    photos = PhotosField(required=False, label="现场照片")


class FileForm(Form):
    category = KindField(label="报修类别")
    quantity = forms.IntegerField(label="几处", min_value=1, max_value=999, initial=1)
    widths = {"category": 8, "quantity": 4}


class AssignForm(Form):
    fields: dict[str, Any]

    owner = PersonField(label="责任人", required=False)
    due_on = forms.DateField(label="哪天前整改好")
    words = sentence("改期原因", required=False, help_text="期限往后改时要写。")
    widths = {"owner": 6, "due_on": 6}

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].initial, self.fields["due_on"].initial = finding.owner, finding.due_on


class ProtectForm(Form):
    protection = forms.CharField(label="设了什么防护", max_length=200, help_text="如：拉警戒线，立牌绕行。")
    photos = PhotosField(required=False)


class VoidForm(Form):
    reason = sentence("作废原因")
