"""Calls outside business hours (ALM-1)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django import forms
from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import CallRecord, Direction, Kind
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.business_hours import Stretch
from alarms.kinds.base import FIELDS, CallKind, Parameters
from alarms.kinds.hours import HoursForm, OfficeHours, hours_in_words
from alarms.kinds.looking import Look
from alarms.models import Alarm
from callanalytics.templatetags.ui import number

DIRECTIONS: dict[str, tuple[int, ...]] = {
    "outgoing": (Direction.OUTGOING,),
    "incoming": (Direction.INCOMING,),
    "both": (Direction.OUTGOING, Direction.INCOMING),
}
DIRECTION_CHOICES = [
    ("outgoing", gettext_lazy("outgoing calls")),
    ("incoming", gettext_lazy("incoming calls")),
    ("both", gettext_lazy("outgoing and incoming calls")),
]
DIRECTION_WORDS = dict(DIRECTION_CHOICES)
LONGEST_SPAN = timedelta(days=62)
MOST_STRETCHES = 400
"""Up to which the database is told when offices are open; with more, each call is looked at here."""


class OutsideHoursForm(HoursForm):
    """Asks for the hours and which calls count."""

    direction = forms.ChoiceField(label=gettext_lazy("Calls"), choices=DIRECTION_CHOICES, initial="outgoing")
    external = forms.BooleanField(
        label=gettext_lazy("Only calls with the public network"), required=False, initial=True
    )
    field_order = ("direction", "external")


class OutsideHours(CallKind):
    """Calls that began outside of the business hours of their office, by its clock."""

    slug = "outside_hours"
    label = gettext_lazy("Calls outside business hours")
    description = gettext_lazy(
        "Tells of calls in the evening, at night, at weekends and on public holidays, by the clock of each office."
    )
    icon = "moon"
    form = OutsideHoursForm

    def calls(self, look: Look) -> CallRecordQuerySet:
        """Return all arrivals: when somebody called is known of private calls, too."""
        return look.arrivals()

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for direction and network."""
        test = Q(direction__in=DIRECTIONS[parameters.get("direction", "outgoing")])
        return test & Q(kind=Kind.PUBLIC) if parameters.get("external", True) else test

    def found(self, parameters: Parameters, look: Look) -> Iterator[CallRecord]:
        """Yield the calls that began when their office was closed."""
        hours = OfficeHours(parameters, look.zone)
        records = self.calls(look).filter(self.condition(parameters, look))
        # By phone system: for the earliest of all PostgreSQL would walk through the year until it meets an arrival.
        spans = (
            records.order_by().values_list("phone_system_id").annotate(first=Min("started_at"), last=Max("started_at"))
        )
        ends = [moment for _system, first, last in spans for moment in (first, last)]
        if not ends:
            return
        records = records.filter(may_be_closed(hours, min(ends), max(ends))).order_by("started_at", "pk")
        for record in look.rows(records.only(*FIELDS)):
            if not hours.of(record.office_id).is_open(record.started_at):
                yield record

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        text = ngettext(
            "%(number)s call outside business hours", "%(number)s calls outside business hours", alarm.calls
        )
        return text % {"number": number(alarm.calls)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return which calls, and whose hours."""
        words = str(DIRECTION_WORDS.get(parameters.get("direction", "outgoing"), ""))
        if parameters.get("external", True):
            words = _("%(calls)s, public network only") % {"calls": words}
        return [words, hours_in_words(parameters)]


def may_be_closed(hours: OfficeHours, first: datetime, last: datetime) -> Q:
    """Return a test that leaves out the calls of open offices, as far as that is said briefly to the database."""
    offices: dict[tuple[Stretch, ...], list[int]] = {}
    if last - first > LONGEST_SPAN:
        return Q()
    for pk, one in hours.of_offices.items():
        offices.setdefault(tuple(one.between(first, last)), []).append(pk)
    usual = tuple(hours.usual.between(first, last))
    if sum(map(len, offices)) + len(usual) > MOST_STRETCHES:
        return Q()
    test = (Q(office_id=None) | ~Q(office_id__in=list(hours.of_offices))) & ~within(usual)
    for stretches, ids in offices.items():
        test |= Q(office_id__in=ids) & ~within(stretches)
    return test


def within(stretches: Iterable[Stretch]) -> Q:
    """Return the test for calls that began in any of these times."""
    test = Q(pk__in=[])
    for begin, end in stretches:
        test |= Q(started_at__gte=begin, started_at__lt=end)
    return test
