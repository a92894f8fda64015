"""Forms of the tariff pages: a copy with new days and prices, and which rate wins for a number."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.models import Tariff
from accounting.services.tariff_copies import Copy
from accounting.services.tariff_review import holds_on, overlap_in_words, overlaps

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
        label=_("The tariff in force ends where the new one begins"), required=False, initial=True,
    )  # fmt: skip

    def __init__(self, *args: Any, tariff: Tariff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tariff = tariff
        self.others = list(Tariff.objects.filter(carrier_id=tariff.carrier_id))
        self.ended: Tariff | None = None
        begin = self.usual_begin()
        name = f"{tariff.name} ({(begin or timezone.localdate()).year})"
        self.initial = {"name": name, "valid_from": begin, "percent": 0, "end_old": begin is not None}

    def usual_begin(self) -> date | None:
        """Return the day on which the new tariff usually begins, None when another tariff holds then or later."""
        begin = self.tariff.valid_to or first_of_next_month()
        later = [one for one in self.others if one != self.tariff and (one.valid_to or date.max) > begin]
        return None if later else begin

    def clean(self) -> dict[str, Any]:
        """Refuse wrong days, a name that the carrier has, and days on which another tariff of the carrier holds."""
        found = super().clean() or {}
        begin, end = found.get("valid_from"), found.get("valid_to")
        if begin and end and end <= begin:
            self.add_error("valid_to", _("The end must lie after the beginning; the last day itself is not included."))
        if Tariff.objects.filter(carrier_id=self.tariff.carrier_id, name=found.get("name")).exists():
            self.add_error("name", _("The carrier has a tariff of this name."))
        if found.get("end_old") and not begin:
            self.add_error("valid_from", _("Name the day on which the old tariff gives way to the new one."))
        if not self.errors:
            self.refuse_overlaps(begin, end, end_old=found["end_old"])
        return found

    def refuse_overlaps(self, begin: date | None, end: date | None, *, end_old: bool) -> None:
        """Keep the tariff that gives way to the new one, and refuse days of any other."""
        new = Tariff(name=self.cleaned_data["name"], valid_from=begin, valid_to=end)
        for other in self.others:
            pair = next(overlaps([other, new]), None)
            if pair and end_old and begin and holds_on(other, begin) and (other.valid_from or date.min) < begin:
                self.ended = other
            elif pair:
                self.add_error("valid_from", overlap_in_words(self.tariff.carrier, *pair))

    def wish(self) -> Copy:
        """Return what was asked for."""
        found = self.cleaned_data
        return Copy(found["name"], found["valid_from"], found["valid_to"], found["percent"] or Decimal(0), self.ended)


def first_of_next_month() -> date:
    """Return the usual day on which prices change."""
    return (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
