"""The forms of re-costing and re-assignment: which calls, and why."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounting.models import Carrier, Extension, Gateway, PhoneSystem
from accounting.services.selecting import Selection
from callanalytics.lib import periods

CUSTOM = "custom"
PREFIX = re.compile(r"\+?[0-9*#]{1,20}")
SEPARATORS = re.compile(r"[\s()/.\-]")


class PeriodForm(forms.Form):
    """A named period, or whole days."""

    period = forms.ChoiceField(
        label=gettext_lazy("Period"),
        choices=[*periods.NAMES.items(), (CUSTOM, gettext_lazy("From … to …"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # “from” is a word of Python, so these two fields cannot be attributes.
        self.fields["from"] = forms.DateField(label=pgettext("date", "From"), required=False, widget=_date_widget())
        self.fields["to"] = forms.DateField(label=_("To, included"), required=False, widget=_date_widget())
        self.order_fields(["period", "from", "to"])

    def clean(self) -> dict[str, Any]:
        """Let typed days win, and check that they are in order."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("from"), cleaned.get("to")
        if first or last:
            cleaned["period"] = CUSTOM
        elif cleaned.get("period") == CUSTOM:
            self.add_error("from", _("Enter the first or the last day."))
        if first and last and first > last:
            self.add_error("from", _("The first day is after the last one."))
        return cleaned

    def bounds(self) -> tuple[str, str]:
        """Return start and end of the period as a selection keeps them."""
        name = self.cleaned_data["period"]
        custom = name == CUSTOM
        period = periods.between(self.cleaned_data["from"], self.cleaned_data["to"]) if custom else periods.named(name)
        return (
            period.start.isoformat() if period.start else "",
            period.end.isoformat() if period.end else "",
        )


class ReassignmentForm(PeriodForm):
    """Which extensions' calls are to go to whoever is entered as their holder."""

    numbers = forms.CharField(
        label=gettext_lazy("Extensions"), max_length=500, help_text=gettext_lazy("Several with commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["numbers", "period", "from", "to"])

    def clean_numbers(self) -> tuple[int, ...]:
        """Return the extensions of these numbers on all phone systems; refuse numbers that nobody has entered."""
        typed = set(re.split(r"[\s,;]+", self.cleaned_data["numbers"].strip()))
        found = list(Extension.objects.filter(number__in=typed).values_list("pk", "number"))
        missing = sorted(typed - {number for _pk, number in found})
        if missing:
            raise forms.ValidationError(_("There is no extension %(numbers)s.") % {"numbers": ", ".join(missing)})
        return tuple(sorted(pk for pk, _number in found))

    def selection(self) -> Selection:
        """Return the calls that are meant."""
        start, end = self.bounds()
        return Selection(start=start, end=end, extensions=self.cleaned_data["numbers"])


class RecostingForm(PeriodForm):
    """Which calls are to be priced anew."""

    phone_system = forms.ModelChoiceField(
        label=gettext_lazy("Phone system"), required=False, queryset=PhoneSystem.objects.all(),
        empty_label=gettext_lazy("Any"),
    )  # fmt: skip
    gateway = forms.ModelChoiceField(
        label=gettext_lazy("Gateway"), required=False, queryset=Gateway.objects.all(), empty_label=gettext_lazy("Any")
    )
    carrier = forms.ModelChoiceField(
        label=gettext_lazy("Carrier"), required=False, queryset=Carrier.objects.all(), empty_label=gettext_lazy("Any")
    )
    beginning = forms.CharField(
        label=gettext_lazy("Numbers beginning with"), required=False, max_length=40,
        help_text=gettext_lazy("With + and country code, for instance +4930; short numbers as they are."),
    )  # fmt: skip
    unpriced = forms.BooleanField(label=gettext_lazy("Only calls without a price"), required=False)

    def clean_beginning(self) -> str:
        """Return the prefix as numbers are stored."""
        prefix = SEPARATORS.sub("", self.cleaned_data["beginning"])
        prefix = f"+{prefix[2:]}" if prefix.startswith("00") else prefix
        if prefix and not PREFIX.fullmatch(prefix):
            raise forms.ValidationError(_("A prefix has digits only, with or without + before them."))
        return prefix

    def selection(self) -> Selection:
        """Return the calls that are meant."""
        start, end = self.bounds()
        chosen = {name: getattr(self.cleaned_data[name], "pk", None) for name in ("phone_system", "gateway", "carrier")}
        prefix, unpriced = self.cleaned_data["beginning"], self.cleaned_data["unpriced"]
        return Selection(
            start, end, chosen["phone_system"], chosen["gateway"], chosen["carrier"], prefix, unpriced=unpriced
        )


class ReasonForm(forms.Form):
    """Why a correction is applied."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200,
        help_text=gettext_lazy("Kept with the journal, for instance the number of the credit note."),
    )  # fmt: skip


class UndoForm(forms.Form):
    """Why something is undone."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200,
        help_text=gettext_lazy("Kept with the journal and in the audit log, for instance “wrong price list”."),
    )  # fmt: skip


def _date_widget() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
