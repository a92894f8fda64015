"""The kinds of alarms by their slug, in the order in which they are offered."""

from alarms.kinds.base import Kind
from alarms.kinds.bursts import Bursts
from alarms.kinds.gateway_limit import GatewayLimit
from alarms.kinds.international import International
from alarms.kinds.listed_numbers import ListedNumbers
from alarms.kinds.missed_calls import MissedCalls
from alarms.kinds.no_calls import NoCalls
from alarms.kinds.not_called_back import NotCalledBack
from alarms.kinds.outside_hours import OutsideHours
from alarms.kinds.spend import Spend
from alarms.kinds.unknown_destinations import UnknownDestinations
from alarms.kinds.unknown_extensions import UnknownExtensions
from alarms.kinds.unusual import Unusual

KINDS: dict[str, Kind] = {
    kind.slug: kind
    for kind in (
        OutsideHours(),
        ListedNumbers(),
        Spend(),
        MissedCalls(),
        NotCalledBack(),
        International(),
        NoCalls(),
        UnknownDestinations(),
        UnknownExtensions(),
        Unusual(),
        Bursts(),
        GatewayLimit(),
    )
}
