"""Simultaneous calls, exact to the second, by a sweep over the beginnings and ends of calls; Erlang B.

A trunk is in use from the beginning of the call (ringing included) until just before its end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

HOUR = 3600


@dataclass(slots=True)
class Load:
    """How one gateway was used in a time: seconds by number of simultaneous calls, and what is found from them."""

    seconds_at: dict[int, int] = field(default_factory=dict)
    """Seconds with exactly so many calls at once; 0 calls are left out."""
    peak: int = 0
    peak_at: int = 0
    """When the peak was first reached, in epoch seconds."""
    calls: int = 0

    @property
    def busy_seconds(self) -> int:
        """Seconds of all calls together."""
        return sum(level * seconds for level, seconds in self.seconds_at.items())

    def seconds_from(self, level: int) -> int:
        """Return the seconds with at least so many calls at once."""
        return sum(seconds for at, seconds in self.seconds_at.items() if at >= level)


def sweep(calls: Iterable[tuple[int, int]], start: int, end: int) -> Load:
    """Return the load of calls (begin, end: epoch seconds) within [start, end)."""
    load = Load()
    changes: dict[int, int] = {}
    for begun, ended in calls:
        begun, ended = max(begun, start), min(ended, end)
        if begun < ended:
            load.calls += 1
            changes[begun] = changes.get(begun, 0) + 1
            changes[ended] = changes.get(ended, 0) - 1
    level, before = 0, start
    for moment in sorted(changes):
        if level:
            load.seconds_at[level] = load.seconds_at.get(level, 0) + moment - before
        level, before = level + changes[moment], moment
        if level > load.peak:
            load.peak, load.peak_at = level, moment
    return load


def slots(calls: Sequence[tuple[int, int]], start: int, end: int, length: int) -> dict[int, Load]:
    """Return the load of each slot of so many seconds that has calls, by its beginning."""
    members: dict[int, list[tuple[int, int]]] = {}
    for begun, ended in calls:
        first = start + (max(begun, start) - start) // length * length
        for slot in range(first, min(ended, end), length):
            members.setdefault(slot, []).append((begun, ended))
    return {slot: sweep(found, slot, min(slot + length, end)) for slot, found in sorted(members.items())}


def erlang_b(lines: int, traffic: float) -> float:
    """Return the share of calls that find all lines taken, for an offered traffic in Erlangs."""
    blocked = 1.0
    for line in range(1, lines + 1):
        blocked = traffic * blocked / (line + traffic * blocked)
    return blocked


def lines_needed(traffic: float, loss: float) -> int:
    """Return the fewest lines with which at most this share of calls is lost."""
    if traffic <= 0:
        return 0
    lines, blocked = 0, 1.0
    while blocked > loss:
        lines += 1
        blocked = traffic * blocked / (lines + traffic * blocked)
    return lines
