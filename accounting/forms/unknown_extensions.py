"""The filters of the list of unknown extensions, and what is to become of those that are chosen."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from accounting.models import Extension, PhoneSystem
from callanalytics.web.filters import FilterForm


class UnknownFilter(FilterForm):
    """Filters of unknown extensions."""

    other_keys = frozenset({"after", "before", "size", "sort"})

    number = forms.CharField(label=gettext_lazy("Number begins with"), required=False, max_length=50)
    phone_system = forms.ModelChoiceField(
        label=gettext_lazy("Phone system"), required=False, queryset=PhoneSystem.objects.none(),
        empty_label=gettext_lazy("Any"),
    )  # fmt: skip
    show = forms.ChoiceField(
        label=gettext_lazy("Show"), required=False,
        choices=[("", gettext_lazy("To be adopted")), ("ignored", gettext_lazy("Of no person"))],
    )  # fmt: skip

    modifiers = frozenset({"show"})

    def __init__(self, params: QueryDict, **kwargs: Any) -> None:
        super().__init__(params, **kwargs)
        self.fields["phone_system"].queryset = PhoneSystem.objects.all()  # type: ignore[attr-defined]

    def by_number(self, extensions: QuerySet[Extension], number: str) -> QuerySet[Extension]:
        """Keep numbers that begin so."""
        return extensions.filter(number__startswith=number)

    def by_phone_system(self, extensions: QuerySet[Extension], system: PhoneSystem) -> QuerySet[Extension]:
        """Keep those of one phone system."""
        return extensions.filter(phone_system=system)


class AdoptionForm(forms.Form):
    """From when on people hold the chosen extensions, and what becomes of past calls."""

    valid_from = forms.DateField(
        label=gettext_lazy("Held from"), required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: since ever."),
    )  # fmt: skip
    past = forms.ChoiceField(
        label=gettext_lazy("Past calls"),
        required=False,
        choices=[
            ("keep", gettext_lazy("stay as they are")),
            ("reassign", gettext_lazy("go to these people from that day on, after a preview")),
        ],
    )
