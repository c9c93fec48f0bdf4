"""Input of the plan: a line by hand, the prose."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from core import forms
from workplan.models import MonthlyPlan, PlanLine
from workplan.sections import HEADINGS

PROSE = 3000


class LineForm(forms.ModelForm):
    """A line by hand."""

    widths = {"owner": 6, "due": 6}

    class Meta:
        model = PlanLine
        fields = ["section", "title", "reason", "owner", "due"]
        widgets = {"due": forms.DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = []
        for heading in HEADINGS:
            sections = [(section.key, section.label) for section in heading.sections]
            if len(sections) > 1:
                choices.append((heading.label, sections))
            else:
                choices += [(key, heading.label) for key, _ in sections]
        self.fields["section"] = django_forms.ChoiceField(label="放在哪一栏", choices=choices)
        forms.adapt(self.fields["section"])


class ProseForm(forms.ModelForm):
    """The text under each heading."""

    class Meta:
        model = MonthlyPlan
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = self.instance.version
        copied = kwargs.get("initial") or {}
        for heading in HEADINGS:
            field = django_forms.CharField(
                label=heading.label, required=False, max_length=PROSE, help_text=heading.help,
                initial=copied.get(heading.key, self.instance.prose.get(heading.key, "")),
                widget=django_forms.Textarea(attrs={"rows": 4}),
            )  # fmt: skip
            forms.adapt(field)
            self.fields[heading.key] = field
