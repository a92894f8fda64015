"""Forms of the rejected rows: the filters of the list, the correction of one row, the reason of a dismissal."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import PhoneSystem, RejectedRow
from accounting.services.examining import fault_of, joined
from accounting.sources.base import REASONS
from callanalytics.web.filters import FilterForm

Rows = QuerySet[RejectedRow]
LONGEST_ROW = 200_000
COLUMN = "column-"
"""How the fields of columns are named, before their place from 0."""


class RejectedFilter(FilterForm):
    """Narrows the rejected rows by phone system, reason and file."""

    other_keys = frozenset({"below", "job"})

    system = forms.ModelChoiceField(
        label=gettext_lazy("Phone system"), required=False, queryset=PhoneSystem.objects.none(),
        empty_label=gettext_lazy("Any"),
    )  # fmt: skip
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    file = forms.CharField(label=gettext_lazy("File"), required=False, max_length=255)

    def __init__(self, params: QueryDict) -> None:
        super().__init__(params)
        self.fields["system"].queryset = PhoneSystem.objects.all()  # type: ignore[attr-defined]
        self.fields["reason"].choices = [("", _("Any")), *REASONS.items()]  # type: ignore[attr-defined]

    def conditions(self) -> dict[str, Any]:
        """Return the filters as conditions of a query that can be kept as JSON."""
        lookups = {"system": "file__phone_system_id", "reason": "reason_code", "file": "file__name"}
        values = {name: self.cleaned_data[name] for name in self.active()}
        return {lookups[name]: value.pk if name == "system" else value for name, value in values.items()}


class RowForm(forms.Form):
    """One rejected row, as it is to be imported."""

    content = forms.CharField(
        label=gettext_lazy("Row"), strip=False, max_length=LONGEST_ROW,
        widget=forms.Textarea(attrs={"class": "raw-row", "dir": "ltr", "spellcheck": "false", "rows": 6}),
    )  # fmt: skip

    def __init__(self, row: RejectedRow, data: QueryDict | None = None) -> None:
        typed: Any = {"content": self.by_column(row, data)} if data and "by_column" in data else data
        super().__init__(typed, initial={"content": row.content})
        self.row = row
        self.fault: tuple[str, str] | None = None

    @staticmethod
    def by_column(row: RejectedRow, data: QueryDict) -> str:
        """Return the row's text with what was typed column by column."""
        places = {name.removeprefix(COLUMN): str(value) for name, value in data.items() if name.startswith(COLUMN)}
        values = {
            int(place): value
            for place, value in places.items()
            if place.isascii() and place.isdecimal() and len(place) < 6
        }
        return joined(row, values, fill="fill" in data)

    def clean_content(self) -> str:
        """Return the row without the browser's line ends; refuse what would be rejected again."""
        content: str = self.cleaned_data["content"].replace("\r\n", "\n").rstrip("\n")
        self.fault = fault_of(self.row, content)
        if self.fault:
            words = REASONS.get(self.fault[0], self.fault[0])
            raise forms.ValidationError(f"{words} {self.fault[1]}".strip())
        return content


class DismissalForm(forms.Form):
    """Why rows are taken off the list."""

    reason = forms.CharField(label=gettext_lazy("Reason of the dismissal"), max_length=200)
