"""International calls (ALM-5)."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounting.models import CallType, Direction
from alarms.kinds.base import CallKind, Parameters
from alarms.kinds.looking import Look
from alarms.models import Alarm
from callanalytics.templatetags.ui import number


class International(CallKind):
    """Outgoing calls to other countries; those of each line and day are told together."""

    slug = "international"
    label = _("International calls")
    description = _("Tells of every outgoing call to another country.")
    icon = "globe"

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for international calls."""
        return Q(direction=Direction.OUTGOING, call_type=CallType.INTERNATIONAL)

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        text = ngettext("%(number)s international call", "%(number)s international calls", alarm.calls)
        return text % {"number": number(alarm.calls)}
