"""No calls recorded during business hours (ALM-6): nobody called, or the collection of call records is broken."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import DateTimeField, F, Max, Min, Window
from django.db.models.functions import Lag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.filters import units_seen_by
from accounting.models import Office, PhoneSystem
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.business_hours import OpenHours, Stretch
from accounting.services.watching import Light, states_of_collection
from alarms.kinds.base import CannotLook, Finding, Kind, Parameters, Subject
from alarms.kinds.hours import HoursForm, OfficeHours, hours_in_words
from alarms.kinds.lines import checked_units, named_units
from alarms.kinds.looking import Look
from alarms.kinds.reasons import WRONG_PARAMETERS
from alarms.models import Alarm
from callanalytics.templatetags.ui import number

SILENCE, COLLECTION = "silence", "collection"
USUAL_GRACE = 60
"""Minutes that files may be under way where no phone system says it."""


class NoCallsForm(HoursForm):
    """Asks for how long no call may be missing, when and where."""

    minutes = forms.IntegerField(
        label=gettext_lazy("No calls for minutes"), min_value=5, max_value=1440, initial=60,
        help_text=gettext_lazy(
            "Within one stretch of business hours: a silence ends when they end, and the next ones begin anew. "
            "It is told when the files of that time should have come, too."
        ),
    )  # fmt: skip
    phone_system = forms.ModelChoiceField(
        label=gettext_lazy("Phone system"), required=False, queryset=PhoneSystem.objects.filter(enabled=True),
        empty_label=gettext_lazy("All together"),
    )  # fmt: skip
    office = forms.ModelChoiceField(
        label=gettext_lazy("Office"), required=False, queryset=Office.objects.none(),
        empty_label=gettext_lazy("All together"),
        help_text=gettext_lazy("Its calls are watched by its clock; without one, by the time zone of the alarm."),
    )  # fmt: skip
    field_order = ("minutes", "phone_system", "office")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offices = units_seen_by(self.owner)["office"]
        if offices is None:
            del self.fields["office"]
        else:
            self.fields["office"].queryset = offices  # type: ignore[attr-defined]


class NoCalls(Kind):
    """Stretches of business time without any call, and phone systems from which no files come in that time."""

    slug = "no_calls"
    label = gettext_lazy("No calls during business hours")
    description = gettext_lazy(
        "Tells when no calls were recorded for some time of business hours, and whether that is because the "
        "collection of call records is disturbed."
    )
    icon = "phone-off"
    form = NoCallsForm
    needs_arrivals = False

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each time without calls that has become long enough since the last look."""
        length = timedelta(minutes=int(parameters["minutes"]))
        systems = watched_systems(parameters)
        grace = timedelta(minutes=max((one.quiet_minutes for one in systems), default=USUAL_GRACE))
        hours = self.hours(parameters, look)
        broken = list(broken_systems(systems, hours, length, look))
        yield from broken
        if systems and len(broken) == len(systems):
            return
        calls = self.calls(parameters, look)
        for begin, end in gaps(calls, hours, look.since - grace, look.now - grace, length):
            subject = Subject(parameters.get("phone_system"), office_id=parameters.get("office"))
            yield Finding(
                f"{SILENCE}:{begin.isoformat()}", begin, subject, until=end, known_at=begin + length + grace,
                facts={"minutes": int((end - begin).total_seconds()) // 60, "cause": SILENCE},
            )  # fmt: skip

    def hours(self, parameters: Parameters, look: Look) -> OpenHours:
        """Return the business hours of the office, or the usual ones in the rule's zone."""
        return OfficeHours(parameters, look.zone).of(parameters.get("office"))

    def calls(self, parameters: Parameters, look: Look) -> CallRecordQuerySet:
        """Return the calls that are watched."""
        calls = look.records()
        if system := parameters.get("phone_system"):
            calls = calls.filter(phone_system_id=system)
        if office := parameters.get("office"):
            checked_units("office", [office], look.owner)
            calls = calls.filter(office_id=office)
        return calls

    def sentence(self, alarm: Alarm) -> str:
        """Return for how long there were no calls, or that no files come."""
        minutes = int(alarm.facts.get("minutes", 0))
        if alarm.facts.get("cause") == COLLECTION:
            return _("No call records have come from the phone system: the collection is disturbed")
        text = ngettext(
            "No calls for %(number)s minute of business hours", "No calls for %(number)s minutes of business hours",
            minutes,
        )  # fmt: skip
        return text % {"number": number(minutes)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return for how long, when and where."""
        minutes = int(parameters.get("minutes", 0))
        text = ngettext("for %(number)s minute", "for %(number)s minutes", minutes) % {"number": number(minutes)}
        words = [text, hours_in_words(parameters)]
        for model, name in ((PhoneSystem, "phone_system"), (Office, "office")):
            if pk := parameters.get(name):
                words.append(named_units(model, [pk]))
        return words


def watched_systems(parameters: Parameters) -> list[PhoneSystem]:
    """Return the phone systems from which calls should come; raises CannotLook when the chosen one is gone."""
    systems = PhoneSystem.objects.filter(enabled=True)
    if chosen := parameters.get("phone_system"):
        found = list(PhoneSystem.objects.filter(pk=chosen))
        if not found:
            raise CannotLook(WRONG_PARAMETERS)
        return [one for one in found if one.enabled]
    return list(systems)


def broken_systems(systems: list[PhoneSystem], hours: OpenHours, length: timedelta, look: Look) -> Iterator[Finding]:
    """Yield a finding for each phone system whose light is red and that was quiet so long in these business hours."""
    watched = {one.pk for one in systems}
    open_now = next((one for one in hours.between(look.now, look.now + timedelta(seconds=1))), None)
    if open_now is None:
        return
    for state in states_of_collection():
        quiet_since = max(open_now[0], state.last_file_at or open_now[0])
        if state.system.pk in watched and state.light == Light.RED and look.now - quiet_since >= length:
            yield Finding(
                f"{COLLECTION}:{state.system.pk}:{quiet_since.isoformat()}", quiet_since, Subject(state.system.pk),
                until=look.now, facts={"cause": COLLECTION}, known_at=look.now,
            )  # fmt: skip


def gaps(
    calls: CallRecordQuerySet, hours: OpenHours, seen: datetime, until: datetime, length: timedelta
) -> Iterator[Stretch]:
    """Yield the times without calls within business hours that became long enough after a moment and until another.

    Each begins with the last call before it, or with the business hours.
    """
    for begin, end in hours.between(seen - length, until):
        first, last = max(begin, seen - length), min(end, until)
        if last - first < length:
            continue
        for quiet_from, quiet_until in without_calls(calls, first, last, length):
            if seen < quiet_from + length <= until:
                yield quiet_from, quiet_until


def without_calls(calls: CallRecordQuerySet, first: datetime, last: datetime, length: timedelta) -> Iterator[Stretch]:
    """Yield the parts of a time in which no call began for so long, in order."""
    within = calls.in_period(first, last).order_by()
    ends = within.aggregate(first=Min("started_at"), last=Max("started_at"))
    if ends["first"] is None:
        yield first, last
        return
    if ends["first"] - first >= length:
        yield first, ends["first"]
    before = Window(Lag("started_at"), order_by="started_at", output_field=DateTimeField())
    long = within.annotate(before=before).filter(before__lte=F("started_at") - length)
    yield from long.order_by("started_at").values_list("before", "started_at")
    if last - ends["last"] >= length:
        yield ends["last"], last
