"""Missed calls that nobody has called back in time (EX-3)."""

from collections.abc import Iterator
from datetime import timedelta

from django import forms
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import CallRecord, Direction, Kind, Outcome
from alarms.kinds.base import FIELDS, CallKind, Parameters
from alarms.kinds.hours import OfficeHours
from alarms.kinds.lines import LinesForm, lines_in_words, on_lines
from alarms.kinds.looking import Look
from alarms.models import Alarm
from callanalytics.templatetags.ui import number

GRACE = timedelta(minutes=5)
"""So long the record of a call may be under way; a conversation that still goes on is not known."""
MINUTES = {
    15: gettext_lazy("15 minutes"), 30: gettext_lazy("30 minutes"), 60: gettext_lazy("1 hour"),
    120: gettext_lazy("2 hours"), 240: gettext_lazy("4 hours"), 480: gettext_lazy("8 hours"),
    1440: gettext_lazy("24 hours"), 2880: gettext_lazy("48 hours"),
}  # fmt: skip


class NotCalledBackForm(LinesForm):
    """Asks how soon a missed call has to be called back."""

    minutes = forms.TypedChoiceField(
        label=gettext_lazy("Not called back within"), coerce=int, choices=list(MINUTES.items()), initial=60,
        help_text=gettext_lazy("Anybody may have called back, and it counts as well when the caller reached somebody."),
    )  # fmt: skip
    in_hours = forms.BooleanField(
        label=gettext_lazy("Only calls that came during business hours"), required=False, initial=True,
        help_text=gettext_lazy("Those of the office that was called."),
    )  # fmt: skip
    field_order = ("minutes", "in_hours", "extensions", "departments")


class NotCalledBack(CallKind):
    """Missed calls from outside after which nobody has spoken with the caller in time."""

    slug = "not_called_back"
    label = gettext_lazy("Missed and not called back")
    description = gettext_lazy("Tells of each missed call from outside after which nobody spoke with the caller.")
    icon = "phone-incoming"
    form = NotCalledBackForm
    needs_arrivals = False

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for missed calls of the watched lines whose caller can be called back."""
        missed = Q(direction=Direction.INCOMING, kind=Kind.PUBLIC) & ~Q(outcome=Outcome.ANSWERED)
        return missed & ~Q(other_number="") & on_lines(parameters, look.owner)

    def found(self, parameters: Parameters, look: Look) -> Iterator[CallRecord]:
        """Yield missed calls that have arrived after their time, and those whose time has run out since."""
        time = timedelta(minutes=int(parameters.get("minutes", 60)))
        condition, until = self.condition(parameters, look), look.now - time - GRACE
        sources = [look.arrivals()]
        if not look.is_trial:
            sources.append(look.records().filter(started_at__gt=look.since - time - GRACE))
        hours = OfficeHours({}, look.zone) if parameters.get("in_hours", True) else None
        open_calls: dict[int, CallRecord] = {}
        for source in sources:
            missed = source.filter(condition, started_at__lte=until).alias(followed=conversation(time, look))
            for record in look.rows(missed.filter(followed=None).only(*FIELDS)):
                if hours is None or hours.of(record.office_id).is_open(record.started_at):
                    open_calls[record.pk] = record
        yield from sorted(open_calls.values(), key=lambda one: (one.started_at, one.pk))

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        text = ngettext(
            "%(number)s missed call was not called back", "%(number)s missed calls were not called back", alarm.calls
        )
        return text % {"number": number(alarm.calls)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return the time, and where."""
        time = MINUTES.get(int(parameters.get("minutes", 60)), "")
        words = [_("within %(time)s") % {"time": time}]
        if parameters.get("in_hours", True):
            words.append(_("during business hours"))
        return words + lines_in_words(parameters)


def conversation(time: timedelta, look: Look) -> Subquery:
    """Return the first conversation with the caller of a missed call in time, as the report of missed calls counts.

    Whom somebody has called privately is told to nobody. The index of numbers answers call by call.
    """
    talked = CallRecord.objects.filter(outcome=Outcome.ANSWERED, kind=Kind.PUBLIC).exclude(look.hidden)
    with_caller = talked.filter(
        other_number=OuterRef("other_number"),
        started_at__gt=OuterRef("started_at"), started_at__lte=OuterRef("started_at") + time,
    )  # fmt: skip
    return Subquery(with_caller.order_by("started_at").values("pk")[:1])
