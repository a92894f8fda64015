"""The load of gateways, and how many lines carry it: Erlang B."""

from collections.abc import Mapping
from dataclasses import dataclass, field

HOUR, HALF_HOUR = 3600, 1800


@dataclass(slots=True)
class GatewayLoad:
    """How one gateway was loaded; moments in epoch seconds."""

    calls: int = 0
    peak: int = 0
    peak_at: int = 0
    """When the peak was first reached."""
    full_seconds: int = 0
    """Seconds with all channels taken."""
    busiest: int | None = None
    """The beginning of the first of the busiest hours."""
    busiest_seconds: int = 0
    """Seconds of all calls together in that hour."""
    by_hour: Mapping[int, int] = field(default_factory=dict)
    """The same of each hour of the day."""
    peaks: Mapping[int, int] = field(default_factory=dict)
    """Most calls at once in each half-hour of the day, by its first minute."""
    first_hour: int = 0
    last_hour: int = 0
    """The hours with the first and the last call."""


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
