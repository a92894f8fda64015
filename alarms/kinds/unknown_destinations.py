"""Calls to destinations that cannot be recognised (ALM-7)."""

from django.db.models import Q
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import CallType, Direction
from alarms.kinds.base import Parameters
from alarms.kinds.counting import CountingForm, CountingKind
from alarms.kinds.looking import Look
from alarms.kinds.missed_calls import counted_in_words, limit_in_words
from alarms.models import Alarm


class UnknownDestinationsForm(CountingForm):
    """Asks from how many calls on it is told."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["limit"].initial = 1


class UnknownDestinations(CountingKind):
    """Outgoing calls whose number no number plan knows, such as one with an unknown country code."""

    slug = "unknown_destinations"
    label = gettext_lazy("Unrecognised destinations")
    description = gettext_lazy(
        "Tells of outgoing calls to numbers that no number plan knows, for instance with an unknown country code."
    )
    icon = "map-pin-off"
    form = UnknownDestinationsForm
    query = "direction=outgoing&call_type=unknown"

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for them; private calls of others are left out."""
        return Q(direction=Direction.OUTGOING, call_type=CallType.UNKNOWN) & ~look.hidden

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        text = ngettext(
            "%(number)s call to an unrecognised destination",
            "%(number)s calls to unrecognised destinations",
            alarm.calls,
        )
        return counted_in_words(alarm, text)

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return how many are too many."""
        text = ngettext("%(number)s call", "%(number)s calls", int(parameters.get("limit", 0)))
        return [limit_in_words(parameters, text)]
