"""Too many missed calls (ALM-4)."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import Direction, Kind, Outcome
from alarms.kinds.base import Parameters
from alarms.kinds.counting import ALL, EACH, CountingForm, CountingKind
from alarms.kinds.lines import LinesForm, lines_in_words, on_lines
from alarms.kinds.looking import Look
from alarms.kinds.occasions import DAY, WITHIN
from alarms.models import Alarm
from callanalytics.templatetags.ui import number

NOT_ANSWERED = ",".join(one.name.lower() for one in Outcome if one != Outcome.ANSWERED)


class MissedCallsForm(LinesForm, CountingForm):
    """Asks which lines are watched and how many missed calls are too many."""

    external = forms.BooleanField(
        label=gettext_lazy("Only calls from the public network"), required=False, initial=True
    )
    field_order = ("limit", "within", "counted", "external", "extensions", "departments")


class MissedCalls(CountingKind):
    """Incoming calls that nobody answered, many of them on one line or on all that are watched."""

    slug = "missed_calls"
    label = gettext_lazy("Missed calls")
    description = gettext_lazy(
        "Tells when too many incoming calls were not answered; a call that went to voicemail counts as missed."
    )
    icon = "phone-missed"
    form = MissedCallsForm
    query = f"direction=incoming&outcome={NOT_ANSWERED}"

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for missed calls of the watched lines."""
        missed = Q(direction=Direction.INCOMING) & ~Q(outcome=Outcome.ANSWERED) & on_lines(parameters, look.owner)
        return missed & Q(kind=Kind.PUBLIC) if parameters.get("external", True) else missed

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls were missed within which time."""
        return counted_in_words(alarm, ngettext("%(number)s missed call", "%(number)s missed calls", alarm.calls))

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return how many are too many, and where."""
        limit = int(parameters.get("limit", 0))
        text = ngettext("%(number)s missed call", "%(number)s missed calls", limit)
        words = [limit_in_words(parameters, text)]
        if parameters.get("external", True):
            words.append(_("public network only"))
        return words + lines_in_words(parameters)


def counted_in_words(alarm: Alarm, text: str) -> str:
    """Return a number of calls with the time in which they came."""
    calls = text % {"number": number(alarm.calls)}
    within = WITHIN.get(str(alarm.facts.get("within", DAY)), WITHIN[DAY])
    return _("%(calls)s within %(time)s") % {"calls": calls, "time": within}


def limit_in_words(parameters: Parameters | dict[str, Any], text: str) -> str:
    """Return from how many calls on, within which time, and whether of each line."""
    calls = text % {"number": number(int(parameters.get("limit", 0)))}
    within = WITHIN.get(str(parameters.get("within", DAY)), WITHIN[DAY])
    words = _("from %(calls)s within %(time)s") % {"calls": calls, "time": within}
    if parameters.get("counted", EACH) == ALL:
        return _("%(words)s, all extensions together") % {"words": words}
    return words
