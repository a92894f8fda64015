"""Forms of the tariff pages: a copy with new days and prices, and which rate wins for a number."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.models import Tariff
from accounting.services.tariff_copies import Copy

DATE_INPUT = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CopyForm(forms.Form):
    """How a copy of a tariff differs from it."""

    name = forms.CharField(label=_("Name of the new tariff"), max_length=80)
    valid_from = forms.DateField(label=_("Valid from"), required=False, widget=DATE_INPUT)
    valid_to = forms.DateField(
        label=_("Valid to"), required=False, widget=DATE_INPUT,
        help_text=_("Not included. Empty: until further notice."),
    )  # fmt: skip
    percent = forms.DecimalField(
        label=_("Change of all prices in percent"), required=False, min_value=Decimal(-100), max_value=Decimal(1000),
        decimal_places=4, initial=Decimal(0),
        help_text=_("For instance 2.5 or -3. Fees, minimum and maximum charges change too; rounded to six decimals."),
    )  # fmt: skip
    end_old = forms.BooleanField(
        label=_("End the old tariff where the new one begins"), required=False, initial=True,
    )  # fmt: skip

    def __init__(self, *args: Any, tariff: Tariff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tariff = tariff
        begin = tariff.valid_to or first_of_next_month()
        self.initial = {"name": f"{tariff.name} ({begin.year})", "valid_from": begin, "percent": 0, "end_old": True}

    def clean(self) -> dict[str, Any]:
        """Refuse wrong days, a name that the carrier has, and an old tariff that would have no days left."""
        found = super().clean() or {}
        begin, end = found.get("valid_from"), found.get("valid_to")
        if begin and end and end <= begin:
            self.add_error("valid_to", _("The end must lie after the beginning; the last day itself is not included."))
        if Tariff.objects.filter(carrier_id=self.tariff.carrier_id, name=found.get("name")).exists():
            self.add_error("name", _("The carrier has a tariff of this name."))
        if found.get("end_old"):
            if not begin:
                self.add_error("valid_from", _("Name the day on which the old tariff gives way to the new one."))
            elif self.tariff.valid_from and begin <= self.tariff.valid_from:
                self.add_error("valid_from", _("The old tariff begins later: it would have no days left."))
        return found

    def wish(self) -> Copy:
        """Return what was asked for."""
        found = self.cleaned_data
        return Copy(
            found["name"], found["valid_from"], found["valid_to"], found["percent"] or Decimal(0), found["end_old"]
        )


def first_of_next_month() -> Any:
    """Return the usual day on which prices change."""
    return (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
