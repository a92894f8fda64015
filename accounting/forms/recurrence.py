"""The controls of due times, for whatever is done again and again."""

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounting.forms.profile import zone_choices
from accounting.models import MailServer, Recurring
from callanalytics.lib.recurrence import LAST_DAY
from callanalytics.middleware import ZONES

Units = Recurring.Units
MOST_UNITS = {Units.MINUTES: 10_080, Units.DAYS: 366, Units.WEEKS: 52, Units.MONTHS: 24}


class RecurrenceForm(forms.ModelForm[Any]):
    """When something is done, by plain controls; those of other units than the chosen one are passed over."""

    every = forms.IntegerField(label=gettext_lazy("Every"), min_value=1, max_value=10_080)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On"), required=False, coerce=int, choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    day_of_month = forms.TypedChoiceField(
        label=gettext_lazy("Day of the month"), coerce=int, required=False,
        choices=[*((day, str(day)) for day in range(1, LAST_DAY)), (LAST_DAY, gettext_lazy("Last day"))],
        help_text=gettext_lazy("In shorter months: their last day."),
    )  # fmt: skip
    at = forms.TimeField(
        label=pgettext_lazy("time of day", "Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        input_formats=["%H:%M", "%H:%M:%S"],
    )  # fmt: skip
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zone_choices)
    first_day = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )  # fmt: skip

    class Meta:
        fields: tuple[str, ...] = ("unit", "every", "weekdays", "day_of_month", "at", "zone", "first_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shortest = MailServer.current().shortest_interval
        said = ngettext(
            "Not more often than every minute.", "Not more often than every %(number)s minutes.", self.shortest
        )
        self.fields["every"].help_text = said % {"number": self.shortest}
        zones = self.fields["zone"]
        if self.instance.pk and self.instance.zone not in ZONES and isinstance(zones, forms.ChoiceField):
            zones.choices = [("", _("Choose a time zone")), *zone_choices()]

    def clean_day_of_month(self) -> int:
        """Return the day; the first where the control was not shown."""
        return int(self.cleaned_data["day_of_month"] or 1)

    def clean(self) -> dict[str, Any]:
        """Refuse weeks without a day and numbers that no calendar needs."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        unit, every = cleaned.get("unit"), cleaned.get("every")
        if unit and every and every > MOST_UNITS[Units(unit)]:
            text = _("At most %(most)s.") % {"most": MOST_UNITS[Units(unit)]}
            self.add_error("every", text)
        if unit == Units.MINUTES and every and every < self.shortest:
            self.add_error("every", self.fields["every"].help_text)
        if unit == Units.WEEKS and "weekdays" in cleaned and not cleaned["weekdays"]:
            self.add_error("weekdays", _("Choose at least one day of the week."))
        first = cleaned.get("first_day")
        if first and not 2000 <= first.year <= 2100:
            self.add_error("first_day", _("The first day must lie between 2000 and 2100."))
        return cleaned
