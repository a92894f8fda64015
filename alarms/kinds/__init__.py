"""The kinds of alarms by their slug, in the order in which they are offered."""

from alarms.kinds.base import Kind
from alarms.kinds.international import International
from alarms.kinds.listed_numbers import ListedNumbers
from alarms.kinds.missed_calls import MissedCalls
from alarms.kinds.outside_hours import OutsideHours
from alarms.kinds.unknown_destinations import UnknownDestinations
from alarms.kinds.unknown_extensions import UnknownExtensions

KINDS: dict[str, Kind] = {
    kind.slug: kind
    for kind in (
        OutsideHours(),
        ListedNumbers(),
        MissedCalls(),
        International(),
        UnknownDestinations(),
        UnknownExtensions(),
    )
}
