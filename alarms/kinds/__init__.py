"""The kinds of alarms by their slug, in the order in which they are offered."""

from alarms.kinds.base import Kind
from alarms.kinds.international import International

KINDS: dict[str, Kind] = {kind.slug: kind for kind in (International(),)}
