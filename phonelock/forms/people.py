"""By what the list of people and their lines is narrowed."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounting.models import Department, Office, User
from phonelock.services.choosing import STATES, Choice, departments_offered, offices_offered


class ChoiceForm(forms.Form):
    """The filter of the list."""

    search = forms.CharField(
        label=_("Name or number"), required=False, max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )  # fmt: skip
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    department = forms.ModelChoiceField(
        label=_("Department"), required=False, queryset=Department.objects.none(), empty_label=_("All departments")
    )
    office = forms.ModelChoiceField(
        label=_("Office"), required=False, queryset=Office.objects.none(), empty_label=_("All offices")
    )

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments_offered(reader)  # type: ignore[attr-defined]
        self.fields["office"].queryset = offices_offered(reader)  # type: ignore[attr-defined]

    @property
    def choice(self) -> Choice:
        """What was chosen, of a valid form."""
        cleaned = self.cleaned_data
        department, office = cleaned["department"], cleaned["office"]
        return Choice(cleaned["search"], cleaned["state"], department and department.pk, office and office.pk)


def choice_of(query: QueryDict, reader: User) -> tuple[ChoiceForm, Choice | None]:
    """Return the filter of an address, None when it cannot be understood."""
    form = ChoiceForm(query, reader=reader)
    return form, form.choice if form.is_valid() else None
