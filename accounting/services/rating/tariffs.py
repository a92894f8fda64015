"""Which rate: the lines of a tariff found by prefix, the longest first, within a prefix the most specific first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from accounting.services.rating.calendars import Week

MEMO_SIZE = 50_000


class RateLine(NamedTuple):
    """One rate; money in whole millionths, times in seconds, days of the gateway's office."""

    id: int
    prefix: str
    call_type: int | None
    incoming: bool
    band_id: int | None
    valid_from: date
    valid_to: date
    """Not included."""
    connection_fee: int
    price_per_minute: int
    first_increment: int
    increment: int
    minimum: int
    maximum: int | None
    free_seconds: int
    destination: str

    def valid_on(self, day: date) -> bool:
        """Return whether the rate holds on this local day."""
        return self.valid_from <= day < self.valid_to


def first_in_force(candidates: Iterable[RateLine], day: date, bands: frozenset[int]) -> RateLine | None:
    """Return the first rate that holds on a local day and in the bands in force, None when there is none."""
    for line in candidates:
        if (line.band_id is None or line.band_id in bands) and line.valid_from <= day < line.valid_to:
            return line
    return None


def specificity(line: RateLine) -> tuple[bool, bool, date, int]:
    """Order rates of one prefix: with a band before all times, with a call type before any, the newest first."""
    return (line.band_id is not None, line.call_type is not None, line.valid_from, line.id)


class RateTable:
    """The rates of one tariff for one direction."""

    def __init__(self, lines: Iterable[RateLine]) -> None:
        """Index the lines by prefix."""
        by_prefix: defaultdict[str, list[RateLine]] = defaultdict(list)
        for line in lines:
            by_prefix[line.prefix].append(line)
        for same in by_prefix.values():
            if len(same) > 1:
                same.sort(key=specificity, reverse=True)
        self._by_prefix = dict(by_prefix)
        self._lengths = sorted({len(prefix) for prefix in by_prefix}, reverse=True)
        self._memo: dict[tuple[str, int], tuple[RateLine, ...]] = {}

    def with_line(self, line: RateLine) -> "RateTable":
        """Return a table that has one more rate."""
        return RateTable([*(one for same in self._by_prefix.values() for one in same), line])

    def candidates(self, number: str, call_type: int) -> tuple[RateLine, ...]:
        """Return all rates that meet a number (as NumberAnalysis.number) of this type, the best first."""
        key = (number, call_type)
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) >= MEMO_SIZE:
                self._memo.clear()
            found = self._memo[key] = tuple(self._search(number, call_type))
        return found

    def _search(self, number: str, call_type: int) -> Iterable[RateLine]:
        digits = number.removeprefix("+")
        public = digits != number
        for length in self._lengths:
            if length <= len(digits):
                for line in self._by_prefix.get(digits[:length], ()):
                    any_type = line.call_type is None and (public or _meets_short(line, digits))
                    if any_type or line.call_type == call_type:
                        yield line


def _meets_short(line: RateLine, digits: str) -> bool:
    """Return whether a rate of every call type meets a short number: not by a prefix that is a country code."""
    return not line.prefix or line.prefix == digits


@dataclass(frozen=True, slots=True)
class TariffTable:
    """A tariff ready for use."""

    id: int
    name: str
    carrier: str
    currency: str
    splits: bool
    """Each charged unit by the band in which it begins; else all by the band at the answer."""
    decimals: int
    rounds_up: bool
    week: Week
    outgoing: RateTable
    incoming: RateTable
