"""Business hours as a parameter: those of each office, or own ones for each day of the week."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Office
from accounting.models.organization import validate_hours
from accounting.services.business_hours import OpenHours, Site, site_of
from alarms.kinds.base import CannotLook, Parameters, ParametersForm
from alarms.kinds.reasons import WRONG_PARAMETERS
from callanalytics.lib.hours import Window, read_windows

OFFICE, OWN = "office", "own"
WORKING_DAYS = 5
DAYS = [f"day_{number}" for number in range(1, 8)]
"""The fields of the week, Monday first."""


class HoursForm(ParametersForm):
    """Asks whose business hours count."""

    hours = forms.ChoiceField(
        label=gettext_lazy("Business hours"), initial=OFFICE,
        choices=[(OFFICE, gettext_lazy("Those of each office")), (OWN, gettext_lazy("Other hours for each weekday"))],
        help_text=gettext_lazy("By the clock of each call's office. Offices have their hours in the set-up."),
    )  # fmt: skip
    holidays = forms.BooleanField(
        label=gettext_lazy("Closed on public holidays"), required=False, initial=True,
        help_text=gettext_lazy("Those of the office's country and region."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place, name in enumerate(DAYS):
            self.fields[name] = forms.CharField(
                label=WEEKDAYS[place], required=False, max_length=60, validators=[validate_hours],
                initial="08:00-18:00" if place < WORKING_DAYS else "",
                help_text=_("For instance 08:00-18:00 or 08:00-12:00, 13:00-17:00. Empty: closed."),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse a week without any hours."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        days = [name for name in DAYS if name in cleaned]
        if cleaned.get("hours") == OWN and len(days) == len(DAYS) and not any(cleaned[name].strip() for name in days):
            self.add_error("hours", _("Enter the hours of at least one day."))
        return cleaned


def week_in(parameters: Parameters) -> dict[int, tuple[Window, ...]] | None:
    """Return own hours by weekday, None for those of the offices; raises CannotLook."""
    if parameters.get("hours", OFFICE) != OWN:
        return None
    try:
        texts = {number: str(parameters.get(name) or "").strip() for number, name in enumerate(DAYS, 1)}
        return {number: read_windows(text) for number, text in texts.items() if text}
    except ValueError as error:
        raise CannotLook(WRONG_PARAMETERS) from error


class OfficeHours:
    """The hours that hold for calls of each office."""

    def __init__(self, parameters: Parameters, zone: ZoneInfo) -> None:
        """Take the parameters of an HoursForm, and the zone that holds for calls without an office."""
        week, closed = week_in(parameters), bool(parameters.get("holidays", True))
        offices = Office.objects.prefetch_related("holidays")
        self.of_offices: Mapping[int, OpenHours] = {one.pk: OpenHours(site_of(one), week, closed) for one in offices}
        usual = site_of(None)
        self.usual = OpenHours(Site(zone, usual.hours, usual.weekend, usual.holidays), week, closed)

    def of(self, office_id: int | None) -> OpenHours:
        """Return the hours of an office, the usual ones in the rule's zone without one."""
        return self.of_offices.get(office_id or 0, self.usual)


def hours_in_words(parameters: Parameters) -> str:
    """Return whose hours count, and whether public holidays do."""
    if parameters.get("hours", OFFICE) != OWN:
        words: str | Promise = _("business hours of each office")
    else:
        days = [(number, str(parameters.get(name) or "").strip()) for number, name in enumerate(DAYS)]
        words = "; ".join(f"{WEEKDAYS_ABBR[number]} {text}" for number, text in days if text)
    return (
        str(words) if parameters.get("holidays", True) else _("%(hours)s, also on public holidays") % {"hours": words}
    )
