"""How much: charged units of time, their sum, connection fee, minimum, maximum, and rounding once at the end.

Sums are kept in sixtieths of a millionth (price per minute in millionths, times seconds), so that every sum is a whole
number and nothing is rounded on the way.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from accounting.services.rating.tariffs import RateLine

MICRO_DECIMALS = 6
SIXTIETHS = 60


class Run(NamedTuple):
    """Charged time in a row at one rate."""

    line: RateLine
    begin: int
    """Seconds after the answer."""
    seconds: int
    """Charged seconds, whole units."""


class NoRateInBandError(LookupError):
    """A unit of the call begins in a band for which its number has no rate."""


LineAt = Callable[[datetime], tuple[RateLine, datetime]]
"""Returns the rate at a moment (UTC) and a moment until which this is so; raises NoRateInBandError."""


def units(line: RateLine) -> tuple[int, int]:
    """Return the first and the following unit in seconds; 0 stands for one as long as the following, or one second."""
    following = line.increment or 1
    return line.first_increment or following, following


def is_free(line: RateLine, seconds: int) -> bool:
    """Return whether the whole call lies in the free seconds."""
    return line.free_seconds > 0 and seconds <= line.free_seconds


def single_run(line: RateLine, seconds: int) -> tuple[Run, ...]:
    """Return the charged time of a call of so many seconds, all of it at one rate."""
    charged = charged_seconds(line, seconds)
    return (Run(line, line.free_seconds, charged),) if charged else ()


def charged_seconds(line: RateLine, seconds: int) -> int:
    """Return the charged time of a call of so many seconds, all of it at one rate; 0 when it is free."""
    free = line.free_seconds
    if free and seconds <= free:
        return 0
    following = line.increment or 1
    first = line.first_increment or following
    beyond = seconds - free - first
    return first if beyond <= 0 else first - (-beyond // following) * following


def single_total(line: RateLine, seconds: int) -> int:
    """Return the total of a single run, without the run."""
    return line.connection_fee * SIXTIETHS + line.price_per_minute * charged_seconds(line, seconds)


def split_runs(line: RateLine, seconds: int, answered_at: datetime, line_at: LineAt) -> tuple[Run, ...]:
    """Return the charged time with each unit at the rate in force when it begins; raises NoRateInBandError.

    The rate at the answer gives the free seconds; answered_at is UTC.
    """
    if is_free(line, seconds):
        return ()
    position = line.free_seconds
    current, until = line, answered_at
    if position:
        current, until = line_at(answered_at + timedelta(seconds=position))
    runs = [Run(current, position, units(current)[0])]
    position += runs[0].seconds
    while position < seconds:
        begin = answered_at + timedelta(seconds=position)
        if begin >= until:
            current, until = line_at(begin)
        charged = begun(current, min(until - begin, timedelta(seconds=seconds - position)))
        if runs[-1].line is current:
            runs[-1] = Run(current, runs[-1].begin, runs[-1].seconds + charged)
        else:
            runs.append(Run(current, position, charged))
        position += charged
    return tuple(runs)


def begun(line: RateLine, rest: timedelta) -> int:
    """Return the seconds of the following units that begin within the rest of a call or band."""
    _, following = units(line)
    return -(-rest // timedelta(seconds=following)) * following


def total(runs: tuple[Run, ...], line: RateLine) -> int:
    """Return time and connection fee of the rate at the answer, in sixtieths of a millionth."""
    amount = line.connection_fee * SIXTIETHS
    for run in runs:
        amount += run.line.price_per_minute * run.seconds
    return amount


def bounded(amount: int, line: RateLine) -> int:
    """Return the amount (sixtieths of a millionth) not below the minimum and not above the maximum."""
    if amount < line.minimum * SIXTIETHS:
        amount = line.minimum * SIXTIETHS
    return amount if line.maximum is None else min(amount, line.maximum * SIXTIETHS)


def rounded(amount: int, decimals: int, *, up: bool) -> int:
    """Return whole millionths from sixtieths, rounded to so many decimals (at most six) of the currency unit."""
    step: int = 10 ** max(MICRO_DECIMALS - decimals, 0)
    size = step * SIXTIETHS
    return -(-amount // size) * step if up else (2 * amount + size) // (2 * size) * step
